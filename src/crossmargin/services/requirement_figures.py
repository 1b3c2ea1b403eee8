"""A customer's requirement as figures: in the record of a cycle, and of what a port leaves."""

from __future__ import annotations

from crossmargin.arrangement.reduction import format_ratio
from crossmargin.arrangement.requirement import CcpRequirement, CustomerRequirement


def requirement_figures(required: CustomerRequirement) -> dict[str, object]:
    """Return both sides' figures and what they add up to: dollars and cents, ratios."""
    return {
        "ficc": _side(required.ficc),
        "cme": _side(required.cme),
        "standalone": str(required.standalone),
        "requirement": str(required.requirement),
        "saved": str(required.saved),
        "order_check": {
            "ficc_shortfall": str(required.order_check.ficc_shortfall),
            "cme_shortfall": str(required.order_check.cme_shortfall),
        },
    }


def _side(side: CcpRequirement) -> dict[str, object]:
    three = side.figures.three
    return {
        "securities": str(three.securities),
        "futures": str(three.futures),
        "combined": str(three.combined),
        "saving": format_ratio(side.saving),
        "requirement": str(side.requirement),
        "minimum_top_up": str(side.minimum_top_up),
        "outside": str(side.outside),
        "standalone": str(side.standalone),
        "add_ons": {name: str(amount) for name, amount in sorted(side.add_ons.items())},
    }
