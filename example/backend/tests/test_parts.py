"""Parts that need no database."""

import asyncio
import json
import logging
import os
import subprocess
import sys
from pathlib import Path


def test_logs_are_one_json_object_a_line():
    from app.logs import JsonFormatter

    record = logging.LogRecord("app", logging.WARNING, "", 0, "slow %s", ("query",), None)
    record.duration_ms = 12
    line = json.loads(JsonFormatter().format(record))
    assert line["level"] == "warning"
    assert line["message"] == "slow query"
    assert line["duration_ms"] == 12


def test_secrets_come_from_files(tmp_path, monkeypatch):
    from app.settings import settings

    (tmp_path / "POSTGRES_PASSWORD").write_text("from a file: 'quotes' too")
    monkeypatch.delenv("POSTGRES_PASSWORD", raising=False)
    monkeypatch.setenv("SECRETS_DIR", str(tmp_path))
    settings.cache_clear()
    try:
        read = settings()
        assert read.postgres_password.get_secret_value() == "from a file: 'quotes' too"
        assert "quotes" not in repr(read)
    finally:
        settings.cache_clear()


def test_without_redis_everything_is_a_miss_and_nothing_fails():
    from app.cache import Cache
    from app.settings import Settings

    async def use(url: str) -> str | None:
        cache = Cache(Settings(redis_url=url))
        await cache.put("a", "b")
        found = await cache.get("a")
        await cache.close()
        return found

    assert asyncio.run(use("")) is None
    # Nobody listens on port 1.
    assert asyncio.run(use("redis://127.0.0.1:1/0")) is None


def test_the_workers_figures_are_added_up_and_the_dead_forgotten(tmp_path):
    """Two processes with a queue of 2 each make 4; one that has ended makes nothing."""
    code = "import sys; from app.metrics import QUEUE_LENGTH, REQUESTS; QUEUE_LENGTH.set(2);"
    code += "REQUESTS.labels('GET', '/x', 200).inc(); print('set', flush=True); sys.stdin.read(1)"
    root = Path(__file__).parents[1]
    env = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}

    def worker() -> subprocess.Popen:
        pipe = subprocess.PIPE
        process = subprocess.Popen([sys.executable, "-c", code], cwd=root, env=env, stdin=pipe, stdout=pipe)
        assert process.stdout.readline() == b"set\n"
        return process

    def figures() -> str:
        show = "from app.metrics import exposition; print(exposition().decode())"
        return subprocess.check_output([sys.executable, "-c", show], cwd=root, env=env, text=True)

    first, second = worker(), worker()
    try:
        assert "render_queue_length 4.0" in figures()
        second.communicate(b"x")
        assert "render_queue_length 2.0" in figures()
        assert 'http_requests_total{method="GET",path="/x",status="200"} 2.0' in figures()
    finally:
        first.communicate(b"x")
