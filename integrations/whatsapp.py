"""WhatsApp through Meta's Cloud API, for people with and without a visible phone number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from dialogs.channel import MB, ButtonLimits, Capabilities, FileLimit, Rate
from dialogs.messages import Attachment, Outgoing
from dialogs.stored_templates import StoredTemplate
from integrations import whatsapp_events
from integrations.base import (
    MediaFile,
    MediaGone,
    MediaTooLarge,
    Parsed,
    Refused,
    Sent,
    SentCopy,
    Unavailable,
    Uncertain,
)
from integrations.downloads import META_HOSTS, Downloads
from integrations.http import Http
from integrations.meta import answer_handshake, branches, load, verify_signature, word
from integrations.meta_graph import Graph
from integrations.whatsapp_inbound import SOURCE
from integrations.whatsapp_messages import body_of, seen_body
from integrations.whatsapp_templates import read_templates

_PUBLIC_LINKS: Final = "https://wa.me"

CAPABILITIES: Final = Capabilities(
    text_limit=4096,  # Text messages: body 4096
    text_unit="characters",
    buttons=ButtonLimits(count=3, title=20, payload=256, body=1024),  # Interactive reply buttons
    list=ButtonLimits(count=10, title=24, payload=200, body=4096, description=72),  # Interactive lists
    list_label=20,
    link=ButtonLimits(count=1, title=20, payload=0, body=1024),  # Interactive call-to-action URL
    caption=1024,  # Media messages
    media_with_buttons=True,  # image, video or document as header of buttons or link
    files=(  # Media, "Supported media types"
        FileLimit("image", 5 * MB, ("image/jpeg", "image/png")),
        FileLimit("video", 16 * MB, ("video/mp4", "video/3gpp")),
        FileLimit("audio", 16 * MB, ("audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg")),
        FileLimit("document", 100 * MB, ("application/pdf",)),
    ),
    window=timedelta(hours=24),  # Customer service window
    templates=True,
    # Throughput: 80/s for a number, incoming and outgoing together, before the automatic upgrade.
    account_rate=Rate(timedelta(seconds=1) / 80, burst=80),
    person_rate=Rate(timedelta(seconds=6), burst=45),  # "Pair rate limits": 1 per 6 s, burst of 45
    settle=timedelta(seconds=3),  # the order of several sends is not guaranteed
    confirms="receipt",  # biz_opaque_callback_data comes back in every status
)


@dataclass(frozen=True, slots=True)
class WhatsAppSettings:
    """What one WhatsApp number needs.

    ``phone_number_id`` is Meta's id of the number, ``number`` the number itself (digits with country code, no
    plus) as ``wa.me`` wants it. ``graph_url`` is the base without the version. ``waba_id`` is the id of the
    business account that has the templates; empty: they are not looked at.
    """

    app_secrets: tuple[str, ...] = field(repr=False)
    verify_token: str = field(repr=False)
    access_token: str = field(repr=False)
    phone_number_id: str
    number: str
    graph_url: str = "https://graph.facebook.com"
    version: str = "v25.0"
    link_base: str = "https://wa.me"
    waba_id: str = ""


class WhatsApp:
    """Source, handshake and channel of one WhatsApp number."""

    def __init__(self, settings: WhatsAppSettings, http: Http | None = None) -> None:
        self._settings = settings
        self._http = http or Http()
        self._owns_http = http is None
        self._graph = Graph(
            self._http,
            service="WhatsApp",
            base=settings.graph_url,
            version=settings.version,
            token=settings.access_token,
        )
        self._downloads = Downloads(self._http, service="WhatsApp", base=settings.graph_url, hosts=META_HOSTS)
        self._path = f"{settings.phone_number_id}/messages"

    @property
    def name(self) -> str:
        """The channel's name."""
        return SOURCE

    @property
    def account(self) -> str:
        """Meta's id of the number."""
        return self._settings.phone_number_id

    @property
    def capabilities(self) -> Capabilities:
        """WhatsApp's limits."""
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
        """Translate every change of the body; what is for another number is counted as ``foreign_account``.

        Raises:
            Malformed: not JSON, or no object.

        """
        return whatsapp_events.read(load(body), self._settings.phone_number_id, now)

    async def send(
        self,
        address: str,
        outgoing: Outgoing,
        *,
        reference: str,
        agent_tag: bool = False,  # noqa: ARG002 - WhatsApp has no such tag
    ) -> Sent:
        """Send one message; ``reference`` comes back in every status of it.

        That the message was accepted does not mean that it arrives: many refusals come as a status only.

        Raises:
            IntegrationError: by what to do next.

        """
        answer = await self._graph.post(self._path, body_of(address, outgoing, reference=reference))
        for message in branches(answer.get("messages")):
            if message_id := word(message.get("id")):
                held = word(message.get("message_status")) == "held_for_quality_assessment"
                return Sent(message_id, held=held)
        raise Uncertain("WhatsApp accepted the message without naming it; its status will tell.")

    async def seen(
        self,
        address: str,  # noqa: ARG002 - the message says whose it is
        message_id: str,
        *,
        typing: bool = True,
    ) -> None:
        """Mark the message as read and, if ``typing``, show the typing bubble: it is one request.

        Raises:
            IntegrationError: as for `send`.

        """
        await self._graph.post(self._path, seen_body(message_id, typing=typing))

    async def answer_tap(self, callback_id: str) -> None:
        """Do nothing: WhatsApp expects no answer to a tap."""

    async def history(self, address: str) -> Sequence[SentCopy]:  # noqa: ARG002 - the port
        """Return nothing: WhatsApp shows no history; receipts carry our reference instead."""
        return ()

    async def fetch(self, attachment: Attachment, *, largest: int) -> MediaFile:
        """Ask for the file's address, which holds for five minutes, and fetch it with the token.

        An id from a webhook holds for seven days. Source: WhatsApp Cloud API, "Media".

        Raises:
            IntegrationError: see `MediaSource.fetch`.

        """
        if not attachment.media_id:
            raise MediaGone("WhatsApp: this attachment has no id; its content is not shown to us.")
        told = await self._graph.get(quote(attachment.media_id, safe=""), {})
        size = told.get("file_size")
        if isinstance(size, int) and size > largest:
            raise MediaTooLarge(f"WhatsApp: the file has {size} bytes, more than {largest}.")
        try:
            return await self._downloads.get(
                word(told.get("url")),
                largest=largest,
                token=self._settings.access_token,
                name=attachment.title or "",
            )
        except MediaGone as gone:  # the address was new: it has only run out
            raise Unavailable(str(gone), code=gone.code) from None

    @property
    def template_account(self) -> str:
        """Meta's id of the business account, where the settings name it."""
        return self._settings.waba_id

    async def templates(self) -> Sequence[StoredTemplate]:
        """Ask for all templates of the business account; needs ``whatsapp_business_management``.

        Raises:
            Refused: the settings do not name the business account, or it is not this token's.
            IntegrationError: as for `send`.

        """
        if not self._settings.waba_id:
            raise Refused("WhatsApp: to look at the templates, set WHATSAPP_BUSINESS_ACCOUNT_ID.")
        return await read_templates(self._graph, self._settings.waba_id)

    def entry_url(self, code: str, greeting: str) -> str:  # noqa: ARG002 - the greeting holds it already
        """Return ``wa.me/<number>?text=<greeting>``: the person only has to press send.

        Another ``link_base`` (the sandbox's) is used as it stands.

        Raises:
            Refused: the settings do not name the number.

        """
        base = self._settings.link_base.rstrip("/")
        if base.startswith(_PUBLIC_LINKS):
            if not self._settings.number:
                raise Refused(
                    "WhatsApp's entry links need the business number: "
                    "set channels.whatsapp.number in config.yml."
                )
            base = f"{base}/{self._settings.number.removeprefix('+')}"
        return f"{base}{'&' if '?' in base else '?'}text={quote(greeting, safe='')}"

    async def aclose(self) -> None:
        """Release the connections, unless they were handed in."""
        if self._owns_http:
            await self._http.aclose()
