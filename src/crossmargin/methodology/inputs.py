"""What a pack is made from: results of lower rooms, gathered by the use case that builds it.

:class:`Evidence` holds what other analyses add when they are run; what is missing is said in the
pack. Arrays are plain: ISO dates, dollars, ratios, labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from crossmargin.analysis.explanation import Explanation
from crossmargin.analysis.ranges import RangeRow
from crossmargin.arrangement.reduction import ReductionRules
from crossmargin.arrangement.requirement import CustomerRequirement
from crossmargin.basics.money import Money
from crossmargin.margin.cme.model import CmeScenarios
from crossmargin.margin.ficc.haircut import HaircutSchedule
from crossmargin.margin.ficc.scenarios import FiccScenarios
from crossmargin.market.residuals import NoiseEstimate
from crossmargin.parameters.reading import OwnerFile
from crossmargin.parameters.registry import ParameterSet
from crossmargin.validation.coverage import Coverage
from crossmargin.validation.par_books import BookPath
from crossmargin.validation.procyclicality import Procyclicality


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """The market that everything was computed on."""

    digest: str
    simulated: bool
    par_pct: Mapping[str, float]
    price_count: int
    prices_derived_from: date | None


@dataclass(frozen=True, slots=True)
class FactorFacts:
    """Both models' scenarios, and what was estimated to make them.

    Parameters
    ----------
    ficc, cme : scenario sets
    ficc_name, cme_name : str
    ficc_rank, filtered_rank, cme_rank, stress_rank : int
        Which loss each figure reads; ``filtered_rank`` is None where it is off.
    estimates : mapping of factor to mapping of regime to NoiseEstimate
    haircuts : HaircutSchedule
    """

    ficc: FiccScenarios
    cme: CmeScenarios
    ficc_name: str
    cme_name: str
    ficc_rank: int
    filtered_rank: int | None
    cme_rank: int
    stress_rank: int
    estimates: Mapping[str, Mapping[str, NoiseEstimate]]
    haircuts: HaircutSchedule


@dataclass(frozen=True, slots=True)
class BookCoverage:
    """One book's backtest: its path, and by model how it did."""

    path: BookPath
    coverage: Mapping[str, Coverage]
    procyclicality: Mapping[str, Procyclicality]


@dataclass(frozen=True, slots=True)
class CoverageFacts:
    """A backtest of books, struck anew on every date.

    Parameters
    ----------
    dates : tuple of date
        Margin dates.
    books : tuple of BookCoverage
    models : mapping of model to str
        What each key means.
    left_out : mapping of book to reason
    """

    dates: tuple[date, ...]
    books: tuple[BookCoverage, ...]
    models: Mapping[str, str]
    left_out: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HeldPosition:
    """What one position does to a customer's requirement; only the firm's edition has any.

    Parameters
    ----------
    label : str
    quantity : Fraction
        Par dollars, contracts, or dollars of start amount times days left.
    contribution : Fraction
        Exact dollars of the requirement.
    incremental : Money
        What the requirement falls by without the position.
    """

    label: str
    quantity: Fraction
    contribution: Fraction
    incremental: Money


@dataclass(frozen=True, slots=True)
class Book:
    """One book or customer on the day.

    Parameters
    ----------
    name : str
    what : str
        What it holds, in words; empty for a customer.
    requirement : CustomerRequirement
    explanation : Explanation
    key_tenors : tuple of str
    securities_dv01, futures_dv01 : tuple of float
        Dollars per basis point by key tenor.
    incomplete : bool
        Whether something is left out of its figures.
    not_computed : tuple of str
        Charges that apply and could not be computed.
    positions : tuple of HeldPosition
        Of a customer, largest contribution first; empty for a standard book.
    """

    name: str
    what: str
    requirement: CustomerRequirement
    explanation: Explanation
    key_tenors: tuple[str, ...]
    securities_dv01: tuple[float, ...]
    futures_dv01: tuple[float, ...]
    incomplete: bool
    not_computed: tuple[str, ...]
    positions: tuple[HeldPosition, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What one changed assumption makes of every book.

    Parameters
    ----------
    name : str
    reductions : mapping of book to Fraction
    savings : mapping of book to Fraction
        The smaller of both models, before the cap.
    bindings : mapping of book to str
    """

    name: str
    reductions: Mapping[str, Fraction]
    savings: Mapping[str, Fraction]
    bindings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """How books answer to assumptions and to the ranges of parameters.

    Parameters
    ----------
    answers : tuple of Answer
        The first as run.
    basis_multiples : mapping of multiple to name of the answer
        Where the assumption is a multiple of basis volatility.
    ranges : mapping of book to tuple of RangeRow
        Each parameter alone, largest effect first.
    """

    answers: tuple[Answer, ...]
    basis_multiples: Mapping[Fraction, str]
    ranges: Mapping[str, tuple[RangeRow, ...]]


@dataclass(frozen=True, slots=True)
class Deviation:
    """One thing that a model leaves out, or does otherwise than what it stands for."""

    place: str
    left_out: str
    effect: str


@dataclass(frozen=True, slots=True)
class WalkEvidence:
    """A forward walk or the past of a book: one value a date.

    Parameters
    ----------
    name : str
    dates : sequence of str, length n
        ISO.
    standalone_dollars, requirement_dollars : sequence of float, length n
    savings : mapping of series to sequence of float, length n
        Plain ratios, as of both models.
    binding : sequence of str, length n
    """

    name: str
    dates: Sequence[str]
    standalone_dollars: Sequence[float]
    requirement_dollars: Sequence[float]
    savings: Mapping[str, Sequence[float]]
    binding: Sequence[str]


@dataclass(frozen=True, slots=True)
class BacktestEvidence:
    """A backtest of positions: margins, the losses that followed, and the tests' verdicts.

    Parameters
    ----------
    name : str
    dates : sequence of str, length n
    margins : mapping of what was tested to sequence of float, length n
    losses, exceptions : mapping of what was tested to sequence, length n
        Each against its own loss: horizons differ.
    unit : str
    verdicts : sequence of (what was tested, figures and verdict)
        Cells of one row each, under ``verdict_header``.
    verdict_header : sequence of str
    """

    name: str
    dates: Sequence[str]
    margins: Mapping[str, Sequence[float]]
    losses: Mapping[str, Sequence[float]]
    exceptions: Mapping[str, Sequence[bool]]
    unit: str
    verdict_header: Sequence[str]
    verdicts: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class StressEvidence:
    """Losses of a book under stress; ``sources`` says where each move is from."""

    name: str
    scenarios: Sequence[str]
    sources: Sequence[str]
    loss_dollars: Sequence[float]
    requirement_dollars: float


@dataclass(frozen=True, slots=True)
class CrowdingEvidence:
    """All customers' DV01 by tenor, and its share of what the market trades. Public edition: none.

    Aggregates of a firm's customers are the firm's: a public edition refuses them.
    """

    tenors: Sequence[str]
    dv01_dollars: Mapping[str, Sequence[float]]
    share_of_volume: Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class ConditionEvidence:
    """How a book's saving answers along one condition, as correlation or the slope of the curve."""

    question: str
    unit: str
    values: Sequence[float]
    savings: Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class LimitEvidence:
    """Which limits a book is near: rows of name, state, what has to move, dollars, saving."""

    name: str
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What other analyses add: each a sequence, empty where it was not run."""

    walks: Sequence[WalkEvidence] = ()
    backtests: Sequence[BacktestEvidence] = ()
    stresses: Sequence[StressEvidence] = ()
    conditions: Sequence[ConditionEvidence] = ()
    limits: Sequence[LimitEvidence] = ()


@dataclass(frozen=True, slots=True)
class PackInputs:
    """Everything that a public pack is made from: there is no customer in it.

    Parameters
    ----------
    as_of : date
    program : str
        Version of the program.
    market : MarketFacts
    parameters : mapping of owner to ParameterSet
        As the run took them, changes by hand included.
    files : mapping of owner to OwnerFile
        Every version, for the history of changes and for what is pending.
    factors : FactorFacts
    rules : ReductionRules
    coverage : CoverageFacts
    books : tuple of Book
        Standard books.
    deviations : tuple of Deviation
    sensitivity : Sensitivity, optional
    evidence : Evidence
        Of standard books.
    """

    as_of: date
    program: str
    market: MarketFacts
    parameters: Mapping[str, ParameterSet]
    files: Mapping[str, OwnerFile]
    factors: FactorFacts
    rules: ReductionRules
    coverage: CoverageFacts
    books: tuple[Book, ...]
    deviations: tuple[Deviation, ...]
    sensitivity: Sensitivity | None = None
    evidence: Evidence = field(default_factory=Evidence)


@dataclass(frozen=True, slots=True)
class FirmInputs:
    """What the firm's own edition adds.

    Parameters
    ----------
    positions_sha256 : str
    customers : tuple of Book
    evidence : Evidence
        Of the firm's customers.
    crowding : CrowdingEvidence, optional
    """

    positions_sha256: str
    customers: tuple[Book, ...]
    evidence: Evidence = field(default_factory=Evidence)
    crowding: CrowdingEvidence | None = None
