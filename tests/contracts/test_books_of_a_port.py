"""The books of a port, in every store: a part with its margin is one group, whole or not at all."""

from __future__ import annotations

from dataclasses import replace

from crossmargin.basics.records import Record
from crossmargin.default_management.port_postings import (
    Linked,
    MarginPortedThroughBanks,
)
from crossmargin.default_management.postings import (
    DefaultEntry,
    MarginPorted,
    PositionClosed,
    PositionPorted,
    postings,
)
from crossmargin.ledger.assets import CASH, Asset, security_position
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.declaration import DEFAULT_DECLARATION
from crossmargin.ledger.posting import Posting
from crossmargin.ledger.transfers import TransferKind
from crossmargin.ledger.verification import verify
from crossmargin.services.books.ports import Books, Work
from crossmargin.services.clearing_day.verifying import image_of
from crossmargin.testing.books import (
    AT,
    BANK,
    BD_FCM,
    DAY,
    OTHER_BD_FCM,
    account,
    id_of,
    move,
    open_accounts,
)
from crossmargin.testing.ported_customers import AT_FICC, NOTE, given_of_a, ported_of_a

K, P = AccountKind, Posting
OBLIGATION = security_position("91282CMS7")
ENTRY = DefaultEntry(BD_FCM, BANK, "port", DAY, AT)
MOST = PositionClosed(account(K.FICC_XM_POSITION, "A"), OBLIGATION, 600, "lot")


def prepare(work: Work) -> None:
    """A has 1,000 dollars and a note: 300 and the note at FICC, 400 at CME; it is long 1,000."""
    open_accounts(work, BD_FCM, ("A",))
    open_accounts(work, OTHER_BD_FCM, ("A",))
    bought = (id_of(K.FICC_XM_POSITION, "A"), id_of(K.FICC_NOVATION), 1_000)
    given = [
        *given_of_a(),
        move("t", TransferKind.NOVATION, *bought, asset=OBLIGATION),
    ]
    assert {each.posting for each in work.ledger.post(given)} == {P.POSTED}
    work.records.add(Record("port", DEFAULT_DECLARATION, BD_FCM, DAY, AT, "default manager"))


def posted(work: Work, *items) -> set[Posting]:
    part = Linked("port/1", items)
    return {each.posting for each in work.ledger.post(postings(ENTRY, [part]))}


def has(work: Work, kind: AccountKind, asset: Asset = CASH) -> tuple[int, int]:
    return tuple(
        abs(work.ledger.balance(id_of(kind, "A", bd_fcm=name), asset).posted_debit)
        for name in (BD_FCM, OTHER_BD_FCM)
    )


def test_a_part_moves_with_its_margin_and_both_books_hold(books: Books) -> None:
    theirs = account(K.FICC_XM_POSITION, "A", bd_fcm=OTHER_BD_FCM)
    items = (PositionPorted(MOST, theirs), *ported_of_a(tenths=6))
    with books.work() as work:
        prepare(work)
        assert posted(work, *items) == {P.POSTED}
        assert has(work, K.FICC_XM_POSITION, OBLIGATION) == (400, 600)
        assert has(work, K.CUSTOMER_FUTURES_ACCOUNT) == (400_00, 600_00)
        assert has(work, K.FICC_OWED_XM, NOTE) == (400, 600)
        assert has(work, K.CME_OWED) == (160_00, 240_00)
        assert verify(replace(image_of(work), liens=None)) == ()
        assert posted(work, *items) == {P.EXISTS}


def test_margin_that_is_not_there_keeps_the_positions_too(books: Books) -> None:
    theirs = account(K.FICC_XM_POSITION, "A", bd_fcm=OTHER_BD_FCM)
    with books.work() as work:
        prepare(work)
        found = posted(
            work,
            PositionPorted(MOST, theirs),
            MarginPorted(AT_FICC, OTHER_BD_FCM, CASH, 300_01),
        )
        assert P.LINKED_TRANSFER_REFUSED in found
        assert has(work, K.FICC_XM_POSITION, OBLIGATION) == (1_000, 0)


def test_outside_the_arrangement_margin_at_ficc_goes_from_bank_to_bank(books: Books) -> None:
    theirs = account(K.FICC_REGULAR_POSITION, "A", bd_fcm=OTHER_BD_FCM)
    items = (
        PositionPorted(MOST, theirs),
        MarginPortedThroughBanks(AT_FICC, OTHER_BD_FCM, BANK, CASH, 180_00),
        MarginPortedThroughBanks(AT_FICC, OTHER_BD_FCM, BANK, NOTE, 600),
    )
    with books.work() as work:
        prepare(work)
        assert posted(work, *items) == {P.POSTED}
        assert has(work, K.FICC_REGULAR_POSITION, OBLIGATION) == (0, 600)
        assert has(work, K.CUSTOMER_FUTURES_ACCOUNT, NOTE) == (400, 600)
        assert has(work, K.FICC_OWED_XM) == (120_00, 0)
        assert has(work, K.FICC_OWED_SCM) == (0, 0)
        assert verify(replace(image_of(work), liens=None)) == ()


def test_without_a_declaration_nothing_of_a_part_moves(books: Books) -> None:
    theirs = account(K.FICC_XM_POSITION, "A", bd_fcm=OTHER_BD_FCM)
    undeclared = replace(ENTRY, declaration_id="nobody declared")
    part = Linked("port/1", (PositionPorted(MOST, theirs),))
    with books.work() as work:
        prepare(work)
        answers = work.ledger.post(postings(undeclared, [part]))
        assert {each.posting for each in answers} == {P.DEFAULT_IS_NOT_DECLARED}
