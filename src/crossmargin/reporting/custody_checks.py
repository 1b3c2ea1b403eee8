"""The checks of the custody report. Each is answered every day, with what it found.

That held covers owed is the purpose of the CFTC proposed order's (j); that a bank account with XM
property holds nothing else, and the account at FRBNY nothing but XM and Segregated Customer Margin,
is its (e)(vii). The checks of the figures themselves are ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from crossmargin.ledger.assets import Asset
from crossmargin.reporting.custody_values import (
    AccountScope,
    CustodyAccount,
    Entitlement,
    HeldFor,
    Holding,
    InTransit,
    LocationType,
    MarginClass,
    RowOfAsset,
    totals_by_asset,
)


class CustodyCheck(StrEnum):
    """Every check, in the order of the report."""

    HELD_COVERS_OWED = "held_covers_owed"
    HELD_COVERS_OWED_BY_CLASS = "held_covers_owed_by_class"
    BANK_ACCOUNT_OF_XM_HOLDS_NOTHING_ELSE = "bank_account_of_xm_holds_nothing_else"
    FRBNY_HOLDS_XM_AND_SCM_ALONE = "frbny_holds_xm_and_scm_alone"
    DOCUMENTS_ARE_IN_FORCE = "documents_are_in_force"
    OWED_IS_THE_MARGIN_ACCOUNTS = "owed_is_the_margin_accounts"
    HELD_IS_THE_CUSTODY_LEDGER = "held_is_the_custody_ledger"
    IN_TRANSIT_STANDS_ONCE = "in_transit_stands_once"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One check and everything it found; nothing if it passed."""

    check: CustodyCheck
    findings: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether it found nothing."""
        return not self.findings


@dataclass(frozen=True, slots=True)
class CustodyFacts:
    """What the report compares.

    Parameters
    ----------
    holdings : sequence of Holding
        The custodians' files.
    entitlements : sequence of Entitlement
        FICC's margin accounts, one by one.
    in_transit : sequence of InTransit
    margin_account_totals : mapping of Asset to int
        The sum of the margin accounts by another path than ``entitlements``.
    custody_ledger : mapping of (account id, Asset) to int
        What FICC's own ledger says is at the custodians, what is in transit included.
    """

    holdings: Sequence[Holding]
    entitlements: Sequence[Entitlement]
    in_transit: Sequence[InTransit]
    margin_account_totals: Mapping[Asset, int]
    custody_ledger: Mapping[tuple[str, Asset], int]


def custody_checks(facts: CustodyFacts, rows: Sequence[RowOfAsset]) -> tuple[CheckResult, ...]:
    """Return the answer of every check."""
    found: Mapping[CustodyCheck, Iterable[str]] = {
        CustodyCheck.HELD_COVERS_OWED: _uncovered(rows),
        CustodyCheck.HELD_COVERS_OWED_BY_CLASS: _uncovered_classes(facts),
        CustodyCheck.BANK_ACCOUNT_OF_XM_HOLDS_NOTHING_ELSE: _mixed_bank_accounts(facts.holdings),
        CustodyCheck.FRBNY_HOLDS_XM_AND_SCM_ALONE: _strangers_at_frbny(facts.holdings),
        CustodyCheck.DOCUMENTS_ARE_IN_FORCE: _missing_documents(facts.holdings),
        CustodyCheck.OWED_IS_THE_MARGIN_ACCOUNTS: _untied_owed(facts),
        CustodyCheck.HELD_IS_THE_CUSTODY_LEDGER: _untied_held(facts),
        CustodyCheck.IN_TRANSIT_STANDS_ONCE: _repeated(facts.in_transit),
    }
    return tuple(CheckResult(check, tuple(found[check])) for check in CustodyCheck)


def _uncovered(rows: Sequence[RowOfAsset]) -> Iterator[str]:
    for row in rows:
        if row.coverage.difference < 0:
            yield f"{row.asset}: {-row.coverage.difference} {row.asset.unit} short"


def _uncovered_classes(facts: CustodyFacts) -> Iterator[str]:
    # What is in an account of one class alone is not there for the other.
    closed_to = {
        MarginClass.XM: AccountScope.SCM_ONLY,
        MarginClass.SCM: AccountScope.XM_ONLY,
    }
    for margin_class, scope in closed_to.items():
        held = totals_by_asset(
            (each.asset, each.amount)
            for each in facts.holdings
            if each.account.scope is not scope and each.held_for is not HeldFor.OTHER
        )
        owed = totals_by_asset(
            (each.asset, each.amount)
            for each in facts.entitlements
            if each.margin_class is margin_class
        )
        for asset, amount in owed.items():
            lacking = amount - held.get(asset, 0)
            if lacking > 0:
                yield f"{asset}: {lacking} {asset.unit} short in accounts open to {margin_class}"


def _mixed_bank_accounts(holdings: Sequence[Holding]) -> Iterator[str]:
    for account, held_for in _by_account(holdings, LocationType.BANK):
        is_of_xm = account.scope is not AccountScope.SCM_ONLY or HeldFor.XM in held_for
        strangers = sorted(held_for - {HeldFor.XM})
        if is_of_xm and (strangers or account.scope is not AccountScope.XM_ONLY):
            beside = ", ".join(strangers) or "nothing"
            yield f"{account.account_id} at {account.location}: {account.scope}, beside XM {beside}"


def _strangers_at_frbny(holdings: Sequence[Holding]) -> Iterator[str]:
    admitted = {
        AccountScope.XM_AND_SCM: {HeldFor.XM, HeldFor.SCM, HeldFor.XM_AND_SCM},
        AccountScope.XM_ONLY: {HeldFor.XM},
        AccountScope.SCM_ONLY: {HeldFor.SCM},
    }
    for account, held_for in _by_account(holdings, LocationType.FRBNY):
        if strangers := sorted(held_for - admitted[account.scope]):
            yield f"{account.account_id}: {account.scope}, holds {', '.join(strangers)}"


def _by_account(
    holdings: Sequence[Holding], location_type: LocationType
) -> Iterator[tuple[CustodyAccount, set[HeldFor]]]:
    accounts = {each.account for each in holdings if each.account.location_type is location_type}
    for account in sorted(accounts, key=lambda each: (each.location, each.account_id)):
        yield (
            account,
            {each.held_for for each in holdings if each.account == account and each.amount},
        )


def _missing_documents(holdings: Sequence[Holding]) -> Iterator[str]:
    accounts = {each.account for each in holdings}
    for account in sorted(accounts, key=lambda each: (each.location, each.account_id)):
        for what, document in (
            ("notice", account.notice_document_id),
            ("contract", account.contract_document_id),
        ):
            if not document:
                yield f"{account.account_id} at {account.location}: no {what} in force"


def _untied_owed(facts: CustodyFacts) -> Iterator[str]:
    owed = totals_by_asset((each.asset, each.amount) for each in facts.entitlements)
    for asset in sorted({*owed, *facts.margin_account_totals}):
        here, there = owed.get(asset, 0), facts.margin_account_totals.get(asset, 0)
        if here != there:
            yield f"{asset}: owed {here}, margin accounts {there}"


def _untied_held(facts: CustodyFacts) -> Iterator[str]:
    stated: dict[tuple[str, Asset], int] = {}
    for account_id, asset, amount in (
        *((each.account.account_id, each.asset, each.amount) for each in facts.holdings),
        *((each.account_id, each.asset, each.amount) for each in facts.in_transit),
    ):
        stated[account_id, asset] = stated.get((account_id, asset), 0) + amount
    for place in sorted({*stated, *facts.custody_ledger}):
        here, there = stated.get(place, 0), facts.custody_ledger.get(place, 0)
        if here != there:
            account_id, asset = place
            yield f"{account_id} {asset}: custodian and transit {here}, ledger {there}"


def _repeated(in_transit: Sequence[InTransit]) -> Iterator[str]:
    # What moves between two places waits at both, each once.
    standing = [(each.reference, each.account_id) for each in in_transit]
    for reference, account_id in sorted(set(standing)):
        times = standing.count((reference, account_id))
        if times > 1:
            yield f"{reference} stands {times} times at {account_id}"
