"""Invitations to a session's table, whom they let in, and guests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invitation",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("session_id", sa.String(length=40), nullable=False),
        sa.Column("code_sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("used_by", sa.String(length=40), nullable=True),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_invitation_session_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_invitation_tenant_id")),
        sa.ForeignKeyConstraint(["used_by"], ["player.id"], name=op.f("fk_invitation_used_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("code_sha256", name=op.f("uq_invitation_code_sha256")),
    )
    op.create_index("ix_invitation_session_id", "invitation", ["session_id"], unique=False)
    op.create_table(
        "admission",
        sa.Column("session_id", sa.String(length=40), nullable=False),
        sa.Column("player_id", sa.String(length=40), nullable=False),
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("invitation_id", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("guest", sa.Boolean(), nullable=False),
        sa.Column("admitted_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("barred_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitation.id"], name=op.f("fk_admission_invitation_id")),
        sa.ForeignKeyConstraint(["player_id"], ["player.id"], name=op.f("fk_admission_player_id")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_admission_session_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_admission_tenant_id")),
        sa.PrimaryKeyConstraint("session_id", "player_id", name=op.f("pk_admission")),
    )
    op.create_table(
        "guest",
        sa.Column("player_id", sa.String(length=40), nullable=False),
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("session_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["player_id"], ["player.id"], name=op.f("fk_guest_player_id")),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name=op.f("fk_guest_session_id")),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_guest_tenant_id")),
        sa.PrimaryKeyConstraint("player_id", name=op.f("pk_guest")),
    )


def downgrade() -> None:
    for table in ("guest", "admission", "invitation"):
        op.drop_table(table)
