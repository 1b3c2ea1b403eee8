"""Under what conditions the saving expands or contracts: the questions, and a search for a limit.

The questions are parameters (``analysis/parameters.toml``): multiples of correlation and of basis
volatility, shapes of the curve, days ahead. The models answer; nothing here has a figure of its
own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.analysis.correlation import CorrelationVolatility
from crossmargin.arrangement.reduction import Binding
from crossmargin.arrangement.requirement import CustomerRequirement
from crossmargin.basics.money import Money
from crossmargin.parameters.registry import ParameterSet

_TO_A_HUNDREDTH = 100
_A_PAIR = 2


@dataclass(frozen=True, slots=True)
class ConditionRules:
    """What is asked of every customer.

    Parameters
    ----------
    correlation_multiples, basis_multiples : tuple of Fraction
        Ascending.
    keeps_volatility : bool
        Whether each tenor keeps its volatility when correlations change.
    reported_years : tuple of float
        The pair of tenors whose correlation is shown.
    basis_multiple_max : Fraction
    roll_off_business_days : int
    """

    correlation_multiples: tuple[Fraction, ...]
    keeps_volatility: bool
    reported_years: tuple[float, float]
    basis_multiples: tuple[Fraction, ...]
    basis_multiple_max: Fraction
    roll_off_business_days: int

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> ConditionRules:
        """Return the questions that ``analysis/parameters.toml`` holds for the day.

        Raises
        ------
        ValueError
            If a value is not one that the questions know.
        """
        years = [float(each) for each in parameters.ratios("correlation_reported_years")]
        if len(years) != _A_PAIR:
            raise ValueError(
                f"analysis.correlation_reported_years must name two tenors, was {len(years)}"
            )
        volatility = parameters.choice("correlation_volatility", list(CorrelationVolatility))
        return ConditionRules(
            correlation_multiples=parameters.ratios("correlation_multiples"),
            keeps_volatility=volatility == CorrelationVolatility.KEPT,
            reported_years=(years[0], years[1]),
            basis_multiples=parameters.ratios("basis_multiples"),
            basis_multiple_max=parameters.ratio("basis_multiple_max"),
            roll_off_business_days=parameters.whole("roll_off_business_days"),
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """One customer's saving and requirement under one condition.

    Parameters
    ----------
    ficc_saving, cme_saving : Fraction
        Each clearing organization's, before threshold and cap.
    saving_before_cap : Fraction
        The smaller.
    reduction : Fraction
    binding : Binding
    ficc_combined, cme_combined : Money
    requirement : Money
        Of both clearing organizations, what is outside the XM account included.
    """

    ficc_saving: Fraction
    cme_saving: Fraction
    saving_before_cap: Fraction
    reduction: Fraction
    binding: Binding
    ficc_combined: Money
    cme_combined: Money
    requirement: Money

    @staticmethod
    def of(requirement: CustomerRequirement) -> Outcome:
        """Return what matters here of a customer's requirement."""
        reduction = requirement.reduction
        return Outcome(
            ficc_saving=reduction.ficc_saving,
            cme_saving=reduction.cme_saving,
            saving_before_cap=reduction.saving_before_cap,
            reduction=reduction.reduction,
            binding=reduction.binding,
            ficc_combined=requirement.ficc.figures.three.combined,
            cme_combined=requirement.cme.figures.three.combined,
            requirement=requirement.requirement,
        )


def multiple_where_below(
    saving_at: Callable[[Fraction], Fraction],
    limit: Fraction,
    *,
    ladder: Sequence[Fraction],
    largest: Fraction,
) -> Fraction | None:
    """Return the smallest multiple found at which a saving is below a limit.

    To a hundredth; to one per cent of itself where it is larger than one.

    The search climbs from 1 over the ladder's larger multiples, then by doubling, and halves the
    first step in which the saving falls below. A saving that falls below and recovers within one
    step is not seen.

    Parameters
    ----------
    saving_at : callable
    limit : Fraction
    ladder : sequence of Fraction
        Multiples that are asked anyway.
    largest : Fraction
        Where the search ends.

    Returns
    -------
    Fraction or None
        None if the saving is below the limit at 1 already, or never falls below.
    """
    low = Fraction(1)
    if saving_at(low) < limit:
        return None
    climb = [each for each in ladder if low < each < largest]
    high = min(climb[0] if climb else low * 2, largest)
    while saving_at(high) >= limit:
        if high >= largest:
            return None
        low, climb = high, climb[1:]
        high = min(climb[0] if climb else low * 2, largest)
    while (high - low) * _TO_A_HUNDREDTH > max(Fraction(1), low):
        middle = (low + high) / 2
        if saving_at(middle) < limit:
            high = middle
        else:
            low = middle
    return high
