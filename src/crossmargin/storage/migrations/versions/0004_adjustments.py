"""What is corrected by hand: its movements."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Run the statement, which is the same on both databases."""
    text = (Path(__file__).parent / "0004_movements.sql").read_text("utf-8")
    op.get_bind().exec_driver_sql(text)
