"""What goes into delivery on an intention day: tenders against open lots, with their invoices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.product.treasury import TreasurySecurity
from crossmargin.services.clearing_day.position_flows import Leaving
from crossmargin.settlement.delivery import Delivery, Tender, delivery
from crossmargin.settlement.lots import Lot
from crossmargin.settlement.prices import SettlementPrice

_RULE = "delivery of Treasury futures"


@dataclass(frozen=True, slots=True)
class TenderDay:
    """What goes into delivery on an intention day.

    Parameters
    ----------
    deliveries : tuple of Delivery
        Each with its invoice, paid on its delivery day.
    leaving : mapping of lot id to Leaving
    """

    deliveries: tuple[Delivery, ...]
    leaving: Mapping[str, Leaving]


def cme_tenders(
    lots: Sequence[Lot],
    *,
    tenders: Sequence[Tender],
    day: date,
    settled: Mapping[str, SettlementPrice],
    securities: Mapping[str, TreasurySecurity],
) -> TenderDay:
    """Return what goes into delivery at the end of an intention day, after its last variation.

    Parameters
    ----------
    lots : sequence of Lot
        All open lots.
    tenders : sequence of Tender
        Those of other days are passed over.
    day : date
    settled : mapping of contract code to SettlementPrice
        Of the day; after the last trading day those of that day.
    securities : mapping of CUSIP to TreasurySecurity

    Raises
    ------
    RefusedError
        With everything that is wrong with any tender: no such lot, price or security, or as
        :func:`crossmargin.settlement.delivery.delivery`.
    """
    open_lots = {lot.lot_id: lot for lot in lots if not lot.at_ficc}
    refusals: list[Refusal] = []
    deliveries = []
    for tender in tenders:
        if tender.intention_day != day:
            continue
        lot = open_lots.get(tender.lot_id)
        if faults := _unknown(tender, lot, settled, securities):
            refusals += faults
        elif lot is not None:
            security, price = securities[tender.cusip.text], settled[lot.instrument].price
            try:
                made = delivery(tender, lot, lot.contract, security, settlement_price=price)
            except RefusedError as error:
                refusals += error.refusals
            else:
                deliveries.append(made)
    if refusals:
        raise RefusedError(*refusals)
    return TenderDay(tuple(deliveries), {made.lot_id: Leaving.IN_DELIVERY for made in deliveries})


def _unknown(
    tender: Tender,
    lot: Lot | None,
    settled: Mapping[str, SettlementPrice],
    securities: Mapping[str, TreasurySecurity],
) -> list[Refusal]:
    faults = []
    if lot is None:
        faults.append(Refusal("lot", tender.lot_id, "an open futures lot", _RULE))
    elif lot.instrument not in settled:
        expected = "a contract with a settlement price"
        faults.append(Refusal("instrument", lot.instrument, expected, _RULE))
    if lot is not None and tender.cusip.text not in securities:
        faults.append(Refusal("cusip", tender.cusip.text, "a security that is known", _RULE))
    return faults
