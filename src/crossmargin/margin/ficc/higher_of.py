"""The higher-of rule: which of two VaR Charges a customer is charged at a cycle.

FICC computes the VaR Charge on noon positions and on end-of-day positions. Two readings:

- today's, for a Sponsoring Member Omnibus Account: the intraday charge is the larger of the noon
  VaR and the prior end-of-day VaR, always; the start-of-day charge is the end-of-day VaR;
- SR-FICC-2026-003 (91 FR 5128, proposed): only for an indirect participant whose receive
  obligations and funds-only settlement amounts, summed over all its sponsors and agents, exceed
  FICC's Daily Liquidity Need on a day; then at both cycles of the following 25 business days.

The notice's example says that a need exceeded on day 1 counts from "Day 2 to Day 27": that is 26
days. The rule's own words are 25 business days; here they are day 2 to day 26. The notice's final
status is not known, nor whether cross-margining customers count: the rule is off unless chosen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.money import Money


class FiccCycle(StrEnum):
    """Which positions a charge is computed on.

    ``NOON`` positions of a date are collected on the date; ``SOD`` are its end-of-day positions,
    collected at the start of the next business day.
    """

    NOON = "NOON"
    SOD = "SOD"


class HigherOf(StrEnum):
    """To whom the higher-of rule applies."""

    OFF = "off"
    LARGE_INDIRECT_PARTICIPANTS = "large_indirect_participants"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class CycleCharges:
    """The VaR Charge at both cycles."""

    start_of_day: Money
    intraday: Money


@dataclass(frozen=True, slots=True)
class HigherOfPeriod:
    """Business days on which the rule applies after a trigger, first and last both counted."""

    trigger: date
    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last


def exceeds_daily_liquidity_need(
    *, receive_obligations: Money, funds_only_settlement: Money, daily_liquidity_need: Money
) -> bool:
    """Return whether a day triggers the rule: the need of the customer exceeds FICC's.

    Parameters
    ----------
    receive_obligations, funds_only_settlement : Money
        Of the indirect participant over all its sponsors and agents.
    daily_liquidity_need : Money
        FICC's.
    """
    return receive_obligations + funds_only_settlement > daily_liquidity_need


def higher_of_period(
    trigger: date, *, calendar: BusinessCalendar, business_days: int
) -> HigherOfPeriod:
    """Return the business days that follow a trigger.

    Parameters
    ----------
    trigger : date
    calendar : BusinessCalendar
        FICC's.
    business_days : int
        At least one.

    Raises
    ------
    ValueError
        If there is no business day to apply to, or the calendar does not reach so far.
    """
    if business_days < 1:
        raise ValueError(f"business_days must be at least 1, was {business_days}")
    return HigherOfPeriod(
        trigger,
        calendar.next_business_day(trigger),
        calendar.add_business_days(trigger, business_days),
    )


def higher_of_applies(
    mode: HigherOf,
    *,
    collected_on: date,
    cycle: FiccCycle,
    triggers: Iterable[date],
    calendar: BusinessCalendar,
    business_days: int,
) -> bool:
    """Return whether the rule applies to a charge.

    Parameters
    ----------
    mode : HigherOf
    collected_on : date
        Business day on which the charge is collected; see :func:`collection_date`.
    cycle : FiccCycle
    triggers : iterable of date
        Days on which the customer's need exceeded FICC's.
    calendar : BusinessCalendar
    business_days : int
        How many follow a trigger.
    """
    if mode is HigherOf.OFF:
        return False
    if mode is HigherOf.ALL:
        return cycle is FiccCycle.NOON
    return any(
        collected_on in higher_of_period(day, calendar=calendar, business_days=business_days)
        for day in triggers
    )


def higher_of_charges(
    *, start_of_day_var: Money, noon_var: Money, mode: HigherOf, in_period: bool
) -> CycleCharges:
    """Return the VaR Charge at both cycles.

    Parameters
    ----------
    start_of_day_var : Money
        Of the prior end of day.
    noon_var : Money
    mode : HigherOf
    in_period : bool
        Whether the day lies in the business days after a trigger; only
        ``LARGE_INDIRECT_PARTICIPANTS`` asks.

    Examples
    --------
    >>> both = higher_of_charges(
    ...     start_of_day_var=Money(300), noon_var=Money(150),
    ...     mode=HigherOf.LARGE_INDIRECT_PARTICIPANTS, in_period=True,
    ... )
    >>> both.start_of_day, both.intraday
    (Money(cents=300), Money(cents=300))
    """
    higher = max(start_of_day_var, noon_var)
    if mode is HigherOf.ALL:
        return CycleCharges(start_of_day_var, higher)
    if mode is HigherOf.LARGE_INDIRECT_PARTICIPANTS and in_period:
        return CycleCharges(higher, higher)
    return CycleCharges(start_of_day_var, noon_var)


def collection_date(business_date: date, cycle: FiccCycle, calendar: BusinessCalendar) -> date:
    """Return the business day on which a charge is collected.

    Noon positions are collected at 2:45 pm of the day, end-of-day positions at 9:30 am of the next
    business day (91 FR 5128, footnote 21).
    """
    if cycle is FiccCycle.SOD:
        return calendar.next_business_day(business_date)
    return calendar.on_or_after(business_date)
