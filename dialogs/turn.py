"""One turn in the making: the state as it changes, what is said so far, what is to be kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from dialogs.bubbles import joined
from dialogs.expressions import Fill
from dialogs.facts import Facts
from dialogs.flow import Ask, Asking, Book, Checklist, Consent, Flow, Say, Step, Target
from dialogs.messages import Choice, Draft
from dialogs.names import filler
from dialogs.planned import Planned
from dialogs.records import (
    Answer,
    HandedOff,
    OptedIn,
    OptedOut,
    Record,
    Reminder,
    Taken,
    tells_of_words,
)
from dialogs.scene import Case, OfferView, Scene
from dialogs.shop import Order
from dialogs.showing import dressed
from dialogs.state import Frame, Option, Parked, State, changed
from dialogs.templates import fill_template
from dialogs.timing import after, local
from dialogs.triage import Escalation
from dialogs.words import Language, Lines, Tone, Words

PAUSE: Final = timedelta(days=30)
"""After so long a silence the bot says again that it is one."""

FRESH: Final = timedelta(hours=24)
"""How long a question is on the buyer's mind: free words belong to it, nothing else is begun."""

_KEPT_ASKS: Final = 10
_KEPT_OPEN: Final = 6
_KEPT_MARKS: Final = 40
_KEPT_TOUCHES: Final = timedelta(days=8)
HALT: Final = Target("", "")
"""Here the flow waits, or a human goes on: nothing more is played."""

SILENCE: Final = "silence"
"""The reminder that a question has not been answered; there is one open question, so there is one."""


@dataclass(frozen=True, slots=True)
class Touch:
    """The touchpoint that is being played: something that the bot begins.

    ``unasked`` is False where it is said along with an answer, because the buyer is here anyway.
    """

    key: str
    flow: Flow
    order_id: str = ""
    until: datetime | None = None
    unasked: bool = True


@dataclass(frozen=True, slots=True)
class Kept:
    """A turn as it was before something was tried: see `Turn.keep`."""

    state: State
    drafts: tuple[Draft, ...]
    reminders: dict[str, Reminder]
    cancelled: dict[str, None]
    records: tuple[Record, ...]
    taken: tuple[Taken, ...]
    flags: tuple[bool, bool, bool]


class Turn:
    """What one turn has come to so far. Lives for one call of `dialogs.engine.answer` and nowhere else."""

    def __init__(
        self, book: Book, state: State, facts: Facts, now: datetime, language: Language | None
    ) -> None:
        self.book = book
        self.before = state
        self.state = state
        self.facts = facts
        self.now = now
        self.today = local(now, facts.timezone).date()
        self.orders = {order.id: order for order in facts.orders}
        self.drafts: list[Draft] = []
        self.notices: list[Draft] = []
        self.introduced = self.returned = False
        self.reminders: dict[str, Reminder] = {}
        self.cancelled: dict[str, None] = {}
        self.records: list[Record] = []
        self.evidence: tuple[str, ...] = ()
        self.escalation: Escalation | None = None
        self.reason, self.named, self.broken = "", "", False
        self.frames: tuple[Frame, ...] = ()
        self.offer = OfferView()
        self.touch: Touch | None = None
        self.touched = self.handed_off = self.asked_now = False
        self.at_once: list[Planned] = []
        self.watched = False
        self.taken: list[Taken] = []
        self._scene: Scene | None = None
        self._case = Case()
        if language is not None:
            self.state = changed(self.state, language=language)

    # -- the moment

    @property
    def order(self) -> Order | None:
        """The order that is being talked about: the one in focus, else the newest."""
        return self.scene.order

    def _order(self) -> Order | None:
        if self.state.order_id is not None and self.state.order_id in self.orders:
            return self.orders[self.state.order_id]
        return max(self.facts.orders, key=lambda order: (order.placed_at, order.id), default=None)

    @property
    def tone(self) -> Tone:
        """How the buyer is spoken to."""
        return self.scene.tone

    def _tone(self, order: Order | None) -> Tone:
        known = self.state.language or (order.language if order is not None else None) or self.facts.language
        mirrored = self.state.mirrored if self.facts.mirror_voice else None
        voice = self.state.voice or mirrored or self.facts.voice
        return Tone(
            "de" if not known or known.lower().startswith("de") else "en",
            "sie" if voice == "sie" else "du",
            (order.country if order is not None else None) or self.facts.country,
        )

    @property
    def _approved_tone(self) -> Tone:
        """The tone of templates: WhatsApp approves one text a language, in the brand's own voice."""
        return replace(self.tone, voice=self.facts.voice)

    @property
    def case(self) -> Case:
        """Why a human is called, as far as it is known by now."""
        why = self.reason if self.escalation is None else self.escalation.reason
        known = self._case
        if (known.why, known.broken, known.sku) != (why, self.broken, self.named):
            self._case = Case(why, self.broken, self.named)
        return self._case

    @property
    def scene(self) -> Scene:
        """The moment, for texts and conditions."""
        seen = self._scene
        if (
            seen is None
            or seen.state is not self.state
            or seen.facts is not self.facts
            or seen.offer is not self.offer
            or seen.case is not self.case
        ):
            order = self._order()
            seen = Scene(
                self.facts,
                self.state,
                self._tone(order),
                order,
                self.today,
                self.offer,
                self.now,
                self.case,
            )
            self._scene = seen
        return seen

    @property
    def fill(self) -> Fill:
        """What fills in the names at this moment."""
        return filler(self.scene)

    @property
    def open(self) -> tuple[Flow, Step] | None:
        """The question that waits for an answer, if its script still has it."""
        flow = self.book.find(self.state.flow, self.state.version)
        step = flow.steps.get(self.state.step) if flow is not None else None
        return (flow, step) if flow is not None and step is not None else None

    @property
    def waiting(self) -> bool:
        """Whether a question of the last day waits for an answer: then nothing else is begun."""
        asked_at = self.state.asked_at
        return self.open is not None and asked_at is not None and self.now - asked_at < FRESH

    # -- saying

    def words(self, text: Words) -> str:
        """The text in the conversation's language and the brand's voice."""
        scene = self.scene
        return text.say(scene.tone, filler(scene))

    def phrase(self, key: str) -> None:
        """Say one of the house's own sentences."""
        self.drafts.append(Draft(self.words(self.book.phrases[key]), "house", key))

    def notice(self, key: str, template: str = "") -> bool:
        """Say one of the house's own sentences although a human has the floor; False if it cannot be said."""
        stand_in = fill_template(self.book.templates, template, self._approved_tone, filler(self.scene))
        if self.facts.reach == "closed" or (self.facts.reach == "template" and stand_in is None):
            return False
        self.phrase(key)
        self.notices.append(replace(self.drafts.pop(), template=stand_in, notice=True))
        return True

    def introduce(self, key: str) -> None:
        """Say one of the house's own sentences that tells who is speaking: nothing needs to say it again."""
        self.phrase(key)
        self.introduced = True
        self._told()

    def line(self, flow: Flow, step: Step, lines: Lines) -> tuple[str, str]:
        """The variant that is this buyer's, and its text."""
        variant, words = lines.drawn(f"{self.facts.seed}|{flow.id}|{step.id}")
        return variant, self.words(words)

    def say(self, flow: Flow, step: Step, lines: Lines, *, template: str = "", notice: bool = False) -> None:
        """Say a text that asks nothing; with ``notice`` although the next word is a human's."""
        variant, text = self.line(flow, step, lines)
        draft = self._draft(flow, step, text, variant, template=template)
        if isinstance(step, Say):
            draft = dressed(draft, step, self.scene, self.book)
        self.drafts.append(replace(draft, notice=notice))

    def ask(self, flow: Flow, step: Asking, *, item: int = 0, trouble: bool = False, stage: str = "") -> None:
        """Ask the step's question: from now on it is the open one, under a new number."""
        asked = self.state.asked + 1
        self.state = changed(
            self.state, flow=flow.id, step=step.id, version=flow.version, asked=asked, asked_at=self.now,
            item=item, trouble=trouble, tries=0, stage=stage, calls=self.frames, expecting=_expecting(step),
        )  # fmt: skip
        choices = self._choices(step)
        order = self.order
        asks = self.state.rating_asks
        if isinstance(step, Ask) and step.expects == "rating" and order is not None:
            asks = {**dict(list(asks.items())[-(_KEPT_ASKS - 1) :]), str(asked): order.id}
        open_still = self.state.unanswered
        if isinstance(step, Consent) or (isinstance(step, Ask) and step.expects == "choice"):
            kept = list(open_still.items())[-(_KEPT_OPEN - 1) :]
            open_still = {**dict(kept), str(asked): order.id if order is not None else ""}
        self.state = changed(
            self.state,
            unanswered=open_still,
            options=tuple(Option(choice.id, choice.title) for choice in choices),
            rating_asks=asks,
        )
        self.drafts.append(self._question(flow, step, choices))
        self.asked_now = True
        if isinstance(step, Ask) and step.silence is not None:
            order_id = order.id if order is not None else ""
            silent = Planned(
                SILENCE, flow=flow.id, step=step.id, order_id=order_id, version=flow.version, asked=asked
            )
            self.remind(SILENCE, after(self.now, step.silence.after), silent.data())

    def reopen(self, flow: Flow, step: Asking, asked: int) -> None:
        """Take up a question again that was left without an answer, as if it were the newest."""
        order_id = self.state.unanswered.get(str(asked))
        self.state = changed(
            self.state, flow=flow.id, step=step.id, version=flow.version, item=0, trouble=False, tries=0,
            stage="", calls=(), expecting=_expecting(step), order_id=order_id or self.state.order_id,
        )  # fmt: skip
        choices = self._choices(step)
        self.state = changed(self.state, options=tuple(Option(one.id, one.title) for one in choices))

    def repeat(self) -> bool:
        """Ask the open question once more, under the same number; False if there is none to tap."""
        if self.open is None:
            return False
        flow, step = self.open
        if not isinstance(step, Asking):
            return False
        choices = self._choices(step)
        if choices or (isinstance(step, Ask) and step.expects != "choice"):
            self.drafts.append(self._question(flow, step, choices))
            self.asked_now = True
            return True
        return False

    def close(self) -> None:
        """No question is open any more."""
        self.state = changed(
            self.state, flow="", step="", version="", options=(), expecting="", item=0, trouble=False,
            tries=0, stage="", asked_at=None, calls=(),
        )  # fmt: skip

    def focus(self, order_id: str) -> None:
        """From now on the talk is about this order."""
        self.state = changed(self.state, order_id=order_id)

    # -- keeping

    def mark(self, what: str, order_id: str) -> None:
        """Remember that something about an order has been done."""
        name = f"{what}:{order_id}"
        if name not in self.state.done:
            self.state = changed(self.state, done=(*self.state.done, name)[-_KEPT_MARKS:])

    def marked(self, what: str, order_id: str) -> bool:
        """Whether it has been done."""
        return f"{what}:{order_id}" in self.state.done

    def took(self, flow: Flow, step: Step, way: str = "") -> None:
        """Note for whoever watches that a step was played, or a way on from it taken."""
        if self.watched:
            self.taken.append(Taken(flow.id, flow.version, step.id, way))

    def remind(self, name: str, at: datetime, data: Mapping[str, str]) -> None:
        """Come back to something."""
        self.reminders[name] = Reminder(name, max(at, after(self.now, _SOON)), dict(data))
        self.cancelled.pop(name, None)

    def withdraw(self, name: str) -> None:
        """Come back to it no more."""
        self.reminders.pop(name, None)
        self.cancelled[name] = None

    def park(self, parked: Parked) -> None:
        """Let a touchpoint wait until the buyer writes."""
        others = tuple(one for one in self.state.parked if one.key != parked.key)
        self.state = changed(self.state, parked=(*others, parked)[-_KEPT_ASKS:])

    def unpark(self, key: str) -> None:
        """It waits no more."""
        left = tuple(one for one in self.state.parked if one.key != key)
        self.state = changed(self.state, parked=left)

    def note_touch(self) -> None:
        """Something has been said unasked just now."""
        kept = tuple(at for at in self.state.touches if self.now - at < _KEPT_TOUCHES)
        self.state = changed(self.state, touches=(*kept, self.now))
        self.touched = True

    def hand_off(self, reason: HandedOff) -> None:
        """A human gets the floor; nothing more is asked."""
        self.records.append(reason)
        self.close()
        self.state = changed(self.state, last_human_at=self.now, misses=0, sorry_for=None)
        self.handed_off = True

    def keep(self) -> Kept:
        """The turn as it is, to come back to with `restore`."""
        flags = (self.touched, self.handed_off, self.asked_now)
        return Kept(
            self.state,
            tuple(self.drafts),
            dict(self.reminders),
            dict(self.cancelled),
            tuple(self.records),
            tuple(self.taken),
            flags,
        )

    def restore(self, kept: Kept) -> None:
        """Undo what was tried since."""
        self.state = kept.state
        self.drafts, self.records, self.taken = list(kept.drafts), list(kept.records), list(kept.taken)
        self.reminders, self.cancelled = dict(kept.reminders), dict(kept.cancelled)
        self.touched, self.handed_off, self.asked_now = kept.flags
        self.touch, self.offer = None, OfferView()

    # -- drafts

    def _question(self, flow: Flow, step: Asking, choices: tuple[Choice, ...]) -> Draft:
        template = step.template if isinstance(step, Ask) else ""
        if isinstance(step, Checklist) and self.state.trouble:
            variant, text = "", self.words(step.trouble)
        elif isinstance(step, Consent) and self.state.stage and step.confirm is not None:
            variant, text = "", self.words(step.confirm)
        else:
            variant, text = self.line(flow, step, step.lines)
        draft = self._draft(flow, step, text, variant, template=template, choices=choices)
        return dressed(draft, step, self.scene, self.book) if isinstance(step, Ask) else draft

    def _draft(
        self, flow: Flow, step: Step, text: str, variant: str, *, template: str = "",
        choices: tuple[Choice, ...] = (),
    ) -> Draft:  # fmt: skip
        touch = self.touch
        unasked = touch is not None and touch.unasked
        scene = self.scene
        return Draft(
            text,
            flow.id,
            step.id,
            choices,
            self.state.asked if choices else 0,
            template=fill_template(self.book.templates, template, self._approved_tone, filler(scene))
            if unasked and template
            else None,
            list_label=self.words(self.book.phrases["list_label"]) if choices else "",
            proactive=unasked,
            expires_at=touch.until if touch is not None and unasked else None,
            variant=""
            if unasked and self.facts.reach == "template"
            else variant,  # a template has its own words
            touchpoint=touch.key if touch is not None else "",
        )

    def _choices(self, step: Asking) -> tuple[Choice, ...]:
        match step:
            case Ask():
                found = tuple(
                    Choice(
                        one.id, self.words(one.title), self.words(one.description) if one.description else ""
                    )
                    for one in step.choices
                )
                return (*found, Choice("skip", self.words(step.skip))) if step.skip is not None else found
            case Checklist() if self.state.trouble:
                return Choice("done", self.words(step.solved)), Choice("human", self.words(step.human))
            case Checklist():
                return Choice("done", self.words(step.done)), Choice("stuck", self.words(step.stuck))
            case Consent():
                confirm = self.words(self.book.phrases["confirm_yes"]) if self.state.stage else ""
                yes = confirm or (self.words(step.yes) if step.yes is not None else "✓")
                no = self.words(step.no) if step.no is not None else "✗"
                return Choice("yes", yes), Choice("no", no)

    # -- the end

    def finish(self, *, spoke: bool, silent: bool) -> Answer:
        """The outcome. ``silent``: a human has the floor, so but for notices nothing is said or moved."""
        if silent:
            return self._kept_only(spoke=spoke)
        drafts = joined(self.drafts)
        if drafts and not self.introduced:
            drafts[0] = self._disclosed(drafts[0])
        if spoke or drafts:
            self.state = changed(self.state, last_at=self.now)
        proactive = self.touched and bool(drafts)
        return Answer(
            self.state, tuple(drafts), tuple(self.reminders.values()), tuple(self.cancelled),
            tuple(self.records), proactive, tuple(self.taken),
        )  # fmt: skip

    def _disclosed(self, draft: Draft) -> Draft:
        """The draft with word of who is speaking, at first, after a long pause, and after a human.

        EU AI Act, Art. 50 (1); Meta's messaging policy asks for the same moments.
        """
        last, told = self.before.last_at, self.before.disclosed_at
        human = self.before.last_human_at
        if told is None:
            key = "disclosure"
        elif self.returned or (last and self.now - last > PAUSE) or (human and human >= told):
            key = "disclosure_again"
        else:
            return draft
        self._told()
        return replace(draft, text=f"{self.words(self.book.phrases[key])}\n\n{draft.text}")

    def _told(self) -> None:
        """It has been said who is speaking; a human who gave the floor back just now spoke before that."""
        human = after(self.now, -_SOON) if self.returned else self.state.last_human_at
        self.state = changed(self.state, disclosed_at=self.now, last_human_at=human)

    def _kept_only(self, *, spoke: bool) -> Answer:
        old = self.before
        state = changed(
            self.state, flow=old.flow, step=old.step, version=old.version, asked=old.asked,
            asked_at=old.asked_at, options=old.options, expecting=old.expecting, item=old.item,
            trouble=old.trouble, tries=old.tries, stage=old.stage, calls=old.calls, misses=old.misses,
            answered=old.answered, answered_at=old.answered_at, disclosed_at=old.disclosed_at, my=old.my,
            rating_asks=old.rating_asks, tips=old.tips, done=old.done, touches=old.touches,
            last_human_at=self.now, last_at=self.now if spoke else old.last_at,
        )  # fmt: skip
        records = tuple(
            record
            for record in self.records
            if not isinstance(record, HandedOff) and not tells_of_words(record)
        )
        # A promise to come back is made by words, and none were said; what an order's progress plans is kept.
        reminders = tuple(r for r in self.reminders.values() if r.data.get("kind") in {"touch", "delay"})
        withdrawn = any(
            isinstance(record, OptedOut) and record.purpose in {"all", "service"} for record in records
        )
        if withdrawn and not any(isinstance(record, OptedIn) for record in records):
            reminders = ()
        return Answer(state, tuple(self.notices), reminders, tuple(self.cancelled), records)


_SOON: Final = timedelta(seconds=1)


def _expecting(step: Asking) -> str:
    """What understanding is told to expect."""
    return step.expects if isinstance(step, Ask) else "choice"
