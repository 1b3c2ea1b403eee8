"""Many transfers in one posting: parts of them are written while the next are still judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from crossmargin.ledger.assets import CASH
from crossmargin.ledger.posting import Posting
from crossmargin.ledger.transfers import Transfer, TransferState
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.ports import Books, StorageError
from crossmargin.storage.books import SqlBooks, create_books
from crossmargin.storage.connecting import connect
from crossmargin.storage.transfer_writer import AT_A_TIME
from crossmargin.testing.books import deposit, open_books, to_cme, to_ficc, withdrawal

CUSTOMERS = [f"C{number:02}" for number in range(30)]
COUNT = 8 * AT_A_TIME


@pytest.fixture
def store(database: str) -> Iterator[tuple[SqlBooks, str]]:
    """Yield books with accounts, and where they are."""
    books = create_books(database)
    open_books(books, customers=CUSTOMERS)
    yield books, database
    books.close()


def customer(number: int) -> str:
    """Return one of the customers, all of them soon."""
    return CUSTOMERS[number % len(CUSTOMERS)]


def mixed() -> list[Transfer]:
    """Return transfers of every outcome: accepted, linked, refused, repeated, pending, settled."""
    given: list[Transfer] = []
    for number in range(COUNT // 4):
        name = customer(number)
        given += [deposit(f"d{number}", name, 100 + number), *to_ficc(f"m{number}", name, 60)]
        if number % 7 == 0:
            given.append(withdrawal(f"w{number}", name, 10**9))  # more than there is
            given += to_cme(f"x{number}", name, 2_000)  # other customers' money
        if number % 11 == 0:
            given.append(deposit(f"d{number}", name, 100 + number))
        if number % 13 == 0:
            waits = withdrawal(f"p{number}", name, 5, state=TransferState.PENDING)
            posts = replace(
                waits,
                transfer_id=f"s{number}",
                group_id=f"s{number}",
                state=TransferState.POSTS_PENDING,
                pending_id=f"p{number}",
            )
            given += [waits, posts]
    return given


def post(books: Books, given: Sequence[Transfer]) -> list[Posting]:
    """Post all at once and commit."""
    with books.work() as work:
        answers = work.ledger.post(given)
        work.commit()
    return [each.posting for each in answers]


def content_of(books: Books) -> tuple[object, ...]:
    """Return every transfer in order and every balance."""
    with books.work() as work:
        return work.ledger.transfers(), work.ledger.balances()


def test_what_is_written_in_parts_is_what_is_judged_at_once(
    store: tuple[SqlBooks, str],
) -> None:
    books, _ = store
    in_memory = MemoryBooks()
    open_books(in_memory, customers=CUSTOMERS)
    given = mixed()
    expected = post(in_memory, given)
    assert set(expected) == {
        *(Posting.POSTED, Posting.EXISTS, Posting.EXCEEDS_BALANCE),
        *(Posting.EXCEEDS_RESIDUAL_INTEREST, Posting.LINKED_TRANSFER_REFUSED),
    }
    assert post(books, given) == expected
    assert content_of(books) == content_of(in_memory)
    assert post(books, given) == post(in_memory, given)


def test_ids_with_any_sign_come_back_as_they_were(store: tuple[SqlBooks, str]) -> None:
    books, _ = store
    names = ["a\tb", "a\nb", "a\\b", "\\N", "\\.", "a\rb", 'a"b', "a'b", "ä€𝄞", "\\t"]
    post(books, [replace(deposit(name, "C00", 5), cause_id=name, group_id=name) for name in names])
    with books.work() as work:
        found = work.ledger.transfers()
    assert [each.transfer_id for each in found] == names
    assert [(each.group_id, each.cause_id) for each in found] == [(name, name) for name in names]


def test_ids_are_the_same_whatever_encoding_the_connection_has(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    books = create_books(database)
    open_books(books, customers=["A"])
    given = [deposit("d\u00e4", "A", 5)]
    assert [*post(books, given), *post(books, given)] == [Posting.POSTED, Posting.EXISTS]
    transfers, _ = content_of(books)
    assert transfers == tuple(given)
    books.close()


def with_a_bad_one(place: int) -> list[Transfer]:
    """Return deposits of which one cannot be written: no text has the form of half a surrogate."""
    given = [deposit(f"d{number}", customer(number), 100) for number in range(COUNT)]
    given[place] = replace(given[place], cause_id="\ud800")
    return given


@pytest.mark.parametrize("place", [0, AT_A_TIME, COUNT // 2 + 1, COUNT - 1])
def test_a_failure_between_two_parts_leaves_nothing_of_the_work(
    store: tuple[SqlBooks, str], place: int
) -> None:
    books, _ = store
    with books.work() as work:
        work.ledger.post([deposit("before", "C00", 1)])
        with pytest.raises(StorageError):
            work.ledger.post(with_a_bad_one(place))
        with pytest.raises(StorageError, match="failed"):
            work.commit()
    assert content_of(books) == ((), {})
    assert post(books, [deposit("after", "C00", 1)]) == [Posting.POSTED]


def test_what_the_server_refuses_of_a_part_is_said_and_nothing_is_written(
    store: tuple[SqlBooks, str],
) -> None:
    books, database = store
    if not database.startswith("postgresql"):
        pytest.skip("SQLite writes in this process")
    engine = connect(database)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE transfer ADD CHECK (amount <> 777)")
    engine.dispose()
    given = [deposit(f"d{number}", customer(number), 100) for number in range(COUNT)]
    given[AT_A_TIME // 2] = deposit("refused", "C00", 777)
    with books.work() as work, pytest.raises(StorageError, match="transfer_amount_check"):
        work.ledger.post(given)
    assert content_of(books) == ((), {})
    assert post(books, given[:40]) == [Posting.POSTED] * 40


def test_who_interrupts_the_wait_for_a_part_is_told_so_and_nothing_is_written(
    store: tuple[SqlBooks, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    books, database = store
    if not database.startswith("postgresql"):
        pytest.skip("SQLite writes in this process")
    from crossmargin.storage.statements_postgresql import PostgresqlStatements

    def interrupted(_: object, driver: Any) -> None:
        monkeypatch.undo()
        assert driver.pgconn.get_result() is not None
        raise KeyboardInterrupt

    monkeypatch.setattr(PostgresqlStatements, "end", interrupted)
    given = [deposit("d", "C00", 5)]
    with pytest.raises(KeyboardInterrupt), books.work() as work:
        work.ledger.post(given)
    assert content_of(books) == ((), {})
    assert post(books, given) == [Posting.POSTED]


class _FaultyError(Exception):
    """What nobody expects."""


def test_an_error_of_the_judgement_leaves_nothing_of_the_work(
    store: tuple[SqlBooks, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    books, _ = store
    post(books, [deposit("before", "C00", 1)])
    given = [deposit(f"d{number}", customer(number), 100) for number in range(COUNT)]
    given[-1] = withdrawal("fails", "C00", 5)

    def fails(*_: object) -> int:
        raise _FaultyError

    monkeypatch.setattr("crossmargin.ledger.judgement.uncovered_of", fails)
    with books.work() as work:
        with pytest.raises(_FaultyError):
            work.ledger.post(given)
        with pytest.raises(StorageError, match="failed"):
            work.commit()
    monkeypatch.undo()
    with books.work() as work:
        assert [each.transfer_id for each in work.ledger.transfers()] == ["before"]
        (balance,) = {each.debits_posted for each in work.ledger.balances().values()} - {0}
    assert (balance, CASH.unit) == (1, "cents")
