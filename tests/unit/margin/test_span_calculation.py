"""Each step of the SPAN calculation, by a case worked by hand."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.margin.cme.span.calculation import span_margin
from crossmargin.margin.cme.span.parameters import (
    AccountRatios,
    CurrencyConversion,
    DeliveryCharge,
    DeliveryMethod,
    DeliveryMonth,
    OptionRight,
    OptionTerms,
    Period,
    ProductFamily,
    ProductKey,
    ProductType,
    ScanRange,
    ShortOptionMethod,
    ShortOptionMinimum,
    SpanContract,
    SpanParameters,
    WfprMethod,
)
from crossmargin.margin.cme.span.readings import (
    Account,
    DeliveryAfter,
    InterDelta,
    SpanReadings,
    TierRange,
)
from crossmargin.margin.cme.span.results import SpanResult
from crossmargin.testing.span_sets import (
    commodity,
    future,
    future_key,
    inter,
    intra,
    parameter_set,
    tier,
)

F = Fraction
M6, U6, Z6 = "202606", "202609", "202612"


def margin(parameters: SpanParameters, held: dict[tuple[str, str], int | Fraction], **more: object):
    found = {(each.product.code, each.period.text): each for each in parameters.contracts}
    positions = [(found[key], F(quantity)) for key, quantity in held.items()]
    return span_margin(parameters, positions, **more)  # type: ignore[arg-type]


NOTE_AND_BOND = parameter_set(
    [commodity("21"), commodity("17")],
    [future("21", M6, 2000), future("17", M6, 3600)],
    [inter(1, "3/4", ("21", 2, "A"), ("17", 1, "B"))],
)


def test_the_note_against_the_bond() -> None:
    # 100 notes and -60 bonds: 50 spreads, 75 % of 200,000 + 180,000 comes off 416,000.
    result = margin(NOTE_AND_BOND, {("21", M6): 100, ("17", M6): -60})
    assert result.total("scan_risk") == 416_000
    assert [(each.count, each.amount) for each in result.spreads] == [(50, 285_000)]
    assert [leg.credit for leg in result.spreads[0].legs] == [150_000, 135_000]
    assert result.maintenance == 131_000
    bond, note = result.commodities
    assert (bond.deltas[0].left, note.deltas[0].left) == (-10, 0)
    assert (bond.scan_tiers[0].active_scenario, note.scan_tiers[0].active_scenario) == (11, 13)
    assert result.engine == "SPAN with illustrative parameters"


def test_a_spread_forms_in_both_orientations() -> None:
    result = margin(NOTE_AND_BOND, {("21", M6): -100, ("17", M6): 60})
    assert result.maintenance == 131_000
    assert result.spreads[0].long_side == "B"


def test_same_direction_forms_nothing() -> None:
    result = margin(NOTE_AND_BOND, {("21", M6): 100, ("17", M6): 60})
    assert result.spreads == ()
    assert result.maintenance == 416_000


CALENDAR = commodity(
    "21",
    intra_tiers=(tier(1, M6, M6), tier(2, U6, U6), tier(3, Z6, Z6)),
    intra_spreads=(
        intra(1, 150, (1, 1, "A"), (2, 1, "B")),
        intra(2, 400, (1, 1, "A"), (3, 1, "B")),
        intra(1, 90, (U6, 1, "A"), (Z6, 1, "B")),
    ),
)
MONTHS = [future("21", period, 2000) for period in (M6, U6, Z6)]


def test_months_net_in_the_scan_and_pay_for_their_spread_by_priority() -> None:
    # +10, -6, -4: six spreads of priority 1, then four of priority 2.
    result = margin(
        parameter_set([CALENDAR], MONTHS), {("21", M6): 10, ("21", U6): -6, ("21", Z6): -4}
    )
    (note,) = result.commodities
    assert note.scan_risk == 0
    assert [(s.priority, s.count, s.amount) for s in result.spreads] == [(1, 6, 900), (2, 4, 1600)]
    assert note.intra_charge == result.maintenance == 2500
    assert [each.left for each in note.deltas] == [0, 0, 0]


def test_tiers_come_before_series_whatever_their_priorities() -> None:
    # -5, +8, -3: tiers 1 and 2 make five (B long), then series U and Z three.
    result = margin(
        parameter_set([CALENDAR], MONTHS), {("21", M6): -5, ("21", U6): 8, ("21", Z6): -3}
    )
    assert [(s.kind.value, s.count) for s in result.spreads] == [
        ("intra tier", 5),
        ("intra series", 3),
    ]
    assert result.maintenance == 5 * 150 + 3 * 90


def test_a_butterfly_and_a_spread_within_one_tier() -> None:
    whole = commodity(
        "21",
        intra_tiers=(tier(1, M6, Z6), tier(2, U6, U6)),
        intra_spreads=(
            intra(1, 50, (M6, 1, "A"), (U6, 2, "B"), (Z6, 1, "A")),
            intra(2, 70, (1, 1, "A"), (1, 1, "B")),
        ),
    )
    held = {("21", M6): 4, ("21", U6): -6, ("21", Z6): 2}
    result = margin(parameter_set([whole], MONTHS), held)
    # Tiers first: six spreads inside tier 1, nearest month first; the butterfly finds no delta.
    assert [(s.kind.value, s.count, s.amount) for s in result.spreads] == [("intra tier", 6, 420)]
    only_series = replace(whole, intra_spreads=whole.intra_spreads[1:])
    result = margin(parameter_set([only_series], MONTHS), held)
    assert [(s.count, s.amount) for s in result.spreads] == [(2, 100)]
    assert [each.left for each in result.commodities[0].deltas] == [2, -2, 0]


def test_legs_that_share_a_tier_ask_for_its_deltas_together() -> None:
    shared = commodity(
        "21",
        intra_tiers=(tier(1, M6, U6), tier(2, U6, U6), tier(3, Z6, Z6)),
        intra_spreads=(intra(1, 10, (1, 1, "A"), (2, 1, "A"), (3, 1, "B")),),
    )
    held = {("21", M6): 1, ("21", U6): 5, ("21", Z6): -9}
    result = margin(parameter_set([shared], MONTHS), held)
    # Tier 1 holds 6, tier 2 five of the same: both legs together take two deltas a spread.
    assert result.spreads[0].count == 3
    assert [each.left for each in result.commodities[0].deltas] == [0, 0, -6]


def test_a_leg_that_ends_first_takes_first() -> None:
    # Tier 1 may take June or September, tier 2 June alone: one delta each, and nothing is wasted.
    nested = commodity(
        "21",
        intra_tiers=(tier(1, M6, U6), tier(2, M6, M6), tier(3, Z6, Z6)),
        intra_spreads=(intra(1, 10, (1, 1, "A"), (2, 1, "A"), (3, 2, "B")),),
    )
    held = {("21", M6): 1, ("21", U6): 1, ("21", Z6): -2}
    result = margin(parameter_set([nested], MONTHS), held)
    assert [(each.count, each.amount) for each in result.spreads] == [(1, 10)]
    assert [each.left for each in result.commodities[0].deltas] == [0, 0, 0]


def test_scan_tiers_are_scanned_alone_and_added() -> None:
    tiers = (tier(1, M6, M6), tier(2, U6, U6))
    held = {("21", M6): 10, ("21", U6): -10, ("21", Z6): 1}
    result = margin(parameter_set([commodity("21", scan_tiers=tiers)], MONTHS), held)
    scans = [(each.number, each.scan_risk) for each in result.commodities[0].scan_tiers]
    assert scans == [(0, 2000), (1, 20_000), (2, 20_000)]
    assert result.maintenance == 42_000


def test_super_spreads_come_before_intracommodity_spreads() -> None:
    spread = inter(9, "1/2", ("21", 1, "A"), ("17", 1, "B"))
    contracts = [*MONTHS, future("17", M6, 3600)]
    held = {("21", M6): 10, ("21", U6): -10, ("17", M6): -4}
    ordinary = margin(parameter_set([CALENDAR, commodity("17")], contracts, [spread]), held)
    assert [each.kind.value for each in ordinary.spreads] == ["intra tier"]
    first = replace(spread, super_spread=True)
    readings = SpanReadings(inter_delta=InterDelta.BY_SIDE)
    result = margin(
        parameter_set([CALENDAR, commodity("17")], contracts, [first]), held, readings=readings
    )
    assert [(each.kind.value, each.count) for each in result.spreads] == [
        ("super", 4),
        ("intra tier", 6),
    ]


def test_net_or_by_side() -> None:
    # The calendar has no spread for December against nothing: +10 and -3 are left.
    contracts = [*MONTHS, future("17", M6, 3600)]
    spread = inter(1, "1/2", ("21", 1, "A"), ("17", 1, "B"))
    parameters = parameter_set([commodity("21"), commodity("17")], contracts, [spread])
    held = {("21", M6): 10, ("21", Z6): -3, ("17", M6): -20}
    assert margin(parameters, held).spreads[0].count == 7
    by_side = SpanReadings(inter_delta=InterDelta.BY_SIDE)
    assert margin(parameters, held, readings=by_side).spreads[0].count == 10


def test_inter_tiers_have_their_own_scan_and_their_own_price_risk() -> None:
    tiers = (tier(1, M6, M6), tier(2, U6, Z6))
    note = commodity("21", inter_tiers=tiers)
    contracts = [
        *(future("21", M6, 1000), future("21", U6, 3000), future("21", Z6, 3000)),
        future("17", M6, 3600),
    ]
    spreads = [inter(1, "1/2", ("21/2", 1, "A"), ("17", 1, "B"))]
    parameters = parameter_set([note, commodity("17")], contracts, spreads)
    held = {("21", M6): 10, ("21", U6): 2, ("21", Z6): 3, ("17", M6): -8}
    result = margin(parameters, held)
    leg = result.spreads[0].legs[0]
    assert (leg.where, leg.delta_used, leg.weighted_price_risk) == (2, 5, 3000)
    assert leg.credit == 7500
    assert [each.left for each in result.commodities[1].deltas] == [10, 0, 0]
    assert result.commodities[1].risk == 10 * 1000 + 5 * 3000 - 7500


@pytest.mark.parametrize(
    ("method", "expected"),
    [(WfprMethod.NORMAL, 2985), (WfprMethod.SCANRANGE_CAP, 1995), (WfprMethod.SCANRANGE, 1995)],
)
def test_the_cap_of_the_weighted_price_risk(method: WfprMethod, expected: int) -> None:
    # +100 at 2,000 and -99 at 1,990 lose 2,990 a net delta of 1; priced at 1,995 on average.
    contracts = [future("21", M6, 2000), future("21", U6, 1985)]
    parameters = parameter_set([commodity("21", wfpr_method=method)], contracts)
    risk = margin(parameters, {("21", M6): 199, ("21", U6): -199 + 1}).commodities[0].price_risk
    mean = (F(199) * 2000 + F(198) * 1985) / 397
    normal = F(199) * 2000 - F(198) * 1985
    wanted = {2985: normal, 1995: min(normal, mean)}[expected]
    assert risk.weighted == wanted
    largest = margin(
        parameters,
        {("21", M6): 199, ("21", U6): -198},
        readings=SpanReadings(tier_range=TierRange.LARGEST),
    )
    capped = largest.commodities[0].price_risk.weighted
    assert capped == (normal if method is WfprMethod.NORMAL else 2000)


def test_an_asymmetric_range_caps_in_the_losing_direction() -> None:
    scan = ScanRange(F(900), F(1500))
    steep = replace(future("21", M6, 1500), scan=scan)
    parameters = parameter_set([commodity("21", wfpr_method=WfprMethod.SCANRANGE)], [steep])
    assert margin(parameters, {("21", M6): 3}).commodities[0].price_risk.weighted == 1500
    assert margin(parameters, {("21", M6): -3}).commodities[0].price_risk.weighted == 900


def test_a_flat_credit_is_shared_by_the_commodities() -> None:
    spread = inter(1, "500", ("21", 2, "A"), ("17", 1, "B"), flat=True)
    parameters = replace(NOTE_AND_BOND, inter_spreads=(spread,))
    result = margin(parameters, {("21", M6): 100, ("17", M6): -60})
    assert [leg.credit for leg in result.spreads[0].legs] == [12_500, 12_500]
    assert result.maintenance == 416_000 - 25_000


def test_priorities_consume_deltas_in_turn() -> None:
    spreads = [
        inter(2, "9/10", ("21", 1, "A"), ("25", 1, "B")),
        inter(1, "1/2", ("21", 1, "A"), ("17", 1, "B")),
    ]
    contracts = [future(code, M6, 1000) for code in ("17", "21", "25")]
    parameters = parameter_set([commodity(c) for c in ("17", "21", "25")], contracts, spreads)
    result = margin(parameters, {("21", M6): 10, ("17", M6): -6, ("25", M6): -9})
    assert [(s.priority, s.count) for s in result.spreads] == [(1, 6), (2, 4)]
    assert result.maintenance == 25_000 - 6000 - 7200


DELIVERY = DeliveryCharge(
    DeliveryMethod.TABLE,
    (DeliveryMonth(Period(M6), F(20), F(100)),),
)


def test_the_delivery_month_pays_for_deltas_in_spreads_and_for_those_left() -> None:
    note = replace(CALENDAR, delivery=DELIVERY)
    contracts = [*MONTHS, future("17", M6, 3600)]
    spread = inter(1, "1/2", ("21", 1, "A"), ("17", 1, "B"))
    parameters = parameter_set([note, commodity("17")], contracts, [spread])
    held = {("21", M6): 10, ("21", U6): -6, ("17", M6): -3}
    result = margin(parameters, held)
    assert result.commodities[1].delivery_charge == 6 * 20 + 4 * 100
    later = SpanReadings(delivery_after=DeliveryAfter.INTER)
    result = margin(parameters, held, readings=later)
    assert result.commodities[1].delivery_charge == 9 * 20 + 1 * 100


def test_the_basis_charge_is_on_the_smaller_of_cash_and_futures() -> None:
    cash = ProductKey("CBT", "TNOTE", ProductType.PHYSICAL)
    spot = replace(future("21", M6, 2000), product=cash, period=Period("000000"))
    charge = DeliveryCharge(DeliveryMethod.BASIS, (), "TNOTE", F(35))
    note = commodity(
        "21", families=(ProductFamily(future_key("21")), ProductFamily(cash)), delivery=charge
    )
    parameters = parameter_set([note], [*MONTHS, spot])
    result = margin(parameters, {("TNOTE", "000000"): 8, ("21", M6): -5})
    assert result.maintenance == 3 * 2000 + 5 * 35
    assert margin(parameters, {("TNOTE", "000000"): 8, ("21", M6): 5}).maintenance == 26_000


CALLS = ProductKey("CBT", "TC", ProductType.OPTION_ON_FUTURE)
# Per long call, published: McMillan, chapter 34, gains turned into losses.
CALL_GAINS = (460, -610, 2640, 1730, -1270, -2340, 5210, 4540, -2540, -3430, 8060, 7640)
CALL_ARRAY = tuple(F(-gain) for gain in (*CALL_GAINS, -3380, -3990, 3130, -1500))


def option(right: OptionRight, strike: int, array: tuple[Fraction, ...]) -> SpanContract:
    return SpanContract(
        CALLS,
        Period(M6),
        array,
        F(1, 2) if right is OptionRight.CALL else F(-1, 2),
        option=OptionTerms(Period("202605"), right, F(strike)),
        settlement_price=F(5, 2),
        contract_value_factor=F(1000),
    )


CALL = option(OptionRight.CALL, 410, CALL_ARRAY)
PUT = option(OptionRight.PUT, 400, (F(0),) * 16)
OPTIONS = commodity(
    "21",
    families=(ProductFamily(future_key("21")), ProductFamily(CALLS)),
    short_option_minimum=ShortOptionMinimum(F(60), ShortOptionMethod.GROSS),
)
UNCAPPED = replace(OPTIONS, wfpr_method=WfprMethod.NORMAL)
WITH_OPTIONS = parameter_set([OPTIONS], [future("21", M6, 10_000), CALL, PUT])


def of_options(parameters: SpanParameters, *held: tuple[SpanContract, int]) -> SpanResult:
    return span_margin(parameters, [(contract, F(count)) for contract, count in held])


def test_a_covered_write_loses_most_where_the_published_table_says() -> None:
    sp = replace(
        future("21", M6, 10_000),
        losses=tuple(
            F(-gain)
            for gain in (
                *(0, 0, 3330, 3330, -3330, -3330, 6670, 6670, -6670, -6670),
                *(10_000, 10_000, -10_000, -10_000, 7000, -7000),
            )
        ),
    )
    result = of_options(parameter_set([UNCAPPED], [sp, CALL]), (sp, 1), (CALL, -1))
    (found,) = result.commodities
    assert found.scan_tiers[0].active_scenario == 13
    assert found.scan_risk == 6620
    adjusted, time_risk, net_delta = F(6620 + 6010, 2), F(460 - 610, 2), F(1, 2)
    assert adjusted - time_risk == 6315 + 75
    assert found.price_risk.weighted == (adjusted - time_risk) / net_delta


def test_scenarios_15_and_16_pair_with_themselves() -> None:
    only_16 = replace(CALL, losses=(F(10), F(20), *(F(0),) * 13, F(500)))
    risk = of_options(parameter_set([UNCAPPED], [only_16]), (only_16, 1)).commodities[0].price_risk
    assert risk.scan.active_scenario == 16
    # 500 and 500 on average, less 15 of scenarios 1 and 2, over the delta of the call.
    assert risk.weighted == (500 - 15) / CALL.delta


def test_both_short_option_minimums() -> None:
    free = tuple(replace(each, losses=(F(0),) * 16) for each in (CALL, PUT))
    parameters = parameter_set([OPTIONS], free)
    gross = of_options(parameters, (free[0], -3), (free[1], -5)).commodities[0]
    assert (gross.short_option_minimum, gross.risk) == (480, 480)
    larger = replace(OPTIONS, short_option_minimum=ShortOptionMinimum(F(60), ShortOptionMethod.MAX))
    most = of_options(parameter_set([larger], free), (free[0], -3), (free[1], -5)).commodities[0]
    assert (most.short_option_minimum, most.risk) == (300, 300)


def test_long_options_alone_risk_no_more_than_their_value() -> None:
    result = of_options(WITH_OPTIONS, (CALL, 2))
    (found,) = result.commodities
    assert found.scan_risk == 2 * 3990
    assert found.risk == found.net_option_value == 5000
    assert result.maintenance == 0
    with_future = of_options(WITH_OPTIONS, (CALL, 2), (WITH_OPTIONS.contracts[0], 1))
    assert with_future.commodities[0].risk > 5000


def test_short_options_add_their_value_and_a_cap_keeps_long_value_at_home() -> None:
    short = of_options(WITH_OPTIONS, (CALL, -1))
    assert short.maintenance == 8060 + 2500
    # Twenty calls worth 600,000 beside a future risk 89,800; without a cap the rest pays the bond.
    dear = replace(CALL, settlement_price=F(30))
    contracts = [future("21", M6, 10_000), future("17", M6, 3600), dear]
    free = parameter_set([OPTIONS, commodity("17")], contracts)
    capped = replace(OPTIONS, cap_option_value=True)
    held = ((dear, 20), (contracts[0], 1), (contracts[1], 1))
    assert of_options(free, *held).maintenance == 0
    result = of_options(parameter_set([capped, commodity("17")], contracts), *held)
    assert result.commodities[1].option_value_offset == 89_800
    assert result.maintenance == 3600


def test_initial_is_maintenance_by_the_ratio_of_the_account() -> None:
    ratios = AccountRatios(F(1), F(1), F(11, 10))
    note = commodity("21", initial_ratio=ratios)
    parameters = parameter_set([note], [future("21", M6, 2000)])
    hedger = margin(parameters, {("21", M6): 3})
    assert (hedger.maintenance, hedger.initial) == (6000, 6000)
    heightened = margin(parameters, {("21", M6): 3}, account=Account.SPECULATOR)
    assert (heightened.maintenance, heightened.initial) == (6000, 6600)


def test_other_currencies_need_a_conversion() -> None:
    bund = commodity("17", currency="EUR")
    parameters = parameter_set([bund], [future("17", M6, 1000)])
    with pytest.raises(RefusedError, match="conversion to USD"):
        margin(parameters, {("17", M6): 2})
    rate = CurrencyConversion("EUR", "USD", F(11, 10))
    assert margin(replace(parameters, conversions=(rate,)), {("17", M6): 2}).maintenance == 2200


def test_what_is_not_calculated_is_refused_only_where_it_matters() -> None:
    odd = commodity("17", not_supported=("delivery method 06",))
    scanning = inter(1, "1", ("21", 1, "A"), ("25", 1, "A"), scanning=True)
    contracts = [future(code, M6, 1000) for code in ("17", "21", "25")]
    parameters = parameter_set([odd, commodity("21"), commodity("25")], contracts, [scanning])
    assert margin(parameters, {("21", M6): 1}).maintenance == 1000
    with pytest.raises(RefusedError, match="delivery method 06"):
        margin(parameters, {("17", M6): 1})
    with pytest.raises(RefusedError, match="scanning-based"):
        margin(parameters, {("21", M6): 1, ("25", M6): -1})


def test_a_credit_without_a_price_scan_range_is_refused_and_nothing_else_is() -> None:
    bare = replace(future("21", M6, 1000), scan=None)
    contracts = [bare, future("17", M6, 3600)]
    parameters = replace(NOTE_AND_BOND, contracts=tuple(contracts))
    assert margin(parameters, {("21", M6): 2}).commodities[0].price_risk.weighted is None
    with pytest.raises(RefusedError, match="a price scan range"):
        margin(parameters, {("21", M6): 2, ("17", M6): -1})


def test_nothing_held_asks_for_nothing() -> None:
    assert span_margin(NOTE_AND_BOND, []).maintenance == 0
    flat = margin(NOTE_AND_BOND, {("21", M6): 0})
    assert (flat.commodities, flat.maintenance) == ((), 0)
