"""The outbox: one folder a business day, files of JSON lines, each put whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FolderOutbox:
    """An outbox in a folder."""

    folder: Path

    def put(self, business_date: date, files: Mapping[str, list[dict[str, object]]]) -> None:
        """Put a day's files, in the place of what was there of the day."""
        day = self.folder / business_date.isoformat()
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
