"""What a store remembers between works is what stands, whoever wrote last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from sqlalchemy import text

from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.custody import Fact
from crossmargin.ledger.posting import Posting
from crossmargin.services.books.ports import Books, StorageError
from crossmargin.storage.books import SqlBooks, create_books, open_books
from crossmargin.storage.connecting import connect
from crossmargin.testing.books import (
    CAUSE,
    DAY,
    account,
    capital,
    deposit,
    fact_record,
    facts_of,
    id_of,
    residual_interest,
    to_ficc,
    withdrawal,
)
from crossmargin.testing.books import open_books as open_accounts

_BEFORE = DAY.replace(day=DAY.day - 1)
_BANK = id_of(AccountKind.SEGREGATED_BANK)
_OWED = id_of(AccountKind.CUSTOMER_FUTURES_ACCOUNT, "A")


@pytest.fixture
def store(database: str) -> Iterator[tuple[SqlBooks, str]]:
    """Yield books that have posted a deposit of 100, and so remember both accounts."""
    books = create_books(database)
    open_accounts(books)
    assert post(books, deposit("d", "A", 100, business_date=_BEFORE)) is Posting.POSTED
    yield books, database
    books.close()


def post(books: Books, transfer: object) -> Posting:
    """Post one transfer and commit."""
    with books.work() as work:
        (answer,) = work.ledger.post([transfer])  # type: ignore[list-item]
        work.commit()
    return answer.posting


def by_another(change: Callable[[Books], object]) -> Callable[[SqlBooks, str], object]:
    """Return a change that another process makes."""

    def made(_: SqlBooks, database: str) -> None:
        other = open_books(database)
        change(other)
        other.close()

    return made


def by_hand(_: SqlBooks, database: str) -> None:
    """Lessen a balance past everything that is held here."""
    engine = connect(database)
    with engine.begin() as connection:
        query = "UPDATE balance SET credits_posted = 0 WHERE account_id = :owed"
        connection.execute(text(query), {"owed": _OWED})
    engine.dispose()


def without_commit(books: SqlBooks, _: str) -> None:
    """Withdraw, and leave the work."""
    with books.work() as work:
        assert work.ledger.post([withdrawal("gone", "A", 60)])[0].posting is Posting.POSTED


def with_a_failure(books: SqlBooks, _: str) -> None:
    """Withdraw, and meet an error of the driver."""
    with books.work() as work:
        work.ledger.post([withdrawal("gone", "A", 60)])
        with pytest.raises(StorageError):
            work.ledger.post([deposit("b", "A", 1, cause_id="\ud800 has no UTF-8 form")])
        with pytest.raises(StorageError):
            work.commit()


def ends_the_title(books: Books) -> None:
    """State that the bank's title ended the day before, as a later fact."""
    (title,) = (
        each for each in facts_of(account(AccountKind.SEGREGATED_BANK)) if each.fact is Fact.HOLDER
    )
    with books.work() as work:
        work.records.add(fact_record(replace(title, value="somebody else", first=DAY)))
        work.commit()


def closes_the_account(books: Books) -> None:
    """Empty a customer's account and close it."""
    with books.work() as work:
        work.ledger.post([withdrawal("all", "A", 100, business_date=_BEFORE)])
        work.ledger.close_account(_OWED, closed=DAY, cause_id=CAUSE)
        work.commit()


def withdraws(books: Books) -> None:
    """Withdraw 60 of 100."""
    assert post(books, withdrawal("other", "A", 60)) is Posting.POSTED


@pytest.mark.parametrize(
    ("change", "asked", "expected"),
    [
        (by_another(withdraws), withdrawal("w", "A", 60), Posting.EXCEEDS_BALANCE),
        (by_hand, withdrawal("w", "A", 60), Posting.EXCEEDS_BALANCE),
        (without_commit, withdrawal("w", "A", 60), Posting.POSTED),
        (with_a_failure, withdrawal("w", "A", 60), Posting.POSTED),
        (by_another(ends_the_title), deposit("e", "A", 1), Posting.CUSTODY_FACT_IS_MISSING),
        (
            lambda books, _: ends_the_title(books),
            deposit("e", "A", 1),
            Posting.CUSTODY_FACT_IS_MISSING,
        ),
        (by_another(closes_the_account), deposit("e", "A", 1), Posting.ACCOUNT_IS_CLOSED),
        (
            lambda books, _: closes_the_account(books),
            deposit("e", "A", 1),
            Posting.ACCOUNT_IS_CLOSED,
        ),
    ],
    ids=[
        "another's posting",
        "a change by hand",
        "a work without a commit",
        "a work that failed",
        "another's custody fact",
        "an own custody fact",
        "another's closing",
        "an own closing",
    ],
)
def test_the_next_work_judges_on_what_stands(
    store: tuple[SqlBooks, str],
    change: Callable[[SqlBooks, str], object],
    asked: object,
    expected: Posting,
) -> None:
    books, database = store
    change(books, database)
    assert post(books, asked) is expected


def test_what_is_rebuilt_is_read_anew(store: tuple[SqlBooks, str]) -> None:
    books, database = store
    by_hand(books, database)
    assert post(books, withdrawal("w", "A", 60)) is Posting.EXCEEDS_BALANCE
    books.rebuild_balances()
    assert post(books, withdrawal("w", "A", 60)) is Posting.POSTED


def test_a_second_posting_of_a_work_sees_the_first(store: tuple[SqlBooks, str]) -> None:
    books, _ = store
    with books.work() as work:
        first = work.ledger.post([withdrawal("v", "A", 60)])
        second = work.ledger.post([withdrawal("w", "A", 60)])
        work.commit()
    assert (first[0].posting, second[0].posting) == (Posting.POSTED, Posting.EXCEEDS_BALANCE)


def test_what_is_remembered_is_not_read_again(
    store: tuple[SqlBooks, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    books, _ = store
    assert post(books, withdrawal("v", "A", 1)) is Posting.POSTED

    def refuse(*_: object) -> None:
        raise AssertionError("read again")

    from crossmargin.storage.view import DatabaseView

    for read in ("_read_balances", "_read_openings"):
        real = getattr(DatabaseView, read)
        monkeypatch.setattr(
            DatabaseView, read, lambda self, keys, real=real: refuse() if keys else real(self, keys)
        )
    assert post(books, withdrawal("w", "A", 60)) is Posting.POSTED
    with books.work() as work:
        assert work.ledger.balance(_OWED, CASH).posted_credit == 39
        assert work.ledger.balance(_BANK, CASH).posted_debit == 39


def test_residual_interest_that_others_use_is_counted_anew_after_each_posting(
    store: tuple[SqlBooks, str],
) -> None:
    books, _ = store
    with books.work() as work:
        money_in = [capital("capital", 100), *residual_interest("in", 50)]
        assert {each.posting for each in work.ledger.post(money_in)} == {Posting.POSTED}
        # It asks what all customers use: nothing so far.
        out = work.ledger.post(residual_interest("out", 10, is_deposit=False))
        assert out[0].posting is Posting.POSTED
        work.commit()
    # Customer B has nothing: margin of 30 is residual interest, and 10 of it are left.
    for amount, expected in ((30, Posting.POSTED), (20, Posting.EXCEEDS_RESIDUAL_INTEREST)):
        with books.work() as work:
            answers = work.ledger.post(to_ficc(f"margin/{amount}", "B", amount))
            assert expected in {each.posting for each in answers}
            work.commit()
    with books.work() as work:
        too_much = work.ledger.post(residual_interest("more", 20, is_deposit=False))
        assert Posting.EXCEEDS_RESIDUAL_INTEREST in {each.posting for each in too_much}
        rest = work.ledger.post(residual_interest("rest", 10, is_deposit=False))
        assert {each.posting for each in rest} == {Posting.POSTED}


def test_a_store_that_was_restored_meanwhile_takes_its_own_paths(
    store: tuple[SqlBooks, str],
) -> None:
    books, database = store
    if not database.startswith("postgresql"):
        pytest.skip("an open file stays the one that was opened")
    engine = connect(database)
    with engine.begin() as connection:
        schema = connection.execute(text("SELECT current_schema()")).scalar_one()
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    engine.dispose()
    restored = create_books(database)
    open_accounts(restored)
    assert post(restored, deposit("other", "B", 5)) is Posting.POSTED
    restored.close()
    given = deposit("own", "A", 7)
    assert post(books, given) is Posting.POSTED
    with books.work() as work:
        assert work.ledger.transfer("own") == given
