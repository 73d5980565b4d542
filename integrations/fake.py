"""A channel and a mailer in memory: they keep every promise of their port without a network.

For tests of what lies above them. They pass the same contract suites as the real adapters.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from dialogs.channel import MB, ButtonLimits, Capabilities, FileLimit, right_to_write
from dialogs.messages import Attachment, Outgoing
from dialogs.stored_templates import StoredTemplate
from integrations.base import (
    IntegrationError,
    Letter,
    MailRequest,
    MediaFile,
    MediaGone,
    MediaTooLarge,
    Refused,
    Sent,
    SentCopy,
    ServiceRequest,
    Uncertain,
    Unreachable,
    WindowClosed,
)

FAKE_CAPABILITIES: Final = Capabilities(
    text_limit=500,
    text_unit="characters",
    buttons=ButtonLimits(count=3, title=20, payload=100, body=400, with_link=True),
    quick_replies=ButtonLimits(count=5, title=20, payload=100, body=500),
    list=ButtonLimits(count=10, title=24, payload=100, body=500, description=72),
    list_label=20,
    link=ButtonLimits(count=1, title=20, payload=0, body=400),
    cards=10,
    card_title=80,
    card_buttons=3,
    caption=200,
    media_with_buttons=True,
    files=(
        FileLimit("image", 1 * MB, ("image/jpeg", "image/png")),
        FileLimit("document", 2 * MB, ("application/pdf",)),
    ),
    window=timedelta(hours=24),
    agent_window=timedelta(days=7),
    templates=True,
    confirms="history",
)
"""A channel that can do everything, within limits small enough to meet in a test."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One message that the fake accepted."""

    id: str
    address: str
    outgoing: Outgoing
    reference: str
    agent_tag: bool
    at: datetime


@dataclass(slots=True)
class _Trouble:
    error: IntegrationError
    done: bool


@dataclass(slots=True)
class FakeChannel:
    """Accepts messages to people who were `hear`d, within ``capabilities`` and the window at ``clock()``.

    ``sent`` is what it accepted, in order; ``seen_messages``, ``typing_shown`` and ``answered`` what it was
    told besides.
    """

    clock: Callable[[], datetime]
    capabilities: Capabilities = FAKE_CAPABILITIES
    name: str = "fake"
    account: str = "shop"
    sent: list[Delivered] = field(default_factory=list)
    seen_messages: list[tuple[str, str]] = field(default_factory=list)
    typing_shown: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    files: dict[str, MediaFile] = field(default_factory=dict)
    """What people have sent, by media id."""
    stored: list[StoredTemplate] = field(default_factory=list)
    """The templates that the platform keeps, where ``template_account`` says that it keeps some."""
    template_account: str = ""
    closed: bool = False
    _heard: dict[str, datetime] = field(default_factory=dict)
    _blocked: set[str] = field(default_factory=set)
    _troubles: deque[_Trouble] = field(default_factory=deque)

    # -- the test's side

    def hear(self, address: str) -> None:
        """Let the person have spoken now."""
        self._heard[address] = self.clock()

    def block(self, address: str, *, blocked: bool = True) -> None:
        """Let the person refuse, or take, all messages."""
        (self._blocked.add if blocked else self._blocked.discard)(address)

    def fail(self, *errors: IntegrationError) -> None:
        """Let the next sends raise these, one each. An `Uncertain` one is done all the same."""
        self._troubles.extend(_Trouble(error, done=isinstance(error, Uncertain)) for error in errors)

    # -- the port

    async def send(
        self, address: str, outgoing: Outgoing, *, reference: str, agent_tag: bool = False
    ) -> Sent:
        """Accept one message.

        Raises:
            IntegrationError: what `fail` was given, or what a platform would say.

        """
        trouble = self._troubles.popleft() if self._troubles else None
        if trouble is not None and not trouble.done:
            raise trouble.error
        check_limits(outgoing, self.capabilities)
        self._check_person(address, outgoing, agent_tag=agent_tag)
        made = Delivered(f"fake-{len(self.sent) + 1}", address, outgoing, reference, agent_tag, self.clock())
        self.sent.append(made)
        if trouble is not None:
            raise trouble.error
        return Sent(made.id)

    async def seen(self, address: str, message_id: str, *, typing: bool = True) -> None:
        """Remember that the message was marked as read, and to whom it was shown that somebody types.

        Raises:
            Unreachable: the person is blocked or unknown.

        """
        self._check_known(address)
        self.seen_messages.append((address, message_id))
        if typing:
            self.typing_shown.append(address)

    async def answer_tap(self, callback_id: str) -> None:
        """Remember that the tap was answered."""
        self.answered.append(callback_id)

    async def history(self, address: str) -> Sequence[SentCopy]:
        """Return what was accepted for this person, newest first, where the capabilities say so."""
        if self.capabilities.confirms != "history":
            return ()
        mine = [one for one in reversed(self.sent) if one.address == address]
        return [SentCopy(one.id, one.outgoing.text, one.at) for one in mine]

    async def fetch(self, attachment: Attachment, *, largest: int) -> MediaFile:
        """Return one of `files`.

        Raises:
            MediaGone: there is none under this id.
            MediaTooLarge: it has more than ``largest`` bytes.

        """
        file = self.files.get(attachment.media_id or "")
        if file is None:
            raise MediaGone("There is no such file here.")
        if len(file.body) > largest:
            raise MediaTooLarge(f"The file has more than {largest} bytes.")
        return file

    async def templates(self) -> Sequence[StoredTemplate]:
        """Return `stored`.

        Raises:
            IntegrationError: what `fail` was given; `Refused` without ``template_account``.

        """
        if self._troubles:
            raise self._troubles.popleft().error
        if not self.template_account:
            raise Refused("This channel keeps no templates.")
        return tuple(self.stored)

    def entry_url(self, code: str, greeting: str) -> str:
        """Return an address that carries both."""
        return f"https://fake.example/{self.account}?ref={quote(code)}&text={quote(greeting)}"

    async def aclose(self) -> None:
        """Remember that it was closed."""
        self.closed = True

    def _check_known(self, address: str) -> None:
        if address not in self._heard or address in self._blocked:
            raise Unreachable("This person is unknown here or has blocked the shop.", code="551")

    def _check_person(self, address: str, outgoing: Outgoing, *, agent_tag: bool) -> None:
        self._check_known(address)
        right = right_to_write(
            self.capabilities,
            now=self.clock(),
            last_heard=self._heard[address],
            human=agent_tag,
            has_template=outgoing.template is not None,
        )
        if right == "closed":
            raise WindowClosed("The person has not written for too long.", code="10")


@dataclass(slots=True)
class FakeMailer:
    """Takes every request, once per id. ``asked`` is all that came, ``mailed`` what a mail was made of."""

    asked: list[MailRequest] = field(default_factory=list)
    mailed: dict[str, MailRequest] = field(default_factory=dict)
    _troubles: deque[IntegrationError] = field(default_factory=deque)

    def fail(self, *errors: IntegrationError) -> None:
        """Let the next requests raise these, one each. An `Uncertain` one is taken all the same."""
        self._troubles.extend(errors)

    async def send(self, request: MailRequest) -> None:
        """Take one request.

        Raises:
            IntegrationError: what `fail` was given.

        """
        self.asked.append(request)
        trouble = self._troubles.popleft() if self._troubles else None
        if trouble is None or isinstance(trouble, Uncertain):
            self.mailed.setdefault(request.id, request)
        if trouble is not None:
            raise trouble


@dataclass(slots=True)
class FakeRequests:
    """Takes every request, once per id. ``told`` is all that came, ``taken`` what the shop has."""

    told: list[ServiceRequest] = field(default_factory=list)
    taken: dict[str, ServiceRequest] = field(default_factory=dict)
    _troubles: deque[IntegrationError] = field(default_factory=deque)

    def fail(self, *errors: IntegrationError) -> None:
        """Let the next requests raise these, one each. An `Uncertain` one is taken all the same."""
        self._troubles.extend(errors)

    async def send(self, request: ServiceRequest) -> None:
        """Take one request.

        Raises:
            IntegrationError: what `fail` was given.

        """
        self.told.append(request)
        trouble = self._troubles.popleft() if self._troubles else None
        if trouble is None or isinstance(trouble, Uncertain):
            self.taken.setdefault(request.id, request)
        if trouble is not None:
            raise trouble


def check_limits(outgoing: Outgoing, capabilities: Capabilities) -> None:
    """Compare a message with what the channel can do.

    Raises:
        Refused: it is not within the limits; the text names which.

    """
    if outgoing.template is not None:
        if not capabilities.templates:
            raise Refused("This channel has no templates.")
        return
    if outgoing.style == "cards":
        _check_cards(outgoing, capabilities)
        return
    limits = {
        "buttons": capabilities.buttons,
        "quick_replies": capabilities.quick_replies,
        "list": capabilities.list,
        "link": capabilities.link,
    }
    if outgoing.style in limits:
        _check_buttons(outgoing, limits[outgoing.style])
    elif outgoing.style == "media":
        if outgoing.picture is None:
            raise Refused("A media message needs media.")
        _fits(len(outgoing.text), capabilities.caption, "caption")
    elif not outgoing.text:
        raise Refused("A text message needs a text.")
    by_bytes = capabilities.text_unit == "bytes"
    _fits(len(outgoing.text.encode() if by_bytes else outgoing.text), capabilities.text_limit, "text")


def _check_buttons(outgoing: Outgoing, limits: ButtonLimits | None) -> None:
    if limits is None:
        raise Refused(f"This channel has no {outgoing.style}.")
    links = 0 if outgoing.link is None else 1
    if not len(outgoing.buttons) + links >= 1:
        raise Refused(f"A message of the style {outgoing.style} needs a button.")
    _fits(len(outgoing.buttons) + links, limits.count, "count of buttons")
    _fits(len(outgoing.text), limits.body, "text above buttons")
    for button in outgoing.buttons:
        _fits(len(button.title), limits.title, "button title")
        _fits(len(button.payload), limits.payload, "button payload")
        _fits(len(button.description), limits.description, "button description")
    if outgoing.link is not None:
        _fits(len(outgoing.link.title), limits.title, "link title")


def _check_cards(outgoing: Outgoing, capabilities: Capabilities) -> None:
    if not outgoing.cards:
        raise Refused("A message of the style cards needs a card.")
    _fits(len(outgoing.cards), capabilities.cards, "count of cards")
    for card in outgoing.cards:
        _fits(len(card.title), capabilities.card_title, "card title")
        _fits(len(card.subtitle), capabilities.card_title, "card subtitle")
        _fits(len(card.buttons) + (card.link is not None), capabilities.card_buttons, "count of card buttons")


def _fits(length: int, most: int, what: str) -> None:
    if length > most:
        raise Refused(f"The {what} is {length}, and may be {most} at most.")


@dataclass(slots=True)
class FakePost:
    """Takes letters to every address that is one; ``sent`` is what it took."""

    sent: list[Letter] = field(default_factory=list)
    closed: bool = False
    _troubles: deque[IntegrationError] = field(default_factory=deque)
    _unknown: set[str] = field(default_factory=set)

    def fail(self, *errors: IntegrationError) -> None:
        """Let the next letters meet with these, one each. An `Uncertain` one is taken all the same."""
        self._troubles.extend(errors)

    def forget(self, address: str) -> None:
        """Let there be no such address."""
        self._unknown.add(address)

    async def send(self, letter: Letter) -> None:
        """Take one letter.

        Raises:
            IntegrationError: what `fail` was given, or what a mail server would say.

        """
        trouble = self._troubles.popleft() if self._troubles else None
        if trouble is not None and not isinstance(trouble, Uncertain):
            raise trouble
        mailbox, _, host = letter.to.partition("@")
        no_address = not mailbox or not host or "@" in host or any(map(str.isspace, letter.to))
        if no_address or letter.to in self._unknown:
            raise Unreachable("There is no such address.", code="550")
        self.sent.append(letter)
        if trouble is not None:
            raise trouble

    async def aclose(self) -> None:
        """Remember that it was closed."""
        self.closed = True
