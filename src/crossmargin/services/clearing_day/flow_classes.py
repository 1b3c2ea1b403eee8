"""Which class a flow at FICC is of: that of the margin of its position.

The arrangement carries eligible obligations in the futures account, and the relief from Rule 15c3-3
reaches no others. What is not eligible is a securities customer's though its account is XM: its
margin is Segregated Customer Margin, and its Funds-Only Settlement the securities account's. With
futures customers' money it would be carried by others (7 USC 6d(a)(2)).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from crossmargin.arrangement.eligibility import EligibilityRules, is_eligible_security
from crossmargin.basics.records import Record
from crossmargin.product.position import Account
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.settlement.flows import Flow, FlowKind
from crossmargin.settlement.funds_only import PaidMark
from crossmargin.settlement.lots import Lot
from crossmargin.settlement.prices import SystemPrice

#: Ends the id of a record of the securities account's flows.
OF_SECURITIES_ACCOUNT = "/scm"
#: They go back where the mark was paid, though the position has changed its class since.
_OF_A_PAID_MARK = frozenset({FlowKind.FICC_FORWARD_MARK_RETURN, FlowKind.FICC_MARK_INTEREST})


@dataclass(frozen=True, slots=True)
class FlowClasses:
    """The classes of a day's flows.

    Parameters
    ----------
    models : DayModels
    day : date
    securities : mapping of CUSIP to SystemPrice
        Of the day that the flows are marked at; what is not among them has matured.
    paid_on : mapping of lot id to date
        When the marks were paid that go back on the day.
    paid_outside : mapping of lot id to bool
        Whether the securities account paid or received them, as booked. A mark that was split or
        carried to another BD-FCM since is not in it: it is of its lot's class on the day it was
        paid.
    """

    models: DayModels
    day: date
    securities: Mapping[str, SystemPrice]
    paid_on: Mapping[str, date] = field(default_factory=dict)
    paid_outside: Mapping[str, bool] = field(default_factory=dict)
    #: What was decided: a day has many lots of few securities.
    _rules: dict[date, EligibilityRules] = field(default_factory=dict, init=False, compare=False)
    _outside: dict[tuple[str, date], bool] = field(default_factory=dict, init=False, compare=False)

    @staticmethod
    def paid(outstanding: Iterable[PaidMark]) -> dict[str, date]:
        """Return when marks were paid, by lot."""
        return {each.lot_id: each.paid_on for each in outstanding}

    @staticmethod
    def outside_as_booked(booked: Iterable[Record]) -> dict[str, bool]:
        """Return of each lot whether its marks are the securities account's, from the flows."""
        return {
            str(row[0]): record.record_id.endswith(OF_SECURITIES_ACCOUNT)
            for record in booked
            for row in _rows(record)
            if row[1] == FlowKind.FICC_FORWARD_MARK.value
        }

    def is_of_securities_account(self, flow: Flow, lot: Lot) -> bool:
        """Return whether a flow is the securities account's."""
        if flow.kind not in _OF_A_PAID_MARK:
            return self.is_outside(lot, self.day)
        # The books say it also where the security has no price any more.
        if lot.lot_id in self.paid_outside:
            return self.paid_outside[lot.lot_id]
        return self.is_outside(lot, self.paid_on.get(lot.lot_id, self.day))

    def is_outside(self, lot: Lot, on: date) -> bool:
        """Return whether a lot is an obligation outside the arrangement on a day."""
        if not lot.at_ficc:
            return False
        if lot.account is not Account.XM:
            return True
        key = (lot.instrument, on)
        found = self._outside.get(key)
        if found is None:
            found = self._outside[key] = self._is_outside(lot.instrument, on)
        return found

    def _is_outside(self, cusip: str, on: date) -> bool:
        priced = self.securities.get(cusip)
        if priced is None:
            return True
        if on not in self._rules:
            parameters = self.models.parameters(on).arrangement
            self._rules[on] = EligibilityRules.from_parameters(parameters)
        return not is_eligible_security(priced.security, as_of=on, rules=self._rules[on])


def _rows(record: Record) -> Sequence[Sequence[object]]:
    rows = record.content["flows"]
    if not isinstance(rows, Sequence):
        raise TypeError(f"expected flows, was {record!r}")
    return rows
