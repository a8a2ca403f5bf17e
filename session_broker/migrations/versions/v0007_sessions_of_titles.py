"""Sessions hold what was set for them; ended ones are found by their title, and those that broke the rules."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BROKE_RULES = sa.text("reason = 'title_violation'")


def upgrade() -> None:
    op.add_column("session", sa.Column("options", sa.JSON(), nullable=False, server_default="{}"))
    op.create_index(
        op.f("ix_session_violations"), "session", ["tenant_id", "title_id", "title_version"],
        sqlite_where=_BROKE_RULES, postgresql_where=_BROKE_RULES,
    )  # fmt: skip
    op.create_index(op.f("ix_session_title_id_ended_at_ms"), "session", ["title_id", "ended_at_ms"])


def downgrade() -> None:
    for index in ("ix_session_title_id_ended_at_ms", "ix_session_violations"):
        op.drop_index(op.f(index), "session")
    op.drop_column("session", "options")
