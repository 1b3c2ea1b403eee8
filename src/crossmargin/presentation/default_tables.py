"""A simulated default in a terminal: what happened, who recovers what, and why it differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from crossmargin.presentation.default_readings import (
    ficc_unpaid_line,
    rate,
    readings_lines,
    under_one_reading,
)
from crossmargin.presentation.tables import dollars, grid, print_whole, usd

if TYPE_CHECKING:
    from rich.console import Console

Document = Mapping[str, Any]
_CASES = {"with_arrangement": "with", "without_arrangement": "without"}
#: What each part of a difference is, in one sentence.
PART_WORDS = {
    "close_out_result": (
        "close-out",
        "Result of the close-out with the arrangement less the result without: another method, "
        "or no close-out where the firm stands.",
    ),
    "margin_collected": (
        "margin",
        "Margin put in with the arrangement less margin without: what was not collected stayed "
        "with the customer and cannot come back from the estate.",
    ),
    "payments_between_organizations": (
        "payments",
        "Recovery with the payments between FICC and CME less recovery without them, all else as "
        "with the arrangement.",
    ),
    "share_of_the_pool": (
        "pool",
        "Another share of the claim that the pool pays, payments left out.",
    ),
    "losses_beyond_property": (
        "beyond",
        "Losses beyond the property, which others bear, less what is set off or disallowed.",
    ),
}

#: In which order the parts are taken.
PARTS_ORDER = (
    "The parts are steps from the default without the arrangement to that with it: first the "
    "arrangement without payments between FICC and CME (its close-out, margin, losses beyond the "
    "property and share of the pool), then the payments."
)


def payout_terms_line(document: Document) -> str:
    """Return when and how much is paid, each with how it is known."""
    terms = (
        f"{worded(name)}: {each['value']}, {each['unit']}, {each['status']}"
        for name, each in document["payout_terms"].items()
    )
    line = f"{'; '.join(terms)}."
    return f"{line[0].upper()}{line[1:]}"


def print_default(console: Console, document: Document) -> None:
    """Print the failure in both cases, every claimant's recovery, and what it rests on."""
    print_whole(console, _firm(document))
    for line in story(document):
        console.print(line)
    console.print()
    print_whole(console, _losses(document))
    print_whole(console, _recoveries(document))
    if any(document[case]["estate"] is not None for case in _CASES):
        console.print(under_one_reading(document))
        for line in readings_lines(document):
            console.print(line)
        console.print()
    estate = document["with_arrangement"]["estate"]
    if estate is not None:
        print_whole(console, _claims(estate))
        for line in estate_lines(document["with_arrangement"]):
            console.print(line)
        console.print(payout_terms_line(document))
        console.print()
    for name, value in document["parameters"]["changed"].items():
        console.print(f"Set by hand: {name} = {value}.")
    for notice in all_notices(document):
        console.print(notice)


def all_notices(document: Document) -> list[str]:
    """Return every notice, those of single customers among them."""
    own = [each for of in document["claimants"].values() for each in of["notices"]]
    return [*document["notices"], *own]


def title(document: Document) -> str:
    """Return what the document is of, in a line."""
    label = "real market data"
    if document["market"]["simulated"]:
        label = "SIMULATED MARKET"
    return (
        f"{document['firm']['bd_fcm']}: default of {document['default_of']}, {document['mode']}, "
        f"book of {document['as_of']}, {label}"
    )


def _firm(document: Document) -> Any:
    table = grid(title(document))
    table.add_column("US dollars", no_wrap=True)
    for words in _CASES.values():
        table.add_column(words, justify="right", no_wrap=True)
    rows = {
        "lost by defaulters' close-outs": "lost",
        "gained by defaulters' close-outs": "gained",
        "paid by their margin": "from_margin",
        "paid by what the BD-FCM holds for them": "from_bd_fcm",
        "paid by residual interest": "from_residual_interest",
        "paid by capital": "from_capital",
        "unpaid": "unpaid",
    }
    last = [
        document[case]["failure"]["days"][-1] if document[case]["failure"]["days"] else None
        for case in _CASES
    ]
    for words, name in rows.items():
        table.add_row(words, *(dollars(each[name]) if each else "-" for each in last))
    for words, name in (
        ("residual interest left", "residual_interest_left"),
        ("capital left", "capital_left"),
    ):
        table.add_row(words, *(dollars(document[case]["failure"][name]) for case in _CASES))
    return table


def _who(defaulters: list[str], own: list[str] | None) -> str:
    """Return who is in default; to a customer no other by name."""
    if own is None:
        return ", ".join(defaulters) or "no customer"
    others = [each for each in defaulters if each not in own]
    words = ["this customer"] if len(others) < len(defaulters) else []
    if others:
        words.append("another customer" if len(others) == 1 else f"{len(others)} other customers")
    return " and ".join(words) or "no customer"


def story(document: Document, own: list[str] | None = None) -> list[str]:
    """Return what happened to the firm in each case, a sentence each.

    Parameters
    ----------
    document : mapping
    own : list of str, optional
        The customers of the page's reader: nobody else is named.
    """
    lines = []
    for case, words in _CASES.items():
        failure = document[case]["failure"]
        who = _who(failure["defaulters"], own)
        lead = f"{words.capitalize()} the arrangement, {who} in default: "
        below = failure["below_minimum_capital_on"]
        if failure["cause"] == "proprietary":
            lines.append(
                f"{lead}the firm fails at the last cycle, {failure['failed_on']}, of a "
                f"proprietary loss of {usd(failure['proprietary_loss'])}; segregation is "
                "clean."
            )
        elif failure["cause"] == "minimum_capital":
            lines.append(
                f"{lead}the firm must transfer all accounts at the last cycle, "
                f"{failure['failed_on']}: its capital is under the minimum already."
            )
        elif failure["failed"]:
            lines.append(
                f"{lead}the firm fails on {failure['failed_on']}, owing "
                f"{usd(failure['debt'])} that it cannot pay."
            )
        else:
            lines.append(f"{lead}the firm stands.")
        if below:
            lines[-1] += f" Its capital is under the minimum of 17 CFR 1.17 from {below}."
    return lines


#: Of a recovery that differs, what the claimant has not put in itself.
_LOST_LESS = (
    *("close_out_result", "payments_between_organizations"),
    *("share_of_the_pool", "losses_beyond_property"),
)


def lost_less(each: Document) -> str:
    """Return what a claimant loses less with the arrangement: negative where it loses more."""
    return _less(each["without_arrangement"]["lost"], each["with_arrangement"]["lost"])


def _losses(document: Document) -> Any:
    table = grid(
        "What each claimant loses, and what it loses less with the arrangement, US dollars"
    )
    table.add_column("claimant", no_wrap=True)
    for words in _CASES.values():
        table.add_column(f"{words}\nlost", justify="right", no_wrap=True)
    table.add_column("lost less", justify="right", no_wrap=True)
    for part in _LOST_LESS:
        table.add_column(PART_WORDS[part][0], justify="right", no_wrap=True)
    rows = {
        name: (
            *(each[case]["lost"] for case in _CASES),
            lost_less(each),
            *(each["difference"][part] for part in _LOST_LESS),
        )
        for name, each in document["claimants"].items()
    }
    return _with_sums(table, rows)


def _with_sums(table: Any, rows: Mapping[str, Sequence[str]]) -> Any:
    """Return a table with its rows and, under them, what they come to."""
    for name, cells in rows.items():
        table.add_row(name, *map(dollars, cells))
    table.add_section()
    sums = (str(sum(map(Decimal, column))) for column in zip(*rows.values(), strict=True))
    table.add_row("in all", *map(dollars, sums))
    return table


def put_in(each: Document) -> str:
    """Return what a claimant has put in: margin, and the equity of other accounts."""
    return str(Decimal(each["margin"]) + Decimal(each["other_accounts"]))


def _recoveries(document: Document) -> Any:
    table = grid("What each claimant puts in, other accounts among it, and recovers, US dollars")
    table.add_column("claimant", no_wrap=True)
    for words in _CASES.values():
        for heading in ("put in", "close-out", "recovered"):
            table.add_column(f"{words}\n{heading}", justify="right", no_wrap=True)
    rows = {
        name: tuple(
            amount
            for case in _CASES
            for amount in (put_in(each[case]), each[case]["result"], each[case]["recovered"])
        )
        for name, each in document["claimants"].items()
    }
    return _with_sums(table, rows)


def _claims(estate: Document) -> Any:
    table = grid("The estate with the arrangement: claims and what is paid, US dollars")
    table.add_column("claimant", no_wrap=True)
    for heading in ("net equity", "transferred", "paid", "unpaid", "owes the estate"):
        table.add_column(heading, justify="right", no_wrap=True)
    rows = {
        name: (
            *(claim[key] for key in ("claim", "transferred", "paid")),
            _less(claim["claim"], claim["paid"]),
            claim["debt_to_the_estate"],
        )
        for name, claim in estate["claims"].items()
    }
    return _with_sums(table, rows)


def _less(one: str, two: str) -> str:
    return str(Decimal(one) - Decimal(two))


def estate_lines(case: Document) -> list[str]:
    """Return what the estate comes to, a sentence each."""
    estate = case["estate"]
    return [
        f"Futures class: {usd(estate['property']['total'])} of property; it pays "
        f"{rate(estate['futures_rate'])} of public claims.",
        *_segregated_lines(estate["segregated_customer_margin"]),
        *_side_lines(case),
        *_payment_lines(case),
        *_transfer_lines(estate),
        *_framework_lines(estate["framework_one"]),
        *(
            f"{each['date']} {worded(each['occasion'])}: {usd(_sum(each['paid']))} paid"
            f"{', ' + each['reason'] if each['reason'] else ''}."
            for each in case["distributions"]
        ),
    ]


def _segregated_lines(found: Document) -> Iterator[str]:
    if Decimal(found["returned"]) or Decimal(found["claims"]):
        yield (
            f"Segregated Customer Margin at FICC, apart: {usd(found['returned'])}, of which "
            f"securities customers are paid {usd(found['paid'])} on "
            f"{usd(found['claims'])}; {usd(found['to_classes'])} pays debts that were set "
            f"off, and {usd(found['from_classes'])} comes in for such debts."
        )


def _side_lines(case: Document) -> Iterator[str]:
    for name, side in case["sides"].items():
        yield (f"{name} returns {usd(side['returned'])} and bears {usd(side['borne'])} itself.")
        if Decimal(side["from_fellow_customers"]):
            yield (
                f"{name} takes {usd(side['from_fellow_customers'])} of losses from other "
                "customers' margin there."
            )


#: Whose property a payment of the guaranty may use.
LIMIT_WORDS = {
    "per_customer": "Customer by customer",
    "relevant_customers_together": "The relevant customers together",
}


def _payment_lines(case: Document) -> Iterator[str]:
    if case["payments"] is not None:
        for name, paid in case["payments"]["paid"].items():
            record = " (of record)" if name == case["payments"]["limit"] else ""
            yield (
                f"{LIMIT_WORDS[name]}{record}, FICC pays CME {usd(paid['FICC'])}, CME pays "
                f"FICC {usd(paid['CME'])}."
            )
    yield ficc_unpaid_line(case)


def _transfer_lines(estate: Document) -> Iterator[str]:
    transfer = estate["full_transfer"]
    if not transfer["transferred"]:
        return
    moved = "whole claim" if transfer["allowed"] else "estimated share"
    beyond = transfer["beyond_funded_balance"]
    later = f"; {usd(_sum(beyond))} of it is to be recovered" if beyond else ""
    yield (
        f"Customers whose positions stay open move with their {moved}, as known on "
        f"{transfer['estimated_on']}{later}. All others wait for the distributions: "
        "the interim one pays a part of what they are due."
    )


def _framework_lines(framework: Document | None) -> Iterator[str]:
    if framework is None:
        return
    is_record = framework["of_record"] == "framework_one"
    yield (
        f"Framework 1{', of record' if is_record else ' beside it'}: "
        f"{worded(framework['treatment'])}; one pool {'would move' if is_record else 'moves'} "
        f"{usd(framework['shifted_to_non_xm'])} of loss to customers outside the arrangement."
    )


def worded(name: str) -> str:
    """Return a name of the document as words.

    Examples
    --------
    >>> worded("owed_to_ficc"), worded("disallowed_claim")
    ('owed to FICC', 'disallowed claim')
    """
    return " ".join(
        part.upper() if part in ("ficc", "cme", "xm") else part for part in name.split("_")
    )


def _sum(paid: Mapping[str, str]) -> str:
    return str(sum(map(Decimal, paid.values())))
