"""What a walk takes from the parameters of both models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.margin.cme.correlation import CorrelationScaling
from crossmargin.margin.cme.hypothetical import HypotheticalStress
from crossmargin.margin.cme.model import CmeEngine
from crossmargin.margin.ficc.model import FiccValuation, SensitivitySource
from crossmargin.margin.ficc.preparation import bid_ask_rate
from crossmargin.margin.tail import QuantileConvention, tail_rank
from crossmargin.parameters.registry import ParameterSet

_RULE = "methodology: the walk"


@dataclass(frozen=True, slots=True)
class FiccWalkRules:
    """The FICC-style model's rules.

    Parameters
    ----------
    horizon_days, lookback_years : int
    coverage : Fraction
    quantile : QuantileConvention
    stressed_periods : tuple of (date, date)
    filtered_years : int or None
        Look-back of the Minimum Margin Amount; None where it is off.
    decay : float
        Of its volatility.
    floor_share : Fraction
    bucket_years, midpoint_years : tuple of Fraction
    bid_ask_rate : callable
        Rate on market value of a remaining maturity.
    basis_multiple, spread_multiple : float
    fewest_scenarios : int
    """

    horizon_days: int
    lookback_years: int
    coverage: Fraction
    quantile: QuantileConvention
    stressed_periods: tuple[tuple[date, date], ...]
    filtered_years: int | None
    decay: float
    floor_share: Fraction
    bucket_years: tuple[Fraction, ...]
    midpoint_years: tuple[Fraction, ...]
    bid_ask_rate: Callable[[float], Fraction]
    basis_multiple: float
    spread_multiple: float
    fewest_scenarios: int

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> FiccWalkRules:
        """Return the rules that ``margin/ficc/parameters.toml`` holds.

        Raises
        ------
        RefusedError
            If the model is set to something that a walk does not do.
        """
        _refuse_other(parameters, "ficc", "valuation", FiccValuation.FULL)
        _refuse_other(parameters, "ficc", "sensitivity_source", SensitivitySource.OWN)
        filtered = parameters.text("minimum_margin_amount") == "on"
        return FiccWalkRules(
            horizon_days=parameters.whole("horizon_days"),
            lookback_years=parameters.whole("lookback_years"),
            coverage=parameters.ratio("coverage"),
            quantile=QuantileConvention(parameters.text("quantile_convention")),
            stressed_periods=tuple(parameters.dates("stressed_period")),
            filtered_years=parameters.whole("minimum_margin_lookback_years") if filtered else None,
            decay=float(parameters.ratio("minimum_margin_decay")),
            floor_share=parameters.ratio("floor_share"),
            bucket_years=tuple(parameters.ratios("bucket_years")),
            midpoint_years=tuple(parameters.ratios("bucket_midpoint_years")),
            bid_ask_rate=lambda years: bid_ask_rate(parameters, years),
            basis_multiple=float(parameters.ratio("basis_volatility_multiple")),
            spread_multiple=float(parameters.ratio("spread_volatility_multiple")),
            fewest_scenarios=parameters.whole("fewest_scenarios"),
        )

    def rank(self, count: int) -> int:
        """Return which loss is read among so many scenarios."""
        return tail_rank(count, self.coverage, self.quantile)

    def bucket(self, years: float) -> int:
        """Return the bucket of a remaining maturity."""
        return sum(1 for end in self.bucket_years[1:] if years > float(end))


@dataclass(frozen=True, slots=True)
class CmeWalkRules:
    """The CME-style simulation's rules.

    Parameters
    ----------
    horizon_days, lookback_years : int
    coverage : Fraction
    quantile : QuantileConvention
    stressed_periods : tuple of (date, date)
    decay : float
    historical_weight : Fraction
    basis_multiple, spread_multiple : float
    fewest_scenarios : int
    """

    horizon_days: int
    lookback_years: int
    coverage: Fraction
    quantile: QuantileConvention
    stressed_periods: tuple[tuple[date, date], ...]
    decay: float
    historical_weight: Fraction
    basis_multiple: float
    spread_multiple: float
    fewest_scenarios: int

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> CmeWalkRules:
        """Return the rules that ``margin/cme/parameters.toml`` holds.

        Raises
        ------
        RefusedError
            If the model is set to something that a walk does not do.
        """
        _refuse_other(parameters, "cme", "engine", CmeEngine.FHS)
        _refuse_other(parameters, "cme", "correlation_scaling", CorrelationScaling.NONE)
        _refuse_other(parameters, "cme", "hypothetical_stress", HypotheticalStress.NONE)
        return CmeWalkRules(
            horizon_days=parameters.whole("horizon_days"),
            lookback_years=parameters.whole("lookback_years"),
            coverage=parameters.ratio("coverage"),
            quantile=QuantileConvention(parameters.text("quantile_convention")),
            stressed_periods=tuple(parameters.dates("stressed_periods")),
            decay=float(parameters.ratio("volatility_decay")),
            historical_weight=parameters.ratio("historical_weight"),
            basis_multiple=float(parameters.ratio("basis_volatility_multiple")),
            spread_multiple=float(parameters.ratio("spread_volatility_multiple")),
            fewest_scenarios=parameters.whole("fewest_scenarios"),
        )

    def rank(self, count: int) -> int:
        """Return which loss is read among so many scenarios."""
        return tail_rank(count, self.coverage, self.quantile)


def _refuse_other(parameters: ParameterSet, owner: str, name: str, only: str) -> None:
    value = parameters.text(name)
    if value != only:
        expected = f"{only}: a walk through time does no other"
        raise RefusedError(Refusal(f"{owner}.{name}", value, expected, _RULE))
