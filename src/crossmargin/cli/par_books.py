"""``xm par-books``: the FICC-style simulation on bonds at par, tenor by tenor."""

from __future__ import annotations

from dataclasses import asdict

from crossmargin.cli.options import (
    AsOfOption,
    FormatOption,
    MarketOption,
)
from crossmargin.cli.output import (
    OutputFormat,
    grid,
    screen,
    write_csv,
    write_json,
)

_FIGURES = (
    "tenor_years",
    "par_yield_pct",
    "long_pct",
    "short_pct",
    "yield_up_bp",
    "yield_down_bp",
)


def par_books_command(
    *,
    market: MarketOption,
    as_of: AsOfOption = None,
    output_format: FormatOption = OutputFormat.TABLE,
) -> None:
    """Show the simulation's loss of bonds at par, long and short, per cent of market value."""
    from crossmargin import bootstrap
    from crossmargin.basics.refusals import refused
    from crossmargin.services.par_books import par_book_table

    opened = bootstrap.open_market(market)
    day = as_of.date() if as_of else bootstrap.last_price_date(opened)
    try:
        table_of_books = par_book_table(opened, bootstrap.parameter_sets(day), as_of=day)
    except (ValueError, IndexError) as error:
        raise refused("date", day, f"a date with history enough: {error}", "ruling 8") from error
    books = [
        {name: _text(value) for name, value in asdict(book).items()} for book in table_of_books
    ]
    if output_format is OutputFormat.JSON:
        write_json({"as_of": day.isoformat(), "simulated": opened.simulated, "par_books": books})
    elif output_format is OutputFormat.CSV:
        write_csv(list(books[0]), [list(book.values()) for book in books])
    else:
        label = "SIMULATED MARKET" if opened.simulated else "real market data"
        table = grid(f"Bonds at par as of {day}, {label}: loss in per cent of market value")
        for heading in ("years", "par yield", "long", "short", "3d up, bp", "3d down, bp"):
            table.add_column(heading, justify="right")
        for book in books:
            table.add_row(*(f"{float(book[name]):.4g}" for name in _FIGURES))
        console = screen()
        console.print(table)
        console.print(f"{books[0]['scenarios']} scenarios, rank {books[0]['rank']}.")


def _text(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.6f}".rstrip("0").rstrip(".")
