"""Reports of the books as rows and tables: whatever they hold, section by section."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crossmargin.presentation.tables import grid, print_whole

if TYPE_CHECKING:
    from rich.console import Console

REPORT_HEADER = ("report", "business_date", "key", "value")
LIST_HEADER = ("name", "what", "record_id", "digest")


def report_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a figure, named by its path in the document."""
    for key, value in flat(document["document"]):
        yield document["report"], document["business_date"], key, value


def print_report(console: Console, document: Mapping[str, Any]) -> None:
    """Print figures first, then every list of the report as a table of its own."""
    heading = f"{document['report']}, {document['bd_fcm']}, {document['business_date']}"
    made = f"version {document['version']}, made at {document['made_at']}"
    console.print(f"{heading}, {made}\ndigest {document['digest']}")
    said = document["document"]
    _print_section(console, "", said)


def list_rows(document: Mapping[str, Any]) -> Iterable[tuple[str, ...]]:
    """Yield one row a report or notice."""
    for each in document["reports"]:
        yield tuple(each[name] for name in LIST_HEADER)


def print_list(console: Console, document: Mapping[str, Any]) -> None:
    """Print the names of a day's reports."""
    table = grid(f"Reports of {document['bd_fcm']}, {document['business_date']}", *LIST_HEADER)
    for row in list_rows(document):
        table.add_row(*row)
    print_whole(console, table)


def flat(said: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every figure of a document with its path."""
    if isinstance(said, Mapping):
        for key, value in said.items():
            yield from flat(value, f"{path}.{key}" if path else str(key))
    elif isinstance(said, Sequence) and not isinstance(said, str):
        for number, value in enumerate(said, start=1):
            yield from flat(value, f"{path}[{number}]")
    else:
        yield path, cell_text(said)


def cell_text(value: Any) -> str:
    """Return a figure as a table has it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _print_section(console: Console, title: str, said: Any) -> None:
    if not isinstance(said, Mapping):
        return
    plain = {key: v for key, v in said.items() if not isinstance(v, Mapping | list | tuple)}
    if plain:
        table = grid(title, "what", "value")
        for key, value in plain.items():
            table.add_row(str(key), cell_text(value))
        console.print(table)
    for key, value in said.items():
        name = f"{title} {key}".strip()
        if isinstance(value, Mapping):
            _print_section(console, name, value)
        elif isinstance(value, list | tuple) and value:
            _print_list(console, name, value)


def _print_list(console: Console, title: str, rows: Sequence[Any]) -> None:
    if not isinstance(rows[0], Mapping):
        table = grid(title, "value")
        for row in rows:
            table.add_row(" ".join(cell_text(each) for each in row) if _is_list(row) else str(row))
        console.print(table)
        return
    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = grid(title, *columns)
    for row in rows:
        cells = (row.get(column) for column in columns)
        table.add_row(*(_nested(cell) for cell in cells))
    print_whole(console, table)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _nested(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {cell_text(each)}" for key, each in value.items())
    if _is_list(value):
        return (
            str(len(value))
            if value and isinstance(value[0], Mapping)
            else ", ".join(cell_text(each) for each in value)
        )
    return cell_text(value)
