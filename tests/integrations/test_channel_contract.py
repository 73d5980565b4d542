"""One suite for every channel: the real adapters against the sandbox, and the fake that other tests use.

What a platform reports at once on one channel comes as a failed receipt on another; the suite asks for the
meaning, not for the moment. Which styles and limits are tried, the channel's own capabilities say.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dialogs.channel import ButtonLimits, Capabilities, FileType, file_problem
from dialogs.messages import Button, Link, OutCard, Outgoing, Picture, Style, Template
from integrations.base import (
    Channel,
    IntegrationError,
    MediaGone,
    MediaSource,
    MediaTooLarge,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
    Uncertain,
    Unreachable,
    WindowClosed,
)
from integrations.sandbox import SANDBOX, sandbox_app
from tests.integrations.sandbox.conftest import SETTINGS, Box, Clock, Receiver
from tests.integrations.sides import FakeSide, SandboxSide, Side, Trouble, instagram, telegram, whatsapp

LINK = Link("Zum Shop", "https://shop.example/a")
PICTURE = Picture("image", "https://shop.example/a.png", "Ein Bild")
TEMPLATE = Template("order_checkin", "de", ("Lena", "Lautsprecher"), ("good", "question"))
LATE: dict[type[IntegrationError], str] = {WindowClosed: "131047", Unreachable: "131026"}
"""What a failed receipt says where a platform accepts first."""


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    """A sandbox of its own, as the sandbox's own tests have it."""
    clock, receiver = Clock(), Receiver()
    inner = sandbox_app(SETTINGS, clock, clock.advance)
    outer, door = web.Application(), web.Application()
    outer.add_subapp("/sandbox", inner)
    door.router.add_post("/webhooks/{source}", receiver.take)
    async with TestServer(door) as bot, TestServer(outer) as server, aiohttp.ClientSession() as client:
        handle = inner[SANDBOX]
        handle.connect(str(bot.make_url("")))
        handle.faults.status_delay_ms = 5
        yield Box(str(server.make_url("/sandbox")), client, clock, receiver, handle)


@pytest.fixture(params=["fake", "instagram", "whatsapp", "telegram"])
async def side(request: pytest.FixtureRequest, box: Box) -> AsyncIterator[Side]:
    sides: dict[str, Side] = {"fake": FakeSide(box.clock)}
    if request.param == "instagram":
        sides["instagram"] = SandboxSide(box, instagram(box.base), "99999")
    if request.param == "whatsapp":
        sides["whatsapp"] = SandboxSide(box, whatsapp(box.base), "491700000000")
    if request.param == "telegram":
        sides["telegram"] = SandboxSide(box, telegram(box.base), "5")
    made = sides[request.param]
    yield made
    await made.channel.aclose()


# -- what a channel can do, at its limits


def rows(limits: ButtonLimits, count: int | None = None) -> tuple[Button, ...]:
    """Return buttons with the longest titles and payloads allowed, all different."""
    return tuple(
        Button(
            payload=f"{n:03d}".ljust(limits.payload, "p"),
            title=f"{n:03d}".ljust(limits.title, "t"),
            description="d" * limits.description,
        )
        for n in range(limits.count if count is None else count)
    )


def at_the_limits(can: Capabilities) -> dict[str, Outgoing]:
    """Return one message per style, as large as the channel says it may be."""
    letter = "ä" if can.text_unit == "characters" else "x"
    made = {
        "text": Outgoing("text", letter * can.text_limit),
        "media": Outgoing("media", "c" * can.caption, picture=PICTURE),
    }
    if can.buttons is not None:
        made["buttons"] = Outgoing("buttons", "b" * can.buttons.body, rows(can.buttons))
        if can.buttons.with_link:
            some = rows(can.buttons, can.buttons.count - 1)
            made["buttons with link"] = Outgoing("buttons", "b" * can.buttons.body, some, link=LINK)
        if can.media_with_buttons and can.caption:
            made["buttons under a picture"] = Outgoing("buttons", "Bild", rows(can.buttons), picture=PICTURE)
    if can.quick_replies is not None:
        body = "q" * can.quick_replies.body
        made["quick replies"] = Outgoing("quick_replies", body, rows(can.quick_replies))
    if can.list is not None:
        made["list"] = Outgoing("list", "l" * can.list.body, rows(can.list), list_label="w" * can.list_label)
    if can.link is not None:
        long = Link("z" * can.link.title, LINK.url)
        made["link"] = Outgoing("link", "k" * can.link.body, link=long)
    if can.cards:
        buttons = tuple(Button(f"p{n}", f"t{n}") for n in range(can.card_buttons))
        title = "k" * can.card_title
        made["cards"] = Outgoing(
            "cards", cards=(OutCard(title, title, PICTURE.url, None, buttons),) * can.cards
        )
    if can.templates:
        made["template"] = Outgoing("text", template=TEMPLATE)
    return made


def beyond_the_limits(can: Capabilities) -> dict[str, Outgoing]:
    """Return messages that are just too much."""
    made = {"long text": Outgoing("text", "x" * (can.text_limit + 1))}
    if can.caption:
        made["long caption"] = Outgoing("media", "c" * (can.caption + 1), picture=PICTURE)
    kinds: dict[Style, ButtonLimits | None] = {
        "buttons": can.buttons,
        "quick_replies": can.quick_replies,
        "list": can.list,
    }
    for style, limits in kinds.items():
        if limits is None:
            continue
        plain = Outgoing(style, "Text", rows(limits), list_label="Wahl")
        first, *others = plain.buttons
        made[f"{style}: too many"] = replace(plain, buttons=rows(limits, limits.count + 1))
        if limits.payload:
            longer = replace(first, payload=first.payload + "p")
            made[f"{style}: long payload"] = replace(plain, buttons=(longer, *others))
        if limits.body < can.text_limit:
            made[f"{style}: long body"] = replace(plain, text="x" * (limits.body + 1))
    if can.cards:
        made["too many cards"] = Outgoing("cards", cards=(OutCard("a", "b"),) * (can.cards + 1))
    if not can.templates:
        made["a template"] = Outgoing("text", template=TEMPLATE)
    return made


async def refusal(
    side: Side, address: str, outgoing: Outgoing, expected: type[IntegrationError], *, agent_tag: bool = False
) -> None:
    """Check that a message fails for this reason: at once, or by the receipt that follows."""
    said: IntegrationError | None = None
    try:
        await side.channel.send(address, outgoing, reference="late", agent_tag=agent_tag)
    except IntegrationError as error:
        said = error
    if said is None:
        assert await side.failure("late") == LATE[expected]
    else:
        assert type(said) is expected, said


async def test_it_says_who_it_is(side: Side) -> None:
    channel = side.channel
    assert channel.name
    assert channel.account
    assert channel.capabilities.text_limit > 0
    assert "code-7" in channel.entry_url("code-7", "Hallo, hier ist code-7")


async def test_every_style_arrives_once_at_its_limits(side: Side) -> None:
    address, _ = await side.hear()
    ids = []
    for number, outgoing in enumerate(at_the_limits(side.channel.capabilities).values()):
        sent = await side.channel.send(address, outgoing, reference=f"row-{number}")
        ids.append(sent.external_id)
    arrived = await side.arrived()
    assert [one for one, _ in arrived] == ids
    assert len(set(ids)) == len(ids)
    texts = [text for _, text in arrived]
    for outgoing, text in zip(at_the_limits(side.channel.capabilities).values(), texts, strict=True):
        if outgoing.text:
            assert text == outgoing.text


async def test_what_is_too_much_is_refused_for_good(side: Side) -> None:
    address, _ = await side.hear()
    for name, outgoing in beyond_the_limits(side.channel.capabilities).items():
        with pytest.raises(Refused) as caught:
            await side.channel.send(address, outgoing, reference="row")
        assert type(caught.value) is Refused, name
    assert await side.arrived() == []


async def test_the_window_closes_and_a_template_or_a_human_still_gets_through(side: Side) -> None:
    can = side.channel.capabilities
    address, _ = await side.hear()
    if can.window is None:
        side.clock.now += timedelta(days=100)
        await side.channel.send(address, Outgoing("text", "immer"), reference="row")
        return
    side.clock.now += can.window
    await refusal(side, address, Outgoing("text", "zu spät"), WindowClosed)
    if can.templates:
        await side.channel.send(address, Outgoing("text", template=TEMPLATE), reference="row-1")
        assert len(await side.arrived()) >= 1
    if can.agent_window is not None:
        late = Outgoing("text", "Hier ist Eva.")
        await side.channel.send(address, late, reference="row-2", agent_tag=True)
        side.clock.now += can.agent_window - can.window
        await refusal(side, address, late, WindowClosed, agent_tag=True)
    await side.hear("wieder da")
    await side.channel.send(address, Outgoing("text", "willkommen"), reference="row-3")
    assert (await side.arrived())[-1][1] == "willkommen"


async def test_nobody_and_somebody_who_has_blocked_us_are_unreachable(side: Side) -> None:
    address, _ = await side.hear()
    await refusal(side, side.unknown, Outgoing("text", "Hallo?"), Unreachable)
    await side.block()
    outgoing = Outgoing("text", "Hallo?")
    try:
        await side.channel.send(address, outgoing, reference="blocked")
    except Unreachable:
        return
    assert await side.failure("blocked") == LATE[Unreachable]


async def test_what_was_not_done_can_be_tried_again(side: Side) -> None:
    address, _ = await side.hear()
    expected: dict[Trouble, type[IntegrationError]] = {"500": Unavailable, "429": Throttled}
    for kind, error in expected.items():
        await side.trouble(kind)
        with pytest.raises(error) as caught:
            await side.channel.send(address, Outgoing("text", "a"), reference="row")
        if isinstance(caught.value, Throttled):
            assert caught.value.after > 0
    assert await side.arrived() == []
    await side.channel.send(address, Outgoing("text", "a"), reference="row")
    assert len(await side.arrived()) == 1


async def test_a_broken_line_is_never_called_a_failure(side: Side) -> None:
    """Not done may be called uncertain; done must never be called not done."""
    address, _ = await side.hear()
    await side.trouble("drop")
    with pytest.raises((Unavailable, Uncertain)):
        await side.channel.send(address, Outgoing("text", "verloren"), reference="row-1")
    assert await side.arrived() == []
    await side.trouble("timeout")
    with pytest.raises(Uncertain):
        await side.channel.send(address, Outgoing("text", "angekommen"), reference="row-2")
    assert [text for _, text in await side.arrived()] == ["angekommen"]
    await find_out(side, address)


async def find_out(side: Side, address: str) -> None:
    """Learn the fate of ``row-2`` in the way the channel promises, and of ``row-1`` that nothing is known."""
    [(sent_id, _)] = await side.arrived()
    history: Sequence[str] = [copy.external_id for copy in await side.channel.history(address)]
    if side.channel.capabilities.confirms == "history":
        assert history == [sent_id]
        return
    assert history == []
    if isinstance(side, SandboxSide) and side.channel.capabilities.confirms == "receipt":
        receipts = await side.receipts("row-2", 2)
        assert {receipt.status for receipt in receipts} == {"sent", "delivered"}
        assert {receipt.message_id for receipt in receipts} == {sent_id}


async def test_the_history_is_newest_first_and_only_ours(side: Side) -> None:
    address, _ = await side.hear()
    for text in ("eins", "zwei"):
        side.clock.now += timedelta(seconds=1)
        await side.channel.send(address, Outgoing("text", text), reference=text)
    await side.hear("danke")
    copies = await side.channel.history(address)
    if side.channel.capabilities.confirms != "history":
        assert list(copies) == []
        return
    assert [copy.text for copy in copies] == ["zwei", "eins"]
    assert [copy.external_id for copy in copies] == [one for one, _ in reversed(await side.arrived())]
    assert copies[0].at > copies[1].at
    assert list(await side.channel.history(side.unknown)) == []


async def test_seen_is_told_and_never_counts_as_a_message(side: Side) -> None:
    address, message_id = await side.hear()
    await side.channel.seen(address, message_id)
    await side.channel.seen(address, message_id)
    assert await side.arrived() == []
    if isinstance(side, SandboxSide):
        assert (await side.box.thread(side.channel.name))[-1]["status"] == "read"
    await side.block()
    try:
        await side.channel.seen(address, message_id)
    except IntegrationError:
        assert await side.arrived() == []


async def test_a_message_may_be_read_without_anybody_typing(side: Side) -> None:
    address, message_id = await side.hear()
    await side.channel.seen(address, message_id, typing=False)
    assert await side.arrived() == []
    if isinstance(side, SandboxSide):  # a bot on Telegram has no read marks: there nothing happens
        read = (await side.box.thread(side.channel.name))[-1]["status"] == "read"
        assert read == (side.channel.name != "telegram")
    else:
        assert isinstance(side, FakeSide)
        assert (side.fake.seen_messages, side.fake.typing_shown) == ([(address, message_id)], [])
        await side.channel.seen(address, message_id)
        assert side.fake.typing_shown == [address]


async def test_a_tap_comes_back_with_its_payload_and_can_be_answered(side: Side) -> None:
    address, _ = await side.hear()
    question = Outgoing("buttons", "Passt alles?", (Button("f.s.1.yes", "Ja"), Button("f.s.1.no", "Nein")))
    await side.channel.send(address, question, reference="row")
    callback_id = await side.callback()
    await side.channel.answer_tap(callback_id)
    try:
        await side.channel.answer_tap(callback_id)
    except IntegrationError as error:
        assert type(error) is Refused  # noqa: PT017 - a platform may or may not care for a second answer


async def test_many_people_at_once_get_what_is_theirs(side: Side) -> None:
    address, _ = await side.hear()
    sends = [side.channel.send(address, Outgoing("text", f"Nr. {n}"), reference=f"r{n}") for n in range(10)]
    sent = await asyncio.gather(*sends)
    arrived = dict(await side.arrived())
    assert [arrived[one.external_id] for one in sent] == [f"Nr. {n}" for n in range(10)]


async def test_a_file_is_fetched_as_it_was_sent(side: Side) -> None:
    attachment, body = await side.photo()
    assert isinstance(side.channel, MediaSource)
    file = await side.channel.fetch(attachment, largest=len(body))
    assert file.body == body


async def test_a_file_that_is_too_large_is_left_where_it_is(side: Side) -> None:
    attachment, body = await side.photo()
    assert isinstance(side.channel, MediaSource)
    with pytest.raises(MediaTooLarge):
        await side.channel.fetch(attachment, largest=len(body) - 1)


async def test_a_file_that_is_not_there_is_never_asked_for_again(side: Side) -> None:
    attachment, _ = await side.photo()
    assert isinstance(side.channel, MediaSource)
    url = attachment.url and attachment.url.replace("sample.png", "other.png")
    lost = replace(attachment, url=url, media_id=attachment.media_id and "4711")
    with pytest.raises(Refused):
        await side.channel.fetch(lost, largest=10**6)
    with pytest.raises(MediaGone):
        await side.channel.fetch(replace(attachment, url=None, media_id=None), largest=10**6)


async def test_a_channel_says_which_files_it_takes(side: Side) -> None:
    files: tuple[tuple[FileType, str], ...] = (("image", "image/jpeg"), ("document", "application/pdf"))
    for kind, mime in files:
        assert file_problem(side.channel.capabilities, kind, mime, 1000) is None
        assert file_problem(side.channel.capabilities, kind, mime, 10**9) == "size"
        assert file_problem(side.channel.capabilities, kind, "text/html", 10) == "type"


async def test_closing_twice_is_no_harm(side: Side) -> None:
    await side.channel.aclose()
    await side.channel.aclose()


async def test_a_wrong_token_stops_the_account(box: Box) -> None:
    adapters: list[tuple[Channel, str]] = [
        (instagram(box.base, "wrong"), "5"),
        (whatsapp(box.base, "wrong"), "491701234567"),
        (telegram(box.base, "7000000042:wrong"), "5"),
    ]
    for channel, address in adapters:
        with pytest.raises(Unauthorized):
            await channel.send(address, Outgoing("text", "a"), reference="row")
        await channel.aclose()


async def test_the_pair_rate_is_the_persons_alone(box: Box) -> None:
    channel = whatsapp(box.base)
    side = SandboxSide(box, channel, "491700000000")
    address, _ = await side.hear()
    for number in range(45):
        await channel.send(address, Outgoing("text", str(number)), reference=str(number))
    with pytest.raises(Throttled) as caught:
        await channel.send(address, Outgoing("text", "zu viel"), reference="row")
    assert (caught.value.person, caught.value.code) == (True, "131056")
    await channel.aclose()
