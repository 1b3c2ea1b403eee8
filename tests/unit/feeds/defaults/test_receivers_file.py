"""The file of receivers: read whole, or refused with every key that is wrong."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.porting.customers import Carriage, Standing
from crossmargin.default_management.porting.refusals import Ground
from crossmargin.feeds.defaults.receivers import read_receivers
from crossmargin.services.porting.inputs import PortingFile

TUTORIAL = Path(__file__).resolve().parents[4] / "docs" / "tutorial" / "receivers.toml"
ONE = """
[[receiver]]
receiver_id = "NORTH"
accepts = ["XM", "FUTURES"]
adjusted_net_capital = "8.80"
risk_margin = "40.00"
"""


def read(tmp_path: Path, text: str) -> PortingFile:
    path = tmp_path / "receivers.toml"
    path.write_text(text, encoding="utf-8")
    return read_receivers(path)


def refused(tmp_path: Path, text: str) -> dict[str, str]:
    with pytest.raises(RefusedError) as caught:
        read(tmp_path, text)
    assert {each.file for each in caught.value.refusals} == {"receivers.toml"}
    return {each.field: each.expected for each in caught.value.refusals}


def test_the_least_that_a_receiver_is_said_to_be(tmp_path: Path) -> None:
    (north,) = read(tmp_path, ONE).receivers
    assert north.accepts == {Carriage.XM, Carriage.FUTURES}
    assert (north.adjusted_net_capital, north.risk_margin) == (Money(8_80), Money(40_00))
    assert (north.agreement, north.accounts_max, north.margin_max) == (None, None, None)
    assert north.house_add_on == 0
    assert not north.finishes_onboarding_later


def test_the_tutorials_file_is_read_whole() -> None:
    file = read_receivers(TUTORIAL)
    assert [each.receiver_id for each in file.receivers] == ["HARBOR", "LAKE", "NORTH", "SOUTH"]
    north = file.receivers[2]
    assert north.house_add_on == Fraction(1, 10)
    assert len(north.registrations) == 4
    assert north.agreement is not None
    assert north.agreement.first == date(2026, 1, 5)
    assert north.knowledge_of("REPO-CUSTOMER").is_related
    assert file.facts_of("PARTNER-ACCOUNT").standing is Standing.INSIDER
    assert file.facts_of("LATE-PAYER").net_equity == Money(-180_000_00)
    assert file.facts_of("BASIS-FUND").agreements.keys() == {"PARTICIPATION_AND_SUBORDINATION"}
    assert [each.ground for each in file.ficc_refusals] == [Ground.RISK, Ground.OTHER]
    assert [each.stands for each in file.ficc_refusals] == [True, False]


def test_every_fault_is_named_with_its_key(tmp_path: Path) -> None:
    text = """
colour = "red"
available = "-1.00"

[[receiver]]
receiver_id = "NORTH"
accepts = ["SWAPS"]
adjusted_net_capital = "1.005"
house_add_on = "-0.10"
accounts_max = -1
margin_max = 5
finishes_onboarding_later = "yes"
agreement_sha256 = "abc"

[[receiver]]
receiver_id = "NORTH"
accepts = []
adjusted_net_capital = "1.00"
risk_margin = "1.00"

[[registration]]
receiver_id = "NOBODY"
kind = "BANK"
lei = "1"
first = "2015-01-02"

[[known_customer]]
receiver_id = "NORTH"

[[customer]]
customer_id = ""
standing = "FRIEND"
agreements = ["a"]

[[ficc_refusal]]
customer_id = "FUND"
receiver_id = "NORTH"
ground = "MOOD"
"""
    assert set(refused(tmp_path, text)) == {
        "colour",
        "available",
        "receiver 1 accepts",
        "receiver 1 adjusted_net_capital",
        "receiver 1 risk_margin",
        "receiver 1 house_add_on",
        "receiver 1 accounts_max",
        "receiver 1 margin_max",
        "receiver 1 finishes_onboarding_later",
        "receiver 1 agreement_sha256",
        "receiver 1 agreement_first",
        "receiver 2 receiver_id",
        "registration 1 receiver_id",
        "registration 1 kind",
        "registration 1 lei",
        "registration 1 first",
        "known_customer 1 customer_id",
        "customer 1 customer_id",
        "customer 1 standing",
        "customer 1 agreements",
        "ficc_refusal 1 ground",
        "ficc_refusal 1 said",
    }


def test_a_customer_is_known_to_a_receiver_once(tmp_path: Path) -> None:
    known = '\n[[known_customer]]\nreceiver_id = "NORTH"\ncustomer_id = "FUND"\n'
    found = refused(tmp_path, ONE + known + known)
    assert found == {"known_customer 2 customer_id": "each once for a receiver"}


@pytest.mark.parametrize("text", ["", "receiver = 3"])
def test_a_file_without_receivers_is_refused(tmp_path: Path, text: str) -> None:
    assert refused(tmp_path, text)


def test_a_file_that_is_no_toml_or_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="readable TOML"):
        read(tmp_path, "[[receiver")
    with pytest.raises(RefusedError, match="readable TOML"):
        read_receivers(tmp_path / "none.toml")
