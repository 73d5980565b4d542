"""Files over HTTP: to platforms by a signed address, to the desk by sign-in, and from agents.

A browser is never given anything that it could run: the type is our own finding, sniffing is off, what is no
picture, film or recording is a download, and a policy of its own leaves a file nothing to do.
"""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from aiohttp import BodyPartReader, web

from bot.app import App
from bot.media import MediaRef, UploadRefused, largest, store_upload
from bot.media_links import named_by
from bot.web.access import APP, ME, allows, open_to_all
from persistence.media import KeptMedia

_LOCKED: Final = "default-src 'none'; style-src 'unsafe-inline'; media-src 'self'; img-src 'self'; sandbox"
_SHOWN: Final = frozenset({"image", "video", "audio"})
_CHUNK: Final = 64 * 1024
_TOO_LARGE: Final = "too_large"


def add_media_routes(site: web.Application) -> None:
    """Open the doors of files."""
    site.router.add_get("/media/{name}", public_file)
    site.router.add_get(r"/desk/media/{id:\d{1,18}}", desk_file)
    site.router.add_post("/desk/media", upload)


@open_to_all
async def public_file(request: web.Request) -> web.Response:
    """Hand a file to whoever has its signed address: the platform that it is sent through."""
    app = request.app[APP]
    media_id = named_by(app.secret, request.match_info["name"], app.clock())
    found = None if media_id is None else await app.store.media.find(media_id)
    if found is None:
        raise web.HTTPNotFound(text="There is no such file, or its address has run out.")
    return await _answer(request, app, found, cache="private, max-age=600")


@allows("viewer")
async def desk_file(request: web.Request) -> web.Response:
    """Show a file to an agent; ``?download`` saves it instead."""
    app = request.app[APP]
    found = await app.store.media.find(int(request.match_info["id"]))
    if found is None:
        raise web.HTTPNotFound(text="This file is no longer kept.")
    # What a buyer takes back is gone at once: nothing is shown without asking again.
    return await _answer(request, app, found, cache="private, no-cache", save="download" in request.query)


@allows("agent")
async def upload(request: web.Request) -> web.Response:
    """Keep an agent's file (field ``file``) for the thread ``?conversation=17``; answer how to send it.

    As JSON: what `MediaRef` holds, and ``src``, where the desk shows it. A refusal is ``{"error": why}`` with
    why as in `UploadRefused`, or ``no_file``.
    """
    app = request.app[APP]
    chosen = request.query.get("conversation", "")
    thread = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else None
    try:
        name, data = await read_file(request, largest(app))
        ref = await store_upload(app, data, name, conversation_id=thread, by=f"account:{request[ME].id}")
    except UploadRefused as refusal:
        status = (
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            if refusal.why == _TOO_LARGE
            else HTTPStatus.UNPROCESSABLE_ENTITY
        )
        return web.json_response({"error": refusal.why, "largest": largest(app)}, status=status)
    return web.json_response(described(ref), status=HTTPStatus.CREATED)


def described(ref: MediaRef) -> dict[str, str | int | None]:
    """Return what a page needs to know of a file that may be sent."""
    return {
        "id": ref.id,
        "url": ref.url,
        "src": f"/desk/media/{ref.id}",
        "kind": ref.kind,
        "mime": ref.mime,
        "width": ref.width,
        "height": ref.height,
        "size": ref.size,
        "name": ref.name,
    }


async def read_file(request: web.Request, most: int) -> tuple[str, bytes]:
    """Return name and content of the form's field ``file``, of at most ``most`` bytes.

    Raises:
        UploadRefused: it is too large, or there is none.

    """
    if not request.content_type.startswith("multipart/"):
        raise UploadRefused("no_file", "A file is sent as multipart/form-data.")
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name != "file":
            continue
        data = bytearray()
        while chunk := await part.read_chunk(_CHUNK):
            data += chunk
            if len(data) > most:
                raise UploadRefused(_TOO_LARGE, f"A file may have {most} bytes (desk.media_mb).")
        return part.filename or "", bytes(data)
    raise UploadRefused("no_file", "The form has no file in its field `file`.")


async def _answer(
    request: web.Request, app: App, file: KeptMedia, *, cache: str, save: bool = False
) -> web.Response:
    """Answer with a file or the part of it that was asked for (RFC 9110, 14)."""
    tag = f'"{file.sha256}"'
    headers = {
        "Accept-Ranges": "bytes",
        "Cache-Control": cache,
        "Content-Disposition": disposition(file, save=save),
        "Content-Security-Policy": _LOCKED,
        "Cross-Origin-Resource-Policy": "same-origin"
        if request.path.startswith("/desk/")
        else "cross-origin",
        "ETag": tag,
        "Last-Modified": _http_date(file.created_at),
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex",
    }
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    status, start, length = _part(request, file.size, tag)
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return web.Response(status=status, headers={**headers, "Content-Range": f"bytes */{file.size}"})
    if status == HTTPStatus.PARTIAL_CONTENT:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{file.size}"
    body = await app.store.media.read(file.id, start, None if length == file.size else length)
    if body is None:
        raise web.HTTPNotFound(text="This file is no longer kept.")
    return web.Response(body=body, status=status, headers={**headers, "Content-Type": file.mime})


def _part(request: web.Request, size: int, tag: str) -> tuple[HTTPStatus, int, int]:
    """Return the answer's status, and where the part begins and how long it is."""
    whole = (HTTPStatus.OK, 0, size)
    if "Range" not in request.headers or request.headers.get("If-Range", tag) != tag:
        return whole
    try:
        asked = request.http_range
    except ValueError:
        return whole  # what cannot be read, or asks for several parts, is passed over
    start, stop, _ = asked.indices(size)
    if start >= stop:
        return (HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, 0, 0)
    return (HTTPStatus.PARTIAL_CONTENT, start, stop - start)


def disposition(file: KeptMedia, *, save: bool = False) -> str:
    """Return how a browser is to treat a file, and under which name it would save it."""
    way = "inline" if file.type in _SHOWN and not save else "attachment"
    if not file.name:
        return way
    plain = "".join(
        sign if (sign.isascii() and sign.isalnum()) or sign in "-_. " else "_" for sign in file.name
    )
    return f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"


def _http_date(moment: datetime) -> str:
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")
