"""Where a figure comes from: the chain of causes of a record or transfer, down to files.

A record that was made of a line says which, with the file's name and digest; the file ends the
branch. A record that was made of many lines of a file says which of each, and they stand with the
file. A record without causes ends one too: what a person entered, and a run of the models over
everybody's positions, of which a customer's figure follows from its own alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from crossmargin.basics.records import Record
from crossmargin.ledger.transfers import Transfer
from crossmargin.services.books.ports import Work


@dataclass(frozen=True, slots=True)
class TraceNode:
    """One record or transfer on the way.

    Parameters
    ----------
    node_id : str
    what : str
        The stream of a record, or the kind of a transfer.
    at, actor : str
    digest : str
        Of a record; empty for a transfer.
    file, line, sha256 : str
        The file that it is or was made of, and of which lines: its own, or those of the file that
        what follows from it was made of, written short; empty elsewhere.
    causes : tuple of str
    """

    node_id: str
    what: str
    at: str
    actor: str
    digest: str
    file: str
    line: str
    sha256: str
    causes: tuple[str, ...]

    @property
    def is_origin(self) -> bool:
        """Whether nothing lies behind it."""
        return not self.causes


def trace(work: Work, node_id: str) -> tuple[TraceNode, ...]:
    """Return everything that a record or transfer follows from, itself first, each once.

    Raises
    ------
    LookupError
        If there is none of that id, or a cause is not there.
    """
    found: dict[str, TraceNode] = {}
    lines: dict[str, list[str]] = {}
    waiting = [node_id]
    while waiting:
        current = waiting.pop(0)
        if current in found:
            continue
        record = work.records.get(current)
        found[current] = _transfer_node(work, current) if record is None else _of(work, record)
        for cause, own in _lines_named(record).items():
            lines.setdefault(cause, []).append(own)
        waiting += [each for each in found[current].causes if each not in found]
    return tuple(_with_lines(node, lines.get(node.node_id, ())) for node in found.values())


def ends_at_files(nodes: tuple[TraceNode, ...]) -> bool:
    """Return whether some branch ends at a file with its digest."""
    return any(node.sha256 for node in nodes if node.is_origin)


def _lines_named(record: Record | None) -> Mapping[str, str]:
    """Return which lines of its causes a record was made of, written short, where it says so."""
    lines = None if record is None else record.content.get("lines")
    return lines if isinstance(lines, Mapping) else {}


def _with_lines(node: TraceNode, lines: Sequence[str]) -> TraceNode:
    """Return a file with the lines of it that others name, each once."""
    return replace(node, line=", ".join(dict.fromkeys(lines))) if lines and node.sha256 else node


def _of(work: Work, record: Record) -> TraceNode:
    return _of_record(record, _file_of(work, record))


def _transfer_node(work: Work, node_id: str) -> TraceNode:
    transfer = work.ledger.transfer(node_id)
    if transfer is None:
        raise LookupError(f"nothing has the id {node_id}")
    return _of_transfer(transfer)


def _file_of(work: Work, record: Record) -> Record:
    """Return the file that a record was made of a line of; else the record itself."""
    if record.content.get("line") is None or not record.causes:
        return record
    return work.records.get(record.causes[0]) or record


def _of_record(record: Record, source: Record) -> TraceNode:
    said, line = source.content, record.content.get("line")
    return TraceNode(
        node_id=record.record_id,
        what=record.stream,
        at=record.at.isoformat(),
        actor=record.actor,
        digest=record.digest,
        file=str(said.get("name", "")) if "sha256" in said else "",
        line="" if line is None else str(line),
        sha256=str(said.get("sha256", "")),
        causes=record.causes,
    )


def _of_transfer(transfer: Transfer) -> TraceNode:
    causes = [transfer.cause_id]
    if transfer.pending_id:
        causes.append(transfer.pending_id)
    return TraceNode(
        node_id=transfer.transfer_id,
        what=transfer.kind.value,
        at=transfer.at.isoformat(),
        actor="",
        digest="",
        file="",
        line="",
        sha256="",
        causes=tuple(causes),
    )
