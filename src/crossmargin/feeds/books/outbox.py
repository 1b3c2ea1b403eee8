"""The outbox: one folder a business day, files of JSON lines, each put whole or not at all.

Files of one BD-FCM alone: names do not say whose they are, and another's would be replaced.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from crossmargin.basics.refusals import refused


@dataclass(frozen=True, slots=True)
class FolderOutbox:
    """An outbox in a folder.

    Parameters
    ----------
    folder : Path
    bd_fcm : str
        Whose it is.
    """

    folder: Path
    bd_fcm: str

    def put(self, business_date: date, files: Mapping[str, list[dict[str, object]]]) -> None:
        """Put a day's files, in the place of what was there of the day.

        Raises
        ------
        RefusedError
            If another BD-FCM's are there.
        """
        day = self.folder / business_date.isoformat()
        refuse_anothers(day, files, self.bd_fcm)
        day.mkdir(parents=True, exist_ok=True)
        for name, objects in files.items():
            text = "".join(f"{json.dumps(each)}\n" for each in objects)
            replace_file(day / name, text.encode())


def replace_file(path: Path, content: bytes) -> None:
    """Write a file whole, or leave what was there: a reader never sees half of it."""
    if path.is_file() and path.read_bytes() == content:
        return
    unfinished = path.with_name(f".{path.name}.unfinished")
    with unfinished.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)


def refuse_anothers(directory: Path, names: Iterable[str], bd_fcm: str) -> None:
    """Refuse a folder in which files of the same names are another BD-FCM's.

    Raises
    ------
    RefusedError
        Naming the first.
    """
    for name in names:
        whose = _whose(directory / name)
        if whose not in ("", bd_fcm):
            expected = f"a folder of {bd_fcm}'s own: {name} is of {whose}"
            raise refused("folder", directory.name, expected, "day files")


def _whose(path: Path) -> str:
    """Return the BD-FCM that a file of ours says, or nothing."""
    if path.suffix not in (".json", ".jsonl") or not path.is_file():
        return ""
    content = path.read_bytes()
    try:
        said = json.loads(content.partition(b"\n")[0] if path.suffix == ".jsonl" else content)
    except ValueError:  # nothing in it, no JSON, no text: not ours
        return ""
    if not isinstance(said, dict):
        return ""
    # An id is made of what it is of, whose it is, and more.
    made = str(said.get("wire_id") or said.get("call_id") or "").split("/")
    return str(said.get("bd_fcm") or (made[1] if len(made) > 1 else ""))
