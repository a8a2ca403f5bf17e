"""Replicas: who is alive, whose each session and node is, what each node offers, messages between replicas."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "replica",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replica")),
    )
    op.create_table(
        "bus_message",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("to_replica", sa.String(length=40), nullable=False),
        sa.Column("from_replica", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sent_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bus_message")),
    )
    op.create_index("ix_bus_message_to_replica_id", "bus_message", ["to_replica", "id"])
    with op.batch_alter_table("session") as table:
        table.add_column(sa.Column("owner", sa.String(length=40), nullable=True))
        table.add_column(sa.Column("queued_at_ms", sa.BigInteger(), server_default="0", nullable=False))
        table.add_column(sa.Column("priority", sa.Integer(), server_default="0", nullable=False))
    live = sa.text("ended_at_ms IS NULL")
    op.create_index("ix_session_owner_live", "session", ["owner"], sqlite_where=live, postgresql_where=live)
    op.execute("UPDATE session SET queued_at_ms = created_at_ms")
    with op.batch_alter_table("node") as table:
        table.add_column(sa.Column("home", sa.String(length=40), nullable=True))
        table.add_column(sa.Column("ready", sa.Boolean(), server_default="0", nullable=False))
        table.add_column(sa.Column("claims", sa.Integer(), server_default="0", nullable=False))
        table.add_column(sa.Column("drained", sa.Boolean(), server_default="0", nullable=False))
        table.add_column(sa.Column("drain_until_ms", sa.BigInteger(), nullable=True))
        table.add_column(sa.Column("offer", sa.JSON(), nullable=True))
        table.add_column(sa.Column("offers", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("node") as table:
        for name in ("offers", "offer", "drain_until_ms", "drained", "claims", "ready", "home"):
            table.drop_column(name)
    op.drop_index("ix_session_owner_live", table_name="session")
    with op.batch_alter_table("session") as table:
        for name in ("priority", "queued_at_ms", "owner"):
            table.drop_column(name)
    op.drop_table("bus_message")
    op.drop_table("replica")
