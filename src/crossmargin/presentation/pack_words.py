"""Words for paper: what a PDF's core fonts can write."""

from __future__ import annotations

TITLE = "Margin methodology and its proof"
EDITIONS = {"public": "Public edition", "firm": "The firm's own edition"}

_SAME = str.maketrans(
    {
        "\u2212": "-",
        "\u2264": "<=",
        "\u2265": ">=",
        "\u2192": "->",
        "\u03c3": "sigma",
        "\u03bb": "lambda",
        "\u03ba": "kappa",
        "\u0394": "Delta",
        "\u2009": " ",
        "\u202f": " ",
        "\u00a0": " ",
    }
)


def in_core_font(text: str) -> str:
    r"""Return text that a core font can write: Windows-1252, everything else spelt out.

    Examples
    --------
    >>> in_core_font("N \u2265 250"), in_core_font("\u4e2d")
    ('N >= 250', '\\u4e2d')
    """
    written = text.translate(_SAME)
    return written.encode("cp1252", "backslashreplace").decode("cp1252")
