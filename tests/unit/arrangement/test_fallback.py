"""The fallback: policy, age to the minute, bounds, legs that went; the requirement under it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from crossmargin.arrangement.cycles import Cycle
from crossmargin.arrangement.fallback import (
    AgreedFactor,
    FactorSource,
    FallbackReason,
    FallbackRules,
    decide_fallback,
    requirement_at,
    serves_until,
)
from crossmargin.arrangement.reduction import (
    Binding,
    Denominator,
    Fallback,
    ModelFigures,
    ReductionRules,
)
from crossmargin.arrangement.requirement import CcpFigures, customer_requirement
from crossmargin.basics.money import ZERO, Money
from crossmargin.bootstrap import parameter_sets
from crossmargin.product.calendars import futures_delivery_calendar
from crossmargin.product.position import ClearingOrganization

FICC, CME = ClearingOrganization.FICC, ClearingOrganization.CME
NEW_YORK = ZoneInfo("America/New_York")
DIGEST = "a" * 64
RULES = ReductionRules(
    threshold=Fraction(1, 100),
    cap=Fraction(4, 5),
    denominator=Denominator.OWN_MODEL,
    fallback=Fallback.LAST_FACTOR,
    customer_minimum=ZERO,
)
LAST = FallbackRules(Fallback.LAST_FACTOR, age_business_days_max=1, bounded_by_side_on_time=True)
EVENING = datetime.fromisoformat("2026-03-24T20:30-04:00")
NEXT_NOON = datetime.fromisoformat("2026-03-25T12:00-04:00")
NEXT_EVENING = datetime.fromisoformat("2026-03-25T20:30-04:00")


def agreed(
    factor: Fraction, binding: Binding = Binding.CME, at: datetime = EVENING
) -> AgreedFactor:
    return AgreedFactor(factor, binding, Cycle.EOD, date(2026, 3, 24), at, DIGEST)


HALF = agreed(Fraction(1, 2))


def customer(
    *,
    ficc: tuple[int, int, int] = (100_00, 90_00, 60_00),
    cme: tuple[int, int, int] = (95_00, 92_00, 46_75),
    outside: int = 0,
    rules: ReductionRules = RULES,
):
    ours, theirs = (ModelFigures(*map(Money, three)) for three in (ficc, cme))
    return customer_requirement(
        ficc=CcpFigures(ours, Money(outside), ours.securities + Money(outside), has_positions=True),
        cme=CcpFigures(theirs, ZERO, theirs.futures, has_positions=True),
        rules=rules,
    )


def decide(
    requirement,
    *,
    last: AgreedFactor | None = HALF,
    late=(CME,),
    at: datetime = NEXT_NOON,
    rules: FallbackRules = LAST,
    has_both_legs: bool = True,
    has_previous: bool = True,
    reduction_rules: ReductionRules = RULES,
):
    until = (
        None
        if last is None
        else serves_until(
            last,
            business_days=rules.age_business_days_max,
            calendar=futures_delivery_calendar(),
            zone=NEW_YORK,
        )
    )
    return decide_fallback(
        requirement.reduction,
        late=late,
        has_both_legs=has_both_legs,
        last=last,
        at=at,
        until=until,
        has_previous=has_previous,
        rules=rules,
        reduction_rules=reduction_rules,
    )


def test_rules_come_from_the_parameters():
    found = FallbackRules.from_parameters(parameter_sets(date(2026, 3, 24)).arrangement)
    assert found == FallbackRules(
        Fallback.NONE, age_business_days_max=1, bounded_by_side_on_time=True
    )
    with pytest.raises(ValueError, match="must not be negative"):
        replace(found, age_business_days_max=-1)


def test_a_young_factor_is_applied_as_it_was_agreed():
    found = decide(customer())
    assert (found.source, found.reason) == (FactorSource.LAST_FACTOR, FallbackReason.AS_AGREED)
    assert (found.factor, found.binding) == (Fraction(1, 2), Binding.CME)
    assert found.age == timedelta(hours=15, minutes=30)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"rules": replace(LAST, policy=Fallback.NONE)}, FallbackReason.POLICY),
        ({"last": None, "has_previous": False}, FallbackReason.NO_PREVIOUS_RUN),
        ({"last": None}, FallbackReason.NOT_AGREED),
        ({"at": NEXT_EVENING + timedelta(seconds=1)}, FallbackReason.TOO_OLD),
        ({"has_both_legs": False}, FallbackReason.LEG_MISSING),
    ],
)
def test_no_reduction_says_why(changes, reason):
    found = decide(customer(), **changes)
    assert (found.source, found.reason) == (FactorSource.NONE, reason)
    assert (found.factor, found.binding) == (Fraction(0), Binding.NONE)


def test_age_counts_hours_that_a_change_of_clocks_added():
    friday = datetime(2026, 10, 30, 20, 30, tzinfo=NEW_YORK)
    monday = datetime(2026, 11, 2, 12, 0, tzinfo=NEW_YORK)
    found = decide(customer(), last=agreed(Fraction(1, 2), at=friday), at=monday)
    assert (found.source, found.age) == (FactorSource.LAST_FACTOR, timedelta(hours=64, minutes=30))


def test_age_counts_to_the_instant_and_that_instant_serves():
    last = agreed(Fraction(1, 2))
    sources = [
        decide(customer(), last=last, at=NEXT_EVENING + timedelta(seconds=seconds)).source
        for seconds in (-1, 0, 1)
    ]
    assert sources == [FactorSource.LAST_FACTOR, FactorSource.LAST_FACTOR, FactorSource.NONE]


@pytest.mark.parametrize(
    ("at", "days", "until"),
    [
        ("2026-03-24T20:30-04:00", 1, "2026-03-25T20:30-04:00"),
        ("2026-03-24T20:30-04:00", 0, "2026-03-24T20:30-04:00"),
        ("2026-03-24T20:30-04:00", 2, "2026-03-26T20:30-04:00"),
        # Over a weekend on which clocks change: the same time of day, whatever the hours.
        ("2026-03-06T20:30-05:00", 1, "2026-03-09T20:30-04:00"),
        ("2026-10-30T20:30-04:00", 1, "2026-11-02T20:30-05:00"),
        # Over Memorial Day.
        ("2026-05-22T20:30-04:00", 1, "2026-05-26T20:30-04:00"),
        # Past midnight in UTC it is still the evening of the day before.
        ("2026-03-25T00:30+00:00", 1, "2026-03-25T20:30-04:00"),
    ],
)
def test_a_factor_serves_until_the_same_time_some_business_days_later(at, days, until):
    last = agreed(Fraction(1, 2), at=datetime.fromisoformat(at))
    found = serves_until(
        last, business_days=days, calendar=futures_delivery_calendar(), zone=NEW_YORK
    )
    assert found == datetime.fromisoformat(until)


@pytest.mark.parametrize(
    ("factor", "late", "reason", "applied", "binding"),
    [
        # FICC sees 13/19 (0.684...), CME 3/4: whichever is on time bounds the last factor.
        (Fraction(7, 10), (CME,), FallbackReason.SIDE_ON_TIME, Fraction(13, 19), Binding.FICC),
        (Fraction(7, 10), (FICC,), FallbackReason.AS_AGREED, Fraction(7, 10), Binding.CME),
        (Fraction(4, 5), (FICC,), FallbackReason.SIDE_ON_TIME, Fraction(3, 4), Binding.CME),
        (Fraction(4, 5), (FICC, CME), FallbackReason.AS_AGREED, Fraction(4, 5), Binding.CME),
        (Fraction(9, 10), (FICC, CME), FallbackReason.CAP, Fraction(4, 5), Binding.CAP),
        (Fraction(9, 10), (FICC,), FallbackReason.SIDE_ON_TIME, Fraction(3, 4), Binding.CME),
        (Fraction(1, 100), (CME,), FallbackReason.AS_AGREED, Fraction(1, 100), Binding.CME),
        (Fraction(0), (CME,), FallbackReason.AS_AGREED, Fraction(0), Binding.CME),
    ],
)
def test_a_last_factor_does_no_more_than_the_rule_would(factor, late, reason, applied, binding):
    found = decide(customer(), last=agreed(factor), late=late)
    assert (found.reason, found.factor, found.binding) == (reason, applied, binding)


def test_the_side_on_time_bounds_nothing_where_the_parameter_says_so():
    unbounded = replace(LAST, bounded_by_side_on_time=False)
    found = decide(customer(), last=agreed(Fraction(7, 10)), rules=unbounded)
    assert (found.reason, found.factor) == (FallbackReason.AS_AGREED, Fraction(7, 10))


def test_a_side_on_time_without_a_saving_leaves_none():
    worse = customer(ficc=(100_00, 90_00, 195_00))
    found = decide(worse)
    assert (found.source, found.reason) == (FactorSource.LAST_FACTOR, FallbackReason.SIDE_ON_TIME)
    assert (found.factor, found.binding) == (Fraction(0), Binding.NONE)


def test_what_is_left_under_the_threshold_is_nothing():
    almost = customer(ficc=(100_00, 90_00, 189_00))  # one 190th, under one per cent
    found = decide(almost)
    assert found.reason is FallbackReason.BELOW_THRESHOLD
    assert (found.factor, found.binding) == (Fraction(0), Binding.BELOW_THRESHOLD)
    raised = replace(RULES, threshold=Fraction(51, 100))
    assert decide(customer(), reduction_rules=raised).reason is FallbackReason.BELOW_THRESHOLD


def test_a_factor_of_nothing_keeps_what_decided_it():
    found = decide(customer(), last=agreed(Fraction(0), Binding.BELOW_THRESHOLD))
    assert (found.source, found.binding) == (FactorSource.LAST_FACTOR, Binding.BELOW_THRESHOLD)


def test_an_indicative_factor_is_never_agreed():
    with pytest.raises(ValueError, match="indicative"):
        replace(agreed(Fraction(1, 2)), cycle=Cycle.CUR)
    with pytest.raises(ValueError, match="between 0 and 1"):
        agreed(Fraction(3, 2))


def test_the_requirement_under_a_factor_is_each_figure_less_it_up_to_the_cent():
    found = requirement_at(
        customer(outside=7_00), factor=Fraction(2, 3), binding=Binding.CME, rules=RULES
    )
    # 100.00 / 3 and 92.00 / 3, up to the cent; 7.00 outside is not reduced.
    assert (found.ficc.requirement, found.cme.requirement) == (Money(33_34), Money(30_67))
    assert (found.ficc.reduced, found.cme.reduced) == (Money(33_34), Money(30_67))
    assert found.requirement == Money(33_34 + 30_67 + 7_00)
    assert found.standalone == Money(199_00)
    assert found.saved == found.standalone - found.requirement
    assert (found.reduction.reduction, found.reduction.binding) == (Fraction(2, 3), Binding.CME)
    assert found.reduction.ficc_saving == Fraction(13, 19)
    # 64.01 are collected, more than either combined figure: 60.00 and 46.75.
    assert found.order_check.passes


def test_the_order_check_is_that_of_what_is_collected_under_the_factor():
    found = requirement_at(customer(), factor=Fraction(4, 5), binding=Binding.CAP, rules=RULES)
    assert found.order_check.ficc_shortfall == Money(60_00 - 38_40)
    assert found.order_check.cme_shortfall == Money(46_75 - 38_40)


def test_the_customer_minimum_is_applied_anew():
    rules = replace(RULES, customer_minimum=Money(50_00))
    before = customer(rules=rules, outside=7_00)
    assert before.ficc.minimum_top_up == Money(50_00 - 31_58 - 7_00)
    none = requirement_at(before, factor=Fraction(0), binding=Binding.NONE, rules=rules)
    assert (none.ficc.requirement, none.ficc.minimum_top_up) == (Money(100_00), ZERO)
    most = requirement_at(before, factor=Fraction(4, 5), binding=Binding.CAP, rules=rules)
    assert (most.ficc.requirement, most.ficc.minimum_top_up) == (Money(43_00), Money(23_00))


def test_what_the_reduction_never_touched_stays():
    before = customer()
    charged = replace(
        before, ficc=replace(before.ficc, requirement=before.ficc.requirement + Money(5_00))
    )
    found = requirement_at(charged, factor=Fraction(1, 2), binding=Binding.CME, rules=RULES)
    assert found.ficc.requirement == Money(55_00)


@pytest.mark.parametrize("factor", [Fraction(-1, 10), Fraction(81, 100)])
def test_a_factor_outside_the_rule_is_our_mistake(factor):
    with pytest.raises(ValueError, match="between 0 and the cap"):
        requirement_at(customer(), factor=factor, binding=Binding.CME, rules=RULES)
