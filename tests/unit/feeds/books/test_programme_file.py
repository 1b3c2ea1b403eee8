"""The file of a BD-FCM's places: every fault with its place, nothing half read."""

from __future__ import annotations

from pathlib import Path

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.books.programme import read_places

FRBNY, BANK = "FRBNY_SEGREGATED_ACCOUNT", "SEGREGATED_BANK_ACCOUNT"


def _faults(folder: Path, *places: tuple[str, str]) -> list[tuple[str, str]]:
    path = folder / "places.toml"
    tables = (f'[[place]]\nkind = "{kind}"\ncustodian = "{name}"\n' for kind, name in places)
    path.write_text("\n".join(('bd_fcm = "BD-FCM"', *tables)), encoding="utf-8")
    try:
        read_places(path)
    except RefusedError as error:
        return [(each.field, each.value) for each in error.refusals]
    return []


@pytest.mark.parametrize(
    ("kind", "name", "is_named"),
    [
        (FRBNY, "FRBNY", True),
        (BANK, "BANK-ONE", True),
        ("SEGREGATED_BANK", "BANK-ONE", True),
        (FRBNY, "Federal Reserve", False),
        (BANK, "FRBNY", False),
        ("SEGREGATED_BANK", "FRBNY", False),
    ],
)
def test_the_federal_reserve_has_one_name_which_no_bank_has(tmp_path, kind, name, is_named):
    assert _faults(tmp_path, (kind, name)) == ([] if is_named else [("place 1 custodian", name)])


def test_every_fault_is_said_and_each_once(tmp_path):
    assert _faults(tmp_path, ("BANK", "FRBNY"), (FRBNY, "a/b"), (BANK, "FRBNY")) == [
        ("place 1 kind", "BANK"),
        ("place 2 custodian", "a/b"),
        ("place 3 custodian", "FRBNY"),
    ]
