"""What a turn may know: how a chat can be written to, who the buyer is elsewhere, and what is read for it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.facts import Known, gather, known_of, reach_of
from bot.turn import listen, take_turns
from dialogs.facts import Facts, Pacing, Sibling
from dialogs.heard import Heard
from dialogs.messages import Event, Reachability, Tap, Text
from dialogs.opening import Opening
from dialogs.records import Braked, Preferred, Touched
from dialogs.shop import Item, Person
from integrations.fake import FakeMailer
from persistence.consents import NewConsent
from persistence.journeys import BuyerJourney, Journeys, SiblingChat
from persistence.turns import Turn
from tests.bot.conftest import MakeHouse
from tests.bot.fakes import LIKE, FakeChannel
from tests.bot.house import House
from tests.persistence import world

ANNA = Person("c1", "Anna", "anna@example.org", birthday=date(1990, 4, 12), country="AT")


@pytest.fixture
def house(make_house: MakeHouse) -> House:
    """A shop with the channels as they really are."""
    return make_house(*(FakeChannel(name, capabilities=can) for name, can in LIKE.items()))


async def claim(house: House) -> dict[str, Turn]:
    """The turns that are due, by address."""
    turns = await house.app.store.turns.claim(house.clock(), 100)
    return {turn.address: turn for turn in turns}


async def facts(house: House, turn: Turn, heard: Heard | None = None, **known: Any) -> Facts:
    """The facts for a turn, of which this was read."""
    return await gather(house.app, turn, heard or Heard(), Known(**known), house.clock())


# -- how a chat can be written to


@pytest.mark.parametrize(
    ("channel", "hours", "reachable", "expected"),
    [
        ("whatsapp", 23.9, True, "open"),
        ("whatsapp", 24, True, "template"),
        ("whatsapp", None, True, "template"),
        ("whatsapp", 1, False, "closed"),
        ("instagram", 23.9, True, "open"),
        ("instagram", 24, True, "closed"),
        ("instagram", None, True, "closed"),
        ("telegram", 9999, True, "open"),
        ("telegram", None, True, "open"),
        ("telegram", 1, False, "closed"),
        ("switched off", 1, True, "closed"),
    ],
)
def test_how_a_chat_can_be_written_to(
    house: House, channel: str, hours: float | None, reachable: bool, expected: str
) -> None:
    now = house.clock()
    heard_at = None if hours is None else now - timedelta(hours=hours)
    assert reach_of(house.app, channel, "shop", heard_at=heard_at, reachable=reachable, now=now) == expected


async def test_who_has_blocked_us_cannot_be_written_to(house: House) -> None:
    await house.say("hallo")
    turn = (await claim(house))["anna"]
    assert (await facts(house, turn)).reach == "open"
    gone = replace(turn, reachable=False)
    assert (await facts(house, gone)).reach == "closed"
    back = replace(turn.events[0], event=Reachability(reachable=True))
    assert (await facts(house, replace(gone, events=(back,)))).reach == "open"


# -- the shop and the person


async def test_what_the_settings_say(make_house: MakeHouse) -> None:
    house = make_house(
        brand={
            "name": "Kiosk", "voice": "sie", "language": "en", "timezone": "Europe/Zurich", "country": "CH",
        },
        human={
            "answer_within_hours": 4,
            "hours": {"de": "werktags"},
            "opening": {"mon": "9-12, 13:00-17:30", "fri": "closed", "sat": "10-14",
                        "holidays": ["2026-12-24", "12-25"]},
        },
        journeys={"quiet_from": "21:30", "quiet_to": "8:00", "at": "11:00", "apart_hours": 30, "per_week": 2,
                  "offers_apart_days": 21, "calm_days": 3, "late_days": 9},
    )  # fmt: skip
    await house.say("hello")
    found = await facts(house, (await claim(house))["anna"])
    assert (found.brand, found.voice, found.language, found.timezone) == (
        "Kiosk",
        "sie",
        "en",
        "Europe/Zurich",
    )
    assert (found.country, found.promise, found.hours) == ("CH", 4, {"de": "werktags"})
    assert found.opening == Opening(
        (((540, 720), (780, 1050)), *(((540, 1020),),) * 3, (), ((600, 840),), ()),
        frozenset({date(2026, 12, 24)}),
        frozenset({(12, 25)}),
        ZoneInfo("Europe/Zurich"),
    )
    assert found.pacing == Pacing(
        quiet_from=time(21, 30),
        quiet_to=time(8),
        at=time(11),
        apart=timedelta(hours=30),
        per_week=2,
        offers_apart=timedelta(days=21),
        calm=timedelta(days=3),
        late=timedelta(days=9),
    )


def test_the_defaults_are_the_dialogs_own(house: House) -> None:
    assert house.app.config.settings.journeys.pacing == Pacing()


async def test_the_country_is_the_buyers(house: House) -> None:
    await house.buy("1", buyer=ANNA)
    await house.buy("2", buyer=Person("c2", "Bert"))
    await house.meet("anna", "1")
    await house.meet("bert", "2")
    turns = await claim(house)
    orders = await house.app.store.orders.of_conversations([one.conversation_id for one in turns.values()])
    anna, bert = turns["anna"], turns["bert"]
    assert (await facts(house, anna, orders=orders[anna.conversation_id])).country == "AT"
    assert (await facts(house, bert, orders=orders[bert.conversation_id])).country == "DE"
    assert (await facts(house, bert, journey=BuyerJourney(country="CH"))).country == "CH"


async def test_what_is_drawn_is_drawn_for_the_buyer(house: House) -> None:
    await house.buy("1", buyer=ANNA)
    await house.meet("anna", "1")
    await house.meet("anna.ig", "1", channel="instagram")
    await house.meet("stranger")
    turns = await claim(house)
    seeds = {who: (await facts(house, turn)).seed for who, turn in turns.items()}
    assert seeds["anna"] == seeds["anna.ig"] == f"buyer:{turns['anna'].buyer_id}"
    assert seeds["stranger"] == f"conversation:{turns['stranger'].conversation_id}"


async def test_a_fresh_code_brings_its_order(house: House) -> None:
    await house.buy("1", buyer=ANNA)
    await house.buy("2", buyer=ANNA)
    await house.meet("anna", "1")
    turn = (await claim(house))["anna"]
    code = await house.code("2")
    orders = (await house.app.store.orders.of_conversations([turn.conversation_id]))[turn.conversation_id]
    found = await facts(house, turn, Heard(code=code), orders=orders)
    assert [order.id for order in found.orders] == ["2", "1"]
    assert found.entry is not None
    assert found.entry.state == "fresh"


# -- the buyer elsewhere


async def test_a_chat_knows_the_others_of_its_buyer(house: House) -> None:
    await house.buy("1", "paid", buyer=ANNA, items=(Item("HM-01", "Handmühle"),))
    await house.buy("2", "paid", buyer=ANNA, items=(Item("EB-500", "Espresso"),))
    await house.meet("anna", "1")
    instagram = await house.meet("anna.ig", "1", channel="instagram")
    telegram = await house.meet("anna.tg", "2", channel="telegram")
    await house.leave(
        "anna.ig",
        consents=(NewConsent("feedback", "given"), NewConsent("offers", "withdrawn")),
        brakes=(Braked("mood"),),
        preferences=(Preferred("usage", "espresso"),),
        touched=(Touched("bundle:1", "bundle", "offers", "sent"),),
    )
    house.later(86_400)
    await house.say("hallo", "anna")
    turn = (await claim(house))["anna"]
    journeys = await house.app.store.journeys.of([turn.conversation_id], house.clock())
    found = await facts(house, turn, journey=journeys[turn.conversation_id])
    assert found.journey.siblings == (
        Sibling(instagram, "instagram", "closed", world.T0, frozenset({"feedback"})),
        Sibling(telegram, "telegram", "open", world.T0),
    )
    assert found.journey.brakes == {"mood": world.T0}
    assert found.journey.withdrawn == {"offers"}
    assert found.journey.decided == {"bundle:1"}
    assert found.journey.touches == (world.T0,)
    assert found.journey.offered_at == world.T0
    assert found.journey.owned == {"HM-01", "EB-500"}
    assert (found.journey.orders, found.journey.birthday) == (2, date(1990, 4, 12))
    assert found.journey.spent == Decimal("99.80")
    assert found.journey.version > 0
    assert found.notes == {"usage": "espresso"}
    assert not found.journey.mailable


async def test_nothing_is_handed_to_a_chat_in_which_a_human_speaks(house: House) -> None:
    await house.say("hallo")
    turn = (await claim(house))["anna"]
    chats = [
        SiblingChat(8, "telegram", "shop", None, reachable=True, floor=floor) for floor in ("bot", "agent")
    ]
    chats.append(SiblingChat(9, "telegram", "shop", None, reachable=False, floor="bot"))
    found = await facts(house, turn, journey=BuyerJourney(siblings=tuple(chats)))
    assert [one.reach for one in found.journey.siblings] == ["open", "closed", "closed"]


@pytest.mark.parametrize(("order_ids", "latest"), [((), ""), (("2", "1"), "2")])
async def test_the_last_order_is_the_newest(house: House, order_ids: tuple[str, ...], latest: str) -> None:
    await house.say("hallo")
    turn = (await claim(house))["anna"]
    found = await facts(house, turn, journey=BuyerJourney(order_ids=order_ids))
    assert found.journey.latest == latest


@pytest.mark.parametrize(
    ("mailer", "order_ids", "expected"),
    [(None, ("1",), False), (FakeMailer(), (), False), (FakeMailer(), ("1",), True)],
)
async def test_whether_the_shop_can_mail_for_us(
    make_house: MakeHouse, mailer: FakeMailer | None, order_ids: tuple[str, ...], expected: bool
) -> None:
    house = make_house(mailer=mailer)
    await house.say("hallo")
    turn = (await claim(house))["anna"]
    found = await facts(house, turn, journey=BuyerJourney(order_ids=order_ids))
    assert found.journey.mailable is expected


# -- what is read, and when


class CountingJourneys(Journeys):
    """Notes who was asked for."""

    asked: list[list[int]]

    async def of(self, conversation_ids: Sequence[int], now: datetime) -> dict[int, BuyerJourney]:
        self.asked.append(list(conversation_ids))
        return await super().of(conversation_ids, now)


@pytest.fixture
def journeys(house: House) -> CountingJourneys:
    counting = CountingJourneys(house.app.store.database)
    counting.asked = []
    house.app.store.journeys = counting
    return counting


async def known(house: House) -> dict[str, Known]:
    """What is read for all that is due, by address."""
    turns = list((await claim(house)).values())
    listened = [listen(house.app, turn) for turn in turns]
    found = await known_of(house.app, turns, listened, house.clock())
    return {turn.address: found[turn.conversation_id] for turn in turns}


async def test_a_tap_is_answered_without_a_look_at_the_journey(
    house: House, journeys: CountingJourneys
) -> None:
    events: list[Event] = [Text("hallo"), Tap("checkup.start.1.fine"), Text("wo ist mein Paket?")]
    for number, event in enumerate(events):
        await house.accept(world.event(event, f"e{number}", 0, world.person(f"guest-{number}")))
    found = await known(house)
    assert len(found) == 3
    assert all(one.journey is None for one in found.values())
    assert journeys.asked == []


async def test_the_journeys_of_a_whole_batch_are_one_look(house: House, journeys: CountingJourneys) -> None:
    await house.buy("1", buyer=ANNA)
    places = [await house.meet("anna", "1"), await house.meet("anna.ig", "1", channel="instagram")]
    await house.meet("bert")
    await house.turns()
    journeys.asked.clear()
    await house.buy("1", "delivered", buyer=ANNA)
    await house.say("hallo", "bert")
    found = await known(house)
    assert [sorted(one) for one in journeys.asked] == [sorted(places)]
    assert {who for who, one in found.items() if one.journey is not None} == {"anna", "anna.ig"}
    assert [order.id for order in found["anna"].orders] == ["1"]


async def test_a_chat_whose_state_cannot_be_read_harms_no_other(house: House) -> None:
    for who in ("anna", "bert"):
        await house.meet(who)
        await house.say("hallo", who)
    await house.spoil("anna")
    assert await take_turns(house.app) == 2
    [row] = await house.outbox()
    assert row.conversation_id == (await house.conversation("bert")).id
    assert (await house.conversation("anna")).attempts == 1
    assert house.counted("nachklang_turns_total", outcome="failed") == 1
