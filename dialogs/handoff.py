"""Who has a conversation, and how it passes from the bot to a human and back: a state machine, pure.

::

    bot ──escalated──▶ waiting ──claimed──▶ agent ──replied──▶ pending ──buyer wrote──▶ agent
     ▲                    ▲                  │ ▲ └──snoozed──▶ snoozed ──awoke / buyer wrote──┘
     │                    └────released──────┘ │
     └── buyer wrote ── resolved ◀──resolved───┴── (from anywhere)

`step` takes a thread and what somebody did, and returns what the thread is then, or why not. The same thing
done twice changes nothing the second time, so every action may be repeated. What is written, and that of two
agents who claim in the same second exactly one wins, is `persistence.desk_actions`' part.

Always true of a thread: the bot has the floor in ``bot`` and ``resolved`` and nowhere else; nobody has a
thread that is ``waiting``, and somebody, or the phone, has one in ``agent``; who waits is owed an answer;
only what is ``snoozed`` has an end of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

Status: TypeAlias = Literal["bot", "waiting", "agent", "snoozed", "pending", "resolved"]
Floor: TypeAlias = Literal["bot", "agent", "phone"]

STATUSES: Final[tuple[Status, ...]] = ("bot", "waiting", "agent", "snoozed", "pending", "resolved")
RESOLVED: Final = "resolved"
"""Solved: the bot has the floor, until the buyer's next word makes the conversation its own again."""

AT_THE_DESK: Final[frozenset[Status]] = frozenset({"waiting", "agent", "snoozed", "pending"})
"""Statuses in which humans have to do with a conversation."""

URGENT: Final = 2
LOW: Final = -1

Alarm: TypeAlias = Literal["near", "broken"]
Back: TypeAlias = Literal["solved", "back", "quiet", "phone_quiet"]


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation as the desk sees it.

    ``priority`` is -1 (low) to 2 (urgent). ``answer_by`` is when the buyer must have had an answer: the
    promise they were told, or the shop's goal; None while nobody owes them one. ``alarmed`` tells how far the
    alarms for it have come: 0 none, 1 before it broke, 2 when it did. ``quiet_at`` is when the floor goes
    back to the bot by itself if nothing more is said. ``waiting_since`` is when the buyer began to wait.
    """

    status: Status = "bot"
    floor: Floor = "bot"
    assignee: int | None = None
    team: int | None = None
    priority: int = 0
    answer_by: datetime | None = None
    alarmed: int = 0
    snoozed_until: datetime | None = None
    quiet_at: datetime | None = None
    waiting_since: datetime | None = None

    @property
    def at_the_desk(self) -> bool:
        """Humans have to do with it."""
        return self.status in AT_THE_DESK


@dataclass(frozen=True, slots=True)
class Times:
    """The moments that follow from the shop's settings, were something to happen at ``now``.

    ``goal`` is when an answer is owed to a buyer who writes now (`dialogs.opening`), ``quiet`` when a thread
    that falls silent now goes back to the bot, ``lead`` how long before a promise breaks the first alarm
    rings.
    """

    now: datetime
    goal: datetime
    quiet: datetime
    lead: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Refusal:
    """It cannot be done: another agent (``holder``) has the thread, or there is nothing to do it to."""

    why: Literal["taken", "not_here", "past"]
    holder: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """What a thread is now. ``happened`` are the names of the events, in order; none if nothing changed.

    ``alarm`` is to be rung; ``back`` tells that the bot has got the floor, and why: see
    `dialogs.messages.HandedBack`.
    """

    thread: Thread
    happened: tuple[str, ...] = ()
    alarm: Alarm | None = None
    back: Back | None = None


@dataclass(frozen=True, slots=True)
class Escalated:
    """A human is needed; ``promised_at`` is what the buyer was told, ``team`` whose kind of case it is."""

    priority: int = 0
    promised_at: datetime | None = None
    team: int | None = None

    def upon(self, thread: Thread, times: Times) -> Step:
        """Open a case, or make an open one at least as urgent and owed as early."""
        told = self.promised_at or times.goal
        if not thread.at_the_desk:
            fresh = Thread(
                status="waiting",
                floor="agent",
                team=self.team or thread.team,
                priority=_bounded(self.priority),
                answer_by=told,
                waiting_since=times.now,
            )
            return Step(fresh, ("escalated",))
        sooner = thread.answer_by is None or told < thread.answer_by
        after = replace(
            thread,
            status=_held(thread.assignee, "agent"),
            floor="agent",
            team=thread.team or self.team,
            priority=max(thread.priority, _bounded(self.priority)),
            answer_by=told if sooner else thread.answer_by,
            alarmed=0 if sooner else thread.alarmed,
            snoozed_until=None,
            quiet_at=None,
            waiting_since=thread.waiting_since or times.now,
        )
        return _moved(thread, after, "escalated")


@dataclass(frozen=True, slots=True)
class Claimed:
    """An agent takes the thread; ``over`` takes it from another agent, on purpose."""

    by: int
    over: bool = False

    def upon(self, thread: Thread, _times: Times) -> Step | Refusal:
        """Give the agent the thread, unless another has it. What was answered stays answered."""
        if thread.at_the_desk and thread.assignee not in {None, self.by} and not self.over:
            return Refusal("taken", thread.assignee)
        answered = thread.status == "pending"
        after = replace(
            thread,
            status="pending" if answered else "agent",
            floor="agent",
            assignee=self.by,
            snoozed_until=None,
            quiet_at=thread.quiet_at if answered else None,
        )
        return _moved(thread, after, "claimed")


@dataclass(frozen=True, slots=True)
class Assigned:
    """Somebody gives the thread to an agent, or to a team's queue, or (both None) to nobody."""

    to: int | None = None
    team: int | None = None

    def upon(self, thread: Thread, times: Times) -> Step:
        """Give it to them. With an agent it stays put away, or answered; a queue is to be worked off."""
        if self.to is not None:
            kept: Status = thread.status if thread.status in {"pending", "snoozed"} else "agent"
            quiet_at = thread.quiet_at if kept == "pending" else None
            after = replace(thread, assignee=self.to, floor="agent", status=kept, quiet_at=quiet_at)
            return _moved(thread, replace(after, team=self.team or thread.team), "assigned")
        after = replace(_waiting(thread, times), team=self.team)
        if thread.status == "snoozed":
            after = replace(after, status="snoozed", snoozed_until=thread.snoozed_until)
        return _moved(thread, after, "assigned")


@dataclass(frozen=True, slots=True)
class Released:
    """Whoever has the thread puts it back into the queue."""

    def upon(self, thread: Thread, times: Times) -> Step | Refusal:
        """Let the next one take it; the buyer waits since they began to, for what they were promised."""
        if not thread.at_the_desk:
            return Refusal("not_here")
        return _moved(thread, _waiting(thread, times), "released")


@dataclass(frozen=True, slots=True)
class Replied:
    """An agent answers the buyer; who answers a thread that nobody has, has it."""

    by: int
    over: bool = False

    def upon(self, thread: Thread, times: Times) -> Step | Refusal:
        """Nothing is owed to the buyer any more; it is their turn."""
        claimed = Claimed(self.by, self.over).upon(thread, times)
        if isinstance(claimed, Refusal):
            return claimed
        return Step(_answered(claimed.thread, times), (*claimed.happened, "replied"))


@dataclass(frozen=True, slots=True)
class TookBack:
    """An agent takes their answer back before it went out: what was owed before is owed again."""

    answer_by: datetime | None = None
    alarmed: int = 0
    waiting_since: datetime | None = None

    def upon(self, thread: Thread, _times: Times) -> Step:
        """Undo that it was answered; that they have the thread stays."""
        if thread.status != "pending" or thread.floor != "agent":
            return Step(thread)
        after = replace(
            thread,
            status=_held(thread.assignee, thread.floor),
            answer_by=self.answer_by,
            alarmed=self.alarmed,
            waiting_since=self.waiting_since,
            quiet_at=None,
        )
        return Step(after, ("took_back",))


@dataclass(frozen=True, slots=True)
class PhoneSpoke:
    """Somebody of the shop typed in the platform's own app, or another app of theirs took the thread."""

    def upon(self, thread: Thread, times: Times) -> Step:
        """Whoever types has the floor, and has answered."""
        after = replace(_answered(thread, times), floor="phone")
        return Step(after, ("phone_took",) if thread.floor != "phone" else ())


@dataclass(frozen=True, slots=True)
class PhoneLeft:
    """The platform says that the other app has given the thread back."""

    def upon(self, thread: Thread, _times: Times) -> Step:
        """The bot goes on, unless an agent of the desk has the floor or the buyer still waits for a human."""
        if thread.floor != "phone":
            return Step(thread)
        if thread.status == "pending":
            return _returned(thread, "back")
        return _phone_gone(thread)


@dataclass(frozen=True, slots=True)
class BuyerWrote:
    """The buyer acted."""

    def upon(self, thread: Thread, times: Times) -> Step:
        """A human owes them an answer again; a solved case is over."""
        if thread.status == RESOLVED:
            return Step(Thread(team=thread.team))
        if thread.status in {"pending", "snoozed"}:
            after = replace(
                thread,
                status=_held(thread.assignee, thread.floor),
                snoozed_until=None,
                quiet_at=times.quiet if thread.floor == "phone" else None,
                answer_by=thread.answer_by or times.goal,
                waiting_since=thread.waiting_since or times.now,
            )
            return Step(after, ("buyer_back",))
        if thread.status == "agent" and thread.answer_by is None:
            return Step(replace(thread, answer_by=times.goal, alarmed=0, waiting_since=times.now))
        return Step(thread)


@dataclass(frozen=True, slots=True)
class Snoozed:
    """An agent puts the thread away until then, or until the buyer writes."""

    until: datetime

    def upon(self, thread: Thread, times: Times) -> Step | Refusal:
        """Put it away; a promise goes on counting."""
        if not thread.at_the_desk:
            return Refusal("not_here")
        if self.until <= times.now:
            return Refusal("past")
        after = replace(thread, status="snoozed", snoozed_until=self.until, floor="agent", quiet_at=None)
        return _moved(thread, after, "snoozed")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The case is solved: the bot has the floor again.

    ``late`` tells that a case is still open although the bot has had the floor for a while.
    """

    late: bool = False

    def upon(self, thread: Thread, _times: Times) -> Step | Refusal:
        """Close it; who solved it is remembered until the buyer writes again."""
        if not thread.at_the_desk and not self.late:
            return Step(thread) if thread.status == "resolved" else Refusal("not_here")
        after = Thread(
            status="resolved", assignee=thread.assignee, team=thread.team, priority=thread.priority
        )
        return Step(after, ("resolved",), back="solved")


@dataclass(frozen=True, slots=True)
class Returned:
    """The bot gets the floor back though nothing is said to be solved."""

    def upon(self, thread: Thread, _times: Times) -> Step:
        """Give it back."""
        return _returned(thread, "back") if thread.at_the_desk else Step(thread)


@dataclass(frozen=True, slots=True)
class Promised:
    """The buyer was told a new time, as the one before could not be kept."""

    until: datetime

    def upon(self, thread: Thread, _times: Times) -> Step:
        """Owe the answer by then, with alarms of its own."""
        if thread.answer_by is None or self.until <= thread.answer_by:
            return Step(thread)
        return Step(replace(thread, answer_by=self.until, alarmed=0), ("promised",))


@dataclass(frozen=True, slots=True)
class Prioritised:
    """Somebody says how urgent it is."""

    priority: int

    def upon(self, thread: Thread, _times: Times) -> Step | Refusal:
        """Let it be so urgent."""
        if not thread.at_the_desk:
            return Refusal("not_here")
        return _moved(thread, replace(thread, priority=_bounded(self.priority)), "prioritised")


@dataclass(frozen=True, slots=True)
class Looked:
    """The clock looks: an end of a snooze, a promise near or broken, a thread that fell silent."""

    def upon(self, thread: Thread, times: Times) -> Step:
        """Do the first thing that is due: the clock looks again as long as something is."""
        now = times.now
        if not thread.at_the_desk:
            return Step(thread)
        if thread.snoozed_until is not None and thread.snoozed_until <= now:
            after = replace(
                thread,
                status=_held(thread.assignee, thread.floor),
                snoozed_until=None,
                answer_by=thread.answer_by or times.goal,
                waiting_since=thread.waiting_since or now,
            )
            return Step(after, ("awoke",))
        if thread.quiet_at is not None and thread.quiet_at <= now:
            if thread.status == "pending":
                return _returned(thread, "phone_quiet" if thread.floor == "phone" else "quiet")
            return _phone_gone(thread)
        if thread.answer_by is None:
            return Step(thread)
        if thread.alarmed < 2 and thread.answer_by <= now:
            raised = replace(thread, alarmed=2, priority=URGENT)
            return Step(raised, ("promise_broken",), alarm="broken")
        if thread.alarmed < 1 and thread.answer_by - times.lead <= now:
            raised = replace(thread, alarmed=1, priority=_bounded(thread.priority + 1))
            return Step(raised, ("promise_near",), alarm="near")
        return Step(thread)


Action: TypeAlias = (
    Escalated
    | Claimed
    | Assigned
    | Released
    | Replied
    | TookBack
    | PhoneSpoke
    | PhoneLeft
    | BuyerWrote
    | Snoozed
    | Resolved
    | Returned
    | Promised
    | Prioritised
    | Looked
)


def step(thread: Thread, action: Action, times: Times) -> Step | Refusal:
    """Say what becomes of ``thread`` by ``action``. Total: every thread and action has an answer."""
    return action.upon(thread, times)


def due_at(thread: Thread, lead: timedelta) -> datetime | None:
    """When the clock must look at the thread next; None: never by itself."""
    if not thread.at_the_desk:
        return None
    moments = [thread.snoozed_until, thread.quiet_at]
    if thread.answer_by is not None:
        moments.append((thread.answer_by - lead, thread.answer_by, None)[min(thread.alarmed, 2)])
    return min((one for one in moments if one is not None), default=None)


def _moved(before: Thread, after: Thread, name: str) -> Step:
    return Step(after, () if after == before else (name,))


def _held(assignee: int | None, floor: Floor) -> Status:
    """The status of a thread at the desk that is being worked on, or should be."""
    return "waiting" if assignee is None and floor != "phone" else "agent"


def _waiting(thread: Thread, times: Times) -> Thread:
    return replace(
        thread,
        status="waiting",
        floor="agent",
        assignee=None,
        snoozed_until=None,
        quiet_at=None,
        answer_by=thread.answer_by or times.goal,
        waiting_since=thread.waiting_since or times.now,
    )


def _answered(thread: Thread, times: Times) -> Thread:
    return replace(
        thread,
        status="pending",
        answer_by=None,
        alarmed=0,
        waiting_since=None,
        snoozed_until=None,
        quiet_at=times.quiet,
    )


def _phone_gone(thread: Thread) -> Step:
    """The buyer wrote last, to somebody at a phone who has not answered: a human is still owed to them."""
    after = replace(thread, status=_held(thread.assignee, "agent"), floor="agent", quiet_at=None)
    return Step(after, ("phone_left",))


def _returned(thread: Thread, why: Back) -> Step:
    return Step(Thread(team=thread.team), ("returned",), back=why)


def _bounded(priority: int) -> int:
    return min(max(priority, LOW), URGENT)
