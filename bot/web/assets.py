"""The files that pages load: styles, scripts, pictures and the libraries.

They are read once and kept in memory, and browsers keep them for ever: the address of every file holds a hash
of all of them, so files may name each other relatively.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from bot.config import ConfigError
from bot.web.access import open_to_all

_STATIC: Final = Path(__file__).parent / "static"
_MODULES: Final = Path(__file__).parent.parent.parent / "node_modules"
LIBRARIES: Final[Mapping[str, str]] = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
}
"""What is served of ``node_modules``, and as what."""
# Told here, because what a machine's own table knows differs from one to the next.
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mp3": "audio/mpeg",
    ".ogg": "audio/ogg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
_PACKED: Final = frozenset({".css", ".ico", ".js", ".json", ".svg", ".webmanifest"})
_FOR_EVER: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file, as it is and packed; ``packed`` is empty where packing gains nothing."""

    kind: str
    plain: bytes
    packed: bytes


class Assets:
    """All files by name."""

    def __init__(self, files: Mapping[str, Asset]) -> None:
        """Serve ``files``."""
        self._files = files
        whole = hashlib.sha256()
        for name in sorted(files):
            whole.update(name.encode() + b"\0" + hashlib.sha256(files[name].plain).digest())
        self.hash: Final = whole.hexdigest()[:16]

    def url(self, name: str) -> str:
        """Return the address of a file.

        Raises:
            KeyError: there is no such file: a mistake in a page, found by its test.

        """
        if name not in self._files:
            raise KeyError(f"there is no file {name!r} in bot/web/static or among the libraries")
        return f"/static/{self.hash}/{name}"

    def find(self, name: str) -> Asset | None:
        """Return a file."""
        return self._files.get(name)


ASSETS: Final[web.AppKey[Assets]] = web.AppKey("assets", Assets)


def read_assets(static: Path = _STATIC, modules: Path = _MODULES) -> Assets:
    """Read every file.

    Raises:
        ConfigError: the libraries are not there; it says how to get them.

    """
    files = {
        path.relative_to(static).as_posix(): _read(path)
        for path in sorted(static.rglob("*"))
        if path.is_file() and path.suffix in _TYPES
    }
    missing = [file for file in LIBRARIES.values() if not (modules / file).is_file()]
    if missing:
        raise ConfigError(
            f"the pages' libraries are missing ({', '.join(missing)} in {modules}): run `make setup`, or "
            "`npm ci --omit=dev` in the project's folder"
        )
    files |= {name: _read(modules / file) for name, file in LIBRARIES.items()}
    return Assets(files)


def add_asset_routes(site: web.Application) -> None:
    """Serve ``/static/…``. ``site[ASSETS]`` must be set."""
    site.router.add_get("/static/{hash}/{name:.+}", serve)


@open_to_all
async def serve(request: web.Request) -> web.Response:
    """Return a file; of an older page's address what the file is now, which nobody may keep."""
    assets = request.app[ASSETS]
    asset = assets.find(request.match_info["name"])
    if asset is None:
        raise web.HTTPNotFound(text="there is no such file")
    fresh = request.match_info["hash"] == assets.hash
    headers = {
        "Content-Type": asset.kind,
        "Cache-Control": _FOR_EVER if fresh else "no-cache",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    }
    if not asset.packed:
        return web.Response(body=asset.plain, headers=headers)
    headers["Vary"] = "Accept-Encoding"
    if "gzip" not in request.headers.get("Accept-Encoding", ""):
        return web.Response(body=asset.plain, headers=headers)
    return web.Response(body=asset.packed, headers={**headers, "Content-Encoding": "gzip"})


def _read(path: Path) -> Asset:
    plain = path.read_bytes()
    packed = gzip.compress(plain, 9, mtime=0) if path.suffix in _PACKED else b""
    return Asset(_TYPES[path.suffix], plain, packed if len(packed) < len(plain) else b"")
