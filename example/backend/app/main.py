"""The routes, and what lives as long as the worker: pools, cache, queue."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import JSONResponse
from pydantic import TypeAdapter

from . import creatives, logs, payments, sessions
from .cache import Cache
from .creatives import Creative, NewCreative
from .database import Database, DatabaseAway
from .metrics import Measure, exposition
from .render_queue import LIST_KEY, RenderQueue
from .settings import Settings, settings

_log = logging.getLogger(__name__)
_creatives = TypeAdapter(list[Creative])


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    config = settings()
    app.state.database = Database(config)
    app.state.cache = Cache(config)
    app.state.queue = RenderQueue(app.state.database, app.state.cache)
    app.state.http = httpx.AsyncClient(timeout=10)
    await app.state.database.open()
    tasks = [asyncio.create_task(app.state.queue.run()), asyncio.create_task(_sample(app))]
    app.state.ready = True
    yield
    app.state.ready = False
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    await app.state.http.aclose()
    await app.state.cache.close()
    await app.state.database.close()


async def _sample(app: FastAPI) -> None:
    while True:
        app.state.database.report()
        await asyncio.sleep(5)


logs.configure(settings().log_level)
# The balancer sends /api, /docs and /health here, so the description lives below /api.
app = FastAPI(title="AI Creatives", lifespan=lifespan, openapi_url="/api/openapi.json", redoc_url=None)
app.add_middleware(Measure)
if settings().origins():
    app.add_middleware(
        CORSMiddleware,
        allow_origins=settings().origins(),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
    )


@app.exception_handler(DatabaseAway)
async def database_away(_: Request, error: Exception) -> JSONResponse:
    _log.error("the database is away", extra={"error": str(error)})
    return JSONResponse({"detail": "the database is away"}, 503, {"Retry-After": "5"})


@app.get("/health")
async def health() -> dict[str, str]:
    """Alive: the process answers. It says nothing about the database, on purpose."""
    return {"status": "ok"}


@app.get("/health/ready")
async def ready(request: Request) -> dict[str, str]:
    """Takes traffic: started, and not shutting down."""
    if not getattr(request.app.state, "ready", False):
        raise HTTPException(503, "not ready")
    return {"status": "ready"}


@app.get("/metrics", include_in_schema=False)
async def metrics() -> Response:
    return Response(exposition(), media_type="text/plain; version=0.0.4; charset=utf-8")


@app.get("/api/creatives")
async def list_creatives(request: Request) -> Response:
    """The newest fifty; `x-served-by` says whether cache, replica or primary answered."""
    state = request.app.state
    text = await state.cache.get(LIST_KEY)
    source = "cache"
    if text is None:
        async with state.database.reading() as (connection, source):
            text = _creatives.dump_json(await creatives.newest(connection)).decode()
        await state.cache.put(LIST_KEY, text)
    return Response(text, media_type="application/json", headers={"x-served-by": source})


@app.post("/api/creatives", status_code=201)
async def add_creative(
    request: Request, creative: NewCreative, _: Annotated[str, Depends(sessions.guest)]
) -> Creative:
    """Stored at once, rendered soon after."""
    async with request.app.state.database.writing() as connection:
        added = await creatives.add(connection, creative)
    await request.app.state.cache.forget(LIST_KEY)
    request.app.state.queue.put(added.id)
    return added


@app.post("/api/session", status_code=201)
async def open_session(config: Annotated[Settings, Depends(settings)]) -> dict[str, str]:
    """A guest's token for 12 hours."""
    return {"token": sessions.issue(config)}


@app.post("/api/creatives/{id}/payment", status_code=201)
async def pay(
    request: Request,
    id: int,
    _: Annotated[str, Depends(sessions.guest)],
    config: Annotated[Settings, Depends(settings)],
) -> dict[str, str]:
    """Where to pay for a creative."""
    async with request.app.state.database.writing() as connection:
        if await creatives.find(connection, id) is None:
            raise HTTPException(404, "no such creative")
    return {"url": await payments.create(request.app.state.http, config, id)}
