"""The texts of a book, each with its place, and what a reader gets to see of a step at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from dialogs.expressions import Value, fill_text
from dialogs.flow import (
    Ask,
    Carousel,
    Checklist,
    Consent,
    Handoff,
    MediaSpec,
    Offer,
    Say,
    Step,
)
from dialogs.names import NAMES
from dialogs.source import Path
from dialogs.words import REGIONAL, VARIANTS, Lines, Tone, Words

_KEYS: Final = {
    Say: "say",
    Ask: "ask",
    Checklist: "checklist",
    Handoff: "handoff",
    Offer: "text",
    Consent: "text",
}
_STOPGAPS: Final = ({"de": "–"}, {"de": "…"})
"""What the loader puts in the place of a text that cannot be used or is not there; it has told so."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One text and where it stands in its step (or in phrases.yml)."""

    words: Words
    at: Path
    house: bool = False
    """It is one of the house's own sentences, in phrases.yml."""

    @property
    def usable(self) -> bool:
        """Whether it could be read."""
        return self.words.texts not in _STOPGAPS


@dataclass(frozen=True, slots=True)
class Button:
    """One choice of a question as it is shown."""

    id: str
    title: Piece
    description: Piece | None = None


@dataclass(frozen=True, slots=True)
class Showing:
    """What is shown at once: one of several texts, with buttons, a picture, a labelled link or cards."""

    texts: tuple[Piece, ...]
    buttons: tuple[Button, ...] = ()
    picture: MediaSpec | None = None
    link: Piece | None = None
    carousel: Carousel | None = None


def pieces(step: Step) -> Iterator[Piece]:
    """Every text of a step."""
    seen: set[Path] = set()
    for showing in showings(step, {}):
        found = [*showing.texts, *(button.title for button in showing.buttons)]
        found += [button.description for button in showing.buttons if button.description is not None]
        found += [showing.link] if showing.link is not None else []
        for piece in found:
            if piece.at not in seen and not piece.house:
                seen.add(piece.at)
                yield piece
    if isinstance(step, Say | Ask) and step.picture is not None and step.picture.alt is not None:
        yield Piece(step.picture.alt, ("picture", "alt"))


def showings(step: Step, phrases: Mapping[str, Words]) -> Iterator[Showing]:
    """Everything that a step may show, with the house's own sentences where they belong to it."""
    match step:
        case Say():
            link = Piece(step.link.title, ("link", "title")) if step.link is not None else None
            yield Showing(_lines(step), (), step.picture, link or _track(step, phrases), step.carousel)
        case Ask():
            buttons = _choices(step)
            yield Showing(_lines(step), buttons, step.picture, _track(step, phrases))
            if step.again is not None:
                yield Showing((Piece(step.again, ("again",)),), buttons)
        case Checklist():
            yield Showing(_lines(step), (_button(step, "done"), _button(step, "stuck")))
            yield Showing(
                (Piece(step.trouble, ("trouble",)),), (_button(step, "solved"), _button(step, "human"))
            )
        case Offer():
            yield Showing(_lines(step), carousel=Carousel("complements") if step.carousel else None)
        case Consent():
            yield from _consents(step, phrases)
        case Handoff():
            yield Showing(_lines(step))
        case _:
            return


def _choices(step: Ask) -> tuple[Button, ...]:
    key = "titles" if step.expects == "rating" else "choices"
    found = tuple(
        Button(
            choice.id,
            Piece(choice.title, (key, number, "title") if key == "choices" else (key, number)),
            Piece(choice.description, (key, number, "description"))
            if choice.description is not None
            else None,
        )
        for number, choice in enumerate(step.choices)
    )
    return (*found, Button("skip", Piece(step.skip, ("skip",)))) if step.skip is not None else found


def _button(step: Checklist, name: str) -> Button:
    return Button(name, Piece(getattr(step, name), (name,)))


def _consents(step: Consent, phrases: Mapping[str, Words]) -> Iterator[Showing]:
    if step.action != "ask":
        yield Showing(_lines(step))
        return
    no = (Button("no", Piece(step.no, ("no",))),) if step.no is not None else ()
    yes = (Button("yes", Piece(step.yes, ("yes",))),) if step.yes is not None else ()
    yield Showing(_lines(step), (*yes, *no))
    if step.confirm is not None:
        again = phrases.get("confirm_yes")
        sure = (Button("yes", Piece(again, ("confirm_yes",), house=True)),) if again is not None else ()
        yield Showing((Piece(step.confirm, ("confirm",)),), (*sure, *no))


def _track(step: Say | Ask, phrases: Mapping[str, Words]) -> Piece | None:
    title = phrases.get("track") if step.tracking else None
    return Piece(title, ("track",), house=True) if title is not None else None


def _lines(step: Say | Ask | Checklist | Handoff | Offer | Consent) -> tuple[Piece, ...]:
    lines: Lines = step.lines
    others = (Piece(words, ("variants", name)) for name, words in lines.variants.items())
    return (Piece(lines.base, (_KEYS[type(step)],)), *others)


# -- samples

LONG: Final[Mapping[str, Value]] = {
    "product": "Handkaffeemühle Morgenrot Reise mit Kegelmahlwerk, 30 g",
    "tip_product": "Handkaffeemühle Morgenrot Reise mit Kegelmahlwerk, 30 g",
    "hello": "Hallo Maximilian-Alexander",
    "first_name": "Maximilian-Alexander",
    "offer_products": "„Handkaffeemühle Morgenrot Reise“ und „Schwanenhalskessel Ida, 0,9 l, mattschwarz“",
    "promised_time": "Donnerstag, 24. September, 11:30 Uhr",
    "problem": "mit „Handkaffeemühle Morgenrot Reise mit Kegelmahlwerk, 30 g“ etwas nicht stimmt",
    "hours": " (Montag bis Freitag 9–17 Uhr, Samstag 9–12 Uhr)",
}
"""Longer than most, for what may be longer than the sample."""

_SAID: Final = "Filterkaffee"
_SIMPLE: Final = re.compile(r"\{\s*([a-z_]+(?:\.\w+)?)\s*\}")


def sample(name: str) -> Value:
    """A value that a name may well have."""
    known = NAMES.get(name)
    return known.sample if known is not None else _SAID


def long_sample(name: str) -> Value:
    """A long one."""
    return LONG.get(name, sample(name))


def unlikely(name: str) -> Value:
    """As `long_sample`, and nothing holds that could."""
    known = NAMES.get(name)
    return False if known is not None and known.kind == "flag" else long_sample(name)


def filled(text: str, names: frozenset[str], fill: Callable[[str], Value]) -> str:
    """The text filled in. Bare names are put in by hand: compiling every text of a book takes seconds."""
    if "{" not in text:
        return text
    if text.count("{") == len(_SIMPLE.findall(text)):
        return _SIMPLE.sub(lambda match: str(fill(match[1])), text)
    return fill_text(text, names, fill)


def tones(*words: Words | None) -> Iterator[Tone]:
    """Every tone in which these texts differ: the three that all have, and the countries written for."""
    written = {key for one in words if one is not None for key in one.texts}
    seen: set[tuple[str, ...]] = set()
    for key in (*VARIANTS, *(one for one in REGIONAL if one in written)):
        for tone in tones_of(key):
            said = tuple(one.source(tone) for one in words if one is not None)
            if said not in seen:
                seen.add(said)
                yield tone


def tones_of(key: str) -> tuple[Tone, ...]:
    """The tones that a text's key is for; ``de_at`` is for both voices."""
    language, _, rest = key.partition("_")
    if language == "en":
        return (Tone("en"),)
    country, _, voice = rest.rpartition("_") if rest not in {"at", "ch"} else (rest, "", "")
    if voice == "sie":
        return (Tone("de", "sie", country.upper() or "DE"),)
    if voice == "du":
        return (Tone("de", "du", country.upper() or "DE"),)
    return Tone("de", "du", country.upper() or "DE"), Tone("de", "sie", country.upper() or "DE")


def key_of(words: Words, tone: Tone) -> str:
    """Under which key the text for this tone is written."""
    said = words.source(tone)
    fitting = [key for key, text in words.texts.items() if text == said]
    own = [key for key in fitting if tone in tones_of(key)]
    return (own or fitting or ["de"])[0]
