"""The books of a default, in every store: what only a declared default allows, and whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from crossmargin.basics.records import Record
from crossmargin.default_management.postings import (
    CashPorted,
    CloseOutResult,
    DefaultEntry,
    DefaultItem,
    DeficitPaid,
    Distributed,
    GuarantyPayment,
    MarginPorted,
    MarginReturned,
    MarginSold,
    PositionClosed,
    PositionPorted,
    postings,
)
from crossmargin.ledger.assets import CASH, Asset, futures_position
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.declaration import DEFAULT_DECLARATION
from crossmargin.ledger.posting import Posting
from crossmargin.ledger.transfers import (
    OF_A_DECLARED_DEFAULT,
    OF_ANOTHERS_DEFAULT,
    Transfer,
    TransferKind,
)
from crossmargin.ledger.verification import Check, LedgerImage, verify
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.ports import Books, Work
from crossmargin.services.clearing_day.verifying import image_of
from crossmargin.storage.books import create_books
from crossmargin.storage.connecting import connect
from crossmargin.storage.schema import PATH
from crossmargin.testing.books import (
    AT,
    BANK,
    BD_FCM,
    DAY,
    OTHER_BD_FCM,
    account,
    capital,
    deposit,
    id_of,
    move,
    open_accounts,
    residual_interest,
    to_ficc,
)
from crossmargin.testing.ported_customers import (
    AT_CME,
    AT_FICC,
    NOTE,
    given_of_a,
    ported_of_a,
)

K, P, T = AccountKind, Posting, TransferKind
FICC, CME = ClearingOrganization.FICC, ClearingOrganization.CME
FUTURES = futures_position("ZNM26")
DECLARED = "declaration/FCM-1"
ENTRY = DefaultEntry(BD_FCM, BANK, DECLARED, DAY, AT)


def declaration(bd_fcm: str = BD_FCM, record_id: str = DECLARED) -> Record:
    return Record(record_id, DEFAULT_DECLARATION, bd_fcm, DAY, AT, "default manager")


def prepare(work: Work, *, declared: bool = True) -> None:
    """A has 1,000 dollars and a note of 1,000: 300 and the note at FICC, 400 at CME; B has 500."""
    open_accounts(work, BD_FCM, ("A", "B"))
    open_accounts(work, OTHER_BD_FCM, ("A",))
    trade = move(
        *("t", T.FUTURES_TRADE, id_of(K.CME_XM_POSITION, "A"), id_of(K.CME_CLEARED_TRADES), 7),
        asset=FUTURES,
    )
    given = [
        *(capital("c", 1_000_00), *given_of_a(), deposit("b", "B", 500_00)),
        *(*residual_interest("r", 100_00), trade),
    ]
    assert {each.posting for each in work.ledger.post(given)} == {P.POSTED}
    if declared:
        work.records.add(declaration())


def answers(work: Work, items: Sequence[DefaultItem]) -> list[Posting]:
    return [each.posting for each in work.ledger.post(postings(ENTRY, items))]


def net(work: Work, kind: AccountKind, customer: str = "A", asset: Asset = CASH, **more) -> int:
    return abs(work.ledger.balance(id_of(kind, customer, **more), asset).posted_debit)


def findings(work: Work) -> set[Check]:
    return {each.check for each in verify(replace(image_of(work), liens=None))}


EVERY_ITEM: tuple[DefaultItem, ...] = (
    PositionClosed(account(K.CME_XM_POSITION, "A"), FUTURES, 7, "lot"),
    CloseOutResult(AT_CME, -1_00),
    CloseOutResult(AT_FICC, 1_00),
    MarginSold(AT_FICC, NOTE.code, 400, 396_00),
    GuarantyPayment("A", 1_00),
    DeficitPaid("A", CME, 1_00, from_capital_cents=50),
    MarginReturned(AT_CME, CASH, 1_00),
    MarginPorted(AT_FICC, OTHER_BD_FCM, NOTE, 100),
    CashPorted("A", OTHER_BD_FCM, BANK, CASH, 1_00),
    Distributed("A", CASH, 1_00),
    Distributed("A", CASH, -40, number=2),
)


def test_every_movement_of_a_default_is_posted_and_the_books_hold(books: Books) -> None:
    with books.work() as work:
        prepare(work)
        assert set(answers(work, EVERY_ITEM)) == {P.POSTED}
        assert set(answers(work, EVERY_ITEM)) == {P.EXISTS}
        assert findings(work) == set()
        kinds = {each.kind for each in work.ledger.transfers() if each.cause_id == DECLARED}
        assert kinds >= OF_A_DECLARED_DEFAULT | OF_ANOTHERS_DEFAULT


@pytest.mark.parametrize("item", EVERY_ITEM, ids=lambda item: type(item).__name__)
def test_without_a_declaration_nothing_of_a_default_moves(books: Books, item: DefaultItem) -> None:
    needs = OF_A_DECLARED_DEFAULT | OF_ANOTHERS_DEFAULT
    with books.work() as work:
        prepare(work, declared=False)
        found = set(answers(work, [item]))
        if {each.kind for each in postings(ENTRY, [item])} & needs:
            assert P.DEFAULT_IS_NOT_DECLARED in found
            assert found <= {P.DEFAULT_IS_NOT_DECLARED, P.LINKED_TRANSFER_REFUSED}
        else:
            assert found == {P.POSTED}


def test_a_declaration_is_of_the_right_bd_fcm_and_not_of_a_later_day(books: Books) -> None:
    paid = postings(ENTRY, [Distributed("A", CASH, 1)])
    with books.work() as work:
        prepare(work, declared=False)
        work.records.add(declaration(OTHER_BD_FCM, "theirs"))
        early = [replace(each, business_date=DAY - timedelta(days=1)) for each in paid]
        theirs = [replace(each, cause_id="theirs") for each in paid]
        work.records.add(declaration())
        for wrong in (early, theirs):
            assert work.ledger.post(wrong)[0].posting is P.DEFAULT_IS_NOT_DECLARED
        assert work.ledger.post(paid)[0].posting is P.POSTED


def test_ficc_pays_cme_at_most_what_the_customer_has_there(books: Books) -> None:
    with books.work() as work:
        prepare(work)
        work.ledger.post(to_ficc("fb", "B", 500_00))
        # FICC has 500 dollars of B beside 300 of A: A's debt takes none of them.
        assert P.EXCEEDS_BALANCE in answers(work, [GuarantyPayment("A", 300_01)])
        assert set(answers(work, [GuarantyPayment("A", 300_00)])) == {P.POSTED}
        assert (net(work, K.FICC_XM_MARGIN), net(work, K.CME_CUSTOMER_MARGIN)) == (0, 700_00)
        assert net(work, K.FICC_XM_MARGIN, "B") == 500_00
        assert findings(work) == set()


def test_a_deficit_is_paid_from_residual_interest_and_capital_never_from_customers(
    books: Books,
) -> None:
    with books.work() as work:
        prepare(work)
        # A's margin at CME is lost, and 750 dollars more: A has 600 left, the firm pays 150.
        assert set(answers(work, [CloseOutResult(AT_CME, -400_00)])) == {P.POSTED}
        returned = [MarginReturned(AT_FICC, CASH, 300_00)]
        assert set(answers(work, returned)) == {P.POSTED}
        assert P.EXCEEDS_RESIDUAL_INTEREST in answers(work, [DeficitPaid("A", CME, 750_00)])
        paid = [DeficitPaid("A", CME, 750_00, from_capital_cents=50_00)]
        assert set(answers(work, paid)) == {P.POSTED}
        assert (
            work.ledger.balance(id_of(K.CUSTOMER_FUTURES_ACCOUNT, "A"), CASH).posted_debit == 150_00
        )
        assert net(work, K.HOUSE_BANK, "") == 850_00
        assert findings(work) == set()


def test_a_ported_customer_has_at_the_receiver_what_it_had(books: Books) -> None:
    mine, theirs = (account(K.CME_XM_POSITION, "A", bd_fcm=name) for name in (BD_FCM, OTHER_BD_FCM))
    carried = PositionClosed(mine, FUTURES, 7, "lot")
    items = (PositionPorted(carried, theirs), *ported_of_a(tenths=10))
    with books.work() as work:
        prepare(work)
        assert set(answers(work, items)) == {P.POSTED}
        for kind, asset, amount in (
            (K.CUSTOMER_FUTURES_ACCOUNT, CASH, 1_000_00),
            (K.CUSTOMER_FUTURES_ACCOUNT, NOTE, 1_000),
            (K.CME_OWED, CASH, 400_00),
            (K.FICC_OWED_XM, NOTE, 1_000),
            (K.CME_XM_POSITION, FUTURES, 7),
        ):
            assert net(work, kind, "A", asset) == 0
            assert net(work, kind, "A", asset, bd_fcm=OTHER_BD_FCM) == amount
        assert net(work, K.SEGREGATED_BANK, "") == 600_00
        assert findings(work) == set()


def test_nobody_is_ported_or_paid_more_than_it_is_owed(books: Books) -> None:
    with books.work() as work:
        prepare(work)
        too_much = (
            Distributed("A", CASH, 1_000_01),
            CashPorted("B", OTHER_BD_FCM, BANK, CASH, 1),
            MarginPorted(AT_CME, OTHER_BD_FCM, CASH, 400_01),
        )
        for item in too_much:
            found = set(answers(work, [item]))
            assert not any(each.is_accepted for each in found)


def test_what_slips_in_without_its_declaration_is_found_on_reading(books: Books) -> None:
    with books.work() as work:
        prepare(work)
        assert set(answers(work, [Distributed("A", CASH, 1)])) == {P.POSTED}
        image = image_of(work)
        bare = LedgerImage(image.accounts, image.transfers, image.balances, image.facts)
        assert {each.check for each in verify(bare)} == {Check.DEFAULT_IS_DECLARED}


def test_a_database_refuses_the_path_of_a_default_that_is_not_declared(database: str) -> None:
    store = create_books(database)
    with store.work() as work:
        prepare(work, declared=False)
        work.commit()
    (distribution,) = postings(ENTRY, [Distributed("A", CASH, 1)])
    (ported,) = [
        each
        for each in postings(ENTRY, [CashPorted("A", OTHER_BD_FCM, BANK, CASH, 1)])
        if each.kind is T.PORT_IN
    ]
    engine = connect(database)
    for transfer in (distribution, ported):
        with engine.connect() as connection:
            row = _path_row(connection, transfer)
            with pytest.raises(DBAPIError, match="not declared"):
                connection.execute(PATH.insert(), row)
    with store.work() as work:
        work.records.add(declaration())
        work.commit()
    for transfer in (distribution, ported):
        with engine.connect() as connection:
            connection.execute(PATH.insert(), _path_row(connection, transfer))
    engine.dispose()
    store.close()


def _path_row(connection, transfer: Transfer) -> dict[str, object]:
    row = dict(connection.execute(select(PATH)).mappings().first())
    del row["path_id"]
    row |= {"kind": transfer.kind.value, "holder": "BD_FCM", "segregation_class": "FUTURES"}
    for side, account_id in (
        ("debit", transfer.debit_account_id),
        ("credit", transfer.credit_account_id),
    ):
        kind, _, bd_fcm, customer_id, _ = account_id.split("/")
        row |= {f"{side}_account_id": account_id, f"{side}_kind": kind}
        row |= {f"{side}_bd_fcm": bd_fcm, f"{side}_customer_id": customer_id}
    return row
