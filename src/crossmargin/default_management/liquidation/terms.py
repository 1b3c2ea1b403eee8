"""The parameters of a liquidation, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from crossmargin.default_management.liquidation.close_out import Method
from crossmargin.parameters.registry import ParameterSet
from crossmargin.product.futures import PRODUCTS
from crossmargin.product.position import ClearingOrganization


class Hedge(StrEnum):
    """What residual DV01 is hedged with."""

    BY_BUCKET = "by_bucket"
    WHOLE_BOOK = "whole_book"
    NONE = "none"


class ImpactSharing(StrEnum):
    """Whose trades of a day move the market together."""

    AGGREGATE = "aggregate"
    PER_CUSTOMER = "per_customer"


@dataclass(frozen=True, slots=True)
class LiquidationTerms:
    """What a liquidation takes from its parameters; ``liquidation/parameters.toml`` explains each.

    Parameters
    ----------
    impact_of_buckets : tuple of Fraction
        The coefficient by maturity bucket, shortest first.
    impact_of_products : mapping of product to Fraction
    sharing : ImpactSharing
    on_the_run_volume_share, volume_multiple : Fraction
    volatility_window_days : int
    volatility_multiple, largest_volume_share : Fraction
    joint_days, first_sale_day : int
    days : mapping of ClearingOrganization to int
        Of a leg that is sold apart.
    hedge : Hedge
    path_days, simulated_block_days : int
    """

    impact_of_buckets: tuple[Fraction, ...]
    impact_of_products: Mapping[str, Fraction]
    sharing: ImpactSharing
    on_the_run_volume_share: Fraction
    volume_multiple: Fraction
    volatility_window_days: int
    volatility_multiple: Fraction
    largest_volume_share: Fraction
    joint_days: int
    days: Mapping[ClearingOrganization, int]
    first_sale_day: int
    hedge: Hedge
    path_days: int
    simulated_block_days: int

    def seller_days(self, method: Method, side: ClearingOrganization) -> int:
        """Return over how many days a side sells under a method, the volumes allowing."""
        return self.joint_days if method is Method.JOINT else self.days[side]

    @staticmethod
    def from_parameters(parameters: ParameterSet) -> LiquidationTerms:
        """Return the terms that ``liquidation/parameters.toml`` holds for the day.

        Raises
        ------
        ValueError
            If a choice is not one that is known, or a product lacks a coefficient.
        LookupError
            If a parameter is missing.
        """
        pairs = (
            part.split(":") for part in parameters.text("impact_coefficient_futures").split(",")
        )
        of_products = {product.strip(): Fraction(value.strip()) for product, value in pairs}
        if missing := set(PRODUCTS) - set(of_products):
            raise ValueError(f"liquidation.impact_coefficient_futures lacks {sorted(missing)}")
        return LiquidationTerms(
            impact_of_buckets=parameters.ratios("impact_coefficient_securities"),
            impact_of_products=of_products,
            sharing=ImpactSharing(parameters.choice("impact_sharing", ImpactSharing)),
            on_the_run_volume_share=parameters.ratio("on_the_run_volume_share"),
            volume_multiple=parameters.ratio("volume_multiple"),
            volatility_window_days=parameters.whole("volatility_window_days"),
            volatility_multiple=parameters.ratio("volatility_multiple"),
            largest_volume_share=parameters.ratio("largest_volume_share"),
            joint_days=parameters.whole("joint_days"),
            days={
                ClearingOrganization.FICC: parameters.whole("ficc_days"),
                ClearingOrganization.CME: parameters.whole("cme_days"),
            },
            first_sale_day=parameters.whole("first_sale_day"),
            hedge=Hedge(parameters.choice("hedge", Hedge)),
            path_days=parameters.whole("path_days"),
            simulated_block_days=parameters.whole("simulated_block_days"),
        )
