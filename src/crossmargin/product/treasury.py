"""Treasury securities: the terms, as announced."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from crossmargin.basics.identifiers import Cusip


class SecurityKind(StrEnum):
    """What the Treasury calls it."""

    NOTE = "NOTE"
    BOND = "BOND"
    BILL = "BILL"
    TIPS = "TIPS"
    FRN = "FRN"
    STRIPS = "STRIPS"


@dataclass(frozen=True, slots=True)
class TreasurySecurity:
    """One outstanding marketable Treasury security.

    ``coupon_pct`` is per cent a year (the real coupon for TIPS; 0 for bills, STRIPS and FRN).
    ``original_maturity_years`` is None where it is unknown; ``original_maturity_source`` says how
    it is known ("reference file", "derived from the maturity date ...", "unknown ...").
    """

    cusip: Cusip
    kind: SecurityKind
    coupon_pct: Decimal
    maturity_date: date
    issue_date: date | None = None
    dated_date: date | None = None
    first_coupon_date: date | None = None
    original_maturity_years: int | None = None
    original_maturity_source: str = "unknown"
