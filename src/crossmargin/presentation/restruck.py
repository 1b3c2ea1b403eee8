"""What every document of re-struck books says: where figures come from, and what they are not."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from crossmargin.market.history import DateArray
from crossmargin.parameters.registry import ParameterSet
from crossmargin.presentation.margin_notices import (
    REVIEW_NOTICE,
    SIMULATED_NOTICE,
    derived_price_notices,
)
from crossmargin.presentation.run_parts import market_part, owner_part, positions_part
from crossmargin.services.backtest_series import UnobservedBasis, unobserved_basis
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun

Document = dict[str, Any]

_PERCENT_PLACES = 2
RESTRIKE_NOTICE = (
    "RESTRIKE: every book is struck anew on every date from bonds at par of the same remaining "
    "maturity and DV01, contracts by their cheapest to deliver; windows as known then (ruling 20)."
)
PATH_NOTICE = (
    "RESTRIKE: the book held on each date, from bonds at par of the remaining maturity and DV01 "
    "that each issue had then; the cheapest issues of {} stand for those of every date, delivery "
    "counted from the date; windows as known then (ruling 20)."
)
SCOPE_NOTICE = (
    "The XM account alone, without add-ons: what lies outside it is margined in full and is no "
    "part of the arrangement."
)


def head_document(run: MarginRun, validation: ParameterSet, dates: DateArray) -> Document:
    """Return what every document of re-struck books begins with."""
    day = run.result.day
    return {
        "from": str(dates[0]),
        "to": str(dates[-1]),
        "margin_dates": len(dates),
        "as_of": day.as_of.isoformat(),
        "mode": "restrike",
        "target_coverage_pct": percent(validation.ratio("target_coverage")),
        "market": market_part(day),
        "parameters": {
            **day.parameters.as_document(),
            "validation": owner_part(validation),
        },
        "positions": positions_part(run),
    }


def walk_notices(day: MarginDay, validation: ParameterSet, without_basis: int) -> list[str]:
    """Return the sentences that belong to every figure of re-struck books.

    Parameters
    ----------
    day : MarginDay
    validation : ParameterSet
    without_basis : int
        The most outcomes of a series that have no futures price of their own.
    """
    notices = [SIMULATED_NOTICE] if day.simulated else []
    notices += [*derived_price_notices(day), RESTRIKE_NOTICE, SCOPE_NOTICE]
    if without_basis:
        handled = (
            "left out of every series with futures"
            if unobserved_basis(validation) is UnobservedBasis.LEAVE_OUT
            else "kept with no move of the basis, so that coverage looks better than it was"
        )
        notices.append(
            f"Up to {without_basis} outcomes have no futures price, own or of a "
            f"neighbouring contract; they are "
            f"{handled}."
        )
    return [*notices, REVIEW_NOTICE]


def percent(share: Fraction) -> str:
    """Return a share as per cent, rounded half to even from the exact fraction."""
    hundredths = round(share * 100 * 10**_PERCENT_PLACES)
    return f"{hundredths // 100}.{hundredths % 100:02d}"
