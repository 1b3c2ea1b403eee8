"""Close-out: a long and a short of one customer, account and contract that offset are no more open.

The oldest contracts go first. Both sides were marked at one settlement price; each is closed out at
its last mark, and the last of them takes the cents by which rounded values of different lots do
not offset. So what is closed out leaves at nothing in total, and what it has paid is, to the cent,
what was agreed at: sold for less bought for. Contracts in different accounts never offset: one is
margined with securities, the other is not.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.product.position import Account
from crossmargin.settlement.flows import Flow, FlowCycle, FlowKind
from crossmargin.settlement.lots import Lot

_Book = tuple[CustomerKey, Account, str]


@dataclass(frozen=True, slots=True)
class ClosedOut:
    """Contracts that are closed out: a lot, or the part of it that is.

    Parameters
    ----------
    whole : Lot
        As it stood.
    closed : Lot
        Itself, or its part.
    staying : Lot or None
        The other part; None where there is none.
    marked, staying_marked : Money
        The lot's last mark, shared between both parts.
    exit_value : Money
        What the closed contracts leave at, signed.
    """

    whole: Lot
    closed: Lot
    staying: Lot | None
    marked: Money
    staying_marked: Money
    exit_value: Money

    def flow(self, *, cycle: FlowCycle, pays_on: date) -> Flow:
        """Return the cents between the last mark and the exit value; mostly none."""
        return Flow(
            lot_id=self.closed.lot_id,
            kind=FlowKind.CME_SETTLEMENT_VARIATION,
            cycle=cycle,
            pays_on=pays_on,
            of=self.exit_value,
            less=self.marked,
        )


def close_outs(
    lots: Sequence[Lot], *, marked: Mapping[str, Money], name: str
) -> tuple[ClosedOut, ...]:
    """Return what offsets among open futures lots, after all of them were marked at one price.

    Parameters
    ----------
    lots : sequence of Lot
        Oldest first; those at FICC are passed over.
    marked : mapping of lot id to Money
        Values as last marked, of every futures lot.
    name : str
        Of the close-out, in the ids of parts.
    """
    books: dict[_Book, list[Lot]] = defaultdict(list)
    for lot in lots:
        if not lot.at_ficc:
            books[lot.customer, lot.account, lot.instrument].append(lot)
    return tuple(each for book in books.values() for each in _offset(book, marked, name))


def _offset(lots: Sequence[Lot], marked: Mapping[str, Money], name: str) -> list[ClosedOut]:
    longs, shorts = ([lot for lot in lots if lot.sign == sign] for sign in (1, -1))
    bought, sold = (sum(abs(lot.quantity) for lot in side) for side in (longs, shorts))
    count = min(bought, sold)
    # The side with more comes last: if a lot is divided, it is that which takes the cents.
    sides = (longs, shorts) if sold >= bought else (shorts, longs)
    closed = [each for side in sides for each in _oldest(side, count, marked, name)]
    if closed:
        total = Money.total(each.marked for each in closed)
        last = closed.pop()
        closed.append(replace(last, exit_value=last.marked - total))
    return closed


def _oldest(
    lots: Sequence[Lot], count: int, marked: Mapping[str, Money], name: str
) -> list[ClosedOut]:
    closed = []
    for lot in lots:
        part = min(abs(lot.quantity), count)
        if not part:
            break
        count -= part
        value = marked[lot.lot_id]
        if part == abs(lot.quantity):
            closed.append(ClosedOut(lot, lot, None, value, ZERO, value))
            continue
        leaving, staying = lot.split(
            lot.sign * part,
            leaving_id=f"{lot.lot_id}/{name}/closed-out",
            staying_id=f"{lot.lot_id}/{name}/left",
        )
        share = leaving.share_of(value, lot)
        closed.append(ClosedOut(lot, leaving, staying, share, value - share, share))
    return closed
