"""An outbox is of one BD-FCM: what another put there is not replaced."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from crossmargin.basics.refusals import RefusedError
from crossmargin.feeds.books.outbox import FolderOutbox, refuse_anothers, replace_file

DAY = date(2026, 5, 11)


def wires(bd_fcm: str) -> dict[str, list[dict[str, object]]]:
    return {"wires.jsonl": [{"wire_id": f"wire/{bd_fcm}/top-up"}], "calls.jsonl": []}


def test_a_day_is_put_again_but_anothers_is_not_replaced(tmp_path: Path) -> None:
    mine, other = (FolderOutbox(tmp_path, name) for name in ("ALPHA", "BETA"))
    for _ in range(2):
        mine.put(DAY, wires("ALPHA"))
    before = (tmp_path / "2026-05-11" / "wires.jsonl").read_bytes()
    with pytest.raises(RefusedError, match="of ALPHA"):
        other.put(DAY, {"wires.jsonl": [], "calls.jsonl": []})
    assert (tmp_path / "2026-05-11" / "wires.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [b"", b"not json", b"\x80 no text", b"[1]", b'{"bd_fcm": "BETA"}'],
    ids=["empty", "text", "binary", "list", "own"],
)
def test_what_says_nothing_of_another_is_replaced(tmp_path: Path, content: bytes) -> None:
    replace_file(tmp_path / "a.json", content)
    refuse_anothers(tmp_path, ["a.json", "b.json", "c.pdf"], "BETA")
    replace_file(tmp_path / "b.json", b'{"bd_fcm": "ALPHA"}')
    with pytest.raises(RefusedError, match=r"b\.json is of ALPHA"):
        refuse_anothers(tmp_path, ["a.json", "b.json"], "BETA")
