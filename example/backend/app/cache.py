"""The cache in Redis, where REDIS_URL is set. Redis being away costs speed, never an answer."""

import logging

from redis.asyncio import Redis
from redis.exceptions import RedisError

from .settings import Settings

_log = logging.getLogger(__name__)


class Cache:
    """Texts by key, for `cache_seconds`; without Redis everything is a miss."""

    def __init__(self, settings: Settings) -> None:
        self._seconds = settings.cache_seconds
        url = settings.redis_url
        timeouts = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5}
        self._redis = Redis.from_url(url, decode_responses=True, **timeouts) if url else None

    async def get(self, key: str) -> str | None:
        if self._redis is None:
            return None
        try:
            return await self._redis.get(key)
        except RedisError as error:
            _log.warning("the cache is away", extra={"error": type(error).__name__})
            return None

    async def put(self, key: str, text: str) -> None:
        if self._redis is None:
            return
        try:
            await self._redis.set(key, text, ex=self._seconds)
        except RedisError as error:
            _log.warning("the cache is away", extra={"error": type(error).__name__})

    async def forget(self, key: str) -> None:
        if self._redis is None:
            return
        try:
            await self._redis.delete(key)
        except RedisError as error:
            _log.warning("the cache is away", extra={"error": type(error).__name__})

    async def close(self) -> None:
        if self._redis is not None:
            await self._redis.aclose()
