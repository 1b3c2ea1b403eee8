"""Delivery into Treasury futures: baskets with factors, invoices, basis, implied repo, cheapest.

Repo interest is simple, actual/360. Coupons paid between settlement and delivery are reinvested at
the same rate to the delivery day.

References
----------
CME Group, *Understanding Treasury Futures*; *Calculating US Treasury futures conversion factors*.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from crossmargin.basics.money import Money
from crossmargin.pricing.conversion_factor import conversion_factor
from crossmargin.pricing.treasury import accrued_interest_per_100
from crossmargin.product.basket import is_deliverable
from crossmargin.product.futures import FuturesContract
from crossmargin.product.treasury import CashFlow, TreasurySecurity, cash_flows_per_100

_REPO_YEAR_DAYS = 360
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class BasketLine:
    """One deliverable security with its conversion factor."""

    security: TreasurySecurity
    conversion_factor: Decimal


@dataclass(frozen=True, slots=True)
class Invoice:
    """What the long pays for one contract: principal and accrued interest."""

    principal: Money
    accrued: Money

    @property
    def total(self) -> Money:
        """The whole amount."""
        return self.principal + self.accrued


@dataclass(frozen=True, slots=True)
class DeliveryFigures:
    """One basket line at one futures price and delivery day; prices in points, rate in per cent."""

    line: BasketLine
    forward_clean_price_per_100: Fraction
    gross_basis: Fraction
    net_basis: Fraction
    implied_repo_pct: Fraction


def deliverable_basket(
    contract: FuturesContract, securities: Iterable[TreasurySecurity]
) -> tuple[BasketLine, ...]:
    """Return the securities the contract accepts, with their factors, by maturity and CUSIP."""
    accepted = sorted(
        (security for security in securities if is_deliverable(security, contract).deliverable),
        key=lambda security: (security.maturity_date, security.cusip),
    )
    return tuple(
        BasketLine(
            security,
            conversion_factor(
                product=contract.product,
                delivery_year=contract.year,
                delivery_month=contract.month,
                coupon_pct=security.coupon_pct,
                maturity_date=security.maturity_date,
            ),
        )
        for security in accepted
    )


def invoice(
    contract: FuturesContract,
    line: BasketLine,
    *,
    futures_price: Decimal,
    delivery_day: date,
) -> Invoice:
    """Return the invoice of one contract, principal and accrued interest each to the cent, half up.

    Parameters
    ----------
    contract : FuturesContract
    line : BasketLine
    futures_price : Decimal
        Settlement price, points.
    delivery_day : date
    """
    product = contract.specification
    principal = futures_price * line.conversion_factor * product.dollars_per_point
    accrued = accrued_interest_per_100(line.security, delivery_day) * product.face_dollars / 100
    return Invoice(_to_the_cent(Fraction(principal)), _to_the_cent(accrued))


def forward_clean_price_per_100(
    security: TreasurySecurity,
    *,
    clean_price_per_100: Decimal,
    settlement: date,
    delivery_day: date,
    repo_rate_pct: Decimal,
) -> Fraction:
    """Return the price, without accrued interest, at which a financed purchase breaks even.

    Parameters
    ----------
    security : TreasurySecurity
    clean_price_per_100 : Decimal
        Spot price.
    settlement, delivery_day : date
    repo_rate_pct : Decimal
        Per cent a year, simple, actual/360; coupons are reinvested at it.

    Raises
    ------
    ValueError
        If delivery is before settlement.
    """
    rate = Fraction(repo_rate_pct) / 100
    paid = Fraction(clean_price_per_100) + accrued_interest_per_100(security, settlement)
    grown = paid * (1 + rate * _years(settlement, delivery_day))
    for flow in _interim(security, settlement, delivery_day):
        grown -= flow.amount_per_100 * (1 + rate * _years(flow.date, delivery_day))
    return grown - accrued_interest_per_100(security, delivery_day)


def gross_basis(
    line: BasketLine, *, clean_price_per_100: Decimal, futures_price: Decimal
) -> Fraction:
    """Return spot price less futures price times factor, in points (32nds: times 32)."""
    return Fraction(clean_price_per_100) - _delivery_price(line, futures_price)


def net_basis(
    line: BasketLine,
    *,
    clean_price_per_100: Decimal,
    futures_price: Decimal,
    settlement: date,
    delivery_day: date,
    repo_rate_pct: Decimal,
) -> Fraction:
    """Return forward price less futures price times factor, in points: the basis after carry."""
    forward = forward_clean_price_per_100(
        line.security,
        clean_price_per_100=clean_price_per_100,
        settlement=settlement,
        delivery_day=delivery_day,
        repo_rate_pct=repo_rate_pct,
    )
    return forward - _delivery_price(line, futures_price)


def implied_repo_pct(
    line: BasketLine,
    *,
    clean_price_per_100: Decimal,
    futures_price: Decimal,
    settlement: date,
    delivery_day: date,
) -> Fraction:
    """Return the simple actual/360 rate earned by buying now and delivering, per cent a year.

    Interim coupons reduce the amount financed from the day they are paid.

    Raises
    ------
    ValueError
        If delivery is not after settlement.
    """
    if delivery_day <= settlement:
        raise ValueError(f"delivery must be after {settlement}, was {delivery_day}")
    paid = Fraction(clean_price_per_100) + accrued_interest_per_100(line.security, settlement)
    received = _delivery_price(line, futures_price)
    received += accrued_interest_per_100(line.security, delivery_day)
    financed = paid * _years(settlement, delivery_day)
    for flow in _interim(line.security, settlement, delivery_day):
        received += flow.amount_per_100
        financed -= flow.amount_per_100 * _years(flow.date, delivery_day)
    return (received - paid) / financed * 100


def cheapest_to_deliver(
    basket: Iterable[BasketLine],
    *,
    clean_prices_per_100: Mapping[str, Decimal],
    futures_price: Decimal,
    settlement: date,
    delivery_day: date,
    repo_rate_pct: Decimal,
) -> tuple[DeliveryFigures, ...]:
    """Return the figures of every priced line, the cheapest to deliver first.

    The cheapest has the highest implied repo rate; ties go to the smaller net basis, then the
    earlier maturity and the CUSIP.

    Parameters
    ----------
    basket : iterable of BasketLine
    clean_prices_per_100 : mapping of CUSIP text to Decimal
        Lines without a price are left out.
    futures_price : Decimal
    settlement, delivery_day : date
    repo_rate_pct : Decimal
        For the forward price and the net basis.
    """
    figures = []
    for line in basket:
        if (price := clean_prices_per_100.get(line.security.cusip.text)) is None:
            continue
        forward = forward_clean_price_per_100(
            line.security,
            clean_price_per_100=price,
            settlement=settlement,
            delivery_day=delivery_day,
            repo_rate_pct=repo_rate_pct,
        )
        repo = implied_repo_pct(
            line,
            clean_price_per_100=price,
            futures_price=futures_price,
            settlement=settlement,
            delivery_day=delivery_day,
        )
        delivered = _delivery_price(line, futures_price)
        figures.append(
            DeliveryFigures(line, forward, Fraction(price) - delivered, forward - delivered, repo)
        )
    return tuple(sorted(figures, key=_cheapest_first))


def theoretical_futures_price(
    basket: Iterable[BasketLine],
    *,
    clean_prices_per_100: Mapping[str, Decimal],
    settlement: date,
    delivery_days: Iterable[date],
    repo_rate_pct: Decimal,
) -> tuple[Fraction, BasketLine, date]:
    """Return the futures price without delivery options, its cheapest line and delivery day.

    The least, over lines and delivery days, of forward clean price over factor (ruling 17).

    Raises
    ------
    ValueError
        If no line has a price.
    """
    lines = [line for line in basket if line.security.cusip.text in clean_prices_per_100]
    candidates = [
        (
            forward_clean_price_per_100(
                line.security,
                clean_price_per_100=clean_prices_per_100[line.security.cusip.text],
                settlement=settlement,
                delivery_day=day,
                repo_rate_pct=repo_rate_pct,
            )
            / Fraction(line.conversion_factor),
            line,
            day,
        )
        for day in delivery_days
        for line in lines
    ]
    if not candidates:
        raise ValueError("no line of the basket has a price")
    return min(candidates, key=lambda c: (c[0], c[2], c[1].security.cusip))


def _cheapest_first(figures: DeliveryFigures) -> tuple[Fraction, Fraction, date, str]:
    security = figures.line.security
    return (
        -figures.implied_repo_pct,
        figures.net_basis,
        security.maturity_date,
        security.cusip.text,
    )


def _delivery_price(line: BasketLine, futures_price: Decimal) -> Fraction:
    return Fraction(futures_price) * Fraction(line.conversion_factor)


def _interim(
    security: TreasurySecurity, settlement: date, delivery_day: date
) -> tuple[CashFlow, ...]:
    return tuple(
        flow for flow in cash_flows_per_100(security, after=settlement) if flow.date <= delivery_day
    )


def _years(first: date, last: date) -> Fraction:
    if last < first:
        raise ValueError(f"delivery must not be before {first}, was {last}")
    return Fraction((last - first).days, _REPO_YEAR_DAYS)


def _to_the_cent(dollars: Fraction) -> Money:
    exact = Decimal(dollars.numerator) / Decimal(dollars.denominator)
    return Money(int(exact.quantize(_CENT, rounding=ROUND_HALF_UP) * 100))
