"""The accounts that are to move: whose lines they are, what offsets what, how they divide.

What moves under Part 190 is the futures account: positions of the arrangement and other futures.
Securities outside the arrangement belong to a customer of the broker-dealer, whose account the
stockbroker's proceeding moves; they are named and left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from crossmargin.arrangement.eligibility import RecognisedLine, Recognition
from crossmargin.basics.money import Money
from crossmargin.default_management.porting.rules import PortingRules
from crossmargin.default_management.porting.units import blocks_of, divisions_of, units_of
from crossmargin.default_management.transfer_test import Unit
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.product.futures import FuturesContract
from crossmargin.product.position import Account, ClearingOrganization, PositionLine
from crossmargin.services.margin_day import MarginDay

_REGULAR = " regular"


@dataclass(frozen=True, slots=True)
class FuturesAccount:
    """One customer's lines of the futures account class at one BD-FCM.

    Parameters
    ----------
    customer_id : str
    lines : tuple of RecognisedLine
        Of the arrangement, and other futures.
    left_out : tuple of RecognisedLine
        Securities outside the arrangement.
    is_complete : bool
        Whether every line of the customer has a model.
    """

    customer_id: str
    lines: tuple[RecognisedLine, ...]
    left_out: tuple[RecognisedLine, ...]
    is_complete: bool

    @property
    def quantities(self) -> dict[str, int]:
        """Signed quantity of every line: dollars of par, contracts."""
        held: dict[str, int] = {}
        for each in self.lines:
            held[label_of(each)] = held.get(label_of(each), 0) + each.line.quantity
        return dict(sorted(held.items()))

    @property
    def participates(self) -> bool:
        """Whether positions are carried in the arrangement."""
        return any(not each.reasons for each in self.lines)

    def has_securities(self, lines: Iterable[str]) -> bool:
        """Return whether some of the lines are at FICC."""
        wanted = set(lines)
        return any(
            each.line.clearing_organization is ClearingOrganization.FICC
            and label_of(each) in wanted
            for each in self.lines
        )

    def positions(self, quantities: Mapping[str, int] | None = None) -> list[PositionLine]:
        """Return the position lines of some quantities; all of them if none are given.

        A line that moves in part takes its share of a repo's start amount with it.
        """
        if quantities is None:
            return [each.line for each in self.lines]
        whole = self.quantities
        found = []
        for each in self.lines:
            label = label_of(each)
            if label not in quantities:
                continue
            if quantities[label] == whole[label]:
                found.append(each.line)
            else:
                found.append(_share_of(each.line, quantities[label], whole[label]))
        return found


def label_of(recognised: RecognisedLine) -> str:
    """Return the name of a line: CUSIP or contract, and whether it is in a regular account."""
    instrument = recognised.instrument
    code = instrument.code if isinstance(instrument, FuturesContract) else instrument.cusip.text
    return code if recognised.line.account is Account.XM else code + _REGULAR


def _share_of(line: PositionLine, quantity: int, whole: int) -> PositionLine:
    amount = line.start_amount
    if amount is not None:
        amount = Money(amount.cents * quantity // whole)
    return replace(line, quantity=line.quantity * quantity // whole, start_amount=amount)


def futures_accounts(recognition: Recognition, bd_fcm: str) -> tuple[FuturesAccount, ...]:
    """Return the futures accounts of a BD-FCM's customers, by name."""
    lines: dict[str, list[RecognisedLine]] = {}
    left_out: dict[str, list[RecognisedLine]] = {}
    without_model = {
        each.line.customer.customer_id
        for each in recognition.unsupported
        if each.line.customer.bd_fcm == bd_fcm
    }
    for each in (*recognition.eligible, *recognition.outside):
        if each.line.customer.bd_fcm != bd_fcm:
            continue
        at_ficc = each.line.clearing_organization is ClearingOrganization.FICC
        kept = left_out if each.reasons and at_ficc else lines
        kept.setdefault(each.line.customer.customer_id, []).append(each)
    return tuple(
        FuturesAccount(
            name,
            tuple(lines.get(name, ())),
            tuple(left_out.get(name, ())),
            name not in without_model,
        )
        for name in sorted({*lines, *left_out, *without_model})
    )


def units_in(account: FuturesAccount, day: MarginDay) -> tuple[Unit, ...]:
    """Return the units of an account: each note with the future that hedges it.

    A security is paired with the Treasury future of the other sign whose cheapest to deliver is
    nearest in maturity; where there is none, with every money-market future of the other sign.
    """
    held = account.quantities
    securities, treasury, money_market = _kinds(account, day, held)
    pairs = []
    for name, years in securities.items():
        opposite = {
            code: there for code, there in treasury.items() if _opposed(held[code], held[name])
        }
        if opposite:
            nearest = min(opposite, key=lambda code: (abs(opposite[code] - years), code))
            pairs.append((name, nearest))
        else:
            pairs += [(name, code) for code in money_market if _opposed(held[code], held[name])]
    return units_of(held, pairs)


def _opposed(one: int, other: int) -> bool:
    return one * other < 0


def _kinds(
    account: FuturesAccount, day: MarginDay, held: Mapping[str, int]
) -> tuple[dict[str, float], dict[str, float], list[str]]:
    """Return lines of the arrangement: securities and Treasury futures with years, all others."""
    book = day.valuation.book
    futures = {each.contract.code: each for each in day.valuation.contracts}
    securities: dict[str, float] = {}
    treasury: dict[str, float] = {}
    others: list[str] = []
    for each in account.lines:
        name = label_of(each)
        if each.reasons or name not in held:
            continue
        if not isinstance(each.instrument, FuturesContract):
            securities[name] = _years(day, each.instrument.maturity_date.toordinal())
            continue
        future = futures[name]
        if isinstance(future, TreasuryFuture):
            maturity = book.prices[future.cheapest_row].security.maturity_date
            treasury[name] = _years(day, maturity.toordinal())
        else:
            others.append(name)
    return securities, treasury, sorted(set(others))


def _years(day: MarginDay, ordinal: int) -> float:
    return (ordinal - day.as_of.toordinal()) / 365.25


def ways_to_divide(
    account: FuturesAccount, units: Sequence[Unit], rules: PortingRules
) -> list[tuple[Mapping[str, int], Mapping[str, int]]]:
    """Return every way to divide an account in two that keeps its blocks whole."""
    held = account.quantities
    sizes = {label_of(each): 0 for each in account.lines}
    positions: dict[str, int] = {}
    for each in account.lines:
        name, instrument = label_of(each), each.instrument
        face = (
            instrument.specification.face_dollars if isinstance(instrument, FuturesContract) else 1
        )
        sizes[name] += abs(each.line.quantity) * face
        positions[name] = positions.get(name, 0) + 1
    blocks = blocks_of(held, units, sizes=sizes, blocks_max=rules.blocks_max)
    ways = divisions_of(blocks, units)
    # A line of several positions, of a repo and its reverse say, moves whole.
    several = {name for name, count in positions.items() if count > 1}
    return [
        (one, other)
        for one, other in ways
        if not any(name in one and name in other for name in several)
    ]
