"""SPAN parameter sets: checked at birth, ordered, and equal by content."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from crossmargin.margin.cme.span.parameters import (
    CombinedCommodity,
    DeliveryCharge,
    DeliveryMethod,
    DeliveryMonth,
    InterLeg,
    InterSpread,
    IntraLeg,
    IntraSpread,
    OptionRight,
    OptionTerms,
    Period,
    ProductFamily,
    ProductKey,
    ProductType,
    ScanRange,
    Side,
    SpanContract,
    SpanParameters,
    Tier,
)
from crossmargin.margin.cme.span.risk_array import PAIR, PAIRED_SCENARIOS, future_risk_array

F = Fraction
ZN = ProductKey("CBT", "21", ProductType.FUTURE)
ZB = ProductKey("CBT", "17", ProductType.FUTURE)


def future(product: ProductKey, period: str, range_dollars: int = 2000) -> SpanContract:
    scan = ScanRange.symmetric(F(range_dollars), extreme_multiplier=F(3), cover_fraction=F(33, 100))
    return SpanContract(product, Period(period), future_risk_array(scan), F(1), scan)


def commodity(product: ProductKey, **more: object) -> CombinedCommodity:
    return CombinedCommodity("CBT", product.code, (ProductFamily(product),), **more)  # type: ignore[arg-type]


def spread(priority: int = 1, *, tier: int = 0, other: str = "17") -> InterSpread:
    legs = (InterLeg("21", F(2), Side.A, tier), InterLeg(other, F(1), Side.B))
    return InterSpread(priority, F(3, 4), legs)


def parameters(**changes: object) -> SpanParameters:
    given = {
        "complex": "XMOWN",
        "business_date": date(2026, 3, 24),
        "commodities": (commodity(ZN), commodity(ZB)),
        "contracts": (future(ZN, "202606"), future(ZB, "202606", 3600)),
        "inter_spreads": (spread(),),
        "label": "illustrative parameters",
    }
    return SpanParameters(**(given | changes))  # type: ignore[arg-type]


def test_a_set_is_ordered_and_equal_whatever_the_order_it_was_given_in() -> None:
    first = parameters()
    again = parameters(
        commodities=tuple(reversed(first.commodities)),
        contracts=tuple(reversed(first.contracts)),
    )
    assert again == first
    assert again.digest == first.digest
    assert [each.code for each in first.commodities] == ["17", "21"]


def test_the_label_is_no_parameter_but_every_figure_is() -> None:
    first = parameters()
    assert parameters(label="the same, from elsewhere").digest == first.digest
    assert parameters(business_date=date(2026, 3, 25)).digest != first.digest
    changed = replace(first.contracts[0], composite_delta=F(99, 100))
    assert parameters(contracts=(changed, first.contracts[1])).digest != first.digest
    with pytest.raises(ValueError, match="label is empty"):
        parameters(label="")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"commodities": (commodity(ZN), commodity(ZN))}, "combined commodity given more than"),
        ({"commodities": (commodity(ZB),), "inter_spreads": ()}, "CBT 21 FUT 202606 belongs to no"),
        ({"contracts": (future(ZN, "202606"), future(ZN, "202606"))}, "contract given more than"),
        ({"inter_spreads": (spread(other="99"),)}, "no combined commodity '99'"),
        ({"inter_spreads": (spread(tier=3),)}, "21 has no tier 3"),
    ],
)
def test_what_does_not_hang_together_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parameters(**changes)


def test_options_of_one_series_share_their_array_parameters() -> None:
    key = ProductKey("CBT", "TC", ProductType.OPTION_ON_FUTURE)
    scan = ScanRange.symmetric(F(2000))
    calls = [
        SpanContract(
            key,
            Period("202606"),
            (F(0),) * 16,
            F(1, 2),
            scan,
            option=OptionTerms(Period("202605"), OptionRight.CALL, F(strike)),
        )
        for strike in (112, 113)
    ]
    note = CombinedCommodity("CBT", "21", (ProductFamily(ZN), ProductFamily(key)))
    parameters(commodities=(note,), contracts=calls, inter_spreads=())
    calls[1] = replace(calls[1], scan=ScanRange.symmetric(F(2100)))
    with pytest.raises(ValueError, match="one series, two sets"):
        parameters(commodities=(note,), contracts=calls, inter_spreads=())


def test_values_refuse_what_they_cannot_mean() -> None:
    with pytest.raises(ValueError, match="16 values, had 15"):
        SpanContract(ZN, Period("202606"), (F(0),) * 15, F(1))
    with pytest.raises(ValueError, match="CCYYMM"):
        Period("202613")
    with pytest.raises(ValueError, match="ends at 202603 before 202606"):
        Tier(1, Period("202606"), Period("202603"))
    with pytest.raises(ValueError, match="legs on both sides"):
        IntraSpread(1, F(5), (IntraLeg(1, F(1), Side.A), IntraLeg(2, F(1), Side.A)))
    with pytest.raises(ValueError, match="of tiers and of periods"):
        IntraSpread(1, F(5), (IntraLeg(1, F(1), Side.A), IntraLeg(Period("202606"), F(1), Side.B)))
    pair = IntraSpread(1, F(5), (IntraLeg(1, F(1), Side.A), IntraLeg(2, F(1), Side.B)))
    with pytest.raises(ValueError, match="unknown tiers"):
        commodity(ZN, intra_spreads=(pair,))
    with pytest.raises(ValueError, match="method 10"):
        DeliveryCharge(DeliveryMethod.BASIS, (DeliveryMonth(Period("202606"), F(1), F(2)),))


def test_a_tier_holds_its_ends_and_whole_months() -> None:
    tier = Tier(1, Period("202606"), Period("202612"))
    inside = [tier.contains(Period(text)) for text in ("202606", "202609W2", "202612W5")]
    assert inside == [True, True, True]
    assert [tier.contains(Period(text)) for text in ("202605W5", "202701")] == [False, False]
    weekly = Tier(2, Period("202606W2"), Period("202606W4"))
    found = [weekly.contains(Period(f"202606W{week}")) for week in (1, 2, 4, 5)]
    assert found == [False, True, True, False]


def test_paired_scenarios_have_the_same_price_and_the_opposite_volatility() -> None:
    for place, scenario in enumerate(PAIRED_SCENARIOS):
        pair = PAIRED_SCENARIOS[PAIR[place]]
        assert (pair.price, pair.volatility) == (scenario.price, -scenario.volatility)
    assert PAIR[14:] == (14, 15)


def test_an_asymmetric_range_moves_each_direction_by_its_own() -> None:
    scan = ScanRange(F(900), F(1500), F(0), F(2), F(35, 100))
    array = future_risk_array(scan)
    assert [int(loss) for loss in array] == [
        *(0, 0, -300, -300, 500, 500, -600, -600, 1000, 1000, -900, -900, 1500, 1500),
        *(-630, 1050),
    ]
    assert scan.price == 1500
