"""The page's files keep what its strict content policy asks of them."""

from __future__ import annotations

import re

from tests.integrations.sandbox.phone.stub_world import SANDBOX


def test_the_files_ask_for_nothing_from_elsewhere() -> None:
    page = (SANDBOX / "phone.html").read_text()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)
    files = [
        SANDBOX / "phone.html",
        *(one for one in (SANDBOX / "static").iterdir() if one.suffix in {".js", ".css", ".svg"}),
    ]
    assert len(files) > 15
    for path in files:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://\w", text), path.name
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
        ), path.name
