"""What goes through the house: events that come in, and the outgoing messages that answer them.

Every event is a frozen value with a literal ``kind``; the kind is also the third part of the key by which the
inbox recognises a repeated delivery. `EVENTS` and `OUTGOING` turn the values into JSON and back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Discriminator, TypeAdapter

Lane: TypeAlias = Literal["message", "receipt", "shop", "notice", "desk"]
"""Where an event waits. Lanes are worked off independently: a bad receipt never holds up a message."""

Delivery: TypeAlias = Literal["sent", "delivered", "read", "failed"]
"""What a platform says of one of our messages. A *furthest reached* mark, never a chain."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A person as one channel knows them: an account of the shop and every id seen for the person.

    ``ids`` is never empty; the first id is the one to answer to. WhatsApp may name one person by phone number
    (digits, no plus) and by business-scoped user id in the same webhook, or by only one of them.
    ``phone`` is a hint in E.164, never an identity.
    """

    channel: str
    account: str
    ids: tuple[str, ...]
    name: str | None = None
    username: str | None = None
    phone: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Referral:
    """How the person came to the chat: the ``ref`` of an entry link, an advertisement, a shop product."""

    ref: str | None = None
    source: str | None = None
    ad_id: str | None = None
    product_id: str | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """The person wrote. ``story`` is set on a reply to one of the shop's stories."""

    text: str
    reply_to: str | None = None
    story: str | None = None
    referral: Referral | None = None
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True)
class Tap:
    """The person tapped a button, a quick reply, a list row or a menu entry.

    ``payload`` is the id we gave it.
    """

    payload: str
    title: str = ""
    message_id: str | None = None
    callback_id: str | None = None
    referral: Referral | None = None
    kind: Literal["tap"] = "tap"


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file or shared thing.

    ``url`` dies within minutes to days; view-once media has neither url nor id.
    """

    type: str
    url: str | None = None
    media_id: str | None = None
    mime_type: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Media:
    """Pictures, voice, video, files, shared posts, reels and stories, with the caption if there is one."""

    attachments: tuple[Attachment, ...]
    caption: str = ""
    reply_to: str | None = None
    referral: Referral | None = None
    kind: Literal["media"] = "media"


@dataclass(frozen=True, slots=True)
class Shared:
    """Structured content: a location, contact cards, a catalogue order, the answers of a form."""

    type: Literal["location", "contacts", "order", "form"]
    data: dict[str, str] = field(default_factory=dict)
    kind: Literal["shared"] = "shared"


@dataclass(frozen=True, slots=True)
class Reaction:
    """An emoji on a message; ``emoji`` is None when it was taken away."""

    message_id: str
    emoji: str | None
    kind: Literal["reaction"] = "reaction"


@dataclass(frozen=True, slots=True)
class Referred:
    """An entry link was opened in a chat that already existed; it opens the window, there is no text."""

    referral: Referral
    kind: Literal["referred"] = "referred"


@dataclass(frozen=True, slots=True)
class Edited:
    """The person changed an earlier message."""

    message_id: str
    text: str
    kind: Literal["edited"] = "edited"


@dataclass(frozen=True, slots=True)
class Unsent:
    """The person took an earlier message back: our copy of it is deleted."""

    message_id: str
    kind: Literal["unsent"] = "unsent"


@dataclass(frozen=True, slots=True)
class Unsupported:
    """The platform says that something came which it cannot show to us."""

    detail: str = ""
    kind: Literal["unsupported"] = "unsupported"


@dataclass(frozen=True, slots=True)
class Echo:
    """A message *from* the shop's account: our own, or one that a person typed in the platform's app.

    Whether it is ours is decided by comparing with the outbox. If it is not, a person has taken the floor.
    """

    message_id: str
    text: str = ""
    app_id: str | None = None
    kind: Literal["echo"] = "echo"


@dataclass(frozen=True, slots=True)
class ContactChanged:
    """The person's id changed (new phone number, new user id); the conversation moves with them."""

    new_ids: tuple[str, ...]
    kind: Literal["contact_changed"] = "contact_changed"


@dataclass(frozen=True, slots=True)
class Reachability:
    """The person blocked or unblocked us."""

    reachable: bool
    kind: Literal["reachability"] = "reachability"


@dataclass(frozen=True, slots=True)
class Preference:
    """The platform's own switch for marketing messages was moved by the person."""

    topic: str
    allowed: bool
    kind: Literal["preference"] = "preference"


@dataclass(frozen=True, slots=True)
class ThreadControl:
    """Conversation routing: another app holds the thread, or gave it back (``ours``)."""

    action: str
    ours: bool
    kind: Literal["thread_control"] = "thread_control"


@dataclass(frozen=True, slots=True)
class Due:
    """A reminder has come due."""

    reminder_id: int
    name: str
    data: dict[str, str] = field(default_factory=dict)
    kind: Literal["due"] = "due"


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """Something happened to an order that this conversation is tied to (paid, shipped, delivered, …)."""

    order_id: str
    what: str
    kind: Literal["order_event"] = "order_event"


@dataclass(frozen=True, slots=True)
class Tagged:
    """The shop has put a tag on the buyer.

    ``order_id`` is the order that it is about, the same in every chat that hears of it; this one need not be
    tied to it. ``wanted`` is the SKU that the buyer was waiting for, where that is why: then it is about no
    order.
    """

    tag: str
    order_id: str = ""
    wanted: str = ""
    kind: Literal["tagged"] = "tagged"


@dataclass(frozen=True, slots=True)
class HandedBack:
    """The bot has the floor back; ``solved`` tells that the case is solved, ``cause`` of what.

    ``reason`` says how it came: an agent or the shop's other app gave it back (``solved``, ``back``), or
    nobody has said anything for a while, at the desk (``quiet``) or on the owner's phone (``phone_quiet``).
    """

    solved: bool = True
    cause: str = ""
    reason: str = ""
    kind: Literal["handed_back"] = "handed_back"


@dataclass(frozen=True, slots=True)
class PromiseBroken:
    """The time has passed by which the buyer was promised an answer, and no human has written.

    ``promised_at`` is that time. It comes once for each case, while humans have the floor.
    """

    promised_at: datetime
    kind: Literal["promise_broken"] = "promise_broken"


@dataclass(frozen=True, slots=True)
class FlowAsked:
    """An agent lets the bot go on with a flow of their choice; ``by`` is who (``account:<id>``)."""

    flow: str
    by: str = ""
    kind: Literal["flow_asked"] = "flow_asked"


@dataclass(frozen=True, slots=True)
class JobDone:
    """A job that a turn asked for has ended."""

    job_id: int
    ok: bool
    result: dict[str, str] = field(default_factory=dict)
    kind: Literal["job_done"] = "job_done"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A delivery mark for one of our messages.

    ``reference`` is our own outbox id where the platform hands it back (WhatsApp). ``watermark`` (UTC) is
    set by platforms that say "everything up to here" instead of naming messages.
    """

    message_id: str | None
    status: Delivery
    reference: str | None = None
    watermark: datetime | None = None
    code: str | None = None
    detail: str | None = None
    price_category: str | None = None
    price_type: str | None = None
    kind: Literal["receipt"] = "receipt"


@dataclass(frozen=True, slots=True)
class Notice:
    """News about the account rather than a person: a template's fate, a limit, a policy decision."""

    topic: str
    detail: dict[str, str] = field(default_factory=dict)
    kind: Literal["notice"] = "notice"


Event: TypeAlias = (
    Text
    | Tap
    | Media
    | Shared
    | Reaction
    | Referred
    | Edited
    | Unsent
    | Unsupported
    | Echo
    | ContactChanged
    | Reachability
    | Preference
    | ThreadControl
    | Due
    | OrderEvent
    | Tagged
    | HandedBack
    | PromiseBroken
    | FlowAsked
    | JobDone
    | Receipt
    | Notice
)

EVENTS: Final[TypeAdapter[Event]] = TypeAdapter(Annotated[Event, Discriminator("kind")])

BUYER_SPOKE: Final = frozenset(
    {"text", "tap", "media", "shared", "reaction", "referred", "unsupported"},
)
"""Kinds by which the person acts; each opens or renews the messaging window."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One event as a source hands it to the inbox.

    ``(source, external_id, event.kind)`` is its identity for ever: a second delivery is the same arrival.
    ``at`` is the platform's time (UTC), by which a conversation is ordered. ``standby`` marks an event that
    came while another app held the thread: it is kept, not answered.
    """

    source: str
    external_id: str
    at: datetime
    event: Event
    contact: Contact | None = None
    standby: bool = False

    @property
    def lane(self) -> Lane:
        """The lane in which this arrival waits."""
        if isinstance(self.event, Receipt):
            return "receipt"
        if isinstance(self.event, Notice) or self.contact is None:
            return "notice"
        return "message"


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer that the person may tap: a stable id, a title, and for lists a line below it."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """A labelled address to open."""

    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Media by URL. The URL must be fresh for each person: WhatsApp caches media by URL for ten minutes."""

    type: Literal["image", "video", "audio", "document"]
    url: str
    alt: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One card of a carousel."""

    title: str
    subtitle: str = ""
    image_url: str | None = None
    link: Link | None = None
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Template:
    """A message template approved by WhatsApp: the only thing that may be sent once the window has closed.

    ``parameters`` fill the body in order. ``payloads`` are the ids of its quick-reply buttons, in order;
    ``url_suffixes`` the variable ends of its URL buttons, in order, which stand after the quick replies.
    """

    name: str
    language: str
    parameters: tuple[str, ...] = ()
    payloads: tuple[str, ...] = ()
    url_suffixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A reply before rendering: what is to be said, without any thought of a channel's limits.

    ``asked`` is the number of the question that ``choices`` belong to; it becomes part of each button's id,
    so that a tap on an old question is recognised. ``template`` is what may go out instead once the window
    has closed. A draft with ``notice`` is said although a human has the floor (the hand-over itself).
    ``variant`` names the line under test that was drawn, ``touchpoint`` the key of the touchpoint it belongs
    to.
    """

    text: str
    flow: str
    step: str
    choices: tuple[Choice, ...] = ()
    asked: int = 0
    link: Link | None = None
    picture: Picture | None = None
    cards: tuple[Card, ...] = ()
    template: Template | None = None
    list_label: str = ""
    notice: bool = False
    proactive: bool = False
    expires_at: datetime | None = None
    variant: str = ""
    touchpoint: str = ""


Style: TypeAlias = Literal["text", "buttons", "quick_replies", "list", "link", "media", "cards"]


@dataclass(frozen=True, slots=True)
class Button:
    """A rendered button: ``payload`` is at most as long as the channel allows, ``title`` is already cut."""

    payload: str
    title: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class OutCard:
    """A rendered card: everything within the channel's limits."""

    title: str
    subtitle: str = ""
    image_url: str | None = None
    link: Link | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message that a channel can send as it stands. `dialogs.render` makes it, adapters translate it.

    ``stored`` holds payloads that were too long for the channel: short key → full payload, to be kept with
    the message and resolved when the key comes back.
    """

    style: Style
    text: str = ""
    buttons: tuple[Button, ...] = ()
    link: Link | None = None
    picture: Picture | None = None
    cards: tuple[OutCard, ...] = ()
    list_label: str = ""
    template: Template | None = None
    stored: dict[str, str] = field(default_factory=dict)


OUTGOING: Final[TypeAdapter[Outgoing]] = TypeAdapter(Outgoing)
