"""Reading other people's JSON: field types by which a value that makes no sense becomes "not there".

A shop's order with an odd phone number is still an order. None of the types here ever fails, so that a model
built from them accepts every JSON object. Where a wrong value must be reported, use pydantic's own types.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final, TypeAlias, TypeVar

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict

MOST_MONEY: Final = Decimal(10) ** 12
"""Amounts beyond this are typing errors; within it every database keeps them exactly."""

LONGEST_KEY: Final = 200

_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)
_LANGUAGE: Final = re.compile(r"([a-z]{2,3})(?:[-_].*)?", re.IGNORECASE | re.DOTALL)


def load(body: bytes) -> object:
    """Return the JSON document in ``body``, without half characters.

    Raises:
        ValueError: it is none.

    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        pass
    try:
        # A text cut within an emoji holds half a surrogate pair: orjson refuses it, Python does not. Nothing
        # is lost for that; the half becomes a question mark.
        halves = json.loads(body)
        return orjson.loads(json.dumps(halves, ensure_ascii=False).encode("utf-8", "replace"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def text(value: object) -> str | None:
    """Return words or a whole number as trimmed text; None for emptiness and for anything else.

    NUL characters are dropped: JSON may carry them, PostgreSQL may not store them.
    """
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    if isinstance(value, int) and value.bit_length() > 256:
        return None
    return str(value).replace("\x00", "").strip() or None


def key(value: object) -> str | None:
    """Return an id as text; None for one that is longer than a database index likes."""
    found = text(value)
    return found if found is not None and len(found) <= LONGEST_KEY else None


def amount(value: object) -> Decimal | None:
    """Return a finite amount of money; numbers and texts with a decimal point are understood."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return None
    try:
        number = Decimal(str(value).strip())
    except (InvalidOperation, ValueError):
        return None
    if not number.is_finite() or abs(number) > MOST_MONEY or number.as_tuple().exponent < -18:  # type: ignore[operator]  # a number by now
        return None
    return number


def moment(value: object) -> datetime | None:
    """Return an ISO 8601 time in UTC; one without an offset is taken for UTC."""
    if not isinstance(value, str):
        return None
    try:
        at = datetime.fromisoformat(value.strip())
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return at if _EARLIEST <= at <= _LATEST else None


def language(value: object) -> str | None:
    """Return the language of a locale: ``de-AT`` → ``de``."""
    match = _LANGUAGE.fullmatch(value.strip()) if isinstance(value, str) else None
    return match[1].lower() if match else None


def country(value: object) -> str | None:
    """Return a two-letter country code in capitals."""
    code = value.strip().upper() if isinstance(value, str) else ""
    return code if len(code) == 2 and code.isascii() and code.isalpha() else None


def day(value: object) -> date | None:
    """Return a date written ``YYYY-MM-DD``."""
    try:
        return date.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def count(value: object) -> int | None:
    """Return a whole number from 0 to a million."""
    if isinstance(value, bool):
        return None
    try:
        number = int(value) if isinstance(value, str | int | float) else -1
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number <= 1_000_000 else None


def _object(value: object) -> dict[str, Any] | BaseModel:
    return value if isinstance(value, dict | BaseModel) else {}


def _objects(value: object) -> list[dict[str, Any] | BaseModel]:
    return (
        [entry for entry in value if isinstance(entry, dict | BaseModel)]
        if isinstance(value, list | tuple)
        else []
    )


def _texts(value: object) -> list[str]:
    entries = value if isinstance(value, list | tuple) else [value]
    return [words for words in map(text, entries) if words is not None]


Text: TypeAlias = Annotated[str | None, BeforeValidator(text)]
Key: TypeAlias = Annotated[str | None, BeforeValidator(key)]
Texts: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Amount: TypeAlias = Annotated[Decimal | None, BeforeValidator(amount)]
Moment: TypeAlias = Annotated[datetime | None, BeforeValidator(moment)]
Language: TypeAlias = Annotated[str | None, BeforeValidator(language)]
Country: TypeAlias = Annotated[str | None, BeforeValidator(country)]
Day: TypeAlias = Annotated[date | None, BeforeValidator(day)]
Count: TypeAlias = Annotated[int | None, BeforeValidator(count)]

M = TypeVar("M", bound="Lenient")

Part: TypeAlias = Annotated[M, BeforeValidator(_object)]
"""A nested object; anything else counts as an empty one."""

Parts: TypeAlias = Annotated[tuple[M, ...], BeforeValidator(_objects)]
"""A list of objects; entries of another kind are left out."""


class Lenient(BaseModel):
    """An object of which only the named fields are read."""

    model_config = ConfigDict(frozen=True, extra="ignore")
