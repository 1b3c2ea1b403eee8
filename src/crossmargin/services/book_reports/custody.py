"""The custody report of a day, and a BD-FCM's own slice of it (ruling 25).

Held comes from the custodian's files, owed from FICC's margin accounts; no query serves both. What
is on its way is shown apart, once. The report is over all BD-FCMs, each as of its latest close;
each one's custodian says in its own inbox what is kept for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from crossmargin.basics.identifiers import Cusip
from crossmargin.basics.money import Money
from crossmargin.basics.records import Record
from crossmargin.ledger.assets import Asset, AssetKind
from crossmargin.ledger.chart import Account, AccountKind
from crossmargin.ledger.cover_checks import counters_of
from crossmargin.ledger.custody import CUSTODY_FACT, CustodyFact, Fact, as_last_stated, fact_of
from crossmargin.ledger.posting import Balance
from crossmargin.ledger.transfers import MOVED, Transfer, TransferState
from crossmargin.product.calendars import sifma_calendar
from crossmargin.reporting.custody_checks import CustodyFacts
from crossmargin.reporting.custody_report import (
    CustodyReport,
    CustodySlice,
    ReportHeading,
    custody_report,
    custody_slice,
)
from crossmargin.reporting.custody_values import (
    AccountScope,
    CustodyAccount,
    Entitlement,
    HeldFor,
    Holding,
    InTransit,
    LocationType,
    MarginClass,
)
from crossmargin.reporting.rules import ReportingRules, due_on_next_business_day
from crossmargin.services.book_reports.inputs import DayInputs
from crossmargin.services.book_reports.parts import Part, moved_for, parts_of
from crossmargin.services.books.ports import Ledger, Work
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.intake import HELD_FILE
from crossmargin.services.clearing_day.standing import market_value_at

_PLACES = (AccountKind.FRBNY_SEGREGATED_ACCOUNT, AccountKind.SEGREGATED_BANK_ACCOUNT)
_DEBTS = {AccountKind.FICC_OWED_XM: MarginClass.XM, AccountKind.FICC_OWED_SCM: MarginClass.SCM}
_CLAIMS = {AccountKind.FICC_XM_MARGIN: MarginClass.XM, AccountKind.FICC_SCM_MARGIN: MarginClass.SCM}
_HELD_FOR = {"FUTURES": HeldFor.XM, "SECURITIES": HeldFor.SCM}


@dataclass(frozen=True, slots=True)
class CustodyInputs:
    """What a custody report and its slice are made of.

    Parameters
    ----------
    bd_fcm : str
        Whose books have the custodian's statement, and whose slice it is.
    business_date : date
    as_of : datetime
        The close of business: what the ledger has later is left out.
    rules : ReportingRules
    balances : mapping of (account id, Asset) to Balance
        Of the whole ledger, then.
    market_value : function of CUSIP and par to Money
    """

    bd_fcm: str
    business_date: date
    as_of: datetime
    rules: ReportingRules
    balances: Mapping[tuple[str, Asset], Balance]
    market_value: Callable[[str, int], Money]

    @property
    def part(self) -> Part:
        """The BD-FCM's own part of what FICC keeps."""
        return Part(self.bd_fcm, self.business_date, self.as_of)


def custody_inputs(inputs: DayInputs, as_of: datetime) -> CustodyInputs:
    """Return what the custody report of a close is made of."""
    return CustodyInputs(
        inputs.context.bd_fcm,
        inputs.business_date,
        as_of,
        inputs.rules,
        inputs.balances,
        lambda cusip, par: market_value_of(inputs.context, inputs.business_date, cusip, par),
    )


def market_value_of(context: DayContext, day: date, cusip: str, par_dollars: int) -> Money:
    """Return the market value of par at the day's prices; zero where it has none."""
    return market_value_at(context.models.priced(day).price_sheets[day], Cusip(cusip), par_dollars)


def custody_of(
    inputs: CustodyInputs,
    work: Work,
    *,
    at: datetime,
    previous: CustodyReport | None,
    corrects: CustodyReport | None = None,
) -> CustodyReport:
    """Return FICC's custody report of the day, over all BD-FCMs.

    Parameters
    ----------
    inputs : CustodyInputs
    work : Work
    at : datetime
        When it is made.
    previous : CustodyReport, optional
        Of the business day before, whose breaks are carried.
    corrects : CustodyReport, optional
        The version that it supersedes.
    """
    day = inputs.business_date
    accounts = _accounts(work, day)
    parts = parts_of(work.records, inputs.part)
    moved = _moved(work.ledger, parts)
    of_ficc = counters_of(moved)
    version = 1 if corrects is None else corrects.version + 1
    heading = ReportHeading(
        report_id=f"custody/{day.isoformat()}/{version}",
        business_date=day,
        as_of=inputs.as_of,
        created_at=at,
        due_at=due_on_next_business_day(day, inputs.rules.custody_report_due, sifma_calendar()),
        sender="FICC",
    )
    facts = CustodyFacts(
        holdings=_holdings(work, inputs, accounts, parts),
        entitlements=[
            *_entitlements(inputs.balances, lambda bd_fcm: bd_fcm == inputs.bd_fcm),
            *_entitlements(of_ficc, lambda bd_fcm: bd_fcm != inputs.bd_fcm),
        ],
        in_transit=_in_transit(moved),
        margin_account_totals=_totals(work.ledger, parts),
        custody_ledger=_ledger_of_places(of_ficc),
    )
    return custody_report(heading, facts, previous_day=previous, corrects=corrects)


def slice_of(inputs: CustodyInputs, report: CustodyReport) -> CustodySlice:
    """Return a BD-FCM's own slice: its claims in its own book against the report."""
    claims: dict[tuple[MarginClass, str, Asset], int] = defaultdict(int)
    for (account_id, asset), balance in inputs.balances.items():
        account = Account.parsed(account_id)
        margin_class = _CLAIMS.get(account.kind)
        if margin_class is None or account.bd_fcm != inputs.bd_fcm:
            continue
        if balance.posted_debit:
            own = margin_account_id(account.bd_fcm, account.customer_id, margin_class)
            claims[margin_class, own, asset] += balance.posted_debit
    return custody_slice(inputs.bd_fcm, claims, report)


def margin_account_id(bd_fcm: str, customer_id: str, margin_class: MarginClass) -> str:
    """Return the name of a margin account at FICC, kept by customer."""
    return f"{bd_fcm}/{margin_class.value}/{customer_id}"


def custodian_rows(work: Work, bd_fcm: str, day: date) -> Sequence[Sequence[object]]:
    """Return the rows of the last custodian's statement of a day; none if none came."""
    found: list[Record] = [
        record
        for record in work.records.select(stream=HELD_FILE, subject=bd_fcm, first=day, last=day)
        if record.content["kind"] == "custodian"
    ]
    rows = found[-1].content["rows"] if found else []
    return rows if isinstance(rows, list | tuple) else []


def _accounts(work: Work, day: date) -> dict[str, CustodyAccount]:
    """Return FICC's custody accounts by place, with what is in force of each."""
    facts: dict[str, dict[Fact, CustodyFact]] = defaultdict(dict)
    stated = [fact_of(record) for record in work.records.select(stream=CUSTODY_FACT)]
    for fact in as_last_stated(stated):
        if fact.is_in_force(day):
            facts[fact.account_id][fact.fact] = fact
    found = {}
    for kind in _PLACES:
        for account in work.ledger.accounts(kind=kind):
            known = facts[account.account_id]
            scope = known.get(Fact.SCOPE)
            if account.custodian in found or scope is None:
                continue
            is_frbny = kind is AccountKind.FRBNY_SEGREGATED_ACCOUNT
            found[account.custodian] = CustodyAccount(
                location_type=LocationType.FRBNY if is_frbny else LocationType.BANK,
                location=account.custodian,
                account_id=account.custodian,
                title=known[Fact.EXACT_TITLE].value if Fact.EXACT_TITLE in known else "",
                scope=AccountScope(scope.value),
                notice_document_id=_digest(known.get(Fact.NOTICE)),
                contract_document_id=_digest(known.get(Fact.NO_LIEN_CONTRACT)),
            )
    return found


def _digest(fact: CustodyFact | None) -> str:
    return "" if fact is None else fact.document_sha256


def _holdings(
    work: Work,
    inputs: CustodyInputs,
    accounts: Mapping[str, CustodyAccount],
    parts: Mapping[str, Part],
) -> list[Holding]:
    """Return what is held, by place, asset and for whom: what is kept for each BD-FCM, added up."""
    amounts: dict[tuple[str, Asset, HeldFor], int] = defaultdict(int)
    for part in parts.values():
        for row in custodian_rows(work, part.bd_fcm, part.business_date):
            _, place, _, segregation, asset_text, quantity, _ = row
            held_for = _HELD_FOR.get(str(segregation), HeldFor.OTHER)
            amounts[str(place), Asset.parsed(str(asset_text)), held_for] += int(str(quantity))
    return [
        Holding(
            accounts[place],
            asset,
            amount,
            held_for,
            None if asset.kind is AssetKind.CASH else inputs.market_value(asset.code, amount),
        )
        for (place, asset, held_for), amount in amounts.items()
        if amount and place in accounts
    ]


def _entitlements(
    balances: Mapping[tuple[str, Asset], Balance], is_of: Callable[[str], bool]
) -> list[Entitlement]:
    found = []
    for (account_id, asset), balance in balances.items():
        account = Account.parsed(account_id)
        margin_class = _DEBTS.get(account.kind)
        if margin_class is not None and balance.posted_credit > 0 and is_of(account.bd_fcm):
            own = margin_account_id(account.bd_fcm, account.customer_id, margin_class)
            found.append(
                Entitlement(
                    account.bd_fcm,
                    margin_class,
                    own,
                    asset,
                    balance.posted_credit,
                    min(balance.debits_pending, balance.posted_credit),
                )
            )
    return found


def _moved(ledger: Ledger, parts: Mapping[str, Part]) -> list[Transfer]:
    """Return every transfer of FICC's custody accounts, each once."""
    places = [account for kind in _PLACES for account in ledger.accounts(kind=kind)]
    found = {t.transfer_id: t for place in places for t in moved_for(ledger, place, parts)}
    return list(found.values())


def _in_transit(moved: Iterable[Transfer]) -> list[InTransit]:
    """Return what waits at FICC's custody accounts, by transfer."""
    listed = list(moved)
    settled = {each.pending_id for each in listed if each.pending_id}
    return [
        InTransit(each.transfer_id, account.custodian, each.asset, signed)
        for each in listed
        if each.state is TransferState.PENDING and each.transfer_id not in settled
        for account, signed in (
            (Account.parsed(each.debit_account_id), each.amount),
            (Account.parsed(each.credit_account_id), -each.amount),
        )
        if account.kind in _PLACES
    ]


def _totals(ledger: Ledger, parts: Mapping[str, Part]) -> dict[Asset, int]:
    """Return what FICC owes by asset from the transfers: another path than the balances."""
    totals: dict[Asset, int] = defaultdict(int)
    for kind in _DEBTS:
        for account in ledger.accounts(kind=kind):
            for each in moved_for(ledger, account, parts):
                if each.state in MOVED:
                    inward = each.credit_account_id == account.account_id
                    totals[each.asset] += each.amount if inward else -each.amount
    return {asset: total for asset, total in totals.items() if total}


def _ledger_of_places(
    balances: Mapping[tuple[str, Asset], Balance],
) -> dict[tuple[str, Asset], int]:
    """Return what FICC's ledger says is at each place, what is in transit included."""
    found: dict[tuple[str, Asset], int] = defaultdict(int)
    for (account_id, asset), balance in balances.items():
        account = Account.parsed(account_id)
        if account.kind in _PLACES:
            moving = balance.debits_pending - balance.credits_pending
            found[account.custodian, asset] += balance.posted_debit + moving
    return {key: amount for key, amount in found.items() if amount}
