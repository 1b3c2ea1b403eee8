"""What a declared default alone allows: its movements, and that none is without a declaration."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the statements of the database at hand; a blank line stands between two."""
    connection = op.get_bind()
    dialect = connection.dialect.name
    text = (Path(__file__).parent / f"0002_{dialect}.sql").read_text("utf-8")
    for statement in text.split("\n\n"):
        if dialect == "postgresql":
            # A per cent sign would be taken for a parameter.
            statement = statement.replace("%", "%%")  # noqa: PLW2901
        connection.exec_driver_sql(statement)
