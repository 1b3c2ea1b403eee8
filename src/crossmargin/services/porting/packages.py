"""What each receiver gets: for every customer that comes, positions, property, terms, documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crossmargin.default_management.porting.plan import Placement
from crossmargin.product.position import Leg, PositionLine
from crossmargin.services.porting.accounts import label_of
from crossmargin.services.porting.book import PortingBook
from crossmargin.services.porting.inputs import CustomerFacts
from crossmargin.services.porting.planning import PortPlan


@dataclass(frozen=True, slots=True)
class PackagedPosition:
    """One position line that moves.

    Parameters
    ----------
    clearing_organization : str
    account : str
    instrument : str
        CUSIP or contract with a two-digit year.
    line : PositionLine
        Quantity and terms of what moves.
    """

    clearing_organization: str
    account: str
    instrument: str
    line: PositionLine

    @property
    def is_repo(self) -> bool:
        """Whether it is a repo or its reverse."""
        return self.line.leg is not Leg.CASH


@dataclass(frozen=True, slots=True)
class CustomerPackage:
    """What a receiver gets of one customer.

    Parameters
    ----------
    placement : Placement
        Carriage, requirement, margin, top-up, property.
    positions : tuple of PackagedPosition
    facts : CustomerFacts
    known_documents_sha256 : str
        Of onboarding finished at the receiver; empty if it is finished later.
    """

    placement: Placement
    positions: tuple[PackagedPosition, ...]
    facts: CustomerFacts
    known_documents_sha256: str

    @property
    def lacks(self) -> tuple[str, ...]:
        """What the receiver still has to get."""
        lacking = {
            "documents of onboarding at the receiver": not self.known_documents_sha256,
            "agreements of the customer": not self.facts.agreements,
            "a contact": not self.facts.contact,
        }
        return tuple(what for what, lacks in lacking.items() if lacks)


def packages_of(found: PortPlan) -> Mapping[str, tuple[CustomerPackage, ...]]:
    """Return the packages of every receiver that takes somebody, by customer and part."""
    receivers = {each.receiver_id: each for each in found.book.file.receivers}
    packages: dict[str, list[CustomerPackage]] = {}
    for placement in found.plan.placements:
        offer = placement.offer
        known = receivers[offer.receiver_id].knowledge_of(offer.customer_id)
        packages.setdefault(offer.receiver_id, []).append(
            CustomerPackage(
                placement,
                _positions(found.book, placement),
                found.book.file.facts_of(offer.customer_id),
                known.documents_sha256,
            )
        )
    return {name: tuple(each) for name, each in sorted(packages.items())}


def _positions(book: PortingBook, placement: Placement) -> tuple[PackagedPosition, ...]:
    account = book.accounts.get(placement.offer.customer_id)
    if account is None:
        return ()
    names = {each.line.line: label_of(each).split()[0] for each in account.lines}
    return tuple(
        PackagedPosition(
            line.clearing_organization.value, line.account.value, names[line.line], line
        )
        for line in account.positions(placement.part.lines)
    )
