"""The files of a methodology pack by name: page, paper, machine-readable copy."""

from __future__ import annotations

import json
from collections.abc import Mapping

from crossmargin.methodology.values import Pack
from crossmargin.presentation.pack_document import pack_document
from crossmargin.presentation.pack_html import pack_html
from crossmargin.presentation.pack_pdf import pack_pdf

STEM = "methodology"


def pack_files(pack: Pack) -> tuple[Mapping[str, bytes], str]:
    """Return the bytes of every file by its name, and the digest of the pack."""
    document = pack_document(pack)
    digest: str = document["digest"]
    stem = f"{STEM}-{pack.edition}"
    files = {
        f"{stem}.html": pack_html(pack, digest=digest).encode(),
        f"{stem}.pdf": pack_pdf(pack, digest=digest),
        f"{stem}.json": (json.dumps(document, indent=1) + "\n").encode(),
    }
    return files, digest
