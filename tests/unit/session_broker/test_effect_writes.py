"""The core's writes as SQL: the order in which they take rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import event, insert

from session_broker.core.effects import ReplicaId, SaveSession
from session_broker.io import tables
from session_broker.io.accounts import Accounts
from session_broker.io.database import open_database
from session_broker.io.store import Store
from tests.support.live_broker import TITLES
from wire.ids import PlayerId, SessionId, TenantId, TitleId
from wire.session_control import SessionState

PLAYERS = ("plr_1", "plr_2")


async def test_replicas_that_make_sessions_of_the_same_players_take_them_in_the_same_order(tmp_path: Path) -> None:
    engine = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'x.sqlite3'}")
    owner = await Accounts(engine).ensure_owner()
    manifest = TITLES[0].manifest
    async with engine.begin() as connection:
        rows = [{"id": p, "tenant_id": owner.tenant_id, "roles": [], "created_at_ms": 1} for p in PLAYERS]
        await connection.execute(insert(tables.player), rows)
    taken: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: tuple[Any, ...], *_: Any) -> None:
        if statement.startswith("INSERT INTO session "):
            taken.extend(value for value in values if value in PLAYERS)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    store = Store(engine, ReplicaId("rep_me"))
    await store.sync_titles(owner.tenant_id, [manifest])
    made = [
        SaveSession(
            SessionId(f"ses_{player}"), TenantId(owner.tenant_id), PlayerId(player), TitleId(manifest.id),
            manifest.version, SessionState.QUEUED, None, "", 0, 1, 0,
        )
        for player in reversed(PLAYERS)
    ]  # fmt: skip
    await store.apply(made, [])
    await engine.dispose()
    assert taken == list(PLAYERS)
