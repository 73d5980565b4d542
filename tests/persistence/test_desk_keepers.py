"""What agents work with: teams, labels, filters, drafts, who is where, notes and judgements."""

import orjson

from dialogs.messages import Media, Text
from persistence.desk_notes import Judgement, NewNote
from persistence.desk_queue import Viewer
from persistence.labels import Label
from persistence.records import Effects, NewHandoff
from persistence.store import Store
from persistence.tables import Conversation, CorrectionRow, HandoffRow, InboxRow
from persistence.tables_desk import AgentNoteRow, AlarmRow, DeskEventRow
from tests.persistence.world import accept, answer, at, change, event, only, rows, turn_of


async def test_teams_have_members_and_kinds_of_cases_of_their_own(store: Store) -> None:
    first = await store.teams.save(" Rösterei ", ["defect", "wrong_item", "defect"], [8, 7, 7])
    second = await store.teams.save("Versand", ["late_parcel", "defect"], [])
    assert first is not None
    assert await store.teams.save("Versand", [], []) is None
    assert await store.teams.save("x", [], [], team_id=99) is None
    assert [(one.name, one.reasons, one.members) for one in await store.teams.all()] == [
        ("Rösterei", ("wrong_item",), (7, 8)),
        ("Versand", ("late_parcel", "defect"), ()),
    ]
    assert await store.teams.save("Bohnen", ["defect"], [9], team_id=first) == first
    assert [(one.id, one.reasons, one.members) for one in await store.teams.all()] == [
        (first, ("defect",), (9,)),
        (second, ("late_parcel",), ()),
    ]
    await store.teams.delete(first)
    assert [one.id for one in await store.teams.all()] == [second]


async def test_labels_are_put_on_and_taken_off_and_told(store: Store) -> None:
    anna = (await answer(store, 0)).conversation_id
    bert = (await turn_of(store, 1, "bert")).conversation_id
    label = await store.labels.save("VIP", "gold")
    assert label is not None
    assert await store.labels.save("VIP") is None
    assert await store.labels.save("x", label_id=99) is None
    assert await store.labels.save("Stammkunde", "green", label_id=label) == label
    assert await store.labels.all() == (Label(label, "Stammkunde", "green"),)
    assert await store.labels.put([anna, bert, 99], label, "account:7", at(2)) == 2
    assert await store.labels.put([anna], label, "account:7", at(3)) == 0
    assert await store.labels.put([anna], 99, "account:7", at(3)) == 0
    assert await store.labels.of([anna, bert, 99]) == {anna: (label,), bert: (label,)}
    assert await store.labels.take([anna, 99], label, "account:8", at(4)) == 1
    assert [(row.kind, row.actor, row.conversation_id) for row in await rows(store, DeskEventRow)] == [
        ("labelled", "account:7", anna),
        ("labelled", "account:7", bert),
        ("unlabelled", "account:8", anna),
    ]
    await store.labels.delete(label)
    assert await store.labels.of([anna, bert]) == {}
    assert await store.labels.all() == ()


async def test_filters_are_ones_own_or_everybodys(store: Store) -> None:
    mine = await store.filters.save("Mine", "tab=mine", 7)
    shared = await store.filters.save(" Dringend ", "priority=2", None)
    assert await store.filters.save("Mine", "tab=mine&label=1", 7) == mine
    assert await store.filters.save("Mine", "tab=all", 8) != mine
    assert [(one.name, one.query, one.account) for one in await store.filters.of(7)] == [
        ("Dringend", "priority=2", None),
        ("Mine", "tab=mine&label=1", 7),
    ]
    assert not await store.filters.delete(mine, 8)
    assert not await store.filters.delete(shared, 7)
    assert await store.filters.delete(shared, 7, owner=True)
    assert await store.filters.delete(mine, 7)
    assert await store.filters.of(7) == ()


async def test_drafts_are_kept_by_conversation_and_agent(store: Store) -> None:
    await store.drafts.save(1, 7, "Hal", at(0))
    await store.drafts.save(1, 7, "Hallo\nAnna", at(1))
    await store.drafts.save(1, 8, "anders", at(1))
    assert (await store.drafts.get(1, 7), await store.drafts.get(1, 8)) == ("Hallo\nAnna", "anders")
    await store.drafts.save(1, 7, " \n", at(2))
    assert (await store.drafts.get(1, 7), await store.drafts.get(2, 8)) == ("", "")


async def test_who_is_where_and_types(store: Store) -> None:
    await store.presence.see(1, 7, at(0), typing=True)
    await store.presence.see(1, 8, at(10))
    await store.presence.see(2, 9, at(10))
    assert await store.presence.who([1, 2, 3], at(11)) == {
        1: (Viewer(7, typing=True), Viewer(8)),
        2: (Viewer(9),),
    }
    assert await store.presence.who([1], at(20)) == {1: (Viewer(7), Viewer(8))}
    assert await store.presence.who([1], at(30)) == {1: (Viewer(8),)}
    await store.presence.leave(1, 8)
    assert await store.presence.who([1], at(30)) == {}


async def test_a_note_is_kept_once_and_alarms_whom_it_mentions(store: Store) -> None:
    place = (await answer(store, 0)).conversation_id
    note = NewNote(7, "@Ömer schau mal", (8, 9), "k")
    first = await store.notes.add(place, note, at(1))
    assert first is not None
    assert await store.notes.add(place, note, at(2)) == first
    row = await only(store, AgentNoteRow)
    assert (row.author, row.text, row.mentions, row.at) == ("account:7", "@Ömer schau mal", "[8,9]", at(1))
    assert [(one.kind, orjson.loads(one.detail)["account"]) for one in await rows(store, AlarmRow)] == [
        ("mention", 8),
        ("mention", 9),
    ]
    assert await store.notes.add(99, note, at(3)) is None
    await change(store, Conversation, status="erased")
    assert await store.notes.add(place, NewNote(7, "x", (), "k2"), at(3)) is None


async def test_a_judgement_is_learnt_from_and_stands_in_the_case(store: Store) -> None:
    await accept(store, event(Text("Die Kanne tropft"), "m1"), event(Media((), "so sieht es aus"), "m2", 1))
    place = (await answer(store, 2, effects=Effects(handoff=NewHandoff("angry")))).conversation_id
    text, media, _ = await rows(store, InboxRow)
    judged = Judgement(7, text.id, "complaint", "negative", handoff=True)
    assert await store.notes.correct(place, judged, at(3))
    assert await store.notes.correct(
        place, Judgement(7, media.id, "complaint", "neutral", handoff=False), at(4)
    )
    assert [(row.text, row.by, row.inbox_id) for row in await rows(store, CorrectionRow)] == [
        ("Die Kanne tropft", "account:7", text.id),
        ("so sieht es aus", "account:7", media.id),
    ]
    corrected = orjson.loads((await only(store, HandoffRow)).corrected)
    assert corrected == {"intent": "complaint", "mood": "neutral", "handoff": False, "by": "account:7"}
    assert [row.kind for row in await rows(store, DeskEventRow)] == ["escalated", "corrected", "corrected"]
    assert not await store.notes.correct(place + 1, judged, at(5))
    assert not await store.notes.correct(
        place, Judgement(7, 99, "complaint", "negative", handoff=True), at(5)
    )


async def test_words_that_are_gone_teach_nothing(store: Store) -> None:
    place = (await answer(store, 0)).conversation_id
    [row] = await rows(store, InboxRow)
    await change(store, InboxRow, event='{"text":"","kind":"text"}')
    assert not await store.notes.correct(
        place, Judgement(7, row.id, "thanks", "neutral", handoff=False), at(1)
    )
