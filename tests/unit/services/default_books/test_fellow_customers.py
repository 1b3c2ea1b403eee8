"""A deficit that nobody pays, in the books as in the simulation: same rule, same cents."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import RefusedError
from crossmargin.bootstrap.books import onboarding_terms
from crossmargin.bootstrap.defaults import default_parameters
from crossmargin.default_management.case import Case, run_case
from crossmargin.default_management.claims import TrusteeFacts
from crossmargin.default_management.default_accounts import (
    CME,
    FICC,
    MarginPlace,
    bank_account_of,
    owed_account,
)
from crossmargin.default_management.failure import fail
from crossmargin.default_management.holdings import CustomerHoldings, Holdings, Property
from crossmargin.default_management.postings import DefaultEntry
from crossmargin.default_management.results import CustomerResults, DayResult
from crossmargin.default_management.sides import Reach
from crossmargin.ledger.assets import CASH, security
from crossmargin.ledger.chart import Account, AccountKind
from crossmargin.ledger.declaration import DEFAULT_DECLARATION
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.verifying import verify_work
from crossmargin.services.default_books.declaring import Declaration, DefaultTrigger, Treatment
from crossmargin.services.default_books.desk import DefaultDesk
from crossmargin.services.default_books.drill import banks_of, run_default
from crossmargin.services.default_books.fellow_customers import draw_on_fellows
from crossmargin.services.default_books.holding import held_of
from crossmargin.services.default_books.running import CustomerRun
from crossmargin.simulation.market import SimulatedMarket
from crossmargin.storage.books import open_books
from crossmargin.storage.copying import copy_books
from crossmargin.testing.books import AT, BANK, BD_FCM, DAY, deposit, move, open_accounts, to_cme

K, T = AccountKind, TransferKind
NOTE = security("91282CMS7")
FIRM, LOSER = "BD-FCM", "CURVE-FUND"
#: What others have at CME, at FICC and at the bank, dollars.
OTHERS = {
    "BASIS-FUND": (30_000_000, 1_000_000, 500_000),
    "REPO-CUSTOMER": (0, 20_000_000, 7_000_000),
    "WIDE-BOOK": (9_000_001, 0, 1),
}
CENT = Money(1)
#: What the loser's margin does not pay; its cash at the bank does.
LACKING = Money(1_000_000_00)
REACHES = (Reach.CUSTOMERS_TOGETHER, Reach.OWN_CUSTOMER)
Drill = Callable[..., tuple[dict[str, Any], Holdings]]


@pytest.fixture
def drill(closed_day_books: str, simulation: SimulatedMarket, tmp_path: Path) -> Drill:
    """Return what runs a default on books in which others have property beside the loser."""
    day = simulation.as_of
    address = str(tmp_path / "copy.db")
    copy_books(closed_day_books, address)

    def run(
        reach: Reach,
        *,
        loss_of: Callable[[Holdings], Money],
        closed_out: tuple[str, ...] = tuple(OTHERS),
    ) -> tuple[dict[str, Any], Holdings]:
        store = open_books(address)
        at = datetime.fromisoformat(f"{day}T23:45-04:00")
        with store.work() as work:
            for name, (at_cme, at_ficc, at_bank) in OTHERS.items():
                given(work, name, day, at_cme=at_cme, at_ficc=at_ficc, at_bank=at_bank)
            holdings = _holdings(work, day)
            document = run_default(
                work,
                Declaration(FIRM, DefaultTrigger.ORDER_FOR_RELIEF, day, at, "trustee", "risk"),
                [
                    Treatment(LOSER, {CME: loss_of(holdings)}),
                    *(Treatment(name, {}) for name in closed_out),
                ],
                reach={FICC: Reach.OWN_CUSTOMER, CME: reach},
                terms=onboarding_terms(day),
            )
            # run_default refuses what verification finds; here once more, on its own.
            assert verify_work(work) == ()
        store.close()
        return document, holdings

    return run


def given(work: Work, name: str, day: date, *, at_cme: int, at_ficc: int, at_bank: int) -> None:
    """Deposit cash, and put margin where it is asked for, dollars."""
    bank, owed = bank_account_of(FIRM, banks_of(work)[FIRM]), owed_account(FIRM, name)
    total = 100 * (at_cme + at_ficc + at_bank)
    transfers = [_move(f"{name}/deposit", T.DEPOSIT, (bank, owed), total, day)]
    for side, kind, dollars in (
        (CME, T.MARGIN_TO_CME, at_cme),
        (FICC, T.MARGIN_TO_FICC, at_ficc),
    ):
        place = MarginPlace(name, side)
        pairs = ((place.claim(FIRM), bank), (place.custody, place.debt(FIRM)))
        transfers += [
            replace(
                _move(f"{name}/{side}/{n}", kind, pair, 100 * dollars, day),
                group_id=f"{name}/{side}",
            )
            for n, pair in enumerate(pairs)
            if dollars
        ]
    _post(work, transfers)


def _move(
    name: str, kind: TransferKind, pair: tuple[Account, Account], amount: int, day: date
) -> Transfer:
    debit, credit = pair
    return move(name, kind, debit.account_id, credit.account_id, amount, business_date=day)


def _post(work: Work, transfers: Sequence[Transfer]) -> None:
    answers = work.ledger.post(tuple(transfers))
    assert all(each.posting.is_accepted for each in answers), answers


def _holdings(work: Work, day: date) -> Holdings:
    """Return the books as the simulation takes them."""
    customers = {}
    for name in (LOSER, *OTHERS):
        held = held_of(work, CustomerKey(FIRM, name))
        margin = {side: Money(held.margin[side].get(CASH, 0)) for side in (FICC, CME)}
        at_bank = Money(held.owed[CASH]) - Money.total(margin.values())
        at = {side: Property(amount) for side, amount in margin.items()}
        customers[name] = CustomerHoldings(name, at, Property(at_bank), margin, participates=True)
    means = []
    for kind in (K.RESIDUAL_INTEREST, K.HOUSE_BANK):
        balances = work.ledger.balances(kind=kind, bd_fcm=FIRM).values()
        means.append(Money(abs(sum(each.posted_debit for each in balances))))
    return Holdings(FIRM, day, customers, *means)


def case_of(
    holdings: Holdings, loss: Money, reach: Reach, *, fails_by_itself: bool = False
) -> Case:
    """Return the same default in the simulation: all are closed out on the day.

    The loser defaults, or the firm fails of its own loss and nobody does.
    """
    rules = default_parameters(holdings.as_of).rules
    results = {
        name: CustomerResults(
            name, {CME: (DayResult(holdings.as_of, loss if name == LOSER else ZERO),)}
        )
        for name in holdings.customers
    }
    return run_case(
        holdings,
        fail(
            holdings,
            results,
            failure_test=rules.failure_test,
            defaulters=[] if fails_by_itself else [LOSER],
            proprietary_loss=holdings.adjusted_net_capital + CENT if fails_by_itself else ZERO,
        ),
        results,
        closed_out=frozenset(results),
        facts=TrusteeFacts(),
        events=(),
        rules=replace(rules, reach={FICC: Reach.OWN_CUSTOMER, CME: reach}),
        sharing=rules.sharing,
    )


def said(document: Mapping[str, Any], name: str, figure: str) -> Money:
    (found,) = [each for each in document["customers"] if each["customer"] == name]
    return money_from_decimal(found[figure])


def loss_beyond(dollars: int) -> Callable[[Holdings], Money]:
    """Return a loss that is so much more than what the loser and the firm have."""

    def loss_of(holdings: Holdings) -> Money:
        means = holdings.residual_interest + holdings.adjusted_net_capital
        return -(holdings.customers[LOSER].property_value + means + Money(100 * dollars))

    return loss_of


@pytest.mark.parametrize("reach", REACHES)
@pytest.mark.parametrize("dollars", [12_345_678, 300_000_000])
def test_the_books_pay_what_the_simulation_pays(drill: Drill, reach: Reach, dollars: int) -> None:
    """Of 12 million others' margin at CME pays all, of 300 million what there is."""
    document, holdings = drill(reach, loss_of=loss_beyond(dollars))
    case = case_of(holdings, loss_beyond(dollars)(holdings), reach)
    assert case.settled is not None
    assert case.estate is not None
    cme = case.settled.sides[CME]
    assert (cme.from_fellow_customers > ZERO) is (reach is Reach.CUSTOMERS_TOGETHER)
    assert said(document, LOSER, "unpaid") == cme.borne
    assert said(document, LOSER, "paid_by_others") == cme.from_fellow_customers
    assert Fraction(document["rate"]) == case.estate.futures_rate
    for name in OTHERS:
        assert said(document, name, "distributed") == case.estate.paid[name]
        short = case.estate.claims[name].total - case.estate.paid[name]
        assert said(document, name, "paid_for_others") == short
    assert document["margin_reach"] == {"CME": reach.value, "FICC": "own_customer"}


def test_customers_whose_positions_stay_bear_their_share_and_keep_no_more_than_it(
    drill: Drill,
) -> None:
    """The margin at FICC of one, more than it is owed then, comes back in part."""
    together, loss = Reach.CUSTOMERS_TOGETHER, loss_beyond(12_345_678)
    document, holdings = drill(together, loss_of=loss, closed_out=())
    case = case_of(holdings, loss(holdings), together)
    assert case.estate is not None
    for name in OTHERS:
        short = case.estate.claims[name].total - case.estate.paid[name]
        assert said(document, name, "paid_for_others") == short > ZERO
        assert said(document, name, "distributed") == ZERO
        assert said(document, name, "owed_after") == case.estate.paid[name]
    assert OTHERS.keys().isdisjoint(document["trustee"]["distributions"])


@pytest.mark.parametrize("reach", REACHES)
def test_a_loss_of_who_did_not_default_the_books_pay_from_its_own_cash(
    drill: Drill, reach: Reach
) -> None:
    """In the simulation the side bears it, or others' margin does; claims are the same."""

    def loss_of(holdings: Holdings) -> Money:
        loser = holdings.customers[LOSER]
        return loser.at_bd_fcm.value - loser.property_value - LACKING

    document, holdings = drill(reach, loss_of=loss_of)
    case = case_of(holdings, loss_of(holdings), reach, fails_by_itself=True)
    assert case.settled is not None
    assert case.estate is not None
    cme = case.settled.sides[CME]
    assert cme.borne == (LACKING if reach is Reach.OWN_CUSTOMER else ZERO)
    assert cme.from_fellow_customers == LACKING - cme.borne
    assert said(document, LOSER, "deficit_paid") == LACKING
    assert said(document, LOSER, "unpaid") == said(document, LOSER, "from_capital") == ZERO
    for name in (LOSER, *OTHERS):
        assert said(document, name, "distributed") == case.estate.claims[name].total


def test_a_loss_that_the_firm_pays_takes_nothing_of_others(drill: Drill) -> None:
    document, _ = drill(Reach.CUSTOMERS_TOGETHER, loss_of=loss_beyond(-1))
    assert said(document, LOSER, "from_capital") > ZERO
    for name in OTHERS:
        assert said(document, name, "paid_for_others") == ZERO


def with_a_note(cash_of_b: int, price: Fraction | None) -> tuple[DefaultDesk, list[CustomerRun]]:
    """Return books in which A lacks 500 dollars at CME, where B has a note of 1,000 of par."""
    work = MemoryBooks().work().__enter__()
    open_accounts(work, BD_FCM, ("A", "B"))
    given_to_b = [
        deposit("b", "B", cash_of_b),
        deposit("n", "B", 1_000, NOTE),
        *to_cme("m", "B", 1_000, NOTE),
    ]
    _post(work, given_to_b)
    work.records.add(Record("said", DEFAULT_DECLARATION, BD_FCM, DAY, AT, "manager"))
    entry = DefaultEntry(BD_FCM, BANK, "said", DAY, AT)
    desk = DefaultDesk(work, entry, {} if price is None else {NOTE.code: price}, {})
    lacking = CustomerRun("A", "", 0, unpaid_at={CME: 500_00})
    return desk, [lacking, CustomerRun("B", "", cash_of_b)]


TOGETHER = {FICC: Reach.OWN_CUSTOMER, CME: Reach.CUSTOMERS_TOGETHER}


def test_securities_as_margin_count_at_value_and_are_sold_where_cash_does_not_suffice() -> None:
    for cash, sold in ((600_00, 0), (400_00, 900_00)):
        desk, (lacking, fellow) = with_a_note(cash, Fraction(9, 10))
        rate = draw_on_fellows(desk, [lacking, fellow], TOGETHER)
        claim = cash + 900_00
        assert rate == Fraction(claim - 500_00, claim)
        assert (lacking.unpaid, lacking.paid_by_others) == (0, 500_00)
        assert (fellow.sold, fellow.paid_for_others) == (sold, 500_00)
        assert desk.owed("B")[CASH] == fellow.owed_after == cash + sold - 500_00
        assert (NOTE in desk.margin("B", CME)) is (sold == 0)


def test_a_security_without_a_price_is_refused() -> None:
    desk, runs = with_a_note(600_00, None)
    with pytest.raises(RefusedError, match="a price of the day"):
        draw_on_fellows(desk, runs, TOGETHER)


def test_a_share_that_is_more_than_cash_and_margin_is_refused() -> None:
    """C has nothing but a note at the bank, which nothing sells."""
    desk, runs = with_a_note(900_00, Fraction(9, 10))
    open_accounts(desk.work, BD_FCM, ("C",))
    _post(desk.work, [deposit("c", "C", 1_000, NOTE)])
    with pytest.raises(RefusedError) as caught:
        draw_on_fellows(desk, [*runs, CustomerRun("C", "", 0)], TOGETHER)
    (refusal,) = caught.value.refusals
    assert refusal.value == "C, 166.67 of others' losses"
