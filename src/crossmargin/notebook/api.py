"""Public names of the package: open a market, read positions, margin them, ask why.

Examples
--------
>>> import crossmargin as xm                                       # doctest: +SKIP
>>> market = xm.Market.open("market/")                             # doctest: +SKIP
>>> portfolio = xm.read_positions("positions.csv")                 # doctest: +SKIP
>>> result = xm.margin(portfolio, market, date="2026-03-24")       # doctest: +SKIP
>>> result.customers["FUND-1"].explain()                           # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date as calendar_date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crossmargin import bootstrap

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.text import Text

    from crossmargin.market.history import MarketData
    from crossmargin.services.margin_positions import MarginRun, PositionsInput

_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Market:
    """A market directory, verified and open.

    Parameters
    ----------
    data : MarketData
    """

    data: MarketData = field(repr=False)

    @staticmethod
    def open(directory: str | Path) -> Market:
        """Open a market directory.

        Raises
        ------
        RefusedError
            If it is none, or a table was changed since it was written.
        """
        return Market(bootstrap.open_market(Path(directory)))

    @property
    def simulated(self) -> bool:
        """Whether no figure of it comes from real prices."""
        return self.data.simulated

    @property
    def digest(self) -> str:
        """SHA-256 over its tables."""
        return self.data.digest


def read_positions(path: str | Path) -> PositionsInput:
    """Read a positions file: its good lines, and every fault with its place."""
    return bootstrap.read_positions(Path(path))


def margin(
    portfolio: PositionsInput,
    market: Market,
    *,
    date: str | calendar_date | None = None,
    derived_prices: bool = False,
    skip_bad_rows: bool = False,
) -> Margin:
    """Return the requirement of every customer of a portfolio.

    Parameters
    ----------
    portfolio : PositionsInput
        From :func:`read_positions`.
    market : Market
    date : str or date, optional
        As-of date; the last one with security prices if left out (ruling 35).
    derived_prices : bool
        On a date without security prices, derive them from the last sheet before it (ruling 20).
    skip_bad_rows : bool
        Margin the good rows and mark the result incomplete.

    Raises
    ------
    RefusedError
        With every fault of every row, unless they are to be skipped.
    """
    from crossmargin.services.derived_prices import with_derived_prices
    from crossmargin.services.margin_positions import margin_positions

    as_of = calendar_date.fromisoformat(date) if isinstance(date, str) else date
    day = as_of or bootstrap.last_price_date(market.data)
    run = margin_positions(
        portfolio,
        with_derived_prices(market.data, day) if derived_prices else market.data,
        bootstrap.parameter_sets(day),
        bootstrap.block_executor(),
        as_of=day,
        skip_bad_rows=skip_bad_rows,
    )
    return Margin(run)


class Margin:
    """A margin run: the document of the command line, customers by id, and frames.

    Parameters
    ----------
    run : MarginRun
    """

    def __init__(self, run: MarginRun) -> None:
        from crossmargin.presentation.margin import margin_document

        self.run = run
        self._document = margin_document(run, cycle="EOD")

    @property
    def document(self) -> dict[str, Any]:
        """A copy of the document: changing it changes nothing here."""
        return deepcopy(self._document)

    @property
    def customers(self) -> Customers:
        """The customers by id, or by (BD-FCM, id) where an id stands at several."""
        return Customers(self)

    @property
    def digest(self) -> str:
        """The digest of the document: equal input gives an equal one anywhere."""
        return str(self._document["digest"])

    def to_frame(self) -> pl.DataFrame:
        """Return one row a customer: the columns of ``xm margin --format csv``, money as text."""
        import polars as pl

        from crossmargin.presentation.margin_rows import CSV_HEADER, csv_rows

        return pl.DataFrame(csv_rows(self._document), schema=list(CSV_HEADER), orient="row")

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """Yield the tables of ``xm margin``."""
        yield _captured(self._document, whole=True)

    def _repr_html_(self) -> str:
        return _html(self)

    def __repr__(self) -> str:
        totals = self._document["totals"]
        return (
            f"Margin(as_of={self.document['as_of']}, customers={len(self.document['customers'])}, "
            f"requirement={totals['requirement']}, saved={totals['saved']})"
        )


class Customers(Mapping[str | tuple[str, str], "Customer"]):
    """The customers of a run, by id; by (BD-FCM, id) where an id stands at several BD-FCMs."""

    def __init__(self, result: Margin) -> None:
        self._result = result
        self._rows = {
            (customer["bd_fcm"], customer["customer_id"]): row
            for row, customer in enumerate(result.document["customers"])
        }

    def __getitem__(self, name: str | tuple[str, str]) -> Customer:
        if isinstance(name, tuple):
            return Customer(self._result, self._rows[name])
        keys = [key for key in self._rows if key[1] == name]
        if len(keys) != 1:
            raise KeyError(f"{name!r} stands at {len(keys)} BD-FCMs: name one of {keys}")
        return Customer(self._result, self._rows[keys[0]])

    def __iter__(self) -> Iterator[str | tuple[str, str]]:
        names = [customer_id for _, customer_id in self._rows]
        for key in self._rows:
            yield key[1] if names.count(key[1]) == 1 else key

    def __len__(self) -> int:
        return len(self._rows)


class Customer:
    """One customer of a run."""

    def __init__(self, result: Margin, row: int) -> None:
        self._result = result
        self._row = row

    @property
    def document(self) -> Mapping[str, Any]:
        """The customer's part of the document."""
        document: Mapping[str, Any] = self._result.document["customers"][self._row]
        return document

    def explain(self) -> Explained:
        """Return why: tails, key-rate DV01 of both legs, saving lost by factor, contributions.

        Contributions are of positions, risk factors and components and add up to the requirement;
        positions have marginal and incremental figures beside them.

        Shows itself as text in a terminal and as a table in a notebook.
        """
        from crossmargin.presentation.margin import margin_document
        from crossmargin.services.margin_explanation import explain_run

        run = self._result.run
        document = margin_document(run, cycle="EOD", explanations=explain_run(run))
        return Explained(document["customers"][self._row])

    def __repr__(self) -> str:
        document = self.document
        return (
            f"Customer({document['customer_id']!r}, requirement={document['requirement']}, "
            f"reduction={document['reduction']}, binding={document['binding']})"
        )


@dataclass(frozen=True, slots=True)
class Explained:
    """An explanation that shows itself.

    Parameters
    ----------
    document : mapping
        The customer's document with its ``explanation``.
    """

    document: Mapping[str, Any]

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """Yield the explanation's tables."""
        yield _captured(self.document, whole=False)

    def _repr_html_(self) -> str:
        return _html(self)

    def __repr__(self) -> str:
        return _captured(self.document, whole=False).plain


def _captured(document: Mapping[str, Any], *, whole: bool) -> Text:
    from rich.console import Console
    from rich.text import Text

    from crossmargin.presentation.margin_tables import print_customer, print_margin

    console = Console(width=_WIDTH, color_system=None, force_terminal=False, markup=False)
    with console.capture() as capture:
        (print_margin if whole else print_customer)(console, document)
    return Text(capture.get())


def _html(shown: Margin | Explained) -> str:
    from html import escape

    text = _captured(shown.document, whole=isinstance(shown, Margin)).plain
    return f"<pre>{escape(text)}</pre>"
