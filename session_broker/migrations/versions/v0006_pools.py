"""Pools: the nodes that the fleet makes and ends, and which replica does so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pool_node",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("pool", sa.String(length=32), nullable=False),
        sa.Column("enrolment_sha256", sa.String(length=64), nullable=False),
        sa.Column("trouble", sa.String(length=32), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("retired_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_pool_node_tenant_id")),
        sa.ForeignKeyConstraint(
            ["enrolment_sha256"], ["node_enrolment.token_sha256"], name=op.f("fk_pool_node_enrolment_sha256")
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pool_node")),
    )
    op.create_table(
        "fleet_lease",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=40), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("news", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_fleet_lease_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", name=op.f("pk_fleet_lease")),
    )


def downgrade() -> None:
    op.drop_table("fleet_lease")
    op.drop_table("pool_node")
