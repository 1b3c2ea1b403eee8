"""What every test of a command shares: what was made for one is not made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# What a fixture needs it imports itself: a test of one small module starts quickly.
if TYPE_CHECKING:
    from crossmargin.simulation.market import SimulatedMarket
    from crossmargin.testing.port_books import Ports


@pytest.fixture(scope="module", autouse=True)
def _share_what_is_made(shared_commands: None) -> None:
    """Share days, simulated markets and the tree of commands."""


@pytest.fixture(scope="session")
def default_folder(simulation: SimulatedMarket, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a market, positions and a firm that fails."""
    from crossmargin.testing.simulated_defaults import write_default_inputs

    folder = tmp_path_factory.mktemp("default")
    write_default_inputs(folder, simulation)
    return folder


@pytest.fixture(scope="session")
def default_document(default_folder: Path) -> dict[str, Any]:
    """Return the document of its default; ``pages`` and ``treatments.csv`` lie in the folder."""
    from crossmargin.testing.simulated_defaults import SHOCK, xm_default

    written = ("--pages", default_folder / "pages")
    written += ("--treatments", default_folder / "treatments.csv")
    result = xm_default(default_folder, *SHOCK, "--format", "json", *written)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.fixture
def ports(
    closed_day_books: str, simulation: SimulatedMarket, simulated_directory: Path, tmp_path: Path
) -> Ports:
    """Return what runs ports on copies of the books of a closed day."""
    from crossmargin.testing.port_books import Ports

    return Ports(closed_day_books, simulated_directory, simulation.as_of.isoformat(), tmp_path)
