"""A small Rasa server for tests: it knows a few words, and goes wrong when it is told to.

It speaks HTTP, so that the client is tested with real time-outs and broken lines. It passes the same tests
as a real, trained server (``tests/integrations/test_rasa.py``).
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError

Trouble: TypeAlias = Literal["hang", "500", "rubbish", "close"] | bytes
"""What may go wrong: no answer, an error, no JSON, a line that breaks off; bytes are answered as they are."""

WORDS: Final[Mapping[str, str]] = {
    "hallo": "greeting",
    "hello": "greeting",
    "danke": "thanks",
    "thank": "thanks",
    "wo bleibt": "order_status",
    "where is my": "order_status",
    "rechnung": "invoice",
    "human": "human_request",
}
"""What the fake understands: the first of these that stands in a text says what is meant."""

_ORDER: Final = re.compile(r"#\d+")
_COMMAND: Final = re.compile(r"/(?P<intent>[a-z_]+)")


class _Question(BaseModel):
    text: str


class FakeRasa:
    """Answers ``/model/parse`` and ``/status`` as Rasa 3.6 does. ``asked`` is every text that came, in order.

    ``loaded`` tells whether it has a model. Serve ``app`` with aiohttp; hanging requests end with it.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.loaded = True
        self._troubles: deque[Trouble] = deque()
        self._lasting: Trouble | None = None
        self._over = asyncio.Event()
        self.app = web.Application()
        self.app.router.add_post("/model/parse", self._parse)
        self.app.router.add_get("/status", self._status)
        self.app.on_shutdown.append(self._end)

    # -- the test's side

    def fail(self, *troubles: Trouble) -> None:
        """Let the next requests go wrong, one each."""
        self._troubles.extend(troubles)

    def stay(self, trouble: Trouble | None) -> None:
        """Let every request go wrong from now on, after those of `fail`; with None, none."""
        self._lasting = trouble

    # -- Rasa's side

    async def _parse(self, request: web.Request) -> web.StreamResponse:
        try:
            text = _Question.model_validate_json(await request.read()).text
        except ValidationError:
            return _refusal(400, "BadRequest")
        self.asked.append(text)
        if (wrong := await self._wrong(request)) is not None:
            return wrong
        return _answer(meaning(text)) if self.loaded else _refusal(409, "Conflict")

    async def _status(self, request: web.Request) -> web.StreamResponse:
        if (wrong := await self._wrong(request)) is not None:
            return wrong
        if not self.loaded:
            return _refusal(409, "Conflict")
        return _answer({"model_file": "fake.tar.gz", "model_id": "fake", "num_active_training_jobs": 0})

    async def _wrong(self, request: web.Request) -> web.StreamResponse | None:
        """What goes wrong with this request, if anything does."""
        match self._troubles.popleft() if self._troubles else self._lasting:
            case None:
                return None
            case "hang":
                await self._over.wait()
                return _refusal(503, "ServiceUnavailable")
            case "500":
                return _refusal(500, "ServerError")
            case "rubbish":
                return web.Response(text="<html>It works!</html>", content_type="text/html")
            case "close":
                if request.transport is not None:
                    request.transport.abort()
                return web.Response()
            case bytes() as body:
                return web.Response(body=body, content_type="application/json")

    async def _end(self, _app: web.Application) -> None:
        self._over.set()


def meaning(text: str) -> dict[str, object]:
    """Return Rasa's answer about ``text``, as a JSON object."""
    text = text.strip()
    if (command := _COMMAND.match(text)) is not None:
        name, confidence = command["intent"], 1.0
    elif not text:
        return {"text": text, "intent": {"name": None, "confidence": 0.0}, "entities": []}
    else:
        known = (intent for word, intent in WORDS.items() if word in text.lower())
        name = next(known, "out_of_scope")
        confidence = 0.4 if name == "out_of_scope" else 0.9
    return {
        "text": text,
        "intent": {"name": name, "confidence": confidence},
        "entities": [
            {
                "entity": "order_number",
                "start": found.start(),
                "end": found.end(),
                "confidence_entity": 0.98,
                "value": found.group(),
                "extractor": "CRFEntityExtractor",
            }
            for found in _ORDER.finditer(text)
        ],
        "text_tokens": [[word.start(), word.end()] for word in re.finditer(r"\w+", text)],
        "intent_ranking": [{"name": name, "confidence": confidence}],
    }


def _answer(value: object, *, status: int = 200) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


def _refusal(status: int, reason: str) -> web.Response:
    said = {
        "version": "3.6.21",
        "status": "failure",
        "message": "An error.",
        "reason": reason,
        "code": status,
    }
    return _answer(said, status=status)
