"""A parameter set written and read again is the same set, in both forms."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.feeds.span.positional_writing import positional_text
from crossmargin.feeds.span.reading import loaded_span
from crossmargin.feeds.span.xml_writing import xml_text
from crossmargin.margin.cme.span.parameters import (
    AccountRatios,
    CombinedCommodity,
    CurrencyConversion,
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
    Settlement,
    ShortOptionMethod,
    ShortOptionMinimum,
    Side,
    SpanContract,
    SpanParameters,
    Tier,
    WfprMethod,
)

F = Fraction
MONTHS = ("202606", "202609W2", "202612", "202703")
CODES = ("21", "17", "UBE", "SR3")


def decimals(digits: int, places: int, *, least: int = 0) -> st.SearchStrategy[Fraction]:
    return st.integers(least, 10**digits - 1).map(lambda n: F(n, 10**places))


ratios = st.builds(AccountRatios, *[decimals(3, 2, least=1)] * 3)
sides = st.sampled_from(Side)


@st.composite
def scans(draw: st.DrawFn, *, symmetric: bool) -> ScanRange:
    up = F(draw(st.integers(0, 99_999)), draw(st.sampled_from((1, 100))))
    down = up if symmetric else draw(decimals(5, 0))
    multiplier, cover = draw(decimals(5, 3)), F(draw(st.integers(0, 10_000)), 10_000)
    return ScanRange(up, down, draw(decimals(8, 6)), multiplier, cover)


def arrays(scale: Fraction) -> st.SearchStrategy[tuple[Fraction, ...]]:
    values = st.integers(-99_999, 99_999).map(lambda n: n * scale)
    return st.lists(values, min_size=16, max_size=16).map(tuple)


@st.composite
def intra_spreads(draw: st.DrawFn, tiers: tuple[Tier, ...], scale: Fraction) -> IntraSpread:
    by_tier = draw(st.booleans()) and len(tiers) > 0
    places = [tier.number for tier in tiers] if by_tier else [Period(m) for m in MONTHS]
    count = draw(st.integers(2, 8 if by_tier else 3))
    ratio = decimals(2, 0, least=1) if by_tier else decimals(6, 4, least=1)
    legs = [
        IntraLeg(draw(st.sampled_from(places)), draw(ratio), (Side.A, Side.B)[n % 2])
        for n in range(count)
    ]
    priority = draw(st.integers(0, 99))
    return IntraSpread(priority, draw(st.integers(0, 9_999_999)) * scale, tuple(legs))


@st.composite
def commodities(draw: st.DrawFn, code: str, *, symmetric: bool):
    exponent, places = draw(st.integers(0, 2)), draw(st.integers(0, 2))
    scale = F(10) ** exponent
    key = ProductKey("CME" if code == "SR3" else "CBT", code, ProductType.FUTURE)
    calls = ProductKey(key.exchange, f"O{code}", ProductType.OPTION_ON_FUTURE)
    families = [
        ProductFamily(
            key,
            name=draw(st.sampled_from(("", "A NOTE", "T-NOTE <10Y>"))),
            contract_value_factor=draw(st.none() | decimals(9, 2, least=1)),
            settlement_decimals=4,
            price_alignment=draw(st.sampled_from(("", "0"))),
            array_decimals=places,
        )
    ]
    has_options = draw(st.booleans())
    if has_options:
        families.append(
            ProductFamily(calls, "OPTION", F(1000), 3, 2, underlying=code, array_decimals=places)
        )
    numbers = draw(st.sets(st.integers(1, 9), max_size=6))
    tiers = tuple(
        Tier(n, *sorted(Period(m) for m in draw(st.tuples(*[st.sampled_from(MONTHS)] * 2))))
        for n in numbers
    )
    month = st.builds(
        DeliveryMonth,
        st.sampled_from(MONTHS).map(Period),
        *[st.integers(0, 9_999_999).map(lambda n: n * scale)] * 2,
    )
    table = st.lists(month, min_size=1, max_size=3, unique_by=lambda each: each.period).map(
        lambda months: DeliveryCharge(DeliveryMethod.TABLE, tuple(months))
    )
    basis = st.integers(0, 9_999_999).map(
        lambda n: DeliveryCharge(DeliveryMethod.BASIS, (), code, n * scale)
    )
    minimum = st.integers(0, 9_999_999).map(lambda n: n * scale)
    commodity = CombinedCommodity(
        key.exchange,
        code,
        tuple(families),
        currency=draw(st.sampled_from(("USD", "EUR"))),
        risk_exponent=exponent,
        group=draw(st.sampled_from(("", "INT", "BND"))),
        intra_tiers=tiers,
        scan_tiers=draw(st.sampled_from((tiers, ()))),
        inter_tiers=draw(st.sampled_from((tiers, (), tiers[:1]))),
        intra_spreads=tuple(draw(st.lists(intra_spreads(tiers, scale), max_size=3))),
        delivery=draw(st.just(DeliveryCharge()) | table | basis),
        short_option_minimum=ShortOptionMinimum(
            draw(minimum), draw(st.sampled_from(ShortOptionMethod))
        ),
        wfpr_method=draw(st.sampled_from(WfprMethod)),
        maintenance_adjustment=draw(ratios),
        initial_ratio=draw(ratios),
        futures_style_options=draw(st.booleans()),
        cap_option_value=draw(st.booleans()),
    )
    deltas = st.integers(-99_999, 99_999).map(lambda n: F(n, 10_000))
    contracts = [
        SpanContract(
            key,
            Period(month),
            draw(arrays(scale / 10**places)),
            draw(deltas),
            draw(st.none() | scans(symmetric=symmetric)),
            draw(decimals(6, 4, least=1)),
            settlement_price=draw(
                st.none() | st.integers(-9_999_999, 9_999_999).map(lambda n: F(n, 10_000))
            ),
            contract_value_factor=draw(st.none() | decimals(9, 7, least=1)),
        )
        for month in draw(st.sets(st.sampled_from(MONTHS), min_size=1))
    ]
    if has_options:
        scan = draw(scans(symmetric=symmetric))
        contracts += [
            SpanContract(
                calls,
                contracts[0].period,
                draw(arrays(scale / 10**places)),
                draw(deltas),
                scan,
                option=OptionTerms(Period("202605"), right, F(draw(st.integers(1, 999_999)), 100)),
                settlement_price=draw(decimals(7, 3)),
            )
            for right in OptionRight
        ]
    return commodity, contracts


@st.composite
def inter_spreads(draw: st.DrawFn, commodities: list[CombinedCommodity]) -> InterSpread:
    flat, own = draw(st.booleans()), draw(st.booleans())
    credit = decimals(7, 2) if flat else st.integers(0, 1_000_000).map(lambda n: F(n, 1_000_000))
    legs = []
    for place in range(draw(st.integers(2, 4))):
        commodity = draw(st.sampled_from(commodities))
        tiers = [0, *(tier.number for tier in commodity.inter_tiers)]
        legs.append(
            InterLeg(
                commodity.code,
                draw(decimals(7, 4, least=1)),
                (Side.A, Side.B)[place % 2],
                draw(st.sampled_from(tiers)),
                credit=draw(credit) if own else None,
            )
        )
    priority = draw(st.integers(0, 9999))
    super_spread = draw(st.booleans())
    return InterSpread(priority, draw(credit), tuple(legs), flat=flat, super_spread=super_spread)


@st.composite
def parameter_sets(draw: st.DrawFn, *, symmetric: bool) -> SpanParameters:
    codes = sorted(draw(st.sets(st.sampled_from(CODES), min_size=1)))
    made = [draw(commodities(code, symmetric=symmetric)) for code in codes]
    found = [commodity for commodity, _ in made]
    spreads = draw(st.lists(inter_spreads(found), max_size=3, unique_by=lambda s: s.priority))
    rate = CurrencyConversion("EUR", "USD", draw(decimals(10, 6, least=1)))
    return SpanParameters(
        draw(st.sampled_from(("XMOWN", "TEST"))),
        draw(st.dates(date(1990, 1, 1), date(2089, 1, 1))),
        tuple(found),
        tuple(contract for _, contracts in made for contract in contracts),
        tuple(spreads),
        draw(st.sampled_from(Settlement)),
        (rate,) if draw(st.booleans()) else (),
        label="made up for a test",
    )


@settings(max_examples=25, deadline=None)
@given(parameter_sets(symmetric=True))
def test_the_positional_form_gives_the_set_back(parameters: SpanParameters) -> None:
    text = positional_text(parameters)
    loaded = loaded_span(text.encode(), file="set.pa2")
    assert loaded.parameters == parameters
    assert loaded.parameters.digest == parameters.digest
    assert loaded.kept == ()
    # Lines longer than what is needed, and ended the other way, say the same.
    padded = "".join(f"{line:200}\r\n" for line in text.splitlines())
    assert loaded_span(padded.encode(), file="set.pa2").parameters.digest == parameters.digest


@settings(max_examples=25, deadline=None)
@given(parameter_sets(symmetric=False))
def test_the_xml_form_gives_the_set_back(parameters: SpanParameters) -> None:
    loaded = loaded_span(xml_text(parameters).encode(), file="set.spn")
    assert loaded.parameters == parameters
    assert loaded.parameters.digest == parameters.digest


@settings(max_examples=15, deadline=None)
@given(parameter_sets(symmetric=True))
def test_one_form_after_the_other_gives_the_set_back(parameters: SpanParameters) -> None:
    there = loaded_span(xml_text(parameters).encode(), file="set.spn").parameters
    back = loaded_span(positional_text(there).encode(), file="set.pa2").parameters
    assert back.digest == parameters.digest
