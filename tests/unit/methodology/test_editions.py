"""The public edition holds nothing of anybody's positions; the firm's own adds its customers."""

from __future__ import annotations

import io
import json
import re
import zlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from crossmargin.methodology.build import firm_pack, public_pack
from crossmargin.methodology.inputs import (
    BacktestEvidence,
    ConditionEvidence,
    CrowdingEvidence,
    Evidence,
    FirmInputs,
    StressEvidence,
    WalkEvidence,
)
from crossmargin.methodology.values import Pack, Table
from crossmargin.presentation.pack_files import pack_files
from crossmargin.services.margin_positions import PositionsInput
from crossmargin.services.methodology_pack import firm_inputs
from crossmargin.simulation.book import demo_positions

if TYPE_CHECKING:
    from crossmargin.methodology.inputs import PackInputs
    from crossmargin.product.position import PositionLine
    from crossmargin.services.methodology_pack import PackRequest
    from crossmargin.simulation.market import SimulatedMarket


#: Explaining its hundred lines takes as long as all other customers together.
_LARGEST = "WIDE-BOOK"


@pytest.fixture(scope="module")
def lines(simulation: SimulatedMarket) -> Sequence[PositionLine]:
    return demo_positions(simulation)


@pytest.fixture(scope="module")
def firm(pack_request: PackRequest, lines: Sequence[PositionLine]) -> FirmInputs:
    few = tuple(line for line in lines if line.customer.customer_id != _LARGEST)
    positions = PositionsInput("demo.csv", "f" * 64, len(few), few, ())
    return firm_inputs(pack_request, positions)


@pytest.fixture(scope="module")
def public_files(inputs: PackInputs) -> dict[str, bytes]:
    return dict(pack_files(public_pack(inputs))[0])


@pytest.fixture(scope="module")
def firm_files(inputs: PackInputs, firm: FirmInputs) -> dict[str, bytes]:
    return dict(pack_files(firm_pack(inputs, firm))[0])


def text_of(files: dict[str, bytes]) -> str:
    """Return all that the files say, streams of the PDF unpacked, the shipped script left out."""
    page = files[next(name for name in files if name.endswith("html"))].decode()
    page = page[: page.index("<script>")]
    paper = files[next(name for name in files if name.endswith("pdf"))]
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", paper, re.DOTALL)
    written = io.StringIO()
    for stream in streams:
        written.write(zlib.decompress(stream).decode("latin-1"))
    machine = files[next(name for name in files if name.endswith("json"))].decode()
    return page + written.getvalue() + machine


def forms(quantity: int) -> set[str]:
    return {str(abs(quantity)), f"{abs(quantity):,}"}


def secrets(lines: Sequence[PositionLine]) -> set[str]:
    """Return identifiers and CUSIPs, and quantities that are no round figure of a few digits."""
    found = {line.customer.customer_id for line in lines} | {lines[0].customer.bd_fcm}
    found |= {line.instrument for line in lines if line.clearing_organization.value == "FICC"}
    for line in lines:
        if len(str(abs(line.quantity)).rstrip("0")) > 3:
            found |= forms(line.quantity)
    return found


def holds(text: str, secret: str) -> bool:
    # Whole words; looked for plainly first, because the text is long.
    return secret in text and bool(
        re.search(rf"(?<![\w.,-]){re.escape(secret)}(?![\w,.-]*\w)", text)
    )


def test_the_public_edition_holds_nothing_of_a_positions_file(
    public_files: dict[str, bytes], lines: Sequence[PositionLine]
) -> None:
    text = text_of(public_files)
    wanted = secrets(lines)
    assert len(wanted) > 100
    assert [secret for secret in sorted(wanted) if holds(text, secret)] == []


def test_the_finder_finds_in_the_firms_own_edition(
    firm_files: dict[str, bytes], lines: Sequence[PositionLine]
) -> None:
    text = text_of(firm_files)
    customers = {line.customer.customer_id for line in lines} - {_LARGEST}
    assert len(customers) == 5
    assert all(holds(text, customer) for customer in customers)
    securities = {line.instrument for line in lines if line.clearing_organization.value == "FICC"}
    assert any(holds(text, cusip) for cusip in securities)


def test_no_cusip_at_all_is_public(
    public_files: dict[str, bytes], pack_request: PackRequest
) -> None:
    text = text_of(public_files)
    sheet = pack_request.market.price_sheets[pack_request.as_of].prices
    assert [cusip for cusip in sheet if holds(text, cusip)] == []


def test_the_firms_edition_has_every_customer_with_its_figures(
    inputs: PackInputs, firm: FirmInputs
) -> None:
    pack = firm_pack(inputs, firm)
    (section,) = [each for each in pack.sections if each.name == "customers"]
    headings = [part.heading for part in section.parts]
    assert all(customer.name in headings for customer in firm.customers)
    (table,) = [
        block
        for block in section.parts[0].blocks
        if isinstance(block, Table) and block.title == "Requirement and saving"
    ]
    for row, customer in zip(table.rows, firm.customers, strict=True):
        assert row[0] == customer.name
        whole = -(-customer.requirement.requirement.cents // 100)
        assert row[2] == f"{whole:,}"
    assert any(customer.positions for customer in firm.customers)


def test_the_public_pack_has_no_section_of_customers(inputs: PackInputs) -> None:
    names = [section.name for section in public_pack(inputs).sections]
    assert "customers" not in names
    for asked in ("drivers", "factors", "scenarios", "calibration", "governance"):
        assert asked in names


def test_equal_inputs_give_equal_files(inputs: PackInputs, public_files: dict[str, bytes]) -> None:
    again, digest = pack_files(public_pack(inputs))
    assert dict(again) == public_files
    assert json.loads(again["methodology-public.json"])["digest"] == digest


def test_the_page_asks_for_nothing(public_files: dict[str, bytes]) -> None:
    page = public_files["methodology-public.html"].decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "'unsafe-eval'" not in policy[1]
    head, _, rest = page.partition("<script>")
    assert not re.search(r"(?:src|href)=['\"](?!#|data:)", head)
    assert "@import" not in head
    assert "url(" not in head
    assert rest.count("<script>") == 1, "the plotly script stands once, then our own"


def test_text_and_tables_stand_without_the_script(
    inputs: PackInputs, public_files: dict[str, bytes]
) -> None:
    pack = public_pack(inputs)
    page = public_files["methodology-public.html"].decode()
    body = page[: page.index("<script")]
    assert body.count("<svg") == len(pack.figures())
    tables = [block for block in pack.blocks() if isinstance(block, Table)]
    assert body.count("<table") == len(tables)
    assert body.count("<tr>") == sum(1 + len(table.rows) for table in tables)


def test_the_machine_readable_copy_holds_every_value(
    inputs: PackInputs, public_files: dict[str, bytes]
) -> None:
    pack = public_pack(inputs)
    document = json.loads(public_files["methodology-public.json"])
    blocks = [
        block
        for section in document["sections"]
        for part in section["parts"]
        for block in part["blocks"]
    ]
    tables = [block for block in pack.blocks() if isinstance(block, Table)]
    copied = [block for block in blocks if block["kind"] == "table"]
    assert [[list(row) for row in table.rows] for table in tables] == [
        block["rows"] for block in copied
    ]
    figures = [block for block in blocks if block["kind"] == "figure"]
    assert [block["question"] for block in figures] == [each.question for each in pack.figures()]
    first = next(block for block in figures if block["name"] == "saving-by-book")
    ficc = next(one for one in first["series"] if one["name"] == "FICC-style model")
    expected = [
        f"{100 * float(book.requirement.reduction.ficc_saving):.6g}" for book in inputs.books
    ]
    assert ficc["x"] == expected


def a_pack_with_evidence(inputs: PackInputs, firm: FirmInputs) -> Pack:
    days = ["2020-03-02", "2020-03-03", "2020-03-04"]
    evidence = Evidence(
        walks=[
            WalkEvidence(
                *("ZN basis", days, [3e6, 4e6, 5e6], [1e6, 1.2e6, 2e6]),
                {"FICC": [0.9, 0.8, 0.6], "CME": [0.95, 0.9, 0.9]},
                ["CAP", "CAP", "FICC"],
            )
        ],
        backtests=[
            BacktestEvidence(
                *("ZN basis", days, {"both together": [2.0, 2.0, 2.0]}),
                *({"both together": [1.0, 3.0, 0.5]}, {"both together": [False, True, False]}),
                *("USD million", ("tested", "exceptions", "verdict")),
                [("both together", "1", "NOT_REJECTED")],
            )
        ],
        stresses=[StressEvidence("ZN basis", ["1994"], ["par yields"], [2e6], 1e6)],
        conditions=[
            ConditionEvidence("Does slope matter?", "slope, bp", [0.0, 9.0], {"a": [0.8, 0.7]})
        ],
    )
    crowd = CrowdingEvidence(["2Y"], {"all": [1e6]}, {"of a day's volume": [0.1]})
    return firm_pack(
        replace(inputs, evidence=evidence), replace(firm, evidence=evidence, crowding=crowd)
    )


def test_evidence_of_other_analyses_fills_its_parts(inputs: PackInputs, firm: FirmInputs) -> None:
    bare = [part.text for part in firm_pack(inputs, firm).blocks() if hasattr(part, "template")]
    assert bare.count("Not part of this build.") == 7
    pack = a_pack_with_evidence(inputs, firm)
    text = [part.text for part in pack.blocks() if hasattr(part, "template")]
    assert "Not part of this build." not in text
    names = [figure.name for figure in pack.figures()]
    assert len(names) == len(set(names))
    for name in ("walk-0-requirement", "customers-walk-0-saving", "backtest-0-0", "stress-0"):
        assert name in names
    assert {"condition-0", "crowding"} <= set(names)
    files, _ = pack_files(pack)
    assert files["methodology-firm.pdf"].startswith(b"%PDF")
