"""Telegram updates to events: what a person does in a private chat with the bot.

Groups, channels, inline mode, business accounts and kinds that do not exist yet are ignored and counted. The
library only sees the fields that are read here, so that whatever else Telegram puts into an update cannot
cost a message. Imports the library: only `integrations.telegram.Telegram` imports this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from telegram import CallbackQuery, Chat, Message, MessageReactionUpdated, Update, User
from telegram.error import TelegramError

from dialogs.group import GroupArrival, GroupEvent
from dialogs.messages import (
    Arrival,
    Attachment,
    Contact,
    Edited,
    Event,
    Media,
    Reachability,
    Reaction,
    Referral,
    Referred,
    Shared,
    Tap,
    Text,
    Unsupported,
)
from integrations import lenient, telegram_groups
from integrations.base import Ignored, Parsed
from integrations.phones import e164

SOURCE: Final = "telegram"

JsonObject: TypeAlias = Mapping[str, Any]

ALLOWED_UPDATES: Final = (
    "message",
    "edited_message",
    "callback_query",
    "message_reaction",
    "my_chat_member",
)
"""What to ask Telegram for: reactions come only when named."""

_CORE: Final = ("message_id", "chat", "from", "text", "caption")
_FILES: Final[Mapping[str, str]] = {
    "photo": "image",
    "video": "video",
    "video_note": "video",
    "animation": "video",
    "voice": "audio",
    "audio": "audio",
    "document": "document",
    "sticker": "sticker",
}
"""Field of a message → our name of the type. Animations come as documents too, so they stand first."""

_PARTS: Final = ("location", "venue", "contact", *_FILES)
_READ: Final = (*_CORE, "reply_to_message", *_PARTS)
_BEYOND_US: Final = (
    "checklist",
    "dice",
    "game",
    "giveaway",
    "invoice",
    "live_photo",
    "paid_media",
    "poll",
    "story",
)
"""What a person may send and we cannot take up. Anything else without content is a service message."""

_START: Final = re.compile(r"/start(?:@\w+)?(?:\s+(?P<ref>[A-Za-z0-9_-]{1,64}))?\s*", re.ASCII)
"""Deep links carry at most 64 of these characters: https://core.telegram.org/bots/features#deep-linking ."""

_UNREADABLE: Final = (ArithmeticError, AttributeError, LookupError, TelegramError, TypeError, ValueError)


def read(update: JsonObject, account: str, now: datetime, groups: frozenset[str] = frozenset()) -> Parsed:
    """Translate one update; never raises. ``groups`` are the support groups: agents speak there, not buyers.

    A tap carries no time of its own, so it gets ``now``, in whole seconds like everything else of Telegram's:
    a text written right after it must not look older.
    """
    others = (name for name in update if name != "update_id")
    kind = next((name for name in ALLOWED_UPDATES if name in update), None) or next(others, "empty")
    update_id, raw = update.get("update_id"), update.get(kind)
    if kind not in ALLOWED_UPDATES:
        return _ignored(kind, "not a kind this bot acts on")
    if not isinstance(raw, dict) or not _is_number(update_id):
        return _ignored(kind, "malformed")
    holder = raw.get("message") if kind == "callback_query" else raw
    if not isinstance(holder, dict) or not isinstance(holder.get("chat"), dict):
        return _ignored(kind, "no chat")
    # Numbers are counted per bot, and a shop may change its bot.
    external_id, at = f"{account}:{update_id}", _time(raw, now)
    ours = _of_agents(kind, raw, holder["chat"], groups)
    if ours is None:
        return _of_buyer(kind, raw, account, external_id, at)
    if isinstance(ours, str):
        return _ignored(ours, f"{kind} in a group without anything to do")
    return Parsed(desk=(GroupArrival(SOURCE, external_id, at, ours),))


def _of_buyer(kind: str, raw: JsonObject, account: str, external_id: str, at: datetime) -> Parsed:
    found = _READERS[kind](raw)
    if found is None:
        return _ignored(kind, "malformed")
    chat, sender, event = found
    if isinstance(event, str):
        return _ignored(event, f"{kind} without anything to answer")
    if not _is_number(chat.id):
        return _ignored(kind, "malformed")
    arrival = Arrival(
        source=SOURCE,
        external_id=external_id,
        at=at,
        event=event,
        contact=_contact(account, chat, sender, event),
    )
    return Parsed(arrivals=(arrival,))


def _of_agents(
    kind: str, raw: JsonObject, chat: JsonObject, groups: frozenset[str]
) -> GroupEvent | str | None:
    """Return what an agent did, or the name of what is left alone; None if it may be a buyer's."""
    if str(chat.get("id")) in groups:
        return telegram_groups.read(kind, raw)
    if chat.get("type") != "private":
        return "group"
    return telegram_groups.linking(raw) if groups and kind == "message" else None


_Found: TypeAlias = tuple[Chat, User | None, Event | str]
"""Chat, author, and an event or the name of what was left alone."""


def _ignored(kind: str, reason: str) -> Parsed:
    return Parsed(ignored=(Ignored((lenient.text(kind) or "unnamed")[:64], reason),))


def _parsed(kind: str, *attempts: JsonObject) -> Update | None:
    """Return the first of ``attempts`` that the library can read."""
    for fields in attempts:
        try:
            return Update.de_json({"update_id": 0, kind: dict(fields)}, None)
        except _UNREADABLE:
            continue
    return None


def _only(raw: JsonObject, fields: Sequence[str]) -> dict[str, Any]:
    """Keep ``fields`` of a message. `_time` reads its time; the message it replies to is only a number."""
    kept = {name: raw[name] for name in fields if name in raw}
    replied = kept.pop("reply_to_message", None)
    if isinstance(replied, dict) and isinstance(replied.get("message_id"), int):
        kept["reply_to_message"] = {
            "message_id": replied["message_id"],
            "date": 0,
            "chat": {"id": 0, "type": "private"},
        }
    return {**kept, "date": 0}


def _message(raw: JsonObject) -> _Found | None:
    update = _parsed("message", _only(raw, _READ), _only(raw, _CORE))
    message = update.message if update else None
    if message is None or not _is_number(message.message_id):
        return None
    if message.from_user is not None and message.from_user.is_bot:
        return message.chat, message.from_user, "bot"
    return message.chat, message.from_user, _content(message, raw)


def _content(message: Message, raw: JsonObject) -> Event | str:
    reply_to = str(message.reply_to_message.message_id) if message.reply_to_message else None
    written = lenient.text(message.text)
    if written is not None:
        start = _START.fullmatch(written)
        if start:
            return Referred(Referral(ref=start["ref"], source="start"))
        return Text(written, reply_to=reply_to)
    shared = _shared(message)
    if shared is not None:
        return shared
    for name, type_ in _FILES.items():
        attachment = _attachment(getattr(message, name), type_)
        if attachment is not None:
            return Media((attachment,), caption=lenient.text(message.caption) or "", reply_to=reply_to)
    # A part that the library could not read is still something that the person sent.
    return next((Unsupported(name) for name in (*_BEYOND_US, *_PARTS) if name in raw), "service_message")


def _attachment(file: Any, type_: str) -> Attachment | None:
    if isinstance(file, Sequence) and file:
        file = file[-1]  # a photo comes in several sizes, the largest last
    media_id = lenient.key(getattr(file, "file_id", None))
    if media_id is None:
        return None
    return Attachment(
        type=type_,
        media_id=media_id,
        mime_type=lenient.text(getattr(file, "mime_type", None)),
        title=lenient.text(getattr(file, "file_name", None)) or lenient.text(getattr(file, "emoji", None)),
    )


def _shared(message: Message) -> Shared | None:
    if message.contact is not None:
        card = message.contact
        data = {
            "name": _full_name(card.first_name, card.last_name),
            "phone": card.phone_number,
            "user_id": card.user_id,
        }
        return Shared("contacts", _texts(data))
    place = message.venue.location if message.venue is not None else message.location
    if place is None:
        return None
    data = {"latitude": str(place.latitude), "longitude": str(place.longitude)}
    if message.venue is not None:
        data |= {"title": message.venue.title, "address": message.venue.address}
    return Shared("location", _texts(data))


def _edited(raw: JsonObject) -> _Found | None:
    update = _parsed("edited_message", _only(raw, _CORE))
    message = update.edited_message if update else None
    if message is None or not _is_number(message.message_id):
        return None
    words = lenient.text(message.text) or lenient.text(message.caption)
    if words is None:
        return message.chat, message.from_user, "edited_media"
    return message.chat, message.from_user, Edited(str(message.message_id), words)


def _tap(raw: JsonObject) -> _Found | None:
    query = {name: raw[name] for name in ("id", "from", "chat_instance", "data") if name in raw}
    update = _parsed(
        "callback_query",
        {**query, "message": _only(raw["message"], ("message_id", "chat", "reply_markup"))},
        {**query, "message": _only(raw["message"], ("message_id", "chat"))},
    )
    tap = update.callback_query if update else None
    message = tap.message if tap else None
    if tap is None or message is None or not _is_number(message.message_id):
        return None
    payload = lenient.text(tap.data)
    if payload is None:
        return message.chat, tap.from_user, "callback_game"
    event = Tap(
        payload=payload,
        title=_title(tap, payload),
        message_id=str(message.message_id),
        callback_id=lenient.key(tap.id),
    )
    return message.chat, tap.from_user, event


def _title(tap: CallbackQuery, payload: str) -> str:
    """Return what stood on the button; a tap carries only its data."""
    keyboard = tap.message.reply_markup if isinstance(tap.message, Message) else None
    buttons = [button for row in keyboard.inline_keyboard for button in row] if keyboard else []
    return next(
        (lenient.text(button.text) or "" for button in buttons if button.callback_data == payload), ""
    )


def _reaction(raw: JsonObject) -> _Found | None:
    fields = ("chat", "message_id", "user", "old_reaction", "new_reaction")
    update = _parsed("message_reaction", {**{name: raw[name] for name in fields if name in raw}, "date": 0})
    reaction = update.message_reaction if update else None
    if reaction is None or not _is_number(reaction.message_id):
        return None
    return reaction.chat, reaction.user, Reaction(str(reaction.message_id), _emoji(reaction))


def _emoji(reaction: MessageReactionUpdated) -> str | None:
    """Return the newest emoji, None when none is left; a custom one has no character and is an empty text."""
    left = list(reaction.new_reaction)
    if not left:
        return None
    added = [entry for entry in left if entry not in reaction.old_reaction] or left
    return lenient.text(getattr(added[0], "emoji", None)) or ""


def _membership(raw: JsonObject) -> _Found | None:
    fields = ("chat", "from", "old_chat_member", "new_chat_member")
    update = _parsed("my_chat_member", {**{name: raw[name] for name in fields if name in raw}, "date": 0})
    change = update.my_chat_member if update else None
    status = getattr(change.new_chat_member, "status", None) if change else None
    if change is None:
        return None
    event = Reachability(reachable=status == "member") if status in {"kicked", "member"} else "membership"
    return change.chat, change.from_user, event


_READERS: Final = {
    "message": _message,
    "edited_message": _edited,
    "callback_query": _tap,
    "message_reaction": _reaction,
    "my_chat_member": _membership,
}


def _contact(account: str, chat: Chat, sender: User | None, event: Event) -> Contact:
    who = sender or chat
    phone = None
    if isinstance(event, Shared) and sender is not None and event.data.get("user_id") == str(sender.id):
        phone = e164("+" + event.data.get("phone", "").lstrip("+"))  # Telegram leaves the plus out at times
    return Contact(
        channel=SOURCE,
        account=account,
        ids=(str(chat.id),),
        name=_full_name(who.first_name, who.last_name) or None,
        username=lenient.text(who.username),
        phone=phone,
        language=lenient.text(sender.language_code) if sender else None,
    )


def _full_name(*names: object) -> str:
    return " ".join(name for name in map(lenient.text, names) if name)


def _texts(data: Mapping[str, object]) -> dict[str, str]:
    return {name: found for name, value in data.items() if (found := lenient.text(value)) is not None}


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _time(raw: JsonObject, now: datetime) -> datetime:
    """Return when it happened. A date of 0 stands for an unknown one: Bot API, InaccessibleMessage."""
    for name in ("edit_date", "date"):
        seconds = raw.get(name)
        if isinstance(seconds, int) and 631_152_000 <= seconds < 7_258_118_400:  # 1990 to 2200
            return datetime.fromtimestamp(seconds, UTC)
    return now.astimezone(UTC).replace(microsecond=0)
