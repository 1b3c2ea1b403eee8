"""What every store of books does alike: transactions, repeats, pending transfers, records."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from crossmargin.basics.records import Record
from crossmargin.ledger.assets import CASH, security
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.posting import Balance, Posting
from crossmargin.ledger.transfers import Transfer, TransferState
from crossmargin.services.books.ports import Books, ConflictingRecordError, StorageError
from crossmargin.storage.books import create_books, open_books
from crossmargin.testing.books import (
    AT,
    BD_FCM,
    CAUSE,
    DAY,
    OPENED,
    account,
    deposit,
    id_of,
    open_accounts,
    to_ficc,
    withdrawal,
)
from crossmargin.testing.books import open_books as prepare

K, P, S = AccountKind, Posting, TransferState
OWED_TO_A = id_of(K.CUSTOMER_FUTURES_ACCOUNT, "A")
BANK = id_of(K.SEGREGATED_BANK)
RECORD = Record(
    "r-1", "CALL", "A", DAY, AT, "maker", {"b": [1, "x"], "a": None}, ("f-1",), "checker"
)


def post(books: Books, *transfers: Transfer) -> list[Posting]:
    with books.work() as work:
        answers = work.ledger.post(transfers)
        work.commit()
    return [each.posting for each in answers]


def test_a_work_that_is_left_without_commit_leaves_nothing(books: Books) -> None:
    prepare(books)
    with books.work() as work:
        work.ledger.post([deposit("a", "A", 100)])
        work.records.add(RECORD)
        extra = account(K.CUSTOMER_FUTURES_ACCOUNT, "C")
        work.ledger.open_account(extra, opened=DAY, cause_id=CAUSE)
    with books.work() as work:
        assert work.ledger.transfers() == ()
        assert dict(work.ledger.balances()) == {}
        assert work.records.get("r-1") is None
        assert work.ledger.accounts(customer_id="C") == ()


def test_a_work_that_fails_leaves_nothing(books: Books) -> None:
    prepare(books)

    def fail() -> None:
        with books.work() as work:
            work.ledger.post([deposit("a", "A", 100)])
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    with books.work() as work:
        assert work.ledger.transfer("a") is None


def test_a_work_that_ended_holds_no_other_writer_up(database: str) -> None:
    books = create_books(database)
    prepare(books)
    other = open_books(database)
    with books.work() as work:
        work.ledger.post([deposit("undone", "A", 100)])
    with suppress(LookupError), books.work() as work:
        work.ledger.post([deposit("failed", "A", 100)])
        raise LookupError
    assert post(books, deposit("a", "A", 100)) == [P.POSTED]
    assert post(other, deposit("b", "A", 100)) == [P.POSTED]
    with books.work() as work:
        assert [each.transfer_id for each in work.ledger.transfers()] == ["a", "b"]
    other.close()
    books.close()


def test_what_was_done_again_exists_and_changes_nothing(books: Books) -> None:
    prepare(books)
    given = [deposit("a", "A", 100), *to_ficc("m", "A", 60)]
    assert set(post(books, *given)) == {P.POSTED}
    with books.work() as work:
        before = dict(work.ledger.balances())
    later = [replace(each, at=each.at + timedelta(hours=1)) for each in given]
    assert set(post(books, *later)) == {P.EXISTS}
    with books.work() as work:
        assert dict(work.ledger.balances()) == before
        assert work.ledger.transfers() == tuple(given)


def test_a_repeat_within_one_call_exists(books: Books) -> None:
    prepare(books)
    one = deposit("a", "A", 100)
    assert post(books, one, one) == [P.POSTED, P.EXISTS]
    with books.work() as work:
        assert work.ledger.balance(OWED_TO_A, CASH) == Balance(credits_posted=100)


def test_pending_waits_is_posted_for_less_and_releases_the_rest(books: Books) -> None:
    prepare(books)
    post(books, deposit("a", "A", 100))
    pending = withdrawal("p", "A", 70, state=S.PENDING)
    assert post(books, pending) == [P.POSTED]
    with books.work() as work:
        waiting = Balance(credits_posted=100, debits_pending=70)
        assert work.ledger.balance(OWED_TO_A, CASH) == waiting
    # What waits to leave is gone already.
    assert post(books, withdrawal("w", "A", 31)) == [P.EXCEEDS_BALANCE]
    settled = replace(
        pending, transfer_id="s", group_id="s", amount=50, state=S.POSTS_PENDING, pending_id="p"
    )
    assert post(books, settled) == [P.POSTED]
    with books.work() as work:
        assert work.ledger.balance(OWED_TO_A, CASH) == Balance(50, 100)
    assert post(books, withdrawal("w", "A", 50)) == [P.POSTED]


def test_what_is_pending_to_come_is_not_there(books: Books) -> None:
    prepare(books)
    waiting = deposit("p", "A", 100, state=S.PENDING)
    assert post(books, waiting) == [P.POSTED]
    assert post(books, withdrawal("w", "A", 1)) == [P.EXCEEDS_BALANCE]
    void = replace(waiting, transfer_id="v", state=S.VOIDS_PENDING, pending_id="p")
    assert post(books, void) == [P.POSTED]
    with books.work() as work:
        assert work.ledger.balance(OWED_TO_A, CASH) == Balance()


def test_a_large_batch_is_judged_in_order(books: Books) -> None:
    prepare(books)
    note = security("91282CMS7")
    given = [
        each
        for number in range(600)
        for each in (
            deposit(f"d{number}", "A", 2),
            withdrawal(f"w{number}", "A", 1),
            deposit(f"n{number}", "B", 100, note),
        )
    ]
    assert set(post(books, *given)) == {P.POSTED}
    with books.work() as work:
        assert work.ledger.balance(OWED_TO_A, CASH) == Balance(600, 1200)
        assert work.ledger.balance(BANK, note) == Balance(60_000)
        assert work.ledger.transfers() == tuple(given)


def test_transfers_are_found_by_account_group_kind_and_date(books: Books) -> None:
    prepare(books)
    late = deposit("late", "A", 1, business_date=DAY + timedelta(days=2))
    margin = to_ficc("m", "A", 1)
    post(books, deposit("a", "A", 5), *margin, late)
    with books.work() as work:
        find = work.ledger.transfers
        assert [each.transfer_id for each in find(account_id=OWED_TO_A)] == ["a", "late"]
        assert find(group_id="m") == tuple(margin)
        assert find(kind=margin[0].kind) == tuple(margin)
        assert find(first=DAY + timedelta(days=1)) == (late,)
        assert [each.transfer_id for each in find(last=DAY)] == ["a", "m/0", "m/1"]
        assert work.ledger.transfer("late") == late


def test_accounts_and_balances_are_found_by_kind_bd_fcm_and_customer(books: Books) -> None:
    prepare(books)
    post(books, deposit("a", "A", 5), deposit("b", "B", 7))
    with books.work() as work:
        ids = [each.account_id for each in work.ledger.accounts()]
        assert ids == sorted(ids)
        kind = K.CUSTOMER_FUTURES_ACCOUNT
        assert [each.customer_id for each in work.ledger.accounts(kind=kind)] == ["A", "B"]
        assert work.ledger.accounts(kind=kind, bd_fcm="FCM-9") == ()
        assert dict(work.ledger.balances(kind=kind, bd_fcm=BD_FCM, customer_id="B")) == {
            (id_of(kind, "B"), CASH): Balance(credits_posted=7)
        }


def test_an_account_is_opened_once(books: Books) -> None:
    one = account(K.CUSTOMER_FUTURES_ACCOUNT, "A")
    with books.work() as work:
        assert work.ledger.open_account(one, opened=DAY, cause_id=CAUSE)
        assert not work.ledger.open_account(one, opened=DAY, cause_id=CAUSE)
        with pytest.raises(ConflictingRecordError):
            work.ledger.open_account(one, opened=DAY + timedelta(days=1), cause_id=CAUSE)


def test_only_an_empty_account_that_moves_no_more_is_closed(books: Books) -> None:
    prepare(books)
    post(books, deposit("a", "A", 5))
    with books.work() as work:
        with pytest.raises(ConflictingRecordError, match="not empty"):
            work.ledger.close_account(OWED_TO_A, closed=DAY, cause_id=CAUSE)
        work.ledger.post([withdrawal("w", "A", 5)])
        with pytest.raises(ConflictingRecordError, match="moved on"):
            work.ledger.close_account(OWED_TO_A, closed=DAY, cause_id=CAUSE)
        with pytest.raises(ConflictingRecordError, match="never opened"):
            work.ledger.close_account("nothing", closed=DAY, cause_id=CAUSE)
        after = DAY + timedelta(days=1)
        assert work.ledger.close_account(OWED_TO_A, closed=after, cause_id=CAUSE)
        assert not work.ledger.close_account(OWED_TO_A, closed=after, cause_id=CAUSE)
        with pytest.raises(ConflictingRecordError, match="closed on"):
            work.ledger.close_account(OWED_TO_A, closed=DAY, cause_id=CAUSE)
        (answer,) = work.ledger.post([deposit("b", "A", 5, business_date=after)])
        assert answer.posting is P.ACCOUNT_IS_CLOSED
        openings = work.ledger.openings()
    assert [each.account.account_id for each in openings] == sorted(
        each.account.account_id for each in openings
    )
    dates = {each.account.account_id: (each.opened, each.closed) for each in openings}
    assert (dates[OWED_TO_A], dates[BANK]) == ((OPENED, after), (OPENED, None))


def test_records_are_written_once_in_order_and_found(books: Books) -> None:
    second = replace(
        RECORD, record_id="r-0", stream="CALL", subject="B", business_date=DAY + timedelta(days=1)
    )
    with books.work() as work:
        assert work.records.add(RECORD)
        assert work.records.add(second)
        assert not work.records.add(RECORD)
        with pytest.raises(ConflictingRecordError):
            work.records.add(replace(RECORD, actor="another"))
        work.commit()
    with books.work() as work:
        assert work.records.select() == (RECORD, second)
        assert work.records.select(stream="CALL", subject="B") == (second,)
        assert work.records.select(first=DAY + timedelta(days=1)) == (second,)
        assert work.records.select(last=DAY) == (RECORD,)
        assert work.records.select(stream="OTHER") == ()
        found = work.records.get("r-1")
        assert found is not None
        assert found.digest == RECORD.digest


def test_content_comes_back_as_json_has_it(books: Books) -> None:
    with books.work() as work:
        work.records.add(replace(RECORD, content={"z": ("x", 1), "a": {"b": (None,)}}))
        found = work.records.get("r-1")
        assert found is not None
        assert found.content == {"a": {"b": [None]}, "z": ["x", 1]}


def test_a_work_goes_on_after_a_commit(books: Books) -> None:
    prepare(books)
    with books.work() as work:
        work.ledger.post([deposit("a", "A", 5)])
        work.commit()
        work.ledger.post([deposit("b", "A", 5)])
    with books.work() as work:
        assert [each.transfer_id for each in work.ledger.transfers()] == ["a"]


def test_of_two_writers_at_once_only_one_takes_what_is_there_once(database: str) -> None:
    first = create_books(database)
    prepare(first)
    post(first, deposit("a", "A", 100))
    second = open_books(database)
    found: list[Posting] = []
    barrier = threading.Barrier(2)

    def withdraw(books: Books, name: str) -> None:
        barrier.wait()
        for number in range(20):
            found.extend(post(books, withdrawal(f"{name}{number}", "A", 10)))

    threads = [
        threading.Thread(target=withdraw, args=(books, name))
        for books, name in ((first, "x"), (second, "y"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [P.EXCEEDS_BALANCE] * 30 + [P.POSTED] * 10
    with second.work() as work:
        assert work.ledger.balance(OWED_TO_A, CASH) == Balance(100, 100)
    first.close()
    second.close()


def test_an_account_that_another_writer_opened_or_closed_is_seen(database: str) -> None:
    first = create_books(database)
    with first.work() as work:
        open_accounts(work, BD_FCM, ["A"])
        work.commit()
    second = open_books(database)
    assert post(second, deposit("b", "B", 1)) == [P.CREDIT_ACCOUNT_NOT_FOUND]
    with first.work() as work:
        one = account(K.CUSTOMER_FUTURES_ACCOUNT, "B")
        work.ledger.open_account(one, opened=DAY, cause_id=CAUSE)
        work.commit()
    assert post(second, deposit("b", "B", 1), withdrawal("w", "B", 1)) == [P.POSTED, P.POSTED]
    with first.work() as work:
        work.ledger.close_account(one.account_id, closed=DAY + timedelta(days=1), cause_id=CAUSE)
        work.commit()
    late = deposit("c", "B", 1, business_date=DAY + timedelta(days=1))
    assert post(second, late) == [P.ACCOUNT_IS_CLOSED]
    first.close()
    second.close()


def test_of_two_works_at_once_in_memory_the_later_is_refused() -> None:
    from crossmargin.services.books.memory import MemoryBooks

    books = MemoryBooks()
    prepare(books)
    with books.work() as one, books.work() as other:
        one.ledger.post([deposit("a", "A", 1)])
        other.ledger.post([deposit("b", "A", 1)])
        one.commit()
        with pytest.raises(StorageError, match="another work"):
            other.commit()


def test_a_work_of_which_a_statement_failed_is_never_committed(database: str) -> None:
    books = create_books(database)
    prepare(books)
    with books.work() as work:
        work.ledger.post([deposit("a", "A", 1)])
        with pytest.raises(StorageError):
            work.ledger.post([deposit("b", "A", 1, cause_id="\ud800 has no UTF-8 form")])
        with pytest.raises(StorageError, match="nothing of it is written"):
            work.commit()
    with books.work() as work:
        assert work.ledger.transfers() == ()
    books.close()


def test_what_an_undone_work_was_the_first_to_write_is_written_again(database: str) -> None:
    books = create_books(database)
    prepare(books)
    with books.work() as work:
        work.ledger.post([deposit("a", "A", 1)])
    one, other = deposit("b", "B", 2), deposit("a", "A", 1)
    assert post(books, one) == [P.POSTED]
    assert post(books, other) == [P.POSTED]
    with books.work() as work:
        assert work.ledger.transfers() == (one, other)
    books.close()


def test_books_are_made_once_and_opened_only_where_there_are_some(database: str) -> None:
    with pytest.raises(StorageError):
        open_books(database)
    create_books(database).close()
    with pytest.raises(StorageError, match="already"):
        create_books(database)
    open_books(database).close()


@pytest.mark.parametrize(
    "address", ["", "mysql://x/y", "postgresql://:::bad", "/no/such/folder/books.db", "/"]
)
def test_an_address_that_leads_nowhere_is_said_so(address: str) -> None:
    for make in (open_books, create_books):
        with pytest.raises(StorageError):
            make(address)


def test_who_waits_too_long_for_a_file_that_another_writes_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crossmargin.storage.connecting._BUSY_MILLISECONDS", 20)
    address = str(tmp_path / "books.db")
    first = create_books(address)
    second = open_books(address)
    with first.work() as writing:
        assert writing.records.get("r-1") is None
        with pytest.raises(StorageError, match="locked"):
            open_books(address)
        with pytest.raises(StorageError, match="locked"), second.work() as waiting:
            waiting.records.get("r-1")
    with second.work() as work:
        assert work.records.get("r-1") is None
    second.close()
    first.close()
