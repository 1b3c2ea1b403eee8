"""Records in the database."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache, partial

from sqlalchemy import RowMapping, Select, bindparam, select

from crossmargin.basics.digest import canonical_json
from crossmargin.basics.records import Record
from crossmargin.ledger.custody import CUSTODY_FACT
from crossmargin.services.books.folds import Fold, KeptFolds, Row, S, WorkFolds
from crossmargin.services.books.ports import ConflictingRecordError
from crossmargin.storage.known import Remembered
from crossmargin.storage.schema import RECORD
from crossmargin.storage.session import Session

_DIGEST_OF = select(RECORD.c.digest).where(RECORD.c.record_id == bindparam("record_id"))
_BY_ID = select(RECORD).where(RECORD.c.record_id == bindparam("record_id"))
_CONDITIONS = {
    "stream": RECORD.c.stream == bindparam("stream"),
    "subject": RECORD.c.subject == bindparam("subject"),
    "first": RECORD.c.business_date >= bindparam("first"),
    "last": RECORD.c.business_date <= bindparam("last"),
}


@cache
def _selecting(asked: tuple[str, ...]) -> Select[tuple[object, ...]]:
    """Return the query of some conditions: made once, for it costs as much as running it."""
    query = select(RECORD).order_by(RECORD.c.sequence)
    return query.where(*(_CONDITIONS[name] for name in asked))


class SqlRecords:
    """Records, in the order in which they were written.

    Parameters
    ----------
    session : Session
    remembered : Remembered
        Of which a custody fact makes a part untrue.
    kept : KeptFolds
        The states of folds that the store keeps.
    """

    def __init__(self, session: Session, remembered: Remembered, kept: KeptFolds) -> None:
        self._session = session
        self._remembered = remembered
        #: What this work has of the states.
        self.folds = WorkFolds(kept, self._rows)

    def add(self, record: Record) -> bool:
        """Write a record; return False if it was there already."""
        with self._session.writing() as connection:
            if record.stream == CUSTODY_FACT:
                self._remembered.missing_facts.clear()
            found = connection.execute(_DIGEST_OF, {"record_id": record.record_id}).scalar()
            if found is not None:
                if found != record.digest:
                    raise ConflictingRecordError(
                        f"{record.record_id} exists and says something else"
                    )
                return False
            self.folds.wrote()
            connection.execute(
                RECORD.insert(),
                {
                    "record_id": record.record_id,
                    "stream": record.stream,
                    "subject": record.subject,
                    "business_date": record.business_date.isoformat(),
                    "at": record.at.isoformat(),
                    "actor": record.actor,
                    "approver": record.approver,
                    "causes": canonical_json(list(record.causes)),
                    "content": canonical_json(record.content),
                    "digest": record.digest,
                },
            )
        return True

    def get(self, record_id: str) -> Record | None:
        """Return a record, or None."""
        with self._session.reading() as connection:
            row = connection.execute(_BY_ID, {"record_id": record_id}).mappings().first()
        return None if row is None else _record(row)

    def select(
        self,
        *,
        stream: str | None = None,
        subject: str | None = None,
        first: date | None = None,
        last: date | None = None,
    ) -> tuple[Record, ...]:
        """Return the records that fit, as written."""
        given = {
            "stream": stream,
            "subject": subject,
            "first": None if first is None else first.isoformat(),
            "last": None if last is None else last.isoformat(),
        }
        values = {name: value for name, value in given.items() if value is not None}
        with self._session.reading() as connection:
            rows = connection.execute(_selecting(tuple(values)), values).mappings().all()
        return tuple(_record(row) for row in rows)

    def folded(self, fold: Fold[S]) -> S:
        """Return what a fold makes of everything written so far."""
        return self.folds.read(fold)

    def _rows(self, streams: tuple[str, ...], first: int) -> list[Row]:
        query = (
            select(RECORD)
            .where(RECORD.c.stream.in_(streams), RECORD.c.sequence >= first)
            .order_by(RECORD.c.sequence)
        )
        with self._session.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return [(row["sequence"], row["digest"], partial(_record, row)) for row in rows]


def _record(row: RowMapping) -> Record:
    return Record(
        record_id=row["record_id"],
        stream=row["stream"],
        subject=row["subject"],
        business_date=date.fromisoformat(row["business_date"]),
        at=datetime.fromisoformat(row["at"]),
        actor=row["actor"],
        approver=row["approver"],
        causes=tuple(json.loads(row["causes"])),
        content=json.loads(row["content"]),
    )
