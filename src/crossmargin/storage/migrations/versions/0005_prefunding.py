"""The firm's own cash in the place of Segregated Customer Margin: its accounts and movements."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Run the statements, which are the same on both databases."""
    text = (Path(__file__).parent / "0005_prefunding.sql").read_text("utf-8")
    for statement in text.split(";"):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
