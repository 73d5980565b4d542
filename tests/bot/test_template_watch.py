"""The program looks at its templates at WhatsApp, tells what is wrong, and sends none that cannot arrive."""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from bot.commands import app as program
from bot.failures import explain
from bot.template_watch import FRESH, LOOK_AGAIN, TemplateRoom, wrong_with
from bot.web.sendables import Sendable, Unsendable, template_of, ways_to_reply
from dialogs.messages import Outgoing, Reaction, Template
from dialogs.stored_templates import StoredButton, StoredTemplate
from dialogs.templates import TemplateText, approved
from integrations.base import Throttled, Unauthorized, Unavailable
from integrations.fake import FakeChannel
from integrations.http import Http
from integrations.registry import Connections
from integrations.sandbox import SandboxSettings
from persistence.outbox import Settlement
from persistence.tables import NoticeRow
from persistence.turns import Spoken
from tests.bot.conftest import MakeHouse, Serve
from tests.bot.house import House
from tests.bot.serving import Running, until
from tests.persistence import world

SHIPPED = "nachklang_shipped"


def stored_of(text: TemplateText) -> StoredTemplate:
    buttons = tuple(StoredButton("QUICK_REPLY", one.title) for one in text.buttons)
    return StoredTemplate(text.name, text.language, "APPROVED", text.category, text.body, buttons)


@dataclass
class Watch:
    """A shop whose templates stand at WhatsApp as they should, and the room that looks at them."""

    house: House
    channel: FakeChannel
    room: TemplateRoom

    def at_whatsapp(self, name: str = SHIPPED, language: str = "de", **change: Any) -> None:
        """Let a template be another one there; ``gone``: let there be none."""
        gone = change.pop("gone", False)
        kept = [one for one in self.channel.stored if not gone or one.key != (name, language)]
        self.channel.stored = [replace(one, **change) if one.key == (name, language) else one for one in kept]

    async def look(self, **later: float) -> int:
        """Go on in time, and let the room work."""
        self.house.clock.advance(timedelta(**later))
        return await self.room.step(self.house.app)

    async def notices(self) -> list[tuple[str, Any]]:
        """What the owner was told."""
        found = await self.house.rows(NoticeRow)
        return [(one.topic, orjson.loads(one.detail)) for one in found]

    async def send(self, template: Template, who: str = "anna") -> Settlement:
        """Somebody wrote more than a day ago: the template goes out, or it does not."""
        house, app = self.house, self.house.app
        self.channel.hear(who)
        await house.speak(who=who)
        await house.accept(world.event(Reaction("m", None), f"r{who}", 0, world.person(who)))
        [turn] = await app.store.turns.claim(house.clock(), 1)
        spoken = Spoken(Outgoing("text", "Hallo", template=template), proactive=True)
        now = (house.clock() - world.T0).total_seconds()
        assert await app.store.turns.commit(world.outcome(turn, now, spoken))
        house.later(25 * 3600)
        return await self.house.send_head()

    async def offered(self) -> dict[str, Sendable]:
        """What an agent may choose from, in its order."""
        chat = (await self.house.conversation()).id
        return {one.name: one for one in await ways_to_reply(self.house.app, chat, "de")}


@pytest.fixture
def watch(make_house: MakeHouse) -> Watch:
    channel = FakeChannel(None, name="whatsapp", account="shop", template_account="waba")  # type: ignore[arg-type]  # its clock is the house's, which is not built yet
    house = make_house(channel)
    channel.clock = house.clock
    channel.stored = [stored_of(one) for one in approved(house.app.book.templates, "du")]
    return Watch(house, channel, TemplateRoom())


def shipped(*values: str) -> Template:
    return Template(SHIPPED, "de", values or ("Handmühle", "#1", "0034 (DHL)"))


async def test_what_stands_as_it_should_is_read_at_night_and_told_to_nobody(watch: Watch) -> None:
    assert await watch.look() == 1
    assert await watch.look(hours=1) == 0
    assert await watch.look(hours=23) == 1
    assert await watch.notices() == []
    known = await watch.house.app.store.templates.known("whatsapp", "shop")
    assert known is not None
    assert len(known.templates) == len(watch.channel.stored)


async def test_what_is_wrong_is_told_once_in_one_notice(watch: Watch) -> None:
    watch.at_whatsapp(status="REJECTED", reason="ABUSIVE_CONTENT")
    watch.at_whatsapp("nachklang_delayed", body="Leider nichts.")
    watch.at_whatsapp("nachklang_solved", gone=True)
    watch.at_whatsapp("nachklang_delayed", "en", category="MARKETING")
    assert await watch.look() == 1
    [(topic, detail)] = await watch.notices()
    assert topic == "templates_unfit"
    assert detail == {
        "rejected ABUSIVE_CONTENT": "nachklang_shipped (de)",
        "parameters": "nachklang_delayed (de)",
        "missing": "nachklang_solved (de)",
        "now_marketing": "nachklang_delayed (en)",
    }
    assert await watch.look(hours=LOOK_AGAIN.seconds / 3600) == 1  # time may mend some of it
    assert len(await watch.notices()) == 1
    watch.at_whatsapp(status="PAUSED")
    await watch.look(hours=1)
    assert (await watch.notices())[1:] == [("templates_unfit", {"paused": "nachklang_shipped (de)"})]


async def test_scripts_with_other_templates_are_compared_at_once(watch: Watch) -> None:
    await watch.look()
    app = watch.house.app
    kept = {key: text for key, text in app.book.templates.items() if key[0] != SHIPPED}
    app.book = replace(app.book, templates=kept)
    assert await watch.look(minutes=1) == 1
    assert await watch.look(minutes=1) == 0


async def test_a_platform_that_does_not_answer_is_asked_again_soon(watch: Watch) -> None:
    watch.channel.fail(Unavailable("no"), Throttled("slow", after=3600))
    assert await watch.look() == 0
    assert await watch.look(minutes=10) == 0
    assert await watch.look(minutes=59) == 0
    assert await watch.look(minutes=1) == 1
    assert await watch.notices() == []


async def test_a_missing_permission_is_told_once_and_hinders_nobody(watch: Watch) -> None:
    await watch.look()
    for _ in range(3):
        watch.channel.fail(Unauthorized("no", code="10"))
        assert await watch.look(days=1) == 0
    assert await watch.notices() == [("templates_unread", {"channel": "whatsapp", "code": "10"})]
    assert (await watch.send(shipped())).fate == "sent"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"status": "PAUSED"}, "template_paused", "angehalten"),
        ({"status": "REJECTED"}, "template_rejected", "abgelehnt"),
        ({"status": "PENDING"}, "template_pending", "prüft"),
        ({"gone": True}, "template_missing", "nicht (mehr)"),
        ({"body": "Nur {{1}} da."}, "template_parameters", "passen nicht"),
    ],
)
async def test_what_would_be_refused_fails_before_it_is_sent(
    watch: Watch, change: dict[str, Any], code: str, words: str
) -> None:
    watch.at_whatsapp(**change)
    await watch.look()
    settled = await watch.send(shipped())
    assert (settled.fate, settled.code) == ("failed", code)
    assert watch.channel.sent == []
    told = explain("de", channel="whatsapp", status="failed", code=code)
    assert told is not None
    assert words in told.what


async def test_another_text_still_goes_out_and_so_does_what_nobody_knows(watch: Watch) -> None:
    watch.at_whatsapp(status="PAUSED")
    assert (await watch.send(shipped())).fate == "sent"  # never looked at
    watch.at_whatsapp(status="APPROVED", body="Hi {{1}}, {{2}} und {{3}} kommen.")
    await watch.look()
    assert (await watch.send(shipped(), "ben")).fate == "sent"
    watch.at_whatsapp(status="DISABLED")
    await watch.look(days=1)
    watch.house.clock.advance(FRESH)  # what was true days ago says nothing
    assert (await watch.send(shipped(), "cleo")).fate == "sent"


async def test_a_shop_that_names_no_account_is_not_watched(watch: Watch) -> None:
    watch.at_whatsapp(status="DISABLED")
    await watch.look()
    watch.channel.template_account = ""
    assert await watch.look(days=1) == 0
    assert (await watch.send(shipped())).fate == "sent"
    assert all(one.wrong == "" for one in (await watch.offered()).values())


async def test_agents_are_offered_what_fits_and_told_why_the_rest_does_not(watch: Watch) -> None:
    await watch.house.speak("Hallo")
    before = await watch.offered()
    assert [one.wrong for one in before.values()] == [""] * len(before)
    watch.at_whatsapp(status="PAUSED")
    watch.at_whatsapp("nachklang_solved", body="Anders {{1}}.", category="MARKETING")
    await watch.look()
    after = await watch.offered()
    assert set(after) == set(before)
    assert {name: one.wrong for name, one in after.items() if one.wrong}.keys() == {
        SHIPPED,
        "nachklang_solved",
    }
    assert after[SHIPPED].wrong == "paused"
    assert after["nachklang_solved"].category == "MARKETING"
    assert {*list(after)[-2:]} == {SHIPPED, "nachklang_solved"}
    chat = (await watch.house.conversation()).id
    asked = {"name": SHIPPED, "parameters": ["a", "b", "c"]}
    with pytest.raises(Unsendable) as refused:
        await template_of(watch.house.app, chat, asked)
    assert (refused.value.why, refused.value.words) == ("unfit", "template.wrong.paused")
    watch.at_whatsapp(status="APPROVED")
    await watch.look(hours=1)
    assert await template_of(watch.house.app, chat, asked) is not None


def test_a_good_template_of_the_house_needs_no_word() -> None:
    text = TemplateText("a", "de", "du", "Danke dir!", ())
    assert wrong_with(stored_of(text), text) == ""
    assert wrong_with(replace(stored_of(text), category=""), text) == ""
    assert wrong_with(replace(stored_of(text), body="Danke!"), text) == "text"


async def verdict_reaches_the_desk(server: Running) -> None:
    """Meta rejects a template: its webhook has the list read again, and the owner is told."""
    store, account = server.app.store, SandboxSettings.default().whatsapp.phone_number_id

    async def stands(status: str) -> bool:
        known = await store.templates.known("whatsapp", account)
        return known is not None and known.templates[SHIPPED, "de"].status == status

    await until(lambda: stands("APPROVED"))
    body = {"name": SHIPPED, "language": "de", "status": "REJECTED"}
    async with server.client.post(f"{server.url}/sandbox/api/template", json=body) as answer:
        assert answer.status == 200
    await until(lambda: stands("REJECTED"))
    topics = {row.topic for row in await server.rows(NoticeRow)}
    assert topics >= {"message_template_status_update", "templates_unfit"}


async def test_a_verdict_of_meta_reaches_the_desk_by_itself(server: Running) -> None:
    await verdict_reaches_the_desk(server)


async def test_a_verdict_of_meta_reaches_the_desk_on_postgresql(
    serve: Serve, postgres_store_url: str
) -> None:
    async with serve(database_url=postgres_store_url) as server:
        await verdict_reaches_the_desk(server)


def test_the_command_says_how_each_stands(tmp_path: Path, watch: Watch, store_url: str) -> None:
    config = tmp_path / "config.yml"
    config.write_text("brand: {voice: du}\n", "utf-8")

    def run() -> tuple[list[dict[str, Any]], str]:
        done = CliRunner().invoke(
            program, ["templates", "--config", str(config)], env={"DATABASE_URL": store_url}
        )
        assert done.exit_code == 0
        return json.loads(done.stdout), done.stderr

    assert "is not known" in run()[1]
    account = SandboxSettings.default().whatsapp.phone_number_id
    watch.channel.account = account
    watch.house.app.connections = Connections({}, {("whatsapp", account): watch.channel}, Http())
    watch.at_whatsapp(status="REJECTED", reason="ABUSIVE_CONTENT")
    watch.at_whatsapp("nachklang_delayed", quality="RED", body="Anders.")
    asyncio.run(watch.look())
    told, standing = run()
    assert len(told) > 20
    lines = {line.split(":")[0].strip(): line.partition(":")[2].strip() for line in standing.splitlines()}
    assert lines["nachklang_shipped (de)"] == "REJECTED, ABUSIVE_CONTENT, change it and submit it again"
    assert lines["nachklang_delayed (de)"].startswith("APPROVED, quality RED, other placeholders")
    assert lines["nachklang_shipped (en)"] == "APPROVED"


def test_the_command_makes_no_database(tmp_path: Path) -> None:
    file = tmp_path / "none.db"
    done = CliRunner().invoke(program, ["templates"], env={"DATABASE_URL": f"sqlite:///{file}"})
    assert done.exit_code == 0
    assert not file.exists()
