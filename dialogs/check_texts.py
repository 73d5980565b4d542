"""Checks of texts: missing languages and voices, du and Sie mixed, addresses that are not safe to open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from dialogs.address import address_of
from dialogs.check_pieces import Piece, pieces
from dialogs.check_scope import Demands, Scope
from dialogs.flow import Ask, Flow, Say, Step
from dialogs.problems import Problem
from dialogs.words import VARIANTS, Words

_BUTTONS: Final = frozenset(
    {"choices", "titles", "skip", "done", "stuck", "solved", "human", "yes", "no", "buttons", "confirm_yes"}
)
_OF_THE_SHOP: Final = frozenset({"ihr", "euch", "euer", "eure", "euren", "eurem", "eurer", "eures"})
"""On a button the buyer speaks to the shop."""


def check_texts(scope: Scope) -> Iterator[Problem]:
    """Everything that is wrong with how texts are written."""
    for flow in scope.book.flows.values():
        for step in flow.steps.values():
            yield from _unsafe(scope, flow, step)
            for piece in pieces(step):
                for kind, key, details in complaints(scope.demands, piece):
                    at = (*piece.at, key) if key else piece.at
                    yield scope.places.problem(kind, flow.id, step.id, at, **details)
    for name, words in scope.book.phrases.items():
        for kind, key, details in complaints(scope.demands, Piece(words, (name,), house=True)):
            yield scope.places.phrase(kind, (name, key) if key else (name,), **details)


def complaints(demands: Demands, piece: Piece) -> Iterator[tuple[str, str, dict[str, str]]]:
    """What is wrong with one text: kind, key (none for the whole text), details."""
    if not piece.usable:
        return
    for kind, word in missing(demands, piece.words):
        yield kind, "", {"word": word}
    for key, text in piece.words.texts.items():
        found = spoken_to(key, text, button=piece.at[0] in _BUTTONS)
        if found is not None:
            yield found[0], key, found[1]


def missing(demands: Demands, words: Words) -> Iterator[tuple[str, str]]:
    """The kinds of problems for variants that are not written, and which those are."""
    lacking = [
        key
        for key in VARIANTS
        if key not in words.texts and not (key.startswith("de_") and "de" in words.texts)
        if key[:2] in demands.languages
    ]
    if demands.own in lacking:
        yield "text_missing", f"`{demands.own}`"
    others = [f"`{key}`" for key in lacking if key != demands.own]
    if others:
        yield "text_missing_elsewhere", ", ".join(others)


def spoken_to(key: str, text: str, *, button: bool = False) -> tuple[str, dict[str, str]] | None:
    """What is wrong with how the text under ``key`` speaks to its reader: kind and details."""
    language, _, voice = key.partition("_")
    if language != "de":
        return None
    address = address_of(text)
    du = [word for word in address.du if not (button and word.lower() in _OF_THE_SHOP)]
    weak = list(dict.fromkeys(address.weak))
    if voice.endswith("sie"):
        wrong = du or (weak if len(weak) > 1 else [])
    elif voice.endswith("du"):
        wrong = list(address.sie)
    elif du and address.sie:
        return "mixed_address", {"word": _quoted([du[0], address.sie[0]]), "key": key}
    else:
        found = du or list(address.sie)
        return ("address_in_plain", {"word": _quoted(found), "key": key}) if found else None
    return ("mixed_address", {"word": _quoted(wrong), "key": key}) if wrong else None


def _quoted(words: list[str]) -> str:
    return ", ".join(f"`{word}`" for word in dict.fromkeys(words))


def _unsafe(scope: Scope, flow: Flow, step: Step) -> Iterator[Problem]:
    """Links and pictures that are not https: platforms refuse them, and browsers warn."""
    if isinstance(step, Say | Ask) and step.picture is not None and not _safe(step.picture.url):
        yield scope.places.problem(
            "not_https", flow.id, step.id, ("picture", "url"), word=step.picture.url[:80]
        )
    if isinstance(step, Say) and step.link is not None and not _safe(step.link.url):
        yield scope.places.problem("not_https", flow.id, step.id, ("link", "url"), word=step.link.url[:80])


def _safe(url: str) -> bool:
    return url.startswith("https://") and len(url) > len("https://") and not any(map(str.isspace, url))
