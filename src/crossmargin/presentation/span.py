"""A SPAN parameter set and a SPAN result as documents and rows, once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction

from crossmargin.basics.money import charge_from_dollars
from crossmargin.margin.cme.span.contradictions import (
    composite_deltas_that_differ,
    scan_ranges_that_differ,
)
from crossmargin.margin.cme.span.parameters import CombinedCommodity, SpanContract, SpanParameters
from crossmargin.margin.cme.span.results import FormedSpread, SpanResult

COMMODITY_HEADER = (
    *("commodity", "name", "exchange", "currency", "contracts", "price_scan_range"),
    *("wfpr_method", "intra_spreads", "scan_tiers", "inter_tiers", "delivery_method"),
    "short_option_minimum",
)
RESULT_HEADER = (
    *("commodity", "scan_risk", "active_scenario", "intra_charge", "delivery_charge"),
    *("inter_credit", "short_option_minimum", "risk", "maintenance", "initial"),
)
RESULT_CSV_HEADER = (*RESULT_HEADER, "scan_range_differs", "composite_delta_differs")


def parameters_document(
    parameters: SpanParameters,
    *,
    form: str,
    sha256: str,
    record_counts: Mapping[str, int],
    kept_counts: Mapping[str, int],
) -> dict[str, object]:
    """Return what a parameter file holds."""
    return {
        "parameters": parameters.label,
        "exchange_complex": parameters.complex,
        "business_date": parameters.business_date.isoformat(),
        "prices": "settlement" if parameters.settlement == "S" else "intraday",
        "form": form,
        "file_sha256": sha256,
        "digest": parameters.digest,
        "records": dict(record_counts),
        "kept_unread": dict(kept_counts),
        "commodities": [
            dict(zip(COMMODITY_HEADER, row, strict=True)) for row in commodity_rows(parameters)
        ],
        "inter_spreads": [_inter_text(parameters, place) for place in _places(parameters)],
        **contradictions(parameters.contracts),
    }


def commodity_rows(parameters: SpanParameters) -> list[list[str]]:
    """Return a row a combined commodity, under :data:`COMMODITY_HEADER`."""
    return [_commodity_row(parameters, each) for each in parameters.commodities]


def contradictions(contracts: Iterable[SpanContract]) -> dict[str, list[str]]:
    """Return the contracts that contradict their own parameters, by what contradicts."""
    contracts = list(contracts)
    return {
        "scan_range_differs": scan_ranges_that_differ(contracts),
        "composite_delta_differs": composite_deltas_that_differ(contracts),
    }


def contradiction_lines(contracts: Iterable[SpanContract]) -> list[str]:
    """Return a sentence for each kind of contradiction that there is."""
    found = contradictions(contracts)
    return [f"{_SENTENCES[kind]}: {', '.join(labels)}." for kind, labels in found.items() if labels]


_SENTENCES = {
    "scan_range_differs": "Arrays that do not move by their scan range",
    "composite_delta_differs": "Composite deltas that are none (of a future 1, of an option "
    "from 0 to 1 or -1 to 0)",
}


def result_document(result: SpanResult, held: Iterable[SpanContract]) -> dict[str, object]:
    """Return a requirement with every component, every spread and what is held that contradicts."""
    return {
        "engine": result.engine,
        "parameters_digest": result.parameters_digest,
        "account": result.account.value,
        "maintenance": dollars(result.maintenance),
        "initial": dollars(result.initial),
        "commodities": [dict(zip(RESULT_HEADER, row, strict=True)) for row in result_rows(result)],
        "spreads": [_spread_document(each) for each in result.spreads],
        **contradictions(held),
    }


def result_csv_rows(
    result: SpanResult, held: Iterable[SpanContract], parameters: SpanParameters
) -> list[list[str]]:
    """Return a row a combined commodity, under :data:`RESULT_CSV_HEADER`."""
    by_commodity: dict[str, list[SpanContract]] = defaultdict(list)
    for contract in held:
        by_commodity[parameters.commodity_by_product[contract.product].code].append(contract)
    return [
        [*row, *("; ".join(each) for each in contradictions(by_commodity[row[0]]).values())]
        for row in result_rows(result)
    ]


def result_rows(result: SpanResult) -> list[list[str]]:
    """Return a row a combined commodity, under :data:`RESULT_HEADER`."""
    return [
        [
            each.code,
            dollars(each.scan_risk),
            " ".join(str(tier.active_scenario) for tier in each.scan_tiers),
            dollars(each.intra_charge),
            dollars(each.delivery_charge),
            dollars(each.inter_credit),
            dollars(each.short_option_minimum),
            dollars(each.risk),
            dollars(each.maintenance),
            dollars(each.initial),
        ]
        for each in result.commodities
    ]


def dollars(value: Fraction) -> str:
    """Return an amount up to the cent."""
    return str(charge_from_dollars(value))


def _commodity_row(parameters: SpanParameters, commodity: CombinedCommodity) -> list[str]:
    keys = {family.key for family in commodity.families}
    contracts = [each for each in parameters.contracts if each.product in keys]
    ranges = sorted({each.scan.price for each in contracts if each.scan})
    ends = dict.fromkeys((ranges[0], ranges[-1])) if ranges else ()
    return [
        commodity.code,
        commodity.name,
        commodity.exchange,
        commodity.currency,
        str(len(contracts)),
        " to ".join(_plain(each) for each in ends),
        commodity.wfpr_method.value,
        str(len(commodity.intra_spreads)),
        str(len(commodity.scan_tiers)),
        str(len(commodity.inter_tiers)),
        commodity.delivery.method.value or "none",
        _plain(commodity.short_option_minimum.rate),
    ]


def _places(parameters: SpanParameters) -> range:
    return range(len(parameters.inter_spreads))


def _inter_text(parameters: SpanParameters, place: int) -> dict[str, object]:
    spread = parameters.inter_spreads[place]
    key = "credit_dollars" if spread.flat else "credit_pct"
    return {
        "priority": spread.priority,
        key: _plain(spread.credit if spread.flat else spread.credit * 100),
        "super_spread": spread.super_spread,
        "scanning_based": spread.scanning,
        "legs": " ".join(
            f"{leg.side}:{_plain(leg.ratio)}x{leg.commodity}{f'/{leg.tier}' if leg.tier else ''}"
            for leg in spread.legs
        ),
    }


def _spread_document(spread: FormedSpread) -> dict[str, object]:
    return {
        "kind": spread.kind.value,
        "priority": spread.priority,
        "long_side": spread.long_side.value,
        "count": _plain(spread.count),
        "amount": dollars(spread.amount),
        "legs": [
            {
                "commodity": leg.commodity,
                "where": str(leg.where),
                "delta_used": _plain(leg.delta_used),
                "credit": dollars(leg.credit),
            }
            for leg in spread.legs
        ],
    }


def spread_lines(result: SpanResult) -> Iterator[str]:
    """Yield a line a spread: what was formed, how often, for how much."""
    for spread in result.spreads:
        legs = ", ".join(
            f"{leg.commodity}{f'/{leg.where}' if leg.where else ''} {_plain(leg.delta_used)}"
            for leg in spread.legs
        )
        what = "charge" if spread.kind.value.startswith("intra") else "credit"
        count = _plain(spread.count)
        yield (
            f"{spread.kind} spread, priority {spread.priority}, {count} times: deltas {legs}; "
            f"{what} {dollars(spread.amount)}"
        )


def _plain(value: Fraction) -> str:
    text = f"{Decimal(value.numerator) / Decimal(value.denominator):.6f}"
    return text.rstrip("0").rstrip(".")
