"""The other end of each channel for the contract suite: the fake's own, or the sandbox behind an adapter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Literal

from dialogs.messages import Arrival, Attachment, Media, Receipt, Tap, Text
from integrations.base import (
    Channel,
    IntegrationError,
    MediaFile,
    Source,
    Throttled,
    Unavailable,
    Uncertain,
)
from integrations.fake import FakeChannel
from integrations.instagram import Instagram, InstagramSettings
from integrations.sandbox.media import picture
from integrations.telegram import Telegram, TelegramSettings
from integrations.whatsapp import WhatsApp, WhatsAppSettings
from tests.integrations.sandbox.conftest import SETTINGS, Box, Clock

Trouble = Literal["500", "429", "drop", "timeout"]


class Side(ABC):
    """The other end of a channel: a person, the platform's moods, and what really arrived."""

    channel: Channel
    clock: Clock
    unknown: str
    """An address of the channel's form that is nobody's."""

    @abstractmethod
    async def hear(self, text: str = "Hallo") -> tuple[str, str]:
        """Let the person write; return their address and the message's id as the channel reports them."""

    @abstractmethod
    async def block(self) -> None:
        """Let the person block the shop."""

    @abstractmethod
    async def trouble(self, kind: Trouble) -> None:
        """Let the next send meet with this."""

    @abstractmethod
    async def arrived(self) -> list[tuple[str, str]]:
        """Return (id, text) of all that the platform accepted, in order."""

    @abstractmethod
    async def failure(self, reference: str) -> str | None:
        """Return the code of the failed receipt; None where the channel's receipts tell nothing."""

    @abstractmethod
    async def photo(self) -> tuple[Attachment, bytes]:
        """Let the person send a picture; return what the channel reports of it, and what is in the file."""

    @abstractmethod
    async def callback(self) -> str:
        """Let the person tap a button of the newest message; return the callback's id, or anything."""


class FakeSide(Side):
    """The fake knows its own other end."""

    unknown = "nobody"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.fake = FakeChannel(clock)
        self.channel = self.fake

    async def hear(self, text: str = "Hallo") -> tuple[str, str]:
        self.fake.hear("lena")
        return "lena", f"in-{text}"

    async def block(self) -> None:
        self.fake.block("lena")

    async def trouble(self, kind: Trouble) -> None:
        errors: dict[Trouble, IntegrationError] = {
            "500": Unavailable("500"),
            "429": Throttled("429", after=1),
            "drop": Unavailable("drop"),
            "timeout": Uncertain("timeout"),
        }
        self.fake.fail(errors[kind])

    async def arrived(self) -> list[tuple[str, str]]:
        return [(one.id, one.outgoing.text) for one in self.fake.sent]

    async def failure(self, reference: str) -> str | None:
        return None

    async def photo(self) -> tuple[Attachment, bytes]:
        self.fake.files["photo"] = MediaFile(picture(), "image/png")
        return Attachment("image", media_id="photo"), picture()

    async def callback(self) -> str:
        return "callback"


class SandboxSide(Side):
    """The sandbox with a real adapter in front of it; webhooks go through `verify` and `parse`."""

    def __init__(self, box: Box, adapter: Instagram | WhatsApp | Telegram, unknown: str) -> None:
        self.box = box
        self.clock = box.clock
        self.channel = adapter
        self.source: Source = adapter
        self.unknown = unknown

    async def hear(self, text: str = "Hallo") -> tuple[str, str]:
        said = await self.box.say(self.channel.name, text)

        def words() -> list[tuple[str, str]]:
            return [
                (arrival.contact.ids[0], arrival.external_id)
                for arrival in self._arrivals()
                if isinstance(arrival.event, Text)
                and arrival.contact is not None
                and arrival.event.text == text
            ]

        await self.box.receiver.until(lambda _posts: bool(words()))
        address, _ = words()[-1]
        return address, str(said["id"])

    async def block(self) -> None:
        await self.box.api("api/block", channel=self.channel.name, blocked=True)

    async def trouble(self, kind: Trouble) -> None:
        switches = {
            "500": {"status_500": 1},
            "429": {"status_429": 1},
            "drop": {"drop_before_accept": 1},
            "timeout": {"timeout_after_accept": 1, "timeout_ms": 50},
        }
        await self.box.api("faults", **switches[kind])

    async def arrived(self) -> list[tuple[str, str]]:
        sent = await self.box.api(f"api/sent?channel={self.channel.name}")
        return [(message["id"], message["text"]) for message in sent["messages"]]

    async def failure(self, reference: str) -> str | None:
        if self.channel.capabilities.confirms != "receipt":
            return None
        [receipt] = await self.receipts(reference, 1)
        assert receipt.status == "failed"
        return receipt.code

    async def receipts(self, reference: str, count: int) -> list[Receipt]:
        """Wait for this many receipts that carry our reference."""

        def found() -> list[Receipt]:
            events = [arrival.event for arrival in self._arrivals()]
            return [e for e in events if isinstance(e, Receipt) and e.reference == reference]

        await self.box.receiver.until(lambda _posts: len(found()) >= count)
        return found()

    async def photo(self) -> tuple[Attachment, bytes]:
        await self.box.api("api/media", channel=self.channel.name, type="image")

        def photos() -> list[Media]:
            return [a.event for a in self._arrivals() if isinstance(a.event, Media)]

        await self.box.receiver.until(lambda _posts: bool(photos()))
        return photos()[-1].attachments[0], picture()

    async def callback(self) -> str:
        newest = (await self.box.thread(self.channel.name))[-1]
        payload = newest["buttons"][0]["payload"]
        await self.box.api("api/tap", channel=self.channel.name, message_id=newest["id"], payload=payload)

        def taps() -> list[Tap]:
            events = [arrival.event for arrival in self._arrivals()]
            return [e for e in events if isinstance(e, Tap) and e.payload == payload]

        await self.box.receiver.until(lambda _posts: bool(taps()))
        return taps()[-1].callback_id or "none"

    def _arrivals(self) -> list[Arrival]:
        found: list[Arrival] = []
        for post in self.box.receiver.posts:
            if post.source == self.channel.name:
                self.source.verify(post.headers, post.raw)
                found += self.source.parse(post.headers, post.raw, self.clock()).arrivals
        return found


def instagram(base: str, token: str = SETTINGS.instagram.access_token) -> Instagram:
    account = SETTINGS.instagram
    return Instagram(
        InstagramSettings(
            app_secrets=(account.app_secret,),
            verify_token="verify",
            access_token=token,
            account_id=account.account_id,
            handle=account.handle,
            graph_url=f"{base}/graph",
            link_base=f"{base}/open/instagram",
            app_id=account.app_id,
        )
    )


def whatsapp(base: str, token: str = SETTINGS.whatsapp.access_token) -> WhatsApp:
    account = SETTINGS.whatsapp
    return WhatsApp(
        WhatsAppSettings(
            app_secrets=(account.app_secret,),
            verify_token="verify",
            access_token=token,
            phone_number_id=account.phone_number_id,
            number=account.number.removeprefix("+"),
            graph_url=f"{base}/graph",
            link_base=f"{base}/open/whatsapp",
        )
    )


def telegram(base: str, token: str = SETTINGS.telegram.token) -> Telegram:
    account = SETTINGS.telegram
    return Telegram(
        TelegramSettings(
            token=token,
            secret=account.secret,
            api_url=f"{base}/telegram",
            username=account.username,
            link_base=f"{base}/open/telegram",
        )
    )
