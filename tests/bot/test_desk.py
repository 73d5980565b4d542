"""The queue's pages over HTTP: what they show, what is done with rows, and how long it holds."""

import asyncio
import csv
import io
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

import aiohttp
import orjson
import pytest

from persistence.tables import Conversation, NoticeRow, table
from persistence.tables_desk import AlarmRow, SavedFilterRow
from tests.bot.conftest import Serve
from tests.bot.desk_shop import HOSTILE, MORNING, Case, fill
from tests.bot.people import Visitor, sign_in
from tests.bot.serving import Running

OPEN = [
    "Lena Maier",
    "Mehmet Yılmaz",
    "Jonas",
    "Sophie Krüger-Lindemann",
    "Ohne Namen (5)",
    "Anna-Lena von Hohenstein-Oberberg",
]
"""Who is open on the busy morning, by urgency."""


@dataclass
class Desk:
    """A server whose desk has a busy morning, and somebody who looks at it."""

    server: Running
    me: Visitor
    ids: list[int]

    async def get(self, path: str, *, who: Visitor | None = None, part: bool = False) -> str:
        """Ask for a page as a browser does, or as htmx does for a part of one."""
        status, text = await self.ask("GET", path, who=who, part=part)
        assert status == 200, (status, text)
        return text

    async def ask(
        self, method: str, path: str, data: object = None, *, who: Visitor | None = None, part: bool = True
    ) -> tuple[int, str]:
        headers = (who or self.me).headers | ({"HX-Request": "true"} if part else {"Accept": "text/html"})
        async with self.server.client.request(
            method, self.server.url + path, data=data, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text()

    async def bulk(self, act: str, *places: int, who: Visitor | None = None, **more: str) -> str:
        """Do something to rows; the words of the answer."""
        form = [("act", act), *(("id", str(self.ids[place])) for place in places), *more.items()]
        status, text = await self.ask("POST", "/desk/bulk", form, who=who)
        assert status == 200, text
        return " ".join(re.sub(r"<[^>]+>", " ", text).split())

    async def row(self, place: int) -> Conversation:
        """One conversation as it is stored."""
        (found,) = await self.server.rows(Conversation, id=self.ids[place])
        return found  # type: ignore[no-any-return]  # `rows` is for every table


@pytest.fixture
async def desk(server: Running) -> Desk:
    me = await sign_in(server.app, "agent", "Anton Agent")
    await sign_in(server.app, "agent", "Berta Beistand")
    return Desk(server, me, await fill(server.app.store, server.app.clock()))


def names(page: str) -> list[str]:
    return re.findall(r"<bdi>([^<#]+)</bdi></a>", page)


async def test_the_queue_stands_in_the_order_of_urgency(desk: Desk) -> None:
    page = await desk.get("/desk")
    assert names(page) == OPEN
    assert "12:2" in page
    assert "min drüber" in page
    assert "Defekt" in page
    assert "geht schon WIEDER nicht an" in page
    assert "#1042" in page
    assert "129,00" in page
    assert "Gold" in page
    assert "Stimmung zuletzt schlecht, fallend" in page


@pytest.mark.parametrize(
    ("tab", "expected"),
    [
        ("mine", {"Jonas", "Peter"}),
        ("waiting", {*OPEN} - {"Jonas"}),
        ("pending", {"Peter", "Uwe"}),
        ("snoozed", {"Carla Rossi"}),
        ("resolved", {"Zoë Müller"}),
    ],
)  # fmt: skip
async def test_every_tab_shows_its_own(desk: Desk, tab: str, expected: set[str]) -> None:
    assert set(names(await desk.get(f"/desk/queue?tab={tab}", part=True))) == expected


async def test_what_the_queue_is_narrowed_to_is_shown_and_can_be_dropped(desk: Desk) -> None:
    page = await desk.get("/desk?channel=whatsapp&reason=waiting&priority=1")
    assert names(page) == ["Mehmet Yılmaz"]
    assert "Filter „WhatsApp“ aufheben" in page
    assert 'href="/desk?reason=waiting&amp;priority=1"' in page
    nothing = await desk.get("/desk?channel=telegram&priority=2")
    assert "Hierzu passt gerade nichts." in nothing


async def test_a_queue_that_is_empty_says_so_kindly(server: Running) -> None:
    empty = Desk(server, await sign_in(server.app), [])
    assert "Gerade braucht niemand einen Menschen" in await empty.get("/desk")


async def test_rows_follow_without_end_and_none_twice(desk: Desk) -> None:
    now = desk.server.app.clock()
    many = [Case(f"Nummer {number}", owed=400 + number) for number in range(120)]
    await fill(desk.server.app.store, now, many, first=1000)
    page = await desk.get("/desk")
    seen = names(page)
    while (follows := re.search(r'data-after="([^"]+)"', page)) is not None:
        page = await desk.get(f"/desk/queue?after={follows[1]}", part=True)
        seen += names(page)
    assert len(seen) == len(set(seen)) == 126
    assert len(names(await desk.get("/desk/queue?most=120", part=True))) == 120


async def test_an_agent_claims_and_whoever_comes_later_is_told_who_has_it(desk: Desk) -> None:
    late = await sign_in(desk.server.app, "agent", "Berta Beistand")
    assert await desk.bulk("claim", 0) == "Übernommen."
    assert await desk.bulk("claim", 0, who=late) == "Anton Agent war schneller und kümmert sich schon darum."
    assert (await desk.row(0)).assignee_id == desk.me.account.id


async def test_of_two_who_claim_at_once_one_gets_it(desk: Desk) -> None:
    other = await sign_in(desk.server.app, "agent", "Berta Beistand")
    told = await asyncio.gather(*(desk.bulk("claim", 1, who=who) for who in (desk.me, other) * 4))
    winner = desk.me.account if (await desk.row(1)).assignee_id == desk.me.account.id else other.account
    assert told.count("Übernommen.") == 4  # the winner's own later tries change nothing, and are no failure
    assert told.count(f"{winner.name} war schneller und kümmert sich schon darum.") == 4


async def test_many_rows_are_done_at_once_and_each_by_itself(desk: Desk) -> None:
    store, now = desk.server.app.store, desk.server.app.clock()
    await store.labels.save("Rückruf", "blue")
    (label,) = await store.labels.all()
    assert await desk.bulk(f"label:{label.id}", 0, 1, 2) == "Label an 3 vergeben."
    assert "Rückruf" in await desk.get("/desk")
    assert await desk.bulk(f"unlabel:{label.id}", 0) == "Label entfernt."
    assert await store.labels.of(desk.ids) == {desk.ids[1]: (label.id,), desk.ids[2]: (label.id,)}

    assert await desk.bulk("snooze:hour", 0, 1) == "2 zurückgestellt."
    until = (await desk.row(0)).snoozed_until
    assert until is not None
    assert abs(until - now - timedelta(hours=1)) < timedelta(minutes=1)

    told = await desk.bulk("resolve", 2, 10, cause="product_fault")
    assert (
        told == "Abgeschlossen. Um diesen Chat kümmert sich gerade der Bot; da gibt es nichts abzuschließen."
    )
    assert ((await desk.row(2)).status, (await desk.row(10)).status) == ("resolved", "bot")

    berta = next(one for one in await store.accounts.all() if one.name == "Berta Beistand")
    assert await desk.bulk(f"assign:{berta.id}", 4, 5) == "2 zugewiesen."
    assert (await desk.row(4)).assignee_id == berta.id
    assert await desk.bulk("assign:", 4) == "Zugewiesen."
    assert (await desk.row(4)).status == "waiting"


@pytest.mark.parametrize("act", ["", "explode", "assign:x", "snooze:never", "label:-1", "team:"])
async def test_a_forged_action_does_nothing(desk: Desk, act: str) -> None:
    status, _ = await desk.ask("POST", "/desk/bulk", [("act", act), ("id", str(desk.ids[0]))])
    assert status == 400
    assert (await desk.row(0)).status == "waiting"


async def test_a_viewer_sees_the_queue_and_can_do_nothing_to_it(desk: Desk) -> None:
    viewer = await sign_in(desk.server.app, "viewer")
    page = await desk.get("/desk", who=viewer)
    assert names(page)[0] == "Lena Maier"
    assert "data-claim" not in page
    assert 'id="bulk"' not in page
    status, _ = await desk.ask("POST", "/desk/bulk", [("act", "claim"), ("id", str(desk.ids[0]))], who=viewer)
    assert status == 403


async def test_a_filter_is_kept_and_forgotten_by_its_owner(desk: Desk) -> None:
    status, page = await desk.ask("POST", "/desk/filters?channel=whatsapp", {"name": "Nur WhatsApp"})
    assert status == 200
    assert "Nur WhatsApp" in page
    assert "Nur WhatsApp" in await desk.get("/desk")
    other = await sign_in(desk.server.app, "agent", "Berta Beistand")
    assert "Nur WhatsApp" not in await desk.get("/desk", who=other)
    (kept,) = await desk.server.rows(SavedFilterRow)
    await desk.ask("POST", f"/desk/filters/{kept.id}/remove", {}, who=other)
    assert await desk.server.rows(SavedFilterRow)
    await desk.ask("POST", f"/desk/filters/{kept.id}/remove", {})
    assert not await desk.server.rows(SavedFilterRow)


async def test_a_search_leads_to_the_place_in_the_thread(desk: Desk) -> None:
    app = desk.server.app
    while await app.store.search.index(app.clock()):
        pass
    hits = await desk.get("/desk/search?text=masch", part=True)
    assert "2 Treffer" in hits
    assert "<mark>" in hits
    assert re.search(rf'href="/desk/{desk.ids[0]}\?at=i\d+"', hits)
    assert "Nichts gefunden" in await desk.get("/desk/search?text=%3Cb%3Exyz", part=True)
    assert "<b>xyz" not in await desk.get("/desk/search?text=%3Cb%3Exyz", part=True)


async def test_hostile_words_are_shown_harmlessly(desk: Desk) -> None:
    store, now = desk.server.app.store, desk.server.app.clock()
    await fill(store, now, HOSTILE, first=500)
    await store.labels.save("<i>x</i>", "red")
    while await store.search.index(now):
        pass
    page = await desk.get("/desk") + await desk.get("/desk/search?text=onerror", part=True)
    for evil in ("<script>alert", "<img src=x", "<svg onload", "<b onmouse", "<i>x", "\u202e", "\u200b"):
        assert evil not in page
    assert "&lt;script&gt;" in page
    assert "\u0301" * 5 not in page
    assert len(page) < 200_000


async def test_alarms_that_hold_are_shown_and_put_away(desk: Desk) -> None:
    app, now = desk.server.app, desk.server.app.clock()
    late, soon = await desk.row(0), await desk.row(1)
    rows = [
        {"kind": "broken", "key": "b", "conversation_id": late.id, "detail": {"answer_by": late.answer_by}},
        {"kind": "near", "key": "n", "conversation_id": soon.id, "detail": {"answer_by": soon.answer_by}},
        {"kind": "mention", "key": "m", "conversation_id": late.id, "detail": {"account": 99}},
        {"kind": "near", "key": "old", "conversation_id": desk.ids[6], "detail": {}},
    ]
    await app.store.database.write(_insert_alarms, [{**row, "at": now} for row in rows])
    page = await desk.get("/desk")
    assert page.index("Versprechen gebrochen") < page.index("Versprechen läuft ab")
    assert "Lena Maier · Defekt" in page
    assert "Mehmet Yılmaz · Wartet zu lange" in page
    assert page.count("data-alarm=") == 2
    broken = (await desk.server.rows(AlarmRow, key="b"))[0]
    status, rest = await desk.ask("POST", f"/desk/alarms/{broken.id}/seen", {})
    assert status == 200
    assert rest.count("data-alarm=") == 1
    assert (await desk.server.rows(AlarmRow, key="b"))[0].seen_by == desk.me.account.id
    assert "Neue Anfrage von Lena Maier" in rest  # for the desktop notification


async def test_notices_are_for_the_owner(desk: Desk) -> None:
    app = desk.server.app
    await app.store.notify("message_failed", {"message": "12", "why": "<b>"}, app.clock())
    await app.store.notify("something_new", {}, app.clock())
    owner = await sign_in(app, "owner")
    page = await desk.get("/desk/notices", who=owner)
    assert "Eine Nachricht kam nicht an" in page
    assert "message: 12" in page
    assert "<b>" not in page
    assert "Hinweis: something new" in page
    (first, _) = await desk.server.rows(NoticeRow)
    status, _ = await desk.ask("POST", f"/desk/notices/{first.id}/seen", {}, who=owner, part=False)
    assert status == 303
    assert "Eine Nachricht kam nicht an" not in await desk.get("/desk/notices", who=owner)
    assert (await desk.ask("GET", "/desk/notices", part=False))[0] == 403


async def test_an_owner_sets_up_teams_and_labels(desk: Desk) -> None:
    store = desk.server.app.store
    owner = await sign_in(desk.server.app, "owner")
    team = [
        ("name", " Technik "),
        ("member", str(desk.me.account.id)),
        ("member", "999"),
        ("reason", "defect"),
    ]
    assert (await desk.ask("POST", "/desk/settings/teams", team, who=owner, part=False))[0] == 303
    (kept,) = await store.teams.all()
    assert (kept.name, kept.members, kept.reasons) == ("Technik", (desk.me.account.id,), ("defect",))
    status, page = await desk.ask("POST", "/desk/settings/teams", team, who=owner, part=False)
    assert status == 409
    assert "Diesen Namen gibt es schon" in page
    label = {"name": "Garantie", "colour": "orange"}
    await desk.ask("POST", "/desk/settings/labels", label, who=owner, part=False)
    page = await desk.get("/desk/settings", who=owner)
    assert "Garantie" in page
    assert "Technik" in page
    assert "9:00–17:00" in page
    assert "Anton Agent" in page
    (one,) = await store.labels.all()
    await desk.ask("POST", f"/desk/settings/labels/{one.id}/delete", {}, who=owner, part=False)
    await desk.ask("POST", f"/desk/settings/teams/{kept.id}/delete", {}, who=owner, part=False)
    assert not await store.labels.all()
    assert not await store.teams.all()
    status, _ = await desk.ask("POST", "/desk/settings/labels", {"name": " "}, who=owner, part=False)
    assert status == 409


async def test_the_table_has_a_row_for_each_conversation(desk: Desk) -> None:
    app = desk.server.app
    owner = await sign_in(app, "owner")
    await app.store.labels.save("=cmd|' /C calc'!A0", "red")
    (label,) = await app.store.labels.all()
    await app.store.labels.put(desk.ids[:1], label.id, "account:1", app.clock())
    today = app.clock().date()
    path = f"/desk/export.csv?since={today - timedelta(days=40)}&until={today}"
    table = await desk.get(path, who=owner)
    assert table.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(table[1:]), delimiter=";"))
    assert len(rows) == len(MORNING)
    assert rows[0]["Grund"] == "Defekt"
    assert rows[0]["Kanal"] == "Instagram"
    assert rows[0]["Stand"] == "wartend"
    assert rows[0]["Labels"] == "'=cmd|' /C calc'!A0"
    assert "Lena" not in table
    commas = await desk.get(f"{path}&separator=,", who=owner)
    assert len(list(csv.reader(io.StringIO(commas[1:])))) == len(MORNING) + 1
    assert "report.exported" in await app.store.audit.actions()
    assert (await desk.ask("GET", "/desk/export.csv?since=x&until=y", who=owner, part=False))[0] == 400
    assert (await desk.ask("GET", path, part=False))[0] == 403


async def test_a_page_is_told_of_changes_and_who_is_there(desk: Desk) -> None:
    other = await sign_in(desk.server.app, "agent", "Berta Beistand")
    page = await desk.get("/desk")
    known = re.search(r'data-print="([^"]+)" data-now', page)
    assert known is not None
    async with Stream(desk, f"open={desk.ids[0]}") as stream:
        assert await stream.told("hello") == {}
        assert await stream.told("queue") == {
            "print": known[1]
        }  # nothing has changed since the page was made
        thread = await stream.told("thread")
        await desk.bulk("claim", 0, who=other)
        assert await stream.told("queue") != {"print": known[1]}
        assert await stream.told("thread") != thread
        form = {"thread": str(desk.ids[0]), "typing": "1"}
        assert (await desk.ask("POST", "/desk/presence", form, who=other))[0] == 204
        here = {str(desk.ids[0]): [[other.account.id, "Berta Beistand", True]]}
        assert await stream.told("presence") == {"threads": here}
        left = {"thread": str(desk.ids[0]), "left": "1"}
        assert (await desk.ask("POST", "/desk/presence", left, who=other))[0] == 204
        assert await stream.told("presence") == {"threads": {}}
        await desk.bulk("claim", 1, who=other)
        changed = await stream.told("queue")
    async with Stream(desk, "") as again:  # whoever was away is told how things stand
        assert await again.told("queue") == changed


async def test_a_stream_ends_with_the_session(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.live_routes.HEARTBEAT_SECONDS", 0.1)
    async with Stream(desk, "") as stream:
        await stream.told("hello")
        store, app = desk.server.app.store, desk.server.app
        for session in await store.sessions.of(desk.me.account.id, app.clock()):
            await store.sessions.end(desk.me.account.id, session.id, app.clock())
        async with asyncio.timeout(5):
            while await stream.answer.content.readline():
                pass


async def test_open_streams_do_not_hold_up_the_end(serve: Serve) -> None:
    async with aiohttp.ClientSession() as client:
        async with serve() as server:
            visitor = await sign_in(server.app)
            answer = await client.get(f"{server.url}/desk/events", headers=visitor.headers)
            assert answer.status == 200
        assert (await answer.read()).startswith(b"retry:")  # the stream came to its end


class Stream:
    """The stream of events as a browser reads it."""

    answer: aiohttp.ClientResponse

    def __init__(self, desk: Desk, query: str) -> None:
        self._desk = desk
        self._query = query

    async def __aenter__(self) -> Self:
        headers = self._desk.me.headers | {"Accept": "text/event-stream"}
        self.answer = await self._desk.server.client.get(
            f"{self._desk.server.url}/desk/events?{self._query}", headers=headers
        )
        assert self.answer.status == 200
        assert self.answer.content_type == "text/event-stream"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.answer.close()

    async def told(self, kind: str) -> object:
        """Wait for the next event of a kind."""
        async with asyncio.timeout(10):
            while True:
                line = (await self.answer.content.readline()).decode().strip()
                if line == f"event: {kind}":
                    data = (await self.answer.content.readline()).decode()
                    return orjson.loads(data.removeprefix("data: "))


def _insert_alarms(connection: Any, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        detail = orjson.dumps(row["detail"]).decode()
        connection.execute(table(AlarmRow).insert().values(**{**row, "detail": detail}))
