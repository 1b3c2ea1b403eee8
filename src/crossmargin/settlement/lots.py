"""Lots: one line at one clearing organization, from the day it is taken in until it leaves.

A lot is an obligation until it settles (the SEC's relief covers positions from novation to
settlement). It keeps what was agreed, in whole cents: the contract amount of a cash obligation, the
start amount of a repo, the value of a futures position at its trade price.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.pricing.treasury import accrued_interest_per_100
from crossmargin.product.futures import MONTH_LETTERS, FuturesContract, parse_contract
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.settlement.amounts import part_of, to_the_cent
from crossmargin.settlement.prices import SettlementPrice, SystemPrice

_RULE = "lots"
_PAR_UNIT_DOLLARS = 100
_YEARS_OF_TWO_DIGITS = 100


class ContractBasis(StrEnum):
    """How a lot's contract amount is known."""

    STATED = "stated"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class Lot:
    """One line, as it was taken in.

    Parameters
    ----------
    lot_id : str
        Chosen by the caller.
    customer : CustomerKey
    clearing_organization : ClearingOrganization
    account : Account
    instrument : str
        A CUSIP at FICC, a contract code with a two-digit year at CME.
    quantity : int
        Signed: dollars of par, long meaning to receive; contracts.
    contract_amount : Money
        Positive, for the whole quantity: what is paid against the securities; the start amount of a
        repo; the value of the contracts at the trade price.
    taken_in : date
        Business day of novation or trade.
    leg : Leg
        At CME always ``CASH``.
    settlement_date : date or None
        Of the start leg for repo. None at CME.
    end_date, repo_rate_pct : optional
        Of repo; the rate is per cent a year, actual/360.
    trade_price : Decimal or None
        Of futures, points.
    basis : ContractBasis
    failed : bool
        Whether it was due and did not settle.

    Raises
    ------
    ValueError
        If a date, rate or price that its leg needs is missing, or the quantity is zero.
    """

    lot_id: str
    customer: CustomerKey
    clearing_organization: ClearingOrganization
    account: Account
    instrument: str
    quantity: int
    contract_amount: Money
    taken_in: date
    leg: Leg = Leg.CASH
    settlement_date: date | None = None
    end_date: date | None = None
    repo_rate_pct: Decimal | None = None
    trade_price: Decimal | None = None
    basis: ContractBasis = ContractBasis.STATED
    failed: bool = False

    def __post_init__(self) -> None:
        if not self.lot_id or self.quantity == 0:
            raise ValueError(f"a lot has an id and a quantity, was {self!r}")
        needed: list[object] = [self.settlement_date]
        if self.clearing_organization is ClearingOrganization.CME:
            needed = [self.trade_price]
        elif self.leg is not Leg.CASH:
            needed = [self.end_date, self.repo_rate_pct, self.settlement_date]
        if None in needed:
            raise ValueError(f"a {self.leg} lot lacks a date, rate or price, was {self!r}")

    @property
    def sign(self) -> int:
        """1 for a long, -1 for a short."""
        return 1 if self.quantity > 0 else -1

    @property
    def signed_contract(self) -> Money:
        """What a long is to pay; what a short is to receive, negative."""
        return Money(self.sign * self.contract_amount.cents)

    @property
    def at_ficc(self) -> bool:
        """Whether it is an obligation at FICC."""
        return self.clearing_organization is ClearingOrganization.FICC

    @property
    def contract(self) -> FuturesContract:
        """The contract of a futures lot; its two-digit year is read from the year before intake.

        Raises
        ------
        ValueError
            If it is a lot at FICC.
        """
        if self.at_ficc:
            raise ValueError(f"{self.lot_id} is an obligation at FICC, not a futures position")
        product, letter, digits = self.instrument[:-3], self.instrument[-3], self.instrument[-2:]
        earliest = self.taken_in.year - 1
        year = earliest + (int(digits) - earliest) % _YEARS_OF_TWO_DIGITS
        return FuturesContract(product, year, MONTH_LETTERS.index(letter) + 1)

    @property
    def start(self) -> date:
        """The settlement date; of repo the start leg's.

        Raises
        ------
        ValueError
            If it is a futures lot.
        """
        if self.settlement_date is None:
            raise ValueError(f"{self.lot_id}: a futures position has no settlement date")
        return self.settlement_date

    @property
    def due(self) -> date:
        """The day on which the obligation is due: the end leg's of repo.

        Raises
        ------
        ValueError
            If it is a futures lot.
        """
        return self.end_date if self.end_date is not None else self.start

    def split(self, quantity: int, *, leaving_id: str, staying_id: str) -> tuple[Lot, Lot]:
        """Return the part that leaves and the part that stays; together they are this lot.

        Parameters
        ----------
        quantity : int
            Of the part that leaves, of the lot's sign, less than the whole.
        leaving_id, staying_id : str

        Raises
        ------
        ValueError
            If the quantity is none of it or all of it.
        """
        left = self.quantity - quantity
        if quantity * self.sign <= 0 or left * self.sign <= 0:
            raise ValueError(f"{self.lot_id} of {self.quantity} has no part {quantity}")
        amount = part_of(self.contract_amount, quantity, self.quantity)
        return (
            replace(self, lot_id=leaving_id, quantity=quantity, contract_amount=amount),
            replace(
                self,
                lot_id=staying_id,
                quantity=left,
                contract_amount=self.contract_amount - amount,
            ),
        )

    def share_of(self, amount: Money, whole: Lot) -> Money:
        """Return this part's share of an amount of the lot that it was split from.

        The other part has the rest: that of a mark, or of a value as last marked.
        """
        return part_of(amount, self.quantity, whole.quantity)

    def failing_at(self, settlement_value: Money, *, lot_id: str) -> Lot:
        """Return the obligation that a fail leaves once its transaction adjustment was paid.

        It is a cash obligation at the system value that it was to settle at, due the same day.

        Parameters
        ----------
        settlement_value : Money
            Signed, as :func:`crossmargin.settlement.funds_only.system_value` gave it.
        lot_id : str

        Raises
        ------
        ValueError
            If the value has not the lot's sign.
        """
        if settlement_value.cents * self.sign < 0:
            raise ValueError(f"{self.lot_id}: a value of its sign was expected, {settlement_value}")
        return replace(
            self,
            lot_id=lot_id,
            contract_amount=Money(abs(settlement_value.cents)),
            leg=Leg.CASH,
            settlement_date=self.due,
            end_date=None,
            repo_rate_pct=None,
            failed=True,
        )


@dataclass(frozen=True, slots=True)
class LastPrices:
    """What stands in for a contract value, a price or a rate that a line lacks.

    Parameters
    ----------
    system_price : SystemPrice or None
        Of the line's security.
    settlement_price : SettlementPrice or None
        Of the line's contract.
    overnight_rate_pct : Decimal or None
        For a repo without a rate.
    """

    system_price: SystemPrice | None = None
    settlement_price: SettlementPrice | None = None
    overnight_rate_pct: Decimal | None = None


def futures_value(contract: FuturesContract, quantity: int, price: Decimal) -> Money:
    """Return the value of a futures position, quantity x price x dollars a point, to the cent.

    It is what variation is a difference of, not money that anybody owns.

    Examples
    --------
    >>> futures_value(FuturesContract("ZN", 2026, 6), -1, Decimal("110.515625"))
    Money(cents=-11051562)
    """
    return to_the_cent(
        quantity * Fraction(price) * Fraction(contract.specification.dollars_per_point)
    )


def lot_from_line(
    line: PositionLine,
    *,
    lot_id: str,
    taken_in: date,
    calendar: BusinessCalendar,
    last: LastPrices,
    contract_amount: Money | None = None,
    trade_price: Decimal | None = None,
) -> Lot:
    """Return the lot of a position line.

    Where the line has no contract value the last system or settlement price stands in, and the lot
    says ``assumed``: its first mark then begins at zero.

    Parameters
    ----------
    line : PositionLine
    lot_id : str
    taken_in : date
    calendar : BusinessCalendar
        Of FICC: ``CASH`` without a date settles the next business day (ruling 14).
    last : LastPrices
    contract_amount : Money, optional
        Of a cash obligation.
    trade_price : Decimal, optional
        Of futures, points.

    Raises
    ------
    RefusedError
        With everything that the line lacks and nothing stands in for.
    """
    if line.clearing_organization is ClearingOrganization.CME:
        return _futures_lot(line, lot_id, taken_in, last, trade_price)
    settles = line.settlement_date or calendar.next_business_day(taken_in)
    stated = contract_amount if line.leg is Leg.CASH else line.start_amount
    amount = stated or _assumed_amount(line, settles, last)
    rate = line.repo_rate_pct
    if line.leg is not Leg.CASH and rate is None:
        rate = last.overnight_rate_pct
    refusals = _lacking(line, amount, rate)
    if amount is None or refusals:
        raise RefusedError(*refusals)
    is_stated = stated is not None and rate == line.repo_rate_pct
    return Lot(
        lot_id=lot_id,
        customer=line.customer,
        clearing_organization=line.clearing_organization,
        account=line.account,
        instrument=line.instrument,
        quantity=line.quantity,
        contract_amount=amount,
        taken_in=taken_in,
        leg=line.leg,
        settlement_date=settles,
        end_date=line.end_date,
        repo_rate_pct=rate,
        basis=ContractBasis.STATED if is_stated else ContractBasis.ASSUMED,
        failed=line.failed,
    )


def _futures_lot(
    line: PositionLine,
    lot_id: str,
    taken_in: date,
    last: LastPrices,
    trade_price: Decimal | None,
) -> Lot:
    contract = parse_contract(line.instrument, as_of=taken_in)
    price = trade_price
    if price is None and last.settlement_price is not None:
        price = last.settlement_price.price
    if price is None:
        raise RefusedError(
            Refusal("price", "", f"a trade price, or a settlement price of {contract.code}", _RULE)
        )
    return Lot(
        lot_id=lot_id,
        customer=line.customer,
        clearing_organization=line.clearing_organization,
        account=line.account,
        instrument=contract.code,
        quantity=line.quantity,
        contract_amount=futures_value(contract, abs(line.quantity), price),
        taken_in=taken_in,
        trade_price=price,
        basis=ContractBasis.ASSUMED if trade_price is None else ContractBasis.STATED,
    )


def _assumed_amount(line: PositionLine, settles: date, last: LastPrices) -> Money | None:
    price = last.system_price
    if price is None:
        return None
    per_100 = Fraction(price.clean_price_per_100)
    per_100 += accrued_interest_per_100(price.security, settles)
    return to_the_cent(per_100 * abs(line.quantity) / _PAR_UNIT_DOLLARS)


def _lacking(line: PositionLine, amount: Money | None, rate: Decimal | None) -> list[Refusal]:
    refusals = []
    if amount is None:
        field = "contract_amount" if line.leg is Leg.CASH else "start_amount"
        expected = f"dollars and cents, or a system price of {line.instrument}"
        refusals.append(Refusal(field, "", expected, _RULE))
    if line.leg is not Leg.CASH:
        if rate is None:
            refusals.append(Refusal("repo_rate_pct", "", "a rate in per cent a year", _RULE))
        if line.end_date is None:
            expected = f"the date of the end leg of a {line.leg}"
            refusals.append(Refusal("end_date", "", expected, "ruling 14"))
    return refusals
