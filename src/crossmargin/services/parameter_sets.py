"""The parameters of every owner in force on a date, changed together and recorded together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        return document_with_others(self, ())


def changing_with_others(
    sets: ParameterSets,
    others: Sequence[ParameterSet],
    changes: Mapping[str, Mapping[str, str]],
    *,
    reason: str,
) -> tuple[ParameterSets, tuple[ParameterSet, ...]]:
    """Return a run's sets and those of other owners with other values, marked as assumed.

    Parameters
    ----------
    sets : ParameterSets
    others : sequence of ParameterSet
    changes : mapping of owner to mapping of parameter to value
    reason : str
        Takes the place of the source.

    Raises
    ------
    RefusedError
        Naming everything that is unknown or not of the kind of what it replaces, of all owners.
    """
    faults = [fault for each in others for fault in each.faults_of(changes.get(each.owner, {}))]
    own = {each.owner for each in others}
    changed = sets
    try:
        changed = sets.changing(
            {owner: values for owner, values in changes.items() if owner not in own}, reason=reason
        )
    except RefusedError as error:
        faults += error.refusals
    if faults:
        raise RefusedError(*faults)
    return changed, tuple(
        each.replacing(changes.get(each.owner, {}), reason=reason) for each in others
    )


def document_with_others(sets: ParameterSets, others: Sequence[ParameterSet]) -> dict[str, object]:
    """Return digests, versions and what was changed by hand, of a run's and other owners."""
    owners = {**sets.owners, **{each.owner: each for each in others}}
    return {
        "digest": digest_of([each.digest for each in owners.values()]),
        "versions": {owner: each.version_document() for owner, each in owners.items()},
        "changed": {
            f"{owner}.{name}": each.text(name)
            for owner, each in owners.items()
            for name in each.parameters
            if name in each.changed
        },
    }
