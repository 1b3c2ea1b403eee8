"""Calculators of calls and withdrawals: margin-call-deadline, withdrawal, undermargined-charge."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from decimal import Decimal

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.collateral.deadline import (
    NO_CUTOFF,
    DeadlineRules,
    deadline,
    deadline_faults,
)
from crossmargin.collateral.undermargined import (
    AccountType,
    ChargeRules,
    OutstandingCall,
    undermargined_charge,
)
from crossmargin.collateral.withdrawal import WithdrawalTest
from crossmargin.parameters.registry import ParameterSet
from crossmargin.services.calculators.calculator import Answer, Calculator
from crossmargin.services.calculators.inputs import SHAPE_RULE, Input, Kind, Values

_ZERO = Decimal(0)
_OLDEST_DAYS = Decimal(36_500)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d", re.ASCII)
_INSTANT = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class CollateralRules:
    """What the calculators take where an input names nothing else."""

    deadlines: DeadlineRules
    charges: ChargeRules

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> CollateralRules:
        """Return the rules that ``collateral/parameters.toml`` holds for the day."""
        return CollateralRules(
            DeadlineRules.from_parameters(parameters), ChargeRules.from_parameters(parameters)
        )


class _LeavingOut(Calculator):
    """A calculator to which an optional input of null or an empty list is one left out."""

    __slots__ = ()

    def calculate(self, document: object) -> Answer:
        """Return the answer for one parsed JSON object."""
        if isinstance(document, Mapping):
            optional = {each.name for each in self.inputs if not each.required}
            document = {
                name: value
                for name, value in document.items()
                if name not in optional or not (value is None or value == [])
            }
        return Calculator.calculate(self, document)


def collateral_calculators(rules: CollateralRules) -> tuple[Calculator, ...]:
    """Return the calculators, with the rules that hold where the input names none."""
    return _deadline_calculator(rules.deadlines), _WITHDRAWAL, _charge_calculator(rules.charges)


def _deadline_calculator(rules: DeadlineRules) -> Calculator:
    cutoff = rules.same_day_cutoff_et
    default = NO_CUTOFF if cutoff is None else f"{cutoff:%H:%M}"
    same_day, second_day = (
        ", ".join(sorted(codes)) for codes in (rules.same_day, rules.second_day)
    )

    def compute(values: Values) -> Answer:
        return _deadline(values, rules)

    return _LeavingOut(
        name="margin-call-deadline",
        summary="When a margin call is due, by its currency and instant of issue.",
        rule=(
            f"{same_day}: the day of issue if it is a business day and the call was issued by "
            "same_day_cutoff_et, that instant included; else the next business day. "
            f"{second_day}: the second business day after the day of issue. Other currencies: the "
            "next business day after it. Days are those of New York; business days are Monday to "
            "Friday without federal holidays (5 USC 6103), and only they are counted, so a "
            "deadline rolls over a holiday. The event is the close of the Fedwire Funds Service "
            "for USD, the end of the business day for the others."
        ),
        source=(
            "17 CFR 1.44(f), read in summaries, and Appendix A to Part 1 (90 FR 7937); the "
            "cut-off of 11:00 is inferred and by default there is none (ruling 24); rolling over "
            "a holiday inferred"
        ),
        inputs=(
            Input("currency", Kind.TEXT, "currency of payment, ISO 4217 code"),
            Input("issued", Kind.TEXT, "instant of issue with its offset, ISO 8601"),
            Input(
                "same_day_cutoff_et",
                Kind.TEXT,
                f"HH:MM in New York, or {NO_CUTOFF}; default {default}",
                required=False,
            ),
        ),
        compute=compute,
    )


def _deadline(values: Values, rules: DeadlineRules) -> Answer:
    faults: list[Refusal] = []
    if "same_day_cutoff_et" in values:
        cutoff = _cutoff(values.text("same_day_cutoff_et"), faults)
        rules = replace(rules, same_day_cutoff_et=cutoff)
    currency, issued_at = values.text("currency"), _instant(values.text("issued"), faults)
    # A well-formed instant stands in for one that was refused, so that the currency is judged too.
    judged_at = issued_at or datetime.fromisoformat("2026-01-02T00:00:00+00:00")
    faults += deadline_faults(currency, judged_at, rules)
    if faults or issued_at is None:
        raise RefusedError(*faults)
    due = deadline(currency, issued_at, rules)
    return {"due_date": due.due_date.isoformat(), "due_event": due.due_event.value}


def _instant(text: str, faults: list[Refusal]) -> datetime | None:
    try:
        if _INSTANT.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    expected = "an instant with its offset, as 2026-11-24T10:30:00-05:00"
    faults.append(Refusal("issued", text, expected, SHAPE_RULE))
    return None


def _cutoff(text: str, faults: list[Refusal]) -> time | None:
    if text == NO_CUTOFF:
        return None
    if _CLOCK.fullmatch(text):
        return time.fromisoformat(text)
    faults.append(Refusal("same_day_cutoff_et", text, f"HH:MM, or {NO_CUTOFF}", SHAPE_RULE))
    return None


def _withdrawal(values: Values) -> Answer:
    test = WithdrawalTest(
        value=values.money("net_liquidating_value_prior_close_plus_margin_deposits"),
        required=values.money("initial_margin_required"),
    )
    return {
        "allowed": test.allows(values.money("request")),
        "max_withdrawal": str(test.max_withdrawal),
    }


_WITHDRAWAL = Calculator(
    name="withdrawal",
    summary="Whether a customer may withdraw, and how much at most.",
    rule=(
        "Allowed if what remains covers the initial margin: value - request >= required, reaching "
        "it is enough. max_withdrawal = value - required, zero where that is negative. In an "
        "account that does not cover its requirement nothing is allowed, not even 0."
    ),
    source=(
        "17 CFR 39.13(g)(8)(iii) and 1.44(b) (90 FR 7880); that the requirement is today's, with "
        "the arrangement's reduction in force, is inferred"
    ),
    inputs=(
        Input(
            "net_liquidating_value_prior_close_plus_margin_deposits",
            Kind.MONEY,
            "at the close of the previous business day, plus margin deposits before the "
            "withdrawal, US dollars; negative in a deficit",
        ),
        Input(
            "initial_margin_required",
            Kind.MONEY,
            "of all products in the customer's accounts, US dollars, not negative",
            minimum=_ZERO,
        ),
        Input("request", Kind.MONEY, "to be withdrawn, US dollars, not negative", minimum=_ZERO),
    ),
    compute=_withdrawal,
)


def _charge_calculator(rules: ChargeRules) -> Calculator:
    customer, other = (rules.max_age_business_days[each] for each in AccountType)

    def compute(values: Values) -> Answer:
        return _charge(values, rules)

    return _LeavingOut(
        name="undermargined-charge",
        summary="Charge against capital for an undermargined account.",
        rule=(
            "deficiency = maintenance_margin - equity_with_haircut_collateral where positive; "
            f"calls no older than {customer} business days in a customer account, {other} in an "
            "omnibus or non-customer one, count; charge = deficiency - calls counted where "
            "positive. A deficit that was deducted from capital already is not part of it."
        ),
        source="17 CFR 1.17(c)(5)(viii) and (ix), recalled; the ages are parameters, recalled",
        inputs=(
            Input(
                "maintenance_margin",
                Kind.MONEY,
                "of the account, US dollars, not negative",
                minimum=_ZERO,
            ),
            Input(
                "equity_with_haircut_collateral",
                Kind.MONEY,
                "of the account, US dollars; negative in a deficit",
            ),
            Input(
                "calls",
                Kind.LIST,
                "calls outstanding; none if left out or empty",
                required=False,
                inputs=(
                    Input(
                        "amount",
                        Kind.MONEY,
                        "still open, US dollars, not negative",
                        minimum=_ZERO,
                    ),
                    Input(
                        "age_business_days",
                        Kind.DECIMAL,
                        "whole business days outstanding",
                        minimum=_ZERO,
                        maximum=_OLDEST_DAYS,
                    ),
                ),
            ),
            Input("account_type", Kind.TEXT, "whose account", choices=tuple(AccountType)),
        ),
        compute=compute,
    )


def _charge(values: Values, rules: ChargeRules) -> Answer:
    rows = values.rows("calls") if "calls" in values else ()
    ages = [row.decimal("age_business_days") for row in rows]
    faults = [
        Refusal(f"calls[{place}].age_business_days", str(age), "a whole number", SHAPE_RULE)
        for place, age in enumerate(ages)
        if age != age.to_integral_value()
    ]
    if faults:
        raise RefusedError(*faults)
    found = undermargined_charge(
        maintenance_margin=values.money("maintenance_margin"),
        equity=values.money("equity_with_haircut_collateral"),
        calls=[
            OutstandingCall(row.money("amount"), int(age))
            for row, age in zip(rows, ages, strict=True)
        ],
        account_type=AccountType(values.text("account_type")),
        rules=rules,
    )
    return {
        "deficiency": str(found.deficiency),
        "calls_counted": str(found.calls_counted),
        "charge": str(found.charge),
        "max_age_business_days": str(found.max_age_business_days),
    }
