"""Sharing a defaulter's loss between FICC and CME: an interface, and named rule sets.

Section 7 of the Cross-Margining Agreement is not public, nor are its definitions or any example.
The rule sets are hypotheses: each says what of it is known. Known (CFTC proposed order, 90 FR
58525, III.B.1 and III.D): where CME is worse off, some or all of FICC's margin becomes payable to
it, at most the value of the relevant customers' FICC customer property.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.shares import in_cents, no_less_than_zero
from crossmargin.product.position import ClearingOrganization


class PaymentKind(StrEnum):
    """What a payment is made for."""

    GUARANTY = "guaranty"
    MAXIMISATION = "maximisation"


class RuleSet(StrEnum):
    """The named rule sets."""

    OFFSETTING_GAIN_AND_LOSS = "offsetting_gain_and_loss"
    PROPORTIONAL_TO_REQUIREMENT = "proportional_to_requirement"
    MAXIMISATION_PAYMENT = "maximisation_payment"
    CASE_TABLE = "case_table"


class GuarantyLimit(StrEnum):
    """Whose FICC property a payment may use (ruling 26)."""

    PER_CUSTOMER = "per_customer"
    RELEVANT_CUSTOMERS_TOGETHER = "relevant_customers_together"


class CmeToFicc(StrEnum):
    """Whether customer property at CME pays FICC (ruling 26).

    The order speaks of a cross-guaranty (III.D, Fourth), but names a limit and a source of funds
    for FICC's leg alone: that it does not is a reading.
    """

    OFF = "off"
    ON = "on"


class ProportionalLimit(StrEnum):
    """Whether proportional sharing stops at what the payee lacks after its own margin."""

    NONE = "none"
    SHORTFALL = "shortfall"


@dataclass(frozen=True, slots=True)
class Side:
    """One clearing organization's result for one customer, and what it holds.

    Parameters
    ----------
    result : Money
        Gain or loss of the liquidation, before margin.
    margin : Money
        Held for the customer; applied first to the organization's own loss.
    requirement : Money
        Margin requirement, which losses are compared with.
    customer_property : Money
        The customer's property there: no more than that is ever paid.

    Raises
    ------
    ValueError
        If margin, requirement or property is negative.
    """

    result: Money
    margin: Money
    requirement: Money
    customer_property: Money

    def __post_init__(self) -> None:
        if min(self.margin, self.requirement, self.customer_property) < ZERO:
            raise ValueError(f"margin, requirement, property are not negative, was {self!r}")

    @property
    def balance(self) -> Money:
        """Margin plus result: what is left, or negative what is lacking."""
        return self.margin + self.result

    @property
    def shortfall(self) -> Money:
        """What its own margin does not cover."""
        return no_less_than_zero(-self.balance)

    @property
    def payable(self) -> Money:
        """What it could pay: left after its own loss, and within the customer's property."""
        return min(no_less_than_zero(self.balance), self.customer_property)


Sides = Mapping[ClearingOrganization, Side]


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment, and the rule set that asked for it."""

    payer: ClearingOrganization
    payee: ClearingOrganization
    amount: Money
    kind: PaymentKind
    rule_set: RuleSet


@dataclass(frozen=True, slots=True)
class SharingRules:
    """How a loss is shared; the parameters of the owner ``default_management``."""

    rule_set: RuleSet
    limit: GuarantyLimit
    cme_to_ficc: CmeToFicc
    proportional_limit: ProportionalLimit


_ORGANIZATIONS = tuple(ClearingOrganization)
#: A rule set: what the payer owes the payee, before the payer's property and direction limit it.
Rule = Callable[[Side, Side, SharingRules], Money]


def offsetting_gain_and_loss(payer: Side, payee: Side, _rules: SharingRules) -> Money:
    """Return min(gain, shortfall): a gain at one pays what the other lacks after its own margin.

    The agreement's text is not public. That offsetting positions pay for each other is known; the
    amount is a hypothesis.
    """
    return min(no_less_than_zero(payer.result), payee.shortfall)


def proportional_to_requirement(payer: Side, payee: Side, rules: SharingRules) -> Money:
    """Return what brings two losses into the proportion of the requirements.

    Nothing unless both have a loss and the payee's is the larger relative to its requirement. The
    agreement's text is not public: *worse-off* in this sense is a hypothesis, and so is whether it
    is paid where the payee's own margin suffices (``proportional_limit``).
    """
    if max(payer.result, payee.result) >= ZERO:
        return ZERO
    required = payer.requirement + payee.requirement
    if required == ZERO:
        return ZERO
    loss = -(payer.result + payee.result)
    borne = in_cents(
        {
            "payer": loss.dollars * Fraction(payer.requirement.cents, required.cents),
            "payee": loss.dollars * Fraction(payee.requirement.cents, required.cents),
        }
    )["payee"]
    owed = no_less_than_zero(-payee.result - borne)
    stops = rules.proportional_limit is ProportionalLimit.SHORTFALL
    return min(owed, payee.shortfall) if stops else owed


def maximisation_payment(payer: Side, payee: Side, _rules: SharingRules) -> Money:
    """Return min(surplus, deficit): what is left at one pays what is still lacking at the other.

    The agreement's text is not public. That a remaining surplus is shared to the extent of a
    remaining deficit is reported of CME's annual report; the name Maximization Payment for it is
    inferred.
    """
    return min(no_less_than_zero(payer.balance), payee.shortfall)


_SINGLE: Mapping[RuleSet, tuple[Rule, PaymentKind]] = {
    RuleSet.OFFSETTING_GAIN_AND_LOSS: (offsetting_gain_and_loss, PaymentKind.GUARANTY),
    RuleSet.PROPORTIONAL_TO_REQUIREMENT: (proportional_to_requirement, PaymentKind.GUARANTY),
    RuleSet.MAXIMISATION_PAYMENT: (maximisation_payment, PaymentKind.MAXIMISATION),
}
#: The case table: gain against loss, then loss against loss, then what is left over.
_STEPS: Mapping[RuleSet, tuple[RuleSet, ...]] = {
    **{each: (each,) for each in _SINGLE},
    RuleSet.CASE_TABLE: tuple(_SINGLE),
}


@dataclass(frozen=True, slots=True)
class Shared:
    """The payments for one customer, and what each organization has after them.

    Parameters
    ----------
    payments : tuple of Payment
    after : mapping of ClearingOrganization to Money
        Margin plus result plus payments; negative for a deficit. The sum is that before.
    """

    payments: tuple[Payment, ...]
    after: Mapping[ClearingOrganization, Money]


def share(sides: Sides, rules: SharingRules) -> Shared:
    """Share the loss of one customer, or of customers who count as one.

    Payments never exceed what the payer has left and the customer's property there.

    Examples
    --------
    >>> hundred, fifty = Money(100_00), Money(50_00)
    >>> sides = {
    ...     ClearingOrganization.FICC: Side(Money(30_00), hundred, hundred, Money(130_00)),
    ...     ClearingOrganization.CME: Side(Money(-80_00), fifty, fifty, fifty),
    ... }
    >>> rules = SharingRules(RuleSet.OFFSETTING_GAIN_AND_LOSS, GuarantyLimit.PER_CUSTOMER,
    ...     CmeToFicc.OFF, ProportionalLimit.NONE)
    >>> shared = share(sides, rules)
    >>> [str(each.amount) for each in shared.payments], str(shared.after[ClearingOrganization.CME])
    (['30.00'], '0.00')
    """
    ficc, cme = ClearingOrganization.FICC, ClearingOrganization.CME
    directions = [(ficc, cme)] if rules.cme_to_ficc is CmeToFicc.OFF else [(ficc, cme), (cme, ficc)]
    now = dict(sides)
    payments = []
    for step in _STEPS[rules.rule_set]:
        rule, kind = _SINGLE[step]
        for payer, payee in directions:
            asked = rule(now[payer], now[payee], rules)
            amount = min(asked, now[payer].payable)
            if amount > ZERO:
                payments.append(Payment(payer, payee, amount, kind, step))
                now[payer] = _moved(now[payer], -amount)
                now[payee] = _moved(now[payee], amount)
    return Shared(tuple(payments), {name: side.balance for name, side in now.items()})


def _moved(side: Side, amount: Money) -> Side:
    """Return a side after a payment: what it paid is no longer the customer's property there."""
    return replace(
        side,
        result=side.result + amount,
        customer_property=side.customer_property + min(amount, ZERO),
    )


@dataclass(frozen=True, slots=True)
class LossSharing:
    """The sharing for all relevant customers under both limits of the guaranty (ruling 26).

    Parameters
    ----------
    limit : GuarantyLimit
        Which of the two is of record.
    per_customer : mapping of customer to Shared
        Each customer's FICC property answers for that customer alone.
    together : Shared
        The customers count as one: results, margins, requirements and what could be paid summed.
    drawn_together : mapping of ClearingOrganization to mapping of customer to Money
        From whose property the payments of ``together`` come: pro rata to what each could pay.
    """

    limit: GuarantyLimit
    per_customer: Mapping[str, Shared]
    together: Shared
    drawn_together: Mapping[ClearingOrganization, Mapping[str, Money]]

    @property
    def is_per_customer(self) -> bool:
        """Whether each customer's property answers for that customer alone, of record."""
        return self.limit is GuarantyLimit.PER_CUSTOMER

    def paid(self, payer: ClearingOrganization, limit: GuarantyLimit) -> Money:
        """Return all payments of one organization under one of the two limits."""
        of_limit = (
            tuple(self.per_customer.values())
            if limit is GuarantyLimit.PER_CUSTOMER
            else (self.together,)
        )
        return Money.total(
            each.amount for shared in of_limit for each in shared.payments if each.payer is payer
        )

    def drawn(self, payer: ClearingOrganization) -> dict[str, Money]:
        """Return from whose property the payments of record come."""
        if self.limit is GuarantyLimit.RELEVANT_CUSTOMERS_TOGETHER:
            return dict(self.drawn_together[payer])
        return {
            name: Money.total(each.amount for each in shared.payments if each.payer is payer)
            for name, shared in self.per_customer.items()
        }


def share_losses(customers: Mapping[str, Sides], rules: SharingRules) -> LossSharing:
    """Share the losses of a failed BD-FCM's relevant customers.

    Parameters
    ----------
    customers : mapping of customer to Sides
        The cross-margining customers whose positions were liquidated, at least one.
    rules : SharingRules
        ``limit`` says which reading is of record; both are returned.
    """
    if not customers:
        raise ValueError("at least one customer shares a loss")
    summed = {name: _summed([of[name] for of in customers.values()]) for name in _ORGANIZATIONS}
    together = share(summed, rules)
    drawn = {}
    for payer in _ORGANIZATIONS:
        paid = Money.total(each.amount for each in together.payments if each.payer is payer)
        could = {name: of[payer].payable for name, of in customers.items()}
        drawn[payer] = _pro_rata(paid, could)
    return LossSharing(
        rules.limit,
        {name: share(of, rules) for name, of in customers.items()},
        together,
        drawn,
    )


def _summed(sides: list[Side]) -> Side:
    return Side(
        Money.total(each.result for each in sides),
        Money.total(each.margin for each in sides),
        Money.total(each.requirement for each in sides),
        Money.total(each.payable for each in sides),
    )


def _pro_rata(amount: Money, could: Mapping[str, Money]) -> dict[str, Money]:
    total = Money.total(could.values())
    share_paid = Fraction(amount.cents, total.cents) if total > ZERO else Fraction(0)
    return in_cents({name: each.dollars * share_paid for name, each in could.items()})
