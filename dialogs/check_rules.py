"""Checks of the rest: phrases, control groups, deadlines, names that nobody sets, products, examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from dialogs.check_pieces import pieces
from dialogs.check_scope import Scope
from dialogs.cutting import measure
from dialogs.expressions import GROUPS
from dialogs.flow import RESERVED, Ask, Book, Example, Flow, If, Note, Offer, Say, Set, Step, Trigger
from dialogs.problems import Problem, named
from dialogs.source import Path
from nlu.text import key

_SURE: Final = 0.6
"""A word whose meaning is less sure than this is nobody's yet."""

GIVEN: Final = frozenset({"my.scope"})
"""Names that the house itself sets: `dialogs.listening` keeps what an opt-out was about."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A line of an example that went otherwise than written; ``turn`` counts from 1, 0 is the whole of it."""

    turn: int
    expected_de: str
    expected_en: str
    said: str = ""


Play: TypeAlias = Callable[[Book, Flow, Example], Sequence[Miss]]
"""Plays an example; total."""


def check_rules(scope: Scope) -> Iterator[Problem]:
    """Everything that is wrong with triggers, deadlines, names and products."""
    names = _set_names(scope.book)
    for flow in scope.book.flows.values():
        yield from _phrases(scope, flow)
        yield from _deadlines(scope, flow)
        if scope.demands.products:
            for step in flow.steps.values():
                yield from _products(scope, flow, step)
        if scope.whole:
            yield from _never_set(scope, flow, names)


def _phrases(scope: Scope, flow: Flow) -> Iterator[Problem]:
    """Single words that buyers are understood by anyway, as a wish that another flow answers."""
    understand = scope.demands.understand
    for number, trigger in enumerate(flow.triggers):
        phrase = key(trigger.value) if trigger.kind == "keyword" else ""
        if not phrase or " " in phrase or understand is None:
            continue
        meaning = understand(trigger.value, language=None, expecting=None)
        other = scope.book.on.get(meaning.intent)
        if other is not None and other.id != flow.id and meaning.confidence >= _SURE:
            details = {"word": trigger.value, "intent": meaning.intent, "other": other.id}
            at = scope.places.trigger(flow.id, number)
            yield scope.places.problem("keyword_shadows", flow.id, "", at, **details)


def _deadlines(scope: Scope, flow: Flow) -> Iterator[Problem]:
    if flow.holdout and flow.purpose == "service":
        share = f"{flow.holdout:.0%}"
        yield scope.places.problem(
            "holdout_service", flow.id, "", ("holdout",), word_de=share.replace("%", " %"), word_en=share
        )
    night = scope.demands.night
    if flow.expires < night and any(map(_may_wait, flow.triggers)):
        hours = f"{night.total_seconds() / 3600:g}"
        yield scope.places.problem("expires_at_night", flow.id, "", ("expires",), word=hours)


def _may_wait(trigger: Trigger) -> bool:
    """Whether a touchpoint may come due at night: what happens at night, and is said at once."""
    return trigger.kind in {"order", "tag", "flow"} and trigger.at is None and trigger.after.at_once


# -- names


def _set_names(book: Book) -> frozenset[str]:
    """Every ``my.x`` and ``notes.x`` that some step gives a value."""
    found = set(GIVEN)
    for flow in book.flows.values():
        for step in flow.steps.values():
            match step:
                case Ask():
                    found |= {f"my.{step.save}"} if step.save else set()
                    found |= {f"notes.{step.note}"} if step.note else set()
                case Set():
                    found |= {f"my.{name}" for name, _ in step.values if name not in RESERVED}
                case Note():
                    found |= {f"notes.{name}" for name, _ in step.values}
                case _:
                    pass
    return frozenset(found)


def _never_set(scope: Scope, flow: Flow, known: frozenset[str]) -> Iterator[Problem]:
    """Names that are read and that no step ever sets: they are always empty."""
    told: set[tuple[str, str]] = set()
    for step, at, names in _used(scope, flow):
        for name in sorted(names - known):
            if name.partition(".")[0] in GROUPS and "." in name and (step, name) not in told:
                told.add((step, name))
                group = name.partition(".")[0]
                details = named(name, [one for one in known if one.startswith(f"{group}.")])
                yield scope.places.problem("never_set", flow.id, step, at, **details)


def _used(scope: Scope, flow: Flow) -> Iterator[tuple[str, Path, frozenset[str]]]:
    for number, trigger in enumerate(flow.triggers):
        if trigger.when is not None:
            yield "", (*scope.places.trigger(flow.id, number)[:2], "if"), trigger.when.names
    for step in flow.steps.values():
        for piece in pieces(step):
            yield step.id, piece.at, piece.words.names
        if isinstance(step, If):
            for number, (condition, _) in enumerate(step.cases):
                yield step.id, ("if", number, "when"), condition.names
        elif isinstance(step, Set | Note):
            for name, filling in step.values:
                yield step.id, ("set" if isinstance(step, Set) else "note", name), filling.names


# -- products


def _products(scope: Scope, flow: Flow, step: Step) -> Iterator[Problem]:
    """Cards of products that the catalogue does not have, or whose titles would be cut."""
    products = scope.demands.products
    limits = [one.card_title for one in scope.demands.channels.values() if one.cards and one.card_title]
    carousel = step.carousel if isinstance(step, Say) else None
    if carousel is None and not (isinstance(step, Offer) and step.carousel):
        return
    skus = carousel.skus if carousel is not None and carousel.of == "named" else ()
    for number, sku in enumerate(skus):
        if sku not in products:
            yield scope.places.problem(
                "unknown_product", flow.id, step.id, ("carousel", number), **named(sku, products)
            )
    shown = [products[sku] for sku in skus if sku in products] if skus else list(products.values())
    for product in shown:
        for title in product.title.values():
            length = measure(title, "bytes")
            if limits and length > min(limits):
                details = {"word": product.sku, "length": str(length), "limit": str(min(limits))}
                yield scope.places.problem("card_cut", flow.id, step.id, ("carousel",), **details)
                break


# -- examples


def check_examples(scope: Scope, play: Play | None) -> Iterator[Problem]:
    """Examples that do not go as written, and flows that have none."""
    for flow in scope.book.flows.values():
        if not flow.examples:
            yield scope.places.problem("no_example", flow.id, "", ("id",), word=flow.id)
        for number, example in enumerate(flow.examples):
            for miss in play(scope.book, flow, example) if play is not None else ():
                at: Path = ("examples", number, "turns", miss.turn - 1) if miss.turn else ("examples", number)
                details = {
                    "word": example.about,
                    "turn": str(miss.turn),
                    "expected_de": miss.expected_de,
                    "expected_en": miss.expected_en,
                    "said": miss.said or "–",
                }
                yield scope.places.problem("example_fails", flow.id, "", at, **details)
