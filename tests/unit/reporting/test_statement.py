"""The customer statement: it foots, or it is not made."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest

from crossmargin.basics.money import Money
from crossmargin.ledger.assets import CASH, Asset, futures_position, security
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import MOVEMENTS, TransferKind
from crossmargin.reporting.statement import (
    SECTIONS,
    CallLine,
    CollateralLine,
    CustomerStatement,
    Movement,
    PositionLine,
    RequirementLine,
    StatementSection,
    customer_statement,
    statement_document,
)

NOTE = security("91282CMS7")
NOON = datetime(2026, 5, 11, 16, tzinfo=UTC)


def movement(kind: TransferKind, amount: int, asset: Asset = CASH, name: str = "") -> Movement:
    return Movement(name or kind.value, kind, asset, amount, NOON)


MOVEMENTS_OF_DAY = (
    movement(TransferKind.DEPOSIT, 1_000_00),
    movement(TransferKind.CME_SETTLEMENT_VARIATION, -300_00, name="V-1"),
    movement(TransferKind.CME_SETTLEMENT_VARIATION, 50_00, name="V-2"),
    movement(TransferKind.FICC_FORWARD_MARK, 220_00),
    movement(TransferKind.FEE, -5_00),
    movement(TransferKind.INTEREST_TO_CUSTOMER, 1_25),
    movement(TransferKind.DEPOSIT, 10_000, NOTE, name="D-2"),
)
OPENING = {CASH: 2_000_00}
CLOSING = {CASH: 2_966_25, NOTE: 10_000}


def statement(**changes: Any) -> CustomerStatement:
    values: dict[str, Any] = {
        "opening": OPENING,
        "closing": CLOSING,
        "movements": MOVEMENTS_OF_DAY,
        "positions": (
            PositionLine(
                "CME", "XM", futures_position("ZNM26"), -10, "110-16", Money(-1_105_000_00)
            ),
        ),
        "requirements": (
            RequirementLine("FICC", "EOD", Money(300_00), Money(1_500_00)),
            RequirementLine("CME", "EOD", Money(200_00), Money(1_000_00)),
        ),
        "collateral": (
            CollateralLine(
                "FICC", NOTE, 10_000, Money(9_900_00), Fraction(2, 100), Money(9_702_00)
            ),
        ),
        "calls": (
            CallLine("C-2", "FICC", "ITD", Money(100_00), "USD", NOON, Money(40_00), "PARTLY_PAID"),
            CallLine("C-1", "CME", "ITD", Money(100_00), "JPY", NOON, Money(100_00), "PAID"),
        ),
    }
    return customer_statement("FCM-1", "FUND-1", date(2026, 5, 11), **{**values, **changes})


def test_balances_foot_by_section():
    cash, note = statement().balances
    assert (cash.opening, cash.closing) == (2_000_00, 2_966_25)
    assert dict(cash.by_section) == {
        StatementSection.DEPOSITS_AND_WITHDRAWALS: 1_000_00,
        StatementSection.SETTLEMENT_FLOWS: -30_00,
        StatementSection.FEES_AND_INTEREST: -3_75,
    }
    assert (note.opening, note.closing) == (0, 10_000)


@pytest.mark.parametrize(
    "closing", [{CASH: 2_966_24, NOTE: 10_000}, {CASH: 2_966_25}, {**CLOSING, security("X"): 1}]
)
def test_what_does_not_foot_is_not_made(closing: dict[Asset, int]):
    with pytest.raises(ValueError, match="closing was"):
        statement(closing=closing)


def test_flows_stand_by_kind_and_are_never_netted_over_kinds():
    assert statement().flows_by_kind == {
        TransferKind.DEPOSIT: Money(1_000_00),
        TransferKind.CME_SETTLEMENT_VARIATION: Money(-250_00),
        TransferKind.FICC_FORWARD_MARK: Money(220_00),
        TransferKind.INTEREST_TO_CUSTOMER: Money(1_25),
        TransferKind.FEE: Money(-5_00),
    }


def test_requirements_are_summed_with_and_without():
    found = statement()
    assert (found.required, found.required_without) == (Money(500_00), Money(2_500_00))
    assert [line.clearing_organization for line in found.requirements] == ["CME", "FICC"]
    assert found.collateral_value == Money(9_702_00)


def test_calls_stand_by_due_time_then_id():
    assert [(line.call_id, line.unpaid) for line in statement().calls] == [
        ("C-1", Money(0)),
        ("C-2", Money(60_00)),
    ]


def test_margin_moves_no_balance():
    with pytest.raises(ValueError, match="no customer's balance"):
        movement(TransferKind.MARGIN_TO_FICC, 1)


def test_sections_are_of_every_transfer_that_moves_a_customers_account():
    customers = {AccountKind.CUSTOMER_FUTURES_ACCOUNT, AccountKind.CUSTOMER_SECURITIES_ACCOUNT}
    moving = {
        kind for kind, pairs in MOVEMENTS.items() if any(customers & set(pair) for pair in pairs)
    }
    assert set(SECTIONS) == moving


def test_the_document_has_decimal_strings():
    document: Any = statement_document(statement())
    assert document["requirement"] == "500.00"
    assert document["balances"][0] == {
        "asset": "CASH-USD",
        "opening": "2000.00",
        "deposits_and_withdrawals": "1000.00",
        "settlement_flows": "-30.00",
        "fees_and_interest": "-3.75",
        "closing": "2966.25",
    }
    assert document["balances"][1]["closing"] == "10000"
    assert document["positions"][0]["quantity"] == "-10"
    assert document["requirements"][1]["saved"] == "1200.00"
    assert document["collateral"][0]["haircut"] == "0.020000"
    assert document["calls"][1]["unpaid"] == "60.00"
    assert document["flows_by_kind"]["FEE"] == "-5.00"
    assert len(document["movements"]) == 7


def test_a_day_on_which_nothing_happened():
    quiet = statement(opening=OPENING, closing=OPENING, movements=())
    assert quiet.flows_by_kind == {}
    assert [line.asset for line in quiet.balances] == [CASH]
