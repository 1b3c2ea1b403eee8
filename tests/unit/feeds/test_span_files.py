"""SPAN files by hand-made records laid out after the published columns, and what is refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.span.loaded import LoadedSpan
from crossmargin.feeds.span.positional_writing import positional_text
from crossmargin.feeds.span.reading import loaded_span, read_span
from crossmargin.feeds.span.xml_writing import xml_text
from crossmargin.margin.cme.span.parameters import (
    DeliveryMethod,
    OptionRight,
    Period,
    ScanRange,
    ShortOptionMethod,
    Side,
    WfprMethod,
)
from crossmargin.testing.span_sets import commodity, future, inter, intra, parameter_set, tier

F = Fraction


def record(**columns: str) -> str:
    """Return a line with each text at its first column: ``c3="CBT"`` begins at column 3."""
    line = ""
    for name, text in columns.items():
        line = line.ljust(int(name[1:]) - 1) + text
    return line


HEADER = record(c1="0 ", c3="TEST", c9="20260324", c17="S", c18="FC", c36="U2")
EXCHANGE = record(c1="1 ", c3="CBT", c8="01")
RATE = record(c1="T ", c3="EUR", c6="E", c7="USD", c10="U", c11="0001085000")
NOTE = record(
    c1="P ", c3="CBT", c6="21", c16="FUT", c19="10Y NOTE", c34="004", c37="000", c40="0",
    c42="00010000000000", c66="USD",
)  # fmt: skip
CALLS = record(
    c1="P ", c3="CBT", c6="TC", c16="OOF", c19="NOTE OPT", c34="002", c37="002", c40="0",
    c42="00010000000000", c66="USD", c74="00",
)  # fmt: skip
COMMODITY = record(
    c1="2 ", c3="CBT", c7="21", c13="1", c14="USD", c17="U", c18="P", c19="Y",
    c23="21", c33="FUT", c36="1", c37="+", c39="TC", c49="OOF",
)  # fmt: skip
TIERS = record(
    c1="3 ", c3="21", c9="10", c11="01", c13="202606", c19="202606", c25="02", c27="202609",
    c33="202612", c69="1000", c73="1000", c77="1100",
)  # fmt: skip
SCAN_TIERS = record(
    c1="S ", c3="21", c9="20", c11="01", c13="01", c15="202606", c21="202612", c83="2"
)
TIER_SPREAD = record(
    c1="C ", c3="21", c9="10", c11="01", c13="02", c15="0000015",
    c22="01", c24="01", c26="01", c28="A", c29="02", c31="02", c33="01", c35="B",
)  # fmt: skip
SERIES_SPREAD = record(
    c1="E ", c3="21", c9="00003", c14="0000021", c21="2606", c28="010000", c34="A",
    c35="2609", c42="020000", c48="B",
)  # fmt: skip
DELIVERY = record(
    c1="4 ", c3="21", c9="10", c11="01", c13="01", c15="202606", c21="0000002", c28="0000010",
    c63="0000006", c70="100", c73="100", c76="110", c79="1",
)  # fmt: skip
FUTURE_B = record(
    c1="B ", c3="CBT", c6="21", c16="FUT", c19="202606", c45="00250000", c53="02000",
    c58="03000", c63="03300", c86="010000",
)  # fmt: skip
OPTION_B = record(
    c1="B ", c3="CBT", c6="TC", c16="OOF", c19="202606", c28="202605", c45="00300000", c53="20000",
    c58="02000", c63="03500", c86="005000", c166="01", c168="-",
)  # fmt: skip
FUTURE_ID = {"c3": "CBT", "c6": "21", "c26": "FUT", "c30": "202606"}
FUTURE_81 = record(
    c1="81", **FUTURE_ID,
    c55="00000+00000+00667-00667-00667+00667+01333-01333-01333+",
)  # fmt: skip
FUTURE_82 = record(
    c1="82", **FUTURE_ID,
    c55="01333+02000-02000-02000+02000+01980-01980+", c97="10000+", c111="1121875+",
)  # fmt: skip
CALL_ID = {
    "c3": "CBT", "c6": "TC", "c16": "21", "c26": "OOF", "c29": "C", "c30": "202606",
    "c39": "202605", "c48": "0011250",
}  # fmt: skip
CALL_81 = record(c1="81", **CALL_ID, c55="00046-00061+00264-00173-00127+00234+00521-00454-00254+")
CALL_82 = record(
    c1="82", **CALL_ID,
    c55="00343+00806-00764-00338+00399+00313-00150+", c97="05125+", c111="0000125+",
)  # fmt: skip
GROUP = record(c1="5 ", c3="INT", c13="21")
FILE = [
    *(HEADER, RATE, EXCHANGE, NOTE, CALLS, COMMODITY, TIERS, SCAN_TIERS, TIER_SPREAD),
    *(SERIES_SPREAD, DELIVERY, FUTURE_B, OPTION_B, GROUP, FUTURE_81, FUTURE_82, CALL_81, CALL_82),
]


def load(lines: list[str]) -> LoadedSpan:
    return loaded_span("\n".join(lines).encode(), file="made.pa2")


def refusals(lines: list[str]) -> list[tuple[int | None, int | None, str, str]]:
    with pytest.raises(RefusedError) as refused:
        load(lines)
    return [(r.line, r.column, r.field, r.expected) for r in refused.value.refusals]


def test_every_column_that_is_read_is_where_it_is_published() -> None:
    loaded = load(FILE)
    found = loaded.parameters
    assert (found.complex, str(found.business_date)) == ("TEST", "2026-03-24")
    assert [(c.source, c.target, c.multiplier) for c in found.conversions] == [
        ("EUR", "USD", F(1085, 1000))
    ]
    (note,) = found.commodities
    assert (note.code, note.exchange, note.currency, note.group) == ("21", "CBT", "USD", "INT")
    assert (note.risk_exponent, note.cap_option_value, note.name) == (1, True, "10Y NOTE")
    assert [f.contract_value_factor for f in note.families] == [1000, 1000]
    assert [(t.number, t.start.text, t.end.text) for t in note.intra_tiers] == [
        (1, "202606", "202606"),
        (2, "202609", "202612"),
    ]
    assert note.initial_ratio.speculator == F(11, 10)
    assert note.maintenance_adjustment.speculator == F(11, 10)
    assert note.wfpr_method is WfprMethod.SCANRANGE_CAP
    assert (len(note.inter_tiers), len(note.scan_tiers)) == (1, 0)
    tiers, series = note.intra_spreads
    assert (tiers.priority, tiers.charge, tiers.by_tier) == (1, 150, True)
    assert [(leg.where, leg.ratio, leg.side) for leg in series.legs] == [
        (Period("202606"), 1, Side.A),
        (Period("202609"), 2, Side.B),
    ]
    assert (series.priority, series.charge) == (3, 210)
    assert note.delivery.method is DeliveryMethod.TABLE
    month = note.delivery.months[0]
    assert (month.charge_spread, month.charge_outright) == (20, 100)
    assert note.short_option_minimum.rate == 60
    assert note.short_option_minimum.method is ShortOptionMethod.MAX


def test_arrays_take_the_exponent_and_the_decimals() -> None:
    call, note = sorted(load(FILE).parameters.contracts, key=lambda each: each.option is None)
    # Ten to the risk exponent, one decimal place for futures and none for options.
    assert [int(loss) for loss in note.losses] == [
        *(0, 0, -667, -667, 667, 667, -1333, -1333, 1333, 1333),
        *(-2000, -2000, 2000, 2000, -1980, 1980),
    ]
    assert note.scan == ScanRange(F(2000), F(2000), F(1, 4), F(3), F(33, 100))
    assert (note.composite_delta, note.settlement_price) == (1, F("112.1875"))
    assert call.losses[:3] == (-460, 610, -2640)
    assert call.scan is not None
    assert (call.scan.price_up, call.scan.extreme_multiplier) == (2000, 2)
    assert (call.composite_delta, call.delta) == (F("0.5125"), F("0.25625"))
    assert call.option is not None
    assert (call.option.right, call.option.strike) == (OptionRight.CALL, F("112.5"))
    assert (call.option.period.text, call.settlement_price) == ("202605", F("1.25"))


def inter_record(**more: str) -> str:
    first = {"c1": "6 ", "c3": "INT", "c6": "0007", "c10": "0750000"}
    legs = {"c17": "CBT", "c20": "Y", "c21": "21", "c27": "0020000", "c34": "A", "c35": "CBT"}
    legs |= {"c38": "N", "c39": "17", "c45": "0010000", "c52": "B", "c89": "20"}
    columns = first | legs | {"c101": "W", "c102": "01", "c104": "00", "c110": "S"} | more
    return record(**dict(sorted(columns.items(), key=lambda item: int(item[0][1:]))))


BOND = [
    record(c1="2 ", c3="CBT", c7="17", c13="0", c14="USD", c23="17", c33="FUT"),
    FUTURE_81.replace("CBT21", "CBT17"),
    FUTURE_82.replace("CBT21", "CBT17"),
]


def test_intercommodity_spreads() -> None:
    weighted = load([*FILE, *BOND, inter_record()]).parameters.inter_spreads[0]
    assert (weighted.priority, weighted.credit, weighted.super_spread) == (7, F(3, 4), True)
    assert [(x.commodity, x.ratio, x.side, x.tier) for x in weighted.legs] == [
        ("21", 2, Side.A, 1),
        ("17", 1, Side.B, 0),
    ]
    # Flat: the same digits are dollars and cents.
    flat = load([*FILE, *BOND, inter_record(c101="F", c110=" ")]).parameters.inter_spreads[0]
    assert (flat.credit, flat.flat, flat.super_spread) == (7500, True, False)
    scanning = load([*FILE, *BOND, inter_record(c89="04")]).parameters.inter_spreads[0]
    assert scanning.scanning
    assert [leg.required for leg in scanning.legs] == [True, False]


def test_what_is_not_read_is_counted_and_kept() -> None:
    loaded = load([*FILE, record(c1="V ", c3="CBT"), "Z unknown", record(c1="83", c3="CBT")])
    assert loaded.kept_counts == {"83": 1, "V": 1, "Z": 1}
    assert (loaded.kept[1].line, loaded.kept[1].text) == (20, "Z unknown")
    assert loaded.record_counts["81"] == 2


def replaced(old: str, new: str) -> list[str]:
    return [new if line == old else line for line in FILE]


@pytest.mark.parametrize(
    ("lines", "line", "column", "expected"),
    [
        (replaced(HEADER, HEADER.replace("U2", "U ")), 1, 36, "one of 'U2'"),
        (replaced(HEADER, HEADER.replace("20260324", "20260230")), 1, 9, "a date as CCYYMMDD"),
        (replaced(RATE, RATE.replace("0001085000", "00010x5000")), 2, 11, "10 digits"),
        (replaced(TIERS, TIERS.replace("202609", "202613")), 7, 27, "first and last period"),
        (replaced(SCAN_TIERS, SCAN_TIERS.replace("2001", "2003")), 8, 11, "as many as"),
        (replaced(TIER_SPREAD, TIER_SPREAD.replace("01B", "01X")), 9, 35, "one of 'A', 'B'"),
        (replaced(DELIVERY, DELIVERY.replace("4 21", "4 22")), 11, 3, "record 2 has defined"),
        (replaced(FUTURE_81, FUTURE_81.replace("01333-", "01333*")), 15, 96, "a sign, + or -"),
        (replaced(FUTURE_82, FUTURE_82.replace("202606", "202609")), 16, 6, "record 81 of the"),
        (replaced(NOTE, NOTE.replace("FUT", "FXX")), 4, 16, "one of 'FUT'"),
        ([*FILE, inter_record()], 19, 35, "exchange and code of a combined commodity"),
        ([*FILE, FUTURE_B], 19, 6, "array parameters of a series once"),
        (FILE[:-1], 17, 6, "a record 82 with the other seven"),
        ([*FILE, "0 \x00"], 19, None, "printable ASCII"),
        ([*FILE, "4" * 1001], 19, None, "at most 1000 bytes"),
    ],
)
def test_a_fault_is_named_where_it_stands(
    lines: list[str], line: int, column: int | None, expected: str
) -> None:
    found = refusals(lines)
    assert (line, column) in [(each[0], each[1]) for each in found], found
    assert any(expected in each[3] and each[0] == line for each in found), found


def test_every_fault_is_named_not_the_first() -> None:
    lines = replaced(RATE, RATE.replace("0001085000", "00010x5000"))
    lines[-1] = CALL_82.replace("05125+", "0512x+")
    assert [each[0] for each in refusals(lines)] == [2, 18]
    many = [HEADER, *[record(c1="T ", c11="x")] * 150]
    found = refusals(many)
    assert (len(found), found[-1][2]) == (101, "file")


def announced(lines: list[str]) -> list[tuple[int | None, str, str]]:
    with pytest.raises(RefusedError) as refused:
        load(lines)
    return [(r.line, r.field, r.value) for r in refused.value.refusals]


def test_a_file_that_was_cut_between_two_lines_is_named_so() -> None:
    # Behind the arrays of the future: those of the call are missing, whose record B is line 13.
    assert announced(FILE[:-2]) == [(13, "series", "CBT TC OOF 202606 202605")]
    assert announced(FILE[:-4]) == [
        (12, "series", "CBT 21 FUT 202606"),
        (13, "series", "CBT TC OOF 202606 202605"),
    ]
    # Before the records B: what the records P have announced; before those, the record 2.
    assert announced(FILE[:11]) == [(4, "product", "CBT 21 FUT"), (5, "product", "CBT TC OOF")]
    without_products = [line for line in FILE[:11] if line not in (NOTE, CALLS)]
    assert announced(without_products) == [(4, "combined commodity", "21")]
    assert refusals([HEADER])[0][3].startswith("risk arrays (records 81 and 82), there are none")


def test_of_many_missing_series_twenty_are_named_and_the_others_counted() -> None:
    months = [f"20{year}{month:02d}" for year in range(27, 39) for month in range(1, 13)]
    series = [FUTURE_B.replace("202606", month) for month in months[:142]]
    found = announced([*FILE, *series])
    assert [each[0] for each in found] == [*range(19, 39), None]
    assert found[-1] == (None, "series", "122 more of 142")


def test_a_product_without_contracts_is_not_written() -> None:
    bare = parameter_set([commodity("21"), commodity("17")], [future("21", "202606", 3000)])
    with pytest.raises(RefusedError, match="it has no contracts"):
        positional_text(bare)
    assert loaded_span(xml_text(bare).encode(), file="made.spn").parameters == bare


def test_a_file_that_is_none() -> None:
    assert refusals([""])[0][3] == "an exchange complex header (record 0)"
    with pytest.raises(RefusedError, match="readable file"):
        read_span(Path("there is none.pa2"))


def test_the_label_names_the_file_and_claims_no_more() -> None:
    label = load(FILE).parameters.label
    assert label == "the parameter file made.pa2 (exchange complex TEST, 2026-03-24)"
    text = positional_text(parameter_set([commodity("21")], [future("21", "202606", 3000)]))
    own = loaded_span(text.encode(), file="own.pa2").parameters
    assert own.is_own
    assert own.label == "a parameter set of our own, not CME's (own.pa2, 2026-03-24)"
    named = loaded_span(text.encode(), file="own.pa2", label="a name").parameters
    assert (named.label, named.digest) == ("a name", own.digest)


def test_the_writer_refuses_what_the_columns_cannot_hold() -> None:
    thirds = parameter_set([commodity("21")], [future("21", "202606", 1000)])
    with pytest.raises(RefusedError) as refused:
        positional_text(thirds)
    assert refused.value.refusals[0].field == "CBT 21 FUT 202606"
    assert "columns 67 to 71 of record 81" in refused.value.refusals[0].value
    spread = inter(1, "1/3", ("21", 1, "A"), ("17", 1, "B"))
    contracts = [future("21", "202606", 3000), future("17", "202606", 3000)]
    with pytest.raises(RefusedError, match="credit"):
        positional_text(parameter_set([commodity("21"), commodity("17")], contracts, [spread]))


MINIMAL = xml_text(parameter_set([commodity("21")], [future("21", "202606", 3000)]))


def xml_refusals(text: str) -> list[tuple[int | None, str, str]]:
    with pytest.raises(RefusedError) as refused:
        loaded_span(text.encode(), file="made.spn")
    return [(r.line, r.value, r.expected) for r in refused.value.refusals]


def test_xml_declares_nothing() -> None:
    doctype = '<?xml version="1.0"?>\n<!DOCTYPE spanFile [<!ENTITY a "b">]>\n<spanFile/>'
    assert xml_refusals(doctype)[0] == (
        2,
        "spanFile",
        "no document type and no entity declarations",
    )
    deep = "<spanFile>" + "<a>" * 100
    assert "nested at most" in xml_refusals(deep)[0][2]
    assert "well-formed" in xml_refusals("<spanFile>")[0][2]
    assert "spanFile around everything" in xml_refusals("<span/>")[0][2]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("<priceScan>3000<", "<priceScan>three<", "a decimal number"),
        ("<wfprMeth>SCANRANGE_CAP<", "<wfprMeth>CAP<", "one of NORMAL"),
        ("<a>1000</a>", "", "16 elements a"),
        ("<isSetl>1</isSetl>", "<isSetl a='b'>1</isSetl>", "without attributes"),
        ("<date>20260324<", "<date>2026032x<", "CCYYMMDD"),
        ("<pe>202606<", "<pe>2026-6<", "a period code"),
    ],
)
def test_xml_faults_have_a_place(old: str, new: str, expected: str) -> None:
    assert old in MINIMAL
    found = xml_refusals(MINIMAL.replace(old, new, 1))
    assert expected in found[0][2]
    assert found[0][0] is not None


PAIRED = xml_text(
    parameter_set(
        [
            commodity(
                "21",
                group="INT",
                intra_tiers=(tier(1, "202606", "202606"), tier(2, "202609", "202612")),
                intra_spreads=(intra(1, 40, (1, 1, "A"), (2, 1, "B")),),
            ),
            commodity("17"),
        ],
        [future("21", "202606", 3000), future("17", "202606", 3600)],
        [inter(1, "3/4", ("21", 2, "A"), ("17", 1, "B"))],
    )
)


@pytest.mark.parametrize(
    ("element", "second"),
    [
        ("<priceScan>3600</priceScan>", "<priceScan>9</priceScan>"),
        ("<i>2</i>", "<i>9</i>"),
        ("<tn>1</tn>", "<tn>2</tn>"),
        ("<weight>0.33</weight>", "<weight>1</weight>"),
        ("<numerator>3</numerator>", "<numerator>9</numerator>"),
        ("<point>15</point>", "<point>14</point>"),
        ("<d>1</d>", "<d>0</d>"),
        ("<date>20260324</date>", "<date>20260325</date>"),
        ("<ec>XMOWN</ec>", "<ec>CME</ec>"),
        ("<wfprMeth>SCANRANGE_CAP</wfprMeth>", "<wfprMeth>NORMAL</wfprMeth>"),
        ("<val>0.75</val>", "<val>0.5</val>"),
        ("<pe>202606</pe>", "<pe>202609</pe>"),
    ],
)
def test_two_elements_where_one_is_expected_are_refused(element: str, second: str) -> None:
    assert element in PAIRED
    line = 1 + PAIRED[: PAIRED.index(element)].count("\n")
    found = xml_refusals(PAIRED.replace(element, f"{element}\n{second}", 1))
    name, value = second[1:].split("</", maxsplit=1)[0].split(">")
    assert found == [(line + 1, value, f"one element {name} there")]


def in_place(name: str, more: str) -> str:
    """Return the set with an element after the first one of a name."""
    end = PAIRED.index(f"</{name}>") + len(name) + 3
    return PAIRED[:end] + more + PAIRED[end:]


@pytest.mark.parametrize(
    ("name", "child", "more"),
    [
        ("adjRate", "r 1", "<r>1</r><baseR>1</baseR><val>2</val>"),
        ("pbRateDef", "r 1", "<r>1</r><isCust>1</isCust><acctType>H</acctType><isM>1</isM>"),
        ("pointDef", "r 1", "<r>1</r>"),
        ("scanPointDef", "point 1", "<point>1</point><weight>0</weight>"),
        ("scanRate", "r 1", "<r>1</r><priceScan>9</priceScan>"),
        ("ra", "r 1", "<r>1</r>"),
        ("group", "id 1", "<id>1</id><aVal>BND</aVal>"),
    ],
)
def test_what_differs_by_its_rate_or_point_is_refused_with_the_same_one(
    name: str, child: str, more: str
) -> None:
    found = xml_refusals(in_place(name, f"<{name}>{more}</{name}>"))
    assert [each[2] for each in found] == [f"one element {name} with {child} there"]
    # Another rate or group beside it is none of those that are read.
    number = child.split()[1]
    other = more.replace(f">{number}<", ">99<", 1)
    text = in_place(name, f"<{name}>{other}</{name}>")
    assert loaded_span(text.encode(), file="made.spn").parameters == PAIRED_SET


PAIRED_SET = loaded_span(PAIRED.encode(), file="made.spn").parameters


def test_a_month_in_delivery_is_given_once() -> None:
    twice = DELIVERY[:33].ljust(34) + DELIVERY[12:34] + DELIVERY[56:]
    assert len(twice) == len(DELIVERY)
    found = refusals(replaced(DELIVERY, twice))
    assert "a month in delivery is given once" in found[0][3]


def test_asymmetric_ranges_and_what_is_not_read_in_xml() -> None:
    text = MINIMAL.replace(
        "<volScan>", "<priceScanDown>4500</priceScanDown><priceScanPct>1</priceScanPct><volScan>"
    ).replace("<finalizeMeth>", "")
    text = text.replace("<capAnov>0</capAnov>", "<capAnov>0</capAnov><procMeth>2</procMeth>")
    loaded = loaded_span(text.encode(), file="made.spn")
    scan = loaded.parameters.contracts[0].scan
    assert scan is not None
    assert (scan.price_up, scan.price_down) == (3000, 4500)
    assert loaded.kept_counts == {"ccDef/procMeth": 1}
    with pytest.raises(RefusedError, match="asymmetric"):
        positional_text(loaded.parameters)


def test_xml_credit_rates_in_per_cent_are_told_by_their_size() -> None:
    spread = inter(1, "3/4", ("21", 2, "A"), ("17", 1, "B"))
    contracts = [future("21", "202606", 3000), future("17", "202606", 3000)]
    text = xml_text(parameter_set([commodity("21"), commodity("17")], contracts, [spread]))
    per_cent = text.replace("<val>0.75</val>", "<val>75</val>")
    assert per_cent != text
    for each in (text, per_cent):
        assert loaded_span(each.encode(), file="made.spn").parameters.inter_spreads == (spread,)
