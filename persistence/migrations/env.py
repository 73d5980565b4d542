"""Alembic's entry: runs on the connection that `persistence.migrate` hands over."""

from __future__ import annotations

from alembic import context

from persistence.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
