from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import pytest

from crossmargin.basics.identifiers import Cusip
from crossmargin.product.futures import parse_contract
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.simulation.book import COLUMNS, demo_positions, demo_positions_csv
from crossmargin.simulation.contracts import known_basket
from crossmargin.simulation.market import SimulatedMarket, simulate_market

CUSTOMERS = [
    *("BASIS-FUND", "CURVE-FUND", "ASSET-MANAGER", "REGIONAL-BANK", "REPO-CUSTOMER", "WIDE-BOOK"),
]


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    return simulate_market(seed=7)


@pytest.fixture(scope="module")
def lines(market: SimulatedMarket) -> tuple[PositionLine, ...]:
    return demo_positions(market)


def _of(lines: tuple[PositionLine, ...], customer: str) -> list[PositionLine]:
    return [line for line in lines if line.customer.customer_id == customer]


def test_six_customers_in_invented_securities(lines: tuple[PositionLine, ...]) -> None:
    assert list(dict.fromkeys(line.customer.customer_id for line in lines)) == CUSTOMERS
    ficc = [x for x in lines if x.clearing_organization is ClearingOrganization.FICC]
    assert all(Cusip(line.instrument).text.startswith("9XM") for line in ficc)
    assert all(line.quantity % 1_000_000 == 0 for line in ficc)
    assert all(line.quantity != 0 for line in lines)


def test_basis_fund_holds_the_cheapest_against_its_future(
    market: SimulatedMarket, lines: tuple[PositionLine, ...]
) -> None:
    found = _of(lines, "BASIS-FUND")
    contracts = [parse_contract(line.instrument, as_of=market.as_of) for line in found[1::2]]
    assert [contract.code for contract in contracts] == [
        "ZTM26",
        "ZFM26",
        "ZNM26",
        "TNM26",
        "UBM26",
    ]
    for note, future, contract in zip(found[::2], found[1::2], contracts, strict=True):
        basket = known_basket(contract, market.issues, known_on=market.as_of)
        factors = {line.security.cusip.text: line.conversion_factor for line in basket}
        face = contract.specification.face_dollars
        hedge = note.quantity * factors[note.instrument] / face
        assert abs(hedge + future.quantity) <= Decimal("0.5")


def test_repo_lines_start_at_market_value(
    market: SimulatedMarket, lines: tuple[PositionLine, ...]
) -> None:
    sell = dict(market.tables["security_prices"].select("cusip", "sell").iter_rows())
    repos = [line for line in lines if line.leg is not Leg.CASH]
    assert len(repos) == 7
    for line in repos:
        assert (line.quantity > 0) is (line.leg is Leg.REPO)
        assert line.settlement_date == market.as_of
        assert line.end_date is not None
        assert line.end_date > market.as_of
        assert line.start_amount is not None
        accrued = line.start_amount.cents / abs(line.quantity) - sell[line.instrument]
        assert 0 <= accrued < 4  # half a coupon at most


def test_characters_of_the_customers(lines: tuple[PositionLine, ...]) -> None:
    assert all(line.quantity > 0 for line in _of(lines, "ASSET-MANAGER"))
    bank = _of(lines, "REGIONAL-BANK")
    regular = [line.instrument for line in bank if line.account is Account.REGULAR]
    assert regular == ["ZTM26"]
    strip = [line.instrument for line in bank if line.instrument.startswith("SR3")]
    assert strip == ["SR3M26", "SR3U26", "SR3Z26", "SR3H27", "SR3M27", "SR3U27"]
    wide = _of(lines, "WIDE-BOOK")
    assert len(wide) == 101
    assert len({line.instrument for line in wide}) == 101
    assert {line.clearing_organization for line in wide} == set(ClearingOrganization)
    assert len({line.quantity > 0 for line in wide}) == 2


def test_csv_has_the_columns_of_a_positions_file(
    market: SimulatedMarket, lines: tuple[PositionLine, ...]
) -> None:
    text = demo_positions_csv(market)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == len(lines)
    for row, line in zip(rows, lines, strict=True):
        assert int(row["quantity"]) == line.quantity
        if line.start_amount is not None:
            assert Decimal(row["start_amount"]) * 100 == line.start_amount.cents
            assert Decimal(row["repo_rate_pct"]) == line.repo_rate_pct
    assert demo_positions_csv(market) == text


@pytest.mark.parametrize("seed", [1, 2, 6])
@pytest.mark.parametrize("as_of", [date(2018, 12, 31), date(2026, 3, 24)])
def test_book_exists_in_other_markets(seed: int, as_of: date) -> None:
    lines = demo_positions(simulate_market(seed=seed, as_of=as_of))
    assert len(lines) > 120
    assert min(line.line for line in lines) == 2
