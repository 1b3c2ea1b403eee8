"""The other parties and calls: what a customer pays of one, when, and what it disputes."""

from __future__ import annotations

from datetime import date

import pytest

from crossmargin.services.clearing_day.arrivals import Action
from crossmargin.testing.clearing_days import eastern

D1, D2, D3 = date(2026, 5, 21), date(2026, 5, 22), date(2026, 5, 26)


def payments(run, day: date) -> dict[str, list[tuple[str, int]]]:
    return {
        name[:4]: [(row.reference, row.quantity) for row in run.rows(day, name)]
        for name in run.names(day)
        if name.endswith("payments-customers.csv") and day > D1
    }


def conduct(how: str) -> str:
    return f'\n[[call]]\ncustomer_id = "FUND"\nfirst = {D2}\nlast = {D2}\nconduct = {how}\n'


REST = 'rest_after_business_days = 1\nrest_at = "09:00 America/New_York"'


@pytest.mark.parametrize(
    ("how", "today", "tomorrow"),
    [
        (None, {"1300": [("c1", 1001)]}, {}),
        ('"MISSED"', {}, {}),
        (f'"MISSED"\n{REST}', {}, {"0900": [("c1", 1001)]}),
        (f'"LATE"\n{REST}', {}, {"0900": [("c1", 1001)]}),
        ('"PARTIAL"\npaid_share = "0.5"', {"1300": [("c1", 500)]}, {}),
        (
            f'"PARTIAL"\npaid_share = "0.5"\n{REST}',
            {"1300": [("c1", 500)]},
            {"0900": [("c1", 501)]},
        ),
        # Resolved at nine, it is paid as a new call would be.
        (
            f'"DISPUTED"\npaid_share = "0.9"\n{REST}',
            {"1300": [("c1", 900)]},
            {"0945": [("c1", 101)]},
        ),
    ],
)
def test_a_call_is_paid_as_the_plan_has_it(month, make_call, how, today, tomorrow):
    noon = eastern(D2, "12:15")
    run = month(conduct(how) if how else "", ((noon, make_call("c1", noon, "FUND", "10.01")),)).run(
        D1, D2, D3
    )
    assert (payments(run, D2), payments(run, D3)) == (today, tomorrow)


def test_a_dispute_is_instructed_and_resolved(month, make_call):
    noon = eastern(D2, "12:15")
    run = month(
        conduct(f'"DISPUTED"\npaid_share = "0.9"\n{REST}'),
        ((noon, make_call("c1", noon, "FUND", "10.01")),),
    ).run(D1, D2, D3)
    (said,) = run.rows(D2, "1300-instructions-customers.csv")
    (found,) = run.rows(D3, "0900-instructions-bd-fcm.csv")
    assert (said.action, said.reference, said.quantity) == (Action.DISPUTE, "c1", 101)
    assert (found.action, found.reference, found.quantity) == (Action.RESOLVE_DISPUTE, "c1", 101)


@pytest.mark.parametrize(
    ("how", "today", "tomorrow"),
    [
        (None, {"1300": [("c1", 601)]}, {}),
        (f'"LATE"\n{REST}', {}, {"0900": [("c1", 601)]}),
        (
            f'"PARTIAL"\npaid_share = "0.5"\n{REST}',
            {"1300": [("c1", 500)]},
            {"0900": [("c1", 101)]},
        ),
    ],
)
def test_what_a_later_run_lowers_is_not_paid(month, make_call, how, today, tomorrow):
    noon, later = eastern(D2, "12:15"), eastern(D2, "12:45")
    lowered = (
        "call-changes.jsonl",
        {
            "call_id": "c1",
            "customer_id": "FUND",
            "change": "-4.00",
            "at": later.isoformat(),
        },
    )
    run = month(
        conduct(how) if how else "",
        (
            (noon, make_call("c1", noon, "FUND", "10.01")),
            (noon, lowered),
        ),
    ).run(D1, D2, D3)
    assert (payments(run, D2), payments(run, D3)) == (today, tomorrow)


def test_a_call_lowered_to_nothing_is_not_paid_at_all(month, make_call):
    noon = eastern(D2, "12:15")
    gone = "call-changes.jsonl", {"call_id": "c1", "change": "-10.01"}
    run = month(
        "",
        (
            (noon, make_call("c1", noon, "FUND", "10.01")),
            (noon, gone),
        ),
    )
    assert payments(run.run(D1, D2), D2) == {}


def test_only_so_many_calls_are_missed(month, make_call):
    noon, later = eastern(D2, "12:15"), eastern(D2, "14:30")
    run = month(
        conduct('"MISSED"\ncalls = 1'),
        (
            (noon, make_call("c2", noon, "FUND", "1.00")),
            (later, make_call("c1", later, "FUND", "2.00")),
        ),
    ).run(D1, D2)
    assert payments(run, D2) == {"1515": [("c1", 200)]}


def test_a_call_of_the_evening_is_paid_the_next_business_morning(month, make_call):
    evening = eastern(D2, "21:15")
    run = month("", ((evening, make_call("c1", evening, "FUND", "1.00")),)).run(D1, D2, D3)
    assert (payments(run, D2), payments(run, D3)) == ({}, {"0745": [("c1", 100)]})


def test_what_pays_a_call_of_segregated_margin_is_kept_for_securities_customers(month, make_call):
    noon = eastern(D2, "12:15")
    name, said = make_call("c1", noon, "FUND", "7.00")
    outside = (name, {**said, "clearing_organization": "FICC_SCM"})
    run = month("", ((noon, outside),)).run(D1, D2)
    held = {(r.place, r.segregation.value): r.quantity for r in run.rows(D2, "2310-custodian.csv")}
    assert held == {
        ("SEGREGATED_BANK", "FUTURES"): 100_00,
        ("SEGREGATED_BANK", "SECURITIES"): 7_00,
    }
