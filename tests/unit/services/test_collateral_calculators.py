"""margin-call-deadline, withdrawal, undermargined-charge: answers and refusals."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossmargin import bootstrap
from crossmargin.services.calculators.calculator import run

KNOWN = bootstrap.calculators()
CALL = {"currency": "USD", "issued": "2026-11-24T11:30:00-05:00", "same_day_cutoff_et": "11:00"}
WITHDRAWAL = {
    "net_liquidating_value_prior_close_plus_margin_deposits": 2_900_000,
    "initial_margin_required": 2_700_000,
    "request": 200_000,
}
CHARGE = {
    "maintenance_margin": 300_000,
    "equity_with_haircut_collateral": "-8000.00",
    "calls": [{"amount": 100_000, "age_business_days": 1}],
    "account_type": "customer",
}


def ran(name: str, document: object) -> Any:
    return run(KNOWN[name], json.dumps(document).encode()).document


def refused_fields(name: str, document: object) -> list[str]:
    return [reason["field"] for reason in ran(name, document)["reasons"]]


def test_a_call_after_the_cutoff_is_due_the_next_business_day() -> None:
    assert ran("margin-call-deadline", CALL) == {
        "due_date": "2026-11-25",
        "due_event": "FEDWIRE_FUNDS_CLOSE",
    }


@pytest.mark.parametrize("cutoff", [None, "none", "11:30"])
def test_no_cutoff_or_a_later_one(cutoff: str | None) -> None:
    found = ran("margin-call-deadline", {**CALL, "same_day_cutoff_et": cutoff})
    assert found["due_date"] == "2026-11-24"
    without = {name: CALL[name] for name in ("currency", "issued")}
    assert ran("margin-call-deadline", without)["due_date"] == "2026-11-24"


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"currency": "usd"}, ["currency"]),
        ({"issued": "2026-11-24T10:30:00"}, ["issued"]),
        ({"issued": "2026-11-24"}, ["issued"]),
        ({"issued": "2026-02-30T10:30:00Z"}, ["issued"]),
        ({"issued": "0001-01-01T00:00:00+14:00"}, ["issued"]),
        ({"same_day_cutoff_et": "24:00"}, ["same_day_cutoff_et"]),
        (
            {"currency": "US", "issued": "today", "same_day_cutoff_et": "11"},
            ["same_day_cutoff_et", "issued", "currency"],
        ),
        ({"currency": None, "issued": None}, ["currency", "issued"]),
    ],
)
def test_what_has_no_deadline_is_refused_with_every_reason(
    changes: dict[str, object], fields: list[str]
) -> None:
    assert refused_fields("margin-call-deadline", {**CALL, **changes}) == fields


def test_a_withdrawal_of_exactly_the_excess_is_allowed() -> None:
    assert ran("withdrawal", WITHDRAWAL) == {"allowed": True, "max_withdrawal": "200000.00"}
    more = ran("withdrawal", {**WITHDRAWAL, "request": "200000.01"})
    assert more == {"allowed": False, "max_withdrawal": "200000.00"}


def test_nothing_is_withdrawn_from_a_deficit() -> None:
    value = "net_liquidating_value_prior_close_plus_margin_deposits"
    found = ran("withdrawal", {**WITHDRAWAL, value: -1})
    assert found == {"allowed": False, "max_withdrawal": "0.00"}


def test_negative_amounts_are_refused_together() -> None:
    negative = {**WITHDRAWAL, "initial_margin_required": -1, "request": -1}
    assert refused_fields("withdrawal", negative) == ["initial_margin_required", "request"]


def test_a_customers_call_counts_for_one_business_day() -> None:
    assert ran("undermargined-charge", CHARGE) == {
        "deficiency": "308000.00",
        "calls_counted": "100000.00",
        "charge": "208000.00",
        "max_age_business_days": "1",
    }
    old = {**CHARGE, "calls": [{"amount": 100_000, "age_business_days": 2}]}
    assert ran("undermargined-charge", old)["charge"] == "308000.00"


@pytest.mark.parametrize("calls", [[], None])
def test_there_may_be_no_calls(calls: list[object] | None) -> None:
    assert ran("undermargined-charge", {**CHARGE, "calls": calls})["calls_counted"] == "0.00"


def test_a_call_has_a_whole_age_and_an_amount_not_negative() -> None:
    part = {**CHARGE, "calls": [{"amount": 1, "age_business_days": "1.5"}]}
    assert refused_fields("undermargined-charge", part) == ["calls[0].age_business_days"]
    negative = {**CHARGE, "calls": [{"amount": -1, "age_business_days": -1}]}
    assert refused_fields("undermargined-charge", negative) == [
        "calls[0].amount",
        "calls[0].age_business_days",
    ]
    assert refused_fields("undermargined-charge", {**CHARGE, "account_type": "house"}) == [
        "account_type"
    ]
