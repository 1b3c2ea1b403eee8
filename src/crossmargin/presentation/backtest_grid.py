"""The sensitivity grid of a backtest as one document, as rows and as terminal tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich.text import Text

from crossmargin.basics.digest import digest_of
from crossmargin.presentation.restruck import head_document, percent, walk_notices
from crossmargin.presentation.tables import dollars, grid
from crossmargin.services.backtest_grid import BacktestGrid, GridFigures

if TYPE_CHECKING:
    from rich.console import Console

Document = dict[str, Any]

_WIDE = 116
_WORDS = {
    "base": "as it is",
    "lookback_years": "look-back {} years",
    "stressed_year": "no stressed year",
    "coverage": "quantile {}",
    "horizon_days": "horizon {} days",
    "decay": "decay {}",
    "floor_share": "floor {}",
    "cap": "cap {}",
}
_VERDICTS = {"UNDER_MARGINED": " under", "OVER_MARGINED": " over", "NOT_REJECTED": ""}
CSV_HEADER = (
    *("from", "to", "simulated", "customer_id", "strategy", "series", "dimension", "value"),
    *("horizon_days", "outcomes", "outcomes_without_basis", "exceptions", "coverage_pct"),
    *("verdict", "average", "peak_to_trough", "largest_rise_pct", "standalone_average"),
    *("average_saving", "average_saving_pct"),
)


def backtest_grid_document(found: BacktestGrid) -> Document:
    """Return the JSON shape.

    Parameters
    ----------
    found : BacktestGrid
    """
    every = [figures for customer in found.customers for figures in customer.figures]
    without = max((figures.without_basis for figures in every), default=0)
    body: Document = {
        **head_document(found.run, found.validation, found.dates),
        "rise_days": found.validation.whole("grid_rise_days"),
        "customers": [
            {
                "customer_id": customer.book.name,
                "strategy": customer.strategy.value,
                "series": customer.figures[0].kind.name,
                "variants": [_figures(figures) for figures in customer.figures],
            }
            for customer in found.customers
        ],
        "left_out": list(found.left_out),
        "notices": walk_notices(found.run.result.day, found.validation, without),
    }
    return {**body, "digest": digest_of(body)}


def _figures(figures: GridFigures) -> Document:
    found = figures.assessment
    requirement, standalone = figures.requirement, figures.standalone
    ratio = requirement.peak_to_trough
    return {
        "dimension": figures.variant.dimension.value,
        "value": figures.variant.value,
        "horizon_days": figures.horizon_days,
        "outcomes": found.outcomes if found else 0,
        "outcomes_without_basis": figures.without_basis,
        "exceptions": found.coverage.exceptions if found else 0,
        "coverage_pct": percent(found.coverage.coverage) if found else None,
        "verdict": found.verdict.value if found else None,
        "average": f"{requirement.average:.2f}",
        "peak_to_trough": None if ratio is None else f"{ratio:.4f}",
        "largest_rise_pct": f"{100.0 * requirement.rises[0].ratio:.2f}"
        if requirement.rises
        else None,
        "standalone_average": f"{standalone.average:.2f}",
        "average_saving": f"{figures.saving_dollars:.2f}",
        "average_saving_pct": f"{100.0 * figures.saving_dollars / standalone.average:.2f}"
        if standalone.average
        else None,
    }


def backtest_grid_rows(document: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows: one a customer and variant."""
    lead = [document["from"], document["to"], str(document["market"]["simulated"]).lower()]
    rows = []
    for customer in document["customers"]:
        names = [customer[name] for name in ("customer_id", "strategy", "series")]
        for variant in customer["variants"]:
            cells = [*lead, *names, *variant.values()]
            rows.append(["" if cell is None else str(cell) for cell in cells])
    return list(CSV_HEADER), rows


def print_backtest_grid(console: Console, document: Mapping[str, Any]) -> None:
    """Print a table a customer: the base first, then each variant by what it moves."""
    label = "SIMULATED MARKET" if document["market"]["simulated"] else "real market data"
    console.print(
        Text.assemble(
            ("Sensitivity grid ", "bold"),
            f"{document['from']} to {document['to']}, {document['margin_dates']} margin dates, "
            f"books of {document['as_of']}, {label}",
        )
    )
    for customer in document["customers"]:
        console.print()
        kind = customer["strategy"].replace("_", " ")
        console.print(Text(f"{customer['customer_id']}: {kind}, {customer['series']}"))
        console.print(_table(customer, document["rise_days"], wide=console.width >= _WIDE))
    if document["left_out"]:
        names = ", ".join(document["left_out"])
        console.print(Text(f"Nothing in the XM account: {names}.", style="dim"))
    console.print(
        Text(
            "Each row moves one choice and leaves the others as they are. Coverage is over the "
            "row's own horizon; under or over: Kupiec's test on "
            f"{document['target_coverage_pct']} %, the ratio divided by the horizon. Saved: "
            "average of stand-alone less requirement, per cent of stand-alone.",
            style="dim",
        )
    )
    for notice in document["notices"]:
        console.print(Text(notice, style="bold red" if notice.startswith("SIMULATED") else "dim"))
    console.print(Text(f"digest {document['digest']}", style="dim"))


def _table(customer: Mapping[str, Any], rise_days: int, *, wide: bool) -> Any:
    table = grid("")
    table.add_column("variant", no_wrap=True)
    headings = ["cover %", "average", "peak/low", f"rise {rise_days}d", "saved"]
    if wide:
        headings[1:1] = ["of", "beyond"]
        headings += ["saved, average"]
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    last = ""
    for variant in customer["variants"]:
        if last not in ("", variant["dimension"]):
            table.add_section()
        last = variant["dimension"]
        covered = variant["coverage_pct"]
        cells = [
            _WORDS[variant["dimension"]].format(variant["value"]),
            "-" if covered is None else f"{covered}{_VERDICTS[variant['verdict']]}",
            dollars(variant["average"]),
            _rounded(variant["peak_to_trough"], 1),
            _rounded(variant["largest_rise_pct"], 0, " %"),
            _rounded(variant["average_saving_pct"], 1, " %"),
        ]
        if wide:
            cells[2:2] = [str(variant["outcomes"]), str(variant["exceptions"])]
            cells.append(dollars(variant["average_saving"]))
        table.add_row(*cells)
    return table


def _rounded(text: str | None, places: int, unit: str = "") -> str:
    return "-" if text is None else f"{float(text):.{places}f}{unit}"
