"""``xm default``: what happens when someone fails."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.cli.changes import ON_THE_COMMAND_LINE, changes_by_owner
from crossmargin.cli.default_books import default_books_command
from crossmargin.cli.default_ccp import cme_failure_command, ficc_failure_command
from crossmargin.cli.default_ccp_books import default_ccp_books_command
from crossmargin.cli.default_distribute import default_distribute_command
from crossmargin.cli.default_reports import default_reports_command
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
from crossmargin.default_management.liquidation.close_out import Method

if TYPE_CHECKING:
    from crossmargin.services.defaults.firm import Firm
    from crossmargin.services.defaults.paths import DefaultPath

default_app = typer.Typer(
    no_args_is_help=True, help="What happens when someone fails.", rich_markup_mode=None
)
default_app.command("ficc-failure", short_help="Share out what FICC holds if it fails.")(
    ficc_failure_command
)
default_app.command("cme-failure", short_help="Share out what CME holds if it fails.")(
    cme_failure_command
)
default_app.command("books", short_help="Run a default in the books, on a copy.")(
    default_books_command
)
default_app.command("distribute", short_help="Post corrections and pay claims of a default.")(
    default_distribute_command
)
default_app.command("reports", short_help="Write what stands in the books of a default or port.")(
    default_reports_command
)
default_app.command("ccp-books", short_help="Post FICC's or CME's failure on a copy of the books.")(
    default_ccp_books_command
)
_PATHS = "give one path: --restrike, --shock, --impulse or --twist, or --simulated"


@default_app.callback()
def _group() -> None:
    """Follow what happens when someone fails."""


@default_app.command("simulate")
def simulate_command(
    positions: PositionsArgument,
    *,
    market: MarketOption,
    firm: Annotated[
        Path,
        typer.Option(
            "--firm",
            metavar="FILE",
            help="The firm: residual interest, capital, who defaults, other customers.",
            exists=True,
            dir_okay=False,
        ),
    ],
    as_of: AsOfOption = None,
    restrike: Annotated[
        datetime | None,
        typer.Option(
            formats=DATE_FORMATS,
            metavar="DATE",
            help="Default on a date of the history, book re-struck.",
        ),
    ] = None,
    shock: Annotated[
        datetime | None,
        typer.Option(
            formats=DATE_FORMATS,
            metavar="DATE",
            help="Default after the as-of date; what the market did from DATE on is done again.",
        ),
    ] = None,
    impulse: ImpulseOption = None,
    twist: TwistOption = None,
    seed: Annotated[
        int | None,
        typer.Option(
            "--simulated",
            min=0,
            metavar="SEED",
            help="Default after the as-of date, along days of the history that a seed draws.",
        ),
    ] = None,
    drawn_from: Annotated[
        datetime | None,
        typer.Option(
            formats=DATE_FORMATS,
            metavar="DATE",
            help="Simulated: first date that may be drawn; all of the history if left out.",
        ),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(min=1, max=250, help="Scenario dates; liquidation.path_days if left out."),
    ] = None,
    method: Annotated[
        Method, typer.Option(help="Of the close-outs with the arrangement.")
    ] = Method.JOINT,
    customers: Annotated[
        list[str] | None,
        typer.Option(
            "--customer-defaults",
            metavar="ID",
            help="This customer defaults, beside those of the firm's file; may be repeated.",
        ),
    ] = None,
    port: Annotated[
        bool,
        typer.Option(
            "--port-participants",
            help="Transfer customers of the arrangement who did not default; none is closed out.",
        ),
    ] = False,
    pages: Annotated[
        Path | None,
        typer.Option(
            "--pages",
            metavar="DIR",
            help="Write pages (HTML and PDF) for each claimant and the trustee into this folder.",
            file_okay=False,
        ),
    ] = None,
    treatments: Annotated[
        Path | None,
        typer.Option(
            "--treatments",
            metavar="FILE",
            help="Write the close-outs with the arrangement as xm default books reads them.",
            dir_okay=False,
        ),
    ] = None,
    output_format: FormatOption = OutputFormat.TABLE,
    own_parameters: OwnParametersOption = None,
    changes: ChangesOption = None,
    derived_prices: DerivedPricesOption = False,
    skip_bad_rows: SkipBadRowsOption = False,
    skip_unsupported: SkipUnsupportedOption = False,
) -> None:
    """Carry a default from the last cycle to the last claimant's cent, with and without XM."""
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import RefusedError
    from crossmargin.bootstrap import defaults
    from crossmargin.presentation.default_document import CSV_HEADER, csv_rows, default_document
    from crossmargin.presentation.default_pages import default_pages
    from crossmargin.presentation.default_tables import print_default
    from crossmargin.presentation.default_treatments import treatments_csv
    from crossmargin.services.defaults.simulate import DefaultRequest, simulate_default
    from crossmargin.services.margin_positions import margin_positions

    path = _path(restrike, shock, (impulse, twist), (seed, drawn_from))
    try:
        loaded = defaults.read_firm(firm)
        day_asked = as_of.date() if as_of else None
        priced, day = market_on(market, day_asked, derived_prices=derived_prices)
        parameters = defaults.default_parameters(day, own_parameters or ()).changing(
            changes_by_owner(changes or (), example="liquidation.hedge=none"),
            reason=ON_THE_COMMAND_LINE,
        )
        executor = bootstrap.block_executor()
        with diagnostics().status("Margining every customer") as status:
            run = margin_positions(
                bootstrap.read_positions(positions),
                priced,
                parameters.sets,
                executor,
                as_of=day,
                skip_bad_rows=skip_bad_rows,
            )
            found = simulate_default(
                run,
                priced,
                executor,
                firm=_with_defaulters(loaded.firm, customers or ()),
                request=DefaultRequest(path, days or parameters.terms.path_days, method, port),
                rules=parameters.rules,
                terms=parameters.terms,
                haircuts=parameters.haircuts,
                progress=status.update,
            )
        document = default_document(found, parameters, firm_sha256=loaded.sha256)
    except RefusedError as error:
        refuse(error.refusals, output_format, outcome="Nothing was computed.")
    report_left_out(run)
    if pages is not None:
        pages.mkdir(parents=True, exist_ok=True)
        for name, content in default_pages(document).items():
            (pages / name).write_bytes(content)
    if treatments is not None:
        treatments.write_text(treatments_csv(found.with_arrangement), encoding="utf-8")
    write_document(document, output_format, header=CSV_HEADER, rows=csv_rows, show=print_default)
    end_unsupported(run, skip_unsupported=skip_unsupported)


def _path(
    restrike: datetime | None,
    shock: datetime | None,
    impulse: tuple[float | None, float | None],
    drawn: tuple[int | None, datetime | None],
) -> DefaultPath:
    """Return the one path that the options name; a usage error otherwise."""
    from crossmargin.services.defaults.paths import Drawn, Historical, HistoricalMode, Stress

    seed, first = drawn
    if first is not None and seed is None:
        raise typer.BadParameter("--drawn-from goes with --simulated")
    named: list[DefaultPath] = []
    if restrike is not None:
        named.append(Historical(HistoricalMode.RESTRIKE, restrike.date()))
    if shock is not None:
        named.append(Historical(HistoricalMode.SHOCK, shock.date()))
    if impulse != (None, None):
        named.append(Stress(*impulse_of(*impulse)))
    if seed is not None:
        named.append(Drawn(seed, first.date() if first else None))
    if len(named) != 1:
        raise typer.BadParameter(_PATHS)
    return named[0]


def _with_defaulters(firm: Firm, customers: list[str] | tuple[str, ...]) -> Firm:
    from dataclasses import replace

    return replace(firm, defaulters_asked=tuple(customers))
