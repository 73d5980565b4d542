"""How files of ours are named: inside the house for good, outside for a while.

A message that is to carry an agent's file names it ``media:17``, which stays true however long the message
waits. Only when it is sent, the name becomes an address that platforms can fetch: unguessable, of this file
alone, and good for `LIFETIME`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.app import App
from bot.media_files import extension
from dialogs.messages import Outgoing
from persistence.media import KeptMedia

LIFETIME: Final = timedelta(hours=48)
"""Platforms fetch a file at once, or within their own retries."""

_SCHEME: Final = "media:"
_NUMBER: Final = "([1-9a-f][0-9a-f]{0,11})"
_SIGNED: Final = re.compile(rf"{_NUMBER}-{_NUMBER}-([0-9a-f]{{32}})(?:\.[0-9a-z]{{1,5}})?")
_PURPOSE: Final = b"nachklang: addresses of files, first form"


def url_of(media_id: int) -> str:
    """Return how a message names a file of ours."""
    return f"{_SCHEME}{media_id}"


def media_id_of(url: str) -> int | None:
    """Return the id of our own file that a message names, None for any other address."""
    digits = url.removeprefix(_SCHEME)
    return int(digits) if url.startswith(_SCHEME) and digits.isascii() and digits.isdigit() else None


async def media_url(app: App, media_id: int, now: datetime) -> str | None:
    """Return an address at which anybody may fetch a file for a while; None where it is no longer kept."""
    file = await app.store.media.find(media_id)
    if file is None:
        return None
    return f"{app.home}/media/{signed_name(app.secret, file, now + LIFETIME)}"


async def sendable(app: App, outgoing: Outgoing) -> Outgoing | None:
    """Return the message as a platform can fetch it; None where a file of ours is gone."""
    picture = outgoing.picture
    media_id = None if picture is None else media_id_of(picture.url)
    if picture is None or media_id is None:
        return outgoing
    url = await media_url(app, media_id, app.clock())
    return None if url is None else replace(outgoing, picture=replace(picture, url=url))


def signed_name(secret: bytes, file: KeptMedia, until: datetime) -> str:
    """Return the last part of a file's public address: which file, until when, and our signature."""
    ends = int(until.timestamp())
    return f"{file.id:x}-{ends:x}-{_mac(secret, file.id, ends)}{extension(file.mime)}"


def named_by(secret: bytes, name: str, now: datetime) -> int | None:
    """Return which file a signed name means; None if it is not ours or its time is over."""
    found = _SIGNED.fullmatch(name)
    if found is None:
        return None
    media_id, ends = int(found[1], 16), int(found[2], 16)
    if not hmac.compare_digest(found[3], _mac(secret, media_id, ends)) or now.timestamp() >= ends:
        return None
    return media_id


def _mac(secret: bytes, media_id: int, ends: int) -> str:
    key = hmac.digest(secret, _PURPOSE, hashlib.sha256)
    return hmac.digest(key, f"{media_id}.{ends}".encode(), hashlib.sha256).hex()[:32]
