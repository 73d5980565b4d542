"""What Telegram tells the shop: updates, and the messages that the Bot API gives back. Pure."""

from __future__ import annotations

from datetime import datetime

from integrations.sandbox.errors import Json
from integrations.sandbox.people import Person
from integrations.sandbox.settings import TelegramBot
from integrations.sandbox.world import Message


def user(person: Person) -> Json:
    """Return the person as Telegram shows them."""
    first, _, last = person.name.partition(" ")
    who: Json = {"id": person.chat_id, "is_bot": False, "first_name": first}
    if last:
        who["last_name"] = last
    return {**who, "username": person.tg_username, "language_code": person.language}


def chat(person: Person) -> Json:
    """Return the private chat with the person."""
    first, _, last = person.name.partition(" ")
    where: Json = {"id": person.chat_id, "first_name": first}
    if last:
        where["last_name"] = last
    return {**where, "username": person.tg_username, "type": "private"}


def bot_user(bot: TelegramBot, name: str) -> Json:
    """Return the bot as a user."""
    return {"id": bot.id, "is_bot": True, "first_name": name, "username": bot.username}


def from_person(person: Person, message: Message) -> Json:
    """Return a message of the person's."""
    content = message.content
    body: Json = {
        "message_id": int(message.id),
        "from": user(person),
        "chat": chat(person),
        "date": int(message.at.timestamp()),
    }
    if content.reply_to is not None:
        body["reply_to_message"] = {
            "message_id": int(content.reply_to),
            "chat": chat(person),
            "date": int(message.at.timestamp()),
        }
    if content.style in {"media", "sticker"} and content.media is not None:
        body |= file_of(content.media["type"], f"file-{message.id}")
        if content.text:
            body["caption"] = content.text
    elif content.style == "location":
        body["location"] = {"latitude": 52.520008, "longitude": 13.404954}
    else:
        body["text"] = content.text
        if content.text.startswith("/"):
            length = len(content.text.partition(" ")[0])
            body["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
    return body


def from_shop(bot: TelegramBot, name: str, person: Person, message: Message) -> Json:
    """Return one of the bot's own messages."""
    content = message.content
    body: Json = {
        "message_id": int(message.id),
        "from": bot_user(bot, name),
        "chat": chat(person),
        "date": int(message.at.timestamp()),
    }
    if content.media is not None:
        body |= file_of(content.media["type"], f"file-{message.id}")
        if content.text:
            body["caption"] = content.text
    else:
        body["text"] = content.text
    if content.buttons:
        body["reply_markup"] = {
            "inline_keyboard": [
                [
                    {"text": item["title"], "url": item["url"]}
                    if "url" in item
                    else {"text": item["title"], "callback_data": item["payload"]}
                ]
                for item in content.buttons
            ]
        }
    return body


def file_of(kind: str, file_id: str) -> Json:
    """Return the part of a message that holds a file of this kind."""
    file: Json = {"file_id": file_id, "file_unique_id": "u" + file_id, "file_size": 1024}
    if kind == "image":
        return {"photo": [{**file, "width": 640, "height": 640}]}
    if kind == "video":
        return {"video": {**file, "width": 640, "height": 360, "duration": 3, "mime_type": "video/mp4"}}
    if kind == "audio":
        return {"voice": {**file, "duration": 3, "mime_type": "audio/ogg"}}
    if kind == "sticker":
        sticker = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False}
        return {"sticker": {**file, **sticker, "emoji": "🙂"}}
    return {"document": {**file, "file_name": "datei.pdf", "mime_type": "application/pdf"}}


def callback(person: Person, callback_id: str, origin: Json, payload: str) -> Json:
    """Return a tap on an inline button of ``origin``."""
    return {
        "id": callback_id,
        "from": user(person),
        "message": origin,
        "chat_instance": f"-{person.chat_id}",
        "data": payload,
    }


def reaction(person: Person, target: int, change: tuple[str | None, str | None], at: datetime) -> Json:
    """Return the change of an emoji on a message."""
    old, new = change
    return {
        "chat": chat(person),
        "message_id": target,
        "user": user(person),
        "date": int(at.timestamp()),
        "old_reaction": [{"type": "emoji", "emoji": old}] if old else [],
        "new_reaction": [{"type": "emoji", "emoji": new}] if new else [],
    }


def membership(bot: TelegramBot, name: str, person: Person, *, blocked: bool, at: datetime) -> Json:
    """Return the news that the person blocked or unblocked the bot."""
    who = bot_user(bot, name)
    kicked = {"user": who, "status": "kicked", "until_date": 0}
    member = {"user": who, "status": "member"}
    return {
        "chat": chat(person),
        "from": user(person),
        "date": int(at.timestamp()),
        "old_chat_member": member if blocked else kicked,
        "new_chat_member": kicked if blocked else member,
    }
