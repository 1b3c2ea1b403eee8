"""The chain of causes of a figure as a document, rows and a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crossmargin.presentation.tables import grid, print_whole
from crossmargin.services.books.trace import TraceNode

if TYPE_CHECKING:
    from rich.console import Console

TRACE_HEADER = ("id", "what", "at", "actor", "file", "line", "sha256", "digest", "causes")


def trace_document(nodes: Sequence[TraceNode]) -> dict[str, Any]:
    """Return the chain, the figure itself first."""
    return {
        "id": nodes[0].node_id,
        "nodes": [
            {
                "id": node.node_id,
                "what": node.what,
                "at": node.at,
                "actor": node.actor,
                "file": node.file,
                "line": node.line,
                "sha256": node.sha256,
                "digest": node.digest,
                "causes": list(node.causes),
            }
            for node in nodes
        ],
    }


def trace_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a record or transfer."""
    for node in document["nodes"]:
        yield (*(node[name] for name in TRACE_HEADER[:-1]), " ".join(node["causes"]))


def print_trace(console: Console, document: Mapping[str, Any]) -> None:
    """Print the chain, files with their digests."""
    table = grid(f"Where {document['id']} comes from", "what", "id", "line", "file", "sha256")
    for node in document["nodes"]:
        table.add_row(node["what"], node["id"], node["line"], node["file"], node["sha256"][:16])
    print_whole(console, table)
