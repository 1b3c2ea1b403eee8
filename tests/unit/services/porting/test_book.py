"""The book of a port: what is kept together, what is held, who is not there, what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.porting.customers import Place
from crossmargin.default_management.porting.refusals import FiccRefusal, Ground
from crossmargin.market.history import MarketData
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.porting.inputs import CustomerFacts, HeldFile, HeldRow
from crossmargin.services.porting.margins import Remargining
from crossmargin.services.porting.planning import PortPlan
from crossmargin.services.porting.porting_parameters import PortingParameters
from crossmargin.testing.port_plans import book_of, file_of, planned, with_lines
from crossmargin.testing.porting import DIGEST, dollars, receiver


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


def test_property_of_whom_every_line_is_left_out_moves_too(
    simulated_run: MarginRun, simulated_market: MarketData
) -> None:
    lines = [
        replace(line, account=Account.REGULAR)
        for line in simulated_run.positions.lines
        if line.clearing_organization is ClearingOrganization.FICC
        or line.customer.customer_id != "CURVE-FUND"
    ]
    run, remargining = with_lines(simulated_run, simulated_market, lines)
    rows = (HeldRow("CURVE-FUND", Place.BD_FCM, "", 0, Money(1_000_01), 2),)
    book = book_of(run, remargining, file_of(), held=HeldFile("held.csv", DIGEST, rows))
    assert not book.accounts["CURVE-FUND"].lines
    (found,) = [each for each in book.customers if each.customer_id == "CURVE-FUND"]
    assert (found.net_equity, found.margin_before) == (Money(1_000_01), ZERO)


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
