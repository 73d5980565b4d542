"""What may be written in a conversation file: the setting, and each kind of line."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from dialogs.script_parts import Id
from dialogs.words import Language, Voice

Channel: TypeAlias = Literal["instagram", "whatsapp", "telegram"]


def _word(value: object) -> object:
    """A whole number as the text it stands for: YAML reads ``1001`` as one."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _listed(value: object) -> object:
    """One text for a list of one."""
    return [value] if isinstance(value, str | int) else value


Word = Annotated[str, BeforeValidator(_word)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_listed)]


class Strict(BaseModel):
    """Unknown keys are refused: a misspelt one would silently test nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Setting(Strict):
    """Who talks with whom: the shop, the buyer and what they bought, before anything is said.

    What is left out is as in the shop's settings.
    ``buy`` is one order with the number 1001, ``orders`` are several from 1001 on; all are paid, and no chat
    is tied to them until a code is scanned. ``number`` decides what is drawn for the buyer: variants and the
    control group. ``mailable`` tells that the shop can mail the buyer. ``shop_sample`` names a sample shop in
    which it is played, with what that one sells.
    """

    about: str = ""
    shop_sample: Literal["coffee", "outdoor"] | None = None
    channel: Channel | None = None
    channels: tuple[Channel, ...] = ()
    voice: Voice | None = None
    mirror_voice: bool | None = None
    language: Language | None = None
    country: Literal["DE", "AT", "CH"] | None = None
    name: str | None = "Anna Beispiel"
    buyer_language: str | None = None
    birthday: date | None = None
    number: int = 1
    mailable: bool = False
    buy: Words = ()
    orders: tuple[Words, ...] = ()
    start: str = "2026-11-02 10:00"

    @property
    def all_channels(self) -> tuple[Channel, ...]:
        """The chats that there may be, the usual one first."""
        return self.channels or ((self.channel,) if self.channel is not None else ("whatsapp",))


class Customer(Strict):
    """The buyer does something.

    ``says`` one text or several in a burst, ``taps`` a button that was ever shown, ``scan``s the code of an
    order, sends a ``photo`` (its caption), opens an entry ``link`` by its name, ``reacts``, ``blocks`` the
    account, or moves the ``platform``'s own switch for marketing messages.
    """

    says: Words = ()
    taps: Word | None = None
    scan: Word | None = None
    code: Literal["fresh", "used", "expired", "forged", "unknown"] = "fresh"
    photo: Word | None = None
    link: Word | None = None
    reacts: str | None = None
    blocks: bool | None = None
    platform: Literal["stop", "resume"] | None = None
    on: Channel | None = None


class Bot(Strict):
    """What was said since something last happened.

    ``says`` are parts of it and ``never`` (also written ``not``) parts that must not be there; ``buttons``
    are all titles under the last message that has any; ``template`` is the name it went out as (``none``: as
    free text); ``messages`` how many there were. ``silent``: nothing was said.
    """

    says: Words = ()
    never: Words = Field(default=(), alias="not")
    buttons: Words | None = None
    template: Word | None = None
    messages: int | None = None
    on: Channel | None = None
    silent: bool = False


class Tracking(Strict):
    """A parcel."""

    number: Word = "00340434161094042557"
    carrier: str | None = "DHL"
    url: str | None = "https://www.dhl.de/00340434161094042557"


Happening: TypeAlias = Literal["placed", "paid", "shipped", "delayed", "delivered", "cancelled", "refunded"]


class Shop(Strict):
    """Something happens to an order (1001 unless said otherwise).

    A ``shipped`` order has a parcel unless ``tracking`` is false. With ``buy`` a new order comes into being,
    which is paid unless the event is ``placed``.
    """

    event: Happening
    order: Word = "1001"
    tracking: Tracking | bool | None = None
    buy: Words = ()
    quantity: int = 1


class Tag(Strict):
    """The shop puts a ``tag`` on the buyer of an order, or on whoever is ``waiting_for`` a product."""

    tag: Id
    order: Word = "1001"
    waiting_for: Word = ""


class Later(Strict):
    """Time passes: a span, or until a local date and time. What comes due meanwhile is played at its time."""

    span: str | None = None
    until: str | None = None


class Agent(Strict):
    """A human of the shop ``says`` something at the desk or from their ``phone``, or ``takes`` the floor.

    They have the word from then on, until they give it back by what they ``does``; ``quiet``: they say no
    more, and the word falls back to the bot by itself.
    """

    says: Word | None = None
    phone: Word | None = None
    takes: bool = False
    does: Literal["solved", "hands back", "quiet"] | None = None
    cause: str = ""
    on: Channel | None = None


class FateLine(Strict):
    """What a touchpoint has come to, and why."""

    fate: str
    reason: str | None = None


class Expect(Strict):
    """What the house has kept.

    ``records`` are kinds kept since something last happened, each as often as it is named, and ``never``
    kinds that must not be among them. Everything else is as things stand now: the ``fates`` of touchpoints by
    flow or by ``flow:order`` (``none``: there is none), ``consents`` by purpose, who has the ``floor``, the
    reason of the newest open ``handoff``, ``ratings`` by order, ``notes``, SKUs ``offered`` and flows
    ``mailed``.
    """

    records: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    fates: Mapping[Word, str | FateLine] = {}
    consents: Mapping[str, bool] = {}
    floor: Literal["bot", "human"] | None = None
    handoff: str | None = None
    ratings: Mapping[Word, int] = {}
    notes: Mapping[str, Word] = {}
    offered: Words | None = None
    mailed: Words | None = None
    on: Channel | None = None


class Republish(Strict):
    """Flows are changed while people are in the middle of them: what changes of each, by its id.

    ``steps`` by their ids are changed one by one; everything else takes the place of what was there. With
    ``steps`` as a list the whole flow is new, with nothing at all it is taken away.
    """

    flows: Mapping[str, Mapping[str, object] | None]


LineKind: TypeAlias = Literal["customer", "bot", "shop", "later", "agent", "expect", "republish"]
Act: TypeAlias = Customer | Bot | Shop | Tag | Later | Agent | Expect | Republish

MODELS: Final[Mapping[str, type[Strict]]] = {
    "customer": Customer,
    "bot": Bot,
    "shop": Shop,
    "later": Later,
    "agent": Agent,
    "expect": Expect,
    "republish": Republish,
}
"""Each kind of line by the key it is written with."""


def model_of(kind: str, value: object) -> type[Strict]:
    """The model of a line. What the shop does is about an order's way, unless it names a ``tag``."""
    return Tag if kind == "shop" and isinstance(value, Mapping) and "tag" in value else MODELS[kind]


_SHORT: Final[Mapping[str, str]] = {
    "customer": "says", "bot": "says", "shop": "event", "later": "span", "agent": "says",
}  # fmt: skip
"""What a line of a single text means."""


def in_full(kind: str, value: object) -> tuple[object, tuple[str, ...]]:
    """A line's value as its model wants it, and what was put around it."""
    if kind == "republish":
        return {"flows": value}, ("flows",)
    if kind == "bot" and value == "silent":
        return {"silent": True}, ()
    if kind in _SHORT and not isinstance(value, Mapping):
        return {_SHORT[kind]: value}, (_SHORT[kind],)
    return value, ()
