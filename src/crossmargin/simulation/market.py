"""A synthetic market of the same shape as the real one, labelled simulated, made from one seed.

The moves are calibrated to the published par yield curve and futures closes (``calibration.toml``,
``docs/methodology/simulated-market.md``); no real row is in it. The same seed gives the same
tables, another seed another market, an earlier as-of date the beginning of the same history.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from crossmargin.basics.refusals import refused
from crossmargin.market.history import PAR_TENOR_YEARS
from crossmargin.product.calendars import sifma_calendar
from crossmargin.simulation.calibration import Calibration, load_calibration
from crossmargin.simulation.futures import discount_grid, futures_closes
from crossmargin.simulation.issues import SimulatedIssue, simulate_issues
from crossmargin.simulation.overnight import SOFR_FIRST_DAY, fed_funds, fed_funds_futures, sofr
from crossmargin.simulation.path import FIRST_DAY, RatePaths, simulate_paths
from crossmargin.simulation.sheets import security_prices, security_reference

AS_OF = date(2026, 3, 24)
#: The demo's seed: one whose last curve (4.0 to 4.6 per cent) and volatilities are unremarkable.
DEMO_SEED = 18
EARLIEST_AS_OF = SOFR_FIRST_DAY
LATEST_AS_OF = date(2030, 12, 31)
SOURCE = "simulated"
#: Tenors that were not published before a day: the simulated table is blank there too.
FIRST_PUBLISHED = {
    "1.5M": date(2025, 2, 18),
    "2M": date(2018, 10, 16),
    "4M": date(2022, 10, 19),
}


@dataclass(frozen=True, slots=True)
class SimulatedMarket:
    """The tables of a market directory, by name, and what they were made from.

    ``issues`` are the invented notes and bonds outstanding on the as-of date; ``notes`` say in
    words what a reader of the directory must know.
    """

    tables: Mapping[str, pl.DataFrame]
    seed: int
    as_of: date
    notes: Mapping[str, str]
    issues: tuple[SimulatedIssue, ...]

    def as_document(self) -> dict[str, Any]:
        """Return the JSON shape of what was made: label, seed, date, notes, rows of each table."""
        return {
            "simulated": True,
            "seed": self.seed,
            "as_of": self.as_of.isoformat(),
            "notes": dict(self.notes),
            "tables": [
                {"table": name, "rows": table.height} for name, table in self.tables.items()
            ],
        }


def simulate_market(
    *, seed: int, as_of: date = AS_OF, calibration: Calibration | None = None
) -> SimulatedMarket:
    """Return a synthetic market from 2006-01-03 to the as-of date.

    Parameters
    ----------
    seed : int
        Not negative.
    as_of : date
        A business day between 2018-04-03 (the first SOFR) and 2030; the price sheet is of this day.
    calibration : Calibration, optional
        The shipped one unless given.

    Raises
    ------
    RefusedError
        If the seed is negative or the day is not a business day in that range.
    """
    _check(seed, as_of)
    figures = calibration or load_calibration()
    paths = simulate_paths(seed=seed, as_of=as_of, calibration=figures)
    count = bisect_right(paths.days, as_of)
    issues = simulate_issues(paths, as_of=as_of)
    discount = discount_grid(paths)
    funds = fed_funds(paths, seed=seed, calibration=figures)
    tables = {
        "par_yields": par_yields(paths, days_count=count),
        "sofr": sofr(paths, days_count=count, seed=seed, calibration=figures),
        "fed_funds": funds.filter(pl.col("date") <= as_of),
        "futures_closes": futures_closes(
            paths,
            days_count=count,
            issues=issues,
            discount=discount,
            seed=seed,
            calibration=figures,
        ),
        "fed_funds_futures": fed_funds_futures(
            paths,
            days_count=count,
            discount=discount,
            effective=funds,
            seed=seed,
            calibration=figures,
        ),
        "security_prices": security_prices(
            paths, issues, as_of=as_of, seed=seed, calibration=figures
        ),
        "security_reference": security_reference(issues, as_of=as_of),
    }
    outstanding = tuple(issue for issue in issues if issue.security.maturity_date > as_of)
    return SimulatedMarket(tables, seed, as_of, _notes(seed, figures), outstanding)


def par_yields(paths: RatePaths, *, days_count: int) -> pl.DataFrame:
    """Return the table ``par_yields``: per cent, two decimals, blank before a tenor's first day."""
    days = paths.days[:days_count]
    columns: dict[str, object] = {"date": days}
    for name in PAR_TENOR_YEARS:
        values = np.round(paths.tenor(name)[:days_count], 2)
        columns[name] = values
    columns["source"] = [SOURCE] * days_count
    frame = pl.DataFrame(columns)
    return frame.with_columns(
        pl.when(pl.col("date") >= first).then(pl.col(name)).alias(name)
        for name, first in FIRST_PUBLISHED.items()
    )


def _check(seed: int, as_of: date) -> None:
    rule = "simulated market"
    if seed < 0:
        raise refused("seed", seed, "a whole number that is not negative", rule)
    in_range = EARLIEST_AS_OF <= as_of <= LATEST_AS_OF
    if not in_range or not sifma_calendar().is_business_day(as_of):
        raise refused(
            "as_of", as_of, f"a business day from {EARLIEST_AS_OF} to {LATEST_AS_OF}", rule
        )


def _notes(seed: int, calibration: Calibration) -> Mapping[str, str]:
    return {
        "made": f"Simulated, seed {seed}: no price, yield, security or CUSIP in it is real.",
        "calibration": f"simulation/calibration.toml, digest {calibration.registry.digest}",
        "history": f"From {FIRST_DAY}; stress episodes lie at the dates of real ones.",
        "securities": "CUSIPs begin with 9XM, which no US issuer has.",
    }
