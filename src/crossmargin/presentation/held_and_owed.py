"""What is held and owed of the futures class after a run in the books, in lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def print_held_and_owed(console: Console, document: Mapping[str, Any]) -> None:
    """Print a line a book and asset, that the run was verified, and its digest.

    Parameters
    ----------
    console : Console
    document : mapping
        Of a run that ends only where verification finds nothing; dollars and cents, dollars of
        par.
    """
    for row in document["held_and_owed"]["after"]:
        console.print(
            f"{row['book']} {row['asset']}: held {row['held']}, owed {row['owed']}, "
            f"difference {row['difference']}"
        )
    console.print("verified")
    console.print(f"digest {document['digest']}")
