"""A stress run as document, CSV rows and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console

from crossmargin.analysis.stress.cases import StressCase
from crossmargin.analysis.stress.library import StressLibrary
from crossmargin.analysis.stress.outcomes import StressOutcome
from crossmargin.arrangement.reduction import format_ratio
from crossmargin.basics.digest import digest_of
from crossmargin.basics.words import counted
from crossmargin.market.scenarios import BASIS_CONTRACTS, SPREAD_KNOTS
from crossmargin.presentation.cells import LABELS, labels
from crossmargin.presentation.margin_notices import margin_notices
from crossmargin.presentation.run_parts import market_part, positions_part
from crossmargin.presentation.tables import WIDTH_OF_TABLES, dollars, grid, per_cent
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.stress import MODE, CustomerStress, StressRun
from crossmargin.services.stress_parameters import StressParameters

Document = dict[str, Any]

CSV_HEADER = (
    *LABELS,
    *("customer_id", "bd_fcm", "rank", "case", "group", "kind", "source", "days"),
    *("start_date", "end_date", "securities", "futures", "repo_interest", "combined", "loss"),
    *("used_of_both", "uncovered_ficc", "uncovered_cme", "uncovered_both"),
    *("uncovered_ficc_combined", "uncovered_cme_combined", "uncovered_standalone"),
)
LIBRARY_HEADER = ("episode", "start_date", "end_date", "move_start", "move_end", "changes_bp")
_UNCOVERED = ("ficc", "cme", "both", "ficc_combined", "cme_combined", "standalone")
_BP = 10_000
_PLACES = 2
#: From here on what each clearing organization's margin alone leaves uncovered has columns too.
_WIDTH_OF_THREE = 150
_UNKNOWN = "1970-01-01"

MODE_NOTICE = (
    "Mode shock: moves of other times on today's book and today's margin; nothing is re-struck "
    "(ruling 20)."
)
LENGTH_NOTICE = (
    "Margin is for three days at FICC and one at CME: a longer move is not what it is meant to "
    "cover alone, because losses are paid day by day."
)
ACCOUNT_NOTICE = "P&L and margins are those of the XM account."
RESIDUALS_NOTICE = (
    "Basis and SOFR-Treasury spread of an episode's dates are each contract's own residuals, "
    "timing noise out, where the history has them; others do not move. JSON names those that do."
)


def stress_document(stressed: StressRun, parameters: StressParameters) -> Document:
    """Return the document of a stress run.

    Parameters
    ----------
    stressed : StressRun
    parameters : StressParameters
        Those the run was made with.
    """
    run = stressed.run
    body: Document = {
        **run_part(run, parameters),
        "mode": MODE,
        "notices": [
            MODE_NOTICE,
            ACCOUNT_NOTICE,
            LENGTH_NOTICE,
            RESIDUALS_NOTICE,
            *margin_notices(run, "EOD"),
        ],
        "library": library_document(stressed.library),
        "cases": [_case(case) for case in stressed.cases],
        "customers": [_customer(customer) for customer in stressed.customers],
    }
    return {**body, "digest": digest_of(body)}


def run_part(run: MarginRun, parameters: StressParameters) -> Document:
    """Return what a document says of the margin run that it starts from."""
    day = run.result.day
    return {
        "as_of": day.as_of.isoformat(),
        "market": market_part(day),
        "parameters": parameters.as_document(),
        "positions": positions_part(run),
        "incomplete": run.result.incomplete or bool(run.skipped),
    }


def library_document(library: StressLibrary) -> list[Document]:
    """Return the episodes of a library with their published moves."""
    return [
        {
            "name": episode.name,
            "start": episode.start.isoformat(),
            "end": episode.end.isoformat(),
            "what": episode.what,
            "source": episode.source,
            "moves": [
                {
                    "start": move.start.isoformat(),
                    "end": move.end.isoformat(),
                    "par_yield_changes_bp": dict(move.changes_bp),
                }
                for move in episode.moves
            ],
        }
        for episode in library.episodes
    ]


def _case(case: StressCase) -> Document:
    scenarios = case.scenarios
    one = scenarios.count == 1
    return {
        "name": case.name,
        "group": case.group,
        "kind": case.kind.value,
        "source": case.source.value,
        "days": case.days,
        "scenarios": scenarios.count,
        "scenario_identity": scenarios.identity,
        "repo_rate_bp": f"{float(case.repo_rate * _BP):g}",
        # Of several the one that counts differs from customer to customer: it stands there.
        "move": move_document(case, 0) if one else None,
        "notes": list(case.notes),
    }


def move_document(case: StressCase, scenario: int) -> Document:
    """Return one scenario's move in basis points: only factors that move, but every key rate."""
    each = case.scenarios.row(scenario)
    return {
        "key_rates_bp": {
            f"{years:g}": in_bp_text(float(rate) * _BP)
            for years, rate in zip(each.key_years, each.key_rates[0], strict=True)
        },
        "basis_bp": _named(BASIS_CONTRACTS, each.basis_bp[0].tolist()),
        "spread_bp": _named(SPREAD_KNOTS, each.spread_bp[0].tolist()),
    }


def _named(names: Sequence[str], moves: Sequence[float]) -> dict[str, str]:
    return {name: in_bp_text(move) for name, move in zip(names, moves, strict=True) if move}


def _customer(customer: CustomerStress) -> Document:
    return {
        "customer_id": customer.result.key.customer_id,
        "bd_fcm": customer.result.key.bd_fcm,
        "margins": {name: str(amount) for name, amount in customer.margins.named().items()},
        "positions_outside_left_out": customer.has_outside,
        "incomplete": customer.result.incomplete,
        "outcomes": [_outcome(outcome, customer) for outcome in customer.outcomes],
    }


def _outcome(outcome: StressOutcome, customer: CustomerStress) -> Document:
    margins = customer.margins.named()
    used = outcome.used(customer.margins.both)
    start, end = _dates(outcome)
    several = outcome.scenario is not None and outcome.case.scenarios.count > 1
    return {
        "case": outcome.case.name,
        "start_date": start,
        "end_date": end,
        "move": move_document(outcome.case, outcome.scenario or 0) if several else None,
        "own_residuals": list(outcome.case.own_names(outcome.scenario or 0)),
        "securities": signed_dollars(outcome.securities),
        "futures": signed_dollars(outcome.futures),
        "repo_interest": signed_dollars(outcome.repo),
        "combined": signed_dollars(outcome.combined),
        "loss": str(outcome.loss),
        "used_of_both": None if used is None else format_ratio(used),
        "uncovered": {name: str(outcome.uncovered(margins[name])) for name in _UNCOVERED},
    }


def in_bp_text(size: float) -> str:
    """Return basis points with two decimals, and no minus before a zero.

    Examples
    --------
    >>> in_bp_text(-0.001), in_bp_text(12.345)
    ('0.00', '12.35')
    """
    return f"{round(size, _PLACES) + 0.0:.{_PLACES}f}"


def signed(text: str, places: int) -> str:
    """Return a decimal string with its sign, and plus before a zero.

    Examples
    --------
    >>> signed("-0.04", 1), signed("-0.46", 1)
    ('+0.0', '-0.5')
    """
    return f"{round(float(text), places) + 0.0:+.{places}f}"


def signed_dollars(amount: Any) -> str:
    """Return exact dollars to the cent, half to even."""
    cents = round(amount * 100)
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _dates(outcome: StressOutcome) -> tuple[str | None, str | None]:
    if outcome.scenario is None:
        return None, None
    scenarios = outcome.case.scenarios
    dates = [str(each[outcome.scenario]) for each in (scenarios.start_dates, scenarios.end_dates)]
    start, end = (None if day == _UNKNOWN else day for day in dates)
    return start, end


def csv_rows(document: Mapping[str, Any]) -> Iterator[list[str]]:
    """Yield one row a customer and case, the largest loss first."""
    cases = {case["name"]: case for case in document["cases"]}
    for customer in document["customers"]:
        for rank, outcome in enumerate(customer["outcomes"], start=1):
            case = cases[outcome["case"]]
            cells = [
                *labels(document),
                *(customer["customer_id"], customer["bd_fcm"], rank, case["name"]),
                *(case[name] for name in ("group", "kind", "source", "days")),
                *(outcome[name] for name in CSV_HEADER[10:18]),
                *(outcome["uncovered"][name] for name in _UNCOVERED),
            ]
            yield ["" if cell is None else str(cell) for cell in cells]


def library_rows(library: StressLibrary) -> Iterator[list[str]]:
    """Yield one row a published move."""
    for episode in library.episodes:
        for move in episode.moves:
            changes = " ".join(f"{tenor}:{move.changes_bp[tenor]:+d}" for tenor in move.tenors)
            dates = (episode.start, episode.end, move.start, move.end)
            yield [episode.name, *(day.isoformat() for day in dates), changes]


def print_library(console: Console, library: StressLibrary) -> None:
    """Print every episode: what happened, and its published moves."""
    for episode in library.episodes:
        console.print(f"{episode.name}, {episode.start} to {episode.end}", highlight=False)
        console.print(f"  {episode.what}", highlight=False)
        for move in episode.moves:
            changes = ", ".join(f"{t} {move.changes_bp[t]:+d}" for t in move.tenors)
            console.print(f"  {move.start} to {move.end}, bp: {changes}", highlight=False)
    for source in dict.fromkeys(episode.source for episode in library.episodes):
        console.print(f"Source: {source}.", highlight=False)


def print_stress(console: Console, document: Mapping[str, Any], *, worst: int) -> None:
    """Print each customer's largest losses against what is collected.

    Parameters
    ----------
    console : Console
    document : mapping
    worst : int
        How many cases a customer; 0 for all.
    """
    cases = {case["name"]: case for case in document["cases"]}
    for customer in document["customers"]:
        _print_customer(console, document, customer, cases, worst=worst)
    console.print(
        "Loss of the whole book; used: loss as a share of what both clearing organizations collect "
        "together; uncovered: what of the loss that does not cover (unc.: what one's alone does "
        "not). Days: scenario dates; none where a size is ours or the market's history does not "
        "have the dates."
    )
    notes = dict.fromkeys(note for case in document["cases"] for note in case["notes"])
    stated = [c["name"] for c in document["cases"] if c["source"].startswith("published")]
    if stated:
        console.print(
            f"{counted(len(stated), 'move')} from published changes of par yields on today's "
            f"curve, because the market has none of its own: {', '.join(stated)}."
        )
    for note in notes:
        console.print(f"Where it applies (JSON says where): {note}.")
    for notice in document["notices"]:
        console.print(notice)


def _print_customer(
    console: Console,
    document: Mapping[str, Any],
    customer: Mapping[str, Any],
    cases: Mapping[str, Any],
    *,
    worst: int,
) -> None:
    label = "SIMULATED MARKET" if document["market"]["simulated"] else "real market data"
    margins = customer["margins"]
    table = grid(
        f"{customer['customer_id']}, {document['as_of']}, mode {document['mode']}, {label}: "
        f"FICC collects {dollars(margins['ficc'])}, CME {dollars(margins['cme'])}"
    )
    wide = console.width >= WIDTH_OF_TABLES
    table.add_column("case", overflow="fold")
    if wide:
        table.add_column("of", no_wrap=True)
    against = ("ficc", "cme", "both") if console.width >= _WIDTH_OF_THREE else ("both",)
    for heading in ("days", *(("securities", "futures") if wide else ()), "combined", "used"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name in against:
        words = {"ficc": "unc. FICC", "cme": "unc. CME", "both": "uncovered"}
        table.add_column(words[name], justify="right", no_wrap=True)
    outcomes = customer["outcomes"]
    shown = outcomes[:worst] if worst else outcomes
    for outcome in shown:
        case = cases[outcome["case"]]
        end = outcome["end_date"]
        unsaid = end is not None and end[5:] not in case["name"]
        legs = [dollars(outcome[leg]) for leg in ("securities", "futures")] if wide else []
        table.add_row(
            case["name"],
            *([f"to {end}" if unsaid else ""] if wide else []),
            "-" if case["days"] is None else str(case["days"]),
            *legs,
            dollars(outcome["combined"]),
            per_cent(outcome["used_of_both"]),
            *(dollars(outcome["uncovered"][name]) for name in against),
        )
    console.print(table)
    left = len(outcomes) - len(shown)
    exceeded = sum(o["uncovered"]["both"] != "0.00" for o in outcomes)
    text = f"  {exceeded} of {counted(len(outcomes), 'case')} lose more than both collect together"
    text += f"; {left} more with --worst 0." if left else "."
    if customer["positions_outside_left_out"]:
        text += " Positions outside the XM account are left out."
    console.print(text, highlight=False)
