"""A simulated directory through the doors that a real one goes through."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from crossmargin import bootstrap
from crossmargin.arrangement.eligibility import EligibilityRules, Recognition, recognise
from crossmargin.feeds.market.findings import Severity
from crossmargin.market.history import MarketData
from crossmargin.pricing.delivery import cheapest_to_deliver, deliverable_basket
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.pricing.valuation import Valuation
from crossmargin.product.position import PositionLine
from crossmargin.services.customer_books import contracts_of
from crossmargin.services.margin_day import prepare_day
from crossmargin.services.margin_positions import PositionsInput
from crossmargin.simulation.book import demo_positions, demo_positions_csv
from crossmargin.simulation.market import SimulatedMarket

AS_OF = date(2026, 3, 24)
SEED = 7


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("simulated") / "market"


@pytest.fixture(scope="module")
def simulated(directory: Path) -> SimulatedMarket:
    return bootstrap.simulate_market(directory, seed=SEED)


@pytest.fixture(scope="module")
def opened(directory: Path, simulated: SimulatedMarket) -> MarketData:
    assert simulated.as_of == AS_OF
    return bootstrap.open_market(directory)


@pytest.fixture(scope="module")
def positions(directory: Path, simulated: SimulatedMarket) -> PositionsInput:
    path = directory.with_name("positions.csv")
    path.write_text(demo_positions_csv(simulated), encoding="utf-8")
    return bootstrap.read_positions(path)


@pytest.fixture(scope="module")
def recognition(opened: MarketData, positions: PositionsInput) -> Recognition:
    rules = EligibilityRules.from_parameters(bootstrap.parameter_sets(AS_OF).arrangement)
    securities = opened.price_sheets[AS_OF].prices
    return recognise(positions.lines, as_of=AS_OF, securities=securities, rules=rules)


@pytest.fixture(scope="module")
def valuation(opened: MarketData, recognition: Recognition) -> Valuation:
    contracts = contracts_of(recognition)
    sets = bootstrap.parameter_sets(AS_OF)
    return prepare_day(opened, sets, as_of=AS_OF, contracts=contracts).valuation


def test_opened_it_is_labelled_and_complete(opened: MarketData) -> None:
    assert opened.simulated
    assert list(opened.price_sheets) == [AS_OF]
    assert set(opened.treasury_futures) == {"ZT", "ZF", "ZN", "ZB", "TN"}
    assert opened.par_yields.dates[0].astype(date) == date(2006, 1, 3)


def test_terms_are_read_back_as_they_were_made(
    opened: MarketData, simulated: SimulatedMarket
) -> None:
    prices = opened.price_sheets[AS_OF].prices
    for issue in simulated.issues:
        made, read = issue.security, prices[issue.security.cusip.text].security
        assert read.original_maturity_source.startswith("reference file")
        for name in (
            *("kind", "coupon_pct", "maturity_date", "issue_date", "dated_date"),
            "original_maturity_years",
        ):
            assert getattr(read, name) == getattr(made, name), (made.cusip, name)


def test_the_check_finds_nothing_but_known_properties(
    directory: Path, simulated: SimulatedMarket
) -> None:
    findings = bootstrap.check_market(directory)
    assert [f for f in findings if f.severity is Severity.ERROR] == []
    assert any(f.what == f"a simulated market, seed {simulated.seed}" for f in findings)


def test_the_positions_file_is_read_whole(
    positions: PositionsInput, simulated: SimulatedMarket
) -> None:
    assert positions.refusals == ()
    assert tuple(positions.lines) == demo_positions(simulated)


def test_every_line_is_recognised_and_one_is_outside(recognition: Recognition) -> None:
    assert recognition.refusals == ()
    assert recognition.unsupported == ()
    (outside,) = recognition.outside
    assert (outside.line.customer.customer_id, outside.line.instrument) == (
        "REGIONAL-BANK",
        "ZTM26",
    )


def _pairs(positions: PositionsInput) -> list[tuple[PositionLine, PositionLine]]:
    lines = [line for line in positions.lines if line.customer.customer_id == "BASIS-FUND"]
    return list(zip(lines[::2], lines[1::2], strict=True))


def test_basis_fund_holds_what_the_valuation_finds_cheapest(
    positions: PositionsInput, valuation: Valuation
) -> None:
    places = valuation.contract_index()
    pairs = _pairs(positions)
    assert len(pairs) == 5
    for note, contract in pairs:
        future = valuation.contracts[places[contract.instrument]]
        assert isinstance(future, TreasuryFuture)
        cheapest = valuation.book.prices[future.cheapest_row].security
        assert note.instrument == cheapest.cusip.text, contract.instrument
        assert round(note.quantity * future.cheapest_factor / _face(future)) == -contract.quantity


def test_basis_fund_holds_the_highest_implied_repo(
    positions: PositionsInput, valuation: Valuation
) -> None:
    # The exact arithmetic of the calculators, which shares no line with the vectorised valuation.
    prices = {p.security.cusip.text: p.sell_clean_per_100 for p in valuation.book.prices}
    securities = [price.security for price in valuation.book.prices]
    for note, contract in _pairs(positions):
        future = valuation.contracts[valuation.contract_index()[contract.instrument]]
        assert isinstance(future, TreasuryFuture)
        best, *_ = cheapest_to_deliver(
            deliverable_basket(future.contract, securities),
            clean_prices_per_100=prices,
            futures_price=round(Decimal(future.price), 6),
            settlement=valuation.settlement,
            delivery_day=future.cheapest_delivery.delivery_day,
            repo_rate_pct=round(Decimal(valuation.repo_rate * 100), 6),
        )
        assert note.instrument == best.line.security.cusip.text, contract.instrument
        assert float(best.implied_repo_pct) / 100 == pytest.approx(valuation.repo_rate, abs=1e-6)


def _face(future: TreasuryFuture) -> int:
    return future.contract.specification.face_dollars
