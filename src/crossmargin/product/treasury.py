"""Treasury securities: the terms, as announced, and the payments they promise.

Schedules run backwards from the maturity date in steps of six months; a security that matures on
the last day of a month pays on last days of months. Payments that fall on a holiday are made the
next business day without interest for the delay (31 CFR 356.30); yields, accrued interest and the
payments here use the scheduled dates, unadjusted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.dates import add_months, is_month_end
from crossmargin.basics.identifiers import Cusip

_MONTHS_PER_HALF_YEAR = 6
_LAST_DAY = 31
_PRINCIPAL_PER_100 = Fraction(100)


class SecurityKind(StrEnum):
    """What the Treasury calls it."""

    NOTE = "NOTE"
    BOND = "BOND"
    BILL = "BILL"
    TIPS = "TIPS"
    FRN = "FRN"
    STRIPS = "STRIPS"


#: Kinds that pay a fixed semi-annual rate (for TIPS: of an indexed principal).
COUPON_KINDS = frozenset({SecurityKind.NOTE, SecurityKind.BOND, SecurityKind.TIPS})


@dataclass(frozen=True, slots=True)
class TreasurySecurity:
    """One outstanding marketable Treasury security.

    ``coupon_pct`` is per cent a year (the real coupon for TIPS; 0 for bills, STRIPS and FRN).
    ``original_maturity_years`` is None where it is unknown; ``original_maturity_source`` says how
    it is known ("reference file", "derived from the maturity date ...", "unknown ...").
    """

    cusip: Cusip
    kind: SecurityKind
    coupon_pct: Decimal
    maturity_date: date
    issue_date: date | None = None
    dated_date: date | None = None
    first_coupon_date: date | None = None
    original_maturity_years: int | None = None
    original_maturity_source: str = "unknown"

    def __post_init__(self) -> None:
        if not self.coupon_pct.is_finite() or self.coupon_pct < 0:
            raise ValueError(f"coupon_pct must be zero or more, was {self.coupon_pct}")
        for name in ("issue_date", "dated_date"):
            day = getattr(self, name)
            if day is not None and day >= self.maturity_date:
                raise ValueError(f"{name} must precede {self.maturity_date}, was {day}")


@dataclass(frozen=True, slots=True, order=True)
class CashFlow:
    """One scheduled payment, in dollars per $100 of par."""

    date: date
    amount_per_100: Fraction


def cash_flows_per_100(security: TreasurySecurity, *, after: date) -> tuple[CashFlow, ...]:
    """Return what the holder of $100 of par is paid after a day, on the scheduled dates.

    Notes and bonds: coupons and principal, the first coupon in proportion to its period where the
    dated or first coupon date makes it irregular (31 CFR 356, Appendix B). TIPS: the same in real
    terms, without the index ratio. Bills and STRIPS: 100 at maturity. An FRN is treated as 100 at
    maturity: its floating coupons are not projected.

    Parameters
    ----------
    security : TreasurySecurity
    after : date
        A payment on this day itself is no longer the holder's.

    Returns
    -------
    tuple of CashFlow
        In order of date; principal and last coupon are one flow. Empty once matured.
    """
    if security.maturity_date <= after:
        return ()
    regular = half_coupon_per_100(security)
    flows = [CashFlow(day, regular) for day in coupon_dates(security, after=after)]
    if flows:
        # Only a coupon with none before it can be irregular.
        flows[0] = CashFlow(flows[0].date, coupon_per_100(security, flows[0].date))
    last_coupon = flows.pop().amount_per_100 if flows else Fraction(0)
    flows.append(CashFlow(security.maturity_date, last_coupon + _PRINCIPAL_PER_100))
    return tuple(flows)


def coupon_dates(security: TreasurySecurity, *, after: date) -> tuple[date, ...]:
    """Return the scheduled coupon dates after a day, the maturity date last.

    None before the first coupon date, or on or before the dated date, where those are known.
    """
    if security.kind not in COUPON_KINDS:
        return ()
    dates = []
    for day in _schedule_backwards(security):
        if day <= after or not _is_paid_on(security, day):
            break
        dates.append(day)
    return tuple(reversed(dates))


def coupon_per_100(security: TreasurySecurity, day: date) -> Fraction:
    """Return the coupon paid on one of the security's coupon dates, in dollars per $100 of par."""
    start = add_months(day, -_MONTHS_PER_HALF_YEAR, anchor_day=_anchor(security))
    if security.dated_date is None or _is_paid_on(security, start):
        return half_coupon_per_100(security)
    return half_coupon_per_100(security) * half_years_between(security, security.dated_date, day)


def half_coupon_per_100(security: TreasurySecurity) -> Fraction:
    """Return a regular semi-annual coupon, in dollars per $100 of par."""
    return Fraction(security.coupon_pct) / 2


def previous_coupon_date(security: TreasurySecurity, on: date) -> date:
    """Return the last date of the semi-annual schedule on or before a day.

    The schedule is continued before the first coupon: that is what fractions of a half-year are
    measured in.
    """
    return _half_year_around(security, on)[0]


def next_coupon_date(security: TreasurySecurity, on: date) -> date:
    """Return the first date of the semi-annual schedule after a day."""
    return _half_year_around(security, on)[1]


def half_years_between(security: TreasurySecurity, first: date, last: date) -> Fraction:
    """Return the half-years from first to last, actual/actual in each period of the schedule.

    Examples
    --------
    >>> note = TreasurySecurity(
    ...     Cusip("91282CCB5"), SecurityKind.NOTE, Decimal("1.625"), date(2031, 5, 15)
    ... )
    >>> half_years_between(note, date(2021, 5, 15), date(2021, 5, 17))
    Fraction(1, 92)
    """
    return _half_years_to_maturity(security, first) - _half_years_to_maturity(security, last)


def last_interest_date(security: TreasurySecurity, on: date) -> date:
    """Return the day from which interest has accrued on a day: a coupon date or the dated date."""
    previous = previous_coupon_date(security, on)
    if security.dated_date is None or _is_paid_on(security, previous):
        return previous
    return security.dated_date


def _is_paid_on(security: TreasurySecurity, day: date) -> bool:
    # Whether a date of the schedule is one of the security's coupons.
    if security.first_coupon_date is not None:
        return day >= security.first_coupon_date
    return security.dated_date is None or day > security.dated_date


def _half_years_to_maturity(security: TreasurySecurity, day: date) -> Fraction:
    previous, following = _half_year_around(security, day)
    months = (security.maturity_date.year - following.year) * 12
    months += security.maturity_date.month - following.month
    fraction = Fraction((following - day).days, (following - previous).days)
    return months // _MONTHS_PER_HALF_YEAR + fraction


def _half_year_around(security: TreasurySecurity, day: date) -> tuple[date, date]:
    maturity, anchor = security.maturity_date, _anchor(security)
    months = (maturity.year - day.year) * 12 + maturity.month - day.month
    steps = -(-months // _MONTHS_PER_HALF_YEAR)
    start = add_months(maturity, -steps * _MONTHS_PER_HALF_YEAR, anchor_day=anchor)
    while start > day:
        steps += 1
        start = add_months(maturity, -steps * _MONTHS_PER_HALF_YEAR, anchor_day=anchor)
    return start, add_months(start, _MONTHS_PER_HALF_YEAR, anchor_day=anchor)


def _schedule_backwards(security: TreasurySecurity) -> Iterator[date]:
    day, anchor = security.maturity_date, _anchor(security)
    while True:
        yield day
        day = add_months(day, -_MONTHS_PER_HALF_YEAR, anchor_day=anchor)


def _anchor(security: TreasurySecurity) -> int:
    maturity = security.maturity_date
    return _LAST_DAY if is_month_end(maturity) else maturity.day
