"""``xm methodology``: the models' documentation, made from the running models."""

from __future__ import annotations

from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.cli.changes import changes_by_owner
from crossmargin.cli.options import (
    AsOfOption,
    ChangesOption,
    FormatOption,
    MarketOption,
)
from crossmargin.cli.output import (
    OutputFormat,
    diagnostics,
    grid,
    refuse,
    screen,
    write_csv,
    write_json,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from crossmargin.services.methodology_pack import PackRequest

methodology_app = typer.Typer(no_args_is_help=True)
_HEADER = ("file", "bytes", "sha256")


class Edition(StrEnum):
    """For whom a pack is."""

    PUBLIC = "public"
    FIRM = "firm"


@methodology_app.callback()
def _methodology() -> None:
    """Documentation of the models, generated from the models."""


@methodology_app.command("build")
def build_command(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="Where the pack is written; made if missing.")
    ],
    *,
    market: MarketOption,
    as_of: AsOfOption = None,
    edition: Annotated[
        Edition,
        typer.Option(
            help="public: models and standard books; firm: the firm's customers in addition."
        ),
    ] = Edition.PUBLIC,
    positions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Positions file of the firm's customers, for --edition firm.",
            exists=True,
        ),
    ] = None,
    changes: ChangesOption = None,
    skip_sensitivity: Annotated[
        bool,
        typer.Option(
            "--skip-sensitivity",
            help="Leave out other assumptions and ranges: most of the time. The pack says so.",
        ),
    ] = False,
    skip_evidence: Annotated[
        bool,
        typer.Option(
            "--skip-evidence",
            help="Leave out backtests, walks, stress and conditions. The pack says so.",
        ),
    ] = False,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Build the methodology pack: HTML, PDF and a machine-readable copy, nothing typed in."""
    from crossmargin.basics.refusals import RefusedError

    if (edition is Edition.FIRM) is (positions is None):
        raise typer.BadParameter(
            "--edition firm needs --positions, and the public edition takes none"
        )
    try:
        request = _request(market, as_of.date() if as_of else None, changes or [])
        files, digest = _built(
            request,
            positions,
            with_sensitivity=not skip_sensitivity,
            with_evidence=not skip_evidence,
        )
    except RefusedError as error:
        refuse(error.refusals, output_format, outcome="Nothing was written.")
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (directory / name).write_bytes(content)
    _report(files, digest, output_format, as_of=request.as_of.isoformat(), edition=edition.value)


def _request(market: Path, as_of: date | None, changes: list[str]) -> PackRequest:
    from importlib.metadata import version

    from crossmargin import bootstrap
    from crossmargin.services.methodology_pack import PackRequest, changed_parameters

    opened = bootstrap.open_market(market)
    day = as_of or bootstrap.last_price_date(opened)
    registry = bootstrap.parameter_registry()
    parameters, validation = changed_parameters(
        registry, day, changes_by_owner(changes, example="arrangement.cap=0.7")
    )
    return PackRequest(
        market=opened,
        registry=registry,
        parameters=parameters,
        validation=validation,
        deviations=bootstrap.known_deviations(),
        executor=bootstrap.block_executor(),
        as_of=day,
        program=version("crossmargin"),
    )


def _built(
    request: PackRequest,
    positions: Path | None,
    *,
    with_sensitivity: bool,
    with_evidence: bool,
) -> tuple[Mapping[str, bytes], str]:
    from crossmargin import bootstrap
    from crossmargin.methodology.build import firm_pack, public_pack
    from crossmargin.presentation.pack_files import pack_files
    from crossmargin.services.methodology_pack import firm_inputs, pack_inputs
    from crossmargin.services.pack_evidence import EvidenceRequest, crowding_evidence, gathered

    with diagnostics().status("Opening the market") as status:
        evidence = EvidenceRequest(
            market=request.market,
            validation=request.validation,
            stress=request.registry.set_of("stress", request.as_of),
            analysis=request.registry.set_of("analysis", request.as_of),
            library=bootstrap.stress_library(),
            executor=request.executor,
            progress=status.update,
        )
        gather = partial(gathered, request=evidence) if with_evidence else None
        asked = partial(
            pack_inputs,
            request,
            with_sensitivity=with_sensitivity,
            gather=gather,
            progress=status.update,
        )
        if positions is None:
            pack = public_pack(asked())
        else:
            # The positions first: a bad row is said before anything long begins.
            firm = firm_inputs(
                request,
                bootstrap.read_positions(positions),
                gather=gather,
                crowded=partial(crowding_evidence, request=evidence) if with_evidence else None,
                progress=status.update,
            )
            pack = firm_pack(asked(), firm)
        status.update("Writing")
        return pack_files(pack)


def _report(
    files: Mapping[str, bytes],
    digest: str,
    output_format: OutputFormat,
    *,
    as_of: str,
    edition: str,
) -> None:
    import hashlib

    rows = [
        [name, str(len(content)), hashlib.sha256(content).hexdigest()]
        for name, content in files.items()
    ]
    if output_format is OutputFormat.JSON:
        listed = [
            {"file": name, "bytes": int(size), "sha256": sha256} for name, size, sha256 in rows
        ]
        write_json({"as_of": as_of, "edition": edition, "digest": digest, "files": listed})
    elif output_format is OutputFormat.CSV:
        write_csv(_HEADER, rows)
    else:
        table = grid(f"Methodology pack, {edition} edition, {as_of}", *_HEADER)
        for name, size, sha256 in rows:
            table.add_row(name, f"{int(size):,}", sha256)
        screen().print(table)
        screen().print(f"Digest of the pack: {digest}", soft_wrap=True)
