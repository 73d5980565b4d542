"""How a German text speaks to its reader: by du, by Sie, or not at all.

Written German tells Sie from sie by the capital, and a sentence begins with one anyway: „Sie ist da“ speaks
of a parcel, and so may „Ihre Kurbel liegt bei“. Such beginnings count only where nothing else can be meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Address:
    """The words by which a reader is spoken to. ``weak`` are commands that hint at du and prove nothing."""

    du: tuple[str, ...] = ()
    sie: tuple[str, ...] = ()
    weak: tuple[str, ...] = ()

    @property
    def mixed(self) -> bool:
        """Whether both forms occur."""
        return bool(self.du and self.sie)


_BRACES: Final = re.compile(r"\{[^{}]*\}")
_QUOTED: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_ADDRESS_OF_WEB: Final = re.compile(r"https?://\S+|\S+@\S+")
_NAMED: Final = re.compile(
    r"\b(?:per|beim|zum|vom) „?(?:Du|Sie)\b“?|[„“\"‚](?:du|sie)[“”\"‘]"
    r"|\bdu ?(?:oder|/|und|statt) ?„?sie\b|\bsie ?(?:oder|/|und|statt) ?„?du\b",
    re.IGNORECASE,
)
"""The words themselves are meant: „per Du“, „Du oder Sie“."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_WORD: Final = re.compile(r"[^\W\d_]+(?:[’'](?!\s)[^\W\d_]+)?|[^\w\s]|\n|\d+")
_DU: Final = _set(
    "du dich dir dein deine deinen deinem deiner deines deins deinetwegen "
    "euch euer eure euren eurem eurer eures"
)
_SIE: Final = _set("Sie Ihnen Ihr Ihre Ihren Ihrem Ihrer Ihres")
_POSSESSIVE: Final = _SIE - {"Sie", "Ihnen"}
_BEGINS: Final = frozenset('.!?…:\n„“"‚»«([•–—-*/|')
"""After these a capital may be one of a sentence's beginning; after a dash only at a line's beginning."""

_DASHES: Final = frozenset("–—-*/|")
_NO_VERB: Final = _set("fast zuletzt jetzt erst nicht meist seit selbst sonst bereits zunächst recht weit")
_AFTER_IHR: Final = _set(
    "es sie ihn das die den euch uns mich nicht noch schon gern gerne mal also auch beide zwei alle ja da "
    "dann"
)
"""After these „Ihr“ is you of several people: „wenn Ihr es mögt“, never „Ihr es Paket“."""

_FORMAL: Final = _set(
    "können möchten dürfen müssen sollten wollen bekommen erhalten finden haben brauchen mögen"
)
_OF_HER: Final = _set(
    "ist hat wird kann war hatte soll muss gefällt passt läuft kommt liegt steht geht bleibt"
)
"""What she or it does: formal address takes the plural."""

_OF_YOU_ALL: Final = _set("habt seid könnt wollt mögt dürft müsst solltet könntet wärt hättet")
_COMMANDS: Final = _set(
    "schreib schick sag gib melde antworte schau guck nimm wähl wähle lies probier probiere stell stelle "
    "dreh mach geh warte komm hol klick öffne lass denk scann scanne such tippe gönn genieß"
)
_TO_SOMEBODY: Final = _set("mir uns einfach bitte gern gerne mal kurz hier ruhig")
_SIGNED: Final = _set("der die das des von vom aus für im in bei und")


def address_of(text: str) -> Address:
    """How ``text`` speaks to its reader. Total; made for short messages, with or without placeholders."""
    words = _words(text)
    du: list[str] = []
    sie: list[str] = []
    weak: list[str] = []
    for i, word in enumerate(words):
        first = word.partition("'")[0].partition("’")[0]
        if first.lower() in _DU or (
            first == "ihr" and _OF_YOU_ALL.intersection(map(str.lower, words[max(i - 1, 0) : i + 2]))
        ):
            du.append(word)
        elif first in _SIE:
            which = _capital(words, i, begins=_begins(words, i))
            (du if which == "du" else sie if which == "sie" else []).append(word)
        elif first.lower() in _COMMANDS and _begins(words, i) and first[0].isupper():
            clear = i + 1 < len(words) and words[i + 1] in _TO_SOMEBODY
            (du if clear else weak).append(word)
    return Address(tuple(du), tuple(sie), tuple(weak))


def _words(text: str) -> list[str]:
    """Words and signs; of a placeholder only what it may say, of an address nothing."""
    text = _BRACES.sub(lambda brace: f" {' '.join(_said_in(brace[0]))} X ", text)
    text = _ADDRESS_OF_WEB.sub(" X ", text)
    return _WORD.findall(_NAMED.sub(" X ", text.strip()))


def _said_in(brace: str) -> Iterator[str]:
    for match in _QUOTED.finditer(brace):
        yield match[1] or match[2] or ""


def _begins(words: list[str], i: int) -> bool:
    """Whether the word may be written with a capital only because a sentence begins."""
    if i == 0:
        return True
    before = words[i - 1]
    if before in _DASHES:
        return i == 1 or words[i - 2] == "\n"
    return (
        before in _BEGINS
        or before.isdigit()
        or not (before.isalnum() or before in ",;&%'’")
        or _ends(words, i)
    )


def _ends(words: list[str], i: int) -> bool:
    """Whether a sentence has just ended with a closing quote or bracket, as in „Wirklich?“."""
    return i >= 2 and words[i - 1] in '“”")»‘' and words[i - 2] in ".!?…"


def _capital(words: list[str], i: int, *, begins: bool) -> str:
    """What a capital Sie, Ihnen or Ihr means: ``sie``, ``du`` (Ihr, of several people), nothing certain."""
    word = words[i]
    after = words[i + 1] if i + 1 < len(words) else ""
    if word == "Ihr" and after and after[0].islower() and _several(after):
        return "du"
    if word == "Sie" and after in _OF_HER:
        return ""
    if not begins:
        return "sie"
    if word in _POSSESSIVE and after[:1].isupper() and (i == 0 or _signature(words, i)):
        return "sie"
    if word == "Sie" and i == 0 and after in _FORMAL:
        return "sie"
    return ""


def _several(after: str) -> bool:
    return after in _AFTER_IHR or after == "seid" or (after.endswith("t") and after not in _NO_VERB)


def _signature(words: list[str], i: int) -> bool:
    """Whether a last line such as „Ihr Team von …“ begins here."""
    line = words[i:]
    if words[i - 1] != "\n" or "\n" in line or len(line) > 7:
        return False
    return all(word[0].isupper() or word in _SIGNED or not word[0].isalpha() for word in line)
