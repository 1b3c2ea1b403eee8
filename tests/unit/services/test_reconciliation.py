"""Ours beside theirs: outcomes, totals, fits, drift, and our own run in the files' shapes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from crossmargin.arrangement.fallback import requirement_at
from crossmargin.arrangement.reduction import Binding, ReductionRules
from crossmargin.basics.money import Money
from crossmargin.execution.threads import ThreadExecutor
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.services.customer_books import customer_books, holdings_of
from crossmargin.services.margin_positions import MarginRun, PositionsInput
from crossmargin.services.margin_run import margin_customers
from crossmargin.services.reconciliation import (
    FIGURES,
    CcpFile,
    CcpLine,
    Comparison,
    FileKind,
    Outcome,
    compare,
)
from crossmargin.services.reconciliation_drift import DriftRecord, records_of, series_of
from crossmargin.services.reconciliation_figures import OVERALL, our_file
from crossmargin.services.reconciliation_fit import fit

DAY = date(2026, 3, 24)
FIVE_PER_CENT = Fraction(1, 20)
TENTH = Fraction(1, 10)


def file_of(
    kind: FileKind, *lines: tuple[str, str, dict[str, int | Fraction]], by_customer: bool = True
) -> CcpFile:
    return CcpFile(
        kind,
        DAY,
        "EOD",
        1,
        by_customer,
        tuple(spec.name for spec in FIGURES[kind]),
        tuple(
            CcpLine(customer, key, {n: Fraction(v) for n, v in figures.items()})
            for customer, key, figures in lines
        ),
    )


def cusips(*lines: tuple[str, str, int], by_customer: bool = True) -> CcpFile:
    return file_of(
        FileKind.XMFICCCUSIP,
        *((customer, key, {"par": par}) for customer, key, par in lines),
        by_customer=by_customer,
    )


def var_detail(*lines: tuple[str, int, int]) -> CcpFile:
    return file_of(
        FileKind.FICCVARDETAIL,
        *(("A", key, {"component_var": var, "floor": floor}) for key, var, floor in lines),
    )


def compared(ours: CcpFile, theirs: CcpFile) -> Comparison:
    return compare(ours, theirs, tolerance=FIVE_PER_CENT)


def test_every_outcome_of_a_line_is_told() -> None:
    ours = cusips(("A", "SAME", 100), ("A", "LESS", 100), ("A", "OURS", 7), ("A", "NIL", 0))
    theirs = cusips(("A", "SAME", 100), ("A", "LESS", 101), ("B", "THEIRS", -3))
    result = compared(ours, theirs)
    assert {(line.customer, line.key): line.outcome for line in result.lines} == {
        ("A", "SAME"): Outcome.AGREES,
        ("A", "LESS"): Outcome.DIFFERENT,
        ("A", "OURS"): Outcome.MISSING_THERE,
        ("A", "NIL"): Outcome.AGREES,
        ("B", "THEIRS"): Outcome.MISSING_HERE,
    }
    assert result.break_count == 3
    assert [line.difference for line in result.lines if line.key == "THEIRS"] == [3]


def test_positions_are_totalled_gross_and_missing_lines_move_only_the_first_ratio() -> None:
    ours = cusips(("A", "X", 100), ("A", "Y", -100), ("A", "Z", 50))
    theirs = cusips(("A", "X", 80), ("A", "Y", -120))
    (total,) = compared(ours, theirs).totals
    assert (total.ours, total.theirs, total.ratio) == (250, 200, Fraction(5, 4))
    assert (total.matched_ours, total.matched_theirs, total.matched_ratio) == (200, 200, 1)
    assert (total.line_count, total.break_count) == (3, 3)


@pytest.mark.parametrize(
    ("theirs", "outcome"),
    [
        (100, Outcome.AGREES),
        (96, Outcome.AGREES),
        (95, Outcome.DIFFERENT),
        (-100, Outcome.DIFFERENT),
    ],
)
def test_estimates_agree_within_the_tolerance(theirs: int, outcome: Outcome) -> None:
    pair = (
        file_of(FileKind.XMFICCPOSN, ("A", "ZNM26", {"equivalents": value}))
        for value in (100, theirs)
    )
    (line,) = compared(*pair).lines
    assert line.outcome is outcome


def test_a_file_without_customers_is_compared_with_all_of_them() -> None:
    ours = cusips(("A", "X", 100), ("B", "X", 20))
    (line,) = compared(ours, cusips(("", "X", 120), by_customer=False)).lines
    assert (line.customer, line.ours, line.outcome) == ("", 120, Outcome.AGREES)


def test_ratios_of_all_customers_are_formed_from_sums() -> None:
    def customer(name: str, scale: int) -> tuple[str, str, dict[str, int | Fraction]]:
        money = {
            f"{side}_{part}": value * scale
            for side in ("ficc", "cme")
            for part, value in (("securities", 6), ("futures", 4), ("combined", 5 - scale))
        }
        collected = {"ficc_requirement": 3 * scale, "cme_requirement": 2 * scale}
        ratios = {"ficc_saving": 9, "cme_saving": 9, "reduction": 9}
        return (name, "", {**money, **collected, **ratios})

    ours = file_of(FileKind.XMFICCMARGINSAVINGS, customer("A", 1), customer("B", 2))
    (line,) = ours.over_all_customers().lines
    assert line.figures["ficc_saving"] == 1 - Fraction(4 + 6, 10 + 20)
    assert line.figures["reduction"] == 1 - Fraction(5 + 10, 10 + 20)


def test_files_of_another_kind_or_date_are_not_compared() -> None:
    ours = cusips(("A", "X", 1))
    for other in (replace(ours, bus_date=date(2026, 3, 25)), var_detail(("X", 1, 1))):
        with pytest.raises(ValueError, match="one kind and date"):
            compared(ours, other)


def test_two_scalars_are_found_exactly_and_no_more() -> None:
    ours = var_detail(("X", 100, 10), ("Y", 50, 20), ("Z", -30, 5))
    theirs = var_detail(("X", 120, 15), ("Y", 60, 30), ("Z", -36, 8))
    level, share = fit(compared(ours, theirs), floor_share=TENTH)
    assert (level.name, level.value, level.residual_after_dollars) == ("level", Fraction(6, 5), 0)
    assert level.residual_before_dollars == pytest.approx(((400 + 100 + 36) / 3) ** 0.5)
    # By hand: (150 + 600 + 40) / (100 + 400 + 25) of a tenth.
    assert (share.name, share.value) == ("floor_share", Fraction(790, 525) * TENTH)
    assert share.residual_after_dollars < share.residual_before_dollars


def test_a_fit_changes_no_line_and_needs_something_to_fit() -> None:
    result = compared(var_detail(("X", 100, 10)), var_detail(("X", 120, 15)))
    fit(result, floor_share=TENTH)
    assert [(line.ours, line.theirs) for line in result.lines] == [(100, 120), (10, 15)]
    assert fit(compared(cusips(("A", "X", 1)), cusips(("A", "X", 2))), floor_share=TENTH) == ()
    nothing = compared(var_detail(("X", 0, 0)), var_detail(("X", 1, 1)))
    assert fit(nothing, floor_share=TENTH) == ()


def record(day: str, ours: int, *, revision: int = 1) -> DriftRecord:
    return DriftRecord(
        day, "EOD", 1, "XMFICCPOSN", "equivalents", str(ours), "100", 1, 0, "m", "s", revision
    )


def test_a_series_has_mean_last_and_largest_move_of_the_last_revisions() -> None:
    (series,) = series_of(
        [
            record("2026-03-25", 90),
            record("2026-03-24", 500),
            record("2026-03-26", 110),
            record("2026-03-24", 100, revision=2),
        ]
    )
    assert [r.bus_date for r in series.records] == ["2026-03-24", "2026-03-25", "2026-03-26"]
    assert series.mean == 1
    assert series.last == Fraction(11, 10)
    assert series.largest_move == Fraction(1, 5)


def test_a_series_of_nothing_has_no_figures() -> None:
    (series,) = series_of([replace(record("2026-03-24", 1), theirs="0")])
    assert (series.mean, series.last, series.largest_move) == (None, None, None)


def test_records_hold_what_both_sides_have() -> None:
    ours, theirs = cusips(("A", "X", 90), ("A", "Y", 7)), cusips(("A", "X", 100))
    (one,) = records_of(compared(ours, theirs), models="m")
    assert (one.ours, one.theirs, one.break_count, one.line_count) == ("90", "100", 2, 2)


@pytest.fixture(scope="module")
def run(simulated_day, simulated_recognition) -> MarginRun:
    books = customer_books(simulated_day, simulated_recognition)
    result = margin_customers(simulated_day, books, ThreadExecutor(workers=1))
    return MarginRun(PositionsInput("p", "0", 0, (), ()), result, tuple(books), ())


def ours_of(run: MarginRun, kind: FileKind) -> CcpFile:
    return our_file(run, kind, cycle="EOD", run_number=1)


def test_contributions_of_cusips_add_up_to_the_simulation_of_the_customer(run: MarginRun) -> None:
    detail = ours_of(run, FileKind.FICCVARDETAIL)
    for customer in run.result.customers:
        lines = [li for li in detail.lines if li.customer == customer.key.customer_id]
        whole = customer.ficc.securities["historical_simulation"]
        parts = sum((line.figures["component_var"] for line in lines), Fraction(0))
        assert abs(parts - whole) <= Fraction(len(lines), 10**6)
        assert whole > 0 or not lines
        floors = sum((line.figures["floor"] for line in lines), Fraction(0))
        assert abs(floors - customer.ficc.securities["floor_percentage"]) <= Fraction(
            len(lines), 10**6
        )


def test_a_cusip_alone_loses_what_the_model_says_of_it_alone(run: MarginRun) -> None:
    day = run.result.day
    detail = ours_of(run, FileKind.FICCVARDETAIL)
    places = day.valuation.book.index()
    chosen = detail.lines[::17]
    assert len(chosen) > 3
    units = [{places[li.key]: int(li.figures["par"]) // 100} for li in chosen]
    losses = day.ficc.simulation.losses(holdings_of(day, units).block(0, len(units)))
    for line, steps in zip(chosen, losses, strict=True):
        exact = Fraction(steps, GRID_PER_DOLLAR)
        assert 0 <= line.figures["standalone_var"] - exact < Fraction(1, 100)


def test_par_equivalents_and_bonds_are_those_of_the_xm_accounts(run: MarginRun) -> None:
    count = len(run.result.day.valuation.book.prices)
    held = sum(
        place < count and units != 0 for book in run.books for place, units in book.xm.items()
    )
    assert len(ours_of(run, FileKind.XMFICCCUSIP).lines) == held
    by_customer = {c.key.customer_id: c.requirement.cme.figures.three for c in run.result.customers}
    bonds = [li for li in ours_of(run, FileKind.MARGIN001).lines if li.key == OVERALL]
    assert bonds
    for line in bonds:
        assert line.figures["performance_bond"] == by_customer[line.customer].futures.dollars
    dv01 = {
        future.contract.code: future.dv01_dollars
        for future in run.result.day.valuation.contracts
        if hasattr(future, "dv01_dollars")
    }
    positions = ours_of(run, FileKind.XMFICCPOSN)
    assert {line.key for line in positions.lines} <= set(dv01)


def test_a_run_agrees_with_itself_for_every_kind(run: MarginRun) -> None:
    for kind in FileKind:
        mine = ours_of(run, kind)
        for theirs in (mine, mine.over_all_customers()):
            result = compare(mine, theirs, tolerance=Fraction(0))
            assert result.lines
            assert result.break_count == 0, kind
            assert all(total.ours == total.theirs for total in result.totals)
            assert {total.ratio for total in result.totals if total.theirs} <= {Fraction(1)}


@pytest.mark.parametrize("is_without_saving", [False, True])
def test_ficcs_columns_sum_to_what_ficc_collects(run: MarginRun, is_without_saving: bool) -> None:
    first, *others = run.result.customers
    ficc = first.requirement.ficc
    # An add-on of 40, 60 more to the customer minimum, and 7 outside XM.
    more = replace(
        ficc,
        requirement=ficc.requirement + Money(100),
        minimum_top_up=ficc.minimum_top_up + Money(60),
        outside=ficc.outside + Money(7),
    )
    required = replace(first.requirement, ficc=more)
    if is_without_saving:
        rules = ReductionRules.from_parameters(run.result.day.parameters.arrangement)
        none = {"factor": Fraction(0), "binding": Binding.NONE}
        required = requirement_at(required, **none, rules=rules)
    changed = replace(first, requirement=required)
    run = replace(run, result=replace(run.result, customers=(changed, *others)))
    collected = {
        each.key.customer_id: each.requirement.ficc.requirement + each.requirement.ficc.outside
        for each in run.result.customers
    }
    lines = ours_of(run, FileKind.XMFICCMARGINSAVINGS).lines
    assert lines
    for line in lines:
        parts = ("requirement", "add_ons", "minimum_top_up", "outside")
        total = sum(line.figures[f"ficc_{part}"] for part in parts)
        assert total == line.figures["ficc_total"] == collected[line.customer].dollars
    assert any(line.figures["ficc_total"] != line.figures["ficc_requirement"] for line in lines)
