"""Instagram direct messages, with Instagram login and with a linked Facebook Page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import quote

from dialogs.channel import MB, ButtonLimits, Capabilities, FileLimit, Rate
from dialogs.messages import Arrival, Attachment, Outgoing
from integrations import instagram_events, instagram_threads
from integrations.base import MediaFile, MediaGone, Parsed, Refused, Sent, SentCopy, Unavailable, Uncertain
from integrations.downloads import META_HOSTS, Downloads
from integrations.http import Http
from integrations.instagram_messages import body_of
from integrations.meta import answer_handshake, branch, branches, load, moment, text, verify_signature, word
from integrations.meta_graph import Graph
from integrations.upkeep import Renewed, ThreadPage

ASKING: Final = Rate(timedelta(seconds=1), burst=1)
"""Half of the two calls a second that Conversations API allows: `Instagram.history` needs the rest."""

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
    files=(  # Send API, "media": png/jpeg 8 MB, audio, video and pdf 25 MB
        FileLimit("image", 8 * MB, ("image/jpeg", "image/png")),
        FileLimit("video", 25 * MB, ("video/mp4", "video/ogg", "video/quicktime", "video/webm")),
        FileLimit("audio", 25 * MB, ("audio/aac", "audio/mp4", "audio/wav")),
        FileLimit("document", 25 * MB, ("application/pdf",)),
    ),
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
        self._downloads = Downloads(
            self._http, service="Instagram", base=settings.graph_url, hosts=META_HOSTS
        )
        # A Page token speaks for the Page, whose id is not the account's: "me" is the Page there.
        self._node = settings.account_id if settings.login == "instagram" else "me"
        self._own: frozenset[str] = frozenset()

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

    async def seen(
        self,
        address: str,
        message_id: str,  # noqa: ARG002 - Instagram marks the whole thread
        *,
        typing: bool = True,
    ) -> None:
        """Mark the thread as read and, if ``typing``, show the typing bubble: they are two requests.

        Raises:
            IntegrationError: as for `send`.

        """
        for action in ("mark_seen", "typing_on")[: 2 if typing else 1]:
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

    @property
    def asking_rate(self) -> Rate:
        """How often threads may be asked for."""
        return ASKING

    async def threads(self, more: str = "") -> ThreadPage:
        """Return the account's threads, those in which something happened last first.

        Raises:
            IntegrationError: as for `send`, but never `Uncertain`.

        """
        after = {"after": more} if more else {}
        listed = {**instagram_threads.LISTED, **after}
        return instagram_threads.read_page(await self._graph.get(f"{self._node}/conversations", listed))

    async def messages(self, thread: str) -> Sequence[Arrival]:
        """Return the 20 newest messages of a thread, oldest first.

        Raises:
            IntegrationError: as for `threads`.

        """
        answer = await self._graph.get(quote(thread, safe=""), dict(instagram_threads.DETAILS))
        return instagram_threads.read_thread(answer, self.account, await self._names())

    async def _names(self) -> frozenset[str]:
        """Return everything by which the platform may mean this account; asked for once.

        With Instagram Login it goes by an id of the app's beside its own; with a Page, by the Page's, too.
        """
        if not self._own:
            linked = "instagram_business_account{id,username}"
            fields = "user_id,username" if self._settings.login == "instagram" else f"id,{linked}"
            try:
                me = await self._graph.get("me", {"fields": fields})
            except (
                Refused
            ):  # the settings' own names will mostly do; where not, nothing is taken for anything
                me = {}
            told = [me.get("id"), me.get("user_id"), me.get("username")]
            account = branch(me.get("instagram_business_account"))
            told += [account.get("id"), account.get("username"), self.account, self._settings.handle]
            self._own = frozenset(name.casefold() for name in map(word, told) if name)
        return self._own

    @property
    def renewable(self) -> bool:
        """Whether the token is one of Instagram Login, which lasts 60 days; a Page's has no end."""
        return self._settings.login == "instagram"

    @property
    def token(self) -> str:
        """The access token in use."""
        return self._graph.token

    def use_token(self, token: str) -> None:
        """Speak with another token from now on."""
        self._graph.token = token

    async def renew(self) -> Renewed:
        """Return a token for 60 more days. Source: Instagram Platform, "Refresh Access Token".

        Only a token that is at least 24 hours old and has not run out is renewed.

        Raises:
            IntegrationError: as for `send`, but never `Uncertain`.

        """
        answer = await self._graph.get_unversioned(
            "refresh_access_token", {"grant_type": "ig_refresh_token", "access_token": self.token}
        )
        token, seconds = text(answer.get("access_token")).strip(), answer.get("expires_in")
        if not token or isinstance(seconds, bool) or not isinstance(seconds, int) or seconds <= 0:
            raise Unavailable("Instagram renewed the access token without showing it; it is asked again.")
        return Renewed(token, timedelta(seconds=seconds))

    async def fetch(self, attachment: Attachment, *, largest: int) -> MediaFile:
        """Return the file behind an attachment's address, which is signed and needs no token.

        View-once media has no address, and shared posts may lead to a page instead of a file.

        Raises:
            IntegrationError: see `MediaSource.fetch`.

        """
        if not attachment.url:
            raise MediaGone("Instagram: this attachment has no address; its content is not shown to us.")
        return await self._downloads.get(attachment.url, largest=largest)

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
