"""The close asks every customer's back-up, keeps what it says, and does so once."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from crossmargin.basics.money import money_from_decimal
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap.books import backups_asked
from crossmargin.feeds.defaults.receivers import read_receivers
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.report_register import REPORT
from crossmargin.services.clearing_desk.backups import BACKUP, ask_backups
from crossmargin.simulation.book import demo_positions
from crossmargin.testing.clearing_days import (
    FIRM,
    content_of,
    day_files,
    desk_on,
    opened_books,
    state_of,
    with_day_before,
)

RECEIVERS = Path(__file__).resolve().parents[4] / "docs" / "tutorial" / "receivers.toml"
CUSTOMERS = {"CURVE-FUND": 1_000_000_000, "BASIS-FUND": 5_000_000_000}


@pytest.fixture(scope="module")
def desk_of(simulation, simulated_market):
    """Make desks of two customers on one set of prepared models."""
    day = simulation.as_of
    own = [e for e in demo_positions(simulation) if e.customer.customer_id in CUSTOMERS]
    market = with_day_before(simulated_market, day)
    models = desk_on(MemoryBooks(), market, {}).models
    files = {day: day_files(day, own, CUSTOMERS)}

    def make(books, asked=None):
        return replace(desk_on(books, market, files), models=models, ask_backups=asked)

    return make


@pytest.fixture(scope="module")
def file():
    return read_receivers(RECEIVERS)


@pytest.fixture(scope="module")
def asked_books(desk_of, file, simulation):
    books = opened_books(MemoryBooks())
    done = desk_of(books, partial(ask_backups, file)).run(simulation.as_of)
    return books, content_of(done, "close")


def test_without_candidates_the_close_says_so_and_asks_nobody(desk_of, simulation) -> None:
    books = opened_books(MemoryBooks())
    done = desk_of(books).run(simulation.as_of)
    assert content_of(done, "close")["backups"] == "no back-ups configured"
    with books.work() as work:
        assert work.records.select(stream=BACKUP) == ()


def test_every_customer_with_positions_has_a_verdict_of_its_back_up(asked_books, file) -> None:
    books, close = asked_books
    with books.work() as work:
        found = {e.subject: e.content for e in work.records.select(stream=BACKUP)}
    assert set(found) == {f"{FIRM}/{name}" for name in CUSTOMERS}
    assert all(each["receivers_sha256"] == file.sha256 for each in found.values())
    basis, curve = found[f"{FIRM}/BASIS-FUND"], found[f"{FIRM}/CURVE-FUND"]
    assert (basis["backup"], curve["backup"]) == ("NORTH", "SOUTH")
    ready = [each for each in found.values() if each["stands_ready"]]
    assert close["backups"] == f"{len(ready)} of 2 back-ups stand ready"
    assert curve["carriage"] == "STANDALONE"
    assert curve["margin"] == curve["without_xm"]


def test_margin_there_is_afresh_and_the_top_up_is_what_property_lacks(asked_books) -> None:
    books, _ = asked_books
    with books.work() as work:
        found = [each.content for each in work.records.select(stream=BACKUP)]
    for each in found:
        if each["stands_ready"]:
            margin, equity = (money_from_decimal(each[n]) for n in ("margin", "net_equity"))
            top_up = money_from_decimal(each["top_up"])
            assert top_up == max(margin - equity, money_from_decimal("0.00"))
            assert margin > money_from_decimal(each["margin_before"])
            assert not each["why"]
        else:
            assert each["why"]


def test_the_report_of_the_day_has_every_verdict(asked_books) -> None:
    books, _ = asked_books
    with books.work() as work:
        (report,) = [
            e for e in work.records.select(stream=REPORT) if e.content["name"] == "backups"
        ]
        verdicts = work.records.select(stream=BACKUP)
    said = report.content["document"]["customers"]
    assert [each["customer_id"] for each in said] == sorted(CUSTOMERS)
    named = set(read_receivers(RECEIVERS).customers)
    assert set(report.content["document"]["absent"]) == named - set(CUSTOMERS)
    assert set(report.causes) == {each.record_id for each in verdicts}


def test_a_day_that_is_run_again_asks_nobody_again(asked_books, desk_of, file, simulation) -> None:
    books, _ = asked_books
    before = state_of(books)
    other = replace(file, sha256="another", receivers=())
    done = desk_of(books, partial(ask_backups, other)).run(simulation.as_of)
    assert not any(each.is_new for each in done)
    assert state_of(books) == before


def test_a_customer_who_names_nobody_has_a_reason(desk_of, file, simulation) -> None:
    books = opened_books(MemoryBooks())
    silent = replace(file, customers={})
    desk_of(books, partial(ask_backups, silent)).run(simulation.as_of)
    with books.work() as work:
        found = [each.content for each in work.records.select(stream=BACKUP)]
    assert [list(each["why"]) for each in found] == [["no back-up is named"]] * 2


def test_a_file_that_no_close_can_be_run_with_is_refused_before_the_day(tmp_path: Path) -> None:
    text = RECEIVERS.read_text("utf-8").replace('backup = "LAKE"', 'backup = "NOBODY"')
    wrong = tmp_path / "receivers.toml"
    wrong.write_text(text, "utf-8")
    with pytest.raises(RefusedError) as refused:
        backups_asked(wrong, "NORTH")
    assert [each.value for each in refused.value.refusals] == ["NOBODY", "NORTH"]
