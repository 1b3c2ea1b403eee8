r"""Residual interest: what the BD-FCM must keep of its own in segregation (17 CFR 1.22(c), 1.11).

.. math::

    U_i = \max(0, M_i - V_i), \qquad
    R = \sum_i U_i - \sum_{U_i > 0} \max(0, -V_i)

with margin :math:`M_i` that the clearing organizations require for customer :math:`i`, and the
value :math:`V_i` of that customer's funds under 1.20(i)(2), at the close of T. A debit balance is
deducted because the required amount of segregation, from which residual interest is measured,
counts it already. The comparison is due by the Residual Interest Deadline of the next settlement
date.

FICC is no derivatives clearing organization, so 1.22 does not name its part of the requirement. It
is included (status: inferred): the account is a futures account, and other customers' money must
not carry it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.money import ZERO, Money


@dataclass(frozen=True, slots=True)
class CustomerMargin:
    """Margin required for one futures customer, and the value of the customer's funds.

    Parameters
    ----------
    customer_id : str
    value : Money
        Of the customer's futures funds under 1.20(i)(2), at the close; negative for a debit.
    cme, ficc : Money
        Initial margin that each requires, after the reduction for customers of the arrangement.
    cme_without, ficc_without : Money, optional
        The same with no arrangement; as with it where not given.

    Raises
    ------
    ValueError
        If a margin is negative.
    """

    customer_id: str
    value: Money
    cme: Money = ZERO
    ficc: Money = ZERO
    cme_without: Money | None = None
    ficc_without: Money | None = None

    def __post_init__(self) -> None:
        margins = (self.cme, self.ficc, self.cme_without or ZERO, self.ficc_without or ZERO)
        if min(margins) < ZERO:
            raise ValueError(f"{self.customer_id}: margin is not negative, was {margins}")

    def without_arrangement(self) -> CustomerMargin:
        """Return the customer with the saving gone; the value of the funds stays."""
        return CustomerMargin(
            self.customer_id,
            self.value,
            cme=self.cme if self.cme_without is None else self.cme_without,
            ficc=self.ficc if self.ficc_without is None else self.ficc_without,
        )


class UndermarginedScope(StrEnum):
    """Whose requirement counts."""

    CME_AND_FICC = "cme_and_ficc"
    CME_ONLY = "cme_only"  # 1.22 to the letter: derivatives clearing organizations alone


@dataclass(frozen=True, slots=True)
class UndermarginedAmount:
    """One customer's undermargined amount, and the debit balance inside it."""

    customer_id: str
    amount: Money
    debit_included: Money
    after_payments: Money


@dataclass(frozen=True, slots=True)
class ResidualInterest:
    """Required against held.

    Parameters
    ----------
    undermargined : tuple of UndermarginedAmount
        Sorted by customer.
    held : Money
        The BD-FCM's residual interest at the close: line 14 of the segregation statement.
    target : Money
        Line 15.
    required, required_after_payments : Money
        Never negative.
    """

    undermargined: tuple[UndermarginedAmount, ...]
    held: Money
    target: Money
    required: Money
    required_after_payments: Money

    @property
    def total_undermargined(self) -> Money:
        """Gross over customers."""
        return Money.total(each.amount for each in self.undermargined)

    @property
    def debit_balances_included(self) -> Money:
        """Debit balances that the undermargined amounts contain."""
        return Money.total(each.debit_included for each in self.undermargined)

    @property
    def is_compliant_before_payments(self) -> bool:
        """Whether what is held covers what is required at the close."""
        return self.held >= self.required

    @property
    def is_compliant(self) -> bool:
        """Whether what is held covers what is required once payments are counted."""
        return self.held >= self.required_after_payments

    @property
    def shortfall(self) -> Money:
        """What is missing after payments; zero if nothing."""
        return max(ZERO, self.required_after_payments - self.held)

    @property
    def is_under_target(self) -> bool:
        """Whether less is held than management's target."""
        return self.held < self.target

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape, amounts as decimal strings."""
        return {
            "undermargined": {each.customer_id: str(each.amount) for each in self.undermargined},
            "total_undermargined": str(self.total_undermargined),
            "debit_balances_included": str(self.debit_balances_included),
            "residual_interest_required": str(self.required),
            "required_after_payments": str(self.required_after_payments),
            "residual_interest_held": str(self.held),
            "target": str(self.target),
            "compliant_before_payments": self.is_compliant_before_payments,
            "compliant": self.is_compliant,
            "shortfall": str(self.shortfall),
            "under_target": self.is_under_target,
        }


def residual_interest(
    customers: Sequence[CustomerMargin],
    *,
    held: Money,
    target: Money,
    payments: Mapping[str, Money],
    scope: UndermarginedScope,
) -> ResidualInterest:
    """Return residual interest required and held.

    Parameters
    ----------
    customers : sequence of CustomerMargin
        Every futures customer once.
    held, target : Money
    payments : mapping of customer to Money
        Received from a customer up to the deadline, net of what was disbursed to that customer. A
        payment counts up to that customer's undermargined amount: nobody's payment covers another.
        ``held`` is of the close, so it does not contain them.
    scope : UndermarginedScope

    Raises
    ------
    ValueError
        If a customer stands there twice, or a payment is of nobody.
    """
    by_name = {customer.customer_id: customer for customer in customers}
    if len(by_name) != len(customers):
        raise ValueError(f"one row a customer, were {sorted(c.customer_id for c in customers)}")
    if unknown := sorted(set(payments) - set(by_name)):
        raise ValueError(f"payments come from customers of the day, came from {unknown}")
    amounts = tuple(
        _undermargined(by_name[name], payments.get(name, ZERO), scope) for name in sorted(by_name)
    )
    required = Money.total(each.amount - each.debit_included for each in amounts)
    reduction = Money.total(each.amount - each.after_payments for each in amounts)
    return ResidualInterest(
        undermargined=amounts,
        held=held,
        target=target,
        required=required,
        required_after_payments=max(ZERO, required - reduction),
    )


def _undermargined(
    customer: CustomerMargin, payment: Money, scope: UndermarginedScope
) -> UndermarginedAmount:
    margin = customer.cme
    if scope is UndermarginedScope.CME_AND_FICC:
        margin += customer.ficc
    amount = max(ZERO, margin - customer.value)
    return UndermarginedAmount(
        customer.customer_id,
        amount=amount,
        # Margin is never negative: where there is a debit, it is inside the amount as a whole.
        debit_included=max(ZERO, -customer.value),
        after_payments=max(ZERO, margin - customer.value - payment),
    )


def without_savings(
    customers: Sequence[CustomerMargin],
    *,
    held: Money,
    target: Money,
    scope: UndermarginedScope,
) -> ResidualInterest:
    """Return residual interest were the saving of every customer of the arrangement zero.

    No payment is counted. It answers whether the target would carry a suspension of the
    arrangement at the close, before any customer has paid (status: the stress is ours).
    """
    stressed = [customer.without_arrangement() for customer in customers]
    return residual_interest(stressed, held=held, target=target, payments={}, scope=scope)


class WithdrawalFinding(StrEnum):
    """What stands against a withdrawal of residual interest, or what it entails."""

    STATEMENT_NOT_FILED = "statement_not_filed"  # 1.23: after the prior day's statement only
    EXCEEDS_RESIDUAL_INTEREST = "exceeds_residual_interest"
    UNDER_REQUIRED = "under_required"
    APPROVAL_MISSING = "approval_missing"  # over a quarter, no senior officer named
    OVER_A_QUARTER = "over_a_quarter"  # same-day notice to the CFTC and the DSRO
    UNDER_TARGET = "under_target"  # restore by the next close, or lower the target


#: Findings that refuse the withdrawal; the others ask for a notice.
REFUSING = frozenset(
    {
        WithdrawalFinding.STATEMENT_NOT_FILED,
        WithdrawalFinding.EXCEEDS_RESIDUAL_INTEREST,
        WithdrawalFinding.UNDER_REQUIRED,
        WithdrawalFinding.APPROVAL_MISSING,
    }
)


@dataclass(frozen=True, slots=True)
class ProForma:
    """Residual interest before a withdrawal for the BD-FCM's own use, and after.

    Parameters
    ----------
    prior_day_held : Money
        Line 14 of the statement filed for the business day before.
    withdrawn_today : Money
        Every withdrawal of the day for the BD-FCM's own use, this one included.
    held_after : Money
    required : Money
    target : Money
    findings : tuple of WithdrawalFinding
        Every one that applies, in the order of the list.
    """

    prior_day_held: Money
    withdrawn_today: Money
    held_after: Money
    required: Money
    target: Money
    findings: tuple[WithdrawalFinding, ...]

    @property
    def is_allowed(self) -> bool:
        """Whether nothing refuses it."""
        return not REFUSING & set(self.findings)

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape, amounts as decimal strings."""
        return {
            "residual_interest_prior_day": str(self.prior_day_held),
            "withdrawn_today": str(self.withdrawn_today),
            "held_after": str(self.held_after),
            "required": str(self.required),
            "target": str(self.target),
            "allowed": "yes" if self.is_allowed else "no",
            "findings": [finding.value for finding in self.findings],
        }


def pro_forma(
    *,
    prior_day_held: Money,
    request: Money,
    withdrawn_earlier: Money,
    deposits: Money,
    estimated_debits: Money,
    required: Money,
    target: Money,
    is_statement_filed: bool,
    approved_by: str,
    notice_share: Fraction,
) -> ProForma:
    """Return what a withdrawal of residual interest would leave.

    Source: 17 CFR 1.23, and JAC Regulatory Alert 18-04 for the pro-forma (withdrawals, deposits,
    estimated debits and deficits; its list was cut off in the copy read). Status: inferred.

    Parameters
    ----------
    prior_day_held : Money
    request, withdrawn_earlier, deposits, estimated_debits : Money
        Of today, none negative: this withdrawal, earlier ones, what the BD-FCM added, and debits
        and deficits of customers as estimated now.
    required, target : Money
    is_statement_filed : bool
        Whether the statement of the business day before has been filed.
    approved_by : str
        The senior officer who approved in writing; empty if nobody did.
    notice_share : Fraction
        Share of prior-day residual interest above which approval and notice are asked for: reaching
        it is not above it.

    Raises
    ------
    ValueError
        If the request is not positive or another amount of today is negative.
    """
    if request <= ZERO or min(withdrawn_earlier, deposits, estimated_debits) < ZERO:
        raise ValueError("a request is above zero, the other amounts of the day are not negative")
    withdrawn = withdrawn_earlier + request
    held_after = prior_day_held + deposits - estimated_debits - withdrawn
    is_over = withdrawn.cents > notice_share * max(ZERO, prior_day_held).cents
    applies = {
        WithdrawalFinding.STATEMENT_NOT_FILED: not is_statement_filed,
        WithdrawalFinding.EXCEEDS_RESIDUAL_INTEREST: held_after < ZERO,
        WithdrawalFinding.UNDER_REQUIRED: held_after < required,
        WithdrawalFinding.APPROVAL_MISSING: is_over and not approved_by,
        WithdrawalFinding.OVER_A_QUARTER: is_over,
        WithdrawalFinding.UNDER_TARGET: held_after < target,
    }
    return ProForma(
        prior_day_held,
        withdrawn,
        held_after,
        required,
        target,
        tuple(finding for finding in WithdrawalFinding if applies[finding]),
    )
