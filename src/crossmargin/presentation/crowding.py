"""The document and the CSV rows of ``xm crowding``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from crossmargin.analysis.crowding import (
    NO_COST,
    Crowd,
    Liquidation,
    LiquidationCost,
    ProductCrowding,
    Sides,
    TenorCrowding,
)
from crossmargin.arrangement.reduction import format_ratio
from crossmargin.basics.digest import digest_of
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.words import counted
from crossmargin.presentation.cells import LABELS, labels
from crossmargin.presentation.margin_notices import margin_notices
from crossmargin.presentation.run_parts import market_part, owner_part, positions_part
from crossmargin.services.crowding import Crowding

Document = dict[str, Any]

TRADER_CLASSES = ("dealers", "asset_managers", "leveraged_funds")
SIDES = ("long", "short", "net", "gross")
VOLUME_NOTICE = (
    "Volumes are parameters (recalled and assumed: ficc.liquidity_daily_volume_billions, "
    "cme.average_daily_volume); liquidity charges are our forms of both models."
)
NO_REPORT_NOTICE = "The market directory has no weekly report of the CFTC on or before the date."

CSV_HEADER = (
    *LABELS,
    *("section", "name", "long", "short", "net", "gross"),
    *("daily_volume", "days_net", "days_gross", "open_interest", "share_of_open_interest"),
    *("side", "herfindahl", "largest_customer", "largest_share"),
    *("own", "netted", "crowd_own", "crowd_together", "missed"),
)


def crowding_document(found: Crowding) -> Document:
    """Return the document of ``xm crowding``."""
    run = found.run
    day = run.result.day
    keys = [book.key for book in run.books]
    body: Document = {
        "as_of": day.as_of.isoformat(),
        "market": market_part(day),
        "parameters": {
            **day.parameters.as_document(),
            "analysis": owner_part(found.parameters),
        },
        "models": {"ficc": day.ficc.name, "cme": day.cme_engine.name},
        "positions": positions_part(run),
        "notices": _notices(found),
        "participation_share": format_ratio(found.participation_share),
        "open_interest": None
        if found.report_date is None
        else {
            "report_date": found.report_date.isoformat(),
            "age_days": (day.as_of - found.report_date).days,
        },
        "tenors": [_tenor(each, keys) for each in found.tenors],
        "products": [_product(each, keys) for each in found.products],
        "liquidation": {
            "ficc": _liquidation(found.ficc, "group"),
            "cme": _liquidation(found.cme, "product"),
        },
        "customers": [
            {
                "bd_fcm": each.key.bd_fcm,
                "customer_id": each.key.customer_id,
                "net_dv01": _amount(each.net_dv01),
                "gross_dv01": _amount(each.gross_dv01),
                "share_of_gross": format_ratio(each.share_of_gross),
            }
            for each in found.customers
        ],
        "crowd": _crowd(found.overall, keys),
        "left_out_positions": found.left_out_positions,
        "incomplete": run.result.incomplete or bool(run.skipped),
    }
    return {**body, "digest": digest_of(body)}


def _notices(found: Crowding) -> list[str]:
    day = found.run.result.day
    notices = [*margin_notices(found.run, "EOD"), VOLUME_NOTICE]
    if found.report_date is None:
        notices.append(NO_REPORT_NOTICE)
    else:
        age = (day.as_of - found.report_date).days
        notices.append(
            f"Open interest is of the CFTC's report of {found.report_date}, {age} days before the "
            "date."
        )
    if found.left_out_positions:
        notices.append(
            f"{counted(found.left_out_positions, 'position', 'positions')} without sensitivities "
            "left out."
        )
    return notices


def _tenor(tenor: TenorCrowding, keys: Sequence[CustomerKey]) -> Document:
    upper = None if tenor.upper_years is None else f"{float(tenor.upper_years):g}"
    return {
        "bucket": tenor.name,
        "from_years": f"{float(tenor.lower_years):g}",
        "to_years": upper,
        "dv01": {
            "securities": _sides(tenor.securities_dv01),
            "futures": _sides(tenor.futures_dv01),
            "all": _sides(tenor.securities_dv01 + tenor.futures_dv01),
            "market_per_day": _amount(tenor.market_dv01),
            "days_net": _days(tenor.days_net),
            "days_gross": _days(tenor.days_gross),
        },
        "market_value": {
            **_sides(tenor.market_value),
            "daily_volume": _amount(tenor.daily_volume_dollars),
            "days_net": _days(tenor.cash_days_net),
            "days_gross": _days(tenor.cash_days_gross),
        },
        "crowd": _crowd(tenor.crowd, keys),
    }


def _product(product: ProductCrowding, keys: Sequence[CustomerKey]) -> Document:
    traders, share = product.traders, product.share_of_open_interest
    return {
        "product": product.product,
        "contracts": {name: str(int(getattr(product.contracts, name))) for name in SIDES},
        "daily_volume": _amount(product.daily_volume),
        "days_net": _days(product.days_net),
        "days_gross": _days(product.days_gross),
        "open_interest": None
        if traders is None
        else {
            "report_date": traders.report_date.isoformat(),
            "contracts": traders.open_interest,
            "share": None if share is None else format_ratio(share),
            "net_positions": {name: traders.net(name) for name in TRADER_CLASSES},
        },
        "crowd": _crowd(product.crowd, keys),
    }


def _liquidation(rows: Sequence[Liquidation], label: str) -> Document:
    cost = charge = NO_COST
    for row in rows:
        cost, charge = cost + row.cost, charge + row.charge
    return {
        "rows": [
            {label: row.name, "cost": _cost(row.cost), "charge": _cost(row.charge)} for row in rows
        ],
        "total": {"cost": _cost(cost), "charge": _cost(charge)},
    }


def _cost(cost: LiquidationCost) -> Document:
    names = ("own", "netted", "crowd_own", "crowd_together", "missed")
    return {name: _amount(getattr(cost, name)) for name in names}


def _crowd(crowd: Crowd, keys: Sequence[CustomerKey]) -> Document:
    index = crowd.herfindahl
    return {
        "side": crowd.side,
        "herfindahl": None if index is None else format_ratio(index),
        "equal_customers": None if index is None else _days(1 / index),
        "shares": [
            {
                "bd_fcm": keys[member].bd_fcm,
                "customer_id": keys[member].customer_id,
                "share": format_ratio(share),
            }
            for member, share in crowd.shares
        ],
    }


def _sides(sides: Sides) -> Document:
    return {name: _amount(getattr(sides, name)) for name in SIDES}


def _amount(value: Fraction) -> str:
    return format_ratio(value, places=2)


def _days(value: Fraction) -> str:
    return format_ratio(value, places=3)


def csv_rows(document: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield one row a bucket, product and group, section by section."""
    for section, name, row in _flat(document):
        told = dict(zip(LABELS, labels(document), strict=True))
        full = {**row, **told, "section": section, "name": name}
        yield tuple("" if full.get(key) is None else str(full[key]) for key in CSV_HEADER)


def _flat(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for tenor in document["tenors"]:
        crowd = _largest(tenor["crowd"])
        dv01 = tenor["dv01"]
        days = {name: dv01[name] for name in ("days_net", "days_gross")}
        volume = {"daily_volume": dv01["market_per_day"]}
        for leg in ("securities", "futures"):
            yield f"dv01_{leg}", tenor["bucket"], dv01[leg]
        yield "dv01_all", tenor["bucket"], {**dv01["all"], **days, **volume, **crowd}
        yield "market_value", tenor["bucket"], tenor["market_value"]
    for product in document["products"]:
        interest = product["open_interest"] or {}
        yield (
            "contracts",
            product["product"],
            {
                **product,
                **product["contracts"],
                "open_interest": interest.get("contracts"),
                "share_of_open_interest": interest.get("share"),
                **_largest(product["crowd"]),
            },
        )
    for ccp, label in (("ficc", "group"), ("cme", "product")):
        part = document["liquidation"][ccp]
        for row in [*part["rows"], {label: "total", **part["total"]}]:
            for kind in ("cost", "charge"):
                yield f"{ccp}_{kind}", row[label], row[kind]
    for customer in document["customers"]:
        figures = {
            "net": customer["net_dv01"],
            "gross": customer["gross_dv01"],
            "largest_share": customer["share_of_gross"],
        }
        yield "customer_dv01", customer["customer_id"], figures


def _largest(crowd: Mapping[str, Any]) -> Document:
    first = crowd["shares"][0] if crowd["shares"] else {}
    return {
        "side": crowd["side"],
        "herfindahl": crowd["herfindahl"],
        "largest_customer": first.get("customer_id"),
        "largest_share": first.get("share"),
    }
