"""Logging: one line per event, with ids and counts. Never message text, names, numbers or tokens."""

from __future__ import annotations

import logging
import sys
from typing import Final

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_PERSONAL: Final = frozenset(
    {"text", "body", "payload", "name", "phone", "email", "token", "secret", "address", "url"}
)
"""Keys that have no business in a log; whoever uses one by mistake leaks nothing."""


def _hide_personal(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: ("[hidden]" if key in _PERSONAL else value) for key, value in event.items()}


def configure(*, readable: bool, level: int = logging.INFO) -> None:
    """Send log lines to standard error: for people if ``readable``, else as JSON."""
    last: Processor = structlog.dev.ConsoleRenderer() if readable else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _hide_personal,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
