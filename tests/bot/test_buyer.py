"""The buyer beside a thread over HTTP: what is shown to whom, and what agents do for them there."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from bot.web.buyer_view import web_address
from bot.web.requests_page import about
from persistence.store import Store
from persistence.tables import Buyer, Conversation, ItemRow, MilestoneRow, OutboxRow, ParcelRow, table
from persistence.tables_desk import AgentNoteRow, DeskEventRow, DraftRow, MergeRow, ServiceRequestRow
from persistence.tables_journeys import OfferRow
from tests.bot.conftest import Serve
from tests.bot.desk_shop import HOSTILE, MORNING, fill
from tests.bot.people import Visitor, sign_in
from tests.bot.serving import Running
from tests.persistence.desk import put

LENA, MEHMET = 0, 1


@dataclass
class Desk:
    """A server with a busy morning, an agent and an owner."""

    server: Running
    kim: Visitor
    olga: Visitor
    ids: list[int]

    async def ask(
        self, method: str, path: str, data: Any = None, *, who: Visitor | None = None, part: bool = True
    ) -> tuple[int, str, dict[str, str]]:
        """One request: status, text, headers."""
        headers = (who or self.kim).headers | ({"HX-Request": "true"} if part else {"Accept": "text/html"})
        async with self.server.client.request(
            method, self.server.url + path, data=data, headers=headers, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text(), dict(answer.headers)

    async def get(self, path: str, **more: Any) -> str:
        """A page or a part of one."""
        status, text, _ = await self.ask("GET", path, **more)
        assert status == 200, (status, text[:500])
        return text

    async def panel(self, place: int = LENA, **more: Any) -> str:
        """The panel of a thread."""
        return await self.get(f"/desk/{self.ids[place]}/buyer", **more)

    async def post(self, path: str, place: Any = LENA, **form: str) -> dict[str, Any]:
        """Do something that works: the events that it answers with."""
        status, text, headers = await self.ask("POST", f"/desk/{self.ids[place]}/buyer/{path}", form)
        assert status == 200, (status, text[:800])
        events: dict[str, Any] = json.loads(headers["HX-Trigger"])
        return events

    async def refused(self, kind: str, **form: str) -> str:
        """A form with something wrong: it comes back, and nothing is asked for."""
        status, text, headers = await self.ask("POST", f"/desk/{self.ids[LENA]}/buyer/{kind}", form)
        assert status == 422
        assert headers["HX-Retarget"] == "#buyer-form"
        assert not await self.server.rows(ServiceRequestRow)
        return text


@pytest.fixture
async def desk(serve: Serve) -> AsyncIterator[Desk]:
    async with serve(only="web") as server:
        kim = await sign_in(server.app, "agent", "Kim Lorenz")
        olga = await sign_in(server.app, "owner")
        store, now = server.app.store, server.app.clock()
        ids = await fill(store, now, MORNING)
        await store.database.write(_at_home, dict(server.app.channels.keys()))
        await put(
            store,
            ItemRow,
            order_id="desk1-0",
            position=0,
            sku="HM-01",
            title="Handmühle",
            quantity=2,
            price=Decimal(60),
        )
        await put(
            store,
            ItemRow,
            order_id="desk1-0",
            position=1,
            sku="X",
            title="Bürste",
            quantity=1,
            price=Decimal(9),
        )
        await put(
            store, ParcelRow, order_id="desk1-0", number="P1", carrier="DHL", url="https://track.example/P1",
            status="unterwegs", told_at=now,
        )  # fmt: skip
        await put(store, MilestoneRow, order_id="desk1-0", what="shipped", at=now)
        yield Desk(server, kim, olga, ids)


def _at_home(connection: Any, accounts: dict[str, str]) -> None:
    for name, account in accounts.items():
        rows = table(Conversation)
        connection.execute(rows.update().where(rows.c.channel == name).values(account=account))


async def _run(store: Store, statement: Any) -> None:
    await store.database.write(lambda connection: connection.execute(statement).rowcount)


# -- the panel


async def test_the_panel_stands_beside_the_thread_and_alone(desk: Desk) -> None:
    whole = await desk.get(f"/desk/{desk.ids[LENA]}", part=False)
    for text in (whole, await desk.panel(), await desk.panel(part=False)):
        assert "Lena Maier" in text
        assert "Handmühle" in text
        assert 'href="https://track.example/P1"' in text
        assert 'rel="noopener noreferrer"' in text
        assert "Unterwegs" in text
        assert "Gold" in text
    assert await desk.ask("GET", "/desk/99999/buyer")
    assert (await desk.ask("GET", "/desk/99999/buyer"))[0] == 404


async def test_a_viewer_reads_and_can_do_nothing(desk: Desk) -> None:
    viewer = await sign_in(desk.server.app, "viewer")
    text = await desk.panel(who=viewer)
    assert "Handmühle" in text
    assert "<form" not in text
    assert "data-buyer-form" not in text
    for path in ("refund", "flow", "merge", "unmerge", "note", "label", "withdraw", "refund/told"):
        assert (await desk.ask("POST", f"/desk/{desk.ids[LENA]}/buyer/{path}", {}, who=viewer))[0] == 403
    assert (await desk.ask("GET", "/desk/requests", who=viewer, part=False))[0] == 403


async def test_nobody_known_and_nothing_left(desk: Desk) -> None:
    store, now = desk.server.app.store, desk.server.app.clock()
    for status, words in (
        ("waiting", "Noch keiner Bestellung zugeordnet"),
        ("erased", "Alle Daten sind gelöscht"),
    ):
        place = await put(
            store, Conversation, channel="telegram", account="shop", address=status, status=status,
            created_at=now,
        )  # fmt: skip
        assert words in await desk.get(f"/desk/{place}/buyer")
        assert words in await desk.get(f"/desk/{place}", part=False)
        assert "Keine Bestellung bekannt" in await desk.get(f"/desk/{place}/buyer") or status == "erased"
    assert (await desk.ask("GET", f"/desk/{place}/buyer/refund"))[0] == 404


async def test_hostile_words_do_nothing(desk: Desk) -> None:
    store, now = desk.server.app.store, desk.server.app.clock()
    evil = '<img src=x onerror=alert(1)>\u202e"'
    for place in await fill(store, now, HOSTILE, first=50):
        (row,) = await desk.server.rows(Conversation, id=place)
        named = table(Buyer).update().where(table(Buyer).c.id == row.buyer_id)
        await _run(store, named.values(name=evil, email=evil, phone=evil))
        await put(store, AgentNoteRow, conversation_id=place, author="account:1", text=evil, at=now)
        await put(
            store, ServiceRequestRow, conversation_id=place, kind="gift", by="account:1", at=now,
            detail=json.dumps({"what": evil, "note": evil}),
        )  # fmt: skip
        for path in ("buyer", "buyer/gift", "buyer/merge?q=<img"):
            text = await desk.get(f"/desk/{place}/{path}")
            assert "<img src" not in text
            assert "\u202e" not in text
    assert "<img src" not in await desk.get("/desk/requests", part=False)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://dhl.example/1", "https://dhl.example/1"),
        (" http://x.example ", "http://x.example"),
        ("javascript:alert(1)", ""), ("data:text/html,x", ""), ("//x.example", ""), ("", ""), (None, ""),
        ("https://x.example/\n1", ""),
    ],
)  # fmt: skip
def test_only_addresses_of_the_web_are_links(url: str | None, shown: str) -> None:
    assert web_address(url) == shown


# -- requests


async def test_a_refund_is_asked_for_told_and_worked_off(desk: Desk) -> None:
    form = await desk.get(f"/desk/{desk.ids[LENA]}/buyer/refund")
    key = re.search(r'name="key" value="([^"]+)"', form)
    assert key is not None
    assert "129,00" in form
    given = {
        "order": "desk1-0",
        "part": "part",
        "amount": "12,50",
        "note": "Kurbel",
        "how": "compose",
        "key": key[1],
    }
    events = await desk.post("refund", **given)
    again = await desk.post("refund", **given)
    assert events == again
    assert events["desk:told"] == {"kind": "good", "words": "Die Erstattung ist veranlasst."}
    assert "12,50" in events["buyer:compose"]["text"]
    assert "1042" in events["buyer:compose"]["text"]
    (row,) = await desk.server.rows(ServiceRequestRow)
    assert json.loads(row.detail) == {"currency": "EUR", "whole": False, "note": "Kurbel", "amount": "12.50"}
    assert row.by == f"account:{desk.kim.account.id}"
    assert not await desk.server.rows(OutboxRow)
    assert "Kim Lorenz hat veranlasst: Erstattung (1042)" in await desk.get(f"/desk/{desk.ids[LENA]}/tail")
    listed = await desk.get("/desk/requests", part=False)
    assert "12,50" in listed
    assert "Lena Maier" in listed
    assert 'name="status"' not in listed
    assert (await desk.ask("POST", f"/desk/requests/{row.id}", {"status": "done"}))[0] == 403
    assert (
        await desk.ask("POST", f"/desk/requests/{row.id}", {"status": "done"}, who=desk.olga, part=False)
    )[0] == 303
    assert "Erledigt" in await desk.get("/desk/requests?status=done", part=False, who=desk.olga)
    assert "12,50" not in await desk.get("/desk/requests", part=False, who=desk.olga)


@pytest.mark.parametrize(
    ("kind", "form", "words"),
    [
        ("refund", {"order": "desk1-0", "part": "part", "amount": "129,01"}, "nur noch 129,00"),
        ("refund", {"order": "desk1-0", "part": "part", "amount": "zehn"}, "zum Beispiel 12,50"),
        ("refund", {"order": "desk2-0", "part": "full"}, "Bestellung dieser Person"),
        ("replacement", {}, "mindestens einen Artikel"),
        ("repair", {"item": "desk2-0:0"}, "mindestens einen Artikel"),
        ("gift", {"what": " \u200b "}, "Das fehlt noch"),
        ("code", {"code": "ALLES-100"}, "Wähle einen Gutschein"),
        (
            "address",
            {"order": "desk1-0", "name": "L", "street": "Weg", "postcode": "1", "country": "DE"},
            "Hausnummer",
        ),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    desk: Desk, kind: str, form: dict[str, str], words: str
) -> None:
    text = await desk.refused(kind, **form, note="meine Notiz", key="k1")
    assert words in text
    assert "meine Notiz" in text
    assert 'value="k1"' in text


async def test_all_other_kinds(desk: Desk) -> None:
    given: dict[str, dict[str, str]] = {
        "replacement": {"item": "desk1-0:1"},
        "repair": {"item": "desk1-0:0"},
        "gift": {"what": "Kekse", "order": "desk1-0"},
        "code": {"code": "DANKE-10"},
        "address": {
            "order": "desk1-0", "name": "Lena Maier", "street": "Torstraße 1", "postcode": "10119",
            "city": "Berlin", "country": "DE",
        },
    }  # fmt: skip
    said = {}
    for kind, form in given.items():
        assert "Das erfährt Lena Maier" in await desk.get(f"/desk/{desk.ids[LENA]}/buyer/{kind}")
        events = await desk.post(kind, **form, how="compose", key=f"key {kind}")
        said[kind] = events["buyer:compose"]["text"]
    assert "Bürste" in said["replacement"]
    assert "2 × Handmühle" in said["repair"]
    assert "Kekse" in said["gift"]
    assert "Torstraße 1, 10119 Berlin" in said["address"]
    (offer,) = await desk.server.rows(OfferRow)
    assert offer.code in said["code"]
    assert offer.code.startswith("DANKE-")
    panel = await desk.panel()
    assert offer.code in panel
    assert "2 × Handmühle" in panel
    kinds = [row.kind for row in await desk.server.rows(ServiceRequestRow)]
    assert kinds == list(given)
    csv = await desk.get("/desk/requests.csv", who=desk.olga, part=False)
    assert csv.startswith("\ufeff")
    assert len(csv.splitlines()) == 6
    assert "Torstraße 1" in csv
    assert (await desk.ask("GET", "/desk/requests.csv"))[0] == 403


async def test_what_the_buyer_is_told_follows_the_form(desk: Desk) -> None:
    path = f"/desk/{desk.ids[LENA]}/buyer/refund/told"
    _, text, _ = await desk.ask("POST", path, {"order": "desk1-0", "part": "part", "amount": "7"})
    assert "7,00" in text
    assert "<" not in text
    _, text, _ = await desk.ask("POST", path, {"order": "desk1-0", "part": "part", "amount": "<b>"})
    assert "…" in text


async def test_it_is_sent_at_once_unless_somebody_else_has_the_thread(desk: Desk) -> None:
    gift = {"what": "Kekse", "how": "send"}
    events = await desk.post("gift", **gift, key="k1")
    assert events["desk:told"]["kind"] == "good"
    assert "buyer:compose" not in events
    (row,) = await desk.server.rows(OutboxRow)
    assert "Kekse" in row.outgoing
    await desk.ask("POST", f"/desk/{desk.ids[LENA]}/claim", {"over": "yes"}, who=desk.olga)
    events = await desk.post("gift", **gift, key="k2")
    assert events["desk:told"]["kind"] == "bad"
    assert "Kekse" in events["buyer:compose"]["text"]
    assert len(await desk.server.rows(OutboxRow)) == 1
    assert len(await desk.server.rows(ServiceRequestRow)) == 2


async def test_without_the_script_it_works_as_well(desk: Desk) -> None:
    place = desk.ids[LENA]
    assert "<html" in await desk.get(f"/desk/{place}/buyer/gift", part=False)
    form = {"what": "Kekse", "how": "compose", "key": "k"}
    status, _, headers = await desk.ask("POST", f"/desk/{place}/buyer/gift", form, part=False)
    assert (status, headers["Location"]) == (303, f"/desk/{place}")
    (draft,) = await desk.server.rows(DraftRow)
    assert "Kekse" in draft.text
    assert (await desk.ask("POST", f"/desk/{place}/buyer/gift", {"what": ""}, part=False))[0] == 422


async def test_a_request_is_withdrawn_while_it_is_open(desk: Desk) -> None:
    await desk.post("gift", what="Kekse", how="none", key="k")
    (row,) = await desk.server.rows(ServiceRequestRow)
    other = await desk.post("withdraw", MEHMET, request=str(row.id))
    assert other["desk:told"]["kind"] == "bad"
    assert (await desk.post("withdraw", request=str(row.id)))["desk:told"]["kind"] == "good"
    assert (await desk.post("withdraw", request=str(row.id)))["desk:told"]["kind"] == "bad"
    (row,) = await desk.server.rows(ServiceRequestRow)
    assert row.status == "cancelled"


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ({"amount": "12.5", "currency": "CHF"}, "12,50\xa0CHF"),
        (
            {"items": [{"title": "Tasse", "quantity": 1}, {"title": "Teller", "quantity": 3}, 7]},
            "Tasse, 3 × Teller, ",
        ),
        ({"address": {"name": "L", "extra": "", "city": "Berlin"}}, "L, Berlin"),
        ({"code": "X", "percent": 10}, "X (10 %)"),
        ({"what": "Kekse"}, "Kekse"),
        ({}, ""),
    ],
)
def test_what_a_request_is_about(detail: dict[str, object], words: str) -> None:
    assert about(detail, "", "de") == words


# -- flows, merges, notes, labels


async def test_a_flow_hands_the_thread_to_the_bot_once(desk: Desk) -> None:
    form = await desk.get(f"/desk/{desk.ids[LENA]}/buyer/flow")
    assert 'value="returns"' in form
    for _ in range(2):
        events = await desk.post("flow", flow="returns", key="k")
        assert events["desk:told"]["kind"] == "good"
    (row,) = await desk.server.rows(Conversation, id=desk.ids[LENA])
    assert (row.status, row.floor) == ("bot", "bot")
    assert row.due_at is not None
    kinds = [event.kind for event in await desk.server.rows(DeskEventRow, conversation_id=desk.ids[LENA])]
    assert kinds == ["returned", "flow_started"]
    assert "Ablauf „Rückgabe und Umtausch“ gestartet" in await desk.get(f"/desk/{desk.ids[LENA]}/tail")
    assert (await desk.post("flow", flow="human", key="k2"))["desk:told"]["kind"] == "bad"


async def test_outside_the_window_no_flow_is_started(desk: Desk) -> None:
    rows, long_ago = table(Conversation), desk.server.app.clock() - timedelta(days=3)
    old = rows.update().where(rows.c.id == desk.ids[MEHMET]).values(heard_at=long_ago)
    await _run(desk.server.app.store, old)
    assert "Sobald die Person schreibt" in await desk.get(f"/desk/{desk.ids[MEHMET]}/buyer/flow")
    assert (await desk.post("flow", MEHMET, flow="returns", key="k"))["desk:told"]["kind"] == "bad"
    assert not await desk.server.rows(DeskEventRow, conversation_id=desk.ids[MEHMET])


async def test_two_buyers_are_merged_and_separated(desk: Desk) -> None:
    listed = await desk.get(f"/desk/{desk.ids[LENA]}/buyer/merge?list=1&q=1017")
    found = re.search(r'name="other" value="(\d+)"', listed)
    assert found is not None
    assert "<h2" not in listed
    events = await desk.post("merge", other=found[1])
    assert events["desk:told"]["kind"] == "good"
    panel = await desk.panel()
    assert "1017" in panel
    assert f'href="/desk/{desk.ids[MEHMET]}"' in panel
    (row,) = await desk.server.rows(MergeRow)
    assert (await desk.post("merge", other=found[1]))["desk:told"]["kind"] == "bad"
    assert (await desk.post("unmerge", merge=str(row.id)))["desk:told"]["kind"] == "good"
    assert "1017" not in await desk.panel()
    assert (await desk.post("unmerge", merge="99999"))["desk:told"]["kind"] == "bad"
    tail = await desk.get(f"/desk/{desk.ids[LENA]}/tail")
    assert "zusammengelegt" in tail
    assert "getrennt" in tail


async def test_notes_and_labels(desk: Desk) -> None:
    for _ in range(2):
        await desk.post("note", text="Mag es kräftig", key="k")
    assert (await desk.post("note", text="  ", key="k2"))["desk:told"]["kind"] == "bad"
    assert len(await desk.server.rows(AgentNoteRow)) == 1
    vip = await desk.server.app.store.labels.save("VIP", "purple")
    await desk.post("label", label=str(vip), on="yes")
    panel = await desk.panel()
    assert "Mag es kräftig" in panel
    assert 'aria-pressed="true"' in panel
    await desk.post("label", label=str(vip), on="")
    assert 'aria-pressed="true"' not in await desk.panel()
    assert (await desk.post("label", label="999", on="yes"))["desk:told"]["kind"] == "bad"
