"""Held and owed: what is read, and every fault by line and column."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.ccp_failure import CustomersPool
from crossmargin.default_management.cme_failure import (
    AllocatedLoss,
    ClaimAtCme,
    CmePosition,
    EstateOf,
    MemberAccount,
    PropertyAtCme,
)
from crossmargin.default_management.entitlements import EntitlementHolder, MarginClass
from crossmargin.default_management.ficc_failure import FiccPosition, Interest, Owed, Secured
from crossmargin.feeds.defaults.held_and_owed import read_cme_position, read_ficc_position
from crossmargin.ledger.assets import CASH, security

HEADER = "section,place,bd_fcm,account,class,customer,asset,amount\n"
FICC = f"""{HEADER}HELD,FRBNY,,,,,USD,500.25
HELD,FRBNY,,,,,91282CMS7,200
IN_TRANSIT,BANK1,,,,,91282CMS7,100
SECURED,LENDER,,,,,USD,1
OWED,,BD1,,XM,A,USD,310
OWED,,BD2,,SCM,,91282CMS7,300
PRICE,,,,,,91282CMS7,99.5
CLAIM,,BD1,,,A,,400
CLAIM,,BD1,,,B,,-3.50
PROPERTY,,BD1,,,,,120
"""
CME = f"""{HEADER}HELD,CUSTODY,,CUSTOMER,futures,,,500
HELD,GUARANTY_FUND,,,,,,20
OWED,,BD1,CUSTOMER,futures,A,,-310.10
OWED,,BD1,HOUSE,futures,,,90
ALLOCATED_LOSS,,BD1,HOUSE,futures,,,5
PROPERTY,,BD1,,,,,120
"""
NOTE = security("91282CMS7")


def written(folder: Path, text: str) -> Path:
    path = folder / "held.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_ficc_holds_and_owes_is_read_exactly(tmp_path: Path) -> None:
    position, file = read_ficc_position(written(tmp_path, FICC))
    assert position == FiccPosition(
        (
            Interest("FRBNY", CASH, 500_25),
            Interest("FRBNY", NOTE, 200),
            Interest("BANK1", NOTE, 100, is_in_transit=True),
        ),
        (Secured("LENDER", CASH, 100),),
        (
            Owed(EntitlementHolder("BD1", MarginClass.XM), "A", CASH, 310_00),
            Owed(EntitlementHolder("BD2", MarginClass.SCM), "", NOTE, 300),
        ),
        {NOTE.code: Fraction(199, 200)},
        {"BD1": CustomersPool({"A": Money(400_00), "B": Money(-350)}, Money(120_00))},
    )
    assert (file.name, file.row_count) == ("held.csv", 10)


def test_what_cme_holds_and_owes_is_read_exactly(tmp_path: Path) -> None:
    position, _ = read_cme_position(written(tmp_path, CME))
    customers, house = (EstateOf(each, AccountClass.FUTURES) for each in MemberAccount)
    assert position == CmePosition(
        (
            ClaimAtCme("BD1", customers, "A", Money(-310_10)),
            ClaimAtCme("BD1", house, "", Money(90_00)),
        ),
        (AllocatedLoss("BD1", house, Money(5_00)),),
        (
            PropertyAtCme("CUSTODY", customers, Money(500_00)),
            PropertyAtCme("GUARANTY_FUND", None, Money(20_00)),
        ),
        {"BD1": CustomersPool({}, Money(120_00))},
    )


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ("NOTHING,,,,,,,1", ["section"]),
        ("HELD,,,,,,USD,1", ["place"]),
        ("HELD,FRBNY,BD1,,,,USD,1", ["bd_fcm"]),
        ("HELD,FRBNY,,,,,912810FT1,1", ["asset"]),
        ("HELD,FRBNY,,,,,USD,-1", ["amount"]),
        ("HELD,FRBNY,,,,,912810FT0,1.5", ["amount"]),
        ("OWED,,BD1,,FUTURES,A,USD,x", ["amount", "class"]),
        ("OWED,,B/1,,XM,A,USD,1", ["bd_fcm"]),
        ("PRICE,,,,,,912810FT0,0", ["amount"]),
        ("PRICE,,,,,,912810FT0,1/0", ["amount"]),
        ("HELD,FRBNY,,,,,USD,1\nHELD,FRBNY,,,,,USD,1", ["section"]),
        ("HELD,FRBNY", ["row"]),
    ],
)
def test_every_fault_of_a_row_of_ficc_is_named(tmp_path: Path, row: str, fields: list[str]) -> None:
    with pytest.raises(RefusedError) as caught:
        read_ficc_position(written(tmp_path, f"{HEADER}{row}\n"))
    assert [each.field for each in caught.value.refusals] == fields
    assert {each.line for each in caught.value.refusals} <= {2, 3}


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ("HELD,CUSTODY,,CUSTOMER,,,,1", ["class"]),
        ("OWED,,BD1,HOUSE,futures,A,,1", ["customer"]),
        ("OWED,,BD1,OTHER,bonds,,,1", ["account", "class"]),
        ("ALLOCATED_LOSS,,BD1,HOUSE,futures,,,-1", ["amount"]),
    ],
)
def test_every_fault_of_a_row_of_cme_is_named(tmp_path: Path, row: str, fields: list[str]) -> None:
    with pytest.raises(RefusedError) as caught:
        read_cme_position(written(tmp_path, f"{HEADER}{row}\n"))
    assert [each.field for each in caught.value.refusals] == fields


def test_a_file_that_is_empty_or_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="the file is empty"):
        read_ficc_position(written(tmp_path, ""))
    with pytest.raises(RefusedError, match="a readable file"):
        read_ficc_position(tmp_path / "none.csv")
    with pytest.raises(RefusedError, match="a column amount"):
        read_ficc_position(written(tmp_path, "section,place\nHELD,FRBNY\n"))


def test_faults_of_every_kind_are_said_at_once(tmp_path: Path) -> None:
    """A bad CUSIP and negative par on one line, a cell that lacks, half a cent, no section."""
    text = HEADER + (
        "HELD,FRBNY,,,,,91282CMS8,-5\nOWED,,,,XM,A,USD,1.001\nFOO,,,,,,,1\nOWED,,BD1,,,A,BAD,1\n"
    )
    with pytest.raises(RefusedError) as caught:
        read_ficc_position(written(tmp_path, text))
    assert [(each.line, each.field) for each in caught.value.refusals] == [
        (2, "amount"),
        (2, "asset"),
        (3, "amount"),
        (3, "bd_fcm"),
        (4, "section"),
        (5, "asset"),
        (5, "class"),
    ]
