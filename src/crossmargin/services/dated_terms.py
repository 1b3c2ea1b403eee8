"""The terms that instruments have on a date, from what an as-of date knows of them.

Remaining maturities, deliveries and periods are counted from the date; the cheapest issue of a
Treasury contract is that of the product's front contract on the as-of date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import numpy as np

from crossmargin.analysis.walk.factors import discount_factors
from crossmargin.analysis.walk.lines import (
    Book,
    FutureLine,
    Lines,
    MoneyMarketLine,
    SecurityLine,
    TreasuryFutureLine,
)
from crossmargin.analysis.walk.paths import DatedBooks
from crossmargin.arrangement.eligibility import (
    EligibilityRules,
    RecognisedLine,
    Recognition,
    recognise,
)
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.margin.cme.equivalents import (
    EquivalentContract,
    EquivalentRules,
    ShortEndEquivalent,
)
from crossmargin.margin.ficc.repo import RepoVolatility
from crossmargin.market.curve import DAYS_PER_YEAR
from crossmargin.market.history import FloatArray
from crossmargin.pricing.futures_value import MONEY_MARKET_YEAR, TreasuryFuture
from crossmargin.pricing.security_book import flow_table, years_between
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.futures import (
    PRODUCTS,
    FuturesContract,
    ProductKind,
    first_delivery_day,
    last_delivery_day,
    last_trading_day,
    reference_period,
)
from crossmargin.product.position import Leg, PositionLine
from crossmargin.product.treasury import TreasurySecurity
from crossmargin.services.customer_books import PAR_PER_UNIT
from crossmargin.services.day_contracts import front_contracts
from crossmargin.services.margin_day import MarginDay
from crossmargin.services.walked_books import curve_dv01

_BASIS_POINT = 1e-4
_RULE = "methodology: position paths"


@dataclass(frozen=True, slots=True)
class _Proxy:
    """The product's cheapest to deliver on the as-of date.

    ``dv01_dollars`` is of a contract without the growth to delivery; ``basis_dollars_per_bp`` of
    its own futures-implied yield; ``delivers_last`` says on which end of the month.
    """

    years: float
    delivers_last: bool
    dv01_dollars: float
    basis_dollars_per_bp: float


@dataclass(frozen=True, slots=True)
class DatedTerms:
    """What terms of any date are made from.

    Parameters
    ----------
    day : MarginDay
        The as-of date.
    rules : EligibilityRules
    repo : RepoVolatility
    proxies : mapping of product to its cheapest to deliver
    """

    day: MarginDay
    rules: EligibilityRules
    repo: RepoVolatility
    proxies: Mapping[str, _Proxy]

    @staticmethod
    def of(day: MarginDay) -> DatedTerms:
        """Return what the as-of date knows.

        Raises
        ------
        RefusedError
            If securities are converted in another way than into the nearest contract.
        """
        rules = EquivalentRules.from_parameters(day.parameters.cme)
        faults = [
            Refusal(f"cme.{name}", value, f"{only}: a path converts in no other way", _RULE)
            for name, value, only in (
                ("equivalent_contract", rules.contract, EquivalentContract.NEAREST),
                ("short_end_equivalent", rules.short_end, ShortEndEquivalent.TREASURY),
            )
            if value is not only
        ]
        if faults:
            raise RefusedError(*faults)
        return DatedTerms(
            day,
            EligibilityRules.from_parameters(day.parameters.arrangement),
            day.ficc.repo,
            _proxies(day),
        )

    @staticmethod
    def left(each: RecognisedLine, on: date) -> str | None:
        """Return why a line is held no longer on a date; None while it is."""
        line, instrument = each.line, each.instrument
        if isinstance(instrument, FuturesContract):
            return "past its last trading day" if last_trading_day(instrument) < on else None
        if instrument.maturity_date <= on:
            return "matured"
        settles = line.settlement_date if line.leg is Leg.CASH else line.end_date
        if settles is not None and settles <= on and not line.failed:
            return "settled" if line.leg is Leg.CASH else "its end leg has settled"
        return None

    def recognised(self, lines: Sequence[PositionLine], on: date) -> Recognition:
        """Return what lines are on a date."""
        found = recognise(lines, as_of=on, securities=self.day.prices.prices, rules=self.rules)
        if found.refusals:
            raise RefusedError(*found.refusals)
        return found

    def books(
        self,
        eligible: Sequence[RecognisedLine],
        customers: Sequence[CustomerKey],
        on: date,
        zeros: FloatArray,
    ) -> DatedBooks:
        """Return the lines of a date and what every customer holds of them."""
        settlement = sifma_calendar().next_business_day(on)
        securities = {
            each.instrument.cusip.text: each.instrument
            for each in eligible
            if isinstance(each.instrument, TreasurySecurity)
        }
        contracts = {
            each.instrument.code: each.instrument
            for each in eligible
            if isinstance(each.instrument, FuturesContract)
        }
        front = {
            contract.product: contract
            for contract in front_contracts(on, sifma_calendar())
            if contract.product in self.proxies
        }
        struck = self._securities(securities, front, settlement, zeros)
        for contract in front.values():
            if any(contract.code in line.equivalents for line in struck):
                contracts.setdefault(contract.code, contract)
        futures = [
            found
            for _, contract in sorted(contracts.items())
            if (found := self._contract(contract, settlement, zeros))
        ]
        moving = {future.label for future in futures}
        return DatedBooks(
            Lines(tuple(struck), tuple(futures)),
            tuple(self._book(customer, eligible, moving, on) for customer in customers),
        )

    def _securities(
        self,
        securities: Mapping[str, TreasurySecurity],
        front: Mapping[str, FuturesContract],
        settlement: date,
        zeros: FloatArray,
    ) -> list[SecurityLine]:
        ordered = sorted(securities)
        if not ordered:
            return []
        years, flows = flow_table([securities[cusip] for cusip in ordered], settlement)
        discount = discount_factors(zeros[np.newaxis], years)[0]
        dv01 = np.zeros(len(ordered))
        for column, time in enumerate(years.tolist()):
            dv01 = dv01 + flows[:, column] * (float(discount[column]) * time * _BASIS_POINT)
        found = []
        for cusip, of_line in zip(ordered, dv01.tolist(), strict=True):
            remaining = years_between(settlement, securities[cusip].maturity_date)
            # The first of equals in the order of the product table, as on a margin day.
            product = min(front, key=lambda code: abs(self.proxies[code].years - remaining))
            ratio = of_line / self.proxies[product].dv01_dollars
            found.append(SecurityLine(cusip, remaining, of_line, {front[product].code: ratio}))
        return found

    def _contract(
        self, contract: FuturesContract, settlement: date, zeros: FloatArray
    ) -> FutureLine | None:
        """Return a contract as a line; None where nothing of it moves any more."""
        product = PRODUCTS[contract.product]
        if product.kind is ProductKind.TREASURY:
            proxy = self.proxies[contract.product]
            delivered = (
                last_delivery_day(contract) if proxy.delivers_last else first_delivery_day(contract)
            )
            delivery = max((delivered - settlement).days, 0) / MONEY_MARKET_YEAR
            front = float(zeros[0]) * MONEY_MARKET_YEAR / DAYS_PER_YEAR
            return TreasuryFutureLine(
                label=contract.code,
                product=contract.product,
                years=proxy.years,
                delivery_years=delivery,
                dv01_dollars=proxy.dv01_dollars * (1.0 + front * delivery),
                basis_dollars_per_bp=proxy.basis_dollars_per_bp,
            )
        first, end = reference_period(contract)
        start = max(first, settlement)
        days = (end - start).days
        if days <= 0:
            return None
        return MoneyMarketLine(
            label=contract.code,
            start_years=years_between(settlement, start),
            end_years=years_between(settlement, end),
            period=days / MONEY_MARKET_YEAR,
            dollars_per_rate=float(product.dollars_per_point) * 100.0 * days / (end - first).days,
            compounded=product.kind is ProductKind.SOFR_3M,
        )

    def _book(
        self,
        customer: CustomerKey,
        eligible: Sequence[RecognisedLine],
        moving: set[str],
        on: date,
    ) -> Book:
        securities: dict[str, int] = {}
        contracts: dict[str, int] = {}
        cent_days: dict[int, int] = {}
        for each in eligible:
            line = each.line
            if line.customer != customer:
                continue
            if isinstance(each.instrument, FuturesContract):
                if line.instrument in moving:
                    contracts[line.instrument] = contracts.get(line.instrument, 0) + line.quantity
                continue
            units = line.quantity // PAR_PER_UNIT
            securities[line.instrument] = securities.get(line.instrument, 0) + units
            for bucket, added in self._repo_term(line, on):
                cent_days[bucket] = cent_days.get(bucket, 0) + added
        charge = sum(
            (self.repo.bucket_charge_dollars(*each) for each in sorted(cent_days.items())),
            Fraction(0),
        )
        return Book(
            customer.customer_id,
            {label: units for label, units in sorted(securities.items()) if units},
            {label: units for label, units in sorted(contracts.items()) if units},
            charge,
        )

    def _repo_term(self, line: PositionLine, on: date) -> list[tuple[int, int]]:
        """Return the term bucket of a repo and its cent-days; none for what has none."""
        if line.leg is Leg.CASH or line.end_date is None:
            return []
        start = max(on, line.settlement_date or on)
        if line.end_date <= sifma_calendar().next_business_day(start):
            return []
        days_left = (line.end_date - start).days
        bucket = self.repo.bucket(days_left)
        if bucket is None:
            return []
        cents = line.start_amount.cents if line.start_amount else abs(line.quantity) * 100
        return [(bucket, (cents if line.leg is Leg.REPO else -cents) * days_left)]


def _proxies(day: MarginDay) -> dict[str, _Proxy]:
    """Return each product's cheapest to deliver: that of its front contract on the as-of date."""
    dv01 = curve_dv01(day)
    codes = {contract.code for contract in front_contracts(day.as_of, sifma_calendar())}
    found = {}
    for future in day.valuation.contracts:
        if not isinstance(future, TreasuryFuture) or future.contract.code not in codes:
            continue
        face = float(PRODUCTS[future.contract.product].face_dollars)
        per_100 = float(dv01[future.cheapest_row]) / future.cheapest_factor
        found[future.contract.product] = _Proxy(
            years=float(day.valuation.book.remaining_years[future.cheapest_row]),
            delivers_last=future.cheapest_delivery.delivery_day
            == last_delivery_day(future.contract),
            dv01_dollars=per_100 * face / 100.0,
            basis_dollars_per_bp=future.dv01_dollars,
        )
    # In the order of the product table.
    return {product: found[product] for product in PRODUCTS if product in found}
