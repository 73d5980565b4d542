"""The shop of a simulation: all that is the same for every buyer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from dialogs.channel import Capabilities
from dialogs.facts import Pacing, Voice
from dialogs.flow import Book
from dialogs.heard import Understand
from dialogs.shop import Product
from dialogs.words import Language

_HOURS: Final = {"de": "Mo–Fr 9–17 Uhr", "en": "Mon–Fri 9–17"}


@dataclass(frozen=True, slots=True)
class House:
    """A shop: its script, its catalogue, its channels and its settings.

    ``capabilities`` are the channels by name. ``mirror_voice`` is the setting of that name. ``files`` are
    the texts that the book was read from; only what republishes a script needs them.
    """

    book: Book
    products: Mapping[str, Product]
    capabilities: Mapping[str, Capabilities]
    understand: Understand
    files: Mapping[str, str] = field(default_factory=dict)
    brand: str = "Rösterei Morgenrot"
    voice: Voice = "du"
    language: Language = "de"
    country: str = "DE"
    timezone: str = "Europe/Berlin"
    hours: Mapping[str, str] = field(default_factory=lambda: _HOURS)
    promise: int = 24
    mirror_voice: bool = False
    pacing: Pacing = field(default_factory=Pacing)

    def with_book(self, book: Book) -> House:
        """The same shop with another book; what was begun with older versions goes on in them."""
        past = dict(self.book.past)
        for id_, flow in self.book.flows.items():
            newest = book.flows.get(id_)
            if newest is None or newest.version != flow.version:
                past[id_, flow.version] = flow
        return replace(self, book=replace(book, past=past))


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who buys. ``number`` decides what is drawn for them: variants, the control group."""

    number: int = 1
    name: str | None = "Anna Beispiel"
    language: str | None = "de"
    country: str | None = None
    birthday: date | None = None
    mailable: bool = False
