"""The public names are exactly those promised, and the function is not hidden by the room."""

import subprocess
import sys

import crossmargin
from crossmargin.notebook import api


def test_public_names_are_those_promised():
    assert crossmargin.__all__ == ["Customer", "Margin", "Market", "margin", "read_positions"]
    assert all(getattr(crossmargin, name) is getattr(api, name) for name in crossmargin.__all__)


def test_margin_is_the_function_although_the_room_was_imported():
    import crossmargin.margin.tail

    assert crossmargin.margin is api.margin
    assert sys.modules["crossmargin.margin"].__name__ == "crossmargin.margin"


def test_an_unknown_name_is_an_attribute_error():
    assert not hasattr(crossmargin, "no_such_name")


def test_importing_the_package_imports_nothing_heavy():
    program = (
        "import sys, crossmargin; "
        "print([m for m in ('numpy', 'polars', 'rich', 'typer') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
