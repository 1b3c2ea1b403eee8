"""What settlement takes from its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from crossmargin.parameters.registry import ParameterSet


class OvernightRate(StrEnum):
    """The overnight rate that is paid on marks."""

    SOFR = "sofr"
    EFFECTIVE_FED_FUNDS = "effective_fed_funds"


class FailMarkInterest(StrEnum):
    """Whether marks of failed obligations bear interest."""

    NONE = "none"
    AS_FORWARD_MARKS = "as_forward_marks"


@dataclass(frozen=True, slots=True)
class SettlementRules:
    """The parameters of the owner ``settlement``, typed.

    Parameters
    ----------
    mark_interest_rate : OvernightRate
    fail_mark_interest : FailMarkInterest
    fails_charge_ceiling_pct, fails_charge_floor_pct : Fraction
        Per cent a year.
    target_band_width_pct : Fraction
        What the upper end of the federal funds target range lies over the lower.
    effective_under_upper_target_pct : Fraction
        What stands in for the effective federal funds rate, below the target's upper end.
    intention_alarm_business_days : int
    """

    mark_interest_rate: OvernightRate
    fail_mark_interest: FailMarkInterest
    fails_charge_ceiling_pct: Fraction
    fails_charge_floor_pct: Fraction
    target_band_width_pct: Fraction
    effective_under_upper_target_pct: Fraction
    intention_alarm_business_days: int

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> SettlementRules:
        """Return the rules that ``settlement/parameters.toml`` holds for the day."""
        return SettlementRules(
            mark_interest_rate=OvernightRate(
                parameters.choice("mark_interest_rate", OvernightRate)
            ),
            fail_mark_interest=FailMarkInterest(
                parameters.choice("fail_mark_interest", FailMarkInterest)
            ),
            fails_charge_ceiling_pct=parameters.ratio("fails_charge_ceiling_pct"),
            fails_charge_floor_pct=parameters.ratio("fails_charge_floor_pct"),
            target_band_width_pct=parameters.ratio("target_band_width_pct"),
            effective_under_upper_target_pct=parameters.ratio("effective_under_upper_target_pct"),
            intention_alarm_business_days=parameters.whole("intention_alarm_business_days"),
        )
