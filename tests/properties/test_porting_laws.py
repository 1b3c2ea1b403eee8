"""Laws of porting: the solver finds what trying everything finds, and prejudices nobody."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.porting.admission import Offer
from crossmargin.default_management.porting.customers import Carriage, Place, PropertyItem
from crossmargin.default_management.porting.entitlement import entitlements, property_in_kind
from crossmargin.default_management.porting.plan import make_plan
from crossmargin.default_management.porting.program import Choice, Program
from crossmargin.default_management.porting.receivers import Limit
from crossmargin.default_management.porting.solver import solve
from crossmargin.default_management.porting.units import blocks_of, divisions_of, units_of
from crossmargin.default_management.transfer_test import no_prejudice
from crossmargin.testing.porting import RULES, best_score, customer, inputs, receiver

EXACT = replace(
    RULES,
    optimality_gap=Fraction(0),
    solver_nodes_max=100_000,
    solver_nodes_later_max=100_000,
)
#: Sizes of accounts that differ, so that few assignments are equal.
SIZES = (97, 61, 43, 29, 17)
names = st.sampled_from("ABCDEFGH")
small = st.one_of(st.integers(0, 5), st.integers(0, 10**6)).map(Money)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    """Draw a program small enough to try every assignment of."""
    receivers = ["R1", "R2"]
    choices = []
    # An account without net equity among others.
    sizes = [each if draw(st.integers(0, 3)) else 0 for each in SIZES]
    for number in range(draw(st.integers(1, 4))):
        for way in range(draw(st.integers(1, 2)) if number == 0 else 1):
            for part_id in ("1", "2") if way else ("whole",):
                value = sizes[number] // (2 if way else 1)
                for place, name in enumerate(receivers):
                    margin = Money(draw(st.integers(1, 60)))
                    top_up = Money(draw(st.integers(0, 9)))
                    offer = Offer(f"C{number}", part_id, name, Carriage.XM, margin, margin, top_up)
                    choices.append(Choice(way, offer, value, place))
    room = {
        name: {
            Limit.ACCOUNTS: draw(st.integers(0, 3)),
            Limit.MARGIN: draw(st.integers(0, 120)),
            Limit.TOP_UP: draw(st.integers(0, 20)),
        }
        for name in receivers
    }
    return Program(tuple(choices), room)


@settings(max_examples=30, deadline=None)
@given(programs())
def test_the_solver_places_what_trying_every_assignment_places(program: Program) -> None:
    found = solve(program, EXACT)
    assert program.allows(found.chosen)
    score = program.score(found.chosen)
    assert score[0] == best_score(program)[0] == found.stages[0].bound
    assert score[:2] == best_score(program, found.chosen, halves=False)[:2]
    assert score == best_score(program, found.chosen), "of what is placed, no better way"


@settings(max_examples=30, deadline=None)
@given(programs())
def test_no_bound_is_worse_than_what_was_reached(program: Program) -> None:
    placed, halves, top_up, divided, receivers = solve(program, EXACT).stages
    assert placed.bound >= placed.reached
    assert halves.bound >= halves.reached
    for stage in (top_up, divided, receivers):
        assert stage.bound <= stage.reached
        assert stage.reached >= 0


@given(
    st.dictionaries(names, st.one_of(small, st.integers(-50, -1).map(Money)), min_size=1),
    st.dictionaries(names, small),
    small,
    st.sets(names),
)
def test_whoever_moves_with_an_equal_share_prejudices_nobody(
    claims: dict[str, Money], prior: dict[str, Money], available: Money, moving: set[str]
) -> None:
    prior = {
        name: min(each, claims[name])
        for name, each in prior.items()
        if claims.get(name, ZERO) > ZERO
    }
    share = entitlements(claims, prior=prior, available=available)
    transfer = {
        name: amount
        for name, amount in share.by_customer.items()
        if name in moving and amount > ZERO
    }
    assert no_prejudice(claims, prior=prior, available=available, transfer=transfer).is_allowed
    assert Money.total(share.by_customer.values()) <= available
    if share.rate < 1:
        short = available - Money.total(share.by_customer.values())
        assert short.cents < len(claims), "nothing but parts of a cent is held back"


@given(
    st.lists(
        st.tuples(
            st.sampled_from([Place.FICC, Place.CME]), st.integers(1, 50), st.integers(0, 10**6)
        ),
        max_size=4,
    ),
    small,
    small,
)
def test_property_in_kind_is_worth_what_moves_to_the_cent(
    securities: list[tuple[Place, int, int]], cash: Money, worth: Money
) -> None:
    held = [PropertyItem(Place.CME, "", 0, cash)]
    held += [
        PropertyItem(place, f"91282C{number}", lots * 100, Money(cents))
        for number, (place, lots, cents) in enumerate(securities)
    ]
    moved = property_in_kind(held, worth=worth, par_lot_dollars=100)
    assert Money.total(each.value for each in moved) == worth
    par = {each.cusip: each.par for each in held}
    assert all(each.par % 100 == 0 and each.par <= par[each.cusip] for each in moved if each.cusip)
    from_pool = [each for each in moved if each.place is Place.POOL]
    assert bool(from_pool) <= (worth > ZERO)


@given(
    st.dictionaries(st.sampled_from("abcdefghij"), st.integers(-9, 9), min_size=1),
    st.lists(st.tuples(st.sampled_from("abcdefghij"), st.sampled_from("abcdefghij")), max_size=6),
    st.integers(1, 5),
)
def test_every_division_keeps_every_unit_whole_and_loses_no_line(
    held: dict[str, int], offsets: list[tuple[str, str]], blocks_max: int
) -> None:
    pairs = [(one, other) for one, other in offsets if one in held and other in held]
    units = units_of(held, pairs)
    sizes = {line: abs(quantity) for line, quantity in held.items()}
    blocks = blocks_of(held, units, sizes=sizes, blocks_max=blocks_max)
    assert len(blocks) <= blocks_max
    assert {line: q for block in blocks for line, q in block.items()} == held
    for first, last in divisions_of(blocks, units):
        assert first
        assert last
        assert {line: first.get(line, 0) + last.get(line, 0) for line in (*first, *last)} == held
        for unit in units:
            assert unit.is_whole_in(first)
            assert unit.is_whole_in(last)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-20, 200), st.integers(1, 200)), min_size=1, max_size=6),
    st.lists(st.integers(0, 400), min_size=1, max_size=3),
    st.integers(0, 600),
)
def test_the_order_of_customers_and_receivers_decides_nothing(
    accounts: list[tuple[int, int]],
    rooms: list[int],
    available: int,
) -> None:
    customers = [customer(f"C{n}", value, margin) for n, (value, margin) in enumerate(accounts)]
    receivers = [receiver(f"R{n}", margin_max=room) for n, room in enumerate(rooms)]
    there = Money(available * 100)
    one = make_plan(inputs(customers, receivers, rules=EXACT, available=there))
    other = make_plan(inputs(customers[::-1], receivers[::-1], rules=EXACT, available=there))
    assert one == other
    assert one.prejudice.is_allowed
    for outcome in one.outcomes:
        assert outcome.is_whole or outcome.ineligible or len(outcome.stays) == len(receivers)
