"""The tables of the books, and what the databases themselves refuse.

A transfer takes a path: a kind of transfer between two accounts, written once. A path that leaves
its holder, its segregation class, its BD-FCM or its customer, or that is no movement of the closed
table, violates a key or a check even when it is written by hand, and no transfer is without one.
Accounts, paths, transfers and records refuse to be changed or deleted.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.types import BigInteger, Integer

from crossmargin.ledger.custody import CUSTODY_FACT
from crossmargin.ledger.judgement import AMOUNT_MAX
from crossmargin.ledger.transfers import (
    OF_A_DECLARED_DEFAULT,
    OF_ANOTHERS_DEFAULT,
    TransferKind,
)

METADATA = MetaData()
#: Tables whose rows never change.
APPEND_ONLY = ("record", "chart", "movement", "account", "account_closing", "path", "transfer")


class WholeNumber(TypeDecorator[int]):
    """A whole number of 64 bits; 1.5, True and text are refused before any database sees them."""

    impl = BigInteger().with_variant(Integer, "sqlite")
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Refuse what is no whole number.

        Raises
        ------
        TypeError
            If the value is not an int.
        """
        if value is not None and type(value) is not int:
            raise TypeError(f"expected a whole number, was {value!r}")
        return value


def _sequence() -> Column[int]:
    # SQLite numbers rows only where the type is INTEGER.
    return Column(
        "sequence",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    )


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, nullable=False, primary_key=key)


def _side(side: str) -> tuple[Column[str], ...]:
    return tuple(
        _text(f"{side}_{name}") for name in ("account_id", "kind", "bd_fcm", "customer_id")
    )


def _account_of(side: str) -> ForeignKeyConstraint:
    """Return the key by which an account is of the path's holder and class, as the path says it."""
    own = (f"{side}_account_id", f"{side}_kind", "holder", "segregation_class")
    theirs = ("account_id", "kind", "holder", "segregation_class", "bd_fcm", "customer_id")
    return ForeignKeyConstraint(
        (*own, f"{side}_bd_fcm", f"{side}_customer_id"),
        tuple(f"account.{name}" for name in theirs),
        name=f"{side}ed_account_in_the_same_class",
    )


RECORD = Table(
    "record",
    METADATA,
    _sequence(),
    Column("record_id", Text, nullable=False, unique=True),
    _text("stream"),
    _text("subject"),
    _text("business_date"),
    _text("at"),
    _text("actor"),
    _text("approver"),
    _text("causes"),
    _text("content"),
    _text("digest"),
    CheckConstraint("record_id <> '' AND stream <> '' AND actor <> ''", name="record_is_named"),
    Index("record_by_stream", "stream", "subject", "business_date"),
    Index("record_by_date", "stream", "business_date"),
    Index("record_in_order", "stream", "sequence"),
    sqlite_strict=True,
)

MOVEMENT = Table(
    "movement",
    METADATA,
    _text("kind", key=True),
    _text("debit_kind", key=True),
    _text("credit_kind", key=True),
    sqlite_strict=True,
)

CHART = Table(
    "chart",
    METADATA,
    _text("kind", key=True),
    _text("holder", key=True),
    _text("segregation_class", key=True),
    sqlite_strict=True,
)

ACCOUNT = Table(
    "account",
    METADATA,
    _text("account_id", key=True),
    _text("kind"),
    _text("holder"),
    _text("segregation_class"),
    _text("bd_fcm"),
    _text("customer_id"),
    _text("custodian"),
    _text("opened"),
    _text("cause_id"),
    UniqueConstraint(
        "account_id",
        "kind",
        "holder",
        "segregation_class",
        "bd_fcm",
        "customer_id",
        name="account_as_transfers_name_it",
    ),
    ForeignKeyConstraint(
        ("kind", "holder", "segregation_class"),
        ("chart.kind", "chart.holder", "chart.segregation_class"),
        name="account_fits_the_chart",
    ),
    CheckConstraint(
        "account_id = kind || '/' || segregation_class || '/' || bd_fcm || '/' || customer_id"
        " || '/' || custodian",
        name="account_is_its_id",
    ),
    CheckConstraint("cause_id <> ''", name="account_has_a_cause"),
    sqlite_strict=True,
)

ACCOUNT_CLOSING = Table(
    "account_closing",
    METADATA,
    Column("account_id", Text, ForeignKey("account.account_id"), primary_key=True, nullable=False),
    _text("closed"),
    _text("cause_id"),
    sqlite_strict=True,
)

PATH = Table(
    "path",
    METADATA,
    Column("path_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    _text("kind"),
    _text("holder"),
    _text("segregation_class"),
    *_side("debit"),
    *_side("credit"),
    _account_of("debit"),
    _account_of("credit"),
    ForeignKeyConstraint(
        ("kind", "debit_kind", "credit_kind"),
        ("movement.kind", "movement.debit_kind", "movement.credit_kind"),
        name="movement_is_permitted",
    ),
    UniqueConstraint("debit_account_id", "credit_account_id", "kind", name="path_is_one"),
    CheckConstraint("debit_account_id <> credit_account_id", name="two_accounts"),
    CheckConstraint(
        "debit_bd_fcm = credit_bd_fcm OR debit_bd_fcm = '' OR credit_bd_fcm = ''",
        name="one_bd_fcm",
    ),
    CheckConstraint(
        "debit_customer_id = credit_customer_id OR debit_customer_id = ''"
        " OR credit_customer_id = ''",
        name="one_customer",
    ),
    Index("path_by_credit", "credit_account_id"),
    sqlite_strict=True,
)

TRANSFER = Table(
    "transfer",
    METADATA,
    _sequence(),
    _text("transfer_id"),
    _text("group_id"),
    Column("path_id", BigInteger().with_variant(Integer, "sqlite"), nullable=False),
    _text("asset"),
    Column("amount", WholeNumber, nullable=False),
    _text("business_date"),
    _text("at"),
    _text("cause_id"),
    _text("state"),
    Column("pending_id", Text, nullable=True),
    CheckConstraint(f"amount > 0 AND amount <= {AMOUNT_MAX}", name="amount_is_positive"),
    CheckConstraint("transfer_id <> '' AND group_id <> '' AND cause_id <> ''", name="is_named"),
    CheckConstraint(
        "(state IN ('POSTED', 'PENDING') AND pending_id IS NULL)"
        " OR (state IN ('POSTS_PENDING', 'VOIDS_PENDING') AND pending_id IS NOT NULL)",
        name="settles_a_pending_one",
    ),
    UniqueConstraint("transfer_id"),
    # PostgreSQL asks for both of all rows of a statement at once: see :func:`guards`.
    ForeignKeyConstraint(("path_id",), ("path.path_id",)).ddl_if(dialect="sqlite"),
    ForeignKeyConstraint(("pending_id",), ("transfer.transfer_id",)).ddl_if(dialect="sqlite"),
    # By group or by date alone nobody asks often enough to pay for it with every transfer.
    Index("transfer_by_path", "path_id"),
    sqlite_strict=True,
)
_SETTLES = TRANSFER.c.pending_id.is_not(None)
Index(
    "transfer_settles_once",
    TRANSFER.c.pending_id,
    unique=True,
    sqlite_where=_SETTLES,
    postgresql_where=_SETTLES,
)

BALANCE = Table(
    "balance",
    METADATA,
    Column("account_id", Text, ForeignKey("account.account_id"), primary_key=True, nullable=False),
    _text("asset", key=True),
    Column("debits_posted", WholeNumber, nullable=False),
    Column("credits_posted", WholeNumber, nullable=False),
    Column("debits_pending", WholeNumber, nullable=False),
    Column("credits_pending", WholeNumber, nullable=False),
    CheckConstraint(
        "debits_posted >= 0 AND credits_posted >= 0"
        " AND debits_pending >= 0 AND credits_pending >= 0",
        name="counters_only_count",
    ),
    sqlite_strict=True,
    sqlite_with_rowid=False,
    # Room for the next version of a row on the same page: its keys need no new entry then.
    postgresql_with={"fillfactor": 50},
)


#: Functions of PostgreSQL that look at other tables than the one they guard.
_ASKING = ("note_change", "refuse_undeclared", "refuse_without_key")
#: Which version of the schema this is: the newest of ``storage/migrations``.
VERSION = "0007"
SCHEMA_VERSION = Table(
    "alembic_version",
    METADATA,
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)


def guards(dialect: str) -> list[str]:
    """Return the statements after which rows of append-only tables cannot be changed.

    And after which no path of a kind that a declared default alone allows is written without one.
    On PostgreSQL also those after which every change of what a judgement asks for, by whomever,
    leaves the number of its transaction (SQLite counts by itself), and those after which no
    transfer is without its path and without what it settles: a key asks row by row, which costs
    as much as writing the row, and rows of both tables never go away.

    Parameters
    ----------
    dialect : str
        ``sqlite`` or ``postgresql``.
    """
    if dialect == "sqlite":
        return [
            *_sqlite_changes(),
            "CREATE TRIGGER path_needs_a_declared_default BEFORE INSERT ON path "
            f"WHEN {_undeclared('NEW')} "
            "BEGIN SELECT RAISE(ABORT, 'the default is not declared'); END",
        ]
    return [
        *_postgresql_changes(),
        "CREATE FUNCTION refuse_undeclared() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF {_undeclared('NEW')} THEN "
        "RAISE EXCEPTION 'the default is not declared'; END IF; RETURN NEW; END $$",
        "CREATE TRIGGER path_needs_a_declared_default BEFORE INSERT ON path "
        f"FOR EACH ROW WHEN (NEW.kind IN ({_names(OF_A_DECLARED_DEFAULT | OF_ANOTHERS_DEFAULT)})) "
        "EXECUTE FUNCTION refuse_undeclared()",
        *_postgresql_keys(),
        _own_tables(),
    ]


def _own_tables() -> str:
    """Return the statement after which what triggers ask is asked of the tables of their schema.

    Whoever writes by hand may look for tables elsewhere, a temporary one of the same name first.
    """
    names = ", ".join(f"'{name}'" for name in _ASKING)
    return (
        "DO $$ DECLARE name text; BEGIN "
        f"FOREACH name IN ARRAY ARRAY[{names}] LOOP "
        "EXECUTE 'ALTER FUNCTION ' || name || '() SET search_path = ' || "
        "quote_ident(current_schema()) || ', pg_temp'; END LOOP; END $$"
    )


def _undeclared(row: str) -> str:
    """Return the condition under which a new path is of a default that no record declares.

    A path is written with the first transfer that takes it, so it costs ordinary transfers nothing.
    """
    declared = "SELECT 1 FROM record WHERE stream = 'DEFAULT_DECLARATION'"
    own = f"subject IN ({row}.debit_bd_fcm, {row}.credit_bd_fcm)"
    return (
        f"({row}.kind IN ({_names(OF_A_DECLARED_DEFAULT)}) AND NOT EXISTS ({declared} AND {own}))"
        f" OR ({row}.kind IN ({_names(OF_ANOTHERS_DEFAULT)}) AND NOT EXISTS ({declared}"
        f" AND NOT {own}))"
    )


def _names(kinds: frozenset[TransferKind]) -> str:
    return ", ".join(f"'{kind}'" for kind in sorted(kinds))


def _sqlite_changes() -> list[str]:
    return [
        f"CREATE TRIGGER {table}_refuses_{event.lower()} BEFORE {event} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for table in APPEND_ONLY
        for event in ("UPDATE", "DELETE")
    ]


def _postgresql_changes() -> list[str]:
    refuse = (
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    refusing = [
        f"CREATE TRIGGER {table}_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in APPEND_ONLY
    ]
    return [refuse, *refusing, *_versions()]


def _postgresql_keys() -> list[str]:
    # Looked up by key whatever the planner once knew of the sizes of the tables: its plan is kept.
    by_key = "".join(f" SET enable_{each} = off" for each in ("hashjoin", "mergejoin", "seqscan"))
    missing = (
        "IF EXISTS (SELECT FROM written WHERE {given}NOT EXISTS (SELECT FROM {table} AS other "
        "WHERE other.{theirs} = written.{own})) "
        "THEN RAISE EXCEPTION '{said}' USING ERRCODE = 'foreign_key_violation'; END IF; "
    )
    path = missing.format(
        given="", table="path", theirs="path_id", own="path_id", said="a transfer takes no path"
    )
    pending = missing.format(
        given="written.pending_id IS NOT NULL AND ",
        table="transfer",
        theirs="transfer_id",
        own="pending_id",
        said="a transfer settles what is not there",
    )
    return [
        f"CREATE FUNCTION refuse_without_key() RETURNS trigger LANGUAGE plpgsql{by_key} AS "
        f"$$ BEGIN {path}{pending}RETURN NULL; END $$",
        "CREATE TRIGGER transfer_has_its_keys AFTER INSERT ON transfer "
        "REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_without_key()",
    ]


def _versions() -> list[str]:
    # The number of a transaction alone could come again in a store that was restored elsewhere, the
    # count alone after a transaction that was undone.
    statement = "FOR EACH STATEMENT EXECUTE FUNCTION note_change()"
    return [
        "CREATE TABLE ledger_version (changed_by BIGINT NOT NULL, changes BIGINT NOT NULL)",
        "INSERT INTO ledger_version VALUES (0, 0)",
        "CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN UPDATE ledger_version SET changed_by = pg_current_xact_id()::text::bigint, "
        "changes = changes + 1; RETURN NULL; END $$",
        "CREATE TRIGGER balance_has_a_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE "
        f"ON balance {statement}",
        f"CREATE TRIGGER account_has_a_version AFTER INSERT ON account {statement}",
        f"CREATE TRIGGER account_closing_has_a_version AFTER INSERT ON account_closing {statement}",
        "CREATE TRIGGER custody_fact_has_a_version AFTER INSERT ON record FOR EACH ROW "
        f"WHEN (NEW.stream = '{CUSTODY_FACT}') EXECUTE FUNCTION note_change()",
    ]
