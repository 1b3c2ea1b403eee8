r"""Both models on the day after a move: what the move itself does to the margin that follows it.

The move is the next scenario date's. It changes every price (:mod:`crossmargin.pricing.moved`), it
is a scenario of both windows from then on, and it changes the volatility that both models scale to:

* FICC: the overlapping scenario that ends with it (the move and the curve moves of the days before
  it), one more scenario in the ten years and in the Minimum Margin Amount's window, and one more
  one-day move for the volatility of every instrument's price.
* CME: one more scenario; each factor's volatility becomes
  :math:`\sigma'^2 = \lambda \sigma^2 + (1 - \lambda) x^2`, but no less than the median of the
  window. Where the last date of a factor is redrawn the median stands for :math:`\sigma`, as in the
  model.

No scenario leaves a window, no time passes, and charges on gross market value stay those of today.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from crossmargin.basics.refusals import refused
from crossmargin.margin.cme.correlation import CorrelationScaling
from crossmargin.margin.cme.model import CmeScenarios
from crossmargin.margin.ewma import ewma_volatility
from crossmargin.margin.ficc.scenarios import FiccScenarios
from crossmargin.market.history import FloatArray
from crossmargin.market.scenarios import (
    KEY_RATE_BITS,
    NOT_PROXIED,
    SHOCK_BITS,
    BoolArray,
    ScenarioSet,
    join,
    on_grid,
    window_start,
)
from crossmargin.pricing.moved import moved_valuation
from crossmargin.product.calendars import sifma_calendar
from crossmargin.services.margin_day import MarginDay


@dataclass(frozen=True, slots=True)
class _Scaling:
    """One kind of factor in CME's window, ready to be scaled to any volatility."""

    standardised: FloatArray
    in_window: FloatArray
    last: FloatArray
    decay: float
    bits: int

    @staticmethod
    def of(
        moves: FloatArray, inside: BoolArray, *, decay: float, last_is_known: bool, bits: int
    ) -> _Scaling:
        volatility = ewma_volatility(moves, decay)
        in_window = volatility[:-1][inside]
        safe = np.where(in_window > 0.0, in_window, 1.0)
        return _Scaling(
            standardised=np.where(in_window > 0.0, moves[inside] / safe, 0.0),
            in_window=in_window,
            last=volatility[-1] if last_is_known else _median(in_window),
            decay=decay,
            bits=bits,
        )

    def after(self, move: FloatArray) -> FloatArray:
        """Return the window's moves and the move itself, scaled to the volatility after it."""
        following = np.sqrt(self.decay * self.last**2 + (1.0 - self.decay) * move**2)
        today = np.maximum(following, _median(np.vstack([self.in_window, self.last])))
        safe = np.where(self.last > 0.0, self.last, 1.0)
        own = np.where(self.last > 0.0, move / safe, 0.0)
        return on_grid(np.vstack([self.standardised, own]) * today, self.bits)


def _median(values: FloatArray) -> FloatArray:
    ordered = np.sort(values, axis=0)
    middle = len(ordered) // 2
    median: FloatArray = (ordered[(len(ordered) - 1) // 2] + ordered[middle]) / 2.0
    return median


@dataclass(frozen=True, slots=True)
class NextDay:
    """A day from which the day after any move is made.

    Parameters
    ----------
    day : MarginDay
    next_date : date
    """

    day: MarginDay
    next_date: date
    _key_rates: _Scaling
    _basis: _Scaling
    _spread: _Scaling

    @staticmethod
    def of(day: MarginDay) -> NextDay:
        """Return what is the same for every move.

        Raises
        ------
        RefusedError
            If CME's figures do not come from its simulation with its factors' own correlations.
        """
        parameters = day.parameters.cme
        choice = parameters.choice("correlation_scaling", list(CorrelationScaling))
        if day.span is not None or choice != CorrelationScaling.NONE:
            given = "span" if day.span is not None else f"correlation_scaling = {choice}"
            expected = "the simulation (engine = fhs, correlation_scaling = none): a move changes "
            expected += "no other model from one day to the next"
            raise refused("cme", given, expected, "ruling 36")
        history = day.cme_history
        known = history.rows_between(date.min, day.as_of)
        years = parameters.whole("lookback_years")
        inside = history.rows_between(window_start(day.as_of, years), day.as_of)[known]
        decay = float(parameters.ratio("volatility_decay"))
        basis, spread = (
            float(parameters.ratio(f"{kind}_volatility_multiple")) for kind in ("basis", "spread")
        )

        def scaling(moves: FloatArray, *, last_is_known: bool, bits: int) -> _Scaling:
            return _Scaling.of(
                moves[known], inside, decay=decay, last_is_known=last_is_known, bits=bits
            )

        return NextDay(
            day,
            sifma_calendar().next_business_day(day.as_of),
            scaling(history.key_rates.changes, last_is_known=True, bits=KEY_RATE_BITS),
            scaling(
                history.basis.shocks_bp * basis,
                last_is_known=not bool(history.basis.redrawn[known][-1]),
                bits=SHOCK_BITS,
            ),
            scaling(
                history.spread.shocks_bp * spread,
                last_is_known=not bool(history.spread.redrawn[known][-1]),
                bits=SHOCK_BITS,
            ),
        )

    def after(self, move: ScenarioSet) -> MarginDay:
        """Return both models on the day after a move of one day.

        Parameters
        ----------
        move : ScenarioSet
            One scenario.

        Raises
        ------
        ValueError
            If the move is so large that the book cannot be repriced after it.
        """
        day = self.day
        follows = float(day.parameters.market.ratio("repo_rate_follows_front"))
        valuation = moved_valuation(day.valuation, move, repo_follows_front=follows)
        return replace(day, valuation=valuation).with_scenarios(
            ficc=self._ficc(move), cme=self._cme(move)
        )

    def _ficc(self, move: ScenarioSet) -> FiccScenarios:
        scenarios = self.day.ficc.scenarios
        days = scenarios.historical.horizon_days
        one_day = _with_row(scenarios.one_day, move, start=self.day.as_of, end=self.next_date)
        # The days before have happened: their curve moves are in the scenario that ends tomorrow.
        before = one_day.key_rates[len(one_day.key_rates) - days : -1].sum(axis=0)
        start = one_day.start_dates[-days]
        longer = replace(move, key_rates=move.key_rates + before)
        return FiccScenarios(
            _with_row(scenarios.historical, longer, start=start, end=self.next_date),
            _with_row(scenarios.filtered, longer, start=start, end=self.next_date),
            one_day,
        )

    def _cme(self, move: ScenarioSet) -> CmeScenarios:
        scenarios = self.day.cme.scenarios
        longer = _with_row(scenarios.historical, move, start=self.day.as_of, end=self.next_date)
        scaled = replace(
            longer,
            key_rates=self._key_rates.after(move.key_rates[0]),
            basis_bp=self._basis.after(move.basis_bp[0]),
            spread_bp=self._spread.after(move.spread_bp[0]),
        )
        return CmeScenarios(scaled, scenarios.stress)


def _with_row(
    scenarios: ScenarioSet, move: ScenarioSet, *, start: date | np.datetime64, end: date
) -> ScenarioSet:
    """Return scenarios and one more at their end."""
    row = replace(
        move,
        start_dates=np.array([start], dtype="datetime64[D]"),
        end_dates=np.array([end], dtype="datetime64[D]"),
        proxied=NOT_PROXIED,
    )
    return replace(join(scenarios.name, [scenarios, row]), horizon_days=scenarios.horizon_days)
