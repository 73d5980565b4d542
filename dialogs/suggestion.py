"""Drafts for the agent who answers: acknowledge what happened, clarify or settle it, say by when.

Two or three of them, by what the case is about. They are the agent's to read and to change: some tell of what
only an agent can have done. A tip comes from the product's known causes, where the buyer's words point to one
of them, and never for something that is in pieces. The texts stand in ``suggestions.yml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

import yaml

from dialogs.causes import causes_of
from dialogs.deadlines import deadline
from dialogs.expressions import Fill
from dialogs.facts import Facts
from dialogs.fillings import first_name, order_number
from dialogs.naming_problem import concerned, problem
from dialogs.opening import WEEKDAYS, Opening
from dialogs.scene import Case, Scene, localized, products_of
from dialogs.shop import Cause, Order, Product
from dialogs.state import State
from dialogs.timing import local
from dialogs.triage import in_pieces
from dialogs.words import Language, Tone, Words, parse
from nlu.text import key

Style: TypeAlias = Literal["solve", "ask", "help", "wait"]
"""What a draft does: offer a solution, ask what is not known yet, give a tip, or only name a time."""

_FILE: Final = Path(__file__).parent / "suggestions.yml"
_NAMES: Final = ("name", "agent", "brand", "problem", "product", "order", "by", "help")
_FALLBACK: Final = "human"
_STEM: Final = 5
_SHORTEST: Final = 4
_MOST: Final = 3
_TONE: Final = Tone()
_NO_TEXTS: Final = frozenset({"reasons", "then"})


@dataclass(frozen=True, slots=True)
class Situation:
    """A case as the agent sees it, and who the agent is.

    ``reason`` and ``why`` are those of `dialogs.records.HandedOff`, ``evidence`` its words of the buyer.
    ``order`` is the one it is about, ``products`` the catalogue by SKU, ``named`` the SKU that the buyer
    named. ``cause`` is the id of the cause that the agent chose, if they did. ``answered``: an agent has
    written before, so nobody is introduced again. ``hours`` is within how many hours the agent promises to be
    back, by the desk's ``opening``. ``timezone`` is the buyer's.
    """

    now: datetime
    reason: str = ""
    why: str = ""
    evidence: tuple[str, ...] = ()
    tone: Tone = _TONE
    buyer: str = ""
    agent: str = ""
    brand: str = ""
    order: Order | None = None
    products: Mapping[str, Product] = field(default_factory=dict)
    named: str = ""
    cause: str = ""
    answered: bool = False
    hours: int = 24
    opening: Opening = WEEKDAYS
    timezone: str = "Europe/Berlin"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A draft. ``style`` is what it does, ``label`` says so to the agent, by language."""

    style: Style
    label: Mapping[str, str]
    text: str


@dataclass(frozen=True, slots=True)
class _Book:
    """All texts: those of each kind of case by what they do, which reason is of which kind, and the rest.

    ``then`` names the time that follows a solution, by kind.
    """

    kinds: Mapping[str, Mapping[str, Words]]
    then: Mapping[str, str]
    kind_of: Mapping[str, str]
    common: Mapping[str, Words]
    labels: Mapping[str, Mapping[str, str]]


def suggest(situation: Situation) -> tuple[Suggestion, ...]:
    """The drafts for a case, the likeliest first; two at least, three at most. Total and deterministic."""
    book = _book()
    scene = _scene(situation)
    kind = kind_of(situation)
    texts = book.kinds[kind]
    tip = help_for(situation)
    fill = _filler(situation, scene, tip)
    drafts: list[Suggestion] = []
    for style in _styles(texts, tip, whole=scene.order is not None):
        middle: tuple[Words, ...] = (texts[style],) if style in texts else ()
        if style == "help":
            middle = (book.common["lead"], _TIP)
        time = book.common[f"time_{book.then[kind] if style == 'solve' else style}"]
        words = (*_opening(situation, book, scene), texts["sorry"], *middle, time)
        said = " ".join(one.say(situation.tone, fill).strip() for one in words)
        drafts.append(Suggestion(style, book.labels[style], said))
    return tuple(drafts[:_MOST])


def kind_of(situation: Situation) -> str:
    """What kind of case it is: what triage saw in the words, unless the script's reason says it better."""
    known = _book().kind_of
    by_script, by_words = known.get(situation.reason), known.get(situation.why)
    general = {None, "complaint", _FALLBACK}
    return (by_words if by_script in general and by_words is not None else by_script) or _FALLBACK


def help_for(situation: Situation) -> str:
    """What the buyer may try by themselves: the help of the chosen cause, else of the one their words name.

    Empty where neither is known, and where something is said to be in pieces.
    """
    scene = _scene(situation)
    causes = causes_of(_concerned(situation, scene))
    chosen = next((one for one in causes if one.id == situation.cause), None)
    if chosen is None and not scene.case.broken:
        chosen = _pointed_at(causes, situation.evidence)
    return localized(chosen.help, scene.language, scene.tone.voice) if chosen is not None else ""


def _styles(texts: Mapping[str, Words], tip: str, *, whole: bool) -> Iterator[Style]:
    """Which drafts to make. What names an order (``{order}``) is only said where there is one (``whole``)."""
    if tip:
        yield "help"
    if "ask" in texts:
        yield "ask"
    if "solve" in texts and (whole or "order" not in texts["solve"].names):
        yield "solve"
    yield "wait"


def _opening(situation: Situation, book: _Book, scene: Scene) -> tuple[Words, ...]:
    """The greeting, unless somebody has greeted before or it is not known who writes."""
    if situation.answered or not situation.agent:
        return ()
    return (book.common["hello" if first_name(scene) else "nameless"],)


def _scene(situation: Situation) -> Scene:
    facts = Facts(
        brand=situation.brand,
        voice=situation.tone.voice,
        buyer_name=situation.buyer or None,
        products=situation.products,
        timezone=situation.timezone,
    )
    said = " ".join(situation.evidence)
    case = Case(situation.why or situation.reason, in_pieces(said), situation.named)
    today = local(situation.now, situation.timezone).date()
    return Scene(facts, State(), situation.tone, situation.order, today, now=situation.now, case=case)


def _filler(situation: Situation, scene: Scene, tip: str) -> Fill:
    by = situation.opening.promised(situation.now, situation.hours)
    known = {
        "name": first_name(scene),
        "agent": situation.agent,
        "brand": situation.brand or ("our shop" if scene.language == "en" else "unserem Shop"),
        "problem": problem(scene),
        "product": concerned(scene),
        "order": order_number(scene),
        "by": deadline(by, situation.now, situation.tone, situation.timezone),
        "help": tip,
    }
    return known.__getitem__


def _concerned(situation: Situation, scene: Scene) -> tuple[Product, ...]:
    """The products that it may be about: the one that was named, else all that were bought."""
    named = situation.products.get(situation.named)
    return (named,) if named is not None else products_of(scene)


def _pointed_at(causes: tuple[Cause, ...], evidence: tuple[str, ...]) -> Cause | None:
    """The cause with help whose title shares most words with what the buyer said; None if several do."""
    said = _stems(" ".join(evidence))
    scored = [(len(said & _stems(" ".join(one.title.values()))), one) for one in causes if one.help]
    best = max((score for score, _ in scored), default=0)
    found = [one for score, one in scored if score == best]
    return found[0] if best and len(found) == 1 else None


def _stems(text: str) -> frozenset[str]:
    """The beginnings of the words that mean something."""
    return frozenset(word[:_STEM] for word in key(text).split() if len(word) >= _SHORTEST) - _EMPTY


_EMPTY: Final = frozenset(
    word[:_STEM]
    for word in (
        "nicht", "noch", "aber", "auch", "oder", "sich", "eine", "einen", "mein", "meine", "diese", "dieser",
        "jetzt", "immer", "wird", "kommt", "geht", "sehr", "ganz", "schon", "habe", "sind", "wenn",
        "doesn", "does", "with", "that", "this", "have", "from", "very",
    )
)  # fmt: skip

_TIP: Final = parse({"de": "{help}", "en": "{help}"}, _NAMES)


@cache
def _book() -> _Book:
    """The texts, read once."""
    data = yaml.safe_load(_FILE.read_text("utf-8"))
    kinds = {
        name: {style: parse(texts, _NAMES) for style, texts in kind.items() if style not in _NO_TEXTS}
        for name, kind in data["kinds"].items()
    }
    then = {name: kind.get("then", "way") for name, kind in data["kinds"].items()}
    kind_of = {reason: name for name, kind in data["kinds"].items() for reason in kind["reasons"]}
    common = {name: parse(texts, _NAMES) for name, texts in (data["greeting"] | data["help"]).items()}
    common |= {f"time_{style}": parse(texts, _NAMES) for style, texts in data["time"].items()}
    return _Book(kinds, then, kind_of, common, data["labels"])


def labels(language: Language) -> Mapping[str, str]:
    """What each style of draft is called."""
    return {style: texts[language] for style, texts in _book().labels.items()}
