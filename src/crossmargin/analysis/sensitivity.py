"""What a requirement is made of: the same portfolio under one changed assumption at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Variant:
    """One changed assumption.

    Parameters
    ----------
    name : str
        For people.
    ficc, cme : mapping of parameter name to value
        What is changed in each model.
    """

    name: str
    ficc: Mapping[str, str] = field(default_factory=dict)
    cme: Mapping[str, str] = field(default_factory=dict)


BASIS_MULTIPLES = ("2", "5", "10", "20")

#: The table's rows after the base.
VARIANTS: tuple[Variant, ...] = (
    Variant("no floor percentage", ficc={"floor_share": "0"}),
    Variant("no Minimum Margin Amount", ficc={"minimum_margin_amount": "off"}),
    Variant("no repo volatility", ficc={"repo_volatility_bp": "0, 0, 0, 0, 0"}),
    Variant(
        "no cash-futures basis",
        ficc={"basis_volatility_multiple": "0"},
        cme={"basis_volatility_multiple": "0"},
    ),
    *(
        Variant(
            f"basis volatility x {multiple}",
            ficc={"basis_volatility_multiple": multiple},
            cme={"basis_volatility_multiple": multiple},
        )
        for multiple in BASIS_MULTIPLES
    ),
    Variant(
        "no SOFR-Treasury spread",
        ficc={"spread_volatility_multiple": "0"},
        cme={"spread_volatility_multiple": "0"},
    ),
    Variant(
        "SOFR-Treasury spread x 2",
        ficc={"spread_volatility_multiple": "2"},
        cme={"spread_volatility_multiple": "2"},
    ),
    Variant("no stress in the CME-style model", cme={"historical_weight": "1"}),
    Variant("stress alone in the CME-style model", cme={"historical_weight": "0"}),
    Variant("hypothetical stress too at CME", cme={"hypothetical_stress": "shifts"}),
    Variant("key rates correlated as today at CME", cme={"correlation_scaling": "today"}),
    Variant("securities as two contracts at CME", cme={"equivalent_contract": "two_contract"}),
    Variant(
        "next-largest loss",
        ficc={"quantile_convention": "next_largest"},
        cme={"quantile_convention": "next_largest"},
    ),
    Variant("five-year lookback", ficc={"lookback_years": "5"}, cme={"lookback_years": "5"}),
)

_LARGEST_MULTIPLE = Fraction(1024)
_STEPS = 12


def multiple_where_cap_stops(
    is_capped: Callable[[Fraction], bool], *, largest: Fraction = _LARGEST_MULTIPLE
) -> Fraction | None:
    """Return the smallest multiple of basis volatility at which no cap binds, to a hundredth.

    Parameters
    ----------
    is_capped : callable
        Whether the cap lowers the reduction at a multiple.
    largest : Fraction
        Where the search ends.

    Returns
    -------
    Fraction or None
        None if the cap does not bind at a multiple of one, or still binds at the largest.
    """
    if not is_capped(Fraction(1)):
        return None
    low, high = Fraction(1), Fraction(2)
    while is_capped(high):
        low, high = high, high * 2
        if high > largest:
            return None
    for _ in range(_STEPS):
        if (high - low) * 100 <= 1:
            break
        middle = (low + high) / 2
        low, high = (middle, high) if is_capped(middle) else (low, middle)
    return high
