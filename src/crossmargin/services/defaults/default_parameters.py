"""The parameters of a margin run together with those of a default, changed together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crossmargin.collateral.haircuts import HaircutTables
from crossmargin.default_management.liquidation.terms import LiquidationTerms
from crossmargin.default_management.rules import DefaultRules
from crossmargin.parameters.registry import ParameterSet
from crossmargin.services.parameter_sets import (
    ParameterSets,
    changing_with_others,
    document_with_others,
)


@dataclass(frozen=True, slots=True)
class DefaultParameters:
    """What a default is simulated with.

    Parameters
    ----------
    sets : ParameterSets
        Of the margin run.
    default_management, liquidation, collateral : ParameterSet
    """

    sets: ParameterSets
    default_management: ParameterSet
    liquidation: ParameterSet
    collateral: ParameterSet

    @property
    def rules(self) -> DefaultRules:
        """The rules of the default."""
        return DefaultRules.from_parameters(self.default_management)

    @property
    def terms(self) -> LiquidationTerms:
        """The terms of the close-outs."""
        return LiquidationTerms.from_parameters(self.liquidation)

    @property
    def haircuts(self) -> HaircutTables:
        """What both clearing organizations take off securities as margin."""
        return HaircutTables.from_parameters(self.collateral)

    @property
    def _own(self) -> tuple[ParameterSet, ParameterSet, ParameterSet]:
        return self.default_management, self.liquidation, self.collateral

    def changing(
        self, changes: Mapping[str, Mapping[str, str]], *, reason: str
    ) -> DefaultParameters:
        """Return the parameters with other values, marked as assumed.

        Raises
        ------
        RefusedError
            Naming every unknown owner and parameter, and every value that does not fit.
        """
        sets, own = changing_with_others(self.sets, self._own, changes, reason=reason)
        return DefaultParameters(sets, *own)

    def as_document(self) -> dict[str, object]:
        """Return digests, versions and what was changed by hand, of the run's and these owners."""
        return document_with_others(self.sets, self._own)
