"""Corrections by hand, in every store: along their paths, whole or not at all, once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import Money
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import RefusedError
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.declaration import DEFAULT_DECLARATION
from crossmargin.ledger.transfers import TransferKind
from crossmargin.product.position import Account
from crossmargin.services.books.adjusting import Adjustment, AdjustmentFile, adjust
from crossmargin.services.books.days import CLOSE, STEP
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.ports import Books
from crossmargin.services.books.trace import ends_at_files, trace
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.testing.books import (
    AT,
    BD_FCM,
    CAUSE,
    DAY,
    capital,
    deposit,
    id_of,
    move,
    open_books,
    residual_interest,
)

K, T = AccountKind, TransferKind
PEOPLE = ("bd_fcm_operations:ann", "bd_fcm_risk:bob")
OWED = {each: id_of(K.CUSTOMER_FUTURES_ACCOUNT, each) for each in ("A", "B")}
PAPER = "ab" * 32
FEE = Adjustment(2, "fee", "A", T.FEE, Account.XM, Money(20_00), "fee/1", "wrong rate", PAPER)
FLOW = Adjustment(
    3, "flow", "A", T.CME_SETTLEMENT_VARIATION, Account.XM, Money(-70_00), "", "B's", PAPER
)


def file_of(*rows: Adjustment) -> AdjustmentFile:
    return AdjustmentFile("corrections.csv", digest_of([repr(each) for each in rows]), rows)


def adjusted(books: Books, *rows: Adjustment, entry: Entry | None = None) -> tuple[str, ...]:
    with books.work() as work:
        found = adjust(work, BD_FCM, file_of(*rows), entry or Entry(AT, *PEOPLE))
        work.commit()
    return found


def refusals(books: Books, *rows: Adjustment, entry: Entry | None = None) -> str:
    with books.work() as work, pytest.raises(RefusedError) as caught:
        adjust(work, BD_FCM, file_of(*rows), entry or Entry(AT, *PEOPLE))
    return "; ".join(str(each) for each in caught.value.refusals)


@pytest.fixture
def charged(books: Books) -> Books:
    """Return books with two deposits, residual interest of 100 dollars and a fee of 50."""
    open_books(books)
    fee = move("fee/1", T.FEE, OWED["A"], id_of(K.RESIDUAL_INTEREST), 50_00, group_id="fee")
    income = (id_of(K.HOUSE_RESIDUAL_INTEREST), id_of(K.HOUSE_EQUITY))
    mirror = move("fee/2", T.RESIDUAL_INTEREST_INCOME, *income, 50_00, group_id="fee")
    with books.work() as work:
        work.records.add(Record(CAUSE, "CAUSE", BD_FCM, DAY, AT, "maker", approver="checker"))
        work.ledger.post([deposit("a", "A", 500_00), deposit("b", "B", 500_00)])
        work.ledger.post([capital("c", 200_00), *residual_interest("r", 100_00)])
        work.ledger.post([fee, mirror])
        work.commit()
    return books


def test_a_correction_is_posted_on_both_sides_once_and_is_traced_to_file_line_and_paper(
    charged: Books,
) -> None:
    rows = (FEE, FLOW, replace(FLOW, line=4, customer_id="B", amount=Money(70_00)))
    ids = adjusted(charged, *rows)
    assert adjusted(charged, *rows) == ids
    with charged.work() as work:
        cents = {name: work.ledger.balance(own, CASH).posted_credit for name, own in OWED.items()}
        assert cents == {"A": 500_00 - 50_00 + 20_00 - 70_00, "B": 570_00}
        assert work.ledger.balance(id_of(K.CME_SETTLEMENT), CASH).posted_debit == 0
        assert work.ledger.balance(id_of(K.RESIDUAL_INTEREST), CASH).posted_credit == 130_00
        posted = [t for t in work.ledger.transfers() if t.cause_id in ids]
        linked = {t.group_id: sum(u.group_id == t.group_id for u in posted) for t in posted}
        assert sorted(linked.values()) == [2, 2]
        nodes = trace(work, posted[0].transfer_id)
        assert ends_at_files(nodes)
        assert [(n.file, n.line, n.sha256) for n in nodes[1:3]] == [
            ("corrections.csv", "2", file_of(*rows).sha256),
            ("corrections.csv", "", file_of(*rows).sha256),
        ]
        assert {n.node_id for n in nodes} >= {"fee/1", ids[0]}
        record = work.records.get(ids[0])
        assert record is not None
        assert (record.actor, record.approver) == PEOPLE
        assert (record.content["document_sha256"], record.content["reason"]) == (
            PAPER,
            "wrong rate",
        )
    assert verify_books(charged) == ()
    assert "not entered before" in refusals(
        charged, FEE, entry=Entry(AT + timedelta(minutes=1), *PEOPLE)
    )


def test_what_the_ledger_refuses_is_refused_whole_with_its_line(charged: Books) -> None:
    interest = replace(
        FEE, line=5, corrects=T.INTEREST_TO_CUSTOMER, amount=Money(150_01), transfer_id=""
    )
    said = refusals(charged, FLOW, interest)
    assert "corrections.csv:5: amount was '150.01', expected exceeds_balance" in said
    with charged.work() as work:
        assert not work.ledger.transfers(kind=T.SETTLEMENT_ADJUSTMENT)
        assert not work.records.select(stream="ADJUSTMENT")


def test_whoever_has_no_accounts_is_refused_with_every_other_reason(charged: Books) -> None:
    strange = replace(FLOW, customer_id="NOBODY", document_sha256="none")
    said = refusals(charged, strange)
    assert "customer_id was 'NOBODY', expected a customer with accounts at" in said
    assert "the file's SHA-256" in said
    for name in ("ANOTHER", "A/B"):
        with charged.work() as work, pytest.raises(RefusedError, match="books are open"):
            adjust(work, name, file_of(FLOW), Entry(AT, *PEOPLE))


def test_a_fee_may_leave_a_debit_but_none_is_given_back_out_of_others_money(
    charged: Books,
) -> None:
    adjusted(charged, replace(FEE, amount=Money(-600_00), transfer_id=""))
    with charged.work() as work:
        assert work.ledger.balance(OWED["A"], CASH).posted_credit == -150_00
    assert verify_books(charged) == ()
    later = Entry(AT + timedelta(minutes=1), *PEOPLE)
    interest = Adjustment(
        *(2, "interest", "B", T.INTEREST_TO_CUSTOMER, Account.XM, Money(600_01), "", "late", PAPER)
    )
    assert "exceeds_residual_interest" in refusals(charged, interest, entry=later)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (replace(FEE, amount=Money(50_01)), "at most the 50.00 that is left"),
        (replace(FEE, transfer_id=""), "the FEE that is given back"),
        (replace(FEE, transfer_id="a"), "a FEE of A in that account"),
        (replace(FEE, customer_id="B"), "a FEE of B in that account"),
        (replace(FEE, account=Account.REGULAR), "REGULAR of a flow at FICC alone"),
        (replace(FEE, document_sha256="none"), "the file's SHA-256"),
    ],
)
def test_a_row_that_does_not_fit_what_it_corrects_is_refused(
    charged: Books, row: Adjustment, expected: str
) -> None:
    assert expected in refusals(charged, row)


def test_a_fee_is_given_back_once(charged: Books) -> None:
    twice = (replace(FEE, amount=Money(30_00)), replace(FEE, line=3, amount=Money(30_00)))
    assert "at most the 20.00 that is left" in refusals(charged, *twice)


def test_a_correction_of_a_missing_fee_is_itself_corrected_up_to_its_amount(
    charged: Books,
) -> None:
    (entered,) = adjusted(charged, replace(FEE, amount=Money(-600_00), transfer_id=""))
    later = Entry(AT + timedelta(minutes=1), *PEOPLE)
    back = replace(FEE, adjustment_id="back", transfer_id=f"{entered}/1")
    too_much = replace(back, amount=Money(600_01))
    assert "at most the 600.00 that is left" in refusals(charged, too_much, entry=later)
    adjusted(charged, replace(back, amount=Money(600_00)), entry=later)
    with charged.work() as work:
        assert work.ledger.balance(OWED["A"], CASH).posted_credit == 450_00
    assert verify_books(charged) == ()
    again = replace(back, adjustment_id="again", amount=Money(1))
    later = Entry(AT + timedelta(minutes=2), *PEOPLE)
    assert "at most the 0.00 that is left" in refusals(charged, again, entry=later)


def test_a_correction_that_named_a_transfer_is_corrected_at_that_transfer(charged: Books) -> None:
    (entered,) = adjusted(charged, replace(FEE, amount=Money(-5_00)))
    later = Entry(AT + timedelta(minutes=1), *PEOPLE)
    back = replace(FEE, adjustment_id="back", transfer_id=f"{entered}/1", amount=Money(5_00))
    assert "or a correction of one that was missing" in refusals(charged, back, entry=later)
    adjusted(charged, replace(back, transfer_id="fee/1", amount=Money(55_00)), entry=later)


def test_maker_and_checker_are_two_and_in_roles_that_may(charged: Books) -> None:
    one = refusals(charged, FEE, entry=Entry(AT, "bd_fcm_risk:ann", "bd_fcm_risk:ann"))
    assert "another than the maker" in one
    wrong = refusals(charged, FEE, entry=Entry(AT, "customer:a", "bd_fcm_operations:b"))
    assert wrong.count("a role among") == 2


def test_nothing_is_entered_in_a_closed_day_nor_before_a_step_that_is_done(
    charged: Books,
) -> None:
    def step(name: str, at, day=DAY) -> Record:
        return Record(
            f"day/{BD_FCM}/{day}/{name}", STEP, BD_FCM, day, at, "o", {"step": name}, approver="r"
        )

    with charged.work() as work:
        work.records.add(step("open", AT + timedelta(minutes=1)))
        work.commit()
    assert "the latest step that is done" in refusals(charged, FEE)
    closed = AT + timedelta(hours=2)
    with charged.work() as work:
        work.records.add(step(CLOSE, closed))
        work.commit()
    assert "a day that is not closed" in refusals(charged, FEE, entry=Entry(closed, *PEOPLE))


def test_after_a_declared_default_it_is_a_correction_of_the_default(charged: Books) -> None:
    with charged.work() as work:
        work.records.add(
            Record("default", DEFAULT_DECLARATION, BD_FCM, DAY, AT, "t", {}, approver="r")
        )
        work.commit()
    assert "a correction of the default" in refusals(charged, FEE)
