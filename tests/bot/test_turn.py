"""The turn: what waited in a conversation goes in, one transaction's worth of rows comes out."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest

from bot.entry import create
from bot.facts import Known
from bot.turn import ECHO_PATIENCE, LONGEST_RETRY, MOST_COURTESIES, as_read_now, listen, take_turn, take_turns
from dialogs.messages import (
    OUTGOING,
    ContactChanged,
    Echo,
    Edited,
    Event,
    Media,
    Outgoing,
    Reachability,
    Reaction,
    Tap,
    Text,
    ThreadControl,
    Unsent,
)
from dialogs.payloads import parse_payload
from dialogs.state import STATE, State
from integrations.base import Unavailable
from persistence.outbox import Settlement
from persistence.tables import (
    BindingRow,
    Conversation,
    HandoffRow,
    InboxRow,
    NoticeRow,
    OutboxRow,
    RatingRow,
    ReminderRow,
    TurnRow,
)
from persistence.turns import Heard
from tests.bot.conftest import MakeHouse
from tests.bot.fakes import BrokenFlows, Fuse
from tests.bot.house import SECRET, House
from tests.persistence import world

POISON = "Ich möchte mit einem Menschen sprechen"


def outgoing(row: OutboxRow) -> Outgoing:
    return OUTGOING.validate_json(row.outgoing)


def choices(message: Outgoing) -> list[str]:
    """The choices that a message offers."""
    tapped = [parse_payload(button.payload) for button in message.buttons]
    return [one.choice for one in tapped if one is not None]


async def state(house: House, who: str = "anna") -> State:
    return STATE.validate_json((await house.conversation(who)).state)


@pytest.fixture
def brittle(house: House) -> Fuse:
    """While it is not burnt out, turns that ask for a human fail."""
    fuse = Fuse(0)
    house.app.book = replace(house.app.book, on=BrokenFlows(house.app.book.on, "human_request", fuse))
    return fuse


# -- one turn


async def test_a_strangers_first_word(house: House) -> None:
    """The golden turn: every row that one "hallo" leaves behind."""
    await house.say("Hallo!")
    assert await house.turns() == 1

    [row] = await house.outbox()
    said = outgoing(row)
    assert (row.status, row.speaker, row.proactive, row.turn, row.seq) == ("waiting", "bot", False, 1, 0)
    assert "automatisch" in said.text
    assert "Rösterei Morgenrot" in said.text
    assert "human" in choices(said)
    assert said.style == "list"

    conversation = await house.conversation()
    assert (conversation.version, conversation.due_at, conversation.attempts) == (1, None, 0)
    assert (conversation.floor, conversation.status) == ("bot", "bot")
    now = await state(house)
    assert (now.flow, now.step, now.asked, now.disclosed_at) == ("welcome", "stranger", 1, house.clock())

    [turn] = await house.rows(TurnRow)
    assert (turn.version, turn.flow, turn.step) == (1, "welcome", "stranger")
    assert orjson.loads(turn.heard)["intent"] == "greeting"
    assert [event.status for event in await house.rows(InboxRow)] == ["done"]
    for nothing in (HandoffRow, ReminderRow, RatingRow, NoticeRow):
        assert await house.rows(nothing) == []
    assert house.counted("nachklang_turns_total", outcome="committed") == 1


async def test_what_is_kept_about_a_turn_holds_no_words(house: House) -> None:
    await house.say("Mein Name ist Rumpelstilz, der Motor brummt")
    await house.turns()
    [turn] = await house.rows(TurnRow)
    assert "rumpelstilz" not in turn.heard.lower()
    assert set(orjson.loads(turn.heard)) == {"language", "intent", "confidence", "mood", "polarity"}


async def test_an_entry_code_ties_the_chat_to_its_order(house: House) -> None:
    await world.shop(house.app.store, world.happened("paid", order_id="77", order=world.snapshot("77")))
    code = await create(house.app.store, SECRET, "77", house.clock(), timedelta(days=1))
    await house.say(f"Hallo! Mein Code: {code.lower()}")
    await house.turns()
    [binding] = await house.rows(BindingRow)
    assert (binding.order_id, binding.code) == ("77", code)
    assert "#77" in outgoing((await house.outbox())[0]).text
    assert (await state(house)).order_id == "77"


async def test_a_typed_number_chooses(house: House) -> None:
    await house.answer("hallo")
    asked = choices(outgoing((await house.outbox())[0]))
    house.later(60)
    await house.say(str(asked.index("human") + 1))
    await house.turns()
    [handoff] = await house.rows(HandoffRow)
    assert handoff.reason == "human_request"
    notice = (await house.outbox())[-1]
    assert (notice.speaker, notice.status) == ("notice", "waiting")
    assert "morgen, Montag, 17 Uhr" in outgoing(notice).text
    conversation = await house.conversation()
    assert (conversation.status, conversation.floor) == ("waiting", "agent")
    assert [one.fate for one in await house.send()] == ["sent"]  # said although a human has the floor


# -- bursts


async def test_texts_that_wait_together_are_one_turn(house: House) -> None:
    for seconds, words in ((0, "hallo"), (0.2, "ich hab eine frage"), (0.4, "wie pflege ich die mühle")):
        house.clock.to(seconds)
        await house.say(words)
    house.later(1)
    assert await house.turns() == 1
    assert len(await house.outbox()) == 1
    [turn] = await house.rows(TurnRow)
    assert orjson.loads(turn.heard)["intent"] == "care_tip"


async def test_a_fragment_waits_for_the_next_but_never_longer(house: House) -> None:
    await house.say("hallo")
    assert await house.turns() == 1
    house.later(1)
    await house.say("ich hab ein")
    assert await house.turns() == 0
    house.later(0.5)
    await house.say("problem mit der mühle")
    assert await house.turns() == 0
    house.later(0.21)
    assert await house.turns() == 1
    assert [row.turn for row in await house.rows(InboxRow)] == [1, 2, 2]


async def test_a_text_after_a_pause_and_a_tap_at_any_time_are_answered_at_once(house: House) -> None:
    await house.say("hallo")
    await house.turns()
    house.later(4)
    await house.say("noch etwas")
    assert await house.turns() == 1
    house.later(0.1)
    [*_, menu] = await house.outbox()
    tap = Tap(outgoing(menu).buttons[0].payload, "x") if outgoing(menu).buttons else Tap("menu.main.tip.1")
    await house.accept(world.event(tap, "tap-1", 4.1))
    assert await house.turns() == 1


async def test_more_events_than_one_turn_takes_make_two(house: House) -> None:
    await house.accept(*(world.event(Reaction("m1", "❤️"), f"r{number}", number) for number in range(250)))
    assert await house.turns() == 2
    assert len(await house.rows(InboxRow, status="done")) == 250
    assert (await house.conversation()).due_at is None


# -- echoes


async def test_our_own_echo_changes_nothing(house: House) -> None:
    await house.answer()
    [row] = await house.outbox()
    await house.accept(world.echo(row.external_id, 1, "was auch immer"))
    await house.turns()
    assert (await house.conversation()).floor == "bot"
    assert len(await house.outbox()) == 1


async def test_a_strangers_echo_takes_the_floor_and_cancels_what_waits(house: House) -> None:
    await house.speak("eins", "zwei")
    await house.speak("Hinweis", speaker="notice")
    await house.accept(world.echo("typed-in-the-app", 1, "Moment, ich schaue selbst nach"))
    await house.turns()
    assert (await house.conversation()).floor == "phone"
    assert await house.fates() == ["cancelled", "cancelled", "waiting"]
    house.later(60)
    await house.say("Danke!")
    await house.turns()
    assert len(await house.outbox()) == 3  # the bot keeps quiet
    assert [one.fate for one in await house.send()] == ["sent"]
    assert house.channel.texts == ["Hinweis"]


async def test_an_echo_that_overtakes_its_own_answer_is_judged_once_that_is_in(house: House) -> None:
    await house.speak("Dein Paket ist unterwegs")
    [row] = await house.claim()
    await house.accept(world.echo("mid.1", 1, "Dein Paket   ist unterwegs (umformatiert)"))
    assert await take_turns(house.app) == 1
    conversation = await house.conversation()
    assert conversation.due_at == house.clock() + ECHO_PATIENCE
    assert (conversation.attempts, conversation.version, conversation.floor) == (0, 1, "bot")

    await house.app.store.outbox.settle(Settlement(row, "sent", house.clock(), external_id="mid.1"))
    house.later(2)
    assert await take_turns(house.app) == 1
    assert (await house.conversation()).floor == "bot"
    assert [row.status for row in await house.rows(InboxRow, kind="echo")] == ["done"]


async def test_an_echo_with_the_words_of_what_is_being_sent_is_ours(house: House) -> None:
    await house.speak("Dein Paket ist unterwegs")
    await house.claim()
    await house.accept(world.echo("mid.1", 1, "Dein Paket ist unterwegs"))
    await house.turns()
    conversation = await house.conversation()
    assert (conversation.floor, conversation.due_at) == ("bot", None)


async def test_who_writes_while_the_owner_answers_is_not_answered_twice(house: House) -> None:
    await house.accept(
        world.event(Text("wie pflege ich die mühle?"), "t1", 0), world.echo("typed", 1, "Trocken ausbürsten!")
    )
    await house.turns()
    assert await house.outbox() == []
    assert (await house.conversation()).floor == "phone"
    assert (await state(house)).asked == 0


@pytest.mark.parametrize(("ours", "floor"), [(False, "phone"), (True, "bot")])
async def test_the_platforms_own_routing_decides_who_has_the_floor(
    house: House, ours: bool, floor: str
) -> None:
    await house.accept(
        world.event(ThreadControl("pass", ours=ours), "c1", 0), world.event(Text("hallo"), "t1", 1)
    )
    await house.turns()
    assert (await house.conversation()).floor == floor
    assert len(await house.outbox()) == int(ours)


# -- turns that fail


async def test_a_turn_that_failed_is_tried_again_and_answered_once(house: House, brittle: Fuse) -> None:
    brittle.left = 2
    await house.say(POISON)
    pauses = []
    for _ in range(2):
        await house.turns()
        conversation = await house.conversation()
        pauses.append((conversation.due_at - house.clock()).total_seconds())
        assert (conversation.version, conversation.attempts) == (0, len(pauses))
        house.clock.advance(conversation.due_at - house.clock())
    assert pauses == [1, 2]
    assert await house.turns() == 1
    assert (brittle.broken, len(await house.outbox()), len(await house.rows(HandoffRow))) == (2, 1, 1)
    assert (await house.conversation()).attempts == 0
    assert house.counted("nachklang_turns_total", outcome="failed") == 2
    assert house.counted("nachklang_errors_total", room="turn") == 2


async def test_a_turn_that_never_succeeds_is_set_aside_and_a_human_is_fetched(
    house: House, brittle: Fuse
) -> None:
    brittle.left = 1000
    await house.say(POISON)
    await house.say("hallo", "bert")
    tries = house.app.config.settings.turns.tries
    for _ in range(tries + 1):
        await house.turns()
        house.later(61)
    assert brittle.broken == tries

    conversation = await house.conversation()
    assert (conversation.status, conversation.floor, conversation.due_at) == ("waiting", "agent", None)
    [handoff] = await house.rows(HandoffRow)
    assert (handoff.reason, handoff.priority) == ("turn_failed", 1)
    [notice] = await house.rows(NoticeRow)
    assert notice.topic == "turn_set_aside"
    assert orjson.loads(notice.detail) == {"conversation": str(conversation.id), "tries": str(tries + 1)}
    assert [row.status for row in await house.rows(InboxRow, conversation_id=conversation.id)] == ["aside"]
    assert house.counted("nachklang_turns_total", outcome="set_aside") == 1
    # Nobody else suffered, and the conversation itself goes on.
    [other] = await house.outbox()
    assert other.conversation_id == (await house.conversation("bert")).id
    await house.say("hallo?")
    await house.turns()
    assert (await house.conversation()).version == conversation.version + 1


async def test_however_often_a_turn_has_failed_the_pause_stays_a_minute(house: House, brittle: Fuse) -> None:
    brittle.left = 1000
    await house.say(POISON)
    [turn] = await house.app.store.turns.claim(house.clock(), 1)
    settings = house.app.config.settings
    many = settings.model_copy(update={"turns": settings.turns.model_copy(update={"tries": 50})})
    house.app.config = house.app.config.model_copy(update={"settings": many})
    await take_turn(house.app, replace(turn, attempts=50), Known(), OSError("unheard"))
    assert (await house.conversation()).due_at == house.clock() + LONGEST_RETRY


async def test_a_turn_that_somebody_else_has_made_meanwhile_leaves_no_trace(house: House) -> None:
    await house.say("hallo")
    [stale] = await house.app.store.turns.claim(house.clock(), 1)
    house.later(31)  # its lease has run out
    assert await house.turns() == 1
    await take_turn(house.app, stale, Known(), listen(house.app, stale))
    assert len(await house.outbox()) == 1
    assert (await house.conversation()).version == 1
    assert house.counted("nachklang_turns_total", outcome="discarded") == 1
    assert (await house.conversation()).due_at is None


async def test_a_channel_that_is_switched_off_gets_no_words_but_the_turn_is_made(house: House) -> None:
    await house.accept(world.event(Text("hallo"), "x", 0, replace(world.person(), account="another")))
    await house.turns()
    assert await house.outbox() == []
    assert [row.status for row in await house.rows(InboxRow)] == ["done"]


# -- what the person changed


def heard(external_id: str, event: Event) -> Heard:
    return Heard(1, external_id, world.T0, event)


def test_the_batch_is_read_as_the_screen_shows_it() -> None:
    events = [
        heard("t1", Text("Mühle kaput")),
        heard("t1:1", Edited("t1", "Mühle kaputt")),
        heard("t2", Text("Quatsch")),
        heard("t2:u", Unsent("t2")),
        heard("p1", Media((), "Foto")),
        heard("p1:u", Unsent("p1")),
        heard("t3", Text("Danke")),
    ]
    read = [event for event, _ in as_read_now(events)]
    assert [event.text for event in read if isinstance(event, Text)] == ["Mühle kaputt", "Danke"]
    assert not any(isinstance(event, Media) for event in read)


async def test_an_edited_text_is_answered_as_it_stands_now(house: House) -> None:
    await house.accept(world.event(Text("hallo"), "t1", 0), world.event(Edited("t1", POISON), "t1:1", 1))
    await house.turns()
    assert len(await house.rows(HandoffRow)) == 1
    [row] = await house.rows(InboxRow, external_id="t1")
    assert orjson.loads(row.event)["text"] == POISON


async def test_a_text_that_was_taken_back_is_neither_answered_nor_kept(house: House) -> None:
    await house.accept(world.event(Text(POISON), "t1", 0), world.event(Unsent("t1"), "t1:u", 1))
    await house.turns()
    assert await house.outbox() == []
    [row] = await house.rows(InboxRow, external_id="t1")
    assert POISON not in row.event
    assert orjson.loads(row.event)["text"] == ""


async def test_what_is_taken_back_later_is_deleted_and_nothing_more_is_said(house: House) -> None:
    await house.say("Meine Kartennummer ist 1234")
    await house.turns()
    house.later(60)
    await house.accept(world.event(Unsent("in-1"), "in-1:u", 60))
    await house.turns()
    assert len(await house.outbox()) == 1
    assert not [row for row in await house.rows(InboxRow) if "1234" in row.event]


async def test_the_conversation_moves_with_the_persons_new_number(house: House) -> None:
    await house.answer()
    await house.accept(world.event(ContactChanged(("anna-new",)), "moved", 10))
    await house.turns()
    await house.accept(world.event(Text("ich bin's"), "t9", 20, world.person("anna-new")))
    house.later(30)
    await house.turns()
    await house.send()
    assert len(await house.rows(Conversation)) == 1
    assert [one.address for one in house.channel.sent] == ["anna", "anna-new"]


async def test_who_blocked_us_gets_nothing_until_they_are_back(house: House) -> None:
    await house.speak("eins")
    await house.accept(world.event(Reachability(reachable=False), "blocked", 1))
    await house.turns()
    settlement = await house.send_head()
    assert (settlement.fate, settlement.code) == ("failed", "unreachable")
    assert house.channel.tries == 0
    await house.accept(world.event(Reachability(reachable=True), "back", 2))
    await house.turns()
    await house.speak("zwei")
    assert (await house.send_head()).fate == "sent"


# -- courtesy


async def settled_courtesies(house: House) -> list[tuple[str, ...]]:
    await house.idle()
    return house.channel.courtesies


async def test_a_message_is_marked_as_read_and_a_tap_is_confirmed(house: House) -> None:
    await house.accept(
        world.event(Text("hallo"), "t1", 0), world.event(Tap("a.b.c.1", "A", callback_id="cb-1"), "t2", 1)
    )
    await house.turns()
    assert sorted(await settled_courtesies(house)) == [("seen", "anna", "t2"), ("tap", "cb-1")]


async def test_courtesy_never_delays_and_never_breaks_a_turn(house: House) -> None:
    gate = house.channel.courtesy_waits = asyncio.Event()
    house.channel.courtesy_fails = Unavailable("no typing today")
    await house.say("hallo")
    async with asyncio.timeout(5):
        await house.turns()
        await house.send()
    assert (len(house.channel.sent), house.app.busy) == (1, 1)
    gate.set()
    await settled_courtesies(house)
    assert house.counted("nachklang_errors_total", room="background") == 1


async def test_courtesy_is_left_out_where_it_would_pile_up(house: House) -> None:
    gate = asyncio.Event()

    async def wait() -> None:
        await gate.wait()

    for _ in range(MOST_COURTESIES + 1):
        house.app.soon(wait())
    await house.say("hallo")
    await house.turns()
    gate.set()
    assert await settled_courtesies(house) == []


async def test_nobody_is_told_that_a_bot_writes_while_a_human_does(house: House) -> None:
    await house.accept(world.event(Echo("typed", "Ich übernehme"), "typed", 0))
    await house.turns()
    await house.say("danke")
    await house.turns()
    assert await settled_courtesies(house) == []


async def test_courtesy_can_be_switched_off(make_house: MakeHouse) -> None:
    house = make_house(sending={"show_typing": False})
    await house.say("hallo")
    await house.turns()
    assert await settled_courtesies(house) == []
