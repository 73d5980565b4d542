"""Small checks shared by the rules of all platforms."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlsplit

from integrations.sandbox.errors import Json


def as_object(value: Any) -> Json:
    """Return the value if it is a JSON object, else an empty one."""
    return cast("Json", value) if isinstance(value, dict) else {}


def as_objects(value: Any) -> list[Json]:
    """Return the objects of a JSON list; anything else is none."""
    return [as_object(item) for item in value] if isinstance(value, list) else []


def as_text(value: Any) -> str:
    """Return the value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""


def is_web_address(value: Any) -> bool:
    """Say whether this is an absolute http or https address."""
    try:
        parts = urlsplit(as_text(value))
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def button(payload: str, title: str, *, description: str = "", url: str | None = None) -> Json:
    """Return a button as the phone page knows it."""
    made: Json = {"payload": payload, "title": title, "description": description}
    if url is not None:
        made["url"] = url
    return made
