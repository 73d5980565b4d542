"""`understand`: JSON lines in, what they mean out, one line for one line, in their order, as they come."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable, Iterator
from typing import IO, Any

from bot.config import Config
from bot.engines import Engine, engine_named
from dialogs.triage import triage
from nlu.understanding import Understanding


def understand(config: Config, engine: str | None, lines: Iterable[bytes], out: IO[bytes]) -> bool:
    """Answer every line of ``lines`` on ``out``; return whether all of them could be read.

    A line that is no object with a ``text`` is answered by ``{"error": …}`` with its number, so that answers
    stay in step. ``engine`` is "embedded" or "rasa"; None takes that of the settings.

    Raises:
        ConfigError: the settings or the training files cannot be used.

    """
    return asyncio.run(_answer_all(engine_named(config, engine), lines, out))


async def _answer_all(engine: Engine, lines: Iterable[bytes], out: IO[bytes]) -> bool:
    good = True
    try:
        for number, line in enumerate(lines, 1):
            asked = _asked(line)
            if isinstance(asked, str):
                good = False
                _write(out, {"error": f"line {number}: {asked}"})
                continue
            text, language = asked
            understand = await engine.prepare(text)
            _write(out, told(understand(text, language=language, expecting=None)))
    finally:
        await engine.aclose()
    return good


def told(meaning: Understanding) -> dict[str, Any]:
    """What an understanding is for other programs; see the contract in docs/understanding.md."""
    escalation = triage(meaning)
    return {
        "lang": meaning.language,
        "intent": meaning.intent,
        "confidence": round(meaning.confidence, 4),
        "entities": [
            {"kind": one.kind, "value": one.value, "start": one.start, "end": one.end}
            for one in meaning.entities
        ],
        "mood": {
            "polarity": meaning.mood.polarity,
            "label": meaning.mood.label,
            "evidence": [
                {
                    "text": meaning.text[one.start : one.end],
                    "start": one.start,
                    "end": one.end,
                    "weight": one.weight,
                    "why": one.why,
                }
                for one in meaning.mood.evidence
            ],
        },
        "handoff": escalation is not None,
        "reasons": [escalation.reason] if escalation is not None else [],
    }


def _asked(line: bytes) -> tuple[str, str | None] | str:
    """The text and the language that a line names, or what is wrong with it."""
    try:
        read = json.loads(line)
    except (ValueError, RecursionError):
        return 'this is no JSON. Expected for example {"text": "Wo bleibt mein Paket?"}'
    if not isinstance(read, dict) or not isinstance(read.get("text"), str):
        return 'expected an object with "text"'
    language = read.get("lang")
    # Half a surrogate pair is allowed in JSON and can be written nowhere: it is read as an unknown sign.
    text = read["text"].encode("utf-8", "replace").decode()
    return text, language if language in {"de", "en"} else None


def _write(out: IO[bytes], answer: dict[str, Any]) -> None:
    out.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
    out.flush()  # whoever asks line by line waits for each


def streams() -> tuple[Iterator[bytes], IO[bytes]]:
    """Standard input by lines, as they come, and standard output."""
    return iter(sys.stdin.buffer.readline, b""), sys.stdout.buffer
