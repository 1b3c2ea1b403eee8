"""Calculators of FICC's charges outside the VaR Charge."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from crossmargin.arrangement.reduction import ReductionRules, format_ratio
from crossmargin.basics.dates import add_months
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.basics.words import counted
from crossmargin.margin.ficc.add_on_rules import AddOnRules
from crossmargin.margin.ficc.add_ons import (
    Coverage,
    Outcome,
    backtesting_charge,
    customer_minimum_top_up,
    holiday_charge,
    holiday_days,
    holiday_factor,
    intraday_mark_to_market,
    portfolio_differential,
)
from crossmargin.product.calendars import FIRST_YEAR, LAST_YEAR, cme_calendar, sifma_calendar
from crossmargin.services.calculators.calculator import Answer, Calculator
from crossmargin.services.calculators.ficc_higher_of import higher_of_calculator
from crossmargin.services.calculators.ficc_inputs import (
    BUSINESS_DAY,
    GAIN_NEGATIVE,
    ONE_DECIMAL,
    ZERO_DECIMAL,
    chosen,
    count,
    is_ficc_day,
    money,
    plain,
    ratio,
    refuse_unless,
    whole,
)
from crossmargin.services.calculators.ficc_liquidity import margin_liquidity_calculator
from crossmargin.services.calculators.inputs import Input, Kind, Values

_MOST_DAYS = 10
_YEAR_MONTHS = 12


def ficc_add_on_calculators(
    rules: AddOnRules, reduction_rules: ReductionRules
) -> tuple[Calculator, ...]:
    """Return the calculators, with the parameters that hold where an input names none.

    Parameters
    ----------
    rules : AddOnRules
    reduction_rules : ReductionRules
        Has the customer minimum.
    """
    return (
        higher_of_calculator(rules),
        margin_liquidity_calculator(rules),
        _portfolio_differential(rules),
        _backtesting(rules),
        _holiday(rules),
        _mark_to_market(rules),
        _customer_minimum(reduction_rules),
    )


def _portfolio_differential(rules: AddOnRules) -> Calculator:
    default = rules.differential_observations

    def compute(values: Values) -> Answer:
        decay = chosen(values, "decay", rules.differential_decay)
        refuse_unless(0 < decay < 1, "decay", decay, "more than 0, less than 1", "88 FR 57485")
        observations = whole(values, "observations", default)
        charges = [row.money("var_charge") for row in values.rows("charges")]
        charge = portfolio_differential(
            charges,
            decay=decay,
            observations=observations,
            multiplier=chosen(values, "multiplier", rules.differential_multiplier),
        )
        if charge is None:
            expected = f"{observations + 1} charges of one cycle at least"
            raise RefusedError(
                Refusal("charges", counted(len(charges), "charge"), expected, "88 FR 57485")
            )
        return {"portfolio_differential": str(charge)}

    return Calculator(
        name="portfolio-differential",
        summary="What VaR Charges have risen by, on an exponential average.",
        rule=(
            f"m x sum of decay^i x max(V(t-i) - V(t-i-1), 0) over the newest {default} "
            "changes, divided by the sum of decay^i; charges of one cycle, oldest first, the one "
            "being charged last; up to the cent."
        ),
        source=(
            "SR-FICC-2023-011 (88 FR 57485): decay, number and multiplier recalled, normalisation "
            "inferred"
        ),
        inputs=(
            Input(
                "charges",
                Kind.LIST,
                "VaR Charges of one cycle, oldest first",
                inputs=(money("var_charge", "VaR Charge"),),
            ),
            ratio("decay", "decay of the average", rules.differential_decay, maximum=ONE_DECIMAL),
            ratio("multiplier", "m", rules.differential_multiplier),
            count("observations", "number of changes", default),
        ),
        compute=compute,
    )


def _backtesting(rules: AddOnRules) -> Calculator:
    fewest, rank, target = (
        rules.backtesting_fewest,
        rules.backtesting_rank,
        rules.backtesting_target,
    )

    def compute(values: Values) -> Answer:
        outcomes = [
            # Only figures count here: which twelve months they are is said by the newest of them.
            Outcome(row.day("date"), row.money("var_charge"), row.money("realised_loss"))
            for row in values.rows("outcomes")
        ]
        _refuse_dates(values)
        observations = whole(values, "observations", len(outcomes))
        least = max(fewest, len(outcomes))
        most = _most_business_days([outcome.business_date for outcome in outcomes])
        refuse_unless(
            least <= observations <= most,
            "observations",
            observations,
            f"at least {least}: those listed, and enough to say something of the coverage; at most "
            f"{most}: one a business day of twelve months with every date listed",
            "NSCC's wording",
        )
        coverage = replace(Coverage.of(outcomes), observations=observations)
        charge = backtesting_charge(coverage, target=target, rank=rank)
        return {
            "backtesting_charge": str(charge),
            "coverage": None if coverage.ratio is None else format_ratio(coverage.ratio),
            "observations": str(coverage.observations),
            "deficiencies": [str(each) for each in coverage.deficiencies],
        }

    return Calculator(
        name="backtesting-charge",
        summary="The third-largest deficiency of twelve months, where coverage is too low.",
        rule=(
            "deficiency = realised loss - VaR Charge where positive; coverage = 1 - deficiencies / "
            f"outcomes. Under {plain(target)} the charge is deficiency number {rank} from the "
            "largest, otherwise zero; reaching it is enough, so 250 outcomes allow two "
            f"deficiencies. At least {fewest} outcomes of one cycle, one a business day of FICC, "
            "of twelve months: those listed span no more, and observations, their number with "
            "those that were covered and need not be listed, is at most the business days of them."
        ),
        source="NSCC's wording, recalled for GSD (83 FR 26514)",
        inputs=(
            Input(
                "outcomes",
                Kind.LIST,
                "charges and the losses that followed, one a date",
                inputs=(
                    Input("date", Kind.DATE, "business date of the charge"),
                    money("var_charge", "VaR Charge"),
                    money(
                        "realised_loss", "loss over the horizon that followed", sign=GAIN_NEGATIVE
                    ),
                ),
            ),
            count("observations", "outcomes in all, those not listed covered"),
        ),
        compute=compute,
    )


def _refuse_dates(values: Values) -> None:
    """Refuse dates that are no business days, stand twice, or lie over more than twelve months."""
    right = [row.day("date") for row in values.rows("outcomes") if is_ficc_day(row, "date")]
    begin = add_months(max(right), -_YEAR_MONTHS) if right else date.min
    seen: set[date] = set()
    refusals = []
    for place, row in enumerate(values.rows("outcomes")):
        day = row.day("date")
        is_right = is_ficc_day(row, "date")
        faults = {
            BUSINESS_DAY: not is_right,
            "each date once": day in seen,
            f"after {begin}: twelve months to the newest date": is_right and day <= begin,
        }
        refusals += [
            Refusal(f"outcomes[{place}].date", day.isoformat(), expected, "NSCC's wording")
            for expected, is_wrong in faults.items()
            if is_wrong
        ]
        seen.add(day)
    if refusals:
        raise RefusedError(*refusals)


def _most_business_days(days: list[date]) -> int:
    """Return how many business days of FICC twelve months with all of the days can have."""
    first, newest = min(days), max(days)
    last = add_months(first, _YEAR_MONTHS) - timedelta(days=1)
    known = sifma_calendar().business_days(
        max(add_months(newest, -_YEAR_MONTHS), date(FIRST_YEAR, 1, 1)),
        min(last, date(LAST_YEAR, 12, 31)),
    )
    ends = (newest + timedelta(days=more) for more in range((last - newest).days + 1))
    return max(
        bisect_right(known, end) - bisect_right(known, add_months(end, -_YEAR_MONTHS))
        for end in ends
    )


def _holiday(rules: AddOnRules) -> Calculator:
    horizon = rules.horizon_days

    def compute(values: Values) -> Answer:
        extra = _extra_days(values)
        factor = holiday_factor(horizon_days=horizon, extra_days=extra)
        charge = holiday_charge(values.money("var_charge"), horizon_days=horizon, extra_days=extra)
        return {
            "holiday_charge": str(charge),
            "extra_days": str(extra),
            "factor": format_ratio(factor),
        }

    return Calculator(
        name="holiday-charge",
        summary="VaR for the days on which FICC is shut while markets trade.",
        rule=(
            f"VaR Charge x (sqrt(({horizon} + n)/{horizon}) - 1), the root up to a millionth. n is "
            "the number of days between the date of the collection and FICC's next business day on "
            "which CME's rate futures trade, short sessions too; or extra_days instead."
        ),
        source="FICC's Holiday Charge, recalled; scaling by the square root of time inferred",
        inputs=(
            money("var_charge", "VaR Charge"),
            Input(
                "date",
                Kind.DATE,
                "business day of the collection; this or extra_days",
                required=False,
            ),
            Input(
                "extra_days",
                Kind.DECIMAL,
                "days on which FICC is shut while markets trade; this or date",
                required=False,
                minimum=ZERO_DECIMAL,
                maximum=Decimal(_MOST_DAYS),
            ),
        ),
        compute=compute,
    )


def _extra_days(values: Values) -> int:
    refuse_unless(
        ("date" in values) != ("extra_days" in values),
        "date",
        "",
        "either date or extra_days",
        "ruling 29",
    )
    if "extra_days" in values:
        return whole(values, "extra_days", 0)
    refuse_unless(
        is_ficc_day(values, "date"), "date", values.day("date"), BUSINESS_DAY, "ruling 33"
    )
    return holiday_days(values.day("date"), ficc=sifma_calendar(), markets=cme_calendar())


def _mark_to_market(rules: AddOnRules) -> Calculator:
    thresholds = rules.mark_to_market

    def compute(values: Values) -> Answer:
        coverage = values.decimal("coverage") if "coverage" in values else None
        charge = intraday_mark_to_market(
            values.money("adverse_mark"),
            var_charge=values.money("var_charge"),
            coverage=None if coverage is None else Fraction(coverage),
            thresholds=thresholds,
        )
        if charge is None:
            expected = "the twelve-month coverage: both other thresholds are passed"
            raise RefusedError(Refusal("coverage", "", expected, "MBSD's thresholds"))
        return {"intraday_mark_to_market": str(charge)}

    return Calculator(
        name="intraday-mark-to-market",
        summary="The adverse mark since the last collection, once it is large.",
        rule=(
            f"the adverse mark, if it is more than ${thresholds.amount.cents // 100:,} and more "
            f"than {plain(thresholds.share_of_var_charge)} of the VaR Charge and twelve-month "
            f"coverage is under {plain(thresholds.coverage)}; otherwise zero. A threshold must be "
            "passed, not reached."
        ),
        source="MBSD's thresholds, inferred for GSD, whose own were not read",
        inputs=(
            money("adverse_mark", "loss of value since the last collection", sign=GAIN_NEGATIVE),
            money("var_charge", "daily VaR Charge"),
            Input(
                "coverage",
                Kind.DECIMAL,
                "twelve-month coverage, a ratio; needed if the other thresholds are passed",
                required=False,
                minimum=ZERO_DECIMAL,
                maximum=ONE_DECIMAL,
            ),
        ),
        compute=compute,
    )


def _customer_minimum(rules: ReductionRules) -> Calculator:
    default = rules.customer_minimum
    minimum_text = f"{default.cents // 100:,}"

    def compute(values: Values) -> Answer:
        minimum: Money = values.money("minimum") if "minimum" in values else default
        requirement = values.money("requirement")
        top_up = customer_minimum_top_up(requirement, minimum)
        return {"requirement": str(requirement + top_up), "minimum_top_up": str(top_up)}

    return Calculator(
        name="customer-minimum",
        summary="What FICC collects from a segregated customer at least.",
        rule=(
            f"max(requirement, ${minimum_text}), of what FICC collects from the customer in all, "
            "after the reduction and with its add-ons; what the minimum adds is shown apart."
        ),
        source="SR-FICC-2024-007, recalled; ruling 6",
        inputs=(
            money("requirement", "collected by FICC after the reduction, everything included"),
            Input(
                "minimum",
                Kind.MONEY,
                f"US dollars; default {minimum_text}",
                required=False,
                minimum=ZERO_DECIMAL,
            ),
        ),
        compute=compute,
    )
