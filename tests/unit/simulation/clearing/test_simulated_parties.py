"""The other parties: what each sends, when, and the same however a day was cut off."""

from __future__ import annotations

from datetime import date

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.product.position import Account, Leg
from crossmargin.services.clearing_day.arrivals import Action, Direction, Segregation
from crossmargin.testing.clearing_days import eastern

D1, D2, D3, D4 = date(2026, 5, 21), date(2026, 5, 22), date(2026, 5, 26), date(2026, 5, 27)

CUSTODIAN, FICC_ITD = "2310-custodian.csv", "1205-ficc-positions-itd.csv"
CME_ITD = "1206-cme-positions-itd.csv"


def direction(day: date, clock: str, quantity: int) -> str:
    return f"""
    [[instruction]]
    date = {day}
    at = "{clock} America/New_York"
    customer_id = "BANK"
    action = "DIRECT_INTO_XM"
    asset = "FUT-ZTM6"
    quantity = {quantity}
    """


def test_the_first_day_opens_every_line(month):
    run = month().run(D1)
    novated = run.rows(D1, "0720-novations-ficc.csv")
    assert [(row.trade_id, row.position.leg) for row in novated] == [
        ("ficc-2026-05-21-L2", Leg.CASH),
        ("ficc-2026-05-21-L3", Leg.REVERSE_REPO),
        ("ficc-2026-05-21-L4", Leg.CASH),
    ]
    traded = run.rows(D1, "0725-trades-cme.csv")
    assert [(row.position.instrument, row.position.account) for row in traded] == [
        ("ZTM6", Account.REGULAR),
        ("ZQK6", Account.XM),
        ("ZNM6", Account.XM),
    ]
    assert [row.quantity for row in run.rows(D1, "0710-payments-customers.csv")] == [100_00]


def test_ficc_holds_what_has_not_settled(month):
    run = month().run(D1, D2, D3)
    held = {
        day: [(line.instrument, line.settlement_date) for line in run.rows(day, FICC_ITD)]
        for day in (D2, D3)
    }
    assert held == {
        D2: [("91282CKU4", date(2026, 3, 24)), ("91282CMS7", D3), ("91282CQC8", D3)],
        D3: [("91282CMS7", D4), ("91282CQC8", D4)],  # the reverse repo ended
    }


def test_a_fail_stays_until_it_settles(month):
    run = month(
        f"""
        [[fail]]
        customer_id = "FUND"
        instrument = "91282CMS7"
        due = {D2}
        settles = {D4}
        """
    ).run(D1, D2, D3, D4)
    for day in (D2, D3):
        (said,) = run.rows(day, "0645-instructions-ficc.csv")
        assert (said.action, said.reference) == (Action.FAIL, "ficc-2026-05-21-L2")
        assert (said.asset, said.quantity) == ("POS-91282CMS7", 1000)
        failing = [line for line in run.rows(day, FICC_ITD) if line.failed]
        assert [(line.quantity, line.settlement_date) for line in failing] == [(1000, D2)]
    assert "0645-instructions-ficc.csv" not in run.names(D4)
    assert not any(line.failed for line in run.rows(D4, FICC_ITD))


@pytest.mark.parametrize(("clock", "in_xm"), [("11:00", -4), ("12:00", -4), ("12:01", None)])
def test_a_direction_counts_from_its_arrival_by_the_cut_off(month, clock, in_xm):
    run = month(direction(D2, clock, -4)).run(D1, D2)
    held = {
        (line.account, line.instrument): line.quantity
        for line in run.rows(D2, CME_ITD)
        if line.customer.customer_id == "BANK"
    }
    assert held.get((Account.XM, "ZTM26")) == in_xm
    assert held[Account.REGULAR, "ZTM26"] == -7 - (in_xm or 0)


@pytest.mark.parametrize("quantity", [-8, 4])
def test_more_than_there_is_is_not_moved(month, quantity):
    run = month(direction(D2, "11:00", quantity)).run(D1, D2)
    assert [line.account for line in run.rows(D2, CME_ITD) if line.instrument == "ZTM26"] == [
        Account.REGULAR
    ]


def test_a_contract_leaves_after_its_last_day(month):
    last, after = date(2026, 5, 29), date(2026, 6, 1)
    run = month().run(D1, last, after)
    held = {
        day: {line.instrument for line in run.rows(day, CME_ITD)} & {"ZQK26"}
        for day in (last, after)
    }
    assert held == {last: {"ZQK26"}, after: set()}


def test_a_roll_moves_what_is_held_then_and_a_close_out_ends_it(month):
    run = month(
        direction(D2, "09:00", -4)
        + f"""
        [[trade]]
        date = {D2}
        at = "10:00 America/New_York"
        customer_id = "BANK"
        contract = "ZTM6"
        into = "ZTU6"

        [[trade]]
        date = {D2}
        at = "10:30 America/New_York"
        customer_id = "BANK"
        contract = "ZTU6"
        """
    ).run(D1, D2)
    rolled = run.rows(D2, "1000-trades-cme.csv")
    assert [(row.position.instrument, row.position.quantity) for row in rolled] == [
        ("ZTM6", 4),
        ("ZTU6", -4),
    ]
    closed = run.rows(D2, "1030-trades-cme.csv")
    assert [(row.position.instrument, row.position.quantity) for row in closed] == [("ZTU6", 4)]


def test_who_leaves_closes_out_everything_and_asks(month):
    run = month(
        f"""
        [[leaving]]
        date = {D3}
        customer_id = "BANK"
        closes_out_at = "10:00 America/New_York"
        instructs_at = "11:00 America/New_York"
        """
    ).run(D1, D2, D3)
    closed = run.rows(D3, "1000-trades-cme.csv")
    assert [(row.position.account, row.position.quantity) for row in closed] == [
        (Account.REGULAR, 7),
        (Account.XM, 3),
    ]
    (asked,) = run.rows(D3, "1100-instructions-customers.csv")
    assert (asked.action, asked.customer.customer_id) == (Action.LEAVE, "BANK")
    theirs = [*run.rows(D3, CME_ITD), *run.rows(D3, FICC_ITD)]
    assert {line.customer.customer_id for line in theirs} == {"FUND"}


def test_a_late_file_comes_late_with_the_positions_of_its_cut_off(month):
    run = month(
        f"""
        [[late_file]]
        date = {D2}
        clearing_organization = "FICC"
        cycle = "ITD"
        arrives = "13:30 America/New_York"
        """
    ).run(D1, D2)
    assert FICC_ITD not in run.names(D2)
    assert len(run.rows(D2, "1330-ficc-positions-itd.csv")) == 3


@pytest.mark.parametrize(
    ("source", "destination", "confirmed"),
    [
        ("SEGREGATED_BANK", "CME", ("cme", "CME", Direction.OUT)),
        ("SEGREGATED_BANK", "FRBNY", ("ficc", "FRBNY", Direction.OUT)),
        ("SEGREGATED_BANK", "BANK-ONE", ("ficc", "BANK-ONE", Direction.OUT)),
        ("CME", "SEGREGATED_BANK", ("banks", "SEGREGATED_BANK", Direction.IN)),
        ("SEGREGATED_BANK", "CUSTOMER", ("banks", "SEGREGATED_BANK", Direction.OUT)),
    ],
)
def test_a_wire_is_confirmed_by_whom_it_concerns(month, make_wire, source, destination, confirmed):
    label, place, way = confirmed
    noon = eastern(D1, "12:15")
    wire = make_wire("w1", noon, source, destination, "MARGIN_TO_FICC", customer_id="")
    run = month("", ((noon, wire),)).run(D1)
    (row,) = run.rows(D1, f"1225-payments-{label}.csv")
    assert (row.reference, row.place, row.direction) == ("w1", place, way)
    assert (row.quantity, row.customer) == (1000, None)


def held(run, day: date) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (row.place, row.segregation): (row.quantity, row.in_transit)
        for row in run.rows(day, CUSTODIAN)
    }


def test_the_custodian_goes_by_what_was_confirmed(month, make_wire):
    noon = eastern(D1, "12:15")
    to_ficc = make_wire("w1", noon, "SEGREGATED_BANK", "FRBNY", "MARGIN_TO_FICC")
    scm = make_wire("w2", noon, "BANK-TWO", "FRBNY", "SCM_TO_FICC", quantity="3.00")
    held_up = f'[[unconfirmed]]\ndate = {D1}\npurpose = "MARGIN_TO_FICC"\ncomes = {D2}\n'
    run = month(
        held_up,
        (
            (noon, to_ficc),
            (noon, scm),
        ),
    ).run(D1, D2)
    bank, frbny = "SEGREGATED_BANK", "FRBNY"
    futures, securities = Segregation.FUTURES, Segregation.SECURITIES
    before, after = held(run, D1), held(run, D2)
    assert before[bank, futures] == (100_00, -10_00)
    assert before[frbny, futures] == (0, 10_00)
    assert after[bank, futures] == (90_00, 0)
    assert after[frbny, futures] == (10_00, 0)
    assert after[frbny, securities] == (3_00, 0)


def test_a_confirmation_that_never_comes_stays_in_transit(month, make_wire):
    noon = eastern(D1, "12:15")
    wire = make_wire("w1", noon, "SEGREGATED_BANK", "FRBNY", "MARGIN_TO_FICC")
    run = month(f"[[unconfirmed]]\ndate = {D1}\n", ((noon, wire),)).run(D1, D2, D3)
    assert held(run, D3)["FRBNY", Segregation.FUTURES] == (0, 10_00)


def test_the_custodians_statement_differs_on_the_day_that_the_plan_says(month):
    run = month(
        f"""
        [[custodian_difference]]
        date = {D2}
        place = "SEGREGATED_BANK"
        segregation = "FUTURES"
        asset = "CASH-USD"
        quantity = "-0.01"
        """
    ).run(D1, D2, D3)
    found = [held(run, day)["SEGREGATED_BANK", Segregation.FUTURES][0] for day in (D1, D2, D3)]
    assert found == [100_00, 99_99, 100_00]


def test_outside_the_plan_nobody_acts(month):
    assert month().run(date(2026, 5, 20), date(2026, 6, 3)).everything() == {}


def test_a_line_of_the_outbox_that_says_nothing_is_refused_and_a_torn_one_waited_for(month):
    run = month()
    folder = run.folder / "out" / D1.isoformat()
    folder.mkdir(parents=True)
    (folder / "wires.jsonl").write_text('{"wire_id": "w')
    run.run(D1)
    (folder / "wires.jsonl").write_text('\n{"wire_id": "w1"}\n')
    with pytest.raises(RefusedError) as caught:
        run.run(D1)
    assert [each.line for each in caught.value.refusals] == [2]


WITHDRAWALS = "".join(
    f"""
    [[instruction]]
    date = {D1}
    at = "{clock} America/New_York"
    customer_id = "FUND"
    action = "WITHDRAW"
    asset = "CASH-USD"
    quantity = "10.00"
    """
    for clock in ("11:05", "11:20", "12:10")
)


class _CutOffError(Exception):
    pass


def cutting(moment: int):
    """Return what raises at the given moment of a run."""
    passed: list[str] = []

    def stop(what: str) -> None:
        passed.append(what)
        if len(passed) == moment:
            raise _CutOffError

    return stop, passed


@pytest.fixture
def eventful(month, make_wire, make_call, tmp_path):
    noon, due = eastern(D1, "12:15"), eastern(D1, "14:30")
    sends = (
        (noon, make_call("c1", noon, "FUND", "5.00")),
        (noon, make_call("c2", noon, "BANK", "6.00")),
        (due, make_wire("w1", due, "SEGREGATED_BANK", "FRBNY", "MARGIN_TO_FICC")),
    )
    tables = WITHDRAWALS + direction(D1, "11:30", -4)

    def build(name: str):
        return month(tables, sends, tmp_path / name)

    return build


def test_a_withdrawal_is_confirmed_only_after_it_could_be_seen(eventful):
    names = [n for n in eventful("whole").run(D1).names(D1) if "payments-banks" in n]
    # Asked for at 11:05 and 11:20, seen at noon; asked for at 12:10, seen at a quarter past.
    assert names == ["1201-payments-banks.csv", "1220-payments-banks.csv"]


@pytest.mark.parametrize("part", range(12))
def test_cut_off_anywhere_and_run_again_the_files_are_the_same(eventful, part):
    whole = eventful("whole")
    never, passed = cutting(0)
    whole.run(D1, stop=never)
    for moment in range(1 + part, len(passed) + 1, 12):
        again = eventful(f"cut-{moment}")
        stop, _ = cutting(moment)
        with pytest.raises(_CutOffError):
            again.run(D1, stop=stop)
        again.run(D1)
        assert again.everything() == whole.everything()
        assert again.taken == whole.taken
