"""``xm``: the entry point. Commands import what is heavy when they run, so that help is quick."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from crossmargin.basics.refusals import RefusedError
from crossmargin.cli.backtest import backtest_command
from crossmargin.cli.calc import calc_command
from crossmargin.cli.demo import demo_command
from crossmargin.cli.margin import margin_command
from crossmargin.cli.market import market_app
from crossmargin.cli.output import OutputFormat, refuse
from crossmargin.cli.par_books import par_books_command
from crossmargin.cli.parameters import parameters_app
from crossmargin.cli.reconcile import reconcile_app
from crossmargin.cli.span import span_app
from crossmargin.cli.span_calibration import calibrate_command, levels_command

_EXIT_PIPE_CLOSED = 141  # as a shell reports a program ended by SIGPIPE

app = typer.Typer(
    name="xm",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("margin")(margin_command)
app.command("par-books")(par_books_command)
app.command("backtest")(backtest_command)
app.command("calc")(calc_command)
app.add_typer(market_app, name="market")
app.add_typer(parameters_app, name="parameters")
span_app.command("calibrate")(calibrate_command)
span_app.command("levels")(levels_command)
app.add_typer(span_app, name="span")
app.add_typer(reconcile_app, name="reconcile")
app.command("demo")(demo_command)


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

    Exit status: 0 done, 1 the input or a rule refused, 2 usage. Results go to standard output,
    diagnostics to standard error; --format json writes one document and nothing else.
    """


def main() -> None:
    """Run the command line.

    A refusal that a command let through is reported as every other. A reader that closes the pipe
    early is no fault: Typer leaves quietly.
    """
    try:
        app()
    except RefusedError as error:
        _leave_refused(error)


def _leave_refused(error: RefusedError) -> None:
    arguments = sys.argv[1:]
    asked = "--format=json" in arguments or "--format json" in " ".join(arguments)
    try:
        refuse(error.refusals, OutputFormat.JSON if asked else OutputFormat.TABLE)
    except typer.Exit as leaving:
        sys.exit(leaving.exit_code)
