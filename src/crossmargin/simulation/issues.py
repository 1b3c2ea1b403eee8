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
from decimal import Decimal
from math import floor

import numpy as np

from crossmargin.basics.dates import add_months, is_month_end, month_end
from crossmargin.basics.identifiers import Cusip, cusip_check_digit
from crossmargin.market.history import PAR_TENOR_YEARS
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.treasury import SecurityKind, TreasurySecurity
from crossmargin.simulation.path import FIRST_DAY, RatePaths

_EIGHTHS = 8
_MID_MONTH = 15


@dataclass(frozen=True, slots=True)
class SimulatedIssue:
    """One invented note or bond: its terms, and amounts issued in billions of dollars."""

    security: TreasurySecurity
    original_bn: float
    reopenings: tuple[tuple[date, float], ...]

    @property
    def issue_date(self) -> date:
        """The day of the first issue: every invented issue has one."""
        assert self.security.issue_date is not None
        return self.security.issue_date


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
_TWENTY_YEARS = 20


def invented_cusip(kind: str, number: int) -> Cusip:
    """Return the CUSIP of the numbered issue of a kind.

    Examples
    --------
    >>> invented_cusip("N", 12).text
    '9XMN00120'
    """
    first_eight = f"9XM{kind}{number:04d}"
    return Cusip(f"{first_eight}{cusip_check_digit(first_eight)}")


def coupon_before_history_pct(issued: date) -> Decimal:
    """Return the assumed coupon of an issue before 2006: 4.5 per cent, 0.25 more a year back."""
    return Decimal("4.5") + Decimal("0.25") * (FIRST_DAY.year - issued.year)


def par_yield_on(paths: RatePaths, day: date, years: float) -> float:
    """Return the simulated par yield of the last day before ``day``, linear between tenors."""
    row = max(bisect_left(paths.days, day) - 1, 0)
    tenors = [PAR_TENOR_YEARS[name] for name in paths.tenors]
    return float(np.interp(years, tenors, paths.yields_pct[row]))


def _coupon_pct(paths: RatePaths, issued: date, years: int) -> Decimal:
    if issued < FIRST_DAY:
        return coupon_before_history_pct(issued)
    eighths = floor(par_yield_on(paths, issued, years) * _EIGHTHS)
    return Decimal(max(eighths, 1)) / _EIGHTHS


def _dates(term: _Term, as_of: date) -> Iterator[tuple[date, date]]:
    """Yield issue and maturity dates: month-end or mid-month; a 20-year bond is issued late."""
    calendar = sifma_calendar()
    for year in range(term.first[0], min(term.last[0], as_of.year) + 1):
        for month in term.months:
            if not term.first <= (year, month) <= term.last:
                continue
            if term.at_month_end:
                issued, maturity = month_end(year, month), month_end(year + term.years, month)
            else:
                middle = date(year, month, _MID_MONTH)
                issued = month_end(year, month) if term.years == _TWENTY_YEARS else middle
                maturity = middle.replace(year=year + term.years)
            yield calendar.on_or_after(issued), maturity


def simulate_issues(paths: RatePaths, *, as_of: date) -> tuple[SimulatedIssue, ...]:
    """Return every note and bond issued by the as-of date, matured ones too, by issue date."""
    found = sorted(
        (issued, maturity, index)
        for index, term in enumerate(_SCHEDULE)
        for issued, maturity in _dates(term, as_of)
        if issued <= as_of
    )
    issues = []
    counts = dict.fromkeys((SecurityKind.NOTE, SecurityKind.BOND), 0)
    calendar = sifma_calendar()
    for issued, maturity, index in found:
        term = _SCHEDULE[index]
        kind = SecurityKind.NOTE if term.years <= _LONGEST_NOTE_YEARS else SecurityKind.BOND
        counts[kind] += 1
        security = TreasurySecurity(
            cusip=invented_cusip(kind[0], counts[kind]),
            kind=kind,
            coupon_pct=_coupon_pct(paths, issued, term.years),
            maturity_date=maturity,
            issue_date=issued,
            dated_date=_dated_date(maturity, term.years),
            original_maturity_years=term.years,
            original_maturity_source="simulated",
        )
        reopened = [calendar.on_or_after(issued + timedelta(days=days)) for days in (31, 61)]
        again = tuple((day, term.reopening_bn) for day in reopened if day <= as_of)
        issues.append(SimulatedIssue(security, term.size_bn, again if term.reopening_bn else ()))
    return tuple(issues)


def _dated_date(maturity: date, years: int) -> date:
    # Whole half-years before maturity, whatever day the issue fell on: the first coupon is regular.
    anchor = 31 if is_month_end(maturity) else None
    return add_months(maturity, -12 * years, anchor_day=anchor)
