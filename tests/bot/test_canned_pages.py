"""Canned replies on their page: found, written, checked, deleted."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from dialogs.canned import default_replies
from tests.bot.conftest import Serve
from tests.bot.people import Visitor, sign_in
from tests.bot.serving import Running

GOOD = {
    "shortcut": "neu",
    "title": "Etwas Neues",
    "de": "Hallo {first_name}",
    "de_sie": "",
    "en": "Hello {first_name}",
}


@dataclass
class Pages:
    """A server and somebody who looks at it."""

    server: Running
    me: Visitor

    async def ask(
        self, method: str, path: str, data: Any = None, who: Visitor | None = None, *, part: bool = False
    ) -> tuple[int, str, str]:
        """One request: status, text, and where it leads."""
        headers = (who or self.me).headers | ({"HX-Request": "true"} if part else {"Accept": "text/html"})
        async with self.server.client.request(
            method, self.server.url + path, data=data, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text(), answer.headers.get("Location", "")


@pytest.fixture
async def pages(serve: Serve) -> AsyncIterator[Pages]:
    async with serve(only="web") as server:
        yield Pages(server, await sign_in(server.app, "agent"))


async def test_a_shop_begins_with_replies_and_finds_them(pages: Pages) -> None:
    status, text, _ = await pages.ask("GET", "/desk/canned")
    assert status == 200
    assert len(re.findall('class="card canned-card"', text)) == len(default_replies("de"))
    _, text, _ = await pages.ask("GET", "/desk/canned?q=ersatz")
    assert "/ersatz" in text
    assert "/danke" not in text
    _, text, _ = await pages.ask("GET", "/desk/canned?q=xylophon")
    assert "Kein Textbaustein passt dazu." in text


async def test_a_reply_is_written_changed_and_deleted(pages: Pages) -> None:
    assert (await pages.ask("GET", "/desk/canned/new"))[0] == 200
    assert await pages.ask("POST", "/desk/canned/new", {**GOOD, "shortcut": "/Neu"}) == (
        303, "", "/desk/canned?done=saved",
    )  # fmt: skip
    [made] = [one for one in await pages.server.app.store.canned.all() if one.shortcut == "neu"]
    assert (made.title, made.en, made.changed_by) == (
        "Etwas Neues",
        "Hello {first_name}",
        pages.me.account.id,
    )
    path = f"/desk/canned/{made.id}"
    assert "Hallo {first_name}</textarea>" in (await pages.ask("GET", path))[1]
    assert (await pages.ask("POST", path, {**GOOD, "title": "Anders"}))[0] == 303
    assert (await pages.ask("POST", f"{path}/used"))[0] == 204
    kept = await pages.server.app.store.canned.find(made.id)
    assert kept is not None
    assert (kept.title, kept.uses) == ("Anders", 1)
    assert (await pages.ask("POST", f"{path}/delete"))[2] == "/desk/canned?done=deleted"
    assert (await pages.ask("GET", path))[2] == "/desk/canned?done=gone"
    assert (await pages.ask("POST", path, GOOD))[2] == "/desk/canned?done=gone"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"shortcut": "zwei worte"}, "Ein Kürzel besteht aus"),
        ({"shortcut": "hallo"}, "Das Kürzel „hallo“ gibt es schon"),
        ({"title": " "}, "Hier fehlt noch etwas"),
        ({"de": "Hallo {vorname}"}, "Den Platzhalter {vorname} gibt es nicht"),
        ({"de": "Hallo {product"}, "Eine geschweifte Klammer geht nicht auf"),
        ({"de": "", "en": ""}, "Hier fehlt noch etwas"),
        ({"en": "{ first_name * 3 }"}, "Das versteht das Programm nicht"),
    ],
)
async def test_what_is_wrong_is_told_and_nothing_typed_is_lost(
    pages: Pages, changed: dict[str, str], words: str
) -> None:
    before = await pages.server.app.store.canned.all()
    status, text, _ = await pages.ask("POST", "/desk/canned/new", {**GOOD, **changed})
    assert status == 422
    assert words in text
    assert 'aria-invalid="true"' in text
    assert f">{({**GOOD, **changed})['de_sie']}</textarea>" in text
    assert await pages.server.app.store.canned.all() == before


async def test_the_preview_shows_samples_and_mistakes(pages: Pages) -> None:
    form = {**GOOD, "de": "Hallo {first_name}, {agent} hier: {order_number}", "en": "{what}"}
    status, text, _ = await pages.ask("POST", "/desk/canned/preview", form, part=True)
    assert status == 200
    assert "Hallo Anna, Kim hier: #1001" in text
    assert "Den Platzhalter {what} gibt es nicht" in text


async def test_hostile_words_do_nothing(pages: Pages) -> None:
    evil = {**GOOD, "title": "<script>alert(1)</script>", "de": '</textarea><img src=x onerror="alert(1)">'}
    assert (await pages.ask("POST", "/desk/canned/new", evil))[0] == 303
    [made] = [one for one in await pages.server.app.store.canned.all() if one.shortcut == "neu"]
    for path in ("/desk/canned", f"/desk/canned/{made.id}"):
        text = (await pages.ask("GET", path))[1]
        assert "<script>alert" not in text
        assert "<img src=x" not in text


async def test_viewers_have_nothing_to_do_here(pages: Pages) -> None:
    viewer = await sign_in(pages.server.app, "viewer")
    for method, path in (
        ("GET", "/desk/canned"),
        ("POST", "/desk/canned/new"),
        ("POST", "/desk/canned/1/delete"),
    ):
        assert (await pages.ask(method, path, GOOD if method == "POST" else None, viewer))[0] == 403
