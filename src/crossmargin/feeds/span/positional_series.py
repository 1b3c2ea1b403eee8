"""Array parameters and risk arrays of a positional file, and the contracts they make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from crossmargin.feeds.span.drafts import CommodityDraft, period_of
from crossmargin.feeds.span.records import Faults, Fields, Record
from crossmargin.margin.cme.span.parameters import (
    OptionRight,
    OptionTerms,
    ProductFamily,
    ScanRange,
    SpanContract,
)

_ZERO, _ONE = Fraction(0), Fraction(1)
_IDENTITY = slice(2, 54)
_NO_MONTH = ("", "000000")


@dataclass(frozen=True, slots=True)
class SeriesDraft:
    """A record B: array parameters of a series, and where they stand."""

    line: int
    key: tuple[str, ...]
    scan: ScanRange | None
    scaling: Fraction
    factor: Fraction | None

    @staticmethod
    def of(fields: Fields) -> SeriesDraft:
        """Read a record."""
        scan = None
        if fields.get("price_range"):
            volatility = fields.number("volatility_range", _ZERO) * _power(fields, "volatility")
            scan = ScanRange.symmetric(
                fields.number("price_range") * _power(fields, "price"),
                volatility=volatility,
                extreme_multiplier=fields.number("extreme_multiplier", _ZERO),
                cover_fraction=fields.number("cover_fraction", _ZERO),
            )
        factor = fields.number("factor", _ZERO) * _power(fields, "factor")
        scaling = fields.number("scaling", _ONE) or _ONE
        return SeriesDraft(fields.line, series_key(fields), scan, scaling, factor or None)


def _power(fields: Fields, name: str) -> Fraction:
    exponent = fields.whole(f"{name}_exponent", 0)
    return Fraction(10) ** (exponent * fields.sign(f"{name}_sign"))


def series_key(fields: Fields) -> tuple[str, ...]:
    """Return what a record B and the records 81 of its series have in common."""
    names = ("exchange", "product", "type", "month", "day", "option_month", "option_day")
    key = [fields.get(name) for name in names]
    return tuple("" if each in (*_NO_MONTH, "00") else each for each in key)


@dataclass(frozen=True, slots=True)
class ArrayDraft:
    """Records 81 and 82 of a contract: values as they stand, before exponents and decimals."""

    fields: Fields
    identity: str
    values: tuple[Fraction, ...]
    delta: Fraction = _ZERO
    price: Fraction | None = None

    @staticmethod
    def identity_of(record: Record) -> str:
        """Return the columns that say which contract it is."""
        return record.text[_IDENTITY]

    @staticmethod
    def of(record: Record) -> ArrayDraft:
        """Read a record 81."""
        return ArrayDraft(record.fields, ArrayDraft.identity_of(record), _values(record))

    def completed(self, record: Record) -> ArrayDraft:
        """Return the array with its record 82."""
        fields = record.fields
        price = None
        if fields.get("settlement_price"):
            price = fields.number("settlement_price") * fields.sign("settlement_sign")
        return replace(
            self,
            values=(*self.values, *_values(record)),
            delta=fields.number("delta") * fields.sign("delta_sign"),
            price=price,
        )


def _values(record: Record) -> tuple[Fraction, ...]:
    # The many records of a file are these; a product with a sign costs more than a minus.
    return tuple(
        -each.number("value") if each.sign("value_sign") < 0 else each.number("value")
        for each in record.group("value")
    )


def built_contracts(
    arrays: Iterable[ArrayDraft],
    series: Mapping[tuple[str, ...], SeriesDraft],
    commodities: Iterable[CommodityDraft],
    faults: Faults,
) -> list[SpanContract]:
    """Return the contracts, in file order, after noting those that no value can be."""
    families = {
        (family.key.exchange, family.key.code, family.key.type.value): (commodity, family)
        for commodity in commodities
        for family in commodity.families
    }
    found = []
    for array in arrays:
        fields = array.fields
        names = fields.get("exchange"), fields.get("product"), fields.get("type")
        if names not in families:
            fields.fault("product", "a product that a record 2 links into a combined commodity")
            continue
        commodity, family = families[names]
        try:
            parameters = series.get(series_key(fields))
            found.append(_contract(array, commodity, family, parameters))
        except ValueError as error:
            fields.fault("product", f"a contract that can be ({error})")
    return found


def _contract(
    array: ArrayDraft,
    commodity: CommodityDraft,
    family: ProductFamily,
    parameters: SeriesDraft | None,
) -> SpanContract:
    fields = array.fields
    scale = Fraction(10) ** (commodity.risk_exponent - family.array_decimals)
    price = None
    if array.price is not None and family.price_alignment in ("", "0"):
        price = array.price / Fraction(10) ** family.settlement_decimals
    return SpanContract(
        product=family.key,
        period=period_of(fields.get("month") or "000000", fields.get("day")),
        losses=array.values if scale == 1 else tuple(value * scale for value in array.values),
        composite_delta=array.delta,
        scan=parameters.scan if parameters else None,
        delta_scaling_factor=parameters.scaling if parameters else _ONE,
        option=_option(fields, family) if family.key.type.is_option else None,
        settlement_price=price,
        contract_value_factor=parameters.factor if parameters else None,
    )


def _option(fields: Fields, family: ProductFamily) -> OptionTerms:
    right = OptionRight(fields.choice("right", {"C": "C", "P": "P"}))
    month = fields.get("option_month")
    period = period_of(
        month if month not in _NO_MONTH else fields.get("month"), fields.get("option_day")
    )
    strike = fields.number("strike") / Fraction(10) ** family.strike_decimals
    return OptionTerms(period, right, strike)
