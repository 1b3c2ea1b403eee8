"""The month of the tutorial: its plan is whole, and shows what it says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap.books import open_inbox, read_clearing_plan, simulated_parties
from crossmargin.product.futures import first_delivery_day, parse_contract
from crossmargin.product.position import Account

REPOSITORY = Path(__file__).resolve().parents[4]
PLAN = REPOSITORY / "docs" / "tutorial" / "clearing-month.toml"
# Of each customer the lines that the plan speaks of, and one more.
POSITIONS = """\
customer_id,clearing_organization,account,instrument,quantity,leg,settlement_date,end_date
BASIS-FUND,FICC,XM,91282CMS7,2000000000,REPO,2026-03-24,2026-06-30
BASIS-FUND,CME,XM,ZTM6,-9651,,,
CURVE-FUND,FICC,XM,91282CBS9,900000000,,,
CURVE-FUND,CME,XM,TNM6,-2182,,,
ASSET-MANAGER,FICC,XM,912810RQ3,150000000,,,
REGIONAL-BANK,FICC,XM,91282CKZ3,120000000,,,
REGIONAL-BANK,CME,REGULAR,ZTM6,-700,,,
REPO-CUSTOMER,FICC,XM,91282CKU4,-200000000,REVERSE_REPO,2026-03-24,2026-04-24
REPO-CUSTOMER,CME,XM,ZNM6,-4200,,,
WIDE-BOOK,FICC,XM,91282CMA6,-38000000,,,
WIDE-BOOK,CME,XM,ZBM6,871,,,
"""


@pytest.fixture
def positions(tmp_path):
    path = tmp_path / "positions.csv"
    path.write_text(POSITIONS)
    return path


def test_the_month_is_whole(positions):
    plan = read_clearing_plan(PLAN, positions)
    assert (plan.first, plan.last) == (date(2026, 5, 11), date(2026, 6, 12))
    assert {deposit.customer_id for deposit in plan.deposits} == {
        line.customer.customer_id for line in plan.lines
    }


def test_positions_that_name_no_bd_fcm_are_of_the_one_whose_day_is_run(positions, tmp_path):
    own = tmp_path / "plan.toml"
    own.write_text(PLAN.read_text("utf-8").replace('"BD-FCM"', '"ALPHA"'), "utf-8")
    plan = read_clearing_plan(own, positions, bd_fcm="ALPHA")
    assert {line.customer.bd_fcm for line in plan.lines} == {"ALPHA"}


def test_june_futures_move_before_first_intention(positions):
    plan = read_clearing_plan(PLAN, positions)
    bonds = [trade for trade in plan.trades if trade.contract.endswith("M6")]
    delivery = first_delivery_day(parse_contract("ZBM6", as_of=plan.first))
    first_intention = plan.calendar.add_business_days(delivery, -2)
    assert first_intention == date(2026, 5, 28)
    assert bonds
    assert all(trade.day < first_intention for trade in bonds)
    assert "ZBM6" not in {trade.contract for trade in bonds}


def test_what_is_directed_into_xm_is_there_before_the_cut_off_and_not_after(positions, tmp_path):
    plan = read_clearing_plan(PLAN, positions)
    inbox = open_inbox(tmp_path / "in")
    parties = simulated_parties(plan, inbox, tmp_path / "out", lambda _: ())
    held = []
    for day in plan.calendar.business_days(plan.first, date(2026, 5, 15)):
        end = plan.clock.custodian.on(day)
        parties.act(None, day, end)
        (file,) = [f for f in inbox.arrivals(day, end) if f.name == "1206-cme-positions-itd.csv"]
        bank = CustomerKey("BD-FCM", "REGIONAL-BANK")
        accounts = {x.account: x.quantity for x in file.rows if x.customer == bank}
        held.append((accounts.get(Account.XM, 0), accounts[Account.REGULAR]))
    assert held == [(0, -700), (0, -700), (-400, -300), (-400, -300), (-400, -300)]


def test_a_plan_that_cannot_be_read_is_refused(positions, tmp_path):
    with pytest.raises(RefusedError, match="a readable file"):
        read_clearing_plan(tmp_path / "no.toml", positions)


def test_positions_at_fault_are_refused_before_the_plan(positions):
    positions.write_text(POSITIONS + "X,LCH,XM,ZNM6,1,,,\n")
    with pytest.raises(RefusedError, match="one of FICC, CME"):
        read_clearing_plan(PLAN, positions)
