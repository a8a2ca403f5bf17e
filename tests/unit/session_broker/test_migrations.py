"""Data folders of earlier versions come up to date with all that they hold."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, select, text

from session_broker.io import tables
from session_broker.io.database import MIGRATIONS_DIR, open_database

ROWS_OF_0003 = (
    "INSERT INTO tenant VALUES ('ten_a', 'default', 1)",
    "INSERT INTO player VALUES ('plr_a', 'ten_a', '[]', 1)",
    "INSERT INTO title VALUES ('ten_a', 'chess', 1)",
    "INSERT INTO title_version VALUES ('ten_a', 'chess', '1', 'pygame', '{}', 1)",
    "INSERT INTO node VALUES ('node_a', 'ten_a', 'attic', 'aa', 'ready', 2, 1, 1, NULL)",
    "INSERT INTO node_enrolment VALUES ('bb', 'ten_a', 1, 2, 'node_a')",
    "INSERT INTO session VALUES ('ses_a', 'ten_a', 'plr_a', 'chess', '1', 'running', NULL, '', 1, 7, 8, NULL)",
    "INSERT INTO placement VALUES ('ses_a', 1, 'ten_a', 'node_a', 'serving', NULL, 1, 1)",
)


async def test_a_data_folder_with_a_node_and_a_session_on_it_comes_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "broker.sqlite3"
    old = create_engine(f"sqlite:///{path}")
    with old.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS_DIR))
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
        for row in ROWS_OF_0003:
            connection.execute(text(row))
    old.dispose()
    engine = await open_database(f"sqlite+aiosqlite:///{path}")
    async with engine.connect() as connection:
        node = (await connection.execute(select(tables.node))).one()
        enrolment = (await connection.execute(select(tables.node_enrolment))).one()
        placement = (await connection.execute(select(tables.placement))).one()
        session = (await connection.execute(select(tables.session))).one()
    await engine.dispose()
    assert (node.id, node.ready, node.drained, node.claims, node.offers) == ("node_a", False, False, 0, 0)
    assert (enrolment.node_id, placement.node_id) == ("node_a", "node_a")
    assert (session.owner, session.queued_at_ms) == (None, 7)
