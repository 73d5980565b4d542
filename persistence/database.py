"""One database, two engines: SQLite in WAL mode for one process, PostgreSQL for many. The same SQL on both.

Stores are written as plain functions over a synchronous ``Connection``; `Database` runs them inside one
transaction: on PostgreSQL on the async engine, on SQLite in a thread. No transaction is ever open while the
network is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Concatenate, Final, Generic, ParamSpec, TypeVar

from sqlalchemy import (
    BigInteger,
    BindParameter,
    Connection,
    Dialect,
    Engine,
    String,
    bindparam,
    create_engine,
    event,
    literal_column,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import QueuePool, StaticPool
from sqlalchemy.sql.elements import ColumnClause
from sqlalchemy.types import TypeDecorator

from persistence.gathering import Gathering

P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R")

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_TRIES: Final = 5
_READERS: Final = 4
_CONFLICTS: Final = frozenset({"40001", "40P01"})
"""PostgreSQL's serialization failure and deadlock: the transaction did nothing and is run again."""
_RETRIED_STATES: Final = _CONFLICTS | {"23505"}
"""Also the unique violation that two processes meet when both see a person for the first time: run again, the
transaction finds the other's row."""


class DatabaseError(Exception):
    """The database cannot be used as configured; the text says what to change."""


class Instant(TypeDecorator[datetime]):
    """A moment in UTC, kept as whole microseconds since 1970, so that both engines compare it alike."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> int | None:
        """Turn an aware datetime into microseconds."""
        return None if value is None else microseconds(value)

    def process_result_value(self, value: int | None, _dialect: Dialect) -> datetime | None:
        """Turn microseconds into an aware datetime."""
        return None if value is None else EPOCH + timedelta(microseconds=value)


class Money(TypeDecorator[Decimal]):
    """An amount, kept as whole ten-thousandths so that both engines add it up exactly."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _dialect: Dialect) -> int | None:
        """Turn an amount into ten-thousandths."""
        return None if value is None else int((value * 10_000).to_integral_value())

    def process_result_value(self, value: int | None, _dialect: Dialect) -> Decimal | None:
        """Turn ten-thousandths into an amount."""
        return None if value is None else Decimal(value).scaleb(-4).quantize(Decimal("0.01"))


def microseconds(value: datetime) -> int:
    """Return a moment as `Instant` stores it."""
    return (value - EPOCH) // _MICROSECOND


def moment(name: str) -> BindParameter[datetime]:
    """Return a parameter that is a moment. Inside a CASE a bare one would reach the driver unconverted."""
    return bindparam(name, type_=Instant())


def fixed(word: str) -> ColumnClause[str]:
    """Return a constant that stands in the statement's text, so that a partial index may be used for it."""
    return literal_column(f"'{word}'", String())


def database_url(text: str) -> URL:
    """Turn ``sqlite:///file`` or ``postgresql://…`` into the address of the async driver.

    Raises:
        DatabaseError: any other kind of database, or an address that cannot be read.

    """
    try:
        url = make_url(text)
    except Exception as error:
        message = "DATABASE_URL cannot be read: write sqlite:///nachklang.db or postgresql://user:password@host/name"
        raise DatabaseError(message) from error
    match url.get_backend_name():
        case "sqlite":
            return url.set(drivername="sqlite+aiosqlite")
        case "postgresql":
            return url.set(drivername="postgresql+asyncpg")
        case other:
            message = f"DATABASE_URL names {other!r}: only sqlite:///… and postgresql://… are supported"
            raise DatabaseError(message)


class Database:
    """The engine, and the two ways to use it: `read` and `write`.

    SQLite has one writer whatever one does: here it is one thread that owns the one writing connection, so
    that a whole transaction costs one hop between threads and writers queue instead of fighting for the file
    lock. Those who read have threads for the same reason: with a hop for every statement a page of the desk
    costs twice as much.
    """

    def __init__(self, url: str, *, pool: int = 8) -> None:
        """Prepare the engine for ``url`` (see `database_url`); nothing is opened yet."""
        self.url = database_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._closed = False
        if self.is_sqlite:
            if self.url.database and self.url.database != ":memory:":
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            self._thread = ThreadPoolExecutor(1, "sqlite-writer")
            self._writer = create_engine(self.url.set(drivername="sqlite"), poolclass=StaticPool)
            _prepare_sqlite(self._writer, begin="BEGIN IMMEDIATE")
            self._threads = ThreadPoolExecutor(_READERS, "sqlite-reader")
            self._looker = create_engine(
                self.url.set(drivername="sqlite"), pool_size=_READERS, max_overflow=0, poolclass=QueuePool
            )
            _prepare_sqlite(self._looker, begin="BEGIN")
        else:
            # Kept open are as many as a page of the desk takes at once; first used are those that are warm.
            engine = create_async_engine(self.url, pool_size=2 * pool, max_overflow=pool, pool_use_lifo=True)
            self._engine = engine
            self._writer = engine.sync_engine
            self._reader = engine.execution_options(isolation_level="REPEATABLE READ")  # the same pool
            self._looker = self._reader.sync_engine

    @property
    def engines(self) -> tuple[Engine, Engine]:
        """The engines for writing and for reading, to listen to."""
        return self._writer, self._looker

    async def write(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work`` in one transaction and return its result after the durable commit.

        ``work`` may run more than once (deadlock, serialization failure, a busy file, a lost connection), so
        it must have no effects outside the database. On SQLite it runs in a thread.

        Raises:
            sqlalchemy.exc.DBAPIError: the database refused, or stayed busy.

        """

        def bound(connection: Connection) -> T:
            return work(connection, *args, **kwargs)

        for attempt in range(1, _TRIES + 1):
            try:
                return await self._transact(bound)
            except DBAPIError as error:
                if attempt == _TRIES or not _worth_repeating(error):
                    raise
                await asyncio.sleep(0.01 * 2**attempt)
        raise AssertionError  # pragma: no cover - the loop returns or raises

    async def read(
        self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``work``, which only reads, on one consistent snapshot. On SQLite it runs in a thread."""

        def bound(connection: Connection) -> T:
            return work(connection, *args, **kwargs)

        try:
            return await self._look(bound)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return await self._look(bound)

    async def close(self) -> None:
        """Close every connection; what is being written is finished first. Safe to repeat."""
        if self.is_sqlite and not self._closed:
            self._closed = True
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._thread, self._writer.dispose)
            self._thread.shutdown()
            await loop.run_in_executor(None, self._threads.shutdown)
            self._looker.dispose()
        elif not self.is_sqlite:
            await self._reader.dispose()

    async def _transact(self, work: Callable[[Connection], T]) -> T:
        if self.is_sqlite:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._in_thread, work)
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def _look(self, work: Callable[[Connection], T]) -> T:
        if self.is_sqlite:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._look_in_thread, work)
        async with self._reader.connect() as connection:
            return await connection.run_sync(work)

    def _in_thread(self, work: Callable[[Connection], T]) -> T:
        with self._writer.begin() as connection:
            return work(connection)

    def _look_in_thread(self, work: Callable[[Connection], T]) -> T:
        with self._looker.connect() as connection:
            return work(connection)


class GroupCommit(Generic[T, R]):
    """Lets concurrent callers share one transaction, and with it one flush to disk: see `commit_each`."""

    def __init__(
        self, database: Database, apply: Callable[[Connection, Sequence[T]], Sequence[R]], *, most: int = 256
    ) -> None:
        """Share commits of at most ``most`` items each."""

        async def commit(items: Sequence[T]) -> list[R | Exception]:
            return await commit_each(database, apply, items)

        self._gathering: Gathering[T, R] = Gathering(commit, most=most)

    async def submit(self, item: T) -> R:
        """Return the item's result once it is committed.

        Raises:
            Exception: whatever ``apply`` raised for this item alone.

        """
        return await self._gathering.submit(item)


async def commit_each(
    database: Database, apply: Callable[[Connection, Sequence[T]], Sequence[R]], items: Sequence[T]
) -> list[R | Exception]:
    """Apply all items in one transaction and return one result each, in order.

    If that fails, each item is tried alone, so that one bad item harms nobody else, and its exception is its
    result; unless it is the database that cannot be reached, which is the same for all.
    """
    try:
        return list(await database.write(apply, items))
    except Exception as error:  # noqa: BLE001 - every caller gets their own error, whatever it is
        if len(items) == 1 or _is_away(error):
            return [error] * len(items)
    return [result for item in items for result in await commit_each(database, apply, [item])]


def _prepare_sqlite(engine: Engine, *, begin: str) -> None:
    """Make every connection durable and patient, and every transaction begin with ``begin``."""

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:
        # The driver must not open transactions by itself: a read that turns into a write inside a deferred
        # transaction fails at once with "database is locked" instead of waiting.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # an acknowledged webhook survives a power cut
            "busy_timeout=10000",
            "foreign_keys=ON",
            "cache_size=-16000",
            "wal_autocheckpoint=4000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def is_conflict(error: Exception) -> bool:
    """Tell whether two transactions were in each other's way; `Database.write` then runs one again."""
    return isinstance(error, DBAPIError) and getattr(error.orig, "sqlstate", None) in _CONFLICTS


def _worth_repeating(error: DBAPIError) -> bool:
    if error.connection_invalidated:  # the server was restarted, and the pool had not noticed
        return True
    if isinstance(error, OperationalError) and "database is locked" in str(error.orig):
        return True
    return getattr(error.orig, "sqlstate", None) in _RETRIED_STATES


def _is_away(error: Exception) -> bool:
    """Tell a database that cannot be used now from work that it refuses."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _worth_repeating(error)
    return isinstance(error, OSError | PoolTimeout)
