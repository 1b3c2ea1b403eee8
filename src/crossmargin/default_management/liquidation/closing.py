"""A close-out, made of what sellers hold and trade: marks, impact, and who paid whom.

Every day the market moves first: what was held when it began is marked. Then trades are made, at
the settlement price, and cost impact. Profit and loss of a customer at a clearing organization is
summed exactly over its lines; the day's loss becomes the nearest cent, half up, as in the forward
walk.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.basics.money import CENTS_PER_DOLLAR, ZERO, Money
from crossmargin.default_management.liquidation.close_out import (
    CloseOut,
    CloseOutDay,
    Method,
    Trade,
)
from crossmargin.default_management.liquidation.hedging import Legs
from crossmargin.default_management.liquidation.impact import Account, Traded, impacts
from crossmargin.default_management.liquidation.instruments import Instrument
from crossmargin.default_management.liquidation.positions import Position, positions_of
from crossmargin.default_management.liquidation.terms import LiquidationTerms
from crossmargin.default_management.results import CustomerResults, DayResult
from crossmargin.margin.exact import GRID_PER_DOLLAR
from crossmargin.product.position import ClearingOrganization


@dataclass(frozen=True, slots=True)
class PathTooShortError(Exception):
    """A close-out takes more days than the path has."""

    needed: int
    given: int

    def __str__(self) -> str:
        return f"{self.needed} days, the path has {self.given}"


def close_out_books(
    books: Mapping[str, Legs],
    instruments: Mapping[str, Instrument],
    hedges: Sequence[str],
    dates: Sequence[date],
    *,
    method: Method,
    terms: LiquidationTerms,
    apart: Mapping[str, Legs] | None = None,
) -> dict[str, dict[ClearingOrganization, CloseOut]]:
    """Return every customer's close-out at both clearing organizations.

    Parameters
    ----------
    books : mapping of customer to legs
        Signed units by label, by clearing organization, both of them.
    instruments : mapping of label to Instrument
        Every line that is held or hedged with, with a move for each date.
    hedges : sequence of str
        Labels by maturity bucket, then that of the whole book.
    dates : sequence of date
        Of the path, the day of the failure first.
    method : Method
    terms : LiquidationTerms
    apart : mapping of account to legs, optional
        Under other names: what each clearing organization sells by itself whatever the method is,
        because it is not in the XM account. Impact is shared with the rest.

    Raises
    ------
    PathTooShortError
        If the path ends before the last sale.
    """
    apart = apart or {}
    positions = [
        *positions_of(books, instruments, hedges, method, terms),
        *positions_of(apart, instruments, hedges, Method.SEPARATE, terms),
    ]
    last_day = max((each.last_day for each in positions), default=0)
    if last_day > len(dates):
        raise PathTooShortError(last_day, len(dates))
    by_account: dict[Account, list[Position]] = {}
    for position in positions:
        by_account.setdefault(position.account, []).append(position)
    impact_on = {
        day: impacts(
            _traded(by_account, day),
            instruments,
            terms.sharing,
            as_one_book=frozenset(books) if method is Method.JOINT else frozenset(),
        )
        for day in range(1, last_day + 1)
    }
    found = {}
    methods = {**dict.fromkeys(books, method), **dict.fromkeys(apart, Method.SEPARATE)}
    for name, legs in {**books, **apart}.items():
        buyer = methods[name].buyer
        price = _transfer_price(legs, instruments, buyer)
        found[name] = {
            side: CloseOut(
                side,
                methods[name],
                tuple(
                    _day(
                        account,
                        held,
                        day,
                        instruments=instruments,
                        on=dates[day - 1],
                        impact=impact_on[day],
                    )
                    for day in range(1, max((each.last_day for each in held), default=0) + 1)
                ),
                transfer_price=-price if side is buyer else price,
            )
            for side in ClearingOrganization
            for account in [Account(name, side)]
            for held in [by_account.get(account, [])]
        }
    return found


def _traded(by_account: Mapping[Account, Iterable[Position]], day: int) -> Traded:
    """Return the net units of every account's trades on a day."""
    found: dict[Account, dict[str, int]] = {}
    for account, positions in by_account.items():
        of = found.setdefault(account, {})
        for position in positions:
            of[position.label] = of.get(position.label, 0) + position.traded_on(day)
    return found


def _day(
    account: Account,
    positions: Sequence[Position],
    day: int,
    *,
    instruments: Mapping[str, Instrument],
    on: date,
    impact: Mapping[tuple[Account, str], Money],
) -> CloseOutDay:
    steps, dv01, share = 0, Fraction(0), Fraction(0)
    hedged: dict[str, int] = {}
    units: dict[str, int] = {}
    for each in positions:
        line = instruments[each.label]
        held, traded = each.held_after(day - 1), each.traded_on(day)
        steps += held * line.moves_steps[day - 1]
        dv01 += held * line.dv01_dollars
        if held and not each.is_hedge:
            share = max(share, each.schedule.share_after(day - 1))
        if traded:
            units[each.label] = units.get(each.label, 0) + traded
            hedged[each.label] = hedged.get(each.label, 0) + traded * each.is_hedge
    trades = tuple(
        Trade(
            label,
            instruments[label].market.name,
            units[label],
            hedged[label],
            impact[account, label],
        )
        for label in sorted(units)
    )
    return CloseOutDay(on, share, dv01, marks_of(steps), trades)


def marks_of(steps: int) -> Money:
    """Return profit and loss on the grid as money: the loss to the nearest cent, half up.

    Examples
    --------
    An eighth of a dollar is twelve cents and a half:

    >>> str(marks_of(-(1 << 15))), str(marks_of(1 << 15))
    ('-0.13', '0.12')
    """
    loss = -steps
    return Money(-((2 * CENTS_PER_DOLLAR * loss + GRID_PER_DOLLAR) // (2 * GRID_PER_DOLLAR)))


def unsold(
    account: str, legs: Legs, instruments: Mapping[str, Instrument], dates: Sequence[date]
) -> CustomerResults:
    """Return what an account gives at both clearing organizations if nothing is sold: marks alone.

    Parameters
    ----------
    account : str
    legs : Legs
    instruments : mapping of label to Instrument
        Every line that is held, with a move for each date.
    dates : sequence of date
        The day of the failure first.
    """
    return CustomerResults(
        account,
        {
            side: tuple(
                DayResult(
                    on,
                    marks_of(
                        sum(
                            units * instruments[label].moves_steps[day]
                            for label, units in held.items()
                        )
                    ),
                )
                for day, on in enumerate(dates)
            )
            for side, held in legs.items()
            if held
        },
    )


def _transfer_price(
    legs: Legs, instruments: Mapping[str, Instrument], buyer: ClearingOrganization | None
) -> Money:
    """Return what the buyer pays for the other's leg at the settlement price of the first day.

    Rounded once, to the nearest cent, half even.
    """
    if buyer is None:
        return ZERO
    dollars = Fraction(0)
    for side, held in legs.items():
        if side is buyer:
            continue
        for label, units in held.items():
            line = instruments[label]
            if line.transfer_value_dollars:
                moved = Fraction(line.moves_steps[0], GRID_PER_DOLLAR)
                dollars += units * (line.transfer_value_dollars + moved)
    return Money(round(dollars * CENTS_PER_DOLLAR))
