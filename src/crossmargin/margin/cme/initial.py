"""Initial against maintenance at CME: what the BD-FCM asks of its customer.

The clearing requirement, and so cross-margining, is at the maintenance level. CME quotes a higher
initial level for accounts of a heightened risk profile (17 CFR 39.13(g)(8)(ii)); for all others
initial equals maintenance. Whether the increase is taken of the reduced or of the unreduced
requirement is not public: a choice. None of this changes what CME collects from the BD-FCM.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.money import Money, charge_from_dollars
from crossmargin.parameters.registry import ParameterSet


class HeightenedRiskBase(StrEnum):
    """What the increase for a heightened risk profile is a share of."""

    REDUCED = "reduced"
    UNREDUCED = "unreduced"


@dataclass(frozen=True, slots=True)
class HeightenedRiskRules:
    """The increase in force.

    Parameters
    ----------
    ratio : Fraction
        Initial over maintenance, 1 or more.
    base : HeightenedRiskBase
    """

    ratio: Fraction
    base: HeightenedRiskBase

    def __post_init__(self) -> None:
        if self.ratio < 1:
            raise ValueError(f"heightened_risk_ratio must be 1 or more, was {self.ratio}")

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> HeightenedRiskRules:
        """Return the rules that ``margin/cme/parameters.toml`` holds for the day.

        Raises
        ------
        ValueError
            If the ratio is under 1 or the base is unknown.
        """
        base = parameters.choice("heightened_risk_base", list(HeightenedRiskBase))
        return HeightenedRiskRules(
            parameters.ratio("heightened_risk_ratio"), HeightenedRiskBase(base)
        )


@dataclass(frozen=True, slots=True)
class MarginLevels:
    """One customer's requirement at CME at every level.

    Parameters
    ----------
    maintenance : Money
        What CME collects.
    initial : Money
        Of a customer without a heightened risk profile: the same.
    initial_heightened_risk : Money
        Of a customer with one.
    """

    maintenance: Money
    initial: Money
    initial_heightened_risk: Money


def margin_levels(*, reduced: Money, unreduced: Money, rules: HeightenedRiskRules) -> MarginLevels:
    """Return maintenance and initial levels of one customer's requirement at CME.

    The increase is ``(ratio - 1)`` times the base, added to the reduced requirement, up to the
    cent.

    Parameters
    ----------
    reduced : Money
        The requirement collected, add-ons and what is outside the arrangement included.
    unreduced : Money
        The same without the reduction; not less.
    rules : HeightenedRiskRules

    Raises
    ------
    ValueError
        If a requirement is negative or the reduced one is larger.

    Examples
    --------
    CME's form of December 2023, 8,000 maintenance (advisory 23-376):

    >>> rules = HeightenedRiskRules(Fraction("1.10"), HeightenedRiskBase.REDUCED)
    >>> amount = Money(8_000_00)
    >>> str(margin_levels(reduced=amount, unreduced=amount, rules=rules).initial_heightened_risk)
    '8800.00'
    """
    if not 0 <= reduced.cents <= unreduced.cents:
        raise ValueError(
            f"the reduced requirement {reduced} must lie between zero and the unreduced {unreduced}"
        )
    base = reduced if rules.base is HeightenedRiskBase.REDUCED else unreduced
    increase = charge_from_dollars((rules.ratio - 1) * base.dollars)
    return MarginLevels(reduced, reduced, reduced + increase)
