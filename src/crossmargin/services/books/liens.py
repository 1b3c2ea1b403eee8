"""The register of liens as use cases: what the papers say, and what is entered beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from crossmargin.basics.identifiers import customer_of
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.ledger.liens import LIEN, Lien, Party, Property, lien_of, refusals_of_lien
from crossmargin.participation.documents import (
    DOCUMENT,
    DOCUMENT_ENDED,
    Document,
    DocumentKind,
    document_end_of,
    document_of,
    sha256_faults,
)
from crossmargin.services.books.papers import Entry, read_record
from crossmargin.services.books.ports import Work

#: Papers that grant a lien, and who grants it to whom.
_GRANTED: Mapping[DocumentKind, tuple[Party, Party]] = {
    DocumentKind.PLEDGE_TO_BD_FCM: (Party.CUSTOMER, Party.BD_FCM),
    DocumentKind.SECURITY_INTEREST_TO_CME: (Party.BD_FCM, Party.CME),
}


def enter_lien(work: Work, lien: Lien, entry: Entry) -> str:
    """Enter a lien that no paper of the arrangement grants, or its end; return its record's id.

    One entered again from the same day with a last day ends then.

    Raises
    ------
    RefusedError
        If it is none of the permitted (CP-05), its agreement's digest is none, or the books know
        no such BD-FCM or customer: it is not entered, and whoever asked must be told.
    """
    refusals = [*refusals_of_lien(lien), *sha256_faults(lien.document_sha256)]
    if not work.ledger.accounts(bd_fcm=lien.bd_fcm, customer_id=lien.customer_id or None):
        whose = f"{lien.bd_fcm}/{lien.customer_id}".rstrip("/")
        refusals.append(Refusal("lien", whose, "whoever has accounts in the books", "CP-05"))
    begun = f"lien/{lien.bd_fcm}/{lien.lien_id}/{lien.first.isoformat()}"
    there = work.records.get(begun)
    if there is not None and _without_end(there.content) != _without_end(lien.as_content()):
        refusals.append(Refusal("lien", lien.lien_id, "the lien of that id and day", "CP-05"))
    if refusals:
        raise RefusedError(*refusals)
    record_id = begun if lien.last is None else f"{begun}/until/{lien.last.isoformat()}"
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
    entered = (read_record(each, lien_of) for each in work.records.select(stream=LIEN))
    standing = {(each.bd_fcm, each.lien_id, each.first): each for each in entered}
    return (*granted, *standing.values())


def _without_end(content: Mapping[str, object]) -> dict[str, object]:
    return {name: said for name, said in content.items() if name != "last"}


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
