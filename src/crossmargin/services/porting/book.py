"""Everything about a BD-FCM's customers that porting asks for, put together once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from crossmargin.arrangement.eligibility import (
    EligibilityRules,
    RecognisedLine,
    Recognition,
    recognise,
)
from crossmargin.arrangement.requirement import CustomerRequirement
from crossmargin.basics.money import ZERO, Money
from crossmargin.basics.refusals import Refusal, RefusedError, refused
from crossmargin.default_management.porting.customers import (
    WHOLE,
    Carriage,
    Division,
    Part,
    PortingCustomer,
    PropertyItem,
)
from crossmargin.default_management.porting.entitlement import Entitlements, entitlements
from crossmargin.default_management.porting.plan import public_claims
from crossmargin.default_management.transfer_test import Unit
from crossmargin.product.position import PositionLine
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.porting.accounts import FuturesAccount, futures_accounts, units_in
from crossmargin.services.porting.inputs import CustomerFacts, HeldFile, PortingFile
from crossmargin.services.porting.margins import (
    LinesThere,
    Margins,
    MovingBook,
    Remargining,
    margins_of,
    raised_margins,
)
from crossmargin.services.porting.property import assumed_property, property_held

_RULE = "reference: port"


@dataclass(frozen=True, slots=True)
class PortingBook:
    """A BD-FCM's futures customers before anything moves.

    Parameters
    ----------
    bd_fcm : str
    run : MarginRun
        Of the whole positions file.
    file : PortingFile
    held : HeldFile or None
        None where property was assumed: each requirement in cash.
    accounts : mapping of customer to FuturesAccount
    units : mapping of customer to tuple of Unit
    requirements : mapping of customer to CustomerRequirement
        Of the futures account, at the BD-FCM that fails; of those whose every line has a model.
    there : mapping of receiver to mapping of customer to position lines
        What customers have there already.
    property_held : mapping of customer to tuple of PropertyItem
    customers : tuple of PortingCustomer
        By name; what moves with each is not decided yet.
    available : Money
        Property of the class.
    entitlements : Entitlements
    absent : tuple of str
        Customers whom the file names and who have neither positions nor property: what it says of
        them is left out. One file serves on every day.
    """

    bd_fcm: str
    run: MarginRun
    file: PortingFile
    held: HeldFile | None
    accounts: Mapping[str, FuturesAccount]
    units: Mapping[str, tuple[Unit, ...]]
    requirements: Mapping[str, CustomerRequirement]
    there: LinesThere
    property_held: Mapping[str, tuple[PropertyItem, ...]]
    customers: tuple[PortingCustomer, ...]
    available: Money
    entitlements: Entitlements
    absent: tuple[str, ...]

    @property
    def incomplete(self) -> tuple[str, ...]:
        """Customers of whose lines some were left out of the run."""
        return tuple(
            each.key.customer_id
            for each in self.run.result.customers
            if each.incomplete and each.key.bd_fcm == self.bd_fcm
        )

    @property
    def left_out(self) -> tuple[RecognisedLine, ...]:
        """Securities outside the arrangement: another proceeding moves them."""
        return tuple(line for each in self.accounts.values() for line in each.left_out)


def porting_book(
    run: MarginRun,
    file: PortingFile,
    held: HeldFile | None,
    remargining: Remargining,
    *,
    bd_fcm: str = "",
) -> PortingBook:
    """Return the book of the BD-FCM whose customers are to move.

    Parameters
    ----------
    run : MarginRun
        Lines of a receiver are positions that a customer of the same name has there already.
    file : PortingFile
    held : HeldFile or None
    remargining : Remargining
    bd_fcm : str
        Which one of the file's; the only one that is no receiver if empty.

    Raises
    ------
    RefusedError
        If it is not clear which, or the files name a receiver who is not there.
    """
    recognition = _recognised(run)
    firm = _firm(run, file, bd_fcm)
    accounts = {each.customer_id: each for each in futures_accounts(recognition, firm)}
    moving = {name: each for name, each in accounts.items() if each.lines or not each.is_complete}
    flat = _without_positions(held, moving, accounts)
    file, absent = _of_those_there(file, {*moving, *flat})
    _refuse_unknown(file, (*moving, *flat))
    complete = {name: each for name, each in moving.items() if each.is_complete}
    requirements = remargining.requirements(
        {name: each.positions() for name, each in complete.items()}
    )
    figures = {
        name: each for name, each in file.customers.items() if each.futures_margin is not None
    }
    known = sorted({*moving, *figures, *flat})
    if held is None:
        property_there = {
            name: _assumed(requirements.get(name), file.facts_of(name)) for name in known
        }
    else:
        property_there = property_held(held, run.result.day, known)
    there = _there(recognition, file)
    raised = _raised(complete, there, remargining)
    units = {name: units_in(each, run.result.day) for name, each in moving.items()}
    customers = tuple(
        _customer(
            file.facts_of(name),
            moving.get(name),
            property_there.get(name, ()),
            units.get(name, ()),
            _whole(
                file.facts_of(name),
                moving.get(name),
                requirements.get(name),
                raised.get(name, {}),
            ),
        )
        for name in known
    )
    total = Money.total(each.value for items in property_there.values() for each in items)
    available = total if file.available is None else file.available
    prior = {each.customer_id: each.prior for each in customers}
    share = entitlements(public_claims(customers), prior=prior, available=available)
    return PortingBook(
        firm,
        run,
        file,
        held,
        accounts,
        units,
        requirements,
        there,
        property_there,
        customers,
        available,
        share,
        absent,
    )


def _recognised(run: MarginRun) -> Recognition:
    day = run.result.day
    return recognise(
        run.positions.lines,
        as_of=day.as_of,
        securities=day.prices.prices,
        rules=EligibilityRules.from_parameters(day.parameters.arrangement),
        file=run.positions.name,
    )


def _firm(run: MarginRun, file: PortingFile, asked: str) -> str:
    receivers = {each.receiver_id for each in file.receivers}
    there = sorted({line.customer.bd_fcm for line in run.positions.lines} - receivers)
    if asked and asked in there:
        return asked
    if asked or len(there) != 1:
        expected = f"one of {', '.join(there) or 'none: all are receivers'}"
        raise refused("bd_fcm", asked or ", ".join(there), expected, _RULE)
    return there[0]


def _without_positions(
    held: HeldFile | None,
    moving: Mapping[str, FuturesAccount],
    accounts: Mapping[str, FuturesAccount],
) -> tuple[str, ...]:
    """Return customers with property alone: their accounts move too.

    The file of what is held says who they are; of whom every line is left out, the positions do.
    """
    if held is None:
        return ()
    faults = [
        Refusal(
            *("asset", name, "no customer with positions in the positions file", _RULE),
            *(held.name, line),
        )
        for name, line in held.without_positions.items()
        if name in moving
    ]
    if faults:
        raise RefusedError(*faults)
    left_out = {each.customer_id for each in held.rows} & (accounts.keys() - moving.keys())
    return tuple(sorted({*held.without_positions, *left_out}))


def _of_those_there(
    file: PortingFile, moving: Collection[str]
) -> tuple[PortingFile, tuple[str, ...]]:
    """Return the file without what it says of customers who are not there, and who they are."""
    figures = {name for name, each in file.customers.items() if each.futures_margin is not None}
    known = {*moving, *figures}
    named = {*file.customers, *(each.customer_id for each in file.ficc_refusals)}
    kept = replace(
        file,
        customers={name: each for name, each in file.customers.items() if name in known},
        ficc_refusals=tuple(each for each in file.ficc_refusals if each.customer_id in known),
    )
    return kept, tuple(sorted(named - known))


def _refuse_unknown(file: PortingFile, moving: Sequence[str]) -> None:
    faults = []
    receivers = {each.receiver_id for each in file.receivers}
    for name, facts in file.customers.items():
        if name in moving and facts.futures_margin is not None:
            expected = "nothing: the customer is in the files already"
            faults.append(_fault(f"customer {name} futures_margin", facts.futures_margin, expected))
        if facts.backup and facts.backup not in receivers:
            expected = f"one of {', '.join(sorted(receivers))}"
            faults.append(_fault(f"customer {name} backup", facts.backup, expected))
    for each in file.ficc_refusals:
        if each.receiver_id not in receivers:
            expected = f"one of {', '.join(sorted(receivers))}"
            faults.append(_fault(f"ficc_refusal {each.customer_id}", each.receiver_id, expected))
    if faults:
        raise RefusedError(*faults)


def _fault(field: str, value: object, expected: str) -> Refusal:
    return Refusal(field, str(value), expected, _RULE)


def _assumed(
    requirement: CustomerRequirement | None, facts: CustomerFacts
) -> tuple[PropertyItem, ...]:
    """Return a customer's requirements in cash, up to the claim that is stated."""
    at_cme, at_ficc = facts.futures_margin or ZERO, ZERO
    if requirement is not None:
        at_ficc = requirement.ficc.requirement
        at_cme = requirement.cme.requirement + requirement.cme.outside
    claim = at_ficc + at_cme if facts.net_equity is None else max(ZERO, facts.net_equity)
    return assumed_property(claim, at_ficc=at_ficc, at_cme=at_cme)


def _there(recognition: Recognition, file: PortingFile) -> LinesThere:
    """Return what customers of any name have at receivers already."""
    there: dict[str, dict[str, Sequence[PositionLine] | None]] = {}
    for receiver in file.receivers:
        for each in futures_accounts(recognition, receiver.receiver_id):
            lines = each.positions() if each.is_complete else None
            there.setdefault(receiver.receiver_id, {})[each.customer_id] = lines
    return there


def _raised(
    complete: Mapping[str, FuturesAccount], there: LinesThere, remargining: Remargining
) -> dict[str, Mapping[str, Margins]]:
    books = [
        MovingBook(name, each.positions(), each.has_securities(each.quantities))
        for name, each in complete.items()
    ]
    return dict(zip(complete, raised_margins(remargining, books, there), strict=True))


def _customer(
    facts: CustomerFacts,
    account: FuturesAccount | None,
    items: Sequence[PropertyItem],
    units: tuple[Unit, ...],
    whole: Part,
) -> PortingCustomer:
    """Return a customer with its whole account; its worth is decided with all the others'."""
    before = facts.futures_margin or ZERO
    if whole.margins:
        before = next(iter(whole.margins.values()))
    # What was paid before is added back (17 CFR 190.08(b)(4)).
    claim = Money.total(each.value for each in items) + facts.prior
    return PortingCustomer(
        facts.customer_id,
        facts.standing,
        account is not None and account.participates,
        claim if facts.net_equity is None else facts.net_equity,
        facts.prior,
        before,
        (Division((whole,)),),
        units,
        facts.backup,
    )


def _whole(
    facts: CustomerFacts,
    account: FuturesAccount | None,
    requirement: CustomerRequirement | None,
    raised: Mapping[str, Margins],
) -> Part:
    """Return the whole account; without margins where a line of it has no model."""
    if account is None:
        margin = {Carriage.FUTURES: facts.futures_margin or ZERO}
        return Part(WHOLE, {}, has_securities=False, value=ZERO, margins=margin)
    lines = account.quantities
    has_securities = account.has_securities(lines)
    margins = {}
    if requirement is not None:
        margins = margins_of(requirement, has_securities=has_securities)
    return Part(WHOLE, lines, has_securities, ZERO, margins, raised)
