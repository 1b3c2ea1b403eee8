"""Calculators of claims and of the property for them: 17 CFR 190.08 and 190.09."""

from __future__ import annotations

from decimal import Decimal

from crossmargin.basics.money import ZERO
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.default_management.account_equity import (
    AccountEquity,
    EquityItem,
    ItemKind,
    PositionReading,
    account_equity,
)
from crossmargin.default_management.class_allocation import ClassEstate, allocate
from crossmargin.default_management.funded_balance import ClassProperty, funded_balances
from crossmargin.default_management.net_equity import set_off
from crossmargin.services.calculators.calculator import Answer, Calculator
from crossmargin.services.calculators.default_inputs import (
    EXACT,
    all_dollars,
    all_money,
    amount,
    amounts,
    dollars,
    rate,
)
from crossmargin.services.calculators.inputs import Input, Kind, Values

_K = ItemKind
_ACCOUNT_ITEMS = {
    "cash_deposited": (_K.CASH_DEPOSITED, "cash to margin, guarantee, secure or settle"),
    "liquidation_proceeds": (_K.LIQUIDATION_PROCEEDS, "cash proceeds of liquidated property"),
    "realized_gains": (_K.REALIZED_GAIN, "gains realized on trades"),
    "realized_losses": (_K.REALIZED_LOSS, "losses realized on trades"),
    "disbursements": (_K.DISBURSEMENT, "paid to or for the customer, transfers among it"),
    "normal_costs": (_K.NORMAL_COST, "commission, interest, fees and the like"),
    "unrealized_gain": (_K.UNREALIZED_GAIN, "on open commodity contracts"),
    "unrealized_loss": (_K.UNREALIZED_LOSS, "on open commodity contracts"),
    "securities_rmv": (_K.SECURITIES_VALUE, "realizable market value of securities and property"),
    "accrued_interest": (_K.ACCRUED_INTEREST, "on the securities"),
}
_XM_ITEMS = {
    "cme_cash": (_K.CASH_DEPOSITED, "cash for the futures"),
    "ficc_cash_margin": (_K.CASH_DEPOSITED, "cash margin at FICC"),
    "ficc_tnote_margin_rmv": (_K.SECURITIES_VALUE, "market value of securities margin at FICC"),
    "ficc_tnote_accrued": (_K.ACCRUED_INTEREST, "accrued interest on securities margin at FICC"),
    "futures_unrealized_gain": (_K.UNREALIZED_GAIN, "on open futures"),
    "futures_unrealized_loss": (_K.UNREALIZED_LOSS, "on open futures"),
    "ficc_position_unrealized_gain": (_K.FICC_POSITION_GAIN, "on FICC positions in the money"),
    "ficc_position_unrealized_loss": (_K.FICC_POSITION_LOSS, "on FICC positions out of the money"),
}


def _equity(
    values: Values, items: dict[str, tuple[ItemKind, str]], reading: PositionReading
) -> AccountEquity:
    return account_equity(
        [EquityItem(name, kind, values.money(name)) for name, (kind, _) in items.items()], reading
    )


def _account_equity(values: Values) -> Answer:
    found = _equity(values, _ACCOUNT_ITEMS, PositionReading.OPEN_TRADE)
    return {
        "ledger_balance": str(found.ledger_balance),
        "open_trade_balance": str(found.open_trade_balance),
        "property_value": str(found.property_value),
        "equity_balance": str(found.equity_balance),
    }


ACCOUNT_EQUITY = Calculator(
    name="account-equity",
    summary="Equity of one account: step 1 of net equity.",
    rule=(
        "L + O + V: ledger balance L = cash deposited + liquidation proceeds + realized gains - "
        "realized losses - disbursements - normal costs; open trade balance O = unrealized gain - "
        "unrealized loss; V = realizable market value + accrued interest. It may be negative."
    ),
    source="17 CFR 190.08(b)(1)",
    inputs=tuple(amount(name, meaning) for name, (_, meaning) in _ACCOUNT_ITEMS.items()),
    compute=_account_equity,
)


def _account_equity_xm(values: Values) -> Answer:
    readings = {each: _equity(values, _XM_ITEMS, each) for each in PositionReading}
    return {
        "equity_balance": str(readings[PositionReading.OPEN_TRADE].equity_balance),
        **{
            f"{each.value}_reading": {
                "ledger": str(found.ledger_balance),
                "open_trade": str(found.open_trade_balance),
                "property": str(found.property_value),
            }
            for each, found in readings.items()
        },
    }


ACCOUNT_EQUITY_XM = Calculator(
    name="account-equity-xm",
    summary="Equity of a cross-margining account, under both readings of a FICC position.",
    rule=(
        "cash at CME and FICC in the ledger balance, futures in the open trade balance, securities "
        "margin and its accrued interest in property; FICC positions in the open trade balance "
        "(open_trade_reading) or in property (property_reading). Each item is in exactly one "
        "bucket, and the equity is the same under both readings."
    ),
    source=(
        "17 CFR 190.08(b)(1); CFTC proposed order, 90 FR 58525, III.B.2, which has both readings; "
        "that a position out of the money is subtracted is inferred"
    ),
    inputs=tuple(amount(name, meaning) for name, (_, meaning) in _XM_ITEMS.items()),
    compute=_account_equity_xm,
)


def _claim_setoff(values: Values) -> Answer:
    found = set_off(
        values.named_money("equity_by_class"),
        owed_by_customer=values.money("x_owed_by_customer"),
        owed_to_customer=values.money("y_owed_to_customer"),
    )
    return {
        "equity_by_class": all_dollars(found.equity_dollars),
        "general_creditor_claim": str(found.general_creditor_claim),
        "owed_by_customer": str(found.owed_by_customer),
    }


CLAIM_SETOFF = Calculator(
    name="claim-setoff",
    summary="Set-off of one customer's debts and negative classes: step 3 of net equity.",
    rule=(
        "x - y, if positive, and every negative class balance are deducted from the positive "
        "classes in proportion to them; a class is then at least 0, and what they do not cover is "
        "owed_by_customer. y - x, if positive, is a general creditor claim and changes no class. "
        "Only after the order for relief, never between two customers."
    ),
    source=(
        "17 CFR 190.08(b)(3); that no class goes below 0 is inferred: a claim is not negative, "
        "what is lacking is a debt"
    ),
    inputs=(
        amounts("equity_by_class", "class", "equity after aggregation, by class", is_signed=True),
        amount("x_owed_by_customer", "the customer's other debts to the debtor"),
        amount("y_owed_to_customer", "the debtor's other debts to the customer"),
    ),
    compute=_claim_setoff,
)


def _funded_balance(values: Values) -> Answer:
    net_equity = values.named_money("net_equity")
    distributed = values.named_money("already_distributed")
    unknown = [
        Refusal(
            f"already_distributed.{name}", str(paid), "a customer of net_equity", "17 CFR 190.08(c)"
        )
        for name, paid in distributed.items()
        if name not in net_equity
    ]
    if unknown:
        raise RefusedError(*unknown)
    found = funded_balances(
        net_equity,
        ClassProperty(
            letters_of_credit=values.money("letters_of_credit"),
            segregated=values.money("segregated_gross"),
            allocated=values.money("allocated_under_190_09"),
            added_back=values.money("step4_addback"),
        ),
        values.named_money("paid_at_100pct"),
    )
    total = sum(found.exact_dollars.values(), start=ZERO.dollars)
    return {
        "funded_balance": all_dollars(found.exact_dollars),
        "total": dollars(total),
        "rate": rate(found.rate),
        "excess": str(found.excess),
        "in_cents": all_money(found.in_cents),
        "still_to_pay": all_money(found.still_to_pay(distributed)),
    }


FUNDED_BALANCE = Calculator(
    name="funded-balance",
    summary="Each customer's share of the property of one account and customer class.",
    rule=(
        "FB_i = (x_i - y_i) / (p - q) x (A + B + C + D) + y_i, with net equity x, payments at 100 "
        "per cent y, p and q their sums, letters of credit A, segregated property less q B, "
        "allocated property C, step 4 add-backs D. At most x_i; the rest is excess. A negative x_i "
        "counts as 0. rate is what is paid on x - y; still_to_pay is the whole cents less what was "
        f"distributed, negative where too much was. {EXACT}"
    ),
    source="17 CFR 190.08(c); at most 100 per cent is ruling 28; a deficit as 0 is inferred",
    inputs=(
        amounts("net_equity", "customer", "net equity, add-backs included", is_signed=True),
        amounts("paid_at_100pct", "customer", "payments at 100 per cent", may_be_empty=True),
        amount("letters_of_credit", "letters of credit that margin the class"),
        amount("segregated_gross", "property of the class, payments at 100 per cent included"),
        amount("allocated_under_190_09", "property allocated to the class"),
        amount("step4_addback", "added back for property moved after the filing"),
        amounts(
            "already_distributed",
            "customer",
            "transferred or distributed already",
            required=False,
            may_be_empty=True,
        ),
    ),
    compute=_funded_balance,
)


def _class_allocation(values: Values) -> Answer:
    estates = {
        name: ClassEstate(
            each.money("public_net_equity"),
            each.money("segregated_or_traceable"),
            each.money("non_public_net_equity") if "non_public_net_equity" in each else ZERO,
        )
        for name, each in values.named_groups("classes").items()
    }
    found = allocate(estates, values.money("unallocated_pool"))
    in_cents, non_public = found.public_in_cents, found.non_public_in_cents
    return {
        "classes": {
            name: {
                "funded": dollars(found.public_dollars[name]),
                "rate": rate(found.rates[name]),
                "in_cents": str(in_cents[name]),
                "non_public_in_cents": str(non_public[name]),
            }
            for name in estates
        },
        "remaining_to_non_public": str(found.left_for_non_public),
        "left": str(found.left),
    }


CLASS_ALLOCATION = Calculator(
    name="class-allocation",
    summary="Property among account classes: water-filling on public claims.",
    rule=(
        "each class keeps its own property up to its public claims, the rest joins the pool; the "
        "pool lifts the class with the lowest funded share to the next lowest, then both together, "
        "and so on, then all pro rata until public claims are paid in full. What remains goes to "
        "non-public claims in the same manner, each from 0; left is what no claim takes. The rate "
        f"of a class without claims is 1. {EXACT}"
    ),
    source="17 CFR 190.09(c)",
    inputs=(
        Input(
            "classes",
            Kind.NAMED,
            "claims and property by account class",
            minimum=Decimal(1),
            inputs=(
                Input(
                    "class",
                    Kind.OBJECT,
                    "one account class",
                    inputs=(
                        amount("public_net_equity", "claims of public customers"),
                        amount(
                            "segregated_or_traceable",
                            "property segregated for, traceable to or recovered for the class",
                        ),
                        amount(
                            "non_public_net_equity",
                            "claims of non-public customers",
                            required=False,
                        ),
                    ),
                ),
            ),
        ),
        amount("unallocated_pool", "property that is no one class's"),
    ),
    compute=_class_allocation,
)

CLAIM_CALCULATORS = (
    ACCOUNT_EQUITY,
    ACCOUNT_EQUITY_XM,
    CLAIM_SETOFF,
    FUNDED_BALANCE,
    CLASS_ALLOCATION,
)
