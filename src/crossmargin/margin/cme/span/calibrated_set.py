"""A parameter set of our own, and the same as the values a SPAN calculation takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.margin.cme.span.calibration import MeasureWeights, ResidualStatistics
from crossmargin.margin.cme.span.contracts import (
    Period,
    ProductFamily,
    ProductKey,
    ProductType,
    ScanRange,
    SpanContract,
)
from crossmargin.margin.cme.span.credits import PairCredit, by_priority
from crossmargin.margin.cme.span.parameters import OWN_COMPLEX, CombinedCommodity, SpanParameters
from crossmargin.margin.cme.span.risk_array import future_risk_array
from crossmargin.margin.cme.span.spreads import (
    AccountRatios,
    DeliveryCharge,
    DeliveryMethod,
    DeliveryMonth,
    InterLeg,
    InterSpread,
    IntraLeg,
    IntraSpread,
    Side,
    Tier,
    WfprMethod,
)
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.futures import PRODUCTS, FuturesContract, ProductKind

#: Said with every figure of the set.
OWN_LABEL = "parameters of our own, calibrated to announced margin levels; not CME's"
_EXCHANGES: Mapping[ProductKind, str] = {
    ProductKind.TREASURY: "CBT",
    ProductKind.FED_FUNDS: "CBT",
    ProductKind.SOFR_3M: "CME",
    ProductKind.SOFR_1M: "CME",
}
_ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class ScanLevel:
    """The scan range of one contract.

    Parameters
    ----------
    contract : FuturesContract
    scan_range_dollars : int
        The outright maintenance level of one contract.
    dv01_dollars_per_bp : float
    level_bp : float
        Weighted level before rounding.
    measures_bp : tuple of float
    horizon_years : float
        Maturity of the cheapest issue; years to the start of a money-market contract's period.
    tier : int
        0 for Treasury contracts.
    """

    contract: FuturesContract
    scan_range_dollars: int
    dv01_dollars_per_bp: float
    level_bp: float
    measures_bp: tuple[float, ...]
    horizon_years: float
    tier: int


@dataclass(frozen=True, slots=True)
class CalendarCharge:
    """The charge of one contract of a tier against one of another, or of the same."""

    product: str
    tiers: tuple[int, int]
    dollars: int


@dataclass(frozen=True, slots=True)
class CalibrationEvidence:
    """What the weights rest on.

    Parameters
    ----------
    weights : MeasureWeights
    fitted : bool
        False where the market has no margin history and the stored weights stand.
    in_sample, left_out : mapping of product to ResidualStatistics
        Weights from all products, and from the others alone; empty where not fitted.
    held_out : mapping of product to ResidualStatistics
        The last years, with weights from the years before.
    last_level : mapping of product to date
        The last announced level: later scan ranges are extrapolated by the weights.
    """

    weights: MeasureWeights
    fitted: bool
    in_sample: Mapping[str, ResidualStatistics]
    left_out: Mapping[str, ResidualStatistics]
    held_out: Mapping[str, ResidualStatistics]
    last_level: Mapping[str, date]


@dataclass(frozen=True, slots=True)
class CalibratedSet:
    """A SPAN parameter set of our own for one date.

    Parameters
    ----------
    as_of : date
    curve_date : date
        Last date whose moves are used.
    evidence : CalibrationEvidence
    levels : tuple of ScanLevel
    calendar_charges : tuple of CalendarCharge
    pairs : tuple of PairCredit
        Every pair that was looked at, with a credit or with the reason for none.
    spread_redrawn_dates : int
        Dates of the credit window on which the SOFR-Treasury spread is redrawn.
    basis_redrawn_dates : int
        The same for the cash-futures basis.
    """

    as_of: date
    curve_date: date
    evidence: CalibrationEvidence
    levels: tuple[ScanLevel, ...]
    calendar_charges: tuple[CalendarCharge, ...]
    pairs: tuple[PairCredit, ...]
    spread_redrawn_dates: int
    basis_redrawn_dates: int

    def credits(self) -> list[PairCredit]:
        """Return the pairs with a credit in order of priority."""
        return by_priority(self.pairs)

    def of_product(self, product: str) -> list[ScanLevel]:
        """Return the levels of a product, nearest contract first."""
        return [level for level in self.levels if level.contract.product == product]


def span_parameters(calibrated: CalibratedSet, parameters: ParameterSet) -> SpanParameters:
    """Return the set as the values of a SPAN calculation, labelled as ours.

    Parameters
    ----------
    calibrated : CalibratedSet
    parameters : ParameterSet
        The CME-style model's.
    """
    products = list(dict.fromkeys(level.contract.product for level in calibrated.levels))
    return SpanParameters(
        complex=OWN_COMPLEX,
        business_date=calibrated.as_of,
        commodities=tuple(_commodity(each, calibrated, parameters) for each in products),
        contracts=tuple(_contract(level, parameters) for level in calibrated.levels),
        inter_spreads=tuple(
            _inter_spread(place, pair) for place, pair in enumerate(calibrated.credits(), start=1)
        ),
        label=OWN_LABEL,
    )


def product_key(product: str) -> ProductKey:
    """Return the family of a product: exchange and clearing code as CME's files have them."""
    terms = PRODUCTS[product]
    return ProductKey(_EXCHANGES[terms.kind], terms.clearing_code, ProductType.FUTURE)


def _period(contract: FuturesContract) -> Period:
    return Period(f"{contract.year}{contract.month:02d}")


def _contract(level: ScanLevel, parameters: ParameterSet) -> SpanContract:
    scan = ScanRange.symmetric(
        Fraction(level.scan_range_dollars),
        extreme_multiplier=parameters.ratio("span_extreme_multiplier"),
        cover_fraction=parameters.ratio("span_extreme_cover"),
    )
    return SpanContract(
        product=product_key(level.contract.product),
        period=_period(level.contract),
        losses=future_risk_array(scan),
        composite_delta=_ONE,
        scan=scan,
    )


def _commodity(
    product: str, calibrated: CalibratedSet, parameters: ParameterSet
) -> CombinedCommodity:
    terms, levels = PRODUCTS[product], calibrated.of_product(product)
    key = product_key(product)
    tiers = _tiers(levels)
    family = ProductFamily(
        key=key,
        name=product,
        contract_value_factor=Fraction(terms.dollars_per_point),
        settlement_decimals=6,
    )
    heightened = parameters.ratio("span_heightened_risk_initial_ratio")
    return CombinedCommodity(
        exchange=key.exchange,
        code=key.code,
        families=(family,),
        group="INT",
        intra_tiers=tiers,
        inter_tiers=tiers if levels[0].tier else (),
        intra_spreads=_intra_spreads(product, calibrated),
        delivery=_delivery(levels, parameters),
        wfpr_method=WfprMethod.SCANRANGE_CAP,
        initial_ratio=AccountRatios(speculator=heightened),
    )


def _tiers(levels: list[ScanLevel]) -> tuple[Tier, ...]:
    periods: dict[int, list[Period]] = {}
    for level in levels:
        periods.setdefault(max(1, level.tier), []).append(_period(level.contract))
    return tuple(Tier(tier, min(found), max(found)) for tier, found in sorted(periods.items()))


def _intra_spreads(product: str, calibrated: CalibratedSet) -> tuple[IntraSpread, ...]:
    # Nearest tiers first: a position is spread within its tier before it reaches for another.
    own = [charge for charge in calibrated.calendar_charges if charge.product == product]
    own.sort(key=lambda charge: (charge.tiers[1] - charge.tiers[0], charge.tiers))
    return tuple(
        IntraSpread(
            priority=place,
            charge=Fraction(charge.dollars),
            legs=(IntraLeg(charge.tiers[0], _ONE, Side.A), IntraLeg(charge.tiers[1], _ONE, Side.B)),
        )
        for place, charge in enumerate(own, start=1)
    )


def _delivery(levels: list[ScanLevel], parameters: ParameterSet) -> DeliveryCharge:
    rate = parameters.ratio("span_spot_charge_dollars")
    if not rate or levels[0].tier:
        return DeliveryCharge()
    month = DeliveryMonth(_period(levels[0].contract), rate, rate)
    return DeliveryCharge(method=DeliveryMethod.TABLE, months=(month,))


def _inter_spread(priority: int, pair: PairCredit) -> InterSpread:
    legs = zip(pair.products, pair.tiers, pair.contracts, (Side.A, Side.B), strict=True)
    return InterSpread(
        priority=priority,
        credit=pair.credit,
        legs=tuple(
            InterLeg(product_key(product).code, Fraction(contracts), side, tier=tier)
            for product, tier, contracts, side in legs
        ),
    )
