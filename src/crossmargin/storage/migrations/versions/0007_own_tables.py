"""What PostgreSQL's triggers ask is asked of the tables of their own schema, whoever writes."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Run the statement, which PostgreSQL alone needs."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        text = (Path(__file__).parent / "0007_postgresql.sql").read_text("utf-8")
        connection.exec_driver_sql(text)
