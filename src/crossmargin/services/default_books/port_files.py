"""What a port plan and its packages are made from, out of the books: lots, property, papers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import refused
from crossmargin.default_management.porting.customers import Place
from crossmargin.ledger.assets import Asset
from crossmargin.product.position import PositionLine
from crossmargin.services.books.participation import customers_of
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.lot_register import position_lines, read_register
from crossmargin.services.default_books.bringing_in import OnboardingTerms
from crossmargin.services.default_books.desk import live_lots
from crossmargin.services.default_books.drill import banks_of
from crossmargin.services.default_books.ending import is_of_the_futures_class
from crossmargin.services.default_books.holding import held_of
from crossmargin.services.porting.papers import PortPapers

_EASTERN = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True)
class HeldAmount:
    """An asset held for a customer at a place, whole units of it."""

    customer_id: str
    place: Place
    asset: Asset
    amount: int


@dataclass(frozen=True, slots=True)
class PortFiles:
    """Both files of a BD-FCM's customers.

    Parameters
    ----------
    lines : tuple of PositionLine
        Live lots of every BD-FCM in the store: what a customer has at a receiver counts there.
    held : tuple of HeldAmount
        Customers' own property; residual interest that lies with their margin is not theirs.
    without_positions : tuple of str
        Customers with property and no position of the futures account.
    """

    lines: tuple[PositionLine, ...]
    held: tuple[HeldAmount, ...]
    without_positions: tuple[str, ...]


def port_files(work: Work, bd_fcm: str) -> PortFiles:
    """Return what the books say of a BD-FCM's customers as they stand.

    Raises
    ------
    RefusedError
        If its books are not open.
    """
    firms = banks_of(work)
    if bd_fcm not in firms:
        expected = f"one of {', '.join(sorted(firms))}" if firms else "one whose books are open"
        raise refused("bd_fcm", bd_fcm, expected, "reference: port")
    lots = [lot for name in sorted(firms) for lot in read_register(work.records, name).live()]
    lots.sort(key=lambda lot: (lot.customer, lot.clearing_organization, lot.lot_id))
    return PortFiles(position_lines(lots), *own_property(work, bd_fcm))


def own_property(work: Work, bd_fcm: str) -> tuple[tuple[HeldAmount, ...], tuple[str, ...]]:
    """Return what customers have of their own by place, and who has no position beside it."""
    own = live_lots(work, bd_fcm)
    held = tuple(
        HeldAmount(key.customer_id, place, asset, amount)
        for key in sorted(customers_of(work, bd_fcm))
        for (place, asset), amount in held_of(work, key, own.get(key.customer_id, ())).own.items()
    )
    with_positions = {
        name for name, mine in own.items() if any(is_of_the_futures_class(lot) for lot in mine)
    }
    flat = sorted({each.customer_id for each in held} - with_positions)
    return held, tuple(flat)


def papers_of_movers(
    work: Work, bd_fcm: str, customers: Iterable[str], on: date, terms: OnboardingTerms
) -> dict[str, PortPapers]:
    """Return what a BD-FCM's books have of the papers of those who move on a day.

    Raises
    ------
    RefusedError
        If its books are not open.
    """
    banks = banks_of(work)
    if bd_fcm not in banks:
        expected = f"one whose books are open: {', '.join(sorted(banks)) or 'none'}"
        raise refused("bd_fcm", bd_fcm, expected, "reference: port")
    at = datetime.combine(on, time.max, _EASTERN)
    return {
        name: terms.papers(work, CustomerKey(bd_fcm, name), at) for name in sorted(set(customers))
    }
