"""Calculators of FICC's charges: answers, defaults, and every refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossmargin import bootstrap
from crossmargin.services.calculators.calculator import run

KNOWN = bootstrap.calculators()
HIGHER: dict[str, Any] = {
    "mode": "large_indirect_participants",
    "start_of_day_var": "300000000",
    "noon_var": "150000000",
    "date": "2026-03-03",
    "trigger_date": "2026-03-02",
    "receive_obligations": "100000000000",
    "funds_only_settlement": "0",
    "daily_liquidity_need": "80000000000",
}
GROUP = {
    "name": "notes",
    "net_market_value": "-400000",
    "gross_market_value": "500000",
    "one_day_sigma": "0.004",
    "one_day_var": "4000",
    "average_daily_volume": "100000",
    "bid_ask_bp": "2",
}
LIQUIDITY: dict[str, Any] = {"groups": [GROUP, {**GROUP, "name": "bonds"}]}
DIFFERENTIAL: dict[str, Any] = {
    "charges": [{"var_charge": 100}, {"var_charge": 108}, {"var_charge": 112}],
    "decay": "0.5",
    "observations": 2,
}
BACKTEST: dict[str, Any] = {
    "outcomes": [
        {"date": f"2025-10-0{n}", "var_charge": "100", "realised_loss": loss}
        for n, loss in ((1, "130"), (2, "107.50"), (3, "115"))
    ],
    "observations": 250,
}


def on(*dates: str) -> list[dict[str, str]]:
    return [{"date": day, "var_charge": "100", "realised_loss": "1"} for day in dates]


HOLIDAY: dict[str, Any] = {"var_charge": "1000000", "date": "2026-10-09"}
MARK: dict[str, Any] = {"adverse_mark": "4000000", "var_charge": "10000000", "coverage": "0.98"}
MINIMUM: dict[str, Any] = {"requirement": "250000"}
GOOD = {
    "higher-of": HIGHER,
    "margin-liquidity-adjustment": LIQUIDITY,
    "portfolio-differential": DIFFERENTIAL,
    "backtesting-charge": BACKTEST,
    "holiday-charge": HOLIDAY,
    "intraday-mark-to-market": MARK,
    "customer-minimum": MINIMUM,
}


def ran(name: str, document: object) -> Any:
    return run(KNOWN[name], json.dumps(document).encode()).document


def refused_fields(name: str, document: object) -> list[str]:
    reasons = ran(name, document)["reasons"]
    for reason in reasons:
        assert set(reason) == {"field", "value", "expected", "rule"}
        assert reason["expected"]
        assert reason["rule"]
    return [reason["field"] for reason in reasons]


@pytest.mark.parametrize("name", GOOD)
def test_required_inputs_are_required_and_unknown_ones_refused(name):
    assert "refused" not in ran(name, GOOD[name])
    assert refused_fields(name, {}) == KNOWN[name].schema()["required"]
    assert refused_fields(name, {**GOOD[name], "surplus": 1}) == ["surplus"]


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("higher-of", {}, {"start_of_day_var_charge": "300000000.00",
                           "intraday_var_charge": "300000000.00", "triggered": True,
                           "applies_from": "2026-03-03", "applies_to": "2026-04-06",
                           "applies": True}),
        ("higher-of", {"date": "2026-04-07"}, {"intraday_var_charge": "150000000.00",
                                               "applies": False}),
        ("higher-of", {"daily_liquidity_need": "100000000000"},
         {"intraday_var_charge": "150000000.00", "triggered": False}),
        ("higher-of", {"mode": "off"}, {"start_of_day_var_charge": "300000000.00",
                                        "intraday_var_charge": "150000000.00"}),
        ("higher-of", {"mode": "all", "noon_var": "400000000"},
         {"start_of_day_var_charge": "300000000.00", "intraday_var_charge": "400000000.00"}),
        ("margin-liquidity-adjustment", {}, {"margin_liquidity_adjustment": "3220.00"}),
        ("margin-liquidity-adjustment", {"threshold": "0.5", "scale": "2"},
         {"margin_liquidity_adjustment": "4840.00"}),
        ("portfolio-differential", {}, {"portfolio_differential": "5.34"}),
        ("portfolio-differential", {"multiplier": "3"}, {"portfolio_differential": "16.00"}),
        ("backtesting-charge", {}, {"backtesting_charge": "7.50", "coverage": "0.988000",
                                    "deficiencies": ["30.00", "15.00", "7.50"]}),
        ("backtesting-charge", {"outcomes": BACKTEST["outcomes"][:2]},
         {"backtesting_charge": "0.00", "coverage": "0.992000"}),
        ("holiday-charge", {}, {"holiday_charge": "154701.00", "extra_days": "1"}),
        ("intraday-mark-to-market", {}, {"intraday_mark_to_market": "4000000.00"}),
        ("intraday-mark-to-market", {"coverage": "0.99"}, {"intraday_mark_to_market": "0.00"}),
        ("customer-minimum", {}, {"requirement": "1000000.00", "minimum_top_up": "750000.00"}),
        ("customer-minimum", {"requirement": "1000000.01"}, {"minimum_top_up": "0.00"}),
        ("customer-minimum", {"minimum": "200000"}, {"requirement": "250000.00"}),
    ],
)  # fmt: skip
def test_answers(name, changes, expected):
    found = ran(name, {**GOOD[name], **changes})
    assert {key: found.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("name", "changes", "fields"),
    [
        ("higher-of", {"mode": "on"}, ["mode"]),
        ("higher-of", {"noon_var": "-1"}, ["noon_var"]),
        ("higher-of", {"date": "2026-03-07"}, ["date"]),
        ("higher-of", {"date": "2060-01-02", "trigger_date": "1970-01-02"},
         ["date", "trigger_date"]),
        ("margin-liquidity-adjustment",
         {"groups": [GROUP, {**GROUP, "name": "b", "gross_market_value": "399999.99"}]},
         ["groups[1].gross_market_value"]),
        ("margin-liquidity-adjustment", {"groups": [{**GROUP, "average_daily_volume": "0"}]},
         ["groups[0].average_daily_volume"]),
        ("portfolio-differential", {"observations": 3}, ["charges"]),
        ("portfolio-differential", {"observations": "1.5"}, ["observations"]),
        ("portfolio-differential", {"decay": "1"}, ["decay"]),
        ("portfolio-differential", {"decay": "0"}, ["decay"]),
        ("margin-liquidity-adjustment", {"groups": [GROUP, GROUP, {**GROUP, "name": "b"}, GROUP]},
         ["groups[1].name", "groups[3].name"]),
        ("backtesting-charge", {"observations": 99}, ["observations"]),
        # One outcome a business day: twelve months with all of these dates have 251 at most.
        ("backtesting-charge", {"observations": 252}, ["observations"]),
        ("backtesting-charge", {"observations": 10000}, ["observations"]),
        # A Saturday and Columbus Day.
        ("backtesting-charge", {"outcomes": on("2025-10-04", "2025-10-10", "2025-10-13")},
         ["outcomes[0].date", "outcomes[2].date"]),
        ("backtesting-charge", {"outcomes": on("2024-10-01", "2025-10-01", "2025-09-30")},
         ["outcomes[0].date"]),
        ("backtesting-charge", {"outcomes": on("0001-01-01", "2060-01-02")},
         ["outcomes[0].date", "outcomes[1].date"]),
        ("backtesting-charge", {"outcomes": [*BACKTEST["outcomes"], BACKTEST["outcomes"][0]]},
         ["outcomes[3].date"]),
        ("holiday-charge", {"extra_days": 1}, ["date"]),
        ("holiday-charge", {"date": "2026-10-12"}, ["date"]),
        ("intraday-mark-to-market", {"coverage": "1.01"}, ["coverage"]),
        ("customer-minimum", {"requirement": "0.001"}, ["requirement"]),
    ],
)  # fmt: skip
def test_refusals(name, changes, fields):
    assert refused_fields(name, {**GOOD[name], **changes}) == fields


def test_what_is_left_out_and_needed_is_refused_by_name():
    short = {key: HIGHER[key] for key in ("mode", "start_of_day_var", "noon_var")}
    assert refused_fields("higher-of", short) == [
        "date",
        "trigger_date",
        "receive_obligations",
        "funds_only_settlement",
        "daily_liquidity_need",
    ]
    assert refused_fields("holiday-charge", {"var_charge": "1"}) == ["date"]
    assert refused_fields("holiday-charge", {"var_charge": "1", "extra_days": "0.5"}) == [
        "extra_days"
    ]
    mark = {key: MARK[key] for key in ("adverse_mark", "var_charge")}
    assert refused_fields("intraday-mark-to-market", mark) == ["coverage"]
    assert refused_fields("backtesting-charge", {"outcomes": BACKTEST["outcomes"]}) == [
        "observations"
    ]


def test_twelve_months_are_those_to_the_newest_date() -> None:
    found = ran("backtesting-charge", {"outcomes": on("2024-10-02", "2025-10-01"),
                                       "observations": 249})  # fmt: skip
    assert found["observations"] == "249"
    reasons = ran("backtesting-charge", {**BACKTEST, "outcomes": on("2024-10-01", "2025-10-01")})
    assert reasons["reasons"][0]["expected"].startswith("after 2024-10-01: twelve months")


def test_a_market_value_is_signed_long_positive() -> None:
    groups = KNOWN["margin-liquidity-adjustment"].schema()["properties"]["groups"]["items"]
    assert groups["properties"]["net_market_value"]["description"] == (
        "net market value, US dollars; signed, long positive"
    )
    outcomes = KNOWN["backtesting-charge"].schema()["properties"]["outcomes"]["items"]
    assert outcomes["properties"]["realised_loss"]["description"].endswith("a gain is negative")


@pytest.mark.parametrize(
    ("value", "limit"),
    [
        ("1e26", "less than 10^26 dollars in size"),
        (10**27, "less than 10^26 dollars in size"),
        ("-1e31", "less than 10^31 in size"),
        ("1e999", "less than 10^31 in size"),
    ],
)
def test_a_number_that_is_too_large_is_refused_with_the_limit(value: object, limit: str) -> None:
    (reason,) = ran("customer-minimum", {"requirement": value})["reasons"]
    assert reason["expected"].endswith(f", and {limit}")


def test_the_largest_amount_is_taken() -> None:
    assert ran("customer-minimum", {"requirement": "9" * 26})["requirement"] == "9" * 26 + ".00"


def test_a_group_without_a_loss_has_no_ratio():
    found = ran("margin-liquidity-adjustment", {"groups": [{**GROUP, "one_day_var": 0}]})
    assert found["groups"] == [
        {
            "name": "notes",
            "directional": "3200.00",
            "basis": "10.00",
            "ratio": None,
            "charge": "3210.00",
        }
    ]
