"""Files for a buyer who sends something without having anything: a picture, a tone, a film."""

from __future__ import annotations

import io
import math
import struct
import wave
from functools import cache
from pathlib import Path
from typing import Final

import segno
from aiohttp import web

from integrations.sandbox.errors import Complaint
from integrations.sandbox.platform import FileKind

_RATE: Final = 8000
_PICTURE: Final = "sample.png"
_TONE: Final = "sample.wav"
_FILM: Final = "sample.mp4"
_FILES: Final[dict[FileKind, str]] = {
    "image": _PICTURE,
    "sticker": _PICTURE,
    "document": _PICTURE,
    "audio": _TONE,
    "video": _FILM,
    "location": "",
    "ephemeral": "",
}


@cache
def picture() -> bytes:
    """Return a PNG."""
    file = io.BytesIO()
    segno.make("Nachklang").save(file, kind="png", scale=8)
    return file.getvalue()


@cache
def tone() -> bytes:
    """Return a WAV of one second."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(_RATE)
        samples = (int(8000 * math.sin(2 * math.pi * 440 * i / _RATE)) for i in range(_RATE))
        out.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return file.getvalue()


@cache
def film() -> bytes:
    """Return an MP4 of a second and a half: a ball going round."""
    return (Path(__file__).parent / _FILM).read_bytes()


def default_address(request: web.Request, kind: FileKind) -> str:
    """Return where a file of this kind is; empty where none is needed."""
    prefix = request.path.partition("/api/")[0]
    name = _FILES[kind]
    return f"{request.url.origin()}{prefix}/media/{name}" if name else ""


_MADE: Final = {_PICTURE: (picture, "image/png"), _TONE: (tone, "audio/wav"), _FILM: (film, "video/mp4")}


def size_of(url: str) -> dict[str, int]:
    """Return ``{"file_size": bytes}`` of one of these files; nothing of a file that lies elsewhere."""
    folder, _, name = url.rpartition("/")
    return {"file_size": len(_MADE[name][0]())} if folder.endswith("/media") and name in _MADE else {}


async def serve(request: web.Request) -> web.Response:
    """Answer ``GET /media/{name}``."""
    found = _MADE.get(request.match_info["name"])
    if found is None:
        raise Complaint("There is no such file.", status=404)
    make, kind = found
    return web.Response(body=make(), content_type=kind)
