"""One turn in the making: the state as it changes, what is said so far, what is to be kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from dialogs.cutting import clean
from dialogs.facts import Facts
from dialogs.flow import Ask, Book, Checklist, Flow, Listen, Rate, Say, Step
from dialogs.messages import Choice, Draft, Link
from dialogs.placeholders import PLACEHOLDERS, Scene, parcel_of
from dialogs.records import Answer, HandedOff, OptedIn, OptedOut, Record, Reminder
from dialogs.shop import Order
from dialogs.state import Option, State
from dialogs.templates import fill_template
from dialogs.timing import care_and_rating
from dialogs.words import Language, Words

PAUSE: Final = timedelta(days=30)
"""After so long a silence the bot says again that it is one."""

_KEPT_ASKS: Final = 10
_KEPT_MARKS: Final = 40
KINDS: Final = ("setup", "care", "rating")
"""The reminders of an order; each is named ``<kind>:<order>``."""


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
        self.orders = {order.id: order for order in facts.orders}
        self.drafts: list[Draft] = []
        self.reminders: dict[str, Reminder] = {}
        self.cancelled: dict[str, None] = {}
        self.records: list[Record] = []
        self.evidence: tuple[str, ...] = ()
        self.proactive = False
        self.handed_off = False
        self.language: Language = language or self._settled_language()
        if language is not None:
            self.state = replace(self.state, language=language)

    def _settled_language(self) -> Language:
        order = self.order
        known = self.state.language or (order.language if order is not None else None) or self.facts.language
        return "de" if not known or known.lower().startswith("de") else "en"

    @property
    def order(self) -> Order | None:
        """The order that is being talked about: the one in focus, else the newest."""
        if self.state.order_id is not None and self.state.order_id in self.orders:
            return self.orders[self.state.order_id]
        return max(self.facts.orders, key=lambda order: (order.placed_at, order.id), default=None)

    @property
    def scene(self) -> Scene:
        """The moment, for texts and conditions."""
        return Scene(self.facts, self.state, self.language, self.order)

    @property
    def open(self) -> tuple[Flow, Step] | None:
        """The question that waits for an answer, if its script still has it."""
        flow = self.book.flows.get(self.state.flow)
        step = flow.steps.get(self.state.step) if flow is not None else None
        return (flow, step) if flow is not None and step is not None else None

    def words(self, text: Words) -> str:
        """The text in the conversation's language and the brand's voice."""
        scene = self.scene
        return text.say(self.language, self.facts.voice, lambda name: PLACEHOLDERS[name].render(scene))

    def phrase(self, key: str) -> None:
        """Say one of the house's own sentences."""
        self.drafts.append(Draft(self.words(self.book.phrases[key]), "house", key))

    def say(self, flow: Flow, step: Step) -> None:
        """Say a text that asks nothing."""
        self.drafts.append(self._draft(flow, step, (), 0))

    def notify(self, flow: Flow, step: Step) -> None:
        """Say something although the next word is a human's."""
        self.drafts.append(Draft(self.words(step.text), flow.id, step.id, notice=True))

    def ask(self, flow: Flow, step: Step, *, item: int = 0, trouble: bool = False) -> None:
        """Ask the step's question: from now on it is the open one, under a new number."""
        asked = self.state.asked + 1
        expecting = {Rate: "rating", Listen: "comment"}.get(type(step), "choice")
        choices = self._choices(step, trouble=trouble)
        asks = self.state.rating_asks
        if isinstance(step, Rate) and self.order is not None:
            kept = list(asks.items())[-(_KEPT_ASKS - 1) :]
            asks = {**dict(kept), str(asked): self.order.id}
        self.state = replace(
            self.state, flow=flow.id, step=step.id, asked=asked, asked_at=self.now,
            item=item, trouble=trouble,
            options=tuple(Option(choice.id, choice.title) for choice in choices), expecting=expecting,
            rating_asks=asks,
        )  # fmt: skip
        self.drafts.append(self._draft(flow, step, choices, asked))

    def repeat(self) -> bool:
        """Ask the open question once more, under the same number; False if there is none."""
        if self.open is None:
            return False
        flow, step = self.open
        choices = self._choices(step, trouble=self.state.trouble)
        if choices:
            self.drafts.append(self._draft(flow, step, choices, self.state.asked))
        return bool(choices)

    def close(self) -> None:
        """No question is open any more."""
        self.state = replace(
            self.state, flow="", step="", options=(), expecting="", item=0, trouble=False, asked_at=None
        )

    def focus(self, order_id: str) -> None:
        """From now on the talk is about this order."""
        self.state = replace(self.state, order_id=order_id)

    def mark(self, what: str, order_id: str) -> None:
        """Remember that something about an order has been done."""
        name = f"{what}:{order_id}"
        if name not in self.state.done:
            self.state = replace(self.state, done=(*self.state.done, name)[-_KEPT_MARKS:])

    def marked(self, what: str, order_id: str) -> bool:
        """Whether it has been done."""
        return f"{what}:{order_id}" in self.state.done

    def remind(self, kind: str, order_id: str, at: datetime) -> None:
        """Come back to something about an order."""
        name = f"{kind}:{order_id}"
        self.reminders[name] = Reminder(name, at, {"order_id": order_id})
        self.cancelled.pop(name, None)

    def withdraw(self, order_id: str, *kinds: str) -> None:
        """Come back to it no more."""
        for kind in kinds:
            name = f"{kind}:{order_id}"
            self.reminders.pop(name, None)
            self.cancelled[name] = None

    def schedule(self, order: Order) -> None:
        """Plan the care tip and the rating of an order that has arrived."""
        if self.state.opted_out or order.status in {"cancelled", "refunded"}:
            return
        products = [self.facts.products.get(item.sku) for item in order.items]
        fast = bool(products) and all(product is not None and product.pace == "fast" for product in products)
        arrived = order.milestones.get("delivered", self.now)
        care, rating = care_and_rating(arrived, "fast" if fast else "durable", self.now, self.facts.timezone)
        if not self.marked("care", order.id):
            self.remind("care", order.id, care)
        if order.id not in self.state.ratings:
            self.remind("rating", order.id, rating)

    def hand_off(self, reason: HandedOff) -> None:
        """A human gets the floor; nothing more is asked."""
        self.records.append(reason)
        self.close()
        self.state = replace(self.state, last_human_at=self.now, misses=0)
        self.handed_off = True

    def _draft(self, flow: Flow, step: Step, choices: tuple[Choice, ...], asked: int) -> Draft:
        text = self.words(step.text)
        label = ""
        template = expires = link = None
        if isinstance(step, Checklist) and self.state.trouble:
            text = self.words(step.trouble)
        if choices:
            label = self.words(self.book.phrases["list_label"])
        if self.proactive and isinstance(step, Say | Ask | Rate):
            scene = self.scene
            if step.template:
                template = fill_template(
                    step.template,
                    self.language,
                    self.facts.voice,
                    lambda name: PLACEHOLDERS[name].render(scene),
                )
            expires = self.now + step.expires if step.expires is not None else None
        if isinstance(step, Say | Ask) and step.tracking:
            link = self._tracking()
        return Draft(
            text, flow.id, step.id, choices, asked, link=link, template=template, list_label=label,
            proactive=self.proactive, expires_at=expires,
        )  # fmt: skip

    def _tracking(self) -> Link | None:
        parcel = parcel_of(self.order)
        if parcel is None or not parcel.url or not parcel.url.startswith(("https://", "http://")):
            return None
        return Link("Track parcel" if self.language == "en" else "Paket verfolgen", parcel.url)

    def _choices(self, step: Step, *, trouble: bool) -> tuple[Choice, ...]:
        match step:
            case Ask():
                return tuple(Choice(spec.id, self.words(spec.title)) for spec in step.choices)
            case Checklist() if trouble:
                return Choice("done", self.words(step.solved)), Choice("human", self.words(step.human))
            case Checklist():
                return Choice("done", self.words(step.done)), Choice("stuck", self.words(step.stuck))
            case Rate():
                return tuple(
                    Choice(str(score), self.words(title)) for score, title in enumerate(step.titles, 1)
                )
            case Listen():
                return (Choice("skip", self.words(step.skip)),)
            case _:
                return ()

    def finish(self, *, spoke: bool, silent: bool) -> Answer:
        """The outcome. ``silent``: a human has the floor, so nothing is said and no question is moved."""
        if silent:
            return self._kept_only(spoke=spoke)
        drafts = _joined(self.drafts)
        if drafts:
            drafts[0] = self._disclosed(drafts[0])
        if spoke or drafts:
            self.state = replace(self.state, last_at=self.now)
        return Answer(
            self.state,
            tuple(drafts),
            tuple(self.reminders.values()),
            tuple(self.cancelled),
            tuple(self.records),
        )

    def _disclosed(self, draft: Draft) -> Draft:
        """The draft with word of who is speaking, at first, after a long pause, and after a human."""
        last, told = self.before.last_at, self.before.disclosed_at
        human = self.before.last_human_at
        if told is None:
            key = "disclosure"
        elif (last is not None and self.now - last > PAUSE) or (human is not None and human >= told):
            key = "disclosure_again"
        else:
            return draft
        self.state = replace(self.state, disclosed_at=self.now)
        return replace(draft, text=f"{self.words(self.book.phrases[key])}\n\n{draft.text}")

    def _kept_only(self, *, spoke: bool) -> Answer:
        old, new = self.before, self.state
        state = replace(
            old, ratings=new.ratings, opted_out=new.opted_out, order_id=new.order_id, language=new.language,
            last_human_at=self.now, last_at=self.now if spoke else old.last_at,
        )  # fmt: skip
        records = tuple(record for record in self.records if not isinstance(record, HandedOff))
        # A promise to come back is made by words, and none were said; only what the parcel's arrival plans is
        # kept.
        reminders = tuple(r for r in self.reminders.values() if not r.name.startswith("setup:"))
        withdrawn = any(isinstance(record, OptedOut) for record in records)
        returned = any(isinstance(record, OptedIn) for record in records)
        if withdrawn and not returned:
            reminders = ()
        return Answer(state, (), reminders, tuple(self.cancelled), records)


def _joined(drafts: list[Draft]) -> list[Draft]:
    """Drafts that can share a bubble put into one: every bubble costs money."""
    joined: list[Draft] = []
    for draft in drafts:
        last = joined[-1] if joined else None
        if (
            last is not None
            and not last.choices
            and last.proactive == draft.proactive
            and last.template is None
            and draft.template is None
            and (last.link is None or draft.link is None)
        ):
            joined[-1] = replace(
                draft, text=f"{last.text}\n\n{draft.text}", link=last.link or draft.link,
                notice=last.notice or draft.notice,
            )  # fmt: skip
        else:
            joined.append(draft)
    return [replace(draft, text=clean(draft.text)) for draft in joined if draft.text]
