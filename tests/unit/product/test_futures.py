from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.product.futures import (
    PRODUCTS,
    FuturesContract,
    ProductKind,
    UnsupportedContract,
    UnsupportedKind,
    first_delivery_day,
    is_listed,
    last_delivery_day,
    last_trading_day,
    parse_contract,
    recognise_contract,
    reference_period,
)

AS_OF = date(2026, 3, 24)


def test_the_eligible_products_are_all_here() -> None:
    assert set(PRODUCTS) == {
        "ZT", "Z3N", "ZF", "ZN", "TN", "TWE", "ZB", "UB", "SR3", "SR1", "ZQ",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("code", "dollars_per_point", "tick_dollars"),
    [
        ("ZT", "2000", "7.8125"),
        ("Z3N", "2000", "7.8125"),
        ("ZF", "1000", "7.8125"),
        ("ZN", "1000", "15.625"),
        ("TN", "1000", "15.625"),
        ("TWE", "1000", "31.25"),
        ("ZB", "1000", "31.25"),
        ("UB", "1000", "31.25"),
        ("SR3", "2500", "12.5"),
        ("SR1", "4167", "20.835"),
        ("ZQ", "4167", "20.835"),
    ],
)
def test_points_and_ticks_are_worth_what_cme_says(
    code: str, dollars_per_point: str, tick_dollars: str
) -> None:
    product = PRODUCTS[code]
    assert product.dollars_per_point == Decimal(dollars_per_point)
    assert product.dollars_per_point * product.tick_points == Decimal(tick_dollars)


@pytest.mark.parametrize("code", PRODUCTS)
def test_only_treasury_products_have_delivery_rules(code: str) -> None:
    product = PRODUCTS[code]
    delivers = product.kind is ProductKind.TREASURY
    assert bool(product.delivery_rules) is delivers
    assert (product.conversion_factor_months > 0) is delivers
    starts = [(rule.first_year, rule.first_month) for rule in product.delivery_rules]
    assert starts == sorted(set(starts))


def test_rules_are_those_of_the_contract_month() -> None:
    assert PRODUCTS["ZN"].delivery_rule(2023, 6).remaining_months_max == 120
    assert PRODUCTS["ZN"].delivery_rule(2023, 9).remaining_months_max == 96
    assert PRODUCTS["TWE"].delivery_rule(2022, 6).original_years == (20,)
    assert PRODUCTS["TWE"].delivery_rule(2022, 9).original_years == (20, 30)


def test_a_contract_month_without_a_rule_is_a_lookup_error() -> None:
    with pytest.raises(LookupError, match="TWE has no delivery rule for 2022-03"):
        PRODUCTS["TWE"].delivery_rule(2022, 3)


@pytest.mark.parametrize(
    ("contract", "last_trade", "first", "last"),
    [
        # Juneteenth is skipped when seven business days are counted back from 30 June.
        (FuturesContract("TN", 2026, 6), date(2026, 6, 18), date(2026, 6, 1), date(2026, 6, 30)),
        (FuturesContract("ZN", 2025, 9), date(2025, 9, 19), date(2025, 9, 2), date(2025, 9, 30)),
        # Good Friday, 29 March 2024, is no business day; three business days after the 28th.
        (FuturesContract("ZT", 2024, 3), date(2024, 3, 28), date(2024, 3, 1), date(2024, 4, 3)),
        (FuturesContract("ZF", 2026, 6), date(2026, 6, 30), date(2026, 6, 1), date(2026, 7, 6)),
    ],
)
def test_days_of_treasury_contracts(
    contract: FuturesContract, last_trade: date, first: date, last: date
) -> None:
    assert last_trading_day(contract) == last_trade
    assert first_delivery_day(contract) == first
    assert last_delivery_day(contract) == last


def test_sofr_quarters_are_named_by_the_month_they_start_in() -> None:
    contract = FuturesContract("SR3", 2018, 6)
    start, end = reference_period(contract)
    assert (start, end) == (date(2018, 6, 20), date(2018, 9, 19))
    assert (end - start).days == 91
    assert last_trading_day(contract) == date(2018, 9, 18)


@pytest.mark.parametrize("product", ["SR1", "ZQ"])
def test_monthly_contracts_refer_to_the_calendar_month(product: str) -> None:
    contract = FuturesContract(product, 2026, 5)
    assert reference_period(contract) == (date(2026, 5, 1), date(2026, 6, 1))
    assert last_trading_day(contract) == date(2026, 5, 29)


def test_what_a_contract_does_not_have_is_an_error() -> None:
    with pytest.raises(ValueError, match="no reference period"):
        reference_period(FuturesContract("ZN", 2026, 6))
    for delivery_day in (first_delivery_day, last_delivery_day):
        with pytest.raises(ValueError, match="settles in cash"):
            delivery_day(FuturesContract("ZQ", 2026, 6))


@pytest.mark.parametrize(("product", "month"), [("ZN", 5), ("ES", 6), ("SR3", 13)])
def test_impossible_contracts_are_refused_at_birth(product: str, month: int) -> None:
    with pytest.raises(ValueError, match=str(month) if product != "ES" else "'ES'"):
        FuturesContract(product, 2026, month)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("TNM6", "TNM26"),
        ("ZNM26", "ZNM26"),
        ("Z3NM6", "Z3NM26"),
        ("ZTH6", "ZTH26"),  # trades to 31 March
        ("SR3H6", "SR3H26"),
        ("SR3M5", "SR3M35"),  # the contract of June 2025 is past, that of 2035 is listed
        ("SR3H7", "SR3H27"),
        ("SR3J6", "SR3J26"),
        ("SR1J6", "SR1J26"),
        ("ZQK6", "ZQK26"),
        ("ZQH0", "ZQH30"),
    ],
)
def test_codes_name_the_earliest_listed_contract(text: str, code: str) -> None:
    contract = parse_contract(text, as_of=AS_OF)
    assert contract.code == str(contract) == code
    assert parse_contract(code, as_of=AS_OF) == contract


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ZNH6", "ZNH26 last traded on 2026-03-20"),
        ("ZNH5", "a contract listed on 2026-03-24"),
        ("ZNM05", "a contract listed on 2026-03-24"),
        ("ZNM27", "a contract listed on 2026-03-24"),  # not among the three nearest
        ("SR3Z5", "SR3Z25 last traded on 2026-03-17"),
        ("SR3N7", "a contract listed on 2026-03-24"),  # a serial month too far ahead
        ("ZQH31", "a contract listed on 2026-03-24"),
        ("ZNK6", "a contract month of HMUZ"),
        ("XXM6", "a product of ZT"),
        ("foo", "product, month letter and year"),
        ("ZNM", "product, month letter and year"),
        ("ZNM026", "product, month letter and year"),
        ("znm6", "product, month letter and year"),
        (" ZNM6", "product, month letter and year"),
        ("ZNM6C", "product, month letter and year"),
        ("XXM6C100", "a product of ZT"),
        ("", "product, month letter and year"),
    ],
)
def test_unknown_expired_and_malformed_codes_are_refused(text: str, expected: str) -> None:
    with pytest.raises(RefusedError) as caught:
        parse_contract(text, as_of=AS_OF)
    (refusal,) = caught.value.refusals
    assert (refusal.field, refusal.value) == ("instrument", text)
    assert expected in refusal.expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ZNM6C11250", UnsupportedKind.OPTION_ON_FUTURE),
        ("ZNM6 P112.5", UnsupportedKind.OPTION_ON_FUTURE),
        ("OZNM6 C11250", UnsupportedKind.OPTION_ON_FUTURE),
        ("SR3M6C9650", UnsupportedKind.OPTION_ON_FUTURE),
        ("ESM6C5000", UnsupportedKind.OPTION_ON_FUTURE),
        ("ESM6", UnsupportedKind.EQUITY_FUTURE),
        ("MESM26", UnsupportedKind.EQUITY_FUTURE),
    ],
)
def test_options_and_equity_futures_are_recognised_but_not_supported(
    text: str, kind: UnsupportedKind
) -> None:
    assert recognise_contract(text, as_of=AS_OF) == UnsupportedContract(text, kind)
    with pytest.raises(RefusedError, match="ruling 12"):
        parse_contract(text, as_of=AS_OF)


def test_a_contract_is_listed_through_its_last_trading_day() -> None:
    contract = FuturesContract("ZN", 2026, 6)
    assert is_listed(contract, as_of=date(2026, 6, 18))
    assert not is_listed(contract, as_of=date(2026, 6, 19))


def test_the_next_contract_is_listed_once_the_nearest_is_past() -> None:
    contract = FuturesContract("ZN", 2027, 3)
    assert not is_listed(contract, as_of=date(2026, 6, 18))
    assert is_listed(contract, as_of=date(2026, 6, 19))


def test_as_many_contracts_are_listed_as_the_product_says() -> None:
    for code, product in PRODUCTS.items():
        listed = [
            contract
            for year in range(2025, 2038)
            for month in product.contract_months
            if is_listed(contract := FuturesContract(code, year, month), as_of=AS_OF)
        ]
        assert len(listed) == product.listed_quarterlies + product.listed_serials
