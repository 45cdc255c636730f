"""Alembic's entry: the connection comes from store/migrate.py."""

from __future__ import annotations

from alembic import context

from tito_bench_server.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
