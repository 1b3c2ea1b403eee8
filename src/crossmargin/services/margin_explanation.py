"""The use case behind ``xm margin --explain``: why every customer's requirement is what it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from crossmargin.analysis.contributions import (
    RequirementSplit,
    execution_contributions,
    held_contracts,
    requirement_split,
)
from crossmargin.analysis.explanation import Explanation, explain
from crossmargin.analysis.factors import (
    RiskFactor,
    risk_factors,
    without_at_cme,
    without_at_ficc,
)
from crossmargin.analysis.key_rates import KeyRateExposure, key_rate_exposure
from crossmargin.arrangement.reduction import ReductionRules
from crossmargin.basics.money import CENTS_PER_DOLLAR, Money
from crossmargin.margin.book import Block
from crossmargin.margin.cme.model import CmeModel
from crossmargin.margin.cme.span.model import SpanModel
from crossmargin.margin.ficc.model import FiccModel
from crossmargin.market.history import FloatArray
from crossmargin.services.customer_books import PAR_PER_UNIT, holdings_of, instrument_labels
from crossmargin.services.ficc_charges import FiccCharges
from crossmargin.services.held_instruments import HeldInstruments
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_incremental import incremental_figures
from crossmargin.services.margin_positions import MarginRun

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class PositionEffect:
    """What one position of the XM account does to the requirement.

    Parameters
    ----------
    label : str
        CUSIP, contract code, or the term bucket of repo interest.
    quantity : Fraction
        Par dollars, contracts, or dollars of start amount times days left.
    contribution : Fraction
        Exact dollars; with what is not a position's they add up to the requirement.
    marginal : Fraction
        Contribution of one contract, a million dollars of par, or a million dollars for a day.
    incremental : Money
        What the requirement falls by without the position.
    """

    label: str
    quantity: Fraction
    contribution: Fraction
    marginal: Fraction
    incremental: Money


@dataclass(frozen=True, slots=True)
class CustomerExplanation:
    """One customer's explanation with the key-rate DV01 of both legs.

    Parameters
    ----------
    explanation : Explanation
    key_years : ndarray, shape (K,)
    securities_dv01, futures_dv01 : ndarray, shape (K,)
        Dollars per basis point of the XM account's legs.
    split : RequirementSplit
        The requirement by position, risk factor and component.
    positions : tuple of PositionEffect
        Positions of the XM account, largest contribution first.
    """

    explanation: Explanation
    key_years: FloatArray
    securities_dv01: FloatArray
    futures_dv01: FloatArray
    split: RequirementSplit
    positions: tuple[PositionEffect, ...]


def models_without(
    day: MarginDay, factors: Sequence[RiskFactor]
) -> tuple[FiccModel, CmeModel | SpanModel]:
    """Return both models of a day with these factors' shocks set to zero."""
    other = day.with_scenarios(
        ficc=without_at_ficc(factors, day.ficc.scenarios),
        cme=without_at_cme(factors, day.cme.scenarios),
    )
    return other.ficc, other.cme_engine


def explain_run(run: MarginRun) -> tuple[CustomerExplanation, ...]:
    """Return an explanation of every customer of a run, in the result's order."""
    held = HeldInstruments.of(run.result.day, run.books)
    day = held.day
    block = holdings_of(day, [book.xm for book in held.books]).block(0, len(held.books))
    exposure = key_rates_of(day)
    securities, futures = exposure.of(block)

    explanations = explain(day.ficc, day.cme_engine, block, repriced=partial(models_without, day))
    factors = tuple(risk_factors(day.ficc.scenarios.historical))
    rules = ReductionRules.from_parameters(day.parameters.arrangement)
    charges = FiccCharges.on(day.as_of, run.charges, day.parameters.ficc)
    labels = instrument_labels(day)
    explained = []
    for row, (book, customer) in enumerate(zip(held.books, run.result.customers, strict=True)):
        one = block.rows(slice(row, row + 1))
        split = requirement_split(
            day.ficc,
            day.cme_engine,
            one,
            customer.requirement,
            denominator=rules.denominator,
            factors=factors,
        )
        incremental = incremental_figures(day, book, customer, charges)
        add_ons = _AddOns.of(day, one)
        effects = [
            _effect(
                day,
                place,
                units,
                label=labels[place],
                contribution=split.positions[place],
                incremental=incremental[place],
                add_ons=add_ons,
            )
            for place, units in book.xm.items()
        ]
        effects.sort(key=lambda effect: (-abs(effect.contribution), effect.label))
        explained.append(
            CustomerExplanation(
                explanations[row],
                exposure.key_years,
                securities[row],
                futures[row],
                split,
                tuple(effects),
            )
        )
    return tuple(explained)


@dataclass(frozen=True, slots=True)
class _AddOns:
    """What each contract of a portfolio adds to CME's add-ons, and one contract more would."""

    first: int
    dollars: Mapping[int, Fraction]
    rates: Mapping[int, Fraction]

    @staticmethod
    def of(day: MarginDay, one: Block) -> _AddOns:
        execution, held = day.cme_engine.execution, held_contracts(one)
        return _AddOns(
            first=len(day.valuation.book.prices),
            dollars=execution_contributions(day.cme_engine, one),
            rates={place: execution.rate(held, place) for place in held},
        )


def _effect(
    day: MarginDay,
    place: int,
    units: int,
    *,
    label: str,
    contribution: Fraction,
    incremental: Money,
    add_ons: _AddOns,
) -> PositionEffect:
    contract = place - add_ons.first
    repo = add_ons.first + len(day.valuation.contracts)
    if place < add_ons.first:
        quantity, per = Fraction(units * PAR_PER_UNIT), _MILLION
    elif place < repo:
        quantity, per = Fraction(units), 1
    else:
        quantity, per = Fraction(units, CENTS_PER_DOLLAR), _MILLION
    # Concentration grows faster than a position: its rate is asked of one contract more.
    in_account = contribution - add_ons.dollars.get(contract, Fraction(0))
    marginal = in_account * per / quantity + add_ons.rates.get(contract, Fraction(0))
    return PositionEffect(label, quantity, contribution, marginal, incremental)


def key_rates_of(day: MarginDay) -> KeyRateExposure:
    """Return per-unit key-rate DV01s of the day's instruments."""
    return key_rate_exposure(
        day.valuation,
        day.ficc.scenarios.historical.key_years,
        repo_follows_front=float(day.parameters.market.ratio("repo_rate_follows_front")),
    )
