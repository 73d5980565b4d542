"""The Telegram Bot API: ``/telegram/bot{token}/{method}``, by form or JSON, and the files behind it."""

from __future__ import annotations

import hmac
import secrets
from typing import Final

from aiohttp import web

from integrations.sandbox.errors import BotApiError, Json
from integrations.sandbox.http import json_answer, parameters, troubled
from integrations.sandbox.stage import Stage
from integrations.sandbox.telegram import Telegram
from integrations.sandbox.telegram_rules import MEDIA, bad_request

_SENDS: Final = {name.lower(): name for name in ("sendMessage", "copyMessage", *MEDIA)}

_SHOWN: Final = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/gif", "video/mp4", "audio/ogg", "audio/mpeg"}
)
"""Types under which an uploaded file is given out: nothing that a browser would run."""


class BotApi:
    """Routes and the token; what is behind them, `Telegram` knows."""

    def __init__(self, stage: Stage, telegram: Telegram) -> None:
        self._stage = stage
        self._telegram = telegram

    def add_routes(self, app: web.Application) -> None:
        """Take over everything below ``/telegram``."""
        app.router.add_route("*", "/telegram/bot{token:[^/]+}/{method}", self.call)
        app.router.add_get("/telegram/file/bot{token:[^/]+}/{file}", self.file)
        app.router.add_get("/telegram/uploads/{file}", self.upload)

    async def call(self, request: web.Request) -> web.Response:
        """Carry out one method."""
        self._require(request)
        try:
            given = await parameters(request)
        except ValueError:
            raise bad_request("can't parse the body: object expected") from None
        method = request.match_info["method"]
        send = _SENDS.get(method.lower())
        if send in MEDIA:
            await self._lay_open(request, given, MEDIA[send][0])
        if send is None:
            return json_answer({"ok": True, "result": self._telegram.call(method, given)})
        return await troubled(
            request,
            self._stage,
            lambda: {"ok": True, "result": self._telegram.send(send, given)},
            broken=BotApiError(500, "Internal Server Error"),
            throttled=BotApiError(429, "Too Many Requests: retry after 1", retry_after=1),
        )

    async def file(self, request: web.Request) -> web.Response:
        """Lead to the file that `getFile` named."""
        self._require(request)
        media = self._stage.world.media.get(request.match_info["file"])
        if media is None:
            raise BotApiError(404, "Not Found")
        raise web.HTTPFound(media["url"])

    async def upload(self, request: web.Request) -> web.Response:
        """Return a file that the bot sent as it is."""
        found = self._stage.world.uploads.get(request.match_info["file"])
        if found is None:
            raise BotApiError(404, "Not Found")
        data, kind = found
        return web.Response(body=data, content_type=kind)

    async def _lay_open(self, request: web.Request, given: Json, field: str) -> None:
        """Give a file that came with the request, or that is known by its id, an address to be shown by."""
        file = given.get(field)
        if isinstance(file, web.FileField):
            name = secrets.token_urlsafe(16)
            kind = file.content_type if file.content_type in _SHOWN else "application/octet-stream"
            self._stage.world.remember_upload(name, file.file.read(), kind)
            prefix = request.path.partition("/telegram/")[0]
            given[field] = f"{request.url.origin()}{prefix}/telegram/uploads/{name}"
        elif isinstance(file, str) and file in self._stage.world.media:
            given[field] = self._stage.world.media[file]["url"]

    def _require(self, request: web.Request) -> None:
        token = self._stage.settings.telegram.token
        if not hmac.compare_digest(request.match_info["token"].encode(), token.encode()):
            raise BotApiError(401, "Unauthorized")
