"""Where customers' property may be kept: the facts that must be in force before a deposit.

A clearing organization's securities account for the arrangement is kept at the Federal Reserve Bank
of New York or at a bank whose deposits are FDIC-insured, segregated, in an exact title, with a
notice that is kept and a contract that gives the place no lien (CFTC proposed order, 90 FR 58525,
section VIII(e)(vii)). Only two kinds of securities account may exist, XM and Segregated Customer
Margin; a third needs both Commissions' consent (section VIII(i)). A BD-FCM's own depositories need
a title and an acknowledgment letter (17 CFR 1.20).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal
from crossmargin.ledger.chart import Account, AccountKind, SegregationClass

#: Stream of the records that state a fact; the subject is the account's id.
CUSTODY_FACT = "CUSTODY_FACT"


class Fact(StrEnum):
    """What is stated of a place, in the order in which what is missing is named."""

    HOLDER = "HOLDER"
    EXACT_TITLE = "EXACT_TITLE"
    SCOPE = "SCOPE"
    FDIC_INSURED = "FDIC_INSURED"
    FEDERAL_RESERVE_PERMISSION = "FEDERAL_RESERVE_PERMISSION"
    NOTICE = "NOTICE"
    NO_LIEN_CONTRACT = "NO_LIEN_CONTRACT"
    ACKNOWLEDGMENT_LETTER = "ACKNOWLEDGMENT_LETTER"
    CFTC_CONSENT = "CFTC_CONSENT"
    SEC_CONSENT = "SEC_CONSENT"


class Scope(StrEnum):
    """Whose margin an account at a place may hold."""

    XM_ONLY = "XM_ONLY"
    XM_AND_SCM = "XM_AND_SCM"
    SCM_ONLY = "SCM_ONLY"
    OTHER = "OTHER"


#: Facts that rest on a document, whose digest must be given.
DOCUMENTED = frozenset(
    {
        Fact.FDIC_INSURED,
        Fact.FEDERAL_RESERVE_PERMISSION,
        Fact.NOTICE,
        Fact.NO_LIEN_CONTRACT,
        Fact.ACKNOWLEDGMENT_LETTER,
        Fact.CFTC_CONSENT,
        Fact.SEC_CONSENT,
    }
)
_PLACE = (Fact.HOLDER, Fact.EXACT_TITLE, Fact.SCOPE)
_DOCUMENTS = (Fact.NOTICE, Fact.NO_LIEN_CONTRACT)
_OWN = (Fact.HOLDER, Fact.EXACT_TITLE, Fact.ACKNOWLEDGMENT_LETTER)
_REQUIRED: Mapping[AccountKind, tuple[Fact, ...]] = {
    AccountKind.FRBNY_SEGREGATED_ACCOUNT: (*_PLACE, Fact.FEDERAL_RESERVE_PERMISSION, *_DOCUMENTS),
    AccountKind.SEGREGATED_BANK_ACCOUNT: (*_PLACE, Fact.FDIC_INSURED, *_DOCUMENTS),
    AccountKind.SEGREGATED_BANK: _OWN,
    AccountKind.SECURITIES_CUSTODY: _OWN,
}
_CONSENTS = (Fact.CFTC_CONSENT, Fact.SEC_CONSENT)
_SCOPES: Mapping[tuple[AccountKind, SegregationClass], frozenset[Scope]] = {
    (AccountKind.FRBNY_SEGREGATED_ACCOUNT, SegregationClass.FUTURES): frozenset(
        {Scope.XM_ONLY, Scope.XM_AND_SCM}
    ),
    (AccountKind.FRBNY_SEGREGATED_ACCOUNT, SegregationClass.SECURITIES): frozenset(
        {Scope.SCM_ONLY, Scope.XM_AND_SCM}
    ),
    (AccountKind.SEGREGATED_BANK_ACCOUNT, SegregationClass.FUTURES): frozenset({Scope.XM_ONLY}),
}
#: What a notice must name, by the scope of the account (order, section VIII(e)(vii)(2) and (3)).
RULE_15C3_3 = "15c3-3"
ORDER_4C = "4(c) order"
_NOTICE_NAMES: Mapping[tuple[AccountKind, Scope], tuple[str, ...]] = {
    (AccountKind.FRBNY_SEGREGATED_ACCOUNT, Scope.XM_ONLY): (RULE_15C3_3, ORDER_4C),
    (AccountKind.FRBNY_SEGREGATED_ACCOUNT, Scope.XM_AND_SCM): (RULE_15C3_3, ORDER_4C),
    (AccountKind.FRBNY_SEGREGATED_ACCOUNT, Scope.SCM_ONLY): (RULE_15C3_3,),
    (AccountKind.SEGREGATED_BANK_ACCOUNT, Scope.XM_ONLY): (ORDER_4C,),
}


@dataclass(frozen=True, slots=True)
class CustodyFact:
    """One fact of one account that is kept elsewhere.

    Parameters
    ----------
    account_id : str
    fact : Fact
    value : str
        The holder, the title, a :class:`Scope`; what a document names, such as ``4(c) order``.
    document_sha256 : str
        Of the document; empty where the fact rests on none.
    first : date
        From when on it is in force.
    last : date or None
        Until when, counted; None while it has no end.

    Raises
    ------
    ValueError
        If a documented fact has no digest, or its end is before its beginning.
    """

    account_id: str
    fact: Fact
    value: str
    document_sha256: str
    first: date
    last: date | None = None

    def __post_init__(self) -> None:
        if self.fact in DOCUMENTED and not self.document_sha256:
            raise ValueError(f"{self.fact} rests on a document: its digest is missing")
        if self.last is not None and self.last < self.first:
            raise ValueError(f"{self.fact} ends on {self.last}, before {self.first}")

    def is_in_force(self, on: date) -> bool:
        """Return whether the fact holds on a day."""
        return self.first <= on and (self.last is None or on <= self.last)

    def as_content(self) -> dict[str, object]:
        """Return what a record of the fact says."""
        return {
            "fact": self.fact.value,
            "value": self.value,
            "document_sha256": self.document_sha256,
            "first": self.first.isoformat(),
            "last": None if self.last is None else self.last.isoformat(),
        }


def fact_of(record: Record) -> CustodyFact:
    """Return the fact that a record states.

    Raises
    ------
    ValueError
        If it states none.
    """
    said = record.content
    try:
        last = said["last"]
        return CustodyFact(
            record.subject,
            Fact(str(said["fact"])),
            str(said["value"]),
            str(said["document_sha256"]),
            date.fromisoformat(str(said["first"])),
            None if last is None else date.fromisoformat(str(last)),
        )
    except KeyError as error:
        raise ValueError(f"expected a custody fact, was {record!r}") from error


def as_last_stated(facts: Iterable[CustodyFact]) -> tuple[CustodyFact, ...]:
    """Return facts as they stand: one stated again from the same day, with an end, is that one."""
    return tuple({(each.account_id, each.fact, each.first): each for each in facts}.values())


def missing_fact(account: Account, facts: Iterable[CustodyFact], on: date) -> str:
    """Return the first fact that an account lacks on a day, or an empty text.

    Parameters
    ----------
    account : Account
    facts : iterable of CustodyFact
        All that were stated of it, as written; of two in force that say the same kind of thing, the
        later one holds.
    on : date

    Returns
    -------
    str
        The :class:`Fact`; with what it must say and what it says, where it is there but wrong.

    Examples
    --------
    >>> bank = Account(AccountKind.SEGREGATED_BANK, SegregationClass.FUTURES, "FCM", "", "BANK-1")
    >>> missing_fact(bank, [], date(2026, 5, 11))
    'HOLDER'
    """
    holding = _holding(facts, on)
    for fact in _REQUIRED[account.kind]:
        if fact is Fact.FEDERAL_RESERVE_PERMISSION and _holds_no_xm(holding):
            continue  # what the account at FRBNY was before the arrangement (order, footnote 20)
        if fact not in holding:
            return fact.value
        fault = _fault_of(account, fact, holding)
        if fault:
            return f"{fact.value}: {fault}, was {holding[fact]}"
    return ""


def _holding(facts: Iterable[CustodyFact], on: date) -> dict[Fact, str]:
    return {each.fact: each.value for each in as_last_stated(facts) if each.is_in_force(on)}


def _holds_no_xm(holding: Mapping[Fact, str]) -> bool:
    return holding.get(Fact.SCOPE) == Scope.SCM_ONLY.value


def _fault_of(account: Account, fact: Fact, holding: Mapping[Fact, str]) -> str:
    """Return what a stated fact must say and does not, or an empty text."""
    said = holding[fact]
    if fact is Fact.HOLDER:
        holder = account.bd_fcm or account.terms.holder.value
        return "" if said == holder else holder
    if fact is Fact.SCOPE:
        allowed = _SCOPES[account.kind, account.segregation_class]
        return "" if said in allowed else " or ".join(sorted(allowed))
    if fact is Fact.NOTICE:
        names = _NOTICE_NAMES[account.kind, Scope(holding[Fact.SCOPE])]
        return "" if all(each in said for each in names) else " and ".join(names)
    return "" if said.strip() else "not empty"


def refusals_of_opening(facts: Iterable[CustodyFact], on: date) -> tuple[Refusal, ...]:
    """Return why FICC may not establish a securities account, every reason at once.

    Parameters
    ----------
    facts : iterable of CustodyFact
        What is stated of it: its scope, and for a third kind of account the consents.
    on : date
        When it is established.

    Returns
    -------
    tuple of Refusal
        None for an account for XM Customer Margin or Segregated Customer Margin. For any other, one
        for each Commission whose dated consent is not in force (CFTC proposed order, section
        VIII(i)(1)); with both it may be opened, and still holds no XM Customer Margin: no deposit
        of it is posted there (section VIII(e)(vii)(1)).

    Examples
    --------
    >>> third = CustodyFact("A", Fact.SCOPE, "OTHER", "", date(2026, 5, 1))
    >>> [each.field for each in refusals_of_opening([third], date(2026, 5, 1))]
    ['CFTC_CONSENT', 'SEC_CONSENT']
    """
    holding = _holding(facts, on)
    scope = holding.get(Fact.SCOPE, "")
    if scope in {Scope.XM_ONLY, Scope.XM_AND_SCM, Scope.SCM_ONLY}:
        return ()
    return tuple(
        Refusal(
            field=fact.value,
            value="none in force",
            expected=f"a dated consent to a securities account of scope {scope or 'unknown'}",
            rule="CFTC proposed order, section VIII(i)(1); CP-14",
        )
        for fact in _CONSENTS
        if fact not in holding
    )
