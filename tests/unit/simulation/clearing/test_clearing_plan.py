"""The plan: whole, or every fault with its place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.product.position import Leg
from crossmargin.simulation.clearing.plan import CallConduct, Conduct
from crossmargin.simulation.clearing.plan_reading import read_plan


def places(text: str, lines) -> list[str]:
    with pytest.raises(RefusedError) as caught:
        read_plan(text, file="plan.toml", positions=lines)
    assert all(refusal.file == "plan.toml" for refusal in caught.value.refusals)
    return sorted(refusal.field for refusal in caught.value.refusals)


def test_a_plan_says_how_calls_are_taken(plan_with):
    plan = plan_with(
        """
        [[call]]
        customer_id = "FUND"
        first = 2026-05-22
        last = 2026-05-26
        conduct = "PARTIAL"
        paid_share = "0.25"
        calls = 2
        """
    )
    assert plan.calls == (
        CallConduct(
            "FUND",
            date(2026, 5, 22),
            date(2026, 5, 26),
            Conduct.PARTIAL,
            calls=2,
            paid_share=Decimal("0.25"),
        ),
    )


def test_cash_lines_are_renewed_each_business_day_and_repo_begins_once(plan_with):
    plan = plan_with()
    first, second = date(2026, 5, 21), date(2026, 5, 22)
    assert [line.line for line in plan.novated_on(first)] == [2, 3, 4]
    renewed = list(plan.novated_on(second))
    assert [(line.line, line.leg, line.settlement_date) for line in renewed] == [
        (2, Leg.CASH, date(2026, 5, 26)),  # over Memorial Day
        (4, Leg.CASH, date(2026, 5, 26)),
    ]
    assert plan.trade_id(renewed[0], second) == "ficc-2026-05-22-L2"


def test_a_line_that_is_not_renewed_and_one_of_who_leaves_end(plan_with):
    plan = plan_with(
        """
        [[not_renewed]]
        customer_id = "BANK"
        instrument = "91282CQC8"
        from = 2026-05-26

        [[leaving]]
        date = 2026-05-27
        customer_id = "FUND"
        closes_out_at = "10:00 America/New_York"
        instructs_at = "11:00 America/New_York"
        """
    )
    renewed = {day: [line.line for line in plan.novated_on(date(2026, 5, day))] for day in (26, 27)}
    assert renewed == {26: [2], 27: []}


FAULTY = """
[[deposit]]
date = 2026-05-25
at = "noon"
customer_id = "FUNT"
asset = "CASH-EUR"
quantity = 1.5
colour = "red"

[[instruction]]
date = "2026-05-26"
at = "10:00 America/New_York"
customer_id = "FUND"
action = "LEAVE"
asset = "CASH-USD"
quantity = "-1.00"

[[trade]]
date = 2026-05-26
at = "10:00 America/New_York"
customer_id = "BANK"
contract = "ZTM6"
quantity = 0

[[call]]
customer_id = "FUND"
first = 2026-05-27
last = 2026-05-26
conduct = "PARTIAL"
paid_share = "1"

[[fail]]
customer_id = "FUND"
instrument = "91282CKU4"
due = 2026-05-21
settles = 2026-05-21

[[leaving]]
date = 2026-05-22
customer_id = "FUND"
closes_out_at = "10:00 America/New_York"
instructs_at = "10:00 America/New_York"

[[dropped]]
customer_id = "FUND"
instrument = "91282CKU4"

[[unconfirmed]]
date = 2026-05-26
comes = 2026-05-26
"""


def test_every_fault_is_named_with_its_place(plan_text, lines):
    assert places(plan_text + FAULTY, lines) == [
        "call[1].last",
        "call[1].paid_share",
        "deposit[2].asset",
        "deposit[2].at",
        "deposit[2].colour",
        "deposit[2].customer_id",
        "deposit[2].date",
        "deposit[2].quantity",
        "dropped[1].instrument",
        "fail[1].due",
        "fail[1].instrument",
        "fail[1].settles",
        "instruction[1].action",
        "instruction[1].date",
        "instruction[1].quantity",
        "leaving[1].date",
        "leaving[1].instructs_at",
        "trade[1].quantity",
        "unconfirmed[1].comes",
    ]


def test_what_stands_before_the_tables_is_checked(lines):
    assert places('bd_fcm = ""\nfirst = 2026-05-25\napprove = 1\n', lines) == sorted(
        [
            *("bd_fcm", "bd_fcm", "first", "last", "entered_by", "approved_by"),
            *("approve", "clock"),
            *(f"clock.{name}" for name in ("fails", "novations", "trades", "custodian")),
            *(
                f"clock.{who}_{what}"
                for who in ("customers", "banks")
                for what in ("open", "close")
            ),
            *("clock.call_payment_minutes", "clock.confirmation_minutes"),
        ]
    )


def test_maker_and_checker_differ(plan_text, lines):
    text = plan_text.replace('approved_by = "ben"', 'approved_by = "anna"')
    assert places(text, lines) == ["approved_by"]


def test_a_repo_that_has_ended_must_be_dropped(plan_text, lines):
    text = plan_text.replace("first = 2026-05-21", "first = 2026-05-26")
    text = text.replace("date = 2026-05-21", "date = 2026-05-26")
    assert places(text, lines) == ["positions line 3"]
    dropped = '[[dropped]]\ncustomer_id = "FUND"\ninstrument = "91282CKU4"\n'
    plan = read_plan(text + dropped, file="plan.toml", positions=lines)
    assert [line.line for line in plan.novated_on(plan.first)] == [2, 4]


def test_a_fail_needs_an_obligation_that_is_due(plan_with):
    fail = '[[not_renewed]]\ncustomer_id = "FUND"\ninstrument = "91282CMS7"\nfrom = 2026-05-26\n'
    fail += '[[fail]]\ncustomer_id = "FUND"\ninstrument = "91282CMS7"\n'
    fail += "due = 2026-05-28\nsettles = 2026-05-29\n"
    with pytest.raises(RefusedError, match="due then"):
        plan_with(fail)


@pytest.mark.parametrize(
    ("cycle", "arrives", "place"),
    [("EOD", "22:00", "late_file[1].cycle"), ("ITD", "12:05", "late_file[1].arrives")],
)
def test_a_late_file_is_one_that_comes_every_day_and_later(plan_text, lines, cycle, arrives, place):
    late = f'[[late_file]]\ndate = 2026-05-26\nclearing_organization = "FICC"\ncycle = "{cycle}"\n'
    late += f'arrives = "{arrives} America/New_York"\n'
    assert places(plan_text + late, lines) == [place]


def test_toml_that_is_none_is_refused_with_its_line(lines):
    with pytest.raises(RefusedError) as caught:
        read_plan('bd_fcm = "BD"\nfirst = \n', file="plan.toml", positions=lines)
    assert [(each.line, each.column) for each in caught.value.refusals] == [(2, 9)]


@pytest.mark.parametrize("text", ["deposit = 1\n", "deposit = [1]\n", "clock = 1\n"])
def test_a_table_that_is_none_is_refused(text, lines):
    assert text.split()[0] in " ".join(places(text, lines))
