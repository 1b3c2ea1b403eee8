"""Invented Treasury notes and bonds: an issuance schedule, coupons from the simulated curve.

CUSIPs cannot be real ones: they begin with ``9XM``, and the bases of US issuers begin with two
digits (recalled; the Treasury's are 912...). The letter after that says the kind (``N`` note, ``B``
bond, ``L`` bill, ``T`` TIPS, ``F`` floating rate), four digits count the issues, and the check
digit is right. Coupons of issues before the simulated history are assumed to fall evenly.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor

import numpy as np

from crossmargin.basics.identifiers import Cusip, cusip_check_digit
from crossmargin.market.history import PAR_TENOR_YEARS
from crossmargin.simulation.days import month_end, month_start, months_before, on_or_after
from crossmargin.simulation.path import FIRST_DAY, RatePaths

_EIGHTHS = 8
_SMALLEST_COUPON_PCT = 0.125


@dataclass(frozen=True, slots=True)
class SimulatedIssue:
    """One invented note or bond; amounts in billions of dollars, coupon in per cent a year."""

    cusip: Cusip
    term_years: int
    coupon_pct: float
    issue_date: date
    maturity_date: date
    original_bn: float
    reopenings: tuple[tuple[date, float], ...]

    def coupon_dates_after(self, day: date) -> list[date]:
        """Return the coupon dates after the day, ascending, maturity last."""
        dates = []
        months = 0
        while (coupon := months_before(self.maturity_date, months)) > day:
            dates.append(coupon)
            months += 6
        return dates[::-1]


@dataclass(frozen=True, slots=True)
class _Term:
    """How one term is issued: months of the year, day, size, first and last month, reopenings."""

    years: int
    months: tuple[int, ...]
    at_month_end: bool
    size_bn: float
    first: tuple[int, int]
    last: tuple[int, int] = (9999, 12)
    reopening_bn: float = 0.0


_EVERY_MONTH = tuple(range(1, 13))
_QUARTERLY = (2, 5, 8, 11)
_SCHEDULE = (
    _Term(2, _EVERY_MONTH, True, 69.0, (2004, 1)),
    _Term(3, _EVERY_MONTH, False, 58.0, (2008, 11)),
    _Term(5, _EVERY_MONTH, True, 70.0, (2001, 1)),
    _Term(7, _EVERY_MONTH, True, 44.0, (2009, 2)),
    _Term(10, _QUARTERLY, False, 42.0, (1996, 2), reopening_bn=39.0),
    _Term(20, _QUARTERLY, False, 16.0, (2020, 5), reopening_bn=13.0),
    _Term(30, _QUARTERLY, False, 20.0, (1986, 2), (2001, 8)),
    _Term(30, (2, 8), False, 22.0, (2006, 2), (2008, 12), 18.0),
    _Term(30, _QUARTERLY, False, 25.0, (2009, 2), reopening_bn=22.0),
)
_LONGEST_NOTE_YEARS = 10


def invented_cusip(kind: str, number: int) -> Cusip:
    """Return the CUSIP of the numbered issue of a kind.

    Examples
    --------
    >>> invented_cusip("N", 12).text
    '9XMN00120'
    """
    first_eight = f"9XM{kind}{number:04d}"
    return Cusip(f"{first_eight}{cusip_check_digit(first_eight)}")


def coupon_before_history_pct(issued: date) -> float:
    """Return the assumed coupon of an issue before 2006: 4.5 per cent, 0.25 more a year back."""
    return 4.5 + 0.25 * (FIRST_DAY.year - issued.year)


def par_yield_on(paths: RatePaths, day: date, years: float) -> float:
    """Return the simulated par yield of the last day before ``day``, linear between tenors."""
    row = max(bisect_left(paths.days, day) - 1, 0)
    tenors = [PAR_TENOR_YEARS[name] for name in paths.tenors]
    return float(np.interp(years, tenors, paths.yields_pct[row]))


def _coupon_pct(paths: RatePaths, issued: date, years: int) -> float:
    if issued < FIRST_DAY:
        return coupon_before_history_pct(issued)
    eighths = floor(par_yield_on(paths, issued, years) * _EIGHTHS)
    return max(eighths / _EIGHTHS, _SMALLEST_COUPON_PCT)


def _dates(term: _Term, as_of: date) -> Iterator[tuple[date, date]]:
    """Yield issue and maturity dates: month-end or mid-month; a 20-year bond is issued late."""
    for year in range(term.first[0], min(term.last[0], as_of.year) + 1):
        for month in term.months:
            if not term.first <= (year, month) <= term.last:
                continue
            if term.at_month_end:
                yield on_or_after(month_end(year, month)), month_end(year + term.years, month)
            else:
                nominal = month_start(year, month) + timedelta(days=14)
                issued = month_end(year, month) if term.years == 20 else nominal  # noqa: PLR2004
                yield on_or_after(issued), nominal.replace(year=year + term.years)


def simulate_issues(paths: RatePaths, *, as_of: date) -> tuple[SimulatedIssue, ...]:
    """Return every note and bond issued by the as-of date, matured ones too, by issue date."""
    found = sorted(
        (issued, maturity, index)
        for index, term in enumerate(_SCHEDULE)
        for issued, maturity in _dates(term, as_of)
        if issued <= as_of
    )
    issues = []
    counts = {"N": 0, "B": 0}
    for issued, maturity, index in found:
        term = _SCHEDULE[index]
        kind = "N" if term.years <= _LONGEST_NOTE_YEARS else "B"
        counts[kind] += 1
        reopened = [on_or_after(issued + timedelta(days=days)) for days in (31, 61)]
        again = tuple((day, term.reopening_bn) for day in reopened if day <= as_of)
        issues.append(
            SimulatedIssue(
                cusip=invented_cusip(kind, counts[kind]),
                term_years=term.years,
                coupon_pct=_coupon_pct(paths, issued, term.years),
                issue_date=issued,
                maturity_date=maturity,
                original_bn=term.size_bn,
                reopenings=again if term.reopening_bn else (),
            )
        )
    return tuple(issues)
