"""What a seller knows of a line: how it moves, what market it trades in, how deep that is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Market:
    """Lines that trade in one volume.

    Parameters
    ----------
    name : str
        A maturity bucket's newest issues, its other issues, or a futures product.
    daily_volume : Fraction
        An average day: dollars of market value of securities, contracts of futures; positive.
    impact_coefficient : Fraction
        Not negative.
    """

    name: str
    daily_volume: Fraction
    impact_coefficient: Fraction

    def __post_init__(self) -> None:
        if self.daily_volume <= 0 or self.impact_coefficient < 0:
            raise ValueError(
                f"{self.name}: a volume is positive and a coefficient not negative, was {self!r}"
            )


@dataclass(frozen=True, slots=True)
class Instrument:
    """One line: $100 of par of a security, or one contract, on the terms of the opening.

    Parameters
    ----------
    label : str
        CUSIP or contract code.
    market : Market
    bucket : int
        Of its maturity, counted from the shortest.
    volume_per_unit : Fraction
        What a unit is of its market's volume: dollars of market value, or one contract; positive.
    volatility_dollars : Fraction
        Standard deviation of a unit's one-day profit and loss.
    dv01_dollars : Fraction
        Lost by a unit when every rate rises by a basis point.
    transfer_value_dollars : Fraction
        Paid for a unit that passes at the opening's price: market value, zero for a future.
    moves_steps : tuple of int
        Profit and loss of a unit on each day of the path, grid steps of 2^-18 dollar.
    """

    label: str
    market: Market
    bucket: int
    volume_per_unit: Fraction
    volatility_dollars: Fraction
    dv01_dollars: Fraction
    transfer_value_dollars: Fraction
    moves_steps: tuple[int, ...]
