"""A backtest of bonds at par as one document, as rows, and as tables.

Coverage stands beside procyclicality and average margin everywhere: it is a trade-off. Figures are
decimal strings; the digest covers everything else in the document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from crossmargin.basics.digest import digest_of
from crossmargin.presentation.margin_notices import REVIEW_NOTICE, SIMULATED_NOTICE
from crossmargin.presentation.tables import grid
from crossmargin.services.backtest_par_books import BookBacktest, ParBookBacktest
from crossmargin.services.compare_coverage import CONSISTENT, UNEXPLAINED, Comparison
from crossmargin.validation.reference import ReferenceCoverage

if TYPE_CHECKING:
    from rich.console import Console

MODELS = {
    "hs": "plain historical simulation",
    "fhs": "filtered simulation",
    "max": "the larger of the two",
}
_PERCENT_PLACES = 2
_MARGIN_PLACES = 4
_WIDE = 118

Document = dict[str, Any]


def backtest_document(
    backtest: ParBookBacktest,
    *,
    reference: ReferenceCoverage | None = None,
    comparisons: Sequence[Comparison] = (),
) -> Document:
    """Return the JSON shape.

    Parameters
    ----------
    backtest : ParBookBacktest
    reference : ReferenceCoverage, optional
        What ``comparisons`` compare with.
    comparisons : sequence of Comparison
    """
    owners = backtest.parameters.owners
    document: Document = {
        "from": backtest.dates[0].isoformat(),
        "to": backtest.dates[-1].isoformat(),
        "outcomes": len(backtest.dates),
        "horizon_days": owners["ficc"].whole("horizon_days"),
        "market": {"simulated": backtest.simulated, "digest": backtest.market_digest},
        "parameters": {
            "digest": digest_of([parameters.digest for parameters in owners.values()]),
            "changed": {
                f"{owner}.{name}": parameters.text(name)
                for owner, parameters in owners.items()
                for name in sorted(parameters.changed)
            },
            "readings": {
                name: owners["validation"].text(name)
                for name in owners["validation"].parameters
                if name.endswith("_reading")
            },
        },
        "models": MODELS,
        "books": [_book(book) for book in backtest.books],
        "left_out": dict(backtest.left_out),
        "notices": [REVIEW_NOTICE, *([SIMULATED_NOTICE] if backtest.simulated else [])],
    }
    if reference is not None:
        document["reference"] = {
            "source": reference.source,
            "figures": [_comparison(each) for each in comparisons],
            "agree": sum(each.agrees for each in comparisons),
        }
    document["digest"] = digest_of(document)
    return document


def _book(book: BookBacktest) -> Document:
    path, models = book.path, list(MODELS)
    return {
        "book": path.name,
        "outcomes": len(path.dates),
        "coverage_pct": {model: _percent(book.coverage[model].coverage) for model in models},
        "exceptions": {model: book.coverage[model].exceptions for model in models},
        "losses_equal_to_margin": {model: book.coverage[model].ties for model in models},
        "worst_rolling": {model: _worst(book, model) for model in models},
        "largest_miss": {model: _miss(book, model) for model in models},
        "peak_to_trough": {
            model: _figure(book.procyclicality[model].peak_to_trough, _PERCENT_PLACES)
            for model in models
        },
        "largest_rise_pct": {
            model: {
                str(rise.days): _figure(100.0 * rise.ratio, _PERCENT_PLACES)
                for rise in book.procyclicality[model].rises
            }
            for model in models
        },
        "average_pct": {
            model: _figure(book.procyclicality[model].average, _MARGIN_PLACES) for model in models
        },
        "scenarios": {"fewest": int(path.counts.min()), "most": int(path.counts.max())},
        "rank": {"lowest": int(path.ranks.min()), "highest": int(path.ranks.max())},
    }


def _worst(book: BookBacktest, model: str) -> Document | None:
    coverage = book.coverage[model]
    if coverage.worst_rolling is None or coverage.worst_rolling_end is None:
        return None
    end = book.path.dates[coverage.worst_rolling_end]
    return {"coverage_pct": _percent(coverage.worst_rolling), "end": str(end)}


def _miss(book: BookBacktest, model: str) -> Document | None:
    place = book.coverage[model].largest_miss
    if place is None:
        return None
    return {
        "date": str(book.path.dates[place]),
        "loss_pct": _figure(float(book.path.losses[place]), _MARGIN_PLACES),
        "margin_pct": _figure(float(book.path.margins[model][place]), _MARGIN_PLACES),
    }


def _comparison(comparison: Comparison) -> dict[str, str]:
    return dict(zip(COMPARISON_HEADER, comparison_row(comparison), strict=True))


def _percent(share: Fraction) -> str:
    # Rounded from the exact fraction, half to even, so that no binary digit decides.
    hundredths = round(share * 100 * 10**_PERCENT_PLACES)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def _figure(value: float | None, places: int) -> str | None:
    return None if value is None else f"{value:.{places}f}"


COMPARISON_HEADER = ("book", "figure", "model", "ours", "reference", "difference", "cause")


def comparison_row(comparison: Comparison) -> list[str]:
    """Return one figure as text, by :data:`COMPARISON_HEADER`."""
    figure = comparison.figure
    return [
        figure.book,
        figure.figure.value,
        figure.model,
        comparison.ours,
        figure.printed,
        comparison.difference,
        comparison.cause,
    ]


def csv_table(document: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return header and rows, one a book and model; with a reference, one a figure of it."""
    if "reference" in document:
        rows = [list(row.values()) for row in document["reference"]["figures"]]
        return list(COMPARISON_HEADER), rows
    rises = list(document["books"][0]["largest_rise_pct"]["hs"])
    header = [
        *("from", "to", "simulated", "book", "model", "outcomes", "exceptions"),
        *("losses_equal_to_margin", "coverage_pct", "worst_rolling_pct", "worst_rolling_end"),
        *("largest_miss_date", "largest_miss_loss_pct", "largest_miss_margin_pct"),
        *("peak_to_trough", *(f"largest_rise_{days}_pct" for days in rises), "average_pct"),
        *("scenarios_fewest", "scenarios_most", "rank_lowest", "rank_highest"),
    ]
    lead = [document["from"], document["to"], str(document["market"]["simulated"]).lower()]
    rows = [
        [*lead, *_csv_row(book, model, rises)] for book in document["books"] for model in MODELS
    ]
    return header, rows


def _csv_row(book: Mapping[str, Any], model: str, rises: Sequence[str]) -> list[str]:
    worst, miss = book["worst_rolling"][model] or {}, book["largest_miss"][model] or {}
    cells = [
        *(book["book"], model, book["outcomes"], book["exceptions"][model]),
        *(book["losses_equal_to_margin"][model], book["coverage_pct"][model]),
        *(worst.get("coverage_pct", ""), worst.get("end", "")),
        *(miss.get(name, "") for name in ("date", "loss_pct", "margin_pct")),
        book["peak_to_trough"][model],
        *(book["largest_rise_pct"][model].get(days, "") for days in rises),
        book["average_pct"][model],
        *book["scenarios"].values(),
        *book["rank"].values(),
    ]
    return ["" if cell is None else str(cell) for cell in cells]


def print_backtest(console: Console, document: Mapping[str, Any]) -> None:
    """Print the books, what they rest on, and with a reference where ours differs from it."""
    _print_books(console, document)
    counts = [book["scenarios"] for book in document["books"]]
    ranks = [book["rank"] for book in document["books"]]
    console.print(
        f"{document['outcomes']} outcomes of {document['horizon_days']} scenario dates; "
        f"{min(c['fewest'] for c in counts)} to {max(c['most'] for c in counts)} scenarios, "
        f"rank {min(r['lowest'] for r in ranks)} to {max(r['highest'] for r in ranks)}."
    )
    console.print("Two figures: HS/MAX. Average: margin, per cent of market value.")
    for name, value in document["parameters"]["changed"].items():
        console.print(f"Set by hand: {name} = {value}.")
    for reason in dict.fromkeys(document["left_out"].values()):
        names = [name for name, why in document["left_out"].items() if why == reason]
        console.print(f"Left out, {reason}: {', '.join(names)}.")
    if "reference" in document:
        _print_reference(console, document["reference"])
    for notice in document["notices"]:
        console.print(notice)


def _print_books(console: Console, document: Mapping[str, Any]) -> None:
    label = "SIMULATED MARKET" if document["market"]["simulated"] else "real market data"
    table = grid(f"Bonds at par, {document['from']} to {document['to']}, {label}")
    table.add_column("book", no_wrap=True)
    wide = console.width >= _WIDE
    headings = ["HS %", "FHS %", "MAX %", "peak/low", "20d rise %", "average %"]
    if wide:
        headings += ["exceptions", "worst run %", "HS's largest miss, %"]
    for heading in headings:
        table.add_column(heading, justify="right")
    for book in document["books"]:
        cells = [
            book["book"],
            *book["coverage_pct"].values(),
            _pair(book["peak_to_trough"], 1),
            _pair({m: rises.get("20") for m, rises in book["largest_rise_pct"].items()}, 0),
            _pair(book["average_pct"], 2),
        ]
        if wide:
            worst = {m: w and w["coverage_pct"] for m, w in book["worst_rolling"].items()}
            exceptions = "/".join(str(count) for count in book["exceptions"].values())
            cells += [exceptions, _pair(worst, 1), _miss_cell(book["largest_miss"]["hs"])]
        table.add_row(*cells)
    console.print(table)


def _pair(by_model: Mapping[str, str | None], places: int) -> str:
    return "/".join(
        "-" if by_model[model] is None else f"{float(str(by_model[model])):.{places}f}"
        for model in ("hs", "max")
    )


def _miss_cell(miss: Mapping[str, str] | None) -> str:
    if miss is None:
        return "none"
    return f"{miss['date']}: {float(miss['loss_pct']):.2f} of {float(miss['margin_pct']):.2f}"


def _causes(figures: Sequence[Mapping[str, str]]) -> str:
    causes = [row["cause"] for row in figures if row["cause"]]
    ties = sum(1 for cause in causes if cause.startswith(CONSISTENT))
    unexplained = causes.count(UNEXPLAINED)
    if not causes:
        return ""
    return (
        f"The {len(causes)} others: {len(causes) - ties - unexplained} by a reading, "
        f"{ties} consistent with ties or near ties, {unexplained} unexplained. "
    )


def _print_reference(console: Console, reference: Mapping[str, Any]) -> None:
    figures = reference["figures"]
    console.print(f"\nReference: {reference['source']}.")
    console.print(
        f"{reference['agree']} of {len(figures)} figures print the same. {_causes(figures)}"
        "A reading brings out that figure alone: no joint explanation."
    )
    table = grid("Coverage, and every other figure that differs")
    for heading in ("book", "figure", "", "ours", "ref.", "diff.", "cause"):
        right = heading in ("ours", "ref.", "diff.")
        table.add_column(heading, justify="right" if right else "left", no_wrap=heading != "cause")
    for row in figures:
        if row["figure"] == "coverage_pct" or row["ours"] != row["reference"]:
            words = row["figure"].removesuffix("_pct").replace("_", " ")
            cells = [row[name] for name in ("model", "ours", "reference", "difference", "cause")]
            cells[0] = cells[0].upper()
            table.add_row(row["book"], words, *cells)
    console.print(table)
