"""Where the public description of SPAN leaves room: each choice by name.

Every default is inferred: the layouts and reports that CME publishes name the quantities, not every
order of use. ``docs/methodology/span.md`` says what each choice changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class InterDelta(StrEnum):
    """Which deltas of a commodity or tier may form intercommodity spreads."""

    NET = "net"
    BY_SIDE = "by_side"


class DeliveryAfter(StrEnum):
    """After which spreads the delivery charge looks at the deltas used and left."""

    INTRA = "intra"
    INTER = "inter"


class TierRange(StrEnum):
    """Price scan range of a tier whose contracts have different ones."""

    MEAN = "mean"
    LARGEST = "largest"
    SMALLEST = "smallest"


class Account(StrEnum):
    """Kind of account, for the ratios of the file.

    A hedger has no heightened risk profile, a speculator has one.
    """

    MEMBER = "member"
    HEDGER = "hedger"
    SPECULATOR = "speculator"


@dataclass(frozen=True, slots=True)
class SpanReadings:
    """The choices of one calculation.

    Parameters
    ----------
    inter_delta : InterDelta
        ``NET``: remaining long and short deltas of a leg are netted first, as the scan nets them.
    delivery_after : DeliveryAfter
    tier_range : TierRange
        ``MEAN`` weights by the absolute delta held.
    """

    inter_delta: InterDelta = InterDelta.NET
    delivery_after: DeliveryAfter = DeliveryAfter.INTRA
    tier_range: TierRange = TierRange.MEAN


DEFAULT_READINGS = SpanReadings()
