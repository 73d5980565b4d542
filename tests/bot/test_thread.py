"""The open thread over HTTP: what it shows to whom, what agents do in it, and what they write."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from bot import handoff
from bot.template_watch import TemplateRoom
from persistence.retention import Keep
from persistence.tables import Conversation, CorrectionRow, HandoffRow, InboxRow, OutboxRow, table
from persistence.tables_desk import AgentNoteRow, DraftRow
from tests.bot.conftest import Serve
from tests.bot.desk_shop import HOSTILE, MORNING, fill
from tests.bot.people import Visitor, sign_in
from tests.bot.serving import Running

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c63f8ffff"
    "ff7f0009fb03fd2ab5c3bd0000000049454e44ae426082"
)


@dataclass
class Desk:
    """A server with a busy morning, and an agent."""

    server: Running
    me: Visitor
    ids: list[int]

    async def ask(
        self,
        method: str,
        path: str,
        data: Any = None,
        *,
        who: Visitor | None = None,
        part: bool = True,
        **more: Any,
    ) -> tuple[int, str, dict[str, str]]:
        """One request: status, text, headers."""
        headers = (who or self.me).headers | ({"HX-Request": "true"} if part else {"Accept": "text/html"})
        async with self.server.client.request(
            method, self.server.url + path, data=data, headers=headers, allow_redirects=False, **more
        ) as answer:
            return answer.status, await answer.text(), dict(answer.headers)

    async def get(self, path: str, **more: Any) -> str:
        """A page or a part of one."""
        status, text, _ = await self.ask("GET", path, **more)
        assert status == 200, (status, text[:500])
        return text

    async def verb(
        self, name: str, place: int = 0, who: Visitor | None = None, **form: str
    ) -> dict[str, str]:
        """Do something to a thread; the word about it."""
        status, _, headers = await self.ask("POST", f"/desk/{self.ids[place]}/{name}", form, who=who)
        assert status == 200
        told: dict[str, str] = json.loads(headers["HX-Trigger"])["desk:told"]
        return told

    async def write(
        self, name: str, place: int = 0, who: Visitor | None = None, **body: Any
    ) -> tuple[int, Any]:
        """Speak to the composer's side: status and answer."""
        path = f"/desk/{self.ids[place]}/{name}"
        status, text, _ = await self.ask("POST", path, who=who, json=body)
        return status, json.loads(text)

    async def row(self, place: int = 0) -> Conversation:
        """A conversation as it is stored."""
        (found,) = await self.server.rows(Conversation, id=self.ids[place])
        return found  # type: ignore[no-any-return]  # `rows` is for every table


@pytest.fixture
async def desk(serve: Serve) -> AsyncIterator[Desk]:
    async with serve(only="web") as server:
        me = await sign_in(server.app, "agent", "Kim Lorenz")
        account = dict(server.app.channels.keys())
        ids = await fill(server.app.store, server.app.clock(), MORNING)
        await server.app.store.database.write(_at_home, account)
        yield Desk(server, me, ids)


def _at_home(connection: Any, accounts: dict[str, str]) -> None:
    for name, account in accounts.items():
        rows = table(Conversation)
        connection.execute(rows.update().where(rows.c.channel == name).values(account=account))


# -- reading


async def test_what_was_forgotten_is_said_in_plain_words(desk: Desk) -> None:
    calm = {"status": "resolved", "floor": "bot", "due_at": None}
    handoffs, outbox = table(HandoffRow), table(OutboxRow)

    def close(connection: Any) -> None:
        connection.execute(table(Conversation).update().values(**calm))
        connection.execute(handoffs.update().values(resolved_at=handoffs.c.at))
        connection.execute(outbox.update().values(status="sent"))

    await desk.server.app.store.database.write(close)
    later = desk.server.app.clock() + timedelta(days=40)
    while await desk.server.app.store.retention.sweep(Keep(messages=30, notes=30), later):
        pass
    for place in desk.ids:
        text = await desk.get(f"/desk/{place}")
        assert '<mark class="evidence"' not in text
    assert "Text nach 30 Tagen gelöscht" in await desk.get(f"/desk/{desk.ids[0]}")


async def test_a_thread_stands_in_its_frame_and_alone_for_htmx(desk: Desk) -> None:
    whole = await desk.get(f"/desk/{desk.ids[0]}", part=False)
    part = await desk.get(f"/desk/{desk.ids[0]}")
    assert "<html" in whole
    assert 'id="rows"' in whole
    assert "<html" not in part
    for text in (whole, part):
        assert "Lena Maier" in text
        assert '<mark class="evidence"' in text
        assert "Grund: " in text
        assert 'id="composer-text"' in text


async def test_what_does_not_exist_is_not_found(desk: Desk) -> None:
    for path in ("/desk/99999", "/desk/99999/head", "/desk/99999/items", "/desk/99999/picks"):
        assert (await desk.ask("GET", path))[0] == 404


async def test_a_viewer_reads_and_can_do_nothing(desk: Desk) -> None:
    viewer = await sign_in(desk.server.app, "viewer")
    text = await desk.get(f"/desk/{desk.ids[0]}", who=viewer)
    assert "Du liest hier mit" in text
    assert 'id="composer-text"' not in text
    assert "data-correct" not in text
    for path in ("claim", "say", "note", "draft", "retry", "unsay", "resolve"):
        assert (await desk.ask("POST", f"/desk/{desk.ids[0]}/{path}", {}, who=viewer))[0] == 403
    for path in ("picks", "templates", "suggestions"):
        assert (await desk.ask("GET", f"/desk/{desk.ids[0]}/{path}", who=viewer))[0] == 403


async def test_hostile_words_do_nothing(desk: Desk) -> None:
    ids = await fill(desk.server.app.store, desk.server.app.clock(), HOSTILE, first=50)
    for one in ids:
        text = await desk.get(f"/desk/{one}", part=False)
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "<svg onload" not in text
        assert "\u202e" not in text
        assert "\u0301" * 6 not in text
        for fragment in ("head", "tail", "suggestions", "templates"):
            assert "<script>alert" not in await desk.get(f"/desk/{one}/{fragment}")


async def test_history_comes_in_stretches(desk: Desk) -> None:
    app, one = desk.server.app, desk.ids[0]
    for number in range(60):
        await handoff.note(app, one, desk.me.account.id, f"Notiz {number}.", key=f"n{number}")
    text = await desk.get(f"/desk/{one}")
    keys = re.findall(r'data-key="([a-z]\d+)"', text)
    assert len(keys) == 50
    before = await desk.get(f"/desk/{one}/items?before={keys[0]}")
    assert not set(re.findall(r'data-key="([a-z]\d+)"', before)) & set(keys)
    assert 'data-before=""' in before
    after = await desk.get(f"/desk/{one}/items?after={keys[-2]}")
    assert re.findall(r'data-key="([a-z]\d+)"', after) == keys[-1:]
    assert len(re.findall('data-key="[a-z][0-9]', await desk.get(f"/desk/{one}/tail?shown=7"))) == 7
    assert "Notiz 3." in await desk.get(f"/desk/{one}?at=n4")


# -- doing


async def test_of_two_who_claim_the_second_is_told_who_was_faster(desk: Desk) -> None:
    other = await sign_in(desk.server.app, "agent", "Anton Agent")
    assert (await desk.verb("claim"))["kind"] == "good"
    told = await desk.verb("claim", who=other)
    assert (told["kind"], told["words"]) == ("bad", "Kim Lorenz war schneller und hat das Gespräch schon.")
    assert (await desk.row()).assignee_id == desk.me.account.id
    assert (await desk.verb("claim", who=other, over="yes"))["kind"] == "good"
    assert (await desk.row()).assignee_id == other.account.id


async def test_a_thread_is_assigned_put_away_made_urgent_and_put_back(desk: Desk) -> None:
    other = await sign_in(desk.server.app, "agent", "Anton Agent")
    team = await desk.server.app.store.teams.save("Werkstatt", ["defect"], [other.account.id])
    await desk.verb("assign", to=str(other.account.id))
    assert (await desk.row()).assignee_id == other.account.id
    await desk.verb("assign", team=str(team))
    assert (await desk.row()).team_id == team
    assert (await desk.verb("assign", to="99999"))["kind"] == "bad"
    await desk.verb("priority", priority="-1")
    assert (await desk.row()).priority == -1
    await desk.verb("snooze", date="2090-01-02T09:00")
    until = (await desk.row()).snoozed_until
    assert until is not None
    assert until.isoformat() == "2090-01-02T08:00:00+00:00"
    for nonsense in ("", "morgen", "2001-01-01T09:00"):
        assert (await desk.verb("snooze", until=nonsense))["kind"] == "bad"
    await desk.verb("release")
    assert (await desk.row()).status == "waiting"


async def test_a_case_is_solved_with_a_cause_or_given_back_unsolved(desk: Desk) -> None:
    page = await desk.get(f"/desk/{desk.ids[0]}")
    assert 'name="cause" value="transport_damage"' in page
    assert (await desk.verb("resolve", cause="transport_damage", reason="war so"))["kind"] == "good"
    assert (await desk.row()).status == "resolved"
    assert "hat als gelöst abgeschlossen: Auf dem Weg beschädigt" in await desk.get(
        f"/desk/{desk.ids[0]}/tail"
    )
    assert (await desk.verb("hand_back", 1))["kind"] == "good"
    assert (await desk.row(1)).floor == "bot"


async def test_without_the_script_a_verb_leads_back_to_the_thread(desk: Desk) -> None:
    form = {"csrf": desk.me.csrf}
    status, _, headers = await desk.ask("POST", f"/desk/{desk.ids[0]}/claim", form, part=False)
    assert (status, headers["Location"]) == (303, f"/desk/{desk.ids[0]}")


async def test_what_a_message_meant_is_put_right_and_taken_back(desk: Desk) -> None:
    [message] = [
        row for row in await desk.server.rows(InboxRow, conversation_id=desk.ids[0]) if row.kind == "text"
    ]
    path = f"/desk/{desk.ids[0]}/correct/{message.id}"
    form = await desk.get(path)
    assert 'name="intent"' in form
    assert "geht schon WIEDER nicht an" in form
    status, text, _ = await desk.ask("POST", path, {"intent": "setup_help", "mood": "neutral"})
    told = json.loads(text)
    assert (status, told["kept"]) == (200, True)
    [kept] = await desk.server.rows(CorrectionRow)
    assert (kept.intent, kept.mood, kept.handoff) == ("setup_help", "neutral", False)
    await desk.ask("POST", path, told["before"])
    [kept] = await desk.server.rows(CorrectionRow)
    assert kept.handoff
    assert (await desk.ask("GET", f"/desk/{desk.ids[1]}/correct/{message.id}"))[0] == 404


# -- writing


async def test_a_message_goes_out_once_however_often_it_is_sent(desk: Desk) -> None:
    for _ in range(3):
        status, told = await desk.write("say", key="k1", text="Hallo Lena")
        assert (status, told["goes"], told["words"]) == (200, "now", "Gesendet")
        assert 0 < told["seconds"] <= 5
    [row] = await desk.server.rows(OutboxRow, speaker="agent")
    assert (row.status, row.conversation_id) == ("waiting", desk.ids[0])
    status, back = await desk.write("unsay", event=told["event"])
    assert (status, back) == (200, {"text": "Hallo Lena"})
    assert (await desk.write("unsay", event=told["event"]))[1] == {"text": None}


async def test_what_cannot_be_sent_says_why(desk: Desk) -> None:
    for body, why in (
        ({"text": "  "}, "empty"),
        ({"text": "Liebe ⟦Name⟧"}, "gaps"),
        ({"text": "x" * 20_001}, "long"),
        ({"text": "", "media": [{"id": 12345}]}, "file"),
        ({"text": "", "media": [{"id": n} for n in range(6)]}, "many"),
        ({"text": "", "template": {"name": "no_such", "parameters": []}}, "unknown"),
        ({"text": "", "template": "x"}, "unknown"),
    ):
        status, told = await desk.write("say", key="k", **body)
        assert (status, told["why"]) == (422, why), told
        assert told["words"]
    assert await desk.server.rows(OutboxRow, speaker="agent") == []
    assert (await desk.ask("POST", f"/desk/{desk.ids[0]}/say", json=[1]))[0] == 400


async def test_nobody_talks_over_somebody_by_accident(desk: Desk) -> None:
    other = await sign_in(desk.server.app, "agent", "Anton Agent")
    await desk.verb("claim", who=other)
    status, told = await desk.write("say", key="k", text="Ich auch")
    assert (status, told["why"], told["holder"]) == (409, "taken", "Anton Agent")
    assert (await desk.write("say", key="k", text="Ich auch", over=True))[0] == 200


async def test_a_file_of_this_thread_goes_along_and_no_other(desk: Desk) -> None:
    async def upload(place: int) -> int:
        form = aiohttp.FormData()
        form.add_field("file", PNG, filename="kurbel.png", content_type="image/png")
        _, text, _ = await desk.ask("POST", f"/desk/media?conversation={desk.ids[place]}", form)
        return int(json.loads(text)["id"])

    mine, foreign = await upload(0), await upload(1)
    status, told = await desk.write("say", key="f", text="Bild", media=[{"id": foreign, "alt": ""}])
    assert (status, told["why"]) == (422, "file")
    assert (await desk.write("say", key="f", text="Bild", media=[{"id": mine, "alt": "Eine Kurbel"}]))[
        0
    ] == 200
    shown = await desk.get(f"/desk/{desk.ids[0]}/tail")
    assert f'src="/desk/media/{mine}" alt="Eine Kurbel"' in shown


async def test_past_the_window_a_template_goes_out_with_what_the_agent_filled_in(desk: Desk) -> None:
    app, place = desk.server.app, 1  # a buyer on WhatsApp
    await app.store.database.write(_heard_long_ago, desk.ids[place], app.clock() - timedelta(hours=30))
    page = await desk.get(f"/desk/{desk.ids[place]}")
    assert "Fenster zu: nur mit Vorlage" in page
    assert "nachklang_shipped" in await desk.get(f"/desk/{desk.ids[place]}/templates")
    template = {"name": "nachklang_shipped", "parameters": ["Handmühle", "#1017", ""]}
    status, told = await desk.write("say", place, key="t", text="", template=template)
    assert (status, told["why"]) == (422, "gaps")
    template["parameters"] = ["Handmühle", "#1017", "0034 (DHL)"]
    status, told = await desk.write("say", place, key="t", text="", template=template)
    assert (status, told["goes"]) == (200, "template")
    shown = await desk.get(f"/desk/{desk.ids[place]}/tail")
    assert "„Handmühle“ aus deiner Bestellung #1017 ist unterwegs" in shown
    status, told = await desk.write("say", place, key="u", text="Bis später")
    assert (status, told["goes"]) == (200, "when_buyer_writes")


async def test_a_rejected_template_is_shown_with_the_reason_and_not_sent(desk: Desk) -> None:
    app, place, name = desk.server.app, 1, "nachklang_shipped"
    await desk.server.sandbox("api/template", name=name, language="de", status="REJECTED")
    assert await TemplateRoom().step(app) == 1
    shown = await desk.get(f"/desk/{desk.ids[place]}/templates")
    offered, _, refused = shown.rpartition("<details")
    assert f'data-template="{name}"' in refused  # the last of them
    assert "WhatsApp hat diese Vorlage abgelehnt" in refused
    assert "data-send-template disabled" in refused
    assert "<input" not in refused
    assert "data-send-template disabled" not in offered
    template = {"name": name, "parameters": ["Handmühle", "#1017", "0034 (DHL)"]}
    status, told = await desk.write("say", place, key="t", text="", template=template)
    assert (status, told["why"]) == (422, "unfit")
    assert told["words"].startswith("WhatsApp hat diese Vorlage abgelehnt")


def _heard_long_ago(connection: Any, conversation_id: int, at: Any) -> None:
    rows = table(Conversation)
    connection.execute(rows.update().where(rows.c.id == conversation_id).values(heard_at=at))


async def test_notes_drafts_and_the_enter_key_are_kept(desk: Desk) -> None:
    for _ in range(2):
        assert (await desk.write("note", key="n", text="Nur für uns"))[0] == 200
    assert [row.text for row in await desk.server.rows(AgentNoteRow)] == ["Nur für uns"]
    assert (await desk.write("note", key="m", text=" "))[0] == 422
    await desk.write("draft", text="Ein halber")
    assert [row.text for row in await desk.server.rows(DraftRow)] == ["Ein halber"]
    assert "Ein halber</textarea>" in await desk.get(f"/desk/{desk.ids[0]}")
    other = await sign_in(desk.server.app, "agent", "Anton Agent")
    assert "Ein halber" not in await desk.get(f"/desk/{desk.ids[0]}", who=other)
    await desk.write("say", key="s", text="Ein ganzer")
    assert await desk.server.rows(DraftRow) == []
    await desk.ask("POST", "/desk/composer/enter", json={"enter": True})
    assert 'data-enter="yes"' in await desk.get(f"/desk/{desk.ids[0]}")
    assert 'data-enter=""' in await desk.get(f"/desk/{desk.ids[0]}", who=other)


async def test_without_the_script_the_form_sends_too(desk: Desk) -> None:
    path = f"/desk/{desk.ids[0]}/say"
    form = {"csrf": desk.me.csrf, "key": "abc", "text": "Ohne Skript"}
    assert (await desk.ask("POST", path, form, part=False))[0] == 303
    assert (await desk.ask("POST", path, {**form, "key": "n", "mode": "note"}, part=False))[0] == 303
    assert len(await desk.server.rows(OutboxRow, speaker="agent")) == 1
    assert len(await desk.server.rows(AgentNoteRow)) == 1
    assert (await desk.ask("POST", path, {**form, "key": "g", "text": "⟦Lücke⟧"}, part=False))[0] == 303
    assert [row.text for row in await desk.server.rows(DraftRow)] == ["⟦Lücke⟧"]


async def test_a_long_text_is_shown_as_it_will_be_split(desk: Desk) -> None:
    text = "Ein Satz. " * 150
    _, told = await desk.write("split", text=text)
    assert len(told["parts"]) == 2  # Instagram takes 1000 bytes
    assert "".join(told["parts"]).replace(" ", "") == text.replace(" ", "")


async def test_canned_replies_and_suggestions_are_filled_in_for_the_buyer(desk: Desk) -> None:
    found = json.loads(await desk.get(f"/desk/{desk.ids[0]}/picks?q=hallo"))["replies"]
    assert found[0]["text"].startswith("Hallo Lena, hier ist Kim von")
    assert found[0]["missing"] == []
    [parcel] = [
        one
        for one in json.loads(await desk.get(f"/desk/{desk.ids[4]}/picks?q=paket"))["replies"]
        if one["shortcut"] == "paket"
    ]
    assert parcel["missing"]
    assert "⟦" in parcel["text"]
    assert "data-take" in await desk.get(f"/desk/{desk.ids[0]}/suggestions")


async def test_a_message_that_failed_is_explained_and_sent_again(desk: Desk) -> None:
    await desk.write("say", key="f", text="Kommt an?")
    [row] = await desk.server.rows(OutboxRow, speaker="agent")
    await desk.server.app.store.database.write(_failed, row.id)
    shown = await desk.get(f"/desk/{desk.ids[0]}/tail")
    assert "Bei der Plattform war gerade etwas gestört." in shown
    assert f'data-retry="{row.id}"' in shown
    status, told = await desk.write("retry", outbox=row.id)
    assert (status, told["done"]) == (200, True)
    assert (await desk.write("retry", outbox=row.id))[1]["done"] is False


def _failed(connection: Any, outbox_id: int) -> None:
    rows = table(OutboxRow)
    connection.execute(rows.update().where(rows.c.id == outbox_id).values(status="failed", code="131000"))
