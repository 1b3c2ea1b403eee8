"""The pack on the real market: what it shows is what the market and the backtest say."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from crossmargin import bootstrap
from crossmargin.methodology.build import public_pack
from crossmargin.methodology.values import Table
from crossmargin.services.methodology_pack import PackRequest, changed_parameters, pack_inputs

if TYPE_CHECKING:
    from crossmargin.market.history import MarketData

AS_OF = date(2026, 3, 24)


@pytest.mark.real_data
def test_the_pack_of_the_real_market(real_market: MarketData) -> None:
    registry = bootstrap.parameter_registry()
    parameters, validation = changed_parameters(registry, AS_OF, {})
    request = PackRequest(
        market=real_market,
        registry=registry,
        parameters=parameters,
        validation=validation,
        deviations=bootstrap.known_deviations(),
        executor=bootstrap.block_executor(),
        as_of=AS_OF,
        program="test",
    )
    inputs = pack_inputs(request, with_sensitivity=False)
    pack = public_pack(inputs)
    assert not pack.simulated
    assert not any("SIMULATED" in notice.text for notice in pack.notices)

    # The Treasury's par yields of the day, as published.
    factors = next(figure for figure in pack.figures() if figure.name == "factors")
    par = next(trace for trace in factors.chart.data if trace.name == "par yield")
    row = real_market.par_yields.dates.astype(object).tolist().index(AS_OF)
    published = dict(
        zip(
            real_market.par_yields.tenors,
            real_market.par_yields.yields_pct[row].tolist(),
            strict=True,
        )
    )
    assert dict(zip(par.x, par.y, strict=True)) == published

    # Every outcome is known on the day: the last margin date lies a horizon before it.
    known = real_market.par_yields.dates.astype(object).tolist()
    place = known.index(inputs.coverage.dates[-1])
    assert known[place + 3] == AS_OF
    assert inputs.coverage.dates[0] >= date(2016, 3, 24)

    tables = {block.title: block for block in pack.blocks() if isinstance(block, Table)}
    by_book = {cells[0]: cells for cells in tables["Coverage, book by book"].rows}
    tested = next(book for book in inputs.coverage.books if book.path.name == "10y long")
    missed = int((tested.path.losses > tested.path.margins["max"]).sum())
    assert by_book["10y long"][5] == str(missed)
    savings = {cells[0]: cells for cells in tables["Standard books"].rows}
    # A cash-futures basis trade is capped; legs of one direction save nothing.
    assert savings["ZN basis"][6:] == ("80 %", "CAP")
    assert savings["same direction"][6] == "0 %"
