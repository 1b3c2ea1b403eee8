"""What is held adds up to what is owed: securities are rounded once, debits are taken once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.arrangement.cycles import Cycle
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.bootstrap import parameter_registry
from crossmargin.collateral.value import PricedSecurity
from crossmargin.ledger.assets import security
from crossmargin.ledger.chart import AccountKind
from crossmargin.reporting.rules import ReportingRules
from crossmargin.reporting.segregation import (
    CustomerBalance,
    FiccItems,
    FundsInSegregation,
    segregation_statement,
)
from crossmargin.services.book_reports.inputs import DayInputs
from crossmargin.services.book_reports.segregation import margins_of, residual_interest_of
from crossmargin.services.books.accounts import of_bd_fcm, of_customer
from crossmargin.services.clearing_day.required import Required
from crossmargin.services.clearing_day.standing import Standing
from crossmargin.testing.builders import note_or_bond

FIRM = "BD-FCM"
REGISTRY = parameter_registry()
DAY = date(2026, 5, 11)
NOTE = note_or_bond(1, maturity_date=date(2033, 2, 15), coupon_pct="4")
RULES = ReportingRules.from_parameters(REGISTRY.set_of("reporting", DAY))
PLACES = (
    AccountKind.SEGREGATED_BANK,
    AccountKind.CME_CUSTOMER_MARGIN,
    AccountKind.FICC_XM_MARGIN,
)
UNITS = st.lists(st.integers(0, 10**7), min_size=3, max_size=3)


def context_of_day() -> SimpleNamespace:
    return SimpleNamespace(bd_fcm=FIRM, parameters=REGISTRY.set_of)


def inputs_of(price: Fraction, units: list[int]) -> DayInputs:
    """Return three customers' par of one note, and the same par at three kinds of place."""
    par = [100 * each for each in units]
    standings = {}
    for number, own in enumerate(par):
        held = SimpleNamespace(par_dollars={NOTE.cusip: own})
        priced = {NOTE.cusip: PricedSecurity(NOTE, price)}
        one: Any = SimpleNamespace(holdings=held, prices=priced)
        one.market_value = lambda cusip, n, one=one: Standing.market_value(one, cusip, n)
        standings[CustomerKey(FIRM, f"C{number}")] = one
    shifted = par[1:] + par[:1]
    ids = [
        of_bd_fcm(PLACES[0], FIRM, "BANK").account_id,
        *(of_customer(kind, CustomerKey(FIRM, "C0")).account_id for kind in PLACES[1:]),
    ]
    balances = {
        (account_id, security(NOTE.cusip.text)): SimpleNamespace(posted_debit=own)
        for account_id, own in zip(ids, shifted, strict=True)
    }
    given_all: Any = (context_of_day(), DAY, (), standings, {}, balances, RULES)
    return DayInputs(*given_all)


@given(price=st.fractions(90, 110, max_denominator=1024), units=UNITS)
def test_held_is_owed_to_the_cent(price: Fraction, units: list[int]) -> None:
    inputs = inputs_of(price, units)
    held, owed = inputs.securities(*PLACES), inputs.owed_securities()
    assert Money.total(held.values()) == Money.total(owed.values())
    assert set(held) == set(PLACES)
    exact = price * sum(units)
    assert ZERO <= Money.total(owed.values()) <= Money(int(exact * 100))
    for key, own in zip(cast(Any, owed), units, strict=True):
        assert abs(owed[key].dollars - price * own) < Fraction(2, 100)


@given(
    cash=st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=4),
    own=st.integers(0, 10**10),
    margin=st.integers(0, 10**9),
)
def test_a_debit_balance_is_taken_from_residual_interest_once(
    cash: list[int], own: int, margin: int
) -> None:
    rows = [CustomerBalance(f"C{number}", Money(cents)) for number, cents in enumerate(cash)]
    standings: Any = {
        CustomerKey(FIRM, row.customer_id): SimpleNamespace(value=row.cash) for row in rows
    }
    statement = segregation_statement(
        rows,
        FundsInSegregation(bank_cash=Money(own + sum(cash))),
        ficc=FiccItems(),
        management_target=ZERO,
        mapping=RULES.mapping,
    )
    asked: Any = SimpleNamespace(
        cme=Money(margin), ficc_xm=ZERO, standalone_cme=Money(margin), ficc_xm_without=ZERO
    )
    required = dict.fromkeys(standings, asked)
    inputs = DayInputs(cast(Any, context_of_day()), DAY, (), standings, required, {}, RULES)
    interest = residual_interest_of(inputs, statement)
    assert interest.held == statement.excess
    assert interest.held - interest.required == Money(own) - interest.total_undermargined


def required_of_one(**changed: Money) -> Required:
    given_all: dict[str, Any] = {
        "ficc_xm": Money(60_00),
        "ficc_outside": Money(30_00),
        "cme_xm": Money(20_00),
        "cme_outside": ZERO,
        "standalone_ficc": Money(120_00),
        "standalone_cme": Money(40_00),
    }
    return Required(
        CustomerKey(FIRM, "C0"),
        Cycle.EODXM,
        "requirement/1",
        datetime(2026, 5, 11, 22, tzinfo=UTC),
        **{**given_all, **changed},
        factor=None,
    )


def test_what_is_outside_the_arrangement_at_ficc_is_in_no_futures_figure() -> None:
    key = CustomerKey(FIRM, "C0")
    standings: Any = {key: SimpleNamespace(value=Money(100_00))}
    required = {key: required_of_one()}
    inputs = DayInputs(cast(Any, context_of_day()), DAY, (), standings, required, {}, RULES)
    (margin,) = margins_of(inputs)
    assert (margin.ficc, margin.without_arrangement().ficc) == (Money(60_00), Money(90_00))
    saved = margin.without_arrangement().ficc - margin.ficc
    assert saved == Money(120_00) - (Money(60_00) + Money(30_00))


def test_without_the_arrangement_no_less_than_nothing_is_required_at_ficc() -> None:
    assert required_of_one(standalone_ficc=Money(10_00)).ficc_xm_without == ZERO
