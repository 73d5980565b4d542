"""One chat of the simulated buyer: what the house keeps of it, and what has been said in it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal, TypeAlias

from dialogs.channel import Capabilities, right_to_write
from dialogs.facts import Reach
from dialogs.flow import Book
from dialogs.messages import Button, Draft, Outgoing, Template
from dialogs.payloads import parse_payload
from dialogs.records import DECIDED, Fate, HandedOff, Reminder, Touched
from dialogs.state import State
from dialogs.words import Voice

Speaker: TypeAlias = Literal["bot", "notice", "agent"]
"""``notice`` is said although a human has the floor: the hand-over itself."""


Approved: TypeAlias = tuple[str, tuple[Button, ...]]
"""A template's words and buttons."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message as the buyer got it. ``template`` names the one it went out as; ``text`` is its words."""

    at: datetime
    channel: str
    text: str
    outgoing: Outgoing
    buttons: tuple[Button, ...] = ()
    template: str = ""
    speaker: Speaker = "bot"
    proactive: bool = False
    touchpoint: str = ""
    flow: str = ""
    step: str = ""
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Touch:
    """What became of a touchpoint, when that was settled, and when it was said, if it was."""

    what: Touched
    at: datetime
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message on its way out, or parked until the buyer writes."""

    outgoing: Outgoing
    speaker: Speaker
    draft: Draft
    parked: bool = False

    @property
    def questions(self) -> frozenset[tuple[str, str]]:
        """Which questions its buttons answer, as (flow, step)."""
        stored = self.outgoing.stored
        tapped = (parse_payload(stored.get(one.payload, one.payload)) for one in self.outgoing.buttons)
        return frozenset((one.flow, one.step) for one in tapped if one is not None)


@dataclass(frozen=True, slots=True)
class Ledger:
    """One entry of the consent ledger."""

    purpose: str
    allowed: bool
    chat: int


@dataclass(slots=True)
class Chat:
    """One conversation as the store knows it."""

    id: int
    channel: str
    capabilities: Capabilities
    state: State = field(default_factory=State)
    heard_at: datetime | None = None
    human: bool = False
    reachable: bool = True
    orders: list[str] = field(default_factory=list)
    reminders: dict[str, Reminder] = field(default_factory=dict)
    outbox: list[Waiting] = field(default_factory=list)
    touches: dict[str, Touch] = field(default_factory=dict)
    brakes: dict[str, datetime] = field(default_factory=dict)
    handoffs: list[tuple[datetime, HandedOff]] = field(default_factory=list)
    """The open ones."""
    owed: datetime | None = None
    """By when a human must have written, as the buyer was told."""
    buttons: dict[str, str] = field(default_factory=dict)
    """Every button ever shown: its title and the payload of the newest with that title."""

    def reach(self, now: datetime) -> Reach:
        """How this chat may be written to unasked."""
        if not self.reachable:
            return "closed"
        right = right_to_write(
            self.capabilities, now=now, last_heard=self.heard_at, human=False, has_template=True
        )
        return "open" if right == "free" else "template" if right == "template" else "closed"

    def note(self, touched: Touched, now: datetime) -> None:
        """Write down what a turn decided. A plan never reopens what is over."""
        known = self.touches.get(touched.key)
        if known is not None and touched.fate == "planned" and known.what.fate in DECIDED:
            return
        said = now if touched.fate in {"sent", "merged"} else None
        self.touches[touched.key] = Touch(
            touched, now, said or (known.sent_at if known is not None else None)
        )

    def settle(self, key: str, fate: Fate, reason: str, now: datetime) -> None:
        """Write back to its touchpoint what became of a message that was not sent as it was meant to be."""
        known = self.touches.get(key)
        if known is not None:
            said = now if fate == "sent" else None
            self.touches[key] = Touch(replace(known.what, fate=fate, reason=reason), now, said)

    def hush(self, now: datetime) -> None:
        """A human has the word: what the bot still had to say is moot."""
        self.human = True
        for one in self.outbox:
            if one.speaker == "bot":
                self.settle(one.draft.touchpoint, "withdrawn", "human", now)
        self.outbox = [one for one in self.outbox if one.speaker != "bot"]

    def withdraw(self, purpose: str, now: datetime) -> None:
        """Nothing unasked any more for this purpose (``all`` or ``service``: for any): it is taken back."""
        kept: list[Waiting] = []
        for one in self.outbox:
            key = one.draft.touchpoint
            touch = self.touches.get(key)
            meant = purpose in {"all", "service"} or (touch is not None and touch.what.purpose == purpose)
            if one.draft.proactive and meant:
                self.settle(key, "withdrawn", "opt_out", now)
            else:
                kept.append(one)
        self.outbox = kept

    def release(self, now: datetime) -> None:
        """Put what was parked behind what is said just now, as `persistence.records.release` does.

        At most one thing of the bot's own accord, and none while the answer waits for a tap.
        """
        parked = [one for one in self.outbox if one.parked]
        if not parked:
            return
        fresh = [one for one in self.outbox if not one.parked]
        busy = any(one.outgoing.buttons for one in fresh)
        asked = frozenset(question for one in fresh for question in one.questions)
        kept: list[Waiting] = []
        for one in parked:
            draft = one.draft
            if draft.expires_at is not None and draft.expires_at <= now:
                self.settle(draft.touchpoint, "expired", "too_late", now)
            elif asked & one.questions:
                self.settle(draft.touchpoint, "merged", "", now)
            elif draft.proactive and busy:
                kept.append(one)
            else:
                busy = busy or draft.proactive
                fresh.append(replace(one, parked=False))
        self.outbox = kept + fresh

    def send(self, now: datetime, book: Book, voice: Voice) -> list[Said]:
        """Judge everything that waits, as the sender does; return what goes out."""
        out: list[Said] = []
        left: list[Waiting] = []
        for one in self.outbox:
            if one.parked:
                left.append(one)
            elif (template := self._judge(one, now, left)) is not None:
                out.append(self._said(one, now, approved_text(book, template, voice) if template else None))
        self.outbox = left
        for said in out:
            self.buttons.update({button.title: button.payload for button in said.buttons})
            known = self.touches.get(said.touchpoint)
            if said.proactive and known is not None and known.what.fate == "parked":
                self.settle(said.touchpoint, "sent", "", now)
        return out

    def _judge(self, one: Waiting, now: datetime, left: list[Waiting]) -> Template | Literal[""] | None:
        """The template that it must go out as, "" for freely, None for not now or never."""
        draft, outgoing = one.draft, one.outgoing
        if draft.expires_at is not None and draft.expires_at <= now:
            self.settle(draft.touchpoint, "expired", "too_late", now)
            return None
        if one.speaker == "bot" and self.human:
            self.settle(draft.touchpoint, "withdrawn", "human", now)
            return None
        if not self.reachable:
            self.settle(draft.touchpoint, "refused", "failed:unreachable", now)
            return None
        right = right_to_write(
            self.capabilities,
            now=now,
            last_heard=self.heard_at,
            human=one.speaker == "agent",
            has_template=outgoing.template is not None,
        )
        if right == "closed":
            left.append(replace(one, parked=True))
            self.settle(draft.touchpoint, "parked", "window", now)
            return None
        return outgoing.template or "" if right == "template" else ""

    def _said(self, one: Waiting, now: datetime, approved: Approved | None) -> Said:
        draft, outgoing = one.draft, one.outgoing
        text, buttons = approved or (readable(outgoing), _buttons(outgoing))
        template = outgoing.template if approved is not None else None
        return Said(
            now,
            self.channel,
            text,
            outgoing,
            buttons,
            template.name if template is not None else "",
            one.speaker,
            draft.proactive,
            draft.touchpoint,
            draft.flow,
            draft.step,
            draft.variant,
        )


def _buttons(outgoing: Outgoing) -> tuple[Button, ...]:
    return outgoing.buttons + tuple(button for card in outgoing.cards for button in card.buttons)


def readable(outgoing: Outgoing) -> str:
    """All the words of a message, with its cards, links and pictures."""
    if not (outgoing.cards or outgoing.link or outgoing.picture):
        return outgoing.text
    parts = [f"[{outgoing.picture.type}: {outgoing.picture.url}]"] if outgoing.picture is not None else []
    parts.append(outgoing.text)
    for card in outgoing.cards:
        parts.append(" – ".join(part for part in (card.title, card.subtitle) if part))
        if card.link is not None:
            parts.append(f"{card.link.title}: {card.link.url}")
    if outgoing.link is not None:
        parts.append(f"{outgoing.link.title}: {outgoing.link.url}")
    return "\n".join(part for part in parts if part)


def approved_text(book: Book, template: Template, voice: Voice) -> Approved:
    """What a template looks like on the buyer's phone. It was approved in the shop's own voice."""
    keys = (f"{template.language}_{voice}", template.language)
    text = next((found for key in keys if (found := book.templates.get((template.name, key)))), None)
    if text is None:
        return f"[{template.name}] {' | '.join(template.parameters)}", ()
    body = text.body
    for number, parameter in enumerate(template.parameters, 1):
        body = body.replace(f"{{{{{number}}}}}", parameter)
    titles = (button.title for button in text.buttons)
    return body, tuple(
        Button(payload, title) for payload, title in zip(template.payloads, titles, strict=False)
    )
