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
LIQUIDITY: dict[str, Any] = {"groups": [GROUP, GROUP]}
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
        ("backtesting-charge", {"observations": 300}, {"backtesting_charge": "0.00"}),
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
         {"groups": [GROUP, {**GROUP, "gross_market_value": "399999.99"}]},
         ["groups[1].gross_market_value"]),
        ("margin-liquidity-adjustment", {"groups": [{**GROUP, "average_daily_volume": "0"}]},
         ["groups[0].average_daily_volume"]),
        ("portfolio-differential", {"observations": 3}, ["charges"]),
        ("portfolio-differential", {"observations": "1.5"}, ["observations"]),
        ("portfolio-differential", {"decay": "1"}, ["decay"]),
        ("portfolio-differential", {"decay": "0"}, ["decay"]),
        ("backtesting-charge", {"observations": 99}, ["observations"]),
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
