"""What the models of script files are made of: texts, names, durations, and how a field explains itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from dialogs.durations import DurationError, parse_clock, parse_duration, parse_offset
from dialogs.words import WRITTEN

_SHARE: Final = re.compile(r"(\d{1,3}(?:[.,]\d{1,4})?)\s*%", re.ASCII)
_NUMBER: Final = re.compile(r"\d{1,20}\.\d{1,20}(?:e-\d{1,3})?", re.ASCII)
_SHOWN: Final = 40
_LONGEST: Final = 10_000
"""No channel takes more in one message, and it bounds the time that a text's placeholders take."""


class Strict(BaseModel):
    """Unknown keys are refused: a misspelt one would silently do nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def field(titles: str, de: str, en: str, default: Any = ..., **more: Any) -> Any:
    """A field that explains itself in German and English; ``titles`` are both, with a dot between."""
    return Field(default=default, title=titles, description=f"{de} · {en}", **more)


def form(value: object) -> str:
    """The tag of what stands at a place that takes more than one form: a list, a mapping, or a word."""
    return "=list" if isinstance(value, list) else "=map" if isinstance(value, dict) else "=text"


def _key(key: str) -> str:
    if key not in WRITTEN:
        raise PydanticCustomError("unknown_variant", "unknown language", {"word": key})
    return key


def _text(text: object) -> object:
    if text is None or (isinstance(text, str) and not text.strip()):
        raise PydanticCustomError("empty_text", "empty")
    return text.strip() if isinstance(text, str) else text


def _texts(value: object) -> object:
    if not isinstance(value, dict):
        raise PydanticCustomError("texts_type", "no texts")
    if not value:
        raise PydanticCustomError("empty_text", "empty")
    return value


def _duration(value: object) -> timedelta:
    try:
        return parse_duration(value if isinstance(value, str) else "")
    except DurationError:
        raise PydanticCustomError("bad_duration", "no duration", {"word": str(value)[:_SHOWN]}) from None


def _positive(span: timedelta) -> timedelta:
    if span <= timedelta(0):
        raise PydanticCustomError("bad_duration", "no duration", {"word": "0"})
    return span


def _offset(value: object) -> tuple[timedelta, bool]:
    try:
        return parse_offset(value if isinstance(value, str) else "")
    except DurationError:
        raise PydanticCustomError("bad_duration", "no duration", {"word": str(value)[:_SHOWN]}) from None


def _clock(value: object) -> time:
    try:
        return parse_clock(value if isinstance(value, str) else "")
    except DurationError:
        raise PydanticCustomError("bad_time", "no time of day", {"word": str(value)[:_SHOWN]}) from None


def _remind(value: object) -> timedelta | None:
    return None if value == "later" else _positive(_duration(value))


def _day(value: object) -> str:
    word = str(value)[:_SHOWN]
    if word in {"birthday", "anniversary"}:
        return word
    try:
        day = date.fromisoformat(f"2000-{word}")
    except ValueError:
        day = None
    if day is None or f"{day:%m-%d}" != word:
        raise PydanticCustomError("bad_date", "no day", {"word": word})
    return word


def _share(value: object) -> float:
    share = -1.0
    if isinstance(value, str):
        if (match := _SHARE.fullmatch(value.strip())) is not None:
            share = float(match[1].replace(",", ".")) / 100
        elif _NUMBER.fullmatch(value.strip()) is not None:
            share = float(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        share = float(value)
    if not 0 <= share <= 0.5:
        raise PydanticCustomError("share_type", "no share")
    return share


def _percent(value: object) -> object:
    if isinstance(value, str) and value.strip().endswith("%"):
        return value.strip()[:-1].strip()
    return value


def _plain(value: object) -> object:
    """Text as it is kept: false is empty, so that a condition does not take it for true."""
    if isinstance(value, bool):
        return "true" if value else ""
    return str(value) if isinstance(value, int | float) else value


def _shown(read: Callable[[Any], object], *examples: str, pattern: str | None = None) -> tuple[Any, ...]:
    """How a word of its own kind is read, and what an editor may know of it."""
    schema: dict[str, Any] = {"type": "string", "examples": list(examples)}
    if pattern is not None:
        schema["pattern"] = pattern
    return BeforeValidator(read), WithJsonSchema(schema)


_ID: Final = r"^[a-z0-9_]{1,40}$"
_DURATION: Final = r"^[+-]? ?\d+ ?[A-Za-z]+\.?$"

Id = Annotated[str, Field(pattern=_ID)]
Goal = Annotated[str, Field(pattern=r"^(/[a-z0-9_]{1,40}(/[a-z0-9_]{1,40})?|[a-z0-9_]{1,40})$")]
Condition = Annotated[str, Field(min_length=1, max_length=400, examples=["has_order and not is_rated"])]
Value = Annotated[
    str,
    BeforeValidator(_plain),
    Field(max_length=400),
    WithJsonSchema({"type": ["string", "number", "boolean"], "maxLength": 400}),
]
TEXTS_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {name: {"type": "string", "minLength": 1, "maxLength": _LONGEST} for name in WRITTEN},
    "additionalProperties": False,
    "minProperties": 1,
}
Texts = Annotated[
    dict[
        Annotated[str, AfterValidator(_key)],
        Annotated[str, Field(max_length=_LONGEST), BeforeValidator(_text)],
    ],
    BeforeValidator(_texts),
    WithJsonSchema(TEXTS_SCHEMA),
]
_span: Final = _shown(_duration, "3 days", "3 Tage", "48 hours", "2 Wochen", pattern=_DURATION)
_later: Final = _shown(_remind, "later", "3 days", "2 Wochen")
_when: Final = _shown(_offset, "3 days", "-2 days", "used up - 5 days")
_at: Final = _shown(_clock, "10:00", pattern=r"^\d{1,2}:\d{2}( ?Uhr)?$")
_annual: Final = _shown(_day, "birthday", "anniversary", "12-06")
Offset = Annotated[timedelta, _span[0], _span[1]]
Span = Annotated[timedelta, AfterValidator(_positive), _span[0], _span[1]]
Later = Annotated[timedelta | None, _later[0], _later[1]]
UsedUpOffset = Annotated[tuple[timedelta, bool], _when[0], _when[1]]
Clock = Annotated[time, _at[0], _at[1]]
Day = Annotated[str, _annual[0], _annual[1]]
Share = Annotated[
    float, BeforeValidator(_share), WithJsonSchema({"type": ["string", "number"], "examples": ["10%"]})
]
Percent = Annotated[
    int,
    BeforeValidator(_percent),
    Field(ge=0, le=90),
    WithJsonSchema({"type": ["integer", "string"], "minimum": 0, "maximum": 90, "examples": [10, "10%"]}),
]
