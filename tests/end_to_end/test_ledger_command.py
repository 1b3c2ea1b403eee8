"""``xm ledger`` from the command line: a store made, shown, changed by hand, found out, rebuilt."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crossmargin.cli.main import app
from crossmargin.storage.books import open_books
from crossmargin.storage.schema import VERSION
from crossmargin.testing.books import BD_FCM, deposit, open_accounts, to_cme

PAST_ALL = ["--at", "2026-05-11T12:00-04:00", "--actor", "a", "--approver", "b"]


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["ledger", *arguments])
    return result.exit_code, result.stdout, result.stderr


def said(*arguments: str) -> Any:
    status, output, _ = run(*arguments, "--format", "json")
    assert status == 0
    return json.loads(output)


@pytest.fixture
def books(tmp_path: Path) -> str:
    """Return the address of a store with a deposit and margin at CME."""
    address = str(tmp_path / "books.db")
    assert run("create", address)[0] == 0
    store = open_books(address)
    with store.work() as work:
        open_accounts(work, BD_FCM, ["A"])
        work.ledger.post([deposit("d", "A", 100), *to_cme("m", "A", 60)])
        work.commit()
    store.close()
    return address


def test_a_store_is_made_once_and_nothing_is_read_where_there_is_none(
    books: str, tmp_path: Path
) -> None:
    status, _, remarks = run("create", books)
    assert (status, "already" in remarks) == (1, True)
    missing = tmp_path / "none.db"
    assert run("verify", "--books", str(missing))[0] == 1
    assert not missing.exists()


def test_accounts_balances_and_transfers_are_shown_and_filtered(books: str) -> None:
    kind = ("--kind", "CUSTOMER_FUTURES_ACCOUNT")
    (account,) = said("accounts", "--books", books, *kind)["accounts"]
    assert account["customer"] == "A"
    (balance,) = said("balances", "--books", books, *kind)["balances"]
    assert (balance["balance"], balance["side"]) == ("1.00", "credit")
    found = said("transfers", "--books", books, "--group", "m")["transfers"]
    assert [each["transfer_id"] for each in found] == ["m/0", "m/1"]
    assert said("transfers", "--books", books, "--kind", "WITHDRAWAL")["transfers"] == []
    status, table, _ = run("accounts", "--books", books, "--format", "csv")
    assert status == 0
    assert table.splitlines()[0].startswith("account,kind,holder")


def test_a_balance_changed_by_hand_is_found_and_rebuilt(books: str) -> None:
    assert said("verify", "--books", books)["verified"] is True
    with sqlite3.connect(books) as connection:
        connection.execute("UPDATE balance SET credits_posted = credits_posted + 1")
    connection.close()
    status, output, _ = run("verify", "--books", books, "--format", "json")
    assert status == 1
    checks = {each["check"] for each in json.loads(output)["findings"]}
    assert "BALANCE_IS_SUM_OF_TRANSFERS" in checks
    assert run("rebuild", "--books", books)[0] == 0
    assert said("verify", "--books", books)["verified"] is True


def test_a_lien_of_the_arrangement_is_entered_and_no_other(books: str) -> None:
    on = ("--on", "XM_SECURITIES_CUSTOMER_PROPERTY", "--document", "0" * 64)
    common = ("--books", books, "--bd-fcm", BD_FCM, *on, "--from", "2026-05-01", *PAST_ALL)
    status, _, remarks = run("lien", "L-1", *common, "--by", "FICC", "--to", "OTHER")
    assert (status, "CP-05" in remarks) == (1, True)
    assert run("lien", "L-2", *common, "--by", "CUSTOMER", "--to", "BD_FCM")[0] == 1
    assert run("lien", "L-3", *common, "--by", "BD_FCM", "--to", "FICC")[0] == 0
    assert [each["lien"] for each in said("liens", "--books", books)["liens"]] == ["L-3"]


def test_a_lien_ends_and_one_on_nobody_s_property_or_without_a_paper_is_refused(books: str) -> None:
    on = ("--on", "XM_SECURITIES_CUSTOMER_PROPERTY", "--by", "BD_FCM", "--to", "FICC")
    paper, since = ("--document", "0" * 64), ("--from", "2026-05-01")
    common = ("--books", books, *on, *since, *PAST_ALL)
    own = (*common, "--bd-fcm", BD_FCM)
    assert run("lien", "L", *own, *paper)[0] == 0
    status, _, remarks = run("lien", "M", *own, "--document", "abc", "--customer", "NOBODY")
    assert (status, "the file's SHA-256" in remarks, "NOBODY" in remarks) == (1, True, True)
    assert run("lien", "M", *common, "--bd-fcm", "NOBODY", *paper)[0] == 1
    assert run("lien", "L", *own, "--document", "1" * 64, "--until", "2026-05-20")[0] == 1
    assert run("lien", "L", *own, *paper, "--until", "2026-05-20")[0] == 0
    (lien,) = said("liens", "--books", books)["liens"]
    assert (lien["lien"], lien["last"]) == ("L", "2026-05-20")


def test_a_store_of_this_version_is_upgraded_to_itself(books: str) -> None:
    status, _, remarks = run("upgrade", "--books", books)
    assert (status, remarks) == (0, f"schema {VERSION}, now {VERSION}\n")


def test_a_place_is_stated_later_and_its_end_is_shown(tmp_path: Path) -> None:
    address, file = str(tmp_path / "later.db"), tmp_path / "place.toml"
    people = ["--books", address, *PAST_ALL]
    assert run("create", address)[0] == 0
    opening = Path(__file__).parents[2] / "docs" / "tutorial" / "bd-fcm-books.toml"
    assert run("open", str(opening), *people)[0] == 0
    (notice,) = [
        part
        for part in opening.read_text("utf-8").split("[[place.fact]]\n")
        if '"the 4(c) order"' in part
    ]
    place = '[[place]]\nkind = "SEGREGATED_BANK_ACCOUNT"\ncustodian = "BANK-ONE"\n'
    text = f'bd_fcm = "BD-FCM"\n{place}[[place.fact]]\n{notice.strip()}\nlast = 2026-05-20\n'
    file.write_text(text, "utf-8")
    status, _, remarks = run("place", str(file), *people)
    assert (status, remarks.strip().endswith("NOTICE/2026-05-01/until/2026-05-20")) == (0, True)
    missing = {
        day: {
            each["account"].rsplit("/", 1)[1]
            for each in said("places", "--books", address, "--on", day)["places"]
            if each["missing"] == "NOTICE"
        }
        for day in ("2026-05-20", "2026-05-21")
    }
    assert missing == {"2026-05-20": set(), "2026-05-21": {"BANK-ONE"}}
    file.write_text(text.replace("last = 2026-05-20", "last = 2026-04-20"), "utf-8")
    status, _, remarks = run("place", str(file), *people)
    assert (status, "no day before 2026-05-01" in remarks) == (1, True)
    table = run("places", "--books", address, "--on", "2026-05-21")[1]
    assert "BANK-ONE, 2026-05-21: lacks NOTICE" in " ".join(table.split())
