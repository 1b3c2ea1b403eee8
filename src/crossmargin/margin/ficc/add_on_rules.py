"""The parameters of the charges outside the VaR Charge, read and checked once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.basics.money import Money
from crossmargin.margin.ficc.add_ons import MarkToMarketThresholds
from crossmargin.margin.ficc.applicability import Applicability, Component, applicability
from crossmargin.margin.ficc.higher_of import HigherOf
from crossmargin.margin.ficc.liquidity import (
    LiquidityGroup,
    LiquidityRules,
    liquidity_group_names,
)
from crossmargin.parameters.registry import ParameterSet

_NO_EVENTS = "none"


@dataclass(frozen=True, slots=True)
class LiquidityParameters:
    """Groups of the Margin Liquidity Adjustment before a day's standard deviations are known.

    Volumes and spreads are by group: Treasuries by maturity, then TIPS.
    """

    treasury_lower_years: tuple[Fraction, ...]
    tips_lower_years: tuple[Fraction, ...]
    volumes_dollars: tuple[Fraction, ...]
    bid_ask_bp: tuple[Fraction, ...]
    rules: LiquidityRules

    def __post_init__(self) -> None:
        groups = len(self.names)
        for name in ("volumes_dollars", "bid_ask_bp"):
            if len(getattr(self, name)) != groups:
                raise ValueError(f"{name}: expected one for each of {', '.join(self.names)}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the groups."""
        return liquidity_group_names(self.treasury_lower_years, self.tips_lower_years)

    def groups(self, one_day_sigmas: tuple[Fraction, ...]) -> tuple[LiquidityGroup, ...]:
        """Return the groups with a day's standard deviations, one a group."""
        return tuple(
            LiquidityGroup(*each)
            for each in zip(
                self.names, one_day_sigmas, self.volumes_dollars, self.bid_ask_bp, strict=True
            )
        )


@dataclass(frozen=True, slots=True)
class AddOnRules:
    """What the charges outside the VaR Charge are computed with.

    Parameters
    ----------
    applies : mapping of Component to Applicability
    horizon_days : int
    liquidity : LiquidityParameters
    differential_decay, differential_multiplier : Fraction
    differential_observations : int
    backtesting_target : Fraction
    backtesting_rank, backtesting_fewest : int
        Which deficiency; fewer outcomes than the second tell nothing.
    volatility_events : mapping of date to Fraction
        Share of the VaR Charge by date of collection.
    mark_to_market : MarkToMarketThresholds
    higher_of : HigherOf
    higher_of_days : int
        Business days after a trigger.
    """

    applies: Mapping[Component, Applicability]
    horizon_days: int
    liquidity: LiquidityParameters
    differential_decay: Fraction
    differential_observations: int
    differential_multiplier: Fraction
    backtesting_target: Fraction
    backtesting_rank: int
    backtesting_fewest: int
    volatility_events: Mapping[date, Fraction]
    mark_to_market: MarkToMarketThresholds
    higher_of: HigherOf
    higher_of_days: int

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> AddOnRules:
        """Return the rules in force.

        Raises
        ------
        ValueError
            If a value is not what its parameter must hold.
        """
        return AddOnRules(
            applies=applicability(parameters),
            horizon_days=parameters.whole("horizon_days"),
            liquidity=_liquidity(parameters),
            differential_decay=parameters.ratio("portfolio_differential_decay"),
            differential_observations=parameters.whole("portfolio_differential_observations"),
            differential_multiplier=parameters.ratio("portfolio_differential_multiplier"),
            backtesting_target=parameters.ratio("backtesting_target"),
            backtesting_rank=parameters.whole("backtesting_deficiency_rank"),
            backtesting_fewest=parameters.whole("backtesting_fewest_observations"),
            volatility_events=volatility_events(parameters.text("volatility_events")),
            mark_to_market=MarkToMarketThresholds(
                amount=Money(parameters.whole("mark_to_market_threshold_dollars") * 100),
                share_of_var_charge=parameters.ratio("mark_to_market_share_of_var_charge"),
                coverage=parameters.ratio("mark_to_market_coverage"),
            ),
            higher_of=HigherOf(parameters.choice("higher_of", HigherOf)),
            higher_of_days=parameters.whole("higher_of_business_days"),
        )


def volatility_events(text: str) -> Mapping[date, Fraction]:
    """Return shares of the VaR Charge by date: ``2026-11-04: 0.10, 2026-11-05: 0.05`` or ``none``.

    Raises
    ------
    ValueError
        If a part is not a date and a share, a share is negative, or a date comes twice.

    Examples
    --------
    >>> volatility_events("none")
    {}
    >>> volatility_events("2026-11-04: 0.10")
    {datetime.date(2026, 11, 4): Fraction(1, 10)}
    """
    events: dict[date, Fraction] = {}
    if text.strip() == _NO_EVENTS:
        return events
    for part in text.split(","):
        day_text, _, share_text = part.partition(":")
        try:
            day, share = date.fromisoformat(day_text.strip()), Fraction(share_text.strip())
        except (ValueError, ZeroDivisionError):
            raise ValueError(
                f"volatility_events: expected a date and a share, was {part.strip()!r}"
            ) from None
        if share < 0 or day in events:
            raise ValueError(
                f"volatility_events: expected each date once, no negative share, "
                f"was {part.strip()!r}"
            )
        events[day] = share
    return events


def _liquidity(parameters: ParameterSet) -> LiquidityParameters:
    billions = parameters.ratios("liquidity_daily_volume_billions")
    return LiquidityParameters(
        treasury_lower_years=parameters.ratios("liquidity_treasury_lower_years"),
        tips_lower_years=parameters.ratios("liquidity_tips_lower_years"),
        volumes_dollars=tuple(each * 1_000_000_000 for each in billions),
        bid_ask_bp=parameters.ratios("liquidity_bid_ask_bp"),
        rules=LiquidityRules(
            impact_coefficient=parameters.ratio("liquidity_impact_coefficient"),
            threshold=parameters.ratio("liquidity_threshold"),
            scale=parameters.ratio("liquidity_scale"),
        ),
    )
