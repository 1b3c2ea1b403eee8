"""Whether a positional file that was read to its end holds every contract that it announces.

The form has no trailer: a file that was cut between two lines ends like a whole one. What it has
announced by then, and not given, tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from crossmargin.feeds.span.drafts import CommodityDraft
from crossmargin.feeds.span.positional_series import ArrayDraft, SeriesDraft, series_key
from crossmargin.feeds.span.records import Faults
from crossmargin.margin.cme.span.parameters import ProductKey

_NAMED_MAX = 20
#: Of the key of a series: exchange, product code and type.
_PRODUCT = slice(0, 3)


def note_what_is_missing(
    arrays: Iterable[ArrayDraft],
    *,
    series: Mapping[tuple[str, ...], SeriesDraft],
    products: Mapping[tuple[str, ...], int],
    commodities: Iterable[CommodityDraft],
    faults: Faults,
) -> None:
    """Note series, products and combined commodities without any complete risk array.

    What is named by one record is not named again by the record above it.

    Parameters
    ----------
    arrays : iterable of ArrayDraft
        Complete ones, with record 81 and record 82.
    series : mapping
        Records B by key.
    products : mapping of (exchange, product, type) to int
        The line of each product's record P.
    commodities : iterable of CommodityDraft
    faults : Faults
        At most twenty of a kind are named, the others counted.
    """
    read = {series_key(array.fields) for array in arrays}
    known = {key[_PRODUCT] for key in (*read, *series)}
    empty = [(" ".join(filter(None, key)), series[key].line) for key in series if key not in read]
    _note("series", empty, "of it after its record B", faults)
    bare = [(" ".join(key), line) for key, line in products.items() if key not in known]
    _note("product", bare, "of it after its record P", faults)
    known |= products.keys()
    without = [
        (each.code, each.line)
        for each in commodities
        if not any(_product_of(family.key) in known for family in each.families)
    ]
    _note("combined commodity", without, "of a contract of it after its record 2", faults)


def _product_of(key: ProductKey) -> tuple[str, ...]:
    return key.exchange, key.code, key.type.value


def _note(name: str, missing: Sequence[tuple[str, int]], which: str, faults: Faults) -> None:
    expected = f"records 81 and 82 {which}: the file may be cut off"
    for value, line in missing[:_NAMED_MAX]:
        faults.add(name, value, expected, line)
    more = len(missing) - _NAMED_MAX
    if more > 0:
        faults.add(name, f"{more} more of {len(missing)}", expected, None)
