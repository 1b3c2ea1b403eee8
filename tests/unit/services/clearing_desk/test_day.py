"""A clearing day from first file to close, on the simulated market."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.bootstrap.books import create_books
from crossmargin.ledger.posting import Posting
from crossmargin.ledger.transfers import TransferKind
from crossmargin.ledger.verification import Check
from crossmargin.services.book_reports.profit_and_loss import prove
from crossmargin.services.book_reports.reading import report_document
from crossmargin.services.books.folds import KeptFolds, WorkFolds
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.trace import ends_at_files, trace
from crossmargin.services.clearing_day.arrivals import (
    FileKind,
)
from crossmargin.services.clearing_day.charges import accrued_charges
from crossmargin.services.clearing_day.lot_register import read_register
from crossmargin.services.clearing_day.marks import last_marks
from crossmargin.services.clearing_day.report_register import NOTICE, REPORT
from crossmargin.services.clearing_day.required import REQUIREMENT
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.testing.clearing_days import (
    FIRM,
    POOR,
    RICH,
    CrashError,
    CrashingBooks,
    arrived,
    confirmed,
    content_of,
    day_files,
    desk_on,
    eastern,
    opened_books,
    state_of,
    top_up,
)


def test_a_day_ends_verified_reported_and_traced(run, day):
    books = opened_books(MemoryBooks())
    desk, done = run(books, RICH)
    assert verify_books(books) == ()
    close = content_of(done, "close")
    assert close["custody_ties"] == "yes"
    assert close["findings"] == 0
    with books.work() as work:
        proofs = prove(desk.models, work, bd_fcm=FIRM, until=day)
        assert [proof.holds for proof in proofs] == [True]
        statement = report_document(work, FIRM, day, "statement/CURVE-FUND")["document"]
        assert proofs[0].posted == _settled_in_cash(statement) != ZERO
        figures = [each.transfer_id for each in work.ledger.transfers(first=day)]
        figures += [each.record_id for each in work.records.select(stream=REQUIREMENT)]
        figures += [each.record_id for each in work.records.select(stream=REPORT)]
        assert all(ends_at_files(trace(work, each)) for each in figures)
        nobody = [each for each in work.records.select(last=day) if not each.approver]
        assert nobody == []


def _settled_in_cash(statement) -> Money:
    """Return the settlement flows of a statement, in cash."""
    return Money.total(
        money_from_decimal(line["settlement_flows"])
        for line in statement["balances"]
        if line["asset"] == "CASH-USD"
    )


def test_the_close_finds_a_position_that_no_lot_is_behind(market, models, day, lines):
    books = opened_books(MemoryBooks())
    desk = replace(desk_on(books, market, {day: day_files(day, lines, RICH)}), models=models)
    desk.run(day, until=eastern(day, "22:00"))
    with books.work() as work:
        trade = next(t for t in work.ledger.transfers() if t.kind is TransferKind.FUTURES_TRADE)
        stray = replace(trade, transfer_id="stray", group_id="stray", amount=1)
        assert [each.posting for each in work.ledger.post([stray])] == [Posting.POSTED]
        work.commit()
    close = content_of(desk.run(day), "close")
    assert close["findings"] > 0
    assert {each.check for each in verify_books(books)} == {Check.POSITIONS_ARE_THE_LOTS}


def test_a_statement_has_every_position_at_the_price_of_the_days_marks(run, day):
    books = opened_books(MemoryBooks())
    run(books, RICH)
    with books.work() as work:
        found = report_document(work, FIRM, day, "statement/CURVE-FUND")["document"]["positions"]
        marks = last_marks(work.records, FIRM)
        lots = {lot.lot_id: lot for lot in read_register(work.records, FIRM).live()}
    assert {each["clearing_organization"] for each in found} == {"FICC", "CME"}
    assert all(each["price"] and each["price_source"] for each in found)
    marked: dict[str, Money] = {}
    for lot_id, value in marks.futures.items():
        contract = f"FUT-{lots[lot_id].instrument}"
        marked[contract] = marked.get(contract, Money(0)) + value
    futures = {each["asset"]: each for each in found if each["clearing_organization"] == "CME"}
    assert {asset: each["market_value"] for asset, each in futures.items()} == {
        asset: str(value) for asset, value in marked.items()
    }


def test_a_notice_is_followed_to_files(market, models, day, lines):
    books = opened_books(MemoryBooks())
    # A million of residual interest is brought in: it ends under management's target.
    little = 100_000_000
    files = [
        arrived(day, "06:30", FileKind.INSTRUCTIONS, [top_up(2, little)]),
        arrived(day, "06:40", FileKind.PAYMENTS, [confirmed(2, "top-up", little)]),
        *(f for f in day_files(day, lines, RICH) if not f.name.startswith(("0630", "0640"))),
    ]
    done = replace(desk_on(books, market, {day: files}), models=models).run(day)
    assert content_of(done, "close")["notices"]
    with books.work() as work:
        notices = work.records.select(stream=NOTICE)
        assert all(ends_at_files(trace(work, each.record_id)) for each in notices)


def test_a_customer_who_is_not_live_has_nothing_taken_in(run, day, lines):
    books = opened_books(MemoryBooks())
    stranger = [replace(line, customer=CustomerKey(FIRM, "STRANGER")) for line in lines]
    _, done = run(books, RICH, held=stranger)
    (novations,) = [d.record.content for d in done if d.record.content.get("kind") == "novations"]
    assert novations["taken"] == 0
    assert ": no, OWNERSHIP_AND_CONTROL" in novations["not_taken"][0][1]


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_day_cut_off_at_any_commit_ends_as_one_that_was_not(  # noqa: PLR0917 - fixtures
    run, market, models, day, lines, before
):
    whole = opened_books(MemoryBooks())
    run(whole, POOR)
    expected = state_of(whole)
    files = {day: day_files(day, lines, POOR)}
    counting = CrashingBooks(opened_books(MemoryBooks()), at_commit=0, before=before)
    replace(desk_on(counting, market, files), models=models).run(day)
    # Every eighth commit, and the last one: each is a run of the whole day.
    for at_commit in {*range(1, counting.commits, 8), counting.commits}:
        books = opened_books(MemoryBooks())
        crashing = CrashingBooks(books, at_commit=at_commit, before=before)
        desk = replace(desk_on(crashing, market, files), models=models)
        with pytest.raises(CrashError):
            desk.run(day)
        replace(desk, books=books).run(day)
        assert state_of(books) == expected, f"cut off at commit {at_commit}"


def test_sqlite_and_memory_end_a_day_alike(run, tmp_path: Path):
    passing = opened_books(MemoryBooks())
    run(passing, RICH)
    with closing(create_books(str(tmp_path / "books.db"))) as kept:
        run(opened_books(kept), RICH)
        assert state_of(kept) == state_of(passing)


def test_an_evening_without_residual_interest_accrues_and_pays_when_it_comes(
    market, models, day, lines
):
    def evening(*more):
        books = opened_books(MemoryBooks())
        files = [f for f in day_files(day, lines, RICH) if not f.name.startswith(("0630", "0640"))]
        desk = replace(desk_on(books, market, {day: [*files, *more]}), models=models)
        return books, desk.run(day)

    books, done = evening()
    (accrued_id,) = content_of(done, "eod")["accrued"]
    due = content_of(done, "eod")["interest_cents"]
    assert "charges_accrued" in content_of(done, "close")["notices"]
    assert content_of(done, "close")["findings"] == 0
    with books.work() as work:
        (accrued,) = accrued_charges(work.records, FIRM)
        assert (accrued.record_id, accrued.content["cents"]) == (accrued_id, due)
        assert ends_at_files(trace(work, accrued_id))
        assert not work.ledger.transfers(kind=TransferKind.INTEREST_TO_CUSTOMER)

    little = 1_000_000
    books, done = evening(
        arrived(day, "20:50", FileKind.INSTRUCTIONS, [top_up(2, little)]),
        arrived(day, "21:00", FileKind.PAYMENTS, [confirmed(2, "top-up", little)]),
    )
    assert content_of(done, "eodxm")["accrued_paid"] == 1
    with books.work() as work:
        assert accrued_charges(work.records, FIRM) == ()
        (paid,) = work.ledger.transfers(kind=TransferKind.INTEREST_TO_CUSTOMER)
        assert paid.amount == due
        assert ends_at_files(trace(work, paid.transfer_id))
    assert verify_books(books) == ()


def contents(state: object) -> object:
    """Return what a state of a fold holds: a register that is made of it on demand apart."""
    if isinstance(state, dict):
        return state
    return {name: value for name, value in vars(state).items() if name != "_register"}


@pytest.mark.parametrize("store", ["memory", "sqlite"])
def test_at_every_step_what_was_folded_is_the_fold_from_the_beginning(
    run, store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    books = MemoryBooks() if store == "memory" else create_books(str(tmp_path / "books.db"))
    lent, names = WorkFolds.read, set()

    def read(folds, fold):
        state = lent(folds, fold)
        afresh = lent(WorkFolds(KeptFolds(), folds._rows), fold)
        assert contents(state) == contents(afresh)
        names.add(fold.name)
        return state

    monkeypatch.setattr(WorkFolds, "read", read)
    run(opened_books(books), POOR)
    assert names >= {f"lots of {FIRM}", f"requirements of {FIRM}", "last marks"}
    books.close()
