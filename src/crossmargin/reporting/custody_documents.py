"""The custody report as a JSON document and as the rows of two CSV files.

One file for cash and one for securities, written also when empty, with the version in the name: the
shape of the daily segregation confirmations of depositories to NFA and CME, the closest model that
was found. Cash is in dollars and cents, securities in dollars of par.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from crossmargin.arrangement.reduction import format_ratio
from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import Money
from crossmargin.ledger.assets import Asset, AssetKind
from crossmargin.reporting.custody_report import CustodyReport, CustodySlice
from crossmargin.reporting.custody_values import Entitlement, Holding, InTransit, RowOfAsset

#: Columns of both files; which are filled depends on the section.
CSV_COLUMNS = (
    *("report_id", "version", "business_date", "section"),
    *("location_type", "location", "account_id", "account_scope", "held_for"),
    *("bd_fcm", "class", "margin_account_id", "reference"),
    *("asset_type", "asset", "amount", "pending_return", "market_value"),
    *("held", "owed", "difference", "status", "rate"),
    *("break_cause", "break_opened", "break_age_business_days"),
)
_RATE_PLACES = 10


def amount_text(asset: Asset, amount: int) -> str:
    """Return an amount as text: dollars and cents, or dollars of par.

    Examples
    --------
    >>> amount_text(Asset(AssetKind.CASH, "USD"), 150), amount_text(Asset.parsed("SEC-X"), 100)
    ('1.50', '100')
    """
    return str(Money(amount)) if asset.kind is AssetKind.CASH else str(amount)


def rate_text(rate: Fraction) -> str:
    """Return a rate of coverage as a decimal string, rounded half to even at ten decimals.

    Examples
    --------
    >>> rate_text(Fraction(19, 20)), rate_text(Fraction(1)), rate_text(Fraction(0))
    ('0.95', '1', '0')
    """
    return format_ratio(rate, places=_RATE_PLACES).rstrip("0").rstrip(".")


def report_document(report: CustodyReport) -> dict[str, object]:
    """Return FICC's report as a JSON document; its header ends with the digest of the rest."""
    sections: dict[str, object] = {
        "held": [_held(each) for each in report.held],
        "owed": [_owed(each) for each in report.owed],
        "in_transit": [_in_transit(each) for each in report.in_transit],
        "recon": [_recon(each) for each in report.recon],
        "checks": [
            {"check": each.check.value, "passed": each.passed, "findings": list(each.findings)}
            for each in report.checks
        ],
    }
    header = _header(report)
    header["sha256"] = digest_of({"header": header, **sections})
    return {"header": header, **sections}


def slice_document(part: CustodySlice) -> dict[str, object]:
    """Return one BD-FCM's slice as a JSON document."""
    return {
        "bd_fcm": part.bd_fcm,
        "business_date": part.business_date.isoformat(),
        "compared_with": part.report_id,
        "ties": part.ties,
        "rows": [
            {
                "class": row.margin_class.value,
                "margin_account_id": row.margin_account_id,
                "asset": str(row.asset),
                "claimed": amount_text(row.asset, row.claimed),
                "reported": amount_text(row.asset, row.reported),
                "difference": amount_text(row.asset, row.difference),
            }
            for row in part.rows
        ],
        "indicative_shares": [
            {
                "class": margin_class.value,
                "asset": str(asset),
                "amount": amount_text(asset, amount),
            }
            for (margin_class, asset), amount in sorted(part.shares.items())
        ],
    }


def file_stem(document: Mapping[str, Any], what: str = "") -> str:
    """Return the name of a file without its ending: kind of asset, date, sender, version."""
    header = document["header"]
    day = str(header["business_date"]).replace("-", "")
    return "_".join(
        part for part in ("custody", what, day, header["sender"], str(header["version"])) if part
    )


def csv_name(document: Mapping[str, Any], kind: AssetKind) -> str:
    """Return the name of a CSV file of a report, given as its JSON document."""
    return f"{file_stem(document, 'cash' if kind is AssetKind.CASH else 'securities')}.csv"


def csv_rows(document: Mapping[str, Any], kind: AssetKind) -> tuple[tuple[str, ...], ...]:
    """Return the rows of one file under :data:`CSV_COLUMNS`, without the line of names.

    Parameters
    ----------
    document : mapping
        Of :func:`report_document`.
    kind : AssetKind
        ``CASH`` or ``SECURITY``.
    """
    header = document["header"]
    common = {name: str(header[name]) for name in ("report_id", "version", "business_date")}
    rows = []
    for section in ("held", "owed", "in_transit", "recon"):
        for row in document[section]:
            if Asset.parsed(row["asset"]).kind is kind:
                cells = {**common, "section": section.upper(), "asset_type": kind.value, **row}
                rows.append(tuple(_cell(cells.get(column)) for column in CSV_COLUMNS))
    return tuple(rows)


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def _header(report: CustodyReport) -> dict[str, object]:
    heading = report.heading
    return {
        "report_id": heading.report_id,
        "business_date": heading.business_date.isoformat(),
        "as_of": heading.as_of.isoformat(),
        "created_at": heading.created_at.isoformat(),
        "due_at": heading.due_at.isoformat(),
        "late": report.is_late,
        "version": report.version,
        "supersedes": report.supersedes or None,
        "sender": heading.sender,
        "sender_lei": heading.sender_lei,
        "recipients": list(heading.recipients),
        "currency": "USD",
        "nil": report.is_nil,
        "records": {
            "held": len(report.held),
            "owed": len(report.owed),
            "in_transit": len(report.in_transit),
            "recon": len(report.recon),
        },
    }


def _held(holding: Holding) -> dict[str, object]:
    account = holding.account
    value = holding.market_value
    return {
        "location_type": account.location_type.value,
        "location": account.location,
        "location_id": account.location_id,
        "account_id": account.account_id,
        "account_title": account.title,
        "account_scope": account.scope.value,
        "notice_document_id": account.notice_document_id,
        "contract_document_id": account.contract_document_id,
        "held_for": holding.held_for.value,
        "asset": str(holding.asset),
        "amount": amount_text(holding.asset, holding.amount),
        "market_value": None if value is None else str(value),
    }


def _owed(owed: Entitlement) -> dict[str, object]:
    return {
        "bd_fcm": owed.bd_fcm,
        "bd_fcm_lei": owed.bd_fcm_lei,
        "class": owed.margin_class.value,
        "margin_account_id": owed.margin_account_id,
        "asset": str(owed.asset),
        "amount": amount_text(owed.asset, owed.amount),
        "pending_return": amount_text(owed.asset, owed.pending_return),
    }


def _in_transit(moving: InTransit) -> dict[str, object]:
    return {
        "reference": moving.reference,
        "account_id": moving.account_id,
        "asset": str(moving.asset),
        "amount": amount_text(moving.asset, moving.amount),
    }


def _recon(row: RowOfAsset) -> dict[str, object]:
    asset, coverage = row.asset, row.coverage
    return {
        "asset": str(asset),
        "held": amount_text(asset, coverage.held),
        "owed": amount_text(asset, coverage.owed),
        "difference": amount_text(asset, coverage.difference),
        "status": coverage.status.value,
        "rate": rate_text(coverage.rate),
        "owed_by_class": {
            each.value: amount_text(asset, amount) for each, amount in row.owed_by_class.items()
        },
        "on_its_way_in": amount_text(asset, row.on_its_way_in),
        "on_its_way_out": amount_text(asset, row.on_its_way_out),
        "indicative_segregated_split": {
            holder: amount_text(asset, amount) for holder, amount in coverage.split
        },
        "break_cause": None if row.break_cause is None else row.break_cause.value,
        "break_opened": None if row.break_opened is None else row.break_opened.isoformat(),
        "break_age_business_days": row.break_age_business_days,
    }
