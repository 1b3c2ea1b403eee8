"""The page of SPAN files lists every column that is read, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from crossmargin.feeds.span.layout import GROUPS, LAYOUTS, Field, Group, Kind
from crossmargin.feeds.span.xml_names import FAMILY_ELEMENTS, READ_CHILDREN

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "span.md"
_COLUMN_ROW = r"^\| `\w+` \| \d+(?:-\d+)?(?:, \d+ times, step \d+)? \| .*\|$"


def _format(field: Field) -> str:
    whole = field.width - field.decimals
    if field.kind is Kind.TEXT:
        return "text"
    if not field.decimals:
        return f"9({field.width})"
    return f"9({whole})V9({field.decimals})" if whole else f"V9({field.decimals})"


def _row(record: str, field: Field, what: str = "", group: Group | None = None) -> str:
    single = field.first == field.last
    columns = str(field.first) if single else f"{field.first}-{field.last}"
    if group is not None:
        columns += f", {group.count} times, step {group.step}"
    name = what + field.name.replace("_", " ")
    return f"| `{record}` | {columns} | {name} | {_format(field)} |"


def _rows() -> Iterator[str]:
    for record, fields in LAYOUTS.items():
        yield from (_row(record, field) for field in fields)
        for (of, name), group in GROUPS.items():
            if of == record:
                yield from (_row(record, field, f"{name}: ", group) for field in group.fields)


def test_every_column_stands_on_the_page_as_it_is_read() -> None:
    text = PAGE.read_text(encoding="utf-8")
    found = re.findall(_COLUMN_ROW, text, flags=re.MULTILINE)
    assert found == list(_rows())


def test_every_element_stands_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", text))
    containers = {"spanFile", "pointInTime", "exchange", "tier"}
    assert set(READ_CHILDREN) - containers <= named
    assert set(FAMILY_ELEMENTS.values()) <= named
