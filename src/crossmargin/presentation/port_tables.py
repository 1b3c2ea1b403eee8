"""A port plan in a terminal: who goes where, what room is left, why others stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from crossmargin.presentation.tables import dollars, grid, per_cent, print_whole
from crossmargin.services.porting.verdicts import bar_words

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Document = Mapping[str, Any]
_TRIGGERS = {
    "TRANSFER_REQUIRED": "accounts must be transferred",
    "DEBTOR": "order for relief",
}
_STAGES = {
    "placed": "placed",
    "halves": "halves of accounts placed",
    "top_up": "top-ups",
    "divided": "accounts divided",
    "receivers": "places of receivers, back-up first",
}
_LIMITS = {"ACCOUNTS": "accounts", "MARGIN": "margin", "RISK_MARGIN": "risk margin"}
_NONE = "-"


def print_port(console: Console, document: Document) -> None:
    """Print the plan."""
    for line in _opening(document):
        console.print(line)
    console.print()
    print_whole(console, _placements(document))
    print_whole(console, _receivers(document))
    for line in (*_stays(document), *stage_lines(document), *_refusals(document)):
        console.print(line)
    print_notices(console, document)


def print_notices(console: Console, document: Document) -> None:
    """Print what was set by hand and what every reader must know."""
    for name, value in document["parameters"]["changed"].items():
        console.print(f"Set by hand: {name} = {value}.")
    for notice in document["notices"]:
        console.print(notice)


def title(document: Document) -> str:
    """Return whose customers, on which day and market."""
    label = "SIMULATED MARKET" if document["market"]["simulated"] else "real market data"
    return f"{document['bd_fcm']} as of {document['as_of']}, {label}"


def _opening(document: Document) -> Iterator[str]:
    trigger, clock = document["trigger"], document["clock"]
    yield (
        f"Trigger: {_TRIGGERS[trigger['kind']]} {trigger['since']} ({trigger['rule']}); "
        f"transfer on {trigger['transfer_on']}."
    )
    if clock:
        rolled = "" if clock["last_day"] == clock["without_roll"] else ", rolled"
        last = clock["last_business_day"]
        the_last = f", the last {last}" if last else ""
        yield (
            f"Clock: last day {clock['last_day']}{rolled}; {clock['business_days']} business "
            f"days{the_last} (17 CFR 190.07(e), ruling 27)."
        )
        if last and last != clock["last_day"]:
            yield (
                f"{clock['last_day']} is no business day: what clearing organizations are to "
                f"transfer must be with them on {last}."
            )
    failed = [gate for gate in document["verdict"]["gates"] if not gate["passed"]]
    for gate in failed:
        yield f"NOT TO BE CARRIED OUT: {gate['name']}: {gate['detail']} ({gate['rule']})."
    part = document["class"]
    yield (
        f"Property of the class {dollars(part['available'])}; every claim can be paid "
        f"{per_cent(part['rate'])}. Moves {dollars(part['moved'])}, leaves "
        f"{dollars(part['remaining'])}; the others need {dollars(part['others_need'])} for as much."
    )


def _placements(document: Document) -> Table:
    table = grid(f"Who goes where: {title(document)}, US dollars", "customer", "what", "to")
    table.add_column("carried")
    add_figures(table, "net equity", "moves", "margin\nthere", "without\nXM", "top-up")
    for customer in document["customers"]:
        name, claim = customer["customer_id"], dollars(customer["net_equity"])
        if not customer["placements"]:
            word = ", ".join(customer["ineligible"]) or "stays"
            table.add_row(name, word, _NONE, _NONE, claim, *[_NONE] * 4)
        for number, each in enumerate(customer["placements"]):
            table.add_row(
                name if not number else "",
                "whole" if each["part"] == "whole" else f"part {each['part']}",
                each["receiver"],
                each["carriage"],
                claim if not number else "",
                dollars(each["value"]),
                dollars(each["margin"]),
                or_none(each["without_xm"]),
                dollars(each["top_up"]),
            )
        for each in customer["left"]:
            cells = (_NONE, _NONE, "", dollars(each["value"]), _NONE, _NONE, _NONE)
            table.add_row("", f"part {each['part']} stays", *cells)
    return table


def add_figures(table: Table, *headings: str) -> None:
    """Add columns of figures: to the right, never cut."""
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)


def or_none(text: str | None) -> str:
    """Return dollars, or a dash for none."""
    return _NONE if text is None else dollars(text)


def _receivers(document: Document) -> Table:
    table = grid("Receivers: used of their room", "receiver")
    add_figures(table, *_LIMITS.values(), "top-ups")
    for each in document["receivers"]:
        cells = [_used(each, limit) for limit in (*_LIMITS, "TOP_UP")]
        table.add_row(each["receiver"], *cells)
    return table


def _used(receiver: Document, limit: str) -> str:
    if limit not in receiver["room"]:
        return _NONE
    room, used = receiver["room"][limit], receiver["used"][limit]
    if limit == "ACCOUNTS":
        return f"{used} of {room}"
    return f"{dollars(used)} of {dollars(room)}"


def _stays(document: Document) -> Iterator[str]:
    for customer in document["customers"]:
        if not customer["stays"]:
            continue
        what = "stays" if not customer["placements"] else "stays in part; the whole"
        yield f"{customer['customer_id']} {what}:"
        for stay in customer["stays"]:
            for word in bar_words(stay):
                yield f"  {stay['receiver']}: {word}"
            for words, parts in _part_words(stay).items():
                yield f"  {stay['receiver']}, {parts}: {words}"
    divided = document["offered_in_parts"]
    if divided:
        yield (
            f"Offered in parts too, of at most {document['blocks']} blocks, because they did not "
            f"fit whole: {', '.join(divided)}."
        )


def _part_words(stay: Document) -> dict[str, str]:
    """Return the reasons of parts, those of one reason together."""
    found: dict[str, list[str]] = {}
    for each in stay["parts"]:
        found.setdefault(", ".join(each["reasons"]), []).append(each["part"])
    few = 3
    return {
        words: f"part {', '.join(parts)}" if len(parts) <= few else f"{len(parts)} parts"
        for words, parts in found.items()
    }


def stage_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield how good a plan is: what each stage reached, its bound, and the gap between."""
    yield f"Best first by {document['objective']}, then by what follows ({document['solver']}):"
    for stage in document["stages"]:
        show = dollars if stage["stage"] in ("placed", "top_up") else str
        yield (
            f"  {_STAGES[stage['stage']]}: {show(stage['reached'])}, bound {show(stage['bound'])}, "
            f"gap {float(stage['gap']) * 100:.4f} %"
        )


def _refusals(document: Document) -> Iterator[str]:
    for each in document["ficc_refusals"]:
        verdict = "stands" if each["stands"] else f"lacks {each['lacks']}"
        if each["interference"]:
            verdict = f"INTERFERENCE with an approved port ({each['rule']}): it {verdict}"
        pair = f"{each['customer_id']} to {each['receiver']}"
        yield f"FICC refuses {pair}, {each['ground']}: {verdict}."
    if document["left_out"]:
        lines = ", ".join(
            f"{each['customer_id']} {each['instrument']}" for each in document["left_out"]
        )
        yield f"Not of the futures account class, so not moved here: {lines}."
