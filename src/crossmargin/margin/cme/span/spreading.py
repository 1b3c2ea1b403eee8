"""Spreads in order: super-spreads, intracommodity spreads, intercommodity spreads.

Each spread is tried with side A long, then with side B long, and formed as often as the remaining
deltas of its legs allow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from crossmargin.basics.refusals import refused
from crossmargin.margin.cme.span.contracts import Period
from crossmargin.margin.cme.span.deltas import (
    DeltaLedger,
    Demand,
    Within,
    spreads_possible,
    take_all,
)
from crossmargin.margin.cme.span.parameters import CombinedCommodity
from crossmargin.margin.cme.span.readings import InterDelta, SpanReadings
from crossmargin.margin.cme.span.results import FormedLeg, FormedSpread, PriceRisk, SpreadKind
from crossmargin.margin.cme.span.scan import Position, price_risk
from crossmargin.margin.cme.span.spreads import InterLeg, InterSpread, IntraLeg, IntraSpread, Side

_ZERO = Fraction(0)
_SIDES = (Side.A, Side.B)
_LAST = Period("999912ZZ")


@dataclass(slots=True)
class CommodityBook:
    """One combined commodity while its spreads are formed."""

    commodity: CombinedCommodity
    positions: Sequence[Position]
    readings: SpanReadings
    ledger: DeltaLedger
    intra_charge: Fraction = _ZERO
    inter_credit: Fraction = _ZERO
    _risks: dict[int, PriceRisk] = field(default_factory=dict)

    def price_risk(self, tier: int) -> PriceRisk:
        """Return the weighted futures price risk of an inter tier, 0 for the whole commodity."""
        if tier not in self._risks:
            within, _ = _periods_of(self.commodity, tier)
            inside = [each for each in self.positions if within(each[0].period)]
            reach = self.readings.tier_range
            self._risks[tier] = price_risk(self.commodity, inside, reach, tier)
        return self._risks[tier]

    def weighted_price_risk(self, tier: int) -> Fraction:
        """Return what a delta of an inter tier may earn at a rate of one.

        Raises
        ------
        RefusedError
            If a contract held has no price scan range and the method needs one.
        """
        weighted = self.price_risk(tier).weighted
        if weighted is None:
            bare = next(each for each, _ in self.positions if each.scan is None)
            expected = "a price scan range (type B, scanRate): the commodity's credit needs it"
            raise refused("contract", bare.label, expected, "SPAN: weighted price risk")
        return weighted

    def inter_demand(self, leg: InterLeg, sign: int) -> Demand:
        """Return what an intercommodity leg asks for and may use."""
        within, last = _periods_of(self.commodity, leg.tier)
        if self.readings.inter_delta is InterDelta.NET:
            limit = max(_ZERO, sign * self.ledger.net(within))
        else:
            limit = self.ledger.available(within, sign)
        return Demand(self.ledger, within, last, sign, leg.ratio, limit)


def form_intra(book: CommodityBook) -> Iterable[FormedSpread]:
    """Form the intracommodity spreads of a commodity: tiers first, then series, by priority."""
    for spread in book.commodity.intra_spreads:
        kind = SpreadKind.INTRA_TIER if spread.by_tier else SpreadKind.INTRA_SERIES
        for long_side in _SIDES:
            demands = [_intra_demand(book, leg, _sign(leg.side, long_side)) for leg in spread.legs]
            count = spreads_possible(demands)
            if count > 0:
                take_all(demands, count)
                book.intra_charge += count * spread.charge
                yield _formed_intra(book, spread, kind, long_side, count)


def form_inter(
    books: dict[str, CommodityBook], spreads: Iterable[InterSpread], kind: SpreadKind
) -> Iterable[FormedSpread]:
    """Form intercommodity spreads in their order, and book the credits.

    Raises
    ------
    RefusedError
        If a scanning-based spread could be formed: it is kept but not calculated.
    """
    for spread in spreads:
        if spread.scanning:
            _refuse_if_held(books, spread)
            continue
        if any(leg.commodity not in books for leg in spread.legs):
            continue
        for long_side in _SIDES:
            demands = [
                books[leg.commodity].inter_demand(leg, _sign(leg.side, long_side))
                for leg in spread.legs
            ]
            count = spreads_possible(demands)
            if count > 0:
                take_all(demands, count)
                yield _formed_inter(books, spread, kind, long_side, count)


def _sign(side: Side, long_side: Side) -> int:
    return 1 if side is long_side else -1


def _periods_of(commodity: CombinedCommodity, inter_tier: int) -> tuple[Within, Period]:
    for tier in commodity.inter_tiers:
        if tier.number == inter_tier:
            return tier.contains, tier.end
    return (lambda _: True), _LAST


def _intra_demand(book: CommodityBook, leg: IntraLeg, sign: int) -> Demand:
    within: Callable[[Period], bool]
    if isinstance(leg.where, Period):
        period = leg.where
        within, last = period.__eq__, period
    else:
        tier = next(each for each in book.commodity.intra_tiers if each.number == leg.where)
        within, last = tier.contains, tier.end
    limit = book.ledger.available(within, sign)
    return Demand(book.ledger, within, last, sign, leg.ratio, limit)


def _formed_intra(
    book: CommodityBook, spread: IntraSpread, kind: SpreadKind, long_side: Side, count: Fraction
) -> FormedSpread:
    legs = tuple(
        FormedLeg(
            book.commodity.code,
            leg.where,
            leg.side,
            _sign(leg.side, long_side) * count * leg.ratio,
        )
        for leg in spread.legs
    )
    return FormedSpread(kind, spread.priority, long_side, count, count * spread.charge, legs)


def _formed_inter(
    books: dict[str, CommodityBook],
    spread: InterSpread,
    kind: SpreadKind,
    long_side: Side,
    count: Fraction,
) -> FormedSpread:
    legs = []
    sharing = len({leg.commodity for leg in spread.legs})
    seen: set[str] = set()
    for leg in spread.legs:
        book = books[leg.commodity]
        weighted = _ZERO if spread.flat else book.weighted_price_risk(leg.tier)
        used = count * leg.ratio
        if spread.flat:
            # A flat credit is shared equally by the commodities, whatever their legs.
            credit = count * spread.credit / sharing if leg.commodity not in seen else _ZERO
        else:
            credit = used * weighted * (spread.credit if leg.credit is None else leg.credit)
        seen.add(leg.commodity)
        book.inter_credit += credit
        sign = _sign(leg.side, long_side)
        legs.append(
            FormedLeg(leg.commodity, leg.tier, leg.side, sign * used, weighted, credit),
        )
    amount = sum((leg.credit for leg in legs), start=_ZERO)
    return FormedSpread(kind, spread.priority, long_side, count, amount, tuple(legs))


def _refuse_if_held(books: dict[str, CommodityBook], spread: InterSpread) -> None:
    codes = [leg.commodity for leg in spread.legs]
    held = [code for code in codes if code in books]
    needed = {leg.commodity for leg in spread.legs if leg.required}
    if len(set(held)) > 1 and needed <= set(held):
        raise refused(
            "intercommodity spread",
            f"{spread.priority}: {' '.join(codes)}",
            "a spread formed from deltas: scanning-based spreads are read but not calculated",
            "SPAN: intercommodity spread method 04",
        )
