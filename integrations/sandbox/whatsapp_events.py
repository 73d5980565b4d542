"""What WhatsApp tells the shop: the items of ``entry[].changes[]``. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from integrations.sandbox.errors import Json
from integrations.sandbox.people import Person
from integrations.sandbox.settings import WhatsAppNumber
from integrations.sandbox.world import Message

_MIME: Final = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "audio": "audio/ogg; codecs=opus",
    "document": "application/pdf",
    "sticker": "image/webp",
}
FAILURES: Final = {
    131026: ("Message undeliverable", "Message Undeliverable."),
    131047: ("Re-engagement message", "More than 24 hours have passed since the customer last replied."),
}


def seconds(at: datetime) -> str:
    """Return the time as WhatsApp gives it."""
    return str(int(at.timestamp()))


def pack(number: WhatsAppNumber, lanes: Sequence[Sequence[Json]]) -> Json:
    """Return one webhook body: an entry per person, whose changes stay in order.

    News about the account itself carries a ``time``, which belongs to its entry.
    """
    return {
        "object": "whatsapp_business_account",
        "entry": [_entry(number, changes) for changes in lanes],
    }


def _entry(number: WhatsAppNumber, changes: Sequence[Json]) -> Json:
    entry: Json = {"id": number.waba_id}
    times = [change["time"] for change in changes if "time" in change]
    if times:
        entry["time"] = times[-1]
    told = [{key: value for key, value in change.items() if key != "time"} for change in changes]
    return {**entry, "changes": told}


def _change(number: WhatsAppNumber, person: Person | None, field: str, **what: list[Json]) -> Json:
    value: Json = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": number.number.removeprefix("+"),
            "phone_number_id": number.phone_number_id,
        },
    }
    if person is not None:
        profile = {"name": person.name}
        contact: Json = {"profile": profile, "user_id": person.user_id}
        if person.hide_phone:
            profile["username"] = person.wa_username
        else:
            contact["wa_id"] = person.wa_id
        value["contacts"] = [contact]
    return {"value": {**value, **what}, "field": field}


def message_change(
    number: WhatsAppNumber, person: Person, message_id: str, at: datetime, **what: object
) -> Json:
    """Return one message of the person's; ``what`` is its type and content."""
    body: Json = {"from_user_id": person.user_id, "id": message_id, "timestamp": seconds(at), **what}
    if not person.hide_phone:
        body = {"from": person.wa_id, **body}
    return _change(number, person, "messages", messages=[body])


def context(number: WhatsAppNumber, message_id: str) -> Json:
    """Return what ties an answer to one of the shop's messages."""
    return {"from": number.number.removeprefix("+"), "id": message_id}


def said(number: WhatsAppNumber, person: Person, message: Message) -> Json:
    """The person wrote a text, perhaps in answer to a message."""
    what: Json = {"type": "text", "text": {"body": message.content.text}}
    if message.content.reply_to is not None:
        what["context"] = context(number, message.content.reply_to)
    return message_change(number, person, message.id, message.at, **what)


def sent_file(number: WhatsAppNumber, person: Person, message: Message, kind: str, media_id: str) -> Json:
    """The person sent something else."""
    media = message.content.media or {}
    if kind == "location":
        place = {"latitude": 52.520008, "longitude": 13.404954, "name": "Berlin"}
        what: Json = {"type": "location", "location": place}
    elif kind == "ephemeral":
        error = {
            "code": 131051,
            "title": "Message type unknown",
            "message": "Message type unknown",
            "error_data": {"details": "Message type is currently not supported."},
        }
        what = {"type": "unsupported", "errors": [error], "unsupported": {"type": "view_once"}}
    else:
        file: Json = {"id": media_id, "mime_type": _MIME[kind], "sha256": "c2FuZGJveA==", "url": media["url"]}
        if message.content.text and kind != "sticker":
            file["caption"] = message.content.text
        what = {"type": kind, kind: file}
    return message_change(number, person, message.id, message.at, **what)


def mime_type(kind: str) -> str:
    """Return the type of a file of this kind."""
    return _MIME[kind]


def tapped(
    number: WhatsAppNumber, person: Person, message: Message, *, origin: Message, button: Json
) -> Json:
    """The person tapped: a template's quick reply, a reply button and a list row each look different."""
    tie = context(number, origin.id)
    if origin.content.style == "template":
        what: Json = {"type": "button", "button": {"payload": button["payload"], "text": button["title"]}}
    else:
        kind = "list_reply" if origin.content.style == "list" else "button_reply"
        reply = {"id": button["payload"], "title": button["title"]}
        if kind == "list_reply" and button["description"]:
            reply["description"] = button["description"]
        what = {"type": "interactive", "interactive": {"type": kind, kind: reply}}
    return message_change(number, person, message.id, message.at, context=tie, **what)


def status_change(
    number: WhatsAppNumber,
    person: Person | None,
    message: Message,
    status: str,
    at: datetime,
    *,
    recipient: str,
    category: str,
) -> Json:
    """One step of a message's way. ``recipient`` is the address when it went to nobody known."""
    body: Json = {"id": message.id, "status": status, "timestamp": seconds(at)}
    if person is None:
        body["recipient_id"] = recipient
    else:
        body["recipient_user_id"] = person.user_id
        if not person.hide_phone:
            body["recipient_id"] = person.wa_id
    if message.reference is not None:
        body["biz_opaque_callback_data"] = message.reference
    if status == "failed" and message.error is not None:
        title, details = FAILURES[message.error["code"]]
        body["errors"] = [
            {
                "code": message.error["code"],
                "title": title,
                "message": title,
                "error_data": {"details": details},
                "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
            }
        ]
    else:
        body["pricing"] = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": category}
    return _change(number, person, "messages", statuses=[body])


def owner_echo(number: WhatsAppNumber, person: Person, message: Message) -> Json:
    """A person answered in the WhatsApp Business app."""
    body: Json = {
        "from": number.number.removeprefix("+"),
        "to_user_id": person.user_id,
        "id": message.id,
        "timestamp": seconds(message.at),
        "type": "text",
        "text": {"body": message.content.text},
    }
    if not person.hide_phone:
        body["to"] = person.wa_id
    return _change(number, person, "smb_message_echoes", message_echoes=[body])
