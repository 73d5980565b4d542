"""Telegram updates of a support group to events: what agents do there.

Like `integrations.telegram_updates` it shows the library only the fields that are read. Imports the library:
only `integrations.telegram_updates` imports this.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias, TypeGuard

from telegram import Message, Update
from telegram.error import TelegramError

from dialogs.group import Changed, GroupEvent, Membership, Place, Pressed, Spoken, TopicTurned
from dialogs.messages import Attachment
from integrations import lenient

JsonObject: TypeAlias = Mapping[str, Any]

LINKING: Final = re.compile(r"/link(?:@\w+)?(?:\s|$)", re.ASCII)
"""The command by which an agent makes themselves known; it may be said to the bot in private."""

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
_SPOKEN: Final = ("message_id", "from", "text", "caption", "message_thread_id", "is_topic_message", *_FILES)
_CORE: Final = ("message_id", "from", "text", "caption", "message_thread_id", "is_topic_message")
_UNREADABLE: Final = (ArithmeticError, AttributeError, LookupError, TelegramError, TypeError, ValueError)


def read(kind: str, raw: JsonObject) -> GroupEvent | str:
    """Translate one update of a group; a text names what is left alone. Never raises."""
    if kind == "callback_query":
        return _pressed(raw)
    if kind == "my_chat_member":
        return _membership(raw)
    if kind not in {"message", "edited_message"}:
        return "group_other"
    for news, closed in (("forum_topic_closed", True), ("forum_topic_reopened", False)):
        if news in raw:
            place = _place(raw)
            return TopicTurned(place, closed=closed) if place is not None else "malformed"
    message = _message(raw)
    place = _place(raw)
    if message is None or place is None:
        return "malformed"
    if message.from_user is None or message.from_user.is_bot:
        return "bot"  # also anonymous administrators and channels: nobody could be asked about their words
    if kind == "edited_message":
        words = lenient.text(message.text) or lenient.text(message.caption)
        return Changed(place, words) if words is not None else "edited_media"
    return _spoken(place, message, raw)


def linking(raw: JsonObject) -> Spoken | None:
    """Return an agent's ``/link …`` in the private chat with the bot; None for whatever a buyer may say."""
    written = lenient.text(raw.get("text"))
    place = _place(raw)
    if written is None or place is None or not LINKING.match(written):
        return None
    return Spoken(place, written)


def _spoken(place: Place, message: Message, raw: JsonObject) -> GroupEvent | str:
    reply_to = _replied(raw, place)
    written = lenient.text(message.text)
    if written is not None:
        return Spoken(place, written, reply_to=reply_to)
    for name, type_ in _FILES.items():
        file = getattr(message, name)
        if isinstance(file, tuple | list):
            file = file[-1] if file else None  # a photo comes in several sizes, the largest last
        media_id = lenient.key(getattr(file, "file_id", None))
        if media_id is not None:
            attachment = Attachment(
                type=type_,
                media_id=media_id,
                mime_type=lenient.text(getattr(file, "mime_type", None)),
                title=lenient.text(getattr(file, "file_name", None)),
            )
            return Spoken(place, lenient.text(message.caption) or "", attachment, reply_to)
    return "service_message"


def _replied(raw: JsonObject, place: Place) -> int | None:
    """Return which message was answered; in a topic every other one "answers" the topic's first."""
    replied = raw.get("reply_to_message")
    number = replied.get("message_id") if isinstance(replied, dict) else None
    return number if _is_number(number) and number != place.topic else None


def _message(raw: JsonObject) -> Message | None:
    blank = {"date": 0, "chat": {"id": 0, "type": "supergroup"}}
    for fields in (_SPOKEN, _CORE):
        kept = {name: raw[name] for name in fields if name in raw}
        try:
            update = Update.de_json({"update_id": 0, "message": {**kept, **blank}}, None)
        except _UNREADABLE:
            continue
        if update.message is not None:
            return update.message
    return None


def _pressed(raw: JsonObject) -> GroupEvent | str:
    holder, sender = raw.get("message"), raw.get("from")
    payload, callback_id = lenient.text(raw.get("data")), lenient.key(raw.get("id"))
    if not isinstance(holder, dict) or not isinstance(sender, dict) or payload is None or callback_id is None:
        return "malformed"
    place = _place({**holder, "from": sender})
    return Pressed(place, payload, callback_id) if place is not None else "malformed"


def _membership(raw: JsonObject) -> GroupEvent | str:
    member = raw.get("new_chat_member")
    place = _place({**raw, "message_id": 0})
    if not isinstance(member, dict) or place is None:
        return "malformed"
    return Membership(place, able=member.get("can_manage_topics") is True)


def _place(raw: JsonObject) -> Place | None:
    chat, sender, number = raw.get("chat"), raw.get("from"), raw.get("message_id")
    if not isinstance(chat, dict) or not isinstance(sender, dict) or not _is_number(number):
        return None
    if not _is_number(chat.get("id")) or not _is_number(sender.get("id")):
        return None
    # Outside topics the number is that of some thread of replies, which nobody can write to:
    # https://github.com/tdlib/telegram-bot-api/issues/447
    thread = raw.get("message_thread_id") if raw.get("is_topic_message") is True else None
    names = (lenient.text(sender.get("first_name")), lenient.text(sender.get("last_name")))
    return Place(
        chat=str(chat["id"]),
        topic=thread if _is_number(thread) else None,
        message=number,
        author=str(sender["id"]),
        name=" ".join(name for name in names if name),
    )


def _is_number(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)
