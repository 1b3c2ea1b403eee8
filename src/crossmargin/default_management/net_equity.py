"""Net equity of one customer: steps 3 to 5 of 17 CFR 190.08(b), after equity and aggregation.

Step 1 is :mod:`crossmargin.default_management.account_equity`, step 2
:mod:`crossmargin.default_management.capacities`. The numbering is that of the rule since 2021.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import TypeVar

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import refused
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.shares import in_cents, no_less_than_zero

_K = TypeVar("_K", bound=str)


@dataclass(frozen=True, slots=True)
class SetOff:
    """What is left of one customer's balances after step 3.

    Parameters
    ----------
    equity_dollars : mapping of class to Fraction
        Exact, none negative.
    general_creditor_claim : Money
        What the debtor owes beyond what the customer owes: no claim on customer property.
    owed_by_customer : Money
        What no positive balance covered: a debt to the estate.
    """

    equity_dollars: Mapping[str, Fraction]
    general_creditor_claim: Money
    owed_by_customer: Money


def set_off(
    equity_by_class: Mapping[_K, Money], *, owed_by_customer: Money, owed_to_customer: Money
) -> SetOff:
    """Set off one customer's debts and negative classes against the positive classes (step 3).

    What the customer owes beyond what it is owed, and each negative class, are deducted from the
    positive classes in proportion to them. Never between two customers.

    Parameters
    ----------
    equity_by_class : mapping of class to Money
        Of step 2; may be negative.
    owed_by_customer, owed_to_customer : Money
        Debts outside step 1 (x and y), not negative.

    Notes
    -----
    Where the positive classes do not suffice they are zero and the rest is owed (inferred: a claim
    is not negative).

    Examples
    --------
    >>> after = set_off(
    ...     {"futures": Money(300_00), "cleared_swaps": Money(100_00)},
    ...     owed_by_customer=Money(50_00), owed_to_customer=Money(10_00))
    >>> {name: int(dollars) for name, dollars in after.equity_dollars.items()}
    {'futures': 270, 'cleared_swaps': 90}
    """
    if min(owed_by_customer, owed_to_customer) < ZERO:
        raise ValueError(f"debts are not negative, were {owed_by_customer}, {owed_to_customer}")
    positive = Money.total(map(no_less_than_zero, equity_by_class.values()))
    negative = Money.total(equity_by_class.values()) - positive
    due = no_less_than_zero(owed_by_customer - owed_to_customer) - negative
    covered = min(due, positive)
    kept = 1 - Fraction(covered.cents, positive.cents) if positive > ZERO else Fraction(0)
    return SetOff(
        {name: no_less_than_zero(each).dollars * kept for name, each in equity_by_class.items()},
        no_less_than_zero(owed_to_customer - owed_by_customer),
        due - covered,
    )


@dataclass(frozen=True, slots=True)
class Correction:
    """An adjustment of step 5: signed, with its reason, such as another liquidation value."""

    account_class: AccountClass
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True)
class CustomerRecord:
    """What the five steps need of one customer, one capacity.

    Parameters
    ----------
    equity_by_class : mapping of AccountClass to Money
        Of step 2.
    owed_by_customer, owed_to_customer : Money
        Debts outside step 1.
    moved_after_filing : mapping of AccountClass to Money
        Value at transfer or distribution of property moved after the filing date and before the
        primary liquidation date.
    corrections : tuple of Correction
    claims_not_of_record : mapping of AccountClass to Money
        Claims filed later and allowed, that the debtor's records do not have.
    """

    equity_by_class: Mapping[AccountClass, Money]
    owed_by_customer: Money = ZERO
    owed_to_customer: Money = ZERO
    moved_after_filing: Mapping[AccountClass, Money] = field(default_factory=dict)
    corrections: tuple[Correction, ...] = ()
    claims_not_of_record: Mapping[AccountClass, Money] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NetEquity:
    """One customer's claim by class, in whole cents, with what each step left.

    Parameters
    ----------
    after_set_off, after_distributions, by_class : mapping of AccountClass to Money
        After steps 3, 4 and 5; none negative after 3 and 5.
    general_creditor_claim, owed_by_customer : Money
    """

    after_set_off: Mapping[AccountClass, Money]
    after_distributions: Mapping[AccountClass, Money]
    by_class: Mapping[AccountClass, Money]
    general_creditor_claim: Money
    owed_by_customer: Money


def net_equity(
    record: CustomerRecord,
    *,
    on: date,
    order_for_relief: date,
    is_all_equity_transferred: bool = False,
) -> NetEquity:
    """Return the net equity of one customer.

    Parameters
    ----------
    record : CustomerRecord
    on, order_for_relief : date
        The day of the calculation, and of the order for relief: there is no set-off before it.
    is_all_equity_transferred : bool
        Whether all equity of record of all customers has been transferred: then only claims not of
        record are left (step 4).

    Raises
    ------
    RefusedError
        Before the order for relief, when 17 CFR 1.22 and section 4d govern.
    """
    if on < order_for_relief:
        expected = f"{order_for_relief}, the order for relief, or later"
        raise refused("on", on, expected, "17 CFR 190.08(b)(3)")
    off = set_off(
        record.equity_by_class,
        owed_by_customer=record.owed_by_customer,
        owed_to_customer=record.owed_to_customer,
    )
    cents = in_cents(off.equity_dollars)
    after_set_off = {each: cents[each] for each in record.equity_by_class}
    if is_all_equity_transferred:
        after_distributions = _sum_of(record.claims_not_of_record)
    else:
        after_distributions = _sum_of(
            after_set_off, record.moved_after_filing, record.claims_not_of_record
        )
    corrected = dict(after_distributions)
    for each in record.corrections:
        corrected[each.account_class] = corrected.get(each.account_class, ZERO) + each.amount
    by_class = {name: no_less_than_zero(amount) for name, amount in corrected.items()}
    beyond = Money.total(by_class.values()) - Money.total(corrected.values())
    return NetEquity(
        after_set_off,
        after_distributions,
        by_class,
        off.general_creditor_claim,
        off.owed_by_customer + beyond,
    )


def _sum_of(*parts: Mapping[AccountClass, Money]) -> dict[AccountClass, Money]:
    classes = [each for each in AccountClass if any(each in part for part in parts)]
    return {each: Money.total(part.get(each, ZERO) for part in parts) for each in classes}
