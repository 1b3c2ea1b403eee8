"""Laws of the true-up and of the fallback that hold for any amounts and any factor."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.arrangement.cycles import Cycle
from crossmargin.arrangement.fallback import (
    AgreedFactor,
    FallbackRules,
    decide_fallback,
    requirement_at,
)
from crossmargin.arrangement.reduction import (
    Binding,
    Denominator,
    Fallback,
    ModelFigures,
    ReductionRules,
)
from crossmargin.arrangement.requirement import (
    CcpFigures,
    CustomerRequirement,
    customer_requirement,
)
from crossmargin.arrangement.true_up import Collected, CollectedAtBoth, true_up
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.product.position import ClearingOrganization

FEW = settings(max_examples=60, deadline=None)
AT = datetime.fromisoformat("2026-03-24T20:30-04:00")
RULES = FallbackRules(Fallback.LAST_FACTOR, age_business_days_max=1, bounded_by_side_on_time=True)

amounts = st.integers(min_value=0, max_value=10**12).map(Money)
sides = st.builds(Collected, requirement=amounts, outside=amounts)
collected = st.builds(CollectedAtBoth, ficc=sides, cme=sides)
keys = st.builds(CustomerKey, bd_fcm=st.sampled_from("AB"), customer_id=st.sampled_from("WXYZ"))
books = st.dictionaries(keys, collected, max_size=6)
figures = st.builds(ModelFigures, securities=amounts, futures=amounts, combined=amounts)
lates = st.sets(st.sampled_from(ClearingOrganization), min_size=1)
factors = st.fractions(min_value=0, max_value=1, max_denominator=10**6)


def reduction_rules(minimum: int = 0) -> ReductionRules:
    return ReductionRules(
        threshold=Fraction(1, 100),
        cap=Fraction(4, 5),
        denominator=Denominator.OWN_MODEL,
        fallback=Fallback.LAST_FACTOR,
        customer_minimum=Money(minimum),
    )


@st.composite
def requirements(draw: st.DrawFn, minimum: int = 0) -> CustomerRequirement:
    ficc, cme = draw(figures), draw(figures)
    outside = draw(amounts)
    return customer_requirement(
        ficc=CcpFigures(ficc, outside, ficc.securities + outside, has_positions=True),
        cme=CcpFigures(cme, Money(0), cme.futures, has_positions=True),
        rules=reduction_rules(minimum),
    )


@FEW
@given(before=books, after=books)
def test_true_ups_add_up_to_the_difference_of_the_totals(
    before: dict[CustomerKey, CollectedAtBoth], after: dict[CustomerKey, CollectedAtBoth]
) -> None:
    found = true_up(before, after)
    was = Money.total(each.total for each in before.values())
    is_now = Money.total(each.total for each in after.values())
    assert found.total.amount == is_now - was
    assert found.ficc.amount + found.cme.amount == found.total.amount
    assert Money.total(c.total.amount for c in found.customers) == found.total.amount
    assert {c.key for c in found.customers} == {*before, *after}


@FEW
@given(before=books, after=books)
def test_a_true_up_there_and_back_is_nothing(
    before: dict[CustomerKey, CollectedAtBoth], after: dict[CustomerKey, CollectedAtBoth]
) -> None:
    there, back = true_up(before, after), true_up(after, before)
    for one, other in zip(there.customers, back.customers, strict=True):
        assert one.total.amount == -other.total.amount
        assert one.ficc.requirement.amount == -other.ficc.requirement.amount


@FEW
@given(requirement=requirements(), factor=factors, late=lates)
def test_a_fallback_never_takes_more_than_the_cap_nor_what_the_side_on_time_sees(
    requirement: CustomerRequirement, factor: Fraction, late: set[ClearingOrganization]
) -> None:
    last = AgreedFactor(factor, Binding.CME, Cycle.EOD, date(2026, 3, 24), AT, "a" * 64)
    decision = decide_fallback(
        requirement.reduction,
        late=late,
        has_both_legs=True,
        last=last,
        at=AT,
        until=AT,
        has_previous=True,
        rules=RULES,
        reduction_rules=reduction_rules(),
    )
    assert 0 <= decision.factor <= min(factor, Fraction(4, 5))
    assert decision.factor == 0 or decision.factor >= Fraction(1, 100)
    for side, saving in (
        (ClearingOrganization.FICC, requirement.reduction.ficc_saving),
        (ClearingOrganization.CME, requirement.reduction.cme_saving),
    ):
        assert side in late or decision.factor <= max(Fraction(0), saving)
    found = requirement_at(
        requirement, factor=decision.factor, binding=decision.binding, rules=reduction_rules()
    )
    for required, alone in (
        (found.ficc.requirement, requirement.ficc.figures.three.securities),
        (found.cme.requirement, requirement.cme.figures.three.futures),
    ):
        assert 5 * required.cents >= alone.cents
        assert 0 <= required.cents <= alone.cents
    assert found.requirement.cents >= requirement.ficc.outside.cents


@FEW
@given(requirement=requirements(minimum=10**10))
def test_the_factor_of_the_run_itself_changes_nothing(requirement: CustomerRequirement) -> None:
    reduction = requirement.reduction
    found = requirement_at(
        requirement,
        factor=reduction.reduction,
        binding=reduction.binding,
        rules=reduction_rules(10**10),
    )
    assert found == requirement


@FEW
@given(requirement=requirements(minimum=10**10), factors=st.tuples(factors, factors))
def test_a_smaller_factor_never_asks_less(
    requirement: CustomerRequirement, factors: tuple[Fraction, Fraction]
) -> None:
    small, large = sorted(factor * Fraction(4, 5) for factor in factors)
    asked = [
        requirement_at(requirement, factor=f, binding=Binding.CME, rules=reduction_rules(10**10))
        for f in (small, large)
    ]
    assert asked[0].requirement >= asked[1].requirement
