"""Step 2 of net equity: accounts of one class held in one capacity count together.

17 CFR 190.08(b)(2)(i) to (vii). Paragraphs (viii) to (xii), on joint, omnibus, pool and plan
accounts, were not read: such an account is a capacity by itself here (inferred).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from crossmargin.basics.money import ZERO, Money


class AccountClass(StrEnum):
    """Each is an estate of its own (17 CFR 190.01; the list is inferred).

    A cross-margining account is of the futures class: paragraph (2)(ii) of the definition.
    """

    FUTURES = "futures"
    FOREIGN_FUTURES = "foreign_futures"
    CLEARED_SWAPS = "cleared_swaps"
    DELIVERY = "delivery"


class Holding(StrEnum):
    """As what the named holder holds an account."""

    INDIVIDUAL = "individual"  # (i); hedge and speculative accounts alike, (vii)
    GUARDIAN = "guardian"  # (ii): also custodian, conservator, Uniform Gift to Minors Act
    DECEDENT = "decedent"  # (iv)
    ESTATE = "estate"  # (iv)
    EXECUTOR = "executor"  # (iii) and (iv)
    TRUSTEE = "trustee"  # (v)
    ENTITY = "entity"  # (vi): corporation, partnership, association
    OTHER = "other"  # (viii) to (xii)


_OF_AN_ESTATE = frozenset({Holding.DECEDENT, Holding.ESTATE, Holding.EXECUTOR})
_FOR_SOMEBODY = frozenset({Holding.GUARDIAN, Holding.EXECUTOR, Holding.TRUSTEE})


@dataclass(frozen=True, slots=True, order=True)
class Capacity:
    """Who claims, and as what: two accounts of equal capacity and class net against each other."""

    holder: str
    held_as: Holding
    on_behalf_of: str = ""


@dataclass(frozen=True, slots=True)
class HeldAccount:
    """One account with its equity.

    Parameters
    ----------
    account_id : str
    account_class : AccountClass
    holder : str
        In whose name: a person, the decedent or the estate, an entity.
    held_as : Holding
    equity : Money
        Of step 1; negative for a debit balance.
    on_behalf_of : str
        The ward, the decedent or the trust for which a guardian, executor or trustee holds it.
    principal : str
        The grantor of a trust, or the owner of an entity; needed where ``is_disregarded``.
    is_disregarded : bool
        A trust that is not valid and in writing, or a trust or entity made to avoid an offset: its
        accounts are those of its principal.
    apart_as : str
        Of what is a capacity by itself: the customer whose accounts these are; the account's own
        id if left out.

    Raises
    ------
    ValueError
        If a name is missing that the capacity needs.
    """

    account_id: str
    account_class: AccountClass
    holder: str
    held_as: Holding
    equity: Money
    on_behalf_of: str = ""
    principal: str = ""
    is_disregarded: bool = False
    apart_as: str = ""

    def __post_init__(self) -> None:
        if not self.holder or bool(self.on_behalf_of) is not (self.held_as in _FOR_SOMEBODY):
            raise ValueError(f"a holder, and for whom where it is for somebody, was {self!r}")
        can_be = self.held_as in {Holding.TRUSTEE, Holding.ENTITY} and bool(self.principal)
        if self.is_disregarded and not can_be:
            raise ValueError(f"only a trust or an entity with a principal yields, was {self!r}")

    @property
    def capacity(self) -> Capacity:
        """The capacity in which it is held.

        Examples
        --------
        >>> executor = HeldAccount(
        ...     "1", AccountClass.FUTURES, "Ann", Holding.EXECUTOR, Money(0), on_behalf_of="Bob"
        ... )
        >>> decedent = HeldAccount("2", AccountClass.FUTURES, "Bob", Holding.DECEDENT, Money(0))
        >>> executor.capacity == decedent.capacity
        True
        """
        if self.is_disregarded:
            return Capacity(self.principal, Holding.INDIVIDUAL)
        if self.held_as in _OF_AN_ESTATE:
            return Capacity(self.on_behalf_of or self.holder, Holding.ESTATE)
        if self.held_as is Holding.TRUSTEE:
            # Apart from the trustee, who may be another tomorrow, the grantor and other trusts.
            return Capacity(self.on_behalf_of, Holding.TRUSTEE)
        if self.held_as is Holding.OTHER:
            return Capacity(self.holder, Holding.OTHER, self.apart_as or self.account_id)
        return Capacity(self.holder, self.held_as, self.on_behalf_of)


def futures_account_of(account: str) -> str:
    """Return under which id a futures account of the holdings counts among all accounts.

    Examples
    --------
    >>> futures_account_of("FUND")
    'futures account of FUND'
    """
    return f"futures account of {account}"


def aggregate(
    accounts: Iterable[HeldAccount],
) -> dict[Capacity, dict[AccountClass, Money]]:
    """Return the sum of credit and debit equity balances by capacity and class, sorted.

    A cross-margining account and another futures account of one customer are one class and one
    capacity: they net (inferred from the rule's words).

    Raises
    ------
    ValueError
        If an account is there twice.
    """
    totals: dict[Capacity, dict[AccountClass, Money]] = {}
    seen: set[str] = set()
    for account in sorted(accounts, key=lambda each: (each.capacity, each.account_class)):
        if account.account_id in seen:
            raise ValueError(f"an account counts once, was twice: {account.account_id!r}")
        seen.add(account.account_id)
        of_capacity = totals.setdefault(account.capacity, {})
        so_far = of_capacity.get(account.account_class, ZERO)
        of_capacity[account.account_class] = so_far + account.equity
    return totals
