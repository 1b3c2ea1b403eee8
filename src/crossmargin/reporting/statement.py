"""The customer statement of a day: positions, requirements, collateral, movements, balances.

Movements stand by what they are, never netted over kinds: variation is not margin (ruling 21).
Opening and closing balances foot to the cent and the dollar of par, or there is no statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction

from crossmargin.arrangement.reduction import format_ratio
from crossmargin.basics.money import ZERO, Money
from crossmargin.ledger.assets import Asset, AssetKind
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import TransferKind


class StatementSection(StrEnum):
    """Where a movement stands on the statement, in its order."""

    DEPOSITS_AND_WITHDRAWALS = "deposits_and_withdrawals"
    SETTLEMENT_FLOWS = "settlement_flows"
    FEES_AND_INTEREST = "fees_and_interest"


_T = TransferKind
#: The kinds of transfer that move a customer's balance, and their section. Margin that moves to a
#: clearing organization stays the customer's and moves none.
SECTIONS: Mapping[TransferKind, StatementSection] = {
    **dict.fromkeys(
        (
            *(_T.DEPOSIT, _T.WITHDRAWAL, _T.SCM_DEPOSIT, _T.SCM_WITHDRAWAL),
            *(_T.PORT_OUT, _T.PORT_IN, _T.DISTRIBUTION, _T.DISTRIBUTION_RETURN),
        ),
        StatementSection.DEPOSITS_AND_WITHDRAWALS,
    ),
    **dict.fromkeys(
        (
            _T.CME_SETTLEMENT_VARIATION,
            _T.FUTURES_FINAL_SETTLEMENT,
            _T.FUTURES_DELIVERY_INVOICE,
            _T.FUTURES_DELIVERY_SECURITIES,
            _T.FICC_FORWARD_MARK,
            _T.FICC_FORWARD_MARK_RETURN,
            _T.FICC_MARK_INTEREST,
            _T.FICC_TRANSACTION_ADJUSTMENT,
            _T.FICC_COUPON,
            _T.FICC_REPO_INTEREST,
            _T.FICC_FAIL_CHARGE,
            _T.SETTLEMENT_ADJUSTMENT,
            _T.CME_CLOSE_OUT,
            _T.FICC_CLOSE_OUT,
            _T.DEFICIT_PAYMENT,
        ),
        StatementSection.SETTLEMENT_FLOWS,
    ),
    _T.INTEREST_TO_CUSTOMER: StatementSection.FEES_AND_INTEREST,
    _T.FEE: StatementSection.FEES_AND_INTEREST,
    _T.INTEREST_ADJUSTMENT: StatementSection.FEES_AND_INTEREST,
    _T.FEE_ADJUSTMENT: StatementSection.FEES_AND_INTEREST,
}


@dataclass(frozen=True, slots=True)
class PositionLine:
    """One position at the close.

    Parameters
    ----------
    clearing_organization, account : str
        ``FICC`` or ``CME``; the account as the customer knows it, such as ``XM``.
    asset : Asset
        A position: its whole units are dollars of par or contracts.
    quantity : int
        Negative for a short position.
    price : str
        FICC's system price, clean per $100, or CME's settlement price in points, as the day's marks
        took it; empty where there is none.
    price_source : str
        Whether it is quoted, derived or the model's.
    market_value : Money, optional
        Of securities with interest accrued; of futures the contracts' value at the price, whose
        change since the mark before has been paid as variation.
    """

    clearing_organization: str
    account: str
    asset: Asset
    quantity: int
    price: str = ""
    price_source: str = ""
    market_value: Money | None = None


@dataclass(frozen=True, slots=True)
class RequirementLine:
    """What one clearing organization requires, with the arrangement and without."""

    clearing_organization: str
    cycle: str
    with_arrangement: Money
    without_arrangement: Money

    @property
    def saved(self) -> Money:
        """What the arrangement saves there; negative where it costs."""
        return self.without_arrangement - self.with_arrangement


@dataclass(frozen=True, slots=True)
class CollateralLine:
    """One asset of the customer at one location.

    Parameters
    ----------
    location : str
    asset : Asset
    amount : int
        Whole units.
    market_value, value : Money
        Before and after the haircut.
    haircut : Fraction
        A ratio; 0.02 is two per cent.
    """

    location: str
    asset: Asset
    amount: int
    market_value: Money
    haircut: Fraction
    value: Money


@dataclass(frozen=True, slots=True)
class CallLine:
    """One margin call of the day, or still open from before: US dollars, paid in the currency."""

    call_id: str
    clearing_organization: str
    cycle: str
    amount: Money
    currency: str
    due_at: datetime
    paid: Money
    state: str

    @property
    def unpaid(self) -> Money:
        """What is left to be paid."""
        return max(ZERO, self.amount - self.paid)


@dataclass(frozen=True, slots=True)
class Movement:
    """One transfer that moves the customer's balance.

    Parameters
    ----------
    transfer_id : str
    kind : TransferKind
        One of :data:`SECTIONS`.
    asset : Asset
        Cash or a security.
    amount : int
        Whole units; positive in the customer's favour.
    at : datetime

    Raises
    ------
    ValueError
        If the kind moves no customer's balance.
    """

    transfer_id: str
    kind: TransferKind
    asset: Asset
    amount: int
    at: datetime

    def __post_init__(self) -> None:
        if self.kind not in SECTIONS:
            raise ValueError(f"{self.kind} moves no customer's balance, was {self!r}")


@dataclass(frozen=True, slots=True)
class BalanceLine:
    """One asset from opening to closing; whole units, negative where the customer owes."""

    asset: Asset
    opening: int
    by_section: Mapping[StatementSection, int]
    closing: int


@dataclass(frozen=True, slots=True)
class CustomerStatement:
    """One customer's statement of one business date.

    Made by :func:`customer_statement`, which sees that it foots.
    """

    bd_fcm: str
    customer_id: str
    business_date: date
    account: AccountKind
    positions: tuple[PositionLine, ...]
    requirements: tuple[RequirementLine, ...]
    collateral: tuple[CollateralLine, ...]
    calls: tuple[CallLine, ...]
    movements: tuple[Movement, ...]
    balances: tuple[BalanceLine, ...]

    @property
    def required(self) -> Money:
        """What both clearing organizations require of the customer, with the arrangement."""
        return Money.total(line.with_arrangement for line in self.requirements)

    @property
    def required_without(self) -> Money:
        """The same with no arrangement."""
        return Money.total(line.without_arrangement for line in self.requirements)

    @property
    def collateral_value(self) -> Money:
        """Collateral after haircuts."""
        return Money.total(line.value for line in self.collateral)

    @property
    def flows_by_kind(self) -> dict[TransferKind, Money]:
        """Cash moved by each kind of transfer that occurred, in the order of the kinds."""
        totals: dict[TransferKind, Money] = {}
        for movement in self.movements:
            if movement.asset.kind is AssetKind.CASH:
                totals[movement.kind] = totals.get(movement.kind, ZERO) + Money(movement.amount)
        return {kind: totals[kind] for kind in TransferKind if kind in totals}


def customer_statement(
    bd_fcm: str,
    customer_id: str,
    business_date: date,
    *,
    account: AccountKind = AccountKind.CUSTOMER_FUTURES_ACCOUNT,
    opening: Mapping[Asset, int],
    closing: Mapping[Asset, int],
    movements: Sequence[Movement],
    positions: Iterable[PositionLine],
    requirements: Iterable[RequirementLine],
    collateral: Iterable[CollateralLine],
    calls: Iterable[CallLine],
) -> CustomerStatement:
    """Return the statement.

    Parameters
    ----------
    bd_fcm, customer_id : str
    business_date : date
    account : AccountKind
        The customer's futures account, or its securities account: one statement is of one class.
    opening, closing : mapping of Asset to int
        The ledger's balances of the customer's account at the close before and at this close;
        credit positive, absent is zero.
    movements : sequence of Movement
        Every transfer in between.
    positions, requirements, collateral, calls : iterable
        Shown as they are, sorted.

    Raises
    ------
    ValueError
        If an opening balance and the movements do not come to the closing balance.
    """
    assets = sorted({*opening, *closing, *(movement.asset for movement in movements)})
    balances = tuple(
        _balance(asset, opening.get(asset, 0), movements, closing.get(asset, 0)) for asset in assets
    )
    return CustomerStatement(
        bd_fcm=bd_fcm,
        customer_id=customer_id,
        business_date=business_date,
        account=account,
        positions=tuple(
            sorted(positions, key=lambda p: (p.clearing_organization, p.account, p.asset))
        ),
        requirements=tuple(sorted(requirements, key=lambda r: (r.clearing_organization, r.cycle))),
        collateral=tuple(sorted(collateral, key=lambda c: (c.location, c.asset))),
        calls=tuple(sorted(calls, key=lambda c: (c.due_at, c.call_id))),
        movements=tuple(sorted(movements, key=lambda m: (m.at, m.transfer_id))),
        balances=balances,
    )


def _balance(
    asset: Asset, opening: int, movements: Sequence[Movement], closing: int
) -> BalanceLine:
    by_section = dict.fromkeys(StatementSection, 0)
    for movement in movements:
        if movement.asset == asset:
            by_section[SECTIONS[movement.kind]] += movement.amount
    reached = opening + sum(by_section.values())
    if reached != closing:
        raise ValueError(
            f"{asset}: opening {opening} and movements come to {reached}, closing was {closing}"
        )
    return BalanceLine(asset, opening, by_section, closing)


def statement_document(statement: CustomerStatement) -> dict[str, object]:
    """Return the statement as a JSON document; amounts as decimal strings or whole units."""
    return {
        "bd_fcm": statement.bd_fcm,
        "customer_id": statement.customer_id,
        "business_date": statement.business_date.isoformat(),
        "account": statement.account.value,
        "requirement": str(statement.required),
        "requirement_without_arrangement": str(statement.required_without),
        "collateral_value": str(statement.collateral_value),
        "positions": [_position(line) for line in statement.positions],
        "requirements": [_requirement(line) for line in statement.requirements],
        "collateral": [_collateral(line) for line in statement.collateral],
        "calls": [_call(line) for line in statement.calls],
        "flows_by_kind": {k.value: str(m) for k, m in statement.flows_by_kind.items()},
        "movements": [_movement(line) for line in statement.movements],
        "balances": [_balance_document(line) for line in statement.balances],
    }


def _text(asset: Asset, amount: int) -> str:
    return str(Money(amount)) if asset.kind is AssetKind.CASH else str(amount)


def _position(line: PositionLine) -> dict[str, object]:
    return {
        "clearing_organization": line.clearing_organization,
        "account": line.account,
        "asset": str(line.asset),
        "quantity": str(line.quantity),
        "unit": line.asset.unit,
        "price": line.price,
        "price_source": line.price_source,
        "market_value": None if line.market_value is None else str(line.market_value),
    }


def _requirement(line: RequirementLine) -> dict[str, object]:
    return {
        "clearing_organization": line.clearing_organization,
        "cycle": line.cycle,
        "with_arrangement": str(line.with_arrangement),
        "without_arrangement": str(line.without_arrangement),
        "saved": str(line.saved),
    }


def _collateral(line: CollateralLine) -> dict[str, object]:
    return {
        "location": line.location,
        "asset": str(line.asset),
        "amount": _text(line.asset, line.amount),
        "market_value": str(line.market_value),
        "haircut": format_ratio(line.haircut),
        "value": str(line.value),
    }


def _call(line: CallLine) -> dict[str, object]:
    return {
        "call_id": line.call_id,
        "clearing_organization": line.clearing_organization,
        "cycle": line.cycle,
        "amount": str(line.amount),
        "currency": line.currency,
        "due_at": line.due_at.isoformat(),
        "paid": str(line.paid),
        "unpaid": str(line.unpaid),
        "state": line.state,
    }


def _movement(line: Movement) -> dict[str, object]:
    return {
        "transfer_id": line.transfer_id,
        "section": SECTIONS[line.kind].value,
        "kind": line.kind.value,
        "asset": str(line.asset),
        "amount": _text(line.asset, line.amount),
        "at": line.at.isoformat(),
    }


def _balance_document(line: BalanceLine) -> dict[str, object]:
    return {
        "asset": str(line.asset),
        "opening": _text(line.asset, line.opening),
        **{section.value: _text(line.asset, n) for section, n in line.by_section.items()},
        "closing": _text(line.asset, line.closing),
    }
