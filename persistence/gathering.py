"""Work that costs nearly the same for many as for one: who comes at the same time is served together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Gathering(Generic[T, R]):
    """Hands everything that has been submitted to ``work`` at once; meanwhile the next group gathers.

    Nobody waits for company: a caller who comes alone is served alone and at once.
    """

    def __init__(
        self, work: Callable[[Sequence[T]], Awaitable[Sequence[R | Exception]]], *, most: int = 256
    ) -> None:
        """Serve groups of at most ``most``. ``work`` returns one result, or exception to raise, for each."""
        self._work = work
        self._most = most
        self._waiting: list[tuple[T, asyncio.Future[R]]] = []
        self._running: asyncio.Task[None] | None = None

    async def submit(self, item: T) -> R:
        """Return the item's result.

        Raises:
            Exception: the one that ``work`` had for this item, or raised for all.

        """
        future: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._running is None:
            self._running = asyncio.create_task(self._drain(), name="gathering")
        return await future

    async def _drain(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
                await self._serve(group)
        finally:
            self._running = None

    async def _serve(self, group: list[tuple[T, asyncio.Future[R]]]) -> None:
        results: Sequence[R | Exception]
        try:
            results = await self._work([item for item, _ in group])
        except Exception as error:  # noqa: BLE001 - whatever it is, every caller must hear of it
            results = [error] * len(group)
        for (_, future), result in zip(group, results, strict=True):
            if future.done():  # the caller went away; the work stands
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
