"""Total profit and loss from intake to exit, worked out lot by lot, against the ledger's flows.

The two go different ways: profit and loss from what each lot came in at and left at, its coupons
and interest; the flows from the transfers of the ledger. They are equal to the cent, in every part.
With the forward marks that are still out, by the record of marks, the delivery invoices, and what
was corrected by hand, by the records of that, profit and loss is what the ledger posted and the
statements show.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from crossmargin.basics.identifiers import CustomerKey, customer_of
from crossmargin.basics.money import Money, money_from_decimal
from crossmargin.basics.records import Record
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.transfers import MOVED, Transfer, TransferKind
from crossmargin.product.calendars import sifma_calendar
from crossmargin.services.books.accounts import of_customer
from crossmargin.services.books.adjusting import ADJUSTMENT, settlement_adjustments
from crossmargin.services.books.days import close_of
from crossmargin.services.books.ports import Work
from crossmargin.services.clearing_day.delivering import delivered_values
from crossmargin.services.clearing_day.lot_register import (
    GOES_ON,
    LotEnd,
    LotRegister,
    read_register,
)
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.marks import MARKS, marks_of
from crossmargin.services.clearing_day.system_prices import (
    final_settlement_price,
    published_rates,
    security_system_prices,
    target_rate_pct,
)
from crossmargin.settlement.fails import fails_charge_rate_pct
from crossmargin.settlement.flows import Flow, FlowCycle, FlowKind, total_of
from crossmargin.settlement.funds_only import PaidMark, system_value
from crossmargin.settlement.identity import (
    Life,
    ProfitAndLoss,
    ReturnedMark,
    profit_and_loss,
    profit_and_loss_of_flows,
)
from crossmargin.settlement.lots import Lot, futures_value
from crossmargin.settlement.prices import SystemPrice
from crossmargin.settlement.rules import FailMarkInterest, SettlementRules

_PARTS = ("price", "coupons", "repo_interest", "mark_interest", "fails_charges")
_FLOW_KINDS = frozenset(kind.value for kind in FlowKind)
#: Where a customer's flows are: those of Segregated Customer Margin's positions in the second.
_OWN_ACCOUNTS = (AccountKind.CUSTOMER_FUTURES_ACCOUNT, AccountKind.CUSTOMER_SECURITIES_ACCOUNT)


@dataclass(frozen=True, slots=True)
class CustomerProof:
    """One customer's profit and loss both ways.

    Parameters
    ----------
    customer : CustomerKey
    of_lots, of_flows : ProfitAndLoss
    marks_out : Money
        Forward marks received and not returned, by the record of marks; negative were paid.
    delivery_invoices : Money
        Received for securities delivered; negative was paid. No profit: it buys securities.
    adjustments : Money
        Corrected by hand of settlement flows, by the records of it. No profit of a lot.
    posted : Money
        Every settlement flow, and every correction of one, that the ledger posted to the
        customer's accounts, as a statement sums them.
    """

    customer: CustomerKey
    of_lots: ProfitAndLoss
    of_flows: ProfitAndLoss
    marks_out: Money
    delivery_invoices: Money
    adjustments: Money
    posted: Money

    @property
    def unexplained(self) -> ProfitAndLoss:
        """Flows less profit and loss: zero in every part, or the books are wrong."""
        return self.of_flows - self.of_lots

    @property
    def to_be_posted(self) -> Money:
        """What the ledger is to have posted: profit and loss, and all that is none of it."""
        none_of_it = self.marks_out + self.delivery_invoices + self.adjustments
        return self.of_lots.total + none_of_it

    @property
    def holds(self) -> bool:
        """Whether both ways are equal in every part, and the ledger's total is theirs."""
        return self.unexplained == ProfitAndLoss() and self.posted == self.to_be_posted


def prove(models: DayModels, work: Work, *, bd_fcm: str, until: date) -> tuple[CustomerProof, ...]:
    """Return every customer's profit and loss from intake to the end of a day, both ways.

    Parameters
    ----------
    models : DayModels
        Those that the days were run with: they give the prices that lots left at.
    work : Work
    bd_fcm : str
    until : date
        A business date that was closed; what was written later is left out.

    Raises
    ------
    RefusedError
        If the day was never closed, a parameter chosen for the days is none or does not fit, or a
        date that a lot left on has no prices: every reason at once.
    """
    faults = list(models.faults_of_changes(until))
    if close_of(work.records, bd_fcm, until) is None:
        faults.append(
            Refusal("date", until.isoformat(), f"a day of {bd_fcm} that was closed", "days")
        )
    if faults:
        raise RefusedError(*faults)
    reading = _Reading(models, work, bd_fcm, until)
    if faults := reading.unpriced():
        raise RefusedError(*faults)
    customers = sorted({lot.customer for lot, _ in reading.register.opened} | reading.adjusted())
    return tuple(_proof(reading, customer) for customer in customers)


def _proof(reading: _Reading, customer: CustomerKey) -> CustomerProof:
    flows, outstanding = reading.flows(customer), reading.outstanding(customer)
    return CustomerProof(
        customer=customer,
        of_lots=profit_and_loss(reading.lives(customer)),
        of_flows=profit_and_loss_of_flows(flows, outstanding),
        marks_out=Money.total(mark.amount for mark in outstanding),
        delivery_invoices=total_of(flows, FlowKind.FUTURES_DELIVERY_INVOICE),
        adjustments=reading.adjustments(customer),
        posted=total_of(flows) + reading.posted_by_hand(customer),
    )


class _Reading:
    """What the two ways read."""

    def __init__(self, models: DayModels, work: Work, bd_fcm: str, until: date) -> None:
        self.models, self.work, self.bd_fcm, self.until = models, work, bd_fcm, until
        self.register: LotRegister = read_register(work.records, bd_fcm).as_of(until)
        self.rules = SettlementRules.from_parameters(models.set_of("settlement", until))
        self.rates = published_rates(models.market, self.rules.mark_interest_rate, self.rules)
        self._owners = {lot.lot_id: lot.customer for lot, _ in self.register.opened}
        self._marks: tuple[Record, ...] = work.records.select(
            stream=MARKS, subject=bd_fcm, last=until
        )
        self._returned = self._returned_marks()
        self._delivered = delivered_values(work.records, until=until)
        self._sheets: dict[date, Mapping[str, SystemPrice]] = {}

    def unpriced(self) -> list[Refusal]:
        """Return every evening without prices that a lot at FICC left at, or stands at."""
        evenings = {
            self._evening_before(self._last_day(lot))
            for lot, _ in self.register.opened
            if lot.at_ficc
        }
        expected = "a date with security prices, or derived prices asked for"
        return [
            Refusal("date", each.isoformat(), expected, "ruling 35")
            for each in sorted(evenings)
            if each not in self.models.priced(each).price_sheets
        ]

    def lives(self, customer: CustomerKey) -> list[Life]:
        """Return what happened to each of a customer's lots."""
        return [
            self._life(lot, record)
            for lot, record in self.register.opened
            if lot.customer == customer
        ]

    def flows(self, customer: CustomerKey) -> list[Flow]:
        """Return a customer's settlement flows as the ledger has them."""
        return [
            self._flow(each, own)
            for own, each in self._moved(customer)
            if each.kind.value in _FLOW_KINDS
        ]

    def posted_by_hand(self, customer: CustomerKey) -> Money:
        """Return what corrections of a customer's settlement flows come to in the ledger."""
        return Money.total(
            _received(each, own)
            for own, each in self._moved(customer)
            if each.kind is TransferKind.SETTLEMENT_ADJUSTMENT
        )

    def adjustments(self, customer: CustomerKey) -> Money:
        """Return the same by the records of what was entered."""
        return Money.total(
            Money(int(str(each.content["amount_cents"])))
            for each in settlement_adjustments(self.work.records, customer)
            if each.business_date <= self.until
        )

    def adjusted(self) -> set[CustomerKey]:
        """Return the customers of whom something was corrected by hand."""
        found = self.work.records.select(stream=ADJUSTMENT, last=self.until)
        customers = {customer_of(each.subject) for each in found}
        return {each for each in customers if each.bd_fcm == self.bd_fcm}

    def _moved(self, customer: CustomerKey) -> Iterator[tuple[str, Transfer]]:
        for kind in _OWN_ACCOUNTS:
            own = of_customer(kind, customer).account_id
            for each in self.work.ledger.transfers(account_id=own, last=self.until):
                # A delivery's invoice waits until the bank confirms it.
                if each.state in MOVED:
                    yield own, each

    def outstanding(self, customer: CustomerKey) -> list[PaidMark]:
        """Return a customer's forward marks that were paid and not returned."""
        last = marks_of(self._marks[-1]).outstanding if self._marks else ()
        return [mark for mark in last if self._owners[mark.lot_id] == customer]

    def _life(self, lot: Lot, record: Record) -> Life:
        end = self.register.ended.get(lot.lot_id)
        until = self._last_day(lot)
        price = None if not lot.at_ficc else self._price(lot, until)
        return Life(
            lot=lot,
            since=record.business_date,
            until=until,
            exit_value=self._exit(lot, end, until, price),
            security=None if price is None else price.security,
            fails_rate_pct=self._fails_rate(lot),
            returned=tuple(self._returned.get(lot.lot_id, ())),
        )

    def _last_day(self, lot: Lot) -> date:
        """Return the day on which a lot left, or is looked at."""
        end = self.register.ended.get(lot.lot_id)
        return self.until if end is None else end.business_date

    @staticmethod
    def _evening_before(day: date) -> date:
        return sifma_calendar().previous_business_day(day)

    def _exit(
        self, lot: Lot, end: Record | None, until: date, price: SystemPrice | None
    ) -> Money | None:
        how = None if end is None else LotEnd(str(end.content["how"]))
        if how in GOES_ON:
            return None
        if price is not None:
            return system_value(lot, price, delivered=until) if end is not None else None
        if how is LotEnd.EXPIRED:
            final = final_settlement_price(lot.contract, self.models.market, self.rules)
            return futures_value(lot.contract, lot.quantity, final.price)
        if how is LotEnd.CLOSED_OUT and end is not None:
            return money_from_decimal(str(end.content["exit_value"]))
        marked = marks_of(self._marks[-1]).futures if self._marks else {}
        return self._delivered.get(lot.lot_id, marked.get(lot.lot_id, lot.signed_contract))

    def _price(self, lot: Lot, day: date) -> SystemPrice:
        """Return the system price of the evening before a day."""
        before = self._evening_before(day)
        if before not in self._sheets:
            sheet = self.models.priced(before).price_sheets[before]
            self._sheets[before] = security_system_prices(sheet)
        return self._sheets[before][lot.instrument]

    def _fails_rate(self, lot: Lot) -> Fraction:
        if not lot.failed:
            return Fraction(0)
        before = self._evening_before(lot.due)
        target = target_rate_pct(self.models.market, before, self.rules)
        return fails_charge_rate_pct(self.rules, target)

    def _returned_marks(self) -> dict[str, list[ReturnedMark]]:
        """Return the marks that went back, by lot: those that were out when a day was opened."""
        found: dict[str, list[ReturnedMark]] = defaultdict(list)
        bears_always = self.rules.fail_mark_interest is not FailMarkInterest.NONE
        for before, record in zip(self._marks, self._marks[1:], strict=False):
            if not record.record_id.endswith("/open"):
                continue
            for mark in marks_of(before).outstanding:
                bears = bears_always or not mark.of_fail
                rate = self.rates.on(mark.paid_on) if bears else Fraction(0)
                found[mark.lot_id].append(ReturnedMark(mark, record.business_date, rate))
        return found

    @staticmethod
    def _flow(transfer: Transfer, own: str) -> Flow:
        return Flow(
            lot_id=transfer.transfer_id,
            kind=FlowKind(transfer.kind.value),
            cycle=FlowCycle.END_OF_DAY,
            pays_on=transfer.business_date,
            of=_received(transfer, own),
        )


def _received(transfer: Transfer, own: str) -> Money:
    """Return what an account received by a transfer; negative was paid."""
    return Money(transfer.amount if transfer.credit_account_id == own else -transfer.amount)


def proof_document(
    proofs: Iterable[CustomerProof], *, bd_fcm: str, until: date
) -> dict[str, object]:
    """Return the proof as a JSON document, amounts as decimal strings."""
    listed = list(proofs)
    return {
        "bd_fcm": bd_fcm,
        "until": until.isoformat(),
        "holds": all(proof.holds for proof in listed),
        "customers": [
            {
                "customer": proof.customer.customer_id,
                **{
                    f"{way}_{part}": str(getattr(figures, part))
                    for way, figures in (("lots", proof.of_lots), ("flows", proof.of_flows))
                    for part in (*_PARTS, "total")
                },
                "unexplained": str(proof.unexplained.total),
                "marks_out": str(proof.marks_out),
                "delivery_invoices": str(proof.delivery_invoices),
                "adjustments": str(proof.adjustments),
                "to_be_posted": str(proof.to_be_posted),
                "posted": str(proof.posted),
                "holds": proof.holds,
            }
            for proof in listed
        ],
    }
