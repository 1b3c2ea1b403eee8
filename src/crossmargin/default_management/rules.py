"""The parameters of the rules, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crossmargin.collateral.federal_days import federal_calendar
from crossmargin.default_management.account_equity import PositionReading
from crossmargin.default_management.distribution import DistributionRule, LeftOver
from crossmargin.default_management.failure import FailureTest
from crossmargin.default_management.loss_sharing import (
    CmeToFicc,
    GuarantyLimit,
    ProportionalLimit,
    RuleSet,
    SharingRules,
)
from crossmargin.default_management.payout import PayoutTerms
from crossmargin.default_management.segregated_set_off import SetOffBetweenClasses
from crossmargin.default_management.sides import Reach
from crossmargin.default_management.transfer_test import ClockRoll, TransferClock
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.position import ClearingOrganization


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
    set_off : SetOffBetweenClasses
        Of one customer's debt in one estate against its claim in another.
    clock : TransferClock
    par_lot_dollars : int
        Securities are shared out in multiples of it.
    failure_test : FailureTest
    reach : mapping of ClearingOrganization to Reach
        Whose margin each may use.
    payout : PayoutTerms
    """

    sharing: SharingRules
    distribution: DistributionRule
    left_over: LeftOver
    position_reading: PositionReading
    set_off: SetOffBetweenClasses
    clock: TransferClock
    par_lot_dollars: int
    failure_test: FailureTest
    reach: Mapping[ClearingOrganization, Reach]
    payout: PayoutTerms

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
        clock = TransferClock(
            parameters.whole("transfer_clock_days"),
            ClockRoll(choice("transfer_clock_roll", ClockRoll)),
        )
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
            set_off=SetOffBetweenClasses(choice("set_off_between_classes", SetOffBetweenClasses)),
            clock=clock,
            par_lot_dollars=parameters.whole("par_lot_dollars"),
            failure_test=FailureTest(choice("failure_test", FailureTest)),
            reach={
                ClearingOrganization.FICC: Reach(choice("ficc_margin_reach", Reach)),
                ClearingOrganization.CME: Reach(choice("cme_margin_reach", Reach)),
            },
            payout=PayoutTerms(
                parameters.ratio("interim_distribution_share"),
                parameters.whole("interim_distribution_days"),
                parameters.whole("final_distribution_days"),
                parameters.whole("transfer_days"),
                federal_calendar(),
                federal_calendar().joined_with(sifma_calendar()),
                clock,
            ),
        )
