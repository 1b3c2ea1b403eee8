"""What is said of customers and receivers outside the positions file, and what is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crossmargin.basics.money import ZERO, Money
from crossmargin.default_management.porting.customers import Place, Standing
from crossmargin.default_management.porting.receivers import Receiver
from crossmargin.default_management.porting.refusals import FiccRefusal

#: Of a file of what is held, as it is read and written.
HELD_COLUMNS = ("customer_id", "place", "asset", "quantity")
#: Its asset that is no CUSIP.
HELD_CASH = "CASH"
#: In the place of an asset: the customer has property and no position of the futures account.
NO_POSITIONS = "NO_POSITIONS"


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """One customer of the BD-FCM whose accounts are to move, beyond its positions.

    Parameters
    ----------
    customer_id : str
    standing : Standing
    backup : str
        The receiver that it named in advance; empty if none.
    net_equity : Money or None
        Its claim; what is held for it if nothing is said.
    prior : Money
        Transfers and distributions before.
    futures_margin : Money or None
        Of a futures customer outside the positions file: what CME requires of it.
    agreements : mapping of str to str
        Documents that go with it, by kind, with their SHA-256.
    contact : str
    """

    customer_id: str
    standing: Standing = Standing.PUBLIC
    backup: str = ""
    net_equity: Money | None = None
    prior: Money = ZERO
    futures_margin: Money | None = None
    agreements: Mapping[str, str] = field(default_factory=dict)
    contact: str = ""


@dataclass(frozen=True, slots=True)
class PortingFile:
    """A file of receivers, read.

    Parameters
    ----------
    sha256 : str
    receivers : tuple of Receiver
    customers : mapping of customer to CustomerFacts
    available : Money or None
        Property of the class; all that is held if nothing is said.
    ficc_refusals : tuple of FiccRefusal
    """

    sha256: str
    receivers: tuple[Receiver, ...]
    customers: Mapping[str, CustomerFacts]
    available: Money | None
    ficc_refusals: tuple[FiccRefusal, ...]

    def facts_of(self, customer_id: str) -> CustomerFacts:
        """Return what is said of a customer."""
        return self.customers.get(customer_id, CustomerFacts(customer_id))


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One asset held for a customer.

    Parameters
    ----------
    customer_id : str
    place : Place
    cusip : str
        Empty for cash.
    par : int
        US dollars of par of a security.
    cash : Money
    line : int
        Of the file.
    """

    customer_id: str
    place: Place
    cusip: str
    par: int
    cash: Money
    line: int


@dataclass(frozen=True, slots=True)
class HeldFile:
    """A file of what is held, read.

    Parameters
    ----------
    name, sha256 : str
    rows : tuple of HeldRow
    without_positions : mapping of customer to int
        Customers who are said to have property and no position of the futures account; the line.
    """

    name: str
    sha256: str
    rows: tuple[HeldRow, ...]
    without_positions: Mapping[str, int] = field(default_factory=dict)
