"""Only the liens of the arrangement may be; they come back from their records."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from crossmargin.basics.records import Record
from crossmargin.ledger.liens import LIEN, Lien, Party, Property, lien_of, refusals_of_lien
from crossmargin.testing.books import AT, BD_FCM, DAY, OPENED

XM = Property.XM_SECURITIES_CUSTOMER_PROPERTY
PLEDGE = Lien("L-1", BD_FCM, "A", Party.CUSTOMER, Party.BD_FCM, XM, "0" * 64, OPENED)


@pytest.mark.parametrize(
    ("granted_by", "granted_to", "on"), list(product(Party, Party, Property)), ids=str
)
def test_three_liens_may_be_and_no_other(
    granted_by: Party, granted_to: Party, on: Property
) -> None:
    lien = replace(PLEDGE, granted_by=granted_by, granted_to=granted_to, on=on)
    permitted = {("CUSTOMER", "BD_FCM"), ("BD_FCM", "CME"), ("BD_FCM", "FICC")}
    may_be = (granted_by.value, granted_to.value) in permitted and on is XM
    refusals = refusals_of_lien(lien)
    assert (refusals == ()) is may_be
    assert all(granted_to.value in each.value for each in refusals)


def test_a_lien_is_in_force_from_its_first_day_to_its_last() -> None:
    lien = replace(PLEDGE, last=DAY)
    days = (OPENED - timedelta(days=1), OPENED, DAY, DAY + timedelta(days=1))
    assert [lien.is_in_force(day) for day in days] == [False, True, True, False]
    assert PLEDGE.is_in_force(DAY + timedelta(days=10_000))


@pytest.mark.parametrize(
    "changes",
    [{"document_sha256": ""}, {"customer_id": ""}, {"last": OPENED - timedelta(days=1)}],
    ids=["no digest", "no customer", "ends before it begins"],
)
def test_a_lien_that_makes_no_sense_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="L-1"):
        replace(PLEDGE, **changes)


def test_a_lien_comes_back_from_its_record() -> None:
    for lien in (PLEDGE, replace(PLEDGE, last=DAY)):
        record = Record("r", LIEN, BD_FCM, DAY, AT, "maker", lien.as_content(), approver="checker")
        assert lien_of(record) == lien
    with pytest.raises(ValueError, match="expected a lien"):
        lien_of(Record("r", LIEN, BD_FCM, DAY, AT, "maker", {"lien_id": "L"}))
