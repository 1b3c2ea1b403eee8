"""The columns of each kind of file: public names, and suggested ones where none is public.

Sources: CME's wiki "CME-FICC XM Reports" (report names; BusDate, Cycle, Run first) and its
MARGIN001 page (columns up to MarginLevel). Status of every ``suggested`` name: inferred. FICC's
CUSIP-level VaR Detail and CME's customer gross margin summary (``CME.CGM.Margins.Summary``) are
named in public, their columns are not: all of those names are inferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crossmargin.services.reconciliation import FIGURES, FileKind

CYCLES = ("ITD", "EOD", "EODXM", "CUR")
_ORDINARY_CYCLES = ("ITD", "EOD")


@dataclass(frozen=True, slots=True)
class Column:
    """One column that is read.

    Parameters
    ----------
    name : str
        Ours, as ``--column`` takes it.
    names : tuple of str
        Names it has in files; the first is written.
    required : bool
    public : bool
        Whether the name stands in a public document.
    """

    name: str
    names: tuple[str, ...]
    required: bool = False
    public: bool = False


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of file.

    Parameters
    ----------
    kind : FileKind
    columns : tuple of Column
        Those that are read.
    written : tuple of str
        Every column of a file that we write, in order.
    cycles : tuple of str
    """

    kind: FileKind
    columns: tuple[Column, ...]
    written: tuple[str, ...]
    cycles: tuple[str, ...] = CYCLES


def _first(*, required: bool) -> tuple[Column, ...]:
    return (
        Column("bus_date", ("BusDate",), required=True, public=True),
        Column("cycle", ("Cycle",), required=required, public=True),
        Column("run", ("Run",), required=required, public=True),
    )


_CUSTOMER = Column("customer_id", ("CustomerId", "Customer"))
_CUSIP = Column("cusip", ("CUSIP",), required=True)
_PAR = Column("par", ("Par", "ParAmount", "NetPar", "Quantity"), required=True)


def _layout(kind: FileKind, *columns: Column, first_required: bool = True) -> Layout:
    every = (*_first(required=first_required), *columns)
    return Layout(kind, every, tuple(column.names[0] for column in every))


def _suggested(name: str) -> Column:
    return Column(name, ("".join(part.capitalize() for part in name.split("_")),))


_MARGIN001_COLUMNS = (
    *_first(required=True),
    Column("customer_id", ("CustAcct",), public=True),
    Column("currency", ("CCY",), public=True),
    Column("level", ("Level",), required=True, public=True),
    Column("margin_level", ("MarginLevel",), required=True, public=True),
    Column("product_group", ("ProductGroup", "Product")),
    Column(
        "performance_bond", ("PerformanceBond", "MarginRequirement", "TotalMargin"), required=True
    ),
)

LAYOUTS: Mapping[FileKind, Layout] = {
    FileKind.XMFICCCUSIP: _layout(FileKind.XMFICCCUSIP, _CUSTOMER, _CUSIP, _PAR),
    FileKind.XMFICCPOSN: _layout(
        FileKind.XMFICCPOSN,
        _CUSTOMER,
        Column("contract", ("Contract", "TickerSymbol", "Ticker"), required=True),
        Column("equivalents", ("FuturesEquivalents", "Contracts", "NetPositions"), required=True),
    ),
    FileKind.XMFICCMARGINSAVINGS: _layout(
        FileKind.XMFICCMARGINSAVINGS,
        _CUSTOMER,
        *(_suggested(spec.name) for spec in FIGURES[FileKind.XMFICCMARGINSAVINGS]),
    ),
    FileKind.MARGIN001: Layout(
        FileKind.MARGIN001,
        _MARGIN001_COLUMNS,
        (
            "BusDate",
            "Cycle",
            "Run",
            "CCY",
            "OmnibusIndicator",
            "CMF",
            "ParentAcct",
            "SA",
            "PBA",
            "CustAcct",
            "AccountName",
            "Seg",
            "Fseg",
            "CO",
            "Level",
            "MarginLevel",
            "ProductGroup",
            "PerformanceBond",
        ),
        _ORDINARY_CYCLES,
    ),
    FileKind.FICCVARDETAIL: _layout(
        FileKind.FICCVARDETAIL,
        _CUSTOMER,
        _CUSIP,
        Column("par", _PAR.names),
        Column("market_value", ("MarketValue",)),
        Column("component_var", ("ComponentVaR", "VaR", "VaRContribution")),
        Column("standalone_var", ("StandaloneVaR",)),
        Column("floor", ("FloorAmount", "VaRFloor")),
        first_required=False,
    ),
    FileKind.CGMMARGINSSUMMARY: _layout(
        FileKind.CGMMARGINSSUMMARY,
        Column("customer_id", ("CustAcct", *_CUSTOMER.names)),
        *(_suggested(spec.name) for spec in FIGURES[FileKind.CGMMARGINSSUMMARY]),
    ),
}
