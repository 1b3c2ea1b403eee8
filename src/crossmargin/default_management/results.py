"""What a customer's close-out brought at each clearing organization, day by day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from crossmargin.basics.money import ZERO, Money
from crossmargin.product.position import ClearingOrganization


@dataclass(frozen=True, slots=True)
class DayResult:
    """One day of a close-out at one clearing organization.

    Parameters
    ----------
    on : date
    marks : Money
        Profit and loss of what was still held; positive is a gain.
    impact : Money
        Cost of what was sold; not negative.

    Raises
    ------
    ValueError
        If the impact is negative.
    """

    on: date
    marks: Money
    impact: Money = ZERO

    def __post_init__(self) -> None:
        if self.impact < ZERO:
            raise ValueError(f"impact is a cost, was {self!r}")

    @property
    def result(self) -> Money:
        """Marks less impact."""
        return self.marks - self.impact


@dataclass(frozen=True, slots=True)
class CustomerResults:
    """A customer's close-out at both clearing organizations.

    Parameters
    ----------
    customer_id : str
    days : mapping of ClearingOrganization to tuple of DayResult
        Ascending; one that is not there has none.
    """

    customer_id: str
    days: Mapping[ClearingOrganization, tuple[DayResult, ...]]

    def __post_init__(self) -> None:
        for days in self.days.values():
            dates = [each.on for each in days]
            if dates != sorted(set(dates)):
                raise ValueError(f"days ascend, each once, were {dates!r}")

    @property
    def dates(self) -> tuple[date, ...]:
        """Every day on which something was closed out or marked, ascending."""
        return tuple(sorted({each.on for days in self.days.values() for each in days}))

    def through(self, last: date) -> CustomerResults:
        """Return the results up to a day, itself included."""
        return CustomerResults(
            self.customer_id,
            {
                organization: tuple(each for each in days if each.on <= last)
                for organization, days in self.days.items()
            },
        )

    def at(self, organization: ClearingOrganization, through: date | None = None) -> Money:
        """Return the result at a clearing organization up to a day, itself included.

        Examples
        --------
        >>> ficc = ClearingOrganization.FICC
        >>> first, second = date(2026, 3, 25), date(2026, 3, 26)
        >>> found = CustomerResults(
        ...     "A", {ficc: (DayResult(first, Money(5_00)), DayResult(second, Money(-9_00)))})
        >>> str(found.at(ficc, first)), str(found.at(ficc))
        ('5.00', '-4.00')
        """
        return Money.total(
            each.result
            for each in self.days.get(organization, ())
            if through is None or each.on <= through
        )

    def total(self, through: date | None = None) -> Money:
        """Return the result at both together up to a day, itself included."""
        return Money.total(self.at(each, through) for each in ClearingOrganization)
