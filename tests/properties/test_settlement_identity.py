"""Laws of settlement: whatever happens to a lot, its flows are its profit and loss to the cent.

A walk drives the services day by day over random prices, rates, partial exits, fails and rolls, and
keeps beside them only what happened to each lot; the identity is worked out from that.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.money import ZERO, Money
from crossmargin.product.calendars import futures_delivery_calendar, sifma_calendar
from crossmargin.product.futures import FuturesContract, last_trading_day
from crossmargin.product.position import Account, ClearingOrganization, Leg
from crossmargin.services.clearing_day.position_flows import (
    FundsOnlyTerms,
    Leaving,
    cme_final_settlements,
    cme_marks,
    ficc_intraday,
    ficc_start_of_day,
)
from crossmargin.services.clearing_day.system_prices import SystemPrices
from crossmargin.settlement.close_out import ClosedOut, close_outs
from crossmargin.settlement.flows import Flow, FlowCycle, FlowKind, total_of
from crossmargin.settlement.funds_only import PaidMark, system_value
from crossmargin.settlement.identity import Life, ProfitAndLoss, ReturnedMark, unexplained
from crossmargin.settlement.lots import Lot, futures_value
from crossmargin.settlement.prices import PriceSource, SettlementPrice, SystemPrice
from crossmargin.settlement.rules import FailMarkInterest, OvernightRate, SettlementRules
from crossmargin.testing.builders import note_or_bond

CALENDAR = sifma_calendar()
FIRST, LAST = date(2026, 5, 4), date(2026, 6, 3)
DAYS = CALENDAR.business_days(FIRST, LAST)
# Coupons on a business day, on a Saturday, and at a month-end that is a Sunday; one matures.
NOTES = (
    note_or_bond(1, maturity_date=date(2033, 5, 15), coupon_pct="4.125"),
    note_or_bond(2, maturity_date=date(2031, 11, 16), coupon_pct="3.625"),
    note_or_bond(3, maturity_date=date(2029, 5, 31), coupon_pct="0.875"),
    note_or_bond(4, maturity_date=date(2026, 5, 15), coupon_pct="2.375"),
)
CONTRACTS = (
    FuturesContract("ZN", 2026, 6),
    FuturesContract("ZQ", 2026, 5),
    FuturesContract("SR1", 2026, 5),
    FuturesContract("SR3", 2026, 6),
)
RULES = SettlementRules(
    mark_interest_rate=OvernightRate.SOFR,
    fail_mark_interest=FailMarkInterest.NONE,
    fails_charge_ceiling_pct=Fraction(3),
    fails_charge_floor_pct=Fraction(1),
    target_band_width_pct=Fraction(1, 4),
    effective_under_upper_target_pct=Fraction(12, 100),
    intention_alarm_business_days=5,
)


def overnight(day: date) -> Fraction:
    return Fraction(362 + day.day % 5, 100)


def fails_rate(due: date) -> Fraction:
    return Fraction(100 + due.day % 3, 100)


TERMS = FundsOnlyTerms(RULES, CALENDAR, overnight, fails_rate)


@dataclass
class Walk:
    """A book driven through its days, with what happened to each lot."""

    random: Random
    rules: SettlementRules = RULES
    lots: list[Lot] = field(default_factory=list)
    since: dict[str, date] = field(default_factory=dict)
    flows: list[Flow] = field(default_factory=list)
    marks: tuple[PaidMark, ...] = ()
    returned: dict[str, list[ReturnedMark]] = field(default_factory=dict)
    marked: dict[str, Money] = field(default_factory=dict)
    lives: list[Life] = field(default_factory=list)
    closed: list[ClosedOut] = field(default_factory=list)
    count: int = 0

    @property
    def terms(self) -> FundsOnlyTerms:
        return replace(TERMS, rules=self.rules)

    def new_id(self) -> str:
        self.count += 1
        return f"L{self.count}"

    def prices(self, day: date) -> SystemPrices:
        draw = self.random
        return SystemPrices(
            as_of=day,
            securities={
                note.cusip.text: SystemPrice(
                    note,
                    Decimal(draw.randint(80_000_000, 120_000_000)).scaleb(-6),
                    PriceSource.DERIVED_SHEET,
                )
                for note in NOTES
            },
            contracts={
                c.code: SettlementPrice(
                    c,
                    draw.randint(5_000, 7_500) * c.specification.tick_points,
                    PriceSource.MODEL_DELIVERY,
                )
                for c in CONTRACTS
            },
        )

    def end(self, lot: Lot, day: date, value: Money | None) -> None:
        self.lots.remove(lot)
        note = {n.cusip.text: n for n in NOTES}.get(lot.instrument)
        self.lives.append(
            Life(
                lot=lot,
                since=self.since[lot.lot_id],
                until=day,
                exit_value=value,
                security=note,
                fails_rate_pct=fails_rate(lot.due) if lot.failed else Fraction(0),
                returned=tuple(self.returned.pop(lot.lot_id, ())),
            )
        )

    def begin(self, lot: Lot, day: date) -> None:
        self.lots.append(lot)
        self.since[lot.lot_id] = day

    def take_in(self, day: date) -> None:
        draw = self.random
        # More at first, so that the note that matures is among what fails.
        for _ in range(draw.randint(0, 2) + (3 if day < date(2026, 5, 8) else 0)):
            contract = draw.choice([c for c in CONTRACTS if last_trading_day(c) >= day])
            price = draw.randint(5_000, 7_500) * contract.specification.tick_points
            quantity = draw.choice([-1, 1]) * draw.randint(1, 900)
            if draw.random() < 0.5:
                self.begin(futures_lot(self.new_id(), contract, quantity, price, day), day)
            else:
                self.begin(ficc_lot(self.new_id(), draw, day), day)

    def start(self, day: date, prices: SystemPrices) -> None:
        settling = {
            lot.lot_id
            for lot in self.lots
            if lot.at_ficc and (self.random.random() < 0.4 if lot.failed else lot.due == day)
        }
        for mark in self.marks:
            bears = not mark.of_fail or self.rules.fail_mark_interest is not FailMarkInterest.NONE
            rate = overnight(mark.paid_on) if bears else Fraction(0)
            self.returned.setdefault(mark.lot_id, []).append(ReturnedMark(mark, day, rate))
        # Half of what is due fails before it settles, some of it only after its adjustment.
        for lot in [each for each in self.lots if each.lot_id in settling and not each.failed]:
            if self.random.random() < 0.3:
                self.lots[self.lots.index(lot)] = replace(lot, failed=True)
                settling.discard(lot.lot_id)
        result = ficc_start_of_day(
            self.lots,
            day=day,
            prices=prices,
            outstanding=self.marks,
            terms=self.terms,
            settling=settling,
        )
        self.flows += result.flows
        self.marks = result.outstanding
        for lot in [each for each in self.lots if each.lot_id in result.leaving]:
            price = prices.securities[lot.instrument]
            value = system_value(lot, price, delivered=day)
            self.end(lot, day, value)
            fails_now = not lot.failed and self.random.random() < 0.3
            if fails_now and result.leaving[lot.lot_id] is Leaving.SETTLED:
                self.begin(lot.failing_at(value, lot_id=self.new_id()), day)
        self.final(day, self.prices(day))

    def final(self, day: date, prices: SystemPrices) -> None:
        result = cme_final_settlements(
            self.lots,
            day=day,
            final_price=lambda contract: prices.contracts[contract.code],
            marked=self.marked,
        )
        self.flows += result.flows
        for flow in result.flows:
            self.end(next(x for x in self.lots if x.lot_id == flow.lot_id), day, flow.of)

    def divide(self, day: date) -> None:
        """Part some lots, and the marks that are out on them with them."""
        for lot in list(self.lots):
            unit = 100 if lot.at_ficc else 1
            units = abs(lot.quantity) // unit
            if units < 2 or self.random.random() > 0.06:
                continue
            part = lot.sign * unit * self.random.randint(1, units - 1)
            leaving, staying = lot.split(part, leaving_id=self.new_id(), staying_id=self.new_id())
            self.part_marks(lot, leaving, staying)
            for each in (leaving, staying):
                self.begin(each, day)
            self.end(lot, day, None)

    def part_marks(self, lot: Lot, leaving: Lot, staying: Lot) -> None:
        parted = []
        for mark in self.marks:
            if mark.lot_id != lot.lot_id:
                parted.append(mark)
                continue
            parted += mark.split(lot, leaving, staying)
        self.marks = tuple(parted)
        if lot.lot_id in self.marked:
            value = self.marked.pop(lot.lot_id)
            first = leaving.share_of(value, lot)
            self.marked |= {leaving.lot_id: first, staying.lot_id: value - first}

    def day(self, day: date, before: SystemPrices) -> SystemPrices:
        self.start(day, before)
        self.take_in(day)
        self.divide(day)
        noon = ficc_intraday(
            self.lots, day=day, prices=before, outstanding=self.marks, terms=self.terms
        )
        self.flows += noon.flows
        self.marks = noon.outstanding
        self.divide(day)
        after = self.prices(day)
        for cycle, prices in ((FlowCycle.INTRADAY, before), (FlowCycle.END_OF_DAY, after)):
            marks = cme_marks(
                self.lots,
                day=day,
                prices=prices,
                marked=self.marked,
                cycle=cycle,
                pays_on=day,
                rules=RULES,
            )
            self.flows += marks.flows
            self.marked = dict(marks.marked)
        self.close_out(day)
        return after

    def close_out(self, day: date) -> None:
        """Close out what offsets, as every evening does."""
        for each in close_outs(self.lots, marked=self.marked, name=day.isoformat()):
            del self.marked[each.whole.lot_id]
            self.flows.append(each.flow(cycle=FlowCycle.END_OF_DAY, pays_on=day))
            if each.staying is not None:
                self.end(each.whole, day, None)
                for part in (each.closed, each.staying):
                    self.begin(part, day)
                self.marked[each.staying.lot_id] = each.staying_marked
            self.end(each.closed, day, each.exit_value)
            self.closed.append(each)

    def look(self, day: date) -> None:
        """End the walk: what is open at CME is worth its last mark, at FICC nothing is realised."""
        for lot in list(self.lots):
            self.end(lot, day, None if lot.at_ficc else self.marked[lot.lot_id])


def futures_lot(
    lot_id: str, contract: FuturesContract, quantity: int, price: Decimal, day: date
) -> Lot:
    return Lot(
        lot_id=lot_id,
        customer=CustomerKey("BD-FCM", "FUND"),
        clearing_organization=ClearingOrganization.CME,
        account=Account.XM,
        instrument=contract.code,
        quantity=quantity,
        contract_amount=futures_value(contract, abs(quantity), price),
        taken_in=day,
        trade_price=price,
    )


def ficc_lot(lot_id: str, draw: Random, day: date) -> Lot:
    # The note that matures in the middle is taken only while it is alive.
    note = draw.choice(NOTES if day < date(2026, 5, 13) else NOTES[:-1])
    ahead = draw.randint(1, 3)
    due = CALENDAR.add_business_days(day, ahead)
    leg = draw.choice(list(Leg))
    sign = {Leg.REPO: 1, Leg.REVERSE_REPO: -1}.get(leg, draw.choice([-1, 1]))
    return Lot(
        lot_id=lot_id,
        customer=CustomerKey("BD-FCM", "FUND"),
        clearing_organization=ClearingOrganization.FICC,
        account=Account.XM,
        instrument=note.cusip.text,
        quantity=sign * 100 * draw.randint(1, 500_000),
        contract_amount=Money(draw.randint(1_00, 60_000_000_00)),
        taken_in=day,
        leg=leg,
        settlement_date=due if leg is Leg.CASH else day,
        end_date=None if leg is Leg.CASH else CALENDAR.add_business_days(due, draw.randint(0, 6)),
        repo_rate_pct=None if leg is Leg.CASH else Decimal(draw.randint(-50, 600)).scaleb(-2),
    )


def walked(seed: int, rules: SettlementRules = RULES) -> Walk:
    walk = Walk(Random(seed), rules)  # noqa: S311 - a walk that a seed repeats
    prices = walk.prices(CALENDAR.previous_business_day(FIRST))
    for day in DAYS:
        prices = walk.day(day, prices)
    walk.look(LAST)
    return walk


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), fails_bear_interest=st.booleans())
def test_flows_are_profit_and_loss_to_the_cent(seed: int, fails_bear_interest: bool) -> None:
    rules = replace(RULES, fail_mark_interest=list(FailMarkInterest)[fails_bear_interest])
    walk = walked(seed, rules)
    assert unexplained(walk.lives, walk.flows, walk.marks) == ProfitAndLoss()


def test_the_walk_meets_everything_that_can_happen() -> None:
    walks = [walked(seed) for seed in range(4)]
    kinds = {flow.kind for walk in walks for flow in walk.flows}
    assert kinds == set(FlowKind) - {FlowKind.FUTURES_DELIVERY_INVOICE}
    lives = [life for walk in walks for life in walk.lives]
    assert any(life.lot.failed and life.exit_value is not None for life in lives)
    assert any(life.exit_value is None and life.until < LAST for life in lives)
    closed = [each for walk in walks for each in walk.closed]
    assert any(each.staying is None for each in closed)
    assert any(each.staying is not None for each in closed)
    matured = NOTES[-1].cusip.text
    assert any(life.lot.instrument == matured and life.lot.failed for life in lives)


@pytest.mark.parametrize("kind", sorted(set(FlowKind) - {FlowKind.FUTURES_DELIVERY_INVOICE}))
def test_a_cent_that_is_lost_or_paid_twice_is_found(kind: FlowKind) -> None:
    walk = walked(1)
    at = next(i for i, f in enumerate(walk.flows) if f.kind is kind and f.amount != ZERO)
    without = walk.flows[:at] + walk.flows[at + 1 :]
    assert unexplained(walk.lives, without, walk.marks) != ProfitAndLoss()
    assert unexplained(walk.lives, [*walk.flows, walk.flows[at]], walk.marks) != ProfitAndLoss()


@settings(max_examples=50)
@given(
    quantity=st.integers(1, 5_000),
    ticks=st.lists(st.integers(6_000, 8_000), min_size=2, max_size=30),
    contract=st.sampled_from(CONTRACTS),
)
def test_a_long_and_a_short_of_one_size_always_have_opposite_variation(
    quantity: int, ticks: list[int], contract: FuturesContract
) -> None:
    tick = contract.specification.tick_points
    day = futures_delivery_calendar().next_business_day(FIRST)
    totals = []
    for signed in (quantity, -quantity):
        lot = futures_lot("F1", contract, signed, ticks[0] * tick, FIRST)
        marked: dict[str, Money] = {}
        total = ZERO
        for each in ticks[1:]:
            price = SettlementPrice(contract, each * tick, PriceSource.MODEL_DELIVERY)
            result = cme_marks(
                [lot],
                day=day,
                prices=SystemPrices(day, {}, {contract.code: price}),
                marked=marked,
                cycle=FlowCycle.END_OF_DAY,
                pays_on=day,
                rules=RULES,
            )
            marked = dict(result.marked)
            total += total_of(result.flows)
        totals.append(total)
    assert totals[0] == -totals[1]
    exact = quantity * (ticks[-1] - ticks[0]) * Fraction(tick)
    exact *= Fraction(contract.specification.dollars_per_point)
    assert abs(totals[0].dollars - exact) <= Fraction(1, 100)
