"""Names in a firm's file: nobody's and another's are refused with the entry, all at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.capacities import AccountClass, HeldAccount, Holding
from crossmargin.default_management.claims import Debts, TrusteeFacts
from crossmargin.default_management.holdings import Property
from crossmargin.default_management.payout import Event, Occasion
from crossmargin.services.defaults.firm import Firm, OutsideCustomer
from crossmargin.services.defaults.names import faults_of_names

OWNERS = {"BANK": "BANK", "BANK outside XM": "BANK", "FUND": "FUND"}
FIRM = Firm("F", Money(1), Money(1), file="firm.toml")


def outside(name: str) -> OutsideCustomer:
    return OutsideCustomer(name, Money(1), Property(Money(1)), Property(), ZERO)


def account(
    account_id: str, holder: str, held_as: Holding = Holding.ENTITY, on_behalf_of: str = ""
) -> HeldAccount:
    return HeldAccount(account_id, AccountClass.FUTURES, holder, held_as, Money(1), on_behalf_of)


def fields_of(firm: Firm) -> list[tuple[str, str]]:
    faults = faults_of_names(firm, OWNERS)
    assert all(each.file == "firm.toml" for each in faults if not each.field.startswith("--"))
    return [(each.field, each.value) for each in faults]


def test_a_customer_is_not_called_as_another_account_of_one_with_positions() -> None:
    named = replace(FIRM, outside=(outside("MILL"), outside("BANK outside XM"), outside("FUND")))
    assert fields_of(named) == [
        ("futures_customer 2 customer_id", "BANK outside XM"),
        ("futures_customer 3 customer_id", "FUND"),
    ]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (account("a1", "B (trustee)"), account("a2", "A", Holding.TRUSTEE, "B")),
        (account("a1", "A (guardian of B)"), account("a2", "A", Holding.GUARDIAN, "B")),
    ],
)
def test_claimants_in_two_capacities_are_not_called_alike(
    one: HeldAccount, other: HeldAccount
) -> None:
    alike = fields_of(replace(FIRM, trustee=TrusteeFacts(accounts=(one, other))))
    assert alike == [("account 1 holder", one.holder), ("account 2 holder", one.holder)]
    for each in (one, other):
        assert not fields_of(replace(FIRM, trustee=TrusteeFacts(accounts=(each,))))


def test_a_customer_called_as_a_trust_is_told_from_it() -> None:
    """The customer without positions and the account are both named: either name may change."""
    trust = TrusteeFacts(accounts=(account("a1", "A", Holding.TRUSTEE, "B"),))
    firm = replace(FIRM, outside=(outside("B (trustee)"),), trustee=trust)
    assert fields_of(firm) == [
        ("futures_customer 1 holder", "B (trustee)"),
        ("account 1 holder", "B (trustee)"),
    ]


def test_another_account_has_no_id_of_a_futures_account() -> None:
    facts = TrusteeFacts(accounts=(account("futures account of BANK", "BANK"),))
    assert fields_of(replace(FIRM, trustee=facts)) == [
        ("account 1 account_id", "futures account of BANK")
    ]


def test_every_unknown_name_is_refused_at_once_with_its_entry() -> None:
    def event(occasion: Occasion, claimant: str) -> Event:
        return Event(date(2030, 1, 1), occasion, claimant, Money(1), "said")

    firm = replace(
        FIRM,
        defaulters=("BANK", "NOBODY"),
        defaulters_asked=("NO-ONE",),
        at_bd_fcm={"FUND": Property(), "NONE": Property()},
        trustee=TrusteeFacts(debts={"FUND": Debts(), "TYPO": Debts()}, non_public=frozenset({"X"})),
        events=(
            event(Occasion.RECOVERY, "FUND"),
            event(Occasion.RECOVERY, "Y"),
            event(Occasion.DISALLOWED_CLAIM, "Z"),
        ),
    )
    assert fields_of(firm) == [
        ("default customers 2", "NOBODY"),
        ("customer 2 customer_id", "NONE"),
        ("--customer-defaults", "NO-ONE"),
        ("non_public", "X"),
        ("debt 2 claimant", "TYPO"),
        ("recovery 2 claimant", "Y"),
        ("disallowed_claim 1 claimant", "Z"),
    ]


def test_what_arrives_before_the_last_cycle_is_refused_though_the_firm_stands() -> None:
    early = Event(date(2020, 3, 5), Occasion.RECOVERY, "", Money(1), "early")
    firm = replace(FIRM, events=(replace(early, on=date(2020, 3, 6)), early))
    with pytest.raises(RefusedError) as caught:
        firm.refuse_early_events([None, None], date(2020, 3, 6))
    (refusal,) = caught.value.refusals
    assert (refusal.field, refusal.value, refusal.file) == (
        "recovery 2 on",
        "2020-03-05",
        "firm.toml",
    )
    with pytest.raises(RefusedError) as caught:
        firm.refuse_early_events([date(2020, 3, 9), None], date(2020, 3, 6))
    assert len(caught.value.refusals) == 2


def test_a_day_that_the_banks_calendar_does_not_know_is_refused() -> None:
    last = date(2059, 12, 31)
    late = Event(date(2060, 1, 1), Occasion.DISALLOWED_CLAIM, "FUND", Money(1), "late")
    firm = replace(FIRM, events=(replace(late, on=last), late))
    (refusal,) = firm.faults_of_late_events(last)
    assert (refusal.field, refusal.value) == ("disallowed_claim 2 on", "2060-01-01")
