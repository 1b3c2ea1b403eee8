"""The ledger as documents, rows and tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crossmargin.basics.money import Money
from crossmargin.ledger.assets import Asset, AssetKind
from crossmargin.ledger.chart import Account
from crossmargin.ledger.custody import CustodyFact
from crossmargin.ledger.liens import Lien
from crossmargin.ledger.posting import Balance
from crossmargin.ledger.transfers import Transfer
from crossmargin.ledger.verification import Finding
from crossmargin.presentation.tables import grid, print_whole

if TYPE_CHECKING:
    from datetime import date

    from rich.console import Console

ACCOUNTS_HEADER = (
    *("account", "kind", "holder", "segregation_class", "bd_fcm", "customer", "custodian"),
    "normal_side",
)
LIENS_HEADER = (
    *("lien", "bd_fcm", "customer", "granted_by", "granted_to", "on", "document_sha256"),
    *("first", "last"),
)
PLACES_HEADER = (
    *("account", "missing", "fact", "value", "document_sha256", "first", "last", "in_force"),
)
FINDINGS_HEADER = ("check", "where", "asset", "was", "expected")
BALANCES_HEADER = (
    *("account", "asset", "debits_posted", "credits_posted", "balance", "side"),
    *("debits_pending", "credits_pending", "unit"),
)
TRANSFERS_HEADER = (
    *("transfer_id", "group_id", "kind", "state", "debit", "credit", "asset", "amount"),
    *("business_date", "at", "cause"),
)


def places_document(
    places: Iterable[tuple[Account, Sequence[CustodyFact], str]], on: date
) -> dict[str, Any]:
    """Return accounts that others keep, with their facts and what each lacks on a day."""
    return {
        "on": on.isoformat(),
        "places": [
            {
                "account": account.account_id,
                "missing": missing,
                "facts": [
                    {
                        "fact": each.fact.value,
                        "value": each.value,
                        "document_sha256": each.document_sha256,
                        "first": each.first.isoformat(),
                        "last": None if each.last is None else each.last.isoformat(),
                        "in_force": each.is_in_force(on),
                    }
                    for each in facts
                ],
            }
            for account, facts, missing in places
        ],
    }


def place_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a fact, and one a place without any."""
    for each in document["places"]:
        for fact in each["facts"] or [dict.fromkeys(PLACES_HEADER[2:], "")]:
            said = ("yes" if fact["in_force"] is True else "no") if fact["fact"] else ""
            own = tuple(fact[name] or "" for name in PLACES_HEADER[2:-1])
            yield (each["account"], each["missing"], *own, said)


def print_places(console: Console, document: Mapping[str, Any]) -> None:
    """Print a table a place."""
    for each in document["places"]:
        lacking = f"lacks {each['missing']}" if each["missing"] else "lacks nothing"
        title = f"{each['account']}, {document['on']}: {lacking}"
        table = grid(title, *(name.replace("_", " ") for name in PLACES_HEADER[2:]))
        for row in place_rows({"places": [each]}):
            table.add_row(*row[2:])
        print_whole(console, table)


def findings_document(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return what a verification found."""
    return {
        "verified": not findings,
        "findings": [
            {
                "check": each.check.value,
                "where": each.where,
                "asset": each.asset,
                "was": each.was,
                "expected": each.expected,
            }
            for each in findings
        ],
    }


def finding_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a finding."""
    for each in document["findings"]:
        yield tuple(each[name] for name in FINDINGS_HEADER)


def print_findings(console: Console, document: Mapping[str, Any]) -> None:
    """Print the findings, or that there is none."""
    if document["verified"]:
        console.print("The books hold: nothing was found.")
        return
    table = grid("What does not hold", *FINDINGS_HEADER)
    for row in finding_rows(document):
        table.add_row(*row)
    console.print(table)


def accounts_document(accounts: Sequence[Account]) -> dict[str, Any]:
    """Return accounts, by id."""
    return {
        "accounts": [
            {
                "account": each.account_id,
                "kind": each.kind.value,
                "holder": each.terms.holder.value,
                "segregation_class": each.segregation_class.value,
                "bd_fcm": each.bd_fcm,
                "customer": each.customer_id,
                "custodian": each.custodian,
                "normal_side": each.terms.normal.value,
            }
            for each in accounts
        ]
    }


def account_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row an account."""
    for each in document["accounts"]:
        yield tuple(each[name] for name in ACCOUNTS_HEADER)


def print_accounts(console: Console, document: Mapping[str, Any]) -> None:
    """Print the accounts; their ids say the rest."""
    table = grid("Accounts", "account", "holder", "normal side")
    for each in document["accounts"]:
        table.add_row(each["account"], each["holder"], each["normal_side"])
    print_whole(console, table)


def liens_document(liens: Sequence[Lien]) -> dict[str, Any]:
    """Return the register of liens."""
    return {
        "liens": [
            {
                "lien": each.lien_id,
                "bd_fcm": each.bd_fcm,
                "customer": each.customer_id,
                "granted_by": each.granted_by.value,
                "granted_to": each.granted_to.value,
                "on": each.on.value,
                "document_sha256": each.document_sha256,
                "first": each.first.isoformat(),
                "last": "" if each.last is None else each.last.isoformat(),
            }
            for each in liens
        ]
    }


def lien_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a lien."""
    for each in document["liens"]:
        yield tuple(each[name] for name in LIENS_HEADER)


def print_liens(console: Console, document: Mapping[str, Any]) -> None:
    """Print the register."""
    shown = ("bd_fcm", "customer", "granted_by", "granted_to", "on", "first", "last")
    table = grid("Liens", *(name.replace("_", " ") for name in shown))
    for each in document["liens"]:
        table.add_row(*(each[name] for name in shown))
    print_whole(console, table)


def balances_document(balances: Mapping[tuple[str, Asset], Balance]) -> dict[str, Any]:
    """Return balances; cash in dollars and cents, all else in whole units."""
    return {"balances": [_balance(*key, balance) for key, balance in balances.items()]}


def balance_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a balance."""
    for each in document["balances"]:
        yield tuple(each[name] for name in BALANCES_HEADER)


def print_balances(console: Console, document: Mapping[str, Any]) -> None:
    """Print the balances that are not nothing."""
    shown = ("account", "asset", "balance", "side", "debits_pending", "credits_pending", "unit")
    table = grid("Balances", *shown)
    for each in document["balances"]:
        if each["balance"] not in ("0", "0.00") or each["debits_pending"] not in ("0", "0.00"):
            table.add_row(*(each[name] for name in shown))
    print_whole(console, table)


def transfers_document(transfers: Sequence[Transfer]) -> dict[str, Any]:
    """Return transfers, as posted."""
    return {
        "transfers": [
            {
                "transfer_id": each.transfer_id,
                "group_id": each.group_id,
                "kind": each.kind.value,
                "state": each.state.value,
                "debit": each.debit_account_id,
                "credit": each.credit_account_id,
                "asset": str(each.asset),
                "amount": amount_text(each.asset, each.amount),
                "business_date": each.business_date.isoformat(),
                "at": each.at.isoformat(),
                "cause": each.cause_id,
            }
            for each in transfers
        ]
    }


def transfer_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a transfer."""
    for each in document["transfers"]:
        yield tuple(each[name] for name in TRANSFERS_HEADER)


def print_transfers(console: Console, document: Mapping[str, Any]) -> None:
    """Print the transfers."""
    shown = ("business_date", "kind", "state", "debit", "credit", "asset", "amount")
    table = grid("Transfers", *shown)
    for each in document["transfers"]:
        table.add_row(*(each[name] for name in shown))
    print_whole(console, table)


def amount_text(asset: Asset, amount: int) -> str:
    """Return an amount: dollars and cents for cash, whole units for all else."""
    return str(Money(amount)) if asset.kind is AssetKind.CASH else str(amount)


def _balance(account_id: str, asset: Asset, balance: Balance) -> dict[str, str]:
    net = balance.posted_debit
    return {
        "account": account_id,
        "asset": str(asset),
        "debits_posted": amount_text(asset, balance.debits_posted),
        "credits_posted": amount_text(asset, balance.credits_posted),
        "balance": amount_text(asset, abs(net)),
        "side": "debit" if net > 0 else "credit" if net < 0 else "",
        "debits_pending": amount_text(asset, balance.debits_pending),
        "credits_pending": amount_text(asset, balance.credits_pending),
        "unit": "US dollars" if asset.kind is AssetKind.CASH else asset.unit,
    }
