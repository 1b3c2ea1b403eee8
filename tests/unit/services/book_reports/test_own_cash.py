"""What a transfer does to a customer's own cash at the bank: whatever waits, posted once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import Transfer, TransferKind, TransferState
from crossmargin.services.book_reports.own_cash import own_cash_changes
from crossmargin.services.books.accounts import of_bd_fcm, of_customer
from crossmargin.testing.clearing_days import EASTERN

K, T = AccountKind, TransferKind
ANN = CustomerKey("BD-FCM", "ANN")
AT = datetime(2026, 5, 11, 9, tzinfo=EASTERN)
OWN, CME, FICC = (
    of_customer(kind, ANN).account_id
    for kind in (K.CUSTOMER_FUTURES_ACCOUNT, K.CME_CUSTOMER_MARGIN, K.FICC_XM_MARGIN)
)
BANK = of_bd_fcm(K.SEGREGATED_BANK, "BD-FCM", "BANK").account_id
SETTLING = of_bd_fcm(K.CME_SETTLEMENT, "BD-FCM").account_id


def effects(kind: TransferKind, debit: str, credit: str) -> dict[str, int]:
    """Return what each state of such a transfer changes by, in cents."""
    first = Transfer(
        transfer_id="t",
        group_id="t",
        kind=kind,
        debit_account_id=debit,
        credit_account_id=credit,
        asset=CASH,
        amount=100,
        business_date=date(2026, 5, 11),
        at=AT,
        cause_id="c",
    )
    found = {}
    for state in TransferState:
        pending_id = "p" if state.value.endswith("S_PENDING") else ""
        each = replace(first, state=state, pending_id=pending_id)
        changes = list(own_cash_changes(each, "BD-FCM", "BANK"))
        found[state.value] = sum(change.amount.cents for change in changes)
    return found


@pytest.mark.parametrize(
    ("kind", "debit", "credit", "posted", "waits"),
    [
        (T.DEPOSIT, BANK, OWN, 100, False),
        (T.WITHDRAWAL, OWN, BANK, -100, True),
        (T.MARGIN_TO_CME, CME, BANK, -100, True),
        (T.MARGIN_FROM_CME, BANK, CME, 100, True),
        (T.MARGIN_TO_FICC, FICC, BANK, -100, True),
        (T.CME_SETTLEMENT_VARIATION, OWN, SETTLING, -100, True),
        (T.CME_SETTLEMENT_VARIATION, SETTLING, OWN, 100, False),
        (T.CME_SETTLEMENT_PAYMENT, SETTLING, BANK, 0, False),
    ],
)
def test_it_counts_when_it_leaves_or_is_there(kind, debit, credit, posted: int, waits: bool):
    found = effects(kind, debit, credit)
    assert found["POSTED"] == posted
    assert found["PENDING"] + found["POSTS_PENDING"] == posted
    assert found["PENDING"] == (posted if waits else 0)
    assert found["PENDING"] + found["VOIDS_PENDING"] == 0


def test_another_bd_fcms_customer_is_not_looked_at():
    assert not effects(T.DEPOSIT, BANK, OWN.replace("BD-FCM", "OTHER"))["POSTED"]
