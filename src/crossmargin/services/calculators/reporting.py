"""Calculators of the reports: segregation, residual interest, Item 15."""

from __future__ import annotations

from decimal import Decimal

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.reporting.reserve_formula import MarginOnDeposit, ReserveAccount, reserve_items
from crossmargin.reporting.residual_interest import (
    CustomerMargin,
    UndermarginedScope,
    residual_interest,
)
from crossmargin.reporting.segregation import (
    CustomerBalance,
    FiccItems,
    FiccMapping,
    FundsInSegregation,
    SegregationStatement,
    segregation_statement,
)
from crossmargin.services.calculators.calculator import Answer, Calculator
from crossmargin.services.calculators.inputs import SHAPE_RULE, Input, Kind, Values
from crossmargin.services.calculators.reporting_custody import CUSTODY_CALCULATOR

_NONE = Decimal(0)
_DOLLARS = "US dollars"
_UNSIGNED = "US dollars, not negative"
#: Inputs of the funds: name, field of FundsInSegregation, meaning, whether it may be negative.
_FUNDS = (
    ("7A_bank_cash", "bank_cash", "cash at banks", False),
    ("7B_investments", "bank_investments", "investments of customers' funds at banks", False),
    ("7C_customer_securities", "bank_customer_securities", "customers' securities at banks", False),
    ("8A_dco_cash", "dco_cash", "cash margin at clearing organizations", False),
    ("8B_dco_investments", "dco_investments", "investments at clearing organizations", False),
    (
        "8C_dco_customer_securities",
        "dco_customer_securities",
        "customers' securities at clearing organizations",
        False,
    ),
    (
        "9_net_settlement",
        "net_settlement",
        "settlement from clearing organizations and Funds-Only Settlement from FICC; to: negative",
        True,
    ),
    ("10A_long_options", "long_options", "options bought", False),
    ("10B_short_options", "short_options", "options sold, deducted", False),
    ("11A_fcm_equity", "fcm_equity", "net liquidating equity with other FCMs", True),
    ("11B_fcm_investments", "fcm_investments", "investments with other FCMs", False),
    (
        "11C_fcm_customer_securities",
        "fcm_customer_securities",
        "customers' securities with other FCMs",
        False,
    ),
    ("12_other", "other", "other segregated funds on hand", False),
)


def _amount(name: str, meaning: str, *, required: bool = True, signed: bool = False) -> Input:
    unit = _DOLLARS if signed else _UNSIGNED
    minimum = None if signed else _NONE
    return Input(name, Kind.MONEY, f"{meaning}, {unit}", required=required, minimum=minimum)


def _given(values: Values, name: str) -> Money:
    return values.money(name) if name in values else ZERO


def _named_amounts(name: str, meaning: str, *, required: bool = True, signed: bool) -> Input:
    return Input(
        name,
        Kind.NAMED,
        meaning,
        required=required,
        minimum=_NONE,
        inputs=(_amount("customer", "amount", signed=signed),),
    )


def _segregation(values: Values) -> Answer:
    customers = values.named_groups("customers")
    if refusals := [fault for name, each in customers.items() for fault in _faults(name, each)]:
        raise RefusedError(*refusals)
    funds = values.group("funds")
    statement = segregation_statement(
        [_balance(name, each) for name, each in customers.items()],
        FundsInSegregation(**{field: _given(funds, name) for name, field, _, _ in _FUNDS}),
        ficc=FiccItems(
            cash=_given(funds, "ficc_xm_cash"),
            customer_securities=_given(funds, "ficc_xm_customer_securities"),
        ),
        management_target=_given(values, "management_target"),
        mapping=FiccMapping(),
    )
    return _lines(statement)


def _faults(name: str, values: Values) -> list[Refusal]:
    securities, after = _given(values, "securities"), _given(values, "haircut_value")
    where = f"customers.{name}.haircut_value"
    if securities > ZERO and "haircut_value" not in values:
        expected = "the value of the securities after haircut; it is missing"
        return [Refusal(where, "", expected, SHAPE_RULE)]
    if after > securities:
        return [Refusal(where, str(after), f"at most the securities, {securities}", "17 CFR 1.32")]
    return []


def _balance(name: str, values: Values) -> CustomerBalance:
    return CustomerBalance(
        name,
        cash=values.money("cash"),
        securities=_given(values, "securities"),
        securities_after_haircut=_given(values, "haircut_value"),
        futures_unrealized=_given(values, "futures_unrealized"),
        long_options=_given(values, "long_options"),
        short_options=_given(values, "short_options"),
    )


def _lines(statement: SegregationStatement) -> Answer:
    line = statement.amount
    return {
        "line_1A": str(line("1A")),
        "line_1B": str(line("1B")),
        "line_2": str(line("2")),
        "line_3": str(line("3A") - line("3B")),
        "line_4_net_equity": str(line("4")),
        "line_5_gross": str(line("5 gross")),
        "line_5_offset": str(line("5 offset")),
        "line_5_net": str(line("5")),
        "line_6_required": str(statement.required),
        "per_customer_required": {
            name: str(amount) for name, amount in statement.required_by_customer
        },
        "line_13_total": str(statement.in_segregation),
        "line_14_excess": str(statement.excess),
        "line_15_target": str(statement.target),
        "line_16_excess_over_target": str(line("16")),
    }


_SEGREGATION = Calculator(
    name="segregation-statement",
    summary="What must be in segregation for futures customers, and what is there.",
    rule=(
        "Lines 1A to 6 are sums over customers: 1A cash, 1B securities at market, 2 unrealized "
        "profit, 3 options bought less sold, 4 their sum. Customer by customer, e = cash + "
        "unrealized profit + options: line 5 gross sums max(0, -e), the offset "
        "min(max(0, -e), haircut_value). Line 6 = line 4 + line 5 net, which is the sum of "
        "securities + max(0, e) - offset over customers; no customer's deficit is set against "
        "another's credit. Line 13 = lines 7 to 12, options sold deducted, and FICC's XM cash and "
        "securities; 14 = 13 - 6, negative where under-segregated; 16 = 14 - 15. What is left out "
        "is zero; haircut_value must be given where there are securities."
    ),
    source=(
        "17 CFR 1.20(i), 1.22(a), 1.32 (older text of 1.32(b)); line numbers of Form 1-FR-FCM and "
        "FICC's place in them inferred"
    ),
    inputs=(
        Input(
            "customers",
            Kind.NAMED,
            "every futures customer by name, those of the arrangement among them",
            minimum=_NONE,
            inputs=(
                Input(
                    "customer",
                    Kind.OBJECT,
                    "what the customer has",
                    inputs=(
                        _amount("cash", "net ledger balance; a debit is negative", signed=True),
                        _amount("securities", "securities at market value", required=False),
                        _amount("haircut_value", "the same after haircut", required=False),
                        _amount(
                            "futures_unrealized",
                            "profit on open positions not paid yet, FICC's forward marks among it; "
                            "a loss is negative",
                            required=False,
                            signed=True,
                        ),
                        _amount("long_options", "options bought", required=False),
                        _amount("short_options", "options sold, deducted", required=False),
                    ),
                ),
            ),
        ),
        Input(
            "funds",
            Kind.OBJECT,
            "where customers' funds are, by line of the statement",
            inputs=(
                *(
                    _amount(name, meaning, required=False, signed=signed)
                    for name, _, meaning, signed in _FUNDS
                ),
                _amount("ficc_xm_cash", "XM cash margin at FICC", required=False),
                _amount(
                    "ficc_xm_customer_securities",
                    "XM securities margin at FICC, at market value",
                    required=False,
                ),
            ),
        ),
        _amount("management_target", "target for residual interest; default 0", required=False),
    ),
    compute=_segregation,
)


def _residual_interest(values: Values) -> Answer:
    margins = values.named_money("clearing_initial_margin")
    funds = values.named_money("value_1_20_i_2")
    payments = values.named_money("payments_from_undermargined_by_deadline")
    refusals = [
        Refusal(
            f"value_1_20_i_2.{name}",
            "",
            "the value of the funds of every customer with margin; it is missing",
            SHAPE_RULE,
        )
        for name in margins
        if name not in funds
    ] + [
        Refusal(
            f"payments_from_undermargined_by_deadline.{name}",
            str(payment),
            "a payment of a customer under value_1_20_i_2",
            "17 CFR 1.22(c)",
        )
        for name, payment in payments.items()
        if name not in funds
    ]
    if refusals:
        raise RefusedError(*refusals)
    outcome = residual_interest(
        [CustomerMargin(name, funds[name], cme=margins.get(name, ZERO)) for name in funds],
        held=values.money("residual_interest_held"),
        target=ZERO,
        payments=payments,
        scope=UndermarginedScope.CME_AND_FICC,
    )
    return {
        "undermargined": {each.customer_id: str(each.amount) for each in outcome.undermargined},
        "total_undermargined": str(outcome.total_undermargined),
        "debit_balances_included": str(outcome.debit_balances_included),
        "residual_interest_required": str(outcome.required),
        "required_after_payments": str(outcome.required_after_payments),
        "compliant_before_payments": outcome.is_compliant_before_payments,
        "compliant_after_payments": outcome.is_compliant,
        "shortfall_after_payments": str(outcome.shortfall),
    }


_RESIDUAL_INTEREST = Calculator(
    name="residual-interest",
    summary="Residual interest required for undermargined customers, against what is held.",
    rule=(
        "undermargined_i = max(0, clearing_initial_margin_i - value_i); required = their sum less "
        "the debit balances (negative values) inside them, which the segregation requirement "
        "counts already. A payment counts up to what it takes off its own customer's undermargined "
        "amount; a net disbursement is negative and adds. required_after_payments is not under "
        "zero. Compliant: held reaches what is required. A customer under value_1_20_i_2 without "
        "margin has none; for a customer of the arrangement the margin is that of CME and FICC "
        "together, after the reduction."
    ),
    source=(
        "17 CFR 1.22(c), opening; deduction of debits, payments and the inclusion of FICC's "
        "requirement inferred; order (g)"
    ),
    inputs=(
        _named_amounts(
            "clearing_initial_margin",
            "initial margin that clearing organizations require, by customer",
            signed=False,
        ),
        _named_amounts(
            "value_1_20_i_2",
            "value of each customer's futures funds under 1.20(i)(2), a debit negative",
            signed=True,
        ),
        _amount(
            "residual_interest_held",
            "residual interest at the close; negative where under-segregated",
            signed=True,
        ),
        _named_amounts(
            "payments_from_undermargined_by_deadline",
            "received from customers by the deadline, net of disbursements to them",
            required=False,
            signed=True,
        ),
    ),
    compute=_residual_interest,
)


def _reserve_items(values: Values) -> Answer:
    return reserve_items(
        MarginOnDeposit(
            "",
            ReserveAccount(values.text("account")),
            required=values.money("required"),
            on_deposit=values.money("on_deposit"),
            customer_cash=_given(values, "customer_cash"),
            customer_securities=_given(values, "customer_treasuries"),
        )
    ).as_document()


_RESERVE_FORMULA = Calculator(
    name="reserve-formula-item-15",
    summary="Item 15 of the customer reserve formula, and the matching credits.",
    rule=(
        "SCM, margin of a securities customer outside the arrangement: item15_debit = "
        "min(required, on_deposit); item1_credit = customer_cash; item2_credit = "
        "customer_treasuries at market value; what is on deposit above the requirement goes back "
        "by the close of the next business day. Customer by customer, gross. XM: outside 15c3-3, "
        "all zero. What is left out is zero: margin that is not the customer's is the broker's own."
    ),
    source=(
        "17 CFR 240.15c3-3 and 15c3-3a, SEC staff answers of August 2025; Item 2, min per customer "
        "and the return inferred; XM: SEC notice of the Section 36 application, 91 FR 4994"
    ),
    inputs=(
        Input(
            "account",
            Kind.TEXT,
            "SCM, Segregated Customer Margin; or XM, the arrangement",
            choices=tuple(ReserveAccount),
        ),
        _amount("required", "margin that FICC requires"),
        _amount("on_deposit", "margin on deposit at FICC"),
        _amount("customer_cash", "of it the customer's cash", required=False),
        _amount(
            "customer_treasuries", "of it the customer's Treasuries at market value", required=False
        ),
    ),
    compute=_reserve_items,
)


REPORTING_CALCULATORS = (_SEGREGATION, _RESIDUAL_INTEREST, _RESERVE_FORMULA, CUSTODY_CALCULATOR)
