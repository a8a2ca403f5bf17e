"""Rows that are updated, or inserted if they are not there yet: one statement for many rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

Insert: TypeAlias = postgresql.Insert | sqlite.Insert

_INSERTS: Mapping[str, Callable[[Table], Insert]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


@dataclass(frozen=True, slots=True)
class Put:
    """One row."""

    key: Mapping[str, Any]
    """The primary key."""
    values: Mapping[str, Any]
    """What it shall hold, new or not; nothing leaves a row that is there as it is."""
    first: Mapping[str, Any]
    """What a new row holds beside that."""


async def put(connection: AsyncConnection, table: Table, *rows: Put) -> None:
    """Write rows that have the same columns, none of them twice.

    Raises:
        sqlalchemy.exc.IntegrityError: another constraint than the primary key refuses one.
    """
    if not rows:
        return
    statement = _statement(connection.dialect.name, table, tuple(rows[0].key), tuple(rows[0].values))
    filled = [{**row.first, **row.values, **row.key} for row in rows]
    await connection.execute(statement, filled if len(filled) > 1 else filled[0])


@lru_cache
def _statement(dialect: str, table: Table, key: tuple[str, ...], values: tuple[str, ...]) -> Insert:
    statement = _INSERTS[dialect](table)
    if not values:
        return statement.on_conflict_do_nothing(index_elements=key)
    taken = {name: statement.excluded[name] for name in values}
    return statement.on_conflict_do_update(index_elements=key, set_=taken)
