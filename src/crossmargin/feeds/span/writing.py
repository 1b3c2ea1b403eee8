"""Write a SPAN file: over none, or over another SPAN file, whole or not at all."""

from __future__ import annotations

import codecs
import errno
import os
import re
from pathlib import Path

from crossmargin.basics.refusals import refused
from crossmargin.feeds.span.layout import FILE_FORMAT
from crossmargin.feeds.span.positional_writing import positional_text
from crossmargin.feeds.span.xml_writing import xml_text
from crossmargin.margin.cme.span.parameters import SpanParameters

RULE = "reference: xm span convert"
_XML_ENDINGS = (".spn", ".xml")
#: How much of a file tells what it is: a header record, or an XML declaration and its root.
_BEGINNING_BYTES = 4096
_XML_ROOT = b"<spanFile"
_HEADER = re.compile(rb"0 .{33}" + FILE_FORMAT.encode())


def write_span(parameters: SpanParameters, path: Path) -> str:
    """Write a parameter set, XML to ``.spn`` and ``.xml``, else positional.

    Parameters
    ----------
    parameters : SpanParameters
    path : Path
        A file that is there already is written over only if it is empty or a SPAN file.

    Returns
    -------
    str
        The form: ``xml`` or ``positional``.

    Raises
    ------
    RefusedError
        If a value does not fit the form, or the place cannot be written; what was there stays.
    """
    is_xml = path.suffix in _XML_ENDINGS
    # The whole text is made before anything is opened: a refusal leaves nothing half written.
    text = xml_text(parameters) if is_xml else positional_text(parameters)
    try:
        _refuse_others(path)
        _write(path, text.encode())
    except OSError as error:
        reason = error.strerror or str(error)
        raise refused("--to", path.name, f"a file that can be written ({reason})", RULE) from None
    return "xml" if is_xml else "positional"


def _refuse_others(path: Path) -> None:
    if not path.is_file():
        return
    with path.open("rb") as file:
        beginning = file.read(_BEGINNING_BYTES)
    text = beginning.removeprefix(codecs.BOM_UTF8).lstrip()
    is_span = _HEADER.match(text) or (text.startswith(b"<") and _XML_ROOT in text)
    if beginning and not is_span:
        expected = "a new file, an empty one or a SPAN file: what else is there stays"
        raise refused("--to", path.name, expected, RULE)


def _write(path: Path, content: bytes) -> None:
    if path.exists() and not path.is_file():
        # A device or a pipe takes what it is given; a directory refuses.
        path.write_bytes(content)
        return
    place = path.resolve()
    if place.exists() and not os.access(place, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    part = place.with_name(f".{place.name}.part")
    # Made beside the file and then put in its place, so that a full disk spoils nothing.
    file = part.open("xb")
    try:
        with file:
            file.write(content)
        if place.exists():
            part.chmod(place.stat().st_mode & 0o7777)
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
