"""``xm market import``: every published file of a folder into one market directory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.feeds.market.directory import (
    TableFile,
    is_market_directory,
    market_digest,
    refuse_other_directory,
    sorted_rows,
    write_tables,
)
from crossmargin.feeds.market.origins import ORIGINS
from crossmargin.feeds.market.sources import (
    SourceTable,
    is_market_file,
    read_source,
    unrecognised,
)
from crossmargin.feeds.market.tables import Table

_RULE = "reference: xm market"
_CONFLICTS_LISTED_MAX = 100


@dataclass(frozen=True, slots=True)
class ImportedTable:
    """One table of an import: what it holds and which files it came from."""

    name: str
    files: tuple[str, ...]
    rows: int
    duplicates_dropped: int
    first_date: str | None
    last_date: str | None
    rights: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did.

    ``not_recognised`` names files that were passed over: those that are no CSV, and CSV files
    with an unknown header where the caller asked to skip them.
    """

    tables: tuple[ImportedTable, ...]
    not_recognised: tuple[str, ...]
    digest: str

    def as_document(self) -> dict[str, Any]:
        """Return the JSON shape."""
        return {
            "digest": self.digest,
            "simulated": False,
            "tables": [
                {
                    "table": table.name,
                    "files": list(table.files),
                    "rows": table.rows,
                    "duplicates_dropped": table.duplicates_dropped,
                    "first_date": table.first_date,
                    "last_date": table.last_date,
                    "rights": table.rights,
                    "sha256": table.sha256,
                }
                for table in self.tables
            ],
            "not_recognised": list(self.not_recognised),
        }


def import_market(
    sources: Sequence[Path],
    directory: Path,
    *,
    retrieved: dt.date | None = None,
    skip_unrecognised: bool = False,
) -> ImportReport:
    """Build a market directory from published files.

    Parameters
    ----------
    sources : sequence of Path
        Files, or folders whose files are read (not their sub-folders). Each ``.csv`` or
        ``.csv.gz`` is recognised by its header, whatever its name; other files are passed over
        and named in the report.
    directory : Path
        Created, or replaced whole if it is a market directory already.
    retrieved : date, optional
        The day the files were fetched from their publishers, for the manifest.
    skip_unrecognised : bool
        Pass over a CSV whose header is that of no table. By default it is refused: a misspelt
        column must not cost a table in silence.

    Raises
    ------
    RefusedError
        With every fault of every file: unreadable, unrecognised, a value its column does not
        allow, two different rows of one key. Nothing is written then.
    """
    refuse_other_directory(directory.resolve())
    paths = _files_of(sources)
    tables, passed_over, refusals = _read_all(paths, skip_unrecognised=skip_unrecognised)
    merged = []
    for group in _by_table(tables):
        try:
            merged.append(_merged(group, retrieved))
        except RefusedError as error:
            refusals += error.refusals
    if not refusals and not merged:
        names = ", ".join(str(source) for source in sources)
        refusals.append(Refusal("sources", names, "at least one published market file", _RULE))
    if refusals:
        raise RefusedError(*refusals)
    entries = write_tables(directory, merged, simulated=False, seed=None, notes={})
    return _report(entries, passed_over)


def _files_of(sources: Sequence[Path]) -> list[Path]:
    paths: dict[Path, None] = {}
    refusals = []
    for source in sources:
        folder = source if source.is_dir() else source.parent
        if is_market_directory(folder):
            # Else simulated figures could come back in as published ones.
            expected = "published files, not a market directory"
            refusals.append(Refusal("sources", str(source), expected, _RULE))
        elif source.is_dir():
            paths.update(dict.fromkeys(sorted(p for p in source.iterdir() if p.is_file())))
        elif source.is_file():
            paths[source] = None
        else:
            refusals.append(Refusal("sources", str(source), "a file or folder that exists", _RULE))
    if refusals:
        raise RefusedError(*refusals)
    return list(paths)


def _read_all(
    paths: Sequence[Path], *, skip_unrecognised: bool
) -> tuple[list[SourceTable], list[str], list[Refusal]]:
    tables: list[SourceTable] = []
    passed_over: list[str] = []
    refusals: list[Refusal] = []
    for path in paths:
        if not is_market_file(path):
            passed_over.append(path.name)
            continue
        try:
            table = read_source(path)
        except RefusedError as error:
            refusals += error.refusals
            continue
        if table is not None:
            tables.append(table)
        elif skip_unrecognised:
            passed_over.append(path.name)
        else:
            refusals.append(unrecognised(path))
    return tables, passed_over, refusals


def _by_table(tables: Sequence[SourceTable]) -> list[list[SourceTable]]:
    groups: dict[str, list[SourceTable]] = {}
    for source in sorted(tables, key=_place):
        groups.setdefault(source.table.name, []).append(source)
    return list(groups.values())


def _place(source: SourceTable) -> tuple[str, str, str]:
    # The order files were named in must not show in the directory.
    return source.table.name, source.file_name, source.sha256


def _merged(group: Sequence[SourceTable], retrieved: dt.date | None) -> TableFile:
    table = group[0].table
    rows = pl.concat([_percent_signs_off(source.rows, table) for source in group], how="diagonal")
    # 4.7 and 4.70 are one figure; the text of the first file, by name, is kept.
    figures = pl.struct(_figure(table, name) for name in rows.columns if name != "source")
    distinct = rows.filter(figures.is_first_distinct())
    _refuse_conflicts(distinct, group)
    return TableFile(
        table=table,
        rows=sorted_rows(distinct, table),
        sources=tuple(
            {
                "file": source.file_name,
                "sha256": source.sha256,
                "rows": source.rows.height,
                "origin": ORIGINS.get(source.file_name),
                "retrieved": None if retrieved is None else retrieved.isoformat(),
            }
            for source in group
        ),
        duplicates_dropped=rows.height - distinct.height,
    )


def _percent_signs_off(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    return rows.with_columns(
        pl.col(column.name).str.strip_chars_end("%")
        for column in table.columns
        if column.name.endswith("_pct") and column.name in rows.columns
    )


def _figure(table: Table, name: str) -> pl.Expr:
    numbers = {column.name for column in table.columns if column.is_number}
    return pl.col(name).cast(pl.Float64, strict=False) if name in numbers else pl.col(name)


def _refuse_conflicts(rows: pl.DataFrame, group: Sequence[SourceTable]) -> None:
    table = group[0].table
    key = list(table.key)
    repeated = rows.filter(rows.select(key).is_duplicated()).select(key).unique(maintain_order=True)
    if repeated.is_empty():
        return
    files = ", ".join(source.file_name for source in group)
    raise RefusedError(
        *(
            Refusal(
                field=" and ".join(key),
                value=" ".join(str(part) for part in row),
                expected=f"one row of {table.name}, or equal rows",
                rule=_RULE,
                file=files,
            )
            for row in repeated.head(_CONFLICTS_LISTED_MAX).iter_rows()
        )
    )


def _report(entries: Mapping[str, Mapping[str, Any]], passed_over: Sequence[str]) -> ImportReport:
    tables = tuple(
        ImportedTable(
            name=name,
            files=tuple(source["file"] for source in entry["sources"]),
            rows=entry["rows"],
            duplicates_dropped=entry["duplicates_dropped"],
            first_date=entry["first_date"],
            last_date=entry["last_date"],
            rights=entry["rights"],
            sha256=entry["sha256"],
        )
        for name, entry in entries.items()
    )
    digest = market_digest({table.name: table.sha256 for table in tables}, simulated=False)
    return ImportReport(tables, tuple(passed_over), digest)
