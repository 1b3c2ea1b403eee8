"""The same default under every reading of what decides the sign of its comparison.

A rate with the arrangement is above or under the rate without it by how a debt in one estate is set
off against a claim in the other, and by whether CME pays FICC. So each run computes them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from crossmargin.default_management.case import Case
from crossmargin.default_management.loss_sharing import CmeToFicc
from crossmargin.default_management.rules import DefaultRules
from crossmargin.default_management.segregated_set_off import SetOffBetweenClasses


@dataclass(frozen=True, slots=True)
class BothCases:
    """A default with the arrangement and without it, under one reading."""

    with_arrangement: Case
    without: Case


@dataclass(frozen=True, slots=True)
class Readings:
    """A default under each reading, that of record among them.

    Parameters
    ----------
    set_off : mapping of SetOffBetweenClasses to BothCases
    cme_to_ficc : mapping of CmeToFicc to BothCases
        Without the arrangement neither clearing organization pays the other.
    """

    set_off: Mapping[SetOffBetweenClasses, BothCases]
    cme_to_ficc: Mapping[CmeToFicc, BothCases]

    @staticmethod
    def of(
        rules: DefaultRules,
        record: BothCases,
        *,
        with_arrangement: Callable[[DefaultRules], Case],
        without: Callable[[DefaultRules], Case],
    ) -> Readings:
        """Return the readings beside some rules, one changed at a time.

        Parameters
        ----------
        rules : DefaultRules
            Of record.
        record : BothCases
            Under them.
        with_arrangement, without : callable
            Carry the default to its end under the rules given.
        """

        def both(changed: DefaultRules) -> BothCases:
            if changed == rules:
                return record
            return BothCases(with_arrangement(changed), without(changed))

        return Readings(
            {each: both(replace(rules, set_off=each)) for each in SetOffBetweenClasses},
            {
                each: both(replace(rules, sharing=replace(rules.sharing, cme_to_ficc=each)))
                for each in CmeToFicc
            },
        )
