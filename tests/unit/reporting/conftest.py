"""A small day at FICC: two BD-FCMs, cash and two notes, at FRBNY and one bank."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from crossmargin.ledger.assets import CASH, security
from crossmargin.reporting.custody_checks import CustodyFacts
from crossmargin.reporting.custody_report import CustodyReport, ReportHeading, custody_report
from crossmargin.reporting.custody_values import (
    AccountScope,
    CustodyAccount,
    Entitlement,
    HeldFor,
    Holding,
    LocationType,
    MarginClass,
)

FRBNY = CustodyAccount(
    LocationType.FRBNY,
    "FRBNY",
    "F-1",
    "FICC segregated customer margin",
    AccountScope.XM_AND_SCM,
    notice_document_id="N-1",
    contract_document_id="C-1",
)
BANK = CustodyAccount(
    LocationType.BANK,
    "BANK-1",
    "B-1",
    "FICC XM customer margin",
    AccountScope.XM_ONLY,
    notice_document_id="N-2",
    contract_document_id="C-2",
)
NOTE_A, NOTE_B = security("91282CMS7"), security("91282CKX8")
BOTH = HeldFor.XM_AND_SCM
HOLDINGS = (
    Holding(FRBNY, CASH, 500, BOTH),
    Holding(BANK, CASH, 120, HeldFor.XM),
    Holding(FRBNY, NOTE_A, 20_000, BOTH),
    Holding(BANK, NOTE_A, 4_000, HeldFor.XM),
    Holding(FRBNY, NOTE_B, 9_500, BOTH),
)
ENTITLEMENTS = (
    Entitlement("BD1", MarginClass.XM, "X-1", CASH, 310),
    Entitlement("BD2", MarginClass.SCM, "S-2", CASH, 300),
    Entitlement("BD1", MarginClass.XM, "X-1", NOTE_A, 15_000),
    Entitlement("BD2", MarginClass.SCM, "S-2", NOTE_A, 9_000),
    Entitlement("BD1", MarginClass.XM, "X-1", NOTE_B, 6_000, pending_return=1_000),
    Entitlement("BD2", MarginClass.SCM, "S-2", NOTE_B, 4_000),
)


def facts_of(
    holdings: tuple[Holding, ...] = HOLDINGS, entitlements: tuple[Entitlement, ...] = ENTITLEMENTS
) -> CustodyFacts:
    """Facts whose ledgers agree with the files, nothing in transit."""
    totals: dict[object, int] = {}
    for owed in entitlements:
        totals[owed.asset] = totals.get(owed.asset, 0) + owed.amount
    return CustodyFacts(
        holdings,
        entitlements,
        (),
        totals,  # type: ignore[arg-type]
        {(each.account.account_id, each.asset): each.amount for each in holdings},
    )


def heading_of(report_id: str = "R-1", day: int = 11) -> ReportHeading:
    """A heading of a day of May 2026, made the next morning."""
    return ReportHeading(
        report_id,
        date(2026, 5, day),
        as_of=datetime(2026, 5, day, 22, tzinfo=UTC),
        created_at=datetime(2026, 5, day + 1, 11, tzinfo=UTC),
        due_at=datetime(2026, 5, day + 1, 15, tzinfo=UTC),
        sender="FICC",
    )


@pytest.fixture
def facts() -> CustodyFacts:
    return facts_of()


@pytest.fixture
def make_facts() -> Callable[..., CustodyFacts]:
    return facts_of


@pytest.fixture
def make_heading() -> Callable[..., ReportHeading]:
    return heading_of


@pytest.fixture
def report() -> CustodyReport:
    return custody_report(heading_of(), facts_of(), previous_day=None, corrects=None)
