"""Erasure at the desk: what was done stays, what was said goes, and nobody has the conversation any more."""

from datetime import timedelta

from dialogs.handoff import Claimed
from dialogs.messages import Outgoing, Text
from dialogs.shop import PrivacyRequest
from persistence.desk_actions import Denied, usual
from persistence.desk_notes import Judgement, NewNote
from persistence.records import Effects, NewHandoff
from persistence.replies import Reply
from persistence.store import Store
from persistence.tables import Conversation, HandoffRow, InboxRow, OutboxRow
from persistence.tables_desk import (
    AgentNoteRow,
    AlarmRow,
    ConversationLabelRow,
    DeskEventRow,
    DraftRow,
    PresenceRow,
)
from tests.persistence.world import accept, answer, at, chats, event, only, rows, shop


async def test_of_the_desk_only_what_was_done_stays(store: Store) -> None:
    [place] = await chats(store, "anna")
    handoff = NewHandoff("angry", ("secret",), 1, at(60))
    await accept(store, event(Text("secret words"), "s1", 1))
    await answer(store, 1, effects=Effects(handoff=handoff))
    key = "secret key"
    await store.desk.act(place, Claimed(7), "account:7", usual(at(2)), reason="secret reason")
    reply = Reply(7, "secret typed ", (Outgoing("text", "secret reply"),), "now", at(9), key)
    await store.replies.say(place, reply, usual(at(3)))
    await store.notes.add(place, NewNote(7, "secret note", (8,), "n"), at(4))
    [words] = [row for row in await rows(store, InboxRow) if "secret" in row.event]
    judged = Judgement(7, words.id, "complaint", "negative", handoff=True)
    assert await store.notes.correct(place, judged, at(4))
    await store.drafts.save(place, 8, "secret draft", at(4))
    await store.presence.see(place, 8, at(4))
    label = await store.labels.save("secret label")
    assert label is not None
    await store.labels.put([place], label, "account:7", at(4))

    await shop(store, PrivacyRequest("redact", "c1", None, None), now=5)

    for model in (AgentNoteRow, DraftRow, PresenceRow, ConversationLabelRow, AlarmRow):
        assert await rows(store, model) == []
    events = await rows(store, DeskEventRow)
    assert [row.kind for row in events] == ["escalated", "claimed", "replied", "corrected", "labelled"]
    assert {(row.reason, row.detail) for row in events} == {("", "{}")}
    assert (await only(store, HandoffRow)).corrected == ""
    assert {row.status for row in await rows(store, OutboxRow)} == {"cancelled"}
    conversation = await only(store, Conversation)
    assert (conversation.status, conversation.floor, conversation.assignee_id) == ("erased", "bot", None)
    assert (conversation.answer_by, conversation.desk_due_at, conversation.priority) == (None, None, 0)
    # Nothing that an agent still has open brings anything back.
    later = usual(at(9) + timedelta(hours=30))
    assert await store.replies.say(place, reply, later) == Denied("closed")
    assert await store.replies.address(place) is None
    assert await store.replies.unsay(place, 7, events[2].id, usual(at(5))) is None
    assert await store.labels.put([place], label, "account:7", at(6)) == 0
    assert await store.desk.look(later) == 0
