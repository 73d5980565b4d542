"""The shop's own programs are told what agents ask for, by a signed webhook (`integrations.signed_hook`).

POST, as JSON::

    {"event": "request.open", "id": "17-open", "request": 17, "kind": "refund",
     "order": {"id": "1001", "number": "#1001"},
     "detail": {"amount": "12.50", "currency": "EUR", "whole": false},
     "at": "2026-11-21T10:00:00+00:00"}

``event`` is ``request.open``, or ``request.cancelled`` once it is called off. What ``detail`` holds, by kind:
refund ``amount``, ``currency``, ``whole``; replacement and repair ``items`` (``sku``, ``title``,
``quantity``); gift ``what``; code ``code``, ``percent``, ``until``; address ``address`` (``name``, ``extra``,
``street``, ``postcode``, ``city``, ``country``); each may have the agent's ``note``. Fields may be added:
what is not known is to be passed over.
"""

from __future__ import annotations

from typing import Final

import orjson

from integrations.base import ServiceRequest
from integrations.http import Http
from integrations.signed_hook import HookNames, HookSettings, SignedHook

NAMES: Final = HookNames("requests hook", "REQUESTS_WEBHOOK_SECRET", "requests.url")


class WebhookRequests:
    """Tells the shop by an outgoing webhook."""

    def __init__(self, settings: HookSettings, http: Http) -> None:
        """Tell the hook of these settings."""
        self._hook = SignedHook(settings, NAMES, http)

    async def send(self, request: ServiceRequest) -> None:
        """Hand one request over.

        Raises:
            IntegrationError: what to do next.

        """
        await self._hook.post(written(request), request.id)


def written(request: ServiceRequest) -> bytes:
    """Return the body of a request; the same request is always written the same way."""
    return orjson.dumps(
        {
            "event": f"request.{request.status}",
            "id": request.id,
            "request": request.number,
            "kind": request.kind,
            "order": {"id": request.order_id, "number": request.order_number} if request.order_id else None,
            "detail": dict(request.detail),
            "at": request.at.isoformat(),
        }
    )
