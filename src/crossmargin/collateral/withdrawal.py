"""May property leave: the withdrawal test, and the test of each account that it leaves.

17 CFR 39.13(g)(8)(iii) and 1.44(b): net liquidating value at the close of the previous business day
and the margin deposits that remain must cover the initial margin of all products in the customer's
accounts. The requirement is today's, with the arrangement's reduction as it stands today (CP-08).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal
from crossmargin.product.position import ClearingOrganization

RULE = "17 CFR 1.44(b) and 39.13(g)(8)(iii); CP-08"


@dataclass(frozen=True, slots=True)
class WithdrawalTest:
    """A customer's account before a withdrawal, US dollars.

    Parameters
    ----------
    value : Money
        Net liquidating value at the close of the previous business day plus margin deposits,
        securities after haircut; negative in a deficit.
    required : Money
        Initial margin of all products today, house add-ons included; not negative.
    pending : Money
        Withdrawals granted and not yet gone; not negative.

    Raises
    ------
    ValueError
        If the requirement or what is pending is negative.
    """

    value: Money
    required: Money
    pending: Money = ZERO

    def __post_init__(self) -> None:
        for name in ("required", "pending"):
            if getattr(self, name) < ZERO:
                raise ValueError(f"{name} must not be negative, was {getattr(self, name)}")

    @property
    def max_withdrawal(self) -> Money:
        """The most that may go; zero where the requirement is not covered."""
        return max(ZERO, self.value - self.pending - self.required)

    def allows(self, request: Money) -> bool:
        """Return whether the requirement is covered once the request has gone.

        In an account that is undermargined not even a request of nothing is.
        """
        return self.value - self.pending - request >= self.required

    def reasons_against(self, request: Money) -> tuple[Refusal, ...]:
        """Return every reason against a withdrawal; none if it may go."""
        reasons = []
        if request <= ZERO:
            reasons.append(Refusal("request", str(request), "more than 0", RULE))
        if not self.allows(request):
            expected = f"at most {self.max_withdrawal}, so that {self.required} stays covered"
            reasons.append(Refusal("request", str(request), expected, RULE))
        return tuple(reasons)


@dataclass(frozen=True, slots=True)
class AccountCover:
    """What one CCP counts of a customer's property there, and what it asks.

    Parameters
    ----------
    value, required : Money
        After haircut, and today's requirement.
    """

    value: Money
    required: Money


def reasons_against_leaving(
    covers: Mapping[ClearingOrganization, AccountCover],
    leaving: Mapping[ClearingOrganization, Money],
) -> tuple[Refusal, ...]:
    """Return every account that a movement of property would leave undermargined.

    What arrives at the other CCP is not counted before it is there: between the two an account must
    not be short. An account that is short already may lose nothing.

    Parameters
    ----------
    covers : mapping of ClearingOrganization to AccountCover
    leaving : mapping of ClearingOrganization to Money
        Value after haircut that leaves; not negative.
    """
    reasons = []
    for ccp, value in sorted(leaving.items()):
        cover = covers[ccp]
        if value > ZERO and cover.value - value < cover.required:
            most = max(ZERO, cover.value - cover.required)
            expected = f"at most {most}: {ccp} requires {cover.required} of {cover.value}"
            reasons.append(Refusal(f"{ccp}.leaving", str(value), expected, RULE))
    return tuple(reasons)
