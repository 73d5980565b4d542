"""A signed webhook of the shop's own: what is posted there, how it is signed, what its answers mean.

POST, as JSON, with ``X-Signature-256: sha256=<hex HMAC-SHA256 of the raw body>`` and ``Idempotency-Key``. A
repetition has the same key and the same body. Any 2xx means that the shop has it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Final

from integrations.base import IntegrationError, Refused, Throttled, Unauthorized, Unavailable
from integrations.http import Answer, Http

_LATER: Final = frozenset({408, 409, 423, 425})
"""Statuses of a receiver that is not ready yet; 409 is a repetition of a request that is still in hand."""
_LONGEST_PAUSE: Final = 86_400.0
_PAUSE: Final = 60.0


@dataclass(frozen=True, slots=True)
class HookSettings:
    """Where requests go, and what signs them."""

    url: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class HookNames:
    """What a hook is called, which variable holds its secret and which setting its address, for messages."""

    hook: str
    secret: str
    setting: str


class SignedHook:
    """Posts to one address. Redirects are not followed: a signed request goes where the owner said."""

    def __init__(self, settings: HookSettings, names: HookNames, http: Http) -> None:
        if not settings.secret:
            raise ValueError(f"The {names.hook} needs a secret; with an empty one anybody could sign.")
        self._url = settings.url
        self._secret = settings.secret.encode()
        self._names = names
        self._http = http

    async def post(self, body: bytes, key: str) -> None:
        """Post a body under a key.

        Raises:
            IntegrationError: what to do next.

        """
        answer = await self._http.request(
            "POST",
            self._url,
            json=body,
            headers={
                "X-Signature-256": f"sha256={hmac.digest(self._secret, body, hashlib.sha256).hex()}",
                "Idempotency-Key": key,
            },
        )
        if not answer.ok:
            raise failure(answer, self._names)


def failure(answer: Answer, names: HookNames) -> IntegrationError:
    """Say what an answer other than 2xx means. Its body is the shop's own and may quote the request."""
    status, code = answer.status, str(answer.status)
    hook = f"The shop's {names.hook}"
    if status == 429:
        return Throttled(f"{hook} asks for a pause.", after=_seconds(answer), code=code)
    if status in {401, 403}:
        return Unauthorized(f"{hook} refuses the signature: compare {names.secret} on both sides.", code=code)
    if status >= 500 or status in _LATER:
        return Unavailable(f"{hook} answered {status}.", code=code)
    if status < 400:
        return Refused(
            f"{hook} answered {status}; set {names.setting} to the address that it leads to.", code=code
        )
    return Refused(f"{hook} will not take this request ({status}).", code=code)


def _seconds(answer: Answer) -> float:
    """Return the pause that the answer asks for in seconds; a date is not worth reading."""
    told = answer.headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return min(max(float(told), 1.0), _LONGEST_PAUSE)
    return _PAUSE
