"""Checks of lengths: every text and button as each channel would show it, filled with samples.

What is measured is what `dialogs.render` makes of it: there is no second opinion about what fits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from dialogs.channel import ButtonLimits, Capabilities
from dialogs.check_pieces import (
    Button,
    Piece,
    Showing,
    filled,
    key_of,
    long_sample,
    sample,
    showings,
    tones,
    unlikely,
)
from dialogs.check_scope import Scope
from dialogs.cutting import Unit, measure
from dialogs.expressions import Fill
from dialogs.flow import Flow, Step
from dialogs.messages import Card, Choice, Draft, Link, Outgoing, Picture
from dialogs.names import NAMES
from dialogs.problems import Problem
from dialogs.render import render
from dialogs.source import Path
from dialogs.words import Tone, Words

_URL: Final = "https://shop.example/tracking/00340434161094042557"
_FILLS: Final[tuple[tuple[Fill, bool], ...]] = ((sample, False), (long_sample, True), (unlikely, True))
"""How texts are filled, and whether that is more than is usual."""

_UNITS: Final[Mapping[Unit, tuple[str, str]]] = {
    "bytes": ("Byte", "bytes"),
    "characters": ("Zeichen", "characters"),
}


@dataclass(slots=True)
class _Finding:
    """What does not fit, on which channels; the tightest of them says how much there is room for."""

    kind: str
    piece: Piece
    key: str
    length: int
    limit: int
    unit: Unit
    text: str
    channels: dict[str, None] = field(default_factory=dict)
    messages: int = 0


class _Findings:
    """What does not fit in one step; each text is told once, and not as doubtful where it is certain."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, Path, str], _Finding] = {}

    def add(self, channel: str, finding: _Finding) -> None:
        """Note a text that does not fit on a channel."""
        place = (finding.kind, finding.piece.at, finding.key)
        known = self.found.get(place)
        if known is None:
            known = self.found[place] = finding
        elif finding.limit < known.limit:
            finding.channels = known.channels
            finding.messages = max(finding.messages, known.messages)
            known = self.found[place] = finding
        known.channels[channel] = None
        known.messages = max(known.messages, finding.messages)

    def told(self) -> Iterator[_Finding]:
        """All of it."""
        for (kind, at, key), finding in self.found.items():
            if kind == "title_may_be_cut" and ("title_cut", at, key) in self.found:
                continue
            yield finding


def check_limits(scope: Scope) -> Iterator[Problem]:
    """Everything that is too long for a channel that is on."""
    house: dict[tuple[str, Path, str], Problem] = {}
    for flow in scope.book.flows.values():
        for step in flow.steps.values():
            for problem, piece in _of_step(scope, flow, step):
                if piece.house:
                    house.setdefault((problem.kind, piece.at, problem.details["key"]), problem)
                else:
                    yield problem
    yield from house.values()
    yield from _list_label(scope)


def _of_step(scope: Scope, flow: Flow, step: Step) -> Iterator[tuple[Problem, Piece]]:
    findings = _Findings()
    alike: dict[Path, Problem] = {}
    for showing in showings(step, scope.book.phrases):
        for text in showing.texts:
            for tone, fill, doubtful in _ways_to_say(showing, text):
                draft = _draft(showing, text, tone, fill)
                for name, channel in scope.demands.channels.items():
                    seen = _Seen(name, channel, showing, text, draft, tone, doubtful)
                    for finding in seen.findings():
                        findings.add(name, finding)
        alike |= _alike(scope, flow, step, showing)
    yield from ((problem, Piece(Words({}), at)) for at, problem in alike.items())
    for finding in findings.told():
        yield _problem(scope, flow.id, step.id, finding), finding.piece


def _ways_to_say(showing: Showing, text: Piece) -> Iterator[tuple[Tone, Fill, bool]]:
    """Each tone and filling in which something else is shown."""
    shown = [text.words, *(button.title.words for button in showing.buttons)]
    shown += [one.description.words for one in showing.buttons if one.description is not None]
    shown += [showing.link.words] if showing.link is not None else []
    names = frozenset[str]().union(*(words.names for words in shown))
    flags = any(NAMES[name].kind == "flag" for name in names if name in NAMES)
    for tone in tones(*shown):
        for fill, doubtful in _FILLS if flags else _FILLS[: 2 if names else 1]:
            yield tone, fill, doubtful


def _said(piece: Piece | None, tone: Tone, fill: Fill) -> str:
    if piece is None:
        return ""
    text = filled(piece.words.source(tone), piece.words.names, fill)
    return text.replace("ß", "ss") if tone.country == "CH" and tone.language == "de" else text


def _draft(showing: Showing, text: Piece, tone: Tone, fill: Fill) -> Draft:
    choices = tuple(
        Choice(button.id, _said(button.title, tone, fill), _said(button.description, tone, fill))
        for button in showing.buttons
    )
    picture = showing.picture
    return Draft(
        _said(text, tone, fill), "flow", "step", choices, 1,
        Link(_said(showing.link, tone, fill), _URL) if showing.link is not None else None,
        Picture(picture.type, picture.url) if picture is not None else None,
        (Card(str(fill("product"))),) if showing.carousel is not None else (),
        list_label="…",
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Seen:
    """One text with its buttons as one channel shows it."""

    name: str
    channel: Capabilities
    showing: Showing
    text: Piece
    draft: Draft
    tone: Tone
    doubtful: bool

    def findings(self) -> Iterator[_Finding]:
        """What does not fit."""
        shown = render(self.draft, self.channel)
        short = render(replace(self.draft, text="…"), self.channel)
        if not shown or not short:
            return
        yield from self._text(shown, short)
        last = shown[-1]
        if self.draft.choices and not last.buttons:
            yield from self._too_many(short)
            return
        for button, choice in zip(self.showing.buttons, self.draft.choices, strict=True):
            yield from self._button(button, choice, last)
        if self.draft.link is not None and last.link is not None and self.showing.link is not None:
            limit = _title_limit(self.channel, "link" if last.style == "link" else "buttons")
            yield from self._title(self.showing.link, self.draft.link.title, limit)

    def _text(self, shown: tuple[Outgoing, ...], short: tuple[Outgoing, ...]) -> Iterator[_Finding]:
        if len(shown) == len(short) and shown[-1].style == short[-1].style:
            return
        kind = "text_splits" if len(shown) > len(short) else "text_over_buttons"
        limit = _body_limit(self.channel, short[-1])
        yield self._finding(kind, self.text, self.draft.text, limit, len(shown) - len(short) + 1)

    def _too_many(self, short: tuple[Outgoing, ...]) -> Iterator[_Finding]:
        if short[-1].buttons:
            return  # the text was to blame
        rungs = (self.channel.buttons, self.channel.quick_replies, self.channel.list)
        most = max((rung.count for rung in rungs if rung is not None), default=0)
        if 0 < most < len(self.draft.choices):
            piece = replace(self.showing.buttons[most].title, at=self.showing.buttons[most].title.at[:2])
            found = self._finding("too_many_choices", piece, "", most)
            yield replace(found, key="", length=len(self.draft.choices))

    def _button(self, button: Button, choice: Choice, last: Outgoing) -> Iterator[_Finding]:
        yield from self._title(button.title, choice.title, _title_limit(self.channel, last.style))
        rung = self.channel.list
        if last.style == "list" and rung is not None and button.description is not None:
            found = self._finding("description_cut", button.description, choice.description, rung.description)
            if found.length > found.limit:
                yield found

    def _title(self, piece: Piece, text: str, limit: int) -> Iterator[_Finding]:
        found = self._finding("title_may_be_cut" if self.doubtful else "title_cut", piece, text, limit)
        if found.length > limit:
            yield found

    def _finding(self, kind: str, piece: Piece, text: str, limit: int, messages: int = 0) -> _Finding:
        unit = self.channel.text_unit
        text = " ".join(text.split()) if messages == 0 else text
        length, key = measure(text, unit), key_of(piece.words, self.tone)
        return _Finding(kind, piece, key, length, limit, unit, text, messages=messages)


def _rung(channel: Capabilities, style: str) -> ButtonLimits | None:
    rungs = {
        "buttons": channel.buttons,
        "quick_replies": channel.quick_replies,
        "list": channel.list,
        "link": channel.link,
    }
    return rungs.get(style)


def _title_limit(channel: Capabilities, style: str) -> int:
    rung = _rung(channel, style) or channel.buttons
    return rung.title if rung is not None else channel.text_limit


def _body_limit(channel: Capabilities, message: Outgoing) -> int:
    """How long a text may be in a message of this kind."""
    rung = _rung(channel, message.style)
    limit = min(rung.body, channel.text_limit) if rung is not None else channel.text_limit
    return min(limit, channel.caption) if message.picture is not None and message.text else limit


def _alike(scope: Scope, flow: Flow, step: Step, showing: Showing) -> dict[Path, Problem]:
    """Choices that read the same: nobody can tell them apart, and WhatsApp refuses them."""
    found: dict[Path, Problem] = {}
    for tone in tones(*(button.title.words for button in showing.buttons)):
        seen: dict[str, str] = {}
        for button in showing.buttons:
            title = " ".join(_said(button.title, tone, sample).split()).casefold()
            if title in seen and button.title.at not in found:
                details = {"word": button.id, "other": seen[title], "key": key_of(button.title.words, tone)}
                at = (*button.title.at, details["key"])
                found[button.title.at] = scope.places.problem("titles_alike", flow.id, step.id, at, **details)
            seen.setdefault(title, button.id)
    return found


def _list_label(scope: Scope) -> Iterator[Problem]:
    """The button that opens a list."""
    label = scope.book.phrases.get("list_label")
    if label is None:
        return
    findings = _Findings()
    for name, channel in scope.demands.channels.items():
        for tone in tones(label):
            text = _said(Piece(label, ("list_label",)), tone, sample)
            length = measure(text, channel.text_unit)
            if 0 < channel.list_label < length:
                piece = Piece(label, ("list_label",), house=True)
                findings.add(
                    name,
                    _Finding(
                        "title_cut",
                        piece,
                        key_of(label, tone),
                        length,
                        channel.list_label,
                        channel.text_unit,
                        text,
                    ),
                )
    yield from (_problem(scope, "", "", finding) for finding in findings.told())


def _problem(scope: Scope, flow: str, step: str, finding: _Finding) -> Problem:
    german, english = _UNITS[finding.unit]
    details = {
        "key": finding.key,
        "word": finding.text if len(finding.text) <= 60 else f"{finding.text[:59]}…",
        "length": str(finding.length),
        "limit": str(finding.limit),
        "unit_de": german,
        "unit_en": english,
        "channels": ", ".join(_CHANNELS.get(name, name) for name in finding.channels),
        "messages": str(finding.messages),
    }
    at = finding.piece.at if finding.kind == "too_many_choices" else (*finding.piece.at, finding.key)
    if finding.piece.house or not flow:
        return scope.places.phrase(finding.kind, at, **details)
    return scope.places.problem(finding.kind, flow, step, at, **details)


_CHANNELS: Final = {"instagram": "Instagram", "whatsapp": "WhatsApp", "telegram": "Telegram"}
