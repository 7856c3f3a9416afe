"""A real Postgres of the tests' own: TEST_DATABASE_HOST, or one started from this machine's programs."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

PASSWORD = "for-tests-only"


@pytest.fixture(scope="session")
def database() -> Iterator[dict[str, str]]:
    """The variables that lead to an empty, migrated database."""
    host = os.environ.get("TEST_DATABASE_HOST")
    if host:
        port = os.environ.get("TEST_DATABASE_PORT", "5432")
        yield {"DATABASE_HOST": host, "DATABASE_PORT": port}
        return
    programs = _programs()
    if programs is None:
        pytest.skip("no Postgres here: install one, or set TEST_DATABASE_HOST")
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        port = _start(programs, folder)
        try:
            yield {"DATABASE_HOST": "127.0.0.1", "DATABASE_PORT": str(port)}
        finally:
            _run(programs, "pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-s", "stop")


@pytest.fixture(scope="session")
def environment(database: dict[str, str]) -> dict[str, str]:
    """Set before the application is imported, since it reads its settings then."""
    values = {
        **database,
        "DATABASE_NAME": "ai_creatives",
        "DATABASE_USER": "ai_creatives",
        "POSTGRES_PASSWORD": PASSWORD,
        "SECRET_KEY": "a-key-of-thirty-two-bytes-and-so",
        "CORS_ORIGINS": "https://shop.example, https://other.example",
    }
    os.environ.update(values)
    return values


@pytest.fixture(scope="session")
def migrated(environment: dict[str, str]) -> dict[str, str]:
    from alembic import command
    from alembic.config import Config

    config = Config(Path(__file__).parents[1] / "alembic.ini")
    command.upgrade(config, "0001")
    # Backwards and forwards again: a release that is undone must not need a restore.
    command.upgrade(config, "head")
    command.downgrade(config, "0001")
    command.upgrade(config, "head")
    return environment


@pytest.fixture
def sql(migrated: dict[str, str]) -> Iterator[psycopg.Connection]:
    """A connection beside the application's, to an empty table."""
    with psycopg.connect(
        host=migrated["DATABASE_HOST"],
        port=migrated["DATABASE_PORT"],
        dbname="ai_creatives",
        user="ai_creatives",
        password=PASSWORD,
        autocommit=True,
    ) as connection:
        connection.execute("TRUNCATE creatives")
        yield connection


@pytest.fixture
def client(sql: psycopg.Connection):
    from fastapi.testclient import TestClient

    from app.main import app

    with TestClient(app) as running:
        yield running


@pytest.fixture
def session(client) -> dict[str, str]:
    token = client.post("/api/session").json()["token"]
    return {"Authorization": f"Bearer {token}"}


def _programs() -> Path | None:
    found = shutil.which("initdb")
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return folders[0] if folders else Path(found).parent if found else None


def _start(programs: Path, folder: str) -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if os.getuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    password = Path(folder, "password")
    password.write_text(PASSWORD)
    password.chmod(0o644)
    where = ["-D", f"{folder}/data"]
    _run(programs, "initdb", *where, "-U", "ai_creatives", f"--pwfile={password}", "-A", "scram-sha-256")
    options = f"-p {port} -k {folder} -c fsync=off -c listen_addresses=127.0.0.1"
    _run(programs, "pg_ctl", *where, "-o", options, "-l", f"{folder}/log", "-s", "-w", "start")
    with psycopg.connect(
        host="127.0.0.1",
        port=port,
        user="ai_creatives",
        password=PASSWORD,
        dbname="postgres",
        autocommit=True,
    ) as connection:
        connection.execute("CREATE DATABASE ai_creatives")
    return port


def _run(programs: Path, program: str, *args: str) -> None:
    """Postgres refuses to run as root, so root becomes its user."""
    user = "postgres" if os.getuid() == 0 else None
    subprocess.run([programs / program, *args], check=True, user=user, stdout=subprocess.DEVNULL)
