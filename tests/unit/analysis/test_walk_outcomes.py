"""What happened after a margin date, and what a walk makes of both models' components."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import numpy as np
import pytest

from crossmargin.analysis.walk.factors import WalkFactors
from crossmargin.analysis.walk.figures import BookWalk
from crossmargin.analysis.walk.lines import Book
from crossmargin.arrangement.reduction import Binding
from crossmargin.bootstrap import parameter_sets
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.market.curve import KNOT_YEARS, ZeroCurve
from crossmargin.market.scenarios import BASIS_CONTRACTS
from crossmargin.pricing.par_bond import par_bond_flows, par_bond_pnl_per_100
from crossmargin.testing.builders import AS_OF, KEY_YEARS, scenario_set
from crossmargin.testing.walks import example_lines, invented_factors, short_rules, walked

RULES = short_rules(parameter_sets(AS_OF))
LINES = example_lines()
LAST_DATE = date(2013, 2, 28)
TN = BASIS_CONTRACTS.index("TN")


@pytest.fixture(scope="module")
def factors() -> WalkFactors:
    return invented_factors(first=date(2009, 6, 1), last=date(2013, 3, 1), seed=8)


def walk_of(factors: WalkFactors, book: Book, first: date, last: date) -> BookWalk:
    (walk,) = walked(factors, RULES, first=first, last=last, books=[book])
    return walk


def test_an_outcome_is_the_bond_of_the_date_repriced(factors: WalkFactors) -> None:
    """Three dates on at FICC, one at CME: bonds at par on the margin date, in the line's DV01."""
    walk = walk_of(factors, Book("B", {"9.6 y": -7}, {}), date(2013, 1, 2), date(2013, 1, 10))
    line = next(line for line in LINES.securities if line.label == "9.6 y")
    for row, place in enumerate(factors.places_between(date(2013, 1, 2), date(2013, 1, 10))):
        curve = ZeroCurve(KNOT_YEARS, factors.zero_rates_on([place])[0])
        years, flows = par_bond_flows(curve, line.years)
        dv01 = float((flows * curve.discount_factors(years) * years).sum()) * 1e-4
        for days in (1, 3):
            start, end = (
                ZeroCurve(KNOT_YEARS, factors.zero_rates_on([at])[0]).rates_at(KEY_YEARS)
                for at in (place, place + days)
            )
            move = scenario_set((end - start)[np.newaxis, :])
            pnl = par_bond_pnl_per_100(curve, move, line.years)[0] * line.dv01_dollars / dv01
            assert walk.outcomes[days].securities[row] == pytest.approx(7 * pnl, abs=1e-4)
            assert walk.outcomes[days].futures[row] == 0.0


def test_outcomes_end_where_the_history_does(factors: WalkFactors) -> None:
    walk = walk_of(factors, Book("B", {"9.6 y": 1}, {}), date(2013, 2, 25), LAST_DATE)
    assert factors.dates[-1] == np.datetime64(LAST_DATE)
    assert len(walk.dates) == 4
    assert [len(walk.outcomes[days].securities) for days in (1, 3)] == [3, 1]


def test_a_basis_that_was_not_observed_is_left_out_and_said(factors: WalkFactors) -> None:
    """Where it was not, the outcome is that of a contract without a basis."""
    first, last = date(2012, 11, 1), date(2012, 12, 20)
    lines = example_lines()
    without = replace(
        lines,
        contracts=tuple(
            replace(line, basis_dollars_per_bp=0.0) if line.label == "TN" else line
            for line in lines.contracts
        ),
    )
    book = Book("B", {}, {"TN": 3})
    (walk,) = walked(factors, RULES, first=first, last=last, books=[book])
    (bare,) = walked(factors, RULES, first=first, last=last, lines=without, books=[book])
    places = np.array(factors.places_between(first, last))
    for days in (1, 3):
        moves = factors.known[2012].moves[days]
        own = moves.basis_own[places, TN]
        assert walk.outcomes[days].basis_observed.tolist() == own.tolist()
        assert 5 < int(own.sum()) < len(own) - 3
        lost = 3 * moves.basis_bp[places, TN] * 85.0 * 0.99
        expected = bare.outcomes[days].futures + np.where(own, lost, 0.0)
        assert walk.outcomes[days].futures == pytest.approx(expected, abs=0.01)


def test_a_book_of_securities_alone_has_every_basis_it_needs(factors: WalkFactors) -> None:
    walk = walk_of(factors, Book("B", {"9.6 y": 1}, {}), date(2012, 11, 1), date(2012, 12, 20))
    assert walk.outcomes[1].basis_observed.all()


def test_repo_is_charged_where_the_securities_are(factors: WalkFactors) -> None:
    """Its terms do not change with the date; up to the grid."""
    day = date(2013, 1, 4)
    held = {"9.6 y": 500_000}
    plain = walk_of(factors, Book("B", held, {"TN": -400}), day, day)
    repo = walk_of(factors, Book("B", held, {"TN": -400}, Fraction(100_001, 3)), day, day)
    steps = -(-100_001 * GRID_PER_DOLLAR // 3)
    for leg, charged in (("securities", steps), ("futures", 0), ("combined", steps)):
        assert repo.ficc.components["repo_volatility", leg].tolist() == [charged]
        assert plain.ficc.components["repo_volatility", leg].tolist() == [0]
    floor = repo.ficc.components["floor_percentage", "securities"][0]
    assert repo.ficc.cents["securities"][0] * GRID_PER_DOLLAR > floor * 100
    more = repo.ficc.cents["securities"][0] - plain.ficc.cents["securities"][0]
    assert abs(int(more) - 3_333_367) <= 1


def test_charges_are_made_of_components_as_the_models_make_them(factors: WalkFactors) -> None:
    walk = walk_of(
        factors, Book("B", {"9.6 y": 5000}, {"TN": -4}), date(2012, 12, 3), date(2013, 1, 20)
    )
    for leg in ("securities", "futures", "combined"):
        of = {name: steps for (name, at), steps in walk.ficc.components.items() if at == leg}
        for row in range(len(walk.dates)):
            loss = max(int(of["historical"][row]), int(of["filtered"][row]))
            charge = max(loss + int(of["bid_ask"][row]), int(of["floor_percentage"][row]))
            assert walk.ficc.cents[leg][row] == -(-charge * 100 // GRID_PER_DOLLAR)
            scaled = int(walk.cme.components["scaled", leg][row])
            stress = int(walk.cme.components["stress", leg][row])
            cents = Fraction(3 * scaled + stress, 4) * 100 / GRID_PER_DOLLAR
            assert walk.cme.cents[leg][row] == -(-cents.numerator // cents.denominator)


def test_what_is_collected_is_after_the_rule(factors: WalkFactors) -> None:
    """At FICC at least the customer minimum; a book of futures alone owes FICC nothing."""
    day = date(2013, 1, 4)
    walk = walk_of(factors, Book("B", {"9.6 y": 5000}, {"TN": -4}), day, day)
    reduction = walk.reductions[0]
    assert reduction.reduction > 0
    assert walk.ficc_cents.tolist() == [100_000_000]
    assert walk.cme_cents.tolist() == [reduction.cme_requirement.cents]
    assert walk.requirement_cents.tolist() == [100_000_000 + reduction.cme_requirement.cents]
    assert walk.standalone_cents.tolist() == [100_000_000 + int(walk.cme.cents["futures"][0])]
    assert 0 < walk.ficc.cents["securities"][0] < 100_000_000
    futures = walk_of(factors, Book("B", {}, {"TN": -4}), day, day)
    assert futures.ficc_cents.tolist() == [0]
    assert futures.reductions[0].binding is Binding.NONE
    assert futures.cme_cents.tolist() == futures.cme.cents["futures"].tolist()
