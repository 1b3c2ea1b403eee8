"""``xm market check``: every finding about a market directory, by table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import polars as pl

from crossmargin.feeds.market import check_futures, check_rates, check_securities
from crossmargin.feeds.market.columns import bad_rows
from crossmargin.feeds.market.directory import Manifest, changed_tables, read_manifest
from crossmargin.feeds.market.findings import Finding, MarketTables, Severity
from crossmargin.feeds.market.tables import NEEDED_TABLES, TABLES, Table

_FIX = "correct the source and import again"
_EXAMPLES = 5

_CHECKS: Mapping[str, tuple[Callable[[MarketTables], list[Finding]], ...]] = {
    "par_yields": (check_rates.check_par_yields,),
    "sofr": (check_rates.check_sofr,),
    "fed_funds": (check_rates.check_fed_funds,),
    "long_yields": (check_rates.check_long_yields,),
    "volatility_index": (check_rates.check_volatility_index,),
    "fomc_decisions": (check_securities.check_fomc_decisions,),
    "futures_closes": (check_futures.check_futures_closes,),
    "fed_funds_futures": (check_futures.check_fed_funds_futures,),
    "futures_margins": (check_futures.check_futures_margins,),
    "open_interest": (check_futures.check_open_interest,),
    "etf_closes": (check_futures.check_etf_closes,),
    "security_prices": (check_securities.check_security_prices, check_securities.check_terms),
    "auctions": (check_securities.check_auctions,),
    "auction_prices": (check_securities.check_auction_prices,),
    "conversion_factors": (check_securities.check_conversion_factors,),
    "conversion_factor_grid": (check_securities.check_conversion_factor_grid,),
    "holidays": (check_securities.check_holidays,),
    "sifma_holidays": (check_securities.check_sifma_holidays,),
}
_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


def check_market(directory: Path) -> list[Finding]:
    """Check a market directory: that it is what was imported, whole, and plausible.

    A table that changed since it was written is an error, and is checked all the same.
    Known properties of the published history are information; whatever is new is a warning,
    whatever is impossible an error.

    Returns
    -------
    list of Finding
        Errors first, then warnings, then information; by table within each.

    Raises
    ------
    RefusedError
        If it is no market directory.
    """
    manifest = read_manifest(directory)
    there = [name for name in manifest.tables if (directory / TABLES[name].file_name).is_file()]
    tables = MarketTables(directory, there)
    findings = [*_simulated(manifest), *_changed(directory, manifest)]
    findings += [*_absent(tables), *_dropped(manifest)]
    usable = []
    for name in sorted(there):
        faults, is_usable = _form(tables, TABLES[name])
        findings += faults
        usable += [name] * is_usable
    sound = MarketTables(directory, usable)
    for name in usable:
        for check in _CHECKS.get(name, ()):
            findings += check(sound)
    return sorted(findings, key=lambda finding: (_ORDER[finding.severity], finding.table))


def _simulated(manifest: Manifest) -> list[Finding]:
    if not manifest.simulated:
        return []
    return [
        Finding(
            Severity.INFO, "manifest", f"a simulated market, seed {manifest.seed}",
            len(manifest.tables), None, None, (), "every output says so", known=True,
        )
    ]  # fmt: skip


def _changed(directory: Path, manifest: Manifest) -> list[Finding]:
    return [
        Finding(
            Severity.ERROR, refusal.field, "the table is not as it was written", 1, None, None,
            (f"sha256 {refusal.value}", f"expected {refusal.expected}"),
            "the market is refused: import again",
        )
        for refusal in changed_tables(directory, manifest)
    ]  # fmt: skip


def _absent(tables: MarketTables) -> list[Finding]:
    return [
        Finding(
            Severity.ERROR if name in NEEDED_TABLES else Severity.INFO,
            name, "the table is absent", 1, None, None, (),
            "every model needs it" if name in NEEDED_TABLES else "what reads it does without",
        )
        for name in TABLES
        if name not in tables
    ]  # fmt: skip


def _dropped(manifest: Manifest) -> list[Finding]:
    return [
        Finding(
            Severity.WARNING, name, "rows that repeated another, dropped on import",
            entry["duplicates_dropped"], None, None, (), "one of each was kept",
        )
        for name, entry in manifest.tables.items()
        if entry.get("duplicates_dropped")
    ]  # fmt: skip


def _form(tables: MarketTables, table: Table) -> tuple[list[Finding], bool]:
    # The second part says whether the table is worth a look at its figures.
    try:
        rows = tables.text(table.name)
    except pl.exceptions.PolarsError as error:
        return [_fault(table, "not readable", 1, (str(error).splitlines()[0],))], False
    absent = [column.name for column in table.columns if column.name not in rows.columns]
    if absent or rows.is_empty():
        what = "columns absent" if absent else "no rows"
        return [_fault(table, what, len(absent), tuple(absent))], False
    findings = []
    is_usable = True
    for column in table.columns:
        bad = bad_rows(rows[column.name], column)
        if bad:
            examples = tuple(f"line {i + 2}: {rows[column.name][i]}" for i in bad[:_EXAMPLES])
            what = f"{column.name} is not {column.expected}"
            findings.append(_fault(table, what, len(bad), examples))
            is_usable &= len(bad) < rows.height
    return [*findings, *_repeated(table, rows)], is_usable


def _repeated(table: Table, rows: pl.DataFrame) -> list[Finding]:
    repeated = rows.filter(rows.select(table.key).is_duplicated())
    if repeated.is_empty():
        return []
    keys = repeated.select(table.key).unique(maintain_order=True)
    examples = tuple(" ".join(map(str, row)) for row in keys.head(_EXAMPLES).iter_rows())
    what = f"more than one row of one {' and '.join(table.key)}"
    return [_fault(table, what, keys.height, examples)]


def _fault(table: Table, what: str, count: int, examples: tuple[str, ...]) -> Finding:
    return Finding(Severity.ERROR, table.name, what, count, None, None, examples, _FIX)
