"""Devices: signed-in browsers get an id, the time they were last seen and, in the profile, a label."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from wire.ids import ID_RANDOM_BYTES, make_id

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("browser_session") as table:
        table.add_column(sa.Column("id", sa.String(length=40), nullable=True))
        table.add_column(sa.Column("seen_at_ms", sa.BigInteger(), nullable=True))
    _name_those_that_are_signed_in()
    with op.batch_alter_table("browser_session") as table:
        table.alter_column("id", existing_type=sa.String(length=40), nullable=False)
        table.alter_column("seen_at_ms", existing_type=sa.BigInteger(), nullable=False)
        table.create_unique_constraint(op.f("uq_browser_session_id"), ["id"])
    op.create_table(
        "player_profile_device",
        sa.Column("browser_session_id", sa.String(length=40), nullable=False),
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("player_id", sa.String(length=40), nullable=False),
        sa.Column("browser", sa.String(length=32), nullable=False),
        sa.Column("system", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["browser_session_id"],
            ["browser_session.id"],
            name=op.f("fk_player_profile_device_browser_session_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["player_id"],
            ["player_profile.player_id"],
            name=op.f("fk_player_profile_device_player_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_player_profile_device_tenant_id")),
        sa.PrimaryKeyConstraint("browser_session_id", name=op.f("pk_player_profile_device")),
    )


def _name_those_that_are_signed_in() -> None:
    table = sa.table("browser_session", *map(sa.column, ("token_sha256", "id", "seen_at_ms", "created_at_ms")))
    connection = op.get_bind()
    for (token_sha256,) in connection.execute(sa.select(table.c.token_sha256)).fetchall():
        device_id = make_id("dev", secrets.token_bytes(ID_RANDOM_BYTES))
        row = table.update().where(table.c.token_sha256 == token_sha256)
        connection.execute(row.values(id=device_id, seen_at_ms=table.c.created_at_ms))


def downgrade() -> None:
    op.drop_table("player_profile_device")
    with op.batch_alter_table("browser_session") as table:
        table.drop_constraint(op.f("uq_browser_session_id"), type_="unique")
        table.drop_column("seen_at_ms")
        table.drop_column("id")
