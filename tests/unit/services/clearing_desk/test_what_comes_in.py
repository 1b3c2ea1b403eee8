"""Files that come twice, name what is not there, or are not understood: the day goes on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from crossmargin.basics.identifiers import Cusip, CustomerKey
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.custody import CustodyFact, Fact
from crossmargin.ledger.transfers import TransferKind
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.papers import Entry, documents_of, end_document
from crossmargin.services.clearing_day.arrivals import (
    Action,
    FileKind,
    InstructionRow,
    NovationRow,
    TenderRow,
    TradeRow,
)
from crossmargin.services.clearing_day.engine import FILE
from crossmargin.services.clearing_day.instructions import WITHDRAWAL_TEST
from crossmargin.services.clearing_day.wires import WIRE
from crossmargin.testing.books import fact_record
from crossmargin.testing.clearing_days import (
    CURVE,
    FIRM,
    RICH,
    arrived,
    content_of,
    day_files,
    eastern,
    opened_books,
    payment,
)
from crossmargin.testing.participants import digest


@pytest.fixture
def morning(desk_of, day):
    """Run a day to half past eight with more files; return its records of files by name."""

    def run(*more):
        books = opened_books(MemoryBooks())
        desk_of(books, *more).run(day, until=eastern(day, "08:30"))
        with books.work() as work:
            found = {each.content["name"]: each for each in work.records.select(stream=FILE)}
            assert work.records.get(f"day/{FIRM}/{day}/cur-01") is not None
        return books, found

    return run


def _renamed(file, clock: str, day: date):
    at = eastern(day, clock)
    return replace(file, name=f"{at:%H%M}-{file.kind}-twice.csv", arrived_at=at)


@pytest.mark.parametrize("kind", [FileKind.NOVATIONS, FileKind.TRADES, FileKind.PAYMENTS])
def test_a_file_sent_twice_makes_nothing_twice_and_every_row_names_the_first(
    morning, day, lines, kind
):
    first = [f for f in day_files(day, lines, RICH) if f.kind is kind][-1]
    once, _ = morning()
    books, files = morning(_renamed(first, "07:40", day))
    twice = files[f"0740-{kind}-twice.csv"].content
    assert twice["taken"] == 0
    reasons = dict(twice["not_taken"])
    assert set(reasons) == {row.line for row in first.rows}
    assert all("was taken in before" in each for each in reasons.values())
    assert all(f"{first.name}:{line}" in reason for line, reason in reasons.items())
    with once.work() as a, books.work() as b:
        assert a.ledger.balances() == b.ledger.balances()


def test_a_payment_id_that_is_used_again_with_another_amount_is_not_taken(morning, day):
    row = payment("deposit-CURVE-FUND", "CASH-USD", 1, line=5)
    fair = replace(row, line=6, payment_id="another")
    _, files = morning(arrived(day, "07:10", FileKind.PAYMENTS, [row, fair], "again"))
    said = files["0710-payments-again.csv"].content
    assert said["taken"] == 1
    ((line, reason),) = said["not_taken"]
    assert line == 5
    assert reason.startswith("payment deposit-CURVE-FUND was taken in before, 0650-payments-")


@pytest.mark.parametrize(
    ("instrument", "reason"),
    [
        ("ZNZ5", "a contract listed on"),
        ("ZNZ9", "a contract listed on"),
        ("ESM6", "has no model"),
        ("ZNM6C11000", "has no model"),
        ("QQM6", "a product of"),
    ],
)
def test_a_trade_in_what_cannot_be_carried_is_a_reason_of_its_row(
    morning, day, lines, instrument, reason
):
    (template, *_) = [
        each for each in lines if each.clearing_organization is ClearingOrganization.CME
    ]
    bad = TradeRow(2, "BAD", replace(template, instrument=instrument))
    fair = TradeRow(3, "FAIR", replace(template, quantity=1))
    _, files = morning(arrived(day, "07:40", FileKind.TRADES, [bad, fair], "odd"))
    said = files["0740-trades-odd.csv"].content
    assert said["taken"] == 1
    ((line, why),) = said["not_taken"]
    assert line == 2
    assert reason in why


@pytest.mark.parametrize("days", [0, -1])
def test_a_novation_that_is_settled_already_is_not_taken(morning, day, lines, days):
    (template, *_) = [
        each for each in lines if each.clearing_organization is ClearingOrganization.FICC
    ]
    settled = replace(template, settlement_date=day + timedelta(days=days))
    unknown = replace(template, instrument="912828ZZ6")
    rows = [NovationRow(2, "SETTLED", settled), NovationRow(3, "UNKNOWN", unknown)]
    _, files = morning(arrived(day, "07:40", FileKind.NOVATIONS, rows, "odd"))
    said = dict(files["0740-novations-odd.csv"].content["not_taken"])
    assert said[2].startswith("settlement_date was ")
    assert "this one is settled (ruling 14)" in said[2]
    assert said[3].startswith("instrument was '912828ZZ6'")


def test_a_tender_and_a_position_of_no_contract_stop_nothing(morning, day, lines):
    (template, *_) = [
        each for each in lines if each.clearing_organization is ClearingOrganization.CME
    ]
    odd = replace(template, instrument="ESM6")
    cusip = next(
        each.instrument for each in lines if each.clearing_organization is ClearingOrganization.FICC
    )
    tender = TenderRow(2, "T", odd, Cusip(cusip), day)
    _, files = morning(
        arrived(day, "07:40", FileKind.TENDERS, [tender], "odd"),
        arrived(day, "07:45", FileKind.CME_POSITIONS, [odd], "odd"),
    )
    assert "cannot be tendered" in dict(files["0740-tenders-odd.csv"].content["not_taken"])[2]
    assert files["0745-cme-positions-odd.csv"].content["taken"] == 1


def _instruction(line: int, customer_id: str, action: Action, place: str) -> InstructionRow:
    customer = CustomerKey(FIRM, customer_id) if customer_id else None
    return InstructionRow(
        *(line, f"I{line}", FIRM, customer, action, "CASH-USD", 100, place, ""),
        *("treasury", "control"),
    )


def test_an_instruction_names_a_customer_of_the_books_and_an_end_of_what_it_moves(morning, day):
    withdraw, deposit = Action.WITHDRAW, Action.RESIDUAL_INTEREST_DEPOSIT
    rows = [
        _instruction(2, "CURVE-FUND", withdraw, "FRBNY"),
        _instruction(3, "NOBODY", withdraw, ""),
        _instruction(4, "CURVE-FUND", withdraw, "CUSTOMER"),
        _instruction(5, "CURVE-FUND", withdraw, "SEGREGATED_BANK"),
        _instruction(6, "", deposit, "CME"),
        _instruction(7, "", deposit, "HOUSE"),
        _instruction(8, "CURVE-FUND", Action.LEAVE, "FRBNY"),
        _instruction(9, "CURVE-FUND", Action.TO_SECURITIES_ACCOUNT, "CUSTOMER"),
    ]
    books, files = morning(arrived(day, "07:40", FileKind.INSTRUCTIONS, rows, "odd"))
    said = files["0740-instructions-odd.csv"].content
    assert dict(said["not_taken"]) == {
        2: "WITHDRAW moves property at SEGREGATED_BANK or CUSTOMER, not at FRBNY",
        3: f"{FIRM}/NOBODY is no customer of the books",
        6: "RESIDUAL_INTEREST_DEPOSIT moves property at SEGREGATED_BANK or HOUSE, not at CME",
        8: "LEAVE moves nothing from or to a place, and names FRBNY",
        9: "TO_SECURITIES_ACCOUNT moves property at SEGREGATED_BANK, not at CUSTOMER",
    }
    with books.work() as work:
        wired = {each.record_id.rsplit("/", 1)[1] for each in work.records.select(stream=WIRE)}
        assert {f"I{line}" for line in range(2, 10)} & wired == {"I4", "I5", "I7"}


def _from_securities(day: date):
    customer, action = CURVE, Action.FROM_SECURITIES_ACCOUNT
    back = InstructionRow(
        *(3, "back", FIRM, customer, action, "CASH-USD", 100), *("", "", "treasury", "control")
    )
    there = replace(back, line=2, instruction_id="there", action=Action.TO_SECURITIES_ACCOUNT)
    return arrived(day, "07:40", FileKind.INSTRUCTIONS, [there, back], "round")


def test_property_from_the_securities_account_is_received_as_any_other(morning, day):
    books, files = morning(_from_securities(day))
    assert files["0740-instructions-round.csv"].content["not_taken"] == []
    with books.work() as work:
        (test,) = work.records.select(stream=WITHDRAWAL_TEST)
        (left,) = work.ledger.transfers(kind=TransferKind.WITHDRAWAL)
    # The figures on which it left stand beside the instruction that it follows from.
    assert test.record_id == f"{left.cause_id}/tested"
    assert test.content["request"] == "1.00"
    assert test.content.keys() == {"value", "requirement", "request"}


def test_without_a_disclosure_nothing_comes_from_the_securities_account_either(desk_of, day):
    """CP-02: what comes from the securities account is received in the futures account."""
    books, at = opened_books(MemoryBooks()), eastern(day, "07:30")
    desk = desk_of(books, _from_securities(day))
    desk.run(day, until=at)
    with books.work() as work:
        (disclosure,) = [
            each for each in documents_of(work, f"{FIRM}/CURVE-FUND") if each.kind == "DISCLOSURE"
        ]
        end_document(
            work,
            disclosure.record_id,
            last=day - timedelta(days=1),
            sha256=digest("withdrawn"),
            entry=Entry(at, "ann", "bob"),
        )
        work.commit()
    desk.run(day, until=at + timedelta(hours=1))
    with books.work() as work:
        said = {r.content["name"]: r.content for r in work.records.select(stream=FILE)}
        kept = work.ledger.balances(kind=AccountKind.CUSTOMER_SECURITIES_ACCOUNT)
    ((line, reason),) = said["0740-instructions-round.csv"]["not_taken"]
    assert (line, "DISCLOSURE" in reason, "CP-02" in reason) == (3, True, True)
    assert [each.posted_credit for each in kept.values()] == [100]


def test_margin_for_a_place_that_lacks_a_fact_stays_and_the_fact_is_named(desk_of, day):
    books = opened_books(MemoryBooks())
    frbny = "FRBNY_SEGREGATED_ACCOUNT/FUTURES///FRBNY"
    with books.work() as work:
        fact = CustodyFact(frbny, Fact.NOTICE, "15c3-3 alone", digest("notice"), day)
        work.records.add(fact_record(fact))
        work.commit()
    desk = desk_of(books)
    done = desk.run(day, until=eastern(day, "15:00"))
    refused = content_of(done, "itd-ficc-due")["refused"]
    assert refused
    named = "custody_fact_is_missing NOTICE: 15c3-3 and 4(c) order, was 15c3-3 alone"
    assert {reason for _, _, reason in refused} == {f"linked_transfer_refused, {named}"}
