"""A fold that goes on from where it was is the fold from the beginning, whatever a work came to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import date

import pytest

from crossmargin.basics.records import Record
from crossmargin.services.books.folds import Fold
from crossmargin.services.books.ports import Books
from crossmargin.storage.books import create_books, open_books
from crossmargin.testing.books import AT, DAY
from crossmargin.testing.clearing_days import CrashError


def _take(taken: list[str], record: Record) -> None:
    taken.append(record.record_id)


#: Ids as written, of two streams.
_IDS: Fold[list[str]] = Fold("ids", ("A", "B"), list, _take)


def record(name: str, stream: str = "A", day: date = DAY) -> Record:
    return Record(name, stream, "subject", day, AT, "somebody")


def write(books: Books, *records: Record) -> None:
    with books.work() as work:
        for each in records:
            work.records.add(each)
        work.commit()


def folded(books: Books) -> list[str]:
    with books.work() as work:
        return list(work.records.folded(_IDS))


def test_it_takes_the_streams_it_names_as_written(books: Books) -> None:
    assert folded(books) == []
    write(books, record("1", "B"), record("2", "C"), record("3"))
    assert folded(books) == ["1", "3"]
    write(books, record("4", day=date(2020, 1, 1)))
    assert folded(books) == ["1", "3", "4"]


def test_a_work_sees_what_it_has_written_itself(books: Books) -> None:
    write(books, record("1"))
    with books.work() as work:
        assert work.records.folded(_IDS) == ["1"]
        work.records.add(record("2"))
        assert work.records.folded(_IDS) == ["1", "2"]
        work.commit()
        work.records.add(record("3"))
        assert work.records.folded(_IDS) == ["1", "2", "3"]
    assert folded(books) == ["1", "2"]


def leave(books: Books) -> None:
    with books.work() as work:
        work.records.add(record("lost"))
        assert work.records.folded(_IDS) == ["1", "lost"]


def crash(books: Books) -> None:
    with suppress(CrashError), books.work() as work:
        work.records.add(record("lost"))
        work.records.folded(_IDS)
        raise CrashError


def crash_after_commit(books: Books) -> None:
    with suppress(CrashError), books.work() as work:
        work.records.add(record("2"))
        work.records.folded(_IDS)
        work.commit()
        raise CrashError


@pytest.mark.parametrize(
    ("end", "stands"),
    [(leave, ["1"]), (crash, ["1"]), (crash_after_commit, ["1", "2"])],
    ids=["left", "crashed", "crashed after its commit"],
)
def test_what_was_not_committed_is_in_no_fold(
    books: Books, end: Callable[[Books], None], stands: list[str]
) -> None:
    write(books, record("1"))
    assert folded(books) == ["1"]
    end(books)
    # The number of what was undone may be given again.
    write(books, record("next"))
    assert folded(books) == [*stands, "next"]


def test_two_works_at_once_have_a_state_each(books: Books, request: pytest.FixtureRequest) -> None:
    write(books, record("1"))
    assert folded(books) == ["1"]
    if request.node.callspec.params["books"] == "sqlite":
        pytest.skip("on SQLite the second work waits for the first")
    with books.work() as one, books.work() as other:
        mine, theirs = one.records.folded(_IDS), other.records.folded(_IDS)
        assert mine == theirs == ["1"]
        assert mine is not theirs


def test_what_another_process_writes_is_taken_in(database: str) -> None:
    books = create_books(database)
    write(books, record("1"))
    assert folded(books) == ["1"]
    other = open_books(database)
    write(other, record("2", "B"))
    other.close()
    assert folded(books) == ["1", "2"]
    books.close()


def test_records_are_read_once(books: Books) -> None:
    taken: list[str] = []

    def note(state: list[str], each: Record) -> None:
        taken.append(each.record_id)
        state.append(each.record_id)

    fold: Fold[list[str]] = Fold("noted", ("A",), list, note)
    write(books, record("1"))
    for name in ("2", "3"):
        with books.work() as work:
            work.records.folded(fold)
        write(books, record(name))
    with books.work() as work:
        assert work.records.folded(fold) == ["1", "2", "3"]
    assert taken == ["1", "2", "3"]


def test_a_store_without_the_last_record_is_folded_from_the_beginning(books: Books) -> None:
    from crossmargin.services.books.folds import Folded, KeptFolds, WorkFolds

    write(books, record("1"), record("2"))
    kept = KeptFolds()
    kept.put_back("ids", Folded(["of another store"], 2, "another digest"))
    with books.work() as work:
        rows = work.records._rows  # type: ignore[attr-defined]
        assert WorkFolds(kept, rows).read(_IDS) == ["1", "2"]
