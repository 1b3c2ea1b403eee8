"""Close-outs worked out by hand: pace, hedge, buy-out, who pays what of an impact."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from crossmargin.basics.money import Money
from crossmargin.default_management.liquidation.close_out import CloseOut, Method
from crossmargin.default_management.liquidation.closing import (
    PathTooShortError,
    close_out_books,
    unsold,
)
from crossmargin.default_management.liquidation.hedging import Legs, hedge_units
from crossmargin.default_management.liquidation.impact import Account, impacts
from crossmargin.default_management.liquidation.schedule import Schedule, days_needed
from crossmargin.default_management.liquidation.terms import Hedge, ImpactSharing
from crossmargin.product.position import ClearingOrganization
from crossmargin.testing.close_outs import (
    CME,
    DATES,
    FICC,
    HEDGES,
    invented_instruments,
    legs_of,
    shipped_terms,
    without_impact,
)

LINES = invented_instruments()


def closed(legs: Legs, method: Method, **changes: object) -> dict[ClearingOrganization, CloseOut]:
    terms = shipped_terms(**{"hedge": Hedge.NONE, **changes})
    return close_out_books({"A": legs}, LINES, HEDGES, DATES, method=method, terms=terms)["A"]


def test_an_even_rate_marks_three_thirds_two_thirds_and_one() -> None:
    # 300 contracts: 480.50 on 300, -301.75 on 200, 96.125 on 100.
    days = closed(legs_of({}, {"ZNM20": 300}), Method.JOINT)[CME].days
    assert [str(day.marks) for day in days] == ["144150.00", "-60350.00", "9612.50"]
    assert [day.held_share for day in days] == [1, Fraction(2, 3), Fraction(1, 3)]
    assert [str(day.dv01_dollars) for day in days] == ["19200", "12800", "6400"]
    # 100 of 6,000 contracts a day at 350 dollars of volatility: 350 x 100 x sqrt(1/60) each day.
    assert [str(day.impact) for day in days] == ["4518.49"] * 3


def test_each_sells_its_own_leg_on_its_own_clock() -> None:
    legs = legs_of({"NOTE10": 3_000}, {"ZNM20": -30})
    sides = closed(legs, Method.SEPARATE)
    assert {side: len(each.days) for side, each in sides.items()} == {FICC: 3, CME: 1}
    together = closed(legs, Method.JOINT)
    assert {side: len(each.days) for side, each in together.items()} == {FICC: 3, CME: 3}


def test_what_lies_apart_is_sold_by_each_side_and_shares_the_impact_of_the_day() -> None:
    legs, regular = legs_of({"NOTE10": 3_000}, {"ZNM20": -30}), legs_of({}, {"ZNM20": -90})
    terms = shipped_terms(hedge=Hedge.NONE)
    found = close_out_books(
        {"A": legs}, LINES, HEDGES, DATES, method=Method.JOINT, terms=terms, apart={"B": regular}
    )
    alone = closed(regular, Method.SEPARATE)
    assert found["B"][CME].method is Method.SEPARATE
    assert found["B"][CME].marks == alone[CME].marks
    assert found["A"][FICC] == closed(legs, Method.JOINT)[FICC]
    # Ten of A's contracts are bought with B's ninety on the first day.
    both = closed(legs_of({}, {"ZNM20": -100}), Method.SEPARATE)[CME]
    firsts = [found[name][CME].days[0].impact for name in "AB"]
    assert firsts[0] + firsts[1] == both.days[0].impact


def test_volume_lengthens_both_legs_of_a_pair_and_its_own_leg_alone() -> None:
    # A quarter of 6,000 contracts a day: 7,500 contracts take five days.
    legs = legs_of({"NOTE10": 3_000}, {"ZNM20": -7_500})
    assert {len(each.days) for each in closed(legs, Method.JOINT).values()} == {5}
    apart = closed(legs, Method.SEPARATE)
    assert (len(apart[FICC].days), len(apart[CME].days)) == (3, 5)
    needed = days_needed(
        [(LINES["ZNM20"], -7_501), (LINES["ZNM20"], 1_000)],
        at_least=1,
        largest_volume_share=Fraction(1, 4),
    )
    assert needed == Fraction(7_501, 1_500)
    assert Schedule(1, needed).last_day == 6


def test_a_path_too_short_says_how_many_days_are_needed() -> None:
    with pytest.raises(PathTooShortError, match="9 days, the path has 8"):
        closed(legs_of({}, {"ZNM20": 12_001}), Method.JOINT)


def test_sales_may_begin_the_day_after_the_hedge() -> None:
    legs = legs_of({}, {"ZNM20": 300})
    days = closed(legs, Method.JOINT, first_sale_day=2, hedge=Hedge.BY_BUCKET)[CME].days
    assert [[(trade.units, trade.hedge_units) for trade in day.trades] for day in days] == [
        [(-300, -300)],
        # A hundred sold and a hundred of the hedge bought back: nothing is left to trade.
        [(0, 100)],
        [(0, 100)],
        [(0, 100)],
    ]
    assert days[1].marks == Money(0)
    assert days[1].impact == Money(0)


def test_a_hedge_is_the_nearest_contracts_by_bucket_for_the_side_that_it_comes_from() -> None:
    legs = legs_of({"NOTE2": 40_000, "NOTE10": 10_000}, {"ZNM20": -5})
    # Short: 740 dollars a basis point over 36.50. Long: 790 - 320 = 470 over 64.
    by_bucket = hedge_units(legs, LINES, HEDGES, Hedge.BY_BUCKET)
    assert by_bucket == {FICC: {"ZTM20": -20, "ZNM20": -7}, CME: {}}
    # All of it, 1,210 over 64.
    assert hedge_units(legs, LINES, HEDGES, Hedge.WHOLE_BOOK) == {FICC: {"ZNM20": -19}, CME: {}}
    assert hedge_units(legs, LINES, HEDGES, Hedge.NONE) == {FICC: {}, CME: {}}


def test_a_hedge_of_two_sides_alike_is_shared_by_their_dv01() -> None:
    # 790 and 640 dollars a basis point: 22 contracts, 12.15 and 9.85.
    legs = legs_of({"NOTE10": 10_000}, {"ZNM20": 10})
    found = hedge_units(legs, LINES, HEDGES, Hedge.BY_BUCKET)
    assert found == {FICC: {"ZNM20": -12}, CME: {"ZNM20": -10}}


def test_the_buyer_pays_for_a_note_what_it_is_worth_after_the_first_day() -> None:
    legs = legs_of({"NOTE10": 3_000}, {"ZNM20": -30})
    bought = closed(legs, Method.BUY_OUT_BY_CME)
    # 99.00 and 0.61 of the first day, on the grid, times 3,000.
    assert bought[FICC].transfer_price == Money(298_830_00)
    assert bought[CME].transfer_price == Money(-298_830_00)
    assert [str(day.marks) for day in bought[FICC].days] == ["1830.00"]
    assert bought[FICC].impact == Money(0)
    # Of both legs from the second day on: -0.38 x 3,000 + 301.75 x 30.
    assert [str(day.marks) for day in bought[CME].days][:2] == ["-14415.00", "7912.50"]


def test_nothing_is_paid_for_futures_whose_variation_has_been_settled() -> None:
    legs = legs_of({"NOTE10": 3_000}, {"ZNM20": -30})
    bought = closed(legs, Method.BUY_OUT_BY_FICC)
    assert {each.transfer_price for each in bought.values()} == {Money(0)}
    assert [str(day.marks) for day in bought[CME].days] == ["-14415.00"]
    assert len(bought[FICC].days) == 4


@pytest.mark.parametrize("method", list(Method))
def test_nothing_held_is_nothing_closed_out(method: Method) -> None:
    for each in closed(legs_of({}, {}), method).values():
        assert (each.days, each.result, each.transfer_price) == ((), Money(0), Money(0))


def test_two_notes_of_one_market_move_it_together_and_two_directions_apart() -> None:
    other = replace(LINES["NOTE10"], label="OTHER")
    lines = {**LINES, "OTHER": other}
    a, b = Account("A", FICC), Account("B", FICC)
    alone = impacts({a: {"NOTE10": -2_000}}, lines, ImpactSharing.AGGREGATE)
    both = impacts({a: {"NOTE10": -2_000}, b: {"OTHER": -6_000}}, lines, ImpactSharing.AGGREGATE)
    # Four times the quantity, twice the root.
    assert abs(both[a, "NOTE10"].cents - 2 * alone[a, "NOTE10"].cents) <= 1
    crossed = impacts({a: {"NOTE10": -2_000}, b: {"OTHER": 6_000}}, lines, ImpactSharing.AGGREGATE)
    assert crossed[a, "NOTE10"] == alone[a, "NOTE10"] > Money(0)


def test_what_one_would_buy_and_the_other_sell_of_one_book_is_not_traded() -> None:
    """FICC's hedge sells 60 contracts while CME buys 100: a joint close-out buys 40."""
    traded = {Account("A", FICC): {"ZNM20": -60}, Account("A", CME): {"ZNM20": 100}}
    forty = {Account("A", CME): {"ZNM20": 40}}
    for sharing in ImpactSharing:
        netted = impacts(traded, LINES, sharing, as_one_book=frozenset("A"))
        assert Money.total(netted.values()) == Money.total(impacts(forty, LINES, sharing).values())
        # By units: 60 to 100.
        three_eighths = Money.total(netted.values()).cents * Fraction(3, 8)
        assert abs(netted[Account("A", FICC), "ZNM20"].cents - three_eighths) < 1
        apart = impacts(traded, LINES, sharing)
        assert Money.total(apart.values()) > Money.total(netted.values())
    flat = {Account("A", FICC): {"ZNM20": -60}, Account("A", CME): {"ZNM20": 60}}
    nothing = impacts(flat, LINES, ImpactSharing.AGGREGATE, as_one_book=frozenset("A"))
    assert set(nothing.values()) == {Money(0)}


def test_joint_sells_as_one_book_and_separate_does_not() -> None:
    """With hedges in the contract that CME holds, one side sells what the other buys."""
    legs = legs_of({"NOTE10": 30_000}, {"ZNM20": -300})
    for method, sharing in ((Method.JOINT, frozenset("A")), (Method.SEPARATE, frozenset[str]())):
        found = closed(legs, method, hedge=Hedge.BY_BUCKET)
        traded = {
            Account("A", side): {t.instrument: t.units for t in out.days[0].trades}
            for side, out in found.items()
        }
        costs = impacts(traded, LINES, ImpactSharing.AGGREGATE, as_one_book=sharing)
        for side, out in found.items():
            for trade in out.days[0].trades:
                assert costs[Account("A", side), trade.instrument] == trade.impact


def test_what_is_not_sold_is_marked_day_by_day_and_costs_nothing() -> None:
    held = unsold("A", legs_of({}, {"ZNM20": 300}), LINES, DATES[:3])
    days = held.days[CME]
    # 480.50, -301.75 and 96.125 on all 300.
    assert [str(day.marks) for day in days] == ["144150.00", "-90525.00", "28837.50"]
    assert {day.impact for day in days} == {Money(0)}


def test_no_coefficient_costs_nothing() -> None:
    traded = {Account("A", CME): {"ZNM20": 1_000}}
    found = impacts(traded, without_impact(LINES), ImpactSharing.AGGREGATE)
    assert set(found.values()) == {Money(0)}


def test_a_document_holds_what_adds_up() -> None:
    close_out = closed(legs_of({"NOTE10": 3_000}, {}), Method.JOINT)[FICC]
    document = close_out.as_document()
    assert document["result"] == str(close_out.marks - close_out.impact)
    assert len(document["days"]) == 3  # type: ignore[arg-type]
    assert Money.total(day.impact for day in close_out.days) == close_out.impact
