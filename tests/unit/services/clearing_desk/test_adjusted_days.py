"""A day in which something was corrected by hand: statement, settlement and proof have it."""

from __future__ import annotations

from crossmargin.basics.money import Money
from crossmargin.ledger.transfers import TransferKind
from crossmargin.product.position import Account
from crossmargin.services.book_reports.profit_and_loss import prove
from crossmargin.services.book_reports.reading import report_document
from crossmargin.services.books.adjusting import Adjustment, AdjustmentFile, adjust
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.papers import Entry
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.testing.clearing_days import CURVE, FIRM, RICH, eastern, opened_books

FEE_BACK, VARIATION = Money(1_00), Money(-7_00)


def test_the_statement_shows_it_and_profit_and_loss_still_ties_to_the_cent(desk_of, day):
    books = opened_books(MemoryBooks())
    desk = desk_of(books, deposits=RICH)
    at = eastern(day, "21:00")
    desk.run(day, until=at)
    with books.work() as work:
        (fee,) = work.ledger.transfers(kind=TransferKind.FEE)
        said = ("reason", "ab" * 32)
        rows = (
            Adjustment(
                *(2, "x", CURVE.customer_id, TransferKind.FEE, Account.XM, FEE_BACK),
                *(fee.transfer_id, *said),
            ),
            Adjustment(
                *(3, "x", CURVE.customer_id, TransferKind.CME_SETTLEMENT_VARIATION, Account.XM),
                *(VARIATION, "", *said),
            ),
        )
        file = AdjustmentFile("corrections.csv", "cd" * 32, rows)
        adjust(work, FIRM, file, Entry(at, "bd_fcm_operations:ann", "bd_fcm_risk:bob"))
        work.commit()
    desk.run(day)
    assert verify_books(books) == ()
    with books.work() as work:
        (proof,) = prove(desk.models, work, bd_fcm=FIRM, until=day)
        statement = report_document(work, FIRM, day, "statement/CURVE-FUND")["document"]
    assert proof.holds
    assert proof.adjustments == VARIATION
    assert proof.posted == proof.of_flows.total + proof.marks_out + VARIATION
    shown = [each for each in statement["movements"] if "ADJUSTMENT" in each["kind"]]
    found = {each["kind"]: (each["section"], each["amount"]) for each in shown}
    assert found["FEE_ADJUSTMENT"] == ("fees_and_interest", str(FEE_BACK))
    assert found["SETTLEMENT_ADJUSTMENT"] == ("settlement_flows", str(VARIATION))


def test_one_of_the_securities_account_is_on_its_statement_alone(desk_of, day):
    books = opened_books(MemoryBooks())
    desk = desk_of(books, deposits=RICH)
    at = eastern(day, "21:00")
    desk.run(day, until=at)
    row = Adjustment(
        *(2, "x", CURVE.customer_id, TransferKind.FICC_COUPON, Account.REGULAR, Money(-1_23)),
        *("", "reason", "ab" * 32),
    )
    with books.work() as work:
        file = AdjustmentFile("corrections.csv", "cd" * 32, (row,))
        adjust(work, FIRM, file, Entry(at, "bd_fcm_operations:ann", "bd_fcm_risk:bob"))
        work.commit()
    desk.run(day)
    assert verify_books(books) == ()
    with books.work() as work:
        names = ("statement/CURVE-FUND", "securities-statement/CURVE-FUND")
        futures, securities = (report_document(work, FIRM, day, n)["document"] for n in names)
        (proof,) = prove(desk.models, work, bd_fcm=FIRM, until=day)
    assert not [each for each in futures["movements"] if "ADJUSTMENT" in each["kind"]]
    (shown,) = securities["movements"]
    assert (shown["kind"], shown["amount"]) == ("SETTLEMENT_ADJUSTMENT", "-1.23")
    assert [each["closing"] for each in securities["balances"]] == ["-1.23"]
    assert (proof.holds, proof.adjustments) == (True, Money(-1_23))
