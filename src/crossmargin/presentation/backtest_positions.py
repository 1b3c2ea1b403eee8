"""A backtest of a positions file as one document and as rows.

Coverage stands beside procyclicality and average margin everywhere: it is a trade-off. Figures are
decimal strings; the digest covers everything else in the document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crossmargin.analysis.walk.margins import COMBINED, FUTURES, SECURITIES
from crossmargin.arrangement.reduction import format_ratio
from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import Money
from crossmargin.market.history import DateArray
from crossmargin.presentation.cells import csv_cell
from crossmargin.presentation.restruck import (
    PATH_NOTICE,
    RESTRIKE_NOTICE,
    head_document,
    percent,
    walk_notices,
)
from crossmargin.services.backtest_positions import (
    BookBacktest,
    PooledCoverage,
    PositionsBacktest,
)
from crossmargin.services.backtest_series import (
    HEADLINE,
    SERIES,
    SeriesBacktest,
)
from crossmargin.services.position_paths import StruckPath
from crossmargin.validation.assessment import Assessment
from crossmargin.validation.coverage_tests import CombinedTest, LikelihoodRatio
from crossmargin.validation.overlap import ShareInterval
from crossmargin.validation.procyclicality import Procyclicality
from crossmargin.validation.regimes import RegimeCoverage
from crossmargin.validation.traffic_light import TrafficLight

Document = dict[str, Any]

_RATIO_PLACES = 6
_PERCENT_PLACES = 2
_STATISTIC_PLACES = 4


def backtest_positions_document(backtest: PositionsBacktest, *, daily: bool = False) -> Document:
    """Return the JSON shape.

    Parameters
    ----------
    backtest : PositionsBacktest
    daily : bool
        Whether every margin date's figures are in it.
    """
    body: Document = {
        **head_document(backtest.run, backtest.validation, backtest.dates),
        **({"path": _path(backtest.path)} if backtest.path else {}),
        "series": {
            kind.name: {"margin": kind.margin, "loss": kind.loss, "horizon_of": kind.owner.upper()}
            for kind in SERIES
        },
        "customers": [
            {
                **_book(customer, daily=daily),
                "tenors": [_book(part) for part in backtest.tenors[customer.book.name]],
            }
            for customer in backtest.customers
        ],
        "pooled": [_pooled(each) for each in backtest.pooled],
        "left_out": list(backtest.left_out),
        "notices": _notices(backtest),
    }
    return {**body, "digest": digest_of(body)}


def _path(path: StruckPath) -> Document:
    return {
        "books": dict(path.book_counts),
        "outside": dict(path.outside),
        "left": [
            {
                "line": each.line,
                "customer_id": each.customer_id,
                "instrument": each.instrument,
                "since": each.since.isoformat(),
                "reason": each.reason,
            }
            for each in path.left
        ],
        "par_amounts": path.par_amounts,
    }


def _notices(backtest: PositionsBacktest) -> list[str]:
    without = max(
        (
            each.without_basis
            for customer in backtest.customers
            for each in customer.series.values()
        ),
        default=0,
    )
    day = backtest.run.result.day
    notices = walk_notices(day, backtest.validation, without)
    if backtest.path is None:
        return notices
    return [
        PATH_NOTICE.format(day.as_of) if notice == RESTRIKE_NOTICE else notice for notice in notices
    ]


def _book(book: BookBacktest, *, daily: bool = False) -> Document:
    document: Document = {
        "customer_id": book.book.name,
        "strategy": book.strategy.value,
        "requirement": _procyclicality(book.requirement, book.walk.dates[book.walk.any_held]),
        "standalone": _procyclicality(book.standalone, book.walk.dates[book.walk.any_held]),
        "binding": {
            "by_year": {
                str(year): {side.value: count for side, count in counts.items()}
                for year, counts in book.binding_by_year.items()
            },
            "switches": book.switches,
        },
        "series": {name: _series(each) for name, each in book.series.items()},
        "without_outcomes": list(book.without_outcomes),
    }
    if daily:
        document["daily"] = list(_daily(book))
    return document


def _daily(book: BookBacktest) -> list[Document]:
    walk = book.walk
    rows = []
    for place, (day, reduction) in enumerate(zip(walk.dates, walk.reductions, strict=True)):
        rows.append(
            {
                "date": str(day),
                **{
                    f"{owner}_{leg}": str(Money(int(model.cents[leg][place])))
                    for owner, model in (("ficc", walk.ficc), ("cme", walk.cme))
                    for leg in (SECURITIES, FUTURES, COMBINED)
                },
                "ficc_saving": format_ratio(reduction.ficc_saving),
                "cme_saving": format_ratio(reduction.cme_saving),
                "reduction": format_ratio(reduction.reduction),
                "binding": reduction.binding.value,
                "ficc_requirement": str(Money(int(walk.ficc_cents[place]))),
                "cme_requirement": str(Money(int(walk.cme_cents[place]))),
                "standalone": str(Money(int(walk.standalone_cents[place]))),
                **{
                    f"loss_{days}d": _dollars(float(outcome.combined[place]))
                    for days, outcome in sorted(walk.outcomes.items())
                },
            }
        )
    return rows


def _series(series: SeriesBacktest) -> Document:
    found = series.assessment
    return {
        "horizon_days": series.horizon_days,
        "outcomes": found.outcomes,
        "outcomes_without_basis": series.without_basis,
        "dates_without_position": series.without_position,
        "exceptions": found.coverage.exceptions,
        "coverage_pct": percent(found.coverage.coverage),
        "verdict": found.verdict.value,
        "clustered": found.is_clustered,
        "kupiec": {
            "direction": found.adjusted.direction.value,
            **_likelihood(found.adjusted.result),
            "unadjusted": _likelihood(found.unadjusted.result),
            "not_rejected": list(found.adjusted.not_rejected),
        },
        "independence": _combined(found.combined.independence),
        "joint": _combined(found.combined.joint),
        "thirds": [
            {
                "first": each.first,
                "outcomes": each.proportion.outcomes,
                "exceptions": each.proportion.exceptions,
                "kupiec": _likelihood(each.proportion.result),
                "independence": _optional(each.independence),
                "joint": _optional(each.joint),
            }
            for each in found.series
        ],
        "traffic_light": {
            "without_overlap": _light(found.light),
            "all": _light(found.light_unadjusted),
        },
        "interval_pct": _interval(found.interval),
        "bootstrap_pct": _interval(found.bootstrap),
        "overlap_inflation": None if found.inflation is None else f"{found.inflation:.4f}",
        "worst_rolling": _worst(found),
        "severity": _severity(found),
        "recovery": _recovery(found),
        "procyclicality": _procyclicality(series.procyclicality, series.dates),
        "regimes": [_regime(each) for each in series.regimes],
        "volatility_states": [_regime(each) for each in series.states],
    }


def _likelihood(ratio: LikelihoodRatio) -> dict[str, str]:
    return {
        "statistic": f"{ratio.statistic:.{_STATISTIC_PLACES}f}",
        "p_value": f"{ratio.p_value:.{_RATIO_PLACES}f}",
    }


def _optional(ratio: LikelihoodRatio | None) -> dict[str, str] | None:
    return None if ratio is None else _likelihood(ratio)


def _combined(test: CombinedTest) -> Document:
    return {
        "p_value": None if test.p_value is None else f"{test.p_value:.{_RATIO_PLACES}f}",
        "testable": test.testable,
        "of": test.series,
    }


def _light(light: TrafficLight) -> Document:
    return {
        "zone": light.zone.value,
        "outcomes": light.outcomes,
        "exceptions": light.exceptions,
        "yellow_from": light.yellow_from,
        "red_from": light.red_from,
    }


def _interval(interval: ShareInterval | None) -> dict[str, str] | None:
    """Return an interval of the share of exceptions as one of coverage, per cent."""
    if interval is None:
        return None
    return {
        "low": percent(1 - interval.high),
        "high": percent(1 - interval.low),
        "level": percent(interval.level),
    }


def _worst(found: Assessment) -> dict[str, str] | None:
    coverage = found.coverage
    if coverage.worst_rolling is None or coverage.worst_rolling_end is None:
        return None
    return {
        "coverage_pct": percent(coverage.worst_rolling),
        "end": found.date_of(coverage.worst_rolling_end).isoformat(),
    }


def _severity(found: Assessment) -> Document:
    severity = found.severity
    return {
        "largest": _dollars(severity.largest),
        "largest_on": _on(found, severity.largest_at),
        "mean": None if severity.mean is None else _dollars(severity.mean),
        "uncovered": _dollars(severity.total),
        "largest_share_of_margin": _share(severity.largest_share),
        "mean_share_of_margin": _share(severity.mean_share),
    }


def _recovery(found: Assessment) -> Document:
    recovery = found.recovery
    return {
        "spells": recovery.spells,
        "longest_spell": recovery.longest_spell,
        "longest_spell_from": _on(found, recovery.longest_spell_start),
        "ends_uncovered": recovery.ends_uncovered,
        "longest_to_reach": recovery.longest_to_reach,
        "longest_to_reach_from": _on(found, recovery.longest_to_reach_start),
        "never_reached": len(recovery.never_reached),
    }


def _procyclicality(found: Procyclicality, dates: DateArray) -> Document:
    return {
        "average": _dollars(found.average),
        "peak": _dollars(found.peak),
        "peak_on": str(dates[found.peak_at]),
        "trough": _dollars(found.trough),
        "trough_on": str(dates[found.trough_at]),
        "peak_to_trough": _share(found.peak_to_trough),
        "largest_rise_pct": {
            str(rise.days): f"{100.0 * rise.ratio:.{_PERCENT_PLACES}f}" for rise in found.rises
        },
        "largest_rise": {str(rise.days): _dollars(rise.amount) for rise in found.amount_rises},
        "daily_log_change_deviation": _share(found.log_change_deviation),
    }


def _regime(regime: RegimeCoverage) -> Document:
    return {
        "regime": regime.name,
        "outcomes": regime.outcomes,
        "exceptions": regime.exceptions,
        "coverage_pct": percent(regime.coverage),
        "verdict": regime.verdict.value,
        "uncovered": _dollars(regime.severity.total),
        "average_margin": _dollars(regime.average_margin),
    }


def _pooled(pooled: PooledCoverage) -> Document:
    return {
        "group": pooled.name,
        "customers": list(pooled.books),
        "series": HEADLINE,
        "outcomes": pooled.outcomes,
        "exceptions": pooled.exceptions,
        "coverage_pct": percent(pooled.coverage),
        "uncovered": _dollars(pooled.uncovered_dollars),
    }


def _on(found: Assessment, place: int | None) -> str | None:
    return None if place is None else found.date_of(place).isoformat()


def _share(value: float | None) -> str | None:
    return None if value is None else f"{value:.{_STATISTIC_PLACES}f}"


def _dollars(value: float) -> str:
    return f"{value:.2f}"


CSV_HEADER = (
    *("from", "to", "simulated", "customer_id", "tenor", "strategy", "series", "horizon_days"),
    *("outcomes", "outcomes_without_basis", "exceptions", "coverage_pct", "verdict", "clustered"),
    *("kupiec_p_value", "independence_p_value", "joint_p_value", "zone", "worst_rolling_pct"),
    *("uncovered", "largest", "largest_on", "average", "peak_to_trough", "longest_spell"),
)


def backtest_positions_rows(document: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows: one a customer or part, and series; or one a margin date.

    One a date where the document holds every date's figures.
    """
    lead = [document["from"], document["to"], str(document["market"]["simulated"]).lower()]
    if any("daily" in customer for customer in document["customers"]):
        return _daily_rows(document)
    rows = []
    for customer in document["customers"]:
        name = customer["customer_id"]
        for book in (customer, *customer["tenors"]):
            tenor = book["customer_id"].removeprefix(name).strip()
            for series, found in book["series"].items():
                cells = [*lead, name, tenor, customer["strategy"], series, *_cells(found)]
                rows.append(["" if cell is None else str(cell) for cell in cells])
    return list(CSV_HEADER), rows


def _cells(found: Mapping[str, Any]) -> list[Any]:
    worst = found["worst_rolling"] or {}
    return [
        *(found["horizon_days"], found["outcomes"], found["outcomes_without_basis"]),
        *(found["exceptions"], found["coverage_pct"], found["verdict"]),
        str(found["clustered"]).lower(),
        *(found[test]["p_value"] for test in ("kupiec", "independence", "joint")),
        found["traffic_light"]["without_overlap"]["zone"],
        worst.get("coverage_pct"),
        *(found["severity"][name] for name in ("uncovered", "largest", "largest_on")),
        *(found["procyclicality"][name] for name in ("average", "peak_to_trough")),
        found["recovery"]["longest_spell"],
    ]


def _daily_rows(document: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    customers = document["customers"]
    simulated = csv_cell(document["market"]["simulated"])
    names = list(customers[0]["daily"][0])
    rows = [
        [simulated, customer["customer_id"], *(row[name] for name in names)]
        for customer in customers
        for row in customer["daily"]
    ]
    return ["simulated", "customer_id", *names], rows
