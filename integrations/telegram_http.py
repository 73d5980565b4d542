"""python-telegram-bot over our own HTTP client, and what Telegram's answers mean.

Imports the library, which takes half a second and 34 MB: only `integrations.telegram.Telegram` imports this.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import orjson
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData

from integrations.base import (
    IntegrationError,
    Malformed,
    Refused,
    Throttled,
    Unauthorized,
    Unavailable,
    Uncertain,
    Unreachable,
)
from integrations.http import Answer, Http

TIMEOUT: Final = 25.0
"""Seconds for one call: Telegram fetches media by URL before it answers."""

# The library writes addresses (with the token) and parameters (with the text) to its log at DEBUG.
logging.getLogger("telegram").setLevel(logging.WARNING)

_UNCERTAIN: Final = frozenset({502, 504})
"""A gateway gave up waiting: what stood behind it may have done its work."""

_PERSON_IS_GONE: Final = ("chat not found", "user not found", "peer_id_invalid", "user is deactivated")


class CallFailed(TelegramError):
    """Carries one of our own errors through the library, which would wrap any other."""

    def __init__(self, error: IntegrationError) -> None:
        super().__init__(str(error))
        self.error = error


class OurRequest(BaseRequest):
    """The library's way out: JSON over `Http`. Every failure leaves as `CallFailed`."""

    __slots__ = ("_http", "_token")

    def __init__(self, http: Http, token: str) -> None:
        self._http = http
        self._token = token

    @property
    def read_timeout(self) -> float:
        """Seconds; the library asks, `Http` decides."""
        return TIMEOUT

    async def initialize(self) -> None:
        """Nothing to do: `Http` opens itself."""

    async def shutdown(self) -> None:
        """Nothing to do: whoever made the `Http` closes it."""

    async def do_request(
        self, url: str, method: str, request_data: RequestData | None = None, *_: Any, **__: Any
    ) -> tuple[int, bytes]:
        """Call one method of the Bot API; the library's own timeouts are not used.

        Raises:
            CallFailed: with what to do next.

        """
        parameters: dict[str, Any] = {} if request_data is None else request_data.parameters
        try:
            answer = await self._http.request(method, url, json=parameters, timeout=TIMEOUT)
        except IntegrationError as error:
            raise CallFailed(error) from None
        endpoint = url.rpartition("/")[2]
        if not answer.ok:
            raise CallFailed(failure(answer, endpoint, self._token))
        try:
            return answer.status, _pared(answer)
        except Malformed:
            raise CallFailed(
                Uncertain(f"Telegram accepted {endpoint}, but its answer could not be read.")
            ) from None


def make_bot(http: Http, token: str, api_url: str) -> Bot:
    """Return a bot that talks to ``api_url`` and opens nothing by itself."""
    request = OurRequest(http, token)
    return Bot(token, base_url=f"{api_url.rstrip('/')}/bot", request=request, get_updates_request=request)


def failure(answer: Answer, endpoint: str, token: str) -> IntegrationError:
    """Say what an answer other than 2xx means: https://core.telegram.org/bots/api#making-requests ."""
    try:
        body = answer.json()
    except Malformed:
        body = {}
    description = str(body.get("description") or "no description").replace(token, "***")[:200]
    text = f"Telegram answered {answer.status} to {endpoint}: {description}"
    status, code = answer.status, str(answer.status)
    if status == 429:
        # Telegram does not say whether the person's or the account's limit was hit: the account waits.
        return Throttled(text, after=_seconds(body), code=code)
    if status in {401, 404}:  # 404 is how a malformed token is answered
        return Unauthorized(f"{text}; check the bot's token.", code=code)
    if status == 403 or (status == 400 and any(sign in description.lower() for sign in _PERSON_IS_GONE)):
        return Unreachable(text, code=code)
    if status in _UNCERTAIN:
        return Uncertain(text, code=code)
    if status >= 500 or status < 400:
        return Unavailable(text, code=code)
    return Refused(text, code=code)


def _seconds(body: dict[str, Any]) -> float:
    parameters = body.get("parameters")
    after = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return float(after) if isinstance(after, int | float) and 0 < after <= 86_400 else 1.0


def _pared(answer: Answer) -> bytes:
    """Return the answer with no more of a sent message than its number.

    What a later version of Telegram adds to messages then cannot make a message that went out look failed.

    Raises:
        Malformed: no JSON, or not what a success looks like.

    """
    body = answer.json()
    result = body.get("result")
    if body.get("ok") is not True or result is None:
        raise Malformed("A success without ok and result.")
    if isinstance(result, dict) and "message_id" in result:
        if not isinstance(result["message_id"], int):
            raise Malformed("A sent message without a number.")
        # The library cannot do without a date and a chat.
        result = {"message_id": result["message_id"], "date": 0, "chat": {"id": 0, "type": "private"}}
    return orjson.dumps({"ok": True, "result": result})
