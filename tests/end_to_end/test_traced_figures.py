"""Every figure of a day's books follows from lines of files, and one that does not is named."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from crossmargin.basics.records import Record
from crossmargin.bootstrap.books import create_books
from crossmargin.services.clearing_day.required import REQUIREMENT
from crossmargin.testing.traced_figures import main

EVERY = "1000000"


def test_every_figure_of_a_closed_day_ends_at_file_line_and_digest(
    closed_day_books: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main([closed_day_books, "--count", EVERY])
    *lost, said = capsys.readouterr().out.splitlines()
    assert lost == []
    assert status == 0
    traced, drawn = said.split(" figures")[0].split(" of ")
    assert traced == drawn
    assert int(drawn) > 50


def test_a_figure_without_a_file_is_named(
    tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    address = str(tmp_path_factory.mktemp("books") / "books.db")
    books = create_books(address)
    assert main([address]) == 1, "nothing to draw"
    at = datetime(2026, 5, 11, 12, tzinfo=UTC)
    with books.work() as work:
        work.records.add(Record("r/A", REQUIREMENT, "BD/A", date(2026, 5, 11), at, "operations"))
        work.commit()
    books.close()
    capsys.readouterr()
    assert main([address]) == 1
    assert "not traced to a line of a file: r/A" in capsys.readouterr().out
