"""Every customer's positions on a prepared day: netted, in whole units, by instrument.

Lines of one customer and instrument add up. Eligible lines carried in XM make the XM account; all
others at a CCP are one portfolio outside it. A repo adds its interest to a term bucket beside the
securities that its end leg returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from crossmargin.arrangement.eligibility import RecognisedLine, Recognition, UnsupportedLine
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money, charge_from_dollars
from crossmargin.basics.refusals import Refusal, refused
from crossmargin.margin.book import Holdings
from crossmargin.margin.ficc.haircut import HaircutLine
from crossmargin.margin.ficc.preparation import bid_ask_rate, tips_bid_ask_rate
from crossmargin.pricing.security_book import years_between
from crossmargin.pricing.treasury import accrued_interest_per_100
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import FuturesContract
from crossmargin.product.position import Leg, PositionLine
from crossmargin.product.treasury import SecurityKind, TreasurySecurity
from crossmargin.services.margin_day import MarginDay

PAR_PER_UNIT = 100
_UNITS_MAX = 2**53


@dataclass(frozen=True, slots=True)
class CustomerBook:
    """One customer's netted positions: instrument place to whole units.

    Parameters
    ----------
    key : CustomerKey
    xm, outside : mapping of int to int
        Security rows first, then contracts from the number of securities on, then repo term
        buckets: start amount in cents times days left, repo plus and reverse repo minus.
    outside_haircut : mapping of CUSIP to int
        Units of $100 of par of what has no sensitivities.
    has_ficc, has_ficc_in_xm : bool
        Whether securities are held at all, and in the XM account.
    estimated_start_amounts : int
        Repo lines without a start amount: the market value of the collateral stands for it.
    later_starts : int
        Repo lines that start after the as-of date: their end leg is margined as it is.
    """

    key: CustomerKey
    xm: Mapping[int, int]
    outside: Mapping[int, int]
    outside_haircut: Mapping[str, int]
    has_ficc: bool
    has_ficc_in_xm: bool
    ineligible: tuple[RecognisedLine, ...]
    unsupported: tuple[UnsupportedLine, ...]
    estimated_start_amounts: int = 0
    later_starts: int = 0

    @property
    def has_outside(self) -> bool:
        """Whether anything is margined outside the XM account."""
        return bool(self.outside or self.outside_haircut)


def contracts_of(recognition: Recognition) -> set[FuturesContract]:
    """Return every contract the lines name: what a day must be prepared for."""
    return {
        recognised.instrument
        for recognised in (*recognition.eligible, *recognition.outside)
        if isinstance(recognised.instrument, FuturesContract)
    }


def customer_books(
    day: MarginDay, recognition: Recognition, *, incomplete_customers: Iterable[CustomerKey] = ()
) -> list[CustomerBook]:
    """Return every customer's netted book, by key.

    Parameters
    ----------
    day : MarginDay
    recognition : Recognition
    incomplete_customers : iterable of CustomerKey
        Customers that must appear although every line of theirs was left out.

    Raises
    ------
    RefusedError
        If an instrument has no column on the day.
    """
    places = _Places(day)
    books: dict[CustomerKey, _OpenBook] = {}
    for recognised in recognition.eligible:
        books.setdefault(recognised.line.customer, _OpenBook()).add_xm(recognised, places)
    for recognised in recognition.outside:
        books.setdefault(recognised.line.customer, _OpenBook()).add_outside(recognised, places)
    for unsupported in recognition.unsupported:
        book = books.setdefault(unsupported.line.customer, _OpenBook())
        book.unsupported.append(unsupported)
    for key in incomplete_customers:
        books.setdefault(key, _OpenBook())
    return [books[key].closed(key, len(places.securities)) for key in sorted(books)]


def holdings_of(day: MarginDay, portfolios: list[Mapping[int, int]]) -> Holdings:
    """Return portfolios as holdings over the day's instruments."""
    return Holdings.of(
        portfolios,
        security_count=len(day.valuation.book.prices),
        contract_count=len(day.valuation.contracts),
        repo_bucket_count=day.ficc.repo.bucket_count,
    )


class _Places:
    """Where each instrument's column is on the day, and each repo's term bucket."""

    def __init__(self, day: MarginDay) -> None:
        self.day = day
        self.calendar = sifma_calendar()
        self.securities = day.valuation.book.index()
        self.contracts = day.valuation.contract_index()

    def starts_later(self, line: PositionLine) -> bool:
        """Return whether a repo starts after the as-of date."""
        start = line.settlement_date
        return line.leg is not Leg.CASH and start is not None and start > self.day.as_of

    def of_repo(self, line: PositionLine) -> tuple[int, int] | None:
        """Return the place of a repo's term bucket and its cent-days; None where it has none."""
        if line.leg is Leg.CASH or line.end_date is None:
            return None
        # A repo that starts later earns its interest from then on; one over the next business day
        # is overnight, also over a weekend.
        start = max(self.day.as_of, line.settlement_date or self.day.as_of)
        if line.end_date <= self.calendar.next_business_day(start):
            return None
        days_left = (line.end_date - start).days
        bucket = self.day.ficc.repo.bucket(days_left)
        if bucket is None:
            return None
        amount = line.start_amount or self._market_value(line)
        signed = amount.cents if line.leg is Leg.REPO else -amount.cents
        return len(self.securities) + len(self.contracts) + bucket, signed * days_left

    def _market_value(self, line: PositionLine) -> Money:
        value = market_value_per_100(self.day, line.instrument) * abs(line.quantity) / PAR_PER_UNIT
        return charge_from_dollars(value)

    def of(self, instrument: TreasurySecurity | FuturesContract) -> int | None:
        """Return the place, or None for a security without sensitivities."""
        if isinstance(instrument, FuturesContract):
            if instrument.code not in self.contracts:
                raise refused(
                    "instrument",
                    instrument.code,
                    "a contract the day was prepared for",
                    "ruling 17",
                )
            return len(self.securities) + self.contracts[instrument.code]
        return self.securities.get(instrument.cusip.text)


class _OpenBook:
    """A customer's book while lines are added."""

    def __init__(self) -> None:
        self.xm: dict[int, int] = {}
        self.outside: dict[int, int] = {}
        self.haircut: dict[str, int] = {}
        self.ineligible: list[RecognisedLine] = []
        self.unsupported: list[UnsupportedLine] = []
        self.estimated_start_amounts = 0
        self.later_starts = 0

    def add_xm(self, recognised: RecognisedLine, places: _Places) -> None:
        place = places.of(recognised.instrument)
        if place is None:
            raise refused(
                "instrument",
                recognised.line.instrument,
                "an eligible security with a quoted price",
                "ruling 35",
            )
        self.xm[place] = self.xm.get(place, 0) + self._units(recognised)
        self._add_repo(self.xm, recognised.line, places)

    def add_outside(self, recognised: RecognisedLine, places: _Places) -> None:
        self.ineligible.append(recognised)
        units = self._units(recognised)
        place = None if _by_haircut(recognised) else places.of(recognised.instrument)
        if place is None:
            cusip = recognised.line.instrument
            self.haircut[cusip] = self.haircut.get(cusip, 0) + units
        else:
            self.outside[place] = self.outside.get(place, 0) + units
        self._add_repo(self.outside, recognised.line, places)

    def _add_repo(self, book: dict[int, int], line: PositionLine, places: _Places) -> None:
        self.later_starts += places.starts_later(line)
        found = places.of_repo(line)
        if found is not None:
            place, cent_days = found
            book[place] = book.get(place, 0) + cent_days
            self.estimated_start_amounts += line.start_amount is None

    def _units(self, recognised: RecognisedLine) -> int:
        if isinstance(recognised.instrument, FuturesContract):
            return recognised.line.quantity
        return recognised.line.quantity // PAR_PER_UNIT

    def closed(self, key: CustomerKey, security_count: int) -> CustomerBook:
        xm, outside = _without_zeros(self.xm), _without_zeros(self.outside)
        haircut = {cusip: units for cusip, units in self.haircut.items() if units}
        for units in (*xm.values(), *outside.values(), *haircut.values()):
            if abs(units) >= _UNITS_MAX:
                expected = f"fewer than {_UNITS_MAX} units of one instrument"
                raise refused(f"quantity of {key.customer_id}", units, expected, "ruling 9")
        return CustomerBook(
            key,
            xm,
            outside,
            haircut,
            # A book that nets to nothing at FICC has no positions there (ruling 6).
            bool(haircut) or any(place < security_count for place in (*xm, *outside)),
            any(place < security_count for place in xm),
            tuple(self.ineligible),
            tuple(self.unsupported),
            self.estimated_start_amounts,
            self.later_starts,
        )


def _by_haircut(recognised: RecognisedLine) -> bool:
    """Return whether a line is margined by the haircut method: a year and under, by maturity."""
    return any(reason.code.value == "SHORT_MATURITY" for reason in recognised.reasons)


def _without_zeros(units: dict[int, int]) -> dict[int, int]:
    return {place: quantity for place, quantity in units.items() if quantity}


def haircut_lines(day: MarginDay, units: Mapping[str, int]) -> list[HaircutLine]:
    """Return securities without sensitivities as haircut lines, at market value.

    Market value is the quote with interest accrued to the as-of date (ruling 35); inflation
    compensation of TIPS is not in the market data and is left out: said where it is shown.
    """
    lines = []
    for cusip, quantity in sorted(units.items()):
        security = day.prices.prices[cusip].security
        value = Fraction(quantity) * market_value_per_100(day, cusip)
        remaining = years_between(day.valuation.settlement, security.maturity_date)
        is_tips = security.kind is SecurityKind.TIPS
        rate = (
            tips_bid_ask_rate(day.parameters.ficc)
            if is_tips
            else bid_ask_rate(day.parameters.ficc, remaining)
        )
        bucket = day.haircuts.bucket_of(remaining, is_tips=is_tips)
        lines.append(HaircutLine(cusip, bucket, value, abs(value) * rate))
    return lines


def market_value_per_100(day: MarginDay, cusip: str) -> Fraction:
    """Return the quote with interest accrued to the as-of date, per $100 of par (ruling 35).

    Raises
    ------
    RefusedError
        If the security has no quoted price.
    """
    price = day.prices.prices[cusip]
    quoted = Fraction(price.sell_clean_per_100 or price.buy_clean_per_100)
    if quoted <= 0:
        raise refused("instrument", cusip, "a security with a quoted price", "ruling 35")
    return quoted + accrued_interest_per_100(price.security, day.as_of)


def instrument_labels(day: MarginDay) -> tuple[str, ...]:
    """Return what each place of a book is: CUSIPs, contract codes, term buckets of repo."""
    ends = day.ficc.repo.longer_than_days
    terms = [
        f"repo interest, {low + 1} to {high} days" if high else f"repo interest, over {low} days"
        for low, high in zip(ends, (*ends[1:], None), strict=True)
    ]
    return (
        *(price.security.cusip.text for price in day.valuation.book.prices),
        *(future.contract.code for future in day.valuation.contracts),
        *terms,
    )


def unknown_customers(
    books: Iterable[CustomerBook], customers: Sequence[str], *, option: str
) -> list[Refusal]:
    """Return a refusal for each customer that is asked for and has no book.

    Parameters
    ----------
    books : iterable of CustomerBook
    customers : sequence of str
        Customer ids.
    option : str
        That names them.
    """
    known = sorted({book.key.customer_id for book in books})
    return [
        Refusal(option, name, f"one of {', '.join(known)}", "positions file")
        for name in dict.fromkeys(customers)
        if name not in known
    ]
