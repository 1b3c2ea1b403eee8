"""Names of the XML form: which elements are read inside which.

Source: CME's schema of the SPAN XML file, format 4.00. What is not named here is kept, not read.
"""

from __future__ import annotations

from collections.abc import Mapping

FILE_FORMAT = "4.00"
#: Element of a product family, by the type of product that it holds.
FAMILY_ELEMENTS: Mapping[str, str] = {
    "PHY": "phyPf",
    "FUT": "futPf",
    "CMB": "cmbPf",
    "OOP": "oopPf",
    "OOF": "oofPf",
    "OOC": "oocPf",
}
CONTRACT_ELEMENTS: Mapping[str, str] = {"PHY": "phy", "FUT": "fut", "CMB": "cmb"}
#: Type of the underlying product of each type of option.
UNDERLYING_TYPES: Mapping[str, str] = {"OOP": "PHY", "OOF": "FUT", "OOC": "CMB"}

_FAMILY = frozenset(
    [
        "pfId",
        "pfCode",
        "name",
        "currency",
        "cvf",
        "priceDl",
        "priceFmt",
        "valueMeth",
        "undPf",
        "strikeDl",
    ]
)
_CONTRACT = frozenset(["cId", "pe", "p", "d", "cvf", "sc", "undC", "scanRate", "ra"])
READ_CHILDREN: Mapping[str, frozenset[str]] = {
    "spanFile": frozenset(["fileFormat", "definitions", "pointInTime"]),
    "pointInTime": frozenset(["date", "isSetl", "clearingOrg"]),
    "clearingOrg": frozenset(
        [
            "ec",
            "name",
            "curConv",
            "pbRateDef",
            "pointDef",
            "exchange",
            "ccDef",
            "superSpreads",
            "interSpreads",
        ]
    ),
    "exchange": frozenset(("exch", "name", *FAMILY_ELEMENTS.values())),
    "phyPf": _FAMILY | {"phy"},
    "futPf": _FAMILY | {"fut"},
    "cmbPf": _FAMILY | {"cmb"},
    **dict.fromkeys(("oopPf", "oofPf", "oocPf"), _FAMILY | {"series"}),
    **dict.fromkeys(("phy", "fut", "cmb"), _CONTRACT),
    "series": frozenset(["pe", "cvf", "sc", "undC", "scanRate", "opt"]),
    "opt": frozenset(["cId", "o", "k", "p", "d", "cvf", "sc", "ra"]),
    "ccDef": frozenset(
        [
            "cc",
            "name",
            "group",
            "currency",
            "riskExponent",
            "capAnov",
            "wfprMeth",
            "spotMeth",
            "somMeth",
            "pointDef",
            "pfLink",
            "adjRate",
            "scanTiers",
            "intraTiers",
            "interTiers",
            "somTiers",
            "dSpread",
            "spotRate",
            "basisRates",
        ]
    ),
    "superSpreads": frozenset(("dSpread", "sSpread")),
    "interSpreads": frozenset(("dSpread", "sSpread")),
    "dSpread": frozenset(["spread", "chargeMeth", "rate", "tLeg", "pLeg"]),
    "spotRate": frozenset(["r", "pe", "sprd", "outr"]),
    "tier": frozenset(["tn", "sPe", "ePe", "rate"]),
    **dict.fromkeys(("scanTiers", "intraTiers", "interTiers", "somTiers"), frozenset(("tier",))),
}
