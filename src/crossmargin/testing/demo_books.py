"""Books of a closed day on the simulated market, beside those of a firm that takes customers.

``python -m crossmargin.testing.demo_books MARKET POSITIONS BOOKS`` makes them for the tutorial of a
failure, out of what ``xm demo`` leaves: two customers with margin at both clearing organizations.
"""

from __future__ import annotations

import sys
from pathlib import Path

from crossmargin.bootstrap import last_price_date, open_market, read_positions
from crossmargin.bootstrap.books import create_books
from crossmargin.testing.clearing_days import opened_books, with_day_before
from crossmargin.testing.closed_days import closed_day

#: What each customer has at the BD-FCM when the day begins, cents; all others are left out.
DEPOSITS = {"BASIS-FUND": 3_200_000_000, "CURVE-FUND": 600_000_000}
RECEIVER = "NORTH"


def make_demo_books(market_folder: Path, positions: Path, address: str) -> None:
    """Make a store of books after one clearing day.

    Parameters
    ----------
    market_folder, positions : Path
        As ``xm demo`` leaves them; the day before has the prices of the day.
    address : str
        Of nothing yet.
    """
    market = open_market(market_folder)
    day = last_price_date(market)
    lines = [
        line for line in read_positions(positions).lines if line.customer.customer_id in DEPOSITS
    ]
    books = closed_day(create_books(address), with_day_before(market, day), day, lines, DEPOSITS)
    opened_books(books, bd_fcm=RECEIVER, with_customers=False)
    books.close()


if __name__ == "__main__":
    make_demo_books(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
