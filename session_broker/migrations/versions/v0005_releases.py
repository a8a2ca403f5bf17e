"""Published versions of titles: their archives and signatures, whose keys they are, what is offered and blocked."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "title_publisher",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("title_id", sa.String(length=64), nullable=False),
        sa.Column("player_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("pinned_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["player_id"], ["player.id"], name=op.f("fk_title_publisher_player_id")),
        sa.ForeignKeyConstraint(
            ["tenant_id", "title_id"],
            ["title.tenant_id", "title.id"],
            name=op.f("fk_title_publisher_tenant_id_title_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "title_id", name=op.f("pk_title_publisher")),
    )
    op.create_table(
        "title_key_rotation",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("title_id", sa.String(length=64), nullable=False),
        sa.Column("old_key", sa.String(length=64), nullable=False),
        sa.Column("new_key", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("taken_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "title_id"],
            ["title.tenant_id", "title.id"],
            name=op.f("fk_title_key_rotation_tenant_id_title_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "title_id", "old_key", name=op.f("pk_title_key_rotation")),
    )
    op.create_table(
        "title_release",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("title_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("archive_sha256", sa.String(length=64), nullable=False),
        sa.Column("archive_bytes", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.String(length=128), nullable=False),
        sa.Column("manifest_toml", sa.Text(), nullable=False),
        sa.Column("published_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("approved_at_ms", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_at_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "title_id", "version"],
            ["title_version.tenant_id", "title_version.title_id", "title_version.version"],
            name=op.f("fk_title_release_tenant_id_title_id_version"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "title_id", "version", name=op.f("pk_title_release")),
    )
    op.create_index(op.f("ix_title_release_archive_sha256"), "title_release", ["archive_sha256"])
    op.create_table(
        "title_channel",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("title_id", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("moved_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id", "title_id", "version"],
            ["title_release.tenant_id", "title_release.title_id", "title_release.version"],
            name=op.f("fk_title_channel_tenant_id_title_id_version"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "title_id", "channel", name=op.f("pk_title_channel")),
    )
    op.create_table(
        "blocked_archive",
        sa.Column("tenant_id", sa.String(length=40), nullable=False),
        sa.Column("archive_sha256", sa.String(length=64), nullable=False),
        sa.Column("blocked_at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_blocked_archive_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "archive_sha256", name=op.f("pk_blocked_archive")),
    )


def downgrade() -> None:
    for table in ("blocked_archive", "title_channel", "title_release", "title_key_rotation", "title_publisher"):
        op.drop_table(table)
