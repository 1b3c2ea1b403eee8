"""Item 15: margin of securities customers alone, customer by customer."""

from __future__ import annotations

import pytest

from crossmargin.basics.money import Money
from crossmargin.reporting.reserve_formula import (
    MarginOnDeposit,
    ReserveAccount,
    ReserveItems,
    reserve_formula,
    reserve_items,
)


def margin(
    customer: str, required: int, on_deposit: int, *, account: ReserveAccount = ReserveAccount.SCM
) -> MarginOnDeposit:
    return MarginOnDeposit(
        customer,
        account,
        required=Money(required),
        on_deposit=Money(on_deposit),
        customer_cash=Money(90),
        customer_securities=Money(40),
    )


def items(*amounts: int) -> ReserveItems:
    return ReserveItems(*(Money(amount) for amount in amounts))


def test_the_debit_is_what_is_both_required_and_on_deposit():
    assert reserve_items(margin("A", 100, 130)) == items(90, 40, 100, 30)
    assert reserve_items(margin("A", 200, 130)) == items(90, 40, 130, 0)


def test_the_arrangement_adds_nothing():
    assert reserve_items(margin("A", 100, 130, account=ReserveAccount.XM)) == ReserveItems()


def test_one_customers_excess_makes_up_for_nobody():
    found = reserve_formula(
        [
            margin("B", 200, 130),
            margin("A", 100, 130),
            margin("A", 50, 50, account=ReserveAccount.XM),
        ]
    )
    assert [name for name, _ in found.by_customer] == ["A", "B"]
    # min(300, 260) over both together would be 260.
    assert found.total == items(180, 80, 230, 30)


def test_nobody_gives_zeros():
    assert reserve_formula([]).as_document() == {
        "customers": {},
        "total": {
            "item1_credit": "0.00",
            "item2_credit": "0.00",
            "item15_debit": "0.00",
            "excess_to_return_next_business_day": "0.00",
        },
    }


def test_impossible_rows_are_refused():
    with pytest.raises(ValueError, match="one row a customer"):
        reserve_formula([margin("A", 1, 1), margin("A", 1, 1)])
    with pytest.raises(ValueError, match="not negative"):
        margin("A", -1, 1)
