"""The shop's mail: a signed webhook asks for a mail with an entry link, and says neither to whom nor what.

POST, as JSON::

    {"event": "touchpoint.mail", "id": "17-1795255200", "flow": "rating", "purpose": "feedback",
     "order": {"id": "1001", "number": "1001"},
     "entry_url": "https://shop.example/go/NK…", "entry_urls": {"link": …, "instagram": …, "whatsapp": …},
     "language": "de", "at": "2026-11-21T10:00:00+00:00"}

signed as `integrations.signed_hook` says.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import orjson

from integrations.base import MailRequest
from integrations.http import Http
from integrations.signed_hook import HookNames, HookSettings, SignedHook

EVENT: Final = "touchpoint.mail"
NAMES: Final = HookNames("mail hook", "MAIL_WEBHOOK_SECRET", "mail.url")

MailSettings: TypeAlias = HookSettings
"""Where requests go, and what signs them."""


class WebhookMailer:
    """Asks by an outgoing webhook."""

    def __init__(self, settings: MailSettings, http: Http) -> None:
        """Ask the hook of these settings."""
        self._hook = SignedHook(settings, NAMES, http)

    async def send(self, request: MailRequest) -> None:
        """Post one request.

        Raises:
            IntegrationError: what to do next.

        """
        await self._hook.post(written(request), request.id)


def written(request: MailRequest) -> bytes:
    """Return the body of a request; the same request is always written the same way."""
    return orjson.dumps(
        {
            "event": EVENT,
            "id": request.id,
            "flow": request.flow,
            "purpose": request.purpose,
            "order": {"id": request.order_id, "number": request.order_number},
            "entry_url": request.entry_url,
            "entry_urls": dict(request.entry_urls),
            "language": request.language,
            "at": request.at.isoformat(),
        }
    )
