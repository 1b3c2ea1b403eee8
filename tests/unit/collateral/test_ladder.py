"""What follows an unmet call, rung by rung; and what the house calls is no deficiency."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.collateral.ageing import Orders, outstanding_calls, restriction
from crossmargin.collateral.call_events import (
    CallDisputed,
    CalledFor,
    CallIssued,
    CallPaid,
    House,
    LatenessExcused,
    event_of,
    issue_call,
    record_of,
)
from crossmargin.collateral.calls import CallState, fold_calls
from crossmargin.collateral.deadline import DeadlineRules
from crossmargin.collateral.ladder import LadderRules, Rung, rungs
from crossmargin.collateral.undermargined import AccountType
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.position import ClearingOrganization

FICC = ClearingOrganization.FICC
FUND = CustomerKey("BD", "FUND")
DAY, AT = date(2026, 5, 11), datetime(2026, 5, 11, 16, 15, tzinfo=UTC)
CLOSE = datetime(2026, 5, 11, 23, tzinfo=UTC)


def issued(parameters: ParameterSet, ccp: CalledFor = FICC) -> CallIssued:
    return issue_call(
        f"C-{ccp}",
        FUND,
        business_date=DAY,
        at=AT,
        ccp=ccp,
        cycle="ITD",
        amount=Money(100),
        currency="USD",
        rules=DeadlineRules.from_parameters(parameters),
    )


def follows(parameters: ParameterSet, call: CallState, on: date) -> set[Rung]:
    now = datetime(on.year, on.month, on.day, 23, 1, tzinfo=UTC)
    rules = LadderRules.from_parameters(parameters)
    return {*rungs(call, now=now, on=on, account_type=AccountType.CUSTOMER, rules=rules)}


def test_an_unpaid_call_climbs_one_rung_after_the_other(parameters: ParameterSet) -> None:
    call = CallState(issued(parameters))
    failed = {Rung.FAILED}
    asked = failed | {Rung.CLOSE_OUT_TO_BE_DECIDED}
    charged = asked | {Rung.CHARGED_TO_CAPITAL}
    assert [follows(parameters, call, date(2026, 5, day)) for day in (11, 12, 13, 15, 18)] == [
        failed,
        asked,
        charged,
        charged,
        charged | {Rung.RISK_REDUCING_ORDERS_ONLY},
    ]


def test_the_due_instant_is_in_time_and_a_met_call_leads_to_nothing(
    parameters: ParameterSet,
) -> None:
    call = issued(parameters)
    rules = LadderRules.from_parameters(parameters)
    assert not rungs(
        CallState(call), now=CLOSE, on=DAY, account_type=AccountType.CUSTOMER, rules=rules
    )
    in_time = CallPaid("P", FUND, DAY, CLOSE, Money(100), "USD", None)
    (met,) = fold_calls([call, in_time]).of_customer(FUND)
    assert follows(parameters, met, date(2026, 6, 11)) == set()
    (late,) = fold_calls(
        [call, replace(in_time, at=datetime(2026, 5, 12, tzinfo=UTC))]
    ).of_customer(FUND)
    assert follows(parameters, late, date(2026, 6, 11)) == {Rung.FAILED}


def test_an_excused_or_disputed_call_asks_for_no_close_out(parameters: ParameterSet) -> None:
    call = issued(parameters)
    excused = LatenessExcused("X", FUND, DAY, AT, call.event_id, "the bank's error")
    disputed = CallDisputed("D", FUND, DAY, AT, call.event_id, Money(100), "position unknown")
    for event in (excused, disputed):
        (state,) = fold_calls([call, event]).of_customer(FUND)
        assert follows(parameters, state, date(2026, 5, 12)) == set()


def test_the_house_call_may_fail_and_leaves_nobody_undermargined(parameters: ParameterSet) -> None:
    book = fold_calls([issued(parameters, House.HOUSE)])
    (call,) = book.of_customer(FUND)
    on = date(2026, 5, 29)
    assert follows(parameters, call, on) == {Rung.FAILED, Rung.CLOSE_OUT_TO_BE_DECIDED}
    rules = LadderRules.from_parameters(parameters).ageing
    assert outstanding_calls(book, FUND, on=on, rules=rules) == ()
    found = restriction(book, FUND, on=on, account_type=AccountType.CUSTOMER, rules=rules)
    assert found.orders is Orders.ANY


def test_each_side_and_the_house_are_called_and_paid_apart(parameters: ParameterSet) -> None:
    calls = [issued(parameters, ccp) for ccp in (*ClearingOrganization, House.HOUSE)]
    paid = CallPaid("P", FUND, DAY, AT, Money(40), "USD", House.HOUSE)
    book = fold_calls([*calls, paid])
    assert book.outstanding(FUND, House.HOUSE) == Money(60)
    assert book.outstanding(FUND, FICC) == Money(100)
    assert book.outstanding(FUND) == Money(260)
    for event in (*calls, paid):
        assert event_of(record_of(event, actor="day")) == event


def test_a_call_of_nobody_known_is_refused(parameters: ParameterSet) -> None:
    record = record_of(issued(parameters), actor="day")
    with pytest.raises(RefusedError, match=r"content\.ccp"):
        event_of(replace(record, content={**record.content, "ccp": "LCH"}))
