"""Pages of a simulated default: one for each claimant, and the trustee's summary.

Each is one HTML file without a script, whose policy forbids every request, and a PDF beside it.
"""

from __future__ import annotations

from crossmargin.presentation.default_claimant import claimant_sections
from crossmargin.presentation.default_tables import all_notices, title
from crossmargin.presentation.default_trustee import trustee_sections
from crossmargin.presentation.sectioned_pages import Document, both_pages, safe_name

TRUSTEE = "trustee"


def default_pages(document: Document) -> dict[str, bytes]:
    """Return every page by the name of its file; a claimant's names no other.

    Parameters
    ----------
    document : mapping
        Of the simulated default.
    """
    lead = title(document)
    whole = {**document, "notices": all_notices(document)}
    pages = both_pages(TRUSTEE, "Trustee's summary", lead, whole, trustee_sections(document))
    for place, name in enumerate(document["claimants"], start=1):
        file = f"claimant-{place:04d}-{safe_name(name)}"
        own = {
            **document,
            "notices": [*document["notices"], *document["claimants"][name]["notices"]],
        }
        pages |= both_pages(file, name, lead, own, claimant_sections(document, name))
    return pages
