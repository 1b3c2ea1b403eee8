"""Simulated customers pay a call in its currency, and bring deposits in US dollars."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

EASTERN = ZoneInfo("America/New_York")
D1, D2, D3 = date(2026, 5, 21), date(2026, 5, 22), date(2026, 5, 26)
PAID_LATE = f"""
[[call]]
customer_id = "FUND"
first = {D2}
last = {D2}
conduct = "LATE"
rest_after_business_days = 1
rest_at = "09:00 America/New_York"
"""


@pytest.mark.parametrize(
    ("plan", "day", "file"),
    [
        ("", D2, "1300-payments-customers.csv"),
        (PAID_LATE, D3, "0900-payments-customers.csv"),
    ],
)
def test_a_call_is_paid_in_its_currency_in_time_or_late(month, make_call, plan, day, file):
    noon = datetime(D2.year, D2.month, D2.day, 12, 15, tzinfo=EASTERN)
    name, said = make_call("c1", noon, "FUND", "10.01")
    in_yen = (name, {**said, "currency": "JPY"})
    run = month(plan, lambda step: [in_yen] if step == noon else []).run(D1, D2, D3)
    (row,) = run.rows(day, file)
    assert (row.currency, row.asset, row.quantity) == ("JPY", "CASH-USD", 1001)
    (deposit,) = run.rows(D1, "0710-payments-customers.csv")
    assert deposit.currency == "USD"
