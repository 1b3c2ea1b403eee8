"""The one list of what the models leave out, read from its document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crossmargin.methodology.inputs import Deviation

_LINK = re.compile(r"\[([^\]]+)\]\([^)]+\)")
_KEYS = {"place", "left_out", "effect"}


def deviations_from_document(document: Mapping[str, Any]) -> tuple[Deviation, ...]:
    """Return the deviations of a parsed ``deviations.toml``, Markdown taken out.

    Raises
    ------
    ValueError
        If an entry lacks a key, has another, or leaves one empty.
    """
    found = []
    for number, entry in enumerate(document.get("deviation", ()), start=1):
        if set(entry) != _KEYS or not all(entry.values()):
            raise ValueError(f"deviation {number} must state {sorted(_KEYS)}, was {sorted(entry)}")
        found.append(Deviation(**{key: plain_words(text) for key, text in entry.items()}))
    return tuple(found)


def plain_words(text: str) -> str:
    """Return Markdown as plain words.

    Examples
    --------
    >>> plain_words("see [the rule](../the-rule.md) and `cap`")
    'see the rule and cap'
    """
    return _LINK.sub(r"\1", text).replace("`", "")
