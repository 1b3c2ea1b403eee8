"""Calculator of the Margin Liquidity Adjustment."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from crossmargin.arrangement.reduction import format_ratio
from crossmargin.basics.money import charge_from_dollars
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.margin.ficc.add_on_rules import AddOnRules
from crossmargin.margin.ficc.liquidity import LiquidityGroup, group_liquidity
from crossmargin.services.calculators.calculator import Answer, Calculator
from crossmargin.services.calculators.ficc_inputs import (
    LONG_POSITIVE,
    ONE_DECIMAL,
    ZERO_DECIMAL,
    chosen,
    money,
    ratio,
)
from crossmargin.services.calculators.inputs import Input, Kind, Values


def margin_liquidity_calculator(rules: AddOnRules) -> Calculator:
    """Return the calculator of the Margin Liquidity Adjustment."""
    defaults = rules.liquidity.rules

    def compute(values: Values) -> Answer:
        rules_chosen = replace(
            defaults,
            impact_coefficient=chosen(values, "impact_coefficient", defaults.impact_coefficient),
            threshold=chosen(values, "threshold", defaults.threshold),
            scale=chosen(values, "scale", defaults.scale),
        )
        refusals = [
            Refusal(
                f"groups[{place}].gross_market_value",
                str(row.money("gross_market_value")),
                "at least the size of net_market_value",
                "SR-FICC-2020-009",
            )
            for place, row in enumerate(values.rows("groups"))
            if row.money("gross_market_value").dollars < abs(row.money("net_market_value").dollars)
        ]
        names = [row.text("name") for row in values.rows("groups")]
        refusals += [
            Refusal(f"groups[{place}].name", name, "each group once", "SR-FICC-2020-009")
            for place, name in enumerate(names)
            if name in names[:place]
        ]
        if refusals:
            raise RefusedError(*refusals)
        total, answers = Fraction(0), []
        for row in values.rows("groups"):
            figures = group_liquidity(
                LiquidityGroup(
                    row.text("name"),
                    Fraction(row.decimal("one_day_sigma")),
                    row.money("average_daily_volume").dollars,
                    Fraction(row.decimal("bid_ask_bp")),
                ),
                rules_chosen,
                net_market_value=row.money("net_market_value").dollars,
                gross_market_value=row.money("gross_market_value").dollars,
                one_day_loss=row.money("one_day_var").dollars,
            )
            total += figures.charge
            answers.append(
                {
                    "name": row.text("name"),
                    "directional": str(charge_from_dollars(figures.directional)),
                    "basis": str(charge_from_dollars(figures.basis)),
                    "ratio": None if figures.ratio is None else format_ratio(figures.ratio),
                    "charge": str(charge_from_dollars(figures.charge)),
                }
            )
        return {"margin_liquidity_adjustment": str(charge_from_dollars(total)), "groups": answers}

    return Calculator(
        name="margin-liquidity-adjustment",
        summary="What liquidating a concentrated portfolio costs beyond its VaR.",
        rule=(
            "by group: directional = a x sigma x |net| x sqrt(|net| / daily volume), the root up "
            "to a millionth; basis = 1/2 x bid-ask x (gross - |net|); ratio = (directional + "
            "basis) / one-day VaR; charge = max(ratio - threshold, 0) x one-day VaR x scale, which "
            "is the whole cost times scale where the VaR is zero. The sum is exact and goes up to "
            "the cent once. Allocation over several sponsors is not modelled."
        ),
        source=(
            "SR-FICC-2020-009 (85 FR 66630): form and threshold recalled; coefficient and scale "
            "assumed"
        ),
        inputs=(
            Input(
                "groups",
                Kind.LIST,
                "the asset groups of the portfolio",
                inputs=(
                    Input("name", Kind.TEXT, "name of the group"),
                    money("net_market_value", "net market value", sign=LONG_POSITIVE),
                    money("gross_market_value", "gross market value"),
                    Input(
                        "one_day_sigma",
                        Kind.DECIMAL,
                        "standard deviation of one-day P&L per dollar of market value",
                        minimum=ZERO_DECIMAL,
                        maximum=ONE_DECIMAL,
                    ),
                    money("one_day_var", "99 % one-day loss of the group"),
                    Input(
                        "average_daily_volume",
                        Kind.MONEY,
                        "market volume of a day, US dollars",
                        above=ZERO_DECIMAL,
                    ),
                    Input(
                        "bid_ask_bp",
                        Kind.DECIMAL,
                        "bid-ask spread, bp of market value",
                        minimum=ZERO_DECIMAL,
                        maximum=Decimal(10_000),
                    ),
                ),
            ),
            ratio("impact_coefficient", "a", defaults.impact_coefficient),
            ratio("threshold", "ratio that is free", defaults.threshold),
            ratio("scale", "scaling factor", defaults.scale),
        ),
        compute=compute,
    )
