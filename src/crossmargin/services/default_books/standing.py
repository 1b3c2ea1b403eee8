"""What stands in the books of a default or a port: every figure from the ledger, none from a plan.

For the trustee, regulators and each customer: what moved because of a declaration, where the
customer's property is now, what is held beside what is owed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from crossmargin.basics.digest import digest_of
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import refused
from crossmargin.ledger.chart import Account, AccountKind
from crossmargin.ledger.declaration import DEFAULT_DECLARATION
from crossmargin.ledger.transfers import Transfer
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.verifying import verify_work
from crossmargin.services.default_books.correcting import DEFAULT_CORRECTION, paid_to
from crossmargin.services.default_books.desk import live_lots
from crossmargin.services.default_books.drill import banks_of
from crossmargin.services.default_books.held_and_owed import held_and_owed
from crossmargin.services.default_books.holding import Held, amount_text, amounts_text, held_of

NOTICES = (
    "Every figure is the ledger's; what lies outside these books is not in it.",
    "No report here is a form that a trustee or the CFTC prescribes.",
)
#: Accounts of one customer in which a movement is told: what it is owed, claims, positions.
_TOLD = frozenset(
    {
        AccountKind.CUSTOMER_FUTURES_ACCOUNT,
        AccountKind.FICC_XM_MARGIN,
        AccountKind.CME_CUSTOMER_MARGIN,
        AccountKind.FICC_XM_POSITION,
        AccountKind.FICC_REGULAR_POSITION,
        AccountKind.CME_XM_POSITION,
        AccountKind.CME_REGULAR_POSITION,
    }
)
_OWED = AccountKind.CUSTOMER_FUTURES_ACCOUNT


def standing_of_default(work: Work, bd_fcm: str, as_of: date) -> dict[str, Any]:
    """Return what stands in the books of everything that was declared of a BD-FCM.

    Parameters
    ----------
    work : Work
    bd_fcm : str
    as_of : date
        The day that the report is of.

    Raises
    ------
    RefusedError
        If nothing was declared.
    """
    declared = {
        each.record_id: each
        for each in work.records.select(stream=DEFAULT_DECLARATION, subject=bd_fcm, last=as_of)
    }
    if not declared:
        raise refused("bd_fcm", bd_fcm, "one whose default or port was declared", "reports")
    moved = [each for each in work.ledger.transfers(last=as_of) if each.cause_id in declared]
    customers = _customers(work, bd_fcm, moved)
    firms = sorted({bd_fcm, *(name for each in customers for name in each["now"])})
    document = {
        "bd_fcm": bd_fcm,
        "as_of": as_of.isoformat(),
        "notices": list(NOTICES),
        "declared": [_declared(each) for each in declared.values()],
        "corrections": [
            {**dict(each.content), "business_date": each.business_date.isoformat()}
            for each in work.records.select(stream=DEFAULT_CORRECTION, subject=bd_fcm, last=as_of)
        ],
        "customers": customers,
        "held_and_owed": held_and_owed(work, firms),
        "timeline": _timeline(moved),
        "findings": len(verify_work(work)),
    }
    return {**document, "digest": digest_of(document)}


def _declared(record: Record) -> dict[str, str]:
    content = record.content
    return {
        "declaration": record.record_id,
        "business_date": record.business_date.isoformat(),
        "at": record.at.isoformat(),
        "actor": record.actor,
        "approver": record.approver,
        "trigger": str(content["trigger"]),
        "approval_sha256": str(content.get("approval_sha256", "")),
        "plan": str(content.get("plan", "")),
    }


def _customers(work: Work, bd_fcm: str, moved: Sequence[Transfer]) -> list[dict[str, Any]]:
    told: dict[str, list[dict[str, str]]] = {}
    where: dict[str, set[str]] = {}
    for transfer in moved:
        for account_id, is_debit in (
            (transfer.debit_account_id, True),
            (transfer.credit_account_id, False),
        ):
            account = Account.parsed(account_id)
            if account.customer_id and account.kind in _TOLD:
                row = _movement(transfer, account, is_debit=is_debit)
                told.setdefault(account.customer_id, []).append(row)
                where.setdefault(account.customer_id, {bd_fcm}).add(account.bd_fcm)
    lots = {name: live_lots(work, name) for name in banks_of(work)}
    found = []
    for name, rows in sorted(told.items()):
        held = {
            firm: held_of(work, CustomerKey(firm, name), lots[firm].get(name, ()))
            for firm in sorted(where[name])
        }
        found.append(
            {
                "customer": name,
                "paid": str(paid_to(work, bd_fcm, name)),
                "now": {firm: _now(each) for firm, each in held.items()},
                "movements": rows,
            }
        )
    return found


def _now(held: Held) -> Mapping[str, Any]:
    own: dict[str, dict[Any, int]] = {}
    for (place, asset), amount in held.own.items():
        own.setdefault(place.value, {})[asset] = amount
    return {
        **held.as_document(),
        "own": {place: amounts_text(amounts) for place, amounts in own.items()},
    }


def _movement(transfer: Transfer, account: Account, *, is_debit: bool) -> dict[str, str]:
    """Return a movement as the customer sees it: what is owed falls by a debit, the rest rises."""
    is_more = is_debit is not (account.kind is _OWED)
    amount = transfer.amount if is_more else -transfer.amount
    return {
        "business_date": transfer.business_date.isoformat(),
        "kind": transfer.kind.value,
        "state": transfer.state.value,
        "bd_fcm": account.bd_fcm,
        "account": account.kind.value,
        "asset": str(transfer.asset),
        "amount": amount_text(transfer.asset, amount),
        "transfer": transfer.transfer_id,
    }


def _timeline(moved: Sequence[Transfer]) -> list[dict[str, Any]]:
    groups: dict[str, list[Transfer]] = {}
    for each in moved:
        groups.setdefault(each.group_id, []).append(each)
    return [
        {
            "group": group_id,
            "business_date": members[0].business_date.isoformat(),
            "at": members[0].at.isoformat(),
            "kinds": sorted({each.kind.value for each in members}),
            "transfers": len(members),
            "declaration": members[0].cause_id,
        }
        for group_id, members in groups.items()
    ]
