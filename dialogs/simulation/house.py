"""The shop of a simulation: all that is the same for every buyer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from dialogs.catalogue import SHOPS, load_catalogue
from dialogs.channel import Capabilities
from dialogs.facts import Pacing
from dialogs.flow import Book
from dialogs.heard import Understand
from dialogs.opening import WEEKDAYS, Opening
from dialogs.shop import Product
from dialogs.words import Language, Voice
from dialogs.written import NO_ANSWERS, Answers
from dialogs.written_reading import ANSWERS_FILE, load_answers

BRANDS: Final[Mapping[str, str]] = {"coffee": "Rösterei Morgenrot", "outdoor": "Nordwand"}
"""What the sample shops are called, by the names of their folders."""
_PROMISE: Final = 24
_HOURS: Final = {"de": "Mo–Fr 9–17 Uhr", "en": "Mon–Fri 9–17"}


@dataclass(frozen=True, slots=True)
class House:
    """A shop: its script, its catalogue, its channels and its settings.

    ``capabilities`` are the channels by name. ``mirror_voice`` is the setting of that name. ``files`` are
    the texts that the book was read from; only what republishes a script needs them. ``understand_of``
    makes what understands where other products are sold.
    """

    book: Book
    products: Mapping[str, Product]
    capabilities: Mapping[str, Capabilities]
    understand: Understand
    files: Mapping[str, str] = field(default_factory=dict)
    brand: str = BRANDS["coffee"]
    voice: Voice = "du"
    language: Language = "de"
    country: str = "DE"
    timezone: str = "Europe/Berlin"
    hours: Mapping[str, str] = field(default_factory=lambda: _HOURS)
    promise: int = _PROMISE
    opening: Opening = WEEKDAYS
    mirror_voice: bool = False
    pacing: Pacing = field(default_factory=Pacing)
    understand_of: Callable[[Mapping[str, Product]], Understand] | None = None
    answers: Answers = NO_ANSWERS

    def as_sample(self, name: str) -> House:
        """The same scripts, channels and settings in one of the sample shops, with what it sells and answers.

        Raises:
            KeyError: there is no such shop.
            CatalogueError: its catalogue cannot be used.
            AnswersError: its answers cannot be used.

        """
        products = load_catalogue(SHOPS / name / "catalogue.yml")
        understand = self.understand_of(products) if self.understand_of is not None else self.understand
        path = SHOPS / name / ANSWERS_FILE
        answers = load_answers(path) if path.is_file() else NO_ANSWERS
        return replace(
            self,
            brand=BRANDS[name],
            products=products,
            answers=answers,
            understand=understand,
            promise=_PROMISE,
            opening=WEEKDAYS,
        )

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
