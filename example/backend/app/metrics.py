"""What Prometheus reads; the workers' figures are added up through files (PROMETHEUS_MULTIPROC_DIR)."""

import logging
import os
from pathlib import Path
from time import perf_counter

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client import generate_latest, multiprocess
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Counter("http_requests", "Requests answered.", ["method", "path", "status"])
DURATION = Histogram(
    "http_request_duration_seconds",
    "Time from a request to its answer.",
    ["method", "path"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
DATABASE_ERRORS = Counter("database_errors", "Queries that the database did not answer.")
DATABASE_CONNECTIONS = Gauge(
    "database_connections", "Connections of the pools.", ["state"], multiprocess_mode="livesum"
)
QUEUE_LENGTH = Gauge(
    "render_queue_length", "Creatives that wait to be rendered.", multiprocess_mode="livesum"
)

_log = logging.getLogger(__name__)


def exposition() -> bytes:
    """The figures of all workers of this pod, in Prometheus' text format."""
    folder = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not folder:
        return generate_latest(REGISTRY)
    _forget_the_dead(Path(folder))
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)
    return generate_latest(registry)


def _forget_the_dead(folder: Path) -> None:
    """A worker that died took its queue and connections along; its counters stay."""
    for file in folder.glob("gauge_live*_*.db"):
        pid = file.stem.rsplit("_", 1)[1]
        if not Path("/proc", pid).exists():
            multiprocess.mark_process_dead(int(pid), str(folder))


class Measure:
    """Counts, times and logs each request by its route, so that ids never become labels."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start, status = perf_counter(), 500

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            _record(scope, status, perf_counter() - start)


def _record(scope: Scope, status: int, seconds: float) -> None:
    route = scope.get("route")
    path = getattr(route, "path", "unmatched")
    REQUESTS.labels(scope["method"], path, status).inc()
    DURATION.labels(scope["method"], path).observe(seconds)
    if path.startswith("/health") or path == "/metrics":
        return
    details = {"method": scope["method"], "path": scope["path"], "status": status}
    _log.info("request", extra={**details, "duration_ms": round(seconds * 1000, 1)})
