"""The shop's mail: a signed webhook asks for a mail with an entry link, and says neither to whom nor what.

POST, as JSON::

    {"event": "touchpoint.mail", "id": "17-1795255200", "flow": "rating", "purpose": "feedback",
     "order": {"id": "1001", "number": "1001"},
     "entry_url": "https://shop.example/go/NK…", "entry_urls": {"link": …, "instagram": …, "whatsapp": …},
     "language": "de", "at": "2026-11-21T10:00:00+00:00"}

with ``X-Signature-256: sha256=<hex HMAC-SHA256 of the raw body>`` and ``Idempotency-Key: <id>``. A repetition
has the same key and the same body. Any 2xx means that the shop has it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

import orjson

from integrations.base import IntegrationError, MailRequest, Refused, Throttled, Unauthorized, Unavailable
from integrations.http import Answer, Http

EVENT: Final = "touchpoint.mail"
_LATER: Final = frozenset({408, 409, 423, 425})
"""Statuses of a receiver that is not ready yet; 409 is a repetition of a request that is still in hand."""
_LONGEST_PAUSE: Final = 86_400.0
_PAUSE: Final = 60.0


@dataclass(frozen=True, slots=True)
class MailSettings:
    """Where requests go, and what signs them."""

    url: str
    secret: str = field(repr=False)


class WebhookMailer:
    """Asks by an outgoing webhook. Redirects are not followed: a signed request goes where the owner said."""

    def __init__(self, settings: MailSettings, http: Http) -> None:
        if not settings.secret:
            raise ValueError("The mail hand-over needs a secret; with an empty one anybody could sign.")
        self._url = settings.url
        self._secret = settings.secret.encode()
        self._http = http

    async def send(self, request: MailRequest) -> None:
        """Post one request.

        Raises:
            IntegrationError: what to do next.

        """
        body = written(request)
        answer = await self._http.request(
            "POST",
            self._url,
            json=body,
            headers={
                "X-Signature-256": f"sha256={hmac.digest(self._secret, body, hashlib.sha256).hex()}",
                "Idempotency-Key": request.id,
            },
        )
        if not answer.ok:
            raise failure(answer)


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


def failure(answer: Answer) -> IntegrationError:
    """Say what an answer other than 2xx means. Its body is the shop's own and may quote the request."""
    status, code = answer.status, str(answer.status)
    if status == 429:
        return Throttled("The shop's mail hook asks for a pause.", after=_seconds(answer), code=code)
    if status in {401, 403}:
        return Unauthorized(
            "The shop's mail hook refuses the signature: compare MAIL_WEBHOOK_SECRET on both sides.",
            code=code,
        )
    if status >= 500 or status in _LATER:
        return Unavailable(f"The shop's mail hook answered {status}.", code=code)
    if status < 400:
        return Refused(
            f"The shop's mail hook answered {status}; set mail.url to the address that it leads to.",
            code=code,
        )
    return Refused(f"The shop's mail hook will not take this request ({status}).", code=code)


def _seconds(answer: Answer) -> float:
    """Return the pause that the answer asks for in seconds; a date is not worth reading."""
    told = answer.headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return min(max(float(told), 1.0), _LONGEST_PAUSE)
    return _PAUSE
