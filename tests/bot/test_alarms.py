"""Alarms reach people outside the page: by mail, with nothing of the buyer in it, each way by itself."""

from typing import Any

import pytest

from bot.alarms import AlarmRoom
from bot.web.wording import LANGUAGES, read_words
from integrations.base import (
    IntegrationError,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
    Uncertain,
)
from integrations.fake import FakePost
from integrations.fake_groups import FakeGroups
from persistence.desk_events import ring
from persistence.letters import STALE
from persistence.tables import Conversation, HandoffRow
from persistence.tables_desk import AlarmRow
from persistence.tables_letters import LetterRow
from persistence.tables_telegram import TelegramPostRow
from tests.bot.conftest import MakeHouse, Serve
from tests.bot.house import House
from tests.bot.people import make_account
from tests.bot.serving import until
from tests.integrations.test_post import mail_server
from tests.persistence.world import at, change

SECRETS = ("anna", "+49", "Lena", "kaputt", "!!!")


@pytest.fixture
def post() -> FakePost:
    return FakePost()


@pytest.fixture
async def house(make_house: MakeHouse, post: FakePost) -> House:
    """A shop in Berlin with an owner and an agent, and a buyer who waits for an answer until 13:10."""
    house = make_house(post=post)
    house.app.home = "https://desk.example"
    await make_account(house.app.store, "owner", now=at(0))
    await make_account(house.app.store, "agent", now=at(0), language="en")
    await house.say("Der Mixer ist kaputt!!! Lena, +49 170 1234567", who="anna")
    await house.turns()
    await change(house.app.store, Conversation, status="waiting", answer_by=at(600), name="Lena")
    await change(house.app.store, HandoffRow, why="defect", resolved_at=None)
    await change(house.app.store, AlarmRow, mailed_at=at(0))
    return house


async def alarm(house: House, kind: str = "near", key: str = "k", **detail: Any) -> None:
    told = {"answer_by": at(600).isoformat()} if kind in {"near", "broken"} else {}
    await house.app.store.database.write(
        lambda connection: ring(connection, kind, key, house.clock(), conversation_id=1, detail=told | detail)
    )


async def fates(house: House) -> list[str]:
    return [row.status for row in await house.rows(LetterRow)]


async def work(house: House) -> int:
    done = await AlarmRoom().step(house.app)
    await house.idle()
    return done


async def test_a_mail_says_where_to_look_and_why(house: House, post: FakePost) -> None:
    await alarm(house)
    await work(house)
    german, english = sorted(post.sent, key=lambda letter: letter.language)
    assert german.to == "olga.owner@example.org"
    assert german.subject == "[Desk] Antwort fällig bis 13:10 · WhatsApp · Defekt"
    assert "https://desk.example/desk/1\n" in german.text
    assert (
        english.subject == "[Desk] Answer due by 13:10 · WhatsApp · " + english.subject.rpartition(" · ")[2]
    )
    assert "https://desk.example/desk/1\n" in english.text
    assert german.id != english.id
    assert await fates(house) == ["sent", "sent"]
    assert house.counted("nachklang_letters_total", fate="sent") == 2
    assert await work(house) == 0


@pytest.mark.parametrize("kind", ["near", "broken", "waiting", "mention", "failed", "something new"])
async def test_no_mail_holds_anything_of_the_buyer(house: House, post: FakePost, kind: str) -> None:
    await alarm(house, kind, account=1)
    await work(house)
    assert post.sent
    for letter in post.sent:
        assert not [word for word in SECRETS if word in f"{letter.subject}{letter.text}"]
        assert "{" not in letter.text
        assert letter.subject.isprintable()


async def test_a_promise_for_another_day_is_named_by_its_day(house: House, post: FakePost) -> None:
    await change(house.app.store, Conversation, answer_by=at(86_400))
    await alarm(house, answer_by=at(86_400).isoformat())
    await work(house)
    assert {letter.subject.split(" · ")[0] for letter in post.sent} == {
        "[Desk] Antwort fällig bis Montag 13:00",
        "[Desk] Answer due by Monday 13:00",
    }


async def test_the_owner_is_told_of_notices(house: House, post: FakePost) -> None:
    await house.app.store.notify("account_may_not_send", {"channel": "whatsapp"}, house.clock())
    await house.app.store.notify("never heard of", {}, house.clock())
    await work(house)
    assert {letter.to for letter in post.sent} == {"olga.owner@example.org"}
    assert {letter.subject for letter in post.sent} == {
        "[Desk] Ein Konto darf nicht senden",
        "[Desk] Hinweis: never heard of",
    }
    assert all("https://desk.example/desk/notices\n" in letter.text for letter in post.sent)


@pytest.mark.parametrize("error", [Unavailable("421"), Uncertain("silent"), Throttled("452", after=5)])
async def test_what_may_go_out_later_goes_out_later_as_the_same_mail(
    house: House, post: FakePost, error: IntegrationError
) -> None:
    post.fail(error)
    await alarm(house)
    await work(house)
    assert sorted(await fates(house)) == ["sent", "waiting"]
    house.later(10)
    await work(house)
    assert await fates(house) == ["sent", "sent"]
    assert len({letter.id for letter in post.sent}) == 2


async def test_a_mailbox_that_is_gone_holds_up_no_other_and_the_owner_is_told(
    house: House, post: FakePost
) -> None:
    post.forget("anton.agent@example.org")
    await alarm(house)
    await work(house)
    assert sorted(await fates(house)) == ["failed", "sent"]
    assert await house.notices() == ["letter_failed"]
    house.later(10)
    assert await work(house) == 0  # nobody is mailed that a mail did not go out


async def test_a_letter_that_is_refused_is_given_up(house: House, post: FakePost) -> None:
    post.fail(Refused("554"), Refused("554"))
    await alarm(house)
    await work(house)
    assert await fates(house) == ["failed", "failed"]


async def test_a_refused_sign_in_rests_and_alarms_the_owner_once(house: House, post: FakePost) -> None:
    post.fail(*(Unauthorized("535", code="535") for _ in range(4)))
    await alarm(house)
    await work(house)
    assert await fates(house) == ["waiting", "waiting"]
    await house.idle()
    assert await house.notices() == ["account_may_not_send"]
    assert await work(house) == 0
    house.later(61)
    await work(house)
    await house.idle()
    assert await house.notices() == ["account_may_not_send"]
    house.later(61)
    await work(house)
    assert [one.subject for one in post.sent if "may" not in one.subject]
    assert "waiting" not in await fates(house)


async def test_an_answer_in_time_stops_the_mail(house: House, post: FakePost) -> None:
    post.fail(Unavailable("421"), Unavailable("421"))
    await alarm(house)
    await work(house)
    await change(house.app.store, Conversation, status="pending")
    house.later(10)
    await work(house)
    assert await fates(house) == ["moot", "moot"]
    assert post.sent == []


async def test_an_alarm_of_hours_ago_is_not_mailed_any_more(house: House, post: FakePost) -> None:
    post.fail(Unavailable("421"), Unavailable("421"))
    await alarm(house, "failed")
    await work(house)
    house.later(STALE.total_seconds() + 1)
    await work(house)
    assert await fates(house) == ["failed", "failed"]
    assert post.sent == []


async def test_the_group_is_told_of_what_holds_once(make_house: MakeHouse, post: FakePost) -> None:
    house = make_house(post=post, groups=FakeGroups())
    await house.say("hallo")
    await house.turns()
    await change(house.app.store, Conversation, status="waiting", answer_by=at(600))
    await change(house.app.store, AlarmRow, posted_at=at(0))
    for key, kind in enumerate(("near", "broken", "mention", "failed")):
        await alarm(house, kind, str(key))
    await work(house)
    posted = await house.rows(TelegramPostRow)
    assert [row.key for row in posted] == [f"alarm:{n}" for n in house_alarms(await house.rows(AlarmRow))]
    assert "13:10" in posted[0].text
    await work(house)
    assert len(await house.rows(TelegramPostRow)) == 2


def house_alarms(rows: list[AlarmRow]) -> list[int]:
    """The alarms that concern the whole group."""
    return [row.id for row in rows if row.kind in {"near", "broken"}]


async def test_without_mail_and_group_nothing_happens(make_house: MakeHouse) -> None:
    house = make_house()
    await make_account(house.app.store, "owner", now=at(0))
    await house.say("hallo")
    await house.turns()
    await alarm(house, "waiting")
    assert await work(house) == 0


async def test_without_an_address_a_mail_has_no_links(house: House, post: FakePost) -> None:
    house.app.home = ""
    await alarm(house)
    await work(house)
    assert all("http" not in letter.text for letter in post.sent)


def test_every_kind_of_alarm_has_its_words() -> None:
    wording = read_words()
    for language in LANGUAGES:
        for kind in ("near", "broken", "waiting", "mention", "failed", "other"):
            for part in ("line", "text"):
                assert wording.has(language, f"letters.{kind}.{part}")


async def test_the_whole_program_mails_an_alarm(serve: Serve) -> None:
    async with mail_server() as mails:
        environ = {
            "SMTP_URL": f"smtp://127.0.0.1:{mails.port}",
            "SMTP_FROM": "Desk <desk@shop.example>",
        }
        async with serve(environ=environ) as server:
            await make_account(server.app.store, "owner", now=server.app.clock())
            await server.app.store.notify("turn_set_aside", {}, server.app.clock())

            async def arrived() -> bool:
                return bool(mails.got)

            await until(arrived)
    [mail] = mails.mails
    assert mail["To"] == "olga.owner@example.org"
    assert mail["Subject"] == "[Desk] Der Bot kam mit einem Chat nicht weiter"
    assert f"{server.url}/desk/notices" in mail.get_content()
