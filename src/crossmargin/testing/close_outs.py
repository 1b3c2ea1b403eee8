"""Invented lines and shipped terms for tests of a close-out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import cache

from crossmargin.bootstrap import parameter_registry
from crossmargin.default_management.liquidation.close_out import CloseOut
from crossmargin.default_management.liquidation.hedging import Legs
from crossmargin.default_management.liquidation.instruments import Instrument, Market
from crossmargin.default_management.liquidation.terms import LiquidationTerms
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.product.position import ClearingOrganization

FICC, CME = ClearingOrganization.FICC, ClearingOrganization.CME
#: Of the invented path, the day of the failure first.
DATES = tuple(date(2020, 3, day) for day in (9, 10, 11, 12, 13, 16, 17, 18))
_SHORT, _LONG = 2, 3


def invented_instruments() -> dict[str, Instrument]:
    """Return two notes and two contracts in two maturity buckets, one note and contract a pair.

    Volumes are small: a few million dollars, a few thousand contracts.
    """
    notes = (
        ("NOTE2", "short", _SHORT, 5_000_000, "0.10", "0.0185", "100", (-0.11, 0.04, 0.07)),
        ("NOTE10", "long", _LONG, 8_000_000, "0.45", "0.0790", "99", (0.61, -0.38, 0.125)),
    )
    contracts = (
        ("ZTM20", "ZT", _SHORT, 4_000, "190", "36.5", (-215.0, 82.25, 131.0)),
        ("ZNM20", "ZN", _LONG, 6_000, "350", "64.0", (480.5, -301.75, 96.125)),
    )
    found = [
        Instrument(
            label,
            Market(market, Fraction(volume), Fraction(1)),
            bucket,
            Fraction(value),
            Fraction(sigma),
            Fraction(dv01),
            Fraction(value),
            _path(moves),
        )
        for label, market, bucket, volume, sigma, dv01, value, moves in notes
    ]
    found += [
        Instrument(
            label,
            Market(market, Fraction(volume), Fraction(1)),
            bucket,
            Fraction(1),
            Fraction(sigma),
            Fraction(dv01),
            Fraction(0),
            _path(moves),
        )
        for label, market, bucket, volume, sigma, dv01, moves in contracts
    ]
    return {each.label: each for each in found}


#: By maturity bucket, then of the whole book.
HEDGES = ("ZTM20", "ZTM20", "ZTM20", "ZNM20", "ZNM20", "ZNM20")


def _path(moves: tuple[float, ...]) -> tuple[int, ...]:
    steps = [round(move * GRID_PER_DOLLAR) for move in moves]
    return tuple(steps[day % len(steps)] for day in range(len(DATES)))


def without_impact(instruments: Mapping[str, Instrument]) -> dict[str, Instrument]:
    """Return the lines with coefficients of zero."""
    return {
        label: replace(each, market=replace(each.market, impact_coefficient=Fraction(0)))
        for label, each in instruments.items()
    }


@cache
def _shipped() -> LiquidationTerms:
    return LiquidationTerms.from_parameters(
        parameter_registry().set_of("liquidation", date(2026, 3, 24))
    )


def shipped_terms(**changes: object) -> LiquidationTerms:
    """Return the shipped terms, with some fields changed."""
    return replace(_shipped(), **changes)  # type: ignore[arg-type]


def legs_of(securities: Mapping[str, int], contracts: Mapping[str, int]) -> Legs:
    """Return a book's legs."""
    return {FICC: securities, CME: contracts}


def traded_units(close_out: CloseOut) -> dict[str, int]:
    """Return the signed units of each line that a close-out traded in all."""
    found: dict[str, int] = {}
    for day in close_out.days:
        for trade in day.trades:
            found[trade.instrument] = found.get(trade.instrument, 0) + trade.units
    return found
