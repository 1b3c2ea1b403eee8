"""Read a clearing organization's file for one business date and cycle: every fault, all lines."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from crossmargin.basics.refusals import RefusedError, refused
from crossmargin.feeds.ccp_files.cells import (
    bus_date,
    contract_reader,
    cusip,
    number,
    one_of,
    plain_text,
    run_number,
)
from crossmargin.feeds.ccp_files.layouts import LAYOUTS, Column, Layout
from crossmargin.feeds.ccp_files.table import RULE, Row, TextTable, read_table
from crossmargin.services.reconciliation import FIGURES, CcpFile, CcpLine, FileKind, Nature

_KEYS = ("cusip", "contract")
_OVERALL, _BREAKOUT = "O", "B"
_FORMED = re.compile(r"[^a-z0-9]")

Cells = dict[str, Any]


def kind_of(path: Path) -> FileKind:
    """Return the kind that a file's name tells, such as ``NR_XMFICCCUSIP_20260324.csv``.

    Raises
    ------
    RefusedError
        If it tells none, or more than one.
    """
    # CME's own names of gross margin files have dots between their words.
    name = path.name.upper().replace(".", "")
    found = [kind for kind in FileKind if kind.value in name]
    if len(found) != 1:
        expected = "a file name with its kind in it, or KIND=FILE; kinds: " + ", ".join(FileKind)
        raise refused("--theirs", path.name, expected, RULE)
    return found[0]


def read_ccp_file(
    path: Path,
    kind: FileKind,
    *,
    as_of: date,
    cycle: str,
    run: int | None = None,
    columns: Mapping[str, str] | None = None,
) -> CcpFile:
    """Read the rows of one date, cycle and run.

    Parameters
    ----------
    path : Path
    kind : FileKind
    as_of : date
    cycle : str
    run : int, optional
        The last run of the date and cycle if left out.
    columns : mapping of our name to the file's, optional
        Columns given by the user, before those of the layout.

    Raises
    ------
    RefusedError
        With every fault of the file: nothing is taken from a file that has one.
    """
    table = read_table(path)
    layout = LAYOUTS[kind]
    placed = _placed(table, layout, columns or {}) if not table.refusals else {}
    _check(table)
    customers = placed.get("customer_id")
    if customers and not any(row.cells[customers] for row in table.rows):
        # A file for the whole account has the column and leaves it empty.
        del placed["customer_id"]
    readers = _readers(layout, as_of)
    rows = [
        (row, cells)
        for row in table.rows
        if (cells := _read_row(row, placed, layout, readers, table)) is not None
    ]
    _check(table)
    dated = [
        (row, cells)
        for row, cells in rows
        if cells["bus_date"] == as_of and cells.get("cycle", cycle) == cycle
    ]
    runs = {cells.get("run", 1) for _, cells in dated}
    chosen = max(runs, default=None) if run is None else run
    if chosen is None or chosen not in runs:
        _refuse_no_rows(table, rows, as_of=as_of, cycle=cycle, run=run)
    taken = [(row, cells) for row, cells in dated if cells.get("run", 1) == chosen]
    lines = _Lines(kind, table, placed)
    for row, cells in taken:
        lines.take(row, cells)
    _check(table)
    return CcpFile(
        kind=kind,
        bus_date=as_of,
        cycle=cycle,
        run=chosen or 1,
        by_customer="customer_id" in placed,
        figures=tuple(spec.name for spec in FIGURES[kind] if spec.name in placed),
        lines=lines.lines(),
        name=path.name,
        sha256=table.sha256,
        set_aside_rows=len(rows) - len(taken),
        unknown_columns={
            name: sum(bool(row.cells[name]) for row, _ in taken)
            for name in table.header
            if name not in placed.values()
        },
    )


def _check(table: TextTable) -> None:
    if table.refusals:
        raise RefusedError(*sorted(table.refusals, key=lambda r: (r.line or 0, r.column or 0)))


def _refuse_no_rows(
    table: TextTable, rows: list[tuple[Row, Cells]], *, as_of: date, cycle: str, run: int | None
) -> None:
    there = sorted(
        {
            (cells["bus_date"].isoformat(), cells.get("cycle", cycle), cells.get("run", 1))
            for _, cells in rows
        }
    )
    asked = f"{as_of} {cycle}" + ("" if run is None else f" run {run}")
    found = ", ".join(f"{day} {name} run {number}" for day, name, number in there) or "no rows"
    table.refuse("BusDate, Cycle, Run", asked, f"rows of it; the file has {found}", line=1)
    _check(table)


def _placed(table: TextTable, layout: Layout, given: Mapping[str, str]) -> dict[str, str]:
    """Return the file's name of each column that it has, refusing what is missing or unclear."""
    by_form: dict[str, list[str]] = {}
    for name in table.header:
        by_form.setdefault(_form(name), []).append(name)
    placed: dict[str, str] = {}
    for column in layout.columns:
        found = _found(table, column, by_form, given)
        if len(found) > 1:
            expected = f"one column for {column.name}; name it: --column {column.name}=NAME"
            table.refuse("header", ", ".join(found), expected, line=1, column=found[1])
        elif found:
            placed[column.name] = found[0]
        elif column.required:
            known = " or ".join(column.names)
            expected = f"a column {known}, or --column {column.name}=NAME: it is required"
            table.refuse("header", ", ".join(table.header), expected, line=1)
    figures = {spec.name for spec in FIGURES[layout.kind]}
    if not table.refusals and not figures & set(placed):
        expected = "a column of a figure; name it: --column " + "|".join(sorted(figures)) + "=NAME"
        table.refuse("header", ", ".join(table.header), expected, line=1)
    return placed


def _form(name: str) -> str:
    return _FORMED.sub("", name.casefold())


def _found(
    table: TextTable, column: Column, by_form: Mapping[str, list[str]], given: Mapping[str, str]
) -> list[str]:
    if column.name in given:
        name = given[column.name]
        if name not in table.header:
            expected = f"a column of the file: {', '.join(table.header)}"
            table.refuse(f"--column {column.name}", name, expected, line=1)
        return [name]
    claimed = set(given.values())
    return [
        name
        for known in column.names
        for name in by_form.get(_form(known), [])
        if name not in claimed
    ]


def _readers(layout: Layout, as_of: date) -> dict[str, Callable[[str], object]]:
    readers: dict[str, Callable[[str], object]] = {
        "bus_date": bus_date,
        "cycle": one_of(layout.cycles),
        "run": run_number,
        "customer_id": plain_text,
        "cusip": cusip,
        "contract": contract_reader(as_of),
        "currency": one_of(("USD",)),
        "level": one_of((_OVERALL, _BREAKOUT)),
        "margin_level": one_of(("Portfolio", "POD", "ProductGroup")),
        "product_group": plain_text,
    }
    return readers | {spec.name: number for spec in FIGURES[layout.kind]}


def _read_row(
    row: Row,
    placed: Mapping[str, str],
    layout: Layout,
    readers: Mapping[str, Callable[[str], object]],
    table: TextTable,
) -> Cells | None:
    cells: Cells = {}
    required = {column.name for column in layout.columns if column.required} | {"customer_id"}
    faults = len(table.refusals)
    for ours, theirs in placed.items():
        text = row.cells[theirs]
        if not text:
            if ours in required:
                table.refuse(theirs, text, "a value: it is required", line=row.line, column=theirs)
            continue
        try:
            cells[ours] = readers[ours](text)
        except ValueError as error:
            table.refuse(theirs, text, str(error), line=row.line, column=theirs)
    return cells if len(table.refusals) == faults else None


@dataclass(slots=True)
class _Added:
    line: int
    figures: dict[str, Fraction]
    in_total: bool


class _Lines:
    """Lines while rows are added: positions add up, a margin given twice is refused."""

    def __init__(self, kind: FileKind, table: TextTable, placed: Mapping[str, str]) -> None:
        self._kind = kind
        self._table = table
        self._placed = placed
        self._added: dict[tuple[str, str], _Added] = {}

    def take(self, row: Row, cells: Cells) -> None:
        """Add a row."""
        customer = cells.get("customer_id", "")
        key, in_total = self._key(cells)
        added = self._added.setdefault((customer, key), _Added(row.line, {}, in_total))
        for spec in FIGURES[self._kind]:
            value = cells.get(spec.name)
            if value is None:
                continue
            if spec.name in added.figures and spec.nature is not Nature.POSITION:
                name = self._placed[spec.name]
                expected = (
                    f"one row of a customer and instrument, as margin does not add up; "
                    f"line {added.line} is another"
                )
                self._table.refuse(name, row.cells[name], expected, line=row.line, column=name)
            added.figures[spec.name] = added.figures.get(spec.name, Fraction(0)) + value

    def lines(self) -> tuple[CcpLine, ...]:
        """Return one line a customer and key, in order."""
        return tuple(
            CcpLine(customer, key, added.figures, added.in_total)
            for (customer, key), added in sorted(self._added.items())
        )

    def _key(self, cells: Cells) -> tuple[str, bool]:
        if self._kind is FileKind.MARGIN001:
            parts = (cells["level"], cells["margin_level"], cells.get("product_group", ""))
            return " ".join(part for part in parts if part), cells["level"] == _OVERALL
        return next((cells[name] for name in _KEYS if name in cells), ""), True
