"""The parameters of porting, as one value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from crossmargin.parameters.registry import ParameterSet


class Objective(StrEnum):
    """What is placed first of all."""

    NET_EQUITY = "net_equity"
    MARGIN = "margin"


class StandaloneTransfer(StrEnum):
    """Whether positions of the arrangement may move into regular accounts of a receiver."""

    ALLOWED = "allowed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class PortingRules:
    """What porting goes by, all of it given by the parameters of the day.

    Parameters
    ----------
    objective : Objective
    standalone_transfer : StandaloneTransfer
    risk_margin_ratio : Fraction
        Share of the risk margin that a receiver's adjusted net capital must be.
    early_warning_multiple : Fraction
        Multiple of that minimum under which the regulator must be told.
    optimality_gap : Fraction
        Of each stage, as a share of its value: the solver may stop there.
    solver_nodes_max, solver_nodes_later_max : int
        Nodes of one search, after which it stops with the gap it then has: in the first stage, and
        in the others.
    solver_seed : int
    first_search_choices, full_search_choices_max : int
        How many choices are searched at first beside those that the relaxation takes; up to how
        many everything is searched where that leaves more than the gap.
    blocks_max : int
        Blocks of lines into which an account is divided at most.
    part_choices_max : int
        How many parts times receivers are offered at most; blocks are fewer where they would be
        more, two at least.
    par_lot_dollars : int
        Securities move in multiples of it.
    """

    objective: Objective
    standalone_transfer: StandaloneTransfer
    risk_margin_ratio: Fraction
    early_warning_multiple: Fraction
    optimality_gap: Fraction
    solver_nodes_max: int
    solver_nodes_later_max: int
    solver_seed: int
    first_search_choices: int
    full_search_choices_max: int
    blocks_max: int
    part_choices_max: int
    par_lot_dollars: int

    @staticmethod
    def from_parameters(porting: ParameterSet, *, par_lot_dollars: int) -> PortingRules:
        """Return the rules that ``default_management/porting/parameters.toml`` holds for the day.

        Parameters
        ----------
        porting : ParameterSet
        par_lot_dollars : int
            Of the default rules.

        Raises
        ------
        ValueError
            If a value is not one that the rules know.
        LookupError
            If a parameter is missing.
        """
        choice = porting.choice
        return PortingRules(
            objective=Objective(choice("objective", Objective)),
            standalone_transfer=StandaloneTransfer(
                choice("standalone_transfer", StandaloneTransfer)
            ),
            risk_margin_ratio=porting.ratio("receiver_risk_margin_ratio"),
            early_warning_multiple=porting.ratio("early_warning_multiple"),
            optimality_gap=porting.ratio("optimality_gap"),
            solver_nodes_max=porting.whole("solver_nodes_max"),
            solver_nodes_later_max=porting.whole("solver_nodes_later_max"),
            solver_seed=porting.whole("solver_seed"),
            first_search_choices=porting.whole("first_search_choices"),
            full_search_choices_max=porting.whole("full_search_choices_max"),
            blocks_max=porting.whole("blocks_max"),
            part_choices_max=porting.whole("part_choices_max"),
            par_lot_dollars=par_lot_dollars,
        )
