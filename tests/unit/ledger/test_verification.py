"""Verification finds each fault of a ledger that somebody changed, and nothing in a good one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from crossmargin.ledger.assets import CASH, security
from crossmargin.ledger.chart import AccountKind, SegregationClass
from crossmargin.ledger.custody import CUSTODY_FACT, fact_of
from crossmargin.ledger.liens import Lien, Party, Property
from crossmargin.ledger.paths import Opening
from crossmargin.ledger.place_checks import place_findings
from crossmargin.ledger.posting import Balance
from crossmargin.ledger.transfers import Transfer, TransferKind, TransferState
from crossmargin.ledger.verification import Check, LedgerImage, counters_of, verify
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.testing.books import (
    BD_FCM,
    DAY,
    OPENED,
    account,
    deposit,
    deposit_outside,
    facts_of,
    id_of,
    move,
    open_books,
    residual_interest,
    to_cme,
    to_ficc,
    to_ficc_outside,
    withdrawal,
)
from crossmargin.testing.books import capital as brought

K, T, S = AccountKind, TransferKind, TransferState
NOTE = security("91282CMS7")
XM = Property.XM_SECURITIES_CUSTOMER_PROPERTY
LIENS = (
    Lien("pledge", BD_FCM, "A", Party.CUSTOMER, Party.BD_FCM, XM, "0" * 64, OPENED),
    Lien("interest", BD_FCM, "", Party.BD_FCM, Party.CME, XM, "0" * 64, OPENED),
)


@pytest.fixture(scope="module")
def image() -> LedgerImage:
    """Return a ledger with margin in cash and in a note, and a withdrawal that waits."""
    books = MemoryBooks()
    open_books(books)
    given = [
        brought("c", 1_000),
        *residual_interest("r", 100),
        deposit("a", "A", 500),
        deposit("n", "A", 300, NOTE),
        deposit("b", "B", 50),
        *to_ficc("f", "A", 200),
        *to_ficc("fn", "A", 300, NOTE),
        *to_cme("m", "A", 100),
        withdrawal("w", "A", 20, state=S.PENDING),
    ]
    with books.work() as work:
        assert all(each.posting.is_accepted for each in work.ledger.post(given))
        facts = tuple(fact_of(each) for each in work.records.select(stream=CUSTODY_FACT))
        ledger = work.ledger
        return LedgerImage(ledger.accounts(), ledger.transfers(), ledger.balances(), facts, LIENS)


def written_by_hand(image: LedgerImage, *transfers: Transfer) -> LedgerImage:
    """Return the ledger with transfers that nobody judged, balances kept up to date."""
    every = (*image.transfers, *transfers)
    return replace(image, transfers=every, balances=counters_of(every))


def checks_of(image: LedgerImage) -> set[Check]:
    return {each.check for each in verify(image)}


def test_nothing_is_found_where_nothing_is_wrong(image: LedgerImage) -> None:
    assert verify(image) == ()


@pytest.mark.parametrize(
    ("opened", "closed", "found"),
    [
        (DAY, DAY + timedelta(days=1), set()),
        (DAY + timedelta(days=1), None, {Check.ACCOUNT_IS_OPEN}),
        (OPENED, DAY, {Check.ACCOUNT_IS_OPEN}),
    ],
)
def test_what_moved_on_a_day_on_which_an_account_was_not_open_is_found(
    image: LedgerImage, opened: date, closed: date | None, found: set[Check]
) -> None:
    one = account(K.CUSTOMER_FUTURES_ACCOUNT, "A")
    assert checks_of(replace(image, openings=(Opening(one, opened, closed),))) == found


OWED_TO_A = id_of(K.CUSTOMER_FUTURES_ACCOUNT, "A")
BANK = id_of(K.SEGREGATED_BANK)
HOUSE = id_of(K.HOUSE_BANK)
NOVATION = id_of(K.FICC_NOVATION)
BY_HAND: dict[str, tuple[set[Check], list[Transfer]]] = {
    "a movement that there is not": (
        {Check.MOVEMENT_IS_PERMITTED},
        [move("x", T.FEE, BANK, OWED_TO_A, 1)],
    ),
    "a customer's money at the house": (
        {Check.MOVEMENT_IS_PERMITTED, Check.SEGREGATION_IS_KEPT, Check.DEBITS_EQUAL_CREDITS},
        [move("x", T.WITHDRAWAL, HOUSE, BANK, 1)],
    ),
    "one customer's money with another": (
        {Check.MOVEMENT_IS_PERMITTED, Check.SEGREGATION_IS_KEPT},
        [move("x", T.FEE, OWED_TO_A, id_of(K.CUSTOMER_FUTURES_ACCOUNT, "B"), 1)],
    ),
    "a distribution in no default": (
        {Check.DEFAULT_IS_DECLARED},
        [move("x", T.DISTRIBUTION, OWED_TO_A, BANK, 1)],
    ),
    "an account that nobody opened": (
        {Check.ACCOUNT_IS_OPEN},
        [deposit("x", "NOBODY", 1)],
    ),
    "more out than there is": (
        {Check.NORMAL_SIDE, Check.RESIDUAL_INTEREST_COVERS},
        [withdrawal("x", "B", 351)],
    ),
    "margin in the BD-FCM's book alone": (
        {Check.CLAIM_EQUALS_DEBT},
        [to_cme("x", "A", 1)[0]],
    ),
    "a debt of FICC's that it holds nothing for": (
        {Check.MOVEMENT_IS_PERMITTED, Check.HELD_COVERS_OWED},
        [move("x", T.MARGIN_FROM_FICC, NOVATION, id_of(K.FRBNY_SEGREGATED_ACCOUNT), 1)],
    ),
    "a note of one customer's as margin of another": (
        {Check.SECURITIES_ARE_THE_CUSTOMERS},
        [
            *to_ficc("x", "B", 10, NOTE),
            deposit("y", "A", 10, NOTE),
        ],
    ),
    "a note of one customer's as another's margin outside the arrangement": (
        {Check.SECURITIES_ARE_THE_CUSTOMERS},
        [
            *to_ficc_outside("x", "B", 10, NOTE),
            deposit_outside("y", "A", 10, NOTE),
        ],
    ),
    "other customers' cash as margin": (
        {Check.RESIDUAL_INTEREST_COVERS},
        to_cme("x", "B", 151),
    ),
}


@pytest.mark.parametrize(("expected", "transfers"), BY_HAND.values(), ids=BY_HAND)
def test_what_was_written_by_hand_is_found(
    image: LedgerImage, expected: set[Check], transfers: list[Transfer]
) -> None:
    found = checks_of(written_by_hand(image, *transfers))
    assert expected <= found
    assert found - _TOGETHER <= expected


def test_a_loss_beyond_residual_interest_is_a_fact_and_what_is_taken_after_it_is_found(
    image: LedgerImage,
) -> None:
    owed, settlement = id_of(K.CUSTOMER_FUTURES_ACCOUNT, "B"), id_of(K.CME_SETTLEMENT)
    loss = move("loss", T.CME_SETTLEMENT_VARIATION, owed, settlement, 1_000)
    after = written_by_hand(image, loss)
    assert Check.RESIDUAL_INTEREST_COVERS not in checks_of(after)
    wires = to_cme("x", "A", 1), to_cme("y", "B", 1), to_cme("z", "B", 1, state=S.PENDING)
    found = {
        each.where
        for each in verify(written_by_hand(after, *(leg for wire in wires for leg in wire)))
        if each.check is Check.RESIDUAL_INTEREST_COVERS
    }
    assert found == {wires[1][0].transfer_id, wires[2][0].transfer_id}, "A has its own"


#: What several faults bring with them.
_TOGETHER = {Check.NORMAL_SIDE, Check.CLAIM_EQUALS_DEBT, Check.LIENS_ARE_IN_FORCE}


def test_a_balance_that_is_not_the_sum_of_its_transfers_is_named(image: LedgerImage) -> None:
    wrong = {**image.balances, (OWED_TO_A, CASH): Balance(0, 501, 20, 0)}
    (sums, balance) = verify(replace(image, balances=wrong))
    assert sums.check is Check.DEBITS_EQUAL_CREDITS
    assert (balance.check, balance.where) == (Check.BALANCE_IS_SUM_OF_TRANSFERS, OWED_TO_A)
    assert "credits_posted=501" in balance.was
    assert "credits_posted=500" in balance.expected


def _without(name: str) -> Callable[[LedgerImage], LedgerImage]:
    def change(image: LedgerImage) -> LedgerImage:
        return replace(image, facts=tuple(e for e in image.facts if e.fact.value != name))

    return change


@pytest.mark.parametrize(
    "name",
    [
        *("HOLDER", "EXACT_TITLE", "SCOPE", "FEDERAL_RESERVE_PERMISSION", "NOTICE"),
        *("NO_LIEN_CONTRACT", "ACKNOWLEDGMENT_LETTER"),
    ],
)
def test_a_deposit_at_a_place_that_lacked_a_fact_is_found(image: LedgerImage, name: str) -> None:
    assert checks_of(_without(name)(image)) == {Check.CUSTODY_FACTS}


def test_a_fact_that_began_too_late_is_none(image: LedgerImage) -> None:
    late = tuple(replace(each, first=DAY + timedelta(days=1)) for each in image.facts)
    assert checks_of(replace(image, facts=late)) == {Check.CUSTODY_FACTS}


def test_what_lies_where_a_fact_has_ended_since_is_found_and_names_it(image: LedgerImage) -> None:
    ended = tuple(
        replace(each, last=DAY) if each.fact.value == "NO_LIEN_CONTRACT" else each
        for each in image.facts
    )
    after = replace(image, facts=ended, as_of=DAY + timedelta(days=1))
    assert verify(replace(after, as_of=DAY)) == ()
    found = verify(after)
    assert {each.check for each in found} == {Check.PLACE_IS_PERMITTED}
    assert all("FRBNY" in each.where for each in found)
    assert all(each.expected.startswith("NO_LIEN_CONTRACT in force on") for each in found)


@pytest.mark.parametrize(("scope", "found"), [("XM_AND_SCM", True), ("SCM_ONLY", False)])
def test_an_account_at_frbny_shared_with_xm_needs_what_xm_needs(scope: str, found: bool) -> None:
    place = account(K.FRBNY_SEGREGATED_ACCOUNT, segregation_class=SegregationClass.SECURITIES)
    stated = [
        replace(each, value=scope) if each.fact.value == "SCOPE" else each
        for each in facts_of(place)
        if each.fact.value != "FEDERAL_RESERVE_PERMISSION"
    ]
    findings = list(place_findings({(place.account_id, CASH): 1}, stated, DAY))
    assert bool(findings) is found
    assert all("FEDERAL_RESERVE_PERMISSION" in each.expected for each in findings)


@pytest.mark.parametrize("place", range(2))
def test_margin_at_ficc_without_a_lien_that_must_be_is_found(
    image: LedgerImage, place: int
) -> None:
    missing = tuple(each for n, each in enumerate(LIENS) if n != place)
    (found,) = verify(replace(image, liens=missing))
    assert found.check is Check.LIENS_ARE_IN_FORCE
    ended = (*missing, replace(LIENS[place], last=DAY - timedelta(days=1)))
    assert checks_of(replace(image, liens=ended)) == {Check.LIENS_ARE_IN_FORCE}


def test_a_lien_that_may_not_be_is_found(image: LedgerImage) -> None:
    ficcs = replace(LIENS[1], lien_id="x", granted_by=Party.FICC, granted_to=Party.OTHER)
    (found,) = verify(replace(image, liens=(*LIENS, ficcs)))
    assert (found.check, found.where) == (Check.LIEN_IS_PERMITTED, "x")


def test_every_check_is_met_in_these_tests_but_that_of_lots() -> None:
    met = set().union(*(expected for expected, _ in BY_HAND.values()))
    met |= {Check.BALANCE_IS_SUM_OF_TRANSFERS, Check.CUSTODY_FACTS, Check.PLACE_IS_PERMITTED}
    met |= {Check.LIEN_IS_PERMITTED, Check.LIENS_ARE_IN_FORCE}
    # The other two are of the records: lots and days.
    assert set(Check) - met == {Check.POSITIONS_ARE_THE_LOTS, Check.DAYS_ARE_IN_ORDER}
