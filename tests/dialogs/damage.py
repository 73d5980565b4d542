"""Damaged files, as hasty owners and broken editors leave them behind: what Hypothesis draws them from."""

from __future__ import annotations

from collections.abc import Sequence
from string import printable
from typing import Final

from hypothesis import strategies as st

SPLINTERS: Final = (
    "{", "}", "[", "]", ":", "- ", "\n", "  ", "\t", '"', "'", "&a ", "*a ", "!!python/name:os.system ",
    "<<: ", "? ", "2026-13-45", "1e999", "0x", "08", "null", "~", "%", "@", "`", "|", ">", "---\n", "\x00",
    "\ud800", "🧵", "ß", "\u2028", "\x85", "yes", "id: x\n", "steps:\n", "go: ", "end", "{helo}", "{{",
    "-3 days", "99999 weeks",
)  # fmt: skip
"""What gets into files by accident."""


def _cut(text: str, where: float, length: int, splinter: str) -> str:
    place = int(where * len(text))
    return text[:place] + splinter + text[place + length :]


def _moved(text: str, where: float, whither: float, how: str) -> str:
    """The text with a line lost, doubled, indented, or swapped with another."""
    lines = text.split("\n")
    i, j = int(where * len(lines)), int(whither * len(lines))
    match how:
        case "lost":
            del lines[i]
        case "doubled":
            lines.insert(j, lines[i])
        case "swapped":
            lines[i], lines[j] = lines[j], lines[i]
        case _:
            lines[i] = f"  {lines[i]}" if whither < 0.5 else lines[i][2:]
    return "\n".join(lines)


_place = st.floats(0, 1, exclude_max=True)
_cuts = st.tuples(_place, st.integers(0, 30), st.sampled_from(SPLINTERS) | st.text(printable, max_size=4))
_moves = st.tuples(_place, _place, st.sampled_from(["lost", "doubled", "swapped", "indented"]))


@st.composite
def damaged(draw: st.DrawFn, texts: Sequence[str]) -> str:
    """One of ``texts`` with one to four accidents."""
    text = draw(st.sampled_from(texts))
    for accident in draw(st.lists(_cuts | _moves, min_size=1, max_size=4)):
        match accident:
            case (float(where), int(length), str(splinter)):
                text = _cut(text, where, length, splinter)
            case (float(where), float(whither), str(how)):
                text = _moved(text, where, whither, how)
    return text
