"""Instagram's lists: every message reads as its webhook would have told it, and nothing is guessed."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dialogs.messages import Arrival, Attachment, Contact, Echo, Media, Text, Unsupported
from integrations.base import Unavailable
from integrations.instagram import Instagram
from tests.integrations.golden import instagram
from tests.integrations.graph import FakeGraph, fake_graph

ME, ANNA = "17841402233445566", "1029384756102938"


@pytest.fixture
async def server() -> AsyncIterator[FakeGraph]:
    async with fake_graph() as graph:
        yield graph


@pytest.fixture
async def channel(server: FakeGraph) -> AsyncIterator[Instagram]:
    adapter = instagram(graph_url=server.url)
    yield adapter
    await adapter.aclose()


def thread_of(*messages: Any, people: Any = None) -> dict[str, Any]:
    sides = [{"id": ME, "username": "Lichtwerk"}, {"id": ANNA, "username": "anna"}]
    return {
        "participants": {"data": sides if people is None else people},
        "messages": {"data": list(messages)},
    }


def written(mid: str, author: str = ANNA, **more: Any) -> dict[str, Any]:
    at = "2026-11-20T10:00:00+0000"
    return {"id": mid, "created_time": at, "from": {"id": author}, "message": "", **more}


async def read(server: FakeGraph, channel: Instagram, answer: Any) -> list[Arrival]:
    server.will_answer(200, {"user_id": ME, "username": "lichtwerk"})
    server.answers.insert(0, (200, answer, {}))
    return list(await channel.messages("t/1"))


async def test_every_kind_of_message_is_read_as_its_webhook(server: FakeGraph, channel: Instagram) -> None:
    link = {"link": "https://cdn.example/s", "id": "story"}
    said = await read(
        server,
        channel,
        thread_of(
            written("gone"),
            written("e", ME, message="Gern!"),
            written("u", is_unsupported=True),
            written("t", message="Wo?", story={"reply_to": link}),
            written("m", story={"mention": link}),
            written("s", message="schau", shares={"data": [{"link": "https://ig.example/p"}, {"x": 1}]}),
            written("v", attachments={"data": [{"video_data": {"url": "https://cdn.example/v"}}]}),
            written(
                "f", attachments={"data": [{"file_url": "https://cdn.example/f", "name": "a.pdf"}, {"id": 1}]}
            ),
            {"id": "no author", "created_time": "2026-11-20T10:00:00+0000", "message": "?"},
            {"id": "no time", "from": {"id": ANNA}, "message": "?"},
            "kaputt",
        ),
    )
    assert {arrival.external_id: arrival.event for arrival in said} == {
        "e": Echo("e", "Gern!"),
        "u": Unsupported("unsupported"),
        "t": Text("Wo?", story="story"),
        "m": Media((Attachment("story_mention", "https://cdn.example/s", "story"),)),
        "s": Media((Attachment("share", "https://ig.example/p"),), "schau"),
        "v": Media((Attachment("video", "https://cdn.example/v"),)),
        "f": Media((Attachment("file", "https://cdn.example/f", title="a.pdf"),)),
    }
    assert {arrival.contact for arrival in said} == {Contact("instagram", ME, (ANNA,), username="anna")}
    assert [call.path for call in server.calls] == ["/v25.0/t/1", "/v25.0/me"]


@pytest.mark.parametrize(
    "people",
    [[], [{"id": ME}], [{"id": "1"}, {"id": "2"}, {"id": ME}], [{"id": "1"}, {"id": ANNA}], 7, [{"id": ""}]],
)
async def test_where_nobody_can_say_who_is_who_nothing_is_read(
    server: FakeGraph, channel: Instagram, people: Any
) -> None:
    assert await read(server, channel, thread_of(written("t", message="Hallo"), people=people)) == []


async def test_the_cursor_of_a_page_is_followed_and_never_its_address(
    server: FakeGraph, channel: Instagram
) -> None:
    listed = {"id": "t1", "updated_time": "2026-11-20T10:00:00+0000"}
    paging = {"cursors": {"after": "QVFI"}, "next": "http://elsewhere.example/?access_token=x"}
    server.will_answer(200, {"data": [listed, {"id": "t2"}, 5], "paging": paging})
    server.will_answer(200, {"data": [], "paging": {"cursors": {"after": "QVFI"}}})
    page = await channel.threads()
    assert [thread.id for thread in page.threads] == ["t1"]
    assert page.more == "QVFI"
    assert (await channel.threads(page.more)).more == ""
    assert [call.query.get("after") for call in server.calls] == [None, "QVFI"]
    assert {call.query["platform"] for call in server.calls} == {"instagram"}


@pytest.mark.parametrize("answer", [{}, {"access_token": "", "expires_in": 5}, {"access_token": "x"}])
async def test_a_renewal_that_shows_no_token_is_none(
    server: FakeGraph, channel: Instagram, answer: Any
) -> None:
    server.will_answer(200, answer)
    with pytest.raises(Unavailable):
        await channel.renew()
    [call] = server.calls
    assert (call.path, call.query["grant_type"]) == ("/refresh_access_token", "ig_refresh_token")
