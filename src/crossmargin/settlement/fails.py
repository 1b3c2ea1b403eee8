r"""Fails: an obligation that was due and did not settle stays, is marked, ages, and costs.

The charge follows the Treasury Market Practices Group's recommendation, which GSD applies to the
party that fails to deliver and passes on to the party that fails to receive (DTCC, *DVP fail
management*, sourced):

.. math:: C = P\,\frac{n}{360}\,\min(\text{ceiling}, \max(\text{floor}, \text{ceiling} - R))

with the funds *P* of the failed obligation, *n* calendar days from the day it was due until it
settles, and the target rate *R* in force the business day before it was due (its lower end where
the target is a range; recalled). FICC bills it monthly; here it accrues to the customer day by day
(assumed), as a difference of cumulated charges. The group's exemption of small claims between two
parties ($500 a month) is not one of GSD's and is not applied (inferred).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.money import Money
from crossmargin.settlement.amounts import interest
from crossmargin.settlement.rules import SettlementRules


@dataclass(frozen=True, slots=True)
class Fail:
    """One obligation that did not settle, with its age on a day.

    Parameters
    ----------
    lot_id : str
    due : date
    age_calendar_days, age_business_days : int
        Since it was due.
    delivers : bool
        Whether the customer is the one that fails to deliver.
    """

    lot_id: str
    due: date
    age_calendar_days: int
    age_business_days: int
    delivers: bool


def fail_of(
    lot_id: str, *, due: date, on: date, delivers: bool, calendar: BusinessCalendar
) -> Fail:
    """Return a fail with its age.

    Raises
    ------
    ValueError
        If the obligation is not due yet.
    """
    if on < due:
        raise ValueError(f"{lot_id} is due on {due}: it cannot fail on {on}")
    business_days = len(calendar.business_days(due, on)) - calendar.is_business_day(due)
    return Fail(lot_id, due, (on - due).days, business_days, delivers)


def fails_charge_rate_pct(rules: SettlementRules, target_rate_pct: Fraction) -> Fraction:
    """Return the rate of the fails charge, per cent a year.

    Parameters
    ----------
    rules : SettlementRules
    target_rate_pct : Fraction
        Federal funds target, of a range the lower end, the business day before the due date.
    """
    ceiling = rules.fails_charge_ceiling_pct
    return min(ceiling, max(rules.fails_charge_floor_pct, ceiling - target_rate_pct))


def fails_charge(principal: Money, *, rate_pct: Fraction, due: date, through: date) -> Money:
    """Return the charge cumulated from the due date to a day, to the cent.

    Parameters
    ----------
    principal : Money
        Funds of the failed obligation; negative for a short, which pays.
    rate_pct : Fraction
    due, through : date
        Nothing before the due date.

    Examples
    --------
    A fail of ten million over a weekend at 1 per cent:

    >>> str(fails_charge(Money(10_000_000_00), rate_pct=Fraction(1),
    ...                  due=date(2026, 5, 15), through=date(2026, 5, 18)))
    '833.33'
    """
    return interest(principal, rate_pct=rate_pct, days=max(0, (through - due).days))
