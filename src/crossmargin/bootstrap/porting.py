"""What the commands of porting read: receivers, what is held, the parameters."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from crossmargin.bootstrap import parameter_registry

if TYPE_CHECKING:
    from crossmargin.services.porting.inputs import HeldFile, PortingFile
    from crossmargin.services.porting.porting_parameters import PortingParameters


def read_receivers(path: Path) -> PortingFile:
    """Read a file of receivers; refuse with every fault and its key."""
    from crossmargin.feeds.defaults.receivers import read_receivers as run

    return run(path)


def read_held(path: Path) -> HeldFile:
    """Read a file of what is held for customers; refuse with every fault and its line."""
    from crossmargin.feeds.defaults.held import read_held as run

    return run(path)


def porting_parameters(as_of: date) -> PortingParameters:
    """Read the parameter files that porting reads, as in force on the day."""
    from crossmargin.services.porting.porting_parameters import PortingParameters

    registry = parameter_registry()
    return PortingParameters(
        registry.in_force(as_of),
        registry.set_of("default_management", as_of),
        registry.set_of("porting", as_of),
    )
