"""What positions are marked at, and where each price comes from: every output says so."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from crossmargin.product.futures import FuturesContract
from crossmargin.product.treasury import TreasurySecurity


class PriceSource(StrEnum):
    """Where a price comes from. Only the first is an observed price."""

    QUOTED_SHEET = "quoted price sheet"
    DERIVED_SHEET = "derived from an earlier price sheet"
    MODEL_DELIVERY = "model: forward of the cheapest to deliver"
    MODEL_PROXY = "model: forward of an earlier contract's cheapest to deliver"
    MODEL_FORWARD = "model: rates so far and the curve's forward"
    PUBLISHED_RATES = "final settlement from published rates"
    ASSUMED_RATES = "final settlement with assumed rates"


@dataclass(frozen=True, slots=True)
class SystemPrice:
    """The price FICC is taken to mark a security at.

    Parameters
    ----------
    security : TreasurySecurity
    clean_price_per_100 : Decimal
        Without accrued interest, six decimals.
    source : PriceSource
    """

    security: TreasurySecurity
    clean_price_per_100: Decimal
    source: PriceSource


@dataclass(frozen=True, slots=True)
class SettlementPrice:
    """The price CME is taken to mark a contract at.

    Parameters
    ----------
    contract : FuturesContract
    price : Decimal
        In the contract's points, a multiple of its tick.
    source : PriceSource
    """

    contract: FuturesContract
    price: Decimal
    source: PriceSource
