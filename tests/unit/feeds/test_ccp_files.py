"""Files of the clearing organizations: every fault with its place, unknown columns kept."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.feeds.ccp_files import table
from crossmargin.feeds.ccp_files.cells import number, safe_text
from crossmargin.feeds.ccp_files.layouts import LAYOUTS
from crossmargin.feeds.ccp_files.reading import kind_of, read_ccp_file
from crossmargin.feeds.ccp_files.writing import write_ccp_file
from crossmargin.services.reconciliation import FIGURES, CcpFile, CcpLine, FileKind, Nature

DAY = date(2026, 3, 24)
NOTE, BOND = "91282CMS7", "912810FT0"
HEADER = "BusDate,Cycle,Run,CUSIP,Par"


def read(
    tmp_path: Path,
    text: str | bytes,
    kind: FileKind = FileKind.XMFICCCUSIP,
    *,
    run: int | None = None,
    columns: dict[str, str] | None = None,
) -> CcpFile:
    path = tmp_path / "theirs.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_ccp_file(path, kind, as_of=DAY, cycle="EOD", run=run, columns=columns)


def faults(tmp_path: Path, text: str | bytes, *args: FileKind, **options) -> tuple[Refusal, ...]:
    with pytest.raises(RefusedError) as caught:
        read(tmp_path, text, *args, **options)
    return caught.value.refusals


def rows(*cells: str, header: str = HEADER) -> str:
    return "\n".join([header, *(f"03/24/2026,EOD,1,{cell}" for cell in cells)]) + "\n"


def test_a_file_with_mark_crlf_quotes_and_blank_lines_is_read(tmp_path: Path) -> None:
    text = (
        b"\xef\xbb\xbf"
        + rows(f'"{NOTE}", 100', "", f"{BOND},-5")
        .replace("03/24/2026,EOD,1,\n", "\n")
        .replace("\n", "\r\n")
        .encode()
    )
    found = read(tmp_path, text)
    assert [(line.key, line.figures["par"]) for line in found.lines] == [(BOND, -5), (NOTE, 100)]
    assert not found.by_customer
    assert found.name == "theirs.csv"


def test_unknown_columns_are_kept_and_counted(tmp_path: Path) -> None:
    header = HEADER + ",Desk,Remark"
    found = read(tmp_path, rows(f"{NOTE},1,NY,", f"{BOND},2,,", header=header))
    assert found.unknown_columns == {"Desk": 1, "Remark": 0}


def test_positions_given_twice_add_up_and_margin_is_refused(tmp_path: Path) -> None:
    found = read(tmp_path, rows(f"{NOTE},100", f"{NOTE},-30"))
    assert [line.figures["par"] for line in found.lines] == [70]
    header = "BusDate,Cycle,Run,CUSIP,ComponentVaR"
    text = rows(f"{NOTE},1", f"{NOTE},2", header=header)
    (fault,) = faults(tmp_path, text, FileKind.FICCVARDETAIL)
    assert (fault.field, fault.value, fault.line, fault.column) == ("ComponentVaR", "2", 3, 5)
    assert "line 2 is another" in fault.expected


def test_all_faults_of_all_rows_are_named_with_their_places(tmp_path: Path) -> None:
    text = (
        f"{HEADER}\n"
        '03/24/2026,EOD,0,91282CMS8,"1,000"\n'
        f"2026-03-24,NOON,1,{NOTE},(5)\n"
        f"02/30/2026,EOD,1,{NOTE},\n"
        f"03/24/2026,EOD,1,{NOTE}\n"
        f'03/24/2026,EOD,1,"{NOTE},1\n'
    )
    found = [(f.line, f.column, f.field) for f in faults(tmp_path, text)]
    # The two rows that are no rows are told first: nothing can be read from such a file.
    assert found == [(5, None, "row"), (6, None, "line")]
    well_formed = "\n".join(text.splitlines()[:4]) + "\n"
    refusals = faults(tmp_path, well_formed)
    assert [(f.line, f.column) for f in refusals] == [
        (2, 3),
        (2, 4),
        (2, 5),
        (3, 1),
        (3, 2),
        (3, 5),
        (4, 1),
        (4, 5),
    ]
    assert all(f.file == "theirs.csv" and f.expected and f.rule for f in refusals)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1,000", "separators of thousands"),
        ("1'000.5", "separators of thousands"),
        ("(5)", "not in parentheses"),
        ("$5", "plain decimal"),
        ("1e6", "plain decimal"),
        ("nan", "plain decimal"),
        ("+5", "plain decimal"),
        ("5.", "plain decimal"),
        ("٣", "plain decimal"),
        ("1" * 21, "20 digits"),
    ],
)
def test_numbers_are_plain_decimals(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        number(text)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("BusDate,Cycle,Run,Par", "a column CUSIP"),
        ("Cycle,Run,CUSIP,Par", "a column BusDate"),
        ("BusDate,Cycle,Run,CUSIP,Amount", "--column par=NAME"),
        ("BusDate,Cycle,Run,CUSIP,Par,Par Amount", "one column for par"),
        ("BusDate,Cycle,Run,CUSIP,Par,Par", "each column once"),
        ("BusDate,Cycle,Run,CUSIP,Par,", "a name for every column"),
        ("", "the file is empty"),
    ],
)
def test_a_header_at_fault_is_refused(tmp_path: Path, header: str, said: str) -> None:
    assert said in faults(tmp_path, header)[0].expected


def test_columns_can_be_named_by_the_user(tmp_path: Path) -> None:
    header = "BusDate,Cycle,Run,Sec,Amount,Par,Acct"
    named = {"cusip": "Sec", "par": "Amount", "customer_id": "Acct"}
    found = read(tmp_path, rows(f"{NOTE},7,999,FUND", header=header), columns=named)
    assert found.lines == (CcpLine("FUND", NOTE, {"par": Fraction(7)}),)
    assert found.unknown_columns == {"Par": 1}
    (fault,) = faults(tmp_path, rows(header=header), columns={**named, "par": "Nominal"})
    assert (fault.field, fault.value) == ("--column par", "Nominal")


def test_the_last_run_of_date_and_cycle_is_taken_and_others_set_aside(tmp_path: Path) -> None:
    text = (
        f"{HEADER}\n03/24/2026,EOD,1,{NOTE},1\n03/24/2026,EOD,2,{NOTE},2\n"
        f"03/24/2026,EODXM,9,{NOTE},3\n03/23/2026,EOD,5,{NOTE},4\n"
    )
    last, first = read(tmp_path, text), read(tmp_path, text, run=1)
    assert (last.run, last.lines[0].figures["par"], last.set_aside_rows) == (2, 2, 3)
    assert (first.run, first.lines[0].figures["par"]) == (1, 1)
    (fault,) = faults(tmp_path, text, run=3)
    assert "2026-03-24 EODXM run 9" in fault.expected


def test_customers_are_given_in_every_row_or_in_none(tmp_path: Path) -> None:
    header = "BusDate,Cycle,Run,CustomerId,CUSIP,Par"
    assert not read(tmp_path, rows(f",{NOTE},1", header=header)).by_customer
    (fault,) = faults(tmp_path, rows(f"A,{NOTE},1", f",{NOTE},1", header=header))
    assert (fault.line, fault.column) == (3, 4)


def test_contracts_are_those_listed_on_the_date(tmp_path: Path) -> None:
    header = "BusDate,Cycle,Run,Contract,FuturesEquivalents"
    found = read(tmp_path, rows("ZNM6,1.5", "ZNM26,2", header=header), FileKind.XMFICCPOSN)
    assert found.lines == (CcpLine("", "ZNM26", {"equivalents": Fraction(7, 2)}),)
    (fault,) = faults(tmp_path, rows("ZNM25,1", header=header), FileKind.XMFICCPOSN)
    assert (fault.value, fault.column) == ("ZNM25", 4)


def test_margin001_has_levels_and_ordinary_cycles(tmp_path: Path) -> None:
    header = "BusDate,Cycle,Run,CCY,CustAcct,Level,MarginLevel,ProductGroup,PerformanceBond"
    text = rows("USD,A,O,Portfolio,,10", "USD,A,B,ProductGroup,ZN,6", header=header)
    found = read(tmp_path, text, FileKind.MARGIN001)
    assert [(line.key, line.in_total) for line in found.lines] == [
        ("B ProductGroup ZN", False),
        ("O Portfolio", True),
    ]
    odd = rows("EUR,A,X,Portfolio,,10", header=header).replace("EOD", "EODXM")
    columns = [fault.column for fault in faults(tmp_path, odd, FileKind.MARGIN001)]
    assert columns == [2, 4, 6]


def test_lines_and_files_have_a_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = rows(f"{NOTE},{'1' * table.LONGEST_LINE_BYTES}")
    assert [(f.line, f.field) for f in faults(tmp_path, long)] == [(2, "line")]
    assert faults(tmp_path, rows(f"{NOTE},1\0"))[0].field == "line"
    assert "UTF-8" in faults(tmp_path, HEADER.encode() + b"\n\xff\n")[0].expected
    monkeypatch.setattr(table, "LARGEST_FILE_BYTES", 10)
    assert "at most 10 bytes" in faults(tmp_path, HEADER)[0].expected


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("NR_XMFICCCUSIP_20260324.csv", "XMFICCCUSIP"),
        ("MARGIN001_SPAN2_PP.20260324.csv", "MARGIN001"),
        ("CME.CGM.Margins.Summary.EOD.20260324.CMF001.csv", "CGMMARGINSSUMMARY"),
    ],
)
def test_the_name_of_a_file_tells_its_kind(name: str, kind: str) -> None:
    assert kind_of(Path(name)) is FileKind(kind)


@pytest.mark.parametrize("name", ["positions.csv", "XMFICCPOSN_XMFICCCUSIP.csv"])
def test_a_name_that_tells_no_kind_is_refused(name: str) -> None:
    with pytest.raises(RefusedError, match="KIND=FILE"):
        kind_of(Path(name))


def test_public_columns_come_first_and_are_marked() -> None:
    for layout in LAYOUTS.values():
        assert layout.written[:3] == ("BusDate", "Cycle", "Run")
        assert [column.name for column in layout.columns if column.public][:3] == [
            "bus_date",
            "cycle",
            "run",
        ]
        figures = {spec.name for spec in FIGURES[layout.kind]}
        assert figures <= {column.name for column in layout.columns}


CUSTOMERS = st.sampled_from(["A", "=1+1", "-B", "@x", "+y", 'quo"te', "comma, b", "'=z", "Ä"])
KEYS = {
    FileKind.XMFICCCUSIP: st.sampled_from([NOTE, BOND]),
    FileKind.FICCVARDETAIL: st.sampled_from([NOTE, BOND]),
    FileKind.XMFICCPOSN: st.sampled_from(["ZNM26", "UBM26"]),
    FileKind.XMFICCMARGINSAVINGS: st.just(""),
    FileKind.CGMMARGINSSUMMARY: st.just(""),
    FileKind.MARGIN001: st.sampled_from(["O Portfolio", "B ProductGroup ZN"]),
}


@st.composite
def files(draw: st.DrawFn) -> CcpFile:
    kind = draw(st.sampled_from(list(FileKind)))
    places = draw(st.lists(st.tuples(CUSTOMERS, KEYS[kind]), min_size=1, max_size=4, unique=True))
    lines = tuple(
        CcpLine(
            customer,
            key,
            {
                spec.name: Fraction(draw(st.integers(-(10**17), 10**17)))
                / (1 if spec.unit == "dollars of par" else 10**6)
                for spec in FIGURES[kind]
            },
            in_total=not key.startswith("B "),
        )
        for customer, key in sorted(places)
    )
    return CcpFile(kind, DAY, "EOD", 3, True, tuple(s.name for s in FIGURES[kind]), lines)


@settings(max_examples=60, deadline=None)
@given(file=files())
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, file: CcpFile
) -> None:
    path = write_ccp_file(file, tmp_path_factory.mktemp("files"))
    assert path.name == f"{file.kind}_20260324_EOD_3.csv"
    back = read_ccp_file(path, kind_of(path), as_of=DAY, cycle="EOD")
    assert (back.lines, back.figures, back.run) == (file.lines, file.figures, 3)
    ratios = [s.name for s in FIGURES[file.kind] if s.nature is Nature.RATIO]
    assert set(ratios) <= set(back.figures)


@settings(max_examples=80, deadline=None)
@given(content=st.binary(max_size=120) | st.text(alphabet=',"\n\r=1-()A.', max_size=80))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes | str
) -> None:
    body = content if isinstance(content, bytes) else content.encode()
    path = tmp_path_factory.mktemp("fuzz") / "XMFICCCUSIP.csv"
    path.write_bytes(HEADER.encode() + b"\n" + body)
    with pytest.raises(RefusedError) as caught:
        read_ccp_file(path, FileKind.XMFICCCUSIP, as_of=DAY, cycle="EOD")
    assert all(refusal.file == path.name for refusal in caught.value.refusals)


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "'=1"])
def test_no_written_text_is_a_formula(text: str) -> None:
    assert safe_text(text)[0] not in "=+-@"
