"""Positions for ``xm span margin``: a CSV of contracts of a parameter set and quantities."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from crossmargin.basics.refusals import RefusedError, refused
from crossmargin.feeds.span.contract_names import ContractNames
from crossmargin.feeds.span.records import Faults
from crossmargin.feeds.text_rows import CsvRows
from crossmargin.margin.cme.span.parameters import SpanContract, SpanParameters

RULE = "reference: xm span margin"
REQUIRED = ("product", "period", "quantity")
OPTIONAL = ("exchange", "right", "option_period", "strike")
_BYTES_MAX = 1 << 26
_LARGEST_QUANTITY = 10**12
_DECIMAL = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,2})?", re.ASCII)


def read_span_positions(
    path: Path, parameters: SpanParameters
) -> list[tuple[SpanContract, Fraction]]:
    """Read positions and find their contracts.

    Raises
    ------
    RefusedError
        With every fault, each with line and column.
    """
    faults = Faults(path.name, RULE)
    rows = CsvRows(faults.refuse, REQUIRED + OPTIONAL, REQUIRED)
    names = ContractNames(parameters)
    found: list[tuple[SpanContract, Fraction]] = []
    try:
        size = path.stat().st_size
        if size > _BYTES_MAX:
            raise refused("positions", f"{size} bytes", f"at most {_BYTES_MAX} bytes", RULE)
        with path.open("rb") as file:
            for line, cells in rows.of(file):
                if cells is not None and any(cells.values()):
                    named = {name: cell.strip() for name, cell in cells.items()}
                    found.extend(_position(named, names, faults, line, rows.columns))
    except OSError as error:
        reason = error.strerror or str(error)
        raise refused("positions", path.name, f"a readable file ({reason})", RULE) from None
    if not found and not faults.count:
        faults.add("positions", "", "at least one position after the header", None)
    if faults.count:
        raise RefusedError(*faults.all())
    return found


def _position(
    named: Mapping[str, str],
    names: ContractNames,
    faults: Faults,
    line: int,
    columns: Mapping[str, int],
) -> Iterator[tuple[SpanContract, Fraction]]:
    quantity = _quantity(named["quantity"])
    if quantity is None:
        expected = f"a decimal number of contracts, signed, smaller than {_LARGEST_QUANTITY:,}"
        faults.add("quantity", named["quantity"], expected, line, columns["quantity"])
    product, period = named["product"], named["period"]
    candidates = names.candidates(product, period)
    there = [each for each in candidates if _is_meant(each, named)]
    if len(there) != 1:
        near = _nearest(there or candidates, named) or names.nearest(product, period)
        count = f"there are {len(there)}"
        if candidates and not there:
            count = f"of this product and period there are {len(candidates)} others"
        expected = f"one contract of the parameter set, {count}{near}"
        value = " ".join(filter(None, (named.get(each, "") for each in _NAMING)))
        faults.add("product", value, expected, line, columns["product"])
    elif quantity is not None:
        yield there[0], quantity


def _nearest(contracts: Sequence[SpanContract], named: Mapping[str, str]) -> str:
    """Return words on the contracts of a product and period, the nearest strikes first."""
    strike = _quantity(named.get("strike", "")) or Fraction(0)

    def distance(contract: SpanContract) -> tuple[bool, Fraction]:
        option = contract.option
        wanted = bool(named.get("right") or named.get("strike"))
        return (option is not None) is not wanted, abs(option.strike - strike) if option else strike

    labels = [each.label for each in sorted(contracts, key=distance)]
    if not labels:
        return ""
    more = f" and {len(labels) - _NAMED_MAX} more" if len(labels) > _NAMED_MAX else ""
    return f": {', '.join(labels[:_NAMED_MAX])}{more}"


_NAMED_MAX = 4
_NAMING = ("exchange", "product", "period", "option_period", "right", "strike")


def _quantity(text: str) -> Fraction | None:
    # Decimal itself would also take digits of other scripts and underscores.
    if not _DECIMAL.fullmatch(text):
        return None
    number = Fraction(text)
    return number if abs(number) < _LARGEST_QUANTITY else None


def _is_meant(contract: SpanContract, named: Mapping[str, str]) -> bool:
    if named.get("exchange") and named["exchange"] != contract.product.exchange:
        return False
    option = contract.option
    if option is None:
        return not named.get("right") and not named.get("strike")
    return (
        named.get("right") == option.right
        and named.get("option_period", "") in ("", option.period.text)
        and _quantity(named.get("strike", "")) == option.strike
    )
