"""The files of the pages: kept for ever, packed, and named by what is in them."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from bot.config import ConfigError
from bot.web.assets import LIBRARIES, read_assets
from tests.bot.serving import Running


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Files of pages and libraries, as few as there may be."""
    static, modules = tmp_path / "static", tmp_path / "modules"
    (static / "fonts").mkdir(parents=True)
    (static / "base.css").write_text("body { color: red }\n" * 50)
    (static / "fonts" / "a.woff2").write_bytes(b"font")
    (static / "notes.txt").write_text("not for the web")
    for file in LIBRARIES.values():
        (modules / file).parent.mkdir(parents=True, exist_ok=True)
        (modules / file).write_text("library")
    return static, modules


def test_a_change_in_any_file_changes_all_addresses(folders: tuple[Path, Path]) -> None:
    static, _ = folders
    before = read_assets(*folders)
    assert read_assets(*folders).url("base.css") == before.url("base.css")
    (static / "fonts" / "a.woff2").write_bytes(b"another font")
    after = read_assets(*folders)
    assert after.url("base.css") != before.url("base.css")
    assert after.url("fonts/a.woff2").endswith("/fonts/a.woff2")
    assert after.find("notes.txt") is None
    with pytest.raises(KeyError, match=r"nothing\.css"):
        after.url("nothing.css")


def test_missing_libraries_stop_the_start_with_what_to_do(folders: tuple[Path, Path]) -> None:
    static, modules = folders
    (modules / LIBRARIES["htmx.min.js"]).unlink()
    with pytest.raises(ConfigError, match=r"htmx\.min\.js.*`make setup`"):
        read_assets(static, modules)


async def test_files_are_served_packed_and_for_ever(server: Running) -> None:
    assets = read_assets()
    for name in ("base.css", "htmx.min.js"):
        asset = assets.find(name)
        assert asset is not None
        assert gzip.decompress(asset.packed) == asset.plain
        for accepted in ("gzip", "identity"):
            status, headers, body = await _get(server, assets.url(name), accepted)
            assert (status, body) == (200, asset.plain)
            assert headers.get("Content-Encoding") == ("gzip" if accepted == "gzip" else None)
            assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Vary"] == "Accept-Encoding"


async def test_a_page_of_yesterday_still_finds_its_files_but_keeps_none(server: Running) -> None:
    status, headers, _ = await _get(server, "/static/0123456789abcdef/base.css", "gzip")
    assert (status, headers["Cache-Control"]) == (200, "no-cache")
    for path in ("/static/x/nothing.css", "/static/x/../pages.py", "/static/x/%2e%2e/pages.py"):
        assert (await _get(server, path, "gzip"))[0] == 404


async def _get(server: Running, path: str, accepted: str) -> tuple[int, Any, bytes]:
    async with server.client.get(server.url + path, headers={"Accept-Encoding": accepted}) as answer:
        return answer.status, answer.headers, await answer.read()
