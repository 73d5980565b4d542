"""Text within limits: measuring, cutting and splitting by bytes or characters, always on grapheme borders.

A *character* is a UTF-16 code unit here, as Telegram counts: never fewer than another way of counting would
find.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import regex

Unit: TypeAlias = Literal["bytes", "characters"]

ELLIPSIS: Final = "…"

_GRAPHEME: Final = regex.compile(r"\X")
_SENTENCE_ENDS: Final = frozenset('.!?…:;)"“”»')
_GLUE: Final = frozenset("\u00a0\u2007\u202f\u2060\ufeff")
_PARAGRAPH, _LINE, _SENTENCE, _WORD = 4, 3, 2, 1


def clean(text: str) -> str:
    """``text`` without what cannot be stored or sent: NUL, and halves of surrogate pairs."""
    if text.isascii():
        return text.replace("\0", "") if "\0" in text else text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text.replace("\0", "")


def measure(text: str, unit: Unit) -> int:
    """The length of ``text`` in ``unit``."""
    if text.isascii():
        return len(text)
    return len(text.encode()) if unit == "bytes" else len(text.encode("utf-16-le")) // 2


def cut(text: str, limit: int, unit: Unit) -> str:
    """``text`` in at most ``limit``, with "…" where something was cut off."""
    if measure(text, unit) <= limit:
        return text
    room = limit - measure(ELLIPSIS, unit)
    if room < 0:
        return ""
    return text[: _prefix(text, room, unit)].rstrip() + ELLIPSIS


def split(text: str, limit: int, unit: Unit) -> tuple[str, ...]:
    """``text`` in parts of at most ``limit``, none of them blank, put apart where it hurts least.

    Paragraphs first, then lines, sentences, words; a single word that is too long is put apart between
    graphemes. Joined again, the parts are the text but for blanks at the cuts. Only a grapheme that alone
    exceeds ``limit`` is put apart itself, and what cannot fit at all (``limit`` below four bytes) is left
    out.
    """
    parts: list[str] = []
    rest = text.strip()
    while measure(rest, unit) > limit:
        end, after = _cut_at(rest, limit, unit)
        part = rest[:end].rstrip()
        if part:
            parts.append(part)
        rest = rest[after:].lstrip()
    if rest:
        parts.append(rest)
    return tuple(parts)


def _prefix(text: str, limit: int, unit: Unit) -> int:
    """How much of ``text`` fits, on a grapheme border."""
    fits = _fits(text, limit, unit)
    end = 0
    for match in _GRAPHEME.finditer(text):
        if match.end() > fits:
            break
        end = match.end()
    return end


def _fits(text: str, limit: int, unit: Unit) -> int:
    """How many code points of ``text`` fit."""
    if unit == "bytes":
        return len(text[:limit].encode()[:limit].decode("utf-8", "ignore"))
    return len(text[:limit].encode("utf-16-le")[: 2 * limit].decode("utf-16-le", "ignore"))


def _cut_at(text: str, limit: int, unit: Unit) -> tuple[int, int]:
    """Where the first part ends and where the next begins. Something is always taken away."""
    fits = _fits(text, limit, unit)
    best, whole = _borders(text, fits)
    for kind in (_PARAGRAPH, _LINE, _SENTENCE):
        if best.get(kind, 0) >= max(fits // 2, 1):
            return best[kind], best[kind]
    # A single grapheme may be longer than the whole message, and even a single character may.
    end = best.get(_WORD, 0) or whole or fits
    return (end, end) if end > 0 else (0, 1)


def _borders(text: str, fits: int) -> tuple[dict[int, int], int]:
    """The last border of each kind within the first ``fits`` code points, and the last between graphemes."""
    best: dict[int, int] = {}
    whole = newlines = 0
    before = ""
    for match in _GRAPHEME.finditer(text):
        start, end = match.span()
        grapheme = match.group()
        if start > fits:
            break
        if grapheme.isspace() and grapheme not in _GLUE:
            newlines += "\n" in grapheme or "\r" in grapheme
            kinds = (_WORD, _LINE, _PARAGRAPH)[: 1 + min(newlines, 2)]
            best.update(dict.fromkeys(kinds, start))
            if before in _SENTENCE_ENDS:
                best[_SENTENCE] = start
        else:
            newlines, before = 0, grapheme
        if end <= fits:
            whole = end
    return best, whole
