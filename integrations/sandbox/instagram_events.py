"""What Instagram tells the shop: the items of ``entry[].messaging[]``. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from integrations.sandbox.errors import Json
from integrations.sandbox.people import Person
from integrations.sandbox.settings import InstagramAccount
from integrations.sandbox.world import Content, Message

_ATTACHED: Final = {"image": "image", "video": "video", "audio": "audio", "document": "file"}
_REACTIONS: Final = {"❤️": "love", "😆": "smile", "😮": "wow", "😢": "sad", "😡": "angry", "👍": "like"}


def millis(at: datetime) -> int:
    """Return the time as Instagram gives it."""
    return int(at.timestamp() * 1000)


def pack(account: InstagramAccount, lanes: Sequence[Sequence[Json]]) -> Json:
    """Return one webhook body: an entry per person, whose events stay in order."""
    return {
        "object": "instagram",
        "entry": [
            {"id": account.account_id, "time": items[-1]["timestamp"], "messaging": list(items)}
            for items in lanes
        ],
    }


def from_person(account: InstagramAccount, person: Person, at: datetime, **what: Json) -> Json:
    """Return one event of the person's."""
    return {
        "sender": {"id": person.igsid},
        "recipient": {"id": account.account_id},
        "timestamp": millis(at),
        **what,
    }


def said(account: InstagramAccount, person: Person, message: Message) -> Json:
    """The person wrote a text, perhaps in answer to a message."""
    body: Json = {"mid": message.id, "text": message.content.text}
    if message.content.reply_to is not None:
        body["reply_to"] = {"mid": message.content.reply_to}
    return from_person(account, person, message.at, message=body)


def sent_file(account: InstagramAccount, person: Person, message: Message, kind: str) -> Json | None:
    """The person sent something else; None where Instagram says nothing at all (stickers, GIFs)."""
    body: Json = {"mid": message.id}
    media = message.content.media or {}
    if kind == "sticker":
        return None
    if kind == "location":
        body["is_unsupported"] = True
    elif kind == "ephemeral":
        body["attachments"] = [{"type": "ephemeral"}]
    else:
        body["attachments"] = [{"type": _ATTACHED.get(kind, kind), "payload": {"url": media["url"]}}]
        if message.content.text:
            body["text"] = message.content.text
    return from_person(account, person, message.at, message=body)


def tapped(account: InstagramAccount, person: Person, message: Message, *, payload: str, quick: bool) -> Json:
    """The person tapped: a quick reply is a message, a template's button a postback."""
    if quick:
        body = {"mid": message.id, "text": message.content.text, "quick_reply": {"payload": payload}}
        return from_person(account, person, message.at, message=body)
    postback = {"mid": message.id, "title": message.content.text, "payload": payload}
    return from_person(account, person, message.at, postback=postback)


def referral(ref: str) -> Json:
    """What an ``ig.me`` link leaves behind."""
    return {"ref": ref, "source": "SHORTLINKS", "type": "OPEN_THREAD"}


def reacted(account: InstagramAccount, person: Person, target: str, emoji: str | None, at: datetime) -> Json:
    """The person put an emoji on a message, or took it away."""
    body: Json = {"mid": target, "action": "react" if emoji else "unreact"}
    if emoji:
        body |= {"reaction": _REACTIONS.get(emoji, "other"), "emoji": emoji}
    return from_person(account, person, at, reaction=body)


def edited(account: InstagramAccount, person: Person, message: Message, at: datetime) -> Json:
    """The person changed a message."""
    body = {"mid": message.id, "text": message.content.text, "num_edit": message.edits}
    return from_person(account, person, at, message_edit=body)


def unsent(account: InstagramAccount, person: Person, message: Message, at: datetime) -> Json:
    """The person took a message back."""
    return from_person(account, person, at, message={"mid": message.id, "is_deleted": True})


def read(account: InstagramAccount, person: Person, mid: str, at: datetime) -> Json:
    """The person has seen everything up to this message."""
    return from_person(account, person, at, read={"mid": mid})


def echo(account: InstagramAccount, person: Person, message: Message, *, by_app: bool) -> Json:
    """The account itself wrote: the bot (``by_app``), or a person in the Instagram app."""
    body: Json = {"mid": message.id, "is_echo": True}
    if by_app:
        body["app_id"] = account.app_id
    body |= _echoed(message.content)
    return {
        "sender": {"id": account.account_id},
        "recipient": {"id": person.igsid},
        "timestamp": millis(message.at),
        "message": body,
    }


def _echoed(content: Content) -> Json:
    if content.style == "media" and content.media is not None:
        kind = _ATTACHED.get(content.media["type"], "image")
        return {"attachments": [{"type": kind, "payload": {"url": content.media["url"]}}]}
    if content.style == "buttons":
        payload = {
            "template_type": "button",
            "text": content.text,
            "buttons": template_buttons(content.buttons),
        }
        return {"text": content.text, "attachments": [{"type": "template", "payload": payload}]}
    if content.style == "cards":
        return {"attachments": [{"type": "template", "payload": generic(content)}]}
    return {"text": content.text}


def generic(content: Content) -> Json:
    """Return the cards as a generic template."""
    elements = [
        {
            "title": card["title"],
            "subtitle": card["subtitle"],
            "image_url": card["image_url"],
            "buttons": template_buttons(card["buttons"]),
        }
        for card in content.cards
    ]
    return {"template_type": "generic", "elements": elements}


def template_buttons(buttons: Sequence[Json]) -> list[Json]:
    """Return the buttons as the Send API shapes them."""
    return [
        {"type": "web_url", "title": item["title"], "url": item["url"]}
        if "url" in item
        else {"type": "postback", "title": item["title"], "payload": item["payload"]}
        for item in buttons
    ]
