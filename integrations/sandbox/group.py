"""A support group with topics in the sandbox's Telegram: what the bot may do there, and what agents do.

Refusals are worded as the Bot API words them: https://github.com/tdlib/telegram-bot-api/issues/854 and
/issues/693 for a topic that is gone, Telegram's own ``TOPIC_…`` words for the rest.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

import orjson

from integrations.sandbox import group_events as events
from integrations.sandbox import telegram_rules as rules
from integrations.sandbox.errors import BotApiError, Json
from integrations.sandbox.group_world import Author, Group, GroupMessage, Topic
from integrations.sandbox.limits import as_text
from integrations.sandbox.people import Person
from integrations.sandbox.stage import Stage
from integrations.sandbox.telegram_events import bot_user, user
from integrations.sandbox.telegram_rules import bad_request
from integrations.sandbox.world import Content

TOPIC_NAME: Final = 128
REACTIONS: Final = frozenset(
    "👍👎❤🔥🥰👏😁🤔🤯😱🤬😢🎉🤩🤮💩🙏👌🕊🤡🥱🥴😍"
    "🐳🌚🌭💯🤣⚡🍌🏆💔🤨😐🍓🍾💋😈😴😭🤓👻👀🎃🙈😇"
    "😨🤝✍🤗🫡🎅🎄☃💅🤪🗿🆒💘🙉🦄😘💊🙊😎👾🤷😡"
)
"""What a bot may put on a message: https://core.telegram.org/bots/api#reactiontypeemoji ."""
NOT_MODIFIED: Final = (
    "message is not modified: specified new message content and reply markup are exactly the same as a"
    " current content and reply markup of the message"
)
Tell = Callable[[str, str, Json], None]
"""Posts an update: the lane in which it waits, its kind, its body."""


class Groups:
    """All support groups of the bot, as the Bot API shows them."""

    def __init__(self, stage: Stage, tell: Tell) -> None:
        self.stage = stage
        self._tell = tell

    # -- which

    def find(self, chat_id: Any) -> Group | None:
        """Return the group with this id; None if it is none of ours."""
        groups = self.stage.world.groups
        for settings in self.stage.settings.groups:
            if str(settings.chat_id) == str(chat_id):
                return groups.setdefault(settings.chat_id, Group(settings))
        return None

    def all(self) -> list[Group]:
        """Return every group, in the order of the settings."""
        found = [self.find(settings.chat_id) for settings in self.stage.settings.groups]
        return [group for group in found if group is not None]

    # -- the Bot API

    def call(self, group: Group, method: str, given: Json) -> Any:
        """Carry out a method that says nothing new in the group; return its ``result``.

        Raises:
            BotApiError: with Telegram's description.

        """
        methods: dict[str, Callable[[Group, Json], Any]] = {
            "getchat": lambda group, _given: events.chat(group, forum=self.stage.faults.group_topics),
            "getchatmember": self._member,
            "createforumtopic": self._create,
            "editforumtopic": self._rename,
            "closeforumtopic": lambda group, given: self._close(group, given, closed=True),
            "reopenforumtopic": lambda group, given: self._close(group, given, closed=False),
            "deleteforumtopic": self._delete,
            "pinchatmessage": lambda group, given: self._pin(group, given, pinned=True),
            "unpinchatmessage": lambda group, given: self._pin(group, given, pinned=False),
            "editmessagetext": self._edit_text,
            "editmessagereplymarkup": self._edit_markup,
            "deletemessage": self._delete_message,
            "setmessagereaction": self._react,
            "sendchataction": lambda _group, _given: True,
        }
        found = methods.get(method.lower())
        if found is None:
            raise BotApiError(404, "Not Found: method not found")
        return found(group, given)

    def send(self, group: Group, method: str, given: Json) -> Json:
        """Carry out a ``send…`` or ``copyMessage`` into the group; return the message, or its number.

        Raises:
            BotApiError: with Telegram's description.

        """
        topic = self._room(group, given)
        content = self.copied(given) if method == "copyMessage" else rules.read_message(method, given)
        if content.reply_to is not None and group.find(content.reply_to) is None:
            raise bad_request("message to be replied not found")
        if self.stage.faults.group_rate and (wait := group.spend(self.stage.clock())) is not None:
            raise BotApiError(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        message = self.add(group, topic, "bot", content)
        return {"message_id": message.id} if method == "copyMessage" else self._shown(group, message)

    def copied(self, given: Json) -> Content:
        """Return the content of the message that ``copyMessage`` names.

        Raises:
            BotApiError: 400, there is none such in a group of ours.

        """
        source = self.find(given.get("from_chat_id"))
        original = None if source is None else source.find(given.get("message_id"))
        if original is None:
            raise bad_request("message to copy not found")
        return Content(original.content.style, original.content.text, media=original.content.media)

    def _room(self, group: Group, given: Json) -> Topic | None:
        """Return where a message goes; None is General."""
        thread = given.get("message_thread_id")
        if thread in {None, "", 0, "0"}:
            return None
        topic = group.topic(thread)
        if topic is None:
            raise bad_request("message thread not found")
        if topic.closed and not self.stage.faults.group_rights:
            raise bad_request("TOPIC_CLOSED")
        return topic

    def _allowed(self, group: Group) -> None:
        if not self.stage.faults.group_topics:
            raise bad_request("the chat is not a forum")
        if not self.stage.faults.group_rights:
            raise bad_request(
                "not enough rights to manage topics"
                if group.topics
                else "not enough rights to create a topic"
            )

    def _the_topic(self, group: Group, given: Json) -> Topic:
        self._allowed(group)
        topic = group.topic(given.get("message_thread_id"))
        if topic is None:
            raise bad_request("TOPIC_ID_INVALID")
        return topic

    def _member(self, group: Group, given: Json) -> Json:
        bot = self.stage.settings.telegram
        if str(given.get("user_id")) != str(bot.id):
            asked = str(given.get("user_id"))
            agent = next((one for one in self.agents(group) if str(one.chat_id) == asked), None)
            if agent is None:
                raise bad_request("user not found")
            return {"user": user(agent), "status": "member"}
        who = bot_user(bot, self.stage.settings.shop_name)
        if not self.stage.faults.group_rights:
            return {"user": who, "status": "member"}
        rights = (
            "can_be_edited", "is_anonymous", "can_manage_video_chats",
            "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users",
            "can_post_stories", "can_edit_stories", "can_delete_stories",
        )  # fmt: skip
        held = ("can_manage_chat", "can_delete_messages", "can_manage_topics", "can_pin_messages")
        all_rights = dict.fromkeys(rights, False) | dict.fromkeys(held, True)
        return {"user": who, "status": "administrator", **all_rights}

    def _create(self, group: Group, given: Json) -> Json:
        self._allowed(group)
        name = self._name(given)
        return events.forum_topic(self.create(group, name))

    @staticmethod
    def _name(given: Json) -> str:
        name = as_text(given.get("name")).strip()
        if not name:
            raise bad_request("topic name is empty")
        if len(name) > TOPIC_NAME:
            raise bad_request("TOPIC_TITLE_TOO_LONG")
        return name

    def create(self, group: Group, name: str) -> Topic:
        """Open a topic; the message that announces it gives it its number."""
        number = self.stage.world.number()
        topic = group.topics[number] = Topic(number, name)
        group.add(GroupMessage(number, number, "service", self.stage.clock(), Content("text", f"→ {name}")))
        self.changed(group)
        return topic

    def _rename(self, group: Group, given: Json) -> bool:
        topic, name = self._the_topic(group, given), self._name(given)
        if topic.name == name:
            raise bad_request("TOPIC_NOT_MODIFIED")
        topic.name = name
        self.changed(group)
        return True

    def _close(self, group: Group, given: Json, *, closed: bool) -> bool:
        topic = self._the_topic(group, given)
        if topic.closed == closed:
            raise bad_request("TOPIC_NOT_MODIFIED")
        topic.closed = closed
        self.changed(group)
        return True

    def _delete(self, group: Group, given: Json) -> bool:
        group.forget_topic(self._the_topic(group, given))
        self.changed(group)
        return True

    def _pin(self, group: Group, given: Json, *, pinned: bool) -> bool:
        message = group.find(given.get("message_id"))
        if message is None:
            raise bad_request("message to pin not found")
        message.pinned = pinned
        self.changed(group)
        return True

    def _own(self, group: Group, given: Json) -> GroupMessage:
        message = group.find(given.get("message_id"))
        if message is None:
            raise bad_request("message to edit not found")
        if message.author != "bot":
            raise bad_request("message can't be edited")
        return message

    def _edit_text(self, group: Group, given: Json) -> Json:
        message = self._own(group, given)
        if message.content.media is not None:
            raise bad_request("there is no text in the message to edit")
        fresh = rules.read_message("sendMessage", given)
        return self._replace(
            group,
            message,
            Content(fresh.style, fresh.text, buttons=fresh.buttons, reply_to=message.content.reply_to),
        )

    def _edit_markup(self, group: Group, given: Json) -> Json:
        message = self._own(group, given)
        old, buttons = message.content, rules.read_keyboard(given.get("reply_markup"))
        style = old.style if old.media is not None else "buttons" if buttons else "text"
        return self._replace(
            group, message, Content(style, old.text, buttons=buttons, media=old.media, reply_to=old.reply_to)
        )

    def _replace(self, group: Group, message: GroupMessage, content: Content) -> Json:
        if (message.content.text, message.content.buttons) == (content.text, content.buttons):
            raise bad_request(NOT_MODIFIED)
        message.content = content
        message.edits += 1
        self.changed(group)
        return self._shown(group, message)

    def _delete_message(self, group: Group, given: Json) -> bool:
        message = group.find(given.get("message_id"))
        if message is None:
            raise bad_request("message to delete not found")
        del group.messages[message.id]
        self.changed(group)
        return True

    def _react(self, group: Group, given: Json) -> bool:
        message = group.find(given.get("message_id"))
        if message is None:
            raise bad_request("message to react not found")
        wanted = given.get("reaction") or []
        wanted = orjson.loads(wanted) if isinstance(wanted, str) else wanted
        emoji = as_text(wanted[0].get("emoji")) if wanted else ""
        if emoji and emoji not in REACTIONS:
            raise bad_request("REACTION_INVALID")
        message.reactions.pop("bot", None)
        if emoji:
            message.reactions["bot"] = emoji
        self.changed(group)
        return True

    # -- shared with the agents' side

    def agents(self, group: Group) -> list[Person]:
        """Return the people who answer in the group."""
        return [self.stage.world.people.get(key) for key in group.settings.agents]

    def add(
        self, group: Group, topic: Topic | None, author: Author, content: Content, agent: str = ""
    ) -> GroupMessage:
        """Put a message into the group; its file can be fetched from then on."""
        number = self.stage.world.number()
        message = GroupMessage(
            number, None if topic is None else topic.id, author, self.stage.clock(), content, agent
        )
        group.add(message)
        if content.media is not None:
            media = {"url": content.media["url"], "mime_type": content.media.get("mime_type", "")}
            self.stage.world.remember_media(events.file_id(message), media)
        self.changed(group)
        return message

    def _shown(self, group: Group, message: GroupMessage) -> Json:
        who = bot_user(self.stage.settings.telegram, self.stage.settings.shop_name)
        topic = None if message.topic is None else group.topics.get(message.topic)
        return events.message(group, who, message, topic)

    def shown(self, group: Group, message: GroupMessage) -> Json:
        """Return a message as an update would carry it, whoever wrote it."""
        if message.author == "bot":
            return self._shown(group, message)
        agent = self.stage.world.people.get(message.agent)
        topic = None if message.topic is None else group.topics.get(message.topic)
        return events.message(group, user(agent), message, topic)

    def tell(self, group: Group, kind: str, body: Json) -> None:
        """Post an update about the group, after all others about it."""
        self._tell(str(group.id), kind, body)

    def callback_id(self) -> str:
        """Return an id for a tap."""
        return str(10**17 + secrets.randbelow(10**17))

    def changed(self, group: Group) -> None:
        """Tell the open pages that the group looks different now."""
        self.stage.live.publish({"type": "group", "chat_id": group.id})
