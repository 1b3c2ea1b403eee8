"""Positions for ``xm span margin``: a CSV of contracts of a parameter set and quantities."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

from crossmargin.basics.refusals import RefusedError, refused
from crossmargin.feeds.span.contract_names import ContractNames
from crossmargin.feeds.span.records import Faults
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
    try:
        size = path.stat().st_size
        text = path.read_text("utf-8-sig") if size <= _BYTES_MAX else ""
    except (OSError, UnicodeDecodeError) as error:
        raise refused("positions", path.name, f"a readable UTF-8 file ({error})", RULE) from None
    if size > _BYTES_MAX:
        raise refused("positions", f"{size} bytes", f"at most {_BYTES_MAX} bytes", RULE)
    faults = Faults(path.name, RULE)
    rows = csv.reader(text.splitlines())
    columns = _columns(next(rows, []), faults)
    names = ContractNames(parameters)
    found: list[tuple[SpanContract, Fraction]] = []
    for line, cells in enumerate(rows if columns else (), start=2):
        if len(cells) != len(columns) and any(cells):
            faults.add("row", f"{len(cells)} fields", f"{len(columns)} fields", line)
        elif any(cells):
            named = {name: cells[place].strip() for name, place in columns.items()}
            found.extend(_position(named, names, faults, line, columns))
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
        faults.add("quantity", named["quantity"], expected, line, columns["quantity"] + 1)
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
        faults.add("product", value, expected, line, columns["product"] + 1)
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


def _columns(header: list[str], faults: Faults) -> dict[str, int]:
    names = [name.strip() for name in header]
    for place, name in enumerate(names, start=1):
        if name not in REQUIRED + OPTIONAL or names.count(name) > 1:
            expected = f"one of {', '.join(REQUIRED + OPTIONAL)}, once"
            faults.add("header", name, expected, 1, place)
    for name in REQUIRED:
        if name not in names:
            faults.add("header", ",".join(names), f"a column {name}: it is required", 1)
    return {} if faults.count else {name: place for place, name in enumerate(names)}


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
