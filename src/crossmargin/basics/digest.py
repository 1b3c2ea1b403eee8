"""Digests: the same value gives the same sixty-four characters, on any machine."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

_EXACT = frozenset({str, int, bool, type(None)})


def canonical_json(document: object) -> str:
    """Return the document as JSON with sorted keys and no spaces.

    Raises
    ------
    TypeError
        If the document holds a float: figures of record are decimal strings or whole numbers.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": ["x", None]})
    '{"a":["x",null],"b":1}'
    """
    _refuse_floats(document)
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest_of(document: object) -> str:
    """Return the SHA-256 of the document's canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical_json(document).encode()).hexdigest()


def _refuse_floats(document: object) -> None:
    # Nearly everything is one of these, and no abstract class need be asked then.
    if type(document) in _EXACT:
        return
    if isinstance(document, Mapping):
        for key, value in document.items():
            if not isinstance(key, str):
                raise TypeError(f"keys must be strings, was {key!r}")
            _refuse_floats(value)
    elif isinstance(document, str | int | None):
        return
    elif isinstance(document, Sequence):
        for value in document:
            _refuse_floats(value)
    else:
        raise TypeError(f"a digest is of strings and whole numbers, was {document!r}")
