"""The use case of a close-out: customers' positions sold along a path, and what that gives.

The opening of the path is the last cycle before the failure: what both clearing organizations
required then, with the arrangement and with none, comes with each account's close-out. What lies
outside the XM account is an account of its own: its own margin, sold by each clearing organization
apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from crossmargin.analysis.walk.figures import BookWalk
from crossmargin.analysis.walk.lines import Book
from crossmargin.analysis.walk.margins import FUTURES, SECURITIES
from crossmargin.analysis.walk.walking import walk_books
from crossmargin.basics.digest import digest_of
from crossmargin.basics.money import Money
from crossmargin.basics.refusals import refused
from crossmargin.default_management.liquidation.close_out import (
    CloseOut,
    CustomerCloseOut,
    Method,
)
from crossmargin.default_management.liquidation.closing import (
    PathTooShortError,
    close_out_books,
    unsold,
)
from crossmargin.default_management.liquidation.hedging import Legs
from crossmargin.default_management.liquidation.terms import LiquidationTerms
from crossmargin.default_management.results import CustomerResults
from crossmargin.market.history import MarketData
from crossmargin.product.position import ClearingOrganization
from crossmargin.services.defaults.accounts import (
    ClosedAccount,
    accounts_of,
    chosen_books,
    left_out_of,
)
from crossmargin.services.defaults.close_out_lines import (
    SellersLines,
    hedge_codes,
    sellers_lines,
)
from crossmargin.services.forward_paths import ForwardPath, Route, route_of
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.ports import BlockExecutor
from crossmargin.services.walk_dates import walk_rules
from crossmargin.services.walked_books import lines_and_portfolios

_RULE = "ruling 20"


@dataclass(frozen=True, slots=True)
class CloseOutRun:
    """Customers closed out along a path.

    Parameters
    ----------
    run : MarginRun
        Of the date whose terms the books keep.
    path : ForwardPath
    method : Method
    terms : LiquidationTerms
    dates : tuple of date
        The opening, then every day of the path; the first of them is that of the failure.
    source_dates : tuple of date
        Whose day each repeats; empty where they are those of the history itself.
    known_until : tuple of date
        What basis and spread were estimated with, in order.
    lines : SellersLines
    customers : tuple of CustomerCloseOut
        One an account, by name.
    left_out : mapping of customer to tuple of str
        Lines that nothing walks, and why: they are not closed out, and their margin is left out.
    unsold : mapping of account to CustomerResults
        What each gives on the days of its close-out if nothing is sold.
    """

    run: MarginRun
    path: ForwardPath
    method: Method
    terms: LiquidationTerms
    dates: tuple[date, ...]
    source_dates: tuple[date, ...]
    known_until: tuple[date, ...]
    lines: SellersLines
    customers: tuple[CustomerCloseOut, ...]
    left_out: Mapping[str, tuple[str, ...]]
    unsold: Mapping[str, CustomerResults]

    @property
    def opening(self) -> date:
        """The date of the last cycle before the failure."""
        return self.dates[0]

    @property
    def failed_on(self) -> date:
        """The day of the failure."""
        return self.dates[1]

    def as_document(self) -> dict[str, object]:
        """Return the JSON shape, with its digest."""
        body: dict[str, object] = {
            "mode": self.path.mode,
            "method": self.method.value,
            "terms_date": self.run.result.day.as_of.isoformat(),
            "opening": self.opening.isoformat(),
            "failed_on": self.failed_on.isoformat(),
            "dates": [day.isoformat() for day in self.dates[1:]],
            "source_dates": [day.isoformat() for day in self.source_dates],
            "known_until": [day.isoformat() for day in self.known_until],
            "hedges": list(self.lines.hedges),
            "customers": [customer.as_document() for customer in self.customers],
            "left_out": {name: list(lines) for name, lines in self.left_out.items()},
        }
        return {**body, "digest": digest_of(body)}


def close_outs(
    run: MarginRun,
    market: MarketData,
    executor: BlockExecutor,
    *,
    path: ForwardPath,
    method: Method,
    terms: LiquidationTerms,
    customers: Sequence[str] = (),
    has_arrangement: bool = True,
) -> CloseOutRun:
    """Return what closing out customers gives along a path.

    Parameters
    ----------
    run : MarginRun
        Of the date whose terms the books keep.
    market : MarketData
    executor : BlockExecutor
    path : ForwardPath
        Its first day is that of the failure; see :mod:`crossmargin.services.defaults.paths`.
    method : Method
    terms : LiquidationTerms
    customers : sequence of str
        Customer ids; every customer if left out. Whoever is closed out together shares impact and
        volume.
    has_arrangement : bool
        Otherwise all that a customer holds is one account.

    Raises
    ------
    RefusedError
        If the path has no dates, too short a history before it or too few days for the close-out,
        a customer is unknown, two have one name, or no customer has anything that is walked.
    """
    day = run.result.day
    rules = walk_rules(day.parameters)
    books = chosen_books(run, customers)
    accounts = accounts_of(day, books, has_arrangement=has_arrangement)
    portfolios = dict(part for each in accounts for part in each.portfolios)
    lines, walked = lines_and_portfolios(
        day, list(portfolios.items()), more_contracts=hedge_codes(day)
    )
    try:
        route = route_of(day, market, path, rules)
        walks = walk_books(
            route.factors,
            route.places[:1],
            lines=lines,
            books=walked,
            rules=rules,
            run=executor.run,
        )
    except ValueError as error:
        expected = "dates and moves that a walk can be made of"
        raise refused("path", f"{path.mode}: {error}", expected, _RULE) from error
    sellers = sellers_lines(day, route, lines, rules, terms)
    dates = _dates(route)
    legs = {book.name: _legs(book) for book in walked}
    try:
        closed = close_out_books(
            {each.name: legs[each.name] for each in accounts if each.in_xm},
            sellers.instruments,
            sellers.hedges,
            dates[1:],
            method=method,
            terms=terms,
            apart={each.name: legs[each.name] for each in accounts if not each.in_xm},
        )
    except PathTooShortError as error:
        expected = (
            "a path that lasts to the last sale, or a larger liquidation.largest_volume_share"
        )
        raise refused("path", f"{path.mode}: {error}", expected, _RULE) from error
    by_name = {walk.name: walk for walk in walks}
    return CloseOutRun(
        run=run,
        path=path,
        method=method,
        terms=terms,
        dates=dates,
        source_dates=(
            () if route.source_dates is None else tuple(route.source_dates.astype(object).tolist())
        ),
        known_until=tuple(dict.fromkeys(each.until for each in route.factors.known.values())),
        lines=sellers,
        customers=tuple(
            _customer(each, by_name, closed[each.name])
            for each in sorted(accounts, key=lambda one: one.name)
        ),
        left_out=left_out_of(day, books),
        unsold={
            each.name: unsold(
                each.name,
                legs[each.name],
                sellers.instruments,
                dates[1 : 1 + max(len(out.days) for out in closed[each.name].values())],
            )
            for each in accounts
        },
    )


def _legs(book: Book) -> Legs:
    return {
        ClearingOrganization.FICC: dict(book.securities),
        ClearingOrganization.CME: dict(book.contracts),
    }


def _dates(route: Route) -> tuple[date, ...]:
    places = slice(route.places.start, route.places.stop)
    return tuple(route.factors.dates[places].astype(object).tolist())


def _customer(
    account: ClosedAccount,
    walks: Mapping[str, BookWalk],
    closed: Mapping[ClearingOrganization, CloseOut],
) -> CustomerCloseOut:
    ficc, cme = ClearingOrganization.FICC, ClearingOrganization.CME
    walk, everything = walks[account.name], walks[account.everything]
    apart = walk.standalone_ficc_cents if account.pays_minimum else walk.ficc.cents[SECURITIES]
    own = (walk.ficc_cents, walk.cme_cents) if account.in_xm else (apart, walk.cme.cents[FUTURES])
    return CustomerCloseOut(
        customer=account.name,
        by_side=closed,
        requirement={ficc: Money(int(own[0][0])), cme: Money(int(own[1][0]))},
        standalone={
            ficc: Money(int(everything.standalone_ficc_cents[0])),
            cme: Money(int(everything.cme.cents[FUTURES][0])),
        },
        belongs_to=account.owner,
        in_xm=account.in_xm,
    )
