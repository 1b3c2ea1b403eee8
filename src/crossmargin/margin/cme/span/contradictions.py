"""Contracts whose risk array or delta contradicts what the same parameter set says of them.

They tell that a file is wrong, unusual or read wrongly. The calculation takes the arrays as they
are, so that a figure stands; who reads it has to know.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from crossmargin.margin.cme.span.contracts import OptionRight, SpanContract
from crossmargin.margin.cme.span.risk_array import future_risk_array

_ONE = Fraction(1)
#: Places of the moves by the whole range, and the first of the extreme moves.
_FULL, _EXTREME = range(10, 14), 14
#: Arrays are rounded to whole money or coarser: of the whole range a thousandth, of its thirds and
#: of the extreme moves a hundredth.
_FULL_SHARE, _OTHER_SHARE = Fraction(1, 1000), Fraction(1, 100)
_STEP = Fraction(1, 3)


def scan_ranges_that_differ(contracts: Iterable[SpanContract]) -> list[str]:
    """Return the futures whose array does not move by their price scan range.

    Parameters
    ----------
    contracts : iterable of SpanContract
        Those without array parameters, and options, are passed over.

    Returns
    -------
    list of str
        Their labels.
    """
    return [each.label for each in contracts if _range_differs(each)]


def composite_deltas_that_differ(contracts: Iterable[SpanContract]) -> list[str]:
    """Return the contracts whose composite delta can be none of theirs.

    A future moves one for one with itself: its composite delta is 1. A long call has one from 0 to
    1, a long put from -1 to 0.

    Returns
    -------
    list of str
        Their labels.
    """
    return [each.label for each in contracts if _delta_differs(each)]


def _range_differs(contract: SpanContract) -> bool:
    scan = contract.scan
    if scan is None or contract.option is not None or not scan.price:
        return False
    expected = future_risk_array(scan, step=_STEP)
    full = max(_ONE, scan.price * _FULL_SHARE)
    other = max(_ONE, scan.price * _OTHER_SHARE)
    for place, (found, moved) in enumerate(zip(contract.losses, expected, strict=True)):
        said = place < _EXTREME or scan.extreme_multiplier
        if said and abs(found - moved) > (full if place in _FULL else other):
            return True
    return False


def _delta_differs(contract: SpanContract) -> bool:
    if contract.option is None:
        return contract.composite_delta != 1
    lowest = 0 if contract.option.right is OptionRight.CALL else -1
    return not lowest <= contract.composite_delta <= lowest + 1
