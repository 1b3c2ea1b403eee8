"""What drives margin, and when the benefit expands or contracts."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from crossmargin.analysis.explanation import FactorLoss
from crossmargin.analysis.ranges import RangeRow
from crossmargin.arrangement.reduction import Binding
from crossmargin.basics.money import CENTS_PER_DOLLAR
from crossmargin.charts.requirement import saving_against, saving_by_book, saving_lost, tornado
from crossmargin.methodology.evidence import condition_parts
from crossmargin.methodology.inputs import Book, PackInputs, Sensitivity
from crossmargin.methodology.values import Block, Figure, Paragraph, Part, Section, table
from crossmargin.methodology.words import dollars, parameter, per_cent, result, share

_RUN = "margin run of the standard books"
_TORNADO_ROWS = 14


def drivers(inputs: PackInputs) -> Section:
    """Return the section."""
    book = telling_book(inputs.books)
    return Section(
        "drivers",
        "What drives margin, and when the benefit expands or contracts",
        (
            _rule(inputs),
            _standard_books(inputs),
            _causes(inputs, book),
            *_answers(inputs, book),
            *condition_parts(inputs.evidence, cap=float(inputs.rules.cap)),
        ),
        answers="clear visibility into the drivers of initial margin outcomes and the conditions "
        "under which cross-margining benefits may expand or contract",
    )


def telling_book(books: Sequence[Book]) -> Book:
    """Return the book that tells most: the one that saves something, the least, below the cap."""
    decided = [
        book for book in books if book.requirement.reduction.binding in (Binding.FICC, Binding.CME)
    ]
    return min(
        decided or books,
        key=lambda book: (book.requirement.reduction.saving_before_cap, book.name),
    )


def _rule(inputs: PackInputs) -> Part:
    values = {
        "threshold": share(inputs, "arrangement.threshold"),
        "cap": share(inputs, "arrangement.cap"),
        "minimum": result(
            dollars(inputs.rules.customer_minimum), "arrangement.customer_minimum_dollars"
        ),
        "denominator": parameter(inputs, "arrangement.denominator"),
        "basis": parameter(inputs, "arrangement.saving_basis"),
        "horizon_ficc": parameter(inputs, "ficc.horizon_days"),
        "horizon_cme": parameter(inputs, "cme.horizon_days"),
        "coverage_ficc": share(inputs, "ficc.coverage"),
        "coverage_cme": share(inputs, "cme.coverage"),
    }
    return Part(
        "The rule",
        (
            Paragraph(
                "Two models margin the same eligible positions of one customer, each on its own: "
                "the FICC-style model over {horizon_ficc} scenario dates at {coverage_ficc}, the "
                "CME-style model over {horizon_cme} at {coverage_cme}. "
                "Each compares both legs together with the two legs apart and so finds a saving; "
                "the smaller saving is the reduction that both clearing organizations apply to "
                "their own requirement. "
                "Under {threshold} there is no reduction, over {cap} it is cut to that. "
                "FICC collects no less than {minimum} dollars from a customer with positions. "
                "Nothing is netted between customers.",
                values,
            ),
            Paragraph(
                "The saving is measured on {basis}, against {denominator} figures; charges outside "
                "it are collected in full. "
                "Margin therefore rises with what moves each leg; the benefit shrinks with "
                "whatever moves one leg and not the other: unlike maturities, the cash-futures "
                "basis, the "
                "spread between SOFR and Treasury rates, floors that do not diversify.",
                values,
            ),
        ),
    )


def _standard_books(inputs: PackInputs) -> Part:
    rows = [
        [
            book.name,
            book.what,
            dollars(book.requirement.standalone),
            dollars(book.requirement.requirement),
            *saving_cells(book),
        ]
        for book in inputs.books
    ]
    size = "validation.standard_book_dv01_dollars"
    return Part(
        "What standard books save",
        (
            Paragraph(
                "Standard books are made by rule from the issues and contracts of {date}, each leg "
                "sized to {size} dollars per basis point; they are nobody's positions. "
                "There are {count} of them.",
                {
                    "date": result(inputs.as_of, "as-of date"),
                    "size": result(f"{Decimal(parameter(inputs, size).text):,f}", size),
                    "count": result(len(inputs.books), _RUN),
                },
            ),
            table(
                "Standard books",
                (
                    *("book", "what it holds", "legs alone, USD", "cross-margined, USD"),
                    *("FICC saves", "CME saves", "reduction", "decided by"),
                ),
                rows,
                origin=_RUN,
                words=2,
            ),
            Figure(
                "saving-by-book",
                saving_by_book(
                    [book.name for book in inputs.books],
                    {
                        "FICC-style model": _savings(inputs.books, "ficc"),
                        "CME-style model": _savings(inputs.books, "cme"),
                    },
                    threshold=float(inputs.rules.threshold),
                    cap=float(inputs.rules.cap),
                ),
                Paragraph(
                    "The mark further to the left decides, unless it lies right of the cap or left "
                    "of the threshold."
                ),
                _RUN,
            ),
        ),
    )


def saving_cells(book: Book) -> list[str]:
    """Return both models' savings, the reduction and what decided it."""
    reduction = book.requirement.reduction
    return [
        per_cent(reduction.ficc_saving),
        per_cent(reduction.cme_saving),
        per_cent(reduction.reduction),
        reduction.binding.value.replace("_", " ").lower()
        if reduction.binding in (Binding.BELOW_THRESHOLD, Binding.NONE)
        else reduction.binding.value,
    ]


def _savings(books: Sequence[Book], side: str) -> list[float]:
    return [float(getattr(book.requirement.reduction, f"{side}_saving")) for book in books]


def _causes(inputs: PackInputs, book: Book) -> Part:
    told = {each.name: each.explanation.by_kind for each in inputs.books}
    labels = list(dict.fromkeys(loss.label for losses in told.values() for loss in losses))
    rows = [[name, *_lost_cells(losses, labels)] for name, losses in told.items()]
    return Part(
        "What keeps a saving from being whole",
        (
            Paragraph(
                "What a kind of risk factor costs is measured by switching its shocks off and "
                "pricing everything again. Lines of one book and model add up to what is not "
                "saved; interaction is what single kinds do not explain, because tails do not add."
            ),
            causes_figure(book, name="saving-lost"),
            table(
                "Saving lost, by book and cause: FICC-style model, then CME-style model",
                ("book", *labels),
                rows,
                origin="explanation of the standard books",
            ),
        ),
    )


def _lost_cells(losses: Sequence[FactorLoss], labels: Sequence[str]) -> list[str]:
    by_label = {loss.label: loss for loss in losses}
    return [
        f"{per_cent(by_label[label].ficc)}, {per_cent(by_label[label].cme)}"
        if label in by_label
        else "-"
        for label in labels
    ]


def causes_figure(book: Book, *, name: str) -> Figure:
    """Return what a book's saving loses, by cause, as a figure."""
    losses: Sequence[FactorLoss] = book.explanation.by_kind
    return Figure(
        name,
        saving_lost(
            [loss.label for loss in losses],
            {
                "FICC-style model": [_float(loss.ficc) for loss in losses],
                "CME-style model": [_float(loss.cme) for loss in losses],
            },
            book=book.name,
        ),
        Paragraph("Left of zero a cause adds to the saving."),
        "explanation",
    )


def _float(ratio: Fraction | None) -> float:
    return float("nan") if ratio is None else float(ratio)


def _answers(inputs: PackInputs, book: Book) -> list[Part]:
    if inputs.sensitivity is None:
        text = "How books answer to changed assumptions and to the ranges of parameters was not "
        return [
            Part(
                "When the benefit expands or contracts", (Paragraph(text + "asked in this build."),)
            )
        ]
    return [_assumptions(inputs, inputs.sensitivity), _ranges(inputs.sensitivity, book)]


def _assumptions(inputs: PackInputs, sensitivity: Sensitivity) -> Part:
    names = [book.name for book in inputs.books]
    as_run = sensitivity.answers[0]
    rows = [
        [answer.name, *(per_cent(answer.reductions[name]) for name in names)]
        for answer in sensitivity.answers
    ]
    multiples = sorted(sensitivity.basis_multiples)
    by_name = {answer.name: answer for answer in sensitivity.answers}
    moving = [
        name
        for name in names
        if len({by_name[label].savings[name] for label in sensitivity.basis_multiples.values()}) > 1
    ]
    shown = sorted(moving, key=lambda name: (as_run.savings[name], name))
    blocks: list[Block] = [
        Paragraph(
            "Every book under one changed assumption at a time; reductions stand in the table, so "
            "a row that repeats the first says that the cap, or the other side, still decides."
        ),
        table("Reduction under other assumptions", ("assumption", *names), rows, origin=_RUN),
    ]
    if shown:
        blocks.append(
            Figure(
                "saving-against-basis",
                saving_against(
                    "How much basis volatility can the saving bear?",
                    [float(multiple) for multiple in multiples],
                    {
                        name: [
                            float(by_name[sensitivity.basis_multiples[multiple]].savings[name])
                            for multiple in multiples
                        ]
                        for name in _spread(shown)
                    },
                    cap=float(inputs.rules.cap),
                    unit="basis volatility, multiple of the estimate",
                ),
                Paragraph(
                    "The smaller of both models' savings, before the cap. Where a line meets the "
                    "cap the reduction begins to shrink."
                ),
                _RUN,
            )
        )
    return Part("When the benefit expands or contracts", tuple(blocks))


def _spread(names: Sequence[str]) -> list[str]:
    """Return the first, the last and some between: as many as stay legible in one figure."""
    count = min(5, len(names))
    if count == 1:
        return [names[0]]
    return [names[place * (len(names) - 1) // (count - 1)] for place in range(count)]


def _ranges(sensitivity: Sensitivity, book: Book) -> Part:
    rows = sensitivity.ranges[book.name]
    moving = [row for row in rows if row.effect.cents][:_TORNADO_ROWS]
    blocks: list[Block] = [
        Paragraph(
            "Where a parameter is uncertain its range is stated; each is moved alone to both ends. "
            "Of {count} parameters with a range, {moving} move the requirement of {book}.",
            {
                "count": result(len(rows), "parameters with a range"),
                "moving": result(sum(bool(row.effect.cents) for row in rows), _RUN),
                "book": result(book.name, "the book that saves least below the cap"),
            },
        )
    ]
    if moving:
        blocks.append(_tornado(book, moving))
    blocks.append(
        table(
            "Requirement at both ends of each range",
            ("parameter", "low", "as it is", "high", "at low, USD", "at high, USD", "effect, USD"),
            [
                [
                    f"{row.parameter.owner}.{row.parameter.name}",
                    *(row.parameter.low, row.parameter.base, row.parameter.high),
                    *(dollars(row.at_low), dollars(row.at_high), dollars(row.effect)),
                ]
                for row in rows
            ],
            origin="ranges of parameters",
            words=4,
        )
    )
    return Part("What an uncertain parameter is worth", tuple(blocks))


def _tornado(book: Book, rows: Sequence[RangeRow]) -> Figure:
    return Figure(
        "tornado",
        tornado(
            book.name,
            [f"{row.parameter.owner}.{row.parameter.name}" for row in rows],
            low_dollars=[row.at_low.cents / CENTS_PER_DOLLAR for row in rows],
            base_dollars=rows[0].at_base.cents / CENTS_PER_DOLLAR,
            high_dollars=[row.at_high.cents / CENTS_PER_DOLLAR for row in rows],
        ),
        Paragraph("Parameters by the size of their effect, the largest first."),
        "ranges of parameters",
    )
