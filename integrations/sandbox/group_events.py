"""What Telegram tells the bot about a support group, and what the Bot API gives back. Pure."""

from __future__ import annotations

from datetime import datetime

from integrations.sandbox.errors import Json
from integrations.sandbox.group_world import Group, GroupMessage, Topic
from integrations.sandbox.people import Person
from integrations.sandbox.telegram_events import file_of, user

ICON_COLOUR = 0x6FB9F0


def chat(group: Group, *, forum: bool = True) -> Json:
    """Return the group as a chat."""
    where: Json = {"id": group.id, "title": group.settings.title, "type": "supergroup"}
    return {**where, "is_forum": True} if forum else where


def forum_topic(topic: Topic) -> Json:
    """Return what ``createForumTopic`` answers."""
    return {"message_thread_id": topic.id, "name": topic.name, "icon_color": ICON_COLOUR}


def message(group: Group, sender: Json, one: GroupMessage, topic: Topic | None) -> Json:
    """Return a message as it stands in an update.

    A message in a topic that answers nothing in particular still answers the message that announced the
    topic: so Telegram writes it.
    """
    where = chat(group)
    body: Json = {"message_id": one.id, "from": sender, "chat": where, "date": int(one.at.timestamp())}
    content = one.content
    if topic is not None:
        body |= {"message_thread_id": topic.id, "is_topic_message": True}
    if content.reply_to is not None:
        body["reply_to_message"] = {
            "message_id": int(content.reply_to),
            "chat": where,
            "date": int(one.at.timestamp()),
        }
    elif topic is not None and one.author == "agent":
        announced = {"name": topic.name, "icon_color": ICON_COLOUR}
        body["reply_to_message"] = {
            "message_id": topic.id,
            "message_thread_id": topic.id,
            "is_topic_message": True,
            "chat": where,
            "date": int(one.at.timestamp()),
            "forum_topic_created": announced,
        }
    if content.media is not None:
        body |= file_of(content.media["type"], file_id(one))
        if content.text:
            body["caption"] = content.text
    else:
        body["text"] = content.text
        if content.text.startswith("/"):
            length = len(content.text.partition(" ")[0])
            body["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
    if content.buttons:
        body["reply_markup"] = {"inline_keyboard": [[_button(item)] for item in content.buttons]}
    if one.edits:
        body["edit_date"] = int(one.at.timestamp())
    return body


def _button(item: Json) -> Json:
    if "url" in item:
        return {"text": item["title"], "url": item["url"]}
    return {"text": item["title"], "callback_data": item["payload"]}


def file_id(one: GroupMessage) -> str:
    """Return the id under which a message's file is found."""
    return f"file-{one.id}"


def service(group: Group, agent: Person, one: GroupMessage, news: Json) -> Json:
    """Return the message by which Telegram tells what an agent did to a topic; ``news`` is its one field."""
    body: Json = {"message_id": one.id, "from": user(agent), "chat": chat(group)}
    body |= {"date": int(one.at.timestamp()), "message_thread_id": one.topic, "is_topic_message": True}
    return body | news


def callback(agent: Person, callback_id: str, shown: Json, payload: str) -> Json:
    """Return an agent's tap on a button of ``shown``."""
    chat_instance = f"{shown['chat']['id']}"
    return {
        "id": callback_id,
        "from": user(agent),
        "message": shown,
        "chat_instance": chat_instance,
        "data": payload,
    }


def reaction(
    group: Group, agent: Person, target: int, change: tuple[str | None, str | None], at: datetime
) -> Json:
    """Return the change of an agent's emoji on a message; Telegram names no topic here."""
    old, new = change
    return {
        "chat": chat(group),
        "message_id": target,
        "user": user(agent),
        "date": int(at.timestamp()),
        "old_reaction": [{"type": "emoji", "emoji": old}] if old else [],
        "new_reaction": [{"type": "emoji", "emoji": new}] if new else [],
    }
