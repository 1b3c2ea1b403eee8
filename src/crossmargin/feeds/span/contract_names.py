"""Contracts of a parameter set by how a positions file may name their product.

A product is named by its code in the file; by its Globex code (``ZN``) or the name that the file
gives it (``10Y NOTE``) where only one product has that and none has it for a code.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Sequence

from crossmargin.margin.cme.span.parameters import SpanContract, SpanParameters
from crossmargin.product.specifications import PRODUCTS

_NAMED_MAX = 4


class ContractNames:
    """Finds the contracts of a product and a period, or says what is near."""

    def __init__(self, parameters: SpanParameters) -> None:
        self._contracts: dict[tuple[str, str], list[SpanContract]] = defaultdict(list)
        for contract in parameters.contracts:
            self._contracts[contract.product.code, contract.period.text].append(contract)
        self._codes = {code for code, _ in self._contracts}
        self._named: dict[str, set[str]] = defaultdict(set)
        for product in PRODUCTS.values():
            if product.clearing_code in self._codes:
                self._named[product.code].add(product.clearing_code)
        for commodity in parameters.commodities:
            for family in commodity.families:
                if family.name and family.key.code in self._codes:
                    self._named[family.name].add(family.key.code)

    def code_of(self, name: str) -> str:
        """Return the code that a name stands for; the name itself where it is none or several."""
        codes = self._named.get(name, set())
        return next(iter(codes)) if name not in self._codes and len(codes) == 1 else name

    def candidates(self, name: str, period: str) -> Sequence[SpanContract]:
        """Return the contracts of a product, by code or name, and a period."""
        return self._contracts.get((self.code_of(name), period), [])

    def nearest(self, name: str, period: str) -> str:
        """Return words on what the set has that is near, empty where nothing is."""
        code = self.code_of(name)
        if code in self._codes:
            periods = sorted(each for product, each in self._contracts if product == code)
            near = difflib.get_close_matches(period, periods, n=_NAMED_MAX, cutoff=0.0)
            return f"; the nearest of {self._shown(code)} are {', '.join(sorted(near))}"
        several = self._named.get(name, set())
        near = sorted(several) or [
            self.code_of(each)
            for each in difflib.get_close_matches(
                name.upper(), [*self._codes, *self._named], n=_NAMED_MAX, cutoff=0.5
            )
        ]
        shown = [self._shown(each) for each in dict.fromkeys(near)][:_NAMED_MAX]
        return f"; did you mean product {' or '.join(shown)}?" if shown else ""

    def _shown(self, code: str) -> str:
        names = sorted(name for name, codes in self._named.items() if codes == {code} != {name})
        return f"{code} ({', '.join(names)})" if names else code
