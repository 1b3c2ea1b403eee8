"""The market directory on disk: tables as CSV, and a manifest that vouches for every byte.

A directory is built beside its place and moved there whole; it is never half-written.
The same tables and sources give the same bytes: nothing reads a clock and no path is recorded.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import polars.selectors as cs

from crossmargin.basics.digest import digest_of
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.feeds.market.tables import TABLES, Table

FORMAT = "crossmargin market directory 1"
MANIFEST = "manifest.json"
_RULE = "reference: xm market"


@dataclass(frozen=True, slots=True)
class TableFile:
    """One table, ready to be written.

    ``rows`` has the table's columns in order; ``sources`` are manifest entries, one a file;
    ``duplicates_dropped`` counts rows that repeated another one's figures.
    """

    table: Table
    rows: pl.DataFrame
    sources: tuple[Mapping[str, Any], ...] = ()
    duplicates_dropped: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a directory says of itself, as read: ``tables`` maps a name to its entry."""

    simulated: bool
    seed: int | None
    notes: Mapping[str, str]
    tables: Mapping[str, Mapping[str, Any]]

    @property
    def digest(self) -> str:
        """SHA-256 over the names and digests of the tables, and whether they are simulated."""
        return market_digest(
            {name: entry["sha256"] for name, entry in self.tables.items()},
            simulated=self.simulated,
        )


def market_digest(sha256_by_table: Mapping[str, str], *, simulated: bool) -> str:
    """Return the digest of a market: equal for equal tables, whatever folder they lie in."""
    pairs = [[name, sha256_by_table[name]] for name in sorted(sha256_by_table)]
    return digest_of({"simulated": int(simulated), "tables": pairs})


def write_market_directory(
    directory: Path,
    tables: Mapping[str, pl.DataFrame],
    *,
    simulated: bool,
    seed: int | None,
    notes: Mapping[str, str],
) -> None:
    """Write tables that did not come from published files, such as a simulated market.

    Parameters
    ----------
    directory : Path
        Created; a market directory already there is replaced whole.
    tables : mapping of table name to DataFrame
        Columns as in :data:`~crossmargin.feeds.market.tables.TABLES`; any dtype, rounded by the
        caller. NaN, null, and a column that a table may lack are written blank.
    simulated, seed, notes
        Go to the manifest; ``notes`` says how the figures were made.

    Raises
    ------
    RefusedError
        For an unknown table or column, a missing column, or a directory that is something else.
    """
    refusals = [fault for name, rows in tables.items() for fault in _shape_faults(name, rows)]
    if refusals:
        raise RefusedError(*refusals)
    files = [
        TableFile(TABLES[name], _sorted(_as_text(rows, TABLES[name]), TABLES[name]))
        for name, rows in tables.items()
    ]
    write_tables(directory, files, simulated=simulated, seed=seed, notes=notes)


def write_tables(
    directory: Path,
    files: Sequence[TableFile],
    *,
    simulated: bool,
    seed: int | None,
    notes: Mapping[str, str],
) -> Mapping[str, Mapping[str, Any]]:
    """Write the directory whole and return the manifest's entries by table."""
    directory = directory.resolve()
    refuse_other_directory(directory)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    except OSError as error:
        expected = "a folder in a place that can be written"
        raise refused("--to", f"{directory.name}: {error.strerror}", expected, _RULE) from None
    try:
        fresh = workshop / "fresh"
        fresh.mkdir()
        entries = {
            file.table.name: _write_table(fresh, file)
            for file in sorted(files, key=lambda file: file.table.name)
        }
        _write_manifest(fresh, entries, simulated=simulated, seed=seed, notes=notes)
        _move_into_place(fresh, directory, workshop / "replaced")
    finally:
        shutil.rmtree(workshop)
    return entries


def read_manifest(directory: Path) -> Manifest:
    """Read the manifest.

    Raises
    ------
    RefusedError
        If there is none, or it is not one of ours.
    """
    path = directory / MANIFEST
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        manifest = _manifest_of(document)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RefusedError(
            Refusal(
                field="market directory",
                value=f"{directory.name or directory}: {_reason(error)}",
                expected=f"a folder made by xm market import, with a {MANIFEST}"
                f' of format "{FORMAT}"',
                rule=_RULE,
                file=MANIFEST,
            )
        ) from None
    return manifest


def _manifest_of(document: Any) -> Manifest:
    if document["format"] != FORMAT or not isinstance(document["simulated"], bool):
        raise ValueError("not a market directory's manifest")
    if not isinstance(document["tables"], dict):
        raise TypeError("its tables are not named")
    tables = {str(name): dict(entry) for name, entry in document["tables"].items()}
    digests = {name: entry["sha256"] for name, entry in tables.items()}
    if document["digest"] != market_digest(digests, simulated=document["simulated"]):
        # Else a simulated market could be relabelled by editing one word.
        raise ValueError("the manifest has been edited")
    if not tables or any(
        name not in TABLES or not isinstance(entry["sha256"], str) for name, entry in tables.items()
    ):
        raise ValueError("not a market directory's tables")
    return Manifest(document["simulated"], document["seed"], document["notes"], tables)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or "unreadable"
    return f"lacks {error}" if isinstance(error, KeyError) else str(error)


def is_market_directory(directory: Path) -> bool:
    """Return True if the folder has a manifest of ours."""
    try:
        read_manifest(directory)
    except RefusedError:
        return False
    return True


def changed_tables(directory: Path, manifest: Manifest) -> list[Refusal]:
    """Return one refusal for each table that is gone or not as it was written."""
    refusals = []
    for name, entry in manifest.tables.items():
        path = directory / TABLES[name].file_name
        found = file_sha256(path) if path.is_file() else "no such file"
        if found != entry["sha256"]:
            refusals.append(
                Refusal(
                    field=name,
                    value=found,
                    expected=f"sha256 {entry['sha256']}, as when the table was written",
                    rule=_RULE,
                    file=path.name,
                )
            )
    return refusals


def verified_manifest(directory: Path) -> Manifest:
    """Read the manifest and refuse the directory, by table, if any table has changed since."""
    manifest = read_manifest(directory)
    refusals = changed_tables(directory, manifest)
    if refusals:
        raise RefusedError(*refusals)
    return manifest


def read_table(directory: Path, name: str) -> pl.DataFrame:
    """Return a table as text, exactly as published.

    Raises
    ------
    RefusedError
        If the directory has no such table.
    """
    path = directory / f"{name}.csv"
    if name not in TABLES or not path.is_file():
        raise refused("table", name, "a table of this market directory", _RULE)
    return pl.read_csv(path, infer_schema=False)


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refuse_other_directory(directory: Path) -> None:
    """Refuse to replace anything but an empty folder or a market directory and its own files."""
    if not directory.exists():
        return
    expected = "a new folder, an empty one, or a market directory to replace"
    if not directory.is_dir():
        raise refused("--to", directory.name, expected, _RULE)
    found = {path.name for path in directory.iterdir()}
    if not found:
        return
    if not is_market_directory(directory):
        raise refused("--to", directory.name, expected, _RULE)
    ours = {MANIFEST, *(table.file_name for table in TABLES.values())}
    if found - ours:
        raise RefusedError(
            *(refused_name(directory, name, expected) for name in sorted(found - ours))
        )


def refused_name(directory: Path, name: str, expected: str) -> Refusal:
    """Return the refusal of a file that replacing the directory would lose."""
    return Refusal("--to", f"{directory.name}/{name}", f"{expected}; not this file", _RULE)


def sorted_rows(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    """Return the rows in the order of the table's key."""
    return _sorted(rows, table)


def _sorted(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    def order(name: str) -> pl.Expr:
        # ISO dates sort as text; numbers do not.
        column = pl.col(name)
        return column.cast(pl.Float64, strict=False) if table.column(name).is_number else column

    return rows.sort([order(name) for name in table.key], maintain_order=True)


def _shape_faults(name: str, rows: pl.DataFrame) -> list[Refusal]:
    if name not in TABLES:
        return [Refusal("table", name, "one of " + ", ".join(TABLES), _RULE)]
    table = TABLES[name]
    known = {column.name for column in table.columns}
    faults = [
        Refusal(column.name, "absent", f"a column of {name}", _RULE)
        for column in table.columns
        if not column.may_be_absent and column.name not in rows.columns
    ]
    if not table.keeps_other_columns:
        faults += [
            Refusal(column, "present", f"one of {', '.join(sorted(known))} in {name}", _RULE)
            for column in rows.columns
            if column not in known
        ]
    return faults


def _as_text(rows: pl.DataFrame, table: Table) -> pl.DataFrame:
    absent = [
        pl.lit(None, dtype=pl.String).alias(column.name)
        for column in table.columns
        if column.name not in rows.columns
    ]
    ordered = [column.name for column in table.columns]
    others = [name for name in rows.columns if name not in ordered]
    blanked = rows.with_columns(cs.float().fill_nan(None)).with_columns(absent)
    return blanked.select(pl.col(name).cast(pl.String) for name in (*ordered, *others))


def _write_table(folder: Path, file: TableFile) -> Mapping[str, Any]:
    path = folder / file.table.file_name
    file.rows.write_csv(path, line_terminator="\n")
    date_column = file.table.date_column
    days = None if date_column is None else file.rows[date_column]
    return {
        "file": path.name,
        "sha256": file_sha256(path),
        "rows": file.rows.height,
        "first_date": None if days is None else days.min(),
        "last_date": None if days is None else days.max(),
        "publisher": file.table.publisher,
        "rights": file.table.rights.value,
        "duplicates_dropped": file.duplicates_dropped,
        "sources": [dict(source) for source in file.sources],
    }


def _write_manifest(
    folder: Path,
    entries: Mapping[str, Mapping[str, Any]],
    *,
    simulated: bool,
    seed: int | None,
    notes: Mapping[str, str],
) -> None:
    if simulated:
        entries = {
            name: {**entry, "publisher": "simulated", "rights": "none needed"}
            for name, entry in entries.items()
        }
    digests = {name: entry["sha256"] for name, entry in entries.items()}
    document = {
        "format": FORMAT,
        "simulated": simulated,
        "seed": seed,
        "notes": dict(sorted(notes.items())),
        "digest": market_digest(digests, simulated=simulated),
        "tables": entries,
    }
    text = json.dumps(document, indent=2, ensure_ascii=True) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")


def _move_into_place(fresh: Path, directory: Path, replaced: Path) -> None:
    if directory.exists():
        directory.rename(replaced)
    try:
        fresh.rename(directory)
    except OSError:
        if replaced.exists():
            replaced.rename(directory)
        raise
