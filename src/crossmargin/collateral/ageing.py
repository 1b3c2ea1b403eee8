"""How old unpaid calls are, and what follows: risk-reducing orders only (CP-12).

JAC alerts 14-06 and 14-07, recalled: an account undermargined for an unreasonable time may trade
only to reduce risk; reasonable is less than five business days, four for omnibus and non-customer
accounts. A dispute does not stop the count. What the house calls above the CCPs' minimum leaves
nobody undermargined and is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO
from crossmargin.collateral.calls import CallBook, CallState
from crossmargin.collateral.deadline import NEW_YORK
from crossmargin.collateral.federal_days import SaturdayHoliday, federal_calendar
from crossmargin.collateral.undermargined import SUFFIX_OF, AccountType, OutstandingCall
from crossmargin.parameters.registry import ParameterSet

_ONE_DAY = timedelta(days=1)


class CountedFrom(StrEnum):
    """After which day the age of a call is counted."""

    ISSUED = "issued"
    DUE = "due"


class Orders(StrEnum):
    """Which orders an account may give."""

    ANY = "ANY"
    RISK_REDUCING_ONLY = "RISK_REDUCING_ONLY"


@dataclass(frozen=True, slots=True)
class AgeingRules:
    """How calls age.

    Parameters
    ----------
    counted_from : CountedFrom
    restricted_at_business_days : mapping of AccountType to int
        From this age on orders are restricted.
    calendar : BusinessCalendar
        Federal business days.
    """

    counted_from: CountedFrom
    restricted_at_business_days: Mapping[AccountType, int]
    calendar: BusinessCalendar

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> AgeingRules:
        """Return the rules that ``collateral/parameters.toml`` holds for the day."""
        saturday = parameters.choice("saturday_holiday", list(SaturdayHoliday))
        return AgeingRules(
            counted_from=CountedFrom(parameters.choice("call_age_counted_from", list(CountedFrom))),
            restricted_at_business_days={
                account_type: parameters.whole(f"restricted_at_business_days_{suffix}")
                for account_type, suffix in SUFFIX_OF.items()
            },
            calendar=federal_calendar(SaturdayHoliday(saturday)),
        )

    def age_business_days(self, call: CallState, on: date) -> int:
        """Return the business days after the day of issue, or the due date, up to a day."""
        first = call.issued.due_date
        if self.counted_from is CountedFrom.ISSUED:
            first = call.issued.at.astimezone(NEW_YORK).date()
        return len(self.calendar.business_days(first + _ONE_DAY, on))


@dataclass(frozen=True, slots=True)
class Restriction:
    """Which orders a customer may give, and the calls that say so.

    Parameters
    ----------
    orders : Orders
    call_ids : tuple of str
        Unpaid calls of the age or older, as issued; empty if any order may be given.
    oldest_business_days : int
        Age of the oldest unpaid call; 0 if none is.
    """

    orders: Orders
    call_ids: tuple[str, ...]
    oldest_business_days: int


def restriction(
    book: CallBook,
    customer: CustomerKey,
    *,
    on: date,
    account_type: AccountType,
    rules: AgeingRules,
) -> Restriction:
    """Return which orders a customer may give on a day."""
    ages = {
        call.issued.event_id: rules.age_business_days(call, on)
        for call in book.of_customer(customer)
        if call.is_of_ccp and call.outstanding > ZERO
    }
    limit = rules.restricted_at_business_days[account_type]
    old = tuple(call_id for call_id, age in ages.items() if age >= limit)
    orders = Orders.RISK_REDUCING_ONLY if old else Orders.ANY
    return Restriction(orders, old, max(ages.values(), default=0))


def outstanding_calls(
    book: CallBook, customer: CustomerKey, *, on: date, rules: AgeingRules
) -> tuple[OutstandingCall, ...]:
    """Return what is unpaid of a customer's calls with its age, for the charge against capital."""
    return tuple(
        OutstandingCall(call.outstanding, rules.age_business_days(call, on))
        for call in book.of_customer(customer)
        if call.is_of_ccp and call.outstanding > ZERO
    )
