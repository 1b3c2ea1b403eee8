"""Step 1 of net equity: what one account is worth, L + O + V (17 CFR 190.08(b)(1)).

Every item has a kind, and a kind stands in exactly one bucket: ledger balance, open trade balance
or realizable market value. A FICC position is read in the open trade balance or as property: the
CFTC's proposed order (90 FR 58525, III.B.2) has both readings, and equity is the same under both.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError

_STEP_1 = "17 CFR 190.08(b)(1)"


class Bucket(StrEnum):
    """Where an item counts."""

    LEDGER = "ledger"
    OPEN_TRADE = "open_trade"
    PROPERTY = "property"


class PositionReading(StrEnum):
    """In which bucket a FICC position stands.

    A position out of the money is a negative item, so the open trade balance suits both signs
    (inferred).
    """

    OPEN_TRADE = "open_trade"
    PROPERTY = "property"


class ItemKind(StrEnum):
    """What an item of an account is. Cash margin at CME and at FICC is cash deposited."""

    CASH_DEPOSITED = "cash_deposited"
    LIQUIDATION_PROCEEDS = "liquidation_proceeds"
    REALIZED_GAIN = "realized_gain"
    REALIZED_LOSS = "realized_loss"
    DISBURSEMENT = "disbursement"
    NORMAL_COST = "normal_cost"
    UNREALIZED_GAIN = "unrealized_gain"
    UNREALIZED_LOSS = "unrealized_loss"
    SECURITIES_VALUE = "securities_value"
    ACCRUED_INTEREST = "accrued_interest"
    FICC_POSITION_GAIN = "ficc_position_gain"
    FICC_POSITION_LOSS = "ficc_position_loss"


_K = ItemKind
_BUCKETS = {
    _K.CASH_DEPOSITED: Bucket.LEDGER,
    _K.LIQUIDATION_PROCEEDS: Bucket.LEDGER,
    _K.REALIZED_GAIN: Bucket.LEDGER,
    _K.REALIZED_LOSS: Bucket.LEDGER,
    _K.DISBURSEMENT: Bucket.LEDGER,
    _K.NORMAL_COST: Bucket.LEDGER,
    _K.UNREALIZED_GAIN: Bucket.OPEN_TRADE,
    _K.UNREALIZED_LOSS: Bucket.OPEN_TRADE,
    _K.SECURITIES_VALUE: Bucket.PROPERTY,
    _K.ACCRUED_INTEREST: Bucket.PROPERTY,
}
_SUBTRACTED = frozenset(
    {
        _K.REALIZED_LOSS,
        _K.DISBURSEMENT,
        _K.NORMAL_COST,
        _K.UNREALIZED_LOSS,
        _K.FICC_POSITION_LOSS,
    }
)


def bucket_of(kind: ItemKind, reading: PositionReading) -> Bucket:
    """Return the one bucket in which a kind of item counts.

    Examples
    --------
    >>> bucket_of(ItemKind.FICC_POSITION_GAIN, PositionReading.PROPERTY).value
    'property'
    """
    return _BUCKETS.get(kind) or Bucket(reading.value)


@dataclass(frozen=True, slots=True)
class EquityItem:
    """One item of an account.

    Parameters
    ----------
    item_id : str
        Names it once in its account: a balance, a position, a lot.
    kind : ItemKind
        Losses, disbursements and costs are subtracted.
    amount : Money
        Not negative.

    Raises
    ------
    ValueError
        If the amount is negative: the kind says the sign.
    """

    item_id: str
    kind: ItemKind
    amount: Money

    def __post_init__(self) -> None:
        if self.amount < ZERO:
            raise ValueError(f"the kind of an item says its sign, was {self!r}")

    @property
    def signed(self) -> Money:
        """What it adds to equity."""
        return -self.amount if self.kind in _SUBTRACTED else self.amount


@dataclass(frozen=True, slots=True)
class AccountEquity:
    """The equity of one account by bucket; any of them may be negative."""

    ledger_balance: Money
    open_trade_balance: Money
    property_value: Money

    @property
    def equity_balance(self) -> Money:
        """All three together."""
        return self.ledger_balance + self.open_trade_balance + self.property_value


def account_equity(
    items: Iterable[EquityItem], reading: PositionReading = PositionReading.OPEN_TRADE
) -> AccountEquity:
    """Return the equity of one account.

    Parameters
    ----------
    items : iterable of EquityItem
        Not those of security futures held in a securities account: these are no part of it.
    reading : PositionReading
        Moves FICC positions between two buckets; equity does not change.

    Raises
    ------
    RefusedError
        Naming every item that stands in the account twice: each counts in exactly one bucket.

    Examples
    --------
    >>> items = [
    ...     EquityItem("cash at CME", ItemKind.CASH_DEPOSITED, Money(400_00)),
    ...     EquityItem("note at FICC", ItemKind.FICC_POSITION_LOSS, Money(4_00)),
    ... ]
    >>> [str(account_equity(items, each).equity_balance) for each in PositionReading]
    ['396.00', '396.00']
    """
    totals = dict.fromkeys(Bucket, ZERO)
    seen: set[str] = set()
    refusals = []
    for item in items:
        if item.item_id in seen:
            expected = "each item once: it counts in exactly one bucket"
            refusals.append(Refusal("item_id", item.item_id, expected, _STEP_1))
        seen.add(item.item_id)
        totals[bucket_of(item.kind, reading)] += item.signed
    if refusals:
        raise RefusedError(*refusals)
    return AccountEquity(totals[Bucket.LEDGER], totals[Bucket.OPEN_TRADE], totals[Bucket.PROPERTY])
