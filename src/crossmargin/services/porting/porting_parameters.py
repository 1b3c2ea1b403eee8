"""The parameters of a margin run together with those of porting, changed together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crossmargin.default_management.porting.rules import PortingRules
from crossmargin.default_management.rules import DefaultRules
from crossmargin.default_management.transfer_test import TransferClock
from crossmargin.parameters.registry import ParameterSet
from crossmargin.services.parameter_sets import (
    ParameterSets,
    changing_with_others,
    document_with_others,
)


@dataclass(frozen=True, slots=True)
class PortingParameters:
    """What porting is planned with.

    Parameters
    ----------
    sets : ParameterSets
        Of the margin run.
    default_management, porting : ParameterSet
    """

    sets: ParameterSets
    default_management: ParameterSet
    porting: ParameterSet

    @property
    def rules(self) -> PortingRules:
        """The rules of porting."""
        lot = DefaultRules.from_parameters(self.default_management).par_lot_dollars
        return PortingRules.from_parameters(self.porting, par_lot_dollars=lot)

    @property
    def clock(self) -> TransferClock:
        """How long transfers cannot be avoided."""
        return DefaultRules.from_parameters(self.default_management).clock

    def changing(
        self, changes: Mapping[str, Mapping[str, str]], *, reason: str
    ) -> PortingParameters:
        """Return the parameters with other values, marked as assumed.

        Raises
        ------
        RefusedError
            Naming every unknown owner and parameter, and every value that does not fit.
        """
        others = (self.default_management, self.porting)
        sets, own = changing_with_others(self.sets, others, changes, reason=reason)
        return PortingParameters(sets, *own)

    def as_document(self) -> dict[str, object]:
        """Return digests, versions and what was changed by hand."""
        return document_with_others(self.sets, (self.default_management, self.porting))
