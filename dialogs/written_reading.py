"""Reading a shop's written answers from YAML. Nothing is passed over: all that is wrong is told at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from dialogs.catalogue import SHOPS
from dialogs.facts import Need
from dialogs.names import NAMES
from dialogs.problems import Problem
from dialogs.script_errors import explain
from dialogs.script_parts import Id, Strict, Texts
from dialogs.script_step_parts import LinkModel
from dialogs.script_steps import Builder
from dialogs.source import Path as Place
from dialogs.source import Source
from dialogs.words import Words
from dialogs.written import Answers, Written
from nlu.text import key

ANSWERS_FILE: Final = "answers.yml"
SAMPLE: Final = SHOPS / "coffee" / ANSWERS_FILE
"""What the first sample shop answers."""

_UNKNOWN: Final[frozenset[Need]] = frozenset({"entry", "journey"})
"""Facts that are not looked up for the sake of a question."""

_ON_OFFER: Final = "offer_"

_Language: TypeAlias = Literal["de", "en"]
_Question = Annotated[str, AfterValidator(str.strip), Field(max_length=300)]


def _word(value: object) -> object:
    """A number that is meant as a name: who writes ``1001`` wants the text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


_Sku = Annotated[str, BeforeValidator(_word), Field(min_length=1, max_length=100)]


class AnswerModel(Strict):
    """One answer as it is written."""

    id: Id
    title: Texts
    questions: Annotated[dict[_Language, list[_Question]], Field(min_length=1)]
    answer: Texts
    products: list[_Sku] = Field(default=[], max_length=200)
    link: LinkModel | None = None


class AnswersError(Exception):
    """Written answers cannot be used; ``problems`` and the text tell all that is wrong, with its place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@cache
def load_answers(path: Path = SAMPLE) -> Answers:
    """The answers of a file. Read once.

    Raises:
        AnswersError: with every problem of the file.

    """
    entries, source, problems = examine_answers(path.name, path.read_text("utf-8"))
    del source
    if problems:
        raise AnswersError(problems)
    return Answers(entries)


def examine_answers(name: str, text: str) -> tuple[tuple[Written, ...], Source, list[Problem]]:
    """The answers that can be read, the file, and everything that is wrong with it. Never raises.

    ``name`` is the file's, as the problems tell it. An empty file is a shop without answers.
    """
    source = Source(name, text)
    if source.data is None:
        return (), source, [one for one in source.problems if one.kind != "empty_file"]
    if not isinstance(source.data, list):
        return (), source, [source.problem("no_answers")]
    found = [*source.problems, *_twice(source)]
    entries: list[Written] = []
    for number, entry in enumerate(source.data):
        try:
            model = AnswerModel.model_validate(entry)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                at, kind, details = explain(detail, AnswerModel)
                found.append(source.problem(kind, (number, *at), step=id_of(entry), details=details))
        else:
            entries.append(_Reader(source, number, model, found).written())
    return tuple(entries), source, sorted(found, key=lambda one: (one.line, one.column))


def id_of(entry: object) -> str:
    """What an answer is called, however little of it can be read."""
    found = entry.get("id") if isinstance(entry, Mapping) else None
    return found if isinstance(found, str) else ""


class _Reader:
    """One answer whose form is right."""

    def __init__(self, source: Source, number: int, model: AnswerModel, problems: list[Problem]) -> None:
        self.source = source
        self.number = number
        self.model = model
        self.problems = problems

    def written(self) -> Written:
        """The answer; what is wrong with its texts is told."""
        model, builder = self.model, Builder("", self._complain)
        link = model.link
        label = builder.words(link.title, ("link", "title")) if link is not None else None
        answer = builder.words(model.answer, ("answer",))
        title = builder.words(model.title, ("title",))
        for words, at in ((answer, ("answer",)), (label, ("link", "title")), (title, ("title",))):
            self._names(words, at)
        if link is not None and not link.url.startswith("https://"):
            self._complain(("link", "url"), "not_https", word=link.url[:80])
        return Written(
            model.id,
            title,
            answer,
            {language: tuple(texts) for language, texts in model.questions.items()},
            tuple(model.products),
            label,
            link.url if link is not None else "",
        )

    def _names(self, words: Words | None, at: Place) -> None:
        """Tell of names that say nothing here."""
        for name in sorted(words.names) if words is not None else ():
            known = NAMES.get(name)
            if name.startswith(_ON_OFFER) or (known is not None and known.needs & _UNKNOWN):
                self._complain(at, "answer_name", word=name)

    def _complain(self, at: Place, kind: str, **details: str) -> None:
        self.problems.append(
            self.source.problem(kind, (self.number, *at), step=self.model.id, details=details)
        )


def _twice(source: Source) -> Iterator[Problem]:
    """Ids and questions that are there twice, and questions without words."""
    ids: dict[str, Place] = {}
    asked: dict[str, tuple[str, Place]] = {}
    for number, entry in enumerate(source.data):
        name = id_of(entry)
        if name in ids:
            details = {"word": name, "line": str(source.place(ids[name])[0])}
            yield source.problem("answer_twice", (number, "id"), step=name, details=details)
        elif name:
            ids[name] = (number,)
        for place, text in questions_in(entry):
            said = key(text)
            other = asked.get(said)
            if not said:
                yield source.problem("no_words", (number, *place), step=name)
            elif other is not None and other[0] != name:
                details = {"word": other[0], "line": str(source.place(other[1])[0])}
                yield source.problem("question_twice", (number, *place), step=name, details=details)
            else:
                asked[said] = (name, (number, *place))


def questions_in(entry: object) -> Iterator[tuple[Place, str]]:
    """Every phrasing of an answer with its place, as far as it can be read."""
    questions: Any = entry.get("questions") if isinstance(entry, Mapping) else None
    for language, texts in questions.items() if isinstance(questions, Mapping) else ():
        for number, text in enumerate(texts if isinstance(texts, list) else ()):
            if isinstance(text, str):
                yield ("questions", str(language), number), text
