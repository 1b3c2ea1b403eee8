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
