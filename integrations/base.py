"""The ports: what a source of events and a channel must do, and the errors by which they say what comes next.

Adapters verify, translate and call. They decide nothing: limits are data in `dialogs.channel`, retries are
the sender's, who may speak is the outbox's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from dialogs.channel import Capabilities
from dialogs.messages import Arrival, Outgoing
from dialogs.shop import ShopArrival


class IntegrationError(Exception):
    """The root. ``code`` is the platform's own, for the desk; the text never carries personal data."""

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class BadSignature(IntegrationError):
    """The request is not from whom it claims to be from: 401, counted, nothing stored."""


class Malformed(IntegrationError):
    """The body is not what the platform promises (no JSON, no object): 400, nothing stored."""


class Unavailable(IntegrationError):
    """Nothing was done and it is worth trying again, with backoff."""


class Throttled(IntegrationError):
    """Nothing was done; try again ``after`` seconds. ``person`` tells that only this person is affected."""

    def __init__(self, message: str, *, after: float, person: bool = False, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.after = after
        self.person = person


class Uncertain(IntegrationError):
    """It may have been done: find out (receipt, history) before doing it again."""


class Unauthorized(IntegrationError):
    """The account may not send at all (token, permission, payment, block): stop and alarm the owner."""


class Refused(IntegrationError):
    """This message will never be accepted: give up and tell the desk why."""


class WindowClosed(Refused):
    """The platform says that the messaging window is closed: wait for the person, or use a template."""


class Unreachable(Refused):
    """This person cannot be written to (blocked, unknown id, not on the platform)."""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something that came and is left alone on purpose; counted by ``kind``, never an error."""

    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """All that one request held."""

    arrivals: tuple[Arrival, ...] = ()
    shop: tuple[ShopArrival, ...] = ()
    ignored: tuple[Ignored, ...] = ()


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform accepted the message under this id; ``held`` tells that it is still being judged."""

    external_id: str
    held: bool = False


@dataclass(frozen=True, slots=True)
class SentCopy:
    """One of the account's own messages as the thread's history shows it."""

    external_id: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MailRequest:
    """The wish that the shop mails a buyer an entry link. The shop knows the address, and writes the words.

    ``id`` is the same in every repetition: one id, one mail. ``entry_url`` is the link to use where only one
    fits, ``entry_urls`` are all of them by channel; ``link`` among them is the short one, which lets the
    buyer choose. ``flow`` names the script that would have begun, ``at`` when it was due.
    """

    id: str
    flow: str
    purpose: str
    order_id: str
    order_number: str
    entry_url: str
    entry_urls: Mapping[str, str]
    language: str
    at: datetime


@runtime_checkable
class Source(Protocol):
    """Where events come from over HTTP. Both methods are synchronous, fast and free of I/O."""

    @property
    def name(self) -> str:
        """The last part of the webhook's path, and the first part of every event's identity."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Check the signature over the raw body in constant time.

        ``headers`` is case-insensitive.

        Raises:
            BadSignature: missing or wrong.

        """

    def parse(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Parsed:
        """Translate every entry of the body. ``now`` stands in where the platform gives no time.

        Unknown or broken parts become `Ignored`; only a body that is no JSON object (or list, where the
        source allows one) raises.

        Raises:
            Malformed: not JSON, or not the outer shape.

        """


@runtime_checkable
class Handshaking(Protocol):
    """A source that proves itself with a ``hub.*`` GET first."""

    def handshake(self, query: Mapping[str, str]) -> str:
        """Return the challenge to answer with.

        Raises:
            BadSignature: another mode, or the token is wrong.

        """


@runtime_checkable
class Subscribing(Protocol):
    """A channel that has to be told where its events are to be sent."""

    async def subscribe(self, url: str) -> None:
        """Have events sent to ``url``, the public address of this channel's webhook; safe to repeat.

        Raises:
            IntegrationError: as for `Channel.send`.

        """


class Channel(Protocol):
    """A way to write to people."""

    @property
    def name(self) -> str:
        """The channel's name; equals `Contact.channel`."""

    @property
    def account(self) -> str:
        """The shop's own id on the channel; equals `Contact.account`."""

    @property
    def capabilities(self) -> Capabilities:
        """What the channel can do, as data."""

    async def send(
        self, address: str, outgoing: Outgoing, *, reference: str, agent_tag: bool = False
    ) -> Sent:
        """Hand one message to the platform.

        ``address`` is the person's id on this channel. ``reference`` is our own id of the message, passed
        along where the platform hands it back. With ``outgoing.template`` set the template is sent and
        nothing else. ``agent_tag`` marks a human's late reply.

        Raises:
            IntegrationError: one of the family above, never anything else.

        """

    async def seen(self, address: str, message_id: str) -> None:
        """Mark the person's message as read and show that an answer is being written.

        Raises:
            IntegrationError: as for `send`; callers treat it as best effort.

        """

    async def answer_tap(self, callback_id: str) -> None:
        """Tell the platform that a tap was received, where it wants to know; elsewhere do nothing.

        Raises:
            IntegrationError: as for `send`; callers treat it as best effort.

        """

    async def history(self, address: str) -> Sequence[SentCopy]:
        """Return the account's newest own messages to this person, newest first.

        Only asked where `Capabilities.confirms` is ``history``; elsewhere it returns nothing.

        Raises:
            IntegrationError: as for `send`.

        """

    def entry_url(self, code: str, greeting: str) -> str:
        """Return the address that opens the chat with ``code`` in it.

        ``greeting`` is the text written for the person where the platform only lets a link carry text; it
        contains the code already.

        Raises:
            Refused: the settings do not name the account; the text says which one to add.

        """

    async def aclose(self) -> None:
        """Release connections."""


class Mailer(Protocol):
    """A way to have the shop itself mail a buyer."""

    async def send(self, request: MailRequest) -> None:
        """Hand one request to the shop.

        Repeating it with the same id is always safe: the shop must take the repetition for the same mail. So
        `Uncertain` needs no finding out here.

        Raises:
            IntegrationError: one of the family above, never anything else.

        """
