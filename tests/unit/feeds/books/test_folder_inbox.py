"""The inbox: files arrive when their names say, in order, once."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from crossmargin.basics.identifiers import CustomerKey
from crossmargin.basics.refusals import Refusal, RefusedError
from crossmargin.feeds.books import FolderInbox
from crossmargin.feeds.books.inbox import parsed_name
from crossmargin.services.clearing_day.arrivals import Direction, FileKind, PaymentRow

EASTERN = ZoneInfo("America/New_York")
DAY = date(2026, 5, 11)
END = datetime(2026, 5, 11, 23, 59, tzinfo=EASTERN)
ROW = PaymentRow(
    2,
    "P1",
    "",
    "BD-FCM",
    CustomerKey("BD-FCM", "F"),
    "SEGREGATED_BANK",
    "CASH-USD",
    100,
    Direction.IN,
)
TEXT = "payment_id,reference,customer_id,place,asset,quantity,direction\n"


def put(folder: Path, name: str, text: str = TEXT, day: date = DAY) -> None:
    (folder / day.isoformat()).mkdir(exist_ok=True)
    (folder / day.isoformat() / name).write_text(text)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 5, 11, hour, minute, tzinfo=EASTERN)


def test_files_arrive_by_instant_then_name(tmp_path):
    for name in ("1000-payments-b.csv", "0930-trades.csv", "1000-payments-a.csv"):
        put(tmp_path, name)
    inbox = FolderInbox(tmp_path)
    names = [file.name for file in inbox.arrivals(DAY, END)]
    assert names == ["0930-trades.csv", "1000-payments-a.csv", "1000-payments-b.csv"]
    assert [file.name for file in inbox.arrivals(DAY, at(9, 30))] == names[:1]
    assert inbox.arrivals(DAY, at(9, 29)) == []
    assert inbox.arrivals(DAY + timedelta(days=1), END) == []


def test_until_may_be_given_in_any_zone(tmp_path):
    put(tmp_path, "1000-payments.csv")
    until = datetime(2026, 5, 11, 9, 0, tzinfo=ZoneInfo("America/Chicago"))
    assert len(FolderInbox(tmp_path).arrivals(DAY, until)) == 1


@pytest.mark.parametrize(("day", "offset_hours"), [(date(2026, 3, 6), -5), (date(2026, 3, 9), -4)])
def test_a_name_is_eastern_time_of_its_date(day, offset_hours):
    name = parsed_name("0930-ficc-positions-eodxm.csv", day)
    assert not isinstance(name, Refusal)
    assert (name.kind, name.label) == (FileKind.FICC_POSITIONS, "eodxm")
    assert name.arrived_at.utcoffset() == timedelta(hours=offset_hours)
    assert name.name == "0930-ficc-positions-eodxm.csv"


def test_a_time_that_the_clock_skips_is_none_and_one_that_it_shows_twice_is_the_first():
    assert isinstance(parsed_name("0230-payments.csv", date(2026, 3, 8)), Refusal)
    name = parsed_name("0130-payments.csv", date(2026, 11, 1))
    assert not isinstance(name, Refusal)
    assert name.arrived_at.astimezone(UTC).hour == 5


@pytest.mark.parametrize(
    "name",
    [
        "payments.csv",
        "930-payments.csv",
        "2460-payments.csv",
        "2400-payments.csv",
        "0930-payment.csv",
        "0930-paymentsx.csv",
        "0930-payments.CSV",
        "0930-.csv",
        "0930-payments-" + "x" * 101 + ".csv",
        "0930-payments-a\nb.csv",
    ],
)
def test_a_name_that_is_not_understood_is_refused_and_loses_no_other(tmp_path, name):
    put(tmp_path, name)
    put(tmp_path, "0930-payments.csv")
    inbox = FolderInbox(tmp_path)
    assert [file.name for file in inbox.arrivals(DAY, END)] == ["0930-payments.csv"]
    assert [each.field for each in inbox.misnamed(DAY)] == ["name"]


def test_the_nearest_kind_is_named():
    refusal = parsed_name("0930-paymnts.csv", DAY)
    assert isinstance(refusal, Refusal)
    assert refusal.expected == "a known kind; did you mean payments?"


def test_what_is_no_readable_file_arrives_refused(tmp_path):
    (tmp_path / DAY.isoformat() / "0930-payments.csv").mkdir(parents=True)
    (file,) = FolderInbox(tmp_path).arrivals(DAY, END)
    assert (file.sha256, [each.field for each in file.refusals]) == ("", ["file"])


def test_a_file_that_is_still_written_is_not_there(tmp_path):
    put(tmp_path, ".0930-payments.csv.unfinished")
    inbox = FolderInbox(tmp_path)
    assert (inbox.arrivals(DAY, END), inbox.misnamed(DAY)) == ([], ())


def test_sending_again_changes_nothing(tmp_path):
    inbox = FolderInbox(tmp_path)
    assert inbox.send(DAY, at(9, 30), FileKind.PAYMENTS, "banks", [ROW])
    (path,) = (tmp_path / DAY.isoformat()).iterdir()
    before = path.stat()
    assert not inbox.send(DAY, at(9, 30), FileKind.PAYMENTS, "banks", [ROW])
    assert (path.name, path.stat().st_mtime_ns) == ("0930-payments-banks.csv", before.st_mtime_ns)
    (file,) = inbox.arrivals(DAY, END)
    assert (file.rows, file.label, file.arrived_at) == ((ROW,), "banks", at(9, 30))


def test_what_has_arrived_is_never_written_over(tmp_path):
    inbox = FolderInbox(tmp_path)
    inbox.send(DAY, at(9, 30), FileKind.PAYMENTS, "", [ROW])
    with pytest.raises(RefusedError, match="the content that it arrived with"):
        inbox.send(DAY, at(9, 30), FileKind.PAYMENTS, "", [])
    assert len(inbox.arrivals(DAY, END)[0].rows) == 1


@pytest.mark.parametrize(
    ("instant", "label"),
    [
        (at(9, 30) + timedelta(seconds=1), ""),
        (at(9, 30) + timedelta(days=1), ""),
        (at(9, 30), "a/b"),
    ],
)
def test_a_name_that_would_say_something_else_is_not_written(tmp_path, instant, label):
    with pytest.raises(RefusedError):
        FolderInbox(tmp_path).send(DAY, instant, FileKind.PAYMENTS, label, [ROW])
    assert list(tmp_path.iterdir()) == []


def test_a_changed_file_is_read_anew(tmp_path):
    inbox = FolderInbox(tmp_path)
    put(tmp_path, "0930-payments.csv")
    first = inbox.arrivals(DAY, END)[0]
    put(tmp_path, "0930-payments.csv", TEXT + "P1,,F,CME,CASH-USD,1,IN\n")
    second = inbox.arrivals(DAY, END)[0]
    assert (len(first.rows), len(second.rows)) == (0, 1)
    assert first.sha256 != second.sha256
