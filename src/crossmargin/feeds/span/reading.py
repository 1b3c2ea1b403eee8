"""Read a SPAN parameter file, whichever form it has: whole, or refused with every reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from crossmargin.basics.refusals import RefusedError, refused
from crossmargin.feeds.span.completeness import note_what_is_missing
from crossmargin.feeds.span.loaded import LoadedSpan, checked_parameters, counted, default_label
from crossmargin.feeds.span.positional_reading import PositionalDraft
from crossmargin.feeds.span.records import RULE, Faults
from crossmargin.feeds.span.xml_reading import read_xml
from crossmargin.margin.cme.span.parameters import CombinedCommodity, SpanParameters

#: A day of all exchanges that CME clears is well below this.
BYTES_MAX = 1 << 30
_LONGEST_LINE = 1000


def read_span(path: Path, *, label: str = "") -> LoadedSpan:
    """Read a parameter file.

    Parameters
    ----------
    path : Path
        Expanded positional, or XML if the first character that is no blank is ``<``.
    label : str
        Whose set it is; said by the file's exchange complex, date and name if left out.

    Raises
    ------
    RefusedError
        With every fault, each with line and column, or if the file cannot be read at all.
    """
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= BYTES_MAX else b""
    except OSError as error:
        reason = error.strerror or str(error)
        raise refused("parameters", path.name, f"a readable file ({reason})", RULE) from None
    if size > BYTES_MAX:
        raise refused("parameters", f"{size} bytes", f"at most {BYTES_MAX} bytes", RULE)
    return loaded_span(content, file=path.name, label=label)


def loaded_span(content: bytes, *, file: str, label: str = "") -> LoadedSpan:
    """Read the bytes of a parameter file; see :func:`read_span`."""
    sha256 = hashlib.sha256(content).hexdigest()
    if content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        return read_xml(content, file=file, label=label, sha256=sha256)
    faults = Faults(file)
    draft = PositionalDraft(faults)
    for number, text in _lines(content, faults):
        draft.read_line(number, text)
    parameters = _built(draft, file, label)
    return LoadedSpan(
        parameters=parameters,
        kept=tuple(draft.keeping.records),
        kept_counts=dict(sorted(draft.keeping.counts.items())),
        record_counts=counted(draft.types),
        form="positional",
        sha256=sha256,
    )


def _lines(content: bytes, faults: Faults) -> Iterator[tuple[int, str]]:
    # A file of the old systems may end with the end-of-file character.
    for number, raw in enumerate(content.removesuffix(b"\x1a").split(b"\n"), start=1):
        line = raw.removesuffix(b"\r")
        if len(line) > _LONGEST_LINE:
            faults.add("line", f"{len(line)} bytes", f"at most {_LONGEST_LINE} bytes", number)
        elif not line.isascii() or not line.decode("ascii", "replace").isprintable():
            faults.add("line", repr(line[:40]), "printable ASCII characters", number)
        elif line.strip():
            yield number, line.decode("ascii")


def _built(draft: PositionalDraft, file: str, label: str) -> SpanParameters:
    faults = draft.faults
    if not draft.complex:
        faults.add("file", "", "an exchange complex header (record 0)", 1)
    contracts = draft.contracts()
    note_what_is_missing(
        # A half that is named as one is not missing too.
        (*draft.arrays, *draft.halves.values()),
        series=draft.series,
        products=draft.product_lines,
        commodities=draft.commodities.values(),
        faults=faults,
    )
    if not contracts and not faults.count:
        expected = "risk arrays (records 81 and 82), there are none: the file may be cut off"
        faults.add("file", "", expected, None)
    commodities = [each.built(faults) for each in draft.commodities.values()]
    if faults.count or draft.business_date is None:
        raise RefusedError(*faults.all())
    return checked_parameters(
        faults,
        complex=draft.complex,
        business_date=draft.business_date,
        settlement=draft.settlement,
        commodities=tuple(each for each in commodities if isinstance(each, CombinedCommodity)),
        contracts=tuple(contracts),
        inter_spreads=tuple(draft.spreads),
        conversions=tuple(draft.conversions),
        label=label or default_label(draft.complex, draft.business_date, file),
    )
