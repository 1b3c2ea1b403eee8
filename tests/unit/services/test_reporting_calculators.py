"""Calculators of the reports: what may be left out, what is refused, cents and par."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crossmargin import bootstrap
from crossmargin.services.calculators.calculator import run

KNOWN = bootstrap.calculators()
CUSTOMER = {"cash": "100.10", "securities": 50, "haircut_value": 49}
SEGREGATION = {"customers": {"A": CUSTOMER}, "funds": {"7A_bank_cash": "100.09"}}
INTEREST = {
    "clearing_initial_margin": {"A": "10.50"},
    "value_1_20_i_2": {"A": "10.49"},
    "residual_interest_held": 0,
}


def answer(name: str, document: object) -> Any:
    outcome = run(KNOWN[name], json.dumps(document).encode())
    assert outcome.refused == ()
    return outcome.document


def refused_fields(name: str, document: object) -> list[str]:
    return [each.field for _, each in run(KNOWN[name], json.dumps(document).encode()).refused]


def test_a_statement_to_the_cent_with_most_left_out():
    found = answer("segregation-statement", SEGREGATION)
    assert found["line_6_required"] == "150.10"
    assert found["line_14_excess"] == "-50.01"
    assert found["line_15_target"] == "0.00"
    assert found["line_3"] == "0.00"


def test_no_customers_and_no_funds():
    found = answer("segregation-statement", {"customers": {}, "funds": {}})
    assert found["per_customer_required"] == {}
    assert found["line_6_required"] == found["line_14_excess"] == "0.00"


def test_a_debit_above_the_securities_leaves_what_haircuts_take():
    customers = {"A": {"cash": -100, "securities": 50, "haircut_value": 49}, "B": {"cash": 30}}
    found = answer("segregation-statement", {"customers": customers, "funds": {}})
    assert found["per_customer_required"] == {"A": "1.00", "B": "30.00"}
    assert (found["line_5_gross"], found["line_5_offset"], found["line_5_net"]) == (
        "100.00",
        "49.00",
        "51.00",
    )
    assert found["line_6_required"] == "31.00"


def test_options_stand_on_both_sides():
    document = {
        "customers": {"A": {"cash": 10, "long_options": 7, "short_options": 3}},
        "funds": {"10A_long_options": 7, "10B_short_options": 3, "7A_bank_cash": 10},
    }
    found = answer("segregation-statement", document)
    assert (found["line_3"], found["line_13_total"], found["line_14_excess"]) == (
        "4.00",
        "14.00",
        "0.00",
    )


def test_every_fault_of_a_statement_is_named_at_once():
    customers = {
        "A": {"cash": 1, "securities": 50},
        "B": {"cash": 1, "securities": 50, "haircut_value": 51},
    }
    assert refused_fields("segregation-statement", {"customers": customers, "funds": {}}) == [
        "customers.A.haircut_value",
        "customers.B.haircut_value",
    ]
    unreadable = {
        "customers": {"A": {"cash": "1.001", "securities": -1}, "": {"cash": 1}},
        "funds": {"7A": 1},
    }
    assert refused_fields("segregation-statement", unreadable) == [
        "customers.A.cash",
        "customers.A.securities",
        "customers",
        "funds.7A",
    ]


def test_one_name_twice_is_refused():
    text = b'{"customers": {"A": {"cash": 1}, "A": {"cash": 2}}, "funds": {}}'
    outcome = run(KNOWN["segregation-statement"], text)
    assert [each.field for _, each in outcome.refused] == ["customers"]


def test_residual_interest_to_the_cent():
    found = answer("residual-interest", INTEREST)
    assert found["residual_interest_required"] == found["required_after_payments"] == "0.01"
    assert found["compliant_before_payments"] is False
    assert found["shortfall_after_payments"] == "0.01"


def test_a_customer_with_a_debit_and_no_margin_needs_nothing_more():
    document = {**INTEREST, "value_1_20_i_2": {"A": "10.50", "B": -5}}
    found = answer("residual-interest", document)
    assert found["undermargined"] == {"A": "0.00", "B": "5.00"}
    assert found["debit_balances_included"] == "5.00"
    assert found["residual_interest_required"] == "0.00"
    assert found["compliant_before_payments"] is True


def test_no_customers_have_no_residual_interest():
    document = {
        "clearing_initial_margin": {},
        "value_1_20_i_2": {},
        "residual_interest_held": "-1",
    }
    found = answer("residual-interest", document)
    assert (found["residual_interest_required"], found["compliant_before_payments"]) == (
        "0.00",
        False,
    )


def test_margin_without_funds_and_payments_of_nobody_are_refused_together():
    document = {
        "clearing_initial_margin": {"A": 1, "B": 1},
        "value_1_20_i_2": {"A": 1},
        "residual_interest_held": 0,
        "payments_from_undermargined_by_deadline": {"C": 1},
    }
    assert refused_fields("residual-interest", document) == [
        "value_1_20_i_2.B",
        "payments_from_undermargined_by_deadline.C",
    ]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            {"account": "SCM", "required": 100, "on_deposit": 80, "customer_cash": "60.01"},
            ("60.01", "0.00", "80.00", "0.00"),
        ),
        (
            {
                "account": "XM",
                "required": 100,
                "on_deposit": 130,
                "customer_cash": 90,
                "customer_treasuries": 40,
            },
            ("0.00", "0.00", "0.00", "0.00"),
        ),
    ],
)
def test_item_15(document: dict[str, Any], expected: tuple[str, ...]):
    assert tuple(answer("reserve-formula-item-15", document).values()) == expected


def test_an_unknown_account_is_refused():
    assert refused_fields("reserve-formula-item-15", {"account": "PAB", "required": -1}) == [
        "account",
        "required",
        "on_deposit",
    ]


def held(asset: str, amount: object, **more: str) -> dict[str, object]:
    return {"asset": asset, "location": "FRBNY", "amount": amount, **more}


def owed(asset: str, member: str, amount: object, cls: str = "XM") -> dict[str, object]:
    return {"asset": asset, "member": member, "cls": cls, "amount": amount}


def test_a_nil_report():
    assert answer("custody-report", {"held": [], "owed": []}) == {}


def test_cash_is_shared_out_in_cents_and_loses_none():
    document = {
        "held": [held("CASH-USD", "0.05")],
        "owed": [owed("CASH-USD", name, "0.03") for name in ("C", "A", "B")],
    }
    found = answer("custody-report", document)["CASH-USD"]
    assert found["rate"] == "0.5555555556"
    assert found["indicative_segregated_split"] == {"A/XM": "0.02", "B/XM": "0.02", "C/XM": "0.01"}


def test_par_is_shared_out_in_hundreds():
    document = {
        "held": [held("91282CMS7", 1000)],
        "owed": [owed("91282CMS7", "A", 700), owed("91282CMS7", "B", 400, "SCM")],
    }
    found = answer("custody-report", document)["91282CMS7"]
    assert found["indicative_segregated_split"] == {"A/XM": "600.00", "B/SCM": "400.00"}


def test_an_asset_on_one_side_alone():
    found = answer("custody-report", {"held": [held("X", 5)], "owed": [owed("Y", "A", 5)]})
    assert (found["X"]["status"], found["X"]["rate"]) == ("SURPLUS", "1")
    assert (found["Y"]["status"], found["Y"]["rate"]) == ("SHORTFALL", "0")
    assert found["Y"]["indicative_segregated_split"] == {"A/XM": "0.00"}


def test_rows_of_one_holder_are_one_claim():
    rows = [owed("X", "A", 3), owed("X", "A", 4), owed("X", "A", 3, "SCM")]
    found = answer("custody-report", {"held": [held("X", 7)], "owed": rows})["X"]
    assert found["owed"] == "10.00"
    assert found["indicative_segregated_split"] == {"A/SCM": "2.00", "A/XM": "5.00"}


def test_both_classes_together_are_only_at_frbny():
    scope = {"account_scope": "XM_AND_SCM"}
    rows = [held("X", 1, **scope), {**held("X", 1, **scope), "location": "BANK-1"}]
    assert refused_fields("custody-report", {"held": rows, "owed": []}) == ["held[1].account_scope"]


def test_every_fault_of_a_row_is_named():
    rows = [held("X", "-1", account_scope="ALL")]
    assert refused_fields("custody-report", {"held": rows, "owed": [{}]}) == [
        "held[0].amount",
        "held[0].account_scope",
        *(f"owed[0].{name}" for name in ("asset", "member", "cls", "amount")),
    ]
