"""Telegram: private chats with the shop's bot, over python-telegram-bot's types and methods.

The library's own engine (`telegram.ext`) is not used: updates come through our door and are stored before
they are answered, and what is sent comes out of our outbox.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import quote

from dialogs.channel import MB, ButtonLimits, Capabilities, FileLimit, Rate
from dialogs.messages import Attachment, Outgoing, Picture
from integrations import lenient
from integrations.base import (
    BadSignature,
    Malformed,
    MediaFile,
    MediaGone,
    MediaTooLarge,
    Parsed,
    Refused,
    Sent,
    SentCopy,
    Unavailable,
    Uncertain,
    Unreachable,
)
from integrations.downloads import Downloads
from integrations.http import Http

if TYPE_CHECKING:
    import telegram

SECRET_HEADER: Final = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - a header's name

_PUBLIC_LINKS: Final = "https://t.me"
_LONGEST_PAYLOAD: Final = 64  # bytes of callback_data: Bot API, InlineKeyboardButton

CAPABILITIES: Final = Capabilities(
    text_limit=4096,  # Bot API, sendMessage
    text_unit="characters",
    # Clients show 100 buttons; the title's length is our own choice. The payload's 64 are *bytes*.
    buttons=ButtonLimits(count=100, title=64, payload=_LONGEST_PAYLOAD, body=4096, with_link=True),
    link=ButtonLimits(count=1, title=64, payload=0, body=4096),
    caption=1024,  # Bot API, sendPhoto
    media_with_buttons=True,
    files=(  # Bot API, "Sending files": by its address 5 MB for photos, 20 MB for the rest
        FileLimit("image", 5 * MB, ("image/jpeg", "image/png")),
        FileLimit("video", 20 * MB, ("video/mp4",)),
        FileLimit("audio", 20 * MB, ("audio/mpeg", "audio/mp4")),
        FileLimit("document", 20 * MB, ("application/pdf",)),
    ),
    window=None,  # a bot may write to whoever has started it
    # https://core.telegram.org/bots/faq: about 30 messages a second in all, one a second in a chat, where
    # short bursts are let through.
    account_rate=Rate(timedelta(seconds=1) / 30, burst=30),
    person_rate=Rate(timedelta(seconds=1), burst=3),
    settle=timedelta(0),  # a chat shows messages in the order of the calls
    confirms="never",  # there are no receipts, and a bot cannot read a chat's history
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class TelegramSettings:
    """What one bot needs: its ``token`` from @BotFather, and a ``secret`` of 1-256 letters, digits, - and _.

    ``username`` is the bot's own, without ``@``; entry links are made of it. ``support_chats`` are the ids of
    the groups in which agents answer.
    """

    token: str = field(repr=False)
    secret: str = field(repr=False)
    api_url: str = "https://api.telegram.org"
    username: str = ""
    support_chats: tuple[str, ...] = ()
    link_base: str = _PUBLIC_LINKS


class Telegram:
    """Source and channel of one bot.

    Making one imports python-telegram-bot, which costs half a second and 34 MB: nobody without Telegram pays.
    """

    def __init__(self, settings: TelegramSettings, http: Http | None = None) -> None:
        from integrations import telegram_http, telegram_updates  # noqa: PLC0415 - see the class

        self._settings = settings
        self._account = settings.token.partition(":")[0]
        self._username = settings.username.lstrip("@")
        self._http = http or Http()
        self._owns_http = http is None
        self._groups = frozenset(settings.support_chats)
        self._updates = telegram_updates
        self._calls = telegram_http
        self._downloads = Downloads(self._http, service="Telegram", base=settings.api_url)
        self._bot = telegram_http.make_bot(self._http, settings.token, settings.api_url)

    @property
    def name(self) -> str:
        """The channel's name."""
        return self._updates.SOURCE

    @property
    def account(self) -> str:
        """The bot's id: the digits before the colon of its token."""
        return self._account

    @property
    def capabilities(self) -> Capabilities:
        """Telegram's limits."""
        return CAPABILITIES

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:  # noqa: ARG002 - Telegram signs no bodies
        """Compare the secret that Telegram was given with the webhook's address.

        Raises:
            BadSignature: missing or wrong.

        """
        given = headers.get(SECRET_HEADER, "").encode("utf-8", "replace")
        # An empty secret would fit a request without the header.
        if not hmac.compare_digest(self._settings.secret.encode(), given) or not self._settings.secret:
            raise BadSignature(f"{SECRET_HEADER} is missing or is not the secret in the settings.")

    def parse(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Parsed:  # noqa: ARG002 - the port
        """Translate one update.

        Raises:
            Malformed: not JSON, or no object.

        """
        try:
            update = lenient.load(body)
        except ValueError:
            raise Malformed("The body of a Telegram update must be JSON, and this is none.") from None
        if not isinstance(update, dict):
            raise Malformed("The body of a Telegram update must be a JSON object.")
        return self._updates.read(update, self._account, now, self._groups)

    async def send(
        self,
        address: str,
        outgoing: Outgoing,
        *,
        reference: str,  # noqa: ARG002 - Telegram has no place for it
        agent_tag: bool = False,  # noqa: ARG002 - there is no window
    ) -> Sent:
        """Send one message: text or media, with all buttons and the link below it.

        Telegram hands no ``reference`` back and takes no key against doubles.

        Raises:
            IntegrationError: by what to do next.

        """
        chat, keyboard = _chat(address), self._keyboard(outgoing)
        if outgoing.template is not None or outgoing.cards:
            raise Refused("Telegram knows neither templates nor cards; send the text instead.")
        if outgoing.picture is not None:
            sent = await self._call(self._media(chat, outgoing.picture, outgoing.text, keyboard))
        else:
            sent = await self._call(self._bot.send_message(chat, outgoing.text, reply_markup=keyboard))
        return Sent(str(sent.message_id))

    def _media(
        self, chat: int, picture: Picture, caption: str, keyboard: telegram.InlineKeyboardMarkup | None
    ) -> Awaitable[telegram.Message]:
        if not picture.url.startswith(("https://", "http://")):
            # The library would read anything else as a file of this machine, and send it.
            raise Refused("Media is sent by its http address, and this is none.")
        words = caption or None
        match picture.type:
            case "image":
                return self._bot.send_photo(chat, picture.url, caption=words, reply_markup=keyboard)
            case "video":
                return self._bot.send_video(chat, picture.url, caption=words, reply_markup=keyboard)
            case "audio":
                return self._bot.send_audio(chat, picture.url, caption=words, reply_markup=keyboard)
            case "document":
                return self._bot.send_document(chat, picture.url, caption=words, reply_markup=keyboard)

    def _keyboard(self, outgoing: Outgoing) -> telegram.InlineKeyboardMarkup | None:
        """Return the buttons, one per row: side by side, titles would be cut on a phone."""
        from telegram import InlineKeyboardButton, InlineKeyboardMarkup  # noqa: PLC0415 - see the class

        rows = []
        for button in outgoing.buttons:
            if not 0 < len(button.payload.encode()) <= _LONGEST_PAYLOAD:
                raise Refused(
                    f"Telegram takes 1 to {_LONGEST_PAYLOAD} bytes of payload; store it under a short key."
                )
            rows.append([InlineKeyboardButton(button.title, callback_data=button.payload)])
        if outgoing.link is not None:
            rows.append([InlineKeyboardButton(outgoing.link.title, url=outgoing.link.url)])
        return InlineKeyboardMarkup(rows) if rows else None

    async def seen(
        self,
        address: str,
        message_id: str,  # noqa: ARG002 - a bot's chat has no read mark
        *,
        typing: bool = True,
    ) -> None:
        """Show that an answer is being written, for five seconds or until it comes; else do nothing.

        Raises:
            IntegrationError: as for `send`.

        """
        if typing:
            await self._call(self._bot.send_chat_action(_chat(address), "typing"))

    async def answer_tap(self, callback_id: str) -> None:
        """Stop the little clock on the tapped button.

        Raises:
            IntegrationError: as for `send`; `Refused` when the tap is too old.

        """
        await self._call(self._bot.answer_callback_query(callback_id))

    async def history(self, address: str) -> Sequence[SentCopy]:  # noqa: ARG002 - the port
        """Return nothing: a bot cannot read a chat's history."""
        return ()

    async def fetch(self, attachment: Attachment, *, largest: int) -> MediaFile:
        """Ask where the file lies, and fetch it; a bot gets files of up to 20 MB.

        Source: Bot API, getFile.

        Raises:
            IntegrationError: see `MediaSource.fetch`.

        """
        if not attachment.media_id:
            raise MediaGone("Telegram: this attachment has no file id.")
        try:
            file = await self._call(self._bot.get_file(attachment.media_id))
        except Refused as error:
            words = str(error).lower()
            if "file is too big" in words:
                raise MediaTooLarge(str(error), code=error.code) from None
            if "temporarily unavailable" in words:
                raise Unavailable(str(error), code=error.code) from None
            raise
        except Uncertain as error:
            raise Unavailable(str(error), code=error.code) from None
        if file.file_size is not None and file.file_size > largest:
            raise MediaTooLarge(f"Telegram: the file has {file.file_size} bytes, more than {largest}.")
        path = file.file_path or ""
        name = attachment.title or path.rpartition("/")[2]
        return await self._downloads.get(path, largest=largest, name=name)

    def entry_url(self, code: str, greeting: str) -> str:  # noqa: ARG002 - t.me carries no text
        """Return ``t.me/<bot>?start=<code>``: the code comes back as ``/start <code>``.

        Telegram takes 1-64 letters, digits, - and _. Another ``link_base`` (the sandbox's) carries the code
        as ``ref``.

        Raises:
            Refused: the bot's username is neither in the settings nor was it asked for with `identify`.

        """
        base = self._settings.link_base.rstrip("/")
        if not base.startswith(_PUBLIC_LINKS):
            return f"{base}{'&' if '?' in base else '?'}ref={quote(code, safe='')}"
        if not self._username:
            raise Refused(
                "Telegram's entry links need the bot's name: set channels.telegram.username in config.yml."
            )
        return f"{base}/{quote(self._username, safe='')}?start={quote(code, safe='')}"

    async def identify(self) -> str:
        """Ask Telegram for the bot's username and keep it for entry links; shows that the token is good.

        Raises:
            IntegrationError: as for `send`.

        """
        self._username = lenient.text((await self._call(self._bot.get_me())).username) or self._username
        return self._username

    async def subscribe(self, url: str) -> None:
        """Tell Telegram where to send updates, with which secret, and which kinds; safe to repeat.

        Learns the bot's username by the way, if the settings do not name it.

        ``url`` is the public address of ``/webhooks/telegram``, on port 443, 80, 88 or 8443.

        Raises:
            IntegrationError: as for `send`.

        """
        await self._call(
            self._bot.set_webhook(
                url, secret_token=self._settings.secret, allowed_updates=self._updates.ALLOWED_UPDATES
            )
        )
        if not self._username:
            await self.identify()

    async def aclose(self) -> None:
        """Release the connections, unless they were handed in."""
        if self._owns_http:
            await self._http.aclose()

    async def _call(self, method: Awaitable[T]) -> T:
        """Await one of the library's methods and let our own error out of its wrapping."""
        from telegram.error import TelegramError  # noqa: PLC0415 - see the class

        try:
            return await method
        except self._calls.CallFailed as failed:
            raise failed.error from None
        except (TelegramError, TypeError, ValueError) as error:
            raise Refused(f"The Telegram library refused the call ({type(error).__name__}).") from None


def _chat(address: str) -> int:
    try:
        return int(address)
    except ValueError:
        raise Unreachable("A Telegram address is a chat's number, and this is none.") from None
