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
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.market.curve import DAYS_PER_YEAR, ZeroCurve
from crossmargin.market.history import PAR_TENOR_YEARS
from crossmargin.market.seeds import generator
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.simulation.contracts import RULES, basket, contract_code, factor_of
from crossmargin.simulation.days import (
    month_end,
    month_start,
    months_before,
    next_business_day,
    on_or_after,
)
from crossmargin.simulation.issues import SimulatedIssue
from crossmargin.simulation.market import SimulatedMarket
from crossmargin.simulation.sheets import clean_price, curve_of

BD_FCM = "DEMO-BD-FCM"
COLUMNS = (
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
_STIR_DV01_DOLLARS = 25.0  # SR3: a quarter of a year on one million
_STRIP_WEIGHTS = (3, 3, 3, 3, 2, 2)
_STRIP_HEDGES = 0.8  # of the notes' DV01
_BASIS_PAR_MILLIONS = {"ZT": 2000, "ZF": 1500, "ZN": 1200, "TN": 600, "UB": 250}
_REPO_OVER_SOFR_PCT = Decimal("0.04")


@dataclass(frozen=True, slots=True)
class _Desk:
    """What the customers' lines are made from: the day's curve, prices and contract month."""

    market: SimulatedMarket
    curve: ZeroCurve
    settlement: date
    delivery: date
    sell: dict[str, Decimal]
    sofr_pct: Decimal

    def dv01(self, issue: SimulatedIssue) -> float:
        """Return the dollars per basis point of $100 of par, positive."""
        prices = [
            clean_price(
                self.curve,
                coupon_pct=issue.coupon_pct,
                coupons=issue.coupon_dates_after(self.settlement),
                settlement=self.settlement,
                spread=spread,
            )
            for spread in (-5e-5, 5e-5)
        ]
        return prices[0] - prices[1]

    def cheapest(self, symbol: str) -> SimulatedIssue:
        """Return the cheapest to deliver: the lowest forward price over conversion factor."""
        known_on = self.market.as_of
        found = basket(symbol, self.delivery, self.market.issues, known_on=known_on)
        return min(found, key=lambda issue: self._over_factor(symbol, issue))

    def _over_factor(self, symbol: str, issue: SimulatedIssue) -> float:
        day = month_end(self.delivery.year, self.delivery.month)
        years = (day - self.settlement).days / DAYS_PER_YEAR
        rate = float(self.curve.rates_at(np.array([years]))[0])
        accrued = _accrued(issue, self.settlement)
        dirty = float(self.sell[issue.cusip.text] + accrued) * (1 + rate * years)
        paid = [c for c in issue.coupon_dates_after(self.settlement) if c <= day]
        coupons = len(paid) * issue.coupon_pct / 2
        clean = dirty - coupons - float(_accrued(issue, day))
        return clean / float(factor_of(symbol, self.delivery, issue))

    def contracts_for(self, symbol: str, par: int) -> int:
        """Return the contracts that hedge par of the cheapest to deliver: par x factor / face."""
        factor = factor_of(symbol, self.delivery, self.cheapest(symbol))
        return round(par * factor / RULES[symbol].face_dollars)

    def contract_dv01(self, symbol: str) -> float:
        """Return the dollars per basis point of one contract: its cheapest to deliver's."""
        cheapest = self.cheapest(symbol)
        factor = float(factor_of(symbol, self.delivery, cheapest))
        return RULES[symbol].face_dollars / 100 * self.dv01(cheapest) / factor

    def nearest(self, years: float, *, within: Callable[[SimulatedIssue], bool]) -> SimulatedIssue:
        """Return the issue whose remaining life is nearest to the years, of those that count."""
        target = self.market.as_of + timedelta(days=round(years * DAYS_PER_YEAR))
        return min(
            (issue for issue in self.market.issues if within(issue)),
            key=lambda issue: (abs((issue.maturity_date - target).days), issue.cusip),
        )

    def code(self, symbol: str) -> str:
        """Return the contract of the desk's delivery month."""
        return contract_code(symbol, self.delivery)


def _accrued(issue: SimulatedIssue, day: date) -> Decimal:
    """Return the interest accrued per 100 on the day, six places."""
    following = issue.coupon_dates_after(day)[0]
    previous = months_before(following, 6)
    share = Decimal((day - previous).days) / (following - previous).days
    return round(Decimal(str(issue.coupon_pct)) / 2 * share, 6)


def _desk(market: SimulatedMarket) -> _Desk:
    last = market.tables["par_yields"].row(-1, named=True)
    yields = {name: last[name] for name in PAR_TENOR_YEARS if last[name] is not None}
    sheet = market.tables["security_prices"]
    sell = {
        cusip: Decimal(str(price)) for cusip, price in sheet.select("cusip", "sell").iter_rows()
    }
    after = market.as_of.month // 3 * 3 + 3  # the first quarterly month that has not begun
    return _Desk(
        market=market,
        curve=curve_of(yields),
        settlement=next_business_day(market.as_of),
        delivery=month_start(market.as_of.year, after),
        sell=sell,
        sofr_pct=Decimal(str(market.tables["sofr"]["sofr_pct"][-1])),
    )


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


def demo_positions(market: SimulatedMarket, *, bd_fcm: str = BD_FCM) -> tuple[PositionLine, ...]:
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
    return tuple(
        _line(desk, draft, line=number, bd_fcm=bd_fcm) for number, draft in enumerate(drafts, 2)
    )


def _line(desk: _Desk, draft: _Draft, *, line: int, bd_fcm: str) -> PositionLine:
    at_ficc = draft.instrument in desk.sell
    term = draft.leg is not Leg.CASH
    as_of = desk.market.as_of
    return PositionLine(
        line=line,
        customer=CustomerKey(bd_fcm, draft.customer),
        clearing_organization=ClearingOrganization.FICC if at_ficc else ClearingOrganization.CME,
        account=draft.account,
        instrument=draft.instrument,
        quantity=draft.quantity,
        leg=draft.leg,
        settlement_date=as_of if term else None,
        end_date=on_or_after(as_of + timedelta(days=draft.days)) if term else None,
        repo_rate_pct=desk.sofr_pct + _REPO_OVER_SOFR_PCT if term else None,
        start_amount=draft.start_amount,
    )


def _repo(desk: _Desk, customer: str, issue: SimulatedIssue, *, millions: int, days: int) -> _Draft:
    """Return a repo (positive) or reverse repo (negative) that starts at market value."""
    value = desk.sell[issue.cusip.text] + _accrued(issue, desk.market.as_of)
    cents = round(abs(millions) * _MILLION * value)  # par / 100 dollars, times 100 cents
    return _Draft(
        customer,
        issue.cusip.text,
        millions * _MILLION,
        leg=Leg.REPO if millions > 0 else Leg.REVERSE_REPO,
        days=days,
        start_amount=Money(cents),
    )


def _basis_fund(desk: _Desk) -> Iterable[_Draft]:
    for symbol, millions in _BASIS_PAR_MILLIONS.items():
        yield _repo(desk, "BASIS-FUND", desk.cheapest(symbol), millions=millions, days=98)
        contracts = desk.contracts_for(symbol, millions * _MILLION)
        yield _Draft("BASIS-FUND", desk.code(symbol), -contracts)


def _curve_fund(desk: _Desk) -> Iterable[_Draft]:
    short = desk.nearest(2.0, within=_is_note)
    long = desk.nearest(10.0, within=lambda issue: not _is_note(issue))
    hedged = 9_000_000 * desk.dv01(short)
    yield _Draft("CURVE-FUND", short.cusip.text, 900 * _MILLION)
    yield _Draft("CURVE-FUND", desk.code("TN"), -round(hedged / desk.contract_dv01("TN")))
    yield _Draft("CURVE-FUND", long.cusip.text, 50 * _MILLION)


def _asset_manager(desk: _Desk) -> Iterable[_Draft]:
    for years, millions in ((3.0, 400), (7.0, 300)):
        issue = desk.nearest(years, within=_is_note)
        yield _Draft("ASSET-MANAGER", issue.cusip.text, millions * _MILLION)
    bond = desk.nearest(20.0, within=lambda issue: not _is_note(issue))
    yield _Draft("ASSET-MANAGER", bond.cusip.text, 150 * _MILLION)
    yield _Draft("ASSET-MANAGER", desk.code("ZF"), 3500)
    yield _Draft("ASSET-MANAGER", desk.code("UB"), 600)


def _regional_bank(desk: _Desk) -> Iterable[_Draft]:
    notes = [desk.nearest(years, within=_is_note) for years in (2.25, 3.0, 4.0, 4.75)]
    for note in notes:
        yield _Draft("REGIONAL-BANK", note.cusip.text, 120 * _MILLION)
    dv01 = sum(1_200_000 * desk.dv01(note) for note in notes)
    unit = _STRIP_HEDGES * dv01 / _STIR_DV01_DOLLARS / sum(_STRIP_WEIGHTS)
    for quarter, weight in enumerate(_STRIP_WEIGHTS):
        month = month_start(desk.delivery.year, desk.delivery.month + 3 * quarter)
        yield _Draft("REGIONAL-BANK", contract_code("SR3", month), -10 * round(unit * weight / 10))
    yield _Draft("REGIONAL-BANK", desk.code("ZT"), -700, account=Account.REGULAR)
    yield _Draft("REGIONAL-BANK", _stir_code(desk, "ZQ", 2), -250)


def _repo_customer(desk: _Desk) -> Iterable[_Draft]:
    lent, borrowed = desk.nearest(4.5, within=_is_note), desk.nearest(6.5, within=_is_note)
    yield _repo(desk, "REPO-CUSTOMER", lent, millions=500, days=92)
    yield _repo(desk, "REPO-CUSTOMER", borrowed, millions=-200, days=31)
    dv01 = 5_000_000 * desk.dv01(lent) - 2_000_000 * desk.dv01(borrowed)
    yield _Draft("REPO-CUSTOMER", desk.code("ZN"), -round(dv01 / desk.contract_dv01("ZN")))


def _wide_book(desk: _Desk) -> Iterable[_Draft]:
    random = generator(desk.market.seed, _WIDE)
    eligible = [issue for issue in desk.market.issues if _lives_a_year(desk, issue)]
    places = random.permutation(len(eligible))[:_WIDE_SECURITIES]
    sizes = _signed(random.integers(1, _WIDE_LARGEST_MILLIONS, len(places)).tolist(), random.random)
    for place, size in zip(sorted(places.tolist()), sizes, strict=True):
        yield _Draft("WIDE-BOOK", eligible[place].cusip.text, size * _MILLION)
    codes = [desk.code(symbol) for symbol in RULES]
    codes += [_stir_code(desk, symbol, months) for symbol, months in _WIDE_STIR_MONTHS]
    lots = _signed(
        random.integers(100, _WIDE_LARGEST_CONTRACTS, len(codes)).tolist(), random.random
    )
    for code, lot in zip(codes, lots, strict=True):
        yield _Draft("WIDE-BOOK", code, lot)


def _signed(sizes: Sequence[int], uniform: Callable[[], float]) -> list[int]:
    return [size if uniform() < 1 / 2 else -size for size in sizes]


def _is_note(issue: SimulatedIssue) -> bool:
    return issue.term_years <= 10  # noqa: PLR2004 - notes run to ten years


def _lives_a_year(desk: _Desk, issue: SimulatedIssue) -> bool:
    return issue.maturity_date > months_before(desk.market.as_of, -12)


def _stir_code(desk: _Desk, symbol: str, months: int) -> str:
    """Return a contract some months after the as-of date; SR3 only in quarterly months."""
    as_of = desk.market.as_of
    start = desk.delivery if symbol == "SR3" else as_of
    return contract_code(symbol, month_start(start.year, start.month + months))


def demo_positions_csv(market: SimulatedMarket) -> str:
    """Return the book as a positions file."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for line in demo_positions(market):
        term = line.leg is not Leg.CASH
        writer.writerow(
            [
                line.customer.customer_id,
                line.clearing_organization.value,
                line.account.value,
                line.instrument,
                line.quantity,
                line.leg.value if term else "",
                line.settlement_date or "",
                line.end_date or "",
                line.repo_rate_pct if term else "",
                f"{Decimal(line.start_amount.cents) / 100:.2f}" if line.start_amount else "",
            ]
        )
    return text.getvalue()
