"""Reconciliation: our figures beside a clearing organization's own, line by line and in total.

Pure comparison of values: both sides are a :class:`CcpFile` of one kind. A difference is shown and
never repaired: the only thing ever fitted is a level and a floor share for a whole file
(:mod:`crossmargin.services.reconciliation_fit`), and neither is applied to a result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fractions import Fraction


class FileKind(StrEnum):
    """What a file of a clearing organization holds."""

    XMFICCCUSIP = "XMFICCCUSIP"
    XMFICCPOSN = "XMFICCPOSN"
    XMFICCMARGINSAVINGS = "XMFICCMARGINSAVINGS"
    MARGIN001 = "MARGIN001"
    FICCVARDETAIL = "FICCVARDETAIL"
    CGMMARGINSSUMMARY = "CGMMARGINSSUMMARY"


class Nature(StrEnum):
    """What a figure is: it says how lines add up and how the sides are compared."""

    #: Adds up over lines; totalled gross, without sign.
    POSITION = "position"
    #: Dollars of margin; does not add up over the lines of one customer unless a rule says so.
    MARGIN = "margin"
    #: Has no total.
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class FigureSpec:
    """One figure of a kind of file.

    Parameters
    ----------
    name, unit : str
    nature : Nature
    exact : bool
        Whether both sides must agree to the last digit: positions are records, not estimates.
    """

    name: str
    unit: str
    nature: Nature
    exact: bool = False


_SAVINGS_FIGURES = tuple(
    FigureSpec(f"{side}_{name}", "ratio" if name == "saving" else "dollars", nature)
    for side in ("ficc", "cme")
    for name, nature in (
        ("securities", Nature.MARGIN),
        ("futures", Nature.MARGIN),
        ("combined", Nature.MARGIN),
        ("saving", Nature.RATIO),
        ("requirement", Nature.MARGIN),
    )
)

#: What FICC collects beside ``ficc_requirement``, and everything that it collects.
_BEYOND_THE_RULE = ("add_ons", "minimum_top_up", "outside", "total")
#: The figures of each kind, in the order in which they are shown and written.
FIGURES: Mapping[FileKind, tuple[FigureSpec, ...]] = {
    FileKind.XMFICCCUSIP: (FigureSpec("par", "dollars of par", Nature.POSITION, exact=True),),
    FileKind.XMFICCPOSN: (FigureSpec("equivalents", "contracts", Nature.POSITION),),
    FileKind.XMFICCMARGINSAVINGS: (
        *_SAVINGS_FIGURES,
        FigureSpec("reduction", "ratio", Nature.RATIO),
        *(FigureSpec(f"ficc_{name}", "dollars", Nature.MARGIN) for name in _BEYOND_THE_RULE),
    ),
    FileKind.MARGIN001: (FigureSpec("performance_bond", "dollars", Nature.MARGIN),),
    FileKind.FICCVARDETAIL: (
        FigureSpec("par", "dollars of par", Nature.POSITION, exact=True),
        FigureSpec("market_value", "dollars", Nature.POSITION),
        FigureSpec("component_var", "dollars", Nature.MARGIN),
        FigureSpec("standalone_var", "dollars", Nature.MARGIN),
        FigureSpec("floor", "dollars", Nature.MARGIN),
    ),
    FileKind.CGMMARGINSSUMMARY: (
        FigureSpec("xm_margin", "dollars", Nature.MARGIN),
        FigureSpec("outside_margin", "dollars", Nature.MARGIN),
        FigureSpec("gross_margin", "dollars", Nature.MARGIN),
    ),
}


@dataclass(frozen=True, slots=True)
class CcpLine:
    """One line of a file: whose, of what, and its figures.

    Parameters
    ----------
    customer : str
        Empty where the file has no customers.
    key : str
        CUSIP, contract, or level of a breakdown; empty for a line a customer.
    figures : mapping of name to Fraction
        Those that the line gives.
    in_total : bool
        False for a breakdown of another line.
    """

    customer: str
    key: str
    figures: Mapping[str, Fraction]
    in_total: bool = True


@dataclass(frozen=True, slots=True)
class CcpFile:
    """One kind of file for one business date, cycle and run.

    Parameters
    ----------
    kind : FileKind
    bus_date : date
    cycle : str
    run : int
    by_customer : bool
        Whether its lines name customers.
    figures : tuple of str
        Figures that the file has a column for.
    lines : tuple of CcpLine
        One a customer and key.
    name, sha256 : str
        Of the file; empty for our own.
    set_aside_rows : int
        Rows of other dates, cycles or runs.
    unknown_columns : mapping of name to int
        Columns that no figure is read from, and how many of their cells are filled.
    """

    kind: FileKind
    bus_date: date
    cycle: str
    run: int
    by_customer: bool
    figures: tuple[str, ...]
    lines: tuple[CcpLine, ...]
    name: str = ""
    sha256: str = ""
    set_aside_rows: int = 0
    unknown_columns: Mapping[str, int] = field(default_factory=dict)

    def over_all_customers(self) -> CcpFile:
        """Return the file with its customers added up, line by line.

        Margin is gross, customer by customer, so that the margins of customers add up. Ratios are
        formed anew from the sums.
        """
        sums: dict[str, dict[str, Fraction]] = {}
        in_total: dict[str, bool] = {}
        for line in self.lines:
            into = sums.setdefault(line.key, {})
            in_total[line.key] = line.in_total
            for name, value in line.figures.items():
                into[name] = into.get(name, Fraction(0)) + value
        lines = tuple(
            CcpLine("", key, _with_ratios(self.kind, figures), in_total[key])
            for key, figures in sorted(sums.items())
        )
        return CcpFile(self.kind, self.bus_date, self.cycle, self.run, False, self.figures, lines)


def _with_ratios(kind: FileKind, figures: dict[str, Fraction]) -> dict[str, Fraction]:
    if kind is not FileKind.XMFICCMARGINSAVINGS:
        return figures
    formed = {n: v for n, v in figures.items() if not n.endswith(("saving", "reduction"))}
    for side in ("ficc", "cme"):
        alone = formed[f"{side}_securities"] + formed[f"{side}_futures"]
        if alone:
            formed[f"{side}_saving"] = 1 - formed[f"{side}_combined"] / alone
    official = formed["ficc_securities"] + formed["cme_futures"]
    if official:
        collected = formed["ficc_requirement"] + formed["cme_requirement"]
        formed["reduction"] = 1 - collected / official
    return formed


class Outcome(StrEnum):
    """How one figure of one line compares."""

    AGREES = "agrees"
    DIFFERENT = "different"
    MISSING_HERE = "missing here"
    MISSING_THERE = "missing there"


@dataclass(frozen=True, slots=True)
class LineComparison:
    """One figure of one line, both sides.

    Parameters
    ----------
    customer, key, figure : str
    ours, theirs : Fraction or None
        None where the side has no such line, or leaves the figure open.
    outcome : Outcome
    in_total : bool
    """

    customer: str
    key: str
    figure: str
    ours: Fraction | None
    theirs: Fraction | None
    outcome: Outcome
    in_total: bool

    @property
    def difference(self) -> Fraction:
        """Ours less theirs; a missing side counts as nothing."""
        return (self.ours or Fraction(0)) - (self.theirs or Fraction(0))

    @property
    def ratio(self) -> Fraction | None:
        """Ours over theirs; None where either is missing or theirs is nothing."""
        if self.ours is None or not self.theirs:
            return None
        return self.ours / self.theirs


@dataclass(frozen=True, slots=True)
class TotalComparison:
    """One figure over all lines: positions gross, margins as they add up.

    Parameters
    ----------
    figure : str
    ours, theirs : Fraction
        Over all lines of each side.
    matched_ours, matched_theirs : Fraction
        Over the lines that both sides have: a missing position moves the first ratio, not this one.
    line_count, break_count : int
    """

    figure: str
    ours: Fraction
    theirs: Fraction
    matched_ours: Fraction
    matched_theirs: Fraction
    line_count: int
    break_count: int

    @property
    def difference(self) -> Fraction:
        """Ours less theirs."""
        return self.ours - self.theirs

    @property
    def ratio(self) -> Fraction | None:
        """Ours over theirs; None where theirs is nothing."""
        return self.ours / self.theirs if self.theirs else None

    @property
    def matched_ratio(self) -> Fraction | None:
        """Ours over theirs of the lines that both sides have; None where theirs is nothing."""
        return self.matched_ours / self.matched_theirs if self.matched_theirs else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Our figures beside one file.

    Parameters
    ----------
    ours, theirs : CcpFile
        Ours with customers added up where theirs names none.
    lines : tuple of LineComparison
        By figure, customer and key.
    totals : tuple of TotalComparison
    """

    ours: CcpFile
    theirs: CcpFile
    lines: tuple[LineComparison, ...]
    totals: tuple[TotalComparison, ...]

    @property
    def kind(self) -> FileKind:
        """What is compared."""
        return self.theirs.kind

    @property
    def break_count(self) -> int:
        """Lines that do not agree."""
        return sum(line.outcome is not Outcome.AGREES for line in self.lines)


def compare(ours: CcpFile, theirs: CcpFile, *, tolerance: Fraction) -> Comparison:
    """Return both sides of every line of either.

    Parameters
    ----------
    ours, theirs : CcpFile
        Of one kind and date.
    tolerance : Fraction
        A figure that need not be exact agrees if its ratio is within 1 plus or minus this.

    Raises
    ------
    ValueError
        If the two are not of one kind and date.
    """
    if (ours.kind, ours.bus_date) != (theirs.kind, theirs.bus_date):
        raise ValueError("only files of one kind and date are compared")
    mine = ours if theirs.by_customer else ours.over_all_customers()
    specs = [spec for spec in FIGURES[theirs.kind] if spec.name in theirs.figures]
    here = {(line.customer, line.key): line for line in mine.lines}
    there = {(line.customer, line.key): line for line in theirs.lines}
    lines = tuple(
        compared
        for spec in specs
        for place in sorted({*here, *there})
        if (
            compared := _compare_line(
                spec, place, here.get(place), there.get(place), tolerance=tolerance
            )
        )
    )
    totals = tuple(_total(spec, lines) for spec in specs if spec.nature is not Nature.RATIO)
    return Comparison(mine, theirs, lines, totals)


def _compare_line(
    spec: FigureSpec,
    place: tuple[str, str],
    here: CcpLine | None,
    there: CcpLine | None,
    *,
    tolerance: Fraction,
) -> LineComparison | None:
    """Return both sides of a figure, or None where both have the line and one leaves it open."""
    ours = here.figures.get(spec.name) if here else None
    theirs = there.figures.get(spec.name) if there else None
    if here and there and (ours is None or theirs is None):
        return None
    if ours is None and theirs is None:
        return None
    line = here or there
    # What is held in nothing is not missing where it is not named.
    if ours is None:
        outcome = Outcome.MISSING_HERE if theirs else Outcome.AGREES
    elif theirs is None:
        outcome = Outcome.MISSING_THERE if ours else Outcome.AGREES
    elif _agrees(ours, theirs, Fraction(0) if spec.exact else tolerance):
        outcome = Outcome.AGREES
    else:
        outcome = Outcome.DIFFERENT
    in_total = line.in_total if line else True
    return LineComparison(*place, spec.name, ours, theirs, outcome, in_total)


def _agrees(ours: Fraction, theirs: Fraction, tolerance: Fraction) -> bool:
    return abs(ours - theirs) <= tolerance * abs(theirs)


def _total(spec: FigureSpec, lines: Iterable[LineComparison]) -> TotalComparison:
    counted = [line for line in lines if line.figure == spec.name]
    added = [line for line in counted if line.in_total]
    both = [line for line in added if line.ours is not None and line.theirs is not None]
    gross = spec.nature is Nature.POSITION
    return TotalComparison(
        figure=spec.name,
        ours=_sum((line.ours for line in added), gross=gross),
        theirs=_sum((line.theirs for line in added), gross=gross),
        matched_ours=_sum((line.ours for line in both), gross=gross),
        matched_theirs=_sum((line.theirs for line in both), gross=gross),
        line_count=len(counted),
        break_count=sum(line.outcome is not Outcome.AGREES for line in counted),
    )


def _sum(values: Iterable[Fraction | None], *, gross: bool) -> Fraction:
    given = [value for value in values if value is not None]
    return sum((abs(value) if gross else value for value in given), Fraction(0))
