"""What a default happens along, and how it goes on after the day of the firm's failure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from crossmargin import bootstrap
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import defaults
from crossmargin.default_management.liquidation.close_out import Method
from crossmargin.market.history import MarketData, ParYieldHistory
from crossmargin.services.defaults.close_outs import close_outs
from crossmargin.services.defaults.paths import Drawn, Historical, HistoricalMode, Stress
from crossmargin.services.defaults.simulate import DefaultRequest, simulate_default
from crossmargin.services.forward_paths import Impulse, Simulated
from crossmargin.services.margin_positions import MarginRun
from crossmargin.testing.close_outs import shipped_terms

EXECUTOR = bootstrap.block_executor()
FIRST = date(2023, 3, 13)
THIN = """bd_fcm = "DEMO-BD-FCM"
residual_interest = "1000.00"
adjusted_net_capital = "1000.00"

[default]
beyond_margin = true
"""


def sources_of(run: MarginRun, market: MarketData, drawn: Drawn, days: int) -> tuple[date, ...]:
    path = drawn.path(market, as_of=run.result.day.as_of, days=days, block_days=2)
    terms = shipped_terms()
    found = close_outs(run, market, EXECUTOR, path=path, method=Method.JOINT, terms=terms)
    assert found.opening == run.result.day.as_of
    return found.source_dates


def test_drawn_days_are_those_of_a_seed_and_go_on_where_they_ended(
    simulated_run: MarginRun, simulated_market: MarketData
) -> None:
    drawn = Drawn(1, FIRST)
    whole = sources_of(simulated_run, simulated_market, drawn, 14)
    assert all(FIRST <= day <= simulated_run.result.day.as_of for day in whole)
    assert whole != sources_of(simulated_run, simulated_market, Drawn(2, FIRST), 14)
    # Once, and again after more days are over; within a block too.
    later = drawn.after(whole[:2]).after(whole[2:5])
    assert sources_of(simulated_run, simulated_market, later, 9) == whole[5:]


def test_drawn_days_may_be_of_all_the_history_that_the_factors_have(
    simulated_run: MarginRun, simulated_market: MarketData
) -> None:
    dates = simulated_market.par_yields.dates.astype(object).tolist()
    path = Drawn(1).path(simulated_market, as_of=dates[-2], days=9, block_days=5)
    assert path == Simulated(None, dates[-2], 9, 5, 1)
    # Par yields of before the factors begin are not drawn, and nobody is refused for them.
    known = simulated_market.par_yields
    earlier = np.arange("1993-09-20", "1993-09-25", dtype="datetime64[D]")
    longer = replace(
        simulated_market,
        par_yields=ParYieldHistory(
            np.concatenate([earlier, known.dates]),
            known.tenors,
            np.concatenate([np.repeat(known.yields_pct[:1], len(earlier), 0), known.yields_pct]),
        ),
    )
    drawn = sources_of(simulated_run, longer, Drawn(1), 9)
    assert drawn == sources_of(simulated_run, simulated_market, Drawn(1), 9)


def test_what_draws_nothing_is_refused(simulated_market: MarketData) -> None:
    with pytest.raises(RefusedError, match="not negative"):
        Drawn(-1)
    first = simulated_market.par_yields.dates[0].astype(date)
    with pytest.raises(RefusedError, match="one before"):
        Drawn(1).path(simulated_market, as_of=first, days=9, block_days=5)


def test_a_first_day_that_too_few_days_follow_is_refused_by_its_option(
    simulated_run: MarginRun, simulated_market: MarketData
) -> None:
    as_of = simulated_run.result.day.as_of
    for first in (as_of, as_of + timedelta(days=1)):
        with pytest.raises(RefusedError, match="--drawn-from"):
            sources_of(simulated_run, simulated_market, Drawn(1, first), 4)


@pytest.mark.parametrize("mode", list(HistoricalMode))
def test_a_date_of_the_history_goes_on_from_the_day_after(mode: HistoricalMode) -> None:
    over = (date(2023, 3, 13), date(2023, 3, 14))
    assert Historical(mode, date(2023, 3, 11)).after(over) == Historical(mode, date(2023, 3, 15))


def test_after_the_one_move_of_a_stress_nothing_moves(
    simulated_run: MarginRun, simulated_market: MarketData, tmp_path: Path
) -> None:
    (tmp_path / "firm.toml").write_text(THIN, encoding="utf-8")
    parameters = defaults.default_parameters(simulated_run.result.day.as_of)
    stress = Stress(300.0, 0.0)
    found = simulate_default(
        simulated_run,
        simulated_market,
        EXECUTOR,
        firm=defaults.read_firm(tmp_path / "firm.toml").firm,
        request=DefaultRequest(stress, parameters.terms.path_days, Method.JOINT),
        rules=parameters.rules,
        terms=parameters.terms,
        haircuts=parameters.haircuts,
    )
    first_day = found.at_last_cycle.dates[1]
    assert found.with_arrangement.failure.failed_on == first_day
    others = found.close_outs.of_others
    assert others is not None
    assert others.path == Impulse(0.0, 0.0, parameters.terms.path_days)
    assert len(others.customers) > 1
    for customer in others.customers:
        marks = Money.total(each.marks for each in customer.by_side.values())
        assert marks == ZERO
        assert customer.impact > ZERO
    dates = [
        each.on
        for of in found.with_arrangement.results.values()
        for day in of.days.values()
        for each in day
    ]
    assert min(dates) == first_day


@pytest.mark.parametrize("mode", list(HistoricalMode))
def test_nobody_fails_on_a_day_without_a_market(
    simulated_market: MarketData, mode: HistoricalMode
) -> None:
    dates = simulated_market.par_yields.dates.astype(object).tolist()
    friday = next(day for day in reversed(dates[:-3]) if day.weekday() == 4)
    saturday = friday + timedelta(days=1)
    (refusal,) = Historical(mode, saturday).faults(simulated_market)
    assert (refusal.field, refusal.value) == (f"--{mode.value}", saturday.isoformat())
    assert friday.isoformat() in refusal.expected
    assert Historical(mode, friday).faults(simulated_market) == []
    # What comes after a day that is over may begin on the day off before a market's day.
    after = Historical(mode, dates[0]).after([friday])
    assert after.path(simulated_market, as_of=dates[-1], days=2, block_days=1)
