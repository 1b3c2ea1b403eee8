"""The parameters of every owner in force on a date, changed together and recorded together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crossmargin.basics.digest import digest_of
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.parameters.registry import ParameterSet


@dataclass(frozen=True, slots=True)
class ParameterSets:
    """The parameters of every owner that are in force on the day."""

    market: ParameterSet
    ficc: ParameterSet
    cme: ParameterSet
    arrangement: ParameterSet

    @property
    def owners(self) -> dict[str, ParameterSet]:
        """Every set by its owner's name."""
        return {
            "arrangement": self.arrangement,
            "cme": self.cme,
            "ficc": self.ficc,
            "market": self.market,
        }

    def changing(self, changes: Mapping[str, Mapping[str, str]], *, reason: str) -> ParameterSets:
        """Return the sets with other values, marked as assumed.

        Parameters
        ----------
        changes : mapping of owner to mapping of parameter to value
        reason : str
            Takes the place of the source.

        Raises
        ------
        RefusedError
            Naming every unknown owner and parameter, and every value that is not of the kind of the
            one it replaces.
        """
        faults: list[Refusal] = []
        changed = self.owners
        for owner, values in changes.items():
            if owner not in changed:
                faults.append(
                    Refusal("parameter", owner, f"one of {', '.join(changed)}", "parameters")
                )
                continue
            faults += changed[owner].faults_of(values)
            if not faults:
                changed[owner] = changed[owner].replacing(values, reason=reason)
        if faults:
            raise RefusedError(*faults)
        return ParameterSets(**changed)

    def as_document(self) -> dict[str, object]:
        """Return digest, versions and what was changed by hand, for every output."""
        owners = self.owners
        versions = {owner: parameters.version_document() for owner, parameters in owners.items()}
        changed = {
            f"{owner}.{name}": parameter.value
            for owner, parameters in owners.items()
            for name, parameter in parameters.parameters.items()
            if name in parameters.changed
        }
        return {
            "digest": digest_of([parameters.digest for parameters in owners.values()]),
            "versions": versions,
            "changed": changed,
        }


def changing_with_analysis(
    sets: ParameterSets,
    analysis: ParameterSet,
    changes: Mapping[str, Mapping[str, str]],
    *,
    reason: str,
) -> tuple[ParameterSets, ParameterSet]:
    """Return a run's sets and those of analysis with other values, marked as assumed.

    Parameters
    ----------
    sets : ParameterSets
    analysis : ParameterSet
    changes : mapping of owner to mapping of parameter to value
    reason : str
        Takes the place of the source.

    Raises
    ------
    RefusedError
        Naming everything that is unknown or not of the kind of what it replaces, of all owners.
    """
    of_analysis = dict(changes.get(analysis.owner, {}))
    of_run = {owner: values for owner, values in changes.items() if owner != analysis.owner}
    faults = analysis.faults_of(of_analysis)
    try:
        changed = sets.changing(of_run, reason=reason)
    except RefusedError as error:
        raise RefusedError(*error.refusals, *faults) from error
    if faults:
        raise RefusedError(*faults)
    return changed, analysis.replacing(of_analysis, reason=reason)
