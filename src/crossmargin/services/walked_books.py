"""Today's books as lines that can be re-struck on any date.

A walk is of the XM account. What lies outside it is margined in full, and is walked by itself, as
lines with the same terms, where a close-out has to sell it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from crossmargin.analysis.walk.lines import (
    Book,
    FutureLine,
    Lines,
    MoneyMarketLine,
    SecurityLine,
    TreasuryFutureLine,
)
from crossmargin.market.curve import DAYS_PER_YEAR
from crossmargin.market.history import FloatArray
from crossmargin.pricing.futures_value import MONEY_MARKET_YEAR, TreasuryFuture
from crossmargin.product.futures import PRODUCTS
from crossmargin.services.customer_books import CustomerBook
from crossmargin.services.margin_day import MarginDay

_BASIS_POINT = 1e-4


def lines_and_books(
    day: MarginDay, books: Sequence[CustomerBook], *, more_contracts: Sequence[str] = ()
) -> tuple[Lines, list[Book]]:
    """Return the lines of some customers' XM accounts, and what each holds of them.

    Parameters
    ----------
    day : MarginDay
        The date whose terms the lines keep.
    books : sequence of CustomerBook
    more_contracts : sequence of str
        Contract codes of the day that become lines although no book holds them.
    """
    portfolios = [(book.key.customer_id, book.xm) for book in books]
    return lines_and_portfolios(day, portfolios, more_contracts=more_contracts)


def lines_and_portfolios(
    day: MarginDay,
    portfolios: Sequence[tuple[str, Mapping[int, int]]],
    *,
    more_contracts: Sequence[str] = (),
) -> tuple[Lines, list[Book]]:
    """Return the lines of some portfolios, and what each holds of them.

    Parameters
    ----------
    day : MarginDay
        The date whose terms the lines keep.
    portfolios : sequence of (str, mapping of int to int)
        A name, and whole units by place, as a customer's book has them.
    more_contracts : sequence of str
        Contract codes of the day that become lines although no portfolio holds them.
    """
    count = len(day.valuation.book.prices)
    contract_count = len(day.valuation.contracts)
    labels = [price.security.cusip.text for price in day.valuation.book.prices]
    codes = [future.contract.code for future in day.valuation.contracts]
    dv01 = curve_dv01(day)
    held = {place for _, units in portfolios for place in units}
    held_rows = sorted(place for place in held if place < count)
    held_places = {place - count for place in held if count <= place < count + contract_count}
    securities = tuple(
        SecurityLine(
            label=labels[row],
            years=float(day.valuation.book.remaining_years[row]),
            dv01_dollars=float(dv01[row]),
            equivalents=_equivalents(day, row, codes),
        )
        for row in held_rows
    )
    wanted = {code for line in securities for code in line.equivalents} | set(more_contracts)
    places = sorted(held_places | {codes.index(code) for code in wanted})
    contracts = tuple(line for place in places if (line := _contract(day, place, dv01)))
    moving = {line.label for line in contracts}
    return Lines(securities, contracts), [
        Book(
            name=name,
            securities=_named(units, labels, range(count)),
            contracts={
                code: contracts
                for code, contracts in _named(
                    units, codes, range(count, count + contract_count)
                ).items()
                if code in moving
            },
            repo_charge=_repo_charge(day, units, count + contract_count),
        )
        for name, units in portfolios
    ]


def _named(units: Mapping[int, int], labels: Sequence[str], places: range) -> dict[str, int]:
    return {
        labels[place - places.start]: quantity
        for place, quantity in sorted(units.items())
        if place in places
    }


def _repo_charge(day: MarginDay, units: Mapping[int, int], first: int) -> Fraction:
    charges: Iterable[Fraction] = (
        day.ficc.repo.bucket_charge_dollars(place - first, cent_days)
        for place, cent_days in units.items()
        if place >= first
    )
    return sum(charges, Fraction(0))


def curve_dv01(day: MarginDay) -> FloatArray:
    """Return dollars lost by $100 of par when every zero rate rises by a basis point: (S,).

    Payment by payment, in order, so that it is the same on every machine.
    """
    book = day.valuation.book
    discount = day.valuation.curve.discount_factors(book.flow_years)
    dv01 = np.zeros(len(book.prices))
    for column, years in enumerate(book.flow_years.tolist()):
        dv01 = dv01 + book.flows[:, column] * (float(discount[column]) * years * _BASIS_POINT)
    return dv01


def _equivalents(day: MarginDay, row: int, codes: Sequence[str]) -> dict[str, float]:
    found: dict[str, float] = {}
    slots = zip(day.equivalents.places[row], day.equivalents.contracts_per_100[row], strict=True)
    for place, ratio in slots:
        if ratio:
            code = codes[int(place)]
            found[code] = found.get(code, 0.0) + float(ratio)
    return found


def _contract(day: MarginDay, place: int, dv01: FloatArray) -> FutureLine | None:
    """Return a contract as a line; None where nothing of it moves any more."""
    future = day.valuation.contracts[place]
    if isinstance(future, TreasuryFuture):
        terms = future.cheapest_delivery
        growth = 1.0 + day.valuation.repo_rate * terms.years
        face = float(PRODUCTS[future.contract.product].face_dollars)
        per_100 = float(dv01[future.cheapest_row]) * growth / future.cheapest_factor
        return TreasuryFutureLine(
            label=future.contract.code,
            product=future.contract.product,
            years=float(day.valuation.book.remaining_years[future.cheapest_row]),
            delivery_years=terms.years,
            dv01_dollars=per_100 * face / 100.0,
            basis_dollars_per_bp=future.dv01_dollars,
        )
    if future.remaining_share == 0.0:
        return None
    period = (future.end_years - future.start_years) * DAYS_PER_YEAR / MONEY_MARKET_YEAR
    return MoneyMarketLine(
        label=future.contract.code,
        start_years=future.start_years,
        end_years=future.end_years,
        period=period,
        dollars_per_rate=future.dollars_per_rate * future.remaining_share,
        compounded=future.compounded,
    )
