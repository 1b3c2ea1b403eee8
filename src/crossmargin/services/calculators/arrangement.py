"""Calculators of the arrangement's rule: margin reduction and suspension surge."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from crossmargin.arrangement.reduction import (
    Denominator,
    ModelFigures,
    ReductionRules,
    StandaloneAndRequirement,
    format_ratio,
    margin_reduction,
    suspension_surge,
)
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.services.calculators.calculator import Answer, Calculator
from crossmargin.services.calculators.inputs import Input, Kind, Values

_ZERO, _ONE = Decimal(0), Decimal(1)
_NOT_NEGATIVE = "US dollars, not negative"


def arrangement_calculators(rules: ReductionRules) -> tuple[Calculator, ...]:
    """Return the calculators of the rule, with the rules that hold where the input names none."""
    threshold, cap = format_ratio(rules.threshold, places=2), format_ratio(rules.cap, places=2)

    def compute_reduction(values: Values) -> Answer:
        return _margin_reduction(values, rules)

    reduction = Calculator(
        name="margin-reduction",
        summary="The reduction both CCPs apply, and their two requirements.",
        rule=(
            "saving_k = 1 - combined_k / (securities_k + futures_k), with each CCP's own figures; "
            "the reduction is the smaller saving: none if it is not positive or a leg has no "
            f"margin, none under {threshold} (reaching it counts), at most {cap}. "
            "Equal savings name FICC; CAP only if the cap lowered it. "
            "ficc_requirement = securities_FICC x (1 - reduction) and cme_requirement = "
            "futures_CME x (1 - reduction), each up to the cent from the unrounded ratio. "
            "The customer minimum is not applied here. order_check: by how much each CCP's own "
            "combined margin exceeds the sum that both collect."
        ),
        source=(
            "CFTC proposed order, 90 FR 58525 (the more conservative percentage, customer by "
            "customer); denominators inferred, threshold recalled from 88 FR 48926, cap from CME's "
            "programme page; rulings 1 to 4"
        ),
        inputs=(
            _model_input("ficc", "FICC"),
            _model_input("cme", "CME"),
            Input(
                "threshold",
                Kind.DECIMAL,
                f"ratio under which there is no reduction; default {threshold}",
                required=False,
                minimum=_ZERO,
                maximum=_ONE,
            ),
            Input(
                "cap",
                Kind.DECIMAL,
                f"largest reduction, a ratio; default {cap}",
                required=False,
                minimum=_ZERO,
                maximum=_ONE,
            ),
            Input(
                "denominator",
                Kind.TEXT,
                "own_model, or official_requirements: FICC's securities plus CME's futures for "
                f"both savings; default {rules.denominator}",
                required=False,
                choices=tuple(Denominator),
            ),
        ),
        compute=compute_reduction,
    )
    return reduction, _SURGE


def _model_input(name: str, ccp: str) -> Input:
    figures = {
        "securities": f"{ccp}'s model on the securities alone",
        "futures": f"{ccp}'s model on the futures alone",
        "combined": f"{ccp}'s model on both together",
    }
    return Input(
        name,
        Kind.OBJECT,
        f"margin of the XM account by {ccp}'s own model",
        inputs=tuple(
            Input(each, Kind.MONEY, f"{meaning}, {_NOT_NEGATIVE}", minimum=_ZERO)
            for each, meaning in figures.items()
        ),
    )


def _margin_reduction(values: Values, rules: ReductionRules) -> Answer:
    ficc, cme = _figures(values.group("ficc")), _figures(values.group("cme"))
    refusals = [
        Refusal(
            f"{name}.combined",
            str(figures.combined),
            "0 where neither leg has margin: there is nothing to combine",
            "ruling 1",
        )
        for name, figures in (("ficc", ficc), ("cme", cme))
        if figures.securities == figures.futures == ZERO < figures.combined
    ]
    if refusals:
        raise RefusedError(*refusals)
    outcome = margin_reduction(ficc=ficc, cme=cme, rules=_chosen(values, rules))
    return {
        "ficc_saving": format_ratio(outcome.ficc_saving),
        "cme_saving": format_ratio(outcome.cme_saving),
        "saving_before_cap": format_ratio(outcome.saving_before_cap),
        "reduction": format_ratio(outcome.reduction),
        "binding": outcome.binding.value,
        "ficc_requirement": str(outcome.ficc_requirement),
        "cme_requirement": str(outcome.cme_requirement),
        "requirement": str(outcome.ficc_requirement + outcome.cme_requirement),
        "order_check": {
            "ficc_shortfall": str(outcome.order_check.ficc_shortfall),
            "cme_shortfall": str(outcome.order_check.cme_shortfall),
        },
    }


def _figures(values: Values) -> ModelFigures:
    return ModelFigures(
        securities=values.money("securities"),
        futures=values.money("futures"),
        combined=values.money("combined"),
    )


def _chosen(values: Values, rules: ReductionRules) -> ReductionRules:
    threshold = Fraction(values.decimal("threshold")) if "threshold" in values else rules.threshold
    cap = Fraction(values.decimal("cap")) if "cap" in values else rules.cap
    if threshold > cap:
        expected = f"a threshold of at most the cap, {format_ratio(cap)}"
        raise RefusedError(Refusal("threshold", format_ratio(threshold), expected, "ruling 3"))
    denominator = (
        Denominator(values.text("denominator")) if "denominator" in values else rules.denominator
    )
    return replace(rules, threshold=threshold, cap=cap, denominator=denominator)


def _suspension_surge(values: Values) -> Answer:
    surge = suspension_surge(
        ficc=_standalone(values.group("ficc")), cme=_standalone(values.group("cme"))
    )
    return {
        "ficc_surge": str(surge.ficc),
        "cme_surge": str(surge.cme),
        "surge": str(surge.total),
    }


def _standalone(values: Values) -> StandaloneAndRequirement:
    standalone: Money = values.money("standalone")
    return StandaloneAndRequirement(standalone, values.money("requirement"))


def _surge_input(name: str, ccp: str) -> Input:
    return Input(
        name,
        Kind.OBJECT,
        f"what {ccp} asks of the customer",
        inputs=(
            Input(
                "standalone",
                Kind.MONEY,
                f"with no arrangement, {_NOT_NEGATIVE}",
                minimum=_ZERO,
            ),
            Input(
                "requirement",
                Kind.MONEY,
                f"with the arrangement, everything included, {_NOT_NEGATIVE}",
                minimum=_ZERO,
            ),
        ),
    )


_SURGE = Calculator(
    name="suspension-surge",
    summary="What would be called in addition if the arrangement were suspended.",
    rule=(
        "surge_k = standalone_k - requirement_k at each CCP, and their sum. Negative where "
        "carrying two accounts costs more than the reduction saves."
    ),
    source="ruling 5: standalone is what suspension leads to",
    inputs=(_surge_input("ficc", "FICC"), _surge_input("cme", "CME")),
    compute=_suspension_surge,
)
