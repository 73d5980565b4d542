"""Makes text of strangers harmless to look at: the content stays, what plays tricks with a reader goes.

For pages, Telegram, mails and spreadsheets. What is dropped can hide words, turn their order round, spill
over the lines above and below, or break a protocol; none of it can be seen by who reads the text.
"""

from __future__ import annotations

from typing import Final

import regex

MARKS: Final = 4
"""How many combining marks a sign may carry: more than any language needs, far too few to fill a screen."""

_FSI: Final = "\N{FIRST STRONG ISOLATE}"
_PDI: Final = "\N{POP DIRECTIONAL ISOLATE}"

# Most texts are made of these alone: printable signs that stand for themselves, and run from left to right.
_PLAIN: Final = regex.compile(r"[\t\n\x20-\x7e\xa1-\xac\xae-\u02ff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf]*+")
_LINE_ENDS: Final = regex.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
_SURROGATES: Final = regex.compile(r"[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_CONTROLS: Final = regex.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f]")
# An emoji may be several pictures that a joiner holds together, and the flags of some countries are spelt in
# tags that nobody sees. Everything else of this kind is invisible on purpose.
_FLAG: Final = r"\U0001F3F4[\U000E0030-\U000E0039\U000E0061-\U000E007A]{2,6}\U000E007F"
_JOINED: Final = (
    r"(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\uFE0F])\u200D(?=\p{Extended_Pictographic})"
)
# Persian and the scripts of India need joiners between letters to be spelt rightly; never two in a row.
_SPELT: Final = (
    r"(?<=[\p{Arabic}\p{Syriac}\p{Devanagari}\p{Bengali}\p{Gujarati}\p{Gurmukhi}\p{Kannada}\p{Malayalam}"
    r"\p{Oriya}\p{Tamil}\p{Telugu}\p{Sinhala}])[\u200C\u200D]"
    r"(?=[\p{Arabic}\p{Syriac}\p{Devanagari}\p{Bengali}\p{Gujarati}\p{Gurmukhi}\p{Kannada}\p{Malayalam}"
    r"\p{Oriya}\p{Tamil}\p{Telugu}\p{Sinhala}])"
)
_SELECTED: Final = r"[\uFE00-\uFE0F]"
_INVISIBLE: Final = regex.compile(
    rf"(?P<kept>{_FLAG}|{_JOINED}|{_SPELT}|{_SELECTED})"
    r"|\p{Default_Ignorable_Code_Point}|\p{Bidi_Control}|[\uFFF9-\uFFFB]"
)
_TOWER: Final = regex.compile(rf"(\p{{M}}{{{MARKS}}})\p{{M}}+")
_RIGHT_TO_LEFT: Final = regex.compile(r"[\p{Bidi_Class=R}\p{Bidi_Class=AL}\p{Bidi_Class=AN}]")


def harmless(text: str) -> str:
    """Return ``text`` without what plays tricks; words, line ends, tabs and emoji stay as they are.

    A line with letters that run from right to left is isolated (FSI … PDI), so that it cannot move what
    stands beside it. Applied twice it changes nothing more, and what comes back can always be encoded as
    UTF-8.
    """
    if _PLAIN.fullmatch(text):
        return text
    text = _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", text)
    text = _LINE_ENDS.sub("\n", text)
    text = _CONTROLS.sub("", text)
    before = None
    while before != text:  # what is dropped may have kept others from standing side by side
        before, text = text, _TOWER.sub(r"\1", _INVISIBLE.sub(_kept, text))
    if text.isascii():
        return text
    return "\n".join(_isolated(line) for line in text.split("\n"))


def _kept(found: regex.Match[str]) -> str:
    return found["kept"] or ""


def _isolated(line: str) -> str:
    return f"{_FSI}{line}{_PDI}" if _RIGHT_TO_LEFT.search(line) else line
