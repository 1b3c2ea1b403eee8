"""Stress scenarios and lookback windows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

from crossmargin.analysis.explanation import TailScenario
from crossmargin.charts.conditions import roll_off_calendar
from crossmargin.market.scenarios import ScenarioSet, window_start
from crossmargin.methodology.drivers import telling_book
from crossmargin.methodology.evidence import stress_part, walk_part
from crossmargin.methodology.inputs import Book, PackInputs
from crossmargin.methodology.values import Block, Figure, Paragraph, Part, Section, table
from crossmargin.methodology.words import day, parameter, whole_dollars

_SETS = "scenario sets of both models"
_IDENTITY = 16


def scenarios(inputs: PackInputs) -> Section:
    """Return the section."""
    return Section(
        "scenarios",
        "Stress scenarios and lookback windows",
        (
            _lookbacks(inputs),
            _stressed_periods(inputs),
            tail_part(inputs, inputs.books),
            _roll_off(inputs),
            stress_part(inputs.evidence),
            walk_part(inputs.evidence, cap=float(inputs.rules.cap)),
        ),
        answers="the stress scenarios and lookback windows used in determining margin requirements",
    )


def _lookbacks(inputs: PackInputs) -> Part:
    facts = inputs.factors
    sets: list[tuple[str, ScenarioSet, int | None]] = [
        ("FICC: simulation", facts.ficc.historical, facts.ficc_rank),
        ("FICC: Minimum Margin Amount", facts.ficc.filtered, facts.filtered_rank),
        ("CME: scaled history", facts.cme.historical, facts.cme_rank),
        ("CME: stressed periods", facts.cme.stress, facts.stress_rank),
    ]
    rows = [
        [
            name,
            f"{each.horizon_days}",
            str(each.end_dates.min()),
            str(each.end_dates.max()),
            f"{each.count:,}",
            "-" if rank is None else f"{rank}",
            each.identity[:_IDENTITY],
        ]
        for name, each, rank in sets
    ]
    values = {
        "ficc_years": parameter(inputs, "ficc.lookback_years"),
        "cme_years": parameter(inputs, "cme.lookback_years"),
        "minimum_years": parameter(inputs, "ficc.minimum_margin_lookback_years"),
        "convention": parameter(inputs, "ficc.quantile_convention"),
        "weight": parameter(inputs, "cme.historical_weight"),
        "decay": parameter(inputs, "cme.volatility_decay"),
        "fewest": parameter(inputs, "ficc.fewest_scenarios"),
    }
    return Part(
        "Lookback windows",
        (
            Paragraph(
                "FICC's simulation looks back {ficc_years} years with equal weights and adds the "
                "stressed period where it lies outside; its Minimum Margin Amount looks back "
                "{minimum_years} years. CME's looks back {cme_years} years, each move rescaled to "
                "today's volatility with a decay of {decay}, and weighs {weight} of that figure "
                "with stress for the rest. The tail is read by {convention}; with fewer than "
                "{fewest} scenarios there is no requirement of record. "
                "A scenario bears the date on which its move ends.",
                values,
            ),
            table(
                "Scenario sets on the day",
                (
                    *("set", "horizon, dates", "first end", "last end"),
                    *("scenarios", "rank of the loss", "identity, first digits"),
                ),
                rows,
                origin=_SETS,
            ),
        ),
    )


def _stressed_periods(inputs: PackInputs) -> Part:
    rows = []
    for owner, name, each in (
        ("ficc", "stressed_period", inputs.factors.ficc.historical),
        ("cme", "stressed_periods", inputs.factors.cme.stress),
    ):
        rule = inputs.parameters[owner]
        for first, last in rule.dates(name):
            ends = each.end_dates.astype(object).tolist()
            count = sum(first <= end <= last for end in ends)
            status = rule.parameters[name].status.value
            rows.append([f"{owner}.{name}", day(first), day(last), f"{count:,}", status])
    return Part(
        "Stressed periods",
        (
            Paragraph(
                "Dates are ours where the status says so: neither clearing organization publishes "
                "them. Counts are of scenarios that end in the period and are in the set."
            ),
            table(
                "Stressed periods",
                ("parameter", "first day", "last day", "scenarios", "known how"),
                rows,
                origin=_SETS,
                words=3,
            ),
        ),
    )


def tail_part(inputs: PackInputs, books: Sequence[Book]) -> Part:
    """Return which scenarios set the figures of books."""
    rows = []
    for book in books:
        told = book.explanation
        for name, tail in (
            ("FICC", told.ficc_tail),
            ("CME scaled", told.cme_tail),
            ("CME stress", told.cme_stress_tail),
        ):
            if tail:
                rows.append([book.name, name, *_tail_cells(tail[-1])])
    return Part(
        "The scenarios that set the figures",
        (
            Paragraph(
                "The scenario whose loss each simulation reads for both legs together, with what "
                "each leg gains or loses in it."
            ),
            table(
                "Deciding scenarios",
                (
                    *("book", "figure", "from", "to"),
                    *("securities, USD", "futures, USD", "together, USD"),
                ),
                rows,
                origin="explanation",
                words=2,
            ),
        ),
    )


def _tail_cells(scenario: TailScenario) -> list[str]:
    return [
        day(scenario.start_date),
        day(scenario.end_date),
        whole_dollars(scenario.securities),
        whole_dollars(scenario.futures),
        whole_dollars(scenario.combined),
    ]


def _roll_off(inputs: PackInputs) -> Part:
    book = telling_book(inputs.books)
    blocks: list[Block] = [
        Paragraph(
            "A scenario leaves a window when its end lies more than the lookback behind the date. "
            "When a loss of the tail leaves, the figure falls to the next; a stressed period that "
            "is added by rule never leaves."
        )
    ]
    leaving = leaving_dates(inputs, book)
    if leaving:
        losses = [Fraction(-each.combined) for each in book.explanation.ficc_tail]
        blocks.append(
            Figure(
                "roll-off",
                roll_off_calendar(
                    book.name,
                    leaving,
                    as_of=day(inputs.as_of),
                    level_dollars=float(min(losses)),
                ),
                Paragraph(
                    "Losses of the largest scenarios of each simulation, both legs together."
                ),
                "explanation and lookbacks",
            )
        )
    return Part("Which dates leave next", tuple(blocks))


def leaving_dates(inputs: PackInputs, book: Book) -> dict[str, tuple[list[str], list[float]]]:
    """Return when the tail scenarios of a book leave each window, and their losses in dollars."""
    leaving = {}
    for name, owner, tail in (
        ("FICC-style simulation", "ficc", book.explanation.ficc_tail),
        ("CME-style scaled history", "cme", book.explanation.cme_tail),
    ):
        years = inputs.parameters[owner].whole("lookback_years")
        first = window_start(inputs.as_of, years)
        own = [each for each in tail if each.end_date >= first]
        if own:
            leaving[name] = (
                [day(_years_later(each.end_date, years)) for each in own],
                [float(-each.combined) for each in own],
            )
    return leaving


def _years_later(end: date, years: int) -> date:
    return window_start(end, -years)
