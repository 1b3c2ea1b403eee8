"""Laws of the reports: gross by customer, no order, nothing lost, nothing above a claim."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.basics.money import ZERO, Money
from crossmargin.ledger.assets import CASH, Asset, security
from crossmargin.reporting.breaks import reconcile
from crossmargin.reporting.cash_ladder import CashChange, cash_ladder
from crossmargin.reporting.custody_values import CoverageStatus, coverage_of
from crossmargin.reporting.reserve_formula import (
    MarginOnDeposit,
    ReserveAccount,
    ReserveItems,
    reserve_formula,
)
from crossmargin.reporting.residual_interest import (
    CustomerMargin,
    UndermarginedScope,
    residual_interest,
)
from crossmargin.reporting.segregation import (
    CustomerBalance,
    FiccItems,
    FiccMapping,
    FundsInSegregation,
    SegregationStatement,
    segregation_statement,
)

SIGNED = st.integers(-(10**9), 10**9).map(Money)
UNSIGNED = st.integers(0, 10**9).map(Money)


@st.composite
def balances(draw: st.DrawFn) -> list[CustomerBalance]:
    customers = []
    for number in range(draw(st.integers(0, 5))):
        one, two = sorted(draw(st.tuples(UNSIGNED, UNSIGNED)))
        customers.append(CustomerBalance(f"C{number}", draw(SIGNED), two, one, draw(SIGNED)))
    return customers


def statement(customers: list[CustomerBalance]) -> SegregationStatement:
    return segregation_statement(
        customers,
        FundsInSegregation(),
        ficc=FiccItems(),
        management_target=ZERO,
        mapping=FiccMapping(),
    )


@given(balances())
def test_line_6_is_the_sum_of_what_each_customer_needs(customers: list[CustomerBalance]):
    found = statement(customers)
    assert found.required == Money.total(amount for _, amount in found.required_by_customer)
    assert all(amount >= ZERO for _, amount in found.required_by_customer)


@given(balances(), SIGNED)
def test_another_customer_moves_only_its_own_part(customers: list[CustomerBalance], cash: Money):
    before = statement(customers)
    other = CustomerBalance("Z", cash)
    after = statement([other, *customers])
    assert after.required - before.required == max(ZERO, cash)
    assert dict(after.required_by_customer) == {
        **dict(before.required_by_customer),
        "Z": max(ZERO, cash),
    }


MARGINS = st.lists(st.tuples(UNSIGNED, SIGNED, SIGNED), max_size=5)


@given(MARGINS)
def test_residual_interest_is_gross_and_needs_no_debit_twice(
    rows: list[tuple[Money, Money, Money]],
):
    customers = [
        CustomerMargin(f"C{n}", value, cme=margin) for n, (margin, value, _) in enumerate(rows)
    ]
    found = residual_interest(
        customers,
        held=ZERO,
        target=ZERO,
        payments={f"C{n}": payment for n, (_, _, payment) in enumerate(rows)},
        scope=UndermarginedScope.CME_AND_FICC,
    )
    # By another path: a customer's own funds count at no less than nothing.
    assert found.required == Money.total(
        max(ZERO, margin - max(ZERO, value)) for margin, value, _ in rows
    )
    moved = Money.total(
        max(ZERO, margin - value - payment) - max(ZERO, margin - value)
        for margin, value, payment in rows
    )
    assert found.required_after_payments == max(ZERO, found.required + moved)


@given(st.lists(st.tuples(UNSIGNED, UNSIGNED, UNSIGNED, UNSIGNED), max_size=5))
def test_the_reserve_formula_is_the_sum_over_customers(
    rows: list[tuple[Money, Money, Money, Money]],
):
    margins = [
        MarginOnDeposit(f"C{n}", ReserveAccount.SCM, *amounts) for n, amounts in enumerate(rows)
    ]
    found = reserve_formula(margins[::-1])
    each = [reserve_formula([margin]).total for margin in margins]
    assert found.total == sum(each, start=ReserveItems())
    deposits = Money.total(on_deposit for _, on_deposit, _, _ in rows)
    assert found.total.item15_debit + found.total.excess_to_return == deposits


CLAIMS = st.dictionaries(
    st.text("ABCDEF", min_size=1, max_size=3), st.integers(0, 10**6), max_size=6
)


@given(st.integers(0, 10**6), CLAIMS, st.sampled_from([1, 100]))
def test_a_split_is_all_that_is_held_and_nobody_gets_more_than_is_owed(
    held: int, claims: dict[str, int], scale: int
):
    claims = {name: amount * scale for name, amount in claims.items()}
    found = coverage_of(held * scale, claims, units=(100, 1))
    backwards = dict(reversed(list(claims.items())))
    assert coverage_of(held * scale, backwards, units=(100, 1)) == found
    if found.status is not CoverageStatus.SHORTFALL:
        assert (found.split, found.rate) == ((), 1)
        return
    assert sum(amount for _, amount in found.split) == held * scale
    for name, amount in found.split:
        assert 0 <= amount <= claims[name]
        assert abs(amount - found.rate * claims[name]) < scale
        assert amount % scale == 0
    assert found.rate == Fraction(held * scale, sum(claims.values()))


PLACES = st.dictionaries(
    st.tuples(st.sampled_from("XY"), st.sampled_from([CASH, security("91282CMS7")])),
    st.integers(0, 3),
)
FIRST_DAY = date(2026, 5, 11)


@given(st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=4))
def test_a_break_is_as_old_as_the_days_on_which_the_sides_differed(
    days: list[tuple[dict[tuple[str, Asset], int], dict[tuple[str, Asset], int]]],
):
    ages: dict[tuple[str, Asset], int] = {}
    previous = ()
    for number, (ours, theirs) in enumerate(days):
        found = reconcile(
            ours,
            theirs,
            business_date=FIRST_DAY + timedelta(days=number),
            counterpart="FRBNY",
            in_transit={},
            previous=previous,
        )
        differing = {p for p in {*ours, *theirs} if ours.get(p, 0) != theirs.get(p, 0)}
        assert {(each.account, each.asset) for each in found.resolved} == set(ages) - differing
        ages = {place: ages.get(place, -1) + 1 for place in differing}
        assert {(e.account, e.asset): e.age_business_days for e in found.breaks} == ages
        previous = found.breaks


FIRST_HOUR = datetime(2026, 5, 11, 12, tzinfo=UTC)
CHANGES = st.lists(
    st.builds(
        lambda customer, place, minutes, cents: CashChange(
            customer, place, FIRST_HOUR + timedelta(minutes=minutes), Money(cents)
        ),
        st.sampled_from(["A", "B"]),
        st.sampled_from(["BANK", "CME", "FICC"]),
        st.integers(0, 10 * 60 - 1),
        st.integers(-1_000, 1_000).filter(bool),
    ),
    max_size=12,
)


@given(CHANGES, st.integers(0, 1_000))
def test_own_cash_of_each_customers_peak_is_just_enough(changes: list[CashChange], spare: int):
    def laddered(own: dict[str, Money], only: str | None = None):
        return cash_ladder(
            [],
            [each for each in changes if only in (None, each.customer_id)],
            own_cash=own,
            first_hour=FIRST_HOUR,
            last_hour=FIRST_HOUR + timedelta(hours=9),
        )

    peaks = {customer: laddered({}, customer).total_peak.amount for customer in "AB"}
    found = laddered({})
    assert found.total_peak.amount <= Money.total(peaks.values())
    assert found.total_peak.amount <= Money.total(each.amount for each in found.peaks.values())
    ready = {customer: amount + Money(spare) for customer, amount in peaks.items()}
    assert laddered(ready).total_peak.amount == ZERO
    for customer, amount in peaks.items():
        if amount > ZERO:
            short = laddered({**peaks, customer: amount - Money(1)})
            assert short.total_peak.amount == Money(1)
