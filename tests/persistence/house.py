"""The machine that plays the house, and the simple model of what must be true; see `test_store_machine`."""

from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
)

from bot.sender import judge
from dialogs.channel import Capabilities
from dialogs.handoff import (
    Action,
    BuyerWrote,
    Escalated,
    Looked,
    PhoneLeft,
    PhoneSpoke,
    due_at,
)
from dialogs.messages import Arrival, Delivery
from persistence.desk_actions import Act
from persistence.inbox import Intake
from persistence.outbox import OPEN, REACHED, Fate, Outbound, Settlement
from persistence.records import Effects, NewHandoff
from persistence.reminders import NewReminder
from persistence.tables import Conversation, InboxRow, OutboxRow, TurnRow
from persistence.threads import thread_of
from persistence.turns import Outcome, Turn
from tests.persistence.house_ground import LEAD, Ground
from tests.persistence.house_model import Letter, Message, Talk, identity
from tests.persistence.world import LEASE, T0, echo, event, mark, person, rows, say, text

T = TypeVar("T")
PEOPLE = ("anna", "bert", "cleo")
WORKERS = st.sampled_from((0, 1))
FATES: tuple[Fate, ...] = ("sent", "waiting", "unknown", "parked", "failed")
ACTS: dict[Act, Action] = {"buyer": BuyerWrote(), "phone": PhoneSpoke(), "ours": PhoneLeft()}
SAID: tuple[tuple[Act, ...], ...] = ((), (), ("buyer",), ("phone",), ("ours",), ("phone", "buyer"))
ANYTHING = Capabilities(text_limit=4000, text_unit="characters")


class House(Ground):
    """The machine."""

    # -- ROOM 1: the door ----------------------------------------------------------------------------------

    @rule(
        worker=WORKERS, who=st.sampled_from(PEOPLE), late=st.lists(st.integers(0, 5), min_size=1, max_size=4)
    )
    def accept(self, worker: int, who: str, late: list[int]) -> None:
        batch = [text(f"m{next(self.counter)}", self.now - seconds, person(who)) for seconds in late]
        self.receive(worker, who, batch)

    @rule(worker=WORKERS, who=st.sampled_from(PEOPLE), ours=st.booleans())
    def echo(self, worker: int, who: str, ours: bool) -> None:
        """A message from the shop's own account: one of ours, or typed by somebody."""
        talk = self.talks.get(who)
        known = [
            one.external_id
            for one in self.messages.values()
            if talk and one.talk == talk.id and one.external_id
        ]
        name = known[-1] if ours and known else f"typed{next(self.counter)}"
        if name in self.accepted:
            return
        what = echo(name, self.now, f"words of {name}").event
        self.receive(worker, who, [event(what, name, self.now, person(who))])

    def receive(self, worker: int, who: str, batch: list[Arrival]) -> None:
        assert self.run(self.store_arrivals(worker, batch)) == len(batch)
        self.delivered += batch
        places = {
            row.external_id: row.id for row in self.run(rows(self.workers[worker], InboxRow, lane="message"))
        }
        for one in batch:
            self.accepted.add(one.external_id)
            seconds = (one.at - T0).total_seconds()
            self.mail.append(Letter(who, one.external_id, (seconds, places[one.external_id]), self.now))

    @contextmanager
    def sorting(self, worker: int) -> Iterator[None]:
        """What is done inside begins with sorting the mail; a first letter opens the conversation."""
        for letter in self.mail:
            talk = self.talks.setdefault(letter.who, Talk())
            talk.wake(letter.received)
            talk.waiting[letter.token] = letter.place
        self.mail.clear()
        yield
        for who, talk in self.talks.items():
            if not talk.id:
                [row] = self.run(rows(self.workers[worker], Conversation, address=who))
                talk.id = row.id

    def store_arrivals(self, worker: int, batch: list[Arrival]) -> Coroutine[Any, Any, int]:
        return self.workers[worker].inbox.accept(Intake(batch, (), self.moment))

    @precondition(lambda self: self.delivered)
    @rule(worker=WORKERS, data=st.data())
    def repeat(self, worker: int, data: st.DataObject) -> None:
        again = data.draw(st.lists(st.sampled_from(self.delivered), min_size=1, max_size=5))
        assert self.run(self.store_arrivals(worker, again)) == 0

    # -- ROOM 2: the turn ----------------------------------------------------------------------------------

    @rule(worker=WORKERS, most=st.integers(1, 3))
    def claim(self, worker: int, most: int) -> None:
        self.turns += self.claim_turns(worker, most)

    def claim_turns(self, worker: int, most: int) -> list[tuple[int, Turn]]:
        with self.sorting(worker):
            claimed = self.run(self.workers[worker].turns.claim(self.moment, most))
        ready = [
            talk
            for talk in self.talks.values()
            if talk.due is not None and talk.due <= self.now and talk.leased_until <= self.now
        ]
        assert len(claimed) == min(most, len(ready))
        for turn in claimed:
            talk = self.talk_of(turn.conversation_id)
            assert talk in ready, "not due, or claimed twice within a lease"
            assert (turn.version, turn.floor) == (talk.version, talk.thread.floor)
            assert [identity(one) for one in turn.events] == sorted(
                talk.waiting, key=talk.waiting.__getitem__
            )
            for one in turn.events:
                if one.event.kind == "echo":
                    assert one.ours == (not one.external_id.startswith("typed"))
            talk.due = talk.leased_until = self.now + LEASE.total_seconds()
        return [(worker, turn) for turn in claimed]

    @precondition(lambda self: self.turns)
    @rule(
        data=st.data(),
        said=st.integers(0, 3),
        acts=st.sampled_from(SAID),
        needed=st.booleans(),
        release=st.booleans(),
        remind=st.sampled_from((None, None, 1, 40)),
        cancel=st.booleans(),
    )
    def commit(
        self,
        data: st.DataObject,
        said: int,
        acts: tuple[Act, ...],
        needed: bool,
        release: bool,
        remind: int | None,
        cancel: bool,
    ) -> None:
        held = data.draw(st.sampled_from(range(len(self.turns))))
        self.write(
            self.turns.pop(held), said, acts, needed=needed, release=release, remind=remind, cancel=cancel
        )

    def write(
        self,
        held: tuple[int, Turn],
        said: int = 0,
        acts: tuple[Act, ...] = (),
        *,
        needed: bool = False,
        release: bool = False,
        remind: int | None = None,
        cancel: bool = False,
    ) -> None:
        worker, turn = held
        talk = self.talk_of(turn.conversation_id)
        # While a human has the floor the dialog says nothing.
        spoken = tuple(
            say(f"said {next(self.counter)}", speaker="bot")
            for _ in range(said if turn.floor == "bot" else 0)
        )
        token = f"reminder {next(self.counter)}"
        effects = Effects(
            reminders=()
            if remind is None
            else (NewReminder("r", self.moment + timedelta(seconds=remind), {"token": token}),),
            cancelled=("r",) if cancel else (),
            acts=acts,
            handoff=NewHandoff("angry", promised_at=self.moment + timedelta(seconds=50)) if needed else None,
            release=release,
        )
        state = f'{{"made":{turn.version + 1}}}'
        outcome = Outcome(turn, self.moment, state, spoken, effects, times=self.times)
        counted = self.run(self.workers[worker].turns.commit(outcome))
        assert counted == (turn.version == talk.version and turn.floor == talk.thread.floor)
        if not counted:
            return
        talk.move_on(self.now, turn)
        for one in turn.events:
            assert identity(one) not in self.turned
            self.turned[identity(one)] = (talk.id, talk.version)
            del talk.waiting[identity(one)]
        if cancel or remind is not None:
            talk.reminders.pop("r", None)
        if remind is not None:
            talk.reminders["r"] = (self.now + remind, token)
        for act in acts:
            self.change(talk, ACTS[act])
        if needed:
            talk.open_cases += 1
            self.change(talk, Escalated(0, self.moment + timedelta(seconds=50)))
        self.hear_from_the_desk()
        gave_away = turn.floor == "bot" and talk.thread.floor != "bot"
        words = [(one.outgoing.text, "bot") for one in spoken]
        for message in self.messages.values():
            if release and message.talk == talk.id and message.status == "parked":
                message.status = "released"
                words.append((message.words, message.speaker))
        self.learn(talk, words, silenced=len(spoken) if gave_away else 0)

    def learn(self, talk: Talk, words: list[tuple[str, str]], *, silenced: int) -> None:
        """The turn's rows are there, in order and behind all others; the first of them may be moot."""
        fresh = [
            row
            for row in self.run(rows(self.workers[0], OutboxRow, conversation_id=talk.id))
            if row.id not in self.messages
        ]
        assert [row.turn for row in fresh] == [talk.version] * len(words)
        moot = len(self.messages) + silenced
        for row, (expected, speaker) in zip(fresh, words, strict=True):
            assert f'"{expected}"' in row.outgoing
            assert row.speaker == speaker
            message = Message(row.id, talk.id, expected, speaker, due=self.now)
            message.status = "cancelled" if len(self.messages) < moot else "waiting"
            self.messages[row.id] = message

    @rule(worker=WORKERS)
    def look(self, worker: int) -> None:
        """The clock looks after the desk."""
        due = [
            talk
            for talk in self.talks.values()
            if (at := due_at(talk.thread, LEAD)) is not None and at <= self.moment
        ]
        assert self.run(self.workers[worker].desk.look(self.times)) == len(due)
        for talk in due:
            for _ in range(4):
                self.change(talk, Looked())
        self.hear_from_the_desk()

    @precondition(lambda self: self.turns)
    @rule(data=st.data())
    def crash_in_a_turn(self, data: st.DataObject) -> None:
        """The worker forgets what it had claimed; nobody is told."""
        self.turns.pop(data.draw(st.sampled_from(range(len(self.turns)))))

    @precondition(lambda self: self.turns)
    @rule(data=st.data(), pause=st.sampled_from((0, 2)))
    def put_back(self, data: st.DataObject, pause: int) -> None:
        worker, turn = self.turns.pop(data.draw(st.sampled_from(range(len(self.turns)))))
        talk = self.talk_of(turn.conversation_id)
        until = self.moment + timedelta(seconds=pause)
        self.run(self.workers[worker].turns.put_back(turn, until, counts=True))
        if talk.version == turn.version and T0 + timedelta(seconds=talk.leased_until) == turn.leased_until:
            talk.leased_until, talk.due = 0, self.now + pause

    # -- ROOM 3: the sender --------------------------------------------------------------------------------

    @rule(worker=WORKERS, most=st.integers(1, 3))
    def claim_messages(self, worker: int, most: int) -> None:
        self.sendings += self.claim_heads(worker, most)

    def claim_heads(self, worker: int, most: int) -> list[tuple[int, Outbound]]:
        claimed = self.run(self.workers[worker].outbox.claim(self.moment, most))
        ready = [
            line[0]
            for talk in self.talks.values()
            if (line := self.open_messages(talk.id)) and line[0].due <= self.now
        ]
        assert len(claimed) == min(most, len(ready))
        for row in claimed:
            message = self.messages[row.id]
            assert message in ready, "not the head of its line, or claimed twice within a lease"
            assert row.doubtful == (message.status != "waiting")
            floor = self.talk_of(message.talk).thread.floor
            assert (row.outgoing.text, row.speaker, row.floor) == (message.words, message.speaker, floor)
            assert message.undo_until <= self.now, "the agent may still take it back"
            message.status = "unknown" if row.doubtful else "sending"
            message.due, message.tried = self.now + LEASE.total_seconds(), True
        return [(worker, row) for row in claimed]

    @precondition(lambda self: self.sendings)
    @rule(data=st.data(), fate=st.sampled_from(FATES), pause=st.sampled_from((0, 3)))
    def settle(self, data: st.DataObject, fate: Fate, pause: int) -> None:
        self.end(self.sendings.pop(data.draw(st.sampled_from(range(len(self.sendings))))), fate, pause)

    def end(self, held: tuple[int, Outbound], fate: Fate, pause: int = 0) -> None:
        worker, row = held
        message = self.messages[row.id]
        verdict = judge(row, ANYTHING, self.moment)
        if isinstance(verdict, Settlement):
            fate = verdict.fate
        if fate == "sent" and row.speaker == "bot" and not row.doubtful:
            assert row.floor == "bot", "the bot has spoken over a human"
        again = self.moment + timedelta(seconds=pause) if fate in OPEN else None
        their_id = f"wamid {row.id}" if fate == "sent" else None
        settlement = Settlement(row, fate, self.moment, due_at=again, external_id=their_id)
        self.run(self.workers[worker].outbox.settle(settlement))
        mine = T0 + timedelta(seconds=message.due) == row.leased_until
        if message.status not in OPEN or not (mine or fate == "sent"):
            return
        self.settled(message, fate)
        if again is not None:
            message.due = self.now + pause
        if fate == "sent":
            message.external_id = their_id
            message.delivery = message.delivery or "sent"

    @precondition(lambda self: self.sendings)
    @rule(data=st.data())
    def crash_while_sending(self, data: st.DataObject) -> None:
        self.sendings.pop(data.draw(st.sampled_from(range(len(self.sendings)))))

    @precondition(lambda self: any(one.tried for one in self.messages.values()))
    @rule(worker=WORKERS, data=st.data(), status=st.sampled_from(("sent", "delivered", "read", "failed")))
    def receipt(self, worker: int, data: st.DataObject, status: Delivery) -> None:
        message = data.draw(st.sampled_from([one for one in self.messages.values() if one.tried]))
        who = next(name for name, talk in self.talks.items() if talk.id == message.talk)
        arrival = mark(status, f"r{next(self.counter)}", person(who), reference=f"nk-{message.id}")
        assert self.run(self.store_arrivals(worker, [arrival])) == 1
        with self.sorting(worker):
            assert self.run(self.workers[worker].receipts.apply(self.moment)) == 1
        further = REACHED[status] > REACHED[message.delivery]
        if further:
            message.delivery = status
        if status == "failed":
            if further:
                self.settled(message, "failed")
        elif message.status in OPEN or (message.status == "failed" and further):
            self.settled(message, "sent")
        if status in ("delivered", "read"):
            line = [
                one for one in self.open_messages(message.talk) if one.status == "waiting" and not one.tried
            ]
            if not any(
                one.talk == message.talk
                and one.id > message.id
                and (one.status, one.delivery) == ("sent", "sent")
                for one in self.messages.values()
            ):
                for one in line:
                    one.due = min(one.due, max(self.now, one.undo_until))

    # -- ROOM 4: the clock, and what befalls processes -----------------------------------------------------

    @rule(worker=WORKERS)
    def fire(self, worker: int) -> None:
        due = [talk for talk in self.talks.values() for at, _ in talk.reminders.values() if at <= self.now]
        assert self.run(self.workers[worker].reminders.fire(self.moment)) == len(due)
        for talk in due:
            seconds, token = talk.reminders.pop("r")
            self.accepted.add(token)
            [place] = [
                row.id
                for row in self.run(rows(self.workers[worker], InboxRow, conversation_id=talk.id, kind="due"))
                if f'"{token}"' in row.event
            ]
            talk.waiting[token] = (seconds, place)
            talk.wake(self.now)

    @rule(seconds=st.sampled_from((0.5, 3, 31)))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(worker=WORKERS)
    def restart(self, worker: int) -> None:
        """The process is gone, and with it all that it had in hand."""
        self.run(self.workers[worker].close())
        self.workers[worker] = self.open()
        self.turns = [one for one in self.turns if one[0] != worker]
        self.sendings = [one for one in self.sendings if one[0] != worker]

    # -- what must always be true --------------------------------------------------------------------------

    @invariant()
    def the_store_holds_what_the_model_holds(self) -> None:
        store = self.workers[0]
        unsorted = {row.external_id for row in self.run(rows(store, InboxRow, status="new"))}
        assert unsorted == {letter.token for letter in self.mail}
        for row in self.run(rows(store, Conversation)):
            talk = self.talk_of(row.id)
            assert (row.version, thread_of(row)) == (talk.version, talk.thread)
            assert row.desk_due_at == due_at(talk.thread, LEAD)
            assert row.due_at == (None if talk.due is None else T0 + timedelta(seconds=talk.due))
            assert row.due_at is not None or not talk.waiting, "an event waits and nobody will look"
        versions: dict[int, list[int]] = {talk.id: [] for talk in self.talks.values()}
        for row in self.run(rows(store, TurnRow)):
            versions[row.conversation_id].append(row.version)
        assert versions == {talk.id: list(range(1, talk.version + 1)) for talk in self.talks.values()}
        outbox = {row.id: row for row in self.run(rows(store, OutboxRow))}
        assert outbox.keys() == self.messages.keys()
        assert len({(row.conversation_id, row.turn, row.seq) for row in outbox.values()}) == len(outbox)
        for message in self.messages.values():
            row = outbox[message.id]
            assert (row.status, row.delivery) == (message.status, message.delivery)
        for left in self.left.values():
            assert left == sorted(left), "a message left the line before one that came first"

    def teardown(self) -> None:
        try:
            if self.talks or self.mail:
                self.work_everything_off()
        finally:
            for store in self.workers:
                self.run(store.close())
            self.runner.close()

    def work_everything_off(self) -> None:
        """Both workers have crashed once more; then one of them alone does all that is left."""
        self.turns, self.sendings = [], []
        for _ in range(200):
            self.now += 45
            self.fire(0)
            for held in self.claim_turns(0, 3):
                self.write(held)
            self.look(0)
            for sending in self.claim_heads(0, 3):
                self.end(sending, "sent")
            idle = not any(talk.waiting or talk.reminders for talk in self.talks.values())
            if idle and not any(self.open_messages(talk.id) for talk in self.talks.values()):
                break
        self.the_store_holds_what_the_model_holds()
        store = self.workers[1]
        assert self.turned.keys() == self.accepted, "every accepted message has exactly one turn"
        inbox = self.run(rows(store, InboxRow, lane="message"))
        assert len(inbox) == len(self.accepted)
        assert {row.status for row in inbox} == {"done"}
        assert sorted((row.conversation_id, row.turn) for row in inbox) == sorted(self.turned.values())
        assert self.run(store.backlog(self.moment)).messages == 0
        assert self.run(store.turns.claim(self.moment + LEASE, 9)) == []
        assert self.run(store.reminders.next_due()) is None
