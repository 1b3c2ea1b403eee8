"""What a file has said so far about a combined commodity and its contracts, before it is a value.

Both readers fill drafts and build the same values from them, so that what hangs together is checked
once, and a fault names the line that began the draft.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction

from crossmargin.feeds.span.records import Faults
from crossmargin.margin.cme.span.parameters import (
    AccountRatios,
    CombinedCommodity,
    DeliveryCharge,
    DeliveryMethod,
    DeliveryMonth,
    IntraSpread,
    Period,
    ProductFamily,
    ShortOptionMinimum,
    Tier,
    WfprMethod,
)


@dataclass(slots=True)
class CommodityDraft:
    """A combined commodity while its records are read; ``line`` is that of its definition."""

    line: int
    exchange: str
    code: str
    currency: str = "USD"
    risk_exponent: int = 0
    group: str = ""
    futures_style_options: bool = False
    cap_option_value: bool = False
    wfpr_method: WfprMethod = WfprMethod.NORMAL
    families: list[ProductFamily] = field(default_factory=list)
    intra_tiers: list[Tier] = field(default_factory=list)
    scan_tiers: list[Tier] = field(default_factory=list)
    inter_tiers: list[Tier] = field(default_factory=list)
    intra_spreads: list[IntraSpread] = field(default_factory=list)
    delivery_method: DeliveryMethod = DeliveryMethod.NONE
    delivery_months: list[DeliveryMonth] = field(default_factory=list)
    basis_product: str = ""
    basis_rate: Fraction = Fraction(0)
    minimum: ShortOptionMinimum = ShortOptionMinimum()  # noqa: RUF009 - a frozen value
    adjustment: AccountRatios = AccountRatios()  # noqa: RUF009 - a frozen value
    initial: AccountRatios = AccountRatios()  # noqa: RUF009 - a frozen value
    not_supported: list[str] = field(default_factory=list)

    def built(self, faults: Faults) -> CombinedCommodity | None:
        """Return the value, or None after noting what is wrong."""
        try:
            return CombinedCommodity(
                exchange=self.exchange,
                code=self.code,
                families=tuple(self.families),
                currency=self.currency,
                risk_exponent=self.risk_exponent,
                group=self.group,
                intra_tiers=tuple(self.intra_tiers),
                scan_tiers=tuple(self.scan_tiers),
                inter_tiers=tuple(self.inter_tiers),
                intra_spreads=tuple(self.intra_spreads),
                delivery=DeliveryCharge(
                    self.delivery_method,
                    tuple(self.delivery_months),
                    self.basis_product,
                    self.basis_rate,
                ),
                short_option_minimum=self.minimum,
                wfpr_method=self.wfpr_method,
                maintenance_adjustment=self.adjustment,
                initial_ratio=self.initial,
                futures_style_options=self.futures_style_options,
                cap_option_value=self.cap_option_value,
                not_supported=tuple(self.not_supported),
            )
        except ValueError as error:
            faults.add("combined commodity", self.code, f"a value that can be: {error}", self.line)
            return None


def period_of(month: str, day: str) -> Period:
    """Return a period from its month and its day or week code.

    Raises
    ------
    ValueError
        If the month is none.
    """
    return Period(month + ("" if day in ("", "00") else day))
