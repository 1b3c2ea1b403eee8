"""A security and the contract that it is delivered into, held the same way: next to no saving."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.margin.book import Block
from crossmargin.margin.cme.model import CmeModel
from crossmargin.margin.ficc.model import FiccModel
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.services.margin_day import MarginDay

#: At FICC basis and spread of security and contract differ: they diversify a little, and since a
#: tail loss is not subadditive both together may even lose more than apart. At CME the security is
#: the contract: what is left is rounding.
_AT_FICC = (Fraction(-4, 100), Fraction(6, 100))
_AT_CME = (Fraction(-1, 1000), Fraction(1, 1000))


def saving(model: FiccModel | CmeModel, block: Block) -> Fraction:
    three = model.three_figures(block)
    apart = three.securities.charge(0).dollars + three.futures.charge(0).dollars
    return 1 - three.combined.charge(0).dollars / apart


@settings(max_examples=40, deadline=None)
@given(
    choice=st.integers(0, 10**6),
    side=st.sampled_from([-1, 1]),
    millions=st.integers(5, 5_000),
    per_cent=st.integers(10, 1_000),
)
def test_both_simulations_save_about_nothing(
    simulated_day: MarginDay, choice: int, side: int, millions: int, per_cent: int
) -> None:
    """Whatever the sizes, long or short; against one another the same two save more than half."""
    valuation = simulated_day.valuation
    treasuries = [
        (place, future)
        for place, future in enumerate(valuation.contracts)
        if isinstance(future, TreasuryFuture)
    ]
    place, future = treasuries[choice % len(treasuries)]
    row = future.cheapest_row
    units, lots = np.zeros((1, len(valuation.book.prices))), np.zeros((1, len(valuation.contracts)))
    units[0, row] = side * millions * 10_000
    # As many contracts as the security is worth, and some share of them.
    equivalent = units[0, row] * simulated_day.cme.equivalents.contracts_per_100[row].sum()
    lots[0, place] = np.rint(equivalent * per_cent / 100) or side
    against = np.zeros_like(lots)
    against[0, place] = -np.rint(equivalent)
    for model, (least, most) in ((simulated_day.ficc, _AT_FICC), (simulated_day.cme, _AT_CME)):
        assert least <= saving(model, Block.without_repo(units, lots)) <= most
        assert saving(model, Block.without_repo(units, against)) > Fraction(1, 2)
