"""The room that takes new messages into the search, behind everything else.

How that is done, and how texts leave it again, is in `persistence.search_index`.
"""

from __future__ import annotations

from typing import Final

from bot.app import App

AT_ONCE: Final = 200
"""Rows of each kind in one transaction: few enough that nobody waits for it noticeably."""


async def take_in(app: App) -> int:
    """Take the next messages and notes into the index; return how many were looked at."""
    return await app.store.search.index(app.clock(), AT_ONCE)
