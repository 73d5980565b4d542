"""What the shop says of its own accord, with a buyer who has several chats: never twice, never at once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest

from bot.facts import Known, known_of
from bot.mailing import mail_due
from bot.turn import listen, take_turn, take_turns
from dialogs.flow import PHRASES, After, Book, Flow, Say, Trigger
from dialogs.messages import OUTGOING
from dialogs.planned import Planned
from dialogs.records import Preferred
from dialogs.shop import BuyerTagged, Person, ShopArrival
from dialogs.state import STATE
from dialogs.words import Lines, Words
from integrations.base import Uncertain
from integrations.fake import FakeMailer
from persistence.consents import NewConsent
from persistence.inbox import Intake
from persistence.reminders import NewReminder
from persistence.tables_journeys import TouchpointRow
from persistence.turns import Turn
from tests.bot.conftest import MakeHouse
from tests.bot.fakes import LIKE, FakeChannel
from tests.bot.house import House

ANNA = Person("c1", "Anna", "anna@example.org")
DELIVERED = Trigger("order", "delivered")
LATER = Trigger("order", "delivered", After(timedelta(days=3), timedelta(days=3)))


def flow(name: str, *triggers: Trigger, **more: Any) -> Flow:
    """A flow that says its own name, in one of two ways."""
    lines = Lines(Words({"de": f"{name}!"}), {"longer": Words({"de": f"{name}, {name}!"})})
    return Flow(name, triggers, {"hi": Say("hi", lines)}, version=f"{name} v1", **more)


def book(*flows: Flow) -> Book:
    """A book with these flows and nothing else to say."""
    proactive: dict[str, tuple[tuple[Flow, Trigger], ...]] = {}
    for one in flows:
        for trigger in one.triggers:
            key = f"{trigger.kind}:{trigger.value}"
            proactive[key] = (*proactive.get(key, ()), (one, trigger))
    phrases = {name: Words({"de": name}) for name in PHRASES}
    return Book({one.id: one for one in flows}, {}, phrases, proactive=proactive)


@pytest.fixture
async def house(make_house: MakeHouse) -> House:
    """A shop with the channels as they really are; Anna has two chats, and may be written to in both."""
    house = make_house(*(FakeChannel(name, capabilities=can) for name, can in LIKE.items()))
    house.app.book = book(flow("parcel", DELIVERED), flow("care", LATER))
    await house.buy("1", "paid", buyer=ANNA)
    await house.meet("anna", "1")
    await house.meet("anna.tg", "1", channel="telegram")
    await house.turns()
    return house


async def said(house: House) -> dict[str, list[str]]:
    """What was said unasked, by address."""
    names = {row.id: row.address for row in await house.conversations()}
    found: dict[str, list[str]] = {}
    for row in await house.outbox():
        found.setdefault(names[row.conversation_id], []).append(OUTGOING.validate_json(row.outgoing).text)
    return found


async def fates(house: House) -> list[tuple[str, str, str]]:
    """What became of each touchpoint in each chat: key, fate and reason."""
    rows = await house.rows(TouchpointRow)
    return sorted((row.key, row.fate, row.reason) for row in rows)


async def claim(house: House) -> dict[str, Turn]:
    turns = await house.app.store.turns.claim(house.clock(), 100)
    return {turn.address: turn for turn in turns}


async def due(house: House, who: str, name: str, channel: str = "whatsapp") -> None:
    """A touchpoint of an order comes due in somebody's chat right now."""
    planned = Planned("touch", f"{name}:1", name, order_id="1", until=house.clock() + timedelta(days=7))
    await house.say("", who, channel=channel)
    await house.leave(who, reminders=(NewReminder(planned.key, house.clock(), planned.data()),))


async def everything(house: House) -> None:
    """All that is due in the next minute happens."""
    for _ in range(6):
        await house.lanes()
        await house.turns()
        house.later(10)


# -- two chats, one buyer


async def test_what_both_chats_are_told_is_said_in_one(house: House) -> None:
    """Both turns are made from the same facts; the second is thrown away, and made again with fresh ones."""
    await house.buy("1", "delivered", buyer=ANNA)
    assert await take_turns(house.app) == 2
    assert house.counted("nachklang_turns_total", outcome="discarded") == 1
    await everything(house)
    texts = await said(house)
    assert [len(one) for one in texts.values()] == [1]
    assert [fate for key, fate, _ in await fates(house) if key == "parcel:1"].count("sent") == 1
    assert house.counted("nachklang_turns_total", outcome="failed") == 0


@pytest.mark.parametrize(
    "tagged",
    [
        BuyerTagged("vip", order_id="1"),
        BuyerTagged("vip", customer_id="c1"),
        BuyerTagged("vip", waiting_for="KETTLE"),
    ],
    ids=["order", "buyer", "waiting"],
)
async def test_a_tag_reaches_both_chats_and_is_said_in_one(house: House, tagged: BuyerTagged) -> None:
    house.app.book = book(flow("club", Trigger("tag", "vip")))
    await house.say("", "anna")
    await house.leave("anna", preferences=(Preferred("wanted", "KETTLE"),))
    for delivery in ("a", "a", "b"):
        arrival = ShopArrival("orders", delivery, house.clock(), tagged)
        await house.app.store.inbox.accept(Intake((), (arrival,), house.clock()))
        await everything(house)
    told = [text for texts in (await said(house)).values() for text in texts if "club" in text]
    assert len(told) == 1
    assert all(STATE.validate_json(row.state).tags == ("vip",) for row in await house.conversations())
    assert house.counted("nachklang_turns_total", outcome="failed") == 0


async def test_two_processes_that_make_their_turns_at_once_say_it_once(
    house: House, make_house: MakeHouse
) -> None:
    other = make_house(*(FakeChannel(name, capabilities=can) for name, can in LIKE.items()))
    other.app.book = house.app.book
    await house.buy("1", "delivered", buyer=ANNA)
    turns = list((await claim(house)).values())
    assert len(turns) == 2
    listened = [listen(house.app, turn) for turn in turns]
    known = await known_of(house.app, turns, listened, house.clock())
    for one, turn, words in zip((house, other), turns, listened, strict=True):
        await take_turn(one.app, turn, known[turn.conversation_id], words)
    assert other.counted("nachklang_turns_total", outcome="discarded") == 1
    await everything(house)
    assert [len(texts) for texts in (await said(house)).values()] == [1]


async def test_two_things_that_come_due_at_once_are_not_both_said(house: House) -> None:
    house.app.book = book(flow("care", LATER), flow("tip", LATER))
    await due(house, "anna", "care")
    await due(house, "anna.tg", "tip", "telegram")
    await house.lanes()
    assert await take_turns(house.app) == 2
    await everything(house)
    assert [len(texts) for texts in (await said(house)).values()] == [1]
    assert sorted((fate, reason) for _, fate, reason in await fates(house)) == [
        ("moved", "cap"),
        ("sent", ""),
    ]


async def test_who_opts_out_in_one_chat_is_not_written_to_in_the_other(house: House) -> None:
    """The opt-out comes between the look at the facts and the commit."""
    await due(house, "anna", "care")
    await house.lanes()
    turn = (await claim(house))["anna"]
    listened = listen(house.app, turn)
    known = await known_of(house.app, [turn], [listened], house.clock())
    await house.say("stopp", "anna.tg", channel="telegram")
    await house.leave("anna.tg", consents=(NewConsent("all", "withdrawn"),))
    await take_turn(house.app, turn, known[turn.conversation_id], listened)
    assert house.counted("nachklang_turns_total", outcome="discarded") == 1
    await everything(house)
    assert await said(house) == {}
    assert [fate for _, fate, _ in await fates(house)] == ["refused"]


async def test_what_may_have_gone_out_is_not_sent_again_after_an_opt_out(house: House) -> None:
    await due(house, "anna", "care")
    await house.lanes()
    await house.turns()
    channel = house.app.channels["whatsapp", "shop"]
    assert isinstance(channel, FakeChannel)
    channel.then(Uncertain("the answer was lost"))
    assert [one.fate for one in await house.send()] == ["unknown"]
    await house.say("stopp", "anna.tg", channel="telegram")
    await house.leave("anna.tg", consents=(NewConsent("all", "withdrawn"),))
    house.later(600)
    await house.send()
    assert (channel.tries, await house.fates()) == (1, ["expired"])
    assert [(fate, reason) for _, fate, reason in await fates(house)] == [("withdrawn", "opt_out")]


async def test_an_answer_is_never_thrown_away_for_what_is_said_elsewhere(house: House) -> None:
    await house.buy("1", "delivered", buyer=ANNA)
    await house.say("hallo", "bert")
    await house.turns()
    house.app.book = replace(house.app.book, on={"menu": flow("menu")})
    await house.say("hallo", "anna")
    turn = (await claim(house))["anna"]
    await house.say("stopp", "anna.tg", channel="telegram")
    await house.leave("anna.tg", consents=(NewConsent("offers", "withdrawn"),))
    before = house.counted("nachklang_turns_total", outcome="discarded")
    await take_turn(house.app, turn, Known(), listen(house.app, turn))
    assert house.counted("nachklang_turns_total", outcome="discarded") == before


# -- where it can be said


@pytest.fixture
async def silent(make_house: MakeHouse, mailer: FakeMailer) -> House:
    """A shop whose buyer has been silent on Instagram for two days."""
    channels = [FakeChannel(name, capabilities=can) for name, can in LIKE.items()]
    house = make_house(*channels, mailer=mailer, entry={"public_url": "https://shop.example"})
    house.app.book = book(flow("parcel", DELIVERED, closed="mail"))
    await house.buy("1", "paid", buyer=ANNA)
    await house.meet("anna", "1", channel="instagram")
    await house.turns()
    house.later(2 * 86_400)
    return house


@pytest.fixture
def mailer() -> FakeMailer:
    return FakeMailer()


async def test_what_cannot_be_said_in_one_chat_is_said_in_another(silent: House) -> None:
    await silent.meet("anna.tg", "1", channel="telegram")
    await silent.turns()
    await silent.buy("1", "delivered", buyer=ANNA)
    await everything(silent)
    assert list(await said(silent)) == ["anna.tg"]
    assert len((await said(silent))["anna.tg"]) == 1


async def test_what_can_be_said_nowhere_is_mailed(silent: House, mailer: FakeMailer) -> None:
    await silent.buy("1", "delivered", buyer=ANNA)
    await everything(silent)
    await mail_due(silent.app)
    assert await said(silent) == {}
    assert [(one.flow, one.order_id) for one in mailer.asked] == [("parcel", "1")]
    assert ("parcel:1", "mailed", "window") in await fates(silent)


async def test_without_a_mailer_it_waits_until_they_write(make_house: MakeHouse) -> None:
    house = make_house(FakeChannel("instagram", capabilities=LIKE["instagram"]))
    house.app.book = book(flow("parcel", DELIVERED, closed="mail"))
    await house.buy("1", "paid", buyer=ANNA)
    await house.meet("anna", "1", channel="instagram")
    await house.turns()
    house.later(2 * 86_400)
    await house.buy("1", "delivered", buyer=ANNA)
    await everything(house)
    assert await fates(house) == [("parcel:1", "parked", "window")]


# -- what is kept


async def test_a_message_tells_which_line_of_which_touchpoint_it_is(house: House) -> None:
    await house.buy("1", "delivered", buyer=ANNA)
    await everything(house)
    [row] = await house.outbox()
    assert (row.flow, row.step, row.touchpoint, row.proactive) == ("parcel", "hi", "parcel:1", True)
    assert row.variant in {"base", "longer"}
    [touchpoint] = [one for one in await house.rows(TouchpointRow) if one.fate == "sent"]
    assert touchpoint.variant == row.variant
    assert orjson.loads(row.outgoing)["text"].endswith("!")
