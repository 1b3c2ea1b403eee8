"""Funded balance: each customer's share of the property of one class (17 CFR 190.08(c)).

FB_i = (x_i - y_i) / (p - q) x (A + B + C + D) + y_i, once an account class and a customer class.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management.shares import in_cents, no_less_than_zero, share_of

_RULE = "17 CFR 190.08(c)"


@dataclass(frozen=True, slots=True)
class ClassProperty:
    """What there is for one account class and customer class; none of it negative.

    Parameters
    ----------
    letters_of_credit : Money
        That margin the class (A).
    segregated : Money
        Money, securities and property of the class, payments at 100 % among them (B before q).
    allocated : Money
        Under 17 CFR 190.09 (C).
    added_back : Money
        What step 4 of net equity added back (D).
    """

    letters_of_credit: Money
    segregated: Money
    allocated: Money
    added_back: Money

    def __post_init__(self) -> None:
        if min(self.letters_of_credit, self.segregated, self.allocated, self.added_back) < ZERO:
            raise ValueError(f"property is not negative, was {self!r}")

    @property
    def total(self) -> Money:
        """All of it, payments at 100 % included."""
        return self.letters_of_credit + self.segregated + self.allocated + self.added_back


@dataclass(frozen=True, slots=True)
class FundedBalances:
    """The funded balance of each customer of one class.

    Parameters
    ----------
    exact_dollars : mapping of customer to Fraction
    rate : Fraction
        What is paid on claims other than those paid at 100 %; at most 1.
    excess : Money
        What the class leaves after all its claims: to the common pool (17 CFR 190.09(c)(1)(ii)).
    """

    exact_dollars: Mapping[str, Fraction]
    rate: Fraction
    excess: Money

    @property
    def in_cents(self) -> dict[str, Money]:
        """What is paid in whole cents."""
        return in_cents(self.exact_dollars)

    def still_to_pay(self, distributed: Mapping[str, Money]) -> dict[str, Money]:
        """Return funded balances in whole cents less what was transferred or distributed already.

        Negative where more than the funded balance went out: the trustee's to recover.
        """
        return {
            name: amount - distributed.get(name, ZERO) for name, amount in self.in_cents.items()
        }


def funded_balances(
    net_equity: Mapping[str, Money],
    of_class: ClassProperty,
    paid: Mapping[str, Money] | None = None,
) -> FundedBalances:
    """Return the funded balances of one account class and customer class.

    Parameters
    ----------
    net_equity : mapping of customer to Money
        Step 4's add-backs included. A negative one is no claim: it counts as zero and raises
        nobody's share.
    of_class : ClassProperty
    paid : mapping of customer to Money, optional
        Payments at 100 %.

    Raises
    ------
    RefusedError
        If a payment at 100 % is of a customer who is not there, is negative or exceeds its claim,
        or if the property does not cover them.

    Notes
    -----
    No customer is funded beyond its claim (ruling 28); the rest is ``excess``.

    Examples
    --------
    >>> funded = funded_balances(
    ...     {"A": Money(600_00), "B": Money(400_00)},
    ...     ClassProperty(Money(0), Money(800_00), Money(50_00), Money(0)))
    >>> [str(amount) for amount in funded.in_cents.values()]
    ['510.00', '340.00']
    """
    paid = paid or {}
    claims = {name: no_less_than_zero(amount) for name, amount in net_equity.items()}
    _refuse_impossible(claims, of_class, paid)
    in_full = Money.total(paid.values())
    left = of_class.total - in_full
    open_claims = Money.total(claims.values()) - in_full
    rate = share_of(left, open_claims)
    exact = {
        name: (claim - paid.get(name, ZERO)).dollars * rate + paid.get(name, ZERO).dollars
        for name, claim in claims.items()
    }
    return FundedBalances(exact, rate, no_less_than_zero(left - open_claims))


def _refuse_impossible(
    claims: Mapping[str, Money], of_class: ClassProperty, paid: Mapping[str, Money]
) -> None:
    refusals = [
        Refusal(
            f"paid_at_100pct.{name}",
            str(amount),
            f"from 0 to the net equity of the customer, {claims.get(name, ZERO)}",
            _RULE,
        )
        for name, amount in paid.items()
        if not ZERO <= amount <= claims.get(name, ZERO)
    ]
    in_full = Money.total(paid.values())
    if in_full > of_class.total:
        expected = f"at most the property of the class, {of_class.total}"
        refusals.append(Refusal("paid_at_100pct", str(in_full), expected, _RULE))
    if refusals:
        raise RefusedError(*refusals)
