"""The failure of FICC or CME as documents and as rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.default_management.ccp_failure import HeldLoss, PoolShares
from crossmargin.default_management.cme_failure import CmeFailure
from crossmargin.default_management.entitlements import EntitlementHolder
from crossmargin.default_management.ficc_failure import AssetOutcome, CustomerOutcome
from crossmargin.default_management.regimes import REGIME_TERMS
from crossmargin.ledger.assets import CASH, Asset
from crossmargin.reporting.custody_documents import amount_text, rate_text
from crossmargin.services.ccp_failure import CmeRun, FiccRun, Source

NOT_REVIEWED = "No model here is reviewed by the CFTC or the SEC."
WHO_BEARS = (
    "While a BD-FCM survives, each of its customers is shown to bear what was held for it: "
    "inferred, no source says who does. The total is what the BD-FCM pays if it bears it."
)
_VALUES = ("owed_value", "recovered_value", "loss_value")
ROWS_HEADER = (
    *("section", "bd_fcm", "class", "customer", "asset", "owed", "held", "lost", "prior_secured"),
    *("rate", "recovered", "unsecured", "owed_value", "recovered_value", "loss_value"),
    *("other_property", "rate_without", "paid", "paid_without", "left"),
)


def ficc_document(run: FiccRun) -> dict[str, Any]:
    """Return the failure of FICC as a JSON document that ends with its digest.

    Cash is in dollars and cents, securities in dollars of par, values in dollars.
    """
    result = run.result
    holders = {
        str(each.owed.holder): each.owed.holder
        for each in sorted(result.customers, key=lambda each: each.owed.holder)
    }
    customers = [_customer(each) for each in result.customers]
    document: dict[str, Any] = {
        "failure": "FICC",
        **_heading(run.as_of.isoformat(), run.sources, run.losses),
        "parameters": run.rules.as_document(),
        "assets": [_asset(each, holders) for each in result.assets],
        "customers": customers,
        "totals": _totals(customers),
        "pools": [_pool(each) for each in result.pools],
        "unpriced": [str(each) for each in result.unpriced],
        "regimes": [
            {
                "question": each.question,
                "bankruptcy": each.bankruptcy,
                "title_ii": each.title_ii,
                "source": each.source,
                "status": each.status,
            }
            for each in REGIME_TERMS
        ],
        "notices": [WHO_BEARS, NOT_REVIEWED],
    }
    return _with_digest(document)


def cme_document(run: CmeRun) -> dict[str, Any]:
    """Return the failure of CME as a JSON document that ends with its digest; dollars."""
    result = run.result
    customers = [
        {
            "bd_fcm": each.bd_fcm,
            "class": each.account_class.value,
            "customer": each.customer_id,
            "owed_value": str(each.claimed),
            "recovered_value": str(each.recovered),
            "loss_value": str(each.loss),
        }
        for each in result.customers
    ]
    document: dict[str, Any] = {
        "failure": "CME",
        **_heading(run.as_of.isoformat(), run.sources, run.losses),
        "property_lost": str(result.property_lost),
        "left": str(result.left),
        "estates": [
            {
                "account": each.estate.account.value,
                "class": each.estate.account_class.value,
                "net_equity": str(each.net_equity),
                "own_property": str(each.own_property),
                "paid": str(each.paid),
                "rate": rate_text(each.rate),
            }
            for each in result.estates
        ],
        "members": _members(result),
        "customers": customers,
        "totals": _totals(customers),
        "pools": [_pool(each) for each in result.pools],
        "notices": [WHO_BEARS, NOT_REVIEWED],
    }
    return _with_digest(document)


def _with_digest(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with its digest: of all but the sources, where the order of rows shows."""
    body = {name: part for name, part in document.items() if name != "sources"}
    return {**document, "digest": digest_of(body)}


def failure_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a figure under :data:`ROWS_HEADER`: assets, holders, customers, pools."""
    for cells in _sections(document):
        yield tuple(str(cells.get(name) or "") for name in ROWS_HEADER)


def _sections(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for asset in document.get("assets", ()):
        yield {"section": "ASSET", **asset}
        for holder in asset["holders"]:
            yield {"section": "HOLDER", "asset": asset["asset"], **holder}
    for estate in document.get("estates", ()):
        yield {
            "section": "ESTATE",
            "customer": estate["account"],
            "class": estate["class"],
            "owed": estate["net_equity"],
            "held": estate["own_property"],
            "paid": estate["paid"],
            "rate": estate["rate"],
        }
    for member in document.get("members", ()):
        yield {
            "section": "MEMBER",
            "bd_fcm": member["bd_fcm"],
            "class": member["class"],
            "customer": member["account"],
            "owed": member["net_equity"],
            "lost": member["allocated_loss"],
            "paid": member["paid"],
        }
    for customer in document["customers"]:
        yield {"section": "CUSTOMER", **customer}
    for total in document["totals"]:
        yield {"section": "TOTAL", **total}
    for pool in document["pools"]:
        yield {"section": "POOL", **pool, "customers": None}
        for customer in pool["customers"]:
            yield {"section": "POOL_CUSTOMER", "bd_fcm": pool["bd_fcm"], **customer}


def _heading(
    as_of: str, sources: Sequence[Source], losses: Sequence[HeldLoss]
) -> dict[str, object]:
    return {
        "as_of": as_of,
        "sources": [{"name": each.name, "digest": each.digest} for each in sources],
        "losses": sorted(map(_loss, losses), key=lambda each: tuple(map(str, each.values()))),
    }


def _loss(loss: HeldLoss) -> dict[str, str]:
    asset = Asset.parsed(loss.what) if loss.what else CASH
    if isinstance(loss.amount, Fraction):
        lost = f"{rate_text(loss.amount * 100)}%"
    else:
        lost = amount_text(asset, loss.amount)
    return {"asset": str(asset), "place": loss.place, "lost": lost}


def _asset(outcome: AssetOutcome, holders: Mapping[str, EntitlementHolder]) -> dict[str, Any]:
    held, found = outcome.held, outcome.recovery
    paid = sum(found.payouts.values())
    owed = sum(held.entitlements.values())

    def text(amount: int) -> str:
        return amount_text(held.asset, amount)

    return {
        "asset": str(held.asset),
        "interests": [
            {"place": place, "amount": text(amount)} for place, amount in held.interests.items()
        ],
        "held": text(sum(held.interests.values())),
        "lost": text(held.lost),
        "prior_secured": text(held.prior_secured),
        "available": text(found.available),
        "owed": text(owed),
        "rate": rate_text(found.rate),
        "recovered": text(paid),
        "unsecured": text(owed - paid),
        "surplus": text(found.surplus),
        "undistributed": text(found.undistributed),
        "holders": [
            {
                "bd_fcm": holders[name].bd_fcm,
                "class": holders[name].margin_class.value,
                "owed": text(amount + found.unsecured[name]),
                "recovered": text(amount),
                "unsecured": text(found.unsecured[name]),
            }
            for name, amount in sorted(found.payouts.items())
        ],
    }


def _customer(each: CustomerOutcome) -> dict[str, str | None]:
    owed, asset = each.owed, each.owed.asset
    loss = None
    if each.owed_value is not None and each.recovered_value is not None:
        loss = str(each.owed_value - each.recovered_value)
    return {
        "bd_fcm": owed.holder.bd_fcm,
        "class": owed.holder.margin_class.value,
        "customer": owed.customer_id,
        "asset": str(asset),
        "owed": amount_text(asset, owed.amount),
        "recovered": amount_text(asset, each.recovered),
        "unsecured": amount_text(asset, each.unsecured),
        "owed_value": _text(each.owed_value),
        "recovered_value": _text(each.recovered_value),
        "loss_value": loss,
    }


def _totals(customers: Sequence[Mapping[str, str | None]]) -> list[dict[str, str | None]]:
    """Return the values of each BD-FCM's customers of a class together; None without a price."""
    totals: dict[tuple[str | None, str | None], list[Mapping[str, str | None]]] = {}
    for each in customers:
        totals.setdefault((each["bd_fcm"], each["class"]), []).append(each)
    return [
        {
            "bd_fcm": bd_fcm,
            "class": own_class,
            **{name: _sum([row[name] for row in rows]) for name in _VALUES},
        }
        for (bd_fcm, own_class), rows in totals.items()
    ]


def _sum(amounts: Sequence[str | None]) -> str | None:
    known = [money_from_decimal(each) for each in amounts if each is not None]
    return str(Money.total(known)) if len(known) == len(amounts) else None


def _text(amount: Money | None) -> str | None:
    return None if amount is None else str(amount)


def _members(result: CmeFailure) -> list[dict[str, str]]:
    return [
        {
            "bd_fcm": each.bd_fcm,
            "account": each.estate.account.value,
            "class": each.estate.account_class.value,
            "claimed": str(each.claimed),
            "allocated_loss": str(each.allocated_loss),
            "net_equity": str(each.net_equity),
            "paid": str(each.paid),
            "owed_to_cme": str(each.owed_to_cme),
        }
        for each in result.members
    ]


def _pool(pool: PoolShares) -> dict[str, Any]:
    return {
        "bd_fcm": pool.bd_fcm,
        "owed": str(pool.claims),
        "other_property": str(pool.other_property),
        "recovered": str(pool.recovered),
        "rate": rate_text(pool.rate),
        "rate_without": rate_text(pool.rate_without),
        "left": str(pool.left),
        "customers": [
            {
                "customer": name,
                "paid": str(paid),
                "paid_without": str(pool.paid_without[name]),
                "loss_value": str(pool.paid_without[name] - paid),
            }
            for name, paid in pool.paid.items()
        ],
    }
