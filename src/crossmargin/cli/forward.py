"""``xm forward``: margin and liquidity day by day along a path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from crossmargin.cli.changes import ON_THE_COMMAND_LINE, changes_by_owner
from crossmargin.cli.given import impulse_of, market_on
from crossmargin.cli.options import (
    DATE_FORMATS,
    AsOfOption,
    ChangesOption,
    DerivedPricesOption,
    FormatOption,
    ImpulseOption,
    MarketOption,
    OwnParametersOption,
    PositionsArgument,
    SkipBadRowsOption,
    SkipUnsupportedOption,
    TwistOption,
)
from crossmargin.cli.output import (
    OutputFormat,
    diagnostics,
    end_unsupported,
    refuse,
    report_left_out,
    write_document,
)

if TYPE_CHECKING:
    from crossmargin.services.forward_paths import ForwardPath
    from crossmargin.services.forward_walk import ForwardWalk

_DAYS = 60
_PATHS = (
    "give one path: --from and --to, --shock-from and --shock-to, --episode, or --impulse or "
    "--twist"
)


@dataclass(frozen=True, slots=True)
class _Request:
    """Everything that decides the answer, the path apart."""

    positions: Path
    market: Path
    as_of: date | None
    customers: Sequence[str]
    own_parameters: Sequence[Path]
    changes: Sequence[str]
    derived_prices: bool
    skip_bad_rows: bool


def forward_command(
    positions: PositionsArgument,
    *,
    market: MarketOption,
    as_of: AsOfOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
    customers: Annotated[
        list[str] | None,
        typer.Option("--customer", metavar="ID", help="Of this customer alone; may be repeated."),
    ] = None,
    first: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            formats=DATE_FORMATS,
            metavar="DATE",
            help="Restrike: first date of the history.",
        ),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", formats=DATE_FORMATS, metavar="DATE", help="Restrike: last date."),
    ] = None,
    shock_first: Annotated[
        datetime | None,
        typer.Option(
            "--shock-from",
            formats=DATE_FORMATS,
            metavar="DATE",
            help="Shock: first date of the episode that is done again after the as-of date.",
        ),
    ] = None,
    shock_last: Annotated[
        datetime | None,
        typer.Option(
            "--shock-to",
            formats=DATE_FORMATS,
            metavar="DATE",
            help="Shock: last date of the episode.",
        ),
    ] = None,
    episode: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Shock: an episode of the stress library, such as 'March 2020'.",
        ),
    ] = None,
    impulse: ImpulseOption = None,
    twist: TwistOption = None,
    days: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=2500,
            help=f"Impulse: business days, the first included; {_DAYS} if left out.",
        ),
    ] = None,
    changes: ChangesOption = None,
    own_parameters: OwnParametersOption = None,
    derived_prices: DerivedPricesOption = False,
    skip_bad_rows: SkipBadRowsOption = False,
    skip_unsupported: SkipUnsupportedOption = False,
) -> None:
    """Walk books through time: margin, saving, binding side and liquidity day by day."""
    from crossmargin.basics.refusals import RefusedError
    from crossmargin.presentation.forward import CSV_HEADER, csv_rows, forward_document
    from crossmargin.presentation.forward_tables import print_forward

    try:
        path = _path(
            (_day(first), _day(last)),
            (_day(shock_first), _day(shock_last)),
            episode,
            (impulse, twist),
            days,
        )
        walk = _walk(
            _Request(
                positions,
                market,
                as_of.date() if as_of else None,
                customers or (),
                own_parameters or (),
                changes or (),
                derived_prices,
                skip_bad_rows,
            ),
            path,
        )
        document = forward_document(walk)
    except RefusedError as error:
        refuse(error.refusals, output_format, outcome="Nothing was computed.")
    report_left_out(walk.run)
    write_document(document, output_format, header=CSV_HEADER, rows=csv_rows, show=print_forward)
    end_unsupported(walk.run, skip_unsupported=skip_unsupported)


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None


def _path(
    restrike: tuple[date | None, date | None],
    shock: tuple[date | None, date | None],
    episode: str | None,
    impulse: tuple[float | None, float | None],
    days: int | None,
) -> ForwardPath:
    """Return the one path that the options name; a usage error otherwise."""
    from crossmargin.services.forward_paths import Impulse, Restrike, Shock

    named: list[Any] = [each for each in (restrike, shock, impulse) if each != (None, None)]
    if len(named) + (episode is not None) != 1:
        raise typer.BadParameter(_PATHS)
    if days is not None and impulse not in named:
        raise typer.BadParameter("--days goes with --impulse or --twist")
    if episode is not None:
        return Shock(*_dates_of(episode))
    if named[0] is impulse:
        parallel_bp, twist_bp = impulse_of(*impulse)
        return Impulse(parallel_bp, twist_bp, days or _DAYS)
    first, last = named[0]
    if first is None or last is None:
        raise typer.BadParameter(_PATHS)
    return Restrike(first, last) if named[0] is restrike else Shock(first, last)


def _dates_of(episode: str) -> tuple[date, date]:
    from crossmargin import bootstrap

    (chosen,) = bootstrap.stress_library().chosen([episode]).episodes
    return chosen.start, chosen.end


def _walk(request: _Request, path: ForwardPath) -> ForwardWalk:
    from crossmargin import bootstrap
    from crossmargin.services.forward_walk import forward_walk
    from crossmargin.services.margin_positions import margin_positions

    changes = changes_by_owner(request.changes, example="arrangement.cap=0.7")
    priced, day = market_on(request.market, request.as_of, derived_prices=request.derived_prices)
    parameters = bootstrap.parameter_sets(day, request.own_parameters).changing(
        changes, reason=ON_THE_COMMAND_LINE
    )
    executor = bootstrap.block_executor()
    with diagnostics().status("Walking every book through every date"):
        run = margin_positions(
            bootstrap.read_positions(request.positions),
            priced,
            parameters,
            executor,
            as_of=day,
            skip_bad_rows=request.skip_bad_rows,
        )
        return forward_walk(run, priced, executor, path=path, customers=request.customers)
