"""The parameters of a margin run together with those of stress, changed together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crossmargin.parameters.registry import ParameterSet
from crossmargin.services.parameter_sets import (
    ParameterSets,
    changing_with_others,
    document_with_others,
)

OWNER = "stress"


@dataclass(frozen=True, slots=True)
class StressParameters:
    """What a stress run is made with.

    Parameters
    ----------
    sets : ParameterSets
        Of the margin run.
    stress : ParameterSet
        Sizes of hypothetical moves, and what a reverse stress is searched with.
    """

    sets: ParameterSets
    stress: ParameterSet

    def changing(
        self, changes: Mapping[str, Mapping[str, str]], *, reason: str
    ) -> StressParameters:
        """Return the parameters with other values, marked as assumed.

        Raises
        ------
        RefusedError
            Naming every unknown owner and parameter, and every value that does not fit.
        """
        sets, (stress,) = changing_with_others(self.sets, (self.stress,), changes, reason=reason)
        return StressParameters(sets, stress)

    def as_document(self) -> dict[str, object]:
        """Return digests, versions and what was changed by hand, as a margin run's and stress'."""
        return document_with_others(self.sets, (self.stress,))
