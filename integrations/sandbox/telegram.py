"""Telegram in the sandbox: what happens in a chat, and the Bot API's methods behind the route."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any, Final

import orjson

from integrations.sandbox import telegram_events as events
from integrations.sandbox import telegram_rules as rules
from integrations.sandbox.errors import BotApiError, Complaint, Json
from integrations.sandbox.group import Groups
from integrations.sandbox.limits import as_text
from integrations.sandbox.media import size_of
from integrations.sandbox.people import Person
from integrations.sandbox.platform import Change, FileKind, Platform
from integrations.sandbox.stage import Stage
from integrations.sandbox.telegram_rules import bad_request
from integrations.sandbox.webhooks import Route, escaped
from integrations.sandbox.world import Content, Message, Thread

CHAT_INTERVAL: Final = timedelta(seconds=1)
CHAT_BURST: Final = 20
"""One message per second and chat; Telegram bears short bursts without saying how long they may be."""
UNLESS_NAMED: Final = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
ACTIONS: Final = frozenset(
    {
        "typing", "upload_photo", "record_video", "upload_video", "record_voice", "upload_voice",
        "upload_document", "choose_sticker", "find_location", "record_video_note", "upload_video_note",
    }
)  # fmt: skip
START_PAYLOAD: Final = 64


@dataclass(slots=True)
class Hook:
    """The bot's webhook as ``setWebhook`` left it.

    ``allowed`` are the kinds of updates that the bot asked for; None, for all, until it has set a webhook.
    ``url`` is only remembered: the sandbox posts to where it was connected, never to an address from outside.
    """

    secret: str
    url: str = ""
    allowed: frozenset[str] | None = None

    def wants(self, kind: str) -> bool:
        """Say whether updates of this kind are sent."""
        if self.allowed is None:
            return True
        return kind in self.allowed if self.allowed else kind not in UNLESS_NAMED


def route(hook: Hook) -> Route:
    """Return how Telegram's updates are posted: one at a time, with the secret in a header."""
    return Route(
        "telegram",
        lambda lanes: escaped(lanes[0][0]),
        lambda _body: {"X-Telegram-Bot-Api-Secret-Token": hook.secret},
        joins=False,
    )


class Telegram(Platform):
    """A bot with a webhook."""

    name = "telegram"

    def __init__(self, stage: Stage, hook: Hook) -> None:
        super().__init__(stage)
        self.bot = stage.settings.telegram
        self.hook = hook
        self.groups = Groups(stage, self._group_update)

    # -- the person

    def open(self, person: Person, ref: str) -> Message:
        """A ``t.me`` link: the person presses Start."""
        if len(ref) > START_PAYLOAD or not all(c.isascii() and (c.isalnum() or c in "_-") for c in ref):
            raise Complaint(f"A start payload has at most {START_PAYLOAD} of A-Z, a-z, 0-9, _ and -.")
        return self.say(person, f"/start {ref}".strip())

    def own(self, person: Person, text: str) -> Message:  # noqa: ARG002 - as every platform
        """Refuse: nobody can type in a bot's name."""
        raise Complaint("On Telegram only the bot itself can write in its name.")

    def send_file(self, person: Person, kind: FileKind, url: str, caption: str) -> Message:
        """Everything but view-once media."""
        if kind == "ephemeral":
            raise Complaint("Telegram shows bots no view-once media.")
        message = super().send_file(person, kind, url, caption)
        self.stage.world.remember_media(f"file-{message.id}", {"url": url, "mime_type": ""})
        return message

    def block(self, person: Person, *, blocked: bool) -> bool:
        """Telegram tells it."""
        changed = super().block(person, blocked=blocked)
        if changed:
            news = events.membership(
                self.bot, self.stage.settings.shop_name, person, blocked=blocked, at=self.stage.clock()
            )
            self._update(person, "my_chat_member", news)
        return changed

    # -- the Bot API

    def call(self, method: str, given: Json) -> Any:
        """Carry out a method that sends nothing; return its ``result``.

        Raises:
            BotApiError: with Telegram's description.

        """
        methods: dict[str, Callable[[Json], Any]] = {
            "getme": self._get_me,
            "setwebhook": self._set_webhook,
            "deletewebhook": self._delete_webhook,
            "getwebhookinfo": self._webhook_info,
            "sendchataction": self._chat_action,
            "answercallbackquery": self._answer_callback,
            "editmessagereplymarkup": self._edit_markup,
            "setmessagereaction": self._react,
            "setmycommands": lambda _given: True,
            "getfile": self._get_file,
        }
        group = self.groups.find(given.get("chat_id"))
        if group is not None:
            return self.groups.call(group, method, given)
        found = methods.get(method.lower())
        if found is None:
            raise BotApiError(404, "Not Found: method not found")
        return found(given)

    def send(self, method: str, given: Json) -> Json:
        """Carry out a ``send…`` of a message; return it.

        Raises:
            BotApiError: with Telegram's description.

        """
        group = self.groups.find(given.get("chat_id"))
        if group is not None:
            return self.groups.send(group, method, given)
        person, thread = self._chat(given)
        copying = method == "copyMessage"
        content = self.groups.copied(given) if copying else rules.read_message(method, given)
        if self.stage.faults.pair_rate:
            wait = thread.spend(self.stage.clock(), interval=CHAT_INTERVAL, burst=CHAT_BURST)
            if wait is not None:
                after = max(1, ceil(wait.total_seconds()))
                raise BotApiError(429, f"Too Many Requests: retry after {after}", retry_after=after)
        message = self.accept(person, content, status="sent")
        if copying:
            return {"message_id": int(message.id)}
        return events.from_shop(self.bot, self.stage.settings.shop_name, person, message)

    def _chat(self, given: Json) -> tuple[Person, Thread]:
        person = self.stage.world.people.find("telegram", str(given.get("chat_id", "")))
        if person is None:
            raise bad_request("chat not found")
        thread = self._thread(person)
        if thread.blocked:
            raise BotApiError(403, "Forbidden: bot was blocked by the user")
        if thread.last_heard is None:
            raise BotApiError(403, "Forbidden: bot can't initiate conversation with a user")
        return person, thread

    def _get_me(self, _given: Json) -> Json:
        me = events.bot_user(self.bot, self.stage.settings.shop_name)
        return {
            **me,
            "can_join_groups": False,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
        }

    def _set_webhook(self, given: Json) -> bool:
        self.hook.url = as_text(given.get("url"))
        self.hook.secret = as_text(given.get("secret_token")) or self.hook.secret
        kinds = given.get("allowed_updates")
        kinds = orjson.loads(kinds) if isinstance(kinds, str) else kinds
        self.hook.allowed = frozenset(kinds) if isinstance(kinds, list) else frozenset()
        self.stage.postman.hold(self.name, held=not self.hook.url)
        return True

    def _delete_webhook(self, _given: Json) -> bool:
        self.hook.url = ""
        self.stage.postman.hold(self.name, held=True)
        return True

    def _webhook_info(self, _given: Json) -> Json:
        info: Json = {"url": self.hook.url, "has_custom_certificate": False, "pending_update_count": 0}
        return info | ({"allowed_updates": sorted(self.hook.allowed)} if self.hook.allowed else {})

    def _chat_action(self, given: Json) -> bool:
        person, _ = self._chat(given)
        if given.get("action") not in ACTIONS:
            raise bad_request("wrong parameter action in request")
        self.seen(person)
        self.typing(person, on=True)
        return True

    def _answer_callback(self, given: Json) -> bool:
        if len(as_text(given.get("text"))) > rules.CALLBACK_ANSWER:
            raise bad_request("MESSAGE_TOO_LONG")
        callback_id = str(given.get("callback_query_id"))
        if callback_id not in self.stage.world.callbacks:
            raise bad_request("query is too old and response timeout expired or query ID is invalid")
        if self.stage.world.callbacks.pop(callback_id) is None:
            self.stage.live.publish({"type": "toast", "text": as_text(given.get("text"))})
        return True

    def _edit_markup(self, given: Json) -> Json:
        person, thread = self._chat(given)
        message = thread.messages.get(str(given.get("message_id")))
        if message is None or message.author != "shop":
            raise bad_request("message to edit not found")
        buttons = rules.read_keyboard(given.get("reply_markup"))
        if buttons == message.content.buttons:
            raise bad_request(
                "message is not modified: specified new message content and reply markup are exactly the same"
                " as a current content and reply markup of the message"
            )
        old = message.content
        style = old.style if old.media is not None else "buttons" if buttons else "text"
        message.content = Content(style, old.text, buttons=buttons, media=old.media, reply_to=old.reply_to)
        self.stage.refresh(message)
        return events.from_shop(self.bot, self.stage.settings.shop_name, person, message)

    def _react(self, given: Json) -> bool:
        person, _ = self._chat(given)
        emojis = given.get("reaction") or []
        emojis = orjson.loads(emojis) if isinstance(emojis, str) else emojis
        emoji = emojis[0].get("emoji") if emojis else None
        if not self.shop_reacts(person, str(given.get("message_id")), emoji):
            raise bad_request("message to react not found")
        return True

    def _get_file(self, given: Json) -> Json:
        file_id = as_text(given.get("file_id"))
        media = self.stage.world.media.get(file_id)
        if media is None:
            raise bad_request("invalid file_id")
        file: Json = {"file_id": file_id, "file_unique_id": "u" + file_id, "file_path": file_id}
        return file | size_of(media["url"])

    # -- how Telegram tells it

    def _new_id(self) -> str:
        return str(self.stage.world.number())

    def _update(self, person: Person, kind: str, body: Json) -> None:
        if self.hook.wants(kind):
            self._tell(person, {"update_id": self.stage.world.number(), kind: body})

    def _group_update(self, lane: str, kind: str, body: Json) -> None:
        if self.hook.wants(kind):
            self.stage.postman.post(self.name, lane, {"update_id": self.stage.world.number(), kind: body})

    def _said(self, person: Person, message: Message) -> Json:
        return {"update_id": self.stage.world.number(), "message": events.from_person(person, message)}

    def _sent_file(self, person: Person, message: Message, kind: FileKind) -> Json:  # noqa: ARG002 - as above
        return self._said(person, message)

    def _tapped(self, thread: Thread, origin: Message, button: Json) -> None:
        callback_id = str(10**17 + secrets.randbelow(10**17))
        self.stage.world.remember_callback(callback_id, origin)
        shown = events.from_shop(self.bot, self.stage.settings.shop_name, thread.person, origin)
        tap = events.callback(thread.person, callback_id, shown, button["payload"])
        self._update(thread.person, "callback_query", tap)

    def _reacted(self, person: Person, message: Message, change: Change) -> None:
        news = events.reaction(person, int(message.id), change, self.stage.clock())
        self._update(person, "message_reaction", news)

    def _edited(self, person: Person, message: Message) -> Json:
        changed = events.from_person(person, message)
        changed["edit_date"] = int(self.stage.clock().timestamp())
        return {"update_id": self.stage.world.number(), "edited_message": changed}

    def _unsent(self, person: Person, message: Message) -> None:
        """Telegram says nothing of it."""

    def _was_read(self, person: Person, messages: Sequence[Message]) -> None:
        """Telegram says nothing of it."""
