"""Events to what was heard: a burst of texts becomes one, taps keep their ids, codes are found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, Protocol

from dialogs.cutting import clean
from dialogs.entry import as_code, find_code, without_code
from dialogs.messages import (
    Due,
    Event,
    FlowAsked,
    HandedBack,
    Media,
    OrderEvent,
    Preference,
    PromiseBroken,
    Reaction,
    Referral,
    Referred,
    Shared,
    Tagged,
    Tap,
    Text,
    Unsupported,
)
from dialogs.payloads import Tapped, parse_payload
from dialogs.state import State
from nlu.address import Address, address_of
from nlu.language import clear_language
from nlu.understanding import Intent, Understanding

_COMMAND: Final = "/start"
_LONGEST_LINK: Final = 80

BELIEVED: Final = 0.4
"""An intent less sure than this moves no dialog: such guesses are wrong more often than not."""

_BELIEVED: Final[Mapping[Intent, float]] = {"opt_in": 0.7, "opt_out": 0.5}
"""What changes a consent must be clearer: one that nobody gave is worse than one asked for again."""


class Understand(Protocol):
    """The shape of `nlu.understanding.understand`, so that another engine can take its place."""

    def __call__(self, text: str, *, language: str | None, expecting: str | None) -> Understanding:
        """Say what ``text`` means."""


@dataclass(frozen=True, slots=True)
class Heard:
    """All that waited for this turn, in order of meaning rather than of arrival.

    ``text`` is None when nothing was written; ``language`` is the text's own where it is clear, ``voice``
    how it addresses the shop where that shows. ``wordless`` tells that something came which only eyes or
    ears can take in, ``photos`` how many pictures. ``link`` is the name an entry link carries when it is
    no code. ``asked`` are flows that agents start. ``spoke`` is true when the person acted at all.
    """

    spoke: bool = False
    text: str | None = None
    understanding: Understanding | None = None
    language: str | None = None
    voice: Address | None = None
    taps: tuple[Tapped, ...] = ()
    code: str | None = None
    wordless: bool = False
    photos: int = 0
    link: str = ""
    arrived: bool = False
    orders: tuple[OrderEvent, ...] = ()
    tags: tuple[Tagged, ...] = ()
    handed_back: tuple[HandedBack, ...] = ()
    broken: tuple[PromiseBroken, ...] = ()
    asked: tuple[FlowAsked, ...] = ()
    dues: tuple[Due, ...] = ()
    preferences: tuple[Preference, ...] = ()


@dataclass(slots=True)
class _Pile:
    """The events of one turn, sorted while they are read."""

    texts: list[str] = field(default_factory=list)
    taps: list[Tapped] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    orders: list[OrderEvent] = field(default_factory=list)
    tags: list[Tagged] = field(default_factory=list)
    dues: list[Due] = field(default_factory=list)
    preferences: list[Preference] = field(default_factory=list)
    handed_back: list[HandedBack] = field(default_factory=list)
    broken: list[PromiseBroken] = field(default_factory=list)
    asked: list[FlowAsked] = field(default_factory=list)
    link: str = ""
    photos: int = 0
    spoke: bool = False
    wordless: bool = False
    arrived: bool = False

    def act(self, event: Text | Tap | Media | Referred) -> None:
        """The person did something that may carry an entry link."""
        self.spoke = True
        self.codes += _from_link(event.referral)
        if event.referral is not None and event.referral.ref and not _from_link(event.referral):
            self.link = event.referral.ref.strip()[:_LONGEST_LINK]
        match event:
            case Text():
                self.texts.append(event.text)
            case Tap():
                tapped = parse_payload(event.payload)
                if tapped is None:  # not ours, or from a time before: the title is what the person said
                    self.texts.append(event.title)
                elif tapped not in self.taps:
                    self.taps.append(tapped)
            case Media():
                self.texts.append(event.caption)
                self.wordless = True
                self.photos += sum(one.type == "image" for one in event.attachments)
            case Referred():
                self.arrived = True

    def add(self, event: Event) -> None:
        """Any event; kinds that need no answer are passed over."""
        match event:
            case Text() | Tap() | Media() | Referred():
                self.act(event)
            case Shared() | Unsupported():
                self.spoke = self.wordless = True
            case Reaction():
                self.spoke = self.spoke or event.emoji is not None
            case OrderEvent():
                self.orders.append(event)
            case Tagged():
                self.tags.append(event)
            case Due():
                self.dues.append(event)
            case Preference():
                self.preferences.append(event)
            case HandedBack() | PromiseBroken() | FlowAsked():
                self.tell(event)
            case _:
                pass

    def tell(self, event: HandedBack | PromiseBroken | FlowAsked) -> None:
        """Something happened at the desk."""
        match event:
            case HandedBack():
                self.handed_back.append(event)
            case PromiseBroken():
                self.broken.append(event)
            case FlowAsked():
                self.asked.append(event)


def hear(events: Sequence[tuple[Event, datetime]], state: State, understand: Understand) -> Heard:
    """Join the waiting events into one thing heard. Total; kinds that need no answer are passed over."""
    pile = _piled(events)
    text, code, command = _said(pile)
    meaning = _believed(understand, text, state) if text else None
    language = clear_language(text) if text else None
    return Heard(
        spoke=pile.spoke,
        text=text or None,
        understanding=meaning,
        language=language,
        voice=address_of(text) if text and language != "en" else None,
        taps=tuple(pile.taps),
        code=pile.codes[-1] if pile.codes else code,
        wordless=pile.wordless,
        photos=pile.photos,
        link=pile.link,
        arrived=pile.arrived or command,
        orders=tuple(pile.orders),
        tags=tuple(pile.tags),
        dues=tuple(pile.dues),
        handed_back=tuple(pile.handed_back),
        broken=tuple(pile.broken),
        asked=tuple(pile.asked),
        preferences=tuple(pile.preferences),
    )


def _believed(understand: Understand, text: str, state: State) -> Understanding:
    """What ``text`` means; a guess that is likelier wrong than right is no ground to act on."""
    meaning = understand(text, language=state.language, expecting=state.expecting or None)
    if meaning.confidence >= _BELIEVED.get(meaning.intent, BELIEVED) or meaning.intent == "out_of_scope":
        return meaning
    guess = (meaning.intent, meaning.confidence)
    return replace(meaning, intent="out_of_scope", others=(guess, *meaning.others))


def words_of(events: Sequence[tuple[Event, datetime]]) -> str:
    """The text that `hear` will want understood: for an engine that has to ask elsewhere before."""
    return _said(_piled(events))[0]


def _piled(events: Sequence[tuple[Event, datetime]]) -> _Pile:
    pile = _Pile()
    for event, _ in events:
        pile.add(event)
    return pile


def _said(pile: _Pile) -> tuple[str, str | None, bool]:
    """The texts as one without an entry code, that code, and whether Telegram's ``/start`` was among them."""
    text, command = _joined(pile.texts)
    code = find_code(text) if text else None
    return (without_code(text).strip() if code else text), code, command


def _from_link(referral: Referral | None) -> list[str]:
    code = as_code(referral.ref) if referral is not None and referral.ref else None
    return [code] if code else []


def _joined(texts: list[str]) -> tuple[str, bool]:
    """The texts as one, and whether Telegram's ``/start`` was among them, which is nobody's word."""
    command = False
    said: list[str] = []
    for text in texts:
        plain = clean(text).strip()
        if plain == _COMMAND or plain.startswith(_COMMAND + " "):
            command = True
            plain = plain.removeprefix(_COMMAND).strip()
        if plain:
            said.append(plain)
    return "\n".join(said), command
