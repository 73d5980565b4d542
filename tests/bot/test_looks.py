"""The colours of all pages: every ink can be read on every paper it may stand on, in both themes."""

import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "bot" / "web" / "static"
TOKENS = (STATIC / "tokens.css").read_text(encoding="utf-8")
THEMES = {"light": 0, "dark": 1}
PAPERS = ("paper", "card", "raised")
LABELS = ("grey", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")
WORDS = [
    *[(ink, paper) for ink in ("ink", "soft", "bad", "warn", "good", "info") for paper in PAPERS],
    *[("accent", paper) for paper in ("paper", "card", "raised")],
    *[(state, f"{state}-tint") for state in ("bad", "warn", "good", "info")],
    *[(f"on-{colour}", colour) for colour in LABELS],
    *[("ink", speaker) for speaker in ("buyer", "bot", "agent", "phone", "tint", "mark")],
    *[("soft", speaker) for speaker in ("buyer", "bot", "agent", "phone", "tint")],
    ("note-ink", "note"), ("accent-ink", "tint"), ("on-accent", "accent"), ("on-accent", "accent-hover"),
    ("on-bad", "bad-solid"),
]  # fmt: skip
LINES = [("strong-line", paper) for paper in ("card", "paper")] + [("focus", paper) for paper in PAPERS]


def colours(theme: str) -> dict[str, tuple[int, int, int]]:
    found = re.findall(r"--([a-z-]+): light-dark\(#([0-9a-f]{6}), #([0-9a-f]{6})\)", TOKENS)
    return {
        name: tuple(int(both[THEMES[theme]][at : at + 2], 16) for at in (0, 2, 4))  # type: ignore[misc]  # three each
        for name, *both in found
    }


def luminance(colour: tuple[int, int, int]) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (one / 255 for one in colour)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES)
def test_words_can_be_read(theme: str) -> None:
    known = colours(theme)
    faint = {pair: round(contrast(known[pair[0]], known[pair[1]]), 2) for pair in WORDS}
    assert {pair: ratio for pair, ratio in faint.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_lines_that_carry_meaning_can_be_seen(theme: str) -> None:
    known = colours(theme)
    faint = {pair: round(contrast(known[pair[0]], known[pair[1]]), 2) for pair in LINES}
    assert {pair: ratio for pair, ratio in faint.items() if ratio < 3} == {}


def test_only_the_tokens_know_colours() -> None:
    """Styles name colours by their token; exceptions are the channels' own, and what stands anywhere."""
    allowed = re.compile(r"#fff\b|\.q-channel|toast")
    for file in ("base.css", "desk.css"):
        for line in (STATIC / file).read_text(encoding="utf-8").splitlines():
            if re.search(r"#[0-9a-f]{3,6}\b", line) and not line.lstrip().startswith(("*", "/*")):
                assert allowed.search(line), (file, line)


def test_every_icon_that_a_page_names_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z-]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    templates = (STATIC.parent / "templates").rglob("*.html")
    named = {name for file in templates for name in re.findall(r'icon\("([a-z-]+)"', file.read_text("utf-8"))}
    assert named - drawn == set()
