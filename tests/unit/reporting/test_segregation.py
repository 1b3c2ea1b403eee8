"""The segregation statement: gross by customer, FICC's rows, lines that foot."""

from __future__ import annotations

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.reporting.segregation import (
    CustomerBalance,
    FiccCashLine,
    FiccItems,
    FiccMapping,
    FiccSecuritiesLine,
    FiccSettlementLine,
    FundsInSegregation,
    SegregationStatement,
    segregation_statement,
)


def dollars(amount: int) -> Money:
    return Money(amount * 100)


#: The customers and funds of the worked statement in the notes on customer protection.
CUSTOMERS = (
    CustomerBalance(
        "A", dollars(5_000_000), dollars(2_000_000), dollars(1_960_000), dollars(300_000)
    ),
    CustomerBalance("B", dollars(-150_000), dollars(400_000), dollars(392_000), dollars(-50_000)),
    CustomerBalance("C", dollars(100_000), futures_unrealized=dollars(-180_000)),
    CustomerBalance("D", dollars(1_600_000), dollars(900_000), dollars(882_000), dollars(-30_000)),
)
FUNDS = FundsInSegregation(
    bank_cash=dollars(3_200_000),
    bank_investments=dollars(1_500_000),
    bank_customer_securities=dollars(1_300_000),
    dco_cash=dollars(2_000_000),
    dco_customer_securities=dollars(1_100_000),
)
FICC = FiccItems(dollars(600_000), dollars(900_000), dollars(-60_000))


def statement(
    customers: tuple[CustomerBalance, ...] = CUSTOMERS,
    funds: FundsInSegregation = FUNDS,
    ficc: FiccItems = FICC,
    mapping: FiccMapping | None = None,
) -> SegregationStatement:
    return segregation_statement(
        customers,
        funds,
        ficc=ficc,
        management_target=dollars(400_000),
        mapping=mapping or FiccMapping(),
    )


def test_the_worked_statement_comes_out_line_by_line():
    found = statement()
    lines = {
        "1A": 6_550_000,
        "1B": 3_300_000,
        "2": 40_000,
        "4": 9_890_000,
        "5 gross": 280_000,
        "5 offset": 200_000,
        "5": 80_000,
        "6": 9_970_000,
        "9": -60_000,
        "13": 10_540_000,
        "14": 570_000,
        "15": 400_000,
        "16": 170_000,
    }
    assert {line: found.amount(line) for line in lines} == {
        line: dollars(amount) for line, amount in lines.items()
    }
    assert dict(found.required_by_customer) == {
        "A": dollars(7_300_000),
        "B": dollars(200_000),
        "C": ZERO,
        "D": dollars(2_470_000),
    }
    assert not found.is_under_segregated


def test_ficc_stands_on_the_lines_of_a_clearing_organization_and_says_so():
    rows = [(row.line, row.amount) for row in statement().lines if row.tag == "FICC"]
    assert rows == [
        ("8A", dollars(600_000)),
        ("8C", dollars(900_000)),
        ("9", dollars(-60_000)),
    ]


def test_another_mapping_moves_rows_and_no_total():
    other = FiccMapping(FiccCashLine.BANK, FiccSecuritiesLine.OTHER, FiccSettlementLine.OTHER)
    moved = statement(mapping=other)
    assert moved.amount("7A") == dollars(3_800_000)
    assert moved.amount("12") == dollars(840_000)
    assert moved.amount("8A") == dollars(2_000_000)
    assert [moved.amount(line) for line in ("6", "13", "14", "16")] == [
        statement().amount(line) for line in ("6", "13", "14", "16")
    ]


def test_lines_stand_in_the_order_of_the_form():
    order = list(dict.fromkeys(row.line for row in statement().lines))
    assert order == [
        *("1A", "1B", "2", "3A", "3B", "4", "5 gross", "5 offset", "5", "6"),
        *("7A", "7B", "7C", "8A", "8B", "8C", "9", "10A", "10B", "11A", "11B", "11C"),
        *("12", "13", "14", "15", "16"),
    ]


def test_options_sold_are_deducted_on_both_sides():
    customer = CustomerBalance(
        "A", dollars(100), long_options=dollars(30), short_options=dollars(50)
    )
    found = statement(
        (customer,),
        FundsInSegregation(
            bank_cash=dollars(100), long_options=dollars(30), short_options=dollars(50)
        ),
        FiccItems(),
    )
    assert found.required == found.in_segregation == dollars(80)


def test_a_deficit_above_the_securities_is_offset_by_no_more_than_they_are_worth():
    customer = CustomerBalance("A", dollars(-500), dollars(300), dollars(290))
    assert (customer.deficit, customer.deficit_offset, customer.required) == (
        dollars(500),
        dollars(290),
        dollars(10),
    )


def test_what_is_short_is_under_segregated():
    found = statement(funds=FundsInSegregation(bank_cash=dollars(1)))
    assert found.is_under_segregated
    assert found.excess == dollars(1_440_001 - 9_970_000)


def test_no_customers_need_nothing():
    found = statement((), FundsInSegregation(), FiccItems())
    assert found.required == found.excess == ZERO
    assert found.required_by_customer == ()


def test_one_customer_twice_is_refused():
    with pytest.raises(ValueError, match="one row a customer"):
        statement((CUSTOMERS[0], CUSTOMERS[0]))


@pytest.mark.parametrize(
    "values",
    [
        {"securities": Money(-1)},
        {"securities": Money(10), "securities_after_haircut": Money(11)},
        {"securities_after_haircut": Money(-1)},
        {"long_options": Money(-1)},
        {"short_options": Money(-1)},
    ],
)
def test_impossible_balances_are_refused(values: dict[str, Money]):
    with pytest.raises(ValueError, match="A: "):
        CustomerBalance("A", ZERO, **values)


def test_an_unknown_line_is_refused():
    with pytest.raises(LookupError, match="'17'"):
        statement().amount("17")


def test_the_document_has_amounts_as_decimal_strings():
    document = statement().as_document()
    assert document["required_by_customer"] == {
        "A": "7300000.00",
        "B": "200000.00",
        "C": "0.00",
        "D": "2470000.00",
    }
    lines = document["lines"]
    assert isinstance(lines, list)
    assert {
        "line": "8A",
        "tag": "FICC",
        "meaning": "XM margin at FICC: cash",
        "amount": "600000.00",
    } in lines
