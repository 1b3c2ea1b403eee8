"""Original maturity and issue date of securities that stand in a price sheet without them.

Ruling 18: an issue known to the reference keeps its first original maturity; a newer one follows
from its maturity date. Notes maturing on a month end were issued for 2, 5 or 7 years; notes
maturing on the 15th for 3 years or, in the February, May, August and November cycle, 10; bonds for
20 or 30. An issue that is not in the reference was issued after the reference was drawn up, and no
later than the price sheet: that window leaves one term. One that fits none, or two, stays unknown
and out of every basket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from crossmargin.basics.dates import add_months, is_month_end, month_end
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

#: Date of the CME compilation of outstanding issues, and from which maturity on it is complete.
REFERENCE_DATE = date(2025, 3, 13)
REFERENCE_FIRST_MATURITY = date(2026, 12, 1)

_MONTHS_PER_YEAR = 12
_MID_MONTH = 15
_ISSUED_WITHIN = timedelta(days=31)
_LAST_DAY = 31
_REFUNDING_MONTHS = (2, 5, 8, 11)
_MONTH_END_NOTE_YEARS = (2, 5, 7)
_THREE_YEARS, _TEN_YEARS, _TWENTY_YEARS, _THIRTY_YEARS = 3, 10, 20, 30


@dataclass(frozen=True, slots=True)
class ReferenceEntry:
    """What a reference file says of one issue.

    ``original_maturity_years`` is that of the first issue under the CUSIP; ``source`` names the
    file.
    """

    cusip: str
    original_maturity_years: int
    coupon_pct: Decimal
    issue_date: date | None
    maturity_date: date
    source: str


def identify(
    security: TreasurySecurity,
    reference: Mapping[str, tuple[ReferenceEntry, ...]],
    *,
    price_date: date,
    reference_date: date = REFERENCE_DATE,
    reference_first_maturity: date = REFERENCE_FIRST_MATURITY,
) -> TreasurySecurity:
    """Return the security with original maturity, its source, issue and dated date filled in.

    Parameters
    ----------
    security : TreasurySecurity
        As a price sheet has it. Only notes and bonds are identified; others are returned with a
        source that says so.
    reference : mapping of CUSIP to entries
        First issue first.
    price_date : date
        Of the sheet: what it prices has been issued.
    reference_date : date
        Until when the reference is complete.
    reference_first_maturity : date
        From which maturity date on it is complete.
    """
    if security.kind not in (SecurityKind.NOTE, SecurityKind.BOND):
        return replace(security, original_maturity_source=f"unknown: a {security.kind}")
    entries = reference.get(security.cusip.text, ())
    if entries:
        return _from_reference(security, entries)
    earliest = reference_date if security.maturity_date >= reference_first_maturity else date.min
    candidates = [
        (years, issued)
        for years in _issued_terms(security)
        if earliest < (issued := _issue_date(security.maturity_date, years)) <= price_date
    ]
    if len(candidates) != 1:
        terms = " or ".join(str(years) for years, _ in candidates) or "none"
        since = f"after {earliest} and " if earliest > date.min else ""
        return replace(
            security,
            original_maturity_source=(
                f"unknown: not in the reference; terms issued {since}by {price_date}: {terms}"
            ),
        )
    years, issued = candidates[0]
    return _filled(
        security,
        years,
        issued,
        f"derived from the maturity date: {years} years, issued {issued}",
    )


def _from_reference(
    security: TreasurySecurity, entries: tuple[ReferenceEntry, ...]
) -> TreasurySecurity:
    for entry in entries:
        if (entry.maturity_date, entry.coupon_pct) == (
            security.maturity_date,
            security.coupon_pct,
        ):
            return _filled(
                security,
                entry.original_maturity_years,
                entry.issue_date,
                f"reference file: {entry.source}",
            )
    known = ", ".join(f"{entry.coupon_pct} % {entry.maturity_date}" for entry in entries)
    return replace(
        security, original_maturity_source=f"unknown: the reference has other terms ({known})"
    )


def _filled(
    security: TreasurySecurity, years: int, issued: date | None, source: str
) -> TreasurySecurity:
    dated = _dated_date(security.maturity_date, years)
    if issued is not None and not timedelta(0) <= issued - dated <= _ISSUED_WITHIN:
        # Issued between two dates of its cycle, as the bonds of May 2037 and May 2038 were.
        dated = issued
    return replace(
        security,
        original_maturity_years=years,
        original_maturity_source=source,
        issue_date=issued,
        dated_date=dated,
    )


def _issued_terms(security: TreasurySecurity) -> tuple[int, ...]:
    maturity = security.maturity_date
    if is_month_end(maturity):
        return _MONTH_END_NOTE_YEARS if security.kind is SecurityKind.NOTE else ()
    if maturity.day != _MID_MONTH:
        return ()
    refunding = maturity.month in _REFUNDING_MONTHS
    if security.kind is SecurityKind.BOND:
        return (_TWENTY_YEARS, _THIRTY_YEARS) if refunding else ()
    return (_THREE_YEARS, _TEN_YEARS) if refunding else (_THREE_YEARS,)


def _dated_date(maturity: date, years: int) -> date:
    anchor = _LAST_DAY if is_month_end(maturity) else maturity.day
    return add_months(maturity, -years * _MONTHS_PER_YEAR, anchor_day=anchor)


def _issue_date(maturity: date, years: int) -> date:
    dated = _dated_date(maturity, years)
    if years == _TWENTY_YEARS:  # dated the 15th, issued at the end of the month
        dated = month_end(dated.year, dated.month)
    return sifma_calendar().on_or_after(dated)
