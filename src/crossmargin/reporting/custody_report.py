"""The daily custody report of the order's (j), and one BD-FCM's own slice that ties to it.

FICC's report is over all BD-FCMs and all segregated customer margin (ruling 25). Held comes from
the custodians' files, owed from the margin accounts. It is filed every business day, also when
there is nothing; a correction is a new version that names the one it supersedes. As-of time, due
time, format and split are in no source that was read (status: inferred).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from crossmargin.ledger.assets import Asset
from crossmargin.reporting.custody_checks import CheckResult, CustodyFacts, custody_checks
from crossmargin.reporting.custody_values import (
    BreakCause,
    CoverageStatus,
    Entitlement,
    HeldFor,
    Holding,
    InTransit,
    LocationType,
    MarginClass,
    RowOfAsset,
    coverage_of,
    totals_by_asset,
    units_of,
)

#: To whom (j) has FICC report.
RECIPIENTS = ("CFTC Division of Clearing and Risk", "SEC")


@dataclass(frozen=True, slots=True)
class ReportHeading:
    """What identifies a report before its figures are known.

    Parameters
    ----------
    report_id : str
        Chosen by the caller, another one for each version.
    business_date : date
    as_of, created_at, due_at : datetime
        Instants with a zone.
    sender, sender_lei : str
    recipients : tuple of str

    Raises
    ------
    ValueError
        If the id or the sender is empty, or an instant has no zone.
    """

    report_id: str
    business_date: date
    as_of: datetime
    created_at: datetime
    due_at: datetime
    sender: str
    sender_lei: str = ""
    recipients: tuple[str, ...] = RECIPIENTS

    def __post_init__(self) -> None:
        if not (self.report_id and self.sender):
            raise ValueError(f"a report has an id and a sender, was {self!r}")
        if None in {at.tzinfo for at in (self.as_of, self.created_at, self.due_at)}:
            raise ValueError(f"the instants of a report have a zone, were {self!r}")


@dataclass(frozen=True, slots=True)
class CustodyReport:
    """FICC's report of one business date.

    Parameters
    ----------
    heading : ReportHeading
    version : int
        1, then one more with each correction.
    supersedes : str
        Id of the version before; empty for the first.
    held : tuple of Holding
        Sorted by location, account and asset.
    owed : tuple of Entitlement
        Sorted by BD-FCM, class, margin account and asset.
    in_transit : tuple of InTransit
    recon : tuple of RowOfAsset
        One row an asset that is held, owed or in transit.
    checks : tuple of CheckResult
    """

    heading: ReportHeading
    version: int
    supersedes: str
    held: tuple[Holding, ...]
    owed: tuple[Entitlement, ...]
    in_transit: tuple[InTransit, ...]
    recon: tuple[RowOfAsset, ...]
    checks: tuple[CheckResult, ...]

    @property
    def is_nil(self) -> bool:
        """Whether there is nothing to report; it is filed all the same."""
        return not (self.held or self.owed or self.in_transit)

    @property
    def is_late(self) -> bool:
        """Whether it was made after it was due."""
        return self.heading.created_at > self.heading.due_at

    @property
    def shortfalls(self) -> tuple[RowOfAsset, ...]:
        """Assets of which less is held than owed."""
        return tuple(row for row in self.recon if row.coverage.status is CoverageStatus.SHORTFALL)

    @property
    def all_passed(self) -> bool:
        """Whether no check found anything."""
        return all(check.passed for check in self.checks)


def custody_report(
    heading: ReportHeading,
    facts: CustodyFacts,
    *,
    previous_day: CustodyReport | None,
    corrects: CustodyReport | None,
) -> CustodyReport:
    """Return the report.

    Parameters
    ----------
    heading : ReportHeading
    facts : CustodyFacts
    previous_day : CustodyReport or None
        The last version of the business day before: breaks age from it. None on the first day.
    corrects : CustodyReport or None
        The version of this day that the new one supersedes.

    Raises
    ------
    ValueError
        If the report before is not of an earlier date, or a correction of another date or sender,
        or has the id of what it corrects.
    """
    _check_versions(heading, previous_day, corrects)
    recon = _recon(facts, heading.business_date, previous_day)
    return CustodyReport(
        heading=heading,
        version=1 if corrects is None else corrects.version + 1,
        supersedes="" if corrects is None else corrects.heading.report_id,
        held=tuple(sorted(facts.holdings, key=_held_order)),
        owed=tuple(sorted(facts.entitlements, key=_owed_order)),
        in_transit=tuple(sorted(facts.in_transit, key=lambda each: each.reference)),
        recon=recon,
        checks=custody_checks(facts, recon),
    )


def _check_versions(
    heading: ReportHeading, previous_day: CustodyReport | None, corrects: CustodyReport | None
) -> None:
    day = heading.business_date
    if previous_day is not None and previous_day.heading.business_date >= day:
        raise ValueError(f"breaks age from a report of before {day}, was {previous_day.heading!r}")
    if corrects is None:
        return
    other = corrects.heading
    if (other.business_date, other.sender) != (day, heading.sender):
        raise ValueError(f"a correction is of the same day and sender, was of {other!r}")
    if other.report_id == heading.report_id:
        raise ValueError(f"a version has an id of its own, was {heading.report_id!r} again")


def _held_order(holding: Holding) -> tuple[int, str, str, Asset, str]:
    account = holding.account
    return (
        list(LocationType).index(account.location_type),
        account.location,
        account.account_id,
        holding.asset,
        holding.held_for,
    )


def _owed_order(owed: Entitlement) -> tuple[str, str, str, Asset]:
    return owed.bd_fcm, owed.margin_class, owed.margin_account_id, owed.asset


def holder_of(owed: Entitlement) -> str:
    """Return the name of an entitlement holder in a split: BD-FCM and class."""
    return f"{owed.bd_fcm}/{owed.margin_class}"


def _recon(
    facts: CustodyFacts, day: date, previous_day: CustodyReport | None
) -> tuple[RowOfAsset, ...]:
    held = totals_by_asset(
        (each.asset, each.amount) for each in facts.holdings if each.held_for is not HeldFor.OTHER
    )
    coming = totals_by_asset((e.asset, e.amount) for e in facts.in_transit if e.amount > 0)
    leaving = totals_by_asset((e.asset, -e.amount) for e in facts.in_transit if e.amount < 0)
    short_before = {} if previous_day is None else {r.asset: r for r in previous_day.shortfalls}
    owed: dict[Asset, list[Entitlement]] = {}
    for each in facts.entitlements:
        owed.setdefault(each.asset, []).append(each)
    return tuple(
        _row(
            asset,
            held.get(asset, 0),
            owed.get(asset, []),
            moving=(coming.get(asset, 0), leaving.get(asset, 0)),
            day=day,
            before=short_before.get(asset),
        )
        for asset in sorted({*held, *owed, *coming, *leaving})
    )


def _row(
    asset: Asset,
    held: int,
    owed: Sequence[Entitlement],
    *,
    moving: tuple[int, int],
    day: date,
    before: RowOfAsset | None,
) -> RowOfAsset:
    claims: dict[str, int] = {}
    by_class = dict.fromkeys(MarginClass, 0)
    for each in owed:
        claims[holder_of(each)] = claims.get(holder_of(each), 0) + each.amount
        by_class[each.margin_class] += each.amount
    coverage = coverage_of(held, claims, units=units_of(asset))
    row = RowOfAsset(asset, coverage, by_class, *moving, None, None, 0)
    if coverage.status is not CoverageStatus.SHORTFALL:
        return row
    is_coming = moving[0] >= -coverage.difference
    return replace(
        row,
        break_cause=BreakCause.IN_TRANSIT if is_coming else BreakCause.UNEXPLAINED,
        break_opened=day if before is None else before.break_opened,
        break_age_business_days=0 if before is None else before.break_age_business_days + 1,
    )


@dataclass(frozen=True, slots=True)
class TieRow:
    """One asset on one margin account: what the BD-FCM claims, and what FICC reports as owed."""

    margin_class: MarginClass
    margin_account_id: str
    asset: Asset
    claimed: int
    reported: int

    @property
    def difference(self) -> int:
        """Reported less claimed."""
        return self.reported - self.claimed


@dataclass(frozen=True, slots=True)
class CustodySlice:
    """One BD-FCM's own slice of the report.

    Parameters
    ----------
    bd_fcm : str
    report_id : str
        Of FICC's report that it is compared with.
    business_date : date
    rows : tuple of TieRow
        Every claim and every reported debt, sorted by class, margin account and asset.
    shares : mapping of (MarginClass, Asset) to int
        For assets in shortfall, what this BD-FCM's part of the indicative split is.
    """

    bd_fcm: str
    report_id: str
    business_date: date
    rows: tuple[TieRow, ...]
    shares: Mapping[tuple[MarginClass, Asset], int]

    @property
    def untied(self) -> tuple[TieRow, ...]:
        """Rows on which the two differ."""
        return tuple(row for row in self.rows if row.difference)

    @property
    def ties(self) -> bool:
        """Whether the slice ties to FICC's report."""
        return not self.untied


def custody_slice(
    bd_fcm: str,
    claims: Mapping[tuple[MarginClass, str, Asset], int],
    report: CustodyReport,
) -> CustodySlice:
    """Return one BD-FCM's slice, compared with FICC's report of the day.

    Parameters
    ----------
    bd_fcm : str
    claims : mapping of (class, margin account, asset) to int
        What the BD-FCM's own books say it has at FICC for customers; whole units.
    report : CustodyReport
    """
    reported = {
        (each.margin_class, each.margin_account_id, each.asset): 0
        for each in report.owed
        if each.bd_fcm == bd_fcm
    }
    for each in report.owed:
        if each.bd_fcm == bd_fcm:
            reported[each.margin_class, each.margin_account_id, each.asset] += each.amount
    rows = tuple(
        TieRow(*key, claimed=claims.get(key, 0), reported=reported.get(key, 0))
        for key in sorted({*claims, *reported})
    )
    shares = {
        (margin_class, row.asset): amount
        for row in report.shortfalls
        for holder, amount in row.coverage.split
        for margin_class in MarginClass
        if holder == f"{bd_fcm}/{margin_class}"
    }
    return CustodySlice(
        bd_fcm, report.heading.report_id, report.heading.business_date, rows, shares
    )
