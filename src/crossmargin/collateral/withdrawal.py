"""May property leave: the withdrawal test.

17 CFR 39.13(g)(8)(iii) and 1.44(b): net liquidating value at the close of the previous business day
and the margin deposits that remain must cover the initial margin of all products in the customer's
accounts. The requirement is today's, with the arrangement's reduction as it stands today (CP-08).
"""

from __future__ import annotations

from dataclasses import dataclass

from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal

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
