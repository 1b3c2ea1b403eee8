"""The parameters of the rules, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from crossmargin.default_management.account_equity import PositionReading
from crossmargin.default_management.distribution import DistributionRule, LeftOver
from crossmargin.default_management.loss_sharing import (
    CmeToFicc,
    GuarantyLimit,
    ProportionalLimit,
    RuleSet,
    SharingRules,
)
from crossmargin.default_management.transfer_test import ClockRoll, TransferClock
from crossmargin.parameters.registry import ParameterSet


@dataclass(frozen=True, slots=True)
class DefaultRules:
    """What the rules take where nothing else is said.

    Parameters
    ----------
    sharing : SharingRules
    distribution : DistributionRule
    left_over : LeftOver
        Under framework 1, where pools are separate.
    position_reading : PositionReading
        Where FICC positions stand in step 1 of net equity.
    clock : TransferClock
    par_lot_dollars : int
        Securities are shared out in multiples of it.
    """

    sharing: SharingRules
    distribution: DistributionRule
    left_over: LeftOver
    position_reading: PositionReading
    clock: TransferClock
    par_lot_dollars: int

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> DefaultRules:
        """Return the rules that ``default_management/parameters.toml`` holds for the day.

        Raises
        ------
        ValueError
            If a value is not one that the rules know.
        LookupError
            If a parameter is missing.
        """
        choice = parameters.choice
        return DefaultRules(
            sharing=SharingRules(
                RuleSet(choice("loss_sharing_rule_set", RuleSet)),
                GuarantyLimit(choice("guaranty_limit", GuarantyLimit)),
                CmeToFicc(choice("cme_to_ficc", CmeToFicc)),
                ProportionalLimit(choice("proportional_limit", ProportionalLimit)),
            ),
            distribution=DistributionRule(choice("distribution", DistributionRule)),
            left_over=LeftOver(choice("framework_one_left_over", LeftOver)),
            position_reading=PositionReading(choice("ficc_position_reading", PositionReading)),
            clock=TransferClock(
                parameters.whole("transfer_clock_days"),
                ClockRoll(choice("transfer_clock_roll", ClockRoll)),
            ),
            par_lot_dollars=parameters.whole("par_lot_dollars"),
        )
