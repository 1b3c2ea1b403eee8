"""Calibrated SPAN levels on the real market: published figures beside ours, and a snapshot of fit.

Published figures are those of ``published_levels.toml``, which names their sources. Residuals are
ours and so are snapshots: they say how well the calibration does, and change only with it.
"""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest

from crossmargin.bootstrap import parameter_sets, published_margin_levels
from crossmargin.margin.cme.span.calibrated_set import span_parameters
from crossmargin.margin.cme.span.credits import Outcome
from crossmargin.market.history import MarketData
from crossmargin.services.span_calibration import calibrate
from crossmargin.services.span_history import LevelHistory, evidence, level_history
from crossmargin.services.span_levels import Knowledge, compare_levels, hedge_totals

pytestmark = pytest.mark.real_data

AS_OF = date(2026, 3, 24)


@pytest.fixture(scope="module")
def history(real_market: MarketData) -> LevelHistory:
    return level_history(real_market, parameter_sets(AS_OF))


@pytest.fixture(scope="module")
def calibrated(real_market: MarketData, history: LevelHistory):
    return calibrate(real_market, parameter_sets(AS_OF), as_of=AS_OF, history=history)


@pytest.fixture(scope="module")
def comparisons(real_market: MarketData):
    return compare_levels(real_market, parameter_sets(date.max), published_margin_levels())


def test_the_margin_history_holds_the_published_changes_of_july_2011(real_market: MarketData):
    # Futuresmag, 2011-07-26: TY maintenance 1,100 to 1,300, US bond 2,000 to 2,200.
    for symbol, before, after in (("ZN", 1100, 1300), ("ZB", 2000, 2200)):
        levels = real_market.futures_margins[symbol]
        place = levels.dates.tolist().index(date(2011, 7, 25))
        assert levels.maintenance_dollars[place - 1 : place + 1].tolist() == [before, after]


def test_the_published_hedge_adds_up_and_ours_stands_beside_it(comparisons):
    theirs, ours = hedge_totals(comparisons.published)
    assert theirs == 569_910  # published
    assert 0.80 < ours / theirs < 0.83  # snapshot


def test_residuals_to_published_levels_snapshot(comparisons):
    residuals = {row.contract: round(row.residual_pct) for row in comparisons.published}
    assert residuals == {
        "ZN": 31,
        "ZB": 19,
        "SR3M25": -46,
        "SR3U25": -49,
        "SR3Z25": -29,
        "SR3H26": -15,
        "SR3M26": -12,
        "SR3U26": -6,
        "SR3Z26": -3,
        "SR3H27": -4,
    }
    assert {row.knowledge for row in comparisons.published if row.on.year > 2011} == {
        Knowledge.OTHERS
    }


def test_the_history_is_compared_without_look_ahead_where_that_can_be(comparisons):
    for row in comparisons.history:
        assert (row.knowledge is Knowledge.EARLIER) == (row.on.year >= 2014)
    assert not [row for row in comparisons.history if row.on.year == 2008]
    assert len(comparisons.history) == 80


def test_weights_and_residuals_snapshot(history: LevelHistory):
    found = evidence(history, as_of=AS_OF)
    assert [str(weight) for weight in found.weights.weights] == [
        str(Fraction(text)) for text in ("0.5236", "0.2486", "0.2929", "0", "0.2702")
    ]
    worst = {name: s.root_mean_square for name, s in found.left_out.items()}
    assert {name for name, share in worst.items() if share > 0.20} == {"ZT"}
    assert max(worst.values()) == pytest.approx(0.262, abs=0.001)
    assert found.held_out["ZN"].root_mean_square == pytest.approx(0.113, abs=0.001)


def test_stored_weights_are_the_fitted_ones(history: LevelHistory):
    fitted = evidence(history, as_of=AS_OF).weights.weights
    assert parameter_sets(AS_OF).cme.ratios("span_measure_weights") == fitted


def test_weights_of_a_date_know_no_later_level(history: LevelHistory):
    found = evidence(history, as_of=date(2018, 6, 1))
    assert found.weights.last == date(2018, 6, 1)
    assert max(found.last_level.values()) <= date(2018, 6, 1)


def test_the_proxy_of_the_ultra_ten_year_is_near_its_cheapest_issue(calibrated):
    # Independent calculation: TNM6 on 2026-03-24 has a DV01 of about $89.
    ultra = next(level for level in calibrated.levels if level.contract.code == "TNM26")
    assert ultra.dv01_dollars_per_bp == pytest.approx(89.0, rel=0.03)


@pytest.mark.parametrize(
    ("one", "two", "exchange"),
    [
        ("ZF", "ZN", (3, 2)),
        ("ZB", "UB", (2, 1)),
        ("ZN", "TN", (3, 2)),
        ("ZT", "ZF", (5, 4)),
        ("TN", "ZB", (5, 3)),
        ("ZN", "ZB", (5, 2)),
        ("ZT", "ZN", (2, 1)),
        ("TN", "UB", (3, 1)),
        ("ZF", "TN", (5, 2)),
        ("ZF", "ZB", (4, 1)),
    ],
)
def test_exchange_ratios_of_2020_match_our_dv01s(history: LevelHistory, one, two, exchange):
    # CME, Treasury curve trading 2020; ratios are set from the DV01s of the cheapest issues.
    dv01 = {
        product: history.observation(product, date(2020, 1, 2), 1000.0).dv01_dollars_per_bp
        for product in (one, two)
    }
    assert dv01[two] / dv01[one] == pytest.approx(exchange[0] / exchange[1], rel=0.12)


def test_a_credit_that_cme_publishes_would_be_ours_but_for_stability(comparisons):
    (two_year,) = comparisons.credits
    assert two_year.ours.contracts == two_year.published.contracts == (2, 3)
    assert two_year.published.credit == Fraction(3, 4)
    assert two_year.ours.saving == pytest.approx(0.75, abs=0.02)
    assert two_year.ours.outcome is Outcome.NOT_STABLE


def test_every_product_of_the_arrangement_has_a_scan_range(calibrated):
    products = {level.contract.product for level in calibrated.levels}
    assert products == {"ZT", "Z3N", "ZF", "ZN", "TN", "TWE", "ZB", "UB", "SR3", "SR1", "ZQ"}
    assert all(level.scan_range_dollars > 0 for level in calibrated.levels)
    assert all(level.scan_range_dollars % 5 == 0 for level in calibrated.levels)


def test_credits_rest_on_correlation_and_leave_what_the_spread_needs(calibrated):
    rules = parameter_sets(AS_OF).cme
    assert len(calibrated.credits()) > 20
    for pair in calibrated.credits():
        assert pair.correlation >= rules.ratio("span_correlation_min")
        assert pair.worst_rolling_correlation >= rules.ratio("span_rolling_correlation_min")
        assert 0 < pair.credit <= pair.saving + 1e-9
        assert pair.credit % Fraction(1, 20) == 0


def test_the_set_is_the_same_every_time(real_market: MarketData, calibrated):
    parameters = parameter_sets(AS_OF)
    again = calibrate(real_market, parameters, as_of=AS_OF)
    one, two = (span_parameters(each, parameters.cme).digest for each in (calibrated, again))
    assert one == two
