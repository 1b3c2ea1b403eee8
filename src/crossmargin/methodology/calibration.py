"""Calibration, backtesting and monitoring."""

from __future__ import annotations

from collections.abc import Sequence

from crossmargin.charts.coverage import (
    coverage_by_book,
    coverage_by_maturity,
    margin_against_loss,
    procyclicality,
)
from crossmargin.market.factors import CURVE_TENORS
from crossmargin.market.history import PAR_TENOR_YEARS
from crossmargin.methodology.evidence import backtest_part
from crossmargin.methodology.inputs import BookCoverage, PackInputs
from crossmargin.methodology.values import Figure, Paragraph, Part, Section, Table, table
from crossmargin.methodology.words import (
    day,
    figure_text,
    parameter,
    per_cent,
    result,
    share,
)
from crossmargin.validation.coverage import ExceptionReading, exceptions
from crossmargin.validation.par_books import SINGLE_BOOKS

_BACKTEST = "backtest of bonds at par"
_PER_CENT = 100.0
_PLACES = 2
_SHOWN_MODELS = ("hs", "max")
_SIDES = ("long", "short")


def calibration(inputs: PackInputs) -> Section:
    """Return the section."""
    return Section(
        "calibration",
        "Calibration, backtesting and monitoring",
        (
            _calibration(inputs),
            _coverage(inputs),
            _through_time(inputs),
            _procyclicality(inputs),
            backtest_part(inputs.evidence),
            _monitoring(inputs),
        ),
        answers="the processes for model calibration, back-testing and performance monitoring",
    )


def _calibration(inputs: PackInputs) -> Part:
    haircuts = inputs.factors.haircuts
    ends = [*haircuts.lower_years[1:], None]
    buckets = [
        f"over {float(low):g} to {float(high):g}" if high is not None else f"over {float(low):g}"
        for low, high in zip(haircuts.lower_years, ends, strict=True)
    ]
    rows = [
        [name, f"{float(rate) * _PER_CENT:.4f}"]
        for name, rate in zip([*buckets, "TIPS of a year and under"], haircuts.rates, strict=True)
    ]
    values = {
        "curve": result(haircuts.curve_date, "haircut schedule"),
        "coverage": share(inputs, "ficc.coverage"),
        "lags": parameter(inputs, "market.noise_variance_lags"),
        "decay": parameter(inputs, "cme.volatility_decay"),
    }
    return Part(
        "Calibration",
        (
            Paragraph(
                "Nothing is fitted to a clearing organization's figures. Scenario sets are made "
                "again on every date from the history up to it; timing noise and the volatility of "
                "today with them. Haircut rates are the larger tail loss at {coverage}, long or "
                "short, of bonds at par on the curve of {curve}, the last month-end before the "
                "date; they also serve the floor percentage.",
                values,
            ),
            table(
                "Haircut rates",
                ("remaining maturity, years", "per cent of market value"),
                rows,
                origin="haircut schedule",
            ),
        ),
    )


def _coverage(inputs: PackInputs) -> Part:
    facts = inputs.coverage
    target = _PER_CENT * float(inputs.parameters["ficc"].ratio("coverage"))
    combined = [book for book in facts.books if not _is_single(book)]
    values = {
        "outcomes": result(len(facts.dates), _BACKTEST),
        "first": result(facts.dates[0], _BACKTEST),
        "last": result(facts.dates[-1], _BACKTEST),
        "horizon": parameter(inputs, "ficc.horizon_days"),
        "books": result(len(facts.books), _BACKTEST),
        "target": share(inputs, "ficc.coverage"),
        "years": parameter(inputs, "validation.pack_backtest_years"),
        "below": result(sum(_percent(book, "max") < target for book in facts.books), _BACKTEST),
        "reading": parameter(inputs, "validation.exception_reading"),
    }
    blocks: list[Paragraph | Figure] = [
        Paragraph(
            "Bonds at par, struck anew on every date: margined with what was known on the date, "
            "frozen, and held against their own loss over the {horizon} scenario dates that "
            "followed. {outcomes} margin dates from {first} to {last} ({years} years), {books} "
            "books. An exception is read as {reading}.",
            values,
        ),
        Paragraph(
            "{below} of {books} books are covered less often than {target} by the larger of the "
            "two simulations. Outcomes overlap, so counts of exceptions are not independent; no "
            "floor, add-on or customer minimum is in these margins.",
            values,
        ),
        *_maturity_figures(inputs, target),
    ]
    if combined:
        blocks.append(
            Figure(
                "coverage-books",
                coverage_by_book(
                    [book.path.name for book in combined],
                    {
                        label: [_percent(book, model) for book in combined]
                        for model, label in facts.models.items()
                    },
                    target_pct=target,
                ),
                Paragraph("Books of several bonds: what one leg gains the other may lose."),
                _BACKTEST,
            )
        )
    return Part("Coverage of bonds at par", (*blocks, _coverage_table(inputs)))


def _is_single(book: BookCoverage) -> bool:
    return any(single.name == book.path.name for single in SINGLE_BOOKS)


def _singles(inputs: PackInputs) -> dict[str, list[tuple[int, BookCoverage]]]:
    """Return the books of one bond by side, with their maturities, shortest first."""
    found = {book.path.name: book for book in inputs.coverage.books}
    return {
        side: [
            (single.matched_years, found[single.name])
            for single in SINGLE_BOOKS
            if single.name in found and single.name.endswith(side)
        ]
        for side in _SIDES
    }


def _maturity_figures(inputs: PackInputs, target: float) -> list[Figure]:
    singles = _singles(inputs)
    if not all(singles.values()):
        return []
    return [
        Figure(
            "coverage-maturities",
            coverage_by_maturity(
                {side: [years for years, _ in books] for side, books in singles.items()},
                {
                    side: {
                        label: [_percent(book, model) for _, book in books]
                        for model, label in inputs.coverage.models.items()
                    }
                    for side, books in singles.items()
                },
                target_pct=target,
            ),
            Paragraph(
                "Every maturity in whole years. A mark under the dotted line is a bond that was "
                "covered less often than promised."
            ),
            _BACKTEST,
        )
    ]


def _percent(book: BookCoverage, model: str) -> float:
    return _PER_CENT * float(book.coverage[model].coverage)


def _coverage_table(inputs: PackInputs) -> Table:
    models = inputs.coverage.models
    rows = []
    for book in inputs.coverage.books:
        worst = book.coverage["max"]
        rows.append(
            [
                book.path.name,
                *(per_cent(book.coverage[model].coverage, _PLACES) for model in models),
                *(f"{book.coverage[model].exceptions}" for model in _SHOWN_MODELS),
                per_cent(worst.worst_rolling),
                *_miss_cells(book, "max"),
            ]
        )
    run = inputs.parameters["validation"].text("rolling_outcomes")
    return table(
        "Coverage, book by book",
        (
            "book",
            *(f"coverage, {model.upper()}" for model in models),
            *(f"exceptions, {model.upper()}" for model in _SHOWN_MODELS),
            f"worst {run} outcomes, MAX",
            *("largest miss, MAX: date", "loss, % of value", "margin, % of value"),
        ),
        rows,
        origin=_BACKTEST,
    )


def _miss_cells(book: BookCoverage, model: str) -> list[str]:
    place = book.coverage[model].largest_miss
    if place is None:
        return ["-", "-", "-"]
    path = book.path
    return [
        str(path.dates[place]),
        figure_text(float(path.losses[place]), _PLACES),
        figure_text(float(path.margins[model][place]), _PLACES),
    ]


def _through_time(inputs: PackInputs) -> Part:
    shown = [
        min(books, key=lambda pair: (_percent(pair[1], "max"), pair[0]))[1]
        for books in _singles(inputs).values()
        if books
    ]
    shown = shown or [inputs.coverage.books[0]]
    return Part(
        "Margin through time",
        (
            Paragraph(
                "The bond of each side that is covered least often, day by day; every other book "
                "is in the table above."
            ),
            *(_path_figure(inputs, book) for book in shown),
        ),
    )


def _path_figure(inputs: PackInputs, book: BookCoverage) -> Figure:
    path, models = book.path, inputs.coverage.models
    reading = ExceptionReading(inputs.parameters["validation"].text("exception_reading"))
    return Figure(
        f"path-{path.name.replace(' ', '-')}",
        margin_against_loss(
            path.name,
            [str(each) for each in path.dates],
            margins={models[model]: path.margins[model].tolist() for model in _SHOWN_MODELS},
            losses=path.losses.tolist(),
            exceptions={
                models[model]: exceptions(path.losses, path.margins[model], reading).tolist()
                for model in _SHOWN_MODELS
            },
            unit="per cent of market value",
        ),
        Paragraph(
            "{plain} exceptions of plain simulation, {larger} of the larger of the two, in "
            "{outcomes} outcomes.",
            {
                "plain": result(book.coverage["hs"].exceptions, _BACKTEST),
                "larger": result(book.coverage["max"].exceptions, _BACKTEST),
                "outcomes": result(book.coverage["max"].outcomes, _BACKTEST),
            },
        ),
        _BACKTEST,
    )


def _procyclicality(inputs: PackInputs) -> Part:
    models = inputs.coverage.models
    books = _published(inputs)
    days = [rise.days for rise in books[0].procyclicality["max"].rises]
    measures = {
        "coverage, per cent": {
            label: [_percent(book, model) for book in books] for model, label in models.items()
        },
        "average margin, per cent of value": {
            label: [book.procyclicality[model].average for book in books]
            for model, label in models.items()
        },
        "peak over trough, ratio": {
            label: [_number(book.procyclicality[model].peak_to_trough) for book in books]
            for model, label in models.items()
        },
    }
    if days:
        measures[f"largest rise in {days[-2:][0]} dates, per cent"] = {
            label: [_rise(book, model, days[-2:][0]) for book in books]
            for model, label in models.items()
        }
    rows = [
        [
            book.path.name,
            model.upper(),
            per_cent(book.coverage[model].coverage, _PLACES),
            figure_text(book.procyclicality[model].average, _PLACES),
            figure_text(book.procyclicality[model].peak_to_trough, _PLACES),
            *(figure_text(_rise(book, model, count), _PLACES - 1) for count in days),
        ]
        for book in books
        for model in models
    ]
    return Part(
        "Procyclicality, beside coverage and cost",
        (
            Paragraph(
                "A margin that rises at once covers more and asks for cash when there is least; no "
                "column below means anything without its neighbours. Books are those whose "
                "maturity the Treasury publishes, and the combined ones."
            ),
            Figure(
                "procyclicality",
                procyclicality([book.path.name for book in books], measures),
                Paragraph("One row a book, one panel a measure: read across."),
                _BACKTEST,
            ),
            table(
                "Procyclicality",
                (
                    *("book", "model", "coverage", "average margin, % of value", "peak/trough"),
                    *(f"largest rise, {count} date(s), %" for count in days),
                ),
                rows,
                origin=_BACKTEST,
                words=2,
            ),
        ),
    )


def _published(inputs: PackInputs) -> list[BookCoverage]:
    published = {PAR_TENOR_YEARS[name] for name in CURVE_TENORS}
    singles = {single.name: single.matched_years for single in SINGLE_BOOKS}
    books: Sequence[BookCoverage] = inputs.coverage.books
    kept = [
        book
        for book in books
        if book.path.name not in singles or float(singles[book.path.name]) in published
    ]
    return kept or list(books)


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def _rise(book: BookCoverage, model: str, days: int) -> float:
    rises = {rise.days: rise.ratio for rise in book.procyclicality[model].rises}
    return _PER_CENT * rises[days] if days in rises else float("nan")


def _monitoring(inputs: PackInputs) -> Part:
    short = [book.name for book in inputs.books if not book.requirement.order_check.passes]
    missing = sorted({charge for book in inputs.books for charge in book.not_computed})
    values = {
        "short": result(len(short), "order check of the standard books"),
        "books": result(len(inputs.books), "standard books"),
        "missing": result(
            ", ".join(name.replace("_", " ") for name in missing) or "none", "standard books"
        ),
        "rolling": parameter(inputs, "validation.rolling_outcomes"),
        "date": result(day(inputs.as_of), "as-of date"),
    }
    return Part(
        "Monitoring",
        (
            Paragraph(
                "Whether what both clearing organizations collect covers each one's own margin of "
                "the combined book is checked for every customer and flagged; on {date} it falls "
                "short for {short} of {books} standard books. Worst runs are counted over "
                "{rolling} outcomes. Our figures are reconciled with the clearing organizations' "
                "files line "
                "by line, and the differences kept as a series; no factor is ever fitted to them. "
                "Charges that need a customer's history and were not computed here: {missing}.",
                values,
            ),
        ),
    )
