"""Files of the day: writing then reading gives the same rows; a spoiled one is refused by line."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from crossmargin.basics.identifiers import Cusip, CustomerKey
from crossmargin.basics.money import Money
from crossmargin.feeds.books import FolderInbox, day_file_text, read_day_file
from crossmargin.product.position import Account, ClearingOrganization, Leg, PositionLine
from crossmargin.services.clearing_day.arrivals import (
    AccountScope,
    Action,
    ArrivedFile,
    CustodianRow,
    Direction,
    FileKind,
    InstructionRow,
    NovationRow,
    PaymentRow,
    Segregation,
    TenderRow,
    TradeRow,
)

AT = datetime(2026, 5, 11, 9, 30, tzinfo=ZoneInfo("America/New_York"))
# What CSV and spreadsheets trip over, and what they do not.
NAMES = st.text("aZ7é,;\"'=+-@/ ", min_size=1, max_size=12).filter(
    lambda text: text == text.strip() and text[0] not in "=+-@'"
)
CUSTOMERS = st.builds(CustomerKey, NAMES, NAMES)
PAR = st.integers(1, 10**9).map(lambda units: units * 100)
CENTS = st.integers(1, 10**16)
CUSIPS = st.sampled_from(["91282CMS7", "912810FT0", "91282CQC8"])
DATES = st.dates(date(2026, 1, 1), date(2027, 12, 31))
PROPERTY = st.one_of(
    st.tuples(st.just("CASH-USD"), CENTS),
    st.tuples(CUSIPS.map(lambda cusip: f"SEC-{cusip}"), PAR),
)


@st.composite
def obligations(draw):
    customer, account = draw(CUSTOMERS), draw(st.sampled_from(Account))
    line = PositionLine(
        0, customer, ClearingOrganization.FICC, account, draw(CUSIPS), draw(PAR), Leg.CASH
    )
    if draw(st.booleans()):
        return replace(
            line, quantity=-line.quantity, settlement_date=draw(st.none() | DATES), failed=False
        )
    return replace(
        line,
        leg=Leg.REPO,
        end_date=draw(DATES),
        repo_rate_pct=draw(st.none() | st.decimals(-99, 99, places=4)),
        start_amount=draw(st.none() | CENTS.map(Money)),
    )


@st.composite
def novations(draw):
    line = draw(obligations())
    amount = draw(st.none() | st.integers(1, 10**16).map(Money)) if line.leg is Leg.CASH else None
    return NovationRow(0, draw(NAMES), line, amount)


FUTURES = st.builds(
    PositionLine,
    line=st.just(0),
    customer=CUSTOMERS,
    clearing_organization=st.just(ClearingOrganization.CME),
    account=st.sampled_from(Account),
    instrument=st.sampled_from(["ZNM6", "SR3H27"]),
    quantity=st.integers(-(10**9), 10**9).filter(bool),
)


@st.composite
def instructions(draw):
    action = draw(st.sampled_from(Action))
    own = action in (Action.RESIDUAL_INTEREST_DEPOSIT, Action.RESIDUAL_INTEREST_WITHDRAWAL)
    asset, quantity = draw(PROPERTY)
    if action is Action.LEAVE:
        asset, quantity = "", 0
    elif action in (Action.DIRECT_INTO_XM, Action.DIRECT_OUT_OF_XM, Action.TENDER):
        asset, quantity = "FUT-ZTM6", -quantity % 10**9 - 10**9
    elif action is Action.FAIL:
        asset, quantity = "POS-91282CMS7", -draw(PAR)
    elif action in (Action.DISPUTE, Action.RESOLVE_DISPUTE):
        asset, quantity = "CASH-USD", draw(CENTS)
    customer = draw(CUSTOMERS)
    people = draw(st.lists(NAMES, min_size=2, max_size=2, unique=True))
    return InstructionRow(
        0,
        draw(NAMES),
        customer.bd_fcm,
        None if own else customer,
        action,
        asset,
        quantity,
        draw(st.just("") | NAMES),
        draw(NAMES),
        *people,
    )


@st.composite
def payments(draw):
    customer = draw(CUSTOMERS)
    asset, quantity = draw(PROPERTY)
    direction = draw(st.sampled_from(Direction))
    is_customers_cash = direction is Direction.IN and asset == "CASH-USD"
    return PaymentRow(
        0,
        draw(NAMES),
        draw(NAMES),
        customer.bd_fcm,
        draw(st.sampled_from([None, customer])),
        draw(NAMES),
        asset,
        quantity,
        direction,
        draw(st.sampled_from(["USD", "JPY"])) if is_customers_cash else "USD",
    )


@st.composite
def holdings(draw):
    asset, quantity = draw(PROPERTY)
    return CustodianRow(
        0,
        draw(NAMES),
        draw(st.none() | st.sampled_from(AccountScope)),
        draw(st.sampled_from(Segregation)),
        asset,
        quantity,
        draw(st.sampled_from([0, quantity, -quantity])),
    )


ROWS = {
    FileKind.NOVATIONS: novations(),
    FileKind.TRADES: st.builds(
        TradeRow, st.just(0), NAMES, FUTURES, st.none() | st.decimals("0.01", 999, places=9)
    ),
    FileKind.TENDERS: st.builds(
        TenderRow, st.just(0), NAMES, FUTURES, st.builds(Cusip, CUSIPS), DATES
    ),
    FileKind.INSTRUCTIONS: instructions(),
    FileKind.PAYMENTS: payments(),
    FileKind.FICC_POSITIONS: obligations(),
    FileKind.CME_POSITIONS: FUTURES,
    FileKind.CUSTODIAN: holdings(),
}
IDS = {
    FileKind.NOVATIONS: "trade_id",
    FileKind.TRADES: "trade_id",
    FileKind.TENDERS: "tender_id",
    FileKind.INSTRUCTIONS: "instruction_id",
    FileKind.PAYMENTS: "payment_id",
}


@st.composite
def files(draw):
    kind = draw(st.sampled_from(FileKind))
    rows = draw(
        st.lists(ROWS[kind], max_size=4, unique_by=lambda row: getattr(row, IDS.get(kind, ""), row))
    )
    return kind, rows


def numbered(row, line):
    if isinstance(row, NovationRow | TradeRow | TenderRow):
        return replace(row, line=line, position=replace(row.position, line=line))
    return replace(row, line=line)


def read(content: bytes, kind: FileKind) -> ArrivedFile:
    return read_day_file(content, kind, name="f.csv", arrived_at=AT)


@given(files())
def test_reading_gives_what_was_written(drawn):
    kind, rows = drawn
    file = read(day_file_text(kind, rows).encode(), kind)
    assert file.refusals == ()
    assert file.rows == tuple(numbered(row, n) for n, row in enumerate(rows, start=2))


@given(files(), st.data())
def test_a_spoiled_file_is_whole_or_refused_by_line(drawn, data):
    kind, rows = drawn
    content = bytearray(day_file_text(kind, rows).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        cut = data.draw(st.integers(0, 3))
        content[place : place + cut] = data.draw(st.binary(max_size=3))
    file = read(bytes(content), kind)
    assert not (file.rows and file.refusals)
    lines = bytes(content).count(b"\n") + 1
    for refusal in file.refusals:
        assert refusal.file == "f.csv"
        assert refusal.line is not None
        assert 1 <= refusal.line <= lines


@given(st.binary(max_size=300), st.sampled_from(FileKind))
def test_a_spoiled_file_never_costs_a_good_one(tmp_path_factory, content, kind):
    folder = tmp_path_factory.mktemp("inbox")
    day = AT.date()
    inbox = FolderInbox(folder)
    row = CustodianRow(2, "FRBNY", None, Segregation.FUTURES, "CASH-USD", 1)
    inbox.send(day, AT, FileKind.CUSTODIAN, "good", [row])
    (folder / day.isoformat() / f"0930-{kind}-bad.csv").write_bytes(content)
    arrived = {file.label: file for file in inbox.arrivals(day, AT)}
    assert arrived["good"].rows == (row,)
    assert set(arrived) == {"good", "bad"}


def test_prices_keep_every_digit():
    row = TradeRow(
        2,
        "T",
        PositionLine(2, CustomerKey("B", "C"), ClearingOrganization.CME, Account.XM, "ZNM6", 1),
        Decimal("0.000000001"),
    )
    text = day_file_text(FileKind.TRADES, [row])
    assert read(text.encode(), FileKind.TRADES).rows == (row,)
