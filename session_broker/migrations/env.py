"""Alembic's environment: the broker hands over its own open connection."""

from alembic import context

from session_broker.io.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
