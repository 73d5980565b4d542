"""How easily the house's texts are read: Flesch's formula for English, Amstad's for German.

``make reading`` prints it as a table. Both go from about 0 (a law) over 60 (a newspaper for everybody) to
above 100 (a word or two); they count how long sentences and words are.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from statistics import mean
from typing import Final, Literal, TypeAlias

from tests.dialogs.house_texts import Text, house_texts

Language: TypeAlias = Literal["de", "en"]

FEW_WORDS: Final = 12
"""Of shorter texts the formulas say nothing: one long word decides."""

_NO_FLOWS: Final = ("phrases.yml", "templates.yml")
_BRACES: Final = re.compile(r"\{[^{}]*\}")
_QUOTED: Final = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_ADDRESS: Final = re.compile(r"https?://\S+|\S+@\S+")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_SENTENCE: Final = re.compile(r"[.!?…:]+[”“\")]*(?=\s|$)|\n+|\s–\s")
_ABBREVIATED: Final = re.compile(r"\b(?:z\. B|d\. h|u\. a|Nr|ca|bzw|usw|St|e\.g|i\.e|a\.m|p\.m)\.")

_HIATUS: Final = re.compile(
    r"(?<=\bbe)(?=[aoäöü]|e[ein]|ur)|(?<=\bge)(?=[aouäöü]|e[hi]|irr)"  # be|antworten, ge|öffnet
    r"|(?<=[aeiouäöü])(?=ung)"  # Betreu|ung
    r"|(?<=[lnrt]i)(?=en?\b|o|a|um)"  # Famili|e, Rati|o, Materi|al
)
"""Where two vowels of a German word do not belong together."""

_GERMAN: Final = re.compile(r"aa|ee|oo|ai|ei|au|eu|äu|ie|oi|ey|ay|oy|qu[aeiouäöü]+|[aeiouyäöüáàéèêíóú]")
_ENGLISH: Final = re.compile(r"[aeiouy]+")
_SILENT_E: Final = re.compile(r"(?<=[aeiouy])(?:[^aeiouyl]{1,2}|l)e$|(?<=[aeiouy][^aeiouy])es$")
_LOUD_ES: Final = re.compile(r"(?:[sxz]|ch|sh|c|g)es$")
_SILENT_ED: Final = re.compile(r"(?<=[^td])ed$")
_APART: Final = re.compile(
    r"ia|io(?!us|n)|iu|eo(?!us)|ua(?!r)|uo|yi|ei(?=ng)|oi(?=ng)|ue(?=l)|ii|oe(?=m)|ea(?=te|ti)|(?<=[vr])io(?=us)"
)
"""Vowels of an English word that are spoken one after the other."""

_BY_HEART: Final[Mapping[Language, Mapping[str, int]]] = {
    "de": {
        "team": 1, "teams": 1, "museum": 3, "partien": 2, "garantie": 3, "garantien": 3, "quartier": 2,
    },
    "en": {
        "people": 2, "something": 2, "sometimes": 2, "someone": 2, "every": 2, "everything": 3, "everyone": 3,
        "business": 2, "idea": 3, "ideas": 3, "area": 3, "areas": 3, "science": 2, "experience": 4,
        "awesome": 2, "therefore": 2, "somewhere": 2, "anywhere": 3, "elsewhere": 2, "homemade": 2,
    },
}  # fmt: skip
"""Words that do not sound as they are written."""

_TOGETHER: Final = frozenset({"can", "don", "won", "aren", "weren"})
"""Before n't: spoken as one syllable."""


def syllables(word: str, language: Language) -> int:
    """How many syllables a word has when it is spoken, by its letters; at least one."""
    word = word.lower()
    known = _BY_HEART[language].get(word)
    return known or max(1, _german(word) if language == "de" else _english(word))


def _german(word: str) -> int:
    return sum(len(_GERMAN.findall(part)) for part in _HIATUS.split(word))


def _english(word: str) -> int:
    stem, _, ending = word.replace("’", "'").partition("'")
    count = len(_ENGLISH.findall(stem)) + len(_APART.findall(stem))
    if _SILENT_ED.search(stem):
        count -= len(stem) > 3 and stem[-3] not in "aeiouy"
    elif stem.endswith("es"):
        count -= _SILENT_E.search(stem) is not None and _LOUD_ES.search(stem) is None
    elif stem.endswith("e"):
        count -= _SILENT_E.search(stem) is not None or stem[-2:-1] not in "aeiouyl"
    return max(count, 1) + (ending == "t" and stem not in _TOGETHER)


def spoken(text: str) -> str:
    """The text with what braces may say, and a plain word for what they fill in."""

    def said(brace: re.Match[str]) -> str:
        quoted = [match[1] or match[2] or "" for match in _QUOTED.finditer(brace[0])]
        return quoted[0] if quoted else "Wort"

    return _ADDRESS.sub("", _ABBREVIATED.sub("Wort", _BRACES.sub(said, text)))


def words_in(text: str) -> list[str]:
    """The words of a text; numbers are none."""
    return _WORD.findall(spoken(text))


def ease(text: str, language: Language) -> float:
    """How easily a text is read. A text without words is as easy as can be."""
    words = words_in(text)
    if not words:
        return 120.0
    sentences = sum(bool(_WORD.search(part)) for part in _SENTENCE.split(spoken(text)))
    long = len(words) / max(sentences, 1)
    rich = sum(syllables(word, language) for word in words) / len(words)
    if language == "de":
        return 180 - long - 58.5 * rich
    return 206.835 - 1.015 * long - 84.6 * rich


def language_of_key(key: str) -> Language:
    """The language of a text's key."""
    return "en" if key == "en" else "de"


def eases(texts: Iterable[Text]) -> Iterator[tuple[Text, str, float]]:
    """The ease of every text that is long enough for it, in every way it is written."""
    for text in texts:
        for key, one in text.texts.items():
            if len(words_in(one)) > FEW_WORDS:
                yield text, key, ease(one, language_of_key(key))


def table() -> str:
    """A row for each part of the house: how many long texts, their ease on average and at worst."""
    found: dict[str, dict[Language, list[float]]] = defaultdict(lambda: {"de": [], "en": []})
    for text, key, value in eases(house_texts()):
        for part in (_part(text.file), "**all**"):
            found[part][language_of_key(key)].append(value)
    head = ["| texts | how many | German | hardest | English | hardest |", f"|{' --- |' * 6}"]
    return "\n".join([*head, *(_row(part, found[part]) for part in sorted(found, key=_last))])


def _part(file: str) -> str:
    """All flows are one part; every other file is one of its own."""
    name = file.removeprefix("dialogs/")
    return "flows" if name.startswith("scripts/") and not name.endswith(_NO_FLOWS) else name


def _last(part: str) -> tuple[bool, str]:
    return part.startswith("*"), part


def _row(name: str, found: Mapping[Language, list[float]]) -> str:
    cells = [f"{mean(values):.0f} | {min(values):.0f}" if values else "– | –" for values in found.values()]
    return f"| {name} | {sum(map(len, found.values()))} | {' | '.join(cells)} |"


def hardest(many: int = 10) -> Iterator[str]:
    """The texts that are the hardest to read, with their places."""
    for text, key, value in sorted(eases(house_texts()), key=lambda one: one[2])[:many]:
        yield text.told(key, f"{value:.0f}")


if __name__ == "__main__":
    print(table())
    print("\nThe hardest:\n" + "\n".join(hardest()))
