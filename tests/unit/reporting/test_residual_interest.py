"""Residual interest: gross, after payments, without savings, before a withdrawal."""

from __future__ import annotations

from fractions import Fraction

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.reporting.residual_interest import (
    CustomerMargin,
    ProForma,
    ResidualInterest,
    UndermarginedScope,
    WithdrawalFinding,
    pro_forma,
    residual_interest,
    without_savings,
)


def dollars(amount: int) -> Money:
    return Money(amount * 100)


#: The customers of the worked example in the notes on customer protection; D is in the arrangement.
CUSTOMERS = (
    CustomerMargin("A", dollars(7_300_000), cme=dollars(6_000_000)),
    CustomerMargin("B", dollars(200_000), cme=dollars(350_000)),
    CustomerMargin("C", dollars(-80_000), cme=dollars(90_000)),
    CustomerMargin(
        "D",
        dollars(2_470_000),
        cme=dollars(400_000),
        ficc=dollars(2_300_000),
        cme_without=dollars(2_000_000),
        ficc_without=dollars(6_000_000),
    ),
)


def interest(
    payments: dict[str, int] | None = None,
    scope: UndermarginedScope = UndermarginedScope.CME_AND_FICC,
    customers: tuple[CustomerMargin, ...] = CUSTOMERS,
) -> ResidualInterest:
    return residual_interest(
        customers,
        held=dollars(570_000),
        target=dollars(600_000),
        payments={name: dollars(amount) for name, amount in (payments or {}).items()},
        scope=scope,
    )


def test_the_worked_example():
    found = interest({"D": 230_000})
    assert [each.amount for each in found.undermargined] == [
        ZERO,
        dollars(150_000),
        dollars(170_000),
        dollars(230_000),
    ]
    assert found.total_undermargined == dollars(550_000)
    assert found.debit_balances_included == dollars(80_000)
    assert found.required == dollars(470_000)
    assert found.required_after_payments == dollars(240_000)
    assert found.is_compliant_before_payments
    assert found.is_under_target


def test_a_payment_covers_no_other_customer():
    assert interest({"D": 10_000_000}).required_after_payments == dollars(240_000)
    assert interest({"A": 10_000_000}).required_after_payments == dollars(470_000)


def test_what_is_paid_out_adds():
    assert interest({"B": -50_000}).required_after_payments == dollars(520_000)
    # A was above its margin by 1,300,000: only what falls below it counts.
    assert interest({"A": -1_400_000}).required_after_payments == dollars(570_000)


def test_all_paid_leaves_nothing_required():
    paid = {"B": 150_000, "C": 170_000, "D": 230_000}
    assert interest(paid).required_after_payments == ZERO


def test_to_the_letter_ficc_is_left_out():
    found = interest(scope=UndermarginedScope.CME_ONLY)
    assert found.total_undermargined == dollars(320_000)


def test_without_savings_the_requirement_is_that_of_both_alone():
    found = without_savings(
        CUSTOMERS,
        held=dollars(570_000),
        target=ZERO,
        scope=UndermarginedScope.CME_AND_FICC,
    )
    # D: 8,000,000 - 2,470,000
    assert found.required == dollars(240_000 + 5_530_000)
    assert not found.is_compliant
    assert found.shortfall == dollars(5_200_000)


def test_nobody_needs_nothing():
    found = residual_interest(
        (), held=ZERO, target=ZERO, payments={}, scope=UndermarginedScope.CME_AND_FICC
    )
    assert (found.required, found.is_compliant, found.is_under_target) == (ZERO, True, False)


def test_impossible_inputs_are_refused():
    with pytest.raises(ValueError, match="one row a customer"):
        interest(customers=(CUSTOMERS[0], CUSTOMERS[0]))
    with pytest.raises(ValueError, match="came from"):
        interest({"Z": 1})
    with pytest.raises(ValueError, match="margin is not negative"):
        CustomerMargin("A", ZERO, cme=Money(-1))
    with pytest.raises(ValueError, match="margin is not negative"):
        CustomerMargin("A", ZERO, ficc_without=Money(-1))


def withdrawal(request: int, **changes: object) -> ProForma:
    values: dict[str, object] = {
        "prior_day_held": dollars(1_000_000),
        "withdrawn_earlier": ZERO,
        "deposits": ZERO,
        "estimated_debits": ZERO,
        "required": dollars(470_000),
        "target": dollars(600_000),
        "is_statement_filed": True,
        "approved_by": "",
        "notice_share": Fraction(1, 4),
    }
    return pro_forma(request=dollars(request), **{**values, **changes})  # type: ignore[arg-type]


def test_a_quarter_is_not_over_a_quarter():
    assert withdrawal(250_000).findings == ()
    found = pro_forma(
        prior_day_held=dollars(1_000_000),
        request=dollars(250_000) + Money(1),
        withdrawn_earlier=ZERO,
        deposits=ZERO,
        estimated_debits=ZERO,
        required=ZERO,
        target=ZERO,
        is_statement_filed=True,
        approved_by="",
        notice_share=Fraction(1, 4),
    )
    assert found.findings == (
        WithdrawalFinding.APPROVAL_MISSING,
        WithdrawalFinding.OVER_A_QUARTER,
    )
    assert not found.is_allowed


def test_withdrawals_of_the_day_count_together_and_deposits_do_not_lessen_them():
    found = withdrawal(
        100_000, withdrawn_earlier=dollars(200_000), deposits=dollars(500_000), approved_by="CFO"
    )
    assert found.withdrawn_today == dollars(300_000)
    assert found.held_after == dollars(1_200_000)
    assert found.findings == (WithdrawalFinding.OVER_A_QUARTER,)
    assert found.is_allowed


def test_every_finding_is_named_in_the_order_of_the_list():
    found = withdrawal(1_100_000, is_statement_filed=False)
    assert found.findings == tuple(WithdrawalFinding)


def test_below_target_is_allowed_and_named():
    found = withdrawal(200_000, estimated_debits=dollars(250_000))
    assert found.held_after == dollars(550_000)
    assert found.findings == (WithdrawalFinding.UNDER_TARGET,)
    assert found.is_allowed


def test_nothing_of_nothing_may_be_withdrawn_unnoticed():
    found = withdrawal(1, prior_day_held=ZERO)
    assert WithdrawalFinding.OVER_A_QUARTER in found.findings
    assert WithdrawalFinding.EXCEEDS_RESIDUAL_INTEREST in found.findings


def test_amounts_of_the_day_are_not_negative():
    with pytest.raises(ValueError, match="above zero"):
        withdrawal(0)
    with pytest.raises(ValueError, match="not negative"):
        withdrawal(1, deposits=Money(-1))
