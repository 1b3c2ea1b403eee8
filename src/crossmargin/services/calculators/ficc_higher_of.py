"""Calculator of the higher-of rule."""

from __future__ import annotations

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.margin.ficc.add_on_rules import AddOnRules
from crossmargin.margin.ficc.higher_of import (
    HigherOf,
    exceeds_daily_liquidity_need,
    higher_of_charges,
    higher_of_period,
)
from crossmargin.product.calendars import sifma_calendar
from crossmargin.services.calculators.calculator import Answer, Calculator
from crossmargin.services.calculators.ficc_inputs import BUSINESS_DAY, is_ficc_day, money
from crossmargin.services.calculators.inputs import Input, Kind, Values


def higher_of_calculator(rules: AddOnRules) -> Calculator:
    """Return the calculator of the VaR Charge at both cycles."""
    source = (
        "91 FR 5128 (SR-FICC-2026-003, final status not checked); today's rule for sponsoring "
        "omnibus accounts, the same notice; ruling 6"
    )
    days = rules.higher_of_days

    def compute(values: Values) -> Answer:
        mode = HigherOf(values.text("mode"))
        answer: dict[str, object] = {}
        in_period = False
        if mode is HigherOf.LARGE_INDIRECT_PARTICIPANTS:
            in_period = _period(values, days, answer)
        both = higher_of_charges(
            start_of_day_var=values.money("start_of_day_var"),
            noon_var=values.money("noon_var"),
            mode=mode,
            in_period=in_period,
        )
        return {
            "start_of_day_var_charge": str(both.start_of_day),
            "intraday_var_charge": str(both.intraday),
            **answer,
        }

    return Calculator(
        name="higher-of",
        summary="The VaR Charge at both cycles under the higher-of rule.",
        rule=(
            "off: each cycle is charged its own VaR. all: the intraday charge is the larger of the "
            "noon VaR and the prior end-of-day VaR, always; the start of day is charged its own. "
            "large_indirect_participants: if receive obligations + funds-only settlement, over all "
            "sponsors and agents, are more than the Daily Liquidity Need on trigger_date, both "
            f"cycles of the following {days} business days of FICC are charged the larger. The "
            "trigger date itself is not among them: with day 1 as the trigger they are day 2 to "
            f"day {days + 1}, where the notice's example prints Day 27."
        ),
        source=source,
        inputs=(
            Input("mode", Kind.TEXT, "to whom the rule applies", choices=tuple(HigherOf)),
            money("start_of_day_var", "VaR on the prior end-of-day positions"),
            money("noon_var", "VaR on the noon positions"),
            Input(
                "date",
                Kind.DATE,
                "business day of the collection; for large_indirect_participants",
                required=False,
            ),
            Input(
                "trigger_date",
                Kind.DATE,
                "business day of the need; for large_indirect_participants",
                required=False,
            ),
            money("receive_obligations", "of all sponsors and agents", required=False),
            money("funds_only_settlement", "of all sponsors and agents", required=False),
            money("daily_liquidity_need", "FICC's", required=False),
        ),
        compute=compute,
    )


def _period(values: Values, business_days: int, answer: dict[str, object]) -> bool:
    """Return whether the date lies in a triggered period; add the period to the answer."""
    needed = (
        "date",
        "trigger_date",
        "receive_obligations",
        "funds_only_settlement",
        "daily_liquidity_need",
    )
    expected = "a value: large_indirect_participants needs it"
    refusals = [Refusal(name, "", expected, "91 FR 5128") for name in needed if name not in values]
    refusals += [
        Refusal(name, values.day(name).isoformat(), BUSINESS_DAY, "ruling 33")
        for name in ("date", "trigger_date")
        if name in values and not is_ficc_day(values, name)
    ]
    if refusals:
        raise RefusedError(*refusals)
    triggered = exceeds_daily_liquidity_need(
        receive_obligations=values.money("receive_obligations"),
        funds_only_settlement=values.money("funds_only_settlement"),
        daily_liquidity_need=values.money("daily_liquidity_need"),
    )
    answer["triggered"] = triggered
    if not triggered:
        return False
    period = higher_of_period(
        values.day("trigger_date"), calendar=sifma_calendar(), business_days=business_days
    )
    in_period = values.day("date") in period
    answer["applies_from"] = period.first.isoformat()
    answer["applies_to"] = period.last.isoformat()
    answer["applies"] = in_period
    return in_period
