"""Books written and read faster: indexes by what is asked, balances kept by their key alone."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0001"


def upgrade() -> None:
    """Run the statements of the database at hand; a blank line stands between two."""
    connection = op.get_bind()
    text = (Path(__file__).parent / f"0003_{connection.dialect.name}.sql").read_text("utf-8")
    for statement in text.split("\n\n"):
        connection.exec_driver_sql(statement)
