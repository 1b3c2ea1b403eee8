"""A forward walk as one document and as rows.

Money and ratios are decimal strings, dates ISO. The digest covers everything else in the document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from crossmargin.analysis.walk.lines import FutureLine, SecurityLine, TreasuryFutureLine
from crossmargin.analysis.walk.liquidity import Liquidity
from crossmargin.analysis.walk.margins import FUTURES, LEGS, SCALED, SECURITIES, STRESS
from crossmargin.arrangement.reduction import format_ratio
from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import Money
from crossmargin.basics.words import counted
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.presentation.margin_notices import REVIEW_NOTICE, SIMULATED_NOTICE
from crossmargin.presentation.run_parts import market_part, positions_part
from crossmargin.services.forward_paths import ForwardPath, Impulse, Restrike, Simulated
from crossmargin.services.forward_walk import CustomerForward, ForwardWalk, decided_by

Document = dict[str, Any]
IntArray = npt.NDArray[np.int64]

PROXY_NOTICE = (
    "Proxies: on every date each security is a bond at par of the same remaining maturity and "
    "DV01, each Treasury future the forward of one; spreads of single issues and changes of the "
    "cheapest to deliver are not in it (ruling 20)."
)
_XM_NOTICE = "The XM account alone is walked, without charges outside the saving (add-ons)."
_MODE_NOTICES = {
    "restrike": "Restrike: windows and estimates are those known on each date, parameters today's.",
    "shock": (
        "Shock: the episode's moves of par yields, basis and spread are done again from the "
        "as-of date on; today's window rolls through them."
    ),
    "simulated": (
        "Simulated: days of the history, drawn in blocks by seed, are done again from the as-of "
        "date on; today's window rolls through them."
    ),
    "impulse": "Impulse: one move of par yields on the first day, then none of anything.",
}
_FLOW_NOTICE = (
    "Variation is the one-day move of the re-struck book, without carry; of a basis residual the "
    "share that is no timing noise counts, so the sum over days understates a lasting basis move."
)
FLOWS = ("called", "due", "received", "drawn", "needed")


def forward_document(walk: ForwardWalk) -> Document:
    """Return the JSON shape of a forward walk."""
    day = walk.day
    body: Document = {
        "mode": walk.path.mode,
        "path": _path(walk.path),
        "terms_date": day.as_of.isoformat(),
        "opening": str(walk.dates[0]),
        "days": len(walk.dates) - 1,
        "market": market_part(day),
        "parameters": day.parameters.as_document(),
        "models": {"ficc": day.ficc.name, "cme": day.cme.name},
        "positions": positions_part(walk.run),
        "proxies": {
            "known_until": [until.isoformat() for until in walk.known_until],
            "curves_without_every_tenor": walk.missing_tenors,
            "lowest_par_yield_pct": f"{walk.lowest_par_yield * 100:.4f}",
            "securities": [_security(line) for line in walk.lines.securities],
            "contracts": [_contract(line) for line in walk.lines.contracts],
        },
        "customers": [_customer(walk, customer) for customer in walk.customers],
        "not_walked": dict(walk.not_walked),
        "notices": _notices(walk),
    }
    return {**body, "digest": digest_of(body)}


def _path(path: ForwardPath) -> Document:
    if isinstance(path, Impulse):
        return {
            "parallel_bp": f"{path.parallel_bp:.4f}",
            "twist_bp": f"{path.twist_bp:.4f}",
            "days": path.days,
        }
    first = path.first.isoformat() if path.first else None
    dates: Document = {"from": first, "to": path.last.isoformat()}
    if isinstance(path, Simulated):
        return {**dates, "days": path.days, "block_days": path.block_days, "seed": path.seed}
    return dates


def _notices(walk: ForwardWalk) -> list[str]:
    day = walk.day
    notices = [SIMULATED_NOTICE] if day.simulated else []
    notices += [_MODE_NOTICES[walk.path.mode], PROXY_NOTICE, _XM_NOTICE, _FLOW_NOTICE]
    notices.append(REVIEW_NOTICE)
    if walk.lowest_par_yield < 0.0 and not isinstance(walk.path, Restrike):
        notices.append("Par yields fall below zero on this path; nothing holds them up.")
    if day.prices.derived_from:
        notices.append(
            f"DERIVED PRICES: the book's terms rest on the curve of {day.as_of} and each "
            f"security's spread of {day.prices.derived_from} (ruling 20)."
        )
    for customer in walk.customers:
        left_out = len(customer.result.ineligible) + len(customer.result.unsupported)
        if left_out:
            notices.append(
                f"{customer.result.key.customer_id}: {counted(left_out, 'line')} outside the XM "
                "account, not walked."
            )
    return notices


def _security(line: SecurityLine) -> Document:
    return {
        "cusip": line.label,
        "remaining_years": f"{line.years:.4f}",
        "dv01_dollars_per_100": f"{line.dv01_dollars:.6f}",
    }


def _contract(line: FutureLine) -> Document:
    if isinstance(line, TreasuryFutureLine):
        return {
            "contract": line.label,
            "kind": "Treasury",
            "remaining_years": f"{line.years:.4f}",
            "delivery_years": f"{line.delivery_years:.4f}",
            "dv01_dollars": f"{line.dv01_dollars:.4f}",
        }
    return {
        "contract": line.label,
        "kind": "money market",
        "start_years": f"{line.start_years:.4f}",
        "end_years": f"{line.end_years:.4f}",
        "dv01_dollars": f"{line.dollars_per_rate / 1e4:.4f}",
    }


def _customer(walk: ForwardWalk, customer: CustomerForward) -> Document:
    requirement = customer.result.requirement
    rows = [_date(walk, customer, place) for place in range(len(walk.dates))]
    return {
        "bd_fcm": customer.result.key.bd_fcm,
        "customer_id": customer.result.key.customer_id,
        "lines_outside": len(customer.result.ineligible),
        "lines_unsupported": len(customer.result.unsupported),
        "incomplete": customer.result.incomplete,
        "margin_day": {
            name: {leg: str(getattr(ccp.figures.three, leg)) for leg in LEGS}
            for name, ccp in (("ficc", requirement.ficc), ("cme", requirement.cme))
        },
        "volatility_key_years": f"{customer.volatility_key_years:g}",
        "opening": rows[0],
        "days": [{**row, **_flows(customer, place)} for place, row in enumerate(rows[1:], start=0)],
        "summary": _summary(walk, customer),
    }


def _date(walk: ForwardWalk, customer: CustomerForward, place: int) -> Document:
    book, reduction = customer.walk, customer.reduction(place)
    repeats = None
    if walk.source_dates is not None and place > 0:
        repeats = str(walk.source_dates[place - 1])
    return {
        "date": str(walk.dates[place]),
        "repeats": repeats,
        "requirement": _money(book.requirement_cents, place),
        "ficc_requirement": _money(book.ficc_cents, place),
        "cme_requirement": _money(book.cme_cents, place),
        "standalone": _money(customer.walk.standalone_cents, place),
        "ficc_standalone": _money(customer.walk.standalone_ficc_cents, place),
        "cme_standalone": _money(book.cme.cents[FUTURES], place),
        "ficc_saving": format_ratio(reduction.ficc_saving),
        "cme_saving": format_ratio(reduction.cme_saving),
        "reduction": format_ratio(reduction.reduction),
        "binding": reduction.binding.value,
        "ficc_decided_by": customer.ficc_decides[place],
        "volatility_ratio": f"{customer.volatility_ratio[place]:.4f}",
        "ficc": {
            leg: {
                "charge": _money(book.ficc.cents[leg], place),
                "decided_by": decided_by(book.ficc, leg)[place],
            }
            for leg in LEGS
        },
        "cme": {
            leg: {
                "charge": _money(book.cme.cents[leg], place),
                "scaled": _dollars(book.cme.components[SCALED, leg], place),
                "stress": _dollars(book.cme.components[STRESS, leg], place),
            }
            for leg in LEGS
        },
    }


def _flows(customer: CustomerForward, day: int) -> Document:
    return {
        "variation": {
            "ficc_loss": _money(customer.loss_cents[SECURITIES], day),
            "cme_loss": _money(customer.loss_cents[FUTURES], day),
            "basis_observed": bool(customer.basis_observed[day]),
        },
        "liquidity": _flow(customer.arranged, day),
        "liquidity_without": _flow(customer.apart, day),
    }


def _flow(flow: Liquidity, day: int) -> Document:
    return {name: _money(getattr(flow, name), day) for name in FLOWS}


def _money(cents: IntArray, place: int) -> str:
    return str(Money(int(cents[place])))


def _dollars(steps: IntArray, place: int) -> str:
    """Return grid steps as dollars and cents, the nearest cent."""
    return str(Money(round(int(steps[place]) * 100 / GRID_PER_DOLLAR)))


def _summary(walk: ForwardWalk, customer: CustomerForward) -> Document:
    reductions = customer.walk.reductions
    ratios = [float(each.reduction) for each in reductions]
    lowest, highest = ratios.index(min(ratios)), ratios.index(max(ratios))
    bindings = Counter(each.binding.value for each in reductions[1:])
    return {
        "peak_requirement": _peak(walk, customer.walk.requirement_cents, 0),
        "peak_standalone": _peak(walk, customer.walk.standalone_cents, 0),
        "reduction_lowest": _ratio_at(walk, customer, lowest),
        "reduction_highest": _ratio_at(walk, customer, highest),
        "binding_days": dict(sorted(bindings.items())),
        "switches": [
            {
                "date": str(walk.dates[place]),
                "from": reductions[place - 1].binding.value,
                "to": reductions[place].binding.value,
            }
            for place in customer.switches
        ],
        "days_without_observed_basis": int((~customer.basis_observed).sum()),
        "liquidity": _peaks(walk, customer.arranged),
        "liquidity_without": _peaks(walk, customer.apart),
    }


def _ratio_at(walk: ForwardWalk, customer: CustomerForward, place: int) -> Document:
    return {
        "reduction": format_ratio(customer.reduction(place).reduction),
        "date": str(walk.dates[place]),
    }


def _peaks(walk: ForwardWalk, flow: Liquidity) -> Document:
    return {
        f"largest_{name}" if name in ("called", "due") else f"peak_{name}": _peak(
            walk, getattr(flow, name), 1
        )
        for name in ("called", "due", "drawn", "needed")
    }


def _peak(walk: ForwardWalk, cents: IntArray, shift: int) -> Document:
    """Return the largest figure and its date, the first of equals."""
    place = int(cents.argmax())
    return {"dollars": _money(cents, place), "date": str(walk.dates[place + shift])}


CSV_HEADER = (
    *("mode", "simulated", "bd_fcm", "customer_id", "date", "repeats"),
    *("requirement", "ficc_requirement", "cme_requirement"),
    *("standalone", "ficc_standalone", "cme_standalone"),
    *("ficc_saving", "cme_saving", "reduction", "binding", "ficc_decided_by", "volatility_ratio"),
    *(f"ficc_{leg}" for leg in LEGS),
    *(f"cme_{leg}{part}" for leg in LEGS for part in ("", "_scaled", "_stress")),
    *("ficc_loss", "cme_loss", "basis_observed"),
    *FLOWS,
    *(f"{name}_without" for name in FLOWS),
)


def csv_rows(document: Mapping[str, Any]) -> list[list[str]]:
    """Return one row a customer and date, by :data:`CSV_HEADER`; the opening has no flows."""
    lead = [document["mode"], str(document["market"]["simulated"]).lower()]
    return [
        [*lead, customer["bd_fcm"], customer["customer_id"], *_csv_row(row)]
        for customer in document["customers"]
        for row in (customer["opening"], *customer["days"])
    ]


def _csv_row(row: Mapping[str, Any]) -> Sequence[str]:
    flat = [row[name] or "" for name in CSV_HEADER[4:18]]
    models = [row["ficc"][leg]["charge"] for leg in LEGS]
    models += [row["cme"][leg][part] for leg in LEGS for part in ("charge", "scaled", "stress")]
    if "variation" not in row:
        return [*flat, *models, *[""] * (3 + 2 * len(FLOWS))]
    variation = row["variation"]
    return [
        *flat,
        *models,
        variation["ficc_loss"],
        variation["cme_loss"],
        str(variation["basis_observed"]).lower(),
        *(row["liquidity"][name] for name in FLOWS),
        *(row["liquidity_without"][name] for name in FLOWS),
    ]
