"""Standard books: what a public document shows the models on, made from the day's market alone.

Every book is made by rule from the issues and contracts of the day, sized to one DV01, and is
nobody's: the cash-futures basis of every Treasury contract, notes against the ten-year contract
along the curve, notes against a strip of SOFR contracts, and a book whose legs go the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from crossmargin.basics.digest import digest_of
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.parameters.registry import ParameterSet
from crossmargin.pricing.futures_value import TreasuryFuture
from crossmargin.pricing.security_book import years_between
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import PRODUCTS
from crossmargin.product.position import Account, ClearingOrganization, PositionLine
from crossmargin.product.treasury import SecurityKind
from crossmargin.services.day_contracts import security_dv01s, strip_contracts
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.margin_positions import PositionsInput

STANDARD_FIRM = "STANDARD"
_PAR_PER_UNIT = 100
_HEDGE = "ZN"
_STRIP = "SR3"


@dataclass(frozen=True, slots=True)
class StandardBook:
    """One book: what it is called, what it is, and its two legs.

    Parameters
    ----------
    name : str
    what : str
        In words, without a CUSIP.
    lines : tuple of (clearing organization, instrument, quantity)
    """

    name: str
    what: str
    lines: tuple[tuple[ClearingOrganization, str, int], ...]


def standard_books(day: MarginDay, validation: ParameterSet) -> tuple[StandardBook, ...]:
    """Return the standard books of a day.

    Parameters
    ----------
    day : MarginDay
    validation : ParameterSet
        ``standard_book_dv01_dollars``: the DV01 of each leg; ``standard_curve_years``: the
        maturity of the notes on both sides of the curve.
    """
    maker = _Maker(day, float(validation.ratio("standard_book_dv01_dollars")))
    short, long = (float(years) for years in validation.ratios("standard_curve_years"))
    return (
        *maker.basis(),
        maker.against_hedge("curve", short, side=-1),
        maker.against_hedge("off the cheapest", long, side=-1),
        maker.against_strip(short),
        maker.against_hedge("same direction", long, side=1),
    )


def standard_positions(books: tuple[StandardBook, ...]) -> PositionsInput:
    """Return the books as a positions file would hold them, one customer a book."""
    lines = tuple(
        PositionLine(
            line=number,
            customer=CustomerKey(STANDARD_FIRM, book.name),
            clearing_organization=organization,
            account=Account.XM,
            instrument=instrument,
            quantity=quantity,
        )
        for number, (book, (organization, instrument, quantity)) in enumerate(
            ((book, line) for book in books for line in book.lines), start=1
        )
    )
    digest = digest_of(
        [[line.customer.customer_id, line.instrument, line.quantity] for line in lines]
    )
    return PositionsInput("standard books", digest, len(lines), lines, ())


class _Maker:
    """Books of one DV01 a leg, from the issues and front contracts of a day."""

    def __init__(self, day: MarginDay, dv01_dollars: float) -> None:
        self.day = day
        self.dv01 = dv01_dollars
        self.book = day.valuation.book
        self.futures = {
            future.contract.product: future
            for future in day.valuation.contracts
            if isinstance(future, TreasuryFuture) and future.proxy_of is None
        }
        self.issue_dv01 = security_dv01s(day.valuation)
        self.years = np.array(
            [
                years_between(day.valuation.settlement, price.security.maturity_date)
                if price.security.kind in (SecurityKind.NOTE, SecurityKind.BOND)
                else np.inf
                for price in self.book.prices
            ]
        )

    def basis(self) -> Iterator[StandardBook]:
        """Yield, for each Treasury contract, its cheapest to deliver against it."""
        for product in PRODUCTS:
            if product not in self.futures:
                continue
            future = self.futures[product]
            contracts = max(1, round(self.dv01 / future.dv01_dollars))
            par = contracts * PRODUCTS[product].face_dollars / future.cheapest_factor
            code = future.contract.code
            yield StandardBook(
                f"{product} basis",
                f"long the cheapest to deliver of {code} by delivery, short {code}",
                (self._issue(future.cheapest_row, par), _future(code, -contracts)),
            )

    def against_hedge(self, name: str, years: float, *, side: int) -> StandardBook:
        """Return the note nearest a maturity with ten-year contracts of the same DV01."""
        future = self.futures[_HEDGE]
        place = self._nearest(years)
        contracts = max(1, round(self.dv01 / future.dv01_dollars))
        code = future.contract.code
        verb = "short" if side < 0 else "long"
        return StandardBook(
            name,
            f"long the {self._called(place)}, {verb} {code} of the same DV01",
            (self._of_dv01(place), _future(code, side * contracts)),
        )

    def against_strip(self, years: float) -> StandardBook:
        """Return the note nearest a maturity against equally many contracts of a SOFR strip."""
        strip = strip_contracts(self.day.as_of, sifma_calendar(), years=years)
        place = self._nearest(years)
        one_bp = float(PRODUCTS[_STRIP].dollars_per_point) / 100.0
        contracts = max(1, round(self.dv01 / (one_bp * len(strip))))
        return StandardBook(
            "notes against SOFR",
            f"long the {self._called(place)}, short {strip[0].code} to {strip[-1].code}, equally",
            (
                self._of_dv01(place),
                *(_future(contract.code, -contracts) for contract in strip),
            ),
        )

    def _nearest(self, years: float) -> int:
        return int(np.argmin(np.abs(self.years - years)))

    def _called(self, place: int) -> str:
        security = self.book.prices[place].security
        return f"{security.coupon_pct.normalize():f} % of {security.maturity_date}"

    def _of_dv01(self, place: int) -> tuple[ClearingOrganization, str, int]:
        return self._issue(place, self.dv01 / float(self.issue_dv01[place]) * _PAR_PER_UNIT)

    def _issue(self, place: int, par: float) -> tuple[ClearingOrganization, str, int]:
        cusip = self.book.prices[place].security.cusip.text
        return ClearingOrganization.FICC, cusip, max(1, round(par / _PAR_PER_UNIT)) * _PAR_PER_UNIT


def _future(code: str, contracts: int) -> tuple[ClearingOrganization, str, int]:
    return ClearingOrganization.CME, code, contracts
