"""Signed Instagram webhooks of about 900 bytes, each with a message of its own."""

import hmac
import json
import time
from collections.abc import Iterator
from itertools import count

from tests.benchmarks.servers import ACCOUNT, SECRET

_numbers = count(1)


def body(person: int, number: int, *, payload: str = "", text: str = "", pad: int = 900) -> bytes:
    """One webhook with one message, padded to about ``pad`` bytes the way Meta escapes umlauts."""
    message: dict[str, object] = {
        "mid": f"m_bench_{time.time_ns()}_{number}_{next(_numbers)}",
        "text": text or "Ja",
    }
    if payload:
        message["quick_reply"] = {"payload": payload}
    item = {
        "sender": {"id": f"71000000{person:08d}"},
        "recipient": {"id": ACCOUNT},
        "timestamp": time.time_ns() // 1_000_000,
        "message": message,
    }
    whole = {
        "object": "instagram",
        "entry": [{"id": ACCOUNT, "time": item["timestamp"], "messaging": [item]}],
    }
    missing = pad - len(json.dumps(whole))
    if missing > 0 and not payload:
        message["text"] = f"{message['text']} " + ("äh also " * (missing // 12))[: missing // 2]
    elif missing > 0:
        item["padding"] = "x" * (missing - 14)
    return json.dumps(whole).encode()


def signature(raw: bytes) -> str:
    """What Meta puts into X-Hub-Signature-256."""
    return "sha256=" + hmac.digest(SECRET.encode(), raw, "sha256").hex()


def many(amount: int, people: int, *, payload: str = "", text: str = "") -> Iterator[bytes]:
    """Webhooks of many people, taking turns."""
    for number in range(amount):
        yield body(number % people, number, payload=payload, text=text)
