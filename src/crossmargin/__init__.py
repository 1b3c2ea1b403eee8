"""Crossmargin: customer cross-margining of Treasuries at FICC and rate futures at CME.

Public names are resolved when they are first used (PEP 562), so that importing the package stays
quick.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crossmargin.notebook.api import Customer, Margin, Market, margin, read_positions

__all__ = ["Customer", "Margin", "Market", "margin", "read_positions"]


def __getattr__(name: str) -> object:
    if name in __all__:
        return getattr(import_module("crossmargin.notebook.api"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted((*globals(), *__all__))


class _Package(ModuleType):
    """The package with ``margin`` as the function, although a room has that name too.

    Importing ``crossmargin.margin`` binds the room as an attribute of the package, which would hide
    the function. A property of the class comes before the attribute; ``from crossmargin.margin
    import ...`` does not look at either.
    """

    @property
    def margin(self) -> object:
        return __getattr__("margin")

    @margin.setter
    def margin(self, room: object) -> None:
        """Leave the function in place when the import system binds the room."""


sys.modules[__name__].__class__ = _Package
