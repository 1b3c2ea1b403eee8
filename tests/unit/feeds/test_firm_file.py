"""The firm's file: what it says is read whole, and every fault is named with its key."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.capacities import AccountClass, Holding
from crossmargin.default_management.claims import Debts
from crossmargin.default_management.payout import Occasion
from crossmargin.feeds.defaults.firm import read_firm

TUTORIAL = Path(__file__).resolve().parents[3] / "docs" / "tutorial" / "failure.toml"
LEAST = 'bd_fcm = "F"\nresidual_interest = "1.00"\nadjusted_net_capital = "2.00"\n'


def faults(folder: Path, text: str) -> dict[str, str]:
    path = folder / "firm.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RefusedError) as caught:
        read_firm(path)
    assert all(each.value and each.rule for each in caught.value.refusals)
    return {each.field: each.expected for each in caught.value.refusals}


def test_the_file_of_the_tutorial_says_everything_it_can() -> None:
    loaded = read_firm(TUTORIAL)
    firm = loaded.firm
    assert len(loaded.sha256) == 64
    assert firm.residual_interest == Money(150_000_000_00)
    assert firm.defaulters == ("BASIS-FUND",)
    assert firm.beyond_margin_defaults
    assert firm.at_bd_fcm["ASSET-MANAGER"].cash == Money(5_000_000_00)
    merchant, plan = firm.outside
    assert merchant.at_cme.value == merchant.requirement
    assert plan.result == Money(-12_000_000_00)
    swaps = firm.trustee.accounts[1]
    assert (swaps.account_class, swaps.holder) == (AccountClass.CLEARED_SWAPS, "PENSION-PLAN")
    assert firm.trustee.debts["CURVE-FUND"] == Debts(Money(750_000_00), Money(250_000_00))
    (recovery,) = firm.events
    assert (recovery.on, recovery.occasion) == (date(2027, 9, 1), Occasion.RECOVERY)


def test_a_capacity_and_securities_are_read(tmp_path: Path) -> None:
    path = tmp_path / "firm.toml"
    path.write_text(
        LEAST
        + """non_public = ["INSIDER"]
        [[customer]]
        customer_id = "A"
        holder = "Ann"
        held_as = "guardian"
        on_behalf_of = "Bob"
        securities_at_bd_fcm = { "912810FT0" = 1000 }
        securities_value_at_bd_fcm = "990.00"
        """,
        encoding="utf-8",
    )
    firm = read_firm(path).firm
    capacity = firm.trustee.held_as("A").capacity
    assert (capacity.holder, capacity.held_as) == ("Ann", Holding.GUARDIAN)
    assert capacity.on_behalf_of == "Bob"
    assert firm.at_bd_fcm["A"].par_by_cusip == {"912810FT0": 1000}
    assert firm.trustee.non_public == {"INSIDER"}


def test_every_fault_is_named_at_once(tmp_path: Path) -> None:
    found = faults(
        tmp_path,
        """
        residual_interest = 5
        adjusted_net_capital = "-1.00"
        surplus = "1.00"
        non_public = "X"
        [default]
        beyond_margin = "yes"
        customers = [""]
        [[customer]]
        customer_id = "A"
        securities_at_bd_fcm = { "912810FT0" = 150 }
        [[customer]]
        customer_id = "A"
        held_as = "executor"
        [[futures_customer]]
        cash_at_cme = "1.001"
        [[account]]
        account_id = "x"
        class = "options"
        equity = "ten"
        [[recovery]]
        on = "2027-01-01"
        amount = "0.00"
        reason = "r"
        [[disallowed_claim]]
        on = 2027-01-01
        amount = "1.00"
        reason = "r"
        """,
    )
    assert set(found) == {
        "bd_fcm",
        "residual_interest",
        "adjusted_net_capital",
        "surplus",
        "non_public",
        "default beyond_margin",
        "default customers",
        "customer 1 securities_at_bd_fcm",
        "customer 2 customer_id",
        "customer 2 held_as",
        "futures_customer 1 customer_id",
        "futures_customer 1 requirement",
        "futures_customer 1 cash_at_cme",
        "account 1 class",
        "account 1 equity",
        "account 1 holder",
        "recovery 1 on",
        "recovery 1 amount",
        "disallowed_claim 1 claimant",
    }
    assert found["account 1 class"] == "one of futures, foreign_futures, cleared_swaps, delivery"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (LEAST + "default = 1\n", "default"),
        (LEAST + "customer = [1]\n", "customer"),
        (LEAST + '[[customer]]\ncustomer_id = "A"\nsecurities_value_at_bd_fcm = "1.00"\n', None),
        ("= nothing", "file"),
    ],
)
def test_what_is_no_table_or_no_toml_is_refused(
    tmp_path: Path, text: str, field: str | None
) -> None:
    assert set(faults(tmp_path, text)) == {field or "customer 1 securities_value_at_bd_fcm"}


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="readable TOML"):
        read_firm(tmp_path / "none.toml")
