"""Positions files: every fault of every row, by file, line and column; never a stack trace."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars
import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.positions import LoadedPositions, position_from_row, read_positions
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine

HEADER = "customer_id,clearing_organization,account,instrument,quantity"
FULL = HEADER + ",leg,settlement_date,end_date,repo_rate_pct,start_amount,bd_fcm,failed"
GOOD = "FUND,CME,XM,ZNM6,-5"
REPO = "FUND,FICC,XM,912810FT0,1000,REPO,2026-03-24,2026-06-30,3.74,1012.55,BD-2,"

Read = Callable[..., LoadedPositions]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def write_and_read(content: str | bytes, name: str = "positions.csv") -> LoadedPositions:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_positions(path)

    return write_and_read


def places(loaded: LoadedPositions) -> list[tuple[str, int | None, int | None]]:
    return [(refusal.field, refusal.line, refusal.column) for refusal in loaded.refusals]


def test_good_file_reads_clean(read: Read) -> None:
    content = f"{FULL}\n{REPO}\nFUND,CME,REGULAR,SR3H27,+7,,,,,,,\n"
    loaded = read(content)
    assert loaded.refusals == ()
    assert loaded.row_count == 2
    assert loaded.sha256 == hashlib.sha256(content.encode()).hexdigest()
    assert loaded.lines[0] == PositionLine(
        line=2,
        customer=CustomerKey("BD-2", "FUND"),
        clearing_organization=ClearingOrganization.FICC,
        account=Account.XM,
        instrument="912810FT0",
        quantity=1000,
        leg=Leg.REPO,
        settlement_date=date(2026, 3, 24),
        end_date=date(2026, 6, 30),
        repo_rate_pct=Decimal("3.74"),
        start_amount=Money(101255),
    )
    assert loaded.lines[1].customer == CustomerKey("BD-FCM", "FUND")
    assert loaded.lines[1].quantity == 7


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ("FUND,LCH,XM,ZNM6,1", ["clearing_organization"]),
        ("FUND,CME,xm,ZNM6,1", ["account"]),
        (",CME,XM,ZNM6,1", ["customer_id"]),
        ("  ,CME,XM,ZNM6,1", ["customer_id"]),
        ("FUND,CME,XM,,1", ["instrument"]),
        ("FUND,CME,XM,ZN M6,1", ["instrument"]),
        ("FUND,CME,XM,znm6,1", ["instrument"]),
        ("FUND,FICC,XM,912810FT1,1000", ["instrument"]),
        ("FUND,FICC,XM,912810FT,1000", ["instrument"]),
        ("FUND,CME,XM,ZNM6,12.5", ["quantity"]),
        ("FUND,CME,XM,ZNM6,1e400", ["quantity"]),
        ("FUND,CME,XM,ZNM6,1_000", ["quantity"]),
        ("FUND,CME,XM,ZNM6,\u0663", ["quantity"]),
        ("FUND,CME,XM,ZNM6,--1", ["quantity"]),
        ("FUND,CME,XM,ZNM6,", ["quantity"]),
        ("FUND,CME,XM,ZNM6," + "9" * 16, ["quantity"]),
        ("FUND,FICC,XM,912810FT0,150", ["quantity"]),
        ("F" * 101 + ",CME,XM,ZNM6,1", ["customer_id"]),
        (",LCH,xm,,not-a-number", list(HEADER.split(","))),
    ],
)
def test_every_fault_of_a_row_is_named(read: Read, row: str, fields: list[str]) -> None:
    loaded = read(f"{HEADER}\n{GOOD}\n{row}\n")
    assert sorted(refusal.field for refusal in loaded.refusals) == sorted(fields)
    assert {refusal.line for refusal in loaded.refusals} == {3}
    columns = [HEADER.split(",").index(refusal.field) + 1 for refusal in loaded.refusals]
    assert [refusal.column for refusal in loaded.refusals] == columns
    assert len(loaded.lines) == 1
    assert loaded.row_count == 2


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"quantity": "-1000"}, "quantity", "ruling 14"),
        ({"quantity": "0"}, "quantity", "ruling 14"),
        ({"leg": "REVERSE_REPO"}, "quantity", "ruling 14"),
        ({"quantity": "1050"}, "quantity", "ruling 15"),
        ({"leg": "BUY"}, "leg", "reference: positions file"),
        ({"end_date": ""}, "end_date", "ruling 14"),
        ({"end_date": "2026-03-24"}, "end_date", "ruling 14"),
        ({"end_date": "20260630"}, "end_date", "reference: positions file"),
        ({"settlement_date": "2026-02-30"}, "settlement_date", "reference: positions file"),
        ({"repo_rate_pct": "3,74"}, "repo_rate_pct", "reference: positions file"),
        ({"repo_rate_pct": "374"}, "repo_rate_pct", "reference: positions file"),
        ({"repo_rate_pct": "NaN"}, "repo_rate_pct", "reference: positions file"),
        ({"start_amount": "1012.555"}, "start_amount", "reference: positions file"),
        ({"start_amount": "-1"}, "start_amount", "reference: positions file"),
        ({"failed": "yes"}, "failed", "reference: positions file"),
    ],
)
def test_repo_terms_are_checked(changes: dict[str, str], field: str, rule: str) -> None:
    cells = dict(zip(FULL.split(","), REPO.split(","), strict=True)) | changes
    refusals = position_from_row(cells, line=2, default_bd_fcm="BD")
    assert isinstance(refusals, tuple)
    assert [(refusal.field, refusal.rule) for refusal in refusals] == [(field, rule)]


def test_repo_terms_are_for_repo_only() -> None:
    cells = dict(zip(FULL.split(","), REPO.split(","), strict=True))
    at_cme = position_from_row(
        cells | {"clearing_organization": "CME", "instrument": "ZNM6", "failed": "true"},
        line=2,
        default_bd_fcm="BD",
    )
    assert isinstance(at_cme, tuple)
    assert [refusal.field for refusal in at_cme] == [
        "leg",
        "settlement_date",
        "end_date",
        "repo_rate_pct",
        "start_amount",
        "failed",
    ]
    cash = position_from_row(cells | {"leg": "CASH"}, line=2, default_bd_fcm="BD")
    assert isinstance(cash, tuple)
    assert [r.field for r in cash] == ["end_date", "repo_rate_pct", "start_amount"]


def test_flat_position_and_fail_are_well_formed(read: Read) -> None:
    row = "FUND,FICC,XM,912810FT0,0,CASH,2026-03-20,,,,,true"
    loaded = read(f"{FULL}\n{row}\n")
    assert loaded.refusals == ()
    assert (loaded.lines[0].quantity, loaded.lines[0].failed) == (0, True)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", [("file", 1, None)]),
        ("\ufeff", [("header", 1, None)]),
        ("\n", [("header", 1, None)]),
        (GOOD + "\n", [("header", 1, None)]),
        (HEADER.replace("quantity", "quantty") + "\n", [("header", 1, 5), ("header", 1, None)]),
        (HEADER + ",quantity\n", [("header", 1, 6)]),
        (HEADER + ",\n", [("header", 1, 6)]),
        (f"{HEADER}\nFUND,CME,XM,ZNM6\n", [("row", 2, None)]),
        (f"{HEADER}\n{GOOD},\n", [("row", 2, None)]),
        (f'{HEADER}\n{GOOD}\n"FUND,CME,XM,ZNM6,1\n{GOOD}\n', [("line", 3, None)]),
        (f'{HEADER}\n"FU"ND,CME,XM,ZNM6,1\n', [("line", 2, None)]),
        (f"{HEADER}\nFU\x00ND,CME,XM,ZNM6,1\n", [("line", 2, None)]),
        (f"{HEADER}\r{GOOD}\r", [("line", 1, None)]),
        (
            f"{HEADER}\nFUND,CME,XM,ZNM6,{'1' * 20_000}\n{GOOD},\n",
            [("line", 2, None), ("row", 3, None)],
        ),
        (HEADER.encode("utf-16"), [("line", 1, None)]),
        (f"{HEADER}\nF\u00fcnd,CME,XM,ZNM6,1\n".encode("latin-1"), [("line", 2, None)]),
    ],
)
def test_broken_files_are_refused_where_they_break(
    read: Read, content: str | bytes, expected: list[tuple[str, int | None, int | None]]
) -> None:
    assert places(read(content)) == expected


def test_unknown_column_names_the_nearest(read: Read) -> None:
    loaded = read(HEADER + ",settlement_dat\n" + GOOD + ",\n")
    [refusal] = loaded.refusals
    assert "did you mean settlement_date?" in refusal.expected
    assert loaded.lines == ()
    assert loaded.row_count == 1


def test_byte_order_mark_crlf_quotes_and_blank_lines_are_accepted(read: Read) -> None:
    rows = ['"FUND, Ltd ""A""",CME,XM,ZNM6,-5', "", " F\u00fcnd ,CME,XM,ZNM6,1", ""]
    loaded = read("\ufeff" + "\r\n".join([HEADER, *rows]))
    assert loaded.refusals == ()
    assert [line.customer.customer_id for line in loaded.lines] == ['FUND, Ltd "A"', "F\u00fcnd"]
    assert [line.line for line in loaded.lines] == [2, 4]


def test_json_lines_keep_every_digit(read: Read) -> None:
    loaded = read(
        '{"customer_id": "FUND", "clearing_organization": "FICC", "account": "XM",'
        ' "instrument": "912810FT0", "quantity": 1000, "leg": "REPO", "end_date": "2026-06-30",'
        ' "repo_rate_pct": 3.740000000000000001, "start_amount": 2001270380.43, "bd_fcm": null}\n'
        "\n",
        "positions.jsonl",
    )
    assert loaded.refusals == ()
    assert loaded.row_count == 1
    assert loaded.lines[0].repo_rate_pct == Decimal("3.740000000000000001")
    assert str(loaded.lines[0].start_amount) == "2001270380.43"


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("[1]", ["line"]),
        ("{", ["line"]),
        ("[" * 5000, ["line"]),
        ('{"quantity": 1, "quantity": 2}', ["quantity"]),
        ('{"quantty": 1}', ["quantty"]),
        ('{"quantity": [1]}', ["quantity"]),
        ('{"quantity": {"par": 1}}', ["quantity"]),
        (
            '{"customer_id": "F", "clearing_organization": "CME", "account": "XM",'
            ' "instrument": "ZNM6", "quantity": NaN}',
            ["quantity"],
        ),
    ],
)
def test_json_lines_faults(read: Read, line: str, fields: list[str]) -> None:
    loaded = read(line + "\n", "positions.jsonl")
    assert [refusal.field for refusal in loaded.refusals] == fields
    assert {refusal.line for refusal in loaded.refusals} == {1}


def test_parquet_rows_are_read_as_csv_rows_are(tmp_path: Path) -> None:
    path = tmp_path / "positions.parquet"
    polars.DataFrame(
        {
            "customer_id": ["FUND", "FUND", "FUND"],
            "clearing_organization": ["FICC", "CME", "CME"],
            "account": ["XM", "XM", "XM"],
            "instrument": ["912810FT0", "ZNM6", "ZNM6"],
            "quantity": [1000.0, -3.0, 2.5],
            "leg": ["REPO", None, None],
            "end_date": [date(2026, 6, 30), None, None],
            "start_amount": [2001270380.43, None, None],
        }
    ).write_parquet(path)
    loaded = read_positions(path, default_bd_fcm="BD-9")
    assert places(loaded) == [("quantity", 4, 5)]
    assert [line.quantity for line in loaded.lines] == [1000, -3]
    assert loaded.lines[0].end_date == date(2026, 6, 30)
    assert str(loaded.lines[0].start_amount) == "2001270380.43"
    assert loaded.lines[1].customer == CustomerKey("BD-9", "FUND")
    assert loaded.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="readable file"):
        read_positions(tmp_path / "absent.csv")
    with pytest.raises(RefusedError, match="readable file"):
        read_positions(tmp_path)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(RefusedError, match="a Parquet file"):
        read_positions(broken)


@pytest.mark.real_data
def test_sample_portfolio_reads_clean_and_bad_rows_are_named(real_data: Path) -> None:
    folder = real_data.parent / "portfolios"
    if not folder.is_dir():
        pytest.skip("no portfolios beside the data folder")
    sample = read_positions(folder / "sample_bd_fcm_2026-03-24.csv")
    assert sample.refusals == ()
    assert sample.row_count == len(sample.lines) > 0
    bad = read_positions(folder / "bad_rows.csv")
    assert places(bad) == [
        ("instrument", 9, 4),
        ("quantity", 13, 5),
        ("quantity", 14, 5),
        ("clearing_organization", 15, 2),
        ("customer_id", 16, 1),
        ("quantity", 17, 5),
        ("quantity", 18, 5),
    ]
    assert bad.row_count == len(bad.lines) + len(bad.refusals)
