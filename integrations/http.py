"""The one way out over HTTP: a client that always says whether a failed call may have been carried out.

Every adapter calls through `Http`. It keeps connections, never follows redirects, keeps no cookies, reads no
environment and puts neither bodies nor tokens into errors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final, TypeAlias, cast

import aiohttp
import orjson

from integrations.base import IntegrationError, Malformed, MediaTooLarge, Refused, Unavailable, Uncertain

JsonObject: TypeAlias = dict[str, Any]

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_TOKEN_IN_PATH: Final = re.compile(r"/bot[^/]+")
_SCHEME_USER: Final = re.compile(r"^[a-z][a-z0-9+.-]*://(?:[^/@]*@)?", re.IGNORECASE)


def redacted(url: str) -> str:
    """Return host and path of ``url`` as they may stand in an error: no query, no user, no Telegram token."""
    bare = _SCHEME_USER.sub("", url.partition("?")[0].partition("#")[0])
    return _TOKEN_IN_PATH.sub("/bot***", bare)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered, whatever the status. `Http` makes ``headers`` case-insensitive."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def ok(self) -> bool:
        """Whether the status is one of 200-299."""
        return 200 <= self.status < 300

    def json(self) -> JsonObject:
        """Return the body as a JSON object.

        Raises:
            Malformed: it is none. A caller whose request had an effect turns that into `Uncertain` on a 2xx.

        """
        try:
            value = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise Malformed(f"An answer with status {self.status} is not JSON.") from None
        if not isinstance(value, dict):
            raise Malformed(f"An answer with status {self.status} is JSON, but not an object.")
        return cast("JsonObject", value)


@dataclass(slots=True)
class _Progress:
    """How far one request came; ``sent`` once its headers may have left this machine."""

    sent: bool = False


async def _headers_leave(
    _session: aiohttp.ClientSession, context: SimpleNamespace, _params: aiohttp.TraceRequestHeadersSentParams
) -> None:
    progress = context.trace_request_ctx
    if isinstance(progress, _Progress):
        progress.sent = True


class Http:
    """A keep-alive HTTP client; cheap to make, opens its session with the first request.

    Belongs to the event loop of that first request. `aclose` releases the connections.
    """

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            trace = aiohttp.TraceConfig()
            trace.on_request_headers_sent.append(_headers_leave)
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), trace_configs=[trace], trust_env=False
            )
        return self._session

    async def request(  # the keywords of every HTTP client
        self,
        method: str,
        url: str,
        *,
        json: object = None,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        timeout: float = 10.0,  # noqa: ASYNC109 - aiohttp's own clock knows which phase ran out
    ) -> Answer:
        """Send one request and read the whole answer, whatever its status; ``timeout`` is in seconds.

        ``json`` is an object to be encoded, or bytes that are JSON already; otherwise ``data`` is the body as
        aiohttp takes it.

        Raises:
            Unavailable: the server was never reached, or the method is a safe one: nothing was done.
            Uncertain: the line broke or the time ran out after the request may have left.
            Refused: ``url`` is no HTTP address, or ``json`` cannot be written as JSON.

        """
        head = dict(headers or {})
        if json is not None:
            data = json if isinstance(json, bytes) else _encoded(json, method, url)
            head = {"Content-Type": "application/json", **head}
        progress = _Progress(sent=False)
        try:
            async with self._open().request(
                method,
                url,
                data=data,
                headers=head,
                params=params,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout),
                trace_request_ctx=progress,
            ) as response:
                return Answer(response.status, response.headers, await response.read())
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            raise Refused(f"{method} {redacted(url)}: this is no HTTP address; check the settings.") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            # `from None`: aiohttp's texts carry the whole address, and with it tokens.
            raise _named(error, method, url, sent=progress.sent) from None

    async def download(
        self,
        url: str,
        *,
        largest: int,
        headers: Mapping[str, str] | None = None,
        timeout: float = 60.0,  # noqa: ASYNC109 - as in `request`
    ) -> Answer:
        """Ask for a file and stop reading once it turns out to have more than ``largest`` bytes.

        The body of an answer other than 2xx is not read.

        Raises:
            MediaTooLarge: it has more.
            Unavailable: the server was not reached, or the line broke; it can be asked again.
            Refused: ``url`` is no HTTP address.

        """
        head = {"Accept-Encoding": "identity", **(headers or {})}
        try:
            async with self._open().get(
                url,
                headers=head,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout),
                trace_request_ctx=_Progress(sent=False),
            ) as response:
                if not 200 <= response.status < 300:
                    return Answer(response.status, response.headers)
                if (response.content_length or 0) > largest:
                    raise _too_large(url, largest)
                body = bytearray()
                async for part in response.content.iter_any():
                    body += part
                    if len(body) > largest:
                        raise _too_large(url, largest)
                return Answer(response.status, response.headers, bytes(body))
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            raise Refused(f"GET {redacted(url)}: this is no HTTP address.") from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _named(error, "GET", url, sent=True) from None

    async def aclose(self) -> None:
        """Release the connections; a later request would open new ones."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def _encoded(value: object, method: str, url: str) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        raise Refused(f"{method} {redacted(url)}: the body cannot be written as JSON.") from None


def _too_large(url: str, largest: int) -> MediaTooLarge:
    return MediaTooLarge(f"GET {redacted(url)}: the file has more than {largest} bytes.")


def _named(error: Exception, method: str, url: str, *, sent: bool) -> IntegrationError:
    where = f"{method} {redacted(url)}"
    what = "timed out" if isinstance(error, TimeoutError) else f"broke off ({type(error).__name__})"
    if not sent:
        return Unavailable(f"{where} {what} before the request left; it can be sent again.")
    if method.upper() in _SAFE_METHODS:
        return Unavailable(f"{where} {what}; it only asks, so it can be sent again.")
    return Uncertain(f"{where} {what} after the request may have left; find out before sending it again.")
