"""The inbox: one folder a business day, whose files arrive at the time that their names say.

``INBOX/2026-05-11/0930-payments-banks.csv``: four digits of Eastern time, the kind, and anything
after a further hyphen.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from crossmargin.basics.refusals import Refusal, refused
from crossmargin.feeds.books.cells import RULE
from crossmargin.feeds.books.reading import LARGEST_FILE_BYTES, read_day_file
from crossmargin.feeds.books.writing import UNFINISHED, day_file_text, write_once
from crossmargin.feeds.text_rows import nearest_column, shown
from crossmargin.services.clearing_day.arrivals import ArrivedFile, ArrivedRow, FileKind

EASTERN = ZoneInfo("America/New_York")
_LONGEST_LABEL = 100
_NAME = re.compile(r"(?P<clock>[0-9]{4})-(?P<rest>[^/]+)\.csv")
_EXPECTED = "a name such as 0930-payments.csv or 0930-payments-banks.csv"


@dataclass(frozen=True, slots=True)
class DayFileName:
    """What the name of a file of the day says.

    Parameters
    ----------
    arrived_at : datetime
        Eastern; of an hour that a clock shows twice, the first.
    kind : FileKind
    label : str
    """

    arrived_at: datetime
    kind: FileKind
    label: str = ""

    @property
    def name(self) -> str:
        """The name.

        Examples
        --------
        >>> at = datetime(2026, 5, 11, 12, 5, tzinfo=EASTERN)
        >>> DayFileName(at, FileKind.FICC_POSITIONS, "itd").name
        '1205-ficc-positions-itd.csv'
        """
        label = f"-{self.label}" if self.label else ""
        return f"{self.arrived_at.astimezone(EASTERN):%H%M}-{self.kind}{label}.csv"


def parsed_name(name: str, business_date: date) -> DayFileName | Refusal:
    """Return what the name of a file says, or why it is not understood."""
    match = _NAME.fullmatch(name)
    if match is None or not name.isprintable():
        return _misnamed(name, _EXPECTED)
    kinds = [k for k in FileKind if f"{match['rest']}-".startswith(f"{k}-")]
    if not kinds:
        word = match["rest"].partition("-")[0]
        return _misnamed(name, nearest_column(word, list(FileKind)).replace("column", "kind"))
    label = match["rest"].removeprefix(kinds[0]).removeprefix("-")
    if len(label) > _LONGEST_LABEL:
        return _misnamed(name, f"at most {_LONGEST_LABEL} characters after the kind")
    at = _instant(match["clock"], business_date)
    if at is None:
        return _misnamed(name, f"four digits of an Eastern time that {business_date} has")
    return DayFileName(at, kinds[0], label)


@dataclass(slots=True)
class FolderInbox:
    """An inbox in a folder.

    Parameters
    ----------
    folder : Path
        Holds one folder a business day.
    bd_fcm : str
        BD-FCM of a row that names none.
    """

    folder: Path
    bd_fcm: str = "BD-FCM"
    # By place and bytes: a folder is read at every step of its day, a file parsed once.
    _read: dict[tuple[date, str, bytes], ArrivedFile] = field(default_factory=dict, repr=False)

    def arrivals(self, business_date: date, until: datetime) -> Sequence[ArrivedFile]:
        """Return what has arrived on a day up to an instant, counted, by instant and name.

        A file whose name is not understood is none of them: see :meth:`misnamed`.
        """
        named = [
            (parsed_name(path.name, business_date), path) for path in self._files(business_date)
        ]
        arrived = [
            (name, path)
            for name, path in named
            if isinstance(name, DayFileName) and name.arrived_at.astimezone(UTC) <= until
        ]
        arrived.sort(key=lambda each: (each[0].arrived_at.astimezone(UTC), each[1].name))
        return [self._file(business_date, name, path) for name, path in arrived]

    def misnamed(self, business_date: date) -> tuple[Refusal, ...]:
        """Return a refusal of every file of a day whose name is not understood, by name."""
        parsed = (parsed_name(path.name, business_date) for path in self._files(business_date))
        return tuple(each for each in parsed if isinstance(each, Refusal))

    def send(
        self,
        business_date: date,
        arrived_at: datetime,
        kind: FileKind,
        label: str,
        rows: Sequence[ArrivedRow],
    ) -> bool:
        """Put a file into a day; return False if it was there already.

        Raises
        ------
        RefusedError
            If a file of that name says something else, or the name would not be understood.
        """
        name = DayFileName(arrived_at, kind, label).name
        parsed = parsed_name(name, business_date)
        if isinstance(parsed, Refusal) or parsed.arrived_at.astimezone(UTC) != arrived_at:
            expected = f"an instant of {business_date} in whole minutes and a plain label"
            raise refused("file", f"{arrived_at.isoformat()} {name}", expected, RULE)
        path = self.folder / business_date.isoformat() / name
        return write_once(path, day_file_text(kind, rows).encode())

    def _files(self, business_date: date) -> list[Path]:
        folder = self.folder / business_date.isoformat()
        if not folder.is_dir():
            return []
        return sorted(path for path in folder.iterdir() if not path.name.startswith(UNFINISHED))

    def _file(self, business_date: date, name: DayFileName, path: Path) -> ArrivedFile:
        try:
            content = _content(path)
        except OSError as error:
            expected = f"a readable file ({error.strerror or error})"
            fault = Refusal("file", path.name, expected, RULE, path.name)
            return ArrivedFile(name.kind, path.name, name.arrived_at, "", (), (fault,), name.label)
        key = (business_date, path.name, content)
        if key not in self._read:
            self._read[key] = read_day_file(
                content,
                name.kind,
                name=path.name,
                arrived_at=name.arrived_at,
                label=name.label,
                default_bd_fcm=self.bd_fcm,
            )
        return self._read[key]


def _content(path: Path) -> bytes:
    if not path.is_file():  # a pipe would be waited for
        raise OSError(errno.EINVAL, "not a regular file")
    with path.open("rb") as file:
        return file.read(LARGEST_FILE_BYTES + 1)


def _instant(clock: str, business_date: date) -> datetime | None:
    try:
        at = datetime.combine(business_date, time(int(clock[:2]), int(clock[2:])), EASTERN)
    except ValueError:
        return None
    # A time that the day skips comes back as another.
    return at if at.astimezone(UTC).astimezone(EASTERN).time() == at.time() else None


def _misnamed(name: str, expected: str) -> Refusal:
    # A name that is no text is shown by its bytes.
    text = shown(name.encode("utf-8", "backslashreplace").decode())
    return Refusal("name", text, expected, RULE, text)
