"""Models at another basis volatility are those that would be prepared anew, to the last digit."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from crossmargin.analysis.basis_volatility import BasisVolatility
from crossmargin.analysis.conditions import multiple_where_below
from crossmargin.market.history import MarketData
from crossmargin.services.margin_day import MarginDay


@pytest.fixture(scope="module")
def models(simulated_day: MarginDay) -> BasisVolatility:
    day = simulated_day
    decay = float(day.parameters.ficc.ratio("minimum_margin_decay"))
    return BasisVolatility(day.ficc, day.cme, day.valuation, decay=decay)


@pytest.mark.parametrize("multiple", ["0", "0.5", "1", "10"])
def test_they_are_the_models_prepared_anew(
    simulated_day: MarginDay, simulated_market: MarketData, models: BasisVolatility, multiple: str
) -> None:
    change = {"basis_volatility_multiple": multiple}
    changed = simulated_day.parameters.changing({"ficc": change, "cme": change}, reason="test")
    anew = simulated_day.under(changed, simulated_market)
    ficc, cme = models.ficc(Fraction(multiple)), models.cme(Fraction(multiple))
    assert ficc.filtered is not None
    assert anew.ficc.filtered is not None
    for one, other in (
        (ficc.simulation, anew.ficc.simulation),
        (ficc.filtered, anew.ficc.filtered),
        (cme.historical, anew.cme.historical),
        (cme.stress, anew.cme.stress),
    ):
        assert np.array_equal(one.securities, other.securities)
        assert np.array_equal(one.contracts, other.contracts)
        assert one.rank == other.rank
    assert cme.execution == anew.cme.execution
    assert ficc.scenario_identity == anew.ficc.scenario_identity
    assert cme.scenario_identity == anew.cme.scenario_identity


def test_basis_moves_the_contracts(models: BasisVolatility) -> None:
    none, ten = models.ficc(Fraction(0)), models.ficc(Fraction(10))
    assert not np.array_equal(none.simulation.contracts, ten.simulation.contracts)
    assert np.array_equal(none.simulation.securities, ten.simulation.securities)


LADDER = tuple(map(Fraction, ("0", "0.5", "1", "2", "5", "10")))


@pytest.mark.parametrize("edge", ["1.3", "2", "7.77", "640"])
def test_the_multiple_is_found_to_a_hundredth_or_one_per_cent(edge: str) -> None:
    limit, asked = Fraction(4, 5), []

    def saving_at(multiple: Fraction) -> Fraction:
        asked.append(multiple)
        return limit + (Fraction(edge) - multiple) / 1000

    found = multiple_where_below(saving_at, limit, ladder=LADDER, largest=Fraction(1024))
    assert found is not None
    assert Fraction(edge) < found <= Fraction(edge) + Fraction(edge) / 100
    assert asked[0] == 1


def test_there_is_none_where_it_is_below_already_or_never_falls_below() -> None:
    for saving in (Fraction(1, 2), Fraction(9, 10)):
        found = multiple_where_below(
            lambda multiple, saving=saving: saving,  # type: ignore[misc]
            Fraction(4, 5),
            ladder=LADDER,
            largest=Fraction(1024),
        )
        assert found is None


def test_the_search_ends_where_it_is_told() -> None:
    found = multiple_where_below(
        lambda multiple: Fraction(1) / multiple,
        Fraction(1, 10),
        ladder=LADDER,
        largest=Fraction(5),
    )
    assert found is None
