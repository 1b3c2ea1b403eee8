"""A clearing day from first file to close, on the simulated market."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time
from pathlib import Path

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.refusals import Refusal
from crossmargin.bootstrap.books import create_books
from crossmargin.collateral.call_events import House
from crossmargin.collateral.house_terms import HouseTerms
from crossmargin.ledger.posting import Posting
from crossmargin.ledger.transfers import TransferKind
from crossmargin.ledger.verification import Check
from crossmargin.market.history import MarketData
from crossmargin.participation.steps import CUSTOMER_STEP, Step, step_of
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.services.book_reports.closing import NOTICE, REPORT
from crossmargin.services.book_reports.profit_and_loss import prove
from crossmargin.services.book_reports.reading import report_document
from crossmargin.services.books.folds import KeptFolds, WorkFolds
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.trace import ends_at_files, trace
from crossmargin.services.clearing_day.arrivals import (
    Action,
    Direction,
    FileKind,
    InstructionRow,
    PaymentRow,
)
from crossmargin.services.clearing_day.call_register import call_book, calls_of
from crossmargin.services.clearing_day.ccp_files import ccp_files_of
from crossmargin.services.clearing_day.charges import accrued_charges
from crossmargin.services.clearing_day.directing import DIRECTION
from crossmargin.services.clearing_day.house_terms import set_terms
from crossmargin.services.clearing_day.instructions import INSTRUCTION
from crossmargin.services.clearing_day.lot_register import read_register
from crossmargin.services.clearing_day.marks import last_marks
from crossmargin.services.clearing_day.outgoing import outgoing
from crossmargin.services.clearing_day.required import REQUIREMENT, required_of
from crossmargin.services.clearing_day.verifying import verify_books
from crossmargin.services.clearing_day.wires import WIRE
from crossmargin.simulation.book import demo_positions
from crossmargin.testing.clearing_days import (
    EASTERN,
    FIRM,
    CrashError,
    CrashingBooks,
    arrived,
    confirmed,
    day_files,
    desk_on,
    opened_books,
    state_of,
    top_up,
    with_day_before,
)

CURVE = CustomerKey(FIRM, "CURVE-FUND")
RICH, POOR = {"CURVE-FUND": 1_000_000_000}, {"CURVE-FUND": 100_000_000}


@pytest.fixture(scope="module")
def day(simulation) -> date:
    return simulation.as_of


@pytest.fixture(scope="module")
def market(simulated_market, day) -> MarketData:
    return with_day_before(simulated_market, day)


@pytest.fixture(scope="module")
def lines(simulation):
    return [
        line for line in demo_positions(simulation) if line.customer.customer_id == "CURVE-FUND"
    ]


@pytest.fixture(scope="module")
def models(market, day, lines):
    """One set of prepared models for every day of the module: what a step computes is pure."""
    desk = desk_on(opened_books(MemoryBooks()), market, {day: day_files(day, lines, RICH)})
    desk.run(day)
    return desk.models


@pytest.fixture
def run(market, models, day, lines):
    def run(books, deposits, *more, held=lines):
        files = [*day_files(day, held, deposits), *more]
        desk = replace(desk_on(books, market, {day: files}), models=models)
        return desk, desk.run(day)

    return run


def content_of(done, name):
    (found,) = [d.record.content for d in done if d.record.content.get("step") == name]
    return found


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
    desk.run(day, until=datetime.combine(day, time(22), EASTERN))
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


def test_a_customer_who_instructs_to_leave_is_leaving_and_what_it_has_is_named(run, day):
    books = opened_books(MemoryBooks())
    row = InstructionRow(
        *(2, "leave", FIRM, CURVE, Action.LEAVE, "", 0, "", "", "operations", "operations-control"),
    )
    again = replace(row, instruction_id="leave-again")
    leave, twice = (
        arrived(day, clock, FileKind.INSTRUCTIONS, [each], label)
        for clock, each, label in (("13:10", row, "one"), ("13:20", again, "two"))
    )
    run(books, RICH, leave, twice)
    with books.work() as work:
        steps = work.records.select(stream=CUSTOMER_STEP, subject=f"{FIRM}/CURVE-FUND")
        outcomes = {
            each.record_id.rpartition("/")[2]: each.content["outcome"]
            for each in work.records.select(stream=INSTRUCTION, subject=f"{FIRM}/CURVE-FUND")
        }
    last = step_of(steps[-1])
    assert last.step is Step.LEAVING
    assert any(line.startswith("CME_XM_POSITION FUT-") for line in last.remains)
    assert any(line.startswith("FICC_XM_POSITION ") for line in last.remains)
    assert outcomes == {"leave": "FOLLOWED", "leave-again": "REFUSED"}


def test_what_lies_at_the_clearing_organizations_is_what_they_require(run):
    books = opened_books(MemoryBooks())
    run(books, RICH)
    with books.work() as work:
        itd = [r for r in work.records.select(stream=REQUIREMENT) if r.record_id.endswith("/itd")]
        required = required_of(itd[0])
        moved = {
            r.content["purpose"]: r.content["amount"] for r in work.records.select(stream=WIRE)
        }
    assert moved["MARGIN_TO_FICC"] == required.ficc_xm.cents
    assert moved["MARGIN_TO_CME"] == required.cme.cents


def test_who_brought_too_little_is_called_for_each_side_and_is_late(run, day):
    books = opened_books(MemoryBooks())
    _, done = run(books, POOR)
    with books.work() as work:
        calls = calls_of(work.records, CURVE)
    assert {call.issued.cycle for call in calls} >= {"ITD"}
    late = content_of(done, "fedwire-close")["late"]
    assert {row[0] for row in late} == {c.issued.event_id for c in calls if c.issued.cycle == "ITD"}
    assert verify_books(books) == ()


def test_a_call_that_is_paid_is_met_and_nothing_is_late(run, day):
    books = opened_books(MemoryBooks())
    run(books, POOR)
    with books.work() as work:
        (call, *_) = [c for c in calls_of(work.records, CURVE) if c.issued.cycle == "ITD"]
    again = opened_books(MemoryBooks())
    paid = PaymentRow(
        *(2, "pays", call.issued.event_id, FIRM, CURVE, "SEGREGATED_BANK", "CASH-USD"),
        *(call.amount.cents, Direction.IN),
    )
    _, done = run(again, POOR, arrived(day, "15:00", FileKind.PAYMENTS, [paid], "calls"))
    late = content_of(done, "fedwire-close")["late"]
    assert call.issued.event_id not in {row[0] for row in late}


def test_more_than_is_free_may_not_be_withdrawn_and_less_may(run, day):
    books = opened_books(MemoryBooks())
    asked = [
        InstructionRow(
            *(line, name, FIRM, CURVE, Action.WITHDRAW, "CASH-USD", cents),
            *("SEGREGATED_BANK", "", "ops", "control"),
        )
        for line, name, cents in ((2, "too-much", 990_000_000), (3, "little", 100))
    ]
    _, done = run(books, RICH, arrived(day, "15:00", FileKind.INSTRUCTIONS, asked, "customers"))
    (taken,) = [
        d.record.content for d in done if d.record.content.get("name", "").startswith("1500")
    ]
    assert [row[0] for row in taken["not_taken"]] == [2]
    with books.work() as work:
        wires = [
            r for r in work.records.select(stream=WIRE) if r.content["purpose"] == "WITHDRAWAL"
        ]
    assert [wire.content["amount"] for wire in wires] == [100]


@pytest.mark.parametrize(("clock", "reaches_itd"), [("11:00", True), ("12:01", False)])
def test_futures_directed_before_the_cutoff_lower_itd_and_after_it_do_not(
    run, day, lines, clock, reaches_itd
):
    regular = [
        replace(line, account=Account.REGULAR) if line.instrument.startswith("TN") else line
        for line in lines
    ]
    (future,) = [line for line in regular if line.account is Account.REGULAR]
    order = InstructionRow(
        *(2, "direct", FIRM, CURVE, Action.DIRECT_INTO_XM, f"FUT-{future.instrument}"),
        *(future.quantity, "", "", "ops", "control"),
    )
    figures = {}
    for name, more in (
        ("without", ()),
        ("with", (arrived(day, clock, FileKind.INSTRUCTIONS, [order], "customers"),)),
    ):
        books = opened_books(MemoryBooks())
        _, done = run(books, {"CURVE-FUND": 5_000_000_000}, *more, held=regular)
        with books.work() as work:
            directions = work.records.select(stream=DIRECTION)
            (itd,) = [
                required_of(r)
                for r in work.records.select(stream=REQUIREMENT)
                if r.record_id.endswith("/itd")
            ]
        figures[name] = itd
    lower = figures["with"].ficc_xm < figures["without"].ficc_xm
    assert lower is reaches_itd
    assert (figures["with"].cme < figures["without"].cme) is reaches_itd
    (direction,) = directions
    assert direction.content["reaches"] == ("ITD" if reaches_itd else "EOD")
    (said,) = content_of(done, "itd")["directed"]
    assert said[3:] == [
        "changes ITD by",
        f"FICC {figures['with'].ficc_xm - figures['without'].ficc_xm}",
        f"CME {figures['with'].cme - figures['without'].cme}",
    ]
    (evening,) = content_of(done, "eod")["directed"]
    ficc, cme = (money_from_decimal(each.split()[1]) for each in evening[4:])
    assert evening[3] == "changes EOD by"
    assert ficc < ZERO
    assert cme < ZERO


def test_a_customer_who_is_not_live_has_nothing_taken_in(run, day, lines):
    books = opened_books(MemoryBooks())
    stranger = [replace(line, customer=CustomerKey(FIRM, "STRANGER")) for line in lines]
    _, done = run(books, RICH, held=stranger)
    (novations,) = [d.record.content for d in done if d.record.content.get("kind") == "novations"]
    assert novations["taken"] == 0
    assert "no" in novations["not_taken"][0][1]


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
    kept = opened_books(create_books(str(tmp_path / "books.db")))
    passing = opened_books(MemoryBooks())
    run(kept, RICH)
    run(passing, RICH)
    assert state_of(kept) == state_of(passing)


def test_the_day_without_its_files_takes_the_side_as_late(run, market, models, day, lines):
    books = opened_books(MemoryBooks())
    files = [f for f in day_files(day, lines, RICH) if not f.name.startswith("2110-ficc")]
    desk = replace(desk_on(books, market, {day: files}), models=models)
    done = desk.run(day)
    assert content_of(done, "eodxm")["late"] == ["FICC"]
    assert content_of(done, "eod")["late"] == []
    eod, eodxm = (Money(int(_cents(content_of(done, n)["requirement"]))) for n in ("eod", "eodxm"))
    assert eodxm > eod, "no factor, no reduction: the parameter's default"


def test_a_side_whose_file_was_refused_whole_is_late(run, market, models, day, lines):
    files = day_files(day, lines, RICH)
    (ficc,) = [f for f in files if f.kind is FileKind.FICC_POSITIONS and f.label == "eodxm"]
    fault = Refusal("quantity", "x", "a number", "positions")
    refused = replace(ficc, rows=(), refusals=(fault,))
    given = [*(f for f in files if f is not ficc), refused]
    books = opened_books(MemoryBooks())
    done = replace(desk_on(books, market, {day: given}), models=models).run(day)
    assert content_of(done, "eodxm")["late"] == ["FICC"]
    assert content_of(done, "eodxm-restruck")["restruck"] == "no"


def test_a_side_that_comes_after_the_fallback_has_the_cycle_struck_again(
    run, market, models, day, lines
):
    files = day_files(day, lines, POOR)
    (ficc,) = [f for f in files if f.name.startswith("2110-ficc")]
    late = arrived(day, "22:10", FileKind.FICC_POSITIONS, list(ficc.rows), "eodxm")
    books = opened_books(MemoryBooks())
    given = [*(f for f in files if f is not ficc), late]
    desk = replace(desk_on(books, market, {day: given}), models=models)
    done = desk.run(day)
    fallen, struck = content_of(done, "eodxm"), content_of(done, "eodxm-restruck")
    assert (fallen["late"], struck["late"], struck["restruck"]) == (["FICC"], [], "yes")
    never_late = opened_books(MemoryBooks())
    _, in_time = run(never_late, POOR)
    assert struck["requirement"] == content_of(in_time, "eodxm")["requirement"]
    assert content_of(in_time, "eodxm-restruck")["restruck"] == "no"
    with books.work() as work:
        records = work.records.select(stream=REQUIREMENT, first=day, last=day)
        kept = {each.record_id.rsplit("/", 1)[1]: required_of(each) for each in records}
        runs = {(each.kind.value, each.run) for each in ccp_files_of(work.records, FIRM, day)}
        called = call_book(work.records, CURVE)
        sent = outgoing(work.records, FIRM, day)["call-changes.jsonl"]
    with never_late.work() as work:
        called_in_time = call_book(work.records, CURVE)
    agreed = [kept[name].factor for name in ("eodxm", "eodxm-restruck")]
    assert [factor.digest.rsplit("/", 1)[1] for factor in agreed] == ["eod", "eodxm-restruck"]
    assert kept["eodxm-restruck"].in_futures_account < kept["eodxm"].in_futures_account
    assert ("XMFICCMARGINSAVINGS", 2) in runs
    calls = called.calls.items()
    changed = {key: str(call.changed) for key, call in calls if call.changed != ZERO}
    assert {each["call_id"]: each["change"] for each in sent} == changed
    assert all(change.startswith("-") for change in changed.values())
    assert changed
    for side in ClearingOrganization:
        assert called.outstanding(CURVE, side) == called_in_time.outstanding(CURVE, side)


def _cents(text):
    return text.replace(".", "")


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


def test_the_house_add_on_is_called_apart_and_bounds_a_withdrawal(market, models, day, lines):
    books = opened_books(MemoryBooks())
    terms = HouseTerms(CURVE, day, add_on=Money(900_000_000), credit_limit=Money(100_000_000))
    with books.work() as work:
        at = datetime.combine(day, time(6), EASTERN)
        set_terms(work, terms, Entry(at, "bd_fcm_risk:ann", "bd_fcm_compliance:bob"))
        work.commit()
    asked = InstructionRow(
        *(2, "little", FIRM, CURVE, Action.WITHDRAW, "CASH-USD", 100),
        *("SEGREGATED_BANK", "", "ops", "control"),
    )
    order = arrived(day, "15:00", FileKind.INSTRUCTIONS, [asked], "customers")
    files = {day: [*day_files(day, lines, RICH), order]}
    replace(desk_on(books, market, files), models=models).run(day)
    with books.work() as work:
        (itd, *_) = calls_of(work.records, CURVE)
        (refused,) = work.records.select(stream=INSTRUCTION, subject=f"{FIRM}/CURVE-FUND")
        required = required_of(work.records.get(f"requirement/{FIRM}/CURVE-FUND/{day}/itd"))
    lacking = required.in_futures_account + Money(800_000_000) - Money(RICH["CURVE-FUND"])
    assert (itd.issued.ccp, itd.issued.amount) == (House.HOUSE, lacking)
    assert "house add-on" in refused.content["reason"]


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
