"""The failure of FICC or CME as it was worked out, posted on a copy of the books.

Each customer of the futures class bears what is not recovered of its own margin (as long as the
BD-FCM survives: inferred), and what is recovered comes back to the bank, by asset and to the cent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.ccp_failure import CcpFailureRules
from crossmargin.default_management.ccp_failure_postings import MarginLost, SettlementLost
from crossmargin.default_management.cme_failure import CmeFailure
from crossmargin.default_management.default_accounts import CME, FICC
from crossmargin.default_management.entitlements import MarginClass
from crossmargin.default_management.ficc_failure import FiccFailure
from crossmargin.default_management.port_postings import Linked
from crossmargin.default_management.postings import DefaultEntry
from crossmargin.ledger.assets import CASH, Asset
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import TransferKind
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.books.accounts import of_bd_fcm
from crossmargin.services.books.ports import Work
from crossmargin.services.ccp_failure import run_cme_failure, run_ficc_failure
from crossmargin.services.ccp_failure_books import (
    cme_position_of,
    ficc_position_of,
    prices_of,
)
from crossmargin.services.clearing_day.lot_register import Written
from crossmargin.services.default_books.declaring import declare
from crossmargin.services.default_books.desk import DefaultDesk, cash_of
from crossmargin.services.default_books.drill import banks_of, refuse_findings
from crossmargin.services.default_books.held_and_owed import held_and_owed
from crossmargin.services.default_books.holding import amount_text, amounts_text
from crossmargin.services.default_books.reporting import DEFAULT_REPORT
from crossmargin.services.default_books.running import return_margin_of, sell_for
from crossmargin.services.default_books.stopping import settle_sides, void

_RULE = "the books of a clearing organization's failure"
#: What is on its way to or from the one that failed does not arrive.
_STOPPED = {
    FICC: frozenset({TransferKind.MARGIN_TO_FICC, TransferKind.MARGIN_FROM_FICC}),
    CME: frozenset({TransferKind.MARGIN_TO_CME, TransferKind.MARGIN_FROM_CME}),
}


@dataclass(frozen=True, slots=True)
class FailureOrder:
    """Whose failure is posted in whose books, when and by whom.

    Parameters
    ----------
    side : ClearingOrganization
    bd_fcm : str
    business_date : date
        The day at whose close it was worked out.
    at : datetime
        With a zone.
    actor, approver : str
        Who differ.
    """

    side: ClearingOrganization
    bd_fcm: str
    business_date: date
    at: datetime
    actor: str
    approver: str


@dataclass(frozen=True, slots=True)
class Lost:
    """What one customer loses of an asset, whole units; at CME of value in cents."""

    customer_id: str
    asset: Asset
    amount: int


def losses_of_books(
    work: Work,
    order: FailureOrder,
    rules: CcpFailureRules,
    losses: Sequence[str] = (),
    secured: Sequence[str] = (),
) -> tuple[Lost, ...]:
    """Return what each customer loses, worked out from the books at the close of the day.

    Parameters
    ----------
    work : Work
    order : FailureOrder
    rules : CcpFailureRules
    losses, secured : sequence of str
        As ``xm default ficc-failure`` and ``cme-failure`` take them.

    Raises
    ------
    RefusedError
        If the day was not closed, or a loss cannot be.
    """
    day, bd_fcm = order.business_date, order.bd_fcm
    if order.side is FICC:
        at_ficc, sources = ficc_position_of(work, bd_fcm, day)
        run = run_ficc_failure(
            [at_ficc], as_of=day, sources=sources, rules=rules, losses=losses, secured=secured
        )
        return lost_at_ficc(run.result, bd_fcm)
    if secured:
        raise refused(
            "--secured", secured[0], "nothing: property at CME has no entitlements", _RULE
        )
    at_cme, sources = cme_position_of(work, bd_fcm, day)
    return lost_at_cme(
        run_cme_failure([at_cme], as_of=day, sources=sources, losses=losses).result, bd_fcm
    )


def lost_at_ficc(found: FiccFailure, bd_fcm: str) -> tuple[Lost, ...]:
    """Return what a BD-FCM's XM customers lose, by customer and asset, nothing counted too."""
    return tuple(
        Lost(each.owed.customer_id, each.owed.asset, each.unsecured)
        for each in found.customers
        if each.owed.holder.bd_fcm == bd_fcm and each.owed.holder.margin_class is MarginClass.XM
    )


def lost_at_cme(found: CmeFailure, bd_fcm: str) -> tuple[Lost, ...]:
    """Return what a BD-FCM's futures customers lose, in cents of value."""
    return tuple(
        Lost(each.customer_id, CASH, each.loss.cents)
        for each in found.customers
        if each.bd_fcm == bd_fcm and each.account_class is AccountClass.FUTURES
    )


def post_failure(
    work: Work, order: FailureOrder, losses: Sequence[Lost], rules: CcpFailureRules
) -> dict[str, Any]:
    """Post what is lost and what is recovered; return the report.

    Parameters
    ----------
    work : Work
        Of a copy. Nothing is committed here.
    order : FailureOrder
    losses : sequence of Lost
    rules : CcpFailureRules
        By which they were worked out; at CME none of it counts.

    Raises
    ------
    RefusedError
        If a loss is nobody's or beyond what lies there, or verification finds anything.
    """
    declaration_id = _declare(work, order)
    banks = banks_of(work)
    entry = DefaultEntry(
        order.bd_fcm,
        banks[order.bd_fcm],
        declaration_id,
        order.business_date,
        order.at,
    )
    prices = prices_of(work, order.bd_fcm, order.business_date) if order.side is CME else {}
    desk = DefaultDesk(work, entry, prices, {})
    before = held_and_owed(work, [order.bd_fcm])
    void(desk, [each for each in desk.waiting() if each.kind in _STOPPED[order.side]])
    _refuse_impossible(desk, order.side, losses)
    names = sorted(
        {
            each.customer_id
            for each in losses
            if each.amount or desk.margin(each.customer_id, order.side)
        }
    )
    owed = {name: desk.owed(name) for name in names}
    beyond = [_post_loss(desk, order.side, each) for each in losses if each.amount]
    if faults := [fault for fault in beyond if fault]:
        raise RefusedError(*faults)
    for name in names:
        return_margin_of(desk, name, order.side)
    if order.side is CME:
        settle_sides(desk, name="ccp-failure", only=AccountKind.CME_SETTLEMENT)
    customers = [_customer(desk, name, owed[name], losses) for name in names]
    _check(desk, order.side, owed, losses)
    refuse_findings(work)
    document = {
        "clearing_organization": order.side.value,
        "bd_fcm": order.bd_fcm,
        "as_of": order.business_date.isoformat(),
        "declaration": declaration_id,
        **({"parameters": rules.as_document()} if order.side is FICC else {}),
        "customers": customers,
        "held_and_owed": {"before": before, "after": held_and_owed(work, [order.bd_fcm])},
    }
    written = Written(order.business_date, order.at, order.actor, (declaration_id,), order.approver)
    name = f"ccp-failure/{order.side.value}"
    work.records.add(
        written.record(
            f"{declaration_id}/report",
            DEFAULT_REPORT,
            order.bd_fcm,
            {"name": name, "document": document},
        )
    )
    return {**document, "digest": digest_of(document)}


def _declare(work: Work, order: FailureOrder) -> str:
    """Write the record that the transfers follow from; return its id."""
    day = order.business_date.isoformat()
    return declare(
        work,
        f"ccp-failure/{order.side.value}/{order.bd_fcm}/{day}",
        order.bd_fcm,
        {"trigger": f"{order.side.value}_FAILURE"},
        Written(order.business_date, order.at, order.actor, (), order.approver),
        if_declared=Refusal("failure", order.side.value, f"one not declared on {day}", _RULE),
    )


def _refuse_impossible(
    desk: DefaultDesk, side: ClearingOrganization, losses: Sequence[Lost]
) -> None:
    faults = []
    for each in losses:
        if each.amount and not each.customer_id:
            text = amount_text(each.asset, each.amount)
            faults.append(Refusal("customer", text, "a loss of a customer of the books", _RULE))
        elif side is FICC:
            most = desk.margin(each.customer_id, side).get(each.asset, 0)
            if each.amount > most:
                field = f"{each.customer_id} {each.asset}"
                expected = f"at most {amount_text(each.asset, most)}: what is on its way came back"
                text = amount_text(each.asset, each.amount)
                faults.append(Refusal(field, text, expected, _RULE))
    if faults:
        raise RefusedError(*faults)


def _post_loss(desk: DefaultDesk, side: ClearingOrganization, lost: Lost) -> Refusal | None:
    """Take a loss from margin where it lies; at CME what exceeds it from settlements due.

    Return a refusal of one that is more than both, and take nothing of it then.
    """
    name, left = lost.customer_id, lost.amount
    if side is CME:
        sell_for(desk, name, CME, lost.amount)
        left = min(lost.amount, cash_of(desk.margin(name, CME)))
    places = desk.places(name, side, lost.asset, left) if left else []
    items = [MarginLost(at, lost.asset, part) for at, part in places]
    beyond = lost.amount - left
    due = desk.work.ledger.balance(
        of_bd_fcm(AccountKind.CME_SETTLEMENT, desk.entry.bd_fcm).account_id, CASH
    )
    if beyond > max(0, due.posted_debit):
        expected = f"at most {Money(left + max(0, due.posted_debit))}, what CME owes"
        return Refusal(name, str(Money(lost.amount)), expected, _RULE)
    more = [SettlementLost(name, beyond)] if beyond else []
    desk.post([Linked(f"ccp-failure/{name}/{lost.asset}", (*items, *more))])
    return None


def _check(
    desk: DefaultDesk,
    side: ClearingOrganization,
    before: Mapping[str, Mapping[Asset, int]],
    losses: Sequence[Lost],
) -> None:
    """Check that each account lost what was lost, and nothing lies at the one that failed.

    Raises
    ------
    ArithmeticError
        If it is not so: a fault of the run, and nothing of it may be committed.
    """
    lost = {(each.customer_id, each.asset): each.amount for each in losses}
    for name, owed in before.items():
        if desk.margin(name, side):
            raise ArithmeticError(f"{name} still has margin at {side.value}")
        if side is CME:
            continue  # securities there were sold at the day's value: by value, not by asset
        for asset, amount in owed.items():
            left = desk.owed(name).get(asset, 0)
            if left != amount - lost.get((name, asset), 0):
                raise ArithmeticError(f"{name} is owed {left} of {asset}, not what was left")


def _customer(
    desk: DefaultDesk, name: str, before: Mapping[Asset, int], losses: Sequence[Lost]
) -> dict[str, Any]:
    own = {each.asset: each.amount for each in losses if each.customer_id == name}
    return {
        "customer": name,
        "owed_before": amounts_text(before),
        "lost": amounts_text(own),
        "owed_after": amounts_text(desk.owed(name)),
    }
