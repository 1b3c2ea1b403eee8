"""Property moved by hand between places, in every store: to where it may be, as far as it lies."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.collateral.allocation import Property
from crossmargin.default_management.postings import DefaultEntry
from crossmargin.ledger.assets import CASH, Asset, security, security_position
from crossmargin.ledger.chart import AccountKind, SegregationClass
from crossmargin.ledger.custody import Fact
from crossmargin.ledger.findings import Check
from crossmargin.ledger.posting import Posting
from crossmargin.ledger.transfers import TransferState
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.keeping import kept_for, owner_of
from crossmargin.services.books.opening import BdFcmBooks, Place, StatedFact, open_bd_fcm
from crossmargin.services.books.papers import Entry
from crossmargin.services.books.places import state_places
from crossmargin.services.books.ports import Books
from crossmargin.services.clearing_day.deadline_payments import Paying
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.clearing_day.moving import CUSTODY_MOVE, Move, move_property
from crossmargin.services.clearing_day.placing import places_of
from crossmargin.services.clearing_day.schedule import Step, StepKind
from crossmargin.services.clearing_day.verifying import verify_work
from crossmargin.services.clearing_day.wires import Purpose, instruct, margin_wire, settle
from crossmargin.services.default_books.desk import DefaultDesk
from crossmargin.testing.books import (
    BANK,
    BD_FCM,
    DAY,
    FRBNY,
    OPENED,
    OTHER_BD_FCM,
    account,
    deposit,
    id_of,
    open_accounts,
    to_ficc,
)

K = AccountKind
AT_BANK = id_of(K.SEGREGATED_BANK_ACCOUNT)
AT_FRBNY = id_of(K.FRBNY_SEGREGATED_ACCOUNT, segregation_class=SegregationClass.FUTURES)
NOTE = security("91282CMS7")
AT = datetime.fromisoformat(f"{DAY}T10:00-04:00")
ENTRY = Entry(AT, "ann", "bob")
MOVE = Move("M1", AT_BANK, AT_FRBNY, CASH, 300, "the bank's notice has ended")


def _at_the_bank(name: str, customer_id: str, amount: int, asset: Asset = CASH, *, bd_fcm=BD_FCM):
    """Return a deposit and margin of it at FICC's bank, of either BD-FCM."""
    made = [
        deposit(f"{name}-in", customer_id, amount, asset),
        *to_ficc(name, customer_id, amount, asset),
    ]
    text = [(each, each.debit_account_id, each.credit_account_id) for each in made]
    return [
        replace(
            each,
            debit_account_id=debit.replace(AT_FRBNY, AT_BANK).replace(BD_FCM, bd_fcm),
            credit_account_id=credit.replace(BD_FCM, bd_fcm),
        )
        for each, debit, credit in text
    ]


@pytest.fixture
def opened(books: Books) -> Books:
    """Return books of two BD-FCMs, each with property at FICC's bank."""
    with books.work() as work:
        for bd_fcm, customers in ((BD_FCM, ("A", "B")), (OTHER_BD_FCM, ("C",))):
            open_accounts(work, bd_fcm, customers)
            open_bd_fcm(
                work,
                BdFcmBooks(bd_fcm, OPENED, Money(0), ()),
                at=datetime.fromisoformat(f"{OPENED}T09:00-04:00"),
                actor="ann",
                approver="bob",
                sha256="0" * 64,
            )
        answers = work.ledger.post(
            [
                *_at_the_bank("a", "A", 300),
                *_at_the_bank("n", "A", 5_000, NOTE),
                *_at_the_bank("c", "C", 900, bd_fcm=OTHER_BD_FCM),
            ]
        )
        assert all(each.posting.is_accepted for each in answers), answers
        work.commit()
    return books


def _moved(books: Books, move: Move = MOVE, *, entry: Entry = ENTRY, bd_fcm: str = BD_FCM) -> str:
    with books.work() as work:
        wire_id = move_property(work, bd_fcm, move, entry)
        work.commit()
    return wire_id


def _end_notice(books: Books, last: date) -> None:
    fact = StatedFact(Fact.NOTICE, "15c3-3 and the 4(c) order", "0" * 64, OPENED, last)
    place = Place(K.SEGREGATED_BANK_ACCOUNT, BANK, (fact,))
    with books.work() as work:
        state_places(work, BD_FCM, [place], ENTRY, sha256="2" * 64)
        work.commit()


def _balance(books: Books, account_id: str, asset: Asset = CASH) -> tuple[int, int, int]:
    with books.work() as work:
        found = work.ledger.balance(account_id, asset)
    return found.posted_debit, found.debits_pending, found.credits_pending


def _confirm(books: Books, wire_id: str) -> None:
    with books.work() as work:
        wire = work.records.get(wire_id)
        assert wire is not None
        written = Written(DAY, AT + timedelta(minutes=5), "bank", (wire_id,))
        assert settle(work, wire, written, is_confirmed=True) == ""
        work.commit()


def test_a_move_waits_at_both_places_until_it_is_confirmed_and_leaves_where_a_fact_has_ended(
    opened: Books,
) -> None:
    _end_notice(opened, DAY - timedelta(days=1))
    wire_id = _moved(opened)
    assert _balance(opened, AT_BANK) == (1200, 0, 300)
    assert _balance(opened, AT_FRBNY) == (0, 300, 0)
    assert _moved(opened) == wire_id
    _confirm(opened, wire_id)
    assert (_balance(opened, AT_BANK)[0], _balance(opened, AT_FRBNY)[0]) == (900, 300)
    _confirmed = _moved(opened, replace(MOVE, move_id="M2", asset=NOTE, amount=5_000))
    _confirm(opened, _confirmed)
    assert _balance(opened, AT_FRBNY, NOTE) == (5_000, 0, 0)
    with opened.work() as work:
        found = {(each.check, each.asset) for each in verify_work(work)}
        (said,) = {each.subject for each in work.records.select(stream=CUSTODY_MOVE)}
    # What came while the notice was said to be in force is named on its day, what lies there still.
    assert (Check.PLACE_IS_PERMITTED, str(CASH)) in found
    assert (Check.PLACE_IS_PERMITTED, str(NOTE)) not in found
    assert said == BD_FCM


def test_a_place_that_lacks_a_fact_is_refused_by_its_name_and_every_reason_at_once(
    opened: Books,
) -> None:
    _end_notice(opened, DAY - timedelta(days=1))
    back = replace(MOVE, source=AT_FRBNY, target=AT_BANK, reason=" ")
    with pytest.raises(RefusedError) as caught:
        _moved(opened, back)
    assert {each.field for each in caught.value.refusals} == {"to", "quantity", "reason"}
    assert "it lacks NOTICE" in str(caught.value)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"target": id_of(K.SEGREGATED_BANK)}, "to"),
        (
            {
                "target": id_of(
                    K.FRBNY_SEGREGATED_ACCOUNT, segregation_class=SegregationClass.SECURITIES
                )
            },
            "to",
        ),
        ({"target": AT_BANK}, "to"),
        ({"target": id_of(K.FICC_OWED_XM, "A")}, "to"),
        ({"source": id_of(K.SEGREGATED_BANK, bd_fcm=OTHER_BD_FCM)}, "from"),
        ({"source": "nowhere"}, "from"),
        ({"amount": 301}, "quantity"),
        ({"amount": 0}, "quantity"),
        ({"asset": security_position("91282CMS7")}, "asset"),
        ({"reason": ""}, "reason"),
    ],
)
def test_property_moves_between_two_places_of_one_holder_and_class_as_far_as_it_is_theirs(
    opened: Books, change: dict[str, object], field: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        _moved(opened, replace(MOVE, **change))  # type: ignore[arg-type]
    assert field in {each.field for each in caught.value.refusals}
    assert _balance(opened, AT_BANK) == (1200, 0, 0)


def test_two_people_move_it_once_and_an_id_is_used_once(opened: Books) -> None:
    with pytest.raises(RefusedError, match="another than the maker"):
        _moved(opened, entry=Entry(AT, "ann", "Ann"))
    with pytest.raises(RefusedError, match="a role among"):
        _moved(opened, entry=Entry(AT, "customer:ann", "bob"))
    with pytest.raises(RefusedError, match="are open"):
        _moved(opened, entry=Entry(AT - timedelta(days=1), "ann", "bob"))  # a Sunday
    _moved(opened)
    with pytest.raises(RefusedError, match="an id that was not used before"):
        _moved(opened, replace(MOVE, amount=1))
    with pytest.raises(RefusedError, match="whose books are open"):
        _moved(opened, bd_fcm="NOBODY")


def test_each_bd_fcm_moves_what_is_its_own_customers_at_a_place_that_serves_all(
    opened: Books,
) -> None:
    _confirm(opened, _moved(opened))
    frbny, bank = account(K.FRBNY_SEGREGATED_ACCOUNT), account(K.SEGREGATED_BANK_ACCOUNT)
    with opened.work() as work:
        kept = {
            (name, place.custodian): kept_for(work, place, name, CASH)
            for name in (BD_FCM, OTHER_BD_FCM)
            for place in (frbny, bank)
        }
        owners = {owner_of(work.records, t) for t in work.ledger.transfers(account_id=AT_FRBNY)}
    assert kept == {
        (BD_FCM, FRBNY): 300,
        (BD_FCM, BANK): 0,
        (OTHER_BD_FCM, FRBNY): 0,
        (OTHER_BD_FCM, BANK): 900,
    }
    assert owners == {BD_FCM}
    with pytest.raises(RefusedError, match=r"at most the 9\.00"):
        _moved(opened, replace(MOVE, move_id="C", amount=901), bd_fcm=OTHER_BD_FCM)


def test_of_two_moves_at_once_the_second_takes_nothing_that_is_not_there_any_more(
    opened: Books, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def first(*given: Any) -> int:
        """Return what is there, and let another work move it."""
        monkeypatch.undo()
        found = kept_for(*given)
        _moved(opened, replace(MOVE, move_id="first"))
        return found

    if "postgresql" not in request.node.name:
        pytest.skip("one work at a time")
    monkeypatch.setattr("crossmargin.services.clearing_day.moving.kept_for", first)
    with pytest.raises(RefusedError, match="just moved"):
        _moved(opened)
    assert _balance(opened, AT_BANK) == (1200, 0, 300)


def test_property_comes_in_where_all_facts_are_in_force_and_leaves_where_it_lies(
    opened: Books,
) -> None:
    with opened.work() as work:
        places = places_of(work, BD_FCM, DAY)
        assert places.ficc == FRBNY
        assert places.returning(work, CASH, 300).ficc == BANK
        assert places.returning(work, CASH, 301) is None  # of no single place
        early = places_of(work, BD_FCM, OPENED - timedelta(days=1))
        assert early.ficc == FRBNY  # none is permitted: the ledger names what the first lacks
    fact = StatedFact(Fact.FEDERAL_RESERVE_PERMISSION, "stated", "0" * 64, OPENED, DAY)
    with opened.work() as work:
        state_places(
            *(work, BD_FCM, [Place(K.FRBNY_SEGREGATED_ACCOUNT, FRBNY, (fact,))], ENTRY),
            sha256="3" * 64,
        )
        assert places_of(work, BD_FCM, DAY).ficc == FRBNY
        after = places_of(work, BD_FCM, DAY + timedelta(days=1))
        assert after.ficc == BANK


def _paid(work, *, required: int, at_ficc: int) -> list[tuple[str, str, int]]:
    """Return the wires of FICC's morning deadline for a customer: from, to, cents."""
    paying = _deadline(work, required=required, at_ficc=at_ficc)
    assert paying.refused == []
    made = [work.records.get(each).content for each in paying.wires]
    return [(each["from"], each["to"], each["amount"]) for each in made]


def _deadline(work, *, required: int, at_ficc: int) -> Paying:
    ficc = ClearingOrganization.FICC
    here = Property(Money(at_ficc), {})
    holdings = SimpleNamespace(
        customer=CustomerKey(BD_FCM, "A"),
        at={ficc: here},
        as_property=lambda _: SimpleNamespace(free=Property(Money(0), {})),
    )
    standing: Any = SimpleNamespace(
        holdings=holdings,
        prices={},
        required={ficc: Money(required)},
        placing=SimpleNamespace(placed={ficc: Property(Money(0), {})}),
        value_at=lambda _: Money(at_ficc),
    )
    context: Any = SimpleNamespace(
        bd_fcm=BD_FCM,
        approver="risk",
        written=lambda _, *causes: Written(DAY, AT, "ops", causes, "risk"),
        parameters=lambda *_: SimpleNamespace(whole=lambda _: 0),
    )
    step = Step(StepKind.FICC_MORNING, DAY, AT)
    paying = Paying(context, work, step, places_of(work, BD_FCM, DAY))
    needed: Any = SimpleNamespace(record_id="required")
    paying.place(standing, needed)
    return paying


def test_margin_that_lies_at_two_places_takes_nothing_of_another_bd_fcms_customers(
    opened: Books,
) -> None:
    _confirm(opened, _moved(opened, replace(MOVE, amount=100)))
    _confirm(opened, _moved(opened, replace(MOVE, move_id="C", amount=900), bd_fcm=OTHER_BD_FCM))
    with opened.work() as work:
        paying = _deadline(work, required=0, at_ficc=300)
        ((_, amount, reason),) = paying.refused
        assert (paying.wires, amount, reason) == ([], "300", "exceeds_balance")
        frbny = account(K.FRBNY_SEGREGATED_ACCOUNT)
        assert kept_for(work, frbny, OTHER_BD_FCM, CASH) == 900
        desk = DefaultDesk(work, DefaultEntry(BD_FCM, BANK, "default", DAY, AT), {}, {})
        places = desk.places("A", ClearingOrganization.FICC, CASH, 300)
        assert [(at.place, part) for at, part in places] == [(FRBNY, 100), (BANK, 200)]


def test_a_deadline_reads_the_transfers_of_a_place_once(
    opened: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened.work() as work:
        places, read, ledger = places_of(work, BD_FCM, DAY), [], type(work.ledger)
        transfers = ledger.transfers

        def counted(self, **given):
            read.append(given["account_id"])
            return transfers(self, **given)

        monkeypatch.setattr(ledger, "transfers", counted)
        for amount in (300, 200, 301):
            places.returning(work, CASH, amount)
        assert sorted(read) == [AT_FRBNY, AT_BANK]
        here = places.returning(work, CASH, 300)
        assert here is not None
        wire = margin_wire(
            CustomerKey(BD_FCM, "A"), Purpose.MARGIN_FROM_FICC, CASH, 200, here, name="now"
        )
        assert instruct(work, wire, Written(DAY, AT, "ops", ("cause",)), approver="risk") == ""
        assert places.returning(work, CASH, 101) is None
        assert places.returning(work, CASH, 100) is not None
        assert len(read) == 2


def test_margin_comes_back_from_the_place_that_has_it_and_goes_to_the_one_that_is_chosen(
    opened: Books,
) -> None:
    with opened.work() as work:
        assert _paid(work, required=100, at_ficc=300) == [(BANK, BANK, 200)]
    with opened.work() as work:
        work.ledger.post([deposit("more", "A", 50)])
        assert _paid(work, required=350, at_ficc=300) == [(BANK, FRBNY, 50)]


def test_margin_on_its_way_there_keeps_back_nothing_that_has_arrived(opened: Books) -> None:
    with opened.work() as work:
        work.ledger.post([deposit("more", "A", 50)])
        sent = to_ficc("sent", "A", 50, state=TransferState.PENDING)
        assert {each.posting for each in work.ledger.post(sent)} == {Posting.POSTED}
        assert _paid(work, required=0, at_ficc=350) == [(BANK, BANK, 300)]
    with opened.work() as work:
        assert _paid(work, required=120, at_ficc=350) == [(BANK, BANK, 230)]
