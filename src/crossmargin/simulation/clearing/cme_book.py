"""CME's own book of a BD-FCM's customers: net contracts by customer and account."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import RefusedError
from crossmargin.product.futures import (
    MONTH_LETTERS,
    FuturesContract,
    last_trading_day,
    parse_contract,
)
from crossmargin.product.position import Account, ClearingOrganization, PositionLine
from crossmargin.product.specifications import PRODUCTS
from crossmargin.services.clearing_day.arrivals import (
    Action,
    FileKind,
    InstructionRow,
    TenderRow,
    TradeRow,
)
from crossmargin.simulation.clearing.seen import Seen

_CENTURY = 2000
_TWO_DIGIT_CODE = re.compile(
    rf"(?P<product>{'|'.join(PRODUCTS)})(?P<month>[{MONTH_LETTERS}])(?P<year>[0-9]{{2}})"
)
_OTHER = {Account.XM: Account.REGULAR, Account.REGULAR: Account.XM}


@dataclass(slots=True)
class CmeBook:
    """Net contracts, by customer, account and contract.

    Parameters
    ----------
    contracts : mapping
    traded : set of str
        Ids of the trades and tenders taken in: one that comes again changes nothing.
    """

    contracts: defaultdict[tuple[CustomerKey, Account, str], int] = field(
        default_factory=lambda: defaultdict(int)
    )
    traded: set[str] = field(default_factory=set)

    def trade(self, row: TradeRow, day: date) -> None:
        """Take in a cleared trade."""
        if row.trade_id not in self.traded:
            self.traded.add(row.trade_id)
            code = contract_code(row.position.instrument, day)
            key = (row.position.customer, row.position.account, code)
            self.contracts[key] += row.position.quantity

    def direct(self, row: InstructionRow, day: date) -> None:
        """Move contracts from one account to the other; more than there are is not moved."""
        if row.customer is None:
            return
        into = Account.XM if row.action is Action.DIRECT_INTO_XM else Account.REGULAR
        code = contract_code(row.asset.partition("-")[2], day)
        source = (row.customer, _OTHER[into], code)
        held = self.contracts[source]
        if held * row.quantity > 0 and abs(row.quantity) <= abs(held):
            self.contracts[source] -= row.quantity
            self.contracts[row.customer, into, code] += row.quantity

    def tender(self, row: TenderRow, day: date) -> None:
        """Put contracts into delivery: they are open no more."""
        if row.tender_id not in self.traded:
            self.traded.add(row.tender_id)
            code = contract_code(row.position.instrument, day)
            key = (row.position.customer, row.position.account, code)
            self.contracts[key] -= row.position.quantity

    def of(self, customer: CustomerKey, account: Account, contract: str, day: date) -> int:
        """Return the position of a customer in one contract and account."""
        return self.contracts[customer, account, contract_code(contract, day)]

    def open_on(self, day: date) -> Iterable[tuple[tuple[CustomerKey, Account, str], int]]:
        """Return what is open on a day, sorted: not flat, not past its last day of trading."""
        return [
            (key, quantity)
            for key, quantity in sorted(self.contracts.items())
            if quantity and not _has_expired(key[2], day)
        ]


def cme_book(seen: Seen, at: datetime) -> CmeBook:
    """Return the book at an instant, of the trades, tenders and directions that had arrived."""
    events = [
        (file.arrived_at.astimezone(UTC), day, row)
        for kind in (FileKind.TRADES, FileKind.TENDERS, FileKind.INSTRUCTIONS)
        for day, file in seen.arrived(kind, at)
        for row in file.rows
    ]
    events.sort(key=lambda event: event[0])
    book = CmeBook()
    for _, day, row in events:
        if isinstance(row, TradeRow):
            book.trade(row, day)
        elif isinstance(row, TenderRow):
            book.tender(row, day)
        elif isinstance(row, InstructionRow) and row.action in (
            Action.DIRECT_INTO_XM,
            Action.DIRECT_OUT_OF_XM,
        ):
            book.direct(row, day)
    return book


def cme_positions(seen: Seen, at: datetime) -> tuple[PositionLine, ...]:
    """Return the positions at an instant of the day, numbered from line 2."""
    return tuple(
        PositionLine(
            line=number,
            customer=customer,
            clearing_organization=ClearingOrganization.CME,
            account=account,
            instrument=code,
            quantity=quantity,
        )
        for number, ((customer, account, code), quantity) in enumerate(
            cme_book(seen, at).open_on(seen.business_date), start=2
        )
    )


@cache  # a month asks for some dozens of contracts some thousand times
def contract_code(text: str, day: date) -> str:
    """Return the code with a two-digit year; of what is no rate future listed then, the text."""
    try:
        return parse_contract(text, as_of=day).code
    except RefusedError:
        return text


def _has_expired(code: str, day: date) -> bool:
    match = _TWO_DIGIT_CODE.fullmatch(code)
    if match is None:
        return False
    month, year = MONTH_LETTERS.index(match["month"]) + 1, _CENTURY + int(match["year"])
    if month not in PRODUCTS[match["product"]].contract_months:
        return False
    return last_trading_day(FuturesContract(match["product"], year, month)) < day
