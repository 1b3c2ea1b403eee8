"""A default under other readings: the rates beside each other, and what FICC bears unpaid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any

from crossmargin.methodology.values import Table
from crossmargin.presentation.page_tables import money, table, usd_and_cents

Document = Mapping[str, Any]
_CASES = {"with_arrangement": "with the arrangement", "without_arrangement": "without it"}
_SET_OFF = "set_off_between_classes"
#: What each reading says, in words.
READING_WORDS = {
    _SET_OFF: {
        "both": "set-off both ways",
        "futures_equity_only": "set-off against futures equity alone",
        "none": "no set-off between the two",
    },
    "cme_to_ficc": {"off": "CME does not pay FICC", "on": "CME pays FICC"},
    "guaranty": {"on": "with the payments", "off": "without them"},
}


def rate(text: str) -> str:
    """Return what is paid of claims in per cent, rounded down: 100 is all of them.

    Examples
    --------
    >>> rate("0.999998"), rate("1.000000")
    ('99.99 %', '100.00 %')
    """
    return f"{(Decimal(text) * 100).quantize(Decimal('0.01'), rounding=ROUND_DOWN)} %"


def _rate_or_none(found: Document | None) -> str:
    if found is None:
        return "-"
    return rate(found["futures_rate"]) if found["futures_rate"] else "all (the firm stands)"


def reading_of_record(document: Document) -> str:
    """Return the reading of set-off that headline figures stand under, in words."""
    return READING_WORDS[_SET_OFF][document["readings"][_SET_OFF]["of_record"]]


def under_one_reading(document: Document) -> str:
    """Return under which reading of set-off the figures stand, as a sentence."""
    name = document["readings"][_SET_OFF]["of_record"]
    return f"These figures are under one reading, {_SET_OFF}={name}: {reading_of_record(document)}."


def readings_lines(document: Document) -> Iterator[str]:
    """Yield the rates under every reading of set-off, a sentence each; none if the firm stands."""
    if all(document[case]["estate"] is None for case in _CASES):
        return
    found = document["readings"][_SET_OFF]
    for name, words in READING_WORDS[_SET_OFF].items():
        record = ", of record" if name == found["of_record"] else ""
        one, other = (_rate_or_none(found["by_reading"][name][case]) for case in _CASES)
        yield (
            f"{words[0].upper()}{words[1:]}{record} ({name}): paid of public claims "
            f"{one} with the arrangement, {other} without it."
        )
    # Where the firm stands everything is paid.
    rates = {
        tuple(Decimal(each[case]["futures_rate"] or 1) for case in _CASES)
        for each in found["by_reading"].values()
    }
    if len(rates) == 1:
        yield "The reading is inferred; here it changes no rate."
    elif len({one.compare(other) for one, other in rates}) == 1:
        yield (
            "The reading is inferred; here it changes a rate, and not whether more is paid with "
            "the arrangement."
        )
    else:
        yield (
            "The reading is inferred, and whether others lose less or more with the arrangement "
            "depends on it."
        )


def readings_table(document: Document) -> Table:
    """Return the rates under every reading, with the arrangement and without it."""
    return _by_reading(
        "What the futures class pays of public claims, by reading", document, _rate_or_none
    )


def own_readings_table(document: Document, claimant: str) -> Table:
    """Return what one claimant recovers under every reading."""

    def recovered(found: Document | None) -> str:
        return money(found["recovered"][claimant]) if found else "-"

    return _by_reading("Recovered, by reading, US dollars", document, recovered)


def _by_reading(title: str, document: Document, cell: Callable[[Document | None], str]) -> Table:
    """Return a row a reading, of its cases a cell each; there may be no such case."""
    rows = []
    for parameter, words in READING_WORDS.items():
        found = document["readings"][parameter]
        for name, said in words.items():
            record = " (of record)" if name == found["of_record"] else ""
            of = found["by_reading"][name]
            rows.append((f"{said}{record}", *(cell(of[case]) for case in _CASES)))
    return table(title, ("reading", *_CASES.values()), rows)


def ficc_unpaid_line(case: Document) -> str:
    """Return what FICC bears unpaid, and where it went."""
    found = case["ficc_unpaid"]
    borne, stays, paid, left = (
        usd_and_cents(found[name])
        for name in ("borne", "stays_in_the_pool", "paid_on_claims", "left_to_the_general_estate")
    )
    if not Decimal(found["borne"]):
        return f"FICC bears {borne} of customers' losses."
    line = f"FICC bears {borne} of customers' losses that nobody pays it."
    if not Decimal(found["stays_in_the_pool"]):
        return f"{line} None of it is in the pool of the futures class."
    return (
        f"{line} {stays} of it stays in the pool, because CME does not pay FICC (cme_to_ficc=off, "
        f"inferred): {paid} is paid on claims, {left} is left to the general estate. Did CME pay, "
        f"the pool would pay {rate(found['futures_rate_if_cme_pays'])} of public claims instead of "
        f"{rate(case['estate']['futures_rate'])}."
    )


def guaranty_lines(document: Document) -> Iterator[str]:
    """Yield what the payments between FICC and CME moved, and what that changes."""
    found = document["readings"]["guaranty"]["by_reading"]
    one, other = (found[name]["with_arrangement"] for name in ("on", "off"))
    if one["futures_rate"] is None:
        return
    for name in one["returned"]:
        returned, borne = (
            [usd_and_cents(each[part][name]) for each in (one, other)]
            for part in ("returned", "borne")
        )
        yield (
            f"{name} returns {returned[0]} with the payments between the clearing organizations "
            f"and {returned[1]} without them, and bears {borne[0]} and {borne[1]}."
        )
    change = usd_and_cents(one["futures_property"], f"-{other['futures_property']}")
    yield (
        "Both return to one pool: a payment changes what it has only by what a clearing "
        f"organization then bears itself, more or less; here by {change}."
    )
