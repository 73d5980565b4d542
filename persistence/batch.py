"""Many rows in one parameter: a whole group of events costs one statement instead of one for each row.

What it saves is not the database's work but the hand-overs to it: on SQLite every step of a statement gives
the interpreter away and has to win it back from a busy event loop, on PostgreSQL every row is a message.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

_PARAMETER = "batch"


class Batch:
    """Rows as something to select from, in one engine's own words.

    ``source`` goes into the statement, ``columns`` are the rows' values by name.
    """

    def __init__(self, dialect: str, kinds: Mapping[str, TypeEngine[Any]]) -> None:
        """Describe rows that hold, in this order, values of these kinds."""
        parameter = bindparam(_PARAMETER, type_=Text())
        if dialect == "sqlite":
            self.source: FromClause = func.json_each(parameter).table_valued("value", name="rows_in")
        else:  # as JSONB the text is read once; as JSON it would be read again for each value
            listed = func.jsonb_array_elements(cast(parameter, JSONB))
            self.source = listed.table_valued("value", name="rows_in")
        self.columns: dict[str, ColumnElement[Any]] = {
            name: self._column(dialect, number, kind) for number, (name, kind) in enumerate(kinds.items())
        }

    @staticmethod
    def carry(rows: Sequence[Sequence[Any]]) -> dict[str, Any]:
        """Return the statement's parameter for ``rows``.

        Moments are whole microseconds. An object in a column of texts is stored as its JSON.
        """
        return {_PARAMETER: orjson.dumps(rows).decode()}

    def _column(self, dialect: str, number: int, kind: TypeEngine[Any]) -> ColumnElement[Any]:
        value = self.source.c["value"]
        if dialect == "sqlite":
            return type_coerce(func.json_extract(value, literal_column(f"'$[{number}]'")), kind)
        word = value.op("->>")(literal_column(str(number)))
        stored = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
        return type_coerce(word if isinstance(stored, Text) else cast(word, stored), kind)
