"""Today's value of every instrument, ready to be repriced under any scenario."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from crossmargin.basics.calendars import BusinessCalendar
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.market.curve import ZeroCurve
from crossmargin.market.history import SecurityPrice
from crossmargin.pricing.futures_value import (
    MoneyMarketFuture,
    TreasuryFuture,
    money_market_future,
    treasury_future_or_proxy,
)
from crossmargin.pricing.security_book import SecurityBook, security_book
from crossmargin.product.futures import PRODUCTS, FuturesContract, ProductKind


@dataclass(frozen=True, slots=True)
class Valuation:
    """Everything priced on one date."""

    as_of: date
    settlement: date
    curve: ZeroCurve
    repo_rate: float
    book: SecurityBook
    contracts: tuple[TreasuryFuture | MoneyMarketFuture, ...]

    def contract_index(self) -> dict[str, int]:
        """Return the place of each contract by its two-digit code."""
        return {future.contract.code: place for place, future in enumerate(self.contracts)}

    def keeping(self, rows: Sequence[int], places: Sequence[int]) -> Valuation:
        """Return the valuation of some of the securities and contracts, nothing valued again.

        Parameters
        ----------
        rows, places : sequence of int
            Of securities and contracts, each once, in the order they shall have.

        Raises
        ------
        ValueError
            If a contract's basket is not kept with it.
        """
        row_now = {row: now for now, row in enumerate(rows)}
        contracts = [self.contracts[place] for place in places]
        needed = {row for future in contracts for row in basket_rows(future)}
        if missing := needed - set(rows):
            raise ValueError(f"rows {sorted(missing)} can be delivered and must be kept")
        return replace(
            self,
            book=self.book.keeping(rows),
            contracts=tuple(
                future.with_rows(row_now) if isinstance(future, TreasuryFuture) else future
                for future in contracts
            ),
        )


def basket_rows(future: TreasuryFuture | MoneyMarketFuture) -> list[int]:
    """Return the rows of the security book that a contract is priced from."""
    return future.rows.tolist() if isinstance(future, TreasuryFuture) else []


def value_market(
    *,
    as_of: date,
    calendar: BusinessCalendar,
    curve: ZeroCurve,
    repo_rate: float,
    prices: Mapping[str, SecurityPrice],
    contracts: Iterable[FuturesContract],
) -> Valuation:
    """Return today's value of every priced note and bond and of the contracts asked for.

    Parameters
    ----------
    as_of : date
    calendar : BusinessCalendar
        Of Treasury settlement.
    curve : ZeroCurve
        Fitted to the par yields of the as-of date; time 0 is settlement.
    repo_rate : float
        Simple, actual/360, plain ratio.
    prices : mapping of CUSIP to SecurityPrice
    contracts : iterable of FuturesContract

    Raises
    ------
    RefusedError
        Naming every contract that has nothing to deliver at today's prices.
    """
    settlement = calendar.next_business_day(as_of)
    book = security_book(as_of, settlement, curve, prices)
    futures: list[TreasuryFuture | MoneyMarketFuture] = []
    refusals: list[Refusal] = []
    for contract in contracts:
        if PRODUCTS[contract.product].kind is not ProductKind.TREASURY:
            futures.append(money_market_future(contract, settlement=settlement, curve=curve))
            continue
        future = treasury_future_or_proxy(
            contract, settlement=settlement, book=book, repo_rate=repo_rate
        )
        if future is None:
            refusals.append(
                Refusal(
                    "instrument",
                    contract.code,
                    "a contract with at least one deliverable issue priced on the date",
                    "ruling 17",
                )
            )
        else:
            futures.append(future)
    if refusals:
        raise RefusedError(*refusals)
    return Valuation(as_of, settlement, curve, repo_rate, book, tuple(futures))
