from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.refusals import RefusedError
from crossmargin.market.history import PAR_TENOR_YEARS
from crossmargin.simulation.market import AS_OF, DEMO_SEED, SimulatedMarket, simulate_market
from crossmargin.simulation.sheets import clean_price, curve_of

SEED = 3
COLUMNS = {
    "par_yields": ["date", *PAR_TENOR_YEARS, "source"],
    "sofr": ["date", "sofr_pct"],
    "fed_funds": ["date", "fed_funds_target_pct", "effr_pct"],
    "futures_closes": [
        *("date", "symbol", "open", "high", "low", "close", "volume", "date_inferred"),
    ],
    "fed_funds_futures": [
        *("date", "symbol", "open", "high", "low", "close", "volume", "open_interest"),
    ],
    "security_prices": [
        *("price_date", "cusip", "security_type", "rate_pct", "maturity_date", "buy", "sell"),
    ],
    "security_reference": [
        *("cusip", "original_maturity_years", "coupon_pct", "issue_date", "maturity_date"),
        *("adj_issuance_bn", "inflation_indexed", "orig_issuance_bn", "reopen1_date"),
        *("reopen1_bn", "reopen2_date", "reopen2_bn", "repurchased_bn"),
    ],
}


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    return simulate_market(seed=SEED)


def test_tables_have_the_columns_of_a_market_directory(market: SimulatedMarket) -> None:
    assert {name: table.columns for name, table in market.tables.items()} == COLUMNS


def test_same_seed_gives_identical_tables(market: SimulatedMarket) -> None:
    again = simulate_market(seed=SEED)
    for name, table in market.tables.items():
        assert table.equals(again.tables[name]), name


def test_another_seed_gives_another_market(market: SimulatedMarket) -> None:
    other = simulate_market(seed=SEED + 1)
    for name in ("par_yields", "futures_closes", "fed_funds_futures", "security_prices"):
        assert not market.tables[name].equals(other.tables[name]), name


def test_an_earlier_day_gives_the_beginning_of_the_same_history(market: SimulatedMarket) -> None:
    earlier = simulate_market(seed=SEED, as_of=date(2022, 6, 15))
    for name in ("par_yields", "sofr", "fed_funds"):
        whole = market.tables[name]
        assert earlier.tables[name].equals(whole.filter(pl.col("date") <= date(2022, 6, 15))), name


def test_history_covers_the_windows_of_both_models(market: SimulatedMarket) -> None:
    days = market.tables["par_yields"]["date"]
    assert days[0] == date(2006, 1, 3)
    assert days[-1] == AS_OF
    stressed = days.is_between(date(2008, 7, 1), date(2009, 6, 30)).sum()
    assert 245 <= stressed <= 255
    assert date(2026, 4, 3) not in days
    assert date(2025, 7, 4) not in days


def test_yields_are_whole_basis_points_inside_the_stated_range(market: SimulatedMarket) -> None:
    table = market.tables["par_yields"]
    for name in PAR_TENOR_YEARS:
        values = table[name].drop_nulls().to_numpy()
        assert np.array_equal(values, np.round(values, 2))
        assert values.min() >= 0.01
        assert values.max() <= 7.0
    blank = table.filter(pl.col("date") < date(2018, 10, 16))
    assert blank["2M"].null_count() == blank.height
    assert table.filter(pl.col("date") >= date(2025, 2, 18)).null_count().sum_horizontal()[0] == 0


@pytest.mark.parametrize("seed", [6, 14, DEMO_SEED])
def test_no_tenor_implies_a_negative_forward_rate(seed: int) -> None:
    # These seeds have years in which the one-year yield is more than twice the two-year's shadow.
    table = simulate_market(seed=seed).tables["par_yields"]
    for near, far in pairwise(name for name, years in PAR_TENOR_YEARS.items() if years >= 1):
        ratio = PAR_TENOR_YEARS[far] / PAR_TENOR_YEARS[near]
        least = (table[far].to_numpy() * ratio - table[near].to_numpy()).min()
        assert least > 0, (near, far)


def test_front_end_follows_a_target_that_moves_in_quarters(market: SimulatedMarket) -> None:
    funds = market.tables["fed_funds"]
    target = funds["fed_funds_target_pct"].to_numpy()
    moves = np.diff(target)
    assert np.array_equal(moves * 4, np.rint(moves * 4))
    assert 10 <= np.count_nonzero(moves) <= 120
    both = market.tables["par_yields"].join(funds, on="date")
    gap = (both["1M"] - both["fed_funds_target_pct"]).to_numpy()
    assert abs(gap.mean()) < 0.25
    assert np.corrcoef(both["1M"].to_numpy(), both["fed_funds_target_pct"].to_numpy())[0, 1] > 0.95


def test_futures_lie_on_their_ticks_and_inside_their_range(market: SimulatedMarket) -> None:
    closes = market.tables["futures_closes"]
    assert set(closes["symbol"]) == {"ZT", "ZF", "ZN", "ZB", "TN"}
    for symbol, ticks in (("ZT", 256), ("ZF", 128), ("ZN", 64), ("ZB", 32), ("TN", 64)):
        values = closes.filter(pl.col("symbol") == symbol)["close"].to_numpy() * ticks
        assert np.array_equal(values, np.rint(values)), symbol
    inside = (closes["low"] <= closes["close"]) & (closes["close"] <= closes["high"])
    assert inside.all()


@pytest.mark.parametrize(("symbol", "tenor"), [("ZF", "5Y"), ("ZN", "7Y"), ("ZB", "20Y")])
def test_futures_fall_when_yields_rise(market: SimulatedMarket, symbol: str, tenor: str) -> None:
    closes = market.tables["futures_closes"].filter(pl.col("symbol") == symbol)
    both = market.tables["par_yields"].join(closes, on="date").sort("date")
    moves = np.diff(both.select("close", tenor).to_numpy(), axis=0)
    assert np.corrcoef(moves.T)[0, 1] < -0.85


def test_fed_funds_futures_end_at_the_mean_effective_rate(market: SimulatedMarket) -> None:
    futures = market.tables["fed_funds_futures"].filter(pl.col("symbol") == "ZQM19")
    last = futures.sort("date").row(-1, named=True)
    effective = market.tables["fed_funds"].filter(
        pl.col("date").is_between(date(2019, 6, 1), date(2019, 6, 30))
    )["effr_pct"]
    assert last["date"] == date(2019, 6, 28)
    assert float(last["close"]) == pytest.approx(100 - float(effective.sum()) / 30, abs=0.0051)
    assert futures["date"].min() == date(2017, 6, 1)


def test_securities_are_as_many_as_the_real_ones_and_invented(market: SimulatedMarket) -> None:
    sheet = market.tables["security_prices"]
    counts = dict(sheet.group_by("security_type").len().iter_rows())
    assert counts == {
        "MARKET BASED NOTE": 244,
        "MARKET BASED BOND": 121,
        "MARKET BASED BILL": 50,
        "TIPS": 53,
        "MARKET BASED FRN": 8,
    }
    assert sheet["cusip"].n_unique() == sheet.height
    assert {Cusip(text).text[:3] for text in sheet["cusip"]} == {"9XM"}
    nominal = sheet.filter(
        pl.col("security_type").is_in(["MARKET BASED NOTE", "MARKET BASED BOND"])
    )
    assert ((nominal["rate_pct"] * 8) == (nominal["rate_pct"] * 8).round(0)).all()
    assert set(nominal["cusip"]) == set(market.tables["security_reference"]["cusip"])
    assert ((sheet["buy"] == 0) | (sheet["buy"] > sheet["sell"])).all()
    assert (sheet["sell"] > 0).all()


def test_note_prices_are_the_curve_within_a_small_spread(market: SimulatedMarket) -> None:
    last = market.tables["par_yields"].row(-1, named=True)
    curve = curve_of({name: last[name] for name in PAR_TENOR_YEARS})
    sell = dict(market.tables["security_prices"].select("cusip", "sell").iter_rows())
    settlement = date(2026, 3, 25)
    for issue in market.issues:
        model, up = (
            clean_price(curve, issue.security, settlement=settlement, spread=spread)
            for spread in (0.0, 1e-4)
        )
        slack = 6 * (model - up) + 1 / 64
        assert abs(sell[issue.security.cusip.text] - model) < slack, issue
    assert Decimal(str(sell[market.issues[0].security.cusip.text])) % Decimal("0.015625") == 0


def test_notes_say_that_nothing_is_real(market: SimulatedMarket) -> None:
    assert "Simulated, seed 3" in market.notes["made"]
    assert set(market.tables["par_yields"]["source"]) == {"simulated"}


@pytest.mark.parametrize(
    ("seed", "as_of", "field"),
    [(-1, AS_OF, "seed"), (1, date(2026, 3, 22), "as_of"), (1, date(2018, 4, 2), "as_of")],
)
def test_refuses_what_it_cannot_simulate(seed: int, as_of: date, field: str) -> None:
    with pytest.raises(RefusedError) as caught:
        simulate_market(seed=seed, as_of=as_of)
    assert caught.value.refusals[0].field == field


def test_demo_seed_gives_this_curve_on_every_machine() -> None:
    last = simulate_market(seed=DEMO_SEED).tables["par_yields"].row(-1, named=True)
    found = [last[name] for name in ("1M", "3M", "6M", "1Y", "2Y", "5Y", "10Y", "30Y")]
    assert found == [3.93, 3.99, 4.06, 3.97, 3.77, 3.94, 4.2, 4.62]
