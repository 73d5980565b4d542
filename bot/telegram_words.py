"""The words of the desk in Telegram groups, in the shop's language; they stand in ``telegram_words.yml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml

Language: TypeAlias = Literal["de", "en"]

_FILE = Path(__file__).with_name("telegram_words.yml")


@dataclass(frozen=True, slots=True)
class Words:
    """All words of one language."""

    language: Language
    entries: Mapping[str, str]

    def __call__(self, key: str, /, **values: object) -> str:
        """Return an entry with its gaps filled."""
        return self.entries[key].format(**values)

    def either(self, *keys: str) -> str:
        """Return the first entry that there is."""
        return next(self.entries[key] for key in keys if key in self.entries)


@cache
def words_in(language: Language) -> Words:
    """Return the words of a language."""
    return Words(language, read_words()[language])


@cache
def read_words() -> Mapping[Language, Mapping[str, str]]:
    """Return all entries by language and dotted key."""
    raw: dict[Language, dict[str, Any]] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {language: dict(_flat(entries, "")) for language, entries in raw.items()}


def _flat(entries: Mapping[str, Any], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in entries.items():
        key = f"{prefix}{name}"
        found += _flat(value, f"{key}.") if isinstance(value, dict) else [(key, str(value))]
    return found
