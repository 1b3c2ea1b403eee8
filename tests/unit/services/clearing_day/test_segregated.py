"""Segregated Customer Margin: what counts, what lacks, what may leave and what goes where."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.bootstrap import parameter_registry
from crossmargin.collateral.allocation import Property
from crossmargin.collateral.call_events import Outside, issue_call, record_of
from crossmargin.collateral.deadline import DeadlineRules
from crossmargin.collateral.haircuts import HaircutTables
from crossmargin.collateral.value import PricedSecurity
from crossmargin.ledger.assets import CASH, security
from crossmargin.ledger.chart import AccountKind, SegregationClass
from crossmargin.ledger.transfers import TransferState
from crossmargin.services.books.accounts import of_customer
from crossmargin.services.clearing_day.payments import PAYMENT
from crossmargin.services.clearing_day.segregated import SegregatedStanding, brought_as_margin
from crossmargin.services.clearing_day.segregated_margin import SegregatedPaying
from crossmargin.services.clearing_day.wires import Purpose, Wire
from crossmargin.testing.builders import note_or_bond

DAY = date(2026, 5, 11)
FUND = CustomerKey("FCM", "FUND")
NOTE = note_or_bond(1, maturity_date=date(2033, 2, 15))
TABLES = HaircutTables.from_parameters(parameter_registry().set_of("collateral", DAY))
PRICES = {NOTE.cusip: PricedSecurity(NOTE, Fraction(100))}


def standing(
    required: int, cash: int, at_ficc: int = 0, par_at_ficc: int = 0, free_par: int = 0
) -> SegregatedStanding:
    there = Property(Money(at_ficc), {NOTE.cusip: par_at_ficc} if par_at_ficc else {})
    return SegregatedStanding(
        FUND,
        Money(required),
        "required",
        Money(cash),
        there,
        {NOTE.cusip: free_par} if free_par else {},
        PRICES,
        TABLES,
        DAY,
        arrived=there,
    )


def wires_of(each: SegregatedStanding, *, refused: tuple[Purpose, ...] = ()) -> tuple[Any, ...]:
    """Return what is made at a morning's deadline, and what is named as lacking."""
    made: list[Wire] = []

    def make(wire: Wire, *causes: str) -> bool:
        assert causes == ("required",)
        made.append(wire)
        return wire.purpose not in refused

    place = SimpleNamespace(custodian="BANK", segregation_class=SegregationClass.SECURITIES)
    work: Any = SimpleNamespace(ledger=SimpleNamespace(accounts=lambda **_: [place]))
    paying = SegregatedPaying(work, "FCM", date(2026, 5, 11), "morning", make)
    paying.take_back(each)
    lacking = paying.bring(each)
    return [(w.purpose.value, str(w.asset), w.amount) for w in made], lacking


def test_a_debit_balance_is_called_beside_the_requirement() -> None:
    assert standing(100_00, 30_00).lacking == Money(70_00)
    assert standing(100_00, -5_00).lacking == Money(105_00)
    assert standing(0, -5_00).lacking == Money(5_00)
    assert standing(100_00, 100_00, at_ficc=100_00).lacking == ZERO


def test_cash_goes_as_far_as_it_is_the_customers_own_and_the_rest_is_named() -> None:
    made, lacking = wires_of(standing(100_00, 30_00))
    assert made == [("SCM_TO_FICC", "CASH-USD", 30_00)]
    assert lacking == ["FCM/FUND", "70.00", "not brought by the customer"]


def test_what_the_ledger_refuses_lacks_still() -> None:
    _, lacking = wires_of(standing(100_00, 100_00), refused=(Purpose.SCM_TO_FICC,))
    assert lacking == ["FCM/FUND", "100.00", "refused by the ledger"]


def test_securities_brought_as_margin_go_before_cash_and_no_more_than_is_needed() -> None:
    each = standing(1_000_00, 1_000_00, free_par=10_000)
    ((purpose, asset, par),), lacking = wires_of(each)
    assert (purpose, asset, lacking) == ("SCM_TO_FICC", f"SEC-{NOTE.cusip}", None)
    assert par % 100 == 0
    assert each.counted(NOTE.cusip, par) >= Money(1_000_00) > each.counted(NOTE.cusip, par - 100)


def test_all_that_is_more_than_required_comes_back_cash_first() -> None:
    each = standing(500_00, 300_00, at_ficc=300_00, par_at_ficc=2_000)
    (cash, (purpose, asset, par)), lacking = wires_of(each)
    assert cash == ("SCM_FROM_FICC", "CASH-USD", 300_00)
    assert (purpose, asset, lacking) == ("SCM_FROM_FICC", f"SEC-{NOTE.cusip}", None)
    assert each.counted(NOTE.cusip, 2_000 - par) >= Money(500_00)
    assert each.counted(NOTE.cusip, 2_000 - par - 100) < Money(500_00)
    everything, _ = wires_of(replace(each, required=ZERO))
    assert everything[1][2] == 2_000


def test_what_is_on_its_way_there_keeps_back_nothing_that_has_arrived() -> None:
    each = standing(0, 300_00, at_ficc=300_00, par_at_ficc=2_000)
    made, lacking = wires_of(replace(each, arrived=Property(Money(250_00), {NOTE.cusip: 1_500})))
    assert made == [
        ("SCM_FROM_FICC", "CASH-USD", 250_00),
        ("SCM_FROM_FICC", f"SEC-{NOTE.cusip}", 1_500),
    ]
    assert lacking is None
    assert wires_of(replace(each, arrived=Property(ZERO, {}))) == ([], None)


def test_nothing_moves_where_what_is_there_is_what_is_required() -> None:
    assert wires_of(standing(100_00, 100_00, at_ficc=100_00)) == ([], None)


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        (None, "FCM has no custody account"),
        (SegregationClass.FUTURES, "FICC has no account of Segregated"),
    ],
)
def test_without_a_place_of_the_securities_class_nothing_moves_and_it_is_named(
    place, reason
) -> None:
    found = [] if place is None else [SimpleNamespace(custodian="B", segregation_class=place)]
    work: Any = SimpleNamespace(ledger=SimpleNamespace(accounts=lambda **_: found))
    paying = SegregatedPaying(work, "FCM", date(2026, 5, 11), "m", lambda *_: True)
    lacking = paying.bring(standing(5, 5))
    assert lacking is not None
    assert lacking[2].startswith(reason)


def test_what_is_required_may_not_leave_and_what_is_more_may() -> None:
    each = standing(100_00, 150_00, at_ficc=80_00)
    assert each.reasons_against(CASH, 50_00) == ""
    assert "at most 50.00 is free" in each.reasons_against(CASH, 50_01)
    # What came back from FICC is free, what lies there is not, whatever is required.
    assert "at most 70.00 is free" in standing(0, 150_00, at_ficc=80_00).reasons_against(
        CASH, 70_01
    )
    margin = standing(900_00, 0, free_par=1_000)
    assert "brought as margin" in margin.reasons_against(security(NOTE.cusip.text), 500)
    own = note_or_bond(2, maturity_date=date(2033, 2, 15)).cusip
    assert margin.reasons_against(security(own.text), 500) == ""


def test_what_ficc_does_not_take_goes_back_while_a_call_stands() -> None:
    soon = note_or_bond(3, maturity_date=date(2033, 2, 15))
    each = replace(
        standing(900_00, 0, free_par=1_000),
        prices={**PRICES, soon.cusip: PricedSecurity(soon, Fraction(0))},
        free_par_dollars={NOTE.cusip: 100, soon.cusip: 1_000},
    )
    assert each.reasons_against(security(soon.cusip.text), 1_000) == ""
    assert "brought as margin" in each.reasons_against(security(NOTE.cusip.text), 100)


def test_what_is_no_margin_leaves_first_and_is_none_where_it_comes_back() -> None:
    own = of_customer(AccountKind.CUSTOMER_SECURITIES_ACCOUNT, FUND).account_id
    asset = security(NOTE.cusip.text)
    issued = issue_call(
        *("call", FUND),
        business_date=DAY,
        at=datetime(2026, 5, 11, 12, tzinfo=UTC),
        ccp=Outside.FICC_SCM,
        cycle="ITD",
        amount=Money(1),
        currency="USD",
        rules=DeadlineRules.from_parameters(parameter_registry().set_of("collateral", DAY)),
    )
    records = {
        "call": record_of(issued, actor="day", causes=("itd",)),
        "pays": SimpleNamespace(stream=PAYMENT, content={"reference": "call"}),
    }

    def moved(amount: int, cause: str = "order", state=TransferState.POSTED) -> Any:
        debit, credit = (own, "bank") if amount < 0 else ("bank", own)
        return SimpleNamespace(
            asset=asset,
            amount=abs(amount),
            state=state,
            cause_id=cause,
            debit_account_id=debit,
            credit_account_id=credit,
        )

    def margin(*transfers: Any) -> int:
        ledger = SimpleNamespace(transfers=lambda **_: transfers)
        work: Any = SimpleNamespace(ledger=ledger, records=records)
        return brought_as_margin(work, FUND).get(NOTE.cusip, 0)

    assert margin(moved(500, "pays")) == 500
    assert margin(moved(300), moved(500, "pays"), moved(-300)) == 500
    assert margin(moved(300), moved(500, "pays"), moved(-400)) == 400
    assert margin(moved(500, "pays"), moved(-500), moved(500)) == 0
    assert margin(moved(500, "pays"), moved(-500, state=TransferState.PENDING)) == 500


@given(
    required=st.integers(0, 10**8),
    cash=st.integers(-(10**7), 10**8),
    units=st.integers(0, 10**4),
    at_ficc=st.integers(0, 10**7),
)
def test_the_cash_that_goes_is_what_the_securities_leave(
    required: int, cash: int, units: int, at_ficc: int
) -> None:
    each = standing(required, cash, at_ficc, 0, 100 * units)
    sent: list[Wire] = []
    place = SimpleNamespace(custodian="BANK", segregation_class=SegregationClass.SECURITIES)
    work: Any = SimpleNamespace(ledger=SimpleNamespace(accounts=lambda **_: [place]))

    def make(wire: Wire, *_: str) -> bool:
        sent.append(wire)
        return True

    SegregatedPaying(work, "FCM", date(2026, 5, 11), "m", make).bring(each)
    gone = Money.total(Money(wire.amount) for wire in sent if wire.asset == CASH)
    assert gone == each.cash_due_at_ficc


@given(par=st.integers(0, 10**8), price=st.fractions(Fraction(80), Fraction(120)))
def test_no_more_par_counts_for_an_amount_than_is_needed(par: int, price: Fraction) -> None:
    each = replace(standing(0, 0), prices={NOTE.cusip: PricedSecurity(NOTE, price)})
    least = each.counted(NOTE.cusip, 100 * par)
    found = each.par_counting(NOTE.cusip, least, 100 * 10**8)
    assert each.counted(NOTE.cusip, found) >= least
    assert found == 0 or each.counted(NOTE.cusip, found - 100) < least


@given(
    required=st.integers(0, 10**8),
    cash=st.integers(-(10**7), 10**8),
    units=st.integers(0, 10**4),
    at_ficc=st.integers(0, 10**7),
    there=st.integers(0, 10**4),
)
def test_what_is_brought_and_taken_back_leaves_what_is_required_or_names_what_lacks(
    required: int, cash: int, units: int, at_ficc: int, there: int
) -> None:
    each = standing(required, cash, at_ficc, 100 * there, 100 * units)
    made, lacking = wires_of(each)
    par, held = each.at_ficc.par(NOTE.cusip), each.at_ficc.cash
    for purpose, asset, amount in made:
        sign = 1 if purpose == "SCM_TO_FICC" else -1
        if asset == "CASH-USD":
            held += Money(sign * amount)
        else:
            par += sign * amount
    after = held + each.counted(NOTE.cusip, par)
    assert held >= ZERO
    assert par >= 0
    if lacking is None:
        assert after >= each.required
        if after > each.required and made and made[0][0] == "SCM_FROM_FICC":
            assert held == ZERO
            assert par == 0 or held + each.counted(NOTE.cusip, par - 100) < each.required
    else:
        assert Money.total([after]) < each.required
        assert held <= max(each.at_ficc.cash, each.cash)
