"""The sentences that stand with every figure of a run: what it is not, and what it rests on."""

from __future__ import annotations

from crossmargin.arrangement.eligibility import IneligibleCode
from crossmargin.basics.words import counted
from crossmargin.margin.ficc.model import SensitivitySource
from crossmargin.presentation.span import contradiction_lines
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import MarginRun

REVIEW_NOTICE = (
    "No model here is FICC's or CME's, and none is reviewed by the CFTC or the SEC (ruling 32)."
)
SIMULATED_NOTICE = "SIMULATED MARKET: no figure here comes from real prices."
PARAMETERS_NOTICE = (
    "Repo volatility, bid-ask, Minimum Margin Amount and the add-ons are computed with parameters "
    "that are partly recalled, inferred or assumed; xm parameters list says which."
)
PROXY_NOTICE = (
    "FICC side by Margin Proxy: bucket indices stand for each issue's own sensitivities "
    "(sensitivity_source = margin_proxy)."
)
INDICATIVE_NOTICE = "Cycle CUR: indicative figures, never a call (ruling 11)."
TIPS_NOTICE = (
    "TIPS are margined on uninflated par: index ratios are not in the market data, so their "
    "figure is too low."
)


def margin_notices(run: MarginRun, cycle: str) -> list[str]:
    """Return the sentences that belong to every figure of a run.

    Parameters
    ----------
    run : MarginRun
    cycle : str
        ITD, EOD, EODXM or CUR.
    """
    day = run.result.day
    return [
        *_warnings(run, cycle),
        REVIEW_NOTICE,
        PARAMETERS_NOTICE,
        *_valuation(day),
        *([TIPS_NOTICE] if _holds_tips(run) else []),
    ]


def derived_price_notices(day: MarginDay) -> list[str]:
    """Return that the day's prices are derived, where they are."""
    if day.prices.derived_from is None:
        return []
    return [
        f"DERIVED PRICES: the curve of {day.as_of} plus each security's spread of "
        f"{day.prices.derived_from}; issues auctioned since are absent (ruling 20)."
    ]


def _warnings(run: MarginRun, cycle: str) -> list[str]:
    """Return what makes the run another than one of record."""
    day = run.result.day
    notices = [SIMULATED_NOTICE] if day.simulated else []
    notices += [INDICATIVE_NOTICE] if cycle == "CUR" else []
    notices += derived_price_notices(day)
    if day.ficc.sensitivity_source is SensitivitySource.MARGIN_PROXY:
        notices.append(PROXY_NOTICE)
    if day.span is not None:
        notices.append(f"CME side by {day.span.name}: not the simulation of record (ruling 10).")
        notices += contradiction_lines(day.span.contracts)
    estimated = sum(book.estimated_start_amounts for book in run.books)
    if estimated:
        notices.append(
            f"{counted(estimated, 'repo line carries', 'repo lines carry')} no start amount: the "
            "market value of the collateral stands for it in repo volatility."
        )
    later = sum(book.later_starts for book in run.books)
    if later:
        notices.append(
            f"Repo lines that start after the date: {later}. Their end leg is margined as it is; "
            "the start leg nets with nothing (ruling 14)."
        )
    return notices


def _valuation(day: MarginDay) -> list[str]:
    """Return how futures were valued, and how many scenarios rest on a proxy."""
    scenarios = day.ficc.scenarios.historical
    own = ", ".join(f"{name} {origin.own}" for name, origin in scenarios.proxied.basis.items())
    notices = [
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
    return notices


def _holds_tips(run: MarginRun) -> bool:
    return any(
        reason.code is IneligibleCode.TIPS
        for customer in run.result.customers
        for line in customer.ineligible
        for reason in line.reasons
    )
