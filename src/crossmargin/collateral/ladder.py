"""What follows a margin call that is not met, rung by rung (CP-12).

A call that is not met within its one business day has failed (17 CFR 1.44(f)). From an age on it
covers no deficiency in net capital (1.17(c)(5)); one above excess adjusted net capital that the
next close does not see paid is told to the CFTC and the DSRO (1.12). The firm then decides whether
to close the customer out; from the age of the JAC's alerts on orders may only reduce risk. A call
of the house's own add-on is no deficiency: of these it may fail and lead to a close-out. All ages
are recalled or the firm's own, and parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from crossmargin.basics.money import ZERO
from crossmargin.collateral.ageing import AgeingRules
from crossmargin.collateral.calls import CallState
from crossmargin.collateral.undermargined import AccountType, ChargeRules
from crossmargin.parameters.registry import ParameterSet


class Rung(StrEnum):
    """What follows, in the order in which it does at the ages shipped."""

    FAILED = "FAILED"  # not met by its due instant, and no administrative error
    CHARGED_TO_CAPITAL = "CHARGED_TO_CAPITAL"  # too old to cover a deficiency
    CLOSE_OUT_TO_BE_DECIDED = "CLOSE_OUT_TO_BE_DECIDED"
    RISK_REDUCING_ORDERS_ONLY = "RISK_REDUCING_ORDERS_ONLY"


@dataclass(frozen=True, slots=True)
class LadderRules:
    """At which ages what follows.

    Parameters
    ----------
    ageing : AgeingRules
    charge : ChargeRules
    close_out_at_business_days : int
        From this age of an unpaid call on the day proposes a close-out.
    """

    ageing: AgeingRules
    charge: ChargeRules
    close_out_at_business_days: int

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> LadderRules:
        """Return the rules that ``collateral/parameters.toml`` holds for the day."""
        return LadderRules(
            AgeingRules.from_parameters(parameters),
            ChargeRules.from_parameters(parameters),
            parameters.whole("close_out_proposed_at_business_days"),
        )


def rungs(
    call: CallState,
    *,
    now: datetime,
    on: date,
    account_type: AccountType,
    rules: LadderRules,
) -> tuple[Rung, ...]:
    """Return everything that follows a call at an instant; nothing once it is met in time.

    Parameters
    ----------
    call : CallState
    now : datetime
        With a zone. The due instant itself is still in time.
    on : date
        The business date up to which ages are counted.
    account_type : AccountType
    rules : LadderRules
    """
    age = rules.ageing.age_business_days(call, on)
    is_unpaid = call.is_of_ccp and call.outstanding > ZERO
    applies = {
        Rung.FAILED: call.has_failed(now),
        Rung.CHARGED_TO_CAPITAL: is_unpaid
        and age > rules.charge.max_age_business_days[account_type],
        Rung.CLOSE_OUT_TO_BE_DECIDED: call.has_failed(now) and is_for_close_out(call, on, rules),
        Rung.RISK_REDUCING_ORDERS_ONLY: is_unpaid
        and age >= rules.ageing.restricted_at_business_days[account_type],
    }
    return tuple(rung for rung in Rung if applies[rung])


def is_for_close_out(call: CallState, on: date, rules: LadderRules) -> bool:
    """Return whether the firm decides about a close-out where this call is late.

    What is disputed and nothing else is no default: the dispute is decided first.
    """
    age = rules.ageing.age_business_days(call, on)
    return call.payable > ZERO and age >= rules.close_out_at_business_days
