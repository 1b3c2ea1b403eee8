"""The composition root: reads files, builds services, wires adapters. Entry points call it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossmargin.feeds.market.findings import Finding
    from crossmargin.feeds.market.importing import ImportReport
    from crossmargin.market.history import MarketData


def import_market(
    sources: Sequence[Path],
    directory: Path,
    *,
    retrieved: date | None = None,
    skip_unrecognised: bool = False,
) -> ImportReport:
    """Build a market directory from published files; see :mod:`crossmargin.feeds.market`."""
    from crossmargin.feeds.market.importing import import_market as run

    return run(sources, directory, retrieved=retrieved, skip_unrecognised=skip_unrecognised)


def check_market(directory: Path) -> list[Finding]:
    """Report gaps, stale and impossible values of a market directory."""
    from crossmargin.feeds.market.check import check_market as run

    return run(directory)


def open_market(directory: Path) -> MarketData:
    """Verify a market directory and open it."""
    from crossmargin.feeds.market.opening import open_market as run

    return run(directory)
