"""Instagram direct messages, with Instagram login and with a linked Facebook Page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import quote

from dialogs.channel import ButtonLimits, Capabilities, Rate
from dialogs.messages import Outgoing
from integrations import instagram_events
from integrations.base import Parsed, Refused, Sent, SentCopy, Uncertain
from integrations.http import Http
from integrations.instagram_messages import body_of
from integrations.meta import answer_handshake, branch, branches, load, moment, text, verify_signature, word
from integrations.meta_graph import Graph

_PUBLIC_LINKS: Final = "https://ig.me"

CAPABILITIES: Final = Capabilities(
    text_limit=1000,  # bytes of UTF-8: Send API, "text"
    text_unit="bytes",
    # Button template: 1-3 buttons, title 20, text 640; a web_url counts as one of them.
    buttons=ButtonLimits(count=3, title=20, payload=1000, body=640, with_link=True),
    # Quick replies: 13, title 20, payload 1000; not shown on the web.
    quick_replies=ButtonLimits(count=13, title=20, payload=1000, body=1000, desktop=False),
    link=ButtonLimits(count=1, title=20, payload=0, body=640),  # a button template with one web_url
    cards=10,  # Generic template: 10 elements, title and subtitle 80, 3 buttons each
    card_title=80,
    card_buttons=3,
    caption=0,  # an attachment and a text are two messages
    window=timedelta(hours=24),  # Messaging policy: 24 hours from the person's last message
    agent_window=timedelta(days=7),  # Human agent tag: 7 days
    # Rate limits: 100/s by the overview page, 300/s by the rate page; the smaller one holds.
    account_rate=Rate(timedelta(seconds=1) / 100, burst=100),
    settle=timedelta(0),
    confirms="history",  # no idempotency key and no receipt that carries our reference
)


@dataclass(frozen=True, slots=True)
class InstagramSettings:
    """What one Instagram account needs.

    ``account_id`` is the professional account's id (``17841…``), ``handle`` its name without ``@``.
    ``login`` says how the access token was made. ``graph_url`` is the base without the version, of
    graph.instagram.com for ``instagram`` and of graph.facebook.com for ``facebook``. ``app_id`` is only
    needed where several apps share the account.
    """

    app_secrets: tuple[str, ...] = field(repr=False)
    verify_token: str = field(repr=False)
    access_token: str = field(repr=False)
    account_id: str
    handle: str
    graph_url: str = "https://graph.instagram.com"
    version: str = "v25.0"
    login: Literal["instagram", "facebook"] = "instagram"
    link_base: str = "https://ig.me/m"
    app_id: str = ""


class Instagram:
    """Source, handshake and channel of one Instagram account."""

    def __init__(self, settings: InstagramSettings, http: Http | None = None) -> None:
        self._settings = settings
        self._http = http or Http()
        self._owns_http = http is None
        self._graph = Graph(
            self._http,
            service="Instagram",
            base=settings.graph_url,
            version=settings.version,
            token=settings.access_token,
        )
        # A Page token speaks for the Page, whose id is not the account's: "me" is the Page there.
        self._node = settings.account_id if settings.login == "instagram" else "me"

    @property
    def name(self) -> str:
        """The channel's name."""
        return instagram_events.SOURCE

    @property
    def account(self) -> str:
        """The professional account's id."""
        return self._settings.account_id

    @property
    def capabilities(self) -> Capabilities:
        """Instagram's limits."""
        return CAPABILITIES

    def verify(self, headers: Mapping[str, str], body: bytes) -> None:
        """Check Meta's signature; see `integrations.meta.verify_signature`.

        Raises:
            BadSignature: missing or wrong.

        """
        verify_signature(self._settings.app_secrets, headers, body)

    def handshake(self, query: Mapping[str, str]) -> str:
        """Return the challenge of Meta's GET.

        Raises:
            BadSignature: another mode, or the token is wrong.

        """
        return answer_handshake(self._settings.verify_token, query)

    def parse(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Parsed:  # noqa: ARG002 - the port
        """Translate every event of the body, in all three payload styles.

        Events are not sorted out by account: Meta knows one account by several ids, depending on the login.

        Raises:
            Malformed: not JSON, or no object.

        """
        return instagram_events.read(load(body), self._settings.account_id, self._settings.app_id, now)

    async def send(
        self,
        address: str,
        outgoing: Outgoing,
        *,
        reference: str,  # noqa: ARG002 - Instagram has no place for it
        agent_tag: bool = False,
    ) -> Sent:
        """Send one message.

        Instagram hands no ``reference`` back; `history` is how a lost answer is cleared up.

        Raises:
            IntegrationError: by what to do next.

        """
        answer = await self._graph.post(
            f"{self._node}/messages", body_of(address, outgoing, agent_tag=agent_tag)
        )
        message_id = word(answer.get("message_id"))
        if not message_id:
            raise Uncertain(
                "Instagram accepted the message without naming it; look into the thread's history."
            )
        return Sent(message_id)

    async def seen(self, address: str, message_id: str) -> None:  # noqa: ARG002 - Instagram marks the whole thread
        """Mark the thread as read, then show the typing bubble: Instagram wants two requests for it.

        Raises:
            IntegrationError: as for `send`.

        """
        for action in ("mark_seen", "typing_on"):
            await self._graph.post(
                f"{self._node}/messages", {"recipient": {"id": address}, "sender_action": action}
            )

    async def answer_tap(self, callback_id: str) -> None:
        """Do nothing: Instagram expects no answer to a tap."""

    async def history(self, address: str) -> Sequence[SentCopy]:
        """Return our own among the 20 newest messages of the thread, newest first.

        Instagram gives full details of only the 20 newest messages; the text of a template may be missing.

        Raises:
            IntegrationError: as for `send`, but never `Uncertain`.

        """
        answer = await self._graph.get(
            f"{self._node}/conversations",
            {
                "platform": "instagram",
                "user_id": address,
                "fields": "messages.limit(20){id,created_time,from,message}",
            },
        )
        copies = []
        for conversation in branches(answer.get("data")):
            for message in branches(branch(conversation.get("messages")).get("data")):
                # A thread has two sides, and our own goes by several ids: ours is what is not the person's.
                author = word(branch(message.get("from")).get("id"))
                message_id, at = word(message.get("id")), moment(message.get("created_time"))
                if author and author != address and message_id and at is not None:
                    copies.append(SentCopy(message_id, text(message.get("message")), at))
        return sorted(copies, key=lambda copy: copy.at, reverse=True)

    def entry_url(self, code: str, greeting: str) -> str:  # noqa: ARG002 - ig.me carries no text
        """Return ``ig.me/m/<handle>?ref=<code>``: the code comes back as a referral.

        Instagram takes letters, digits, ``-``, ``_`` and ``=``, at most 2083 of them. Another ``link_base``
        (the sandbox's) is used as it stands.

        Raises:
            Refused: the settings do not name the account.

        """
        base = self._settings.link_base.rstrip("/")
        if base.startswith(_PUBLIC_LINKS):
            if not self._settings.handle:
                raise Refused(
                    "Instagram's entry links need the account's name: "
                    "set channels.instagram.handle in config.yml."
                )
            base = f"{base}/{quote(self._settings.handle, safe='')}"
        return f"{base}{'&' if '?' in base else '?'}ref={quote(code, safe='=')}"

    async def aclose(self) -> None:
        """Release the connections, unless they were handed in."""
        if self._owns_http:
            await self._http.aclose()
