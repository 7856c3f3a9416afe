"""Alembic's environment: one connection, and a lock, so that two migrations never run at once."""

import psycopg
from alembic import context
from sqlalchemy import create_engine, pool, text

from app.settings import settings

# Any number, the same for every migration of this application.
LOCK = 7_140_001


def run() -> None:
    config = settings()
    engine = create_engine(
        "postgresql+psycopg://",
        creator=lambda: psycopg.connect(config.conninfo(config.database_host)),
        poolclass=pool.NullPool,
    )
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        connection.commit()
        # Ready-made SQL, no models to compare with: migrations are written by hand.
        context.configure(connection=connection, transaction_per_migration=True)
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run()
