"""The databases themselves refuse what the ledger would never write, written by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError

from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.judgement import AMOUNT_MAX
from crossmargin.storage.books import create_books
from crossmargin.storage.connecting import connect
from crossmargin.storage.schema import (
    ACCOUNT,
    APPEND_ONLY,
    BALANCE,
    METADATA,
    MOVEMENT,
    PATH,
    TRANSFER,
    WholeNumber,
)
from crossmargin.testing.books import (
    BD_FCM,
    OTHER_BD_FCM,
    account,
    deposit,
    open_accounts,
    withdrawal,
)

K = AccountKind
DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="module", params=DATABASES)
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """Yield each database in turn, with two BD-FCMs and a deposit; tests commit nothing else."""
    database = str(tmp_path_factory.mktemp("by-hand") / "books.db")
    if request.param == "postgresql":
        database = request.getfixturevalue("postgresql_of_module")
    books = create_books(database)
    with books.work() as work:
        open_accounts(work, BD_FCM, ("A", "B"))
        open_accounts(work, OTHER_BD_FCM, ("A",))
        work.ledger.post([deposit("d", "A", 100)])
        work.commit()
    books.close()
    engine = connect(database)
    yield engine
    engine.dispose()


def good_path(connection: Connection) -> dict[str, object]:
    """Return the path of deposits of A, as another."""
    row = dict(connection.execute(select(PATH)).mappings().one())
    del row["path_id"]
    return row


def good_row(connection: Connection) -> dict[str, object]:
    """Return the deposit's row under another id."""
    row = dict(connection.execute(select(TRANSFER)).mappings().one())
    del row["sequence"]
    return {**row, "transfer_id": "by hand"}


def side(name: str, kind: AccountKind, customer: str = "", bd_fcm: str = BD_FCM) -> dict[str, str]:
    """Return the columns of one side of a transfer."""
    one = account(kind, customer, bd_fcm=bd_fcm)
    return {
        f"{name}_account_id": one.account_id,
        f"{name}_kind": kind.value,
        f"{name}_bd_fcm": one.bd_fcm,
        f"{name}_customer_id": one.customer_id,
    }


PATHS: dict[str, dict[str, object]] = {
    "another class": side("debit", K.HOUSE_BANK),
    "another class, said otherwise": {"segregation_class": "PROPRIETARY"},
    "another holder": side("debit", K.CME_CUSTODY),
    "another BD-FCM": side("debit", K.SEGREGATED_BANK, bd_fcm=OTHER_BD_FCM),
    "another BD-FCM, said otherwise": {
        **side("debit", K.SEGREGATED_BANK, bd_fcm=OTHER_BD_FCM),
        "debit_bd_fcm": BD_FCM,
    },
    "another customer": side("debit", K.FICC_XM_MARGIN, "B"),
    "another customer, said otherwise": {
        **side("debit", K.FICC_XM_MARGIN, "B"),
        "debit_customer_id": "A",
    },
    "another kind of account than is said": {
        **side("debit", K.FICC_XM_MARGIN, "A"),
        "debit_kind": "SEGREGATED_BANK",
    },
    "no such movement": {"kind": "WITHDRAWAL"},
    "no such kind of transfer": {"kind": "GIFT"},
    "an account that is not there": {"debit_account_id": "SEGREGATED_BANK/FUTURES/FCM-1//BANK-9"},
    "one account twice": side("debit", K.CUSTOMER_FUTURES_ACCOUNT, "A"),
    "the same path": {},
}


@pytest.mark.parametrize("changes", PATHS.values(), ids=PATHS)
def test_a_path_written_by_hand_is_refused(engine: Engine, changes: dict[str, object]) -> None:
    with engine.connect() as connection:
        row = {**good_path(connection), **changes}
        with pytest.raises(DBAPIError):
            connection.execute(PATH.insert(), row)


def test_a_path_without_a_fault_is_taken(engine: Engine) -> None:
    with engine.connect() as connection:
        another = side("credit", K.CUSTOMER_FUTURES_ACCOUNT, "B")
        connection.execute(PATH.insert(), {**good_path(connection), **another})
        assert len(connection.execute(select(PATH)).all()) == 2


TRANSFERS: dict[str, dict[str, object]] = {
    "no such path": {"path_id": 99},
    "no path": {"path_id": None},
    "nothing": {"amount": 0},
    "less than nothing": {"amount": -1},
    "more than may be": {"amount": AMOUNT_MAX + 1},
    "no id": {"transfer_id": ""},
    "no group": {"group_id": ""},
    "no cause": {"cause_id": ""},
    "the same id": {"transfer_id": "d"},
    "no such state": {"state": "GUESSED"},
    "settles nothing": {"state": "POSTS_PENDING"},
    "posted, and settles": {"pending_id": "d"},
    "settles what is not there": {"state": "POSTS_PENDING", "pending_id": "none"},
}


@pytest.mark.parametrize("changes", TRANSFERS.values(), ids=TRANSFERS)
def test_a_transfer_written_by_hand_is_refused(engine: Engine, changes: dict[str, object]) -> None:
    with engine.connect() as connection:
        row = {**good_row(connection), **changes}
        with pytest.raises(DBAPIError):
            connection.execute(TRANSFER.insert(), row)


def test_the_same_transfer_without_a_fault_is_taken(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(TRANSFER.insert(), good_row(connection))
        assert len(connection.execute(select(TRANSFER)).all()) == 2


def test_a_table_of_the_writer_stands_in_for_none_of_the_books(engine: Engine) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("a trigger of SQLite looks at its own database alone")
    with engine.connect() as connection:
        row = {**good_row(connection), "path_id": 10**6}
        connection.exec_driver_sql("CREATE TEMPORARY TABLE path (path_id BIGINT)")
        connection.exec_driver_sql("INSERT INTO pg_temp.path VALUES (1000000)")
        with pytest.raises(DBAPIError, match="takes no path"):
            connection.execute(TRANSFER.insert(), row)


def test_who_names_the_schema_writes_as_who_has_it_on_the_path(engine: Engine) -> None:
    if engine.dialect.name != "postgresql":
        pytest.skip("SQLite has no schemas")
    with engine.connect() as connection:
        row, given = good_row(connection), connection.exec_driver_sql("SELECT current_schema()")
        named = connection.execution_options(schema_translate_map={None: given.scalar_one()})
        named.exec_driver_sql("SET LOCAL search_path = ''")
        named.execute(TRANSFER.insert(), row)
        assert len(named.execute(select(TRANSFER)).all()) == 2
        settles = {**row, "transfer_id": "settles", "state": "POSTS_PENDING", "pending_id": "no"}
        with pytest.raises(DBAPIError, match="settles what is not there"):
            named.execute(TRANSFER.insert(), settles)


def test_a_transfer_and_what_settles_it_are_written_in_one_statement(engine: Engine) -> None:
    with engine.connect() as connection:
        row = good_row(connection)
        pending = {**row, "transfer_id": "waits", "state": "PENDING"}
        posts = {**row, "state": "POSTS_PENDING", "pending_id": "waits"}
        connection.execute(TRANSFER.insert().values([pending, posts]))
        assert len(connection.execute(select(TRANSFER)).all()) == 3


def test_a_pending_transfer_is_settled_once(engine: Engine) -> None:
    with engine.connect() as connection:
        row = good_row(connection)
        connection.execute(TRANSFER.insert(), {**row, "state": "PENDING"})
        settled = {**row, "state": "POSTS_PENDING", "pending_id": "by hand"}
        connection.execute(TRANSFER.insert(), {**settled, "transfer_id": "once"})
        with pytest.raises(DBAPIError):
            connection.execute(TRANSFER.insert(), {**settled, "transfer_id": "twice"})


ACCOUNTS = {
    "an id that says otherwise": {"customer_id": "C"},
    "a class that its kind has not": {
        "account_id": "HOUSE_BANK/FUTURES/FCM-1//",
        "kind": "HOUSE_BANK",
        "customer_id": "",
    },
    "a holder that its kind has not": {
        "account_id": "CUSTOMER_FUTURES_ACCOUNT/FUTURES/FCM-1/D/",
        "customer_id": "D",
        "holder": "CME",
    },
    "no cause": {
        "account_id": "CUSTOMER_FUTURES_ACCOUNT/FUTURES/FCM-1/D/",
        "customer_id": "D",
        "cause_id": "",
    },
}


@pytest.mark.parametrize("changes", ACCOUNTS.values(), ids=ACCOUNTS)
def test_an_account_written_by_hand_is_refused(engine: Engine, changes: dict[str, object]) -> None:
    owed = account(K.CUSTOMER_FUTURES_ACCOUNT, "A")
    with engine.connect() as connection:
        query = select(ACCOUNT).where(ACCOUNT.c.account_id == owed.account_id)
        row = {**connection.execute(query).mappings().one(), **changes}
        with pytest.raises(DBAPIError):
            connection.execute(ACCOUNT.insert(), row)


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_no_row_of_an_append_only_table_is_changed_or_deleted(engine: Engine, table: str) -> None:
    column = next(iter(METADATA.tables[table].columns)).name
    statements = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]  # noqa: S608
    if engine.dialect.name == "postgresql":
        statements.append(f"TRUNCATE {table} CASCADE")
    for statement in statements:
        with engine.connect() as connection:
            owed = account(K.CUSTOMER_FUTURES_ACCOUNT, "B").account_id
            closing = {"account_id": owed, "closed": "2026-06-01", "cause_id": "cause"}
            # A trigger of a row needs one.
            connection.execute(METADATA.tables["account_closing"].insert(), closing)
            with pytest.raises(DBAPIError, match="append-only"):
                connection.exec_driver_sql(statement)


def test_a_balance_has_no_counter_below_nothing(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(DBAPIError):
        connection.execute(BALANCE.update().values(debits_posted=-1))


@pytest.mark.parametrize("value", [1.5, True, "1"])
def test_what_is_no_whole_number_never_reaches_a_database(engine: Engine, value: object) -> None:
    assert isinstance(TRANSFER.c.amount.type, WholeNumber)
    with engine.connect() as connection, pytest.raises(Exception, match="whole number"):
        connection.execute(TRANSFER.insert(), {**good_row(connection), "amount": value})


def test_the_movements_of_the_ledger_are_those_of_the_database(engine: Engine) -> None:
    from crossmargin.ledger.transfers import MOVEMENTS

    with engine.connect() as connection:
        found = {tuple(row) for row in connection.execute(select(MOVEMENT))}
    assert found == {
        (kind.value, debit.value, credit.value)
        for kind, pairs in MOVEMENTS.items()
        for debit, credit in pairs
    }


def test_sqlite_waits_for_the_disk_and_holds_to_its_keys(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        pytest.skip("a setting of SQLite")
    with engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_withdrawal_by_hand_beyond_the_balance_is_found_on_reading(database: str) -> None:
    from crossmargin.ledger.verification import Check, LedgerImage, verify

    books = create_books(database)
    with books.work() as work:
        open_accounts(work, BD_FCM, ("A",))
        work.ledger.post([deposit("d", "A", 100), withdrawal("w", "A", 100)])
        work.commit()
    engine = connect(database)
    with engine.begin() as connection:
        query = select(TRANSFER).where(TRANSFER.c.transfer_id == "w")
        row = dict(connection.execute(query).mappings().one())
        del row["sequence"]
        connection.execute(TRANSFER.insert(), {**row, "transfer_id": "again"})
    engine.dispose()
    with books.work() as work:
        ledger = work.ledger
        image = LedgerImage(ledger.accounts(), ledger.transfers(), ledger.balances())
        found = {each.check for each in verify(image)}
    assert {Check.NORMAL_SIDE, Check.BALANCE_IS_SUM_OF_TRANSFERS} <= found
    books.close()
