"""The adverts' rows: the only place with SQL."""

from datetime import datetime
from typing import Literal

from psycopg import AsyncConnection
from psycopg.rows import DictRow
from pydantic import BaseModel, Field


class NewCreative(BaseModel):
    """What a caller sends."""

    title: str = Field(min_length=1, max_length=200)


class Creative(NewCreative):
    """What is stored."""

    id: int
    status: Literal["queued", "ready"]
    slogan: str | None
    created_at: datetime


async def newest(connection: AsyncConnection[DictRow]) -> list[Creative]:
    rows = await connection.execute(
        "SELECT id, title, status, slogan, created_at FROM creatives ORDER BY id DESC LIMIT 50"
    )
    return [Creative(**row) for row in await rows.fetchall()]


async def add(connection: AsyncConnection[DictRow], creative: NewCreative) -> Creative:
    rows = await connection.execute(
        "INSERT INTO creatives (title) VALUES (%s) RETURNING id, title, status, slogan, created_at",
        [creative.title],
    )
    row = await rows.fetchone()
    assert row is not None
    return Creative(**row)


async def find(connection: AsyncConnection[DictRow], id: int) -> Creative | None:
    rows = await connection.execute(
        "SELECT id, title, status, slogan, created_at FROM creatives WHERE id = %s", [id]
    )
    row = await rows.fetchone()
    return Creative(**row) if row else None


async def waiting(connection: AsyncConnection[DictRow]) -> list[int]:
    """Ids that no worker has finished: what a pod that died left behind is among them."""
    rows = await connection.execute("SELECT id FROM creatives WHERE status = 'queued' ORDER BY id")
    return [row["id"] for row in await rows.fetchall()]


async def finish(connection: AsyncConnection[DictRow], id: int, slogan: str) -> bool:
    """False where another worker was faster."""
    done = await connection.execute(
        "UPDATE creatives SET status = 'ready', slogan = %s WHERE id = %s AND status = 'queued'",
        [slogan, id],
    )
    return done.rowcount == 1
