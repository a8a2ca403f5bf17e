"""Sessions whose title broke the rules are found by version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BROKE_RULES = sa.text("reason = 'title_violation'")


def upgrade() -> None:
    op.create_index(
        op.f("ix_session_violations"), "session", ["tenant_id", "title_id", "title_version"],
        sqlite_where=_BROKE_RULES, postgresql_where=_BROKE_RULES,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index(op.f("ix_session_violations"), "session")
