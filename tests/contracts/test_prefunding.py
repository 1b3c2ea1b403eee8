"""The firm's own cash in the place of Segregated Customer Margin, in every store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.bootstrap import parameter_registry
from crossmargin.collateral.allocation import Property
from crossmargin.collateral.call_events import (
    CallDisputed,
    CallIssued,
    CallPaid,
    Outside,
    issue_call,
    record_of,
)
from crossmargin.collateral.deadline import DeadlineRules
from crossmargin.collateral.haircuts import HaircutTables
from crossmargin.ledger.assets import CASH
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.posting import Posting
from crossmargin.ledger.transfers import TransferKind
from crossmargin.ledger.verification import verify
from crossmargin.services.books.ports import Books, Work
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.prefunding import Prefunding, prefunded
from crossmargin.services.clearing_day.segregated import SegregatedStanding
from crossmargin.services.clearing_day.verifying import image_of
from crossmargin.services.clearing_day.wires import Wire, instruct, settle
from crossmargin.testing.books import BD_FCM, DAY, capital, id_of, move, open_accounts

A = CustomerKey(BD_FCM, "A")
K, T = AccountKind, TransferKind
AT = datetime.fromisoformat(f"{DAY}T12:15-04:00")
SET = parameter_registry().set_of("collateral", DAY)
CAPITAL, CALLED = 1_000_00, 300_00


def _standing(required: int, arrived: int = 0, on_its_way: int = 0) -> SegregatedStanding:
    placed = Money(arrived + on_its_way)
    tables = HaircutTables.from_parameters(SET)
    return SegregatedStanding(
        *(A, Money(required), "required", placed, Property(placed, {}), {}, {}, tables, DAY),
        arrived=Property(Money(arrived), {}),
    )


def _call(name: str, days: int, cents: int) -> CallIssued:
    return issue_call(
        *(name, A),
        business_date=DAY + timedelta(days=days),
        at=AT + timedelta(days=days),
        ccp=Outside.FICC_SCM,
        cycle="ITD",
        amount=Money(cents),
        currency="USD",
        rules=DeadlineRules.from_parameters(SET),
    )


@pytest.fixture
def opened(books: Books) -> Books:
    """Return books with capital and a call of Segregated Customer Margin."""
    call = _call("call", 0, CALLED)
    with books.work() as work:
        open_accounts(work, BD_FCM, ["A"])
        work.ledger.post([capital("capital", CAPITAL)])
        work.records.add(record_of(call, actor="day", causes=("itd",)))
        work.commit()
    return books


class Acting:
    """One deadline after the other, every wire confirmed at once unless it is said."""

    def __init__(self, work: Work) -> None:
        self.work, self.made = work, list[Wire]()

    def own(self, on: date = DAY, *, business_days: int = 2) -> Prefunding:
        written = Written(on, AT, "ops", ("required",), "risk")

        def make(wire: Wire, *causes: str) -> bool:
            assert causes == ("required",)
            if instruct(self.work, wire, written, approver="risk"):
                return False
            self.made.append(wire)
            record = self.work.records.get(wire.wire_id)
            assert record is not None
            assert settle(self.work, record, written, is_confirmed=True) == ""
            return True

        return Prefunding(self.work, on, f"{on}/{len(self.made)}", business_days, make)

    @property
    def there(self) -> int:
        return prefunded(self.work.ledger, A)[1].cents


def test_it_stands_in_for_what_is_called_kept_apart_and_covers_what_ficc_owes(
    opened: Books,
) -> None:
    with opened.work() as work:
        acting = Acting(work)
        assert acting.own().stand_in(_standing(CALLED + 50_00), Money(CALLED + 50_00)) == Money(
            50_00
        )
        assert acting.there == CALLED
        # Done again at the next deadline of the day, nothing more moves.
        assert acting.own().stand_in(_standing(CALLED), Money(CALLED)) == ZERO
        balances = {
            kind: work.ledger.balance(id_of(kind, "A"), CASH).posted_debit
            for kind in (K.HOUSE_SCM_PREFUNDING, K.FICC_OWED_SCM_PREFUNDING, K.FICC_SCM_MARGIN)
        }
        bank = work.ledger.balance(id_of(K.HOUSE_BANK), CASH).posted_debit
        assert verify(image_of(work)) == ()
    assert list(balances.values()) == [CALLED, -CALLED, 0]
    assert bank == CAPITAL - CALLED
    assert [each.purpose.value for each in acting.made] == ["SCM_PREFUNDING"]
    assert (acting.made[0].source, acting.made[0].target) == ("HOUSE", "FRBNY")


@pytest.mark.parametrize(
    ("days", "business_days", "comes_back"),
    [(0, 2, False), (1, 2, False), (2, 2, True), (1, 1, True)],
)
def test_it_stands_in_as_long_as_the_call_is_young_and_comes_back_then(
    opened: Books, days: int, business_days: int, comes_back: bool
) -> None:
    on = DAY + timedelta(days=days)  # a Monday and the two days after it
    with opened.work() as work:
        acting = Acting(work)
        acting.own().stand_in(_standing(CALLED), Money(CALLED))
        acting.own(on, business_days=business_days).take_back(_standing(CALLED))
        assert acting.there == (0 if comes_back else CALLED)
        lacks = acting.own(on, business_days=business_days).stand_in(
            _standing(CALLED), Money(CALLED)
        )
        assert lacks == (Money(CALLED) if comes_back else ZERO)
        assert verify(image_of(work)) == ()


def test_without_a_call_or_where_it_is_not_wanted_nothing_stands_in(opened: Books) -> None:
    with opened.work() as work:
        acting = Acting(work)
        assert acting.own(business_days=0).stand_in(_standing(CALLED), Money(CALLED)) == Money(
            CALLED
        )
        other = replace(_standing(CALLED), customer=CustomerKey(BD_FCM, "B"))
        assert acting.own().stand_in(other, Money(CALLED)) == Money(CALLED)
        assert acting.made == []


@pytest.mark.parametrize("arrived", [0, 100_00, CALLED, CALLED + 1])
def test_it_comes_back_as_far_as_the_customers_own_has_arrived(opened: Books, arrived: int) -> None:
    with opened.work() as work:
        acting = Acting(work)
        acting.own().stand_in(_standing(CALLED), Money(CALLED))
        on_its_way = max(0, CALLED - arrived)
        acting.own(DAY + timedelta(days=1)).take_back(_standing(CALLED, arrived, on_its_way))
        assert acting.there == on_its_way


def test_for_a_call_that_is_paid_it_stays_until_the_customers_own_is_there(
    opened: Books,
) -> None:
    with opened.work() as work:
        acting = Acting(work)
        acting.own().stand_in(_standing(CALLED), Money(CALLED))
        paid = CallPaid("paid", A, DAY, AT, Money(CALLED), "USD", Outside.FICC_SCM)
        work.records.add(record_of(paid, actor="bank"))
        acting.own(DAY + timedelta(days=1)).take_back(_standing(CALLED))
        assert acting.there == CALLED
        assert acting.own().stand_in(_standing(CALLED + 1), Money(CALLED + 1)) == Money(1)
        acting.own(DAY + timedelta(days=2)).take_back(_standing(CALLED))
        assert acting.there == 0


@pytest.mark.parametrize(("arrived", "stays"), [(400_00, 0), (150_00, 250_00), (0, CALLED)])
def test_a_call_that_is_paid_keeps_none_there_for_an_older_one_that_is_disputed(
    opened: Books, arrived: int, stays: int
) -> None:
    later = AT + timedelta(days=1)
    disputed = CallDisputed("disputed", A, DAY, AT, "call", Money(CALLED), "said")
    paid = CallPaid("paid", A, later.date(), later, Money(400_00), "USD", Outside.FICC_SCM)
    with opened.work() as work:
        acting = Acting(work)
        acting.own().stand_in(_standing(CALLED), Money(CALLED))
        for event in (disputed, _call("next", 1, 400_00), paid):
            work.records.add(record_of(event, actor="bank", causes=("itd",)))
        standing = _standing(CALLED + 400_00, arrived, 400_00 - arrived)
        acting.own(DAY + timedelta(days=2)).take_back(standing)
        assert acting.there == stays


def test_no_more_stands_in_than_the_house_has(opened: Books) -> None:
    with opened.work() as work:
        spent = move("spent", T.CAPITAL, id_of(K.HOUSE_EQUITY), id_of(K.HOUSE_BANK), CAPITAL)
        work.ledger.post([spent])
        acting = Acting(work)
        assert acting.own().stand_in(_standing(CALLED), Money(CALLED)) == Money(CALLED)
        assert acting.made == []


def test_what_ficc_owes_and_what_is_claimed_move_together(opened: Books) -> None:
    alone = move(
        *("alone", T.SCM_PREFUNDING, id_of(K.HOUSE_SCM_PREFUNDING, "A"), id_of(K.HOUSE_BANK), 1)
    )
    with opened.work() as work:
        (answer,) = work.ledger.post([alone])
    assert answer.posting is Posting.CLAIM_AND_DEBT_DIFFER
