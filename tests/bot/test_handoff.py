"""The desk's verbs on a whole application: what agents do, and what the buyer gets of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, get_args

import orjson
import pytest

from bot import handoff as desk
from bot.handoff import Denied, Done, Right, Said, right_of
from bot.media import MediaRef
from bot.scheduler import look_after_desk
from dialogs.messages import Picture, Template, ThreadControl
from integrations.base import Malformed
from persistence.replies import Goes
from persistence.tables import Conversation, CorrectionRow, HandoffRow, InboxRow
from persistence.tables_desk import AgentNoteRow, AlarmRow, DeskEventRow
from tests.bot.conftest import MakeHouse
from tests.bot.fakes import LIKE, FakeChannel
from tests.bot.house import House
from tests.bot.people import make_account
from tests.persistence import world

HOUR = 3600.0


async def case(house: House, words: str = "ich will einen Menschen sprechen") -> int:
    """Anna wants a human; what she is told has gone out."""
    await house.answer(words)
    conversation = await house.conversation()
    assert (conversation.status, conversation.floor) == ("waiting", "agent")
    return int(conversation.id)


async def said(house: House, place: int, text: str = "Hallo Anna", by: int = 7, **more: Any) -> Said:
    done = await desk.say(house.app, place, by, text=text, key=more.pop("key", text), **more)
    assert isinstance(done, Said)
    return done


async def test_a_case_is_taken_answered_and_solved(house: House) -> None:
    place = await case(house)
    told = len(house.channel.sent)
    taken = await desk.claim(house.app, place, 7)
    assert isinstance(taken, Done)
    assert (taken.thread.assignee, taken.changed) == (7, True)
    assert await desk.claim(house.app, place, 8) == Denied("taken", 7)
    done = await said(house, place)
    assert (done.goes, done.undo_until) == ("now", house.clock() + timedelta(seconds=5))
    assert await house.send() == []
    house.later(5)
    await house.send()
    assert house.channel.texts[told:] == ["Hallo Anna"]
    await house.say("danke, das hat geholfen")
    await house.turns()
    assert await house.send() == []  # the bot keeps quiet
    assert (await house.conversation()).status == "agent"
    solved = await desk.resolve(house.app, place, 7, cause="user_error", reason="am Telefon geklärt")
    assert isinstance(solved, Done)
    assert (await house.conversation()).status == "resolved"
    row = await world.only(house.app.store, HandoffRow)
    assert (row.cause, row.resolved_by) == ("user_error", "account:7")
    event = (await house.rows(DeskEventRow))[-1]
    assert (event.kind, event.reason, orjson.loads(event.detail)) == (
        "resolved",
        "am Telefon geklärt",
        {"via": "page", "cause": "user_error"},
    )
    await house.turns()
    house.later(5)
    await house.answer("habt ihr einen tipp?")
    assert len(house.channel.texts) > told + 1  # the bot speaks again
    assert (await house.conversation()).status == "bot"


async def test_every_verb_may_be_refused(house: House) -> None:
    app, later = house.app, house.clock() + timedelta(hours=1)
    for done in (
        await desk.claim(app, 77, 7),
        await desk.assign(app, 77, 7, to=8, team=None),
        await desk.release(app, 77, 7),
        await desk.snooze(app, 77, 7, later),
        await desk.prioritise(app, 77, 7, 1),
        await desk.resolve(app, 77, 7, cause=""),
        await desk.hand_back(app, 77, 7),
        await desk.say(app, 77, 7, text="x", key="x"),
    ):
        assert done == Denied("unknown")
    assert await desk.unsay(app, 77, 7, 1) is None
    assert not await desk.retry(app, 77, 7, 1)
    assert await desk.right(app, 77) == Right("closed", None, "closed", templates=False, reachable=False)
    with pytest.raises(LookupError, match="no conversation 77"):
        await desk.note(app, 77, 7, "x", key="x")


async def test_a_thread_goes_from_hand_to_hand(house: House) -> None:
    place, app = await case(house), house.app
    tomorrow = house.clock() + timedelta(hours=20)
    for done, status in (
        (await desk.assign(app, place, 7, to=8, team=None, via="telegram"), "agent"),
        (await desk.snooze(app, place, 8, tomorrow), "snoozed"),
        (await desk.prioritise(app, place, 8, 2), "snoozed"),
        (await desk.release(app, place, 8, reason="Feierabend"), "waiting"),
        (await desk.hand_back(app, place, 7), "bot"),
    ):
        assert isinstance(done, Done)
        assert done.thread.status == status
    assert [orjson.loads(row.detail)["via"] for row in (await house.rows(DeskEventRow))[1:]] == [
        "telegram",
        *["page"] * 4,
    ]
    assert await desk.snooze(app, place, 7, tomorrow) == Denied("not_here")


async def test_what_was_said_can_be_taken_back_for_a_moment(house: House) -> None:
    place = await case(house)
    told = len(house.channel.sent)
    done = await said(house, place, "Hallo Ana")
    house.later(4.9)
    assert await desk.unsay(house.app, place, 7, done.event_id) == "Hallo Ana"
    assert await house.app.store.drafts.get(place, 7) == "Hallo Ana"
    house.later(60)
    await house.send()
    assert len(house.channel.sent) == told
    assert (await house.conversation()).status == "agent"
    late = await said(house, place, "Hallo Anna")
    house.later(5)
    assert await desk.unsay(house.app, place, 7, late.event_id) is None


async def test_the_same_key_says_it_once(house: House) -> None:
    place = await case(house)
    first = await said(house, place, "Hallo", key="k")
    assert await said(house, place, "Hallo", key="k") == first
    assert len(await house.outbox(speaker="agent")) == 1


async def test_long_words_are_put_apart_and_not_one_is_changed(make_house: MakeHouse) -> None:
    house = make_house(FakeChannel("whatsapp", capabilities=LIKE["instagram"]))
    place = await case(house)
    told = len(house.channel.sent)
    words = " ".join(f"Wort{number} {{name}} *so*" for number in range(120))
    done = await said(house, place, words, undo=timedelta(0))
    assert len(done.outbox_ids) > 1
    await house.send()
    assert " ".join(house.channel.texts[told:]) == words


async def test_a_file_goes_with_its_words_and_nothing_is_no_message(house: House) -> None:
    place = await case(house)
    told = len(house.channel.sent)
    one = MediaRef(1, "https://shop.example/media/1", "image", "image/png")
    other = Picture("image", "https://shop.example/media/2", "Die Mühle von vorn")
    await said(house, place, "So sieht es aus", media=(one, other), undo=timedelta(0))
    rows = await house.outbox(speaker="agent")
    assert [orjson.loads(row.outgoing)["picture"]["url"][-1] for row in rows] == ["1", "2"]
    assert orjson.loads(rows[1].outgoing)["text"] == "So sieht es aus"
    assert orjson.loads(rows[1].outgoing)["picture"]["alt"] == "Die Mühle von vorn"
    with pytest.raises(ValueError, match="nothing to say"):
        await desk.say(house.app, place, 7, text=" \n", key="empty")
    assert len(house.channel.sent) == told


@pytest.mark.parametrize(
    ("channel", "hours", "template", "goes", "fate"),
    [
        ("whatsapp", 23, None, "now", "sent"),
        ("whatsapp", 25, None, "when_buyer_writes", "parked"),
        ("whatsapp", 25, Template("hallo", "de", ("Anna",)), "template", "sent"),
        ("whatsapp", 23, Template("hallo", "de", ("Anna",)), "now", "sent"),
        ("instagram", 25, None, "human_tag", "sent"),
        ("instagram", 24 * 8, None, "when_buyer_writes", "parked"),
        ("telegram", 24 * 99, None, "now", "sent"),
    ],
)
async def test_how_it_goes_out_is_told_before(
    make_house: MakeHouse, channel: str, hours: float, template: Template | None, goes: Goes, fate: str
) -> None:
    house = make_house(FakeChannel("whatsapp", capabilities=LIKE[channel]))
    place = await case(house)
    house.later(hours * HOUR)
    done = await said(house, place, template=template, undo=timedelta(0))
    assert done.goes == goes
    assert [one.fate for one in await house.send()] == [fate]
    if fate == "sent":
        assert (house.channel.sent[-1].outgoing.template is not None) == (goes == "template")


async def test_what_is_parked_goes_out_when_the_buyer_writes(house: House) -> None:
    place = await case(house)
    house.later(25 * HOUR)
    await said(house, place, "Guten Morgen")
    house.later(5)
    await house.send()
    await house.say("hallo?")
    await house.turns()
    await house.send()
    assert house.channel.texts[-1] == "Guten Morgen"


def test_every_way_is_known() -> None:
    assert set(desk._GOES.values()) == set(get_args(Goes))


@pytest.mark.parametrize(
    ("channel", "hours", "way", "until", "then"),
    [
        ("whatsapp", 1, "free", 24, "template"),
        ("whatsapp", 24, "template", None, "template"),
        ("whatsapp", None, "template", None, "template"),
        ("instagram", 1, "free", 24, "human_tag"),
        ("instagram", 24, "human_tag", 168, "closed"),
        ("instagram", 168, "closed", None, "closed"),
        ("telegram", 999, "free", None, "free"),
    ],
)
def test_what_may_be_written_and_until_when(
    channel: str, hours: float | None, way: Any, until: float | None, then: Any
) -> None:
    heard_at = None if hours is None else world.T0
    right = right_of(LIKE[channel], heard_at, world.at((hours or 0) * HOUR), reachable=True)
    ends = None if until is None else world.at(until * HOUR)
    assert right == Right(way, ends, then, templates=channel == "whatsapp", reachable=True)


async def test_the_right_of_a_conversation(house: House) -> None:
    place = await case(house)
    right = await desk.right(house.app, place)
    assert (right.way, right.until) == ("free", house.clock() + timedelta(hours=24))


async def test_what_failed_alarms_and_can_be_sent_again(house: House) -> None:
    place = await case(house)
    done = await said(house, place, undo=timedelta(0))
    house.channel.then(Malformed("the number has no WhatsApp", code="131026"))
    assert (await house.send_head()).fate == "failed"
    assert (await world.only(house.app.store, AlarmRow)).kind == "failed"
    [message] = done.outbox_ids
    assert await desk.retry(house.app, place, 7, message)
    assert not await desk.retry(house.app, place, 7, message)
    assert (await house.send_head()).fate == "sent"
    assert house.channel.texts[-1] == "Hallo Anna"


async def test_notes_stay_in_the_house_and_call_whom_they_mention(house: House) -> None:
    place = await case(house)
    told = len(house.channel.sent)
    olga = await make_account(house.app.store, "owner", now=house.clock())
    anton = await make_account(house.app.store, "agent", now=house.clock())
    first = await desk.note(house.app, place, anton.id, "@Olga Owner und @anton: schaut mal", key="n")
    assert await desk.note(house.app, place, anton.id, "@Olga Owner", key="n") == first
    [note] = await house.rows(AgentNoteRow)
    assert (note.author, orjson.loads(note.mentions)) == (f"account:{anton.id}", [olga.id])
    [alarm] = await house.rows(AlarmRow)
    assert (alarm.kind, orjson.loads(alarm.detail)["account"]) == ("mention", olga.id)
    house.later(60)
    await house.send()
    assert len(house.channel.sent) == told


async def test_a_judgement_is_kept(house: House) -> None:
    place = await case(house)
    [message] = await house.rows(InboxRow, kind="text")
    assert await desk.correct(
        house.app, place, 7, message.id, intent="care_tip", mood="neutral", handoff=False
    )
    [correction] = await house.rows(CorrectionRow)
    assert (correction.intent, correction.handoff, correction.by) == ("care_tip", False, "account:7")
    assert not await desk.correct(house.app, place, 7, 999, intent="care_tip", mood="neutral", handoff=False)


# -- the owner's phone, and the clock


async def test_the_phone_has_the_floor_until_it_is_quiet(house: House) -> None:
    await house.speak("eins", "zwei")
    await house.accept(world.echo("typed", 1, "Moment, ich schaue selbst nach"))
    await house.turns()
    assert (await house.conversation()).floor == "phone"
    assert await house.send() == []
    house.later(12 * HOUR + 1)
    assert await look_after_desk(house.app) == 1
    assert (await house.conversation()).floor == "bot"
    assert await look_after_desk(house.app) == 0
    [event] = await house.rows(InboxRow, kind="handed_back")
    assert orjson.loads(event.event)["reason"] == "phone_quiet"
    await house.turns()
    await house.say("hallo")
    assert await house.turns() == 1
    assert await house.send()


async def test_another_app_that_gives_back_what_it_had(house: House) -> None:
    await house.answer()
    await house.accept(world.event(ThreadControl("taken", ours=False), "c1", 1))
    await house.turns()
    assert (await house.conversation()).floor == "phone"
    await house.accept(world.event(ThreadControl("given", ours=True), "c2", 2))
    await house.turns()
    assert (await house.conversation()).floor == "bot"


async def test_another_app_cannot_give_back_what_an_agent_has(house: House) -> None:
    place = await case(house)
    await desk.claim(house.app, place, 7)
    await house.accept(world.event(ThreadControl("given", ours=True), "c2", 2))
    await house.turns()
    conversation = await house.conversation()
    assert (conversation.floor, conversation.assignee_id) == ("agent", 7)


@pytest.mark.parametrize(
    ("settings", "lead", "quiet"),
    [({}, 1800, 12 * HOUR), ({"alarm_minutes": 5, "quiet_hours": 2}, 300, 2 * HOUR)],
)
async def test_the_settings_decide(
    make_house: MakeHouse, settings: Mapping[str, object], lead: float, quiet: float
) -> None:
    house = make_house(desk=dict(settings))
    place = await case(house)
    conversation = await world.only(house.app.store, Conversation)
    assert conversation.desk_due_at == conversation.answer_by - timedelta(seconds=lead)
    await said(house, place)
    conversation = await world.only(house.app.store, Conversation)
    assert conversation.quiet_at == house.clock() + timedelta(seconds=quiet)


async def test_a_goal_counts_in_opening_hours(house: House) -> None:
    place = await case(house)  # a Sunday noon: nobody is there before Monday at nine
    await said(house, place)
    house.later(60)
    await house.say("und jetzt?")
    await house.turns()
    answer_by = (await house.conversation()).answer_by
    assert answer_by.astimezone(house.app.config.settings.brand.zone).strftime("%a %H:%M") == "Mon 11:00"


async def test_a_broken_promise_is_owned_up_to_once(house: House) -> None:
    await case(house)
    told = len(house.channel.sent)
    promised = (await house.conversation()).answer_by
    house.later((promised - house.clock()).total_seconds())
    await look_after_desk(house.app)
    assert [row.kind for row in await house.rows(AlarmRow)] == ["broken"]
    await house.turns()
    await house.send()
    assert len(house.channel.sent) == told + 1
    conversation = await house.conversation()
    assert (conversation.floor, conversation.priority) == ("agent", 2)
    assert conversation.answer_by > promised  # the new time is owed, with alarms of its own
    house.later((conversation.answer_by - house.clock()).total_seconds())
    await look_after_desk(house.app)
    assert await house.turns() == 0
    assert [row.kind for row in await house.rows(AlarmRow)] == ["broken", "broken"]
