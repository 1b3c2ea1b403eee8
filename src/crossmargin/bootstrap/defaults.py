"""What the commands of a default read: the firm's file and the parameters."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from crossmargin.bootstrap import parameter_registry

if TYPE_CHECKING:
    from crossmargin.feeds.defaults.firm import LoadedFirm
    from crossmargin.services.defaults.default_parameters import DefaultParameters


def read_firm(path: Path) -> LoadedFirm:
    """Read the file of a firm; refuse with every fault and its key."""
    from crossmargin.feeds.defaults.firm import read_firm as run

    return run(path)


def default_parameters(as_of: date) -> DefaultParameters:
    """Read the parameter files that the simulation of a default reads, as in force on the day."""
    from crossmargin.services.defaults.default_parameters import DefaultParameters

    registry = parameter_registry()
    return DefaultParameters(
        registry.in_force(as_of),
        registry.set_of("default_management", as_of),
        registry.set_of("liquidation", as_of),
    )
