"""Small books for tests and benchmarks: two BD-FCMs, some customers, places with every fact."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from crossmargin.basics.records import Record
from crossmargin.ledger.assets import CASH, Asset
from crossmargin.ledger.chart import CHART, Account, AccountKind, SegregationClass
from crossmargin.ledger.custody import CUSTODY_FACT, DOCUMENTED, CustodyFact, Fact
from crossmargin.ledger.transfers import Transfer, TransferKind
from crossmargin.services.books.ports import Books, Work

BD_FCM = "FCM-1"
OTHER_BD_FCM = "FCM-2"
BANK, BANK_WITHOUT_FACTS, FRBNY = "BANK-1", "BANK-2", "FRBNY"
OPENED, DAY = date(2026, 5, 1), date(2026, 5, 11)
AT = datetime(2026, 5, 11, 14, 0, tzinfo=UTC)
CAUSE = "cause"

_K, _T = AccountKind, TransferKind
_SAID = {
    Fact.EXACT_TITLE: "Customer Segregated Account",
    Fact.NOTICE: "15c3-3 and the 4(c) order",
}


def account(
    kind: AccountKind,
    customer_id: str = "",
    *,
    bd_fcm: str = BD_FCM,
    custodian: str = "",
    segregation_class: SegregationClass | None = None,
) -> Account:
    """Return an account, its class and place filled in where there is but one."""
    terms = CHART[kind]
    chosen = segregation_class or min(terms.classes)
    serves_all = not terms.is_customers and terms.holder.value != "BD_FCM"
    place = custodian or {
        _K.FRBNY_SEGREGATED_ACCOUNT: FRBNY,
        _K.SEGREGATED_BANK_ACCOUNT: BANK,
        _K.SEGREGATED_BANK: BANK,
        _K.SECURITIES_CUSTODY: BANK,
    }.get(kind, "")
    return Account(kind, chosen, "" if serves_all else bd_fcm, customer_id, place)


def id_of(kind: AccountKind, customer_id: str = "", **more: Any) -> str:
    """Return the id of such an account."""
    return account(kind, customer_id, **more).account_id


def accounts_of(bd_fcm: str, customers: Iterable[str]) -> list[Account]:
    """Return every account of a BD-FCM and its customers, and those that serve all BD-FCMs."""
    named = list(customers)
    found: dict[str, Account] = {}
    for kind, terms in CHART.items():
        for segregation_class in sorted(terms.classes):
            for customer_id in named if terms.is_customers else [""]:
                each = account(
                    kind, customer_id, bd_fcm=bd_fcm, segregation_class=segregation_class
                )
                found[each.account_id] = each
    return list(found.values())


def facts_of(place: Account) -> list[CustodyFact]:
    """Return every fact that a place needs, from the opening on."""
    scope = "XM_AND_SCM" if place.kind is _K.FRBNY_SEGREGATED_ACCOUNT else "XM_ONLY"
    holder = place.bd_fcm or place.terms.holder.value
    said = {**_SAID, Fact.HOLDER: holder, Fact.SCOPE: scope}
    return [
        CustodyFact(
            place.account_id,
            fact,
            said.get(fact, "stated"),
            "0" * 64 if fact in DOCUMENTED else "",
            OPENED,
        )
        for fact in Fact
    ]


def fact_record(fact: CustodyFact) -> Record:
    """Return the record that states a fact."""
    return Record(
        record_id=f"fact/{fact.account_id}/{fact.fact.value}/{fact.first.isoformat()}",
        stream=CUSTODY_FACT,
        subject=fact.account_id,
        business_date=fact.first,
        at=AT,
        actor="maker",
        approver="checker",
        content=fact.as_content(),
    )


def open_accounts(work: Work, bd_fcm: str, customers: Iterable[str]) -> None:
    """Open every account of a BD-FCM and its customers, and state the facts of its places."""
    for each in accounts_of(bd_fcm, customers):
        work.ledger.open_account(each, opened=OPENED, cause_id=CAUSE)
        if each.terms.is_kept_elsewhere:
            for fact in facts_of(each):
                work.records.add(fact_record(fact))


def open_books(books: Books, *, customers: Sequence[str] = ("A", "B")) -> None:
    """Open the accounts of the first BD-FCM in empty books, and commit."""
    with books.work() as work:
        open_accounts(work, BD_FCM, customers)
        work.commit()


def move(
    transfer_id: str,
    kind: TransferKind,
    debit: str,
    credit: str,
    amount: int,
    **changes: Any,
) -> Transfer:
    """Return a transfer of the day: of cash, and in a group of its own, unless it is said."""
    transfer = Transfer(
        transfer_id=transfer_id,
        group_id=transfer_id,
        kind=kind,
        debit_account_id=debit,
        credit_account_id=credit,
        asset=CASH,
        amount=amount,
        business_date=DAY,
        at=AT,
        cause_id=CAUSE,
    )
    return replace(transfer, **changes)


def deposit(
    transfer_id: str, customer_id: str, amount: int, asset: Asset = CASH, **changes: Any
) -> Transfer:
    """Return a deposit of a customer at the BD-FCM's bank."""
    bank, owed = id_of(_K.SEGREGATED_BANK), id_of(_K.CUSTOMER_FUTURES_ACCOUNT, customer_id)
    return move(transfer_id, _T.DEPOSIT, bank, owed, amount, asset=asset, **changes)


def withdrawal(
    transfer_id: str, customer_id: str, amount: int, asset: Asset = CASH, **changes: Any
) -> Transfer:
    """Return a withdrawal of a customer."""
    bank, owed = id_of(_K.SEGREGATED_BANK), id_of(_K.CUSTOMER_FUTURES_ACCOUNT, customer_id)
    return move(transfer_id, _T.WITHDRAWAL, owed, bank, amount, asset=asset, **changes)


def to_cme(
    group_id: str, customer_id: str, amount: int, asset: Asset = CASH, **changes: Any
) -> list[Transfer]:
    """Return margin to CME, in both books."""
    legs = (
        (id_of(_K.CME_CUSTOMER_MARGIN, customer_id), id_of(_K.SEGREGATED_BANK)),
        (id_of(_K.CME_CUSTODY), id_of(_K.CME_OWED, customer_id)),
    )
    return _group(group_id, _T.MARGIN_TO_CME, legs, amount, asset, **changes)


def to_ficc(
    group_id: str, customer_id: str, amount: int, asset: Asset = CASH, **changes: Any
) -> list[Transfer]:
    """Return margin to FICC's account at FRBNY, in both books."""
    legs = (
        (id_of(_K.FICC_XM_MARGIN, customer_id), id_of(_K.SEGREGATED_BANK)),
        (id_of(_K.FRBNY_SEGREGATED_ACCOUNT), id_of(_K.FICC_OWED_XM, customer_id)),
    )
    return _group(group_id, _T.MARGIN_TO_FICC, legs, amount, asset, **changes)


def deposit_outside(
    transfer_id: str, customer_id: str, amount: int, asset: Asset = CASH, **changes: Any
) -> Transfer:
    """Return a deposit into a customer's securities account."""
    kept = id_of(_K.SECURITIES_CUSTODY)
    owed = id_of(_K.CUSTOMER_SECURITIES_ACCOUNT, customer_id)
    return move(transfer_id, _T.SCM_DEPOSIT, kept, owed, amount, asset=asset, **changes)


def to_ficc_outside(
    group_id: str, customer_id: str, amount: int, asset: Asset = CASH, **changes: Any
) -> list[Transfer]:
    """Return Segregated Customer Margin to FICC's account at FRBNY, in both books."""
    held = id_of(_K.FRBNY_SEGREGATED_ACCOUNT, segregation_class=SegregationClass.SECURITIES)
    legs = (
        (id_of(_K.FICC_SCM_MARGIN, customer_id), id_of(_K.SECURITIES_CUSTODY)),
        (held, id_of(_K.FICC_OWED_SCM, customer_id)),
    )
    return _group(group_id, _T.SCM_TO_FICC, legs, amount, asset, **changes)


def from_ficc_outside(
    group_id: str, customer_id: str, amount: int, asset: Asset = CASH, **changes: Any
) -> list[Transfer]:
    """Return Segregated Customer Margin back from it, in both books."""
    out = to_ficc_outside(group_id, customer_id, amount, asset, **changes)
    return [
        replace(
            each,
            kind=_T.SCM_FROM_FICC,
            debit_account_id=each.credit_account_id,
            credit_account_id=each.debit_account_id,
        )
        for each in out
    ]


def from_ficc(
    group_id: str, customer_id: str, amount: int, asset: Asset = CASH, **changes: Any
) -> list[Transfer]:
    """Return margin back from FICC's account at FRBNY, in both books."""
    legs = (
        (id_of(_K.SEGREGATED_BANK), id_of(_K.FICC_XM_MARGIN, customer_id)),
        (id_of(_K.FICC_OWED_XM, customer_id), id_of(_K.FRBNY_SEGREGATED_ACCOUNT)),
    )
    return _group(group_id, _T.MARGIN_FROM_FICC, legs, amount, asset, **changes)


def residual_interest(group_id: str, amount: int, *, is_deposit: bool = True) -> list[Transfer]:
    """Return the firm's own cash put into segregation, or taken out, in both classes."""
    kind = _T.RESIDUAL_INTEREST_DEPOSIT if is_deposit else _T.RESIDUAL_INTEREST_WITHDRAWAL
    legs = [
        (id_of(_K.SEGREGATED_BANK), id_of(_K.RESIDUAL_INTEREST)),
        (id_of(_K.HOUSE_RESIDUAL_INTEREST), id_of(_K.HOUSE_BANK)),
    ]
    return _group(group_id, kind, legs if is_deposit else [leg[::-1] for leg in legs], amount, CASH)


def capital(transfer_id: str, amount: int, **changes: Any) -> Transfer:
    """Return capital brought into the house's bank."""
    bank, equity = id_of(_K.HOUSE_BANK), id_of(_K.HOUSE_EQUITY)
    return move(transfer_id, _T.CAPITAL, bank, equity, amount, **changes)


def _group(
    group_id: str,
    kind: TransferKind,
    legs: Iterable[tuple[str, str]],
    amount: int,
    asset: Asset,
    **changes: Any,
) -> list[Transfer]:
    return [
        replace(
            move(f"{group_id}/{place}", kind, debit, credit, amount, asset=asset, **changes),
            group_id=group_id,
        )
        for place, (debit, credit) in enumerate(legs)
    ]
