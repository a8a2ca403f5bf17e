"""Opening the database: engine, SQLite's pragmas, migrations. Both databases take the same schema."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

MIGRATIONS_DIR = Path(__file__).parent.parent / "migrations"

POOL_SIZE = 12
"""Connections of a broker to PostgreSQL: kept open, since opening one costs more than a session's start."""

_MIGRATION_LOCK = 0x6661726C
"""Key of PostgreSQL's advisory lock that lets one replica migrate at a time."""

_START_LOCK = 0x6661726D
"""The same for what a broker does at its start."""


async def open_database(url: str) -> AsyncEngine:
    """Connect and bring the schema up to date. The caller disposes of the engine.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be reached or migrated.
    """
    sqlite = make_url(url).get_backend_name() == "sqlite"
    await _migrate_once(url, sqlite=sqlite)
    if sqlite:
        engine = create_async_engine(url, **_QUIET)
        event.listen(engine.sync_engine, "connect", _set_pragmas)
    else:
        engine = create_async_engine(url, **_QUIET, **_POSTGRESQL, pool_size=POOL_SIZE, max_overflow=0)
        event.listen(engine.sync_engine, "checkout", _refuse_closed)
    return engine


def single_statements(engine: AsyncEngine) -> AsyncEngine:
    """Return the same engine for statements that stand alone: on PostgreSQL each is a transaction by itself."""
    return engine.execution_options(isolation_level="AUTOCOMMIT") if is_shared(engine) else engine


def _refuse_closed(connection: Any, _record: object, _proxy: object) -> None:
    """Let the pool open another connection in place of one that the server has closed.

    The driver knows without asking. To ask the server each time (``pool_pre_ping``) takes three round trips.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError


async def _connect(*place: Any, **options: Any) -> Any:
    """Connect to PostgreSQL; a server that is starting, stopping or full is one that does not answer.

    SQLAlchemy passes the driver's own errors of this step on as they are.

    Raises:
        OSError: it does not answer.
        asyncpg.PostgresError: it refuses.
    """
    try:
        return await asyncpg.connect(*place, **options)
    except (
        asyncpg.CannotConnectNowError,
        asyncpg.ConnectionDoesNotExistError,
        asyncpg.OperatorInterventionError,
        asyncpg.TooManyConnectionsError,
    ) as error:
        raise ConnectionError(f"PostgreSQL does not answer: {error}") from error


def is_shared(engine: AsyncEngine) -> bool:
    """Tell whether several brokers may use this database at once."""
    return engine.dialect.name != "sqlite"


@contextlib.asynccontextmanager
async def starting(engine: AsyncEngine) -> AsyncIterator[None]:
    """Let one replica at a time make what there must be one of."""
    if not is_shared(engine):
        yield
        return
    async with engine.begin() as connection:
        await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _START_LOCK})
        yield


_QUIET = {"hide_parameters": True}
"""Errors come into the log, and what a statement was given may be a name or what a tab said."""

_POSTGRESQL = {"connect_args": {"async_creator_fn": _connect}}


async def _migrate_once(url: str, *, sqlite: bool) -> None:
    """Bring the schema up to date in one transaction, so that a start that is killed leaves the old one."""
    engine = create_async_engine(url, **({} if sqlite else _POSTGRESQL))
    if sqlite:
        # The driver commits before each CREATE by itself unless it is told to leave transactions alone.
        event.listen(engine.sync_engine, "connect", _leave_transactions_alone)
        event.listen(engine.sync_engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        async with engine.begin() as connection:
            if not sqlite:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
            await connection.run_sync(migrate)
    finally:
        await engine.dispose()


def migrate(connection: Connection) -> None:
    """Run every migration that this database has not seen."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS_DIR).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _leave_transactions_alone(connection: Any, record: object) -> None:
    _set_pragmas(connection, record)
    connection.isolation_level = None


def _set_pragmas(connection: Any, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
