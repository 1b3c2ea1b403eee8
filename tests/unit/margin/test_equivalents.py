"""Securities as futures-equivalents: which contracts, how much, and in which direction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.bootstrap import parameter_sets
from crossmargin.margin.cme.equivalents import (
    EquivalentContract,
    EquivalentRules,
    FuturesEquivalents,
    ShortEndEquivalent,
    futures_equivalents,
    sofr_dv01_dollars,
)
from crossmargin.market.history import MarketData, SecurityPrice
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.pricing.futures_value import MoneyMarketFuture, TreasuryFuture
from crossmargin.pricing.valuation import Valuation
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import FuturesContract, reference_period
from crossmargin.services.day_contracts import front_contracts, security_dv01s, strip_contracts
from crossmargin.services.margin_day import MarginDay
from crossmargin.testing.builders import (
    AS_OF,
    SMALL_SHEET,
    note_or_bond,
    parallel,
    price_sheet,
    quoted,
    small_valuation,
)

STRIP = strip_contracts(AS_OF, sifma_calendar(), years=1.5)
CONTRACTS = (
    FuturesContract("ZT", 2026, 6),
    FuturesContract("ZN", 2026, 6),
    FuturesContract("ZB", 2026, 6),
    *STRIP,
)
SPLIT = EquivalentRules(contract=EquivalentContract.TWO_CONTRACT)
SOFR = EquivalentRules(short_end=ShortEndEquivalent.SOFR_STRIP, short_end_years=1.5)
# Two short notes and one between the ten-year and the bond contract beside the six of the sheet.
SHEET: Mapping[str, SecurityPrice] = {
    **SMALL_SHEET,
    **price_sheet(
        quoted(
            note_or_bond(
                number,
                maturity_date=day,
                coupon_pct=coupon,
                original_maturity_years=years,
            ),
            clean,
        )
        for number, day, coupon, years, clean in (
            (21, date(2026, 9, 30), "3.875", 2, "100.1"),
            (22, date(2027, 8, 31), "3.625", 2, "99.8"),
            (23, date(2037, 2, 15), "4.75", 30, "105.5"),
            (24, date(2055, 8, 15), "4.75", 30, "99.5"),
        )
    ),
}


@pytest.fixture(scope="module")
def valuation() -> Valuation:
    return small_valuation(CONTRACTS, prices=SHEET)


def treasury_places(valuation: Valuation) -> dict[int, TreasuryFuture]:
    return {
        place: future
        for place, future in enumerate(valuation.contracts)
        if isinstance(future, TreasuryFuture)
    }


def strip_places(valuation: Valuation) -> dict[int, MoneyMarketFuture]:
    return {
        place: future
        for place, future in enumerate(valuation.contracts)
        if isinstance(future, MoneyMarketFuture)
    }


def converted(valuation: Valuation, rules: EquivalentRules) -> FuturesEquivalents:
    return futures_equivalents(
        valuation.book,
        treasury_places(valuation),
        security_dv01s(valuation),
        rules=rules,
        strip=strip_places(valuation),
        discount_factors=valuation.curve.discount_factors(valuation.book.flow_years),
    )


@pytest.fixture(scope="module")
def equivalents(valuation: Valuation) -> FuturesEquivalents:
    return futures_equivalents(
        valuation.book, treasury_places(valuation), security_dv01s(valuation)
    )


def contract_dv01s(valuation: Valuation) -> list[float]:
    return [
        future.dv01_dollars if isinstance(future, TreasuryFuture) else sofr_dv01_dollars(future)
        for future in valuation.contracts
    ]


def row_of(valuation: Valuation, maturity: date) -> int:
    found = [
        row
        for row, price in enumerate(valuation.book.prices)
        if price.security.maturity_date == maturity
    ]
    return found[0]


def test_each_security_takes_the_contract_nearest_in_maturity(
    valuation: Valuation, equivalents: FuturesEquivalents
) -> None:
    assert equivalents.places.shape == (len(valuation.book.prices), 1)
    codes = [valuation.contracts[place].contract.product for place in equivalents.places[:, 0]]
    ordered = sorted(zip(valuation.book.remaining_years, codes, strict=True))
    assert [code for _, code in ordered] == [*["ZT"] * 4, *["ZN"] * 3, *["ZB"] * 3]


def test_the_cheapest_itself_is_its_face_over_its_factor(
    valuation: Valuation, equivalents: FuturesEquivalents
) -> None:
    """$100 of the cheapest is factor / face contracts: what a hedger sells against it."""
    split = converted(valuation, SPLIT)
    for place, future in treasury_places(valuation).items():
        row = future.cheapest_row
        per_contract = future.dollars_per_point * 100.0
        for one in (equivalents, split):
            assert one.places[row, 0] == place
            assert one.contracts_per_100[row, 0] == pytest.approx(
                future.cheapest_factor / per_contract * 100.0, rel=1e-12
            )
            assert (one.contracts_per_100[row, 1:] == 0.0).all()


@pytest.mark.parametrize("rules", [EquivalentRules(), SPLIT, SOFR])
def test_the_dv01_of_every_security_is_preserved(
    valuation: Valuation, rules: EquivalentRules
) -> None:
    found = converted(valuation, rules)
    assert (found.contracts_per_100 >= 0.0).all()
    per_contract = np.array(contract_dv01s(valuation))
    assert (found.contracts_per_100 * per_contract[found.places]).sum(axis=1) == pytest.approx(
        security_dv01s(valuation), rel=1e-12
    )


def test_two_contracts_preserve_the_weighted_maturity(valuation: Valuation) -> None:
    found = converted(valuation, SPLIT)
    front = treasury_places(valuation)
    years = valuation.book.remaining_years
    knots = {place: float(years[future.cheapest_row]) for place, future in front.items()}
    inside = 0
    for row, maturity in enumerate(years):
        dv01s = {
            int(place): ratio * front[int(place)].dv01_dollars
            for place, ratio in zip(found.places[row], found.contracts_per_100[row], strict=True)
            if ratio
        }
        mean = sum(dv01 * knots[place] for place, dv01 in dv01s.items()) / sum(dv01s.values())
        if min(knots.values()) < maturity < max(knots.values()):
            inside += len(dv01s) == 2
            assert mean == pytest.approx(maturity, rel=1e-12)
        else:
            assert len(dv01s) == 1
    assert inside >= 3


def test_between_the_ten_year_and_the_bond_both_are_taken(valuation: Valuation) -> None:
    found = converted(valuation, SPLIT)
    row = row_of(valuation, date(2037, 2, 15))
    codes = [valuation.contracts[place].contract.product for place in found.places[row]]
    assert codes == ["ZN", "ZB"]
    longest = row_of(valuation, date(2055, 8, 15))
    assert found.contracts_per_100[longest, 1] == 0.0


def test_the_strip_takes_the_quarters_before_maturity_and_no_other_security(
    valuation: Valuation,
) -> None:
    found, nearest = converted(valuation, SOFR), converted(valuation, EquivalentRules())
    for row, price in enumerate(valuation.book.prices):
        maturity = price.security.maturity_date
        used = {
            valuation.contracts[place].contract
            for place, ratio in zip(found.places[row], found.contracts_per_100[row], strict=True)
            if ratio
        }
        if valuation.book.remaining_years[row] < 1.5:
            assert used == {c for c in STRIP if reference_period(c)[0] < maturity}
        else:
            assert found.places[row, 0] == nearest.places[row, 0]
            assert found.contracts_per_100[row, 0] == nearest.contracts_per_100[row, 0]
    # The longest of the short notes ends within the sixth quarter.
    assert found.places.shape[1] == len(STRIP) - 1


def test_a_zero_coupon_is_spread_evenly_over_whole_quarters(valuation: Valuation) -> None:
    """One payment is as sensitive to each quarter before it as the quarter is long."""
    row = row_of(valuation, date(2027, 8, 31))
    found = converted(valuation, SOFR)
    by_code = {
        valuation.contracts[place].contract.code: ratio * 25.0
        for place, ratio in zip(found.places[row], found.contracts_per_100[row], strict=True)
    }
    # Coupons put a little more on the near quarters; each is 91 days long.
    whole = [by_code[code] for code in ("SR3M26", "SR3U26", "SR3Z26", "SR3H27")]
    assert whole == sorted(whole, reverse=True)
    assert whole[-1] > 0.93 * whole[0]


def test_the_strip_moves_as_the_short_note_does(valuation: Valuation) -> None:
    """Under a parallel move the strip gains what the note gains, yields and forwards apart."""
    cube = instrument_pnl(valuation, parallel([10.0, -10.0]), repo_follows_front=1.0)
    columns = converted(valuation, SOFR).columns(cube.contracts)
    row = row_of(valuation, date(2027, 8, 31))
    assert columns[row] == pytest.approx(cube.securities[row], rel=0.03)


def test_a_long_security_is_a_long_equivalent(valuation: Valuation) -> None:
    cube = instrument_pnl(valuation, parallel([10.0, -10.0]), repo_follows_front=1.0)
    for rules in (EquivalentRules(), SPLIT, SOFR):
        columns = converted(valuation, rules).columns(cube.contracts)
        assert columns.shape == cube.securities.shape
        assert (np.sign(columns) == np.sign(cube.securities)).all()


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda slots: st.lists(
            st.lists(
                st.tuples(st.integers(0, 4), st.sampled_from([0.0, 0.25, 1.5])),
                min_size=slots,
                max_size=slots,
            ),
            min_size=1,
            max_size=6,
        )
    )
)
def test_columns_are_the_plain_sum_over_slots(rows: list[list[tuple[int, float]]]) -> None:
    pnl = np.array([[3.0, -1.0], [0.5, 2.0], [-4.0, 8.0], [1.0, 1.0], [7.0, -9.0]])
    found = FuturesEquivalents(
        np.array([[place for place, _ in row] for row in rows]),
        np.array([[ratio for _, ratio in row] for row in rows]),
    ).columns(pnl)
    for row, slots in enumerate(rows):
        expected = [
            sum(ratio * pnl[place, scenario] for place, ratio in slots) for scenario in range(2)
        ]
        assert found[row].tolist() == expected


def test_without_a_front_contract_there_is_no_equivalent(valuation: Valuation) -> None:
    with pytest.raises(ValueError, match="front contract"):
        futures_equivalents(valuation.book, {}, security_dv01s(valuation))


@pytest.mark.parametrize("left", [slice(0, 0), slice(1, None), slice(0, -1), slice(0, None, 2)])
def test_a_strip_with_a_gap_is_none(valuation: Valuation, left: slice) -> None:
    kept = dict(list(strip_places(valuation).items())[left])
    with pytest.raises(ValueError, match=r"every quarter up to 1\.5 years"):
        futures_equivalents(
            valuation.book,
            treasury_places(valuation),
            security_dv01s(valuation),
            rules=SOFR,
            strip=kept,
            discount_factors=valuation.curve.discount_factors(valuation.book.flow_years),
        )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("equivalent_contract", "three_contract"),
        ("short_end_equivalent", "bills"),
    ],
)
def test_an_unknown_conversion_is_refused(name: str, value: str) -> None:
    changed = parameter_sets(AS_OF).cme.replacing({name: value}, reason="test")
    with pytest.raises(ValueError, match=name):
        EquivalentRules.from_parameters(changed)


def test_the_strip_runs_from_settlement_past_its_end() -> None:
    assert [contract.code for contract in STRIP] == [
        "SR3H26",
        "SR3M26",
        "SR3U26",
        "SR3Z26",
        "SR3H27",
        "SR3M27",
        "SR3U27",
    ]
    # The business day before 17 June settles on the day the next quarter starts.
    later = strip_contracts(date(2026, 6, 16), sifma_calendar(), years=0.1)
    assert [contract.code for contract in later] == ["SR3M26"]
    assert strip_contracts(AS_OF, sifma_calendar(), years=0.0) == ()


def test_a_day_converts_into_front_contracts_only(simulated_day: MarginDay) -> None:
    calendar_front = {
        contract.code for contract in front_contracts(simulated_day.as_of, sifma_calendar())
    }
    used = {
        simulated_day.valuation.contracts[place].contract.code
        for place in simulated_day.equivalents.places[:, 0]
    }
    assert used <= calendar_front
    assert len(used) >= 6
    assert len(simulated_day.equivalents.places) == len(simulated_day.valuation.book.prices)


def test_a_changed_choice_converts_again(
    simulated_day: MarginDay, simulated_market: MarketData
) -> None:
    def under(**changes: str) -> MarginDay:
        changed = simulated_day.parameters.changing({"cme": changes}, reason="t")
        return simulated_day.under(changed, simulated_market)

    split = under(equivalent_contract="two_contract")
    assert split.equivalents.places.shape[1] == 2
    assert split.cme.equivalents is split.equivalents
    same = under(historical_weight="1")
    assert same.equivalents is simulated_day.equivalents
