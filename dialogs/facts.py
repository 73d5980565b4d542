"""What a turn may know: gathered before the answer, so that the answer itself waits for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from dialogs.shop import Entry, Order, Product

Need: TypeAlias = Literal["orders", "products", "entry"]
"""Facts that cost a look-up: the conversation's orders, their products, what an entry code is."""

Voice: TypeAlias = Literal["du", "sie"]


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the answer may refer to.

    ``orders`` are those tied to the conversation, and the one that a fresh entry code would tie to it.
    ``products`` maps a SKU to what the catalogue says. ``human`` tells that a person has the floor.
    ``promise`` is the number of hours within which a human answers, ``hours`` the desk's hours in words per
    language. ``language`` is what the channel says of the person, or the shop's own.
    """

    brand: str = ""
    voice: Voice = "du"
    hours: Mapping[str, str] = field(default_factory=dict)
    promise: int = 24
    buyer_name: str | None = None
    orders: tuple[Order, ...] = ()
    products: Mapping[str, Product] = field(default_factory=dict)
    entry: Entry | None = None
    human: bool = False
    timezone: str = "Europe/Berlin"
    language: str | None = None
