"""What a customer's account lacks, and the charge to the BD-FCM's capital for it.

17 CFR 1.22(c), 1.44(a) and 1.17(c)(5)(viii) and (ix). The ages up to which calls reduce the charge
are recalled, so they are parameters.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from crossmargin.basics.money import ZERO, Money
from crossmargin.parameters.registry import ParameterSet


class AccountType(StrEnum):
    """Whose account it is, as the ages of calls are counted."""

    CUSTOMER = "customer"
    OMNIBUS_OR_NONCUSTOMER = "omnibus_or_noncustomer"


@dataclass(frozen=True, slots=True)
class OutstandingCall:
    """A call that is not met."""

    amount: Money
    age_business_days: int


@dataclass(frozen=True, slots=True)
class UndermarginedCharge:
    """The charge, and what made it.

    Parameters
    ----------
    deficiency : Money
        Maintenance margin less equity; zero if nothing lacks.
    calls_counted : Money
        Calls young enough to count.
    charge : Money
    age_business_days_max : int
        The oldest call that counts.
    """

    deficiency: Money
    calls_counted: Money
    charge: Money
    age_business_days_max: int


def undermargined_amount(*, required: Money, value: Money) -> Money:
    """Return what an account lacks of its requirement; a debit balance is part of it."""
    return max(ZERO, required - value)


def counted_age_max(parameters: ParameterSet, account_type: AccountType) -> int:
    """Return the age in business days up to which calls count."""
    if account_type is AccountType.CUSTOMER:
        return parameters.whole("call_counts_business_days")
    return parameters.whole("call_counts_business_days_omnibus")


def undermargined_charge(
    *,
    maintenance: Money,
    equity: Money,
    calls: Iterable[OutstandingCall],
    age_business_days_max: int,
) -> UndermarginedCharge:
    """Return the charge to capital for one account.

    Parameters
    ----------
    maintenance : Money
        Maintenance margin of the account.
    equity : Money
        With collateral after haircuts; may be negative.
    calls : iterable of OutstandingCall
    age_business_days_max : int
    """
    deficiency = undermargined_amount(required=maintenance, value=equity)
    counted = Money.total(
        call.amount for call in calls if call.age_business_days <= age_business_days_max
    )
    return UndermarginedCharge(
        deficiency, counted, max(ZERO, deficiency - counted), age_business_days_max
    )
