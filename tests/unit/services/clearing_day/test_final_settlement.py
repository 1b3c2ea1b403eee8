"""A cash-settled contract's end in the books: its final price is there whatever it moves."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from crossmargin.basics.money import Money
from crossmargin.bootstrap import block_executor, parameter_registry
from crossmargin.product.futures import FuturesContract
from crossmargin.product.position import Account, ClearingOrganization
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.services.clearing_day import flow_steps
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.lot_register import Written, lot_record, read_register
from crossmargin.services.clearing_day.margining import DayModels
from crossmargin.services.clearing_day.position_transfers import opening_transfer
from crossmargin.services.clearing_day.schedule import DayClock, StepKind
from crossmargin.services.clearing_day.system_prices import SystemPrices
from crossmargin.settlement.lots import Lot, futures_value
from crossmargin.settlement.prices import PriceSource, SettlementPrice
from crossmargin.settlement.rules import SettlementRules
from crossmargin.testing.clearing_days import CURVE, EASTERN, FIRM, opened_books

ZQ, LAST, ENDS = FuturesContract("ZQ", 2026, 3), date(2026, 3, 31), date(2026, 4, 1)
BOUGHT = Decimal("96.365")


@pytest.mark.parametrize(("price", "moves"), [("96.365", 0), ("96.370", -5_208_75)])
def test_the_final_price_stands_in_the_flows_even_where_nothing_moves(
    monkeypatch, simulated_market, price: str, moves: int
):
    registry = parameter_registry()
    clock = DayClock.from_parameters(lambda owner: registry.set_of(owner, ENDS))
    models = DayModels(simulated_market, registry, block_executor())
    context = DayContext(FIRM, "operations", "risk", clock, models)
    rules = SettlementRules.from_parameters(registry.set_of("settlement", ENDS))
    final = SettlementPrice(ZQ, Decimal(price), PriceSource.ASSUMED_RATES)
    given = (SystemPrices(LAST, {}, {}), simulated_market, rules)
    monkeypatch.setattr(flow_steps, "prices_of", lambda *_, **__: given)
    monkeypatch.setattr(flow_steps, "final_settlement_price", lambda *_: final)
    lot = Lot(
        lot_id="lot/BD-FCM/zq",
        customer=CURVE,
        clearing_organization=ClearingOrganization.CME,
        account=Account.XM,
        instrument=ZQ.code,
        quantity=-250,
        contract_amount=-futures_value(ZQ, -250, BOUGHT),
        taken_in=LAST,
        trade_price=BOUGHT,
    )
    (step,) = (each for each in clock.steps(ENDS) if each.kind is StepKind.OPEN)
    with opened_books(MemoryBooks()).work() as work:
        noon = datetime(2026, 3, 31, 12, tzinfo=EASTERN)
        written = Written(LAST, noon, "operations", (), "risk")
        work.records.add(lot_record(lot, written))
        assert work.ledger.post([opening_transfer(lot, written)])[0].posting.is_accepted
        said = flow_steps.open_day(context, work, step).content
        (flows,) = work.records.select(stream=flow_steps.FLOWS)
        ((lot_id, kind, of, less, _, source),) = flows.content["flows"]
        posted = work.ledger.transfers(first=ENDS)
        assert read_register(work.records, FIRM).live() == ()
    assert (lot_id, kind, source) == (lot.lot_id, "FUTURES_FINAL_SETTLEMENT", final.source.value)
    assert of == str(futures_value(ZQ, -250, Decimal(price)))
    assert less == str(futures_value(ZQ, -250, BOUGHT))
    assert said["flows"] == {"FUTURES_FINAL_SETTLEMENT": str(Money(moves))}
    paid = [each.amount for each in posted if each.kind.value == "FUTURES_FINAL_SETTLEMENT"]
    assert paid == ([-moves] if moves else [])
