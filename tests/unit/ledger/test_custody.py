"""A place may take property only on days on which every fact of it is in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from crossmargin.ledger.chart import Account, AccountKind, SegregationClass
from crossmargin.ledger.custody import (
    DOCUMENTED,
    CustodyFact,
    Fact,
    fact_of,
    missing_fact,
    refusals_of_opening,
)
from crossmargin.testing.books import BD_FCM, DAY, OPENED, account, fact_record, facts_of

K = AccountKind
FRBNY = account(K.FRBNY_SEGREGATED_ACCOUNT, segregation_class=SegregationClass.FUTURES)
FRBNY_SCM = account(K.FRBNY_SEGREGATED_ACCOUNT, segregation_class=SegregationClass.SECURITIES)
BANK = account(K.SEGREGATED_BANK_ACCOUNT)
OWN = account(K.SEGREGATED_BANK)
AT_FRBNY = (
    *(Fact.HOLDER, Fact.EXACT_TITLE, Fact.SCOPE, Fact.FEDERAL_RESERVE_PERMISSION),
    *(Fact.NOTICE, Fact.NO_LIEN_CONTRACT),
)
AT_BANK = (
    *(Fact.HOLDER, Fact.EXACT_TITLE, Fact.SCOPE, Fact.FDIC_INSURED),
    *(Fact.NOTICE, Fact.NO_LIEN_CONTRACT),
)
AT_OWN = (Fact.HOLDER, Fact.EXACT_TITLE, Fact.ACKNOWLEDGMENT_LETTER)
NEEDED = {FRBNY: AT_FRBNY, FRBNY_SCM: AT_FRBNY, BANK: AT_BANK, OWN: AT_OWN}


def only(place: Account, *kept: Fact, **said: str) -> list[CustodyFact]:
    """Return these facts of a place, some of them saying something else."""
    return [
        replace(each, value=said.get(each.fact.value, each.value))
        for each in facts_of(place)
        if each.fact in kept
    ]


@pytest.mark.parametrize("place", NEEDED, ids=lambda place: place.account_id)
def test_a_place_with_every_fact_lacks_nothing(place: Account) -> None:
    assert missing_fact(place, facts_of(place), DAY) == ""
    assert missing_fact(place, only(place, *NEEDED[place]), DAY) == ""


@pytest.mark.parametrize(
    ("place", "fact"),
    [(place, fact) for place, facts in NEEDED.items() for fact in facts],
    ids=lambda each: each.account_id if isinstance(each, Account) else each.value,
)
def test_each_fact_is_needed_and_named_when_it_is_not_there_or_not_in_force(
    place: Account, fact: Fact
) -> None:
    others = [each for each in NEEDED[place] if each is not fact]
    assert missing_fact(place, only(place, *others), DAY) == fact.value
    (one,) = only(place, fact)
    for first, last in ((DAY + timedelta(days=1), None), (OPENED, DAY - timedelta(days=1))):
        dated = replace(one, first=first, last=last)
        assert missing_fact(place, [*only(place, *others), dated], DAY) == fact.value
    inside = replace(one, first=DAY, last=DAY)
    assert missing_fact(place, [*only(place, *others), inside], DAY) == ""


def test_facts_are_missed_in_one_order() -> None:
    assert [missing_fact(FRBNY, only(FRBNY, *AT_FRBNY[:n]), DAY) for n in range(7)] == [
        *(fact.value for fact in AT_FRBNY),
        "",
    ]


@pytest.mark.parametrize(
    ("place", "fact", "said"),
    [
        (FRBNY, Fact.HOLDER, BD_FCM),
        (OWN, Fact.HOLDER, "FICC"),
        (OWN, Fact.EXACT_TITLE, "  "),
        (BANK, Fact.SCOPE, "XM_AND_SCM"),
        (FRBNY, Fact.SCOPE, "SCM_ONLY"),
        (FRBNY, Fact.SCOPE, "OTHER"),
        (FRBNY_SCM, Fact.SCOPE, "XM_ONLY"),
        (FRBNY, Fact.NOTICE, "the 4(c) order"),
        (FRBNY, Fact.NOTICE, "15c3-3"),
        (BANK, Fact.NOTICE, "15c3-3"),
    ],
)
def test_a_fact_that_says_the_wrong_thing_is_named_with_what_it_says(
    place: Account, fact: Fact, said: str
) -> None:
    found = missing_fact(place, only(place, *NEEDED[place], **{fact.value: said}), DAY)
    assert found.startswith(f"{fact.value}: ")
    assert found.endswith(f", was {said}")


def test_the_frbny_account_as_it_was_before_needs_neither_permission_nor_the_order() -> None:
    before = [fact for fact in AT_FRBNY if fact is not Fact.FEDERAL_RESERVE_PERMISSION]
    stated = only(FRBNY_SCM, *before, SCOPE="SCM_ONLY", NOTICE="15c3-3")
    assert missing_fact(FRBNY_SCM, stated, DAY) == ""
    together = only(FRBNY_SCM, *before, SCOPE="XM_AND_SCM")
    assert missing_fact(FRBNY_SCM, together, DAY) == Fact.FEDERAL_RESERVE_PERMISSION.value


def test_of_two_facts_in_force_the_one_stated_later_holds() -> None:
    stated = only(FRBNY, *AT_FRBNY)
    later = [*stated, *only(FRBNY, Fact.SCOPE, SCOPE="SCM_ONLY")]
    assert missing_fact(FRBNY, later, DAY).startswith("SCOPE: ")


@pytest.mark.parametrize("scope", ["XM_ONLY", "XM_AND_SCM", "SCM_ONLY"])
def test_the_two_kinds_of_securities_account_need_no_consent(scope: str) -> None:
    assert refusals_of_opening(only(FRBNY, Fact.SCOPE, SCOPE=scope), DAY) == ()


def test_a_third_kind_of_securities_account_needs_both_consents_in_force() -> None:
    third = only(FRBNY, Fact.SCOPE, SCOPE="OTHER")
    consents = only(FRBNY, Fact.CFTC_CONSENT, Fact.SEC_CONSENT)
    assert [each.field for each in refusals_of_opening(third, DAY)] == [
        "CFTC_CONSENT",
        "SEC_CONSENT",
    ]
    (refusal,) = refusals_of_opening([*third, consents[0]], DAY)
    assert refusal.field == "SEC_CONSENT"
    over = replace(consents[1], last=DAY - timedelta(days=1))
    (refusal,) = refusals_of_opening([*third, consents[0], over], DAY)
    assert refusal.field == "SEC_CONSENT"
    assert refusals_of_opening([*third, *consents], DAY) == ()
    # Opened with consent, it still is no place for XM Customer Margin.
    assert missing_fact(FRBNY, only(FRBNY, *Fact, SCOPE="OTHER"), DAY).startswith("SCOPE: ")


def test_a_documented_fact_has_a_digest_and_an_end_after_its_beginning() -> None:
    for fact in DOCUMENTED:
        with pytest.raises(ValueError, match="digest"):
            CustodyFact("A", fact, "said", "", DAY)
    with pytest.raises(ValueError, match="before"):
        CustodyFact("A", Fact.HOLDER, "FICC", "", DAY, DAY - timedelta(days=1))


def test_a_fact_comes_back_from_its_record() -> None:
    for fact in facts_of(FRBNY):
        assert fact_of(fact_record(fact)) == fact
    record = replace(fact_record(facts_of(FRBNY)[0]), content={"fact": "HOLDER"})
    with pytest.raises(ValueError, match="custody fact"):
        fact_of(record)
