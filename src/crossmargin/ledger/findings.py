"""What is checked on reading, and what a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Check(StrEnum):
    """What is checked on reading."""

    DEBITS_EQUAL_CREDITS = "DEBITS_EQUAL_CREDITS"
    BALANCE_IS_SUM_OF_TRANSFERS = "BALANCE_IS_SUM_OF_TRANSFERS"
    ACCOUNT_IS_OPEN = "ACCOUNT_IS_OPEN"
    MOVEMENT_IS_PERMITTED = "MOVEMENT_IS_PERMITTED"
    DEFAULT_IS_DECLARED = "DEFAULT_IS_DECLARED"
    SEGREGATION_IS_KEPT = "SEGREGATION_IS_KEPT"
    NORMAL_SIDE = "NORMAL_SIDE"
    CLAIM_EQUALS_DEBT = "CLAIM_EQUALS_DEBT"
    SECURITIES_ARE_THE_CUSTOMERS = "SECURITIES_ARE_THE_CUSTOMERS"
    RESIDUAL_INTEREST_COVERS = "RESIDUAL_INTEREST_COVERS"
    HELD_COVERS_OWED = "HELD_COVERS_OWED"
    CUSTODY_FACTS = "CUSTODY_FACTS"
    PLACE_IS_PERMITTED = "PLACE_IS_PERMITTED"
    LIEN_IS_PERMITTED = "LIEN_IS_PERMITTED"
    LIENS_ARE_IN_FORCE = "LIENS_ARE_IN_FORCE"
    POSITIONS_ARE_THE_LOTS = "POSITIONS_ARE_THE_LOTS"
    DAYS_ARE_IN_ORDER = "DAYS_ARE_IN_ORDER"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold.

    Parameters
    ----------
    check : Check
    where : str
        Account, transfer or holder.
    asset : str
        Empty where it is about none.
    was, expected : str
        Figures in the asset's unit, or words.
    """

    check: Check
    where: str
    asset: str
    was: str
    expected: str
