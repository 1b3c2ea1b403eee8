"""Scanning: losses in sixteen scenarios by tier, and the weighted futures price risk."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

from crossmargin.margin.cme.span.contracts import SCENARIO_COUNT, SpanContract
from crossmargin.margin.cme.span.parameters import CombinedCommodity
from crossmargin.margin.cme.span.readings import TierRange
from crossmargin.margin.cme.span.results import PriceRisk, ScanTier
from crossmargin.margin.cme.span.risk_array import PAIR
from crossmargin.margin.cme.span.spreads import WfprMethod

Position = tuple[SpanContract, Fraction]
_ZERO = Fraction(0)


def scan(positions: Iterable[Position], number: int = 0) -> ScanTier:
    r"""Return the losses of positions in every scenario, and the active one.

    .. math:: L_s = \sum_i q_i a_{i,s}
    """
    held = list(positions)
    # Whole numbers over one denominator: exact as the fractions are, and a tenth of the time.
    parts = math.lcm(*(quantity.denominator for _, quantity in held))
    steps = math.lcm(*(loss.denominator for contract, _ in held for loss in contract.losses))
    totals = [0] * SCENARIO_COUNT
    for contract, quantity in held:
        units = quantity.numerator * (parts // quantity.denominator)
        for place, loss in enumerate(contract.losses):
            totals[place] += units * loss.numerator * (steps // loss.denominator)
    losses = [Fraction(total, parts * steps) for total in totals]
    active = max(range(SCENARIO_COUNT), key=lambda place: (losses[place], -place))
    return ScanTier(number, tuple(losses), active + 1)


def scan_tiers(commodity: CombinedCommodity, positions: Sequence[Position]) -> tuple[ScanTier, ...]:
    """Return the scan of each scan tier; one scan of everything where there are no tiers.

    Periods in no tier are scanned alone as tier 0: nothing that is held goes unscanned.
    """
    if not commodity.scan_tiers:
        return (scan(positions),)
    scans = []
    outside = list(positions)
    for tier in commodity.scan_tiers:
        inside = [each for each in outside if tier.contains(each[0].period)]
        outside = [each for each in outside if not tier.contains(each[0].period)]
        if inside:
            scans.append(scan(inside, tier.number))
    return tuple(([scan(outside)] if outside else []) + scans)


def price_risk(
    commodity: CombinedCommodity, positions: Sequence[Position], tier_range: TierRange, number: int
) -> PriceRisk:
    """Return the weighted futures price risk of a tier of a commodity.

    The mean loss of the active scenario and its pair is adjusted for volatility; less that of
    scenarios 1 and 2, in which the price does not move, it is the price risk; over the net delta it
    is weighted. It has none where the method needs a price scan range and a contract held has none.
    """
    scanned = scan(positions, number)
    losses, active = scanned.losses, scanned.active_scenario - 1
    time_risk = (losses[0] + losses[1]) / 2
    adjusted = (losses[active] + losses[PAIR[active]]) / 2
    risk = max(_ZERO, adjusted - time_risk)
    net = sum((quantity * each.delta for each, quantity in positions), start=_ZERO)
    capping = commodity.wfpr_method is not WfprMethod.NORMAL
    reach = _range_of_tier(positions, net, tier_range) if capping and net else None
    weighted: Fraction | None = risk / abs(net) if net else _ZERO
    if capping and net:
        weighted = _with_range(commodity.wfpr_method, risk / abs(net), reach)
    return PriceRisk(scanned, weighted)


def _with_range(method: WfprMethod, normal: Fraction, reach: Fraction | None) -> Fraction | None:
    if reach is None or method is WfprMethod.SCANRANGE:
        return reach
    return min(normal, reach)


def _range_of_tier(
    positions: Sequence[Position], net_delta: Fraction, tier_range: TierRange
) -> Fraction | None:
    weights, ranges = [], []
    for contract, quantity in positions:
        weight = abs(quantity * contract.delta)
        if not weight:
            continue
        if contract.scan is None:
            return None
        reach = contract.scan.price_down if net_delta > 0 else contract.scan.price_up
        weights.append(weight)
        ranges.append(reach / contract.delta_scaling_factor)
    if tier_range is TierRange.LARGEST:
        return max(ranges)
    if tier_range is TierRange.SMALLEST:
        return min(ranges)
    total = sum(weights, start=_ZERO)
    return sum((w * r for w, r in zip(weights, ranges, strict=True)), start=_ZERO) / total
