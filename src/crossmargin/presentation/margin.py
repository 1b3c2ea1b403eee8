"""A margin run as the one document that command line and HTTP share.

Money and ratios are decimal strings, dates ISO; every figure of the requirement is exact to the
cent, savings to six decimals. The digest covers everything else in the document, so equal input
gives an equal digest on any machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from crossmargin.arrangement.cycles import Cycle
from crossmargin.arrangement.eligibility import (
    RecognisedLine,
    UnsupportedLine,
)
from crossmargin.arrangement.reduction import format_ratio
from crossmargin.arrangement.requirement import CcpRequirement
from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import Money
from crossmargin.margin.cme.initial import HeightenedRiskRules, margin_levels
from crossmargin.margin.cme.model import CmeEngine
from crossmargin.margin.ficc.model import decides
from crossmargin.presentation.cycles import cycle_notices, cycle_parts, fallback_part
from crossmargin.presentation.explanation import change_document, explanation_document
from crossmargin.presentation.margin_notices import margin_notices
from crossmargin.presentation.margin_ranges import ranges_document, unmoved_document
from crossmargin.presentation.run_parts import market_part, positions_part
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.services.margin_change import RunChange
from crossmargin.services.margin_cycles import (
    CycleOutcome,
    CycleRequest,
    cycle_outcome,
    plan_cycle,
)
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_explanation import CustomerExplanation
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.margin_ranges import CustomerRanges, unmoved_parameters
from crossmargin.services.margin_run import CustomerResult, ModelDetail
from crossmargin.services.margin_sensitivity import CustomerSensitivity

Document = dict[str, Any]

MARGIN_LEVELS = ("maintenance", "initial", "initial_heightened_risk")
_CENTS = 2
_DOLLAR_PLACES = 6


def margin_document(
    run: MarginRun,
    *,
    cycle: str,
    outcome: CycleOutcome | None = None,
    explanations: tuple[CustomerExplanation, ...] = (),
    sensitivities: tuple[CustomerSensitivity, ...] = (),
    change: RunChange | None = None,
    ranges: tuple[CustomerRanges, ...] = (),
) -> Document:
    """Return the document of a run.

    Parameters
    ----------
    run : MarginRun
    cycle : str
        ITD, EOD, EODXM or CUR.
    outcome : CycleOutcome, optional
        What the cycle made of the run; both sides on time, nothing before it, if left out.
    explanations, sensitivities, ranges : tuple, optional
        In the order of the result's customers.
    change : RunChange, optional
        Against a previous run.
    """
    made = outcome or _of_its_own(run, cycle)
    run = made.run
    day, customers = run.result.day, run.result.customers
    heightened = HeightenedRiskRules.from_parameters(day.parameters.cme)
    documents = [
        {**_customer(customer, heightened), "fallback": fallback_part(decision)}
        for customer, decision in zip(customers, made.decisions, strict=True)
    ]
    for document, explanation in zip(documents, explanations, strict=False):
        document["explanation"] = explanation_document(explanation)
    for document, sensitivity in zip(documents, sensitivities, strict=False):
        document["sensitivity"] = _sensitivity(sensitivity)
    for document, spanned in zip(documents, ranges, strict=False):
        document["ranges"] = ranges_document(spanned)
    body: Document = {
        "as_of": day.as_of.isoformat(),
        "cycle": cycle,
        "market": market_part(day),
        "parameters": day.parameters.as_document(),
        "models": _models(day),
        "positions": positions_part(run),
        "charge_history": {
            "sha256": run.charges.history_sha256,
            "customers": len(run.charges.histories),
        },
        "indicative": made.indicative,
        **cycle_parts(made),
        "notices": [*margin_notices(run, cycle), *cycle_notices(made)],
        "futures": _futures(day),
        "customers": documents,
        "totals": {
            name: str(Money.total(getattr(c.requirement, name) for c in customers))
            for name in ("standalone", "requirement", "saved")
        },
        "order_check_shortfalls": run.result.shortfall_count,
        "incomplete": run.result.incomplete or bool(run.skipped),
    }
    if ranges:
        body["not_moved"] = unmoved_document(unmoved_parameters(day.parameters))
    if change is not None:
        body["change"] = change_document(change)
    return {**body, "digest": digest_of(body)}


def _of_its_own(run: MarginRun, cycle: str) -> CycleOutcome:
    day = run.result.day
    plan = plan_cycle(
        CycleRequest(Cycle(cycle)),
        as_of=day.as_of,
        arrangement=day.parameters.arrangement,
        simulated=day.simulated,
    )
    return cycle_outcome(run, plan)


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
    ficc = day.ficc.scenarios
    return {
        "ficc": {
            "name": day.ficc.name,
            "scenarios": ficc.historical.count,
            "rank": day.ficc.simulation.rank,
            "filtered_scenarios": ficc.filtered.count,
            "filtered_rank": day.ficc.filtered.rank if day.ficc.filtered else None,
            "scenario_identity": day.ficc.scenario_identity,
            "proxied": ficc.historical.proxied.as_document(),
            "haircut_curve_date": day.haircuts.curve_date,
        },
        "cme": _cme_engine(day),
    }


def _cme_engine(day: MarginDay) -> Document:
    """Return CME's engine: one of two, whose figures are never mixed (ruling 10)."""
    engine = {"engine": CmeEngine.FHS if day.span is None else CmeEngine.SPAN}
    if day.span is not None:
        return {
            **engine,
            "name": day.span.name,
            "scenario_identity": day.span.scenario_identity,
            "span_business_date": day.span.parameters.business_date.isoformat(),
        }
    cme = day.cme.scenarios
    return {
        **engine,
        "name": day.cme.name,
        "scenarios": cme.historical.count,
        "stress_scenarios": cme.stress.count,
        "rank": day.cme.historical.rank,
        "stress_rank": day.cme.stress.rank,
        "scenario_identity": day.cme.scenario_identity,
        "proxied": (cme.historical.proxied + cme.stress.proxied).as_document(),
    }


def _customer(customer: CustomerResult, heightened: HeightenedRiskRules) -> Document:
    requirement = customer.requirement
    reduction = requirement.reduction
    return {
        "bd_fcm": customer.key.bd_fcm,
        "customer_id": customer.key.customer_id,
        "ficc": {
            **_ccp(requirement.ficc, customer.ficc, own_leg="securities"),
            "decided_by": _decided_by(customer.ficc),
            "not_computed": [
                {"charge": each.name, "reason": each.reason} for each in customer.not_computed
            ],
        },
        "cme": {
            **_ccp(requirement.cme, customer.cme, own_leg="futures"),
            "levels": _levels(requirement.cme, heightened),
        },
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
    if ccp.add_ons:
        components["add_ons"] = {name: str(amount) for name, amount in ccp.add_ons.items()}
    if ccp.higher_of.cents:
        components["higher_of"] = str(ccp.higher_of)
    if ccp.minimum_top_up.cents:
        components["customer_minimum_top_up"] = str(ccp.minimum_top_up)
    return {
        "securities": str(three.securities),
        "futures": str(three.futures),
        "combined": str(three.combined),
        "saving": format_ratio(ccp.saving),
        "reduced": str(ccp.reduced),
        "requirement": str(ccp.requirement),
        "components": components,
        "outside": str(ccp.outside),
        "standalone": str(ccp.standalone),
    }


def _levels(ccp: CcpRequirement, rules: HeightenedRiskRules) -> dict[str, str]:
    """Return maintenance, which CME collects, and the initial levels a BD-FCM asks for."""
    collected = ccp.requirement + ccp.outside
    unreduced = collected - ccp.reduced + ccp.figures.three.futures
    levels = margin_levels(reduced=collected, unreduced=unreduced, rules=rules)
    return {name: str(getattr(levels, name)) for name in MARGIN_LEVELS}


def _decided_by(detail: ModelDetail) -> dict[str, str]:
    """Return which member of FICC's VaR Charge is the largest, for each portfolio."""
    portfolios = ("securities", "futures", "combined", "outside")
    return {
        portfolio: decides(parts).value
        for portfolio in portfolios
        if (parts := getattr(detail, portfolio))
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
