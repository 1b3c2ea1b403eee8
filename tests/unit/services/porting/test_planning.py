"""Porting the demo's customers: margins afresh, parts that add up, what is left out and refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from crossmargin import bootstrap
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.porting.customers import Carriage, Place
from crossmargin.default_management.porting.refusals import FiccRefusal, Ground
from crossmargin.default_management.porting.trigger import Trigger, TriggerKind
from crossmargin.market.history import MarketData
from crossmargin.presentation.port_packages import package_documents, package_files
from crossmargin.presentation.port_plan import port_document
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.services.margin_positions import MarginRun, margin_positions
from crossmargin.services.porting.backup import backup_verdicts
from crossmargin.services.porting.book import PortingBook, porting_book
from crossmargin.services.porting.inputs import CustomerFacts, HeldFile, HeldRow, PortingFile
from crossmargin.services.porting.margins import Remargining
from crossmargin.services.porting.packages import packages_of
from crossmargin.services.porting.planning import PortPlan, PortRequest, port_plan
from crossmargin.services.porting.porting_parameters import PortingParameters
from crossmargin.testing.porting import DIGEST, dollars, receiver

SINCE = date(2026, 3, 24)
NORTH = receiver("NORTH", capital=10**9)
REQUIRED = Trigger(TriggerKind.TRANSFER_REQUIRED, SINCE, SINCE)
Ported = Callable[..., PortPlan]


def file_of(*receivers: Any, **said: Any) -> PortingFile:
    facts = {each.customer_id: each for each in said.get("customers", ())}
    return PortingFile(
        DIGEST,
        tuple(receivers or (NORTH,)),
        facts,
        said.get("available"),
        tuple(said.get("refusals", ())),
    )


@pytest.fixture(scope="module")
def parameters(simulated_run: MarginRun) -> PortingParameters:
    from crossmargin.bootstrap.porting import porting_parameters

    return porting_parameters(simulated_run.result.day.as_of)


@pytest.fixture(scope="module")
def remargining(simulated_run: MarginRun) -> Remargining:
    return Remargining(simulated_run.result.day, bootstrap.block_executor())


def book_of(
    run: MarginRun,
    remargining: Remargining,
    file: PortingFile,
    *,
    held: HeldFile | None = None,
    bd_fcm: str = "",
) -> PortingBook:
    return porting_book(run, file, held, remargining, bd_fcm=bd_fcm)


def planned(
    run: MarginRun,
    remargining: Remargining,
    parameters: PortingParameters,
    file: PortingFile,
    *,
    trigger: Trigger = REQUIRED,
    held: HeldFile | None = None,
) -> PortPlan:
    book = book_of(run, remargining, file, held=held)
    return port_plan(book, remargining, PortRequest(trigger, parameters.rules, parameters.clock))


def with_lines(
    run: MarginRun, market: MarketData, lines: list[PositionLine]
) -> tuple[MarginRun, Remargining]:
    positions = replace(run.positions, lines=tuple(lines), row_count=len(lines))
    executor = bootstrap.block_executor()
    day = run.result.day
    again = margin_positions(positions, market, day.parameters, executor, as_of=day.as_of)
    return again, Remargining(again.result.day, executor)


@pytest.fixture(scope="module")
def open_plan(
    simulated_run: MarginRun, remargining: Remargining, parameters: PortingParameters
) -> PortPlan:
    return planned(simulated_run, remargining, parameters, file_of())


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


def test_notes_are_paired_with_the_future_of_the_other_sign_nearest_in_maturity(
    open_plan: PortPlan,
) -> None:
    units = open_plan.book.units["BASIS-FUND"]
    assert len(units) == 5
    for unit in units:
        assert len(unit.legs) == 2
        assert sorted(quantity > 0 for quantity in unit.legs.values()) == [False, True]
    # Long both legs: nothing offsets, so nothing is kept together.
    assert open_plan.book.units["ASSET-MANAGER"] == ()
    (bank,) = open_plan.book.units["REGIONAL-BANK"]
    assert any(line.startswith("SR3") for line in bank.legs)


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


def test_what_is_held_is_worth_what_the_market_says_and_moves_in_kind(
    simulated_run: MarginRun, remargining: Remargining, parameters: PortingParameters
) -> None:
    cusip = min(simulated_run.result.day.prices.prices)
    held = HeldFile(
        "held.csv",
        DIGEST,
        (
            HeldRow("CURVE-FUND", Place.FICC, cusip, 600_000, ZERO, 2),
            HeldRow("CURVE-FUND", Place.FICC, cusip, 400_000, ZERO, 3),
            HeldRow("CURVE-FUND", Place.CME, "", 0, dollars(2_000_000), 4),
        ),
    )
    found = planned(simulated_run, remargining, parameters, file_of(), held=held)
    outcomes = {each.customer.customer_id: each for each in found.plan.outcomes}
    note, cash = outcomes["CURVE-FUND"].placements[0].part.property_moved
    assert (note.cusip, note.par, cash.value) == (cusip, 1_000_000, dollars(2_000_000))
    assert outcomes["CURVE-FUND"].customer.net_equity == note.value + cash.value
    assert outcomes["BASIS-FUND"].moved == ZERO, "nothing is held for it"


def test_a_customer_with_property_and_no_position_moves_too(
    simulated_run: MarginRun, remargining: Remargining, parameters: PortingParameters
) -> None:
    rows = (HeldRow("CASH-ONLY", Place.BD_FCM, "", 0, Money(1_000_01), 2),)
    held = HeldFile("held.csv", DIGEST, rows, {"CASH-ONLY": 3})
    found = planned(simulated_run, remargining, parameters, file_of(), held=held)
    outcomes = {each.customer.customer_id: each for each in found.plan.outcomes}
    (placed,) = outcomes["CASH-ONLY"].placements
    assert placed.part.value == Money(1_000_01)
    assert (placed.offer.requirement, placed.offer.top_up) == (ZERO, ZERO)
    said = replace(held, without_positions={"CASH-ONLY": 3, "CURVE-FUND": 4})
    with pytest.raises(RefusedError) as caught:
        book_of(simulated_run, remargining, file_of(), held=said)
    assert [(each.value, each.line) for each in caught.value.refusals] == [("CURVE-FUND", 4)]


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


def test_customers_who_are_not_there_are_left_out_and_named(
    simulated_run: MarginRun, remargining: Remargining
) -> None:
    file = file_of(
        customers=[CustomerFacts("NOBODY", backup="NORTH"), CustomerFacts("CURVE-FUND")],
        refusals=[FiccRefusal("NO-ONE", "NORTH", Ground.RISK, DIGEST, "no")],
    )
    book = book_of(simulated_run, remargining, file)
    assert book.absent == ("NO-ONE", "NOBODY")
    assert "NOBODY" not in {each.customer_id for each in book.customers}
    assert book.file.ficc_refusals == ()
    assert book_of(simulated_run, remargining, file_of()).absent == ()


def test_receivers_and_figures_that_cannot_be_are_refused_together(
    simulated_run: MarginRun, remargining: Remargining
) -> None:
    file = file_of(
        customers=[CustomerFacts("CURVE-FUND", backup="NOWHERE", futures_margin=dollars(1))],
        refusals=[FiccRefusal("CURVE-FUND", "NOWHERE", Ground.RISK, DIGEST, "no")],
    )
    with pytest.raises(RefusedError) as caught:
        book_of(simulated_run, remargining, file)
    assert {each.field for each in caught.value.refusals} == {
        "customer CURVE-FUND backup",
        "customer CURVE-FUND futures_margin",
        "ficc_refusal CURVE-FUND",
    }


def test_which_firm_fails_must_be_clear(simulated_run: MarginRun, remargining: Remargining) -> None:
    with pytest.raises(RefusedError, match="bd_fcm"):
        book_of(simulated_run, remargining, file_of(), bd_fcm="ANOTHER")
    with pytest.raises(RefusedError, match="all are receivers"):
        book_of(simulated_run, remargining, file_of(receiver("DEMO-BD-FCM")))


def test_a_held_row_of_nobody_or_without_price_is_refused(
    simulated_run: MarginRun, remargining: Remargining
) -> None:
    rows = (
        HeldRow("NOBODY", Place.CME, "", 0, dollars(1), 2),
        HeldRow("CURVE-FUND", Place.FICC, "912810FT0", 100, ZERO, 3),
    )
    with pytest.raises(RefusedError) as caught:
        book_of(simulated_run, remargining, file_of(), held=HeldFile("held.csv", DIGEST, rows))
    assert [(each.field, each.line) for each in caught.value.refusals] == [
        ("customer_id", 2),
        ("asset", 3),
    ]


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


def test_backups_say_the_margin_there_with_the_arrangement_and_without(
    simulated_run: MarginRun, remargining: Remargining, parameters: PortingParameters
) -> None:
    tight = receiver("TIGHT", capital=10**9, has_agreement=False)
    facts = [
        CustomerFacts("CURVE-FUND", backup="NORTH"),
        CustomerFacts("BASIS-FUND", backup="TIGHT"),
    ]
    book = book_of(simulated_run, remargining, file_of(NORTH, tight, customers=facts))
    request = PortRequest(REQUIRED, parameters.rules, parameters.clock)
    found = {each.customer.customer_id: each for each in backup_verdicts(book, request)}
    curve, basis, bank = found["CURVE-FUND"], found["BASIS-FUND"], found["REGIONAL-BANK"]
    assert (curve.stands_ready, basis.stands_ready, bank.stands_ready) == (True, True, False)
    assert curve.margins[Carriage.XM] < curve.margins[Carriage.STANDALONE]
    assert list(basis.margins) == [Carriage.STANDALONE], "it takes no part in the arrangement"
    assert bank.receiver is None


def test_packages_hold_every_position_and_every_dollar_that_moves(
    parameters: PortingParameters, open_plan: PortPlan
) -> None:
    document = port_document(open_plan, parameters)
    packages = packages_of(open_plan)
    assert list(packages) == ["NORTH"]
    documents = package_documents(packages, document)
    for each in documents["NORTH"]["customers"]:
        worth = Money.total(_money(item["value"]) for item in each["property"])
        assert worth == _money(each["value"])
        account = open_plan.book.accounts[each["customer_id"]]
        assert sum(position["quantity"] for position in each["positions"]) == sum(
            account.quantities.values()
        )
        assert "a contact" in each["lacks"]
    files = package_files(documents)
    assert set(files) == {
        f"01-NORTH/{name}"
        for name in (
            "cover.html",
            "package.json",
            "customers.csv",
            "positions.csv",
            "property.csv",
            "documents.csv",
            "to_obtain.csv",
        )
    }
    assert json.loads(files["01-NORTH/package.json"]) == documents["NORTH"]
    assert documents["NORTH"]["plan_digest"] == document["digest"]
    rows = files["01-NORTH/positions.csv"].splitlines()
    assert len(rows) == 1 + len(open_plan.book.run.positions.lines)


def _money(text: str) -> Money:
    return Money(int(text.replace(".", "")))


def test_pages_make_no_request_and_escape_what_others_wrote(
    parameters: PortingParameters, open_plan: PortPlan
) -> None:
    document = {**port_document(open_plan, parameters), "bd_fcm": "<b>FIRM</b>"}
    documents = package_documents(packages_of(open_plan), document)
    cover = package_files(documents)["01-NORTH/cover.html"]
    assert "default-src 'none'" in cover
    assert "<b>FIRM" not in cover
    assert "&lt;b&gt;FIRM" in cover
