"""What the checks of a book look at: the book and its map, where it is written, what the shop demands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from dialogs.channel import Capabilities
from dialogs.check_map import Map
from dialogs.facts import Pacing
from dialogs.flow import Book
from dialogs.heard import Understand
from dialogs.problems import Problem
from dialogs.shop import Product
from dialogs.source import Path, Source
from dialogs.words import Language, Voice

PHRASES_FILE: Final = "phrases.yml"
TEMPLATES_FILE: Final = "templates.yml"


@dataclass(frozen=True, slots=True)
class Demands:
    """What a shop needs its scripts to be able to.

    The first of the ``languages`` is the shop's own, ``voice`` how it speaks German. ``channels`` are those
    that are on, by name. ``templates`` tells that closed windows must be opened by templates. With
    ``products`` cards are measured too; with ``understand`` it is told when a buyer's word is taken already.
    """

    languages: tuple[Language, ...] = ("de", "en")
    voice: Voice = "du"
    channels: Mapping[str, Capabilities] = field(default_factory=dict)
    templates: bool = True
    pacing: Pacing = field(default_factory=Pacing)
    products: Mapping[str, Product] = field(default_factory=dict)
    understand: Understand | None = None

    @property
    def own(self) -> str:
        """The variant in which every text must be there."""
        language = self.languages[0] if self.languages else "de"
        return f"de_{self.voice}" if language == "de" else "en"

    @property
    def night(self) -> timedelta:
        """How long something may have to wait for the morning."""
        day = date(2000, 1, 1)
        start = datetime.combine(day, self.pacing.quiet_from)
        end = datetime.combine(day, self.pacing.quiet_to)
        return end - start if end >= start else end + timedelta(days=1) - start

    @property
    def window(self) -> timedelta | None:
        """How long after the buyer's last word nothing but a template may be sent; None: always anything."""
        windows = [one.window for one in self.channels.values() if one.templates and one.window is not None]
        return min(windows) if windows and self.templates else None


class Places:
    """Where the parts of a book are written. Without its files every problem stands in the first line."""

    def __init__(self, sources: Iterable[Source] = ()) -> None:
        """Find the flows, the phrases and the templates in ``sources``."""
        self._flows: dict[str, Source] = {}
        self._steps: dict[str, dict[str, int]] = {}
        self._phrases: Source | None = None
        self._templates: Source | None = None
        self._strange = 0
        for source in sources:
            data = source.data
            if source.file.endswith(PHRASES_FILE):
                self._phrases = source
            elif source.file.endswith(TEMPLATES_FILE):
                self._templates = source
            elif isinstance(data, Mapping) and isinstance(flow := data.get("id"), str):
                self._flows.setdefault(flow, source)
                self._steps.setdefault(flow, _named(data.get("steps"), "id"))
            else:
                self._strange += 1

    def whole(self, book: Book) -> bool:
        """Whether every file has become a part of ``book``: only then can something be missed in it."""
        return not self._strange and self._flows.keys() <= book.flows.keys()

    def problem(self, kind: str, flow: str, step: str = "", at: Path = (), **details: str) -> Problem:
        """Return a problem of a flow, or of a part of one of its steps."""
        source = self._flows.get(flow)
        if source is None:
            return Problem(f"{flow}.yml", 1, 1, kind, details, flow, step)
        if step:
            number = self._steps[flow].get(step)
            at = ("steps", number, *at) if number is not None else ("id",)
        return source.problem(kind, at, flow=flow, step=step, details=details)

    def trigger(self, flow: str, number: int) -> Path:
        """Return where a flow's trigger is written; several phrases may share one entry of ``starts``."""
        source = self._flows.get(flow)
        starts = source.data.get("starts") if source is not None else None
        for place, entry in enumerate(starts if isinstance(starts, list) else ()):
            phrases = entry.get("keyword") if isinstance(entry, Mapping) else None
            count = len(phrases) if isinstance(phrases, list) else 1
            if number < count:
                return (
                    ("starts", place, "keyword", number) if isinstance(phrases, list) else ("starts", place)
                )
            number -= count
        return ("starts",)

    def phrase(self, kind: str, at: Path, **details: str) -> Problem:
        """Return a problem of one of the house's own sentences."""
        if self._phrases is None:
            return Problem(PHRASES_FILE, 1, 1, kind, details)
        return self._phrases.problem(kind, at, details=details)

    def template(self, kind: str, name: str, at: Path, **details: str) -> Problem:
        """Return a problem of a template."""
        details = {"template": name, **details}
        if self._templates is None:
            return Problem(TEMPLATES_FILE, 1, 1, kind, details)
        number = _named(self._templates.data, "name").get(name)
        return self._templates.problem(kind, (number, *at) if number is not None else (), details=details)

    def template_titles(self, name: str) -> list[dict[str, str]]:
        """Return the titles of a template's buttons as they are written."""
        data = self._templates.data if self._templates is not None else None
        number = _named(data, "name").get(name)
        buttons = _part(data, (number, "buttons")) if number is not None else None
        titles = [_part(one, ("title",)) for one in (buttons if isinstance(buttons, list) else ())]
        return [
            {str(key): str(text) for key, text in title.items()} if isinstance(title, Mapping) else {}
            for title in titles
        ]

    def template_part(self, name: str, at: Path, key: str) -> Path:
        """Return where a template's text is written: under its own key, or under ``de`` for both voices."""
        data = self._templates.data if self._templates is not None else None
        number = _named(data, "name").get(name)
        part = _part(data, (number, *at)) if number is not None else None
        generic = isinstance(part, Mapping) and key not in part and key.startswith("de_") and "de" in part
        return (*at, "de") if generic else (*at, key)

    def written(self, flow: str, step: str, at: Path) -> bool:
        """Whether this part of a step stands in the file, rather than being what holds by default."""
        source = self._flows.get(flow)
        number = self._steps.get(flow, {}).get(step)
        if source is None or number is None:
            return False
        return _part(source.data, ("steps", number, *at)) is not None


def _part(data: Any, at: Path) -> Any:
    """The part of the data at ``at``; None if there is none."""
    for key in at:
        if isinstance(data, Mapping):
            data = data.get(key)
        else:
            data = data[key] if isinstance(data, list) and isinstance(key, int) and key < len(data) else None
    return data


def _named(entries: object, key: str) -> dict[str, int]:
    """The place of each entry of a list by its name."""
    if not isinstance(entries, list):
        return {}
    found: dict[str, int] = {}
    for number, entry in enumerate(entries):
        if isinstance(entry, Mapping) and isinstance(name := entry.get(key), str):
            found.setdefault(name, number)
    return found


@dataclass(frozen=True, slots=True)
class Scope:
    """All that a check may look at."""

    book: Book
    demands: Demands
    places: Places
    map: Map
    whole: bool = True
    """Nothing is missed where a file could not be read: it may be there."""
