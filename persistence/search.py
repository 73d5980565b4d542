"""Full-text search over what buyers and agents wrote, and over who they are.

What the bot says is its script, and nobody looks for that. How texts come into the index, and leave it, is in
`persistence.search_index`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, select, text
from sqlalchemy.engine import Row

from dialogs.folding import phone_query, snippet, terms
from dialogs.messages import OUTGOING
from persistence.database import Database
from persistence.search_index import index, is_due, read_event, text_of_event, text_of_outgoing
from persistence.tables import Conversation, InboxRow, OutboxRow, table
from persistence.tables_desk import AgentNoteRow
from persistence.tables_search import SearchDocRow, SearchPersonRow

_docs = table(SearchDocRow)
_people = table(SearchPersonRow)
_conversations = table(Conversation)
_inbox = table(InboxRow)
_outbox = table(OutboxRow)
_notes = table(AgentNoteRow)

MOST_PEOPLE: Final = 8
"""Finds by person that stand before those by words."""

_NEWEST: Final = 4000
"""So many of the newest texts are read through before the index is asked: what is found often is found there,
and what is not has few finds, so that neither way is long. Both engines' indexes gather all finds before they
give the newest."""

_WIDER: Final = 8
"""So much further is read where the first look shows that the finds will lie there."""

_COLUMNS: Final = "d.id, d.kind, d.ref, d.conversation_id, d.at"

_KNOWN: Final = 300
_UNSAID: Final = frozenset({"cancelled", "expired", "released", "merged"})


@dataclass(frozen=True, slots=True)
class Hit:
    """One find. ``key`` names the item in its thread (`persistence.desk_thread`), "" for a find by person.

    ``snippet`` is what stands around the find (some 160 characters); ``marks`` are the stretches of it that
    were searched for. ``at`` is when it was written, or when the person was heard last.
    """

    conversation_id: int
    key: str
    snippet: str
    marks: tuple[tuple[int, int], ...]
    at: datetime | None
    name: str | None
    channel: str
    status: str


class Search:
    """Finds words and people."""

    def __init__(self, database: Database) -> None:
        """Search in ``database``."""
        self._database = database

    async def find(self, query: str, most: int = 30) -> tuple[Hit, ...]:
        """Return up to ``most`` finds that hold all words of ``query`` or words that begin so, newest first.

        People come first: by name, user name, e-mail, phone number, or the number of an order. Upper case,
        accents and the spelling of umlauts make no difference. Nothing but spaces and signs finds nothing.
        """
        return await self._database.read(find, query, most)

    async def conversations(self, query: str, most: int = 200) -> tuple[int, ...]:
        """Return the conversations of up to ``most`` finds, each once: what a filtered queue may show."""
        return await self._database.read(conversations, query, most)

    async def index(self, now: datetime, most: int = 200) -> int:
        """Take up to ``most`` new rows of each kind into the index; return how many were looked at."""
        if not await self._database.read(is_due, now):
            return 0
        return await self._database.write(index, now, most)


def find(connection: Connection, query: str, most: int) -> tuple[Hit, ...]:
    """See `Search.find`; in the caller's transaction."""
    wanted = terms(query)
    if not wanted:
        return ()
    people = _people_found(connection, query, wanted, min(most, MOST_PEOPLE))
    found = _docs_found(connection, wanted, most - len(people))
    return (*people, *_hits(connection, found, wanted))


def conversations(connection: Connection, query: str, most: int) -> tuple[int, ...]:
    """See `Search.conversations`; in the caller's transaction."""
    wanted = terms(query)
    if not wanted:
        return ()
    people = _person_ids(connection, query, wanted, most)
    docs = _docs_found(connection, wanted, most)
    return tuple(dict.fromkeys([*people, *(row.conversation_id for row in docs)]))


# -- each engine's own words -------------------------------------------------------------------------------


def _query(connection: Connection, wanted: Sequence[str]) -> str:
    """Say "all of these beginnings". A single letter is a word of its own: too many begin so.

    Words are ASCII letters and digits, so there is nothing to escape.
    """
    if connection.dialect.name == "sqlite":
        return " AND ".join(f'"{word}"*' if len(word) > 1 else f'"{word}"' for word in wanted)
    return " & ".join(f"'{word}':*" if len(word) > 1 else f"'{word}'" for word in wanted)


def _docs_found(connection: Connection, wanted: Sequence[str], most: int) -> Sequence[Row[Any]]:
    if most <= 0:
        return []
    near = _found_near(connection, wanted, most, _NEWEST)
    if len(near) < most and len(near) * _WIDER >= most:
        further = _NEWEST * most // len(near) * 5 // 4
        near = _found_near(connection, wanted, most, min(further, _NEWEST * _WIDER))
    if len(near) >= most:
        return near
    if connection.dialect.name == "sqlite":
        statement = (
            f"SELECT {_COLUMNS} FROM search_docs_words AS w JOIN search_docs AS d ON d.id = w.rowid "  # noqa: S608 - our own names
            "WHERE w.search_docs_words MATCH :query ORDER BY w.rowid DESC LIMIT :most"
        )
    else:
        statement = (
            f"WITH d AS MATERIALIZED (SELECT {_COLUMNS} FROM search_docs AS d "  # noqa: S608 - our own names
            "WHERE array_to_tsvector(string_to_array(d.words, ' ')) @@ CAST(:query AS tsquery)) "
            f"SELECT {_COLUMNS} FROM d ORDER BY d.id DESC LIMIT :most"
        )
    return connection.execute(
        text(statement).columns(at=_docs.c.at.type), {"query": _query(connection, wanted), "most": most}
    ).all()


def _found_near(connection: Connection, wanted: Sequence[str], most: int, newest: int) -> Sequence[Row[Any]]:
    """Read the newest texts through, without the index of words."""
    holds = " AND ".join(f"(' ' || d.words || ' ') LIKE :word{number}" for number in range(len(wanted)))
    return connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM (SELECT * FROM search_docs ORDER BY id DESC LIMIT :newest) AS d "  # noqa: S608 - our own names
            f"WHERE {holds} ORDER BY d.id DESC LIMIT :most"
        ).columns(at=_docs.c.at.type),
        {
            "newest": newest,
            "most": most,
            **{f"word{n}": f"% {word}{'%' if len(word) > 1 else ' %'}" for n, word in enumerate(wanted)},
        },
    ).all()


def _person_ids(connection: Connection, query: str, wanted: Sequence[str], most: int) -> list[int]:
    digits = phone_query(query)
    asked = [wanted] if digits is None else [(digits,), wanted]
    statement = (
        "SELECT p.rowid FROM search_people_words AS p WHERE p.search_people_words MATCH :query "
        "ORDER BY p.rowid DESC LIMIT :most"
        if connection.dialect.name == "sqlite"
        else "SELECT p.conversation_id FROM search_people AS p "
        "WHERE array_to_tsvector(string_to_array(p.words, ' ')) @@ CAST(:query AS tsquery) LIMIT :most"
    )
    found: dict[int, None] = {}
    for words in asked:
        rows = connection.execute(text(statement), {"query": _query(connection, words), "most": most})
        found |= dict.fromkeys(rows.scalars())
    return list(found)


# -- what is shown of a find -------------------------------------------------------------------------------


def _people_found(connection: Connection, query: str, wanted: tuple[str, ...], most: int) -> list[Hit]:
    ids = _person_ids(connection, query, wanted, _KNOWN)
    if not ids:
        return []
    rows = connection.execute(
        select(
            _conversations.c.id,
            _conversations.c.name,
            _conversations.c.channel,
            _conversations.c.status,
            _conversations.c.heard_at,
        )
        .where(_conversations.c.id.in_(ids))
        .order_by(_conversations.c.heard_at.desc(), _conversations.c.id.desc())
        .limit(most)
    )
    hits = []
    for row in rows:
        shown, marks = snippet(row.name or "", wanted)
        hits.append(Hit(row.id, "", shown, marks, row.heard_at, row.name, row.channel, row.status))
    return hits


def _hits(connection: Connection, found: Sequence[Row[Any]], wanted: tuple[str, ...]) -> list[Hit]:
    if not found:
        return []
    texts = _texts(connection, found)
    ids = {row.conversation_id for row in found}
    known = {
        row.id: row
        for row in connection.execute(
            select(
                _conversations.c.id,
                _conversations.c.name,
                _conversations.c.channel,
                _conversations.c.status,
            ).where(_conversations.c.id.in_(ids))
        )
    }
    hits = []
    for row in found:
        said, place = texts.get((row.kind, row.ref)), known.get(row.conversation_id)
        if said is None or place is None:
            continue
        shown, marks = snippet(said, wanted)
        hits.append(
            Hit(
                place.id,
                f"{row.kind}{row.ref}",
                shown,
                marks,
                row.at,
                place.name,
                place.channel,
                place.status,
            )
        )
    return hits


def _texts(connection: Connection, found: Sequence[Row[Any]]) -> dict[tuple[str, int], str]:
    """Return the texts of finds as they are now; what was never said has none."""
    refs: dict[str, list[int]] = {"i": [], "o": [], "n": []}
    for row in found:
        refs[row.kind].append(row.ref)
    texts: dict[tuple[str, int], str] = {}
    if refs["i"]:
        came = select(_inbox.c.id, _inbox.c.event).where(_inbox.c.id.in_(refs["i"]))
        for message in connection.execute(came):
            event = read_event(message.event)
            if event is not None:
                texts["i", message.id] = text_of_event(event)
    if refs["o"]:
        said = select(_outbox.c.id, _outbox.c.outgoing, _outbox.c.status).where(_outbox.c.id.in_(refs["o"]))
        for answer in connection.execute(said):
            if answer.status not in _UNSAID:
                texts["o", answer.id] = text_of_outgoing(OUTGOING.validate_json(answer.outgoing))
    if refs["n"]:
        written = select(_notes.c.id, _notes.c.text).where(_notes.c.id.in_(refs["n"]))
        for note in connection.execute(written):
            texts["n", note.id] = note.text
    return texts
