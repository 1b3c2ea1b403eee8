"""A BD-FCM's books and one clearing day on the simulated market, for tests of the day."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from crossmargin.basics.digest import digest_of
from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import Refusal
from crossmargin.bootstrap import block_executor, parameter_registry
from crossmargin.bootstrap.books import read_bd_fcm_books, read_participants
from crossmargin.market.history import MarketData, PriceSheet
from crossmargin.product.calendars import sifma_calendar
from crossmargin.product.position import Account, ClearingOrganization, PositionLine
from crossmargin.services.books.loading import load_participants
from crossmargin.services.books.opening import open_bd_fcm
from crossmargin.services.books.ports import Books, Work
from crossmargin.services.clearing_day.arrivals import (
    Action,
    ArrivedFile,
    ArrivedRow,
    Direction,
    FileKind,
    InstructionRow,
    NovationRow,
    PaymentRow,
    TradeRow,
)
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.engine import DayProgramme, Done, StepResult
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.schedule import StepKind
from crossmargin.services.clearing_desk.desk import ClearingDesk
from crossmargin.services.clearing_desk.programme import day_programme

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRM = "BD-FCM"
EASTERN = ZoneInfo("America/New_York")
#: A customer of the demo's book, with more than its margin, and with less: cents.
CURVE = CustomerKey(FIRM, "CURVE-FUND")
RICH, POOR = {"CURVE-FUND": 1_000_000_000}, {"CURVE-FUND": 100_000_000}
_TUTORIAL = Path(__file__).resolve().parents[3] / "docs" / "tutorial"


def earlier(text: str) -> str:
    """Return a file of the tutorial, months earlier: before the simulated market's date."""
    return text.replace("2026-05-", "2026-02-").replace("2026-04-", "2026-01-")


def opened_books(books: Books, *, bd_fcm: str = FIRM, with_customers: bool = True) -> Books:
    """Return books with the tutorial's BD-FCM and customers, open before the simulated date.

    Parameters
    ----------
    books : Books
    bd_fcm : str
        Another name for the BD-FCM: a second one beside the first.
    with_customers : bool
        Without them it has its own papers alone.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = {}
        for name in ("bd-fcm-books.toml", "participants.toml"):
            paths[name] = Path(folder) / name
            text = earlier((_TUTORIAL / name).read_text("utf-8"))
            paths[name].write_text(text.replace(FIRM, bd_fcm), "utf-8")
        loaded = read_bd_fcm_books(paths["bd-fcm-books.toml"])
        participants = read_participants(paths["participants.toml"])
    at = datetime(2026, 2, 1, 9, tzinfo=EASTERN)
    with books.work() as work:
        open_bd_fcm(
            work, loaded.books, at=at, actor="treasury", approver="control", sha256=loaded.sha256
        )
        work.commit()
    if not with_customers:
        participants = replace(participants, customers=())
    load_participants(
        books,
        participants,
        actor="onboarding",
        approver="compliance",
        proprietary_share=Fraction(1, 10),
    )
    return books


def with_day_before(market: MarketData, day: date) -> MarketData:
    """Return the market with the day's prices on the business day before too, marked derived."""
    before = sifma_calendar().previous_business_day(day)
    sheet = market.price_sheets[day]
    return market.with_sheet(PriceSheet(before, sheet.prices, derived_from=day))


@dataclass(frozen=True, slots=True)
class ScriptedInbox:
    """Files that arrive as a test says."""

    files: Mapping[date, Sequence[ArrivedFile]]

    def arrivals(self, business_date: date, until: datetime) -> Sequence[ArrivedFile]:
        """Return what has arrived."""
        found = [each for each in self.files.get(business_date, ()) if each.arrived_at <= until]
        return sorted(found, key=lambda each: (each.arrived_at, each.name))

    def misnamed(self, business_date: date) -> Sequence[Refusal]:
        """Return no refusal: every file has a name."""
        return ()


@dataclass(slots=True)
class EmptyOutbox:
    """An outbox that remembers what was put last."""

    files: dict[date, Mapping[str, list[dict[str, object]]]] = field(default_factory=dict)

    def put(self, business_date: date, files: Mapping[str, list[dict[str, object]]]) -> None:
        """Remember a day's files."""
        self.files[business_date] = files


def eastern(day: date, clock: str) -> datetime:
    """Return an Eastern time of a day."""
    return datetime.combine(day, time.fromisoformat(clock), EASTERN)


def arrived(
    day: date, clock: str, kind: FileKind, rows: Sequence[ArrivedRow], label: str = ""
) -> ArrivedFile:
    """Return a file that arrived at an Eastern time of a day."""
    name = f"{clock.replace(':', '')}-{kind.value}-{label}.csv"
    digest = digest_of([name, len(rows)])
    return ArrivedFile(kind, name, eastern(day, clock), digest, tuple(rows), (), label)


def day_files(
    day: date,
    lines: Sequence[PositionLine],
    deposits: Mapping[str, int],
    *,
    bd_fcm: str = FIRM,
) -> list[ArrivedFile]:
    """Return a first day's files: residual interest, deposits in cents, positions, CCP files."""
    own = [replace(each, customer=CustomerKey(bd_fcm, each.customer.customer_id)) for each in lines]
    ficc = [
        NovationRow(n, f"F{n}", each)
        for n, each in enumerate(own, start=2)
        if each.clearing_organization is ClearingOrganization.FICC
    ]
    cme = [
        TradeRow(n, f"C{n}", each)
        for n, each in enumerate(own, start=2)
        if each.clearing_organization is ClearingOrganization.CME
    ]
    paid = [
        PaymentRow(
            *(n, f"deposit-{name}", "", bd_fcm, CustomerKey(bd_fcm, name), "SEGREGATED_BANK"),
            *("CASH-USD", cents, Direction.IN),
        )
        for n, (name, cents) in enumerate(deposits.items(), start=2)
    ]
    files = [
        arrived(day, "06:30", FileKind.INSTRUCTIONS, [top_up(2, 2_000_000_000, bd_fcm)]),
        arrived(day, "06:40", FileKind.PAYMENTS, [confirmed(2, "top-up", 2_000_000_000, bd_fcm)]),
        arrived(day, "06:50", FileKind.PAYMENTS, paid, "customers"),
        arrived(day, "07:20", FileKind.NOVATIONS, ficc),
        arrived(day, "07:25", FileKind.TRADES, cme),
    ]
    for cycle, clock in (("itd", "12:05"), ("eod", "20:40"), ("eodxm", "21:10")):
        for kind in (FileKind.FICC_POSITIONS, FileKind.CME_POSITIONS):
            side = kind.value.split("-", 1)[0].upper()
            held = [each for each in own if each.clearing_organization.value == side]
            files.append(arrived(day, clock, kind, held, cycle))
    return files


def instruction(
    name: str, action: Action, asset: str = "", quantity: int = 0, **terms: Any
) -> InstructionRow:
    """Return an instruction of :data:`CURVE`, or with other terms."""
    row = InstructionRow(
        *(2, name, FIRM, CURVE, action, asset, quantity, "", "", "operations", "control")
    )
    return replace(row, **terms)


def payment(name: str, asset: str, quantity: int, reference: str = "", **terms: Any) -> PaymentRow:
    """Return a payment of :data:`CURVE` into the segregated bank account, or with other terms."""
    row = PaymentRow(
        *(2, name, reference, FIRM, CURVE, "SEGREGATED_BANK", asset, quantity, Direction.IN)
    )
    return replace(row, **terms)


def outside_of(lines: Sequence[PositionLine]) -> list[PositionLine]:
    """Return lines with the first one at FICC outside the arrangement."""
    first = next(line for line in lines if line.clearing_organization is ClearingOrganization.FICC)
    return [replace(line, account=Account.REGULAR) if line is first else line for line in lines]


def top_up(line: int, cents: int, bd_fcm: str = FIRM) -> InstructionRow:
    """Return the instruction that brings residual interest in."""
    return InstructionRow(
        *(line, "top-up", bd_fcm, None, Action.RESIDUAL_INTEREST_DEPOSIT, "CASH-USD", cents),
        *("", "", "treasury", "control"),
    )


def confirmed(line: int, instruction_id: str, cents: int, bd_fcm: str = FIRM) -> PaymentRow:
    """Return the bank's confirmation of a wire of the BD-FCM's own."""
    return PaymentRow(
        *(line, f"confirmed-{instruction_id}", f"wire/{bd_fcm}/{instruction_id}", bd_fcm, None),
        *("SEGREGATED_BANK", "CASH-USD", cents, Direction.IN),
    )


def desk_on(
    books: Books,
    market: MarketData,
    files: Mapping[date, Sequence[ArrivedFile]],
    *,
    bd_fcm: str = FIRM,
) -> ClearingDesk:
    """Return a desk on scripted files."""
    models = DayModels(market, parameter_registry(), block_executor())
    return ClearingDesk(
        books, ScriptedInbox(files), EmptyOutbox(), models, bd_fcm, "operations", "risk"
    )


def quiet_day(models: DayModels, day: date) -> tuple[DayContext, DayProgramme]:
    """Return the context of a day, and its programme with steps that do nothing."""
    context = DayContext(FIRM, "operations", "risk", models.clock(day), models)
    steps = dict.fromkeys(StepKind, lambda _work, _step: StepResult({}))
    return context, replace(day_programme(context), steps=steps)


def content_of(done: Sequence[Done], step: str) -> Mapping[str, Any]:
    """Return what the record of a step of a day says, of everything that was done in it."""
    (found,) = [each.record.content for each in done if each.record.content.get("step") == step]
    return found


def state_of(books: Books) -> str:
    """Return a digest of everything in books: records, transfers and balances, in order."""
    with books.work() as work:
        return digest_of(
            [
                [each.digest for each in work.records.select()],
                [[t.transfer_id, t.amount, t.state.value] for t in work.ledger.transfers()],
                [
                    [account_id, str(asset), b.posted_debit, b.debits_pending, b.credits_pending]
                    for (account_id, asset), b in work.ledger.balances().items()
                ],
            ]
        )


class CrashError(BaseException):
    """The process is gone: nothing catches it."""


@dataclass(slots=True)
class CrashingBooks:
    """Books whose process ends at one of its commits.

    Parameters
    ----------
    books : Books
    at_commit : int
        Counted from 1.
    before : bool
        Before what was written is durable, or just after.
    """

    books: Books
    at_commit: int
    before: bool
    commits: int = 0

    def work(self) -> AbstractContextManager[Work]:
        """Begin a transaction."""
        return self._work()

    @contextmanager
    def _work(self) -> Iterator[Work]:
        with self.books.work() as work:
            yield _CrashingWork(self, work)


class _CrashingWork:
    """One transaction of crashing books."""

    def __init__(self, books: CrashingBooks, work: Work) -> None:
        self._books, self._work = books, work
        self.records, self.ledger = work.records, work.ledger

    def commit(self) -> None:
        """Commit, or crash before or after it."""
        self._books.commits += 1
        is_now = self._books.commits == self._books.at_commit
        if is_now and self._books.before:
            raise CrashError
        self._work.commit()
        if is_now:
            raise CrashError
