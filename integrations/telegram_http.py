"""python-telegram-bot over our own HTTP client, and what Telegram's answers mean.

Imports the library, which takes half a second and 34 MB: only `integrations.telegram.Telegram` imports this.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import aiohttp
import orjson
from telegram import Bot
from telegram.error import TelegramError
from telegram.request import BaseRequest, RequestData

from integrations.base import (
    IntegrationError,
    Malformed,
    PostMissing,
    Refused,
    Throttled,
    TopicMissing,
    Unauthorized,
    Unavailable,
    Uncertain,
    Unchanged,
    Unreachable,
)
from integrations.http import Answer, Http

TIMEOUT: Final = 25.0
"""Seconds for one call: Telegram fetches media by URL before it answers."""

# The library writes addresses (with the token) and parameters (with the text) to its log at DEBUG.
logging.getLogger("telegram").setLevel(logging.WARNING)

_UNCERTAIN: Final = frozenset({502, 504})
"""A gateway gave up waiting: what stood behind it may have done its work."""

_REFUSALS: Final[tuple[tuple[type[Refused], tuple[str, ...]], ...]] = (
    # https://github.com/tdlib/telegram-bot-api/issues/854 and /issues/693
    (TopicMissing, ("thread not found", "topic_id_invalid", "topic_deleted", "topic not found")),
    (
        PostMissing,
        ("message to edit not found", "message to delete not found", "message to react not found",
         "message to pin not found", "message_id_invalid"),
    ),
    (Unchanged, ("is not modified", "topic_not_modified")),
)  # fmt: skip
"""What a 400 means, by words in its description."""

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
        try:
            answer = await self._http.request(method, url, timeout=TIMEOUT, **_body(request_data))
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


def _body(given: RequestData | None) -> dict[str, Any]:
    """Return what is asked as the body's keyword: JSON, or a form where files go along."""
    if given is None or not given.contains_files:
        return {"json": {} if given is None else given.parameters}
    form = aiohttp.FormData()
    for name, value in given.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, kind) in given.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=kind)
    return {"data": form}


def make_bot(http: Http, token: str, api_url: str) -> Bot:
    """Return a bot that talks to ``api_url`` and opens nothing by itself."""
    request = OurRequest(http, token)
    api = api_url.rstrip("/")
    return Bot(
        token,
        base_url=f"{api}/bot",
        base_file_url=f"{api}/file/bot",
        request=request,
        get_updates_request=request,
    )


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
    moved = _moved(body)
    if moved:  # a group that was given topics is another chat from then on
        return Unauthorized(
            f"{text}; its id is {moved} now: set TELEGRAM_SUPPORT_CHAT_ID to that.", code=code
        )
    refusal = _refusal(description) if status == 400 else None
    if refusal is not None:
        return refusal(text, code=code)
    if status in {401, 404}:  # 404 is how a malformed token is answered
        return Unauthorized(f"{text}; check the bot's token.", code=code)
    if status == 403 or (status == 400 and any(sign in description.lower() for sign in _PERSON_IS_GONE)):
        return Unreachable(text, code=code)
    if status in _UNCERTAIN:
        return Uncertain(text, code=code)
    if status >= 500 or status < 400:
        return Unavailable(text, code=code)
    return Refused(text, code=code)


def _refusal(description: str) -> type[Refused] | None:
    words = description.lower()
    return next((kind for kind, signs in _REFUSALS if any(sign in words for sign in signs)), None)


def _moved(body: dict[str, Any]) -> str:
    parameters = body.get("parameters")
    chat = parameters.get("migrate_to_chat_id") if isinstance(parameters, dict) else None
    return str(chat) if isinstance(chat, int) else ""


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
        kept = {"message_id": result["message_id"], "date": 0, "chat": {"id": 0, "type": "private"}}
        thread = result.get("message_thread_id")
        result = kept | ({"message_thread_id": thread} if isinstance(thread, int) else {})
    return orjson.dumps({"ok": True, "result": result})
