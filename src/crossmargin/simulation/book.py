"""The demo's book: six customers of a sample BD-FCM, in invented securities of a simulated market.

``BASIS-FUND`` is long the cheapest to deliver by repo against its future; ``CURVE-FUND`` is long
short notes against the ten-year; ``ASSET-MANAGER`` is long both legs, so nothing offsets;
``REGIONAL-BANK`` hedges notes with SOFR and fed funds futures and has a line outside the
cross-margining account; ``REPO-CUSTOMER`` has repo and reverse repo; ``WIDE-BOOK`` is a hundred
lines on both legs, drawn from the market's seed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from crossmargin.basics.dates import add_months
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import CENTS_PER_DOLLAR, Money
from crossmargin.market.curve import DAYS_PER_YEAR
from crossmargin.market.history import PAR_TENOR_YEARS, SecurityPrice
from crossmargin.market.seeds import generator
from crossmargin.pricing.futures_value import TreasuryFuture, treasury_future
from crossmargin.pricing.security_book import security_book
from crossmargin.pricing.treasury import accrued_interest_per_100, dv01_dollars_per_bp_per_100
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import PRODUCTS, FuturesContract
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.product.treasury import SecurityKind, TreasurySecurity
from crossmargin.services.day_contracts import front_contracts
from crossmargin.simulation.market import SimulatedMarket
from crossmargin.simulation.sheets import curve_of

BD_FCM = "DEMO-BD-FCM"
COLUMNS = (
    "bd_fcm",
    "customer_id",
    "clearing_organization",
    "account",
    "instrument",
    "quantity",
    "leg",
    "settlement_date",
    "end_date",
    "repo_rate_pct",
    "start_amount",
)
_WIDE = 41  # the stream of random numbers
_WIDE_SECURITIES, _WIDE_LARGEST_MILLIONS, _WIDE_LARGEST_CONTRACTS = 88, 80, 1400
_WIDE_STIR_MONTHS = (("SR3", 3), ("SR3", 6), ("ZQ", 2), ("ZQ", 3), ("SR1", 2))
_MILLION = 1_000_000
_STRIP_WEIGHTS = (3, 3, 3, 3, 2, 2)
_STRIP_HEDGES = 0.8  # of the notes' DV01
_BASIS_PAR_MILLIONS = {"ZT": 2000, "ZF": 1500, "ZN": 1200, "TN": 600, "UB": 250}
_REPO_OVER_SOFR_PCT = Decimal("0.04")


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the customers' lines are made from: the day's prices, and the front contracts' value."""

    market: SimulatedMarket
    settlement: date
    prices: Mapping[str, SecurityPrice]
    futures: Mapping[str, TreasuryFuture]
    cheapest: Mapping[str, TreasurySecurity]
    sofr_pct: Decimal

    @property
    def front_month(self) -> date:
        """The first day of the front contracts' month."""
        contract = self.futures["ZN"].contract
        return date(contract.year, contract.month, 1)

    def dv01(self, security: TreasurySecurity) -> float:
        """Return the dollars per basis point of $100 of par, positive."""
        clean = self.prices[security.cusip.text].sell_clean_per_100
        return dv01_dollars_per_bp_per_100(
            security, settlement=self.settlement, clean_price_per_100=clean
        )

    def contracts_for(self, product: str, par: int) -> int:
        """Return the contracts that hedge par of the cheapest to deliver: par x factor / face."""
        factor = self.futures[product].cheapest_factor
        return round(par * factor / PRODUCTS[product].face_dollars)

    def nearest(self, years: float, *, kind: SecurityKind) -> TreasurySecurity:
        """Return the note or bond whose remaining life is nearest to the years."""
        target = self.market.as_of + timedelta(days=round(years * DAYS_PER_YEAR))
        return min(
            (price.security for price in self.prices.values() if price.security.kind is kind),
            key=lambda security: (abs((security.maturity_date - target).days), security.cusip),
        )

    def code(self, product: str) -> str:
        """Return the code of the front contract."""
        return self.futures[product].contract.code


def _desk(market: SimulatedMarket) -> _Desk:
    last = market.tables["par_yields"].row(-1, named=True)
    yields = {name: last[name] for name in PAR_TENOR_YEARS if last[name] is not None}
    calendar = sifma_calendar()
    settlement = calendar.next_business_day(market.as_of)
    prices = _prices(market)
    sofr_pct = market.tables["sofr"]["sofr_pct"][-1]
    book = security_book(market.as_of, settlement, curve_of(yields), prices)
    valued = {
        contract.product: treasury_future(
            contract, settlement=settlement, book=book, repo_rate=sofr_pct / 100
        )
        for contract in front_contracts(market.as_of, calendar)
        if contract.specification.delivers_in(contract.year, contract.month)
    }
    futures = {product: future for product, future in valued.items() if future is not None}
    return _Desk(
        market=market,
        settlement=settlement,
        prices=prices,
        futures=futures,
        cheapest={
            product: book.prices[future.cheapest_row].security
            for product, future in futures.items()
        },
        sofr_pct=Decimal(str(sofr_pct)),
    )


def _prices(market: SimulatedMarket) -> dict[str, SecurityPrice]:
    """Return the sheet's lines of notes and bonds that are outstanding at settlement."""
    sheet = market.tables["security_prices"].select("cusip", "buy", "sell")
    quotes = {cusip: (Decimal(str(buy)), Decimal(str(sell))) for cusip, buy, sell in sheet.rows()}
    securities = (issue.security for issue in market.issues)
    return {
        security.cusip.text: SecurityPrice(security, *quotes[security.cusip.text])
        for security in securities
        if security.cusip.text in quotes
    }


@dataclass(frozen=True, slots=True)
class _Draft:
    """A line before it has a number and a customer key."""

    customer: str
    instrument: str
    quantity: int
    account: Account = Account.XM
    leg: Leg = Leg.CASH
    days: int = 0
    start_amount: Money | None = None


def demo_positions(market: SimulatedMarket) -> tuple[PositionLine, ...]:
    """Return the lines of the six customers on the market's as-of date; line 2 is the first.

    The same market gives the same book. Quantities are par dollars or contracts, as in a
    positions file; repo starts on the as-of date at the securities' market value.
    """
    desk = _desk(market)
    drafts = [
        *_basis_fund(desk),
        *_curve_fund(desk),
        *_asset_manager(desk),
        *_regional_bank(desk),
        *_repo_customer(desk),
        *_wide_book(desk),
    ]
    return tuple(_line(desk, draft, line=number) for number, draft in enumerate(drafts, 2))


def _line(desk: _Desk, draft: _Draft, *, line: int) -> PositionLine:
    at_ficc = draft.instrument in desk.prices
    term = draft.leg is not Leg.CASH
    as_of = desk.market.as_of
    return PositionLine(
        line=line,
        customer=CustomerKey(BD_FCM, draft.customer),
        clearing_organization=ClearingOrganization.FICC if at_ficc else ClearingOrganization.CME,
        account=draft.account,
        instrument=draft.instrument,
        quantity=draft.quantity,
        leg=draft.leg,
        settlement_date=as_of if term else None,
        end_date=sifma_calendar().on_or_after(as_of + timedelta(days=draft.days)) if term else None,
        repo_rate_pct=desk.sofr_pct + _REPO_OVER_SOFR_PCT if term else None,
        start_amount=draft.start_amount,
    )


def _repo(
    desk: _Desk, customer: str, security: TreasurySecurity, *, millions: int, days: int
) -> _Draft:
    """Return a repo (positive) or reverse repo (negative) that starts at market value."""
    price = Fraction(desk.prices[security.cusip.text].sell_clean_per_100)
    dirty = price + accrued_interest_per_100(security, desk.market.as_of)
    dollars = abs(millions) * _MILLION * dirty / 100
    return _Draft(
        customer,
        security.cusip.text,
        millions * _MILLION,
        leg=Leg.REPO if millions > 0 else Leg.REVERSE_REPO,
        days=days,
        start_amount=Money(round(dollars * CENTS_PER_DOLLAR)),
    )


def _basis_fund(desk: _Desk) -> Iterable[_Draft]:
    for product, millions in _BASIS_PAR_MILLIONS.items():
        yield _repo(desk, "BASIS-FUND", desk.cheapest[product], millions=millions, days=98)
        contracts = desk.contracts_for(product, millions * _MILLION)
        yield _Draft("BASIS-FUND", desk.code(product), -contracts)


def _curve_fund(desk: _Desk) -> Iterable[_Draft]:
    short = desk.nearest(2.0, kind=SecurityKind.NOTE)
    long = desk.nearest(10.0, kind=SecurityKind.BOND)
    hedged = 9_000_000 * desk.dv01(short)
    yield _Draft("CURVE-FUND", short.cusip.text, 900 * _MILLION)
    yield _Draft("CURVE-FUND", desk.code("TN"), -round(hedged / desk.futures["TN"].dv01_dollars))
    yield _Draft("CURVE-FUND", long.cusip.text, 50 * _MILLION)


def _asset_manager(desk: _Desk) -> Iterable[_Draft]:
    for years, millions in ((3.0, 400), (7.0, 300)):
        note = desk.nearest(years, kind=SecurityKind.NOTE)
        yield _Draft("ASSET-MANAGER", note.cusip.text, millions * _MILLION)
    bond = desk.nearest(20.0, kind=SecurityKind.BOND)
    yield _Draft("ASSET-MANAGER", bond.cusip.text, 150 * _MILLION)
    yield _Draft("ASSET-MANAGER", desk.code("ZF"), 3500)
    yield _Draft("ASSET-MANAGER", desk.code("UB"), 600)


def _regional_bank(desk: _Desk) -> Iterable[_Draft]:
    notes = [desk.nearest(years, kind=SecurityKind.NOTE) for years in (2.25, 3.0, 4.0, 4.75)]
    for note in notes:
        yield _Draft("REGIONAL-BANK", note.cusip.text, 120 * _MILLION)
    dv01 = sum(1_200_000 * desk.dv01(note) for note in notes)
    contract_dv01 = float(PRODUCTS["SR3"].dollars_per_point) / 100
    unit = _STRIP_HEDGES * dv01 / contract_dv01 / sum(_STRIP_WEIGHTS)
    for quarter, weight in enumerate(_STRIP_WEIGHTS):
        code = _stir_code(desk, "SR3", 3 * quarter)
        yield _Draft("REGIONAL-BANK", code, -10 * round(unit * weight / 10))
    yield _Draft("REGIONAL-BANK", desk.code("ZT"), -700, account=Account.REGULAR)
    yield _Draft("REGIONAL-BANK", _stir_code(desk, "ZQ", 2), -250)


def _repo_customer(desk: _Desk) -> Iterable[_Draft]:
    lent, borrowed = (desk.nearest(years, kind=SecurityKind.NOTE) for years in (4.5, 6.5))
    yield _repo(desk, "REPO-CUSTOMER", lent, millions=500, days=92)
    yield _repo(desk, "REPO-CUSTOMER", borrowed, millions=-200, days=31)
    dv01 = 5_000_000 * desk.dv01(lent) - 2_000_000 * desk.dv01(borrowed)
    yield _Draft("REPO-CUSTOMER", desk.code("ZN"), -round(dv01 / desk.futures["ZN"].dv01_dollars))


def _wide_book(desk: _Desk) -> Iterable[_Draft]:
    random = generator(desk.market.seed, _WIDE)
    in_a_year = add_months(desk.market.as_of, 12)
    eligible = [
        cusip for cusip, price in desk.prices.items() if price.security.maturity_date > in_a_year
    ]
    places = random.permutation(len(eligible))[:_WIDE_SECURITIES]
    sizes = _signed(random.integers(1, _WIDE_LARGEST_MILLIONS, len(places)).tolist(), random.random)
    for place, size in zip(sorted(places.tolist()), sizes, strict=True):
        yield _Draft("WIDE-BOOK", eligible[place], size * _MILLION)
    codes = [desk.code(product) for product in desk.futures]
    codes += [_stir_code(desk, product, months) for product, months in _WIDE_STIR_MONTHS]
    lots = _signed(
        random.integers(100, _WIDE_LARGEST_CONTRACTS, len(codes)).tolist(), random.random
    )
    for code, lot in zip(codes, lots, strict=True):
        yield _Draft("WIDE-BOOK", code, lot)


def _signed(sizes: Sequence[int], uniform: Callable[[], float]) -> list[int]:
    return [size if uniform() < 1 / 2 else -size for size in sizes]


def _stir_code(desk: _Desk, product: str, months: int) -> str:
    """Return a contract some months after the as-of month; SR3: after the front quarter."""
    start = desk.front_month if product == "SR3" else desk.market.as_of.replace(day=1)
    month = add_months(start, months)
    return FuturesContract(product, month.year, month.month).code


def demo_positions_csv(market: SimulatedMarket) -> str:
    """Return the book as a positions file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in demo_positions(market):
        term = line.leg is not Leg.CASH
        writer.writerow(
            [
                line.customer.bd_fcm,
                line.customer.customer_id,
                line.clearing_organization.value,
                line.account.value,
                line.instrument,
                line.quantity,
                line.leg.value if term else "",
                line.settlement_date or "",
                line.end_date or "",
                line.repo_rate_pct if term else "",
                str(line.start_amount) if line.start_amount else "",
            ]
        )
    return text.getvalue()
