"""``xm port files``, ``plan`` and ``books`` on copies of the books of a closed day."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.testing.commands import outcome

#: The customer of the closed day, and the BD-FCM whose books are open beside it.
CUSTOMER, TWO = "CURVE-FUND", "BD-TWO"
FUND = CustomerKey("BD-FCM", CUSTOMER)
_KINDS = (
    "BROKER_DEALER",
    "FUTURES_COMMISSION_MERCHANT",
    "GSD_NETTING_MEMBER",
    "CME_CLEARING_MEMBER",
)


def receivers(accepts: str = '"XM"', *, margin_max: str = "900000000.00", more: str = "") -> str:
    """Return a file of one receiver, BD-TWO, that may take anybody.

    Parameters
    ----------
    accepts : str
        Carriages, each in quotation marks, separated by commas.
    margin_max : str
        The most margin that it takes in all, dollars.
    more : str
        What the file says beside it.
    """
    registrations = "".join(
        f'[[registration]]\nreceiver_id = "{TWO}"\nkind = "{kind}"\n'
        'lei = "INVENTEDNORTH0000011"\nfirst = 2015-01-02\n'
        for kind in _KINDS
    )
    return (
        f'[[receiver]]\nreceiver_id = "{TWO}"\naccepts = [{accepts}]\n'
        'adjusted_net_capital = "900000000.00"\nrisk_margin = "0.00"\n'
        f'finishes_onboarding_later = true\nmargin_max = "{margin_max}"\n'
        f'agreement_sha256 = "{"ab" * 32}"\nagreement_first = 2026-01-05\n'
        f"{registrations}{more}"
    )


def of_customer(document: Any) -> Any:
    """Return what a port's document says of the customer."""
    (found,) = [each for each in document["customers"] if each["customer"] == CUSTOMER]
    return found


@dataclass(frozen=True, slots=True)
class Ports:
    """Plans and runs ports on copies of the books of a closed day.

    Parameters
    ----------
    books : str
        Their address.
    market : Path
        A market directory with the day.
    day : str
    folder : Path
        Where files, plans and copies go.
    """

    books: str
    market: Path
    day: str
    folder: Path
    _numbers: Iterator[int] = field(default_factory=count, repr=False, compare=False)

    def files(self) -> tuple[Path, Path]:
        """Write the books' positions and what is held; return both files."""
        positions, held = self.folder / "positions.csv", self.folder / "held.csv"
        target = ("--positions", positions, "--held", held)
        status, _, remarks = outcome("port", "files", "--books", self.books, *target)
        assert status == 0, remarks
        return positions, held

    def plan(self, text: str, *more: object) -> Path:
        """Plan with a file of receivers and more options; return the plan's file."""
        positions, held = self.files()
        file = self.folder / "receivers.toml"
        plan = self.folder / f"plan-{next(self._numbers)}.json"
        file.write_text(text, encoding="utf-8")
        trigger = () if "--trigger" in more else ("--trigger", "TRANSFER_REQUIRED")
        status, output, remarks = outcome(
            *("port", "plan", positions, "--market", self.market, "--receivers", file),
            *("--held", held, "--bd-fcm", "BD-FCM", "--since", self.day, *trigger),
            *("--date", self.day, *more, "--format", "json"),
        )
        assert status == 0, remarks
        plan.write_text(output, encoding="utf-8")
        return plan

    def run(self, plan: Path, *more: object) -> tuple[int, str, str, str]:
        """Port on a copy, or with ``--carry-out`` in the books.

        Returns
        -------
        tuple of int, str, str, str
            The status, what was printed, what was remarked, and the copy's address.
        """
        copy = str(self.folder / f"{next(self._numbers)}.db")
        target = () if "--carry-out" in more else ("--copy", copy)
        people = (
            () if "--actor" in more else ("--actor", "trustee:t", "--approver", "bd_fcm_risk:r")
        )
        found = outcome(
            *("port", "books", plan, "--books", self.books, *target, "--date", self.day),
            *("--at", f"{self.day}T23:45-04:00", *people, *more),
        )
        return *found, copy

    def said(self, plan: Path) -> tuple[Any, str]:
        """Port on a copy that must succeed; return the document and the copy's address."""
        status, output, remarks, copy = self.run(plan, "--format", "json")
        assert status == 0, remarks
        return json.loads(output), copy
