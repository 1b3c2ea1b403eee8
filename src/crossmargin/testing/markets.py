"""A simulated market as a directory that commands open."""

from __future__ import annotations

from pathlib import Path

from crossmargin.feeds.market.directory import write_market_directory
from crossmargin.simulation.market import SimulatedMarket


def write_simulated_market(folder: Path, market: SimulatedMarket) -> None:
    """Write a market directory, labelled as simulated, with its seed and notes."""
    write_market_directory(
        folder, market.tables, simulated=True, seed=market.seed, notes=market.notes
    )
