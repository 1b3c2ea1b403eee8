"""Allocation of one customer's cash and bonds over both CCPs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from crossmargin.basics.identifiers import Cusip, CustomerKey, cusip_check_digit
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.collateral.allocation import (
    Allocation,
    AllocationRules,
    CustomerProperty,
    Move,
    Property,
    allocate,
)
from crossmargin.collateral.haircuts import HaircutTables
from crossmargin.collateral.linear_program import LinearProgram
from crossmargin.collateral.value import PricedSecurity
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.position import ClearingOrganization
from crossmargin.product.treasury import SecurityKind, TreasurySecurity

AS_OF = date(2026, 5, 11)
FICC, CME = ClearingOrganization.FICC, ClearingOrganization.CME
FUND = CustomerKey("BD", "FUND")


def priced(number: int, kind: SecurityKind, maturity: date) -> PricedSecurity:
    stem = f"XM{number:06d}"
    cusip = Cusip(stem + str(cusip_check_digit(stem)))
    return PricedSecurity(TreasurySecurity(cusip, kind, Decimal(0), maturity), Fraction(100))


# Haircuts at FICC and CME: 2 and 0.5 percent, 4 and 4.5, 9 and 8.
BILL = priced(1, SecurityKind.BILL, date(2026, 8, 6))
NOTE = priced(2, SecurityKind.NOTE, date(2036, 2, 15))
BOND = priced(3, SecurityKind.BOND, date(2056, 2, 15))
MATURED = priced(4, SecurityKind.NOTE, AS_OF)
PRICES = {each.security.cusip: each for each in (BILL, NOTE, BOND, MATURED)}


def dollars(amount: int) -> Money:
    return Money(amount * 100)


def held(cash: int = 0, *bonds: tuple[PricedSecurity, int]) -> Property:
    return Property(dollars(cash), {each.security.cusip: par for each, par in bonds})


@pytest.fixture
def parameters_of_run(parameters: ParameterSet) -> ParameterSet:
    return parameters.replacing({"par_lot_dollars": "1000"}, reason="a test")


def allocated(
    parameters: ParameterSet,
    free: Property,
    *,
    ficc: int = 0,
    cme: int = 0,
    placed: Mapping[ClearingOrganization, Property] | None = None,
) -> Allocation:
    found = allocate(
        CustomerProperty(FUND, free, placed or {}, PRICES),
        {FICC: dollars(ficc), CME: dollars(cme)},
        tables=HaircutTables.from_parameters(parameters),
        rules=AllocationRules.from_parameters(parameters),
        as_of=AS_OF,
    )
    for cusip in PRICES:
        before = (free, *(placed or {}).values())
        after = (found.free, *found.placed.values())
        assert sum(each.par(cusip) for each in before) == sum(each.par(cusip) for each in after)
    return found


def par(found: Allocation, ccp: ClearingOrganization, each: PricedSecurity) -> int:
    return found.placed[ccp].par(each.security.cusip)


def test_each_bond_goes_where_its_haircut_costs_least(parameters_of_run: ParameterSet) -> None:
    found = allocated(
        parameters_of_run, held(500, (NOTE, 1_000_000), (BOND, 1_000_000)), ficc=960, cme=920
    )
    assert (par(found, FICC, NOTE), par(found, CME, NOTE)) == (1_000, 1_000)
    assert found.free.cash == dollars(500)
    apart = allocated(parameters_of_run, held(0, (NOTE, 1_000), (BOND, 1_000)), ficc=960, cme=920)
    assert (par(apart, FICC, NOTE), par(apart, CME, BOND)) == (1_000, 1_000)
    assert apart.given_up_dollars == 120
    assert apart.excess(FICC) == apart.excess(CME) == ZERO


def test_cash_is_placed_only_where_bonds_do_not_reach(parameters_of_run: ParameterSet) -> None:
    found = allocated(parameters_of_run, held(1_000, (NOTE, 1_000)), ficc=1_500)
    assert par(found, FICC, NOTE) == 1_000
    assert found.placed[FICC].cash == dollars(540)
    assert found.deficit(FICC) == ZERO


def test_keeping_value_places_cash_first(parameters_of_run: ParameterSet) -> None:
    keeps_value = parameters_of_run.replacing({"allocation_keeps": "value"}, reason="a test")
    found = allocated(keeps_value, held(1_000, (NOTE, 1_000)), ficc=900)
    assert (found.placed[FICC].cash, found.given_up_dollars) == (dollars(900), 0)
    short = allocated(keeps_value, held(1_000, (NOTE, 1_000)), ficc=1_500)
    assert (short.placed[FICC].cash, short.given_up_dollars) == (dollars(540), 40)


def test_what_nothing_meets_is_named_by_ccp(parameters_of_run: ParameterSet) -> None:
    found = allocated(parameters_of_run, held(100, (BILL, 1_000)), cme=995, ficc=300)
    assert found.deficit(CME) + found.deficit(FICC) == dollars(200)
    assert found.free.cash == ZERO
    empty = allocated(parameters_of_run, held(), ficc=1, cme=2)
    assert (empty.deficit(FICC), empty.deficit(CME)) == (dollars(1), dollars(2))
    assert empty.moves == ()


def test_what_is_placed_stays_among_equals(parameters_of_run: ParameterSet) -> None:
    twin = priced(9, SecurityKind.NOTE, date(2036, 2, 15))
    cusips = (NOTE.security.cusip, twin.security.cusip)
    for here in cusips:
        there = next(each for each in cusips if each != here)
        found = allocate(
            CustomerProperty(
                FUND,
                Property(ZERO, {there: 5_000}),
                {CME: Property(dollars(7), {here: 5_000})},
                {**PRICES, twin.security.cusip: twin},
            ),
            {FICC: ZERO, CME: dollars(4_775)},
            tables=HaircutTables.from_parameters(parameters_of_run),
            rules=AllocationRules.from_parameters(parameters_of_run),
            as_of=AS_OF,
        )
        assert found.placed[CME].par_dollars == {here: 5_000}
        assert found.moves == (Move(None, 700, CME, None),)


def test_excess_comes_back_and_moves_say_from_where_to_where(
    parameters_of_run: ParameterSet,
) -> None:
    found = allocated(
        parameters_of_run,
        held(),
        ficc=960,
        placed={CME: held(50, (NOTE, 3_000)), FICC: held(20)},
    )
    cusip = NOTE.security.cusip
    assert set(found.moves) == {
        Move(None, 50_00, CME, None),
        Move(None, 20_00, FICC, None),
        Move(cusip, 1_000, CME, FICC),
        Move(cusip, 2_000, CME, None),
    }
    assert found.free == Property(dollars(70), {cusip: 2_000})


def test_par_moves_in_whole_lots_and_the_rest_stays_free(parameters_of_run: ParameterSet) -> None:
    found = allocated(parameters_of_run, held(0, (NOTE, 1_900)), ficc=1_800)
    assert par(found, FICC, NOTE) == 1_000
    assert found.free.par(NOTE.security.cusip) == 900
    assert found.deficit(FICC) == dollars(840)


def test_what_a_ccp_does_not_take_comes_back(parameters_of_run: ParameterSet) -> None:
    found = allocated(
        parameters_of_run, held(100), ficc=50, placed={FICC: held(0, (MATURED, 5_000))}
    )
    assert found.placed[FICC] == Property(dollars(50), {})
    assert Move(MATURED.security.cusip, 5_000, FICC, None) in found.moves


def test_every_missing_price_and_requirement_is_named(parameters_of_run: ParameterSet) -> None:
    with pytest.raises(RefusedError) as refused:
        allocate(
            CustomerProperty(FUND, held(1, (BOND, 1_000), (NOTE, 1_000)), {}, {}),
            {FICC: Money(-1)},
            tables=HaircutTables.from_parameters(parameters_of_run),
            rules=AllocationRules.from_parameters(parameters_of_run),
            as_of=AS_OF,
        )
    fields = [each.field for each in refused.value.refusals]
    assert fields == ["price", "price", "FICC.requirement", "CME.requirement"]
    with pytest.raises(ValueError, match="not negative"):
        held(-1)


def test_a_linear_program_without_an_end_is_refused() -> None:
    one = Fraction(1)
    endless = LinearProgram([[-one, one]], [one], [1], [[-one, Fraction(0)]])
    with pytest.raises(ValueError, match="no lower bound"):
        endless.solution()
    with pytest.raises(ValueError, match="not be negative"):
        LinearProgram([[one]], [-one], [0], [[one]]).solution()
