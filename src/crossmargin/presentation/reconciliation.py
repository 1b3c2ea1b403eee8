"""A reconciliation as one document, as rows, and as terminal tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from crossmargin.arrangement.reduction import format_ratio
from crossmargin.basics.digest import digest_of
from crossmargin.presentation.margin_notices import REVIEW_NOTICE, SIMULATED_NOTICE
from crossmargin.presentation.tables import grid
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.reconciliation import FIGURES, Comparison, LineComparison
from crossmargin.services.reconciliation_drift import DriftSeries
from crossmargin.services.reconciliation_fit import ScalarFit

if TYPE_CHECKING:
    from rich.console import Console

Document = dict[str, Any]

NOTICE = (
    "A ratio is ours over theirs. Differences are shown, never repaired: no figure is scaled, "
    "for an instrument or in total."
)
LINE_HEADER = (
    "file",
    "kind",
    "bus_date",
    "cycle",
    "run",
    "figure",
    "unit",
    "customer_id",
    "key",
    "ours",
    "theirs",
    "difference",
    "ratio",
    "outcome",
)
DRIFT_HEADER = (
    "kind",
    "figure",
    "bus_date",
    "cycle",
    "run",
    "revision",
    "ours",
    "theirs",
    "ratio",
    "lines",
    "breaks",
    "models",
    "sha256",
)
_WIDE = 116
_PLACES = 6
_MODELS_SHOWN = 8


def models_digest(run: MarginRun) -> str:
    """Return the digest of what makes a run's figures: market, parameters, scenarios, models."""
    day = run.result.day
    return digest_of(
        [
            day.market_digest,
            day.parameters.as_document(),
            [day.ficc.name, day.ficc.scenario_identity],
            [day.cme_engine.name, day.cme_engine.scenario_identity],
        ]
    )


def reconciliation_document(
    run: MarginRun,
    comparisons: Sequence[tuple[Comparison, Sequence[ScalarFit]]],
    *,
    cycle: str,
    tolerance: Fraction,
) -> Document:
    """Return the document of a reconciliation.

    Parameters
    ----------
    run : MarginRun
    comparisons : sequence of Comparison with its fits
    cycle : str
    tolerance : Fraction
    """
    day = run.result.day
    files = [_file(comparison, fits) for comparison, fits in comparisons]
    notices = [SIMULATED_NOTICE] if day.simulated else []
    body: Document = {
        "as_of": day.as_of.isoformat(),
        "cycle": cycle,
        "tolerance": format_ratio(tolerance),
        "market": {"simulated": day.simulated, "digest": day.market_digest},
        "parameters": day.parameters.as_document(),
        "models": models_digest(run),
        "positions": {"sha256": run.positions.sha256, "rows": run.positions.row_count},
        "notices": [*notices, REVIEW_NOTICE, NOTICE],
        "files": files,
        "breaks": sum(file["breaks"] for file in files),
    }
    return {**body, "digest": digest_of(body)}


def _file(comparison: Comparison, fits: Sequence[ScalarFit]) -> Document:
    theirs = comparison.theirs
    units = {spec.name: spec.unit for spec in FIGURES[comparison.kind]}
    return {
        "file": theirs.name,
        "sha256": theirs.sha256,
        "kind": theirs.kind.value,
        "bus_date": theirs.bus_date.isoformat(),
        "run": theirs.run,
        "by_customer": theirs.by_customer,
        "set_aside_rows": theirs.set_aside_rows,
        "unknown_columns": dict(theirs.unknown_columns),
        "not_in_file": [name for name in units if name not in theirs.figures],
        "breaks": comparison.break_count,
        "totals": [
            {
                "figure": total.figure,
                "unit": units[total.figure],
                "ours": _figure(total.ours),
                "theirs": _figure(total.theirs),
                "difference": _figure(total.difference),
                "ratio": _ratio(total.ratio),
                "matched_ours": _figure(total.matched_ours),
                "matched_theirs": _figure(total.matched_theirs),
                "matched_ratio": _ratio(total.matched_ratio),
                "lines": total.line_count,
                "breaks": total.break_count,
            }
            for total in comparison.totals
        ],
        "lines": [_line(line, units) for line in comparison.lines],
        "fit": [
            {
                "name": fit.name,
                "value": format_ratio(fit.value),
                "made_with": format_ratio(fit.current),
                "lines": fit.line_count,
                "residual_before_dollars": f"{fit.residual_before_dollars:.2f}",
                "residual_after_dollars": f"{fit.residual_after_dollars:.2f}",
            }
            for fit in fits
        ],
    }


def _line(line: LineComparison, units: Mapping[str, str]) -> Document:
    return {
        "figure": line.figure,
        "unit": units[line.figure],
        "customer_id": line.customer,
        "key": line.key,
        "ours": _figure(line.ours),
        "theirs": _figure(line.theirs),
        "difference": _figure(line.difference),
        "ratio": _ratio(line.ratio),
        "outcome": line.outcome.value,
    }


def _ratio(ratio: Fraction | None) -> str | None:
    return None if ratio is None else format_ratio(ratio)


def _figure(value: Fraction | None) -> str | None:
    """Return a figure as a decimal string: whole, to the cent, or to six decimals."""
    if value is None:
        return None
    if value.denominator == 1:
        return str(value)
    cents = (value * 100).denominator == 1
    return format_ratio(value, places=2 if cents else _PLACES)


def line_rows(document: Document) -> list[list[str]]:
    """Return one row a figure and line, and one a total, by :data:`LINE_HEADER`."""
    rows = []
    for file in document["files"]:
        lead = [file["file"], file["kind"], file["bus_date"], document["cycle"], str(file["run"])]
        rows += [_row(lead, line) for line in file["lines"]]
        rows += [
            _row(lead, {**total, "customer_id": "", "key": "TOTAL", "outcome": _breaks(total)})
            for total in file["totals"]
        ]
    return rows


def _breaks(total: Mapping[str, Any]) -> str:
    return f"{total['breaks']} of {total['lines']} differ"


def _row(lead: list[str], line: Mapping[str, Any]) -> list[str]:
    cells = [_safe(str(line[n])) if line[n] is not None else "" for n in LINE_HEADER[5:]]
    return [_safe(cell) for cell in lead] + cells


def _safe(text: str) -> str:
    formula = text[:1] in ("=", "+", "@") or (text[:1] == "-" and not text[1:2].isdigit())
    return f"'{text}" if formula else text


def print_reconciliation(console: Console, document: Document) -> None:
    """Print each file: what it is, lines by figure, totals, fits."""
    from rich.text import Text

    label = "SIMULATED MARKET" if document["market"]["simulated"] else "real market data"
    console.print(
        Text(f"Reconciliation as of {document['as_of']}, cycle {document['cycle']}, {label}")
    )
    for file in document["files"]:
        console.print()
        console.print(Text(f"{file['kind']}, run {file['run']}: {file['file']}", style="bold"))
        for text in _remarks(file):
            console.print(Text(text, style="dim"))
        for figure in [total["figure"] for total in file["totals"]] or []:
            _print_figure(console, file, figure)
        _print_ratios(console, file)
        for fit in file["fit"]:
            console.print(
                Text(
                    f"Fitted {fit['name']} {fit['value']} (ours {fit['made_with']}), not applied: "
                    f"residual a line {_shown(fit['residual_before_dollars'])} before, "
                    f"{_shown(fit['residual_after_dollars'])} after, {fit['lines']} lines"
                )
            )
    console.print()
    for notice in document["notices"]:
        console.print(Text(notice, style="bold red" if notice.startswith("SIMULATED") else "dim"))
    tolerance = f"{Decimal(document['tolerance']):f}".rstrip("0").rstrip(".")
    console.print(f"{document['breaks']} breaks; tolerance {tolerance}.", highlight=False)
    console.print(Text(f"digest {document['digest']}", style="dim"))


def _remarks(file: Document) -> list[str]:
    remarks = []
    if not file["by_customer"]:
        remarks.append("No customer column: compared with the sum over all XM customers.")
    if file["set_aside_rows"]:
        remarks.append(f"{file['set_aside_rows']} rows of other dates, cycles or runs set aside.")
    filled = {name: count for name, count in file["unknown_columns"].items() if count}
    if filled:
        named = ", ".join(f"{name} ({count} filled)" for name, count in filled.items())
        remarks.append(f"Columns not compared: {named}.")
    if file["not_in_file"]:
        remarks.append(f"Figures of ours without a column: {', '.join(file['not_in_file'])}.")
    return remarks


def _print_figure(console: Console, file: Document, figure: str) -> None:
    total = next(t for t in file["totals"] if t["figure"] == figure)
    lines = [line for line in file["lines"] if line["figure"] == figure]
    ending = {**total, "customer_id": "total", "key": "", "outcome": _breaks(total)}
    _print_lines(console, f"{figure}, {total['unit']}", [*lines, ending])
    if (total["matched_ours"], total["matched_theirs"]) != (total["ours"], total["theirs"]):
        console.print(
            f"Lines on both sides: ours {_shown(total['matched_ours'])}, "
            f"theirs {_shown(total['matched_theirs'])}, "
            f"ratio {_short_ratio(total['matched_ratio'])}.",
            highlight=False,
        )


def _print_ratios(console: Console, file: Document) -> None:
    totalled = {total["figure"] for total in file["totals"]}
    for figure in dict.fromkeys(line["figure"] for line in file["lines"]):
        if figure not in totalled:
            lines = [line for line in file["lines"] if line["figure"] == figure]
            _print_lines(console, f"{figure}, {lines[0]['unit']}", lines)


def _print_lines(console: Console, title: str, lines: Sequence[Mapping[str, Any]]) -> None:
    wide = console.width >= _WIDE
    table = grid(title)
    customers = any(line["customer_id"] not in ("", "total") for line in lines)
    keys = any(line["key"] for line in lines)
    labels = ["customer"] * (customers or not keys) + ["line"] * keys
    for heading in labels:
        table.add_column(heading, overflow="fold")
    for heading in ("ours", "theirs", *(["difference"] if wide else []), "ratio"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("outcome", overflow="fold")
    for line in lines:
        is_total = line["customer_id"] == "total"
        names = {
            "customer": line["customer_id"],
            "line": "total" if is_total and not customers else line["key"],
        }
        figures = [line["ours"], line["theirs"], *([line["difference"]] if wide else [])]
        table.add_row(
            *(names[label] for label in labels),
            *(_shown(figure) for figure in figures),
            _short_ratio(line["ratio"]),
            line["outcome"],
            style="bold" if is_total else None,
        )
    console.print(table)


def _shown(text: str | None) -> str:
    if text is None:
        return "-"
    value = Decimal(text)
    if value == 0:
        return "0"
    return f"{value:,.4f}" if abs(value) < 1000 else f"{value:,.0f}"  # noqa: PLR2004 - display


def _short_ratio(text: str | None) -> str:
    return "-" if text is None else f"{Decimal(text):.4f}"


def drift_document(series: Sequence[DriftSeries]) -> Document:
    """Return the series with mean, last and largest move of each."""
    return {
        "series": [
            {
                "kind": each.kind,
                "figure": each.figure,
                "cycle": each.cycle,
                "count": len(each.records),
                "mean": _ratio(each.mean),
                "last": _ratio(each.last),
                "largest_move": _ratio(each.largest_move),
                "records": [
                    {
                        "bus_date": record.bus_date,
                        "run": record.run,
                        "revision": record.revision,
                        "ours": _figure(Fraction(record.ours)),
                        "theirs": _figure(Fraction(record.theirs)),
                        "ratio": _ratio(record.ratio),
                        "lines": record.line_count,
                        "breaks": record.break_count,
                        "models": record.models,
                        "sha256": record.sha256,
                    }
                    for record in each.records
                ],
            }
            for each in series
        ]
    }


def drift_rows(document: Mapping[str, Any]) -> list[list[str]]:
    """Return one row a record, by :data:`DRIFT_HEADER`."""
    return [
        [_safe("" if value is None else str(value)) for value in _drift_cells(series, record)]
        for series in document["series"]
        for record in series["records"]
    ]


def _drift_cells(series: Document, record: Document) -> list[Any]:
    every = {**record, **{name: series[name] for name in ("kind", "figure", "cycle")}}
    return [every[name] for name in DRIFT_HEADER]


def print_drift(console: Console, document: Mapping[str, Any]) -> None:
    """Print the series: what each says, then its records."""
    kinds = dict.fromkeys(each["kind"] for each in document["series"])
    for kind in kinds:
        summary = grid(f"{kind}: ratio of ours to theirs", "figure", "cycle")
        for heading in ("records", "mean", "last", "largest move"):
            summary.add_column(heading, justify="right")
        for each in document["series"]:
            if each["kind"] == kind:
                summary.add_row(
                    each["figure"],
                    each["cycle"],
                    str(each["count"]),
                    *(_short_ratio(each[name]) for name in ("mean", "last", "largest_move")),
                )
        console.print(summary)
    if not kinds:
        console.print("No record.")
    for each in document["series"]:
        table = grid(f"{each['kind']}, {each['figure']}, {each['cycle']}", "date", "run")
        for heading in ("ours", "theirs", "ratio", "breaks", "revision"):
            table.add_column(heading, justify="right")
        table.add_column("models")
        for record in each["records"]:
            table.add_row(
                record["bus_date"],
                str(record["run"]),
                _shown(record["ours"]),
                _shown(record["theirs"]),
                _short_ratio(record["ratio"]),
                f"{record['breaks']} of {record['lines']}",
                str(record["revision"]),
                record["models"][:_MODELS_SHOWN],
            )
        console.print(table)
