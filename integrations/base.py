"""The ports: what a source of events and a channel must do, and the errors by which they say what comes next.

Adapters verify, translate and call. They decide nothing: limits are data in `dialogs.channel`, retries are
the sender's, who may speak is the outbox's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from dialogs.channel import Capabilities, Rate
from dialogs.group import GroupArrival
from dialogs.messages import Arrival, Attachment, Outgoing
from dialogs.shop import ShopArrival
from dialogs.stored_templates import StoredTemplate


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


class TopicMissing(Refused):
    """The topic is gone, most likely deleted by somebody in the group: make another."""


class PostMissing(Refused):
    """The message that should be changed is gone."""


class Unchanged(Refused):
    """It is so already: what was asked for has been done before."""


class MediaGone(Refused):
    """The platform no longer has this file, or never showed it: nobody will get it any more."""


class MediaTooLarge(Refused):
    """The file is larger than was asked for."""


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
    desk: tuple[GroupArrival, ...] = ()
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
class MediaFile:
    """A fetched file. ``mime`` and ``name`` are what others say of it: only the bytes can be believed."""

    body: bytes
    mime: str = ""
    name: str = ""


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


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """Something that an agent asks the shop to do for a buyer: a refund, a replacement, a new address.

    ``id`` is the same in every repetition. ``status`` is ``open`` or, once it is called off, ``cancelled``.
    ``detail`` is what belongs to the ``kind``, such as ``amount`` and ``currency``, ``items``, ``address``.
    """

    id: str
    number: int
    kind: str
    status: str
    order_id: str
    order_number: str
    detail: Mapping[str, object]
    at: datetime


@dataclass(frozen=True, slots=True)
class GroupButton:
    """A button below a message in a group: ``payload`` comes back when it is pressed, ``url`` opens."""

    title: str
    payload: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class GroupPost:
    """A message for a support group. With ``file`` the text stands below it; ``kind`` says what it is."""

    text: str
    buttons: tuple[tuple[GroupButton, ...], ...] = ()
    reply_to: int | None = None
    file: MediaFile | None = None
    kind: str = "document"
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one of the shop's own people: plain text, one address.

    ``id`` is the same in every repetition: by it a mailbox knows the same mail again. ``at`` is its date.
    """

    id: str
    to: str
    subject: str
    text: str
    at: datetime
    language: str = "de"


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

    async def seen(self, address: str, message_id: str, *, typing: bool = True) -> None:
        """Mark the person's message as read and, if ``typing``, show that an answer is being written.

        Where the platform knows no read marks, or cannot show the one without the other, what it can is done.

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


@runtime_checkable
class MediaSource(Protocol):
    """A channel that gives out the files of people's messages."""

    async def fetch(self, attachment: Attachment, *, largest: int) -> MediaFile:
        """Return one file of at most ``largest`` bytes.

        Only the platform's own machines are asked, wherever an address in a message points.

        Raises:
            MediaGone: it is no longer there.
            MediaTooLarge: it has more than ``largest`` bytes.
            IntegrationError: as for `Channel.send`, but never `Uncertain`.

        """


@runtime_checkable
class Templating(Protocol):
    """A channel whose platform keeps templates, and can be asked what has become of them."""

    @property
    def template_account(self) -> str:
        """Where the templates are kept; empty: it is not known, and `templates` may not be asked."""

    async def templates(self) -> Sequence[StoredTemplate]:
        """Return every template that the platform keeps, whatever its state, in no certain order.

        Raises:
            Refused: ``template_account`` is empty, or the platform knows no such account.
            IntegrationError: as for `Channel.send`, but never `Uncertain`.

        """


class DeskGroup(Protocol):
    """Support groups with topics, in which agents answer buyers.

    Doing what is so already (closing a closed topic, an edit that changes nothing) succeeds. Every method
    raises one of the family above and never anything else; among them `TopicMissing` and `PostMissing`,
    `Unauthorized` where the bot has lost its place or its rights in the group, and `Uncertain` where it may
    have been done: nothing can be asked about a group afterwards, so whoever repeats it risks a double.
    """

    @property
    def chats(self) -> Sequence[str]:
        """The ids of the groups, in the order of the settings; none: there is no such desk."""

    @property
    def rate(self) -> Rate:
        """How fast messages may be posted in one group, all its topics together."""

    @property
    def longest(self) -> int:
        """How many characters a message may have; below a file it is `longest_caption`."""

    @property
    def longest_caption(self) -> int:
        """How many characters may stand below a file."""

    async def check(self, chat: str) -> None:
        """Find out whether the bot can do its work in the group.

        Raises:
            Unauthorized: it cannot; the text says what to change.

        """

    async def create_topic(self, chat: str, name: str) -> int:
        """Open a topic and return its number; a name that is too long is cut."""

    async def rename_topic(self, chat: str, topic: int, name: str) -> None:
        """Give a topic another name."""

    async def close_topic(self, chat: str, topic: int) -> None:
        """Close a topic."""

    async def reopen_topic(self, chat: str, topic: int) -> None:
        """Open a closed topic again."""

    async def delete_topic(self, chat: str, topic: int) -> None:
        """Delete a topic with all that stands in it."""

    async def post(self, chat: str, topic: int | None, post: GroupPost) -> int:
        """Write into a topic (None: into the general one) and return the message's number."""

    async def edit(self, chat: str, message: int, post: GroupPost) -> None:
        """Put other words and buttons in place of those of an own message without a file."""

    async def remove(self, chat: str, message: int) -> None:
        """Take a message away."""

    async def pin(self, chat: str, message: int) -> None:
        """Pin a message in its topic, without a sound."""

    async def react(self, chat: str, message: int, emoji: str | None) -> None:
        """Put an emoji on a message in place of the bot's own before."""

    async def answer(self, callback_id: str, text: str = "") -> None:
        """Stop the little clock on a pressed button, and show ``text`` to whoever pressed it."""


class Mailer(Protocol):
    """A way to have the shop itself mail a buyer."""

    async def send(self, request: MailRequest) -> None:
        """Hand one request to the shop.

        Repeating it with the same id is always safe: the shop must take the repetition for the same mail. So
        `Uncertain` needs no finding out here.

        Raises:
            IntegrationError: one of the family above, never anything else.

        """


class RequestHook(Protocol):
    """A way to tell the shop's own programs what agents ask for."""

    async def send(self, request: ServiceRequest) -> None:
        """Hand one request over. Repeating it with the same id is always safe, as with `Mailer.send`.

        Raises:
            IntegrationError: one of the family above, never anything else.

        """


class Post(Protocol):
    """A way to mail the shop's own people."""

    async def send(self, letter: Letter) -> None:
        """Hand one letter to the mail server.

        Repeating it is always safe: at worst somebody reads it twice. So `Uncertain` needs no finding out.

        Raises:
            Unreachable: there is no such address.
            IntegrationError: one of the family above, never anything else.

        """

    async def aclose(self) -> None:
        """Release connections."""
