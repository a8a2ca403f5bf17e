"""Upgrades: which node an enrolment is the successor of, and which nodes of pools shall be replaced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("node_enrolment", sa.Column("succeeds", sa.String(length=40), nullable=True))
    op.add_column("node_enrolment", sa.Column("drain_ms", sa.BigInteger(), nullable=True))
    op.add_column("pool_node", sa.Column("replace", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("pool_node", "replace")
    op.drop_column("node_enrolment", "drain_ms")
    op.drop_column("node_enrolment", "succeeds")
