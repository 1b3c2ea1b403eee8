"""Lots as records: opened, ended, and which are live at an instant.

A lot is never changed. What lessens it ends it and opens its parts: a direction into another
account, a partial settlement. The register at an instant is a fold of what was written up to it, so
that a cycle takes the positions of its cut-off even where its step runs later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from crossmargin.basics.identifiers import CustomerKey, customer_of, subject_of
from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.services.books.folds import Fold
from crossmargin.services.books.ports import Records
from crossmargin.settlement.lots import ContractBasis, Lot

LOT = "LOT"
LOT_ENDED = "LOT_ENDED"
#: Says that an obligation fails on a business day: said again each day that it does.
LOT_FAILS = "LOT_FAILS"
#: Which side's cut-off counts; a lot of the other side keeps to its own.
Cutoffs = Mapping[ClearingOrganization, datetime]
#: How long a lot that ended stays among those that are looked at first: cycles look back hours.
_RECENT = timedelta(days=3)
_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class LotEnd(StrEnum):
    """How a lot ended."""

    SETTLED = "SETTLED"
    EXPIRED = "EXPIRED"
    TENDERED = "TENDERED"
    CLOSED_OUT = "CLOSED_OUT"
    DIRECTED = "DIRECTED"
    FAILED = "FAILED"
    PORTED = "PORTED"
    SPLIT = "SPLIT"


#: Ends with which nothing is realised: the lot goes on as others.
GOES_ON = frozenset({LotEnd.DIRECTED, LotEnd.FAILED, LotEnd.SPLIT})


@dataclass(frozen=True, slots=True)
class Written:
    """When, by whom and from what something was written.

    Parameters
    ----------
    business_date : date
    at : datetime
    actor : str
    causes : tuple of str
    approver : str
    """

    business_date: date
    at: datetime
    actor: str
    causes: tuple[str, ...] = ()
    approver: str = ""

    def record(
        self, record_id: str, stream: str, subject: str, content: Mapping[str, object]
    ) -> Record:
        """Return a record written so."""
        return Record(
            record_id=record_id,
            stream=stream,
            subject=subject,
            business_date=self.business_date,
            at=self.at,
            actor=self.actor,
            content=content,
            causes=self.causes,
            approver=self.approver,
        )

    def following(self, *causes: str) -> Written:
        """Return the same with more causes: what it follows from beside those it has."""
        return replace(self, causes=(*self.causes, *causes))


def lot_record(lot: Lot, written: Written, *, line: int | None = None) -> Record:
    """Return the record that opens a lot.

    Parameters
    ----------
    lot : Lot
    written : Written
    line : int, optional
        Of the file that it came from.
    """
    content = {
        "clearing_organization": lot.clearing_organization.value,
        "account": lot.account.value,
        "instrument": lot.instrument,
        "quantity": lot.quantity,
        "contract_amount": str(lot.contract_amount),
        "taken_in": lot.taken_in.isoformat(),
        "leg": lot.leg.value,
        "settlement_date": _iso(lot.settlement_date),
        "end_date": _iso(lot.end_date),
        "repo_rate_pct": None if lot.repo_rate_pct is None else str(lot.repo_rate_pct),
        "trade_price": None if lot.trade_price is None else str(lot.trade_price),
        "basis": lot.basis.value,
        "failed": "yes" if lot.failed else "no",
        "line": line,
    }
    return written.record(lot.lot_id, LOT, subject_of(lot.customer), content)


def lot_of(record: Record) -> Lot:
    """Return the lot that a record opened.

    Raises
    ------
    ValueError
        If the record is no lot's.
    """
    said = record.content
    try:
        return Lot(
            lot_id=record.record_id,
            customer=customer_of(record.subject),
            clearing_organization=ClearingOrganization(str(said["clearing_organization"])),
            account=Account(str(said["account"])),
            instrument=str(said["instrument"]),
            quantity=int(str(said["quantity"])),
            contract_amount=money_from_decimal(str(said["contract_amount"])),
            taken_in=date.fromisoformat(str(said["taken_in"])),
            leg=Leg(str(said["leg"])),
            settlement_date=_date(said["settlement_date"]),
            end_date=_date(said["end_date"]),
            repo_rate_pct=_decimal(said["repo_rate_pct"]),
            trade_price=_decimal(said["trade_price"]),
            basis=ContractBasis(str(said["basis"])),
            failed=said["failed"] == "yes",
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"expected a lot, was {record!r}") from error


def ended_record(
    lot_id: str, how: LotEnd, written: Written, *, subject: str, exit_value: Money | None = None
) -> Record:
    """Return the record that ends a lot.

    Parameters
    ----------
    lot_id : str
    how : LotEnd
    written : Written
    subject : str
    exit_value : Money, optional
        What it left at, signed, where nothing else says it: of contracts closed out.
    """
    content = {"lot": lot_id, "how": how.value}
    if exit_value is not None:
        content["exit_value"] = str(exit_value)
    return written.record(f"{lot_id}/ended", LOT_ENDED, subject, content)


def goes_on_as(
    records: Records, lot: Lot, parts: Iterable[Lot], how: LotEnd, written: Written
) -> None:
    """Write that a lot ends and goes on as others: its parts, or itself in another account."""
    records.add(ended_record(lot.lot_id, how, written, subject=subject_of(lot.customer)))
    for part in parts:
        records.add(lot_record(part, written))


@dataclass(frozen=True, slots=True)
class LotRegister:
    """The lots that were written and how they ended, up to now.

    Parameters
    ----------
    opened : tuple of (Lot, Record)
        As written.
    ended : mapping of lot id to Record
    recent : tuple of int, optional
        Places in ``opened`` of every lot that has not ended, or not by ``since``; of all lots if
        left out.
    since : datetime, optional
    """

    opened: tuple[tuple[Lot, Record], ...]
    ended: Mapping[str, Record]
    recent: tuple[int, ...] = ()
    since: datetime | None = None

    def live(self, cutoffs: Cutoffs | None = None) -> tuple[Lot, ...]:
        """Return the lots that are live, or were at each side's cut-off.

        Parameters
        ----------
        cutoffs : mapping of ClearingOrganization to datetime, optional
            What was written at that very instant counts.
        """
        found: Iterable[tuple[Lot, Record]] = self.opened
        if self.since is not None and (cutoffs is None or min(cutoffs.values()) >= self.since):
            found = (self.opened[place] for place in self.recent)
        return tuple(lot for lot, record in found if self._is_live(lot, record, cutoffs))

    def as_of(self, day: date) -> LotRegister:
        """Return the register as it stood at the end of a business date."""
        return LotRegister(
            tuple(each for each in self.opened if each[1].business_date <= day),
            {lot_id: end for lot_id, end in self.ended.items() if end.business_date <= day},
        )

    def sources(self, lots: Iterable[Lot]) -> tuple[str, ...]:
        """Return what opened some lots, each once: files, and instructions that split them."""
        causes = [record.causes[0] for _, record in self._records_of(lots) if record.causes]
        return tuple(dict.fromkeys(causes))

    def lines(self, lots: Iterable[Lot]) -> dict[CustomerKey, dict[str, list[int]]]:
        """Return from which lines some lots came, by customer and by what they came from.

        The lines of a file, as the file has them; of a part of a lot, whose line is the whole's,
        the part's own id and no line.
        """
        found: dict[CustomerKey, dict[str, list[int]]] = {}
        for lot, record in self._records_of(lots):
            own = found.setdefault(lot.customer, {})
            line = record.content["line"]
            if record.causes and line is not None:
                own.setdefault(record.causes[0], []).append(int(str(line)))
            else:
                own[lot.lot_id] = []
        return found

    def _records_of(self, lots: Iterable[Lot]) -> list[tuple[Lot, Record]]:
        wanted = {lot.lot_id for lot in lots}
        found: Sequence[tuple[Lot, Record]] = [self.opened[place] for place in self.recent]
        if self.since is None or not wanted <= {lot.lot_id for lot, _ in found}:
            found = self.opened
        return [(lot, record) for lot, record in found if lot.lot_id in wanted]

    def _is_live(self, lot: Lot, record: Record, cutoffs: Cutoffs | None) -> bool:
        end = self.ended.get(lot.lot_id)
        if cutoffs is None:
            return end is None
        cutoff = cutoffs[lot.clearing_organization]
        return record.at <= cutoff and (end is None or end.at > cutoff)


class _LotsSoFar:
    """The lots of a BD-FCM as their records are read one after the other."""

    def __init__(self) -> None:
        self._opened: list[tuple[Lot, Record]] = []
        self._ended: dict[str, Record] = {}
        self._recent: dict[str, int] = {}
        self._ends: deque[Record] = deque()
        self._since = _BEFORE_ALL
        self._register: LotRegister | None = None

    def take(self, record: Record) -> None:
        """Take the next record in."""
        self._register = None
        if record.stream == LOT:
            self._recent[record.record_id] = len(self._opened)
            self._opened.append((lot_of(record), record))
        else:
            self._ended[str(record.content["lot"])] = record
            self._ends.append(record)
        self._since = max(self._since, record.at - _RECENT)
        while self._ends and self._ends[0].at <= self._since:
            self._recent.pop(str(self._ends.popleft().content["lot"]), None)

    def register(self) -> LotRegister:
        """Return the register as it stands; it does not change with what is taken in later."""
        if self._register is None:
            opened, recent = tuple(self._opened), tuple(self._recent.values())
            self._register = LotRegister(opened, dict(self._ended), recent, self._since)
        return self._register


def read_register(records: Records, bd_fcm: str) -> LotRegister:
    """Return the register of one BD-FCM's lots."""
    prefix = f"{bd_fcm}/"

    def take(lots: _LotsSoFar, record: Record) -> None:
        if record.stream == LOT_ENDED or record.subject.startswith(prefix):
            lots.take(record)

    fold = Fold(f"lots of {bd_fcm}", (LOT, LOT_ENDED), _LotsSoFar, take)
    return records.folded(fold).register()


def failing_on(records: Records, day: date) -> frozenset[str]:
    """Return the lots of which it was said that they fail on a day."""
    found = records.select(stream=LOT_FAILS, first=day, last=day)
    return frozenset(str(each.content["lot"]) for each in found)


def position_lines(lots: Iterable[Lot]) -> tuple[PositionLine, ...]:
    """Return lots as lines of a positions file, numbered from 1."""
    return tuple(_line(number, lot) for number, lot in enumerate(lots, start=1))


def line_ranges(lines: Iterable[int]) -> str:
    """Return lines of a file, written short.

    Examples
    --------
    >>> line_ranges([9, 2, 3, 4, 7, 6])
    '2-4,6-7,9'
    """
    ranges: list[list[int]] = []
    for line in sorted(set(lines)):
        if ranges and line == ranges[-1][-1] + 1:
            ranges[-1] = [ranges[-1][0], line]
        else:
            ranges.append([line])
    return ",".join("-".join(map(str, each)) for each in ranges)


def moved_to(
    lot: Lot, account: Account, quantity: int, *, moved_id: str, staying_id: str
) -> Sequence[Lot]:
    """Return the lots that a direction into another account leaves: the moved part first."""
    if quantity == lot.quantity:
        return (replace(lot, lot_id=moved_id, account=account),)
    leaving, staying = lot.split(quantity, leaving_id=moved_id, staying_id=staying_id)
    return (replace(leaving, account=account), staying)


def _line(number: int, lot: Lot) -> PositionLine:
    is_repo = lot.leg is not Leg.CASH
    return PositionLine(
        line=number,
        customer=lot.customer,
        clearing_organization=lot.clearing_organization,
        account=lot.account,
        instrument=lot.instrument,
        quantity=lot.quantity,
        leg=lot.leg,
        settlement_date=lot.settlement_date,
        end_date=lot.end_date,
        repo_rate_pct=lot.repo_rate_pct,
        start_amount=lot.contract_amount if is_repo else None,
        failed=lot.failed,
    )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _date(text: object) -> date | None:
    return None if text is None else date.fromisoformat(str(text))


def _decimal(text: object) -> Decimal | None:
    return None if text is None else Decimal(str(text))
