"""The parameters of a margin run together with those of stress, changed together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.parameters.registry import ParameterSet
from crossmargin.services.parameter_sets import ParameterSets

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
        own = changes.get(OWNER, {})
        faults: list[Refusal] = self.stress.faults_of(own)
        sets = self.sets
        try:
            others = {owner: each for owner, each in changes.items() if owner != OWNER}
            sets = self.sets.changing(others, reason=reason)
        except RefusedError as error:
            faults += error.refusals
        if faults:
            raise RefusedError(*faults)
        return StressParameters(sets, self.stress.replacing(own, reason=reason))

    def as_document(self) -> dict[str, object]:
        """Return digests, versions and what was changed by hand, as a margin run's and stress'."""
        of_run = self.sets.as_document()
        changed = {
            f"{OWNER}.{name}": self.stress.text(name) for name in sorted(self.stress.changed)
        }
        by_hand, versions = of_run["changed"], of_run["versions"]
        assert isinstance(by_hand, dict)
        assert isinstance(versions, dict)
        return {
            **of_run,
            "versions": {**versions, OWNER: self.stress.version_document()},
            "changed": {**by_hand, **changed},
        }
