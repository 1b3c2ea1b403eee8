"""Words that depend on a figure: one fault, two faults."""

from __future__ import annotations


def counted(number: int, one: str, several: str = "") -> str:
    """Return a number and its noun, singular for one.

    Parameters
    ----------
    number : int
    one : str
        The singular.
    several : str, optional
        The plural; the singular and an s if left out.

    Examples
    --------
    >>> counted(1, "fault"), counted(2, "fault"), counted(0, "line carries", "lines carry")
    ('1 fault', '2 faults', '0 lines carry')
    """
    return f"{number:,} {one if number == 1 else several or one + 's'}"
