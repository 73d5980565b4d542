"""A Graph API that answers what a test tells it to, on a free port of this machine."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


@dataclass
class Call:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    token: str
    body: Any


@dataclass
class FakeGraph:
    """Gives the answers in ``answers`` in turn, and the last of them for ever."""

    url: str = ""
    answers: list[tuple[int, Any, dict[str, str]]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    def will_answer(self, status: int, body: Any, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers.append((status, body, named))

    async def handle(self, request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        token = request.headers.get("Authorization", "")
        self.calls.append(Call(request.method, request.path, dict(request.query), token, body))
        status, answer, headers = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, str):
            return web.Response(status=status, text=answer, headers=headers)
        return web.json_response(answer, status=status, headers=headers)


@asynccontextmanager
async def fake_graph() -> AsyncIterator[FakeGraph]:
    graph = FakeGraph()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", graph.handle)
    async with TestServer(app) as server:
        graph.url = str(server.make_url("")).rstrip("/")
        yield graph
