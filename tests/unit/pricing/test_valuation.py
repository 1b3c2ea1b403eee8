"""A valuation prices what it was asked for, or names everything it cannot price."""

from __future__ import annotations

from datetime import date

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.product.futures import FuturesContract
from crossmargin.testing.builders import SMALL_SHEET, small_valuation

SHORT_SHEET = {
    cusip: price
    for cusip, price in SMALL_SHEET.items()
    if price.security.maturity_date < date(2029, 1, 1)
}


def test_contracts_keep_their_order_and_are_found_by_code() -> None:
    contracts = [FuturesContract(p, 2026, 6) for p in ("ZQ", "ZB", "SR3", "ZN")]
    valuation = small_valuation(contracts)
    assert [future.contract for future in valuation.contracts] == contracts
    assert valuation.contract_index() == {"ZQM26": 0, "ZBM26": 1, "SR3M26": 2, "ZNM26": 3}


def test_it_settles_the_next_business_day() -> None:
    assert small_valuation([]).settlement == date(2026, 3, 25)
    friday = small_valuation([], as_of=date(2026, 2, 13))  # Monday is Presidents' Day
    assert friday.settlement == date(2026, 2, 17)


def test_every_contract_without_a_deliverable_is_named() -> None:
    contracts = [FuturesContract(p, 2026, 6) for p in ("ZT", "ZN", "ZB", "SR3")]
    with pytest.raises(RefusedError) as caught:
        small_valuation(contracts, prices=SHORT_SHEET)
    assert [refusal.value for refusal in caught.value.refusals] == ["ZNM26", "ZBM26"]
    assert {refusal.rule for refusal in caught.value.refusals} == {"ruling 17"}
