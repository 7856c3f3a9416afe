"""Pools of connections: one to the primary, and one to the replica where there is one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection, Error, OperationalError
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

from .metrics import DATABASE_CONNECTIONS, DATABASE_ERRORS
from .settings import Settings


class DatabaseAway(Exception):
    """The database did not answer: 503, and the caller may try again."""


class Database:
    """Opens without waiting: a pod starts, and says that it is alive, while the database is away."""

    def __init__(self, settings: Settings) -> None:
        self._primary = _pool(settings, settings.database_host)
        replica = settings.database_replica_host
        self._replica = _pool(settings, replica) if replica else None

    async def open(self) -> None:
        for pool in self._pools():
            await pool.open(wait=False)

    async def close(self) -> None:
        for pool in self._pools():
            await pool.close()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection[DictRow]]:
        async with _connection(self._primary) as connection:
            yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[tuple[AsyncConnection[DictRow], str]]:
        """A connection, and which server it is to: `replica` or `primary`."""
        name = "replica" if self._replica else "primary"
        async with _connection(self._replica or self._primary) as connection:
            yield connection, name

    def report(self) -> None:
        """Tells the metrics how many connections are open and how many of them work."""
        stats = [pool.get_stats() for pool in self._pools()]
        size = sum(each.get("pool_size", 0) for each in stats)
        idle = sum(each.get("pool_available", 0) for each in stats)
        DATABASE_CONNECTIONS.labels("open").set(size)
        DATABASE_CONNECTIONS.labels("busy").set(size - idle)

    def _pools(self) -> list[AsyncConnectionPool[AsyncConnection[DictRow]]]:
        return [self._primary] + ([self._replica] if self._replica else [])


def _pool(settings: Settings, host: str) -> AsyncConnectionPool[AsyncConnection[DictRow]]:
    return AsyncConnectionPool(
        settings.conninfo(host),
        min_size=1,
        max_size=settings.database_pool_size,
        timeout=5,
        # A connection that a restore or a restart broke is found before a request gets it.
        check=AsyncConnectionPool.check_connection,
        kwargs={"row_factory": dict_row},
        open=False,
    )


@asynccontextmanager
async def _connection(
    pool: AsyncConnectionPool[AsyncConnection[DictRow]],
) -> AsyncIterator[AsyncConnection[DictRow]]:
    try:
        async with pool.connection() as connection:
            yield connection
    except Error as error:
        # PoolTimeout is an OperationalError; a wrong query is our own defect, and stays an exception.
        DATABASE_ERRORS.inc()
        if isinstance(error, OperationalError):
            raise DatabaseAway(type(error).__name__) from error
        raise
