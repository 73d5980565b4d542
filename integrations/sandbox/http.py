"""What the sandbox's routes share: reading bodies, and answering the way a troubled platform does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError

from integrations.sandbox.errors import Complaint, Json, PlatformError
from integrations.sandbox.stage import Stage

_B = TypeVar("_B", bound=BaseModel)


def json_answer(value: Any, *, status: int = 200) -> web.Response:
    """Return the value as JSON."""
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


@web.middleware
async def answer_errors(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Turn refusals into the JSON of whoever refuses."""
    try:
        return await handler(request)
    except PlatformError as refusal:
        return json_answer(refusal.body, status=refusal.status)
    except Complaint as complaint:
        return json_answer({"error": str(complaint)}, status=complaint.status)


async def parameters(request: web.Request) -> Json:
    """Return what was asked: query and body, which may be JSON or a form, as both platforms take them.

    Raises:
        ValueError: the body is not JSON, or no object.

    """
    given: Json = dict(request.query)
    if request.content_type == "application/json":
        raw = await request.read()
        body = orjson.loads(raw) if raw else {}
        if not isinstance(body, dict):
            raise ValueError("the body is no JSON object")
        return given | body
    if request.content_type in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        form = await request.post()
        return given | dict(form.items())
    return given


async def json_object(request: web.Request) -> Json:
    """Return the body of a request to the sandbox's own API; nothing at all counts as an empty object.

    Raises:
        Complaint: it is no JSON object.

    """
    raw = await request.read()
    try:
        body = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError:
        raise Complaint("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise Complaint("The body is not a JSON object.")
    return body


async def read_body(request: web.Request, model: type[_B]) -> _B:
    """Return the body as ``model``.

    Raises:
        Complaint: it does not fit.

    """
    try:
        return model.model_validate(await json_object(request))
    except ValidationError as error:
        raise Complaint(why(error)) from None


def why(error: ValidationError) -> str:
    """Say in one sentence what does not fit first."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the body"
    return f"{where}: {first['msg']}."


async def troubled(
    request: web.Request,
    stage: Stage,
    send: Callable[[], Json],
    *,
    broken: PlatformError,
    throttled: PlatformError,
) -> web.Response:
    """Carry out one send with whatever faults are switched on.

    Raises:
        PlatformError: ``broken``, ``throttled``, or what ``send`` refuses with.

    """
    faults = stage.faults
    if faults.strike("drop_before_accept"):
        return _cut(request)
    if faults.strike("status_500"):
        raise broken
    if faults.strike("status_429"):
        raise throttled
    answer = send()
    if faults.strike("timeout_after_accept"):
        await _hang(request, stage)
        return _cut(request)
    if faults.slow_ms:
        await asyncio.sleep(faults.slow_ms / 1000)
    return json_answer(answer)


def _cut(request: web.Request) -> web.Response:
    """Break the line off; what is returned goes nowhere."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _hang(request: web.Request, stage: Stage) -> None:
    """Say nothing until the caller has lost patience."""
    clock = asyncio.get_running_loop().time
    until = clock() + stage.faults.timeout_ms / 1000
    while clock() < until and not stage.closing.is_set():
        if request.transport is None or request.transport.is_closing():
            return
        try:
            async with asyncio.timeout(0.1):
                await stage.closing.wait()
        except TimeoutError:
            continue
