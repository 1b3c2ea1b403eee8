"""Positions by date: each date's own terms, what leaves, what is refused, and the walk of them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from crossmargin import bootstrap
from crossmargin.analysis.walk import paths
from crossmargin.analysis.walk.factors import WalkFactors, discount_factors
from crossmargin.analysis.walk.lines import MoneyMarketLine, SecurityLine, TreasuryFutureLine
from crossmargin.analysis.walk.paths import DatedBooks, walk_path
from crossmargin.analysis.walk.walking import walk_books
from crossmargin.basics.dates import add_months
from crossmargin.basics.refusals import RefusedError
from crossmargin.execution.threads import ThreadExecutor
from crossmargin.market.history import MarketData
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.pricing.security_book import flow_table
from crossmargin.product.treasury import SecurityKind, TreasurySecurity
from crossmargin.services.backtest_paths import backtest_path
from crossmargin.services.margin_day import MarginDay, prepare_day
from crossmargin.services.margin_positions import PositionsInput, margin_positions
from crossmargin.services.path_rows import path_rows
from crossmargin.services.position_paths import StruckPath, strike_path
from crossmargin.services.walk_dates import walk_dates, walk_rules
from crossmargin.services.walked_books import lines_and_books
from crossmargin.simulation.book import demo_positions
from crossmargin.simulation.market import SimulatedMarket
from crossmargin.testing.builders import AS_OF

FIRST, LAST = date(2025, 5, 1), date(2025, 7, 31)
PARAMETERS = bootstrap.parameter_sets(AS_OF)
VALIDATION = bootstrap.backtest_parameters(AS_OF).validation
HEADER = "date,customer_id,clearing_organization,account,instrument,quantity\n"


@pytest.fixture(scope="module")
def day(simulated_market: MarketData) -> MarginDay:
    return prepare_day(simulated_market, PARAMETERS, as_of=AS_OF, contracts=())


@pytest.fixture(scope="module")
def factors(simulated_market: MarketData) -> tuple[WalkFactors, range]:
    return walk_dates(simulated_market, PARAMETERS, walk_rules(PARAMETERS), first=FIRST, last=LAST)


def note(day: MarginDay, years: float) -> TreasurySecurity:
    """Return the note that matures nearest to so many years after the as-of date."""
    notes = [
        price.security
        for price in day.valuation.book.prices
        if price.security.kind is SecurityKind.NOTE
    ]
    wanted = add_months(AS_OF, round(12 * years)).toordinal()
    return min(notes, key=lambda each: abs(each.maturity_date.toordinal() - wanted))


def written(folder: Path, *rows: str) -> Path:
    file = folder / "path.csv"
    file.write_text(HEADER + "\n".join([*rows, ""]), "utf-8")
    return file


def struck(
    file: Path, day: MarginDay, factors: tuple[WalkFactors, range], *, skip: bool = False
) -> StruckPath:
    rows = path_rows(bootstrap.read_position_path(file), day, skip_bad_rows=skip)
    return strike_path(rows, day, *factors)


def test_terms_are_counted_from_the_date(
    tmp_path: Path, day: MarginDay, factors: tuple[WalkFactors, range]
) -> None:
    five = note(day, 5.0)
    path = struck(
        written(
            tmp_path,
            f"2025-04-30,A,FICC,XM,{five.cusip.text},1000000",
            "2025-04-30,A,CME,XM,ZFU5,-7",
            "2025-04-30,A,CME,XM,SR3M5,3",
            "2025-06-16,A,CME,XM,ZFZ5,-4",
        ),
        day,
        factors,
    )
    walked, places = factors
    dates = walked.dates[np.asarray(places)].astype(object).tolist()
    at = dates.index(date(2025, 5, 15))  # a Thursday: settlement is the day after
    held = path.held[at]
    (security,) = held.lines.securities
    assert security.years == (five.maturity_date - date(2025, 5, 16)).days / 365.25
    contracts = {line.label: line for line in held.lines.contracts}
    future, strip = contracts["ZFU25"], contracts["SR3M25"]
    assert isinstance(future, TreasuryFutureLine)
    # Delivered on the first business day of September, or until the third after its last one: the
    # end that is the cheapest on the as-of date.
    (front,) = (
        each
        for each in day.valuation.contracts
        if isinstance(each, TreasuryFuture) and each.contract.code == "ZFM26"
    )
    at_end = front.cheapest_delivery.delivery_day == date(2026, 7, 6)
    delivery = date(2025, 10, 3) if at_end else date(2025, 9, 2)
    assert future.delivery_years == (delivery - date(2025, 5, 16)).days / 360
    assert isinstance(strip, MoneyMarketLine)
    assert strip.start_years == (date(2025, 6, 18) - date(2025, 5, 16)).days / 365.25
    assert strip.end_years == (date(2025, 9, 17) - date(2025, 5, 16)).days / 365.25
    assert strip.period == (date(2025, 9, 17) - date(2025, 6, 18)).days / 360
    assert strip.dollars_per_rate == 250_000.0
    # The front contract of the date, not of the as-of date, is what the note is at CME.
    assert set(security.equivalents) <= {f"{product}M25" for product in ("ZT", "Z3N", "ZF", "ZN")}
    assert held.books[0].securities == {five.cusip.text: 10_000}
    assert held.books[0].contracts == {"SR3M25": 3, "ZFU25": -7}
    after = path.held[dates.index(date(2025, 6, 16))].books[0]
    assert (after.securities, after.contracts) == ({}, {"ZFZ25": -4})
    assert path.book_counts == {"A": 2}


def test_dv01_is_that_of_the_own_coupon_on_the_curve_of_the_date(
    tmp_path: Path, day: MarginDay, factors: tuple[WalkFactors, range]
) -> None:
    ten = note(day, 9.0)
    path = struck(written(tmp_path, f"2025-04-30,A,FICC,XM,{ten.cusip.text},100"), day, factors)
    walked, places = factors
    (security,) = path.held[0].lines.securities
    # Full repricing of its payments half a basis point either way; 1 May 2025 settles on the 2nd.
    zeros = walked.zero_rates_on(places[:1])
    years, flows = flow_table([ten], date(2025, 5, 2))
    up, down = (
        float((flows[0] * discount_factors(zeros + half, years)[0]).sum())
        for half in (0.5e-4, -0.5e-4)
    )
    assert security.dv01_dollars == pytest.approx(down - up, rel=1e-6)


def test_on_the_as_of_date_the_terms_are_those_of_the_margin_day(
    simulation: SimulatedMarket, simulated_market: MarketData, tmp_path: Path, day: MarginDay
) -> None:
    lines = [
        line for line in demo_positions(simulation) if line.customer.customer_id == "CURVE-FUND"
    ]
    run = margin_positions(
        PositionsInput("demo", "", len(lines), tuple(lines), ()),
        simulated_market,
        PARAMETERS,
        ThreadExecutor(),
        as_of=AS_OF,
    )
    known, (book,) = lines_and_books(run.result.day, [each for each in run.books if each.xm])
    rows = [
        f"{AS_OF},CURVE-FUND,{line.clearing_organization},XM,{line.instrument},{line.quantity}"
        for line in lines
    ]
    _, factors = (
        None,
        walk_dates(simulated_market, PARAMETERS, walk_rules(PARAMETERS), first=FIRST, last=FIRST)[
            0
        ],
    )
    at = int(np.searchsorted(factors.dates, np.datetime64(AS_OF)))
    path = struck(written(tmp_path, *rows), day, (factors, range(at, at + 1)))
    (held,) = path.held
    assert (held.books[0].securities, held.books[0].contracts) == (book.securities, book.contracts)
    for now, then in zip(held.lines.securities, known.securities, strict=True):
        assert isinstance(now, SecurityLine)
        assert (now.label, now.years) == (then.label, then.years)
        # Its spread to the curve is left out on other dates: a few basis points of yield.
        assert now.dv01_dollars == pytest.approx(then.dv01_dollars, rel=0.005)
        assert set(now.equivalents) == set(then.equivalents)
        for label, ratio in now.equivalents.items():
            assert ratio == pytest.approx(then.equivalents[label], rel=0.02)
    for line, expected in zip(held.lines.contracts, known.contracts, strict=True):
        assert isinstance(line, TreasuryFutureLine)
        assert isinstance(expected, TreasuryFutureLine)
        assert (line.label, line.years, line.delivery_years) == (
            expected.label,
            expected.years,
            expected.delivery_years,
        )
        assert line.dv01_dollars == pytest.approx(expected.dv01_dollars, rel=0.002)


@pytest.mark.parametrize("pairs_at_once", [1, 17, 400])
def test_a_path_that_stays_is_the_walk_of_its_book_however_dates_are_grouped(
    simulation: SimulatedMarket,
    simulated_market: MarketData,
    factors: tuple[WalkFactors, range],
    monkeypatch: pytest.MonkeyPatch,
    pairs_at_once: int,
) -> None:
    monkeypatch.setattr(paths, "_PAIRS_AT_ONCE", pairs_at_once)
    lines = [
        line
        for line in demo_positions(simulation)
        if line.customer.customer_id in ("CURVE-FUND", "REPO-CUSTOMER")
    ]
    run = margin_positions(
        PositionsInput("demo", "", len(lines), tuple(lines), ()),
        simulated_market,
        PARAMETERS,
        ThreadExecutor(),
        as_of=AS_OF,
    )
    known, books = lines_and_books(run.result.day, [each for each in run.books if each.xm])
    walked, places = factors
    rules = walk_rules(PARAMETERS)
    executor = ThreadExecutor()
    frozen = walk_books(walked, places, lines=known, books=books, rules=rules, run=executor.run)
    held = [DatedBooks(known, tuple(books))] * len(places)
    stayed = walk_path(walked, places, held=held, rules=rules, run=executor.run)
    for one, two in zip(stayed, frozen, strict=True):
        assert (one.dates == two.dates).all()
        for days, outcome in two.outcomes.items():
            assert (one.outcomes[days].combined == outcome.combined).all()
            assert (one.outcomes[days].basis_observed == outcome.basis_observed).all()
        for model, expected in ((one.ficc, two.ficc), (one.cme, two.cme)):
            for leg, cents in expected.cents.items():
                assert (model.cents[leg] == cents).all(), leg
        assert (one.requirement_cents == two.requirement_cents).all()


def test_what_ends_leaves_and_what_grows_short_is_outside(
    tmp_path: Path, day: MarginDay, factors: tuple[WalkFactors, range]
) -> None:
    short = min(
        (p.security for p in day.valuation.book.prices if p.security.kind is SecurityKind.NOTE
         and date(2026, 5, 15) < p.security.maturity_date < date(2026, 7, 20)),
        key=lambda each: each.maturity_date,
    )  # fmt: skip
    file = tmp_path / "path.csv"
    file.write_text(
        HEADER.strip() + ",leg,end_date,start_amount\n"
        f"2025-04-30,A,FICC,XM,{short.cusip.text},1000000,,,\n"
        "2025-04-30,A,CME,XM,ZNM5,-2,,,\n"
        f"2025-04-30,B,FICC,XM,{note(day, 5.0).cusip.text},500000,REPO,2025-06-30,\n",
        "utf-8",
    )
    path = struck(file, day, factors)
    walked, places = factors
    dates = walked.dates[np.asarray(places)].astype(object).tolist()
    assert [(each.line, each.since, each.reason) for each in path.left] == [
        (3, date(2025, 6, 20), "past its last trading day"),
        (4, date(2025, 6, 30), "its end leg has settled"),
    ]
    assert path.outside == {"A": 1}
    # Ruling 13: later than the same calendar day one year after.
    inside = [on for on, each in zip(dates, path.held, strict=True) if each.books[0].securities]
    assert max(inside) < add_months(short.maturity_date, -12) <= min(set(dates) - set(inside))
    # Par stands for the start amount: $500,000 for 60 days at the rate of the term's bucket.
    assert path.par_amounts == 1
    at = dates.index(date(2025, 5, 1))
    bucket = day.ficc.repo.bucket(60)
    assert bucket is not None
    expected = day.ficc.repo.bucket_charge_dollars(bucket, 50_000_000 * 60)
    assert path.held[at].books[1].repo_charge == expected > 0


def test_bad_rows_are_refused_by_line_and_column_and_none_is_lost(
    tmp_path: Path, day: MarginDay, factors: tuple[WalkFactors, range]
) -> None:
    good = f"2025-04-30,A,FICC,XM,{note(day, 5.0).cusip.text},1000000"
    file = written(
        tmp_path,
        good,
        "2025-02-30,A,CME,XM,ZNM5,-2",
        "2025-04-30,A,CME,XM,ZNM5,two",
        "2025-04-30,A,FICC,XM,912828ZZ6,100",
        "2025-04-30,A,CME,XM,ZNH25,1",
        ",A,CME,XM,ZNM5,1",
    )
    read = bootstrap.read_position_path(file)
    assert read.row_count == 6
    with pytest.raises(RefusedError) as error:
        path_rows(read, day, skip_bad_rows=False)
    assert [(each.line, each.column, each.field) for each in error.value.refusals] == [
        (3, 1, "date"),
        (4, 6, "quantity"),
        (5, 5, "instrument"),
        (6, 5, "instrument"),
        (7, 1, "date"),
    ]
    assert "price sheet of 2026-03-24" in str(error.value.refusals[2])
    assert "ZNH25 last traded on 2025-03-20" in str(error.value.refusals[3])
    kept = path_rows(read, day, skip_bad_rows=True)
    assert sum(map(len, kept.lines.values())) + len(kept.skipped) == read.row_count
    later = written(tmp_path, good.replace("2025-04-30", "2025-05-02"))
    with pytest.raises(RefusedError, match="first date of the file"):
        struck(later, day, factors)


def test_every_format_reads_the_same(tmp_path: Path, day: MarginDay) -> None:
    file = written(
        tmp_path,
        f"2025-04-30,A,FICC,XM,{note(day, 5.0).cusip.text},1000000",
        "2025-06-16,A,CME,XM,ZFZ5,-4",
    )
    frame = pl.read_csv(file, try_parse_dates=True)
    frame.write_parquet(tmp_path / "path.parquet")
    frame.write_ndjson(tmp_path / "path.jsonl")
    expected = bootstrap.read_position_path(file)
    assert not expected.refusals
    assert [on for on, _ in expected.lines] == [date(2025, 4, 30), date(2025, 6, 16)]
    for name, first in (("path.parquet", 2), ("path.jsonl", 1)):
        found = bootstrap.read_position_path(tmp_path / name)
        assert not found.refusals
        assert [on for on, _ in found.lines] == [on for on, _ in expected.lines]
        assert [line.line for _, line in found.lines] == [first, first + 1]
        assert [line.instrument for _, line in found.lines] == [
            line.instrument for _, line in expected.lines
        ]
    no_date = tmp_path / "no_date.csv"
    no_date.write_text(file.read_text("utf-8").replace("date,", "day,", 1), "utf-8")
    assert {each.line for each in bootstrap.read_position_path(no_date).refusals} == {1}
    # A positions file of one date has no such column.
    assert bootstrap.read_positions(file).refusals


def test_outcomes_are_those_of_the_book_held(
    tmp_path: Path, simulated_market: MarketData, day: MarginDay
) -> None:
    cusip = note(day, 5.0).cusip.text
    rows = [f"2025-04-30,{name},FICC,XM,{cusip},{par}" for name, par in
            (("LONG", 1_000_000), ("SHORT", -1_000_000), ("TURNS", 1_000_000))]  # fmt: skip
    rows += [
        f"2025-06-16,{name},FICC,XM,{cusip},{par}"
        for name, par in (("LONG", 1_000_000), ("SHORT", -1_000_000), ("TURNS", -1_000_000))
    ]
    found = backtest_path(
        bootstrap.read_position_path(written(tmp_path, *rows)),
        simulated_market,
        PARAMETERS,
        VALIDATION,
        ThreadExecutor(),
        as_of=AS_OF,
        first=FIRST,
        last=LAST,
    )
    long, short, turns = (customer.walk for customer in found.customers)
    before = found.dates < np.datetime64("2025-06-16")
    assert 0 < before.sum() < len(before)
    for walk, of in ((long, before), (short, ~before)):
        for days in walk.outcomes:
            assert (turns.outcomes[days].combined[of] == walk.outcomes[days].combined[of]).all()
        assert (turns.ficc.cents["securities"][of] == walk.ficc.cents["securities"][of]).all()
        assert (turns.requirement_cents[of] == walk.requirement_cents[of]).all()
    assert found.path is not None
    assert found.path.book_counts == {"LONG": 1, "SHORT": 1, "TURNS": 2}
    assert [customer.strategy.value for customer in found.customers] == ["one_leg"] * 3


def test_dates_without_a_position_are_no_outcomes(
    tmp_path: Path, simulated_market: MarketData, day: MarginDay
) -> None:
    cusip = note(day, 5.0).cusip.text
    rows = [
        f"2025-04-30,SHORT-LIVED,FICC,XM,{cusip},1000000",
        f"2025-04-30,STAYS,FICC,XM,{cusip},1000000",
        f"2025-06-16,STAYS,FICC,XM,{cusip},1000000",
    ]
    found = backtest_path(
        bootstrap.read_position_path(written(tmp_path, *rows)),
        simulated_market,
        PARAMETERS,
        VALIDATION,
        ThreadExecutor(),
        as_of=AS_OF,
        first=FIRST,
        last=LAST,
    )
    ended, stays = found.customers
    before = int((found.dates < np.datetime64("2025-06-16")).sum())
    for name in ("ficc_securities", "cme_securities"):
        series = ended.series[name]
        assert series.assessment.outcomes == before
        assert series.without_position == len(found.dates) - before > 0
        assert series.procyclicality.trough > 0.0
        assert stays.series[name].assessment.outcomes == len(found.dates)
        assert stays.series[name].without_position == 0
    assert ended.requirement.trough > 0.0
