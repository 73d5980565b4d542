"""What agents do in a support group of the sandbox, and what the bot is told of it."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from integrations.sandbox import group_events as events
from integrations.sandbox.errors import Complaint, Json
from integrations.sandbox.group import Groups
from integrations.sandbox.group_world import Group, GroupMessage, Topic
from integrations.sandbox.people import Person
from integrations.sandbox.world import Content

TopicAct: TypeAlias = Literal["create", "close", "reopen", "delete", "rename"]
GroupFile: TypeAlias = Literal["image", "audio", "video", "document"]

_NEWS: Final[dict[TopicAct, str]] = {"close": "forum_topic_closed", "reopen": "forum_topic_reopened"}


class Agents:
    """The two people who answer in the sandbox's group, and whoever else a test names."""

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self._stage = groups.stage

    def say(
        self, group: Group, agent: str, topic_id: int | None, text: str, reply_to: int | None
    ) -> GroupMessage:
        """Write in a topic, or in General."""
        topic = group.the_topic(topic_id)
        quoted = None if reply_to is None else str(group.the_message(reply_to).id)
        return self._told(group, topic, agent, Content("text", text, reply_to=quoted))

    def send_file(
        self, group: Group, agent: str, topic_id: int | None, kind: GroupFile, url: str, caption: str
    ) -> GroupMessage:
        """Send a picture, a voice note and the like."""
        media = {"type": kind, "url": url, "caption": caption}
        return self._told(group, group.the_topic(topic_id), agent, Content("media", caption, media=media))

    def _told(self, group: Group, topic: Topic | None, agent: str, content: Content) -> GroupMessage:
        self._member(group, agent)
        message = self._groups.add(group, topic, "agent", content, agent)
        self._groups.tell(group, "message", self._groups.shown(group, message))
        return message

    def edit(self, group: Group, agent: str, message_id: int, text: str) -> GroupMessage:
        """Change an own text."""
        message = group.the_message(message_id)
        if message.author != "agent" or message.agent != agent or message.content.media is not None:
            raise Complaint("Only an own text can be edited.")
        message.content = Content("text", text, reply_to=message.content.reply_to)
        message.edits += 1
        self._groups.changed(group)
        self._groups.tell(group, "edited_message", self._groups.shown(group, message))
        return message

    def tap(self, group: Group, agent: str, message_id: int, payload: str) -> GroupMessage:
        """Tap a button below one of the bot's messages."""
        who, message = self._member(group, agent), group.the_message(message_id)
        if not any("url" not in one and one["payload"] == payload for one in message.content.buttons):
            raise Complaint("This message has no such button.")
        callback_id = self._groups.callback_id()
        self._stage.world.remember_tap(callback_id)
        shown = self._groups.shown(group, message)
        self._groups.tell(group, "callback_query", events.callback(who, callback_id, shown, payload))
        return message

    def react(self, group: Group, agent: str, message_id: int, emoji: str | None) -> GroupMessage:
        """Put an emoji on a message, or take it away."""
        who, message = self._member(group, agent), group.the_message(message_id)
        before = message.reactions.pop(agent, None)
        if emoji:
            message.reactions[agent] = emoji
        self._groups.changed(group)
        news = events.reaction(group, who, message.id, (before, emoji or None), self._stage.clock())
        self._groups.tell(group, "message_reaction", news)
        return message

    def topic(self, group: Group, agent: str, act: TopicAct, topic_id: int | None, name: str) -> Topic:
        """Open, close, reopen, rename or delete a topic by hand.

        Of a deleted topic Telegram tells the bot nothing at all.
        """
        who = self._member(group, agent)
        if act == "create":
            return self._opened(group, who, name)
        topic = group.the_topic(topic_id)
        if topic is None:
            raise Complaint("General stays as it is.")
        if act == "delete":
            group.forget_topic(topic)
            self._groups.changed(group)
            return topic
        if act == "rename":
            topic.name = name
            self._announce(group, who, topic, {"forum_topic_edited": {"name": name}}, f"→ {name}")
            return topic
        if topic.closed == (act == "close"):
            raise Complaint("The topic is already so.")
        topic.closed = act == "close"
        self._announce(group, who, topic, {_NEWS[act]: {}}, "✕" if topic.closed else "↺")
        return topic

    def _opened(self, group: Group, who: Person, name: str) -> Topic:
        topic = self._groups.create(group, name)
        created = {"forum_topic_created": {"name": name, "icon_color": events.ICON_COLOUR}}
        announcing = group.the_message(topic.id)
        self._groups.tell(group, "message", events.service(group, who, announcing, created))
        return topic

    def _announce(self, group: Group, who: Person, topic: Topic, news: Json, words: str) -> None:
        message = self._groups.add(group, topic, "service", Content("text", words), who.key)
        self._groups.tell(group, "message", events.service(group, who, message, news))

    def _member(self, group: Group, agent: str) -> Person:
        if agent not in group.settings.agents:
            raise Complaint("Nobody of this name is in the group.", status=404)
        return self._stage.world.people.get(agent)
