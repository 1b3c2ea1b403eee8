"""The calibrated SPAN parameters and their comparisons as documents, rows and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from crossmargin.margin.cme.span.calibrated_set import OWN_LABEL, CalibratedSet, ScanLevel
from crossmargin.margin.cme.span.calibration import ResidualStatistics
from crossmargin.margin.cme.span.credits import PairCredit
from crossmargin.presentation.tables import grid
from crossmargin.product.specifications import QUARTERLY_MONTHS
from crossmargin.services.span_levels import LevelComparison, LevelComparisons, hedge_totals

if TYPE_CHECKING:
    from rich.table import Table

LEVEL_COLUMNS = (
    "contract",
    "scan_range_dollars",
    "dv01_dollars_per_bp",
    "level_bp",
    "horizon_years",
    "tier",
)
COMPARISON_COLUMNS = (
    "date",
    "contract",
    "theirs_dollars",
    "before_dollars",
    "ours_dollars",
    "residual_dollars",
    "residual_pct",
    "our_weights",
    "what",
    "status",
    "source",
)
_SHARE_FIGURES = ("in_sample", "left_out", "held_out")


def calibration_document(calibrated: CalibratedSet, *, span_digest: str) -> dict[str, object]:
    """Return the JSON shape of a calibrated set."""
    evidence = calibrated.evidence
    return {
        "label": OWN_LABEL,
        "status": "derived",
        "as_of": calibrated.as_of.isoformat(),
        "curve_date": calibrated.curve_date.isoformat(),
        "span_digest": span_digest,
        "weights": {
            "fitted": evidence.fitted,
            "levels": evidence.weights.observations,
            "last_level": evidence.weights.last.isoformat(),
            "by_measure": {
                name: str(float(weight))
                for name, weight in zip(
                    evidence.weights.names, evidence.weights.weights, strict=True
                )
            },
        },
        "last_level_by_product": {
            product: day.isoformat() for product, day in evidence.last_level.items()
        },
        "residuals": {
            name: {
                product: _statistics(found) for product, found in getattr(evidence, name).items()
            }
            for name in _SHARE_FIGURES
        },
        "scan_ranges": [
            {**level_fields(level), "measures_bp": [_figure(bp) for bp in level.measures_bp]}
            for level in calibrated.levels
        ],
        "calendar_charges": [
            {"product": each.product, "tiers": list(each.tiers), "dollars": each.dollars}
            for each in calibrated.calendar_charges
        ],
        "credits": [_pair(pair) for pair in calibrated.credits()],
        "no_credit": [_pair(pair) for pair in calibrated.pairs if not pair.credit],
        "redrawn_dates": {
            "basis": calibrated.basis_redrawn_dates,
            "spread": calibrated.spread_redrawn_dates,
        },
    }


def level_fields(level: ScanLevel) -> dict[str, object]:
    """Return one scan range by column."""
    return {
        "contract": level.contract.code,
        "scan_range_dollars": level.scan_range_dollars,
        "dv01_dollars_per_bp": _figure(level.dv01_dollars_per_bp),
        "level_bp": _figure(level.level_bp),
        "horizon_years": _figure(level.horizon_years),
        "tier": level.tier,
    }


def comparison_fields(row: LevelComparison) -> dict[str, object]:
    """Return one comparison by column."""
    return {
        "date": row.on.isoformat(),
        "contract": row.contract,
        "theirs_dollars": row.theirs_dollars,
        "before_dollars": row.before_dollars,
        "ours_dollars": _figure(row.ours_dollars, 2),
        "residual_dollars": _figure(row.residual_dollars, 2),
        "residual_pct": _figure(row.residual_pct, 1),
        "our_weights": row.knowledge.value,
        "what": row.what,
        "status": row.status.value,
        "source": row.source,
    }


def comparisons_document(comparisons: LevelComparisons) -> dict[str, object]:
    """Return the JSON shape of the comparisons."""
    totals = hedge_totals(comparisons.published)
    return {
        "label": OWN_LABEL,
        "published": [comparison_fields(row) for row in comparisons.published],
        "hedge_total": None
        if totals is None
        else {"theirs_dollars": totals[0], "ours_dollars": _figure(float(totals[1]), 2)},
        "history": [comparison_fields(row) for row in comparisons.history],
        "credits": [
            {
                "date": each.published.on.isoformat(),
                "theirs": {
                    "products": list(each.published.products),
                    "tier": each.published.tier,
                    "contracts": list(each.published.contracts),
                    "credit": str(float(each.published.credit)),
                    "status": each.published.status.value,
                    "source": each.published.source,
                },
                "ours": _pair(each.ours),
            }
            for each in comparisons.credits
        ],
    }


def calibration_tables(calibrated: CalibratedSet) -> list[Table]:
    """Return the tables of a calibrated set: scan ranges, credits, charges, residuals."""
    return [
        _scan_table(calibrated),
        _credit_table(f"Intercommodity credits on {calibrated.as_of}", calibrated.credits()),
        _refused_table([pair for pair in calibrated.pairs if not pair.credit]),
        _charge_table(calibrated),
        *([_residual_table(calibrated)] if calibrated.evidence.fitted else []),
    ]


def calibration_notes(calibrated: CalibratedSet) -> list[str]:
    """Return what a reader of the figures must know."""
    weights = calibrated.evidence.weights
    terms = ", ".join(
        f"{float(weight):g} x {name}"
        for name, weight in zip(weights.names, weights.weights, strict=True)
        if weight
    )
    return [
        f"These are {OWN_LABEL}. Status: derived.",
        f"Level in basis points = {terms}.",
        f"Weights fitted to {weights.observations} levels, the last of {weights.last}; "
        "scan ranges after a product's last level are extrapolated by the weights."
        if calibrated.evidence.fitted
        else "The market has no margin history to fit to: the stored weights stand.",
        f"Curves up to {calibrated.curve_date}. Credits: the basis is redrawn on "
        f"{calibrated.basis_redrawn_dates} dates, the SOFR-Treasury spread on "
        f"{calibrated.spread_redrawn_dates}.",
        "SR3, SR1 and ZQ by quarterly months here; every contract with --format json or csv.",
    ]


def comparison_tables(comparisons: LevelComparisons) -> list[Table]:
    """Return the tables of published levels, the margin history and credits beside ours."""
    return [
        _comparison_table("Published levels and ours, dollars", comparisons.published),
        _comparison_table(
            "Margin history at the end of each year and ours, dollars", comparisons.history
        ),
        _published_credit_table(comparisons),
    ]


def comparison_notes(comparisons: LevelComparisons) -> list[str]:
    """Return the totals and what a reader must know."""
    notes = [
        "Ours: measures known before the date, not rounded to a step. Status of ours: derived.",
        "Weights: fitted to levels of earlier years; where those are few, to later ones too; "
        "of others, where the product has no margin history (SR3, SR1, ZQ, Z3N, TWE).",
        "Status: of their figure.",
    ]
    totals = hedge_totals(comparisons.published)
    if totals is not None:
        theirs, ours = totals[0], float(totals[1])
        notes.append(
            f"Published SR3 hedge: theirs ${theirs:,}, ours ${ours:,.0f} "
            f"({100.0 * (ours / theirs - 1.0):+.1f} %)."
        )
    notes += [
        f"{row.on}: {row.contract} replaced {row.before_dollars:,}."
        for row in comparisons.published
        if row.before_dollars is not None
    ]
    cited = [(row.on, row.source, row.status) for row in comparisons.published]
    cited += [
        (each.published.on, each.published.source, each.published.status)
        for each in comparisons.credits
    ]
    sources = dict.fromkeys(f"{on}: {source} ({status.value})." for on, source, status in cited)
    return [*notes, *sources]


def _scan_table(calibrated: CalibratedSet) -> Table:
    table = grid(f"Scan ranges on {calibrated.as_of}, dollars a contract")
    table.add_column("contracts")
    for heading in ("scan range", "DV01", "level, bp", "years", "tier"):
        table.add_column(heading, justify="right")
    shown = [
        level
        for level in calibrated.levels
        if not level.tier or level.contract.month in QUARTERLY_MONTHS
    ]
    for _, run in groupby(shown, key=lambda level: (level.contract.product, level_key(level))):
        levels = list(run)
        first, last = levels[0], levels[-1]
        codes = first.contract.code
        table.add_row(
            codes if len(levels) == 1 else f"{codes} to {last.contract.code}",
            f"{first.scan_range_dollars:,}",
            f"{first.dv01_dollars_per_bp:.2f}",
            f"{first.level_bp:.1f}",
            f"{first.horizon_years:.2f}",
            str(first.tier) if first.tier else "",
        )
    return table


def level_key(level: ScanLevel) -> tuple[int, float, float]:
    """Return what makes two scan ranges the same line."""
    return level.scan_range_dollars, level.dv01_dollars_per_bp, level.horizon_years


def _credit_table(title: str, pairs: Sequence[PairCredit]) -> Table:
    table = grid(title)
    table.add_column("priority", justify="right")
    table.add_column("spread")
    for heading in ("credit", "r", "worst r", "DV01 mismatch"):
        table.add_column(heading, justify="right")
    for priority, pair in enumerate(pairs, start=1):
        table.add_row(
            str(priority),
            _spread(pair),
            f"{float(pair.credit):.0%}",
            f"{pair.correlation:.2f}",
            f"{pair.worst_rolling_correlation:.2f}",
            f"{round(pair.dv01_mismatch, 3) + 0.0:+.1%}",
        )
    return table


def _refused_table(pairs: Sequence[PairCredit]) -> Table:
    table = grid("Pairs without a credit")
    table.add_column("spread")
    for heading in ("would save", "r", "worst r"):
        table.add_column(heading, justify="right")
    table.add_column("why")
    for pair in pairs:
        table.add_row(
            _spread(pair),
            f"{pair.saving:.0%}",
            f"{pair.correlation:.2f}",
            f"{pair.worst_rolling_correlation:.2f}",
            pair.outcome.value,
        )
    return table


def _charge_table(calibrated: CalibratedSet) -> Table:
    table = grid("Calendar charges, dollars a spread of one contract against one")
    table.add_column("product")
    table.add_column("tiers")
    table.add_column("charge", justify="right")
    for charge in calibrated.calendar_charges:
        one, two = charge.tiers
        table.add_row(charge.product, f"{one} against {two}", f"{charge.dollars:,}")
    return table


def _residual_table(calibrated: CalibratedSet) -> Table:
    table = grid("Residuals: ours less theirs, share of theirs")
    table.add_column("product")
    for heading in (
        "levels",
        "mean",
        "rms",
        "left out: mean",
        "rms",
        "held out: mean",
        "rms",
    ):
        table.add_column(heading, justify="right")
    evidence = calibrated.evidence
    for product, found in evidence.in_sample.items():
        cells = [str(found.observations), *_two(found)]
        for others in (evidence.left_out, evidence.held_out):
            cells += _two(others[product]) if product in others else ["", ""]
        table.add_row(product, *cells)
    return table


def _comparison_table(title: str, rows: Sequence[LevelComparison]) -> Table:
    table = grid(title)
    for heading in ("date", "future"):
        table.add_column(heading, no_wrap=True)
    for heading in ("theirs", "ours", "residual"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("weights", "status"):
        table.add_column(heading, no_wrap=True)
    for row in rows:
        table.add_row(
            row.on.isoformat(),
            row.contract,
            f"{row.theirs_dollars:,}",
            f"{row.ours_dollars:,.0f}",
            f"{row.residual_dollars:+,.0f} {row.residual_pct:+5.1f}%",
            row.knowledge.name.lower(),
            row.status.value,
        )
    return table


def _published_credit_table(comparisons: LevelComparisons) -> Table:
    table = grid("Published credits and ours")
    table.add_column("spread")
    for heading in ("theirs", "ours", "would save", "r", "worst r"):
        table.add_column(heading, justify="right")
    table.add_column("ours is")
    for each in comparisons.credits:
        theirs, ours = each.published, each.ours
        table.add_row(
            _spread(ours),
            f"{float(theirs.credit):.0%}",
            f"{float(ours.credit):.0%}",
            f"{ours.saving:.0%}",
            f"{ours.correlation:.2f}",
            f"{ours.worst_rolling_correlation:.2f}",
            ours.outcome.value,
        )
    return table


def _spread(pair: PairCredit) -> str:
    return " : ".join(
        f"{contracts} {product}{f' tier {tier}' if tier else ''}"
        for contracts, product, tier in zip(pair.contracts, pair.products, pair.tiers, strict=True)
    )


def _pair(pair: PairCredit) -> dict[str, object]:
    return {
        "products": list(pair.products),
        "tiers": list(pair.tiers),
        "contracts": list(pair.contracts),
        "credit": str(float(pair.credit)),
        "saving": _figure(pair.saving),
        "dv01_mismatch": _figure(pair.dv01_mismatch),
        "correlation": _figure(pair.correlation),
        "worst_rolling_correlation": _figure(pair.worst_rolling_correlation),
        "outcome": pair.outcome.value,
    }


def _statistics(found: ResidualStatistics) -> Mapping[str, object]:
    return {
        "levels": found.observations,
        "mean": _figure(found.mean),
        "root_mean_square": _figure(found.root_mean_square),
        "lowest": _figure(found.lowest),
        "highest": _figure(found.highest),
    }


def _two(found: ResidualStatistics) -> list[str]:
    return [f"{found.mean:+.0%}", f"{found.root_mean_square:.0%}"]


def _figure(value: float, decimals: int = 4) -> str:
    return f"{value:.{decimals}f}"
