"""Files in and out: what people send is fetched before its address dies, what agents send is handed out.

A message that is to carry an agent's file names it by `MediaRef.url`: see `bot.media_links`.
"""

from __future__ import annotations

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias

import structlog

from bot.app import App
from bot.hands import Hands
from bot.media_files import Examined, Flaw, Unusable, examine, extension, prepare
from bot.media_links import url_of
from bot.sender import backoff
from dialogs.channel import FileType
from dialogs.messages import Picture
from integrations.base import (
    IntegrationError,
    MediaGone,
    MediaSource,
    MediaTooLarge,
    Refused,
    Throttled,
)
from persistence.media import Fetching, KeptMedia, NewMedia, Why

_log = structlog.get_logger(__name__)

AT_ONCE: Final = 8
FAR_BACK: Final = timedelta(days=3)
"""How far back a process that starts looks for messages whose files nobody has fetched."""
NEAR: Final = timedelta(minutes=10)
"""How far back it looks from then on: longer than any two processes' clocks and commits are apart."""
GIVE_UP: Final = timedelta(hours=24)
"""Nobody tries longer for one file."""
SWEEP: Final = timedelta(hours=1)
LONGEST_NAME: Final = 120

_UNPACKING: Final = ThreadPoolExecutor(2, "pictures")
"""Pictures are large once unpacked; two at a time are enough for one process."""

Refusal: TypeAlias = Flaw | Literal["no_address", "no_file"]


class UploadRefused(Exception):
    """An agent's file is not taken; ``why`` says what is wrong: the words are the page's."""

    def __init__(self, why: Refusal, message: str) -> None:
        super().__init__(message)
        self.why: Refusal = why


@dataclass(frozen=True, slots=True)
class MediaRef:
    """A file that may be sent. ``url`` goes into a message; ``width`` and ``height`` are in pixels."""

    id: int
    url: str
    kind: FileType
    mime: str
    width: int | None = None
    height: int | None = None
    size: int = 0
    name: str = ""

    def picture(self, alt: str = "") -> Picture:
        """Return what a message carries of it; ``alt`` says what is to be seen."""
        return Picture(self.kind, self.url, alt)


# -- in


class MediaRoom:
    """Fetches what people have sent. One of each process; they share the work."""

    def __init__(self) -> None:
        """Start without having looked at anything."""
        self._looked: datetime | None = None
        self._swept: datetime | None = None
        self._hands = Hands(AT_ONCE)

    async def step(self, app: App) -> int:
        """Begin to fetch some of what waits; return how much was done."""
        await self._hands.until_free(app.config.settings.server.poll_seconds)
        now = app.clock()
        since = now - FAR_BACK if self._looked is None else self._looked - NEAR
        more = await app.store.media.enlist(since, now)
        if not more:
            self._looked = now
        if self._swept is None or now - self._swept >= SWEEP:
            self._swept = now
            await _sweep(app, now)
        jobs = await app.store.media.claim(now, self._hands.free) if self._hands.free else []
        for job in jobs:
            self._hands.do(app, _fetch(app, job))
        return len(jobs) or more


async def _sweep(app: App, now: datetime) -> None:
    """Delete what has been kept for long enough."""
    before, total = now - timedelta(days=app.config.settings.desk.media_days), 0
    while deleted := await app.store.media.forget(before):
        total += deleted
    if total:
        _log.info("old_media_deleted", files=total)


async def _fetch(app: App, job: Fetching) -> None:
    """Fetch one attachment, and write what became of it."""
    outcome = await _try(app, job)
    now = app.clock()
    fate = "stored"
    if isinstance(outcome, NewMedia):
        kept = await app.store.media.stored(job, outcome, now)
        fate = "stored" if kept is not None else "no longer wanted"
    elif isinstance(outcome, timedelta):
        fate = "later"
        await app.store.media.again(job, now + outcome)
        app.wake_later("media", outcome)
    else:
        fate = outcome
        await app.store.media.failed(job, outcome)
    app.metrics.media.labels(job.channel, fate).inc()
    _log.info("media_settled", inbox=job.inbox_id, position=job.position, channel=job.channel, fate=fate)
    if fate == "stored":
        await app.signals.wake("desk")


async def _try(app: App, job: Fetching) -> NewMedia | timedelta | Why:
    """Return the file, or how long to wait before the next try, or why there will be none."""
    source: object = app.channels.get((job.channel, job.account))
    if not isinstance(source, MediaSource):
        return "no_channel"
    try:
        async with asyncio.timeout((job.leased_until - app.clock()).total_seconds()):
            file = await source.fetch(job.attachment, largest=largest(app))
            examined = await asyncio.get_running_loop().run_in_executor(
                _UNPACKING, examine, file.body, job.attachment.type
            )
    except Unusable as flaw:
        return "too_large" if flaw.why == "too_large" else "unreadable"
    except (IntegrationError, TimeoutError) as error:
        return _next(job, error, app.clock())
    return _kept(examined, file.name or job.attachment.title or "")


def _next(job: Fetching, error: Exception, now: datetime) -> timedelta | Why:
    """Say what comes after an error: when to try again, or why not."""
    match error:
        case MediaGone():
            return "gone"
        case MediaTooLarge():
            return "too_large"
        case Refused():
            return "elsewhere"
        case _ if now - job.received_at > GIVE_UP:
            return "unavailable"
        case Throttled():
            return timedelta(seconds=error.after)
        case _:
            _log.warning("media_not_fetched", inbox=job.inbox_id, error=type(error).__name__)
            return backoff(job.attempts)


# -- out


async def store_upload(
    app: App, data: bytes, name: str, *, conversation_id: int | None = None, by: str = ""
) -> MediaRef:
    """Keep an agent's file so that it can be sent, and return how to name it.

    Pictures are made anew (no place, no camera, at most 5 MB). ``conversation_id`` is the thread that it is
    for, with which it is erased; ``by`` is who uploads it.

    Raises:
        UploadRefused: it is empty, too large or broken, or nobody outside could fetch it.

    """
    if not app.home:
        raise UploadRefused(
            "no_address",
            "Platforms fetch files from this server, but nobody outside knows its address: set "
            "entry.public_url in config.yml.",
        )
    if len(data) > largest(app):
        raise UploadRefused("too_large", f"A file may have {largest(app)} bytes (desk.media_mb).")
    try:
        examined = await asyncio.get_running_loop().run_in_executor(_UNPACKING, prepare, data)
    except Unusable as flaw:
        raise UploadRefused(flaw.why, str(flaw)) from None
    file = replace(_kept(examined, name), conversation_id=conversation_id, uploaded_by=by)
    media_id = await app.store.media.add(file, app.clock())
    _log.info("media_uploaded", media=media_id, conversation=conversation_id, size=len(file.body))
    return MediaRef(
        media_id,
        url_of(media_id),
        file.type,
        file.mime,
        file.width,
        file.height,
        len(file.body),
        file.name,
    )


def ref_of(file: KeptMedia) -> MediaRef:
    """Return how a kept file is named in a message."""
    return MediaRef(
        file.id, url_of(file.id), file.type, file.mime, file.width, file.height, file.size, file.name
    )


def largest(app: App) -> int:
    """Return how many bytes a file may have."""
    return app.config.settings.desk.media_mb * 1_000_000


def _kept(examined: Examined, name: str) -> NewMedia:
    return NewMedia(
        examined.type,
        examined.mime,
        examined.body,
        clean_name(name, examined.mime),
        examined.width,
        examined.height,
    )


def clean_name(name: str, mime: str) -> str:
    """Return a stranger's file name without folders and signs that mislead, ending as its type does.

    ``invoice.pdf.exe`` cannot look like what it is not: an ending that is not the type's is followed by the
    type's own.
    """
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(sign for sign in last if sign.isprintable() and sign not in '<>:"|?*').strip(" .")
    if not plain:
        return ""
    end = extension(mime)
    if plain.lower().endswith(end) or (end == ".jpg" and plain.lower().endswith(".jpeg")):
        return plain[-LONGEST_NAME:]
    return f"{plain[: LONGEST_NAME - len(end)]}{end}"
