"""The register of liens as use cases: what the papers say, and what is entered beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from crossmargin.basics.identifiers import customer_of
from crossmargin.basics.refusals import RefusedError
from crossmargin.ledger.liens import LIEN, Lien, Party, Property, lien_of, refusals_of_lien
from crossmargin.participation.documents import (
    DOCUMENT,
    DOCUMENT_ENDED,
    Document,
    DocumentKind,
    document_end_of,
    document_of,
)
from crossmargin.services.books.papers import Entry, read_record
from crossmargin.services.books.ports import Work

#: Papers that grant a lien, and who grants it to whom.
_GRANTED: Mapping[DocumentKind, tuple[Party, Party]] = {
    DocumentKind.PLEDGE_TO_BD_FCM: (Party.CUSTOMER, Party.BD_FCM),
    DocumentKind.SECURITY_INTEREST_TO_CME: (Party.BD_FCM, Party.CME),
}


def enter_lien(work: Work, lien: Lien, entry: Entry) -> str:
    """Enter a lien that no paper of the arrangement grants; return its record's id.

    Raises
    ------
    RefusedError
        If it is none of the permitted (CP-05): it is not entered, and whoever asked must be told.
    """
    refusals = refusals_of_lien(lien)
    if refusals:
        raise RefusedError(*refusals)
    record_id = f"lien/{lien.bd_fcm}/{lien.lien_id}/{lien.first.isoformat()}"
    work.records.add(entry.record(work, record_id, LIEN, lien.bd_fcm, lien.as_content()))
    return record_id


def register_of_liens(work: Work) -> tuple[Lien, ...]:
    """Return every lien: those that papers grant, until they end, and those entered beside them."""
    records = work.records.select(stream=DOCUMENT_ENDED)
    ends = {end.document_id: end.last for end in (read_record(r, document_end_of) for r in records)}
    papers = (read_record(each, document_of) for each in work.records.select(stream=DOCUMENT))
    granted = [
        _granted(paper, ends.get(paper.record_id, paper.last))
        for paper in papers
        if paper.kind in _GRANTED
    ]
    entered = [read_record(each, lien_of) for each in work.records.select(stream=LIEN)]
    return (*granted, *entered)


def _granted(paper: Document, last: date | None) -> Lien:
    customer = customer_of(paper.subject)
    granted_by, granted_to = _GRANTED[paper.kind]
    return Lien(
        lien_id=paper.record_id,
        bd_fcm=customer.bd_fcm,
        customer_id=customer.customer_id,
        granted_by=granted_by,
        granted_to=granted_to,
        on=Property.XM_SECURITIES_CUSTOMER_PROPERTY,
        document_sha256=paper.sha256,
        first=paper.first,
        last=last,
    )
