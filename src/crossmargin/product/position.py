"""A position line: what one customer holds at one clearing organization, as its file said it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money


class ClearingOrganization(StrEnum):
    """The two CCPs of the arrangement."""

    FICC = "FICC"
    CME = "CME"


class Account(StrEnum):
    """Where a position is carried: in the cross-margining account or outside it."""

    XM = "XM"
    REGULAR = "REGULAR"


class Leg(StrEnum):
    """What kind of unsettled obligation a FICC position is."""

    CASH = "CASH"
    REPO = "REPO"
    REVERSE_REPO = "REVERSE_REPO"


@dataclass(frozen=True, slots=True)
class PositionLine:
    """One row of a positions file, read and well formed, not yet recognised or judged.

    ``instrument`` is the text of the row: a CUSIP with a verified check digit at FICC, a contract
    code at CME. ``quantity`` is signed: par dollars (a multiple of 100) at FICC, long meaning to
    receive; contracts at CME. For repo the end leg: positive is securities to come back.
    """

    line: int
    customer: CustomerKey
    clearing_organization: ClearingOrganization
    account: Account
    instrument: str
    quantity: int
    leg: Leg = Leg.CASH
    settlement_date: date | None = None
    end_date: date | None = None
    repo_rate_pct: Decimal | None = None
    start_amount: Money | None = None
    failed: bool = False
