"""A margin run as the one document that command line and HTTP share.

Money and ratios are decimal strings, dates ISO; every figure of the requirement is exact to the
cent, savings to six decimals. The digest covers everything else in the document, so equal input
gives an equal digest on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from crossmargin.analysis.explanation import FactorLoss, TailScenario
from crossmargin.arrangement.eligibility import (
    IneligibleCode,
    RecognisedLine,
    UnsupportedLine,
)
from crossmargin.arrangement.reduction import format_ratio
from crossmargin.arrangement.requirement import CcpRequirement
from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import Money
from crossmargin.presentation.margin_ranges import ranges_document
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import CustomerExplanation, MarginRun
from crossmargin.services.margin_ranges import CustomerRanges
from crossmargin.services.margin_run import CustomerResult, ModelDetail
from crossmargin.services.margin_sensitivity import CustomerSensitivity

Document = dict[str, Any]

REVIEW_NOTICE = (
    "No model here is FICC's or CME's, and none is reviewed by the CFTC or the SEC (ruling 32)."
)
SIMULATED_NOTICE = "SIMULATED MARKET: no figure here comes from real prices."
_CENTS = 2
_DOLLAR_PLACES = 6


def margin_document(
    run: MarginRun,
    *,
    cycle: str,
    explanations: tuple[CustomerExplanation, ...] = (),
    sensitivities: tuple[CustomerSensitivity, ...] = (),
    ranges: tuple[CustomerRanges, ...] = (),
) -> Document:
    """Return the document of a run.

    Parameters
    ----------
    run : MarginRun
    cycle : str
        ITD, EOD, EODXM or CUR.
    explanations, sensitivities, ranges : tuple, optional
        In the order of the result's customers.
    """
    day, customers = run.result.day, run.result.customers
    documents = [_customer(customer) for customer in customers]
    for document, explanation in zip(documents, explanations, strict=False):
        document["explanation"] = _explanation(explanation)
    for document, sensitivity in zip(documents, sensitivities, strict=False):
        document["sensitivity"] = _sensitivity(sensitivity)
    for document, spanned in zip(documents, ranges, strict=False):
        document["ranges"] = ranges_document(spanned)
    body: Document = {
        "as_of": day.as_of.isoformat(),
        "cycle": cycle,
        "market": {"simulated": day.simulated, "digest": day.market_digest},
        "parameters": day.parameters.as_document(),
        "models": _models(day),
        "positions": {
            "sha256": run.positions.sha256,
            "rows": run.positions.row_count,
            "skipped": [refusal.as_document() for refusal in run.skipped],
        },
        "indicative": cycle == "CUR",
        "notices": _notices(run, cycle),
        "futures": _futures(day),
        "customers": documents,
        "totals": {
            name: str(Money.total(getattr(c.requirement, name) for c in customers))
            for name in ("standalone", "requirement", "saved")
        },
        "order_check_shortfalls": run.result.shortfall_count,
        "incomplete": run.result.incomplete or bool(run.skipped),
    }
    return {**body, "digest": digest_of(body)}


MISSING_NOTICE = (
    "Not in these figures: FICC's Minimum Margin Amount, repo volatility, bid-ask and the add-ons "
    "outside the VaR Charge; CME's liquidity and concentration charges."
)
INDICATIVE_NOTICE = "Cycle CUR: indicative figures, never a call (ruling 11)."
TIPS_NOTICE = (
    "TIPS are margined on uninflated par: index ratios are not in the market data, so their "
    "figure is too low."
)


def _notices(run: MarginRun, cycle: str) -> list[str]:
    day = run.result.day
    scenarios = day.ficc.scenarios
    own = ", ".join(f"{name} {origin.own}" for name, origin in scenarios.proxied.basis.items())
    notices = [SIMULATED_NOTICE] if day.simulated else []
    notices += [INDICATIVE_NOTICE] if cycle == "CUR" else []
    notices += [
        REVIEW_NOTICE,
        MISSING_NOTICE,
        "Futures carry no quotes on the date: Treasury futures are valued from the cheapest to "
        "deliver at the repo rate, SR3, SR1 and ZQ from Treasury-implied forwards (ruling 17).",
        f"Of {scenarios.count} three-day scenarios, {scenarios.proxied.curve} fill or leave out a "
        f"point of the curve and {scenarios.proxied.spread_redrawn} redraw the SOFR-Treasury "
        f"spread; the cash-futures basis is the contract's own in so many: {own}; in the others "
        "a neighbour's or redrawn (ruling 19).",
    ]
    stand_ins = [
        f"{future.contract.code} by {future.proxy_of}"
        for future in day.valuation.contracts
        if isinstance(future, TreasuryFuture) and future.proxy_of
    ]
    if stand_ins:
        notices.append(
            "No issue that it would accept has been auctioned yet; the contract before stands in: "
            f"{', '.join(stand_ins)}."
        )
    if any(
        reason.code is IneligibleCode.TIPS
        for customer in run.result.customers
        for line in customer.ineligible
        for reason in line.reasons
    ):
        notices.append(TIPS_NOTICE)
    return notices


def _futures(day: MarginDay) -> list[Document]:
    """Return how each contract was valued."""
    return [
        _treasury_future(day, future)
        if isinstance(future, TreasuryFuture)
        else {
            "contract": future.contract.code,
            "kind": "money market",
            "rate_pct": f"{future.rate * 100:.6f}",
            "remaining_share": f"{future.remaining_share:.6f}",
        }
        for future in day.valuation.contracts
    ]


def _treasury_future(day: MarginDay, future: TreasuryFuture) -> Document:
    cheapest = day.valuation.book.prices[future.cheapest_row].security
    return {
        "contract": future.contract.code,
        "kind": "Treasury",
        "price": f"{future.price:.6f}",
        "cheapest_to_deliver": cheapest.cusip.text,
        "conversion_factor": f"{future.cheapest_factor:.4f}",
        "delivery_date": future.cheapest_delivery.delivery_day.isoformat(),
        "basket_size": len(future.rows),
        "near_ties": list(future.near_ties),
        "dv01_dollars_per_bp": f"{future.dv01_dollars:.2f}",
        "proxy_of": future.proxy_of,
    }


def _models(day: MarginDay) -> Document:
    cme = day.cme.scenarios
    return {
        "ficc": {
            "name": day.ficc.name,
            "scenarios": day.ficc.scenarios.count,
            "rank": day.ficc.simulation.rank,
            "scenario_identity": day.ficc.scenario_identity,
            "proxied": day.ficc.scenarios.proxied.as_document(),
            "haircut_curve_date": day.haircuts.curve_date,
        },
        "cme": {
            "name": day.cme.name,
            "scenarios": cme.historical.count,
            "stress_scenarios": cme.stress.count,
            "rank": day.cme.historical.rank,
            "stress_rank": day.cme.stress.rank,
            "scenario_identity": day.cme.scenario_identity,
            "proxied": (cme.historical.proxied + cme.stress.proxied).as_document(),
        },
    }


def _customer(customer: CustomerResult) -> Document:
    requirement = customer.requirement
    reduction = requirement.reduction
    return {
        "bd_fcm": customer.key.bd_fcm,
        "customer_id": customer.key.customer_id,
        "ficc": _ccp(requirement.ficc, customer.ficc, own_leg="securities"),
        "cme": _ccp(requirement.cme, customer.cme, own_leg="futures"),
        "saving_before_cap": format_ratio(reduction.saving_before_cap),
        "reduction": format_ratio(reduction.reduction),
        "binding": reduction.binding.value,
        "standalone": str(requirement.standalone),
        "requirement": str(requirement.requirement),
        "saved": str(requirement.saved),
        "ineligible": [_ineligible(line) for line in customer.ineligible],
        "unsupported": [_unsupported(line) for line in customer.unsupported],
        "incomplete": customer.incomplete,
        "order_check": {
            "ficc_shortfall": str(requirement.order_check.ficc_shortfall),
            "cme_shortfall": str(requirement.order_check.cme_shortfall),
        },
        "split_cost": {
            "ficc": str(requirement.ficc.split_cost),
            "cme": str(requirement.cme.split_cost),
        },
    }


def _ccp(ccp: CcpRequirement, detail: ModelDetail, *, own_leg: str) -> Document:
    three = ccp.figures.three
    components: Document = {
        "var_charge" if own_leg == "securities" else "market_risk": str(getattr(three, own_leg))
    }
    for portfolio in ("securities", "futures", "combined", "outside"):
        parts: Mapping[str, Fraction] = getattr(detail, portfolio)
        if parts:
            components[portfolio] = {name: _dollars(value) for name, value in parts.items()}
    if ccp.minimum_top_up.cents:
        components["customer_minimum_top_up"] = str(ccp.minimum_top_up)
    return {
        "securities": str(three.securities),
        "futures": str(three.futures),
        "combined": str(three.combined),
        "saving": format_ratio(ccp.saving),
        "requirement": str(ccp.requirement),
        "components": components,
        "outside": str(ccp.outside),
        "standalone": str(ccp.standalone),
    }


def _dollars(value: Fraction) -> str:
    return format_ratio(value, places=_DOLLAR_PLACES)


def _ineligible(recognised: RecognisedLine) -> Document:
    line = recognised.line
    return {
        "line": line.line,
        "clearing_organization": line.clearing_organization.value,
        "account": line.account.value,
        "instrument": line.instrument,
        "quantity": str(line.quantity),
        "reason": "; ".join(reason.text for reason in recognised.reasons),
        "rule": "; ".join(
            dict.fromkeys(part for reason in recognised.reasons for part in reason.rule.split("; "))
        ),
        "codes": [reason.code.value for reason in recognised.reasons],
    }


def _unsupported(unsupported: UnsupportedLine) -> Document:
    line = unsupported.line
    return {
        "line": line.line,
        "clearing_organization": line.clearing_organization.value,
        "instrument": line.instrument,
        "quantity": str(line.quantity),
        "reason": unsupported.text,
        "rule": unsupported.rule,
    }


def _explanation(customer: CustomerExplanation) -> Document:
    explanation = customer.explanation
    return {
        "ficc_tail": [_scenario(scenario) for scenario in explanation.ficc_tail],
        "cme_tail": [_scenario(scenario) for scenario in explanation.cme_tail],
        "cme_stress_tail": [_scenario(scenario) for scenario in explanation.cme_stress_tail],
        "key_rate_dv01_dollars_per_bp": [
            {
                "years": f"{years:g}",
                "securities": f"{securities:.2f}",
                "futures": f"{futures:.2f}",
                "net": f"{securities + futures:.2f}",
            }
            for years, securities, futures in zip(
                customer.key_years, customer.securities_dv01, customer.futures_dv01, strict=True
            )
        ],
        "saving_lost": [_loss(loss) for loss in explanation.by_factor],
        "saving_lost_by_kind": [_loss(loss) for loss in explanation.by_kind],
    }


def _scenario(scenario: TailScenario) -> Document:
    return {
        "rank": scenario.rank,
        "start_date": scenario.start_date.isoformat(),
        "end_date": scenario.end_date.isoformat(),
        "securities": format_ratio(scenario.securities, places=_CENTS),
        "futures": format_ratio(scenario.futures, places=_CENTS),
        "combined": format_ratio(scenario.combined, places=_CENTS),
    }


def _loss(loss: FactorLoss) -> Document:
    figures = {
        "ficc": loss.ficc,
        "cme": loss.cme,
        "ficc_saving_without": loss.ficc_saving_without,
        "cme_saving_without": loss.cme_saving_without,
    }
    return {
        "factor": loss.label,
        **{name: None if value is None else format_ratio(value) for name, value in figures.items()},
    }


def _sensitivity(customer: CustomerSensitivity) -> Document:
    rows = [("as run", customer.base), *customer.variants]
    return {
        "variants": [_variant(name, result) for name, result in rows],
        "cap_stops_binding_at_basis_multiple": (
            None
            if customer.cap_stops_at is None
            else format_ratio(customer.cap_stops_at, places=_CENTS)
        ),
        "grid_rounding_dollars": {
            name: format_ratio(value, places=_CENTS)
            for name, value in customer.grid_effect_dollars.items()
        },
    }


def _variant(name: str, result: CustomerResult) -> Document:
    requirement = result.requirement
    return {
        "variant": name,
        "ficc_combined": str(requirement.ficc.figures.three.combined),
        "ficc_simulation_combined": _dollars(result.ficc.combined["historical_simulation"]),
        "cme_combined": str(requirement.cme.figures.three.combined),
        "ficc_saving": format_ratio(requirement.ficc.saving),
        "cme_saving": format_ratio(requirement.cme.saving),
        "reduction": format_ratio(requirement.reduction.reduction),
        "binding": requirement.reduction.binding.value,
        "requirement": str(requirement.requirement),
    }
