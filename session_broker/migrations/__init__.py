"""Alembic migrations, run by the broker when it starts."""
