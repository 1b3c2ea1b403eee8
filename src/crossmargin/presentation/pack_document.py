"""A methodology pack as one JSON document: the machine-readable copy of what people read.

Every figure is text, as it is printed; figures of charts are of six significant digits. The digest
covers everything else in the document, so equal inputs give an equal digest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from crossmargin.basics.digest import digest_of
from crossmargin.methodology.values import Block, Figure, Pack, Paragraph, Table

if TYPE_CHECKING:
    import plotly.graph_objects as go

Document = dict[str, Any]

_SERIES = ("x", "y", "z", "base")
_NOT_GIVEN = ""


def pack_document(pack: Pack) -> Document:
    """Return the JSON shape."""
    document: Document = {
        "edition": pack.edition,
        "as_of": pack.as_of.isoformat(),
        "simulated": pack.simulated,
        "notices": [paragraph_document(notice) for notice in pack.notices],
        "sections": [
            {
                "name": section.name,
                "heading": section.heading,
                "answers": section.answers,
                "parts": [
                    {
                        "heading": part.heading,
                        "blocks": [_block(block) for block in part.blocks],
                    }
                    for part in section.parts
                ],
            }
            for section in pack.sections
        ],
        "identity": [{"what": what, "value": value} for what, value in pack.identity],
    }
    return {**document, "digest": digest_of(document)}


def paragraph_document(paragraph: Paragraph) -> Document:
    """Return a paragraph with the origin of every value in it."""
    return {
        "kind": "paragraph",
        "text": paragraph.text,
        "template": paragraph.template,
        "values": {
            name: {"text": value.text, "origin": value.origin}
            for name, value in paragraph.values.items()
        },
    }


def _block(block: Block) -> Document:
    if isinstance(block, Paragraph):
        return paragraph_document(block)
    if isinstance(block, Table):
        return {
            "kind": "table",
            "title": block.title,
            "origin": block.origin,
            "header": list(block.header),
            "rows": [list(row) for row in block.rows],
        }
    return _figure(block)


def _figure(block: Figure) -> Document:
    layout = block.chart.layout
    return {
        "kind": "figure",
        "name": block.name,
        "question": block.question,
        "origin": block.origin,
        "reading": paragraph_document(block.reading),
        "axes": _axes(block.chart),
        "series": [_series(trace) for trace in block.chart.to_plotly_json()["data"]],
        "height": str(layout.height),
    }


def _axes(chart: go.Figure) -> dict[str, str]:
    layout: Mapping[str, Any] = chart.layout.to_plotly_json()
    return {
        name.replace("axis", ""): axis["title"]["text"]
        for name, axis in layout.items()
        if name[1:].startswith("axis")
    }


def _series(trace: Mapping[str, Any]) -> Document:
    document: Document = {
        "kind": trace["type"],
        "name": trace.get("name", _NOT_GIVEN),
        "axes": [trace.get("xaxis", "x"), trace.get("yaxis", "y")],
    }
    for key in _SERIES:
        if trace.get(key) is not None:
            document[key] = _texts(trace[key])
    return document


def _texts(values: Any) -> Any:
    """Return numbers as text, nested lists as they are nested; what is missing is None."""
    if isinstance(values, list | tuple):
        return [_texts(value) for value in values]
    if values is None or isinstance(values, str):
        return values
    return f"{values:.6g}"
