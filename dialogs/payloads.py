"""What a button carries: the ids of flow, step and choice, and the number of the question. Never its text."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

STORED_LENGTH: Final = 17
"""Bytes of a stored key: a tilde and sixteen characters."""


@dataclass(frozen=True, slots=True)
class Tapped:
    """What a tap chose. ``asked`` is the question's number in the conversation; 0 belongs to no question."""

    flow: str
    step: str
    choice: str
    asked: int


def payload_of(flow: str, step: str, choice: str, asked: int) -> str:
    """``<flow>.<step>.<choice>.<asked>``; `parse_payload` gives back exactly what went in."""
    return f"{_escape(flow)}.{_escape(step)}.{_escape(choice)}.{asked}"


def parse_payload(payload: str) -> Tapped | None:
    """What ``payload`` means, or None if it is not one of ours (total on any text)."""
    parts = payload.split(".")
    if len(parts) != 4 or not all(parts[:3]) or not (parts[3].isascii() and parts[3].isdigit()):
        return None
    if len(parts[3]) > 18:
        return None
    return Tapped(_unescape(parts[0]), _unescape(parts[1]), _unescape(parts[2]), int(parts[3]))


def stored_key(payload: str) -> str:
    """A short key for a payload that is too long for the channel; the same payload has always the same."""
    digest = hashlib.blake2s(payload.encode("utf-8", "surrogatepass"), digest_size=12).digest()
    return "~" + base64.urlsafe_b64encode(digest).decode("ascii")


def _escape(name: str) -> str:
    if "%" in name or "." in name:
        return name.replace("%", "%25").replace(".", "%2E")
    return name


def _unescape(name: str) -> str:
    return name.replace("%2E", ".").replace("%25", "%") if "%" in name else name
