"""A customer's explanation as part of the margin document, and the change against another run."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from crossmargin.analysis.contributions import Line
from crossmargin.analysis.explanation import FactorLoss, TailScenario
from crossmargin.arrangement.reduction import format_ratio
from crossmargin.services.margin_change import CustomerChange, RunChange
from crossmargin.services.margin_explanation import CustomerExplanation

Document = dict[str, Any]

_CENTS = 2
_DOLLAR_PLACES = 6
CHANGE_PARTS = ("positions", "market", "model", "rule", "binding_side")


def explanation_document(customer: CustomerExplanation) -> Document:
    """Return why one customer owes what it owes."""
    explanation = customer.explanation
    return {
        "ficc_tail": [_scenario(scenario) for scenario in explanation.ficc_tail],
        "cme_tail": [_scenario(scenario) for scenario in explanation.cme_tail],
        "cme_stress_tail": [_scenario(scenario) for scenario in explanation.cme_stress_tail],
        "key_rate_dv01_dollars_per_bp": [
            {
                "years": f"{years:g}",
                "securities": f"{securities:.2f}",
                "futures": f"{futures:.2f}",
                "net": f"{securities + futures:.2f}",
            }
            for years, securities, futures in zip(
                customer.key_years, customer.securities_dv01, customer.futures_dv01, strict=True
            )
        ],
        "saving_lost": [_loss(loss) for loss in explanation.by_factor],
        "saving_lost_by_kind": [_loss(loss) for loss in explanation.by_kind],
        "contributions": _contributions(customer),
    }


def _contributions(customer: CustomerExplanation) -> Document:
    """Return the three splits, each with what is not a position's and what rounding adds.

    Figures have six decimals; ``rounding`` makes each list add up to the requirement as shown.
    """
    split = customer.split
    others = [_line(line) for line in split.others]
    factors = [_line(line) for line in split.factors]
    components = [_line(line) for line in split.components]
    positions = [
        {
            "instrument": effect.label,
            "quantity": str(round(effect.quantity)),
            "contribution": format_ratio(effect.contribution, places=_DOLLAR_PLACES),
            "marginal": format_ratio(effect.marginal, places=_DOLLAR_PLACES),
            "incremental": str(effect.incremental),
        }
        for effect in customer.positions
    ]
    shown = {
        "positions": [
            *(row["contribution"] for row in positions),
            format_ratio(split.unattributed, places=_DOLLAR_PLACES),
        ],
        "factors": [row["contribution"] for row in factors],
        "components": [row["contribution"] for row in components],
    }
    beside = [row["contribution"] for row in others]
    return {
        "requirement": format_ratio(split.total, places=_CENTS),
        "positions": positions,
        "factors": factors,
        "components": components,
        "others": others,
        "unattributed": format_ratio(split.unattributed, places=_DOLLAR_PLACES),
        "rounding": {
            name: format_ratio(
                split.total - sum(map(Fraction, (*lines, *beside)), Fraction(0)),
                places=_DOLLAR_PLACES,
            )
            for name, lines in shown.items()
        },
    }


def _line(line: Line) -> Document:
    return {
        "label": line.label,
        "contribution": format_ratio(line.dollars, places=_DOLLAR_PLACES),
    }


def _scenario(scenario: TailScenario) -> Document:
    return {
        "rank": scenario.rank,
        "start_date": scenario.start_date.isoformat(),
        "end_date": scenario.end_date.isoformat(),
        "securities": format_ratio(scenario.securities, places=_CENTS),
        "futures": format_ratio(scenario.futures, places=_CENTS),
        "combined": format_ratio(scenario.combined, places=_CENTS),
    }


def _loss(loss: FactorLoss) -> Document:
    figures = {
        "ficc": loss.ficc,
        "cme": loss.cme,
        "ficc_saving_without": loss.ficc_saving_without,
        "cme_saving_without": loss.cme_saving_without,
    }
    return {
        "factor": loss.label,
        **{name: None if value is None else format_ratio(value) for name, value in figures.items()},
    }


def change_document(change: RunChange) -> Document:
    """Return what changed against a previous run, a row a customer of either."""
    day = change.previous.result.day
    return {
        "previous": {
            "as_of": day.as_of.isoformat(),
            "market_digest": day.market_digest,
            "positions_sha256": change.previous.positions.sha256,
            "parameters_digest": day.parameters.as_document()["digest"],
        },
        "customers": [
            {
                "bd_fcm": key.bd_fcm,
                "customer_id": key.customer_id,
                **_change(customer),
            }
            for key, customer in change.customers.items()
        ],
        "not_valued_then": [refusal.as_document() for refusal in change.not_valued_then],
    }


def _change(customer: CustomerChange) -> Document:
    return {
        "previous_requirement": str(customer.previous),
        **{part: str(getattr(customer, part)) for part in CHANGE_PARTS},
        "requirement": str(customer.now),
        "previous_binding": customer.previous_binding.value,
        "binding": customer.binding.value,
    }
