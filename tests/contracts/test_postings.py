"""Every answer of the ledger in order of precedence, in every store: one table, one row an answer.

Each row of a chain has the fault that it is about and every fault of the rows after it, as far as
they can be had together: the first in the order of the answers is the one that is given.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from crossmargin.ledger.assets import futures_position, security
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.judgement import AMOUNT_MAX
from crossmargin.ledger.posting import Posting
from crossmargin.ledger.transfers import Transfer, TransferKind, TransferState
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.ports import Books, Work
from crossmargin.storage.books import SqlBooks, create_books
from crossmargin.testing.books import (
    BANK_WITHOUT_FACTS,
    BD_FCM,
    CAUSE,
    DAY,
    OPENED,
    OTHER_BD_FCM,
    account,
    capital,
    deposit,
    deposit_outside,
    from_ficc_outside,
    id_of,
    move,
    open_accounts,
    residual_interest,
    to_cme,
    to_ficc,
    to_ficc_outside,
    withdrawal,
)

K, T, P, S = AccountKind, TransferKind, Posting, TransferState
NOTE = security("91282CMS7")
LATER, EARLIER = DAY + timedelta(days=1), OPENED - timedelta(days=1)


@pytest.fixture(scope="module", params=("memory", "sqlite", "postgresql"))
def prepared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Books]:
    """Yield each store in turn, prepared once: every test leaves its work without a commit."""
    if request.param == "memory":
        books: Books = MemoryBooks()
    else:
        address = str(tmp_path_factory.mktemp("postings") / "books.db")
        if request.param == "postgresql":
            address = request.getfixturevalue("postgresql_of_module")
        books = create_books(address)
    with books.work() as work:
        prepare(work)
        work.commit()
    yield books
    if isinstance(books, SqlBooks):
        books.close()


def prepare(work: Work) -> None:
    """Two BD-FCMs; A has 1,000 dollars and a note, B has 500; residual interest is 100 dollars."""
    open_accounts(work, BD_FCM, ("A", "B"))
    open_accounts(work, OTHER_BD_FCM, ("A",))
    for customer, opened in (("LATE", LATER), ("GONE", OPENED)):
        one = account(K.CUSTOMER_FUTURES_ACCOUNT, customer)
        work.ledger.open_account(one, opened=opened, cause_id=CAUSE)
    gone = id_of(K.CUSTOMER_FUTURES_ACCOUNT, "GONE")
    work.ledger.close_account(gone, closed=DAY, cause_id=CAUSE)
    bare = account(K.SEGREGATED_BANK, custodian=BANK_WITHOUT_FACTS)
    work.ledger.open_account(bare, opened=OPENED, cause_id=CAUSE)
    p3 = withdrawal("p3", "A", 10_00, state=S.PENDING)
    p2 = replace(p3, transfer_id="p2", group_id="p2")
    given = [
        capital("c", 1_000_00),
        deposit("a", "A", 1_000_00),
        deposit("b", "B", 500_00),
        deposit("n", "A", 1_000, NOTE),
        *residual_interest("r", 100_00),
        p2,
        p3,
        replace(p2, transfer_id="p2-posts", state=S.POSTS_PENDING, pending_id="p2"),
        replace(p3, transfer_id="p3-voids", state=S.VOIDS_PENDING, pending_id="p3"),
    ]
    house = (K.HOUSE_BANK, K.HOUSE_EQUITY)
    bank, equity = (id_of(kind, bd_fcm=OTHER_BD_FCM) for kind in house)
    given += [
        move("much", T.CAPITAL, bank, equity, AMOUNT_MAX),
        move("much back", T.CAPITAL, equity, bank, AMOUNT_MAX),
    ]
    answers = work.ledger.post(given)
    assert {each.posting for each in answers} == {P.POSTED}


@dataclass(frozen=True)
class Row:
    """One answer, and what differs from the row before it in the chain."""

    posting: Posting
    changes: Mapping[str, Any]


FUTURES = futures_position("ZNM26")
OWED_TO_A = id_of(K.CUSTOMER_FUTURES_ACCOUNT, "A")
OWED_TO_B = id_of(K.CUSTOMER_FUTURES_ACCOUNT, "B")
BANK = id_of(K.SEGREGATED_BANK)
BARE = id_of(K.SEGREGATED_BANK, custodian=BANK_WITHOUT_FACTS)
P2 = withdrawal("p2", "A", 10_00, state=S.PENDING)

#: A repeat of ``p2`` that differs in everything, mended field by field.
REPEAT = replace(
    P2,
    group_id="another",
    kind=T.DEPOSIT,
    debit_account_id=BANK,
    credit_account_id=OWED_TO_B,
    asset=NOTE,
    amount=11_00,
    business_date=LATER,
    cause_id="another",
    state=S.POSTS_PENDING,
    pending_id="p3",
)
REPEATED = (
    Row(P.EXISTS_WITH_DIFFERENT_GROUP, {}),
    Row(P.EXISTS_WITH_DIFFERENT_KIND, {"group_id": "p2"}),
    Row(P.EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT, {"kind": T.WITHDRAWAL}),
    Row(P.EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT, {"debit_account_id": OWED_TO_A}),
    Row(P.EXISTS_WITH_DIFFERENT_ASSET, {"credit_account_id": BANK}),
    Row(P.EXISTS_WITH_DIFFERENT_AMOUNT, {"asset": P2.asset}),
    Row(P.EXISTS_WITH_DIFFERENT_BUSINESS_DATE, {"amount": 10_00}),
    Row(P.EXISTS_WITH_DIFFERENT_CAUSE, {"business_date": DAY}),
    Row(P.EXISTS_WITH_DIFFERENT_STATE, {"cause_id": CAUSE}),
    Row(P.EXISTS, {"state": S.PENDING, "pending_id": ""}),
)
#: A settlement of ``p2`` again, under its own id, naming another.
RESETTLED = (
    Row(P.EXISTS_WITH_DIFFERENT_PENDING, {"pending_id": "p3"}),
    Row(P.EXISTS, {"pending_id": "p2"}),
)
#: A transfer with every fault at once, mended one by one until it is posted.
WORST = Transfer(
    transfer_id="",
    group_id="",
    kind=T.DEPOSIT,
    debit_account_id="nowhere",
    credit_account_id="nowhere",
    asset=FUTURES,
    amount=0,
    business_date=EARLIER,
    at=P2.at,
    cause_id="",
    state=S.POSTS_PENDING,
    pending_id="none",
)
FRESH = (
    Row(P.ID_IS_EMPTY, {}),
    Row(P.GROUP_IS_EMPTY, {"transfer_id": "x"}),
    Row(P.CAUSE_IS_EMPTY, {"group_id": "x"}),
    Row(P.AMOUNT_IS_NOT_POSITIVE, {"cause_id": CAUSE}),
    Row(P.AMOUNT_IS_TOO_LARGE, {"amount": AMOUNT_MAX + 1}),
    Row(P.ACCOUNTS_ARE_THE_SAME, {"amount": AMOUNT_MAX}),
    Row(P.DEBIT_ACCOUNT_NOT_FOUND, {"credit_account_id": "elsewhere"}),
    Row(P.CREDIT_ACCOUNT_NOT_FOUND, {"debit_account_id": id_of(K.FICC_XM_MARGIN, "A")}),
    Row(
        P.HOLDERS_DIFFER,
        {"credit_account_id": id_of(K.FICC_OWED_SCM, "A", bd_fcm=OTHER_BD_FCM)},
    ),
    Row(
        P.SEGREGATION_CLASSES_DIFFER,
        {"credit_account_id": id_of(K.CUSTOMER_SECURITIES_ACCOUNT, "A", bd_fcm=OTHER_BD_FCM)},
    ),
    Row(
        P.BD_FCMS_DIFFER,
        {"credit_account_id": id_of(K.CUSTOMER_FUTURES_ACCOUNT, "A", bd_fcm=OTHER_BD_FCM)},
    ),
    Row(P.CUSTOMERS_DIFFER, {"credit_account_id": id_of(K.CUSTOMER_FUTURES_ACCOUNT, "LATE")}),
    Row(
        P.ASSET_IS_NOT_CARRIED,
        {
            "debit_account_id": id_of(K.CUSTOMER_FUTURES_ACCOUNT, "LATE"),
            "credit_account_id": BARE,
        },
    ),
    Row(P.MOVEMENT_IS_NOT_PERMITTED, {"asset": P2.asset}),
    Row(P.DEFAULT_IS_NOT_DECLARED, {"kind": T.DISTRIBUTION}),
    Row(P.ACCOUNT_IS_NOT_YET_OPEN, {"kind": T.WITHDRAWAL}),
    Row(
        P.ACCOUNT_IS_CLOSED,
        {
            "debit_account_id": id_of(K.CUSTOMER_FUTURES_ACCOUNT, "GONE"),
            "business_date": LATER,
        },
    ),
    Row(P.PENDING_NOT_FOUND, {"debit_account_id": OWED_TO_B}),
    Row(P.PENDING_WAS_NOT_PENDING, {"pending_id": "a"}),
    Row(P.PENDING_IS_ANOTHER_MOVEMENT, {"pending_id": "p2"}),
    Row(P.PENDING_HAS_SMALLER_AMOUNT, {"debit_account_id": OWED_TO_A, "credit_account_id": BANK}),
    Row(P.PENDING_HAS_LARGER_AMOUNT, {"amount": 9_00, "state": S.VOIDS_PENDING}),
    Row(P.PENDING_ALREADY_POSTED, {"amount": 10_00}),
    Row(P.PENDING_ALREADY_VOIDED, {"pending_id": "p3"}),
    Row(
        P.CUSTODY_FACT_IS_MISSING,
        {
            "kind": T.CUSTODY_MOVE,
            "state": S.POSTED,
            "pending_id": "",
            "debit_account_id": BARE,
            "credit_account_id": BANK,
            "amount": AMOUNT_MAX,
        },
    ),
    Row(
        P.COUNTER_IS_TOO_LARGE,
        {
            "kind": T.CAPITAL,
            "debit_account_id": id_of(K.HOUSE_EQUITY, bd_fcm=OTHER_BD_FCM),
            "credit_account_id": id_of(K.HOUSE_BANK, bd_fcm=OTHER_BD_FCM),
        },
    ),
    Row(
        P.EXCEEDS_BALANCE,
        {
            "kind": T.WITHDRAWAL,
            "debit_account_id": OWED_TO_B,
            "credit_account_id": BANK,
            "amount": 500_01,
        },
    ),
    Row(
        P.SECURITY_IS_NOT_THE_CUSTOMERS,
        {
            "kind": T.MARGIN_TO_FICC,
            "debit_account_id": id_of(K.FICC_XM_MARGIN, "B"),
            "asset": NOTE,
            "amount": 1,
        },
    ),
    Row(P.EXCEEDS_RESIDUAL_INTEREST, {"asset": P2.asset, "amount": 600_01}),
    Row(P.CLAIM_AND_DEBT_DIFFER, {"amount": 600_00}),
    Row(
        P.POSTED,
        {
            "kind": T.WITHDRAWAL,
            "debit_account_id": OWED_TO_B,
            "credit_account_id": BANK,
            "amount": 500_00,
        },
    ),
)


def chain(first: Transfer, rows: Sequence[Row]) -> list[tuple[Posting, Transfer]]:
    """Return every row's transfer, changes added up."""
    built, transfer = [], first
    for row in rows:
        transfer = replace(transfer, **row.changes)
        built.append((row.posting, transfer))
    return built


#: ``p2-posts``, as it was posted.
SETTLEMENT = replace(P2, transfer_id="p2-posts", state=S.POSTS_PENDING, pending_id="p2")
TABLE = [*chain(REPEAT, REPEATED), *chain(SETTLEMENT, RESETTLED), *chain(WORST, FRESH)]


@pytest.mark.parametrize(
    ("posting", "transfer"), TABLE, ids=[f"{n}-{row[0].value}" for n, row in enumerate(TABLE)]
)
def test_the_first_fault_in_the_order_of_the_answers_is_the_answer(
    prepared: Books, posting: Posting, transfer: Transfer
) -> None:
    with prepared.work() as work:
        before = work.ledger.balances(), work.ledger.transfers()
        (answer,) = work.ledger.post([transfer])
        assert answer.posting is posting
        assert answer.transfer_id == transfer.transfer_id
        if posting is not P.POSTED:
            assert (work.ledger.balances(), work.ledger.transfers()) == before


def test_the_table_has_every_answer_but_that_to_the_others_of_a_group() -> None:
    assert {posting for posting, _ in TABLE} == set(Posting) - {P.LINKED_TRANSFER_REFUSED}


@pytest.mark.parametrize("rows", [REPEATED, FRESH], ids=["repeated", "fresh"])
def test_a_chain_keeps_the_order_of_the_answers(rows: Sequence[Row]) -> None:
    order = list(Posting)
    places = [order.index(row.posting) for row in rows if not row.posting.is_accepted]
    assert all(one < other for one, other in pairwise(places))


def test_the_good_transfers_of_a_half_bad_group_are_refused_as_linked(prepared: Books) -> None:
    with prepared.work() as work:
        before = work.ledger.balances()
        good = withdrawal("good", "A", 1_00, group_id="group")
        bad = withdrawal("bad", "B", 900_00, group_id="group")
        alone = withdrawal("alone", "B", 1_00)
        answers = work.ledger.post([good, bad, replace(good, transfer_id="good-2"), alone])
        assert [each.posting for each in answers] == [
            P.LINKED_TRANSFER_REFUSED,
            P.EXCEEDS_BALANCE,
            P.LINKED_TRANSFER_REFUSED,
            P.POSTED,
        ]
        changed = {
            key for key, balance in work.ledger.balances().items() if balance != before.get(key)
        }
        assert {account_id for account_id, _ in changed} == {OWED_TO_B, BANK}


def test_a_move_of_margin_in_one_book_alone_refuses_its_whole_group(prepared: Books) -> None:
    with prepared.work() as work:
        (mine, theirs), short = to_ficc("g", "A", 100_00), to_ficc("h", "A", 100_00)
        less = replace(theirs, amount=99_99)
        assert [each.posting for each in work.ledger.post([mine, less])] == [
            P.CLAIM_AND_DEBT_DIFFER,
            P.LINKED_TRANSFER_REFUSED,
        ]
        assert {each.posting for each in work.ledger.post(short)} == {P.POSTED}


def interest(transfer_id: str, customer: str, cents: int) -> Transfer:
    owed = id_of(K.CUSTOMER_FUTURES_ACCOUNT, customer)
    return move(transfer_id, T.INTEREST_TO_CUSTOMER, id_of(K.RESIDUAL_INTEREST), owed, cents)


def test_margin_beyond_what_the_customer_is_owed_uses_residual_interest_of_the_whole_pool(
    prepared: Books,
) -> None:
    with prepared.work() as work:

        def posting_of(transfers: Sequence[Transfer]) -> Posting:
            return work.ledger.post(transfers)[0].posting

        # A is owed 990 dollars, residual interest is 100: 1,090 may stand at CME, no cent more.
        assert posting_of(to_cme("1", "A", 1_090_01)) is P.EXCEEDS_RESIDUAL_INTEREST
        assert posting_of(to_cme("2", "A", 1_050_00)) is P.POSTED
        assert posting_of(to_ficc("3", "B", 540_01)) is P.EXCEEDS_BALANCE
        # 60 of it stand in for A: they cannot be taken out.
        out = residual_interest("4", 40_01, is_deposit=False)
        assert posting_of(out) is P.EXCEEDS_RESIDUAL_INTEREST
        assert posting_of(residual_interest("5", 40_00, is_deposit=False)) is P.POSTED
        assert posting_of([interest("6", "B", 1)]) is P.EXCEEDS_RESIDUAL_INTEREST


def test_after_losses_beyond_residual_interest_nothing_makes_the_lack_more(
    prepared: Books,
) -> None:
    with prepared.work() as work:

        def post(transfers: Sequence[Transfer]) -> Posting:
            return work.ledger.post(transfers)[0].posting

        def settled(transfers: Sequence[Transfer]) -> Posting:
            return post(
                [
                    replace(
                        each,
                        transfer_id=f"{each.transfer_id}/settled",
                        group_id=f"{each.group_id}/settled",
                        state=S.POSTS_PENDING,
                        pending_id=each.transfer_id,
                    )
                    for each in transfers
                ]
            )

        # A is owed 990 dollars and B more than 500, residual interest is 100.
        wire = to_cme("1", "A", 600_00, state=S.PENDING)
        out = [withdrawal("2", "A", 300_00, state=S.PENDING)]
        assert post(wire) is post(out) is P.POSTED
        owed, side = id_of(K.CUSTOMER_FUTURES_ACCOUNT, "A"), id_of(K.CME_SETTLEMENT)
        loss = move("3", T.CME_SETTLEMENT_VARIATION, owed, side, 800_00)
        assert post([loss]) is P.POSTED, "losses are never refused"
        assert post(to_cme("4", "A", 1)) is P.EXCEEDS_RESIDUAL_INTEREST
        assert post(residual_interest("5", 1, is_deposit=False)) is P.EXCEEDS_RESIDUAL_INTEREST
        assert post([interest("6", "B", 1)]) is P.EXCEEDS_RESIDUAL_INTEREST
        assert post(to_cme("7", "B", 100_00)) is P.POSTED, "its own"
        assert settled(wire) is settled(out) is P.POSTED, "what left is a fact"
        assert post(residual_interest("8", 610_01, is_deposit=True)) is P.POSTED
        assert post(to_cme("9", "A", 2)) is P.EXCEEDS_RESIDUAL_INTEREST
        assert post(to_cme("10", "A", 1)) is P.POSTED


def test_margin_that_waits_to_go_counts_as_gone(prepared: Books) -> None:
    with prepared.work() as work:
        waiting = to_cme("1", "A", 1_050_00, state=S.PENDING)
        assert {each.posting for each in work.ledger.post(waiting)} == {P.POSTED}
        # 60 of 100 dollars of residual interest stand in for A: 40 are left.
        refused = work.ledger.post(to_cme("2", "A", 40_01))
        assert refused[0].posting is P.EXCEEDS_RESIDUAL_INTEREST
        note = to_ficc("3", "A", 1_000, NOTE, state=S.PENDING)
        assert {each.posting for each in work.ledger.post(note)} == {P.POSTED}
        again = to_ficc("4", "A", 1, NOTE)[:1]
        assert work.ledger.post(again)[0].posting is P.EXCEEDS_BALANCE


def test_what_a_refused_group_would_have_used_is_free_again(prepared: Books) -> None:
    with prepared.work() as work:
        # The first leg uses 100 dollars of residual interest; its group is refused for the other.
        mine, theirs = to_cme("1", "A", 1_090_00)
        answers = work.ledger.post([mine, replace(theirs, amount=1), *to_cme("2", "B", 510_00)])
        assert [each.posting for each in answers] == [
            P.CLAIM_AND_DEBT_DIFFER,
            P.LINKED_TRANSFER_REFUSED,
            P.POSTED,
            P.POSTED,
        ]


def test_after_a_loss_outside_the_arrangement_a_part_of_it_may_be_paid_and_margin_come_back(
    prepared: Books,
) -> None:
    with prepared.work() as work:

        def post(transfers: Sequence[Transfer]) -> Posting:
            return work.ledger.post(transfers)[0].posting

        assert post([deposit_outside("1", "A", 100_00)]) is P.POSTED
        assert post(to_ficc_outside("2", "A", 100_01)) is not P.POSTED, "no residual interest there"
        assert post(to_ficc_outside("3", "A", 80_00)) is P.POSTED
        owed, side = id_of(K.CUSTOMER_SECURITIES_ACCOUNT, "A"), id_of(K.SCM_FUNDS_ONLY_SETTLEMENT)
        assert post([move("4", T.FICC_FORWARD_MARK, owed, side, 150_00)]) is P.POSTED
        assert post(to_ficc_outside("5", "A", 1)) is P.EXCEEDS_BALANCE
        assert post([deposit_outside("6", "A", 20_00)]) is P.POSTED, "not all that is owed"
        assert post(from_ficc_outside("7", "A", 30_00)) is P.POSTED
        assert post(to_ficc_outside("8", "A", 1)) is P.EXCEEDS_BALANCE
