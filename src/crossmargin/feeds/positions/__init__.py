"""Positions files: read, checked row by row, refused with line, column and reason."""

from crossmargin.feeds.positions.reading import LoadedPositions, read_positions
from crossmargin.feeds.positions.rows import COLUMNS, position_from_row

__all__ = ["COLUMNS", "LoadedPositions", "position_from_row", "read_positions"]
