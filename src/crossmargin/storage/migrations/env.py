"""How Alembic runs the migrations: on the connection that it is given, and no other."""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
