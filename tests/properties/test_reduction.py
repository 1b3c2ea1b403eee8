"""Laws of the reduction that hold for any figures."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.arrangement.reduction import (
    Binding,
    Denominator,
    Fallback,
    ModelFigures,
    ReductionRules,
    margin_reduction,
)
from crossmargin.basics.money import Money

cents = st.integers(min_value=0, max_value=10**13).map(Money)
figures = st.builds(ModelFigures, securities=cents, futures=cents, combined=cents)
ratios = st.fractions(min_value=0, max_value=1, max_denominator=1000)


@st.composite
def rules(draw: st.DrawFn) -> ReductionRules:
    low, high = sorted((draw(ratios), draw(ratios)))
    return ReductionRules(
        threshold=low,
        cap=high,
        denominator=draw(st.sampled_from(Denominator)),
        fallback=Fallback.NONE,
        customer_minimum=Money(0),
    )


@given(ficc=figures, cme=figures, rules=rules())
def test_reduction_is_between_zero_and_cap(
    ficc: ModelFigures, cme: ModelFigures, rules: ReductionRules
) -> None:
    found = margin_reduction(ficc=ficc, cme=cme, rules=rules)
    assert 0 <= found.reduction <= rules.cap
    assert found.reduction == 0 or found.reduction >= rules.threshold


@given(ficc=figures, cme=figures, rules=rules())
def test_reduction_is_above_neither_positive_saving(
    ficc: ModelFigures, cme: ModelFigures, rules: ReductionRules
) -> None:
    found = margin_reduction(ficc=ficc, cme=cme, rules=rules)
    assert found.reduction <= max(Fraction(0), found.ficc_saving)
    assert found.reduction <= max(Fraction(0), found.cme_saving)


@given(ficc=figures, cme=figures, rules=rules())
def test_requirements_are_within_stand_alone_and_what_the_cap_leaves(
    ficc: ModelFigures, cme: ModelFigures, rules: ReductionRules
) -> None:
    found = margin_reduction(ficc=ficc, cme=cme, rules=rules)
    for required, alone in (
        (found.ficc_requirement, ficc.securities),
        (found.cme_requirement, cme.futures),
    ):
        assert required <= alone
        assert required.dollars >= alone.dollars * (1 - rules.cap)
        exact = alone.dollars * (1 - found.reduction)
        assert 0 <= required.dollars - exact < Fraction(1, 100)


@given(ficc=figures, cme=figures, rules=rules(), times=st.integers(min_value=1, max_value=1000))
def test_scaling_every_figure_changes_no_ratio(
    ficc: ModelFigures, cme: ModelFigures, rules: ReductionRules, times: int
) -> None:
    def scaled(model: ModelFigures) -> ModelFigures:
        return ModelFigures(
            Money(model.securities.cents * times),
            Money(model.futures.cents * times),
            Money(model.combined.cents * times),
        )

    once = margin_reduction(ficc=ficc, cme=cme, rules=rules)
    many = margin_reduction(ficc=scaled(ficc), cme=scaled(cme), rules=rules)
    assert (many.reduction, many.binding) == (once.reduction, once.binding)
    assert many.ficc_requirement.cents <= once.ficc_requirement.cents * times


@given(ficc=figures, cme=figures, rules=rules())
def test_exchanging_the_models_exchanges_what_binds(
    ficc: ModelFigures, cme: ModelFigures, rules: ReductionRules
) -> None:
    def mirrored(model: ModelFigures) -> ModelFigures:
        return ModelFigures(model.futures, model.securities, model.combined)

    found = margin_reduction(ficc=ficc, cme=cme, rules=rules)
    other = margin_reduction(ficc=mirrored(cme), cme=mirrored(ficc), rules=rules)
    assert other.reduction == found.reduction
    assert other.ficc_requirement == found.cme_requirement
    names = {Binding.FICC: Binding.CME, Binding.CME: Binding.FICC}
    if found.ficc_saving != found.cme_saving:
        assert other.binding == names.get(found.binding, found.binding)


@given(ficc=figures, cme=figures, rules=rules())
def test_collected_plus_shortfall_covers_each_combined_margin(
    ficc: ModelFigures, cme: ModelFigures, rules: ReductionRules
) -> None:
    found = margin_reduction(ficc=ficc, cme=cme, rules=rules)
    collected = found.ficc_requirement + found.cme_requirement
    for shortfall, model in (
        (found.order_check.ficc_shortfall, ficc),
        (found.order_check.cme_shortfall, cme),
    ):
        assert shortfall == max(Money(0), model.combined - collected)
