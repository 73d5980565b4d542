"""What agents do in a Telegram group: their words reach the buyer, their buttons move the case."""

from typing import Any

import pytest

from bot import handoff
from dialogs.group import GROUP_EVENTS, GroupArrival, Place, Spoken
from dialogs.handoff import Thread
from dialogs.messages import Attachment
from integrations.base import MediaFile, Unavailable, Unreachable
from integrations.sandbox.media import picture
from persistence.accounts import Account
from persistence.inbox import Intake
from persistence.tables import InboxRow, table
from persistence.tables_desk import AgentNoteRow, DeskEventRow
from tests.bot.conftest import MakeHouse
from tests.bot.fakes import LIKE, FakeChannel
from tests.bot.group import EVA, TOM, Support
from tests.bot.house import House


@pytest.fixture
async def support(house: House) -> Support:
    opened = await Support.open(house, EVA, TOM)
    await opened.need()
    await opened.step()
    return opened


@pytest.fixture
def topic(support: Support) -> int:
    [found] = support.topics
    return found


async def case(support: Support) -> Thread:
    """Who has the conversation."""
    row = await support.house.conversation()
    thread = await support.house.app.store.desk.thread(row.id)
    assert isinstance(thread, Thread)
    return thread


async def sent(support: Support) -> list[str]:
    """What the buyer has got from agents."""
    support.house.later(6)
    await support.house.send()
    await support.step()
    rows = {row.id: row.speaker for row in await support.house.outbox()}
    assert len(rows) >= len(support.house.channel.sent)
    return [one.outgoing.text for one in support.house.channel.sent]


async def test_an_agents_words_reach_the_buyer_and_are_not_echoed(support: Support, topic: int) -> None:
    number = await support.write(topic, "Hallo Lena, ich kümmere mich darum.")
    before = len(support.posts(topic))
    assert support.groups.marks[number] == "✍"
    assert "Hallo Lena, ich kümmere mich darum." in await sent(support)
    assert support.groups.marks[number] == "👌"
    assert len(support.posts(topic)) == before
    [row] = await support.house.outbox(speaker="agent")
    assert row.status == "sent"
    assert (await case(support)).assignee == support.people[EVA].id
    assert "Bei Eva Brandt" in support.texts(topic)[0]


async def test_the_same_update_twice_says_it_once(support: Support, topic: int) -> None:
    await support.write(topic, "Einmal.")
    await support.house.app.store.database.write(_forget_that_it_was_done)
    await support.step()
    assert (await sent(support)).count("Einmal.") == 1


def _forget_that_it_was_done(connection: Any) -> None:
    """As a process that dies between the deed and its note."""
    rows = table(InboxRow)
    place = Place("-1001", 2, 10_001, EVA)
    event = GROUP_EVENTS.dump_json(Spoken(place, "Einmal.")).decode()
    connection.execute(rows.update().where(rows.c.lane == "desk").values(status="waiting", event=event))


async def test_whoever_is_not_linked_is_told_how_and_is_not_heard(support: Support, topic: int) -> None:
    await support.write(topic, "Hallo Lena, hier Zoe", user="999")
    await support.write(topic, "Hört mich jemand?", user="999")
    told = [text for text in support.texts(topic) if "Ich kenne dich noch nicht, Wer Anders." in text]
    assert len(told) == 1
    assert "/link" in told[0]
    assert await sent(support) == []
    assert await support.press(topic, "Übernehmen", user="999") == (
        "Verbinde erst dein Konto: Code unter „Mein Konto“, dann /link CODE."
    )


async def test_a_viewer_reads_and_is_not_heard(support: Support, topic: int) -> None:
    await support.link("777", role="viewer")
    await support.write(topic, "Ich sage auch was", user="777")
    assert "liest nur mit" in support.texts(topic)[-1]
    assert await support.press(topic, "Gelöst", user="777") == "Dein Konto liest nur mit."
    assert await sent(support) == []


async def test_somebody_links_themselves_by_a_code_that_works_once(support: Support, topic: int) -> None:
    store, now = support.house.app.store, support.house.clock()
    account = support.people[TOM]
    code = await store.telegram.link_code(account.id, now)
    await support.write(None, f"/link {code.lower()}", user="888")
    assert "Verbunden, Tom Berger!" in support.texts(None)[-1]
    assert await store.telegram.account_behind("888") == account
    await support.write(topic, f"/link {code}", user="889")
    assert "stimmt nicht oder ist abgelaufen" in support.texts(topic)[-1]
    late = await store.telegram.link_code(account.id, now)
    support.house.later(16 * 60)
    await support.write(None, f"/link {late}", user="889")
    assert await store.telegram.account_behind("889") is None
    await support.write(None, "/link", user="889")
    assert "Hol dir auf der Seite" in support.texts(None)[-1]
    assert len(await store.telegram.linked(account.id)) == 2
    assert await store.telegram.unlink(account.id) == 2
    assert await store.telegram.account_behind("888") is None


async def test_a_disabled_account_is_nobody(support: Support, topic: int) -> None:
    store, account = support.house.app.store, support.people[EVA]
    await store.accounts.disable(account.id, "shell", support.house.clock())
    await support.write(topic, "Noch da?")
    assert "Ich kenne dich noch nicht" in support.texts(topic)[-1]
    assert await sent(support) == []


@pytest.mark.parametrize("words", ["// ruft morgen an", "/n ruft morgen an", "/note ruft morgen an"])
async def test_notes_stay_in_the_team(support: Support, topic: int, words: str) -> None:
    number = await support.write(topic, words)
    [note] = await support.house.rows(AgentNoteRow)
    assert (note.text, note.author) == ("ruft morgen an", f"account:{support.people[EVA].id}")
    assert support.groups.marks[number] == "✍"
    assert await sent(support) == []
    assert len(support.posts(topic)) == 1


async def test_an_empty_note_is_asked_about(support: Support, topic: int) -> None:
    await support.write(topic, "//")
    assert "Was soll in der Notiz stehen?" in support.texts(topic)[-1]


async def test_a_note_from_the_page_stands_in_the_topic(support: Support, topic: int) -> None:
    row = await support.house.conversation()
    await handoff.note(support.house.app, row.id, support.people[TOM].id, "Vorsicht, Stammkunde", key="n1")
    await support.step()
    assert "📝 Tom Berger, nur fürs Team" in support.texts(topic)[-1]
    assert "│ Vorsicht, Stammkunde" in support.texts(topic)[-1]


async def test_take_hand_back_and_solve_by_buttons(support: Support, topic: int) -> None:
    assert await support.press(topic, "Übernehmen") == "Du hast den Fall."
    assert (await case(support)).assignee == support.people[EVA].id
    assert await support.press(topic, "Von Eva Brandt übernehmen", user=TOM) == "Du hast den Fall."
    assert (await case(support)).assignee == support.people[TOM].id
    assert await support.press(topic, "An den Bot") == "Der Bot macht weiter."
    assert (await case(support)).status == "bot"
    assert support.groups.topics[topic].closed
    events = [row.kind for row in await support.house.rows(DeskEventRow)]
    assert events == ["escalated", "claimed", "claimed", "returned"]


async def test_two_who_take_it_in_the_same_second(support: Support, topic: int) -> None:
    number, payload = support.button(topic, "Übernehmen")
    assert await support.press_payload(topic, number, payload) == "Du hast den Fall."
    assert await support.press_payload(topic, number, payload, user=TOM) == (
        "Eva Brandt war schneller und hat den Fall."
    )


async def test_over_means_over_the_one_it_named(support: Support, topic: int) -> None:
    await support.press(topic, "Übernehmen")
    number, payload = support.button(topic, "Von Eva Brandt übernehmen")
    await support.link("503")
    row = await support.house.conversation()
    await handoff.claim(support.house.app, row.id, support.people["503"].id, over=True)
    assert await support.press_payload(topic, number, payload, user=TOM) == "503 hat den Fall."


async def test_words_into_anothers_case_are_kept_until_somebody_means_it(
    support: Support, topic: int
) -> None:
    await support.press(topic, "Übernehmen")
    await support.write(topic, "Ich auch!", user=TOM)
    assert "Nicht gesendet: Eva Brandt hat den Fall gerade." in support.texts(topic)[-1]
    assert await sent(support) == []
    assert await support.press(topic, "Trotzdem senden", user=TOM) == "Geht raus."
    assert await sent(support) == ["Ich auch!"]
    assert await support.press(topic, "Trotzdem senden", user=TOM) == "Geht raus."
    assert await sent(support) == ["Ich auch!"]


async def test_an_edit_in_time_changes_what_goes_out(support: Support, topic: int) -> None:
    number = await support.write(topic, "Wir schiken Ersatz.")
    support.house.later(2)
    await support.change(topic, number, "Wir schicken Ersatz.")
    assert await sent(support) == ["Wir schicken Ersatz."]
    await support.change(topic, number, "Doch nicht.")
    assert "Das Original ist schon raus." in support.texts(topic)[-1]
    assert await sent(support) == ["Wir schicken Ersatz."]


async def test_what_did_not_arrive_is_said_in_plain_words_and_can_go_again(
    support: Support, topic: int
) -> None:
    support.house.channel.then(Unreachable("no", code="131026"))
    number = await support.write(topic, "Hallo?")
    await sent(support)
    assert support.groups.marks[number] == "😢"
    assert "Nicht angekommen." in support.texts(topic)[-1]
    [row] = await support.house.outbox(speaker="agent")
    assert await support.press_payload(topic, 1, f"again:{row.conversation_id}:{row.id}") == (
        "Wird noch einmal verschickt."
    )
    assert await sent(support) == ["Hallo?"]
    assert support.groups.marks[number] == "👌"
    assert await support.press_payload(topic, 1, f"again:{row.conversation_id}:{row.id}") == (
        "Daran ist nichts zu wiederholen."
    )


async def test_what_waits_for_the_buyer_is_said(support: Support, topic: int) -> None:
    support.house.later(25 * 3600)
    await support.write(topic, "Guten Morgen!")
    assert "geht raus, sobald" in support.texts(topic)[-1]
    assert await sent(support) == []
    await support.house.say("Bin wieder da")
    await support.house.turns()
    assert "Guten Morgen!" in await sent(support)


async def test_a_picture_goes_to_the_buyer(make_house: MakeHouse) -> None:
    telegram = FakeChannel("telegram", "7", LIKE["telegram"])
    house = make_house(FakeChannel(), telegram, entry={"public_url": "https://shop.example"})
    house.app.home = "https://shop.example"
    support = await Support.open(house, EVA)
    await support.need()
    await support.step()
    [topic] = support.topics
    telegram.files["f1"] = MediaFile(picture(), "image/png", "ersatz.png")
    await support.write(topic, "So sieht es aus", attachment=Attachment("image", media_id="f1"))
    house.later(6)
    await house.send()
    [got] = house.channel.sent
    assert got.outgoing.picture is not None
    assert got.outgoing.text == "So sieht es aus"
    telegram.files["f2"] = Unavailable("later")
    await support.write(topic, "", attachment=Attachment("image", media_id="f2"))
    telegram.files["f2"] = MediaFile(picture(), "image/png", "zwei.png")
    house.later(60)
    await support.step()
    house.later(6)
    await house.send()
    assert len(house.channel.sent) == 2
    await support.write(topic, "", attachment=Attachment("sticker", media_id="f1"))
    assert "Sticker kann ich nicht weitergeben." in support.texts(topic)[-1]
    await support.write(topic, "weg", attachment=Attachment("document", media_id="gone"))
    assert "konnte nicht an Jemand gehen" in support.texts(topic)[-1]


async def test_a_topic_closed_by_hand_opens_again_with_a_word(support: Support, topic: int) -> None:
    await support.turn(topic, closed=True)
    assert not support.groups.topics[topic].closed
    assert "Drück auf der Karte „Gelöst“" in support.texts(topic)[-1]


async def test_a_topic_reopened_by_hand_takes_the_case(support: Support, topic: int) -> None:
    await support.press(topic, "An den Bot")
    assert support.groups.topics[topic].closed
    await support.turn(topic, closed=False)
    assert (await case(support)).assignee == support.people[EVA].id
    assert not support.groups.topics[topic].closed


async def test_the_groups_own_talk_goes_nowhere(support: Support, topic: int) -> None:
    await support.write(None, "Wer hat heute Dienst?")
    await support.write(4711, "Ein Thema von uns selbst")
    assert await sent(support) == []
    assert support.texts(None) == []


async def test_an_old_button_says_so(support: Support, topic: int) -> None:
    for payload in ("nonsense", "take:99999", f"send:{(await support.house.conversation()).id}:abc", "take"):
        assert await support.press_payload(topic, 1, payload) == "Dieser Knopf gilt nicht mehr."


async def test_what_agents_wrote_is_not_kept_twice(support: Support, topic: int) -> None:
    await support.write(topic, "Geheimnis")
    rows = [row for row in await support.house.rows(InboxRow) if row.lane == "desk"]
    assert [(row.status, row.event) for row in rows] == [("done", "{}")]


async def test_lost_rights_alarm_the_owner(support: Support) -> None:
    await support.member(able=False)
    await support.house.idle()
    assert await support.house.notices() == ["account_may_not_send"]


async def test_what_cannot_be_done_is_set_aside_and_said(support: Support, topic: int) -> None:
    class Broken:
        """A store that has lost its accounts' Telegram."""

        async def account_behind(self, user_id: str) -> Account | None:
            raise RuntimeError(user_id)

        def __getattr__(self, name: str) -> object:
            return getattr(real, name)

    real = support.house.app.store.telegram
    support.house.app.store.telegram = Broken()  # type: ignore[assignment]  # it breaks on purpose
    await support.write(topic, "Hallo")
    for _ in range(8):
        support.house.later(600)
        await support.step(1)
    support.house.app.store.telegram = real
    await support.step()
    assert "Das hat nicht geklappt." in support.texts(topic)[-1]


async def test_a_draft_comes_into_the_topic_and_goes_out_by_a_button(support: Support, topic: int) -> None:
    assert await support.press(topic, "Entwurf") == "Der Entwurf kommt ins Thema."
    first = support.texts(topic)[-1]
    assert first.startswith("Entwurf (1 von ")
    assert "Eva" in first
    await support.press(topic, "Anderer Vorschlag")
    second = support.texts(topic)[-1]
    assert second.startswith("Entwurf (2 von ")
    assert second.partition("\n\n")[2] != first.partition("\n\n")[2]
    assert await sent(support) == []
    assert await support.press(topic, "So senden") == "Geht raus."
    assert await support.press(topic, "So senden") == "Geht raus."
    assert await sent(support) == [second.partition("\n\n")[2]]


async def test_solved_asks_for_the_cause_and_closes(support: Support, topic: int) -> None:
    assert await support.press(topic, "Gelöst") == "Woran lag es? Wähl auf der Karte."
    assert "Woran lag es?" in support.texts(topic)[0]
    assert await support.press(topic, "Zurück") == ""
    assert "Gelöst" in support.titles(topic)
    await support.press(topic, "Gelöst")
    assert await support.press(topic, "Auf dem Weg beschädigt") == "Gelöst. Der Bot sagt Jemand Bescheid."
    assert (await case(support)).status == "resolved"
    assert support.groups.topics[topic].closed
    [row] = [one for one in await support.house.rows(DeskEventRow) if one.kind == "resolved"]
    assert '"cause":"transport_damage"' in row.detail


async def test_a_last_word_that_did_not_arrive_is_told_all_the_same(support: Support, topic: int) -> None:
    support.house.channel.then(Unreachable("no", code="131026"))
    number = await support.write(topic, "Alles Gute!")
    await support.press(topic, "An den Bot")
    assert support.groups.topics[topic].closed
    await sent(support)
    assert support.groups.marks[number] == "😢"
    assert "Nicht angekommen." in support.texts(topic)[-1]
    assert support.groups.topics[topic].closed


async def test_a_topic_that_is_gone_when_its_case_is_closed_stays_gone(support: Support, topic: int) -> None:
    await support.write(topic, "Alles Gute!")
    await support.press(topic, "An den Bot")
    support.groups.delete(topic)
    await sent(support)
    assert support.topics == []
    assert await support.house.app.store.telegram.claim(support.house.clock(), 10) == []


async def test_what_was_said_later_never_overtakes_what_has_to_wait(make_house: MakeHouse) -> None:
    telegram = FakeChannel("telegram", "7", LIKE["telegram"])
    house = make_house(FakeChannel(), telegram, entry={"public_url": "https://shop.example"})
    house.app.home = "https://shop.example"
    support = await Support.open(house, EVA)
    await support.need()
    await support.step()
    [topic] = support.topics
    telegram.files["f1"] = Unavailable("later")
    first, second = support.place(topic), support.place(topic)
    picture_first = Spoken(first, "Erst das Bild", Attachment("image", media_id="f1"))
    arrivals = [
        GroupArrival("telegram", f"7:{number}", house.clock(), event)
        for number, event in enumerate([picture_first, Spoken(second, "Dann die Worte")])
    ]
    await house.app.store.inbox.accept(Intake((), (), house.clock(), arrivals))
    await support.step()
    telegram.files["f1"] = MediaFile(picture(), "image/png", "a.png")
    house.later(120)
    await support.step()
    for _ in range(2):  # WhatsApp keeps no order by itself: the second waits a little for the first
        house.later(30)
        await house.send()
    assert [one.outgoing.text for one in house.channel.sent] == ["Erst das Bild", "Dann die Worte"]


async def test_writing_in_a_closed_topic_takes_the_case_up_again(support: Support, topic: int) -> None:
    await support.press(topic, "An den Bot")
    assert support.groups.topics[topic].closed
    await support.write(topic, "Noch etwas, Lena:")
    assert not support.groups.topics[topic].closed
    assert (await case(support)).assignee == support.people[EVA].id
    assert await sent(support) == ["Noch etwas, Lena:"]
