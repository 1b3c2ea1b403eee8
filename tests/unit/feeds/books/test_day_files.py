"""Files of the day: what a row of each kind says, and every fault by line and column."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.feeds.books import day_file_text, read_day_file
from crossmargin.feeds.books.reading import LARGEST_FILE_BYTES
from crossmargin.feeds.books.rows import KINDS
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.services.clearing_day.arrivals import (
    AccountScope,
    Action,
    ArrivedFile,
    CustodianRow,
    Direction,
    FileKind,
    InstructionRow,
    NovationRow,
    PaymentRow,
    Segregation,
    TradeRow,
)

AT = datetime(2026, 5, 11, 9, 30, tzinfo=ZoneInfo("America/New_York"))
FUND = CustomerKey("BD-FCM", "FUND-1")

NOVATIONS = "trade_id,customer_id,account,instrument,quantity,leg,settlement_date,end_date"
INSTRUCTIONS = (
    "instruction_id,customer_id,action,asset,quantity,place,reference,entered_by,approved_by"
)
PAYMENTS = "payment_id,reference,customer_id,place,asset,quantity,direction"
CUSTODIAN = "place,account_scope,segregation,asset,quantity,in_transit"


def read(kind: FileKind, text: str | bytes) -> ArrivedFile:
    content = text if isinstance(text, bytes) else text.encode()
    return read_day_file(content, kind, name="f.csv", arrived_at=AT)


def only(kind: FileKind, header: str, row: str) -> object:
    file = read(kind, f"{header}\n{row}\n")
    assert file.refusals == ()
    return file.rows[0]


def faults(kind: FileKind, header: str, row: str) -> list[tuple[str, int | None, int | None]]:
    file = read(kind, f"{header}\n{row}\n")
    assert file.rows == ()
    return [(each.field, each.line, each.column) for each in file.refusals]


def line(side: ClearingOrganization, instrument: str, quantity: int, **terms) -> PositionLine:
    return PositionLine(2, FUND, side, Account.XM, instrument, quantity, **terms)


def test_a_novation_says_what_was_agreed():
    header = f"{NOVATIONS},contract_amount"
    row = only(FileKind.NOVATIONS, header, "T1,FUND-1,XM,91282CMS7,-1000,,2026-05-12,,998.05")
    position = line(
        ClearingOrganization.FICC, "91282CMS7", -1000, settlement_date=date(2026, 5, 12)
    )
    assert row == NovationRow(2, "T1", position, Money(99_805))


def test_a_repo_is_novated_at_its_start_amount():
    header = f"{NOVATIONS},repo_rate_pct,start_amount"
    given = "T1,FUND-1,XM,91282CMS7,1000,REPO,2026-05-11,2026-06-30,3.74,1001.50"
    position = line(
        ClearingOrganization.FICC,
        "91282CMS7",
        1000,
        leg=Leg.REPO,
        settlement_date=date(2026, 5, 11),
        end_date=date(2026, 6, 30),
        repo_rate_pct=Decimal("3.74"),
        start_amount=Money(100_150),
    )
    assert only(FileKind.NOVATIONS, header, given) == NovationRow(2, "T1", position)


def test_a_trade_says_its_price_exactly():
    header = "trade_id,customer_id,account,instrument,quantity,price"
    row = only(FileKind.TRADES, header, "T1,FUND-1,XM,ZNM6,-5,110.515625")
    position = line(ClearingOrganization.CME, "ZNM6", -5)
    assert row == TradeRow(2, "T1", position, Decimal("110.515625"))


@pytest.mark.parametrize(
    ("action", "asset", "quantity", "whole"),
    [
        ("WITHDRAW", "CASH-USD", "1500.05", 150_005),
        ("TO_SECURITIES_ACCOUNT", "SEC-91282CMS7", "1000", 1000),
        ("DIRECT_INTO_XM", "FUT-ZTM6", "-400", -400),
        ("FAIL", "POS-91282CMS7", "-1000", -1000),
        ("DISPUTE", "CASH-USD", "0.01", 1),
        ("RESOLVE_DISPUTE", "CASH-USD", "0", 0),
        ("LEAVE", "", "", 0),
    ],
)
def test_an_instruction_counts_in_the_unit_of_its_asset(action, asset, quantity, whole):
    row = only(
        FileKind.INSTRUCTIONS, INSTRUCTIONS, f"I1,FUND-1,{action},{asset},{quantity},,R1,anna,ben"
    )
    assert row == InstructionRow(
        2, "I1", "BD-FCM", FUND, Action(action), asset, whole, "", "R1", "anna", "ben"
    )


def test_residual_interest_is_the_firms_own():
    given = "I1,,RESIDUAL_INTEREST_DEPOSIT,CASH-USD,5.00,SEGREGATED_BANK,,anna,ben"
    row = only(FileKind.INSTRUCTIONS, INSTRUCTIONS, given)
    assert isinstance(row, InstructionRow)
    assert row.customer is None


def test_a_payment_names_whose_it_is_or_what_it_answers():
    row = only(FileKind.PAYMENTS, PAYMENTS, "P1,wire/1,,CME,CASH-USD,12.5,OUT")
    assert row == PaymentRow(
        2, "P1", "wire/1", "BD-FCM", None, "CME", "CASH-USD", 1250, Direction.OUT
    )


IN_CURRENCY = f"{PAYMENTS},currency"


@pytest.mark.parametrize(("given", "currency"), [("JPY", "JPY"), ("USD", "USD"), ("", "USD")])
def test_a_payment_says_in_which_currency_it_was_made_and_the_dollars_credited(given, currency):
    row = only(FileKind.PAYMENTS, IN_CURRENCY, f"P1,,FUND-1,BANK,CASH-USD,12.50,IN,{given}")
    assert isinstance(row, PaymentRow)
    assert (row.currency, row.asset, row.quantity) == (currency, "CASH-USD", 1250)


@pytest.mark.parametrize(
    "row",
    [
        "P1,,FUND-1,BANK,CASH-USD,1,IN,yen",
        "P1,,FUND-1,BANK,CASH-USD,1,IN,JPYX",
        "P1,wire/1,,CME,CASH-USD,1,OUT,JPY",
        "P1,,FUND-1,BANK,SEC-91282CMS7,1000,IN,JPY",
    ],
)
def test_a_currency_that_cannot_be_is_refused_by_line_and_column(row):
    (refusal,) = read(FileKind.PAYMENTS, f"{IN_CURRENCY}\n{row}\n").refusals
    assert (refusal.field, refusal.line, refusal.column) == ("currency", 2, 8)


def test_a_custodian_shows_apart_what_is_in_transit():
    row = only(FileKind.CUSTODIAN, CUSTODIAN, "FRBNY,XM_AND_SCM,FUTURES,CASH-USD,10,-2.50")
    assert row == CustodianRow(
        2, "FRBNY", AccountScope.XM_AND_SCM, Segregation.FUTURES, "CASH-USD", 1000, -250
    )


NOVATION, TRADE = FileKind.NOVATIONS, "trade_id,customer_id,account,instrument,quantity,price"


@pytest.mark.parametrize(
    ("kind", "header", "row", "found"),
    [
        (NOVATION, NOVATIONS, ",FUND-1,XM,91282CMS7,1000,,,", ["trade_id"]),
        (NOVATION, NOVATIONS, "T1,FUND-1,XM,91282CMS7,0,,,", ["quantity"]),
        (NOVATION, NOVATIONS, "T1,FUND-1,XM,91282CMS8,50,,,", ["instrument", "quantity"]),
        (NOVATION, NOVATIONS, "T1,FUND-1,XM,91282CMS7,-100,REPO,,", ["quantity", "end_date"]),
        (
            NOVATION,
            f"{NOVATIONS},contract_amount",
            "T1,FUND-1,XM,91282CMS7,100,REPO,,2026-06-30,1",
            ["contract_amount"],
        ),
        (NOVATION, f"{NOVATIONS},contract_amount", "T,F,XM,91282CMS7,1,,,,0", None),
        (FileKind.TRADES, TRADE, "T1,FUND-1,OTHER,ZNM6,1.5,0", ["price", "account", "quantity"]),
        (FileKind.TRADES, TRADE, "T1,=F,XM,zn,1,1e2", ["customer_id", "instrument", "price"]),
        (FileKind.INSTRUCTIONS, INSTRUCTIONS, "I1,F,SELL,,,,,a,b", ["action"]),
        (FileKind.INSTRUCTIONS, INSTRUCTIONS, "I1,F,LEAVE,,,,,a,a", ["approved_by"]),
        (FileKind.INSTRUCTIONS, INSTRUCTIONS, "I1,F,LEAVE,,,,,a, A", ["approved_by"]),
        (
            FileKind.INSTRUCTIONS,
            INSTRUCTIONS,
            "I1,F,WITHDRAW,CASH-USD,1,,,customer:a,bd_fcm_operations:a",
            ["approved_by"],
        ),
        (
            FileKind.INSTRUCTIONS,
            INSTRUCTIONS,
            "I1,,RESIDUAL_INTEREST_DEPOSIT,CASH-USD,1,,,customer:a,regulator:b",
            ["entered_by", "approved_by"],
        ),
        (FileKind.INSTRUCTIONS, INSTRUCTIONS, "I1,F,LEAVE,,,,,,", ["entered_by", "approved_by"]),
        (FileKind.INSTRUCTIONS, INSTRUCTIONS, "I1,F,LEAVE,CASH-USD,1,,,a,b", ["asset", "quantity"]),
        (FileKind.INSTRUCTIONS, INSTRUCTIONS, "I1,,WITHDRAW,CASH-USD,1,,,a,b", ["customer_id"]),
        (FileKind.INSTRUCTIONS, INSTRUCTIONS, "I1,F,WITHDRAW,FUT-ZNM6,1,,,a,b", ["asset"]),
        (FileKind.INSTRUCTIONS, INSTRUCTIONS, "I1,F,WITHDRAW,CASH-EUR,1,,,a,b", ["asset"]),
        (FileKind.INSTRUCTIONS, INSTRUCTIONS, "I1,F,WITHDRAW,CASH-USD,-1,,,a,b", ["quantity"]),
        (FileKind.INSTRUCTIONS, INSTRUCTIONS, "I1,F,WITHDRAW,CASH-USD,1.005,,,a,b", ["quantity"]),
        (FileKind.INSTRUCTIONS, INSTRUCTIONS, "I1,F,WITHDRAW,SEC-91282CMS7,50,,,a,b", ["quantity"]),
        (FileKind.INSTRUCTIONS, INSTRUCTIONS, "I1,F,DIRECT_INTO_XM,FUT-ZTM6,0,,,a,b", ["quantity"]),
        (FileKind.INSTRUCTIONS, INSTRUCTIONS, "I,F,FAIL,POS-91282CMS7,100,,,a,b", ["reference"]),
        (FileKind.INSTRUCTIONS, INSTRUCTIONS, "I,F,RESOLVE_DISPUTE,CASH-USD,-1,,c,a,b", None),
        (
            FileKind.INSTRUCTIONS,
            INSTRUCTIONS,
            "I,F,RESIDUAL_INTEREST_DEPOSIT,CASH-USD,1,,,a,b",
            ["customer_id"],
        ),
        (FileKind.PAYMENTS, PAYMENTS, "P1,,,CME,CASH-USD,1,IN", ["customer_id"]),
        (FileKind.PAYMENTS, PAYMENTS, "P1,,F,CME,CASH-USD,1,OUT", ["reference"]),
        (FileKind.PAYMENTS, PAYMENTS, "P1,,F,,POS-91282CMS7,1,UP", None),
        (FileKind.PAYMENTS, PAYMENTS, "P1,,F,CME,CASH-USD,0.00,IN", ["quantity"]),
        (FileKind.CUSTODIAN, CUSTODIAN, "FRBNY,ALL,MINE,CASH-USD,-1,x", None),
    ],
)
def test_every_fault_of_a_row_is_named(kind, header, row, found):
    given = faults(kind, header, row)
    names = header.split(",")
    assert all(at == 2 and column == names.index(field) + 1 for field, at, column in given)
    several = {
        "T,F,XM,91282CMS7,1,,,,0": ["contract_amount", "quantity"],
        "I,F,RESOLVE_DISPUTE,CASH-USD,-1,,c,a,b": ["quantity"],
        "P1,,F,,POS-91282CMS7,1,UP": ["asset", "direction", "place"],
        "FRBNY,ALL,MINE,CASH-USD,-1,x": ["account_scope", "in_transit", "quantity", "segregation"],
    }
    assert sorted(field for field, _, _ in given) == sorted(found or several[row])


def test_a_positions_file_holds_one_sides_positions():
    header = "customer_id,clearing_organization,account,instrument,quantity"
    row = "FUND-1,CME,XM,ZNM6,5"
    assert only(FileKind.CME_POSITIONS, header, row) == line(ClearingOrganization.CME, "ZNM6", 5)
    assert faults(FileKind.FICC_POSITIONS, header, row) == [("clearing_organization", 2, 2)]


def test_one_bad_row_refuses_the_whole_file_with_its_digest():
    text = f"{PAYMENTS}\nP1,,FUND-1,CME,CASH-USD,1,IN\nP2,,FUND-1,CME,CASH-USD,x,IN\n"
    file = read(FileKind.PAYMENTS, text)
    assert (file.is_refused, file.rows) == (True, ())
    assert [(each.file, each.line, each.value) for each in file.refusals] == [("f.csv", 3, "x")]
    assert file.sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_an_id_that_comes_twice_is_refused_with_both_lines():
    row = "P1,,FUND-1,CME,CASH-USD,1,IN"
    file = read(FileKind.PAYMENTS, f"{PAYMENTS}\n{row}\n\n{row}\n")
    assert [(each.field, each.line, each.expected) for each in file.refusals] == [
        ("payment_id", 4, "each payment_id once; line 2 has it too")
    ]


def test_an_unknown_column_is_refused_with_the_nearest():
    file = read(FileKind.PAYMENTS, f"{PAYMENTS},bd_fmc\n")
    assert [each.expected for each in file.refusals] == ["a known column; did you mean bd_fcm?"]


@pytest.mark.parametrize("kind", list(FileKind))
def test_a_header_alone_is_a_file_without_rows_and_nothing_is_none(kind):
    header = ",".join(KINDS[kind].columns)
    assert read(kind, f"\ufeff{header}\r\n").refusals == ()
    assert [(each.field, each.line) for each in read(kind, b"").refusals] == [("file", 1)]


def test_a_file_too_large_is_refused_unread():
    file = read(FileKind.PAYMENTS, b"\n" * (LARGEST_FILE_BYTES + 1))
    assert ([each.field for each in file.refusals], file.sha256) == (["file"], "")


def test_what_a_spreadsheet_would_calculate_is_guarded_and_not_read_back():
    row = PaymentRow(2, "=1+1", "R", "BD-FCM", FUND, "CME", "CASH-USD", 100, Direction.IN)
    text = day_file_text(FileKind.PAYMENTS, [row])
    assert text.splitlines()[1].startswith("'=1+1,")
    assert [each.field for each in read(FileKind.PAYMENTS, text).refusals] == ["payment_id"]
