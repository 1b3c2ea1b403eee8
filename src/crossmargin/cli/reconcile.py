"""``xm reconcile``: our margin beside the clearing organizations' own files, and its drift."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from crossmargin.arrangement.cycles import Cycle
from crossmargin.basics.words import counted
from crossmargin.cli.changes import ON_THE_COMMAND_LINE, changes_by_owner
from crossmargin.cli.given import market_on
from crossmargin.cli.options import (
    AsOfOption,
    ChangesOption,
    FormatOption,
    MarketOption,
    PositionsArgument,
)
from crossmargin.cli.output import (
    OutputFormat,
    diagnostics,
    refuse,
    screen,
    write_csv,
    write_document,
    write_json,
)

if TYPE_CHECKING:
    from crossmargin.basics.refusals import Refusal
    from crossmargin.services.margin_positions import MarginRun
    from crossmargin.services.reconciliation import CcpFile, Comparison, FileKind

_RULE = "reference: xm reconcile"


class _RunByDefault(TyperGroup):
    """The command ``run`` where no other is named: ``xm reconcile POSITIONS`` runs it."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


reconcile_app = typer.Typer(
    cls=_RunByDefault,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Our margin beside the clearing organizations' own files.\n\n"
    "xm reconcile POSITIONS ... is xm reconcile run POSITIONS ...",
)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Options of a reconciliation, checked."""

    theirs: tuple[tuple[FileKind, Path], ...]
    columns: Mapping[FileKind | None, Mapping[str, str]]
    tolerance: Fraction
    cycle: str
    run: int | None


@reconcile_app.command("run", short_help="Margin, with their figures beside ours.")
def run_command(
    positions: PositionsArgument,
    *,
    market: MarketOption,
    as_of: AsOfOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
    theirs: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[KIND=]FILE",
            help="A clearing organization's file; its kind by name or as given; may be repeated.",
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option(
            "--column",
            metavar="[KIND.]OURS=THEIRS",
            help="The name that a column has in the file; may be repeated.",
        ),
    ] = None,
    cycle: Annotated[Cycle, typer.Option(help="Margin cycle to compare.")] = Cycle.EOD,
    run_number: Annotated[
        int | None,
        typer.Option(
            "--run", min=1, metavar="N", help="Run of the day; the file's last one if left out."
        ),
    ] = None,
    tolerance: Annotated[
        str,
        typer.Option(
            metavar="RATIO", help="How far a ratio may be from 1; par must agree exactly."
        ),
    ] = "0.05",
    fitted: Annotated[
        bool,
        typer.Option("--fit", help="Fit a level and a floor share; shown, never applied."),
    ] = False,
    drift: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Drift series to add the totals to."),
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Write our own figures in the same shapes."),
    ] = None,
    changes: ChangesOption = None,
) -> None:
    """Run the margin and set the clearing organizations' own figures beside it, line by line."""
    from crossmargin.basics.refusals import RefusedError
    from crossmargin.presentation.reconciliation import (
        LINE_HEADER,
        line_rows,
        print_reconciliation,
        reconciliation_document,
    )
    from crossmargin.services.reconciliation import compare
    from crossmargin.services.reconciliation_figures import our_file
    from crossmargin.services.reconciliation_fit import fit

    if not theirs and write is None:
        raise typer.BadParameter("give --theirs FILE to compare, or --write DIR")
    try:
        asked = _asked(theirs or [], columns or [], tolerance, cycle, run_number)
        run, files = _run(
            positions,
            market,
            asked,
            as_of=as_of.date() if as_of else None,
            changes=changes_by_owner(changes or [], example="arrangement.cap=0.7"),
        )
        share = run.result.day.ficc.floor_share
        comparisons = []
        for file in files:
            ours = our_file(run, file.kind, cycle=asked.cycle, run_number=file.run)
            compared = compare(ours, file, tolerance=asked.tolerance)
            comparisons.append((compared, fit(compared, floor_share=share) if fitted else ()))
        document = reconciliation_document(
            run, comparisons, cycle=asked.cycle, tolerance=asked.tolerance
        )
        if write is not None:
            _write(run, write, asked)
        if drift is not None:
            _record(drift, run, [compared for compared, _ in comparisons])
    except RefusedError as error:
        refuse(error.refusals, output_format, outcome="Nothing was compared.")
    if output_format is OutputFormat.JSON:
        write_json(document)
    elif output_format is OutputFormat.CSV:
        write_csv(LINE_HEADER, line_rows(document))
    elif files:
        print_reconciliation(screen(), document)


def _run(
    positions: Path,
    market: Path,
    asked: _Asked,
    *,
    as_of: date | None,
    changes: Mapping[str, Mapping[str, str]],
) -> tuple[MarginRun, list[CcpFile]]:
    """Read their files, then margin: a file that is refused costs no run."""
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError
    from crossmargin.services.margin_positions import margin_positions

    opened, day = market_on(market, as_of)
    files: list[CcpFile] = []
    faults: list[Refusal] = []
    for kind, path in asked.theirs:
        named = {**asked.columns.get(None, {}), **asked.columns.get(kind, {})}
        known = bootstrap.ccp_file_columns(kind)
        columns = {ours: theirs for ours, theirs in named.items() if ours in known}
        try:
            files.append(
                bootstrap.read_ccp_file(
                    path, kind, as_of=day, cycle=asked.cycle, run=asked.run, columns=columns
                )
            )
        except RefusedError as error:
            faults += error.refusals
    if faults:
        raise RefusedError(*faults)
    loaded = bootstrap.read_positions(positions)
    with diagnostics().status("Repricing every instrument under every scenario"):
        run = margin_positions(
            loaded,
            opened,
            bootstrap.parameter_sets(day).changing(changes, reason=ON_THE_COMMAND_LINE),
            bootstrap.block_executor(),
            as_of=day,
        )
    return run, files


def _write(run: MarginRun, folder: Path, asked: _Asked) -> None:
    from crossmargin import bootstrap
    from crossmargin.services.reconciliation import FileKind
    from crossmargin.services.reconciliation_figures import our_file

    for kind in FileKind:
        ours = our_file(run, kind, cycle=asked.cycle, run_number=asked.run or 1)
        path = bootstrap.write_ccp_file(ours, folder)
        typer.echo(f"wrote {path}: {counted(len(ours.lines), 'line')}", err=True)


def _record(path: Path, run: MarginRun, comparisons: list[Comparison]) -> None:
    from crossmargin import bootstrap
    from crossmargin.presentation.reconciliation import models_digest
    from crossmargin.services.reconciliation_drift import records_of

    models = models_digest(run)
    records = [record for each in comparisons for record in records_of(each, models=models)]
    done = bootstrap.record_drift(path, records)
    typer.echo(
        f"drift: {done.added} records added, of which {done.corrections} corrections; "
        f"{done.repeats} were there",
        err=True,
    )


def _asked(
    theirs: list[str], columns: list[str], tolerance: str, cycle: Cycle, run: int | None
) -> _Asked:
    """Return the options checked, refusing every one that is at fault."""
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import Refusal, RefusedError
    from crossmargin.services.reconciliation import FileKind

    faults: list[Refusal] = []
    files: list[tuple[FileKind, Path]] = []
    for text in theirs:
        left, equals, right = text.partition("=")
        try:
            if equals and left in list(FileKind):
                files.append((FileKind(left), Path(right)))
            else:
                files.append((bootstrap.ccp_file_kind(Path(text)), Path(text)))
        except RefusedError as error:
            faults += error.refusals
    twice = [kind for place, (kind, _) in enumerate(files) if kind in dict(files[:place])]
    faults += [
        Refusal("--theirs", kind, "one file of a kind, as a date stands once", _RULE)
        for kind in twice
    ]
    named: dict[FileKind | None, dict[str, str]] = {}
    for text in columns:
        fault = _take_column(text, named)
        faults += [fault] if fault else []
    try:
        ratio = Fraction(Decimal(tolerance))
        within = 0 <= ratio < 1
    except (InvalidOperation, ValueError, OverflowError):
        ratio, within = Fraction(0), False
    if not within:
        faults.append(Refusal("--tolerance", tolerance, "a ratio from 0, under 1", _RULE))
    if faults:
        raise RefusedError(*faults)
    return _Asked(tuple(files), named, ratio, cycle.value, run)


def _take_column(text: str, named: dict[FileKind | None, dict[str, str]]) -> Refusal | None:
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import Refusal
    from crossmargin.services.reconciliation import FileKind

    left, equals, theirs = text.partition("=")
    kind_text, dot, ours = left.rpartition(".")
    kind = FileKind(kind_text) if kind_text in list(FileKind) else None
    kinds = [kind] if kind else list(FileKind)
    known = sorted({name for each in kinds for name in bootstrap.ccp_file_columns(each)})
    if not (equals and theirs) or (dot and kind is None) or ours not in known:
        expected = (
            f"[KIND.]OURS=THEIRS, kinds {', '.join(FileKind)}; ours one of {', '.join(known)}"
        )
        return Refusal("--column", text, expected, _RULE)
    named.setdefault(kind, {})[ours] = theirs
    return None


@reconcile_app.command("drift", short_help="Show how ratios of ours to theirs moved.")
def drift_command(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Drift series of reconciliations.", exists=True)
    ],
    *,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show how the ratios of ours to theirs moved: mean, last, largest move, every record."""
    from crossmargin import bootstrap
    from crossmargin.presentation.reconciliation import (
        DRIFT_HEADER,
        drift_document,
        drift_rows,
        print_drift,
    )
    from crossmargin.services.reconciliation_drift import series_of

    document = drift_document(series_of(bootstrap.read_drift(file)))
    write_document(document, output_format, header=DRIFT_HEADER, rows=drift_rows, show=print_drift)
