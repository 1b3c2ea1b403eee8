"""What a BD-FCM held at the last cycle before a failure: property, requirements, its own means.

The value every later stage begins with. Money is positive for the customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.product.position import ClearingOrganization

_RULE = "property and requirements are not negative; a customer counts once"


@dataclass(frozen=True, slots=True)
class Property:
    """What is held for one customer in one place.

    Parameters
    ----------
    cash : Money
    par_by_cusip : mapping of CUSIP to int
        Securities as margin, US dollars of par.
    securities_value : Money
        Market value of those securities, accrued interest included, before haircut.

    Raises
    ------
    ValueError
        If something is negative, or securities have a value without par.
    """

    cash: Money = ZERO
    par_by_cusip: Mapping[str, int] = field(default_factory=dict)
    securities_value: Money = ZERO

    def __post_init__(self) -> None:
        if min(self.cash, self.securities_value) < ZERO:
            raise ValueError(f"property is not negative, was {self!r}")
        if any(par <= 0 for par in self.par_by_cusip.values()):
            raise ValueError(f"par is positive, was {dict(self.par_by_cusip)!r}")
        if self.securities_value > ZERO and not self.par_by_cusip:
            raise ValueError(f"a value of securities has securities, was {self!r}")

    @property
    def value(self) -> Money:
        """Cash and the market value of securities.

        Examples
        --------
        >>> str(Property(Money(100_00), {"912810FT0": 1_000}, Money(990_00)).value)
        '1090.00'
        """
        return self.cash + self.securities_value


NOTHING = Property()


@dataclass(frozen=True, slots=True)
class CustomerHoldings:
    """One customer's account at the last cycle.

    Parameters
    ----------
    customer_id : str
    at : mapping of ClearingOrganization to Property
        Margin at each clearing organization; one that is not there holds nothing.
    at_bd_fcm : Property
        In segregation at the BD-FCM: beyond what the clearing organizations hold.
    requirement : mapping of ClearingOrganization to Money
        Of the last cycle, after the reduction where the customer takes part.
    participates : bool
        Whether positions are carried in the arrangement.
    belongs_to : str
        The customer, where this is what it holds outside its XM account, under a name of its own.

    Raises
    ------
    ValueError
        If the name is empty or a requirement is negative.
    """

    customer_id: str
    at: Mapping[ClearingOrganization, Property]
    at_bd_fcm: Property
    requirement: Mapping[ClearingOrganization, Money]
    participates: bool
    belongs_to: str = ""

    def __post_init__(self) -> None:
        if not self.customer_id:
            raise ValueError("a customer has a name")
        if any(each < ZERO for each in self.requirement.values()):
            raise ValueError(f"a requirement is not negative, was {dict(self.requirement)!r}")

    @property
    def owner(self) -> str:
        """The customer."""
        return self.belongs_to or self.customer_id

    def property_at(self, organization: ClearingOrganization) -> Property:
        """Return what a clearing organization holds for the customer."""
        return self.at.get(organization, NOTHING)

    def is_futures_property(self, organization: ClearingOrganization) -> bool:
        """Return whether what lies at a clearing organization is of the futures class.

        Margin at FICC is so through the arrangement alone (CFTC proposed order, 90 FR 58525,
        III.B.1). Outside it is Segregated Customer Margin, of a securities customer (17 CFR
        240.15c3-3a, Item 15).
        """
        return self.participates or organization is ClearingOrganization.CME

    def required_by(self, organization: ClearingOrganization) -> Money:
        """Return what a clearing organization required at the last cycle."""
        return self.requirement.get(organization, ZERO)

    @property
    def property_value(self) -> Money:
        """All property, wherever it lies."""
        return Money.total(each.value for each in self.at.values()) + self.at_bd_fcm.value


@dataclass(frozen=True, slots=True)
class Holdings:
    """A BD-FCM at the last cycle before a failure.

    Parameters
    ----------
    bd_fcm : str
    as_of : date
        Business date of the cycle.
    customers : mapping of customer id to CustomerHoldings
        Futures customers, those of the arrangement and others; sorted by name where it matters.
    residual_interest : Money
        The firm's own property in the futures segregation.
    adjusted_net_capital : Money
        Of 17 CFR 1.17, residual interest left out: the firm's means outside segregation.
    minimum_capital : Money
        The requirement of 17 CFR 1.17; what is above it is excess net capital.

    Raises
    ------
    RefusedError
        Naming every amount that is negative and every customer under another's name.
    """

    bd_fcm: str
    as_of: date
    customers: Mapping[str, CustomerHoldings]
    residual_interest: Money
    adjusted_net_capital: Money
    minimum_capital: Money = ZERO

    def __post_init__(self) -> None:
        amounts = {
            "residual_interest": self.residual_interest,
            "adjusted_net_capital": self.adjusted_net_capital,
            "minimum_capital": self.minimum_capital,
        }
        refusals = [
            Refusal(name, str(amount), "an amount that is not negative", _RULE)
            for name, amount in amounts.items()
            if amount < ZERO
        ]
        refusals += [
            Refusal(f"customers.{name}", each.customer_id, "the customer of that name", _RULE)
            for name, each in self.customers.items()
            if each.customer_id != name
        ]
        if refusals:
            raise RefusedError(*refusals)

    @property
    def participants(self) -> tuple[CustomerHoldings, ...]:
        """The customers of the arrangement, by name."""
        return self._of(participates=True)

    @property
    def others(self) -> tuple[CustomerHoldings, ...]:
        """The futures customers outside the arrangement, by name."""
        return self._of(participates=False)

    def _of(self, *, participates: bool) -> tuple[CustomerHoldings, ...]:
        return tuple(
            self.customers[name]
            for name in sorted(self.customers)
            if self.customers[name].participates is participates
        )

    def accounts_of(self, owner: str) -> tuple[CustomerHoldings, ...]:
        """Return a customer's accounts, by name."""
        return tuple(
            self.customers[name]
            for name in sorted(self.customers)
            if self.customers[name].owner == owner
        )

    @property
    def property_value(self) -> Money:
        """All property of customers and the residual interest: what segregation holds."""
        held = Money.total(each.property_value for each in self.customers.values())
        return held + self.residual_interest
