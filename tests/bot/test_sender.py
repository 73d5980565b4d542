"""The sender: one claimed message in, one settlement out; everything is decided at sending time."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sender import backoff, judge
from dialogs.channel import Capabilities, Rate
from dialogs.messages import Outgoing, Template, Text
from integrations.base import (
    Malformed,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
    Uncertain,
    Unreachable,
    WindowClosed,
)
from persistence.outbox import Outbound, Settlement
from persistence.tables import NoticeRow
from persistence.turns import Spoken
from tests.bot.conftest import MakeHouse
from tests.bot.fakes import LIKE, FakeChannel
from tests.bot.house import House
from tests.persistence import world
from tests.persistence.world import T0

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEMPLATE = Template("nachklang_rating", "de", ("Anna",))
SECOND = timedelta(seconds=1)


def outbound(**changes: Any) -> Outbound:
    """A message of the bot to somebody who has just written."""
    usual: dict[str, Any] = {
        "id": 1,
        "conversation_id": 1,
        "channel": "whatsapp",
        "account": "shop",
        "address": "anna",
        "speaker": "bot",
        "proactive": False,
        "outgoing": Outgoing("text", "Hallo"),
        "attempts": 1,
        "created_at": T0,
        "expires_at": None,
        "sending_at": T0,
        "doubtful": False,
        "leased_until": T0 + 30 * SECOND,
        "floor": "bot",
        "reachable": True,
        "heard_at": T0,
    }
    return Outbound(**(usual | changes))


def verdict(channel: str, after: timedelta = HOUR, **changes: Any) -> str:
    """What `judge` says: the fate, or in which form the message goes out."""
    said = judge(outbound(**changes), LIKE[channel], T0 + after)
    if isinstance(said, Settlement):
        return said.fate
    return "template" if said.template else "free"


WITH_TEMPLATE = Outgoing("text", "Hallo", template=TEMPLATE)


@pytest.mark.parametrize(
    ("channel", "after", "changes", "expected"),
    [
        # the window: open until its very end; templates only after it, and only where they exist
        ("whatsapp", DAY - SECOND, {}, "free"),
        ("whatsapp", DAY, {}, "parked"),
        ("whatsapp", DAY - SECOND, {"outgoing": WITH_TEMPLATE}, "free"),
        ("whatsapp", DAY, {"outgoing": WITH_TEMPLATE}, "template"),
        ("whatsapp", HOUR, {"heard_at": None}, "parked"),
        ("whatsapp", HOUR, {"heard_at": None, "outgoing": WITH_TEMPLATE}, "template"),
        ("instagram", DAY - SECOND, {}, "free"),
        ("instagram", DAY, {}, "parked"),
        ("instagram", DAY, {"outgoing": WITH_TEMPLATE}, "parked"),
        ("instagram", HOUR, {"heard_at": None}, "parked"),
        ("telegram", 400 * DAY, {}, "free"),
        ("telegram", HOUR, {"heard_at": None}, "free"),
        # a person may answer on Instagram for seven days
        ("instagram", DAY, {"speaker": "agent"}, "free"),
        ("instagram", 7 * DAY - SECOND, {"speaker": "agent"}, "free"),
        ("instagram", 7 * DAY, {"speaker": "agent"}, "parked"),
        ("whatsapp", DAY, {"speaker": "agent"}, "parked"),
        # the floor: a human's word silences the bot, not the human and not the notice of the hand-over
        ("whatsapp", HOUR, {"floor": "agent"}, "cancelled"),
        ("whatsapp", HOUR, {"floor": "agent", "speaker": "agent"}, "free"),
        ("whatsapp", HOUR, {"floor": "agent", "speaker": "notice"}, "free"),
        # what is no longer worth saying
        ("whatsapp", HOUR, {"expires_at": T0 + HOUR}, "expired"),
        ("whatsapp", HOUR, {"expires_at": T0 + HOUR + SECOND}, "free"),
        ("whatsapp", 2 * DAY, {"expires_at": T0 + HOUR, "floor": "agent"}, "expired"),
        # who blocked us
        ("telegram", HOUR, {"reachable": False}, "failed"),
        ("whatsapp", HOUR, {"reachable": False, "speaker": "agent"}, "failed"),
        # what may have gone out is found out about first, whatever holds now
        ("whatsapp", 2 * DAY, {"doubtful": True, "expires_at": T0 + HOUR, "floor": "agent"}, "free"),
        ("instagram", 2 * DAY, {"doubtful": True}, "free"),
    ],
)
def test_whether_and_how_a_message_goes_out(
    channel: str, after: timedelta, changes: dict[str, Any], expected: str
) -> None:
    assert verdict(channel, after, **changes) == expected


def moments() -> st.SearchStrategy[datetime]:
    return st.integers(-20 * 86_400, 20 * 86_400).map(lambda seconds: T0 + seconds * SECOND)


@st.composite
def outbounds(draw: st.DrawFn) -> Outbound:
    return outbound(
        speaker=draw(st.sampled_from(["bot", "agent", "notice"])),
        floor=draw(st.sampled_from(["bot", "agent", "phone"])),
        outgoing=draw(st.sampled_from([WITH_TEMPLATE, Outgoing("text", "Hallo")])),
        expires_at=draw(st.none() | moments()),
        heard_at=draw(st.none() | moments()),
        reachable=draw(st.booleans()),
        doubtful=draw(st.booleans()),
    )


@given(outbounds(), st.sampled_from(sorted(LIKE)), moments())
def test_no_rule_of_a_platform_or_of_the_floor_is_ever_broken(
    row: Outbound, channel: str, now: datetime
) -> None:
    capabilities = LIKE[channel]
    said = judge(row, capabilities, now)
    if isinstance(said, Settlement):
        assert said.fate in {"expired", "cancelled", "failed", "parked"}
        assert said.row is row
        return
    assert row.reachable
    if row.doubtful:
        return
    assert row.expires_at is None or row.expires_at > now
    assert row.floor == "bot" or row.speaker != "bot"
    span = capabilities.window
    is_open = span is None or (row.heard_at is not None and now < row.heard_at + span)
    if said.template is not None:
        assert capabilities.templates
        assert not is_open
    else:
        late = row.speaker == "agent" and capabilities.agent_window
        assert is_open or (late and row.heard_at is not None and now < row.heard_at + late)
    assert replace(said, template=row.outgoing.template) == row.outgoing


@given(outbounds(), st.sampled_from(sorted(LIKE)), moments(), st.integers(0, 10**6))
def test_time_alone_never_opens_what_was_closed(
    row: Outbound, channel: str, now: datetime, more: int
) -> None:
    first, later = (judge(row, LIKE[channel], moment) for moment in (now, now + more * SECOND))
    if isinstance(first, Settlement):
        assert isinstance(later, Settlement)


@given(st.integers(1, 1000))
def test_pauses_double_between_bounds_and_are_never_the_same_for_all(attempts: int) -> None:
    longest = min(2 ** (attempts - 1), 300)
    pause = backoff(attempts).total_seconds()
    assert longest / 2 <= pause <= longest


def test_pauses_are_spread() -> None:
    assert len({backoff(9) for _ in range(20)}) > 1


# -- what the platform says


WAITING, FAILED = "waiting", "failed"


@pytest.mark.parametrize(
    ("error", "fate", "pause", "counts"),
    [
        (Unavailable("busy", code="2"), WAITING, (0.5, 1.0), True),
        (Throttled("too fast", after=7, person=True, code="131056"), WAITING, (7, 7), False),
        (Throttled("too fast", after=30, code="130429"), WAITING, (30, 30), False),
        (Unauthorized("token", code="190"), WAITING, (60, 60), False),
        (WindowClosed("24 h", code="131047"), "parked", None, True),
        (Unreachable("blocked", code="131026"), FAILED, None, True),
        (Refused("too long", code="100"), FAILED, None, True),
        (Malformed("not JSON"), FAILED, None, True),
        (Uncertain("timed out"), "unknown", (45, 45), True),
        (KeyError("a slip of our own"), "unknown", (45, 45), True),
    ],
)
async def test_what_an_error_means(
    house: House, error: Exception, fate: str, pause: tuple[float, float] | None, counts: bool
) -> None:
    await house.speak("Hallo")
    house.channel.then(error)
    settlement = await house.send_head()
    [row] = await house.outbox()
    assert (settlement.fate, row.status) == (fate, fate)
    assert row.code == getattr(error, "code", None)
    assert row.attempts == int(counts)
    if pause is not None:
        assert pause[0] <= (row.due_at - house.clock()).total_seconds() <= pause[1]
        house.clock.to((row.due_at - T0).total_seconds())
        if fate == "unknown":
            house.later(1)
        assert [one.fate for one in await house.send()][-1:] == ["sent"]
    assert house.counted("nachklang_messages_total", channel="whatsapp", fate=fate) == 1


async def test_what_the_platform_said_is_kept_and_failures_are_told(house: House) -> None:
    await house.speak("Hallo")
    house.channel.then(Refused("the template does not exist", code="132001"))
    await house.send_head()
    [row] = await house.outbox()
    assert (row.code, row.detail) == ("132001", "the template does not exist")
    [notice] = await house.rows(NoticeRow)
    assert notice.topic == "message_failed"
    assert orjson.loads(notice.detail) == {
        "message": str(row.id), "code": "132001", "why": "the template does not exist",
    }  # fmt: skip


async def test_a_message_that_is_held_for_a_check_says_so(house: House) -> None:
    house.channel.held = True
    await house.speak("Hallo")
    await house.send_head()
    [row] = await house.outbox()
    assert (row.status, row.external_id) == ("sent", "m1")
    assert "quality check" in row.detail


async def test_it_is_tried_so_often_and_then_given_up_with_a_notice(house: House) -> None:
    tries = house.app.config.settings.sending.tries
    house.channel.then(*[Unavailable("busy")] * 100)
    await house.speak("eins", "zwei")
    for _ in range(tries):
        assert (await house.send_head()).fate in {"waiting", "failed"}
        house.later(301)
    assert house.channel.tries == tries
    first, second = await house.outbox()
    assert (first.status, second.status) == ("failed", "waiting")
    assert f"given up after {tries} tries" in first.detail
    assert await house.notices() == ["message_failed"]


@pytest.mark.parametrize(("speaker", "tagged"), [("agent", True), ("bot", False)])
async def test_a_persons_late_answer_carries_the_tag(
    make_house: MakeHouse, speaker: str, tagged: bool
) -> None:
    house = make_house(FakeChannel(capabilities=LIKE["instagram"]))
    await house.speak("Hallo", speaker=speaker)
    house.later(2 * 86_400)
    settlement = await house.send_head()
    assert settlement.fate == ("sent" if tagged else "parked")
    assert [one.agent_tag for one in house.channel.sent] == [True] * tagged


async def test_an_answer_within_the_window_needs_no_tag(make_house: MakeHouse) -> None:
    house = make_house(FakeChannel(capabilities=LIKE["instagram"]))
    await house.speak("Hallo", speaker="agent")
    await house.send_head()
    assert [one.agent_tag for one in house.channel.sent] == [False]


async def test_after_the_window_the_template_goes_out_instead(house: House) -> None:
    await house.accept(world.event(Text("hi"), "hi", 0))
    house.later(5)
    [turn] = await house.app.store.turns.claim(house.clock(), 1)
    spoken = Spoken(Outgoing("text", "Wie zufrieden?", template=TEMPLATE), proactive=True)
    assert await house.app.store.turns.commit(world.outcome(turn, 5, spoken))
    house.later(3 * 86_400)
    assert (await house.send_head()).fate == "sent"
    [sent] = house.channel.sent
    assert sent.outgoing.template == TEMPLATE
    assert not sent.agent_tag


async def test_what_is_parked_goes_out_after_the_answer_once_the_person_writes(make_house: MakeHouse) -> None:
    house = make_house(FakeChannel(capabilities=LIKE["instagram"]))
    await house.speak("Wie zufrieden bist du?")
    house.later(2 * 86_400)
    assert (await house.send_head()).fate == "parked"
    await house.answer("wie pflege ich die mühle?")
    assert len(house.channel.sent) == 2
    assert house.channel.texts[1] == "Wie zufrieden bist du?"


# -- rates and rests


async def test_one_person_gets_45_at_once_and_then_one_in_six_seconds(make_house: MakeHouse) -> None:
    house = make_house(FakeChannel(capabilities=replace(LIKE["whatsapp"], settle=timedelta(0))))
    await house.speak(*(f"{number}" for number in range(48)))
    settled = await house.send()
    assert len(house.channel.sent) == 45
    assert (settled[-1].fate, settled[-1].due_at) == ("waiting", house.clock() + timedelta(seconds=6))
    [row] = [row for row in await house.outbox() if row.status == "waiting"][:1]
    assert (row.attempts, row.detail) == (0, "rate")
    house.later(5.9)
    assert await house.send() == []
    house.later(0.2)
    await house.send()
    assert len(house.channel.sent) == 46
    assert house.channel.texts == [f"{number}" for number in range(46)]


async def test_another_person_does_not_wait_for_somebody_elses_rate(make_house: MakeHouse) -> None:
    slow = Capabilities(text_limit=100, text_unit="characters", person_rate=Rate(timedelta(minutes=1), 1))
    house = make_house(FakeChannel(capabilities=slow))
    await house.speak("eins", "zwei")
    await house.speak("drei", who="bert")
    await house.send()
    assert sorted(house.channel.texts) == ["drei", "eins"]


async def test_waiting_for_the_accounts_rate_costs_the_person_nothing(make_house: MakeHouse) -> None:
    rates = Capabilities(
        text_limit=100,
        text_unit="characters",
        account_rate=Rate(timedelta(seconds=10), 1),
        person_rate=Rate(timedelta(hours=1), 2),
    )
    house = make_house(FakeChannel(capabilities=rates))
    await house.speak("eins")
    await house.speak("a", "b", who="bert")
    await house.send()
    for _ in range(4):  # bert's message is looked at again and again
        house.later(3)
        await house.send()
    house.later(20)
    await house.send()
    house.later(10)
    await house.send()
    assert house.channel.texts == ["eins", "a", "b"]


async def test_an_account_that_may_not_send_rests_and_its_owner_is_told_once(house: House) -> None:
    house.channel.then(*[Unauthorized("token", code="190")] * 3)
    await house.speak("eins")
    await house.speak("zwei", who="bert")
    await house.send()
    assert house.channel.tries == 1  # bert's message did not even try
    for _ in range(2):
        house.later(61)
        await house.send()
    await house.idle()
    assert await house.notices() == ["account_may_not_send"]
    [notice] = await house.rows(NoticeRow)
    assert orjson.loads(notice.detail) == {"channel": "whatsapp", "code": "190"}
    house.later(61)
    await house.send()
    assert sorted(house.channel.texts) == ["eins", "zwei"]
    # It had recovered: the next time is news again.
    house.channel.then(Unauthorized("token", code="190"))
    await house.speak("drei")
    house.later(10)
    await house.send()
    await house.idle()
    assert await house.notices() == ["account_may_not_send"] * 2


async def test_a_throttled_account_rests_as_a_whole_a_throttled_person_alone(make_house: MakeHouse) -> None:
    house = make_house(FakeChannel(capabilities=LIKE["telegram"]))
    house.channel.then(Throttled("this chat", after=20, person=True))
    await house.speak("eins")
    await house.speak("zwei", who="bert")
    await house.send()
    assert house.channel.texts == ["zwei"]
    house.channel.then(Throttled("everybody", after=50))
    await house.speak("drei", who="carla")
    await house.send()
    await house.speak("vier", who="dora")
    house.later(30)
    await house.send()
    assert house.channel.texts == ["zwei"]
    house.later(21)
    await house.send()
    assert sorted(house.channel.texts) == ["drei", "eins", "vier", "zwei"]


# -- order


async def test_a_message_never_overtakes_an_earlier_one(house: House) -> None:
    house.channel.then(Unavailable("busy"))
    await house.speak("eins", "zwei")
    await house.speak("drei", who="bert")
    await house.send()
    assert house.channel.texts == ["drei"]
    house.later(10)
    await house.send()
    house.later(10)
    await house.send()
    assert house.channel.texts == ["drei", "eins", "zwei"]


async def test_the_next_waits_until_the_last_is_delivered_or_three_seconds_have_passed(house: House) -> None:
    await house.speak("eins", "zwei", "drei")
    await house.send()
    assert house.channel.texts == ["eins"]
    await house.accept(world.mark("delivered", "s1", message_id="m1"))
    await house.lanes()
    await house.send()
    assert house.channel.texts == ["eins", "zwei"]
    house.later(2.9)
    assert await house.send() == []
    house.later(0.2)
    await house.send()
    assert house.channel.texts == ["eins", "zwei", "drei"]


async def test_every_message_carries_its_own_reference(house: House) -> None:
    await house.speak("eins")
    await house.speak("zwei", who="bert")
    await house.send()
    assert sorted(one.reference for one in house.channel.sent) == ["nk-1", "nk-2"]
