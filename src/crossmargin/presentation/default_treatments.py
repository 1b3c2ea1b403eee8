"""The close-outs of a simulated default as the file that ``xm default books`` reads."""

from __future__ import annotations

import csv
import io

from crossmargin.default_management.case import Case
from crossmargin.presentation.cells import csv_cell
from crossmargin.product.position import ClearingOrganization

_HEADER = ("customer", "ficc_result", "cme_result", "receiver")


def treatments_csv(case: Case) -> str:
    """Return one row a customer who was closed out, by customer: its result at each side.

    Parameters
    ----------
    case : Case
        With the arrangement: the books are those of the arrangement.

    Returns
    -------
    str
        Dollars and cents, a loss negative; no receiver: nobody closed out is ported.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    for customer in sorted(case.closed_out):
        if not case.holdings.customers[customer].participates:
            continue  # outside the arrangement: not in these books
        results = case.results[customer]
        sides = (ClearingOrganization.FICC, ClearingOrganization.CME)
        writer.writerow([csv_cell(customer), *(str(results.at(side)) for side in sides), ""])
    return text.getvalue()
