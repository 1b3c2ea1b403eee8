"""How the positions of ``xm span margin`` name products, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.span.positions import read_span_positions
from crossmargin.margin.cme.span.contracts import (
    OptionRight,
    OptionTerms,
    Period,
    ProductFamily,
    ProductKey,
    ProductType,
)
from crossmargin.testing.span_sets import commodity, future, future_key, parameter_set


def named(code: str, name: str):
    return commodity(code, families=(ProductFamily(future_key(code), name=name),))


SET = parameter_set(
    [named("21", "10Y NOTE"), named("17", "BOND"), named("06", "BOND"), named("ZF", "SOMETHING")],
    [
        *(future("21", month, 3000) for month in ("202606", "202609", "202612")),
        *(future(code, "202606", 3600) for code in ("17", "06", "ZF")),
    ],
)


def read(tmp_path: Path, *rows: str) -> list[tuple[str, str]]:
    path = tmp_path / "positions.csv"
    path.write_text("\n".join(("product,period,quantity", *rows)) + "\n", "utf-8")
    return [(each.label, str(held)) for each, held in read_span_positions(path, SET)]


def refused(tmp_path: Path, *rows: str) -> list[tuple[str, str]]:
    with pytest.raises(RefusedError) as error:
        read(tmp_path, *rows)
    return [(each.field, each.expected) for each in error.value.refusals]


@pytest.mark.parametrize("product", ["21", "ZN", "10Y NOTE"])
def test_a_product_goes_by_its_code_its_globex_code_or_its_name(
    product: str, tmp_path: Path
) -> None:
    assert read(tmp_path, f"{product},202606,-2.5") == [("CBT 21 FUT 202606", "-5/2")]


def test_a_code_of_the_file_goes_before_a_globex_code(tmp_path: Path) -> None:
    # ZF is the Globex code of 25, and here a product code of its own.
    assert read(tmp_path, "ZF,202606,1") == [("CBT ZF FUT 202606", "1")]


def test_what_is_not_there_is_refused_with_what_is_near(tmp_path: Path) -> None:
    none = "one contract of the parameter set, there are 0"
    assert refused(tmp_path, "ZN,202608,1", "BOND,202606,1", "22,202606,1", "XYZ,202606,1") == [
        ("product", f"{none}; the nearest of 21 (10Y NOTE, ZN) are 202606, 202609, 202612"),
        ("product", f"{none}; did you mean product 06 or 17 (ZB)?"),
        ("product", f"{none}; did you mean product 21 (10Y NOTE, ZN)?"),
        ("product", none),
    ]


def test_an_option_that_is_not_there_is_refused_with_the_nearest_strikes(tmp_path: Path) -> None:
    calls = ProductKey("CBT", "21", ProductType.OPTION_ON_FUTURE)
    note = future("21", "202606", 3000)
    options = [
        replace(
            note,
            product=calls,
            option=OptionTerms(Period("202605"), OptionRight.CALL, Fraction(strike)),
        )
        for strike in range(100, 120, 2)
    ]
    families = (ProductFamily(future_key("21")), ProductFamily(calls, underlying="21"))
    given = parameter_set([commodity("21", families=families)], [note, *options])
    path = tmp_path / "positions.csv"
    path.write_text(
        "product,period,quantity,right,strike,exchange\n21,202606,1,C,109,\n21,202606,1,,,CME\n",
        "utf-8",
    )
    with pytest.raises(RefusedError) as error:
        read_span_positions(path, given)
    start = "one contract of the parameter set, of this product and period there are 11 others: "
    option, exchange = (each.expected.removeprefix(start) for each in error.value.refusals)
    assert option == (
        "CBT 21 OOF 202606 202605 C 108, CBT 21 OOF 202606 202605 C 110, "
        "CBT 21 OOF 202606 202605 C 106, CBT 21 OOF 202606 202605 C 112 and 7 more"
    )
    assert exchange.startswith("CBT 21 FUT 202606, ")


def test_no_position_is_none(tmp_path: Path) -> None:
    assert refused(tmp_path) == [("positions", "at least one position after the header")]
    assert refused(tmp_path, "", ",,") == refused(tmp_path)


@pytest.mark.parametrize(
    "quantity", ["\uff11\uff10", "1_000", "\u0661", "1e999", "1000000000000", "nan", "", "--1"]
)
def test_a_quantity_is_ascii_digits(quantity: str, tmp_path: Path) -> None:
    (fault,) = refused(tmp_path, f"21,202606,{quantity}")
    assert fault[0] == "quantity"
    assert "signed, smaller than 1,000,000,000,000" in fault[1]
