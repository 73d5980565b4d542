"""What became of a message that did not arrive, in plain words: what happened, and what to do about it.

The words and the codes that they belong to stand in ``failures.yml``. Codes are the platforms' own, as the
sender writes them into the outbox: ``131047`` or ``10/2534022`` (Meta), the HTTP status (Telegram), or
``unreachable`` (ours). The platforms' own sentences are never repeated: they may quote numbers and names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, TypeAlias

import yaml
from pydantic import BaseModel, ConfigDict

Language: TypeAlias = Literal["de", "en"]

_GIVEN_UP: Final = "given up after"
"""How `bot.sender` begins the detail of a message that it tried until no tries were left."""

_BY_STATUS: Final[Mapping[str, str]] = {
    "expired": "expired",
    "cancelled": "cancelled",
    "unknown": "in_doubt",
}


@dataclass(frozen=True, slots=True)
class Failure:
    """What happened (``what``) and what helps (``do``), each a sentence or two.

    ``again`` tells that sending the same message once more may help. ``kind`` names the situation.
    """

    kind: str
    what: str
    do: str
    again: bool = False


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    what: str
    do: str


class _Situation(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    de: _Words
    en: _Words
    again: bool = False
    meta: tuple[str, ...] = ()
    telegram: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()


def explain(
    language: Language,
    *,
    channel: str,
    status: str,
    delivery: str | None = None,
    code: str | None = None,
    detail: str | None = None,
) -> Failure | None:
    """Say in words why a message of the outbox has not arrived; None where nothing is wrong with it.

    ``status``, ``delivery``, ``code`` and ``detail`` are the row's. A message that waits is only explained
    where a code says why. Total: a code that nobody knows has words too.
    """
    kind = _kind(channel, status, delivery, code, detail or "")
    if kind is None:
        return None
    situation = _situations()[kind]
    words = situation.de if language == "de" else situation.en
    return Failure(kind, words.what, words.do, situation.again)


def _kind(channel: str, status: str, delivery: str | None, code: str | None, detail: str) -> str | None:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status == "parked":
        return "window_whatsapp" if channel == "whatsapp" else "window"
    if status == "failed" or (delivery == "failed" and status == "sent"):
        known = _known(channel, code)
        if known is None and detail.startswith(_GIVEN_UP):
            return "given_up"
        return known or "unknown"
    return _known(channel, code) if status == "waiting" else None


def _known(channel: str, code: str | None) -> str | None:
    """The situation of a code; of ``code/subcode`` that of the code alone where the pair is not known."""
    if not code:
        return None
    telegram = channel == "telegram"
    kinds = _kinds()["telegram" if telegram else "meta"]
    known = kinds.get(code) or kinds.get(code.partition("/")[0])
    if known is None and not telegram and len(code) == 3 and code.startswith("2") and code.isdecimal():
        return "permission"  # 200 to 299 are all about permissions (Graph API, "Error codes")
    if known == "passing_or_block" and channel != "instagram":
        return "passing"
    return known


@lru_cache(maxsize=1)
def _situations() -> Mapping[str, _Situation]:
    raw = yaml.safe_load(Path(__file__).with_name("failures.yml").read_text(encoding="utf-8"))
    return {kind: _Situation.model_validate(words) for kind, words in raw.items()}


@lru_cache(maxsize=1)
def _kinds() -> Mapping[str, Mapping[str, str]]:
    """The situation of each code, for Meta's channels and for Telegram."""
    meta: dict[str, str] = {}
    telegram: dict[str, str] = {}
    for kind, situation in _situations().items():
        meta.update(dict.fromkeys((*situation.meta, *situation.ours), kind))
        telegram.update(dict.fromkeys((*situation.telegram, *situation.ours), kind))
    return {"meta": meta, "telegram": telegram}
