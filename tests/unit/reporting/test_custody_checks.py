"""Every check of the custody report passes on a sound day and finds its own fault."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from crossmargin.ledger.assets import CASH, security
from crossmargin.reporting.custody_checks import CustodyCheck, CustodyFacts
from crossmargin.reporting.custody_report import ReportHeading, custody_report
from crossmargin.reporting.custody_values import (
    AccountScope,
    CustodyAccount,
    Entitlement,
    HeldFor,
    Holding,
    InTransit,
    LocationType,
    MarginClass,
)

NOTE_A, NOTE_B = security("91282CMS7"), security("91282CKX8")
Headings = Callable[..., ReportHeading]


@pytest.fixture
def found(make_heading: Headings) -> Callable[[CustodyFacts], dict[CustodyCheck, tuple[str, ...]]]:
    """What the checks of a day find, those that passed left out."""

    def findings(facts: CustodyFacts) -> dict[CustodyCheck, tuple[str, ...]]:
        report = custody_report(make_heading(), facts, previous_day=None, corrects=None)
        assert [each.check for each in report.checks] == list(CustodyCheck)
        assert report.all_passed is all(each.passed for each in report.checks)
        return {each.check: each.findings for each in report.checks if not each.passed}

    return findings


Found = Callable[[CustodyFacts], dict[CustodyCheck, tuple[str, ...]]]


@pytest.fixture
def sound(facts: CustodyFacts, make_facts: Callable[..., CustodyFacts]) -> CustodyFacts:
    """The day without the shortfall of the second note."""
    enough = replace(facts.holdings[4], amount=10_000)
    return make_facts((*facts.holdings[:4], enough))


def with_holding(facts: CustodyFacts, holding: Holding) -> CustodyFacts:
    """The facts with one more row, which the ledger knows too."""
    place = (holding.account.account_id, holding.asset)
    known = facts.custody_ledger.get(place, 0) + holding.amount
    return replace(
        facts,
        holdings=(*facts.holdings, holding),
        custody_ledger={**facts.custody_ledger, place: known},
    )


def account(facts: CustodyFacts, place: LocationType) -> CustodyAccount:
    return next(each.account for each in facts.holdings if each.account.location_type is place)


def test_a_sound_day_finds_nothing(sound: CustodyFacts, found: Found):
    assert found(sound) == {}


def test_a_shortfall(facts: CustodyFacts, found: Found):
    assert found(facts) == {
        CustodyCheck.HELD_COVERS_OWED: ("SEC-91282CKX8: 500 dollars of par short",)
    }


def test_a_class_may_be_short_though_the_asset_suffices(sound: CustodyFacts, found: Found):
    # 120 of the 610 lie where only XM is: of the 500 at FRBNY, 501 are owed to SCM.
    more = Entitlement("BD2", MarginClass.SCM, "S-2", CASH, 501)
    less = Entitlement("BD1", MarginClass.XM, "X-1", CASH, 100)
    changed = replace(
        sound,
        entitlements=(less, more, *sound.entitlements[2:]),
        margin_account_totals={**sound.margin_account_totals, CASH: 601},
    )
    assert found(changed) == {
        CustodyCheck.HELD_COVERS_OWED_BY_CLASS: ("CASH-USD: 1 cents short in accounts open to SCM",)
    }


@pytest.mark.parametrize("stranger", [HeldFor.SCM, HeldFor.XM_AND_SCM, HeldFor.OTHER])
def test_a_bank_account_with_xm_property_holds_nothing_else(
    sound: CustodyFacts, found: Found, stranger: HeldFor
):
    bank = account(sound, LocationType.BANK)
    changed = with_holding(sound, Holding(bank, security("X"), 100, stranger))
    assert set(found(changed)) == {CustodyCheck.BANK_ACCOUNT_OF_XM_HOLDS_NOTHING_ELSE}


def test_a_bank_account_is_never_for_both(sound: CustodyFacts, found: Found):
    bank = replace(
        account(sound, LocationType.BANK), account_id="B-2", scope=AccountScope.XM_AND_SCM
    )
    changed = with_holding(sound, Holding(bank, CASH, 100, HeldFor.XM))
    assert set(found(changed)) == {CustodyCheck.BANK_ACCOUNT_OF_XM_HOLDS_NOTHING_ELSE}


def test_xm_property_is_not_in_a_bank_account_of_the_other_class(sound: CustodyFacts, found: Found):
    bank = replace(account(sound, LocationType.BANK), account_id="B-2", scope=AccountScope.SCM_ONLY)
    assert found(with_holding(sound, Holding(bank, CASH, 100, HeldFor.SCM))) == {}
    changed = with_holding(sound, Holding(bank, CASH, 100, HeldFor.XM))
    assert set(found(changed)) == {CustodyCheck.BANK_ACCOUNT_OF_XM_HOLDS_NOTHING_ELSE}


@pytest.mark.parametrize(
    ("scope", "held_for", "is_admitted"),
    [
        (AccountScope.XM_AND_SCM, HeldFor.SCM, True),
        (AccountScope.XM_AND_SCM, HeldFor.OTHER, False),
        (AccountScope.XM_ONLY, HeldFor.XM, True),
        (AccountScope.XM_ONLY, HeldFor.SCM, False),
        (AccountScope.SCM_ONLY, HeldFor.XM, False),
    ],
)
def test_frbny_holds_what_the_scope_says(
    sound: CustodyFacts, found: Found, scope: AccountScope, held_for: HeldFor, is_admitted: bool
):
    frbny = replace(account(sound, LocationType.FRBNY), account_id="F-2", scope=scope)
    changed = with_holding(sound, Holding(frbny, CASH, 100, held_for))
    expected = set() if is_admitted else {CustodyCheck.FRBNY_HOLDS_XM_AND_SCM_ALONE}
    assert set(found(changed)) == expected


def test_nothing_held_for_others_is_no_fault(sound: CustodyFacts, found: Found):
    bank = account(sound, LocationType.BANK)
    assert found(with_holding(sound, Holding(bank, security("X"), 0, HeldFor.OTHER))) == {}


def test_an_account_needs_both_documents(sound: CustodyFacts, found: Found):
    bare = replace(
        account(sound, LocationType.BANK),
        account_id="B-2",
        notice_document_id="",
        contract_document_id="",
    )
    changed = with_holding(sound, Holding(bare, CASH, 100, HeldFor.XM))
    assert found(changed) == {
        CustodyCheck.DOCUMENTS_ARE_IN_FORCE: (
            "B-2 at BANK-1: no notice in force",
            "B-2 at BANK-1: no contract in force",
        )
    }


def test_owed_is_the_sum_of_the_margin_accounts(sound: CustodyFacts, found: Found):
    totals = {**sound.margin_account_totals, CASH: 611, security("X"): 5}
    assert found(replace(sound, margin_account_totals=totals)) == {
        CustodyCheck.OWED_IS_THE_MARGIN_ACCOUNTS: (
            "CASH-USD: owed 610, margin accounts 611",
            "SEC-X: owed 0, margin accounts 5",
        )
    }


def test_held_and_transit_are_the_custody_ledger(sound: CustodyFacts, found: Found):
    ledger = {**sound.custody_ledger, ("F-1", CASH): 520}
    short = replace(sound, custody_ledger=ledger)
    assert found(short) == {
        CustodyCheck.HELD_IS_THE_CUSTODY_LEDGER: (
            "F-1 CASH-USD: custodian and transit 500, ledger 520",
        )
    }
    assert found(replace(short, in_transit=(InTransit("T-1", "F-1", CASH, 20),))) == {}


def test_what_moves_between_two_places_waits_at_both(sound: CustodyFacts, found: Found):
    move = (InTransit("T-1", "F-1", CASH, -20), InTransit("T-1", "B-1", CASH, 20))
    ledger = {**sound.custody_ledger}
    for each in move:
        key = each.account_id, CASH
        ledger[key] = ledger.get(key, 0) + each.amount
    assert found(replace(sound, in_transit=move, custody_ledger=ledger)) == {}


def test_transit_stands_once(sound: CustodyFacts, found: Found):
    twice = (InTransit("T-1", "F-1", CASH, 20), InTransit("T-1", "F-1", CASH, -20))
    assert found(replace(sound, in_transit=twice)) == {
        CustodyCheck.IN_TRANSIT_STANDS_ONCE: ("T-1 stands 2 times at F-1",)
    }
