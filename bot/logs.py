"""Logging: one line per event, with ids and counts. Never message text, names, numbers or tokens."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_PERSONAL: Final = frozenset(
    {"text", "body", "payload", "name", "phone", "email", "token", "secret", "address", "url"}
)
"""Keys that have no business in a log; whoever uses one by mistake leaks nothing."""

_FRAMES: Final = 16
_CAUSES: Final = 5


def _hide_personal(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: ("[hidden]" if key in _PERSONAL else value) for key, value in event.items()}


def _without_words(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Tell of an error what kind it is and where it happened: its text may quote what a person wrote.

    A database driver's text holds the parameters of the statement, a validation's the value that was wrong.
    """
    given = event.pop("exc_info", None)
    if isinstance(given, tuple):
        given = given[1]
    error = given if isinstance(given, BaseException) else sys.exc_info()[1] if given else None
    if error is not None:
        event["cause"] = [_kind(one) for one in _chain(error)]
        event["trace"] = _places(error.__traceback__)
    return event


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and what it came from."""
    one: BaseException | None = error
    for _ in range(_CAUSES):
        if one is None:
            return
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _kind(error: BaseException) -> str:
    """Name the error, with the number that its system gives it: that is what a manual is searched for."""
    number = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    if isinstance(error, OSError):
        number = error.strerror or error.errno
    return f"{type(error).__name__} ({number})" if isinstance(number, str | int) else type(error).__name__


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-_FRAMES:]
    return [f"{'/'.join(Path(one.filename).parts[-3:])}:{one.lineno} {one.name}" for one in frames]


class _Libraries(logging.Handler):
    """Says that a library complained, and where; its words may quote a request, so they stay out."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line in the house's own form."""
        try:
            structlog.get_logger(__name__).log(
                record.levelno,
                "library_complained",
                library=record.name,
                where=f"{record.filename}:{record.lineno}",
                exc_info=record.exc_info,
            )
        except Exception:  # noqa: BLE001 - what logging itself does with an error that it cannot write
            self.handleError(record)


def configure(*, readable: bool, level: int = logging.INFO) -> None:
    """Send log lines to standard error: for people if ``readable``, else as JSON."""
    last: Processor = structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _hide_personal,
            _without_words,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[_Libraries()], level=logging.WARNING, force=True)
