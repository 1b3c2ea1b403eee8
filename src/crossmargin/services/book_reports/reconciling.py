"""Our books against the custodian's statement and the clearing organizations' position files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from crossmargin.arrangement.cycles import Cycle
from crossmargin.basics.records import Record
from crossmargin.ledger.assets import Asset
from crossmargin.ledger.chart import Account, AccountKind
from crossmargin.ledger.cover_checks import counters_of
from crossmargin.ledger.posting import Balance
from crossmargin.product.position import ClearingOrganization
from crossmargin.reporting.breaks import Break, BreakReason, Reconciliation, reconcile
from crossmargin.services.book_reports.custody import custodian_rows
from crossmargin.services.book_reports.inputs import DayInputs
from crossmargin.services.book_reports.parts import Part, moved_for
from crossmargin.services.books.accounts import position_asset
from crossmargin.services.books.ports import Ledger, Work
from crossmargin.services.clearing_day.intake import HELD_FILE
from crossmargin.services.clearing_day.lot_register import read_register

Place = tuple[str, Asset]
_OWN = (AccountKind.SEGREGATED_BANK, AccountKind.SECURITIES_CUSTODY)
_SERVES_ALL = (
    AccountKind.FRBNY_SEGREGATED_ACCOUNT,
    AccountKind.SEGREGATED_BANK_ACCOUNT,
    AccountKind.CME_CUSTODY,
)
_FILES = {ClearingOrganization.FICC: "ficc-positions", ClearingOrganization.CME: "cme-positions"}


def reconciliations(
    inputs: DayInputs,
    work: Work,
    previous: Mapping[str, Sequence[Break]],
    *,
    as_of: datetime,
) -> list[Reconciliation]:
    """Return the reconciliations of a day whose counterpart sent a file.

    Parameters
    ----------
    inputs : DayInputs
    work : Work
    previous : mapping of counterpart to sequence of Break
        Of the business day before.
    as_of : datetime
        The close.
    """
    day, found = inputs.business_date, []
    rows = custodian_rows(work, inputs.context.bd_fcm, day)
    if rows:
        kept = _kept(inputs, work.ledger, as_of)
        found.append(_custodian(kept, rows, inputs, previous.get("custodian", ())))
    for side, kind in _FILES.items():
        file = _last_file(work, inputs.context.bd_fcm, day, kind)
        if file is not None:
            found.append(_positions(inputs, work, side, file, previous.get(side.value, ())))
    return found


def breaks_of(documents: Sequence[Mapping[str, object]]) -> dict[str, list[Break]]:
    """Return the breaks that the documents of a day's reconciliations say, by counterpart."""
    found: dict[str, list[Break]] = {}
    for document in documents:
        breaks = document["breaks"]
        listed = breaks if isinstance(breaks, list | tuple) else []
        found[str(document["counterpart"])] = [
            Break(
                account=each["account"],
                asset=Asset.parsed(each["asset"]),
                ours=each["ours"],
                theirs=each["theirs"],
                reason=BreakReason(each["reason"]),
                opened=date.fromisoformat(each["opened"]),
                age_business_days=each["age_business_days"],
            )
            for each in listed
        ]
    return found


def _kept(
    inputs: DayInputs, ledger: Ledger, as_of: datetime
) -> dict[tuple[Account, Asset], Balance]:
    """Return what is kept for the BD-FCM: at places of its own, and its part of all others'."""
    bd_fcm = inputs.context.bd_fcm
    own = {bd_fcm: Part(bd_fcm, inputs.business_date, as_of)}
    places = {each for kind in _SERVES_ALL for each in ledger.accounts(kind=kind)}
    moved = (each for place in places for each in moved_for(ledger, place, own))
    found = {
        (Account.parsed(account_id), asset): balance
        for (account_id, asset), balance in counters_of(moved).items()
    }
    kept = {key: balance for key, balance in found.items() if key[0] in places}
    for (account_id, asset), balance in inputs.balances.items():
        account = Account.parsed(account_id)
        if account.kind in _OWN and account.bd_fcm == bd_fcm:
            kept[account, asset] = balance
    return kept


def _custodian(
    kept: Mapping[tuple[Account, Asset], Balance],
    rows: Sequence[Sequence[object]],
    inputs: DayInputs,
    previous: Sequence[Break],
) -> Reconciliation:
    ours: dict[Place, int] = defaultdict(int)
    moving: dict[Place, int] = defaultdict(int)
    for (account, asset), balance in kept.items():
        place = account.custodian or "CME"
        key = (f"{place}/{account.segregation_class.value}", asset)
        ours[key] += balance.posted_debit
        moving[key] += balance.debits_pending - balance.credits_pending
    theirs: dict[Place, int] = defaultdict(int)
    for _, where, _, segregation, asset_text, quantity, _ in rows:
        theirs[f"{where}/{segregation}", Asset.parsed(str(asset_text))] += int(str(quantity))
    return reconcile(
        {key: amount for key, amount in ours.items() if amount},
        theirs,
        business_date=inputs.business_date,
        counterpart="custodian",
        in_transit=moving,
        previous=previous,
    )


def _positions(
    inputs: DayInputs,
    work: Work,
    side: ClearingOrganization,
    file: Record,
    previous: Sequence[Break],
) -> Reconciliation:
    cutoff = inputs.context.clock.hourly.times[Cycle.EODXM, side].on(inputs.business_date)
    ours: dict[Place, int] = defaultdict(int)
    register = read_register(work.records, inputs.context.bd_fcm)
    for lot in register.live(dict.fromkeys(ClearingOrganization, cutoff)):
        if lot.clearing_organization is side:
            where = f"{lot.customer.customer_id}/{lot.account.value}"
            ours[where, position_asset(side, lot.instrument)] += lot.quantity
    theirs: dict[Place, int] = defaultdict(int)
    rows = file.content["rows"]
    for row in rows if isinstance(rows, list | tuple) else []:
        _, customer_id, _, account, instrument, quantity, _ = row
        theirs[f"{customer_id}/{account}", position_asset(side, str(instrument))] += int(quantity)
    return reconcile(
        {key: amount for key, amount in ours.items() if amount},
        {key: amount for key, amount in theirs.items() if amount},
        business_date=inputs.business_date,
        counterpart=side.value,
        in_transit={},
        previous=previous,
    )


def _last_file(work: Work, bd_fcm: str, day: date, kind: str) -> Record | None:
    found = [
        record
        for record in work.records.select(stream=HELD_FILE, subject=bd_fcm, first=day, last=day)
        if record.content["kind"] == kind and str(record.content["label"]).upper() == "EODXM"
    ]
    return found[-1] if found else None
