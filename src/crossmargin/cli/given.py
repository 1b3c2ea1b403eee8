"""What a command is given, made into what services take: words, digests, the market on a day."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import typer

if TYPE_CHECKING:
    from datetime import date

    from crossmargin.market.history import MarketData

_BP_MAX = 1000
_W = TypeVar("_W", bound=StrEnum)


def read_word(words: type[_W], field: str, text: str) -> _W:
    """Return the word of a closed list that a text is.

    Raises
    ------
    RefusedError
        If it is none, naming all of them.
    """
    from crossmargin.basics.refusals import refused

    try:
        return words(text)
    except ValueError:
        raise refused(field, text, f"one of {', '.join(words)}", "participation") from None


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    import hashlib

    return hashlib.sha256(file.read_bytes()).hexdigest()


def market_on(
    directory: Path, as_of: date | None, *, derived_prices: bool = False
) -> tuple[MarketData, date]:
    """Open a market directory for a day.

    Parameters
    ----------
    directory : Path
    as_of : date or None
        The last date with security prices if none (ruling 35).
    derived_prices : bool
        Derive prices where the day has none.

    Returns
    -------
    tuple of MarketData and date

    Raises
    ------
    RefusedError
        If the directory is not as its manifest says, or prices cannot be derived.
    """
    from crossmargin import bootstrap
    from crossmargin.services.derived_prices import with_derived_prices

    market = bootstrap.open_market(directory)
    day = as_of or bootstrap.last_price_date(market)
    return (with_derived_prices(market, day) if derived_prices else market), day


def impulse_of(parallel_bp: float | None, twist_bp: float | None) -> tuple[float, float]:
    """Return the move that ``--impulse`` and ``--twist`` name, basis points.

    Raises
    ------
    typer.BadParameter
        If one of them is no number, or too large to be meant.
    """
    for option, basis_points in (("--impulse", parallel_bp), ("--twist", twist_bp)):
        # Not a number is not at most anything.
        if basis_points is not None and not abs(basis_points) <= _BP_MAX:
            raise typer.BadParameter(
                f"{option} must be basis points, {_BP_MAX} at most either way, was {basis_points}"
            )
    return parallel_bp or 0.0, twist_bp or 0.0
