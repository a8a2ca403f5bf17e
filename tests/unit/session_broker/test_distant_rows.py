"""What a replica reads of the others' rows."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import insert, update

from session_broker.core.effects import ReplicaId
from session_broker.io import tables
from session_broker.io.accounts import Accounts
from session_broker.io.database import open_database
from session_broker.io.distant_rows import DistantRows
from session_broker.io.leases import Leases

ME, OTHER = ReplicaId("rep_me"), ReplicaId("rep_other")


async def test_a_node_gets_no_new_work_while_the_lease_of_its_home_has_lapsed(tmp_path: Path) -> None:
    engine = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite3'}")
    owner = await Accounts(engine).ensure_owner()
    await Leases(engine, OTHER).register(60.0, alone=False)
    async with engine.begin() as connection:
        row = {
            "id": "node_a", "tenant_id": owner.tenant_id, "name": "attic", "key_sha256": "aa", "state": "ready",
            "slots": 2, "created_at_ms": 1, "changed_at_ms": 1, "home": OTHER, "ready": True,
        }  # fmt: skip
        await connection.execute(insert(tables.node).values(row))
    rows = DistantRows(engine, ME)
    assert [(node.node_id, node.ready) for node in await rows.distant_nodes()] == [("node_a", True)]
    assert await DistantRows(engine, OTHER).distant_nodes() == []
    async with engine.begin() as connection:
        await connection.execute(update(tables.replica).values(expires_at_ms=1))
    assert [(node.node_id, node.ready) for node in await rows.distant_nodes()] == [("node_a", False)]
    await engine.dispose()
