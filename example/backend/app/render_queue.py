"""A small queue in each worker: what it holds is also a row, so that a restart loses nothing."""

import asyncio
import logging

from . import creatives
from .cache import Cache
from .database import Database, DatabaseAway
from .metrics import QUEUE_LENGTH

LIST_KEY = "creatives"

_log = logging.getLogger(__name__)


class RenderQueue:
    """`put` from requests; one task renders."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache
        self._ids: asyncio.Queue[int] = asyncio.Queue()

    def put(self, id: int) -> None:
        self._ids.put_nowait(id)
        QUEUE_LENGTH.set(self._ids.qsize())

    async def run(self) -> None:
        """For ever: first what others left behind, then what comes."""
        QUEUE_LENGTH.set(0)
        try:
            async with self._database.writing() as connection:
                for id in await creatives.waiting(connection):
                    self.put(id)
        except Exception as error:
            # Without its tables or its database a worker still serves; it takes what comes.
            _log.warning("no look at the queue of before", extra={"error": str(error)})
        while True:
            id = await self._ids.get()
            await self._render(id)
            QUEUE_LENGTH.set(self._ids.qsize())

    async def _render(self, id: int) -> None:
        try:
            async with self._database.writing() as connection:
                creative = await creatives.find(connection, id)
                if creative is None:
                    return
                # Where the model would be asked.
                await creatives.finish(connection, id, f"{creative.title}: made for you")
            await self._cache.forget(LIST_KEY)
        except DatabaseAway:
            await asyncio.sleep(1)
            self.put(id)
        except Exception:
            _log.exception("a creative could not be rendered", extra={"id": id})
