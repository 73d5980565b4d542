"""Agents in the machine that plays the house: they take, give, answer and take back while all goes on."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from dialogs.handoff import (
    Action,
    Assigned,
    Claimed,
    Refusal,
    Released,
    Replied,
    Resolved,
    Returned,
    Snoozed,
    Thread,
)
from dialogs.messages import Outgoing
from persistence.desk_actions import Denied, Done
from persistence.replies import Reply, Said
from tests.persistence.house import WORKERS, House
from tests.persistence.house_model import Message, Talk
from tests.persistence.world import T0

AGENTS = (7, 8)
UNDO = 5


def somebody_is_known(house: House) -> bool:
    """There is a conversation to act in."""
    return any(talk.id for talk in house.talks.values())


class DeskHouse(House):
    """The house with two agents at its desk."""

    def somebody(self, data: st.DataObject) -> Talk:
        """One of the conversations."""
        return data.draw(st.sampled_from([talk for talk in self.talks.values() if talk.id]))

    @precondition(somebody_is_known)
    @rule(
        worker=WORKERS,
        data=st.data(),
        by=st.sampled_from(AGENTS),
        what=st.sampled_from(("claim", "over", "give", "queue", "release", "snooze", "solve", "back")),
    )
    def act(self, worker: int, data: st.DataObject, by: int, what: str) -> None:
        talk = self.somebody(data)
        actions: dict[str, Action] = {
            "claim": Claimed(by),
            "over": Claimed(by, over=True),
            "give": Assigned(to=by),
            "queue": Assigned(),
            "release": Released(),
            "snooze": Snoozed(self.moment + timedelta(seconds=20)),
            "solve": Resolved(),
            "back": Returned(),
        }
        action = actions[what]
        desk = self.workers[worker].desk
        done = self.run(desk.act(talk.id, action, f"account:{by}", self.times))
        result = self.change(talk, action)
        if isinstance(result, Refusal):
            assert done == Denied(result.why, result.holder)
        else:
            assert isinstance(done, Done)
            assert done.thread == result.thread
            assert (done.event_id is not None) == bool(result.happened)
        self.hear_from_the_desk()

    @precondition(somebody_is_known)
    @rule(
        worker=WORKERS,
        data=st.data(),
        by=st.sampled_from(AGENTS),
        parts=st.integers(1, 2),
        twice=st.booleans(),
    )
    def reply(self, worker: int, data: st.DataObject, by: int, parts: int, twice: bool) -> None:
        talk = self.somebody(data)
        words = [f"agent {next(self.counter)}" for _ in range(parts)]
        undo_until = self.now + UNDO
        messages = tuple(Outgoing("text", one) for one in words)
        moment = T0 + timedelta(seconds=undo_until)
        reply = Reply(by, " ".join(words), messages, "now", moment, words[0], over=False)
        said = self.run(self.workers[worker].replies.say(talk.id, reply, self.times))
        result = self.change(talk, Replied(by))
        if isinstance(result, Refusal):
            assert said == Denied(result.why, result.holder)
            return
        assert isinstance(said, Said)
        for row_id, one in zip(said.outbox_ids, words, strict=True):
            self.messages[row_id] = Message(
                row_id, talk.id, one, "agent", due=undo_until, event=said.event_id, undo_until=undo_until
            )
        if twice:
            again = self.run(self.workers[1 - worker].replies.say(talk.id, reply, self.times))
            assert again == said

    @precondition(lambda self: any(one.event for one in self.messages.values()))
    @rule(worker=WORKERS, by=st.sampled_from(AGENTS), data=st.data())
    def take_back(self, worker: int, by: int, data: st.DataObject) -> None:
        """What has not begun to go out can be taken back, and then never goes out."""
        chosen = data.draw(st.sampled_from([one for one in self.messages.values() if one.event]))
        all_of_it = [one for one in self.messages.values() if one.event == chosen.event]
        store = self.workers[worker]
        typed = self.run(store.replies.unsay(chosen.talk, by, chosen.event, self.times))
        here = all(one.status == "waiting" and one.undo_until > self.now for one in all_of_it)
        assert typed is None or here
        if typed is None:
            return
        assert typed == " ".join(one.words for one in all_of_it)
        for one in all_of_it:
            one.status = "cancelled"
        # What it makes of the thread, the tests of the pure machine and of the replies say.
        thread = self.run(store.desk.thread(chosen.talk))
        assert isinstance(thread, Thread)
        talk = self.talk_of(chosen.talk)
        assert (thread.floor, thread.assignee) == (talk.thread.floor, talk.thread.assignee)
        talk.thread = thread
