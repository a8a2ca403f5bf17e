"""The engine: what its errors tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from session_broker.io import tables
from session_broker.io.accounts import Accounts
from session_broker.io.database import open_database


async def test_an_error_of_the_database_tells_nothing_of_what_was_to_be_written(tmp_path: Path) -> None:
    engine = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite3'}")
    owner = await Accounts(engine).ensure_owner()
    row = {"id": owner.tenant_id, "name": "somebody", "created_at_ms": 1}
    with pytest.raises(IntegrityError) as refused:
        async with engine.begin() as connection:
            await connection.execute(insert(tables.tenant).values(row))
    await engine.dispose()
    assert "INSERT INTO tenant" in str(refused.value)
    assert "somebody" not in str(refused.value)
