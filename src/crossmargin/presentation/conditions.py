"""The document and the CSV rows of ``xm conditions``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

from crossmargin.analysis.conditions import Outcome
from crossmargin.analysis.limits import Limit
from crossmargin.analysis.roll_off import WINDOWS, TailPlace
from crossmargin.arrangement.reduction import format_ratio
from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import Money
from crossmargin.presentation.cells import LABELS, labels
from crossmargin.presentation.margin_notices import margin_notices
from crossmargin.presentation.run_parts import market_part, owner_part, positions_part
from crossmargin.services.conditions import Conditions, CustomerConditions
from crossmargin.services.margin_positions import MarginRun

Document = dict[str, Any]

_CORRELATION_PLACES = 4
_WITHOUT_PLACES = 10
ROLL_OFF_NOTICE = (
    "Roll-off: new scenario dates are taken as dates without a loss, so the figures say what "
    "leaving dates alone do, not what the requirement will be; positions, prices, volatilities and "
    "haircuts are those of today."
)
CONDITIONS_NOTICE = (
    "Conditions are questions put to the models, one at a time; the multiples, moves and days "
    "ahead are ours (assumed), see parameters of analysis."
)

SPAN_NOTICE = (
    "CME's figures are SPAN's: its scan ranges and credits have no correlation, basis or dates to "
    "change, so they move with the curve alone, and the parameter set stays as it is."
)

CSV_HEADER = (
    *LABELS,
    *("bd_fcm", "customer_id", "condition", "case"),
    *("ficc_saving", "cme_saving", "saving_before_cap", "reduction", "binding"),
    *("ficc_combined", "cme_combined", "requirement", "change"),
    *("ficc_leg_correlation", "cme_leg_correlation"),
    *("is_past", "figure", "direction", "distance_dollars", "distance_saving"),
)


def conditions_document(found: Conditions) -> Document:
    """Return the document of ``xm conditions``."""
    run = found.run
    day = run.result.day
    shown = {each.result.key for each in found.customers}
    body: Document = {
        "as_of": day.as_of.isoformat(),
        "market": market_part(day),
        "parameters": {
            **day.parameters.as_document(),
            "analysis": owner_part(found.parameters),
        },
        "models": {"ficc": day.ficc.name, "cme": day.cme_engine.name},
        "positions": positions_part(run),
        "notices": _notices(run),
        "tenor_correlation": {
            "years": [f"{each:g}" for each in found.rules.reported_years],
            "rows": [
                {
                    "multiple": _number(each.multiple),
                    "ficc": _correlation(each.ficc),
                    "cme": _correlation(each.cme),
                }
                for each in found.tenors
            ],
        },
        "curve_shapes": [
            {
                "shape": shape.name,
                "moves_bp": {
                    f"{years:g}": f"{move:.2f}"
                    for years, move in zip(found.key_years, shape.moves_bp.tolist(), strict=True)
                },
                "cheapest_changes": [
                    {"contract": each.contract, "before": each.before, "after": each.after}
                    for each in changes
                ],
            }
            for shape, changes in found.shapes
        ],
        "leaving": _leaving(found),
        "customers": [_customer(each) for each in found.customers],
        "incomplete": any(each.incomplete for each in run.result.customers if each.key in shown)
        or bool(run.skipped),
    }
    return {**body, "digest": digest_of(body)}


def _notices(run: MarginRun) -> list[str]:
    by_span = [SPAN_NOTICE] if run.result.day.span is not None else []
    return [*margin_notices(run, "EOD"), CONDITIONS_NOTICE, *by_span, ROLL_OFF_NOTICE]


def csv_rows(document: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield one row a customer, condition and case."""
    for customer in document["customers"]:
        for condition, case, row in _cases(customer):
            flat = {**row.get("outcome", {}), **row, "condition": condition, "case": case}
            flat.update({name: customer[name] for name in ("bd_fcm", "customer_id")})
            flat.update(zip(LABELS, labels(document), strict=True))
            yield tuple(_text(flat.get(name)) for name in CSV_HEADER)


def _cases(customer: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    yield "none", "as it is", {"outcome": customer["base"]}
    for row in customer["correlation"]:
        yield "correlation", row["multiple"], row
    for row in customer["basis"]["rows"]:
        yield "basis", row["multiple"], row
    for row in customer["curve"]:
        yield "curve", row["shape"], row
    for row in customer["roll_off"]["days"]:
        yield "roll_off", row["date"], row
    departure = customer["roll_off"]["largest_departure"]
    if departure is not None:
        yield "departure", departure["date"], departure
    for row in customer["limits"]:
        yield "limit", row["limit"], row


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _leaving(found: Conditions) -> list[Document]:
    """Return, for every business day ahead, the scenario dates that leave each window."""
    return [
        {
            "date": day.isoformat(),
            "windows": {
                name: {
                    "dates": [each.isoformat() for each in found.leaving[name][place]],
                    "rank": found.ranks[place][name],
                }
                for name in found.leaving
            },
        }
        for place, day in enumerate(found.days)
    ]


def _customer(customer: CustomerConditions) -> Document:
    base = customer.base
    departure = customer.departure
    return {
        "bd_fcm": customer.result.key.bd_fcm,
        "customer_id": customer.result.key.customer_id,
        "base": _outcome(base, base),
        "correlation": [
            {
                "multiple": _number(row.multiple),
                "ficc_leg_correlation": _correlation(row.ficc_legs),
                "cme_leg_correlation": _correlation(row.cme_legs),
                "outcome": _outcome(row.outcome, base),
            }
            for row in customer.correlation
        ],
        "basis": {
            "rows": [
                {"multiple": _number(multiple), "outcome": _outcome(outcome, base)}
                for multiple, outcome in customer.basis.rows
            ],
            "below_cap_at_multiple": _multiple(customer.basis.below_cap_at),
            "below_threshold_at_multiple": _multiple(customer.basis.below_threshold_at),
        },
        "curve": [
            {"shape": name, "outcome": _outcome(outcome, base)} for name, outcome in customer.curve
        ],
        "roll_off": {
            "days": [
                {"date": day.isoformat(), "outcome": _outcome(outcome, base)}
                for day, outcome in customer.roll_off
            ],
            "leaving_tail": [_tail_place(place) for place in customer.leaving_tail],
            "largest_departure": None
            if departure is None
            else {
                "date": departure.end_date.isoformat(),
                "leaves": {name: day.isoformat() for name, day in departure.leaves_on.items()},
                "outcome": _outcome(departure.outcome, base),
            },
        },
        "limits": [_limit(limit) for limit in customer.limits],
    }


def _outcome(outcome: Outcome, base: Outcome) -> Document:
    return {
        "ficc_saving": format_ratio(outcome.ficc_saving),
        "cme_saving": format_ratio(outcome.cme_saving),
        "saving_before_cap": format_ratio(outcome.saving_before_cap),
        "reduction": format_ratio(outcome.reduction),
        "binding": outcome.binding.value,
        "ficc_combined": str(outcome.ficc_combined),
        "cme_combined": str(outcome.cme_combined),
        "requirement": str(outcome.requirement),
        "change": str(outcome.requirement - base.requirement),
    }


def _tail_place(place: TailPlace) -> Document:
    return {
        "window": place.window,
        "leg": place.leg,
        "date": place.end_date.isoformat(),
        "leaves_on": place.leaves_on.isoformat() if place.leaves_on else None,
        "rank": place.rank,
        "rank_read": place.rank_read,
        "loss": f"{place.loss_dollars:.2f}",
    }


def _limit(limit: Limit) -> Document:
    return {
        "limit": limit.name,
        "is_past": limit.is_past,
        "figure": limit.figure,
        "direction": "rises" if limit.rises else "falls",
        # A distance that is not reached is never shown as reached: up to the cent.
        "distance_dollars": str(
            Money(-(-limit.dollars.numerator * 100 // limit.dollars.denominator))
        ),
        "distance_saving": format_ratio(limit.saving),
    }


def _number(value: Fraction) -> str:
    return f"{float(value):g}"


def _multiple(value: Fraction | None) -> str | None:
    # No more places than the search has.
    if value is None:
        return None
    return f"{float(value):.2f}" if value < _WITHOUT_PLACES else f"{float(value):.0f}"


def _correlation(value: float | None) -> str | None:
    return None if value is None else f"{value:.{_CORRELATION_PLACES}f}"


def window_words(name: str) -> str:
    """Return a window for people."""
    return WINDOWS[name]
