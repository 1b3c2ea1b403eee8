"""A slow second SPAN: scan and intercommodity credits of futures, from published layouts alone.

One commodity has one delta here: no tiers, no intracommodity spreads, no options. Property tests
compare it with the calculation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction


def reference_requirement(
    positions: Mapping[str, Fraction],
    price_scan_range: Mapping[str, Fraction],
    extreme: Fraction,
    spreads: Sequence[tuple[Fraction, Sequence[tuple[str, Fraction, str]]]],
) -> tuple[Fraction, Fraction, Fraction]:
    """Return scan risk, credit and requirement of futures, one contract month a commodity.

    Parameters
    ----------
    positions, price_scan_range : mapping of commodity to Fraction
    extreme : Fraction
        Multiplier times cover fraction.
    spreads : sequence of (rate, legs)
        In order of priority; a leg is commodity, ratio, side.
    """
    thirds = [Fraction(n, 3) for n in (0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3)]
    moves = [*thirds, extreme, -extreme]
    scan, weighted, left = {}, {}, dict(positions)
    for name, quantity in positions.items():
        losses = [-move * price_scan_range[name] * quantity for move in moves]
        worst = losses.index(max(losses))
        scan[name] = max(Fraction(0), losses[worst])
        paired = worst if worst > 13 else worst + 1 - 2 * (worst % 2)  # noqa: PLR2004
        risk = (losses[worst] + losses[paired]) / 2 - (losses[0] + losses[1]) / 2
        risk = max(Fraction(0), risk)
        normal = risk / abs(quantity) if quantity else Fraction(0)
        weighted[name] = min(normal, price_scan_range[name])
    credit = dict.fromkeys(positions, Fraction(0))
    for rate, legs in spreads:
        for long in ("A", "B"):
            ways = [(name, ratio, 1 if side == long else -1) for name, ratio, side in legs]
            count = min(
                max(Fraction(0), sign * left.get(name, Fraction(0))) / ratio
                for name, ratio, sign in ways
            )
            for name, ratio, sign in ways:
                if count:
                    left[name] -= sign * count * ratio
                    credit[name] += count * ratio * weighted[name] * rate
    requirement = sum(
        (max(Fraction(0), scan[name] - credit[name]) for name in positions), start=Fraction(0)
    )
    return (
        sum(scan.values(), start=Fraction(0)),
        sum(credit.values(), start=Fraction(0)),
        requirement,
    )
