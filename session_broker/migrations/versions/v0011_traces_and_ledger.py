"""The ledger of what was played; sessions know since when they are, and the trace that their start is a part of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session", sa.Column("traceparent", sa.String(length=55), nullable=True))
    op.add_column("session", sa.Column("running_since_at_ms", sa.BigInteger(), nullable=True))
    op.create_table(
        "ledger_entry",
        sa.Column("session_id", sa.String(length=40), nullable=False),
        sa.Column("began_at_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("player_id", sa.String(length=40), nullable=False),
        sa.Column("title_id", sa.String(length=64), nullable=False),
        sa.Column("title_version", sa.String(length=64), nullable=False),
        sa.Column("node_id", sa.String(length=40), nullable=False),
        sa.Column("pool", sa.String(length=32), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("ended_by", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_ledger_entry_session_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_ledger_entry_tenant_id")),
        sa.ForeignKeyConstraint(["player_id"], ["player.id"], name=op.f("fk_ledger_entry_player_id")),
        sa.ForeignKeyConstraint(["node_id"], ["node.id"], name=op.f("fk_ledger_entry_node_id")),
        sa.PrimaryKeyConstraint("session_id", "began_at_ms", name=op.f("pk_ledger_entry")),
    )
    op.create_index(
        op.f("ix_ledger_entry_tenant_id_ended_at_ms"), "ledger_entry", ["tenant_id", "ended_at_ms"], unique=False
    )


def downgrade() -> None:
    op.drop_table("ledger_entry")
    op.drop_column("session", "running_since_at_ms")
    op.drop_column("session", "traceparent")
