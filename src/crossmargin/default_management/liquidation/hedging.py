"""Hedges: whole contracts against what DV01 a book is left with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from crossmargin.default_management.liquidation.instruments import Instrument
from crossmargin.default_management.liquidation.terms import Hedge
from crossmargin.default_management.shares import whole_shares
from crossmargin.product.position import ClearingOrganization

Legs = Mapping[ClearingOrganization, Mapping[str, int]]


def hedge_units(
    legs: Legs,
    instruments: Mapping[str, Instrument],
    hedges: Sequence[str],
    rule: Hedge,
) -> dict[ClearingOrganization, dict[str, int]]:
    """Return the contracts that hedge some legs together, and for whose account.

    The nearest whole number against the residual DV01, of a maturity bucket or of the whole book. A
    hedge is for the side that the residual comes from: both pro rata to their DV01 where theirs
    have its sign, else the one whose does.

    Parameters
    ----------
    legs : mapping of ClearingOrganization to mapping of label to int
        Those that are hedged as one.
    instruments : mapping of label to Instrument
    hedges : sequence of str
        The most liquid contract of each bucket, shortest first; the last one is that of the whole
        book.
    rule : Hedge
    """
    found: dict[ClearingOrganization, dict[str, int]] = {side: {} for side in legs}
    if rule is Hedge.NONE:
        return found
    for place, label in enumerate(hedges[:-1] if rule is Hedge.BY_BUCKET else hedges[-1:]):
        bucket = place if rule is Hedge.BY_BUCKET else None
        dv01 = {side: _dv01(held, instruments, bucket) for side, held in legs.items()}
        for side, units in _against(dv01, instruments[label]).items():
            if units:
                found[side][label] = found[side].get(label, 0) + units
    return found


def _dv01(
    held: Mapping[str, int], instruments: Mapping[str, Instrument], bucket: int | None
) -> Fraction:
    return sum(
        (
            units * instruments[label].dv01_dollars
            for label, units in held.items()
            if bucket in (None, instruments[label].bucket)
        ),
        Fraction(0),
    )


def _against(
    dv01: Mapping[ClearingOrganization, Fraction], hedge: Instrument
) -> dict[ClearingOrganization, int]:
    """Return contracts by side against the residual of their DV01."""
    residual = sum(dv01.values(), Fraction(0))
    contracts = round(residual / hedge.dv01_dollars)
    if not contracts:
        return {}
    same = {side: abs(each) for side, each in dv01.items() if each * residual > 0}
    whole = sum(same.values(), Fraction(0))
    shares = whole_shares({side: abs(contracts) * each / whole for side, each in same.items()})
    return {side: -units if contracts > 0 else units for side, units in shares.items()}
