"""House terms, restricted orders and close-outs in the books, on calls that a test wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap import block_executor, parameter_registry
from crossmargin.collateral.ageing import Orders
from crossmargin.collateral.allocation import Allocation, AllocationRules, allocate
from crossmargin.collateral.call_events import House, issue_call
from crossmargin.collateral.deadline import DeadlineRules
from crossmargin.collateral.haircuts import HaircutTables
from crossmargin.collateral.house_terms import HouseTerms
from crossmargin.participation.steps import Step as CustomerStep
from crossmargin.participation.steps import StepTaken
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.days import CLOSE, STEP
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.participation import take_step
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.call_register import calls_of, pay_calls, write_event
from crossmargin.services.clearing_day.close_outs import (
    CloseOutState,
    close_outs_of,
    decide_close_out,
    propose_close_out,
)
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.credit import (
    ORDERS,
    allowed_requirement,
    note_orders,
    reasons_against_risk,
)
from crossmargin.services.clearing_day.house_terms import (
    HOUSE_TERMS,
    call_currency_of,
    entered_terms,
    set_terms,
    terms_in_force,
    terms_of,
    terms_of_customer,
)
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.required import REQUIREMENT
from crossmargin.services.clearing_day.schedule import DayClock, Step, StepKind
from crossmargin.services.clearing_day.standing import SIDES, Standing, holdings_of
from crossmargin.testing.clearing_days import EASTERN, FIRM, opened_books

FUND = CustomerKey(FIRM, "CURVE-FUND")
DAY, AFTER = date(2026, 5, 11), date(2026, 5, 12)
RISK = "bd_fcm_risk:ann"
REQUIRED = {ClearingOrganization.FICC: Money(30), ClearingOrganization.CME: Money(70)}


@pytest.fixture(scope="module")
def context(simulated_market) -> DayContext:
    registry = parameter_registry()
    clock = DayClock.from_parameters(lambda owner: registry.set_of(owner, DAY))
    models = DayModels(simulated_market, registry, block_executor())
    return DayContext(FIRM, "operations", "risk", clock, models)


@pytest.fixture
def work() -> Iterator[Work]:
    with opened_books(MemoryBooks()).work() as work:
        yield work


def at(day: date, hour: int = 9) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=EASTERN)


def entry(day: date = DAY, actor: str = "bd_fcm_risk:ann", approver: str = "bob") -> Entry:
    return Entry(at(day), actor, approver)


def close(day: date) -> Step:
    return Step(StepKind.FEDWIRE_CLOSE, day, at(day, 19))


def call(context: DayContext, work: Work, ccp=ClearingOrganization.FICC, cents: int = 100) -> str:
    issued = issue_call(
        f"call/{ccp}",
        FUND,
        business_date=DAY,
        at=at(DAY, 12),
        ccp=ccp,
        cycle="ITD",
        amount=Money(cents),
        currency="USD",
        rules=DeadlineRules.from_parameters(context.parameters("collateral", DAY)),
    )
    write_event(work, issued, Written(DAY, at(DAY, 12), "day", ("itd",)))
    return issued.event_id


def pay(work: Work, day: date, cents: int, name: str = "payment") -> Written:
    written = Written(day, at(day), "day", (name,))
    pay_calls(work, FUND, Money(cents), written, ccp=None)
    return written


def standing(context: DayContext, work: Work) -> Standing:
    """Return where a customer with no property stands."""
    parameters = context.parameters("collateral", DAY)
    tables = HaircutTables.from_parameters(parameters)
    rules = AllocationRules.from_parameters(parameters)
    holdings = holdings_of(work.ledger, FUND)
    own = holdings.as_property({})
    placing = allocate(own, REQUIRED, tables=tables, rules=rules, as_of=DAY)
    terms = terms_in_force(context, work.records, FUND, DAY)
    return Standing(holdings, {}, tables, DAY, REQUIRED, terms, placing)


def propose(context: DayContext, work: Work, day: date, step: Step | None = None) -> list[str]:
    late = [each for each in calls_of(work.records, FUND) if each.payable > ZERO]
    return propose_close_out(
        *(context, work, step or close(day), standing(context, work)),
        late=late,
        requirement_id="required",
    )


@pytest.mark.parametrize(
    ("is_required", "lacks", "proposed"),
    [(True, (0, 0), 1), (False, (5, 0), 1), (False, (0, 0), 0), (False, (0, 5), 1)],
)
def test_a_close_out_is_proposed_only_while_something_is_lacking(
    context, work, is_required, lacks, proposed
) -> None:
    add_on, outside = map(Money, lacks)
    call(context, work)
    late = [each for each in calls_of(work.records, FUND) if each.payable > ZERO]
    now = replace(standing(context, work), terms=HouseTerms(FUND, DAY, add_on=add_on))
    if not is_required:
        now = replace(now, required=dict.fromkeys(SIDES, ZERO), placing=placed_on_nothing(now))
    found = propose_close_out(
        *(context, work, close(DAY + timedelta(7)), now),
        late=late,
        lacking_outside=outside,
        requirement_id="required",
    )
    assert len(found) == proposed


def placed_on_nothing(lacks: Standing) -> Allocation:
    own, sides = lacks.holdings.as_property({}), dict.fromkeys(SIDES, ZERO)
    rules = AllocationRules.from_parameters(parameter_registry().set_of("collateral", DAY))
    return allocate(own, sides, tables=lacks.tables, rules=rules, as_of=DAY)


def test_calls_that_fall_due_at_two_times_of_a_day_are_two_proposals(context, work) -> None:
    call(context, work)
    early = Step(StepKind.END_OF_BUSINESS_DAY, AFTER, at(AFTER, 17))
    (first,) = propose(context, work, AFTER, early)
    other = call(context, work, ClearingOrganization.CME)
    (second,) = propose(context, work, AFTER)
    assert first != second
    assert [other in each.call_ids for each in close_outs_of(work.records, FUND)] == [False, True]


def decide(work: Work, proposal: str, **changes) -> str:
    said = {"is_approved": True, "reason": "no answer", "at": at(AFTER, 20), "approver": RISK}
    return decide_close_out(work, proposal, **{**said, **changes})


def test_terms_begin_on_their_day_and_the_general_add_on_stands_before(context, work) -> None:
    first = HouseTerms(FUND, AFTER, Fraction(1, 8), Money(5), Money(2), Money(900), Money(7))
    set_terms(work, first, entry())
    set_terms(work, first, entry())
    assert terms_of_customer(work.records, FUND) == (first,)
    assert terms_in_force(context, work.records, FUND, AFTER + timedelta(9)) == first
    before = terms_in_force(context, work.records, FUND, DAY)
    assert (before.add_on_ratio, before.requirement_limit) == (0, None)


def test_terms_are_refused_with_every_reason(work) -> None:
    set_terms(work, HouseTerms(FUND, AFTER, add_on=Money(1)), entry())
    faults = {}
    for name, terms, made in (
        ("past", HouseTerms(FUND, date(2026, 5, 8)), entry()),
        ("twice", HouseTerms(FUND, AFTER, add_on=Money(2)), entry()),
        ("nobody", HouseTerms(CustomerKey(FIRM, "NOBODY"), date(2026, 5, 8)), entry()),
        ("holiday", HouseTerms(FUND, date(2026, 5, 25)), entry()),
        ("weekend", HouseTerms(FUND, date(2026, 5, 16)), entry()),
        ("one person", HouseTerms(FUND, AFTER), entry(approver="ann")),
        ("operations", HouseTerms(FUND, AFTER), entry(actor="bd_fcm_operations:ann")),
    ):
        with pytest.raises(RefusedError) as refused:
            set_terms(work, terms, made)
        faults[name] = [each.field for each in refused.value.refusals]
    assert faults == {
        "past": ["effective_from"],
        "twice": ["effective_from"],
        "nobody": ["customer", "effective_from"],
        "holiday": ["effective_from"],
        "weekend": ["effective_from"],
        "one person": ["approver"],
        "operations": ["actor"],
    }


def test_who_has_left_has_no_terms_and_those_set_before_may_be_set_again(work) -> None:
    terms = HouseTerms(FUND, AFTER, add_on=Money(1))
    written = set_terms(work, terms, entry())
    for hour, step in ((22, CustomerStep.LEAVING), (23, CustomerStep.LEFT)):
        people = Entry(at(DAY, hour), "ann", "bob")
        take_step(work, FUND, StepTaken(step), people, proprietary_share=Fraction(1, 10))
    later = HouseTerms(FUND, date(2026, 5, 14))
    with pytest.raises(RefusedError, match="who has not left"):
        set_terms(work, later, Entry(at(DAY, 23), "ann", "bob"))
    assert set_terms(work, terms, entry()) == written


def test_what_was_typed_is_refused_whole() -> None:
    none = dict.fromkeys(("add_on", "credit_limit", "requirement_limit", "uncollected_limit"))
    with pytest.raises(RefusedError) as refused:
        entered_terms(
            FIRM,
            "CURVE-FUND",
            DAY,
            add_on_pct="-1",
            amounts={**none, "add_on": "0.001", "requirement_limit": "-5"},
            call_currency="yen",
        )
    fields = {each.field for each in refused.value.refusals}
    assert fields == {"add_on_pct", "add_on", "requirement_limit", "call_currency"}


def test_the_currency_of_calls_begins_on_its_day_and_is_dollars_before(work) -> None:
    with pytest.raises(ValueError, match="three capital letters"):
        HouseTerms(FUND, AFTER, call_currency="jpy")
    later = AFTER + timedelta(1)
    set_terms(work, HouseTerms(FUND, AFTER, call_currency="JPY"), entry())
    set_terms(work, HouseTerms(FUND, later, call_currency="CAD"), entry())
    found = [call_currency_of(work.records, FUND, day) for day in (DAY, AFTER, later)]
    assert found == ["USD", "JPY", "CAD"]
    assert call_currency_of(work.records, CustomerKey(FIRM, "BASIS-FUND"), later) == "USD"


def test_terms_written_without_a_currency_are_of_dollars(work) -> None:
    set_terms(work, HouseTerms(FUND, AFTER, add_on=Money(1)), entry())
    (record,) = work.records.select(stream=HOUSE_TERMS)
    older = {key: value for key, value in record.content.items() if key != "call_currency"}
    assert terms_of(replace(record, content=older)) == terms_of(record)


def test_the_add_on_is_called_apart_and_credit_lowers_it_alone(context, work) -> None:
    terms = HouseTerms(FUND, DAY, Fraction(1, 10), Money(5), credit_limit=Money(3))
    set_terms(work, terms, entry())
    found = standing(context, work)
    assert [found.lacking(side) for side in SIDES] == [Money(30), Money(70)]
    assert found.lacking(House.HOUSE) == Money(12), "a tenth of 100, and 5, less 3 of credit"


def test_orders_are_restricted_at_the_age_and_free_when_paid(context, work) -> None:
    call_id = call(context, work)
    fourth, fifth = date(2026, 5, 15), date(2026, 5, 18)
    assert reasons_against_risk(context, work.records, FUND, fourth) == ()
    (reason,) = reasons_against_risk(context, work.records, FUND, fifth)
    assert call_id in reason.expected
    for day in (fourth, fifth, fifth):
        step = context.written(close(day))
        note_orders(context, work, FUND, step, name=f"{day}/fedwire-close")
    written = pay(work, fifth, 99)
    assert note_orders(context, work, FUND, written, name="one") is Orders.RISK_REDUCING_ONLY
    rest = pay(work, fifth, 1, "rest")
    assert note_orders(context, work, FUND, rest, name="two") is Orders.ANY
    kept = work.records.select(stream=ORDERS)
    assert [each.content["orders"] for each in kept] == ["RISK_REDUCING_ONLY", "ANY"]
    assert kept[0].causes == (call_id,)
    assert kept[1].causes == ("rest", kept[0].record_id)
    assert reasons_against_risk(context, work.records, FUND, fifth) == ()
    assert allowed_requirement(work.records, FUND) is None


def test_a_restriction_that_begins_at_a_payment_keeps_what_may_not_be_exceeded(
    context, work
) -> None:
    call_id = call(context, work)
    one = dict.fromkeys(("requirement", "outside", "standalone"), "40.00")
    said = {"cycle": "EOD", "ficc": one, "cme": one, "agreed_factor": None}
    subject = f"{FUND.bd_fcm}/{FUND.customer_id}"
    work.records.add(Record("required", REQUIREMENT, subject, AFTER, at(AFTER, 20), "day", said))
    payment = pay(work, date(2026, 5, 18), 1)
    orders = note_orders(context, work, FUND, payment, name="payment")
    assert orders is Orders.RISK_REDUCING_ONLY
    assert allowed_requirement(work.records, FUND) == Money(120_00), "of both sides, and CME's rest"
    (kept,) = work.records.select(stream=ORDERS)
    assert kept.causes == ("payment", call_id, "required")


def test_a_close_out_is_proposed_once_with_its_evidence_and_decided_by_risk(context, work) -> None:
    call_id = call(context, work)
    assert propose(context, work, DAY) == []
    (proposal,) = propose(context, work, AFTER)
    assert propose(context, work, date(2026, 5, 13)) == [], "one of the same calls stands"
    (found,) = close_outs_of(work.records, FUND)
    assert found.state is CloseOutState.PROPOSED
    assert found.call_ids == {call_id}
    assert found.proposal.content["lacking"] == "1.00"
    assert found.proposal.causes == (call_id, "required")
    decided = decide(work, proposal)
    (found,) = close_outs_of(work.records, FUND)
    assert (found.state, found.decision.record_id) == (CloseOutState.APPROVED, decided)
    assert close_outs_of(work.records, FUND, until=at(AFTER, 12)) == ()


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"approver": "ann"}, ["approver"]),
        ({"approver": "bd_fcm_operations:ann"}, ["approver"]),
        ({"approver": "bd_fcm_risk:operations"}, ["approver"]),
        ({"reason": " ", "at": at(DAY)}, ["at", "reason"]),
    ],
)
def test_a_decision_is_refused_with_every_reason(context, work, changes, fields) -> None:
    call(context, work)
    (proposal,) = propose(context, work, AFTER)
    with pytest.raises(RefusedError) as refused:
        decide(work, proposal, **changes)
    assert [each.field for each in refused.value.refusals] == fields


def test_nothing_is_decided_in_a_day_that_is_closed(context, work) -> None:
    call(context, work)
    (proposal,) = propose(context, work, AFTER)
    closed = Record("closed", STEP, FIRM, AFTER, at(AFTER, 23), "day", {"step": CLOSE})
    work.records.add(closed)
    with pytest.raises(RefusedError) as refused:
        decide(work, proposal, at=at(AFTER, 22))
    assert [each.field for each in refused.value.refusals] == ["at"]
    decide(work, proposal, at=at(AFTER, 23))


def test_nothing_is_decided_twice_or_after_the_call_is_paid(context, work) -> None:
    call(context, work)
    (proposal,) = propose(context, work, AFTER)
    pay(work, AFTER, 100)
    (found,) = close_outs_of(work.records, FUND)
    assert found.state is CloseOutState.LAPSED
    with pytest.raises(RefusedError, match="LAPSED"):
        decide(work, proposal)
    call(context, work, House.HOUSE)
    (second,) = propose(context, work, date(2026, 5, 13))
    decide(work, second, is_approved=False, at=at(date(2026, 5, 13), 20))
    with pytest.raises(RefusedError, match="REJECTED"):
        decide(work, second, at=at(date(2026, 5, 13), 21))
    assert propose(context, work, date(2026, 5, 14)) == [], "risk has answered for these calls"
    with pytest.raises(RefusedError, match="proposal to close out"):
        decide(work, "required")
