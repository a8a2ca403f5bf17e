"""Sessions hold how far their players are from each region."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("session", sa.Column("round_trips_ms", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("session", "round_trips_ms")
