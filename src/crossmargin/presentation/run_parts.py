"""What every document says of the market, parameters and positions that it was made from."""

from __future__ import annotations

from typing import Any

from crossmargin.parameters.registry import ParameterSet
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun


def market_part(day: MarginDay) -> dict[str, Any]:
    """Return whether the market is simulated, its digest, and the sheet prices are derived from."""
    source = day.prices.derived_from
    return {
        "simulated": day.simulated,
        "digest": day.market_digest,
        "prices": {"derived_from": source.isoformat() if source else None},
    }


def owner_part(parameters: ParameterSet) -> dict[str, Any]:
    """Return the version of one owner's parameters, and which were changed to what."""
    return {
        **parameters.version_document(),
        "changed": {name: parameters.text(name) for name in sorted(parameters.changed)},
    }


def positions_part(run: MarginRun) -> dict[str, Any]:
    """Return the file's digest, how many rows it has, and those that were skipped."""
    return {
        "sha256": run.positions.sha256,
        "rows": run.positions.row_count,
        "skipped": [refusal.as_document() for refusal in run.skipped],
    }
