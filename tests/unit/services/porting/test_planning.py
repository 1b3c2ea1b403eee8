"""Porting the demo's customers: margins afresh, parts that add up, what may move and what stays."""

from __future__ import annotations

from dataclasses import replace

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.porting.customers import Carriage
from crossmargin.default_management.porting.refusals import FiccRefusal, Ground
from crossmargin.default_management.porting.trigger import Trigger, TriggerKind
from crossmargin.market.history import MarketData
from crossmargin.presentation.port_plan import port_document
from crossmargin.product.position import Account, ClearingOrganization, Leg
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.porting.inputs import CustomerFacts
from crossmargin.services.porting.margins import Remargining
from crossmargin.services.porting.planning import PortPlan, PortRequest, port_plan
from crossmargin.services.porting.porting_parameters import PortingParameters
from crossmargin.testing.port_plans import (
    NORTH,
    REQUIRED,
    SINCE,
    book_of,
    file_of,
    planned,
    with_lines,
)
from crossmargin.testing.porting import DIGEST, dollars, receiver


def test_margins_at_a_receiver_are_those_of_the_run(
    simulated_run: MarginRun, open_plan: PortPlan
) -> None:
    run = {each.key.customer_id: each.requirement for each in simulated_run.result.customers}
    assert {each.customer.customer_id for each in open_plan.plan.outcomes} == set(run)
    for outcome in open_plan.plan.outcomes:
        found = run[outcome.customer.customer_id]
        (placement,) = outcome.placements
        margins = placement.part.margins
        assert margins.get(Carriage.XM, margins.get(Carriage.FUTURES)) == found.requirement
        if Carriage.STANDALONE in margins:
            assert margins[Carriage.STANDALONE] == found.standalone
        assert placement.offer.top_up == ZERO, "what is required is what is held"


def test_positions_that_a_customer_has_at_the_receiver_count_together(
    simulated_run: MarginRun,
    simulated_market: MarketData,
    parameters: PortingParameters,
    open_plan: PortPlan,
) -> None:
    fund = [
        line for line in simulated_run.positions.lines if line.customer.customer_id == "CURVE-FUND"
    ]
    opposite = [
        replace(line, customer=CustomerKey("NORTH", "CURVE-FUND"), quantity=-line.quantity)
        for line in fund
    ]
    lines = [*simulated_run.positions.lines, *opposite]
    run, remargining = with_lines(simulated_run, simulated_market, lines)
    found = planned(run, remargining, parameters, file_of(NORTH, receiver("OTHER")))
    (outcome,) = [each for each in found.plan.outcomes if each.customer.customer_id == "CURVE-FUND"]
    # Both books together are nothing, so the account raises nothing there.
    whole = outcome.customer.whole
    assert whole.margin_at("NORTH", Carriage.XM) == ZERO
    assert whole.margin_at("OTHER", Carriage.XM) == whole.margins[Carriage.XM] > ZERO
    assert {each.customer.customer_id for each in found.plan.outcomes} == {
        each.customer.customer_id for each in open_plan.plan.outcomes
    }


def test_parts_count_with_what_the_customer_has_at_the_receiver_too(
    simulated_run: MarginRun, simulated_market: MarketData, parameters: PortingParameters
) -> None:
    lines = list(simulated_run.positions.lines)
    lines += [
        replace(
            line,
            customer=CustomerKey("A", "BASIS-FUND"),
            quantity=-line.quantity,
            leg=Leg.CASH,
            settlement_date=None,
            end_date=None,
            repo_rate_pct=None,
            start_amount=None,
        )
        for line in lines
        if line.customer.customer_id == "BASIS-FUND"
    ]
    run, remargining = with_lines(simulated_run, simulated_market, lines)
    firms = [receiver(name, capital=10**9, customer_max=15_000_000) for name in ("B", "C")]
    found = planned(run, remargining, parameters, file_of(receiver("A", accepts=()), *firms))
    fund = next(each for each in found.plan.outcomes if each.customer.customer_id == "BASIS-FUND")
    assert len(fund.placements) == 2
    for each in fund.placements:
        there, alone = (each.part.margin_at(name, Carriage.XM) for name in ("A", "B"))
        assert there is not None
        assert alone is not None
        assert there < alone, "what is there is the other side of it"


def test_a_customer_with_lines_that_no_model_has_stays_and_is_named(
    simulated_run: MarginRun, simulated_market: MarketData, parameters: PortingParameters
) -> None:
    example = next(
        line
        for line in simulated_run.positions.lines
        if line.clearing_organization is ClearingOrganization.CME
    )
    equity = replace(
        example, customer=CustomerKey("DEMO-BD-FCM", "EQUITY-DESK"), instrument="ESM6", quantity=5
    )
    there = replace(equity, customer=CustomerKey("NORTH", "CURVE-FUND"))
    lines = [*simulated_run.positions.lines, equity, there]
    run, remargining = with_lines(simulated_run, simulated_market, lines)
    found = planned(run, remargining, parameters, file_of())
    outcomes = {each.customer.customer_id: each for each in found.plan.outcomes}
    for name in ("EQUITY-DESK", "CURVE-FUND"):
        (stay,) = outcomes[name].stays
        codes = {bar.code.value for offer in stay.offers for bar in offer.bars}
        assert codes == {"MARGIN_NOT_COMPUTED"}
    assert outcomes["BASIS-FUND"].is_whole
    notices = port_document(found, parameters)["notices"]
    assert any(each.endswith("no property is assumed for it: EQUITY-DESK.") for each in notices)
    assert "INCOMPLETE, lines were left out: EQUITY-DESK." in notices


def test_the_order_of_the_positions_file_decides_nothing(
    simulated_run: MarginRun,
    simulated_market: MarketData,
    parameters: PortingParameters,
    open_plan: PortPlan,
) -> None:
    run, remargining = with_lines(
        simulated_run, simulated_market, list(simulated_run.positions.lines[::-1])
    )
    again = planned(run, remargining, parameters, file_of())
    one, other = (port_document(each, parameters) for each in (open_plan, again))
    assert one["digest"] == other["digest"]


def test_an_account_that_fits_nowhere_whole_moves_in_parts_that_add_up(
    simulated_run: MarginRun, remargining: Remargining, parameters: PortingParameters
) -> None:
    limit = 15_000_000
    file = file_of(
        receiver("A", capital=10**9, customer_max=limit),
        receiver("B", capital=10**9, customer_max=limit),
    )
    found = planned(simulated_run, remargining, parameters, file)
    assert "BASIS-FUND" in found.divided
    outcomes = {each.customer.customer_id: each for each in found.plan.outcomes}
    fund = outcomes["BASIS-FUND"]
    assert len(fund.placements) == 2
    assert fund.is_whole
    held: dict[str, int] = {}
    for each in fund.placements:
        assert each.offer.margin <= dollars(limit)
        for line, quantity in each.part.lines.items():
            held[line] = held.get(line, 0) + quantity
        for unit in fund.customer.units:
            assert unit.is_whole_in(each.part.lines)
        worth = Money.total(item.value for item in each.part.property_moved)
        assert worth == each.part.value
    assert held == dict(fund.customer.whole.lines)
    assert fund.moved == fund.customer.whole.value
    parts = {each.part.part_id: each.part.margins[Carriage.XM] for each in fund.placements}
    weights = [parts["1"].cents, parts["2"].cents]
    assert [each.part.value for each in fund.placements] == fund.moved.split(weights)


def test_where_parts_would_be_too_many_accounts_are_divided_in_fewer_blocks(
    simulated_run: MarginRun, remargining: Remargining, parameters: PortingParameters
) -> None:
    book = book_of(
        simulated_run, remargining, file_of(receiver("A", capital=10**9, customer_max=1))
    )

    def with_at_most(choices: int) -> PortPlan:
        rules = replace(parameters.rules, part_choices_max=choices)
        return port_plan(book, remargining, PortRequest(REQUIRED, rules, parameters.clock))

    def offered(plan: PortPlan) -> int:
        ways = [way for each in plan.plan.outcomes for way in each.customer.divisions[1:]]
        return sum(len(way.parts) for way in ways)

    every = with_at_most(10**6)
    assert every.blocks == parameters.rules.blocks_max
    assert with_at_most(offered(every)).blocks == every.blocks
    fewer = with_at_most(offered(every) - 1)
    assert fewer.blocks < every.blocks
    assert 0 < offered(fewer) < offered(every)
    assert with_at_most(0).blocks == 2


def test_securities_outside_the_arrangement_are_left_to_another_proceeding(
    simulated_run: MarginRun, simulated_market: MarketData, parameters: PortingParameters
) -> None:
    lines = [
        replace(line, account=Account.REGULAR)
        if line.customer.customer_id == "CURVE-FUND"
        and line.clearing_organization is ClearingOrganization.FICC
        else line
        for line in simulated_run.positions.lines
    ]
    run, remargining = with_lines(simulated_run, simulated_market, lines)
    found = planned(run, remargining, parameters, file_of())
    assert {each.line.customer.customer_id for each in found.book.left_out} == {"CURVE-FUND"}
    outcomes = {each.customer.customer_id: each for each in found.plan.outcomes}
    moved = outcomes["CURVE-FUND"].placements[0]
    assert moved.offer.carriage is Carriage.FUTURES
    assert not moved.part.has_securities


def test_a_class_that_is_short_moves_the_same_share_of_every_claim(
    simulated_run: MarginRun,
    remargining: Remargining,
    parameters: PortingParameters,
    open_plan: PortPlan,
) -> None:
    half = Money(open_plan.book.available.cents // 2)
    found = planned(simulated_run, remargining, parameters, file_of(available=half))
    for outcome in found.plan.outcomes:
        claim = outcome.customer.net_equity
        assert 0 <= claim.cents - 2 * outcome.moved.cents <= 4
        assert outcome.placements[0].offer.top_up == claim - outcome.moved


def test_what_was_paid_before_is_part_of_the_claim_and_does_not_move_again(
    simulated_run: MarginRun, remargining: Remargining, parameters: PortingParameters
) -> None:
    facts = CustomerFacts("CURVE-FUND", prior=dollars(1_000))
    found = planned(simulated_run, remargining, parameters, file_of(customers=[facts]))
    outcomes = {each.customer.customer_id: each for each in found.plan.outcomes}
    fund = outcomes["CURVE-FUND"]
    assert fund.customer.net_equity - fund.moved == dollars(1_000)


def test_a_refusal_without_ground_is_interference_once_the_port_is_open(
    simulated_run: MarginRun, remargining: Remargining, parameters: PortingParameters
) -> None:
    refusals = [
        FiccRefusal("CURVE-FUND", "NORTH", Ground.OTHER, DIGEST, "no"),
        FiccRefusal("BASIS-FUND", "NORTH", Ground.RISK, DIGEST, "no"),
    ]
    file = file_of(refusals=refusals)
    required = planned(simulated_run, remargining, parameters, file)
    assert required.interference == (refusals[0],)
    outcomes = {each.customer.customer_id: each for each in required.plan.outcomes}
    assert outcomes["CURVE-FUND"].is_whole, "it is planned whatever FICC says without ground"
    assert not outcomes["BASIS-FUND"].placements
    for approval, expected in (("", ()), (DIGEST, (refusals[0],))):
        trigger = Trigger(TriggerKind.DEBTOR, SINCE, SINCE, approval)
        asked = replace(required.request, trigger=trigger)
        assert replace(required, request=asked).interference == expected
