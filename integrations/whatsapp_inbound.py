"""WhatsApp's incoming messages as domain events, and the people they come from.

Sources: WhatsApp Cloud API, webhook reference "messages" (one page per type, edit and revoke included) and
"Business-scoped user IDs".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

import orjson

from dialogs.messages import (
    Arrival,
    Attachment,
    Contact,
    ContactChanged,
    Edited,
    Event,
    Media,
    Reaction,
    Referral,
    Shared,
    Tap,
    Text,
    Unsent,
    Unsupported,
)
from integrations.base import Ignored
from integrations.meta import (
    Item,
    JsonObject,
    Outcome,
    branch,
    branches,
    digest,
    flat,
    key,
    moment,
    text,
    unknown,
    word,
)

SOURCE: Final = "whatsapp"
_MEDIA: Final = ("image", "video", "audio", "document", "sticker")


@dataclass(frozen=True, slots=True)
class Scene:
    """One change of one number: whose number it is, and the people named in it, by each of their ids."""

    item: Item
    account: str
    now: datetime
    people: Mapping[str, JsonObject] = field(init=False)
    only_person: JsonObject = field(init=False)

    def __post_init__(self) -> None:
        """Index the people: a batch may hold a thousand of them."""
        listed = branches(self.item.value.get("contacts"))
        by_id = {one: person for person in listed for one in ids(person.get("wa_id"), person.get("user_id"))}
        object.__setattr__(self, "people", by_id)
        object.__setattr__(self, "only_person", listed[0] if len(listed) == 1 else {})

    def at(self, raw: object) -> datetime:
        """Return the time of a piece (seconds in a string, or an integer)."""
        return moment(raw) or moment(self.item.entry_time) or self.now

    def contact(self, given: tuple[str, ...], *, shared_phone: str = "") -> Contact | None:
        """Return the person behind what a piece names; None where nobody is named.

        The person's entry among the contacts completes them: their other id, name and username. A piece that
        names nobody belongs to the only person beside it. The number, where known, comes first: it is the id
        to answer to.
        """
        person = next((self.people[one] for one in given if one in self.people), None)
        if person is None:
            person = {} if given else self.only_person
        found = dict.fromkeys((*given, *ids(person.get("wa_id"), person.get("user_id"))))
        ordered = tuple(sorted(found, key=is_user_id))
        if not ordered:
            return None
        profile = branch(person.get("profile"))
        number = shared_phone or ordered[0]
        return Contact(
            SOURCE,
            self.account,
            ordered,
            name=text(profile.get("name")).strip() or None,
            username=word(profile.get("username")).removeprefix("@") or None,
            phone=None if is_user_id(number) else f"+{number}",
        )


def is_user_id(one: str) -> bool:
    """Whether an id is a business-scoped user id (``US.1349…``); otherwise it is a number without plus."""
    return not (one.isascii() and one.isdigit())


def ids(phone: object, user_id: object) -> tuple[str, ...]:
    """Return the ids that are really there; an early draft of the API sent empty strings for missing ones."""
    found = (word(phone).removeprefix("+"), word(user_id))
    return tuple(dict.fromkeys(one for one in found if one))


def read_message(scene: Scene, message: JsonObject) -> Iterable[Outcome]:
    """Translate one of a change's ``messages``."""
    kind = word(message.get("type"))
    if message.get("group_id"):
        return [Ignored("group", "groups are not answered")]
    if kind == "system":
        return [_system(scene, message)]
    contact = scene.contact(
        ids(message.get("from"), message.get("from_user_id")), shared_phone=_shared_phone(message)
    )
    if contact is None:
        return [Ignored("no_sender", "nobody can be answered")]
    event: Event | None
    if message.get("errors") or kind == "unsupported":
        event = _unsupported(message)
    else:
        reader = _READERS.get(kind)
        event = reader(message) if reader else None
    if event is None:
        inner = word(branch(message.get(kind)).get("type"))
        return [unknown({one: None for one in (kind, inner) if one} or message)]
    return [Arrival(SOURCE, identity(message), scene.at(message.get("timestamp")), event, contact)]


def identity(message: JsonObject) -> str:
    """Return the message's own id, or a hash of a message that has none."""
    return key(word(message.get("id")) or digest(message))


def said(message: JsonObject) -> str:
    """Return the words of a message: its text, or the caption under its media."""
    words = text(branch(message.get("text")).get("body"))
    kind = word(message.get("type"))
    inner = branch(message.get(kind))
    return words or text(inner.get("caption")) or text(branch(inner.get("body")).get("text"))


def _reply_to(message: JsonObject) -> str | None:
    return word(branch(message.get("context")).get("id")) or None


def _referral(message: JsonObject) -> Referral | None:
    advert = branch(message.get("referral"))
    product = branch(branch(message.get("context")).get("referred_product"))
    if not advert and not product:
        return None
    return Referral(
        source=word(advert.get("source_type")) or None,
        ad_id=word(advert.get("source_id")) or None,
        product_id=word(product.get("product_retailer_id")) or None,
    )


def _unsupported(message: JsonObject) -> Event:
    codes = [word(error.get("code")) for error in branches(message.get("errors"))]
    inner = word(branch(message.get("unsupported")).get("type"))
    return Unsupported(" ".join(one for one in (*codes, inner) if one)[:100])


def _text(message: JsonObject) -> Event | None:
    words = text(branch(message.get("text")).get("body"))
    return Text(words, _reply_to(message), referral=_referral(message)) if words else None


def _template_button(message: JsonObject) -> Event | None:
    button = branch(message.get("button"))
    title = text(button.get("text"))
    payload = text(button.get("payload")) or title
    return Tap(payload, title, _reply_to(message), referral=_referral(message)) if payload else None


def _interactive(message: JsonObject) -> Event | None:
    interactive = branch(message.get("interactive"))
    kind = word(interactive.get("type"))
    answer = branch(interactive.get(kind))
    if kind in {"button_reply", "list_reply"}:
        payload, title = text(answer.get("id")), text(answer.get("title"))
        return Tap(payload, title, _reply_to(message), referral=_referral(message)) if payload else None
    return Shared("form", _form(answer)) if kind == "nfm_reply" else None


def _form(answer: JsonObject) -> dict[str, str]:
    raw = text(answer.get("response_json"))
    named = {name: text(answer.get(name)) for name in ("name", "body") if text(answer.get(name))}
    try:
        fields = orjson.loads(raw)
    except orjson.JSONDecodeError:
        fields = None
    if not isinstance(fields, dict):
        return {**named, "response_json": raw}
    return {**named, **flat(fields)}


def _media(message: JsonObject) -> Event | None:
    kind = word(message.get("type"))
    raw = branch(message.get(kind))
    if not raw:
        return None
    attachment = Attachment(
        kind,
        text(raw.get("url")) or text(raw.get("link")) or None,
        word(raw.get("id")) or None,
        word(raw.get("mime_type")) or None,
        text(raw.get("filename")) or None,
    )
    return Media((attachment,), text(raw.get("caption")), _reply_to(message), _referral(message))


def _location(message: JsonObject) -> Event | None:
    data = flat(branch(message.get("location")))
    return Shared("location", data) if data else None


def _cards(message: JsonObject) -> Event | None:
    cards = branches(message.get("contacts"))
    if not cards:
        return None
    data = {"count": str(len(cards)), "origin": word(message.get("origin"))}
    data["name"] = text(branch(cards[0].get("name")).get("formatted_name"))
    data["phone"] = _phone_of(cards[0])
    data["email"] = next((text(one.get("email")) for one in branches(cards[0].get("emails"))), "")
    return Shared("contacts", {name: value for name, value in data.items() if value})


def _phone_of(card: JsonObject) -> str:
    for phone in branches(card.get("phones")):
        written = text(phone.get("phone")).strip()
        # Without plus or WhatsApp's own form the country is anybody's guess.
        number = word(phone.get("wa_id")) or (written if written.startswith("+") else "")
        digits = "".join(one for one in number if one.isascii() and one.isdigit())
        if digits:
            return f"+{digits}"
    return ""


def _shared_phone(message: JsonObject) -> str:
    """Return the number that a person gave when asked for it (digits), or nothing."""
    cards = branches(message.get("contacts"))
    asked = word(message.get("origin")) == "contact_request" and len(cards) == 1
    return _phone_of(cards[0]).removeprefix("+") if asked else ""


def _order(message: JsonObject) -> Event | None:
    order = branch(message.get("order"))
    items = branches(order.get("product_items"))
    if not items:
        return None
    data = {name: text(order.get(name)) for name in ("catalog_id", "text") if text(order.get(name))}
    return Shared("order", {**data, **flat({"items": items})})


def _reaction(message: JsonObject) -> Event | None:
    raw = branch(message.get("reaction"))
    target = word(raw.get("message_id"))
    return Reaction(target, text(raw.get("emoji")) or None) if target else None


def _edit(message: JsonObject) -> Event | None:
    raw = branch(message.get("edit"))
    original = word(raw.get("original_message_id"))
    return Edited(original, said(branch(raw.get("message")))) if original else None


def _revoke(message: JsonObject) -> Event | None:
    original = word(branch(message.get("revoke")).get("original_message_id"))
    return Unsent(original) if original else None


def _system(scene: Scene, message: JsonObject) -> Outcome:
    """Translate a change of number or user id; a new number always brings a new user id along."""
    system = branch(message.get("system"))
    kind = word(system.get("type")) or "unknown"
    new = ids(system.get("wa_id") or system.get("new_wa_id"), system.get("user_id"))
    # Whether `from_user_id` is the old or already the new id is not documented.
    user_ids = (word(system.get("previous_user_id")), word(message.get("from_user_id")))
    before = (*ids(message.get("from"), ""), *(one for one in user_ids if one and one not in new))
    old = tuple(dict.fromkeys(before))
    if not kind.endswith(("changed_number", "changed_user_id")) or set(new) <= set(old):
        return Ignored(f"system:{kind[:40]}", "nothing to do for this system message")
    if not old:
        return Ignored("no_sender", "a change of id that does not name the old one")
    contact = Contact(SOURCE, scene.account, old, phone=None if is_user_id(old[0]) else f"+{old[0]}")
    at = scene.at(message.get("timestamp"))
    return Arrival(SOURCE, identity(message), at, ContactChanged(new), contact)


_Reader: TypeAlias = Callable[[dict[str, Any]], Event | None]
_READERS: Final[dict[str, _Reader]] = {
    "text": _text,
    "button": _template_button,
    "interactive": _interactive,
    **dict.fromkeys(_MEDIA, _media),
    "location": _location,
    "contacts": _cards,
    "order": _order,
    "reaction": _reaction,
    "edit": _edit,
    "revoke": _revoke,
}
