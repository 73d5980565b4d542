"""The words of the pages, in German and English: read once from ``words/<language>/<area>.yml``.

A key is the area and the way through its file: ``people.invite.title``. An entry is a text, or the forms of a
number: ``{one: …, other: …}`` (and ``zero``), of which ``n`` chooses. Texts are plain, not HTML; ``{name}``
is filled in. Both are escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

import yaml
from markupsafe import Markup, escape

Language: TypeAlias = Literal["de", "en"]
Entry: TypeAlias = str | Mapping[str, str]

LANGUAGES: Final[tuple[Language, ...]] = ("de", "en")
FOLDER: Final = Path(__file__).parent / "words"
_FORMS: Final = {"zero", "one", "other"}


class Wording:
    """All words, by language and key."""

    def __init__(self, words: Mapping[Language, Mapping[str, Entry]]) -> None:
        """Speak with these words."""
        self._words = words

    def keys(self, language: Language) -> frozenset[str]:
        """Return all keys of a language."""
        return frozenset(self._words[language])

    def entry(self, language: Language, key: str) -> Entry:
        """Return an entry as it is written."""
        return self._words[language][key]

    def say(self, language: Language, key: str, /, **values: object) -> Markup:
        """Return a text with its values filled in, safe to stand in HTML.

        Raises:
            KeyError: there is no such key, or a value is missing: a mistake in a page, found by its test.

        """
        plain = _escaped(self._text(language, key, values))
        if "{" not in plain:
            return plain
        # As `Markup.format` would, which costs ten times as much.
        filled = str(plain).format(**{name: escape(value) for name, value in values.items()})
        return Markup(filled)  # noqa: S704 - text and values are escaped

    def plain(self, language: Language, key: str, /, **values: object) -> str:
        """Return a text with its values filled in, for mails: it is not HTML and not safe to be.

        Raises:
            KeyError: as for `say`.

        """
        return self._text(language, key, values).format(**values)

    def _text(self, language: Language, key: str, values: Mapping[str, object]) -> str:
        entry = self._words[language][key]
        return entry if isinstance(entry, str) else entry[_form(entry, values["n"])]

    def has(self, language: Language, key: str) -> bool:
        """Tell whether there is such a key."""
        return key in self._words[language]


@lru_cache(maxsize=4096)  # the words stay the same, and a page says them hundreds of times
def _escaped(text: str) -> Markup:
    return escape(text)


def read_words(folder: Path = FOLDER) -> Wording:
    """Read all files of all languages.

    Raises:
        ValueError: a file does not hold texts by key; the message names it.

    """
    return Wording({language: _language(folder / language) for language in LANGUAGES})


def _language(folder: Path) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for file in sorted(folder.glob("*.yml")):
        # A loader to which everything is text: others take the words no, on and n for truths.
        raw = yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506 - it makes texts only
        if not isinstance(raw, dict):
            raise ValueError(f"{file}: expected `key: text` lines")  # noqa: TRY004 - the file is wrong
        _flatten(file, file.stem, raw, found)
    return found


def _flatten(file: Path, prefix: str, raw: Mapping[str, object], found: dict[str, Entry]) -> None:
    for name, value in raw.items():
        key = f"{prefix}.{name}"
        if isinstance(value, str):
            found[key] = value
        elif isinstance(value, dict) and "other" in value and set(value) <= _FORMS:
            found[key] = {form: str(text) for form, text in value.items()}
        elif isinstance(value, dict):
            _flatten(file, key, value, found)
        else:
            raise ValueError(f"{file}: {key} is {value!r}; write a text")


def _form(entry: Mapping[str, str], n: object) -> str:
    if n == 0 and "zero" in entry:
        return "zero"
    return "one" if n == 1 and "one" in entry else "other"
