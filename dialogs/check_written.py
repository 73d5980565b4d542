"""Checks of written answers: languages, address, lengths, products, and questions that cannot be told apart.

An answer is shown like a step that says something: what holds for texts of scripts holds for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from dialogs.asked import FLOW
from dialogs.check_limits import check_limits
from dialogs.check_map import Map
from dialogs.check_pieces import Piece
from dialogs.check_scope import Demands, Places, Scope
from dialogs.check_texts import check_texts, complaints
from dialogs.flow import Book, Flow, LinkSpec, Say
from dialogs.problems import Problem, named
from dialogs.source import Path, Source
from dialogs.words import Lines
from dialogs.written import Answers, Written
from dialogs.written_reading import id_of, questions_in
from nlu.text import key

_FEW: Final = 4
_ALIKE: Final = 0.85
_SHOWN: Final[Mapping[str, str]] = {"say": "answer"}
"""What a step's part is called in an answer."""


def check_answers(
    entries: tuple[Written, ...], source: Source, demands: Demands, book: Book
) -> tuple[Problem, ...]:
    """Everything that only the whole shop shows to be wrong with its answers. Never raises."""
    steps = {one.id: _shown(one) for one in entries}
    flow = Flow(FLOW, (), steps)
    alone = Book({FLOW: flow}, {})
    scope = Scope(alone, demands, _AnswerPlaces(source), Map(alone))
    found = (
        *check_texts(scope),
        *check_limits(scope),
        *(problem for one in entries for problem in _of_one(scope, one)),
        *_questions(entries, source, book),
    )
    return tuple(sorted(found, key=lambda one: (one.line, one.column, one.kind)))


def _shown(entry: Written) -> Say:
    link = LinkSpec(entry.label, entry.url) if entry.label is not None else None
    return Say(entry.id, Lines(entry.answer), link=link)


class _AnswerPlaces(Places):
    """Where the parts of answers are written."""

    def __init__(self, source: Source) -> None:
        """Look into ``source``."""
        super().__init__()
        self._source = source
        self._numbers: dict[str, int] = {}
        for number, entry in enumerate(source.data if isinstance(source.data, list) else ()):
            self._numbers.setdefault(id_of(entry), number)

    def problem(
        self,
        kind: str,
        flow: str,  # noqa: ARG002 - the name is that of `Places`
        step: str = "",
        at: Path = (),
        **details: str,
    ) -> Problem:
        """Return a problem of an answer, which the checks take for a step."""
        number = self._numbers.get(step, 0)
        place = tuple(_SHOWN.get(part, part) if isinstance(part, str) else part for part in at)
        return self._source.problem(kind, (number, *place), step=step, details=details)


def _of_one(scope: Scope, entry: Written) -> Iterator[Problem]:
    demands, places = scope.demands, scope.places
    for kind, word, details in complaints(demands, Piece(entry.title, ("title",))):
        yield places.problem(kind, FLOW, entry.id, ("title", word) if word else ("title",), **details)
    for language in demands.languages:
        asked = entry.questions.get(language, ())
        if not asked:
            yield places.problem("questions_missing", FLOW, entry.id, ("questions",), word=language)
        elif len(asked) < _FEW:
            details = {"word": language, "count": str(len(asked))}
            yield places.problem("questions_few", FLOW, entry.id, ("questions", language), **details)
    for number, sku in enumerate(entry.products):
        if demands.products and sku not in demands.products:
            details = named(sku, demands.products)
            yield places.problem("unknown_product", FLOW, entry.id, ("products", number), **details)


def _questions(entries: tuple[Written, ...], source: Source, book: Book) -> Iterator[Problem]:
    """Phrasings that another answer or a flow takes away."""
    answers = Answers(entries)
    bound = {one.id: frozenset(one.products) for one in entries}
    for number, entry in enumerate(source.data if isinstance(source.data, list) else ()):
        name = id_of(entry)
        if name not in answers.entries:
            continue
        for place, text in questions_in(entry):
            claimed = book.keywords.get(key(text))
            if claimed is not None:
                yield source.problem(
                    "question_claimed", (number, *place), step=name, details={"word": claimed.id}
                )
            match = answers.find(text, owned=bound[name])
            if match is None:
                continue
            rival, score = (
                (match.runner_up, match.next_score) if match.id == name else (match.id, match.score)
            )
            if score >= _ALIKE:
                yield source.problem("questions_alike", (number, *place), step=name, details={"word": rival})
