"""What Alembic runs for each call: the steps, on the connection it was given."""

from __future__ import annotations

from alembic import context

from lamppost.adapters.stores.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,
)
context.run_migrations()
