"""What came in a form, read without trust: one line, or nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

_EMAIL: Final = re.compile(r"[^@\s<>\"(),:;\\\[\]]{1,64}@[^@\s<>\"(),:;\\\[\]]+\.[^@\s<>\"(),:;\\\[\]]{2,}")


def text(form: Mapping[str, Any], name: str, most: int = 2000) -> str:
    """Return a field's text; empty if it is missing, a file, or absurdly long."""
    value = form.get(name)
    return value if isinstance(value, str) and len(value) <= most else ""


def line(form: Mapping[str, Any], name: str, most: int = 200) -> str:
    """Return a field as one line without blanks around it."""
    return " ".join(text(form, name, most).split())


def is_email(address: str) -> bool:
    """Tell whether something may be an e-mail address."""
    return len(address) <= 254 and _EMAIL.fullmatch(address) is not None
