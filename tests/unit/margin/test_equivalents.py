"""Securities as futures-equivalents: which contract, how much, and in which direction."""

from __future__ import annotations

import numpy as np
import pytest

from crossmargin.margin.cme.equivalents import FuturesEquivalents, futures_equivalents
from crossmargin.pricing.cube import instrument_pnl
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.pricing.valuation import Valuation
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import FuturesContract
from crossmargin.services.margin_day import MarginDay, front_contracts, security_dv01s
from crossmargin.testing.builders import parallel, small_valuation

CONTRACTS = (
    FuturesContract("SR3", 2026, 6),
    FuturesContract("ZT", 2026, 6),
    FuturesContract("ZN", 2026, 6),
    FuturesContract("ZB", 2026, 6),
)


@pytest.fixture(scope="module")
def valuation() -> Valuation:
    return small_valuation(CONTRACTS)


def treasury_places(valuation: Valuation) -> dict[int, TreasuryFuture]:
    return {
        place: future
        for place, future in enumerate(valuation.contracts)
        if isinstance(future, TreasuryFuture)
    }


@pytest.fixture(scope="module")
def equivalents(valuation: Valuation) -> FuturesEquivalents:
    return futures_equivalents(
        valuation.book, treasury_places(valuation), security_dv01s(valuation)
    )


def test_each_security_takes_the_contract_nearest_in_maturity(
    valuation: Valuation, equivalents: FuturesEquivalents
) -> None:
    codes = [valuation.contracts[place].contract.product for place in equivalents.places]
    assert codes == ["ZT", "ZT", "ZN", "ZN", "ZB", "ZB"]


def test_the_cheapest_itself_is_its_face_over_its_factor(
    valuation: Valuation, equivalents: FuturesEquivalents
) -> None:
    """$100 of the cheapest is factor / face contracts: what a hedger sells against it."""
    for place, future in treasury_places(valuation).items():
        row = future.cheapest_row
        assert equivalents.places[row] == place
        per_contract = future.dollars_per_point * 100.0
        assert equivalents.contracts_per_100[row] == pytest.approx(
            future.cheapest_factor / per_contract * 100.0, rel=1e-12
        )


def test_equivalents_are_in_the_ratio_of_dv01s(
    valuation: Valuation, equivalents: FuturesEquivalents
) -> None:
    dv01s = security_dv01s(valuation)
    assert (equivalents.contracts_per_100 > 0.0).all()
    for row, place in enumerate(equivalents.places):
        future = valuation.contracts[place]
        assert isinstance(future, TreasuryFuture)
        assert equivalents.contracts_per_100[row] * future.dv01_dollars == pytest.approx(
            dv01s[row], rel=1e-12
        )


def test_a_long_security_is_a_long_equivalent(
    valuation: Valuation, equivalents: FuturesEquivalents
) -> None:
    cube = instrument_pnl(valuation, parallel([10.0, -10.0]), repo_follows_front=1.0)
    columns = equivalents.columns(cube.contracts)
    assert columns.shape == cube.securities.shape
    assert (np.sign(columns) == np.sign(cube.securities)).all()
    for row, place in enumerate(equivalents.places):
        expected = cube.contracts[place] * equivalents.contracts_per_100[row]
        assert np.array_equal(columns[row], expected)


def test_without_a_front_contract_there_is_no_equivalent(valuation: Valuation) -> None:
    with pytest.raises(ValueError, match="front contract"):
        futures_equivalents(valuation.book, {}, security_dv01s(valuation))


def test_a_day_converts_into_front_contracts_only(simulated_day: MarginDay) -> None:
    calendar_front = {
        contract.code for contract in front_contracts(simulated_day.as_of, sifma_calendar())
    }
    used = {
        simulated_day.valuation.contracts[place].contract.code
        for place in simulated_day.equivalents.places
    }
    assert used <= calendar_front
    assert len(used) >= 6
    assert len(simulated_day.equivalents.places) == len(simulated_day.valuation.book.prices)
