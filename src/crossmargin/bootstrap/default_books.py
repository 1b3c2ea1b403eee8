"""The composition root of the books of a default: the file of treatments, the copy of a drill."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossmargin.services.books.ports import Work
    from crossmargin.services.default_books.correcting import Correction
    from crossmargin.services.default_books.declaring import Treatment
    from crossmargin.services.default_books.planned import PlannedPort


def read_treatments(path: Path) -> tuple[Treatment, ...]:
    """Read what is done with each customer."""
    from crossmargin.feeds.defaults.treatments import read_treatments as run

    return run(path)


def copy_books(address: str, to: str) -> None:
    """Copy a store as it stands, to an address of nothing."""
    from crossmargin.storage.copying import copy_books as run

    run(address, to)


def read_port_plan(path: Path) -> PlannedPort:
    """Read a port plan that is to be run in the books."""
    from crossmargin.feeds.defaults.port_plan import read_port_plan as run

    return run(path)


def read_corrections(path: Path) -> tuple[Correction, ...]:
    """Read what became known of claims after a default."""
    from crossmargin.feeds.defaults.corrections import read_corrections as run

    return run(path)


def write_standing(work: Work, folder: Path, bd_fcm: str, as_of: date) -> list[Path]:
    """Write what stands in the books of a default or port: HTML, PDF and CSV for each reader."""
    from crossmargin.feeds.books.outbox import replace_file
    from crossmargin.presentation.standing_pages import standing_pages
    from crossmargin.services.default_books.standing import standing_of_default

    files = standing_pages(standing_of_default(work, bd_fcm, as_of))
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        replace_file(folder / name, content)
    return [folder / name for name in files]
