"""``xm``: the entry point. Commands import what is heavy when they run, so that help is quick."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from crossmargin.basics.refusals import RefusedError
from crossmargin.cli.backtest import backtest_command
from crossmargin.cli.calc import calc_command
from crossmargin.cli.call import call_app
from crossmargin.cli.conditions import conditions_command, crowding_command
from crossmargin.cli.customer import customer_app
from crossmargin.cli.day import day_app
from crossmargin.cli.default import default_app
from crossmargin.cli.demo import demo_command
from crossmargin.cli.forward import forward_command
from crossmargin.cli.ledger import ledger_app
from crossmargin.cli.margin import margin_command
from crossmargin.cli.market import market_app
from crossmargin.cli.methodology import methodology_app
from crossmargin.cli.output import (
    EXIT_PIPE_CLOSED,
    EXIT_REFUSED,
    OutputFormat,
    drop_output,
    refuse,
)
from crossmargin.cli.par_books import par_books_command
from crossmargin.cli.parameters import parameters_app
from crossmargin.cli.port import port_app
from crossmargin.cli.reconcile import reconcile_app
from crossmargin.cli.report import report_app
from crossmargin.cli.reverse_stress import reverse_stress_command
from crossmargin.cli.span import span_app
from crossmargin.cli.span_calibration import calibrate_command, levels_command
from crossmargin.cli.stress import stress_command
from crossmargin.cli.trace import trace_command

app = typer.Typer(
    name="xm",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("margin", short_help="Margin every customer of a positions file.")(margin_command)
app.command("par-books", short_help="Show the tail loss of bonds at par, long and short.")(
    par_books_command
)
app.command("backtest", short_help="Backtest margin: models, offset, coverage and cost.")(
    backtest_command
)
app.command("stress", short_help="Stress today's book: episodes and hypothetical moves.")(
    stress_command
)
app.command("reverse-stress", short_help="Find the smallest plausible move that does harm.")(
    reverse_stress_command
)
app.command("conditions", short_help="Show when each customer's saving expands or contracts.")(
    conditions_command
)
app.command("crowding", short_help="Show all customers' positions against the market.")(
    crowding_command
)
app.command("forward", short_help="Walk books through time: margin and liquidity by day.")(
    forward_command
)
app.command("calc")(calc_command)
app.add_typer(market_app, name="market", short_help="Build, simulate or check a market directory.")
app.add_typer(parameters_app, name="parameters")
span_app.command("calibrate", short_help="Show the calibrated parameter set of our own.")(
    calibrate_command
)
span_app.command("levels", short_help="Show published margin levels beside ours.")(levels_command)
app.add_typer(
    span_app, name="span", short_help="SPAN parameter files: show, convert, margin, calibrate."
)
app.add_typer(reconcile_app, name="reconcile")
app.add_typer(
    methodology_app, name="methodology", short_help="Document the models from the models."
)
app.add_typer(customer_app, name="customer")
app.add_typer(day_app, name="day")
app.add_typer(ledger_app, name="ledger")
app.add_typer(call_app, name="call")
app.add_typer(report_app, name="report")
app.add_typer(default_app, name="default")
app.add_typer(port_app, name="port")
app.command("trace", short_help="Follow a figure of the books to its files.")(trace_command)
app.command("demo", short_help="Margin a sample BD-FCM on a simulated market.")(demo_command)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"crossmargin {version('crossmargin')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
) -> None:
    """Cross-margining of US Treasuries cleared at FICC and rate futures cleared at CME.

    Every customer's positions at both clearing organizations are margined by two models; the
    smaller saving reduces both requirements.

    Exit status: 0 done, 1 the input or a rule refused or the output could not be written, 2 usage,
    141 the reader of a pipe closed it before the end. Results go to standard output, diagnostics to
    standard error; --format json writes one document and nothing else.
    """


def main() -> None:
    """Run the command line.

    A refusal that a command let through is reported as every other. A reader that closes the pipe
    early is left quietly, with a status of its own; a full disk is said in one line.
    """
    try:
        status = _status()
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output()
        status = EXIT_PIPE_CLOSED
    except OSError as error:
        drop_output()
        where = f"{error.filename}: " if error.filename else ""
        typer.echo(f"xm: {where}{error.strerror or error}", err=True)
        status = EXIT_REFUSED
    sys.exit(status)


def _status() -> int | str | None:
    given = sys.stdout
    try:
        app()
    except RefusedError as error:
        return _refused_status(error)
    except SystemExit as leaving:
        # Typer leaves a closed pipe with 1, and with another standard output in its place.
        return leaving.code if sys.stdout is given else EXIT_PIPE_CLOSED
    return None


def _refused_status(error: RefusedError) -> int:
    arguments = sys.argv[1:]
    asked = "--format=json" in arguments or "--format json" in " ".join(arguments)
    try:
        refuse(error.refusals, OutputFormat.JSON if asked else OutputFormat.TABLE)
    except typer.Exit as leaving:
        return leaving.exit_code
