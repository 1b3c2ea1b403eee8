"""Deliveries of the simulated month: notices, CME's answer, its book, and the custodian's."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.product.position import Account
from crossmargin.services.clearing_day.arrivals import Action, Segregation

EASTERN = ZoneInfo("America/New_York")
DAYS = tuple(date(2026, 5, day) for day in (21, 22, 26, 27, 28, 29))
INTENTION, NOTICE = DAYS[-2:]
NOTES = "SEC-91282CMS7"

SHORT = f"""
[[tender]]
date = {INTENTION}
customer_id = "BANK"
contract = "ZTM6"
account = "REGULAR"
quantity = -4
security = "91282CMS7"
instructs_at = "14:00 America/New_York"
told_at = "20:00 America/New_York"
"""
LONG = f"""
[[tender]]
date = {INTENTION}
customer_id = "FUND"
contract = "ZNM6"
quantity = 5
security = "91282CQC8"
told_at = "20:00 America/New_York"
"""


def test_a_short_gives_notice_and_cme_answers_for_it_and_for_the_assigned_long(month):
    run = month(SHORT + LONG).run(*DAYS)
    (notice,) = run.rows(INTENTION, "1400-instructions-customers.csv")
    assert (notice.action, notice.asset, notice.quantity) == (Action.TENDER, "FUT-ZTM6", -4)
    assert (notice.place, notice.reference) == ("REGULAR", "91282CMS7")
    told = run.rows(INTENTION, "2000-tenders-cme.csv")
    assert [
        (row.tender_id, row.position.quantity, row.cusip.text, row.intention_day) for row in told
    ] == [
        ("cme-2026-05-28-D1", -4, "91282CMS7", INTENTION),
        ("cme-2026-05-28-D2", 5, "91282CQC8", INTENTION),
    ]


def test_what_is_in_delivery_is_no_open_position_at_cme(month):
    run = month(SHORT + LONG).run(*DAYS)
    held = {
        day: {
            (row.customer.customer_id, row.account, row.instrument): row.quantity
            for row in run.rows(day, "1206-cme-positions-itd.csv")
        }
        for day in (INTENTION, NOTICE)
    }
    bank, fund = ("BANK", Account.REGULAR, "ZTM26"), ("FUND", Account.XM, "ZNM26")
    assert (held[INTENTION][bank], held[INTENTION][fund]) == (-7, 11)
    assert (held[NOTICE][bank], held[NOTICE][fund]) == (-3, 6)


@pytest.mark.parametrize("quantity", [-3, 12])
def test_of_what_is_not_there_nothing_goes_into_delivery(month, quantity):
    table = LONG.replace("quantity = 5", f"quantity = {quantity}")
    if quantity < 0:
        table += 'instructs_at = "14:00 America/New_York"\n'
    run = month(table).run(*DAYS)
    assert "2000-tenders-cme.csv" not in run.names(INTENTION)


def test_every_fault_of_a_tender_is_named(plan_with):
    wrong = SHORT.replace("91282CMS7", "91282CMS8").replace('"20:00', '"14:00')
    with pytest.raises(RefusedError) as caught:
        plan_with(wrong + LONG.replace("quantity = 5", "quantity = 0"))
    assert sorted(each.field for each in caught.value.refusals) == [
        "tender[1].security",
        "tender[1].told_at",
        "tender[2].quantity",
    ]


def test_the_custodian_moves_notes_to_the_securities_title_and_out_with_the_delivery(
    month, make_wire
):
    brings = f"""
    [[deposit]]
    date = {DAYS[0]}
    at = "10:00 America/New_York"
    customer_id = "BANK"
    asset = "{NOTES}"
    quantity = 800
    """
    moves = f"""
    [[instruction]]
    date = {DAYS[0]}
    at = "10:10 America/New_York"
    customer_id = "BANK"
    action = "TO_SECURITIES_ACCOUNT"
    asset = "{NOTES}"
    quantity = 500
    """
    too_many = moves.replace("10:10", "10:20").replace("quantity = 500", "quantity = 900")
    at = datetime(2026, 5, 22, 12, 15, tzinfo=EASTERN)
    terms = {"asset": NOTES, "quantity": "400"}
    out = make_wire("w1", at, "SEGREGATED_BANK", "CME", "FUTURES_DELIVERY_SECURITIES", **terms)
    run = month(brings + moves + too_many, [(at, out)]).run(*DAYS[:2])
    held = [
        {
            row.segregation: row.quantity
            for row in run.rows(day, "2310-custodian.csv")
            if row.asset == NOTES and row.place == "SEGREGATED_BANK"
        }
        for day in DAYS[:2]
    ]
    futures, securities = Segregation.FUTURES, Segregation.SECURITIES
    assert held == [{futures: 300, securities: 500}, {futures: 300, securities: 100}]
