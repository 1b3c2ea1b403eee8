"""The composition root of a clearing organization's failure: files read, rules in force."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from crossmargin.bootstrap import parameter_registry

if TYPE_CHECKING:
    from crossmargin.default_management.ccp_failure import CcpFailureRules
    from crossmargin.default_management.cme_failure import CmePosition
    from crossmargin.default_management.ficc_failure import FiccPosition
    from crossmargin.feeds.defaults.held_and_owed import LoadedFile

_OWNER = "default_management"


def read_ficc_position(path: Path) -> tuple[FiccPosition, LoadedFile]:
    """Read what FICC holds and owes when it fails."""
    from crossmargin.feeds.defaults.held_and_owed import read_ficc_position as run

    return run(path)


def read_cme_position(path: Path) -> tuple[CmePosition, LoadedFile]:
    """Read what CME holds and owes when it fails."""
    from crossmargin.feeds.defaults.held_and_owed import read_cme_position as run

    return run(path)


def ccp_failure_rules(
    day: date, own_files: Sequence[Path], changes: Mapping[str, Mapping[str, str]]
) -> CcpFailureRules:
    """Return the rules of a clearing organization's failure that are in force on a day.

    Raises
    ------
    RefusedError
        If a file or a changed value is at fault.
    """
    from crossmargin.basics.refusals import Refusal, RefusedError
    from crossmargin.default_management.ccp_failure import CcpFailureRules as Rules

    registry = parameter_registry(own_files)
    parameters = registry.set_of(_OWNER, day)
    faults = [
        Refusal("parameter", owner, f"of {_OWNER} alone", "parameters")
        for owner in changes
        if owner != _OWNER
    ]
    values = dict(changes.get(_OWNER, {}))
    faults += parameters.faults_of(values)
    if faults:
        raise RefusedError(*faults)
    return Rules.from_parameters(parameters.replacing(values, reason="chosen for the failure"))
