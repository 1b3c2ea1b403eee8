"""What a BD-FCM asks above the CCPs' minimum, how far it gives credit, in what calls are paid.

The amount that a customer must have is never below the sum of both CCPs' requirements (order,
paragraph (g); CP-06): credit reaches the house's own add-on alone. A limit of the requirement is
the risk limit by margin of 17 CFR 1.73; a limit of what is uncollected holds while calls are open.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money, charge_from_dollars
from crossmargin.basics.refusals import Refusal
from crossmargin.collateral.deadline import CURRENCY_EXPECTED, DOLLARS, is_currency
from crossmargin.collateral.withdrawal import WithdrawalTest

_ADD_ON_RULE = "house add-on; order, paragraph (g); CP-06"
_LIMIT_RULE = "17 CFR 1.73; CP-06"
_UNCOLLECTED_RULE = "limit of uncollected calls; 17 CFR 1.73"


@dataclass(frozen=True, slots=True)
class HouseTerms:
    """One customer's terms from a day on, until later terms take their place.

    Parameters
    ----------
    customer : CustomerKey
    effective_from : date
    add_on_ratio : Fraction
        Part of the CCPs' minimum that the house asks in addition; not negative.
    add_on : Money
        Fixed amount in addition; not negative.
    credit_limit : Money
        How much of the add-on the customer may owe; not negative.
    requirement_limit : Money, optional
        The largest CCP minimum that the house carries for the customer; None: no limit.
    uncollected_limit : Money, optional
        The most that may stand unpaid of the futures account's calls while risk is added or
        property leaves; None: no limit.
    call_currency : str
        In which the customer has agreed to pay its calls: when they are due hangs on it (17 CFR
        1.44(f)). What is called stays US dollars.

    Raises
    ------
    ValueError
        If a term is negative: nothing lowers the CCPs' minimum; or the currency is no code.
    """

    customer: CustomerKey
    effective_from: date
    add_on_ratio: Fraction = Fraction(0)
    add_on: Money = ZERO
    credit_limit: Money = ZERO
    requirement_limit: Money | None = None
    uncollected_limit: Money | None = None
    call_currency: str = DOLLARS

    def __post_init__(self) -> None:
        if self.add_on_ratio < 0:
            raise ValueError(f"add_on_ratio must not be negative, was {self.add_on_ratio}")
        for name in ("add_on", "credit_limit", "requirement_limit", "uncollected_limit"):
            amount = getattr(self, name)
            if amount is not None and amount < ZERO:
                raise ValueError(f"{name} must not be negative, was {amount}")
        if not is_currency(self.call_currency):
            raise ValueError(f"call_currency is {CURRENCY_EXPECTED}, was {self.call_currency!r}")


@dataclass(frozen=True, slots=True)
class MustHave:
    """What a customer must have.

    Parameters
    ----------
    ccp_minimum : Money
        The sum of both CCPs' requirements.
    add_on : Money
        The house's, up to the cent.
    credit : Money
        The part of the add-on that may be owed.
    """

    ccp_minimum: Money
    add_on: Money
    credit: Money

    @property
    def amount(self) -> Money:
        """The minimum and the add-on without the credit: never below the minimum."""
        return self.ccp_minimum + self.add_on - self.credit


def terms_on(terms: Iterable[HouseTerms], customer: CustomerKey, day: date) -> HouseTerms:
    """Return a customer's terms on a day; terms that ask nothing where none are in force.

    Raises
    ------
    ValueError
        If two terms of the customer begin on one day.
    """
    own = [each for each in terms if each.customer == customer and each.effective_from <= day]
    starts = [each.effective_from for each in own]
    if len(set(starts)) < len(starts):
        raise ValueError(f"two terms of {customer} begin on one day, were {sorted(starts)}")
    return max(own, key=lambda each: each.effective_from, default=HouseTerms(customer, day))


def must_have(terms: HouseTerms, ccp_minimum: Money) -> MustHave:
    """Return what a customer must have.

    Raises
    ------
    ValueError
        If the minimum is negative.
    """
    if ccp_minimum < ZERO:
        raise ValueError(f"the CCPs' minimum is not negative, was {ccp_minimum}")
    add_on = charge_from_dollars(ccp_minimum.dollars * terms.add_on_ratio) + terms.add_on
    return MustHave(ccp_minimum, add_on, min(add_on, terms.credit_limit))


def limits_exceeded(
    terms: HouseTerms, *, ccp_minimum: Money, uncollected: Money
) -> tuple[Refusal, ...]:
    """Return every limit of a customer that is exceeded; reaching one is not exceeding it.

    Parameters
    ----------
    terms : HouseTerms
    ccp_minimum : Money
        Both CCPs' requirements.
    uncollected : Money
        What is unpaid of the customer's calls.
    """
    found = []
    limit, most = terms.requirement_limit, terms.uncollected_limit
    if limit is not None and ccp_minimum > limit:
        expected = f"at most {limit}, the customer's requirement limit"
        found.append(Refusal("requirement", str(ccp_minimum), expected, _LIMIT_RULE))
    if most is not None and uncollected > most:
        expected = f"at most {most}, the customer's uncollected limit"
        found.append(Refusal("uncollected", str(uncollected), expected, _UNCOLLECTED_RULE))
    return tuple(found)


def reasons_against_transfer(
    terms: HouseTerms, *, value: Money, ccp_minimum_after: Money, uncollected: Money = ZERO
) -> tuple[Refusal, ...]:
    """Return every reason against a transfer of positions; none if it may go.

    Parameters
    ----------
    terms : HouseTerms
    value : Money
        The customer's net liquidating value and deposits, after haircut.
    ccp_minimum_after : Money
        Both CCPs' requirements with the positions where they would then be.
    uncollected : Money
        What is unpaid of the customer's calls.
    """
    after = must_have(terms, ccp_minimum_after)
    reasons = []
    if value < ccp_minimum_after:
        expected = f"at least {ccp_minimum_after}, what both CCPs require after it"
        reasons.append(Refusal("value", str(value), expected, "order, paragraph (g); CP-06"))
    if value < after.amount > ccp_minimum_after:
        expected = f"at least {after.amount}, with {after.add_on} of the house's"
        reasons.append(Refusal("value", str(value), expected, _ADD_ON_RULE))
    exceeded = limits_exceeded(terms, ccp_minimum=ccp_minimum_after, uncollected=uncollected)
    return (*reasons, *exceeded)


def withdrawal_test(
    terms: HouseTerms, *, value: Money, ccp_minimum: Money, pending: Money = ZERO
) -> WithdrawalTest:
    """Return the withdrawal test with what the house asks included.

    Credit does not serve a withdrawal: property does not leave on borrowed margin, so the whole
    add-on is required.
    """
    asked = must_have(terms, ccp_minimum)
    return WithdrawalTest(value, asked.ccp_minimum + asked.add_on, pending)


def reasons_against_withdrawal(
    terms: HouseTerms,
    *,
    value: Money,
    ccp_minimum: Money,
    request: Money,
    uncollected: Money = ZERO,
) -> tuple[Refusal, ...]:
    """Return every reason against a withdrawal, the house's named apart; none if it may go.

    Parameters
    ----------
    terms : HouseTerms
    value : Money
        Net liquidating value and deposits after haircut, without what waits to leave.
    ccp_minimum : Money
        Both CCPs' requirements today.
    request : Money
        At the value after haircut.
    uncollected : Money
        What is unpaid of the customer's calls.
    """
    by_rule = WithdrawalTest(value, ccp_minimum).reasons_against(request)
    asked = withdrawal_test(terms, value=value, ccp_minimum=ccp_minimum)
    reasons = list(by_rule)
    if not by_rule and not asked.allows(request):
        add_on = asked.required - ccp_minimum
        expected = f"at most {asked.max_withdrawal}, so that {add_on} of the house's stays covered"
        reasons.append(Refusal("request", str(request), expected, _ADD_ON_RULE))
    # What leaves moves no requirement, so that a limit of it says nothing here.
    return (*reasons, *limits_exceeded(terms, ccp_minimum=ZERO, uncollected=uncollected))
