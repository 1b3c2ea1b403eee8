"""In which proceeding FICC would fail, and what that changes: the figures not, the way they come.

Bankruptcy and an orderly liquidation under Title II of the Dodd-Frank Act both respect security
entitlements, so what is recovered is computed once. What differs, and how it is known, stands here.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RegimeTerm:
    """One question, with the answer under each regime.

    Parameters
    ----------
    question : str
    bankruptcy, title_ii : str
    source : str
    status : str
        Of the answers: ``sourced``, ``recalled``, ``inferred``; or ``unknown``.
    """

    question: str
    bankruptcy: str
    title_ii: str
    source: str
    status: str


#: In the order in which they arise.
REGIME_TERMS: tuple[RegimeTerm, ...] = (
    RegimeTerm(
        "who administers",
        "a trustee, or the debtor; not subchapter IV, not SIPA, not subchapter III",
        "the FDIC as receiver",
        "CFTC proposed order, 90 FR 58525, III.C and footnote 48",
        "sourced",
    ),
    RegimeTerm(
        "property under entitlements",
        "held for the holders, not of the estate: NYUCC 8-503(a)",
        "enforceable entitlements respected: 12 U.S.C. 5390(a)(1)(D), (b)(5)",
        "CFTC proposed order, III.C and footnote 48",
        "sourced",
    ),
    RegimeTerm(
        "avoidance of entitlements",
        "what is not the debtor's is not recovered by its trustee",
        "not avoidable: 12 U.S.C. 5390(c)(12)(B)",
        "CFTC proposed order, footnote 48; of bankruptcy inferred",
        "sourced",
    ),
    RegimeTerm(
        "what is lacking in an asset",
        "an unsecured claim on the estate",
        "a claim for the difference alone: 12 U.S.C. 5390(b)(5)",
        "CFTC proposed order, footnote 48; of bankruptcy inferred from NYUCC 8-503",
        "sourced",
    ),
    RegimeTerm(
        "least that a creditor receives",
        "what the estate has",
        "no less than in a liquidation under chapter 7: 12 U.S.C. 5390(a)(7)(B)",
        "the statute, not read here",
        "recalled",
    ),
    RegimeTerm(
        "stay",
        "of acts against property of the estate: 11 U.S.C. 362",
        "one business day on closing out qualified financial contracts: 12 U.S.C. 5390(c)(10)(B)",
        "the statutes, not read here",
        "recalled",
    ),
    RegimeTerm(
        "when property is returned",
        "in no source that was read",
        "in no source that was read",
        "none",
        "unknown",
    ),
)
