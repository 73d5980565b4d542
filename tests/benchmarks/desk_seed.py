"""A shop that has been open for a year, written by the database itself: quick, and always the same.

`seed` fills the tables that the desk reads. Every number follows from the conversation's and the message's
own, so that the same scale makes the same shop on both engines.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from dialogs.folding import fold
from persistence.database import microseconds

NOW: Final = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
"""The moment at which the shop is looked at."""

ME: Final = 3
"""An account that has conversations."""

WORDS: Final = 4096


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the shop is: conversations of 19 messages each on average, the first one of ``longest``."""

    conversations: int = 100_000
    longest: int = 100_000

    @property
    def messages(self) -> int:
        """How many messages that makes, in and out, nearly."""
        return self.longest + 19 * (self.conversations - 1)


FULL: Final = Scale()
"""100,000 conversations and two million messages."""

_FREQUENT: Final = """
    ich die der das und ist nicht zu mein habe danke bestellung paket wo bleibt noch immer bitte maschine geht
    kaputt wann kommt hallo guten tag größe müller rückgabe geld zurück kaffee bohnen jacke reißverschluss
    wasser läuft aus schon wieder keine antwort super toll freue mich sehr schnell lieferung adresse
    falsch artikel
"""
_SYLLABLES: Final = (
    "ka",
    "mo",
    "ler",
    "tin",
    "bas",
    "ro",
    "sel",
    "vin",
    "dor",
    "pa",
    "nu",
    "gri",
    "hel",
    "zo",
)


def vocabulary() -> list[str]:
    """Words as a language has them: a few everywhere, most of them rare. Their places are drawn evenly."""
    words: list[str] = []
    for rank, word in enumerate(_FREQUENT.split(), 1):
        words += [word] * max(1, int(WORDS / 4 / rank))
    number = 0
    while len(words) < WORDS:
        first, rest = number % len(_SYLLABLES), number // len(_SYLLABLES)
        second, third = rest % len(_SYLLABLES), rest // len(_SYLLABLES)
        words.append(_SYLLABLES[third % len(_SYLLABLES)] + _SYLLABLES[second] + _SYLLABLES[first])
        number += 1
    return words[:WORDS]


def _statements(scale: Scale) -> list[str]:
    """The statements of ``desk_seed.sql``, in order, with all numbers filled in."""
    start = microseconds(NOW - timedelta(days=365))
    step = (microseconds(NOW - timedelta(days=4)) - start) // scale.conversations
    began = f"CAST({start} AS bigint) + CAST({step} AS bigint) * c"
    factors = ((7919, 337), (401, 104729), (1299, 15485), (541, 7), (3571, 1223), (31, 6133))
    filled = {
        "conversations_series": "WITH RECURSIVE series (c) AS (SELECT CAST(1 AS bigint) "
        f"UNION ALL SELECT c + 1 FROM series WHERE c < {scale.conversations})",
        "began": began,
        "heard": f"CASE WHEN c = 1 THEN {microseconds(NOW)} ELSE {began} + 10800000000 * (10 + c % 19) END",
        "channel": "CASE c % 3 WHEN 0 THEN 'instagram' WHEN 1 THEN 'whatsapp' ELSE 'telegram' END",
        "now": str(microseconds(NOW)),
        "longest": str(scale.longest),
        "words": " || ' ' || ".join(f"w{n}.word" for n in range(len(factors))),
        "folded": " || ' ' || ".join(f"w{n}.folded" for n in range(len(factors))),
        "joins": " ".join(
            f"JOIN seed_words w{n} ON w{n}.n = (m.c * {a} + m.k * {b} + (m.c / 7) * (m.k / 3)) % {WORDS}"
            for n, (a, b) in enumerate(factors)
        ),
    }
    text = Path(__file__).with_suffix(".sql").read_text("utf-8")
    written = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return [one.format(**filled) for one in written.split(";\n") if one.strip()]


def seed(connection: Any, scale: Scale = FULL) -> None:
    """Fill an empty, migrated database."""
    run = connection.exec_driver_sql
    run("CREATE TEMPORARY TABLE seed_words (n integer PRIMARY KEY, word text, folded text)")
    rows = ", ".join(f"({n}, '{word}', '{fold(word)}')" for n, word in enumerate(vocabulary()))
    run(f"INSERT INTO seed_words (n, word, folded) VALUES {rows}")
    for statement in _statements(scale):
        if connection.dialect.name == "postgresql" and " JOIN " in statement:
            run("ANALYZE")  # it would take tables that have just been filled for empty ones
        run(statement)
    run("DROP TABLE seed_messages")
    run("DROP TABLE seed_words")
    if connection.dialect.name == "postgresql":
        for name in ("buyers", "conversations", "inbox", "outbox", "search_docs", "handoffs", "labels"):
            run(f"SELECT setval('{name}_id_seq', (SELECT max(id) FROM {name}))")
