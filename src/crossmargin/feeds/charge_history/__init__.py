"""The charge history: what customers were charged, and what happened then."""

from crossmargin.feeds.charge_history.reading import LoadedChargeHistory, read_charge_history
from crossmargin.feeds.charge_history.rows import COLUMNS

__all__ = ["COLUMNS", "LoadedChargeHistory", "read_charge_history"]
