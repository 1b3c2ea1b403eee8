"""The pack in its two editions.

The public edition is a function of :class:`~crossmargin.methodology.inputs.PackInputs`, which hold
no customer's book: it cannot show one. The firm's own edition adds its customers.
"""

from __future__ import annotations

from collections.abc import Iterable

from crossmargin.methodology.calibration import calibration
from crossmargin.methodology.customers import customers
from crossmargin.methodology.drivers import drivers
from crossmargin.methodology.factors import factors
from crossmargin.methodology.governance import all_parameters, governance, known_deviations
from crossmargin.methodology.inputs import FirmInputs, PackInputs
from crossmargin.methodology.scenarios import scenarios
from crossmargin.methodology.values import Pack, Paragraph, Part, Section, table
from crossmargin.methodology.words import result

PUBLIC, FIRM = "public", "firm"


def public_pack(inputs: PackInputs) -> Pack:
    """Return the public edition: the models and standard books."""
    return _pack(PUBLIC, inputs, [drivers(inputs), *_body(inputs)], _identity(inputs))


def firm_pack(inputs: PackInputs, firm: FirmInputs) -> Pack:
    """Return the firm's own edition: the public one and the firm's customers."""
    identity = [*_identity(inputs), ("positions file, SHA of its bytes", firm.positions_sha256)]
    sections = [drivers(inputs), customers(inputs, firm), *_body(inputs)]
    return _pack(FIRM, inputs, sections, identity)


def _body(inputs: PackInputs) -> list[Section]:
    return [
        factors(inputs),
        scenarios(inputs),
        calibration(inputs),
        governance(inputs),
        known_deviations(inputs),
        all_parameters(inputs),
    ]


def _pack(
    edition: str,
    inputs: PackInputs,
    sections: Iterable[Section],
    identity: Iterable[tuple[str, str]],
) -> Pack:
    identity = tuple(identity)
    last = Section(
        "identity",
        "Versions and digests",
        (
            Part(
                "What made this pack",
                (
                    Paragraph(
                        "The same market, parameters and program give this pack again, digest for "
                        "digest; no clock is in it."
                    ),
                    table(
                        "Versions and digests",
                        ("what", "value"),
                        identity,
                        origin="the run",
                        words=2,
                    ),
                ),
            ),
        ),
    )
    return Pack(
        edition=edition,
        as_of=inputs.as_of,
        simulated=inputs.market.simulated,
        notices=tuple(_notices(inputs)),
        sections=(*sections, last),
        identity=identity,
    )


def _notices(inputs: PackInputs) -> Iterable[Paragraph]:
    if inputs.market.simulated:
        yield Paragraph("SIMULATED MARKET: no figure here comes from real prices.")
    reviews = sorted(
        {rules.model.review for rules in inputs.parameters.values() if rules.model is not None}
    )
    yield Paragraph(
        "No model here is FICC's or CME's, and every one is {review}. This is not legal advice.",
        {"review": result("; ".join(reviews), "parameter files")},
    )
    if inputs.market.prices_derived_from is not None:
        yield Paragraph(
            "DERIVED PRICES: the curve of {date} with each security's spread of {source}.",
            {
                "date": result(inputs.as_of, "as-of date"),
                "source": result(inputs.market.prices_derived_from, "price sheet"),
            },
        )


def _identity(inputs: PackInputs) -> list[tuple[str, str]]:
    facts = inputs.factors
    rows = [
        ("program", inputs.program),
        ("as-of date", inputs.as_of.isoformat()),
        ("market", inputs.market.digest),
        ("FICC-style model", facts.ficc_name),
        ("CME-style model", facts.cme_name),
        ("FICC-style scenarios", facts.ficc.identity.replace("+", " ")),
        ("CME-style scenarios", facts.cme.identity.replace("+", " ")),
    ]
    rows += [(f"parameters of {owner}", rules.digest) for owner, rules in inputs.parameters.items()]
    return rows
