"""Laws that a close-out keeps for any books, methods and volumes."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.basics.money import Money
from crossmargin.default_management.liquidation.close_out import CloseOut, Method
from crossmargin.default_management.liquidation.closing import close_out_books, marks_of
from crossmargin.default_management.liquidation.hedging import Legs
from crossmargin.default_management.liquidation.impact import Account, impact_dollars, impacts
from crossmargin.default_management.liquidation.instruments import Instrument, Market
from crossmargin.default_management.liquidation.schedule import Schedule
from crossmargin.default_management.liquidation.terms import (
    Hedge,
    ImpactSharing,
    LiquidationTerms,
)
from crossmargin.product.position import ClearingOrganization
from crossmargin.testing.close_outs import (
    CME,
    DATES,
    FICC,
    HEDGES,
    invented_instruments,
    legs_of,
    shipped_terms,
    traded_units,
    without_impact,
)

LAWS = settings(max_examples=40, deadline=None, derandomize=True)
LINES = invented_instruments()
#: Within three days' volumes at the largest share: no horizon is lengthened.
SECURITY_UNITS, CONTRACT_UNITS = st.integers(-3_000, 3_000), st.integers(-300, 300)
BOOKS = st.builds(
    legs_of,
    st.fixed_dictionaries({}, optional=dict.fromkeys(("NOTE2", "NOTE10"), SECURITY_UNITS)),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("ZTM20", "ZNM20"), CONTRACT_UNITS)),
)
POOLS = st.dictionaries(st.sampled_from(("A", "B", "C")), BOOKS, min_size=1)
METHODS = st.sampled_from(Method)
TERMS = st.builds(
    shipped_terms,
    hedge=st.sampled_from(Hedge),
    sharing=st.sampled_from(ImpactSharing),
    first_sale_day=st.integers(1, 2),
    joint_days=st.integers(1, 4),
)

Closed = dict[str, dict[ClearingOrganization, CloseOut]]


def closed(
    pool: dict[str, Legs],
    method: Method,
    terms: LiquidationTerms,
    lines: dict[str, Instrument] = LINES,
) -> Closed:
    return close_out_books(pool, lines, HEDGES, DATES, method=method, terms=terms)


@LAWS
@given(POOLS, METHODS, TERMS)
def test_without_impact_the_result_is_the_mark_of_what_was_held(
    pool: dict[str, Legs], method: Method, terms: LiquidationTerms
) -> None:
    with_cost = closed(pool, method, terms)
    for name, sides in closed(pool, method, terms, without_impact(LINES)).items():
        for side, close_out in sides.items():
            assert close_out.impact == Money(0)
            assert close_out.result == close_out.marks == with_cost[name][side].marks
            held = dict(pool[name][side]) if method.buyer in (None, side) else {}
            if method.buyer not in (None, side):
                assert len(close_out.days) <= 1
                held = dict(pool[name][side])
            for place, day in enumerate(close_out.days):
                steps = sum(units * LINES[of].moves_steps[place] for of, units in held.items())
                assert day.marks == marks_of(steps)
                if place == 0 and method.buyer is side:
                    # What the other side held comes in at the settlement of the first day.
                    other = next(each for each in pool[name] if each is not side)
                    for label, units in pool[name][other].items():
                        held[label] = held.get(label, 0) + units
                for trade in day.trades:
                    held[trade.instrument] = held.get(trade.instrument, 0) + trade.units
            if method.buyer in (None, side):
                assert not any(held.values())


@LAWS
@given(POOLS, METHODS, TERMS)
def test_everything_is_sold_and_every_hedge_is_closed(
    pool: dict[str, Legs], method: Method, terms: LiquidationTerms
) -> None:
    for name, sides in closed(pool, method, terms).items():
        traded: dict[str, int] = {}
        for close_out in sides.values():
            assert sum(trade.hedge_units for day in close_out.days for trade in day.trades) == 0
            assert close_out.impact >= Money(0)
            for label, units in traded_units(close_out).items():
                traded[label] = traded.get(label, 0) + units
        for label in LINES:
            held = sum(of.get(label, 0) for of in pool[name].values())
            assert traded.get(label, 0) == -held
        assert sum(each.transfer_price.cents for each in sides.values()) == 0


@LAWS
@given(POOLS, METHODS, TERMS, st.randoms(use_true_random=False))
def test_the_order_of_customers_and_lines_decides_nothing(
    pool: dict[str, Legs], method: Method, terms: LiquidationTerms, random: object
) -> None:
    names = list(pool)
    random.shuffle(names)  # type: ignore[attr-defined]
    other = {
        name: {
            side: dict(reversed(list(pool[name][side].items()))) for side in reversed(pool[name])
        }
        for name in names
    }
    lines = dict(reversed(LINES.items()))
    assert closed(other, method, terms, lines) == closed(pool, method, terms)


@LAWS
@given(POOLS, METHODS, TERMS)
def test_each_as_if_alone_is_each_alone(
    pool: dict[str, Legs], method: Method, terms: LiquidationTerms
) -> None:
    alone = replace(terms, sharing=ImpactSharing.PER_CUSTOMER)
    for name, sides in closed(pool, method, alone).items():
        assert closed({name: pool[name]}, method, terms) == {name: sides}


@LAWS
@given(POOLS, METHODS, TERMS)
def test_company_moves_no_mark_and_costs_no_less(
    pool: dict[str, Legs], method: Method, terms: LiquidationTerms
) -> None:
    together = replace(terms, sharing=ImpactSharing.AGGREGATE)
    for name, sides in closed(pool, method, together).items():
        for side, alone in closed({name: pool[name]}, method, together)[name].items():
            assert alone.marks == sides[side].marks
            trades = sum(len(day.trades) for day in alone.days)
            # A cent a trade for the rounding of shares.
            assert sides[side].impact.cents >= alone.impact.cents - trades


@LAWS
@given(
    st.lists(st.integers(1, 10**7), min_size=1, max_size=6),
    st.integers(1, 10**9),
    st.fractions(0, 3, max_denominator=100),
)
def test_what_a_line_costs_is_shared_to_the_cent(
    units: list[int], volume: int, coefficient: Fraction
) -> None:
    market = Market("ZN", Fraction(volume), coefficient)
    line = replace(LINES["ZNM20"], market=market)
    traded = {Account(f"C{at}", CME): {line.label: each} for at, each in enumerate(units)}
    shares = impacts(traded, {line.label: line}, ImpactSharing.AGGREGATE)
    whole = impact_dollars(line, sum(units), Fraction(sum(units)))
    assert sum(each.cents for each in shares.values()) == math.ceil(whole * 100)
    for account, of in traded.items():
        exact = whole * 100 * of[line.label] / sum(units)
        assert abs(shares[account, line.label].cents - exact) <= 1
    value = float(coefficient) * 350.0 * sum(units) * math.sqrt(sum(units) / volume)
    assert float(whole) == pytest.approx(value, rel=1e-3, abs=sum(units) * 2e-6)


def cost_over(line: Instrument, units: int, days: Fraction) -> Fraction:
    schedule = Schedule(1, days)
    parts = [
        schedule.held_after(units, day - 1) - schedule.held_after(units, day)
        for day in range(1, schedule.last_day + 1)
    ]
    assert sum(parts) == units
    quantities = (part * line.volume_per_unit for part in parts)
    return sum(
        (impact_dollars(line, part, of) for part, of in zip(parts, quantities, strict=True)),
        Fraction(0),
    )


def slack(line: Instrument, units: int) -> Fraction:
    """Return what the root's billionths can make of a cost."""
    return line.volatility_dollars * units / 1_000_000_000


DAYS = st.integers(1, 12)


@LAWS
@given(st.integers(0, 10**7), st.integers(0, 10**6), DAYS)
def test_impact_grows_with_size_at_least_in_proportion(units: int, more: int, days: int) -> None:
    line, over = LINES["ZNM20"], Fraction(days)
    small, large = cost_over(line, units, over), cost_over(line, units + more, over)
    assert large >= small - slack(line, units)
    assert cost_over(line, 2 * units, over) >= 2 * small - 2 * slack(line, units)


@LAWS
@given(st.integers(0, 10**7), DAYS, DAYS)
def test_a_longer_horizon_lowers_impact_and_raises_what_is_at_risk(
    units: int, days: int, more: int
) -> None:
    line = LINES["ZNM20"]
    short, long = Schedule(1, Fraction(days)), Schedule(1, Fraction(days + more))
    assert cost_over(line, units, long.days) <= cost_over(line, units, short.days) + slack(
        line, units
    )
    at_risk = [
        [each.share_after(day) for day in range(long.last_day + 1)] for each in (short, long)
    ]
    assert all(one <= other for one, other in zip(*at_risk, strict=True))
    # Variance of the marks, day by day alike and independent: more than before, strictly.
    assert sum(share**2 for share in at_risk[0]) < sum(share**2 for share in at_risk[1])


#: Books so large, and volumes with them, that a unit more or less is no part of a cost.
LARGE = 10_000
LONG_PATH = 40


@LAWS
@given(BOOKS, st.sampled_from((Method.JOINT, Method.SEPARATE)), st.integers(2, 4))
def test_a_book_grows_dearer_at_least_in_proportion_however_long_volume_makes_it_take(
    legs: Legs, method: Method, times: int
) -> None:
    # A share of volume under which the larger books need more than their own days.
    terms = shipped_terms(hedge=Hedge.NONE, largest_volume_share=Fraction(1, 50))
    lines = {
        label: replace(
            each,
            moves_steps=each.moves_steps * LONG_PATH,
            market=replace(each.market, daily_volume=each.market.daily_volume * LARGE),
        )
        for label, each in LINES.items()
    }
    costs = []
    for size in (LARGE, LARGE * times):
        book = {
            side: {label: units * size for label, units in of.items()} for side, of in legs.items()
        }
        sides = close_out_books(
            {"A": book}, lines, HEDGES, DATES * LONG_PATH, method=method, terms=terms
        )["A"]
        costs.append(sum(each.impact.cents for each in sides.values()))
    assert costs[1] >= times * costs[0] * Fraction(9_999, 10_000)


@LAWS
@given(POOLS, TERMS)
def test_a_pair_is_sold_whole_in_the_joint_method(
    pool: dict[str, Legs], terms: LiquidationTerms
) -> None:
    for name, sides in closed(pool, Method.JOINT, terms).items():
        held = {label: units for of in pool[name].values() for label, units in of.items()}
        left = {side: dict(pool[name][side]) for side in pool[name]}
        lasts = {len(sides[side].days) for side in (FICC, CME) if any(pool[name][side])}
        assert len(lasts) <= 1
        for place in range(max(lasts, default=0)):
            for side, of in sides.items():
                if of.days:
                    for trade in of.days[place].trades:
                        own = trade.units - trade.hedge_units
                        if own:
                            left[side][trade.instrument] += own
            shares = [
                Fraction(units, held[label])
                for of in left.values()
                for label, units in of.items()
                if held[label]
            ]
            units = [abs(each) for each in held.values() if each]
            if shares:
                assert max(shares) - min(shares) < Fraction(1, min(units))
