"""Laws of conditions and crowding: ways arrive, volatility stays, crowds cost at least the sum."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.analysis.correlation import correlated
from crossmargin.analysis.crowding import Crowd, Sides, liquidation_cost
from crossmargin.analysis.limits import Limit, limits_of
from crossmargin.arrangement.reduction import (
    Denominator,
    Fallback,
    ModelFigures,
    ReductionRules,
    savings,
)
from crossmargin.arrangement.requirement import (
    CcpFigures,
    CustomerRequirement,
    customer_requirement,
)
from crossmargin.basics.money import Money
from crossmargin.margin.ficc.liquidity import LiquidityGroup, LiquidityRules, group_liquidity
from crossmargin.market.scenarios import KEY_RATE_BITS, NOT_PROXIED, ScenarioSet, on_grid

RULES = LiquidityRules(Fraction(1), Fraction(2, 5), Fraction(1))
GROUP = LiquidityGroup("treasury", Fraction(1, 200), Fraction(10**9), Fraction(3, 5))


def rules(denominator: Denominator) -> ReductionRules:
    return ReductionRules(
        threshold=Fraction(1, 100),
        cap=Fraction(4, 5),
        denominator=denominator,
        fallback=Fallback.NONE,
        customer_minimum=Money(100_000_000),
    )


def required(
    ficc: tuple[int, ...], cme: tuple[int, ...], rule: ReductionRules
) -> CustomerRequirement:
    zero = Money(0)
    return customer_requirement(
        ficc=CcpFigures(ModelFigures(*map(Money, ficc)), zero, zero, has_positions=True),
        cme=CcpFigures(ModelFigures(*map(Money, cme)), zero, zero, has_positions=True),
        rules=rule,
    )


#: Of FICC's combined figure: limits of the saving do not look at them.
COMPONENTS: Mapping[str, Fraction] = {
    name: Fraction(1)
    for name in ("historical_simulation", "filtered_simulation", "floor_percentage")
} | {"repo_volatility": Fraction(0), "bid_ask": Fraction(0)}


def by_name(limits: tuple[Limit, ...]) -> dict[str, Limit]:
    return {limit.name: limit for limit in limits}


bp = st.integers(-200, 200)


@settings(max_examples=40, deadline=None)
@given(
    moves=st.lists(st.tuples(bp, bp, bp), min_size=3, max_size=12),
    multiple=st.sampled_from([Fraction(0), Fraction(1, 2), Fraction(3, 2), Fraction(7)]),
)
def test_a_tenor_keeps_its_size_unless_it_is_all_rest(
    moves: list[tuple[int, int, int]], multiple: Fraction
) -> None:
    rates = on_grid(np.array(moves) / 1e4, KEY_RATE_BITS)
    count = len(rates)
    dates = np.arange(count).astype("datetime64[D]")
    before = ScenarioSet(
        name="three tenors",
        horizon_days=1,
        start_dates=dates,
        end_dates=dates + np.timedelta64(1, "D"),
        key_years=np.array([1.0, 5.0, 10.0]),
        key_rates=rates,
        basis_bp=np.zeros((count, 8)),
        spread_bp=np.zeros((count, 2)),
        proxied=NOT_PROXIED,
    )
    after = correlated(before, multiple, keeps_volatility=True).key_rates
    level = rates.sum(axis=1)
    shares = np.array([level @ rates[:, key] for key in range(3)])
    for key in range(3):
        size = (rates[:, key] ** 2).sum()
        if multiple == 0 and abs(shares[key]) < 1e-12:
            # Nothing is shared with the level: at zero nothing is left of it.
            continue
        assert (after[:, key] ** 2).sum() == pytest.approx(size, rel=1e-6, abs=1e-15)


cents = st.integers(1, 10_000)


@pytest.mark.parametrize("denominator", list(Denominator))
@settings(max_examples=60, deadline=None)
@given(ficc=st.tuples(cents, cents, cents), cme=st.tuples(cents, cents, cents))
def test_going_the_way_arrives_at_the_limit(
    denominator: Denominator, ficc: tuple[int, int, int], cme: tuple[int, int, int]
) -> None:
    rule = rules(denominator)
    # In whole thousands of dollars, so that a way ends within a cent of a cent.
    wide_ficc, wide_cme = (tuple(100_000 * each for each in side) for side in (ficc, cme))
    requirement = required(wide_ficc, wide_cme, rule)  # type: ignore[arg-type]
    limits = by_name(limits_of(requirement, COMPONENTS, rule))
    for name, level in (("threshold", rule.threshold), ("cap", rule.cap)):
        limit = limits[name]
        assert limit.saving == abs(requirement.reduction.saving_before_cap - level)
        if not limit.rises:
            continue
        moved = {"FICC": list(wide_ficc), "CME": list(wide_cme)}
        side = limit.figure.removesuffix(" combined")
        moved[side][2] += round(limit.dollars * 100)
        after = savings(
            ficc=ModelFigures(*map(Money, moved["FICC"])),
            cme=ModelFigures(*map(Money, moved["CME"])),
            denominator=denominator,
        )
        assert abs(min(after) - level) < Fraction(1, 10**5)
    gap = limits["binding_side"]
    moved = {"FICC": list(wide_ficc), "CME": list(wide_cme)}
    side = gap.figure.removesuffix(" combined")
    moved[side][2] += round(gap.dollars * 100) * (1 if gap.rises else -1)
    if moved[side][2] >= 0:
        after = savings(
            ficc=ModelFigures(*map(Money, moved["FICC"])),
            cme=ModelFigures(*map(Money, moved["CME"])),
            denominator=denominator,
        )
        assert abs(after[0] - after[1]) < Fraction(1, 10**5)


amounts = st.lists(st.integers(-1000, 1000).map(Fraction), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(amounts)
def test_a_crowd_is_on_the_side_of_the_net_and_shares_it(held: list[Fraction]) -> None:
    sides, crowd = Sides.of(held), Crowd.of(held)
    assert sides.net == sum(held)
    assert sides.gross == sum(map(abs, held))
    if crowd.side == "none":
        assert not sides.net
        assert crowd.herfindahl is None
        return
    sign = 1 if crowd.side == "long" else -1
    assert sign * sides.net > 0
    assert all(sign * held[member] > 0 for member in crowd.members)
    shares = [share for _, share in crowd.shares]
    assert sum(shares) == 1
    assert shares == sorted(shares, reverse=True)
    index = crowd.herfindahl
    assert index is not None
    assert Fraction(1, len(shares)) <= index <= 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=5))
def test_at_ficc_a_crowd_costs_at_least_what_its_customers_do(values: list[int]) -> None:
    def cost(book: Mapping[str, int]) -> Fraction:
        value = Fraction(sum(book.values()))
        return group_liquidity(
            GROUP,
            RULES,
            net_market_value=value,
            gross_market_value=value,
            one_day_loss=Fraction(0),
        ).impact_cost

    books = [{"a": value} for value in values]
    together = liquidation_cost(books, Crowd.of([Fraction(v) for v in values]), cost)
    assert together.missed >= 0
    assert together.crowd_together == together.netted
