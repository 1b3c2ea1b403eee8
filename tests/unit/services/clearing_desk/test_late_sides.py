"""A side whose final positions are late: the fallback, and the cycle struck again."""

from __future__ import annotations

from dataclasses import replace

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day.arrivals import (
    FileKind,
)
from crossmargin.services.clearing_day.call_register import call_book
from crossmargin.services.clearing_day.ccp_files import ccp_files_of
from crossmargin.services.clearing_day.outgoing import outgoing
from crossmargin.services.clearing_day.required import REQUIREMENT, required_of
from crossmargin.testing.clearing_days import (
    CURVE,
    FIRM,
    POOR,
    RICH,
    arrived,
    content_of,
    day_files,
    desk_on,
    opened_books,
)


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
