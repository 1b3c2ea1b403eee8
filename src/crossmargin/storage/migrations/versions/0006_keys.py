"""Transfers whose keys PostgreSQL looks up once a statement, and paths that ask for no default."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Run the statements, which PostgreSQL alone needs; a blank line stands between two."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        text = (Path(__file__).parent / "0006_postgresql.sql").read_text("utf-8")
        for statement in text.strip().split("\n\n"):
            connection.exec_driver_sql(statement)
