"""A process killed with its books open loses nothing it said was done, and doubles nothing."""

from __future__ import annotations

import signal
import subprocess
import sys

from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.custody import CUSTODY_FACT, fact_of
from crossmargin.ledger.verification import LedgerImage, verify
from crossmargin.storage.books import create_books, open_books
from crossmargin.testing.books import BD_FCM, open_accounts

#: Posts deposits and margin, group after group, and names each once it is committed; what it finds
#: posted already it posts again.
_PROGRAM = """
import sys
from crossmargin.storage.books import open_books
from crossmargin.testing.books import deposit, to_ficc
books = open_books(sys.argv[1])
for number in range(int(sys.argv[2]), 100_000):
    with books.work() as work:
        work.ledger.post([deposit(f"d{number}", "A", 3), *to_ficc(f"m{number}", "A", 2)])
        work.ledger.post([deposit(f"e{number}", "A", 1)])
        work.commit()
    print(number, flush=True)
"""


def killed_after(database: str, first: int, count: int) -> int:
    """Run the program; kill it in the middle of its work; return the last number it named."""
    command = [sys.executable, "-c", _PROGRAM, database, str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(count):
            last = process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().split()
    # A line may have been written before the kill, a broken one cannot: it is one write.
    return int(rest[-1] if rest else last)


def test_after_a_kill_everything_said_is_there_once(database: str) -> None:
    books = create_books(database)
    with books.work() as work:
        open_accounts(work, BD_FCM, ["A"])
        work.commit()
    books.close()
    first = 0
    for count in (1, 4, 7):
        # The first number is done a second time: it exists.
        said = killed_after(database, max(0, first - 1), count)
        books = open_books(database)
        with books.work() as work:
            ledger = work.ledger
            transfers = ledger.transfers()
            done = len(transfers) // 4
            assert [each.transfer_id for each in transfers] == [
                name
                for number in range(done)
                for name in (f"d{number}", f"m{number}/0", f"m{number}/1", f"e{number}")
            ]
            assert said + 1 <= done <= said + 2
            facts = tuple(fact_of(each) for each in work.records.select(stream=CUSTODY_FACT))
            image = LedgerImage(ledger.accounts(), transfers, ledger.balances(), facts)
            assert verify(image) == ()
            (owed,) = ledger.balances(kind=AccountKind.CUSTOMER_FUTURES_ACCOUNT).values()
            assert owed.posted_credit == 4 * done
        books.close()
        first = done
