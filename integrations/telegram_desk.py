"""Support groups with topics on Telegram, over python-telegram-bot's methods.

Each conversation at the desk has a topic of its own in one of the groups; whoever answers there answers the
buyer. Needs a supergroup with topics in which the bot is an administrator that may manage them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from dialogs.channel import Rate
from integrations.base import (
    GroupPost,
    IntegrationError,
    Refused,
    TopicMissing,
    Unauthorized,
    Unchanged,
    Unreachable,
)
from integrations.http import Http
from integrations.telegram import TelegramSettings

if TYPE_CHECKING:
    import telegram

RATE: Final = Rate(timedelta(seconds=4), burst=5)
"""Five at once and then one every four seconds: in no minute more than the 20 that a group may be sent in all
its topics together (https://core.telegram.org/bots/faq).
"""
TOPIC_NAME: Final = 128
LONGEST: Final = 4096
CAPTION: Final = 1024
ANSWER: Final = 200
_PAYLOAD: Final = 64  # bytes of callback_data: Bot API, InlineKeyboardButton
_NO_PLACE: Final = (
    "not enough rights",
    "not a forum",
    "chat_admin_required",
    "topic_closed",
    "chat_write_forbidden",
    "kicked",
)
_WHAT_TO_DO: Final = (
    "the support group needs topics switched on, and the bot in it as an administrator who may manage topics"
)

T = TypeVar("T")


class TelegramGroups:
    """The groups of one bot; see `integrations.base.DeskGroup`."""

    def __init__(self, settings: TelegramSettings, http: Http) -> None:
        # The library costs half a second and 34 MB: nobody without Telegram pays.
        from integrations import telegram_http  # noqa: PLC0415 - see above

        self._chats = settings.support_chats
        self._me = int(settings.token.partition(":")[0] or 0)
        self._calls = telegram_http
        self._bot = telegram_http.make_bot(http, settings.token, settings.api_url)

    @property
    def chats(self) -> Sequence[str]:
        """The groups' ids."""
        return self._chats

    @property
    def rate(self) -> Rate:
        """See `RATE`."""
        return RATE

    @property
    def longest(self) -> int:
        """Bot API, sendMessage."""
        return LONGEST

    @property
    def longest_caption(self) -> int:
        """Bot API, sendPhoto."""
        return CAPTION

    async def check(self, chat: str) -> None:
        """See `DeskGroup.check`."""
        group = await self._ask("GetChat", chat_id=int(chat))
        member = await self._ask("GetChatMember", chat_id=int(chat), user_id=self._me)
        if group.get("is_forum") is not True or member.get("can_manage_topics") is not True:
            raise Unauthorized(f"Telegram: {_WHAT_TO_DO} (chat {chat}).")

    async def _ask(self, method: str, **given: Any) -> dict[str, Any]:
        """Ask something and return the bare answer; the library would want every field that exists today.

        Methods are written in any case (Bot API, "Making requests"); in its own the library would insist.
        """
        answer = await self._call(self._bot.do_api_request(method, api_kwargs=given))
        return answer if isinstance(answer, dict) else {}

    async def create_topic(self, chat: str, name: str) -> int:
        """See `DeskGroup.create_topic`."""
        made = await self._call(self._bot.create_forum_topic(int(chat), name[:TOPIC_NAME]))
        return made.message_thread_id

    async def rename_topic(self, chat: str, topic: int, name: str) -> None:
        """See `DeskGroup.rename_topic`."""
        await self._settle(self._bot.edit_forum_topic(int(chat), topic, name=name[:TOPIC_NAME]))

    async def close_topic(self, chat: str, topic: int) -> None:
        """See `DeskGroup.close_topic`."""
        await self._settle(self._bot.close_forum_topic(int(chat), topic))

    async def reopen_topic(self, chat: str, topic: int) -> None:
        """See `DeskGroup.reopen_topic`."""
        await self._settle(self._bot.reopen_forum_topic(int(chat), topic))

    async def delete_topic(self, chat: str, topic: int) -> None:
        """See `DeskGroup.delete_topic`."""
        await self._settle(self._bot.delete_forum_topic(int(chat), topic))

    async def post(self, chat: str, topic: int | None, post: GroupPost) -> int:
        """See `DeskGroup.post`."""
        sent = await self._call(self._sending(int(chat), topic, post))
        if topic is not None and sent.message_thread_id not in {None, topic}:
            # https://github.com/tdlib/telegram-bot-api/issues/854: it may land elsewhere without a word.
            await self.remove(chat, sent.message_id)
            raise TopicMissing(f"Telegram put a message for topic {topic} elsewhere; the topic is gone.")
        return sent.message_id

    def _sending(self, chat: int, topic: int | None, post: GroupPost) -> Awaitable[telegram.Message]:
        from telegram import LinkPreviewOptions, ReplyParameters  # noqa: PLC0415 - see `__init__`

        reply = (
            ReplyParameters(post.reply_to, allow_sending_without_reply=True)
            if post.reply_to is not None
            else None
        )
        keyboard, quiet = self._keyboard(post), post.quiet
        if post.file is None:
            return self._bot.send_message(
                chat,
                post.text,
                message_thread_id=topic,
                reply_markup=keyboard,
                reply_parameters=reply,
                disable_notification=quiet,
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        body, name, words = post.file.body, post.file.name or "datei", post.text or None
        match post.kind:
            case "image":
                return self._bot.send_photo(
                    chat, body, caption=words, message_thread_id=topic, reply_markup=keyboard,
                    reply_parameters=reply, disable_notification=quiet, filename=name,
                )  # fmt: skip
            case "video":
                return self._bot.send_video(
                    chat, body, caption=words, message_thread_id=topic, reply_markup=keyboard,
                    reply_parameters=reply, disable_notification=quiet, filename=name,
                )  # fmt: skip
            case "audio":
                return self._bot.send_audio(
                    chat, body, caption=words, message_thread_id=topic, reply_markup=keyboard,
                    reply_parameters=reply, disable_notification=quiet, filename=name,
                )  # fmt: skip
            case _:
                return self._bot.send_document(
                    chat, body, caption=words, message_thread_id=topic, reply_markup=keyboard,
                    reply_parameters=reply, disable_notification=quiet, filename=name,
                )  # fmt: skip

    async def edit(self, chat: str, message: int, post: GroupPost) -> None:
        """See `DeskGroup.edit`."""
        from telegram import LinkPreviewOptions  # noqa: PLC0415 - see `__init__`

        await self._settle(
            self._bot.edit_message_text(
                post.text,
                int(chat),
                message,
                reply_markup=self._keyboard(post),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        )

    async def remove(self, chat: str, message: int) -> None:
        """See `DeskGroup.remove`."""
        await self._settle(self._bot.delete_message(int(chat), message))

    async def pin(self, chat: str, message: int) -> None:
        """See `DeskGroup.pin`."""
        await self._settle(self._bot.pin_chat_message(int(chat), message, disable_notification=True))

    async def react(self, chat: str, message: int, emoji: str | None) -> None:
        """See `DeskGroup.react`."""
        await self._settle(self._bot.set_message_reaction(int(chat), message, emoji))

    async def answer(self, callback_id: str, text: str = "") -> None:
        """See `DeskGroup.answer`."""
        await self._call(self._bot.answer_callback_query(callback_id, text=text[:ANSWER] or None))

    def _keyboard(self, post: GroupPost) -> telegram.InlineKeyboardMarkup | None:
        from telegram import InlineKeyboardButton, InlineKeyboardMarkup  # noqa: PLC0415 - see `__init__`

        rows = []
        for row in post.buttons:
            if any(not button.url and not 0 < len(button.payload.encode()) <= _PAYLOAD for button in row):
                raise Refused(f"Telegram takes 1 to {_PAYLOAD} bytes of payload.")
            rows.append(
                [
                    InlineKeyboardButton(button.title, url=button.url)
                    if button.url
                    else InlineKeyboardButton(button.title, callback_data=button.payload)
                    for button in row
                ]
            )
        return InlineKeyboardMarkup(rows) if rows else None

    async def _settle(self, method: Awaitable[bool | telegram.Message]) -> None:
        """Await a method that only has to leave things so."""
        try:
            await self._call(method)
        except Unchanged:
            return

    async def _call(self, method: Awaitable[T]) -> T:
        """Await one of the library's methods and let our own error out of its wrapping."""
        from telegram.error import TelegramError  # noqa: PLC0415 - see `__init__`

        try:
            return await method
        except self._calls.CallFailed as failed:
            raise _of_group(failed.error) from None
        except (TelegramError, TypeError, ValueError) as error:
            raise Refused(f"The Telegram library refused the call ({type(error).__name__}).") from None


def _of_group(error: IntegrationError) -> IntegrationError:
    """Say what an error means in a group: nobody there can be unreachable, only the bot without a place."""
    words = str(error).lower()
    if isinstance(error, Unreachable) or any(sign in words for sign in _NO_PLACE):
        return Unauthorized(f"{error} – {_WHAT_TO_DO}.", code=error.code)
    return error
