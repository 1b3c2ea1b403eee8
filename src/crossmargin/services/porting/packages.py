"""What each receiver gets: for every customer that comes, positions, property, terms, documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crossmargin.default_management.porting.customers import Carriage
from crossmargin.default_management.porting.plan import Placement
from crossmargin.product.position import Leg, PositionLine
from crossmargin.services.porting.accounts import label_of
from crossmargin.services.porting.book import PortingBook
from crossmargin.services.porting.inputs import CustomerFacts
from crossmargin.services.porting.papers import PortPapers, ToObtain
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
    papers : PortPapers or None
        Of the books of the BD-FCM that is left; None where no books were given.
    """

    placement: Placement
    positions: tuple[PackagedPosition, ...]
    facts: CustomerFacts
    known_documents_sha256: str
    papers: PortPapers | None = None

    @property
    def in_arrangement(self) -> bool:
        """Whether the receiver carries the account in the arrangement."""
        return self.placement.offer.carriage is Carriage.XM

    @property
    def lacks(self) -> tuple[str, ...]:
        """What the package has not: papers that are not there, whom to call."""
        lacking = []
        if self.papers is None:
            if not self.known_documents_sha256:
                lacking.append("documents of onboarding at the receiver")
            if not self.facts.agreements:
                lacking.append("agreements of the customer")
        elif self.in_arrangement:
            lacking += self.papers.missing
        return (*lacking, *(() if self.facts.contact else ("a contact",)))

    @property
    def to_obtain(self) -> tuple[ToObtain, ...]:
        """What the receiver must get of its own; nothing where its onboarding is finished."""
        if self.papers is None or self.known_documents_sha256:
            return ()
        return self.papers.to_obtain(in_arrangement=self.in_arrangement)


def packages_of(
    found: PortPlan, papers: Mapping[str, PortPapers] | None = None
) -> Mapping[str, tuple[CustomerPackage, ...]]:
    """Return the packages of every receiver that takes somebody, by customer and part.

    Parameters
    ----------
    found : PortPlan
    papers : mapping of customer to PortPapers, optional
        Of the books of the BD-FCM that is left, where they were given.
    """
    of_books = {} if papers is None else papers
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
                of_books.get(offer.customer_id),
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
