"""Funds-Only Settlement is of the class of its position's margin, a returned mark of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.basics.records import Record
from crossmargin.bootstrap import parameter_registry
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.services.clearing_day.flow_classes import FlowClasses
from crossmargin.settlement.flows import Flow, FlowCycle, FlowKind
from crossmargin.settlement.funds_only import PaidMark
from crossmargin.settlement.lots import Lot
from crossmargin.testing.builders import note_or_bond

FRIDAY, MONDAY = date(2026, 5, 15), date(2026, 5, 18)
#: Eligible on Friday, and a year from its maturity on Monday.
NOTE = note_or_bond(1, maturity_date=date(2027, 5, 18))
LONG = note_or_bond(2, maturity_date=date(2031, 5, 15))


def _lot(cusip: str, account: Account, side: ClearingOrganization) -> Lot:
    at_cme = side is ClearingOrganization.CME
    return Lot(
        *("L", CustomerKey("FCM", "FUND"), side, account, "ZNM26" if at_cme else cusip),
        *(100, Money(100_00), FRIDAY),
        settlement_date=None if at_cme else date(2026, 5, 20),
        **({"trade_price": 110} if at_cme else {}),  # type: ignore[arg-type]
    )


def _classes(day: date) -> FlowClasses:
    registry = parameter_registry()
    models: Any = SimpleNamespace(parameters=registry.in_force)
    sheet: Any = {each.cusip.text: SimpleNamespace(security=each) for each in (NOTE, LONG)}
    paid = (PaidMark("L", Money(5_00), FRIDAY, False),)
    return FlowClasses(models, day, sheet, FlowClasses.paid(paid))


FICC, CME = ClearingOrganization.FICC, ClearingOrganization.CME


@pytest.mark.parametrize(
    ("cusip", "account", "side", "is_outside"),
    [
        (LONG.cusip.text, Account.XM, FICC, False),
        (NOTE.cusip.text, Account.XM, FICC, True),
        (LONG.cusip.text, Account.REGULAR, FICC, True),
        ("912828ZZ6", Account.XM, FICC, True),  # matured: on no sheet
        ("", Account.REGULAR, CME, False),
        ("", Account.XM, CME, False),
    ],
)
def test_what_is_not_eligible_at_ficc_is_a_securities_customers(
    cusip: str, account: Account, side: ClearingOrganization, is_outside: bool
) -> None:
    lot = _lot(cusip, account, side)
    mark = Flow("L", FlowKind.FICC_FORWARD_MARK, FlowCycle.START_OF_DAY, MONDAY, Money(1))
    assert _classes(MONDAY).is_of_securities_account(mark, lot) is is_outside


@pytest.mark.parametrize("kind", FlowKind)
def test_a_mark_and_its_interest_go_back_where_it_was_paid(kind: FlowKind) -> None:
    lot = _lot(NOTE.cusip.text, Account.XM, FICC)
    flow = Flow("L", kind, FlowCycle.START_OF_DAY, MONDAY, Money(1))
    goes_back = kind in {FlowKind.FICC_FORWARD_MARK_RETURN, FlowKind.FICC_MARK_INTEREST}
    assert _classes(MONDAY).is_of_securities_account(flow, lot) is not goes_back
    assert _classes(FRIDAY).is_of_securities_account(flow, lot) is False


def _booked(name: str, kind: FlowKind) -> Record:
    flows = [["L", kind.value, "5.00", "0.00", FRIDAY.isoformat(), None]]
    at = datetime.fromisoformat(f"{FRIDAY}T07:00-04:00")
    return Record(name, "FLOWS", "FCM/FUND", FRIDAY, at, "day", {"flows": flows})


@pytest.mark.parametrize(("suffix", "is_outside"), [("", False), ("/scm", True)])
@pytest.mark.parametrize("cusip", [LONG.cusip.text, NOTE.cusip.text, "912828ZZ6"])
def test_a_mark_goes_back_as_it_was_booked_whether_its_security_has_a_price_or_not(
    cusip: str, suffix: str, is_outside: bool
) -> None:
    lot = _lot(cusip, Account.XM, FICC)
    other = "/scm" if not suffix else ""
    booked = (
        _booked(f"flows/FCM/FUND/{FRIDAY}/open{suffix}", FlowKind.FICC_FORWARD_MARK),
        _booked(f"flows/FCM/FUND/{FRIDAY}/open{other}", FlowKind.FICC_COUPON),
    )
    classes = replace(_classes(MONDAY), paid_outside=FlowClasses.outside_as_booked(booked))
    for kind in (FlowKind.FICC_FORWARD_MARK_RETURN, FlowKind.FICC_MARK_INTEREST):
        flow = Flow("L", kind, FlowCycle.START_OF_DAY, MONDAY, Money(1))
        assert classes.is_of_securities_account(flow, lot) is is_outside


def test_parameters_are_read_once_a_day_however_many_lots_there_are() -> None:
    classes, asked = _classes(MONDAY), []
    models: Any = classes.models
    in_force = models.parameters
    models.parameters = lambda on: asked.append(on) or in_force(on)
    for cusip in (LONG.cusip.text, NOTE.cusip.text) * 5:
        assert classes.is_outside(_lot(cusip, Account.XM, FICC), MONDAY) is (
            cusip == NOTE.cusip.text
        )
    classes.is_outside(_lot(NOTE.cusip.text, Account.XM, FICC), FRIDAY)
    assert asked == [MONDAY, FRIDAY]
