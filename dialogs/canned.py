"""Canned replies: texts that agents use again and again, filled in for the buyer who is being answered.

A placeholder of which nothing is known stays in the text as a gap, ``⟦the order number⟧``. A text with gaps
is not sent (`gaps`): the agent fills them in, or takes them out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from dialogs.expressions import ExpressionError, Fill, Value, fill_text, parse_text
from dialogs.names import NAMES
from dialogs.words import Language, Tone

OPEN: Final = "⟦"
CLOSE: Final = "⟧"
LONGEST: Final = 4000
"""Characters of one canned reply: more than every channel takes in one message."""

AGENT: Final = "agent"
"""The placeholder for the name of whoever is writing; scripts do not have it."""

SHORTCUT: Final = re.compile(r"[\w-]{1,32}")

_NOTHING: Final = frozenset({"", "noch nicht bekannt", "not known yet"})
"""What placeholders say where nothing is known (`dialogs.fillings`): no answer of an agent's."""

_SPOKEN_SIE: Final[Mapping[str, Value]] = {
    "hello": "Guten Tag Anna",
    "success": "Sie haben gerade Ihren ersten Kaffee gemahlen.",
    "offer_why": "Mit dem Schwanenhals gießen Sie genau dorthin, wo Sie wollen.",
    "tip": "Bürsten Sie das Mahlwerk einmal im Monat aus.",
    "item": "Stecken Sie die Kurbel auf die Achse.",
    "trouble": "Drehen Sie den Ring eine Raste weiter.",
}
_SPOKEN_EN: Final[Mapping[str, Value]] = {
    "hello": "Hello Anna",
    "product": "Morgenrot hand grinder",
    "tip_product": "Morgenrot hand grinder",
    "wanted_product": "Frieda pour-over dripper",
    "promise": "24 hours",
    "promised_time": "tomorrow, Friday, at 11:00",
    "problem": "something is wrong with “Morgenrot hand grinder”",
    "hours": " (Mon–Fri 9–17)",
    "tip": "Brush out the burrs once a month.",
    "item": "Put the crank on the axle.",
    "trouble": "Turn the ring one click further.",
    "success": "You have just ground your first coffee.",
    "offer_products": "“Tau kettle”",
    "offer_why": "With the gooseneck you pour exactly where you want to.",
    "offer_until": "14 December",
}
"""Samples that are words themselves, as the other tones say them."""

_KNOWN: Final = frozenset(NAMES) | {AGENT}
_PLAIN: Final = re.compile(r"\{\s*([a-z_][a-z0-9_.]*)\s*\}", re.ASCII)
_GAP: Final = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
_ASIDE: Final = re.compile(r"\s*\(`[^`]*`\)")
"""What only authors of scripts care about."""
_FILE: Final = Path(__file__).with_name("canned.yml")


@dataclass(frozen=True, slots=True)
class CannedText:
    """One canned reply as it is written.

    ``de_sie`` and ``en`` may be empty: then `written` takes the nearest.
    """

    shortcut: str
    title: str
    de: str
    de_sie: str = ""
    en: str = ""

    def written(self, tone: Tone) -> str:
        """What was written for this tone, or else for the nearest one."""
        if tone.language == "en":
            return self.en or self.de
        return (self.de_sie if tone.voice == "sie" else "") or self.de or self.en


T = TypeVar("T", bound=CannedText)


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong with a canned reply: ``place`` is its field, ``kind`` what, ``word`` which word.

    Kinds are those of `dialogs.expressions.ExpressionError`, and ``empty``, ``long`` and ``shortcut``.
    """

    place: str
    kind: str
    word: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """A text for one buyer. ``missing`` are the names of the gaps that are left in it."""

    text: str
    missing: tuple[str, ...] = ()


def fill_canned(text: str, tone: Tone, fill: Fill, agent: str, language: Language) -> Filled:
    """The text as the buyer would read it; what is not known is a gap in the agent's ``language``. Total.

    A text that cannot be read at all (an editor refuses those) stays as it is.
    """
    try:
        names = parse_text(text, _KNOWN)
    except ExpressionError:
        return Filled(text)
    values: dict[str, Value] = {name: agent if name == AGENT else fill(name) for name in names}
    missing: dict[str, None] = {}

    def marked(match: re.Match[str]) -> str:
        name = match[1]
        if name in values and _unknown(name, values[name]):
            missing[name] = None
            return f"{OPEN}{meaning(name, language)}{CLOSE}"
        return match[0]

    said = fill_text(_PLAIN.sub(marked, text), names, lambda name: values.get(name, ""))
    swiss = tone.language == "de" and tone.country == "CH"
    return Filled(said.replace("ß", "ss") if swiss else said, tuple(missing))


def sample_canned(text: str, tone: Tone) -> str:
    """The text with each placeholder's sample, as it reads in a tone: the editor's preview. Total."""
    try:
        names = parse_text(text, _KNOWN)
    except ExpressionError:
        return text
    spoken = _SPOKEN_EN if tone.language == "en" else _SPOKEN_SIE if tone.voice == "sie" else {}
    return fill_text(
        text, names, lambda name: spoken.get(name, NAMES[name].sample) if name in NAMES else "Kim"
    )


def check_canned(reply: CannedText) -> tuple[Mistake, ...]:
    """Everything that is wrong with a canned reply; nothing where it can be used."""
    return tuple(_mistakes(reply))


def _mistakes(reply: CannedText) -> Iterator[Mistake]:
    if not SHORTCUT.fullmatch(reply.shortcut):
        yield Mistake("shortcut", "shortcut", reply.shortcut[:32])
    if not reply.title.strip():
        yield Mistake("title", "empty")
    if not (reply.de.strip() or reply.en.strip()):
        yield Mistake("de", "empty")
    for place, text in (("de", reply.de), ("de_sie", reply.de_sie), ("en", reply.en)):
        if len(text) > LONGEST:
            yield Mistake(place, "long", str(LONGEST))
            continue
        try:
            parse_text(text, _KNOWN)
        except ExpressionError as error:
            yield Mistake(place, error.kind, error.word)


def gaps(text: str) -> tuple[str, ...]:
    """What is left open in a text, without the brackets."""
    return tuple(found[0][1:-1] for found in _GAP.finditer(text))


def placeholders(language: Language) -> tuple[tuple[str, str, str], ...]:
    """What may stand in braces: the name, what it means, a sample. Conditions are left out."""
    agent = (AGENT, meaning(AGENT, language), "Kim")
    rest = (
        (name, meaning(name, language), str(known.sample))
        for name, known in NAMES.items()
        if known.kind != "flag" and "." not in name
    )
    return (agent, *rest)


def meaning(name: str, language: Language) -> str:
    """What a placeholder stands for, in a few words."""
    if name == AGENT:
        return "dein Name" if language == "de" else "your name"
    known = NAMES.get(name)
    if known is None:
        return name
    told = (known.de if language == "de" else known.en).partition(";")[0].partition(":")[0]
    return _ASIDE.sub("", told)


def found_by(replies: Sequence[T], query: str) -> list[T]:
    """Those that a query means, best first: by shortcut, then by title, then by their words."""
    wanted = query.strip().casefold()
    if not wanted:
        return list(replies)
    ranked = [
        (rank, number, one) for number, one in enumerate(replies) if (rank := _rank(one, wanted)) is not None
    ]
    return [one for _, _, one in sorted(ranked, key=lambda found: found[:2])]


def _rank(reply: CannedText, wanted: str) -> int | None:
    shortcut, title = reply.shortcut.casefold(), reply.title.casefold()
    if shortcut.startswith(wanted):
        return 0
    if title.startswith(wanted) or f" {wanted}" in title:
        return 1
    if wanted in shortcut or wanted in title:
        return 2
    texts = f"{reply.de} {reply.de_sie} {reply.en}".casefold()
    return 3 if all(word in texts for word in wanted.split()) else None


def _unknown(name: str, value: Value) -> bool:
    known = NAMES.get(name)
    return value in _NOTHING or (known is not None and bool(known.fallback) and value == known.fallback)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")
    shortcut: str
    title: Mapping[Language, str]
    de: str
    de_sie: str = ""
    en: str


_ENTRIES: Final = TypeAdapter(list[_Entry])


@cache
def default_replies(language: Language) -> tuple[CannedText, ...]:
    """The replies that a shop begins with, with titles in its language."""
    entries = _ENTRIES.validate_python(yaml.safe_load(_FILE.read_text(encoding="utf-8")))
    return tuple(CannedText(one.shortcut, one.title[language], one.de, one.de_sie, one.en) for one in entries)
