"""The shipped parameters make the rules of record: pooled, per customer, seven days."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from crossmargin import bootstrap
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
from crossmargin.default_management.rules import DefaultRules
from crossmargin.default_management.segregated_set_off import SetOffBetweenClasses
from crossmargin.default_management.sides import Reach
from crossmargin.default_management.transfer_test import ClockRoll, TransferClock
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.position import ClearingOrganization


def test_the_shipped_parameters_are_the_readings_of_record() -> None:
    registry = bootstrap.parameter_registry()
    rules = DefaultRules.from_parameters(registry.set_of("default_management", date(2026, 6, 1)))
    assert rules == DefaultRules(
        SharingRules(
            RuleSet.CASE_TABLE,
            GuarantyLimit.PER_CUSTOMER,
            CmeToFicc.OFF,
            ProportionalLimit.SHORTFALL,
        ),
        DistributionRule.POOLED,
        LeftOver.HELPS_OTHER,
        PositionReading.OPEN_TRADE,
        SetOffBetweenClasses.BOTH,
        TransferClock(7, ClockRoll.NONE),
        100,
        FailureTest.CANNOT_PAY,
        {
            ClearingOrganization.FICC: Reach.OWN_CUSTOMER,
            ClearingOrganization.CME: Reach.CUSTOMERS_TOGETHER,
        },
        PayoutTerms(
            Fraction(4, 5),
            30,
            365,
            1,
            federal_calendar(),
            federal_calendar().joined_with(sifma_calendar()),
            TransferClock(7, ClockRoll.NONE),
        ),
    )
