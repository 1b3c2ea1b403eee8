"""What FICC and CME hold and owe at the close of a day, from the books and their reports.

FICC's side is the custody report of the day: held from the custodian's file, owed from the margin
accounts. CME's is what it owes by customer in the ledger, and what of the settlements it has not
paid. The customers' pool is the segregation statement of the day (claims equal the requirement of
17 CFR 1.20(i), ruling 28).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from crossmargin.basics.money import ZERO, Money, money_from_decimal
from crossmargin.basics.refusals import refused
from crossmargin.default_management.capacities import AccountClass
from crossmargin.default_management.ccp_failure import CustomersPool, Prices, values_of
from crossmargin.default_management.cme_failure import (
    ClaimAtCme,
    CmePosition,
    EstateOf,
    MemberAccount,
    PropertyAtCme,
)
from crossmargin.default_management.entitlements import EntitlementHolder, MarginClass
from crossmargin.default_management.ficc_failure import FiccPosition, Interest, Owed
from crossmargin.default_management.shares import no_less_than_zero
from crossmargin.ledger.assets import CASH, Asset, AssetKind
from crossmargin.ledger.chart import Account, AccountKind
from crossmargin.ledger.transfers import MOVED, Transfer, TransferKind
from crossmargin.services.book_reports.custody_versions import amount_of
from crossmargin.services.book_reports.reading import report_document, reports_of_day
from crossmargin.services.books.ports import Ledger, Work
from crossmargin.services.ccp_failure import Source

_CUSTOMERS = EstateOf(MemberAccount.CUSTOMER, AccountClass.FUTURES)
#: Where CME's property lies, as the losses name it.
CUSTODY, SETTLEMENT = "CUSTODY", "SETTLEMENT"


def ficc_position_of(work: Work, bd_fcm: str, day: date) -> tuple[FiccPosition, tuple[Source, ...]]:
    """Return what FICC holds and owes at the close of a day, and the pool of the BD-FCM.

    Raises
    ------
    RefusedError
        If the day has no reports.
    """
    custody = report_document(work, bd_fcm, day, "custody")
    segregation = report_document(work, bd_fcm, day, "segregation")
    said = custody["document"]
    position = FiccPosition(
        interests=tuple(
            Interest(row["location"], Asset.parsed(row["asset"]), _amount(row))
            for row in said["held"]
        )
        + tuple(_under_way(row) for row in said["in_transit"]),
        owed=tuple(_owed(row) for row in said["owed"]),
        prices=prices_of(work, bd_fcm, day),
        pools={bd_fcm: _pool_beside_ficc(segregation["document"])},
    )
    return position, (_source(custody), _source(segregation))


def cme_position_of(work: Work, bd_fcm: str, day: date) -> tuple[CmePosition, tuple[Source, ...]]:
    """Return what CME holds and owes of a BD-FCM's customers at the close of a day.

    What it has taken in of settlements and not paid out is among its property, as a contractual
    right (17 CFR 190.18(b)(1)(i)(E)). Other members are not in these books.

    Raises
    ------
    RefusedError
        If the day has no reports.
    """
    segregation = report_document(work, bd_fcm, day, "segregation")
    prices = prices_of(work, bd_fcm, day)
    margin = {
        account.customer_id: _margin_value(work.ledger, account, day, prices)
        for account in work.ledger.accounts(kind=AccountKind.CME_OWED, bd_fcm=bd_fcm)
    }
    due = _unsettled(work.ledger, bd_fcm, day)
    claims = {
        name: margin.get(name, ZERO) + due.get(name, ZERO) for name in sorted({*margin, *due})
    }
    in_custody, to_pay = Money.total(margin.values()), Money.total(due.values())
    held = (
        PropertyAtCme(CUSTODY, _CUSTOMERS, in_custody),
        PropertyAtCme(SETTLEMENT, _CUSTOMERS, no_less_than_zero(to_pay)),
    )
    return (
        CmePosition(
            claims=tuple(
                ClaimAtCme(bd_fcm, _CUSTOMERS, name, amount) for name, amount in claims.items()
            ),
            held=tuple(each for each in held if each.amount > ZERO),
            pools={bd_fcm: _pool_beside_cme(segregation["document"])},
        ),
        (_source(segregation),),
    )


def _source(report: Mapping[str, Any]) -> Source:
    return Source(report["record_id"], report["digest"])


def _amount(row: Mapping[str, Any]) -> int:
    return amount_of(Asset.parsed(row["asset"]), row["amount"])


def _under_way(row: Mapping[str, Any]) -> Interest:
    # What has left FICC's account is owed until it has arrived, and FICC's interest until then.
    return Interest(row["account_id"], Asset.parsed(row["asset"]), abs(_amount(row)), True)


def _owed(row: Mapping[str, Any]) -> Owed:
    holder = EntitlementHolder(row["bd_fcm"], MarginClass(row["class"]))
    own = f"{holder.bd_fcm}/{holder.margin_class.value}/"
    customer_id = row["margin_account_id"].removeprefix(own)
    return Owed(holder, customer_id, Asset.parsed(row["asset"]), _amount(row))


def prices_of(work: Work, bd_fcm: str, day: date) -> dict[str, Fraction]:
    """Return the value of a dollar of par of each CUSIP at the close of a day.

    What the custody report values is worth just that; of other CUSIPs the largest amount on a
    statement says it to within a cent.

    Raises
    ------
    RefusedError
        If the day has no reports.
    """
    custody = report_document(work, bd_fcm, day, "custody")["document"]
    return {
        **_implied(_collateral(work, bd_fcm, day)),
        **_implied(custody["held"]),
    }


def _implied(rows: Iterable[Mapping[str, Any]]) -> dict[str, Fraction]:
    largest: dict[str, tuple[int, Money]] = {}
    for row in rows:
        asset = Asset.parsed(row["asset"])
        if asset.kind is AssetKind.SECURITY and row["market_value"] is not None:
            found = (_amount(row), money_from_decimal(row["market_value"]))
            largest[asset.code] = max(found, largest.get(asset.code, found))
    return {cusip: value.dollars / par for cusip, (par, value) in largest.items() if par}


def _collateral(work: Work, bd_fcm: str, day: date) -> Iterator[Mapping[str, Any]]:
    for each in reports_of_day(work, bd_fcm, day)["reports"]:
        if each["what"] == "REPORT" and each["name"].startswith("statement/"):
            yield from report_document(work, bd_fcm, day, each["name"])["document"]["collateral"]


def _lines(segregation: Mapping[str, Any], tag: str, *names: str) -> Money:
    return Money.total(
        money_from_decimal(row["amount"])
        for row in segregation["lines"]
        if row["line"] in names and row["tag"] == tag
    )


def _claims(segregation: Mapping[str, Any]) -> dict[str, Money]:
    required = segregation["required_by_customer"]
    return {name: money_from_decimal(amount) for name, amount in required.items()}


def _pool_beside_ficc(segregation: Mapping[str, Any]) -> CustomersPool:
    at_ficc = _lines(segregation, "FICC", "8A", "8B", "8C")
    unsettled = no_less_than_zero(_lines(segregation, "FICC", "9"))
    other = _lines(segregation, "", "13") - at_ficc - unsettled
    return CustomersPool(_claims(segregation), no_less_than_zero(other), unsettled)


def _pool_beside_cme(segregation: Mapping[str, Any]) -> CustomersPool:
    at_cme = _lines(segregation, "", "8A", "8B", "8C", "9", "10A", "10B")
    other = _lines(segregation, "", "13") - at_cme
    return CustomersPool(_claims(segregation), no_less_than_zero(other))


def _margin_value(ledger: Ledger, account: Account, day: date, prices: Prices) -> Money:
    own, totals = account.account_id, dict[Asset, int]()
    for each in ledger.transfers(account_id=own, last=day):
        if each.state in MOVED:
            signed = each.amount if each.credit_account_id == own else -each.amount
            totals[each.asset] = totals.get(each.asset, 0) + signed
    found = ZERO
    for asset, amount in totals.items():
        if amount:
            values = values_of(asset, {own: amount}, prices)
            if values is None:
                expected = f"a security with a value in the reports of {day}"
                raise refused("margin at CME", str(asset), expected, "failure of CME")
            found += values[own]
    return found


def _unsettled(ledger: Ledger, bd_fcm: str, day: date) -> dict[str, Money]:
    """Return what CME owes of settlements by customer; what no customer's is has no name."""
    (account,) = ledger.accounts(kind=AccountKind.CME_SETTLEMENT, bd_fcm=bd_fcm)
    own, due, balance = account.account_id, dict[str, int](), 0
    for each in ledger.transfers(account_id=own, last=day):
        if each.state not in MOVED or each.asset != CASH:
            continue
        signed = each.amount if each.debit_account_id == own else -each.amount
        balance += signed
        if each.kind is not TransferKind.CME_SETTLEMENT_PAYMENT:
            name = _other(each, own).customer_id
            due[name] = due.get(name, 0) + signed
        elif balance == 0:
            due.clear()
    rest = balance - sum(due.values())
    if rest:  # a payment in part: whose it was is not known
        due[""] = due.get("", 0) + rest
    return {name: Money(cents) for name, cents in due.items() if cents}


def _other(transfer: Transfer, own: str) -> Account:
    is_debit = transfer.debit_account_id == own
    return Account.parsed(transfer.credit_account_id if is_debit else transfer.debit_account_id)
