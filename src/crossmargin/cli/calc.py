"""``xm calc``: one rule or formula by itself, JSON in and JSON out."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from crossmargin.cli.options import (
    FormatOption,
)
from crossmargin.cli.output import (
    EXIT_REFUSED,
    OutputFormat,
    grid,
    report_refusals,
    screen,
    write_csv,
    write_json,
)

if TYPE_CHECKING:
    from crossmargin.services.calculators.calculator import Calculator, Run
    from crossmargin.services.calculators.inputs import Input

_LIST_HEADER = ("name", "summary", "inputs")
_INPUT_HEADER = ("input", "required", "expected", "meaning")


def calc_command(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="The calculator.", show_default=False)
    ] = None,
    list_: Annotated[
        bool, typer.Option("--list", help="Name the calculators, with their inputs.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print the rule, its source and the inputs.")
    ] = False,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Calculate one rule or formula by itself.

    Reads a JSON object on standard input and writes one on standard output; an array gives an
    array, in order, with a refusal in the place of each bad item. Numbers may be strings and are
    read exactly; answers are decimal strings. Exits 1 if anything was refused.

    \b
    Example:
      echo '{"product": "ZN", "delivery_month": "2026-03", "coupon_pct": "4.125",
             "maturity_date": "2032-11-15"}' | xm calc conversion-factor
    """  # noqa: D301 - a backspace keeps the lines
    from crossmargin import bootstrap

    known = bootstrap.calculators()
    if list_:
        _show_list(known, output_format)
        return
    if name is None:
        raise typer.BadParameter("name a calculator; xm calc --list names them all")
    calculator = known.get(name)
    if calculator is None:
        raise typer.BadParameter(_unknown(name, known))
    if explain:
        _explain(calculator, output_format)
    else:
        _calculate(calculator)


def _calculate(calculator: Calculator) -> None:
    from crossmargin.services.calculators.calculator import run

    if sys.stdin.isatty():
        typer.echo("Reading JSON from the terminal; end it with Ctrl-D.", err=True)
    outcome = run(calculator, sys.stdin.buffer.read())
    write_json(outcome.document)
    _report(outcome)
    if outcome.refused:
        raise typer.Exit(EXIT_REFUSED)


def _report(outcome: Run) -> None:
    for item, refusal in outcome.refused:
        report_refusals([refusal], prefix="" if item is None else f"item {item}: ")


def _show_list(known: Mapping[str, Calculator], output_format: OutputFormat) -> None:
    if output_format is OutputFormat.JSON:
        write_json({"calculators": [each.as_document() for each in known.values()]})
        return
    rows = [
        (each.name, each.summary, ", ".join(_label(one) for one in each.inputs))
        for each in known.values()
    ]
    if output_format is OutputFormat.CSV:
        write_csv(_LIST_HEADER, rows)
        return
    table = grid("Calculators", *(column.capitalize() for column in _LIST_HEADER))
    table.columns[0].no_wrap = True
    for row in rows:
        table.add_row(*row)
    screen().print(table)
    screen().print("xm calc NAME --explain: the rule, its source and the inputs of one.")


def _explain(calculator: Calculator, output_format: OutputFormat) -> None:
    if output_format is OutputFormat.JSON:
        write_json(calculator.as_document())
        return
    rows = list(_input_rows(calculator.inputs))
    if output_format is OutputFormat.CSV:
        write_csv(_INPUT_HEADER, rows)
        return
    title = f"{calculator.name}: {calculator.summary}"
    table = grid(title, *(column.capitalize() for column in _INPUT_HEADER))
    table.columns[0].no_wrap = True
    for row in rows:
        table.add_row(*row)
    console = screen()
    console.print(table)
    console.print(f"Rule: {calculator.rule}", markup=False, highlight=False)
    console.print(f"Source: {calculator.source}", markup=False, highlight=False)


def _input_rows(inputs: tuple[Input, ...], prefix: str = "") -> list[tuple[str, str, str, str]]:
    rows = []
    for each in inputs:
        required = "yes" if each.required else "no"
        rows.append((prefix + each.name, required, each.expected, each.meaning))
        rows.extend(_input_rows(each.inputs, f"{prefix}{each.name}."))
    return rows


def _label(each: Input) -> str:
    return each.name if each.required else f"[{each.name}]"


def _unknown(name: str, known: Mapping[str, Calculator]) -> str:
    from crossmargin.services.calculators.inputs import nearest

    return f"{name!r}: expected {nearest(name, known, what='calculator')}"
