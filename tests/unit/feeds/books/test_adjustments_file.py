"""Files of corrections by hand: read whole, or every fault named with line and column."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.books.adjustments import read_adjustments
from crossmargin.ledger.transfers import MOVEMENTS, OF_A_DECLARED_DEFAULT, TransferKind
from crossmargin.product.position import Account
from crossmargin.services.books.adjusting import CORRECTED_AS

HEADER = "adjustment_id,customer_id,corrects,account,amount,transfer_id,reason,document_sha256"


def file_of(folder: Path, *rows: str) -> Path:
    path = folder / "corrections.csv"
    path.write_text("\n".join((HEADER, *rows)), "utf-8")
    return path


def test_rows_are_read_with_lines_and_the_file_with_its_digest(tmp_path: Path) -> None:
    path = file_of(
        tmp_path, 'x,A,FICC_COUPON,REGULAR,-1.50,,"as told, late",ab', "y,B,FEE,,2,t,r,cd"
    )
    found = read_adjustments(path)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    first, second = found.rows
    assert (first.line, first.account, first.amount) == (2, Account.REGULAR, Money(-1_50))
    assert (first.reason, first.kind) == ("as told, late", TransferKind.SETTLEMENT_ADJUSTMENT)
    assert (second.line, second.account, second.transfer_id) == (3, Account.XM, "t")


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    path = file_of(tmp_path, "a/b,,DEPOSIT,HOUSE,0,,,ab", "x,A,FEE,,1.005,,r,ab")
    with pytest.raises(RefusedError) as caught:
        read_adjustments(path)
    places = {(each.line, each.field) for each in caught.value.refusals}
    of_first = ("adjustment_id", "customer_id", "reason", "corrects", "account", "amount")
    assert places == {*((2, name) for name in of_first), (3, "amount")}


def test_a_file_without_a_correction_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="one row a correction"):
        read_adjustments(file_of(tmp_path))


def test_nothing_of_a_default_no_mark_and_nothing_at_a_bank_is_corrected_by_hand() -> None:
    assert not {*CORRECTED_AS, *CORRECTED_AS.values()} & OF_A_DECLARED_DEFAULT
    assert not [kind for kind in CORRECTED_AS if "FORWARD_MARK" in kind]
    touched = {
        each.value for kind in CORRECTED_AS.values() for pair in MOVEMENTS[kind] for each in pair
    }
    assert touched == {
        *("CUSTOMER_FUTURES_ACCOUNT", "CUSTOMER_SECURITIES_ACCOUNT", "RESIDUAL_INTEREST"),
        *("CME_SETTLEMENT", "FICC_FUNDS_ONLY_SETTLEMENT", "SCM_FUNDS_ONLY_SETTLEMENT"),
    }
