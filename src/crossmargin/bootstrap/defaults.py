"""What the commands of a default read: the firm's file and the parameters."""

from __future__ import annotations

from collections.abc import Sequence
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


def default_parameters(as_of: date, own_files: Sequence[Path] = ()) -> DefaultParameters:
    """Read the parameter files that the simulation of a default reads, as in force on the day.

    Parameters
    ----------
    as_of : date
    own_files : sequence of Path
        A user's parameter files; each takes the place of the file of the owner that it names.
    """
    from crossmargin.services.defaults.default_parameters import DefaultParameters

    registry = parameter_registry(own_files)
    own = ("default_management", "liquidation", "collateral")
    return DefaultParameters(
        registry.in_force(as_of, beside=own), *(registry.set_of(owner, as_of) for owner in own)
    )
