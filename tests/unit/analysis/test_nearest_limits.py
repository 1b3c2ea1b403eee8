"""The way to every limit: going it arrives there, and the nearest comes first."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from crossmargin.analysis.limits import Limit, limits_of
from crossmargin.arrangement.reduction import (
    Denominator,
    Fallback,
    ModelFigures,
    ReductionRules,
)
from crossmargin.arrangement.requirement import (
    CcpFigures,
    CustomerRequirement,
    customer_requirement,
)
from crossmargin.basics.money import Money

MILLION = 100_000_000


def rules(
    denominator: Denominator = Denominator.OWN_MODEL, minimum: int = MILLION
) -> ReductionRules:
    return ReductionRules(
        threshold=Fraction(1, 100),
        cap=Fraction(4, 5),
        denominator=denominator,
        fallback=Fallback.NONE,
        customer_minimum=Money(minimum),
    )


def required(
    ficc: tuple[int, int, int], cme: tuple[int, int, int], rule: ReductionRules
) -> CustomerRequirement:
    zero = Money(0)
    return customer_requirement(
        ficc=CcpFigures(ModelFigures(*map(Money, ficc)), zero, zero, has_positions=True),
        cme=CcpFigures(ModelFigures(*map(Money, cme)), zero, zero, has_positions=True),
        rules=rule,
    )


def components(
    historical: int, filtered: int, floor: int, added: int = 0
) -> Mapping[str, Fraction]:
    return {
        "historical_simulation": Fraction(historical),
        "filtered_simulation": Fraction(filtered),
        "floor_percentage": Fraction(floor),
        "repo_volatility": Fraction(added),
        "bid_ask": Fraction(0),
    }


def by_name(limits: tuple[Limit, ...]) -> dict[str, Limit]:
    return {limit.name: limit for limit in limits}


# The arrangement's first worked example, in dollars: savings 13/19 and 3/4.
FICC, CME = (100_00, 90_00, 60_00), (95_00, 92_00, 46_75)


def test_a_worked_example() -> None:
    rule = rules(minimum=0)
    found = by_name(limits_of(required(FICC, CME, rule), components(50, 58, 45, 2), rule))
    threshold, cap, side = found["threshold"], found["cap"], found["binding_side"]
    # FICC's combined margin would have to reach 99 % of 190.
    assert (threshold.figure, threshold.rises) == ("FICC combined", True)
    assert threshold.dollars == Fraction("128.10")
    # To the cap: FICC from 60 to 38, CME from 46.75 to 37.40.
    assert (cap.figure, cap.rises) == ("FICC and CME combined", False)
    assert cap.dollars == 22 + Fraction("9.35")
    # CME's saving is the larger: from 46.75 to 187 x 6/19.
    assert (side.figure, side.rises) == ("CME combined", True)
    assert side.dollars == 187 * Fraction(6, 19) - Fraction("46.75")
    # The Minimum Margin Amount, 58 + 2, is the charge; the model, 50 + 2, the next.
    amount = found["minimum_margin_amount"]
    assert (amount.is_past, amount.rises, amount.dollars) == (True, False, 8)
    assert amount.figure == "FICC combined, minimum margin amount"
    assert amount.saving == Fraction(8, 190)
    floor = found["floor_percentage"]
    assert (floor.is_past, floor.rises, floor.dollars) == (False, True, 15)
    assert floor.figure == "FICC combined, floor percentage"
    # 100 x (1 - 13/19) up to the cent.
    assert found["customer_minimum"].dollars == Fraction("31.58")


def test_limits_that_decide_are_said_to() -> None:
    rule = rules()
    limits = limits_of(required((100, 90, 10), (95, 92, 9), rule), components(1, 1, 2), rule)
    found = by_name(limits)
    past = {name for name, limit in found.items() if limit.is_past}
    assert past == {"cap", "floor_percentage", "customer_minimum"}
    assert found["cap"].rises
    assert list(limits) == sorted(limits, key=lambda each: each.saving)


def test_below_the_threshold_the_way_is_back() -> None:
    rule = rules()
    requirement = required((100_00, 90_00, 189_00), (95_00, 92_00, 186_00), rule)
    threshold = by_name(limits_of(requirement, components(1, 0, 0), rule))["threshold"]
    assert (threshold.is_past, threshold.rises) == (True, False)
    assert threshold.figure == "FICC and CME combined"
    assert threshold.dollars == Fraction("0.90") + Fraction("0.87")


def test_without_both_legs_no_limit_of_the_saving_applies() -> None:
    rule = rules()
    requirement = required((100_00, 0, 100_00), (95_00, 0, 95_00), rule)
    names = set(by_name(limits_of(requirement, components(100, 0, 0), rule)))
    assert names == {"floor_percentage", "minimum_margin_amount", "customer_minimum"}


def test_before_there_was_a_minimum_margin_amount_it_is_no_limit() -> None:
    rule = rules()
    figures = {k: v for k, v in components(5, 0, 1).items() if k != "filtered_simulation"}
    assert "minimum_margin_amount" not in by_name(
        limits_of(required(FICC, CME, rule), figures, rule)
    )
