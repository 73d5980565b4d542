"""Many rows in one parameter: a whole group of events costs one statement instead of one for each row.

What it saves is not the database's work but the hand-overs to it: on SQLite every step of a statement gives
the interpreter away and has to win it back from a busy event loop, on PostgreSQL every row is a message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    ColumnElement,
    FromClause,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    type_coerce,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

PARAMETER = "batch"


def encoded(columns: Iterable[str], rows: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the parameter that carries ``rows``, in the order of ``columns``. Moments are microseconds."""
    pick = itemgetter(*columns)
    return {PARAMETER: orjson.dumps([pick(row) for row in rows]).decode()}


class Batch:
    """The rows of an `encoded` parameter as something to select from, in one engine's own words."""

    def __init__(self, dialect: str, columns: Mapping[str, TypeEngine[Any]]) -> None:
        """Describe rows with these columns, in this order."""
        parameter = bindparam(PARAMETER, type_=Text())
        if dialect == "sqlite":
            self.source: FromClause = func.json_each(parameter).table_valued("value", name="rows_in")
        else:
            listed = func.json_array_elements(cast(parameter, JSON))
            self.source = listed.table_valued("value", name="rows_in")
        self.columns: dict[str, ColumnElement[Any]] = {
            name: self._column(dialect, number, kind) for number, (name, kind) in enumerate(columns.items())
        }

    def _column(self, dialect: str, number: int, kind: TypeEngine[Any]) -> ColumnElement[Any]:
        value = self.source.c["value"]
        if dialect == "sqlite":
            return type_coerce(func.json_extract(value, literal_column(f"'$[{number}]'")), kind)
        word = value.op("->>")(literal_column(str(number)))
        stored = kind.impl if isinstance(kind, TypeDecorator) else kind
        return type_coerce(word if isinstance(stored, Text) else cast(word, stored), kind)
