"""Undermargined amounts, and the charge against capital for them.

17 CFR 1.22(c): what the collateral required of an account exceeds the value of its funds, with
securities after haircut (1.44(a)). 17 CFR 1.17(c)(5)(viii) and (ix): the charge is what of it no
timely call covers; the ages are recalled, and parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from crossmargin.basics.money import ZERO, Money
from crossmargin.parameters.registry import ParameterSet


class AccountType(StrEnum):
    """Whose account it is, where a rule tells a customer's from others."""

    CUSTOMER = "customer"
    OMNIBUS_OR_NONCUSTOMER = "omnibus_or_noncustomer"


#: How parameter names end, by account type.
SUFFIX_OF: Mapping[AccountType, str] = {
    AccountType.CUSTOMER: "customer",
    AccountType.OMNIBUS_OR_NONCUSTOMER: "other",
}


def undermargined_amount(required: Money, value: Money) -> Money:
    """Return by how much the requirement exceeds the value of the funds; never negative.

    Parameters
    ----------
    required : Money
        Of XM the sum of both CCPs' requirements, after the reduction (order, paragraph (g)).
    value : Money
        Net liquidating value and deposits after haircut; negative in a deficit.
    """
    return max(ZERO, required - value)


@dataclass(frozen=True, slots=True)
class ChargeRules:
    """How old a call may be and still reduce the charge, in business days, by account type."""

    max_age_business_days: Mapping[AccountType, int]

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> ChargeRules:
        """Return the ages that ``collateral/parameters.toml`` holds for the day."""
        return ChargeRules(
            {
                account_type: parameters.whole(f"charge_call_age_business_days_{suffix}")
                for account_type, suffix in SUFFIX_OF.items()
            }
        )


@dataclass(frozen=True, slots=True)
class OutstandingCall:
    """What is still open of a call, and its age in business days."""

    amount: Money
    age_business_days: int

    def __post_init__(self) -> None:
        if self.amount < ZERO or self.age_business_days < 0:
            raise ValueError(f"amount and age must not be negative, was {self}")


@dataclass(frozen=True, slots=True)
class UndermarginedCharge:
    """The charge, and what it is made of.

    Parameters
    ----------
    deficiency : Money
        Maintenance margin above equity, without what was deducted elsewhere.
    calls_counted : Money
        Open calls that are young enough.
    charge : Money
        What remains.
    max_age_business_days : int
    """

    deficiency: Money
    calls_counted: Money
    charge: Money
    max_age_business_days: int


def undermargined_charge(
    *,
    maintenance_margin: Money,
    equity: Money,
    calls: Sequence[OutstandingCall],
    account_type: AccountType,
    rules: ChargeRules,
    deducted: Money = ZERO,
) -> UndermarginedCharge:
    """Return the charge for one undermargined account.

    Parameters
    ----------
    maintenance_margin : Money
    equity : Money
        With collateral after haircut; negative in a deficit.
    calls : sequence of OutstandingCall
        A call of exactly the age still counts.
    account_type : AccountType
    rules : ChargeRules
    deducted : Money
        A deficit already deducted from capital: it is not charged twice.
    """
    age = rules.max_age_business_days[account_type]
    deficiency = max(ZERO, undermargined_amount(maintenance_margin, equity) - deducted)
    counted = Money.total(call.amount for call in calls if call.age_business_days <= age)
    return UndermarginedCharge(deficiency, counted, max(ZERO, deficiency - counted), age)
