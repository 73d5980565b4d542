"""From the models of a file to the frozen steps of a flow: targets found, texts and conditions checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import time, timedelta
from typing import Final, TypeAlias, cast, get_args

from dialogs import script_step_models as models
from dialogs.durations import DurationError, parse_clock, parse_duration
from dialogs.expressions import Expression, ExpressionError, Filling, parse_expression, parse_filling
from dialogs.flow import (
    Ask,
    Call,
    Carousel,
    Checklist,
    ChoiceSpec,
    Consent,
    End,
    Go,
    Handoff,
    If,
    LinkSpec,
    MediaSpec,
    Milestone,
    Note,
    Offer,
    Remind,
    Say,
    Set,
    Silence,
    Step,
    Target,
    Wait,
)
from dialogs.names import NAMES
from dialogs.problems import named
from dialogs.script_step_parts import ChoiceModel, MediaModel
from dialogs.source import Path
from dialogs.words import Lines, UnusableText, Words, parse

KNOWN: Final = frozenset(NAMES)
"""What a text or a condition may name, besides ``my.…`` and ``notes.…``."""

Complain: TypeAlias = Callable[..., None]
"""Notes a problem: a place, a kind, and details."""

_MILESTONES: Final = get_args(Milestone)
_END: Final = "end"
_SKIP: Final = "skip"
_EVENT: Final = ("bei einem Ereignis wie `wait: delivered`", "with an event such as `wait: delivered`")
_ONE: Final = ("bei einer einzelnen Bedingung", "with a single condition")
_RATING: Final = ("mit `answer: rating`", "with `answer: rating`")
_NUMBER: Final = ("mit `answer: number`", "with `answer: number`")
_STEP: Final = ("mit einem Schritt oder `/ablauf`", "with a step or a `/flow`")
_SKIPPING: Final = ("zusammen mit `skip`", "together with `skip`")


class Builder:
    """Builds the steps of one flow. What is wrong is told to ``complain``; nothing is raised."""

    def __init__(self, flow: str, complain: Complain) -> None:
        """Build for ``flow``."""
        self.flow = flow
        self.complain = complain

    # -- parts

    def words(self, texts: Mapping[str, str], at: Path) -> Words:
        """A text; one that cannot be used becomes an empty one."""
        try:
            return parse(texts, KNOWN)
        except UnusableText as error:
            self._expression((*at, error.variant), error.kind, error.word)
        return Words({"de": "–"})

    def maybe(self, texts: Mapping[str, str] | None, at: Path) -> Words | None:
        """A text that may be left out."""
        return None if texts is None else self.words(texts, at)

    def lines(
        self, texts: Mapping[str, str], variants: Mapping[str, Mapping[str, str]], at: Path, key: str
    ) -> Lines:
        """A text with its variants."""
        others = {name: self.words(one, (*at, "variants", name)) for name, one in variants.items()}
        return Lines(self.words(texts, (*at, key)), others)

    def condition(self, source: str, at: Path) -> Expression:
        """A condition; one that cannot be used never holds."""
        try:
            return parse_expression(source, KNOWN)
        except ExpressionError as error:
            word = source.strip()[:60] if error.kind == "bad_expression" else error.word
            self._expression(at, error.kind, word)
        return Expression("false")

    def values(self, values: Mapping[str, str], at: Path) -> tuple[tuple[str, Filling], ...]:
        """What a `set` or `note` keeps."""
        return tuple((name, self._filling(value, (*at, name))) for name, value in values.items())

    def _filling(self, source: str, at: Path) -> Filling:
        try:
            return parse_filling(source, KNOWN)
        except ExpressionError as error:
            self._expression(at, error.kind, error.word)
        return Filling("")

    def _expression(self, at: Path, kind: str, word: str) -> None:
        details = named(word, KNOWN) if kind == "unknown_placeholder" else {"word": word}
        self.complain(at, kind, **details)

    def idle(self, at: Path, key: str, where: tuple[str, str]) -> None:
        """Tell of a key that does nothing here, and where it would."""
        self.complain((*at, key), "no_effect", word=key, where_de=where[0], where_en=where[1])

    def target(self, to: str | None, default: Target | None) -> Target | None:
        """``step`` here, ``/flow``, ``/flow/step``, or ``end``; ``default`` where nothing is said."""
        if to is None:
            return default
        if to == _END:
            return None
        if to.startswith("/"):
            flow, _, step = to[1:].partition("/")
            return Target(flow, step)
        return Target(self.flow, to)

    def media(self, model: MediaModel | None, at: Path) -> MediaSpec | None:
        """A picture or a video."""
        if model is None:
            return None
        return MediaSpec(model.type, model.url, self.maybe(model.alt, (*at, "picture", "alt")))

    # -- steps

    def step(self, model: models.StepModel, at: Path, following: Target | None) -> Step:
        """The step of a model; ``following`` is the next one in the file."""
        if model.id == _END:
            self.complain((*at, "id"), "reserved_id")
        to = self.target(getattr(model, "go", None), following)
        match model:
            case models.SayModel():
                return self._say(model, at, to)
            case models.AskModel():
                return self._ask(model, at, to)
            case models.ChecklistModel() | models.IfModel() | models.ConsentModel() | models.OfferModel():
                return self._branching(model, at, to, following)
            case _:
                return self._plain(model, at, to)

    def _plain(self, model: models.StepModel, at: Path, to: Target | None) -> Step:
        match model:
            case models.SetModel():
                return Set(model.id, self.values(model.values, (*at, "set")), to)
            case models.NoteModel():
                return Note(model.id, self.values(model.values, (*at, "note")), to)
            case models.WaitModel():
                return self._wait(model, at, to)
            case models.GoModel():
                return Go(model.id, to) if to is not None else End(model.id)
            case models.CallModel():
                return Call(model.id, Target(model.call), to)
            case models.RemindModel():
                target = self.target(model.target, None)
                if target is None:
                    self.complain((*at, "with"), "with_end")
                return Remind(model.id, target or Target(self.flow), model.remind, to)
            case models.HandoffModel():
                lines = self.lines(model.handoff, model.variants, at, "handoff")
                return Handoff(model.id, lines, model.reason, model.priority)
            case _:
                return End(model.id)

    def _say(self, model: models.SayModel, at: Path, to: Target | None) -> Say:
        link = carousel = None
        if model.link is not None:
            link = LinkSpec(self.words(model.link.title, (*at, "link", "title")), model.link.url)
        if isinstance(model.carousel, list):
            carousel = Carousel("named", tuple(model.carousel))
        elif model.carousel is not None:
            carousel = Carousel(model.carousel)
        return Say(
            model.id, self.lines(model.say, model.variants, at, "say"), to, self.media(model.picture, at),
            link, carousel, model.tracking, model.template,
        )  # fmt: skip

    def _ask(self, model: models.AskModel, at: Path, to: Target | None) -> Ask:
        expects = model.expects
        if model.titles is not None:
            choices = tuple(
                ChoiceSpec(str(score), self.words(title, (*at, "titles", score - 1)))
                for score, title in enumerate(model.titles, 1)
            )
        else:
            choices = tuple(
                self._choice(choice, (*at, "choices", number), to)
                for number, choice in enumerate(model.choices)
            )
        ids = [choice.id for choice in choices] + ([_SKIP] if model.skip is not None else [])
        if len(set(ids)) < len(ids):
            self.complain((*at, "choices"), "choice_twice")
        rates = expects == "rating"
        self._idle_in_question(model, at)
        silence = None
        if model.silence is not None:
            silence = Silence(model.silence.after, self.target(model.silence.go, None))
        return Ask(
            model.id, self.lines(model.ask, model.variants, at, "ask"), expects, choices, to,
            self.target(model.low, to) if rates else None,
            self.target(model.middle, to) if rates else None,
            self.target(model.high, to) if rates else None,
            self.maybe(model.skip, (*at, "skip")),
            self.target(model.skipped, to) if model.skip is not None else None,
            self.maybe(model.again, (*at, "again")), model.tries, self.target(model.otherwise, None), silence,
            model.min, model.max, model.save, model.note, self.media(model.picture, at), model.tracking,
            model.template,
        )  # fmt: skip

    def _idle_in_question(self, model: models.AskModel, at: Path) -> None:
        for names, used, where in (
            (("low", "middle", "high"), model.expects == "rating", _RATING),
            (("min", "max"), model.expects == "number", _NUMBER),
            (("skipped",), model.skip is not None, _SKIPPING),
        ):
            for name in names:
                if not used and getattr(model, name) is not None:
                    self.idle(at, name, where)
        if model.otherwise == _END:  # there it would mean the same as nothing: others answer
            self.idle(at, "otherwise", _STEP)

    def _choice(self, choice: ChoiceModel, at: Path, to: Target | None) -> ChoiceSpec:
        return ChoiceSpec(
            choice.id, self.words(choice.title, (*at, "title")), self.target(choice.go, to),
            frozenset(choice.intents), self.maybe(choice.description, (*at, "description")),
        )  # fmt: skip

    def _branching(
        self,
        model: models.ChecklistModel | models.IfModel | models.ConsentModel | models.OfferModel,
        at: Path,
        to: Target | None,
        following: Target | None,
    ) -> Step:
        match model:
            case models.ChecklistModel():
                return self._checklist(model, at)
            case models.IfModel():
                return self._if(model, at, following)
            case models.ConsentModel():
                return Consent(
                    model.id, model.consent, model.action, self.lines(model.text, model.variants, at, "text"),
                    self.maybe(model.yes, (*at, "yes")), self.maybe(model.no, (*at, "no")),
                    self.maybe(model.confirm, (*at, "confirm")), model.again, self.target(model.given, to),
                    self.target(model.refused, to),
                )  # fmt: skip
            case models.OfferModel():
                return Offer(
                    model.id, model.offer, self.lines(model.text, model.variants, at, "text"), model.percent,
                    model.code, model.prefix, model.valid, model.most, model.carousel, model.template, to,
                    self.target(model.nothing, to),
                )  # fmt: skip

    def _checklist(self, model: models.ChecklistModel, at: Path) -> Checklist:
        done, stuck, trouble, solved, human = (
            self.words(getattr(model, name), (*at, name))
            for name in ("done", "stuck", "trouble", "solved", "human")
        )
        return Checklist(
            model.id, self.lines(model.checklist, model.variants, at, "checklist"), done, stuck, trouble,
            solved, human, self.target(model.finished, None), self.target(model.person, None),
        )  # fmt: skip

    def _if(self, model: models.IfModel, at: Path, following: Target | None) -> If:
        if isinstance(model.condition, str):
            if model.then is None:
                self.complain(at, "missing_key", word="then")
            condition = self.condition(model.condition, (*at, "if"))
            cases = [(condition, self.target(model.then, following))]
        else:
            if model.then is not None:
                self.idle(at, "then", _ONE)
            cases = [
                (self.condition(one.when, (*at, "if", number, "when")), self.target(one.go, following))
                for number, one in enumerate(model.condition)
            ]
        if model.otherwise is None:
            self.complain(at, "if_without_else")
        return If(model.id, tuple(cases), self.target(model.otherwise, following))

    def _wait(self, model: models.WaitModel, at: Path, to: Target | None) -> Wait:
        written = model.wait.strip()
        if written in _MILESTONES:
            event = cast("Milestone", written)
            return Wait(model.id, model.longest, None, event, to, self.target(model.otherwise, to))
        for key, value in (("longest", model.longest), ("else", model.otherwise)):
            if value is not None:
                self.idle(at, key, _EVENT)
        clock: time | None = None
        span: timedelta | None = None
        try:
            if ":" in written:
                clock = parse_clock(written)
            else:
                span = _ahead(written)
        except DurationError:
            self.complain((*at, "wait"), "bad_duration", word=written[:40])
            span = timedelta(days=1)
        return Wait(model.id, span, clock, None, to, to)


def _ahead(written: str) -> timedelta:
    span = parse_duration(written)
    if span <= timedelta(0):
        raise DurationError(written)
    return span
