"""Entry codes: what a parcel insert carries, and what ties a chat to its order.

A code is ``NK``, twelve random and ten signing characters of the base-32 alphabet. The signature lets the
door turn forgeries away without asking the database; whether a genuine code may still be used is the store's
to say.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import Final, Literal

from dialogs.entry import ENTRY_CODE
from dialogs.shop import Entry
from integrations.base import Channel, Refused
from persistence.store import Store

_PURPOSE: Final = b"nachklang: entry codes, first form"
_REPEATED: Final = b"nachklang: random part of a code that is asked for again, first form"
_PREFIX: Final = "NK"
_RANDOM: Final = 12
_SIGNED: Final = 10
_TOKEN_BYTES: Final = 8
SHORT: Final = "link"
"""How the link is called that leads to no channel yet, but to the shop's own page with all of them."""
_AT_ONCE: Final = 500
_FORM: Final = re.compile(ENTRY_CODE, re.IGNORECASE | re.ASCII)

_GREETINGS: Final[Mapping[tuple[str, str], str]] = {
    ("de", "du"): "Hallo! 👋 Mein Paket ist da, hier ist mein Code: {code}",
    ("de", "sie"): "Guten Tag! 📦 Mein Paket ist da, hier ist mein Code: {code}",
    ("en", "du"): "Hi! 👋 My parcel is here, and this is my code: {code}",
    ("en", "sie"): "Hello! 📦 My parcel has arrived, and this is my code: {code}",
}


def make_code(secret: bytes, token: bytes) -> str:
    """Return the code of eight random bytes: their first 60 bits, and 50 bits of signature over them.

    Raises:
        ValueError: ``token`` is not eight bytes.

    """
    if len(token) != _TOKEN_BYTES:
        raise ValueError(f"an entry code is made of {_TOKEN_BYTES} random bytes, not of {len(token)}")
    random = base64.b32encode(token).decode()[:_RANDOM]
    return f"{_PREFIX}{random}{_signature(secret, random)}"


def new_code(secret: bytes) -> str:
    """Return a fresh code that nobody can guess."""
    return make_code(secret, secrets.token_bytes(_TOKEN_BYTES))


def is_genuine(secret: bytes, code: str) -> bool:
    """Tell whether ``code``, in whichever case, was made with ``secret``; in constant time."""
    if not _FORM.fullmatch(code):
        return False
    body = code.upper().removeprefix(_PREFIX)
    return hmac.compare_digest(body[_RANDOM:], _signature(secret, body[:_RANDOM]))


def _signature(secret: bytes, random: str) -> str:
    # The secret signs other things too: a key of its own keeps one purpose from vouching for another.
    key = hmac.digest(secret, _PURPOSE, hashlib.sha256)
    return base64.b32encode(hmac.digest(key, random.encode(), hashlib.sha256)).decode()[:_SIGNED]


async def create(store: Store, secret: bytes, order_id: str, now: datetime, lifetime: timedelta) -> str:
    """Store a fresh code for an order and return it.

    Raises:
        UnknownOrder: there is no such order.

    """
    return (await create_many(store, secret, [order_id], now, lifetime))[order_id]


async def create_many(
    store: Store, secret: bytes, order_ids: Iterable[str], now: datetime, lifetime: timedelta
) -> dict[str, str]:
    """Store one fresh code for each order; return order id → code, in the order they were given.

    Raises:
        UnknownOrder: one of the orders does not exist.

    """
    codes = {order_id: new_code(secret) for order_id in order_ids}
    for group in _groups(list(codes)):
        links = {codes[order_id]: order_id for order_id in group}
        await store.identity.add_links(links, now, now + lifetime)
    return codes


async def code_for(
    store: Store, secret: bytes, order_id: str, occasion: str, now: datetime, lifetime: timedelta
) -> str:
    """Return the code for an order that belongs to an occasion: however often it is asked for, the same.

    Nobody without the secret can guess it. It is stored when it is asked for the first time.

    Raises:
        UnknownOrder: there is no such order.

    """
    token = hmac.digest(hmac.digest(secret, _REPEATED, hashlib.sha256), occasion.encode(), hashlib.sha256)
    code = make_code(secret, token[:_TOKEN_BYTES])
    if (await store.identity.look_up(code, 0, now)).state == "unknown":
        await store.identity.add_links({code: order_id}, now, now + lifetime)
    return code


async def judge(store: Store, secret: bytes, code: str, conversation_id: int, now: datetime) -> Entry:
    """Say what a code is worth to a conversation. A forged one never reaches the database."""
    if not is_genuine(secret, code):
        return Entry("forged", code)
    return await store.identity.look_up(code.upper(), conversation_id, now)


async def usable(store: Store, secret: bytes, code: str, now: datetime) -> bool:
    """Tell whether a code would still tie a chat to an order; looking does not use it up."""
    return is_genuine(secret, code) and await store.identity.link(code.upper(), now) is not None


def greeting(code: str, language: str, voice: Literal["du", "sie"]) -> str:
    """Return the words written for the buyer where a link can only carry text; they hold the code."""
    return _GREETINGS["de" if language == "de" else "en", voice].format(code=code)


def entry_urls(channels: Iterable[Channel], public_url: str, code: str, words: str) -> dict[str, str]:
    """Return all links of a code by name, the short one first.

    A channel that cannot be linked to, because the settings do not name the account, is left out.
    """
    base = public_url.rstrip("/")
    urls = {SHORT: f"{base}/go/{code}"} if base else {}
    for channel in channels:
        with suppress(Refused):
            urls[channel.name] = channel.entry_url(code, words)
    return urls


def _groups(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """Split into groups that one transaction, and one statement's parameters, can hold."""
    rest = iter(ids)
    return iter(lambda: list(islice(rest, _AT_ONCE)), [])
