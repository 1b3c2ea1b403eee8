"""Read the expanded positional form: each record type into drafts, then the drafts into values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from fractions import Fraction

from crossmargin.feeds.span.drafts import CommodityDraft, period_of
from crossmargin.feeds.span.layout import FILE_FORMAT, LAYOUTS, record_type
from crossmargin.feeds.span.loaded import Keeping
from crossmargin.feeds.span.positional_series import ArrayDraft, SeriesDraft, built_contracts
from crossmargin.feeds.span.records import Faults, Fields, Record
from crossmargin.margin.cme.span.parameters import (
    AccountRatios,
    CurrencyConversion,
    DeliveryMethod,
    DeliveryMonth,
    InterLeg,
    InterSpread,
    IntraLeg,
    IntraSpread,
    Period,
    ProductFamily,
    ProductKey,
    ProductType,
    Settlement,
    ShortOptionMethod,
    ShortOptionMinimum,
    Side,
    SpanContract,
    Tier,
    WfprMethod,
)

_ZERO, _ONE = Fraction(0), Fraction(1)
_TYPES = {each.value: each.value for each in ProductType}
_WFPR = {"": "NORMAL", "1": "NORMAL", "2": "SCANRANGE_CAP", "3": "SCANRANGE"}
_DELTA_BASED, _SCANNING = ("", "01", "10", "20"), ("04",)
_FIRST_CENTURY_YEAR, _LEGS_A_RECORD = 90, 4


@dataclass(slots=True)
class PositionalDraft:
    """Everything that was read from a positional file."""

    faults: Faults
    keeping: Keeping = field(default_factory=Keeping)
    types: list[str] = field(default_factory=list)
    complex: str = ""
    business_date: date | None = None
    settlement: Settlement = Settlement.SETTLEMENT
    products: dict[tuple[str, str, str], dict[str, object]] = field(default_factory=dict)
    product_lines: dict[tuple[str, ...], int] = field(default_factory=dict)
    commodities: dict[str, CommodityDraft] = field(default_factory=dict)
    conversions: list[CurrencyConversion] = field(default_factory=list)
    spreads: list[InterSpread] = field(default_factory=list)
    groups: dict[str, str] = field(default_factory=dict)
    series: dict[tuple[str, ...], SeriesDraft] = field(default_factory=dict)
    halves: dict[str, ArrayDraft] = field(default_factory=dict)
    arrays: list[ArrayDraft] = field(default_factory=list)

    def read_line(self, line: int, text: str) -> None:
        """Read one line, whatever it is."""
        type_ = record_type(text)
        if type_ not in LAYOUTS:
            self.keeping.keep(line, type_ or "blank", text)
            return
        self.types.append(type_)
        record = Record.of(type_, line, text, self.faults)
        try:
            _READERS[type_](self, record)
        except ValueError as error:
            # A value refused what the fields say together; each field by itself was well formed.
            self.faults.add(f"record {type_}", text[:60], f"values that can be: {error}", line)

    def contracts(self) -> list[SpanContract]:
        """Return the contracts, after noting arrays without their second half."""
        for half in self.halves.values():
            half.fields.fault("product", "a record 82 with the other seven values")
        for code, group in self.groups.items():
            if code in self.commodities:
                self.commodities[code].group = group
        for draft in self.commodities.values():
            draft.families = [
                replace(each, **self._product(each.key))  # type: ignore[arg-type]
                for each in draft.families
            ]
        self._set_underlyings()
        return built_contracts(self.arrays, self.series, self.commodities.values(), self.faults)

    def _set_underlyings(self) -> None:
        """Give each option family the underlying product that its arrays name."""
        named: dict[tuple[str, str, str], Fields] = {}
        for array in self.arrays:
            key = tuple(array.fields.get(name) for name in ("exchange", "product", "type"))
            first = named.setdefault((key[0], key[1], key[2]), array.fields)
            if first.get("underlying") != array.fields.get("underlying"):
                array.fields.fault("underlying", f"{first.get('underlying')}, one of the product")
        for draft in self.commodities.values():
            for place, family in enumerate(draft.families):
                key = family.key.exchange, family.key.code, family.key.type.value
                if key in named and family.key.type.is_option:
                    underlying = named[key].get("underlying")
                    draft.families[place] = replace(family, underlying=underlying)

    def _product(self, key: ProductKey) -> dict[str, object]:
        return self.products.get((key.exchange, key.code, key.type.value), {})

    def commodity(self, fields: Fields) -> CommodityDraft | None:
        """Return the commodity a record belongs to, or None after noting that there is none."""
        found = self.commodities.get(fields.get("commodity"))
        if found is None:
            fields.fault("commodity", "a combined commodity that a record 2 has defined before")
        return found


def _header(draft: PositionalDraft, record: Record) -> None:
    fields = record.fields
    if draft.complex:
        fields.fault("complex", "one exchange complex header a file")
    draft.complex = fields.get("complex")
    try:
        draft.business_date = datetime.strptime(fields.get("business_date"), "%Y%m%d").date()  # noqa: DTZ007
    except ValueError:
        fields.fault("business_date", "a date as CCYYMMDD")
    flags = {"": "S", "S": "S", "F": "S", "I": "I", "E": "I"}
    draft.settlement = Settlement(fields.choice("settlement", flags))
    fields.choice("file_format", {FILE_FORMAT: FILE_FORMAT})


def _conversion(draft: PositionalDraft, record: Record) -> None:
    fields = record.fields
    rate = fields.number("multiplier")
    draft.conversions.append(CurrencyConversion(fields.get("source"), fields.get("target"), rate))


def _exchange(_: PositionalDraft, record: Record) -> None:
    if not record.fields.get("exchange"):
        record.fields.fault("exchange", "an exchange acronym")


def _product(draft: PositionalDraft, record: Record) -> None:
    fields = record.fields
    key = fields.get("exchange"), fields.get("product"), fields.choice("type", _TYPES)
    factor = fields.number("factor", _ZERO)
    draft.product_lines.setdefault(key, record.line)
    power = fields.whole("factor_exponent", 0) * (-1 if fields.get("factor_sign") == "-" else 1)
    draft.products[key] = {
        "name": fields.get("name"),
        "settlement_decimals": _locator(fields, "settlement_decimals"),
        "strike_decimals": _locator(fields, "strike_decimals"),
        "price_alignment": fields.get("alignment"),
        "contract_value_factor": factor * Fraction(10) ** power or None,
        "currency": fields.get("currency") or "USD",
    }


def _locator(fields: Fields, name: str) -> int:
    text = fields.get(name)
    if text and not text.removeprefix("-").isdigit():
        fields.fault(name, "a whole number, with a minus before it where it is negative")
        return 0
    return int(text or 0)


def _commodity(draft: PositionalDraft, record: Record) -> None:
    fields = record.fields
    code = fields.get("commodity")
    new = CommodityDraft(
        record.line,
        fields.get("exchange"),
        code,
        currency=fields.get("currency") or "USD",
        risk_exponent=fields.whole("risk_exponent", 0),
        futures_style_options=fields.choice("option_style", {"": "P", "P": "P", "F": "F"}) == "F",
        cap_option_value=fields.choice("cap_option_value", {"": "N", "N": "N", "Y": "Y"}) == "Y",
    )
    known = draft.commodities.setdefault(code, new)
    if known.exchange != new.exchange:
        fields.fault("exchange", f"{known.exchange}: codes of combined commodities are not shared")
    for each in record.group("family"):
        if each.get("product"):
            key = ProductKey(
                known.exchange, each.get("product"), ProductType(each.choice("type", _TYPES))
            )
            decimals = each.whole("array_decimals", 0) * each.sign("array_sign")
            known.families.append(ProductFamily(key, array_decimals=decimals))


def _ratios(fields: Fields, start: str) -> AccountRatios:
    names = ("member", "hedger", "speculator")
    # A blank or zero ratio is none given, and none given is one.
    return AccountRatios(*(fields.number(f"{start}_{name}", _ONE) or _ONE for name in names))


def _tiers(record: Record) -> Iterator[Tier]:
    for each, days in zip(record.group("tier"), record.group("tier days"), strict=True):
        if each.whole("number", 0):
            try:
                start = period_of(each.get("start"), days.get("start"))
                end = period_of(each.get("end"), days.get("end"))
                yield Tier(each.whole("number"), start, end)
            except ValueError as error:
                each.fault("start", f"the first and last period of a tier ({error})")


def _intra_tiers(draft: PositionalDraft, record: Record) -> None:
    commodity = draft.commodity(record.fields)
    if commodity is None:
        return
    _check_method(commodity, record.fields, "intracommodity spread method")
    commodity.intra_tiers.extend(_tiers(record))
    commodity.initial = _ratios(record.fields, "initial")


def _check_method(commodity: CommodityDraft, fields: Fields, what: str) -> None:
    method = fields.get("method")
    if method not in ("", "10"):
        commodity.not_supported.append(f"{what} {method}")


def _scan_tiers(draft: PositionalDraft, record: Record) -> None:
    fields = record.fields
    commodity = draft.commodity(fields)
    if commodity is None:
        return
    if fields.get("wfpr_method"):
        commodity.wfpr_method = WfprMethod(fields.choice("wfpr_method", _WFPR))
    method = fields.get("method")
    tiers = list(_tiers(record)) if method not in ("", "01", "02", "30") else []
    count = fields.whole("tier_count", len(tiers))
    if method in ("10", "20", "21", "22", "23") and count != len(tiers):
        fields.fault("tier_count", f"{len(tiers)}, as many as there are tiers on the record")
    if method in ("10", "21", "22"):
        commodity.scan_tiers.extend(tiers)
    if method in ("20", "21", "23"):
        commodity.inter_tiers.extend(tiers)
    if method == "30":
        _minimum_tiers(commodity, record)
    elif method == "02":
        commodity.not_supported.append("scanning method 02 (each month a tier)")
    elif method not in ("", "01", "10", "20", "21", "22", "23"):
        fields.fault("method", "01, 02, 10, 20, 21, 22, 23 or 30")


def _minimum_tiers(commodity: CommodityDraft, record: Record) -> None:
    rates = {each.number("rate", _ZERO) for each in record.group("minimum rate")} - {_ZERO}
    if len(rates) > 1:
        commodity.not_supported.append("short option minimum rates by tier")
    elif rates:
        rate = rates.pop() * Fraction(10) ** commodity.risk_exponent
        commodity.minimum = ShortOptionMinimum(rate, commodity.minimum.method)


def _tier_spread(draft: PositionalDraft, record: Record) -> None:
    fields = record.fields
    commodity = draft.commodity(fields)
    if commodity is None:
        return
    _check_method(commodity, fields, "intracommodity spread method")
    legs = [
        IntraLeg(each.whole("tier"), each.number("ratio"), _side(each))
        for each in record.group("leg")
        if each.get("tier") or each.get("side")
    ]
    if fields.whole("leg_count", len(legs)) != len(legs):
        fields.fault("leg_count", f"{len(legs)}, as many as there are legs on the record")
    charge = fields.number("charge") * Fraction(10) ** commodity.risk_exponent
    commodity.intra_spreads.append(IntraSpread(fields.whole("priority"), charge, tuple(legs)))


def _side(fields: Fields) -> Side:
    return Side(fields.choice("side", {"A": "A", "B": "B"}))


def _series_spread(draft: PositionalDraft, record: Record) -> None:
    fields = record.fields
    commodity = draft.commodity(fields)
    if commodity is None:
        return
    legs = [
        IntraLeg(_period_yymm(each), each.number("ratio"), _side(each))
        for each in record.group("leg")
        if each.get("month") or each.get("side")
    ]
    priority = fields.whole("priority")
    charge = fields.number("charge") * Fraction(10) ** commodity.risk_exponent
    # More than four legs continue on the next record with the same priority, after a full one.
    last = commodity.intra_spreads[-1] if commodity.intra_spreads else None
    full = last is not None and not last.by_tier and len(last.legs) % _LEGS_A_RECORD == 0
    if last and full and (last.priority, last.charge) == (priority, charge):
        commodity.intra_spreads[-1] = replace(last, legs=(*last.legs, *legs))
    else:
        commodity.intra_spreads.append(IntraSpread(priority, charge, tuple(legs)))


def _period_yymm(fields: Fields) -> Period:
    month = fields.get("month")
    if len(month) != 4 or not month.isdigit():  # noqa: PLR2004 - YYMM
        fields.fault("month", "a contract month as YYMM")
        return period_of("200001", "")
    century = "20" if int(month[:2]) < _FIRST_CENTURY_YEAR else "19"
    return period_of(century + month, fields.get("rest"))


def _delivery(draft: PositionalDraft, record: Record) -> None:
    fields = record.fields
    commodity = draft.commodity(fields)
    if commodity is None:
        return
    scale = Fraction(10) ** commodity.risk_exponent
    method = fields.get("method")
    if method == DeliveryMethod.TABLE:
        days = [each.get("day") for each in record.group("month day")]
        for each, day in zip(record.group("month"), days, strict=True):
            if each.whole("number", 0):
                period = period_of(each.get("month"), day)
                rates = (each.number(f"charge_{of}", _ZERO) * scale for of in _RATES_OF)
                commodity.delivery_months.append(DeliveryMonth(period, *rates))
                commodity.delivery_method = DeliveryMethod.TABLE
    elif method == DeliveryMethod.BASIS:
        commodity.delivery_method = DeliveryMethod.BASIS
        commodity.basis_product = fields.get("basis_product")
        commodity.basis_rate = fields.number("basis_rate", _ZERO) * scale
    elif method not in ("", "00", "01"):
        commodity.not_supported.append(f"delivery charge method {method}")
    rule = {"": "GROSS", "2": "GROSS", "1": "MAX"}
    minimum_method = ShortOptionMethod(fields.choice("minimum_method", rule))
    rate = fields.number("minimum", _ZERO) * scale
    commodity.minimum = ShortOptionMinimum(rate or commodity.minimum.rate, minimum_method)
    commodity.adjustment = _ratios(fields, "adjustment")


_RATES_OF = ("spread", "outright")


def _array_parameters(draft: PositionalDraft, record: Record) -> None:
    series = SeriesDraft.of(record.fields)
    if draft.series.setdefault(series.key, series) is not series:
        record.fields.fault("product", "array parameters of a series once")


def _group(draft: PositionalDraft, record: Record) -> None:
    for each in record.group("member"):
        if each.get("commodity"):
            draft.groups[each.get("commodity")] = record.fields.get("group")


def _inter_spread(draft: PositionalDraft, record: Record) -> None:
    fields = record.fields
    method = fields.get("method")
    if method not in _DELTA_BASED + _SCANNING:
        fields.fault("method", f"one of {', '.join(filter(None, _DELTA_BASED + _SCANNING))}")
    flat = fields.choice("credit_method", {"": "W", "W": "W", "F": "F"}) == "F"
    own = fields.choice("own_credits", {"": "N", "N": "N", "Y": "Y"}) == "Y"
    # A percentage with four decimals; a flat credit has its point two places further right.
    scale = Fraction(100) if flat else Fraction(1, 100)
    legs = [
        InterLeg(
            each.get("commodity"),
            each.number("ratio"),
            _side(each) if method not in _SCANNING or each.get("side") else Side.A,
            tier.whole("tier", 0),
            required=each.get("required") != "N",
            credit=credit.number("credit") * scale if own else None,
        )
        for each, tier, credit in zip(
            record.group("leg"), record.group("leg tier"), record.group("leg credit"), strict=True
        )
        if each.get("commodity")
    ]
    for each in record.group("leg"):
        known = draft.commodities.get(each.get("commodity"))
        if each.get("commodity") and (known is None or known.exchange != each.get("exchange")):
            each.fault("exchange", "exchange and code of a combined commodity of the file")
    draft.spreads.append(
        InterSpread(
            fields.whole("priority"),
            fields.number("credit", _ZERO) * scale,
            tuple(legs),
            flat=flat,
            super_spread=fields.get("spread_group") == "S",
            scanning=method in _SCANNING,
        )
    )


def _first_half(draft: PositionalDraft, record: Record) -> None:
    half = ArrayDraft.of(record)
    if draft.halves.setdefault(half.identity, half) is not half:
        record.fields.fault("product", "a risk array once")


def _second_half(draft: PositionalDraft, record: Record) -> None:
    first = draft.halves.pop(ArrayDraft.identity_of(record), None)
    if first is None:
        record.fields.fault("product", "a record 81 of the same contract before it")
        return
    draft.arrays.append(first.completed(record))


_READERS: Mapping[str, Callable[[PositionalDraft, Record], None]] = {
    "0": _header,
    "T": _conversion,
    "1": _exchange,
    "P": _product,
    "2": _commodity,
    "3": _intra_tiers,
    "S": _scan_tiers,
    "C": _tier_spread,
    "E": _series_spread,
    "4": _delivery,
    "B": _array_parameters,
    "5": _group,
    "6": _inter_spread,
    "81": _first_half,
    "82": _second_half,
}
