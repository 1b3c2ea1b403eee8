"""Risk factors and the correlation assumptions behind the offsets."""

from __future__ import annotations

from crossmargin.charts.factors import basis_volatility, correlation, par_yields_and_volatility
from crossmargin.market.scenarios import BASIS_CONTRACTS, ScenarioSet
from crossmargin.methodology.inputs import PackInputs
from crossmargin.methodology.moments import (
    correlations,
    deviations,
    factor_columns,
    factor_labels,
)
from crossmargin.methodology.values import Figure, Paragraph, Part, Section, Table, table
from crossmargin.methodology.words import figure_text, parameter, result, tenor

_PLACES = 2


def factors(inputs: PackInputs) -> Section:
    """Return the section."""
    return Section(
        "factors",
        "Risk factors and correlation assumptions",
        (_risk_factors(inputs), _correlations(inputs), _basis(inputs), _mapping(inputs)),
        answers="the risk factors and correlation assumptions underlying cross-product offsets",
    )


def _risk_factors(inputs: PackInputs) -> Part:
    facts = inputs.factors
    ficc, scaled, stress = facts.ficc.historical, facts.cme.historical, facts.cme.stress
    labels = factor_labels(ficc, BASIS_CONTRACTS)
    columns = [factor_columns(each) for each in (ficc, scaled, stress)]
    spreads = [deviations(each) for each in columns]
    rows = [
        [
            label,
            *(figure_text(spread[place], _PLACES) for spread in spreads),
            figure_text(max(columns[0][place]), _PLACES),
            figure_text(min(columns[0][place]), _PLACES),
        ]
        for place, label in enumerate(labels)
    ]
    keys = [tenor(float(years)) for years in ficc.key_years]
    values = {
        "keys": result(len(keys), "market.key_rate_years"),
        "contracts": result(len(BASIS_CONTRACTS), "contracts with a basis factor"),
        "horizon_ficc": parameter(inputs, "ficc.horizon_days"),
        "horizon_cme": parameter(inputs, "cme.horizon_days"),
        "since": parameter(inputs, "market.factors_from"),
        "ladder": parameter(inputs, "market.key_rate_years"),
    }
    return Part(
        "Risk factors",
        (
            Paragraph(
                "Every instrument is repriced in full under joint moves of {keys} key rates of the "
                "Treasury zero curve ({ladder} years), the cash-futures basis of {contracts} "
                "Treasury contracts, and the spread between SOFR and Treasury rates at two ends. "
                "Moves are those of history since {since}, over {horizon_ficc} scenario dates at "
                "FICC and {horizon_cme} at CME; there each is rescaled to the volatility of today.",
                values,
            ),
            Figure(
                "factors",
                par_yields_and_volatility(
                    inputs.market.par_pct,
                    {
                        name: dict(zip(keys, spread[: len(keys)], strict=True))
                        for name, spread in zip(_names(inputs), spreads, strict=True)
                    },
                ),
                Paragraph(
                    "Standard deviations are about zero. The CME-style model's are of one horizon "
                    "of its own and not to be compared in height with FICC's."
                ),
                "scenario sets of both models",
            ),
            table(
                "Every risk factor, basis points over each model's horizon",
                (
                    *(
                        "factor",
                        "deviation, FICC",
                        "deviation, CME scaled",
                        "deviation, CME stress",
                    ),
                    *("largest rise, FICC", "largest fall, FICC"),
                ),
                rows,
                origin="scenario sets of both models",
            ),
        ),
    )


def _names(inputs: PackInputs) -> tuple[str, str, str]:
    days = [inputs.parameters[owner].text("horizon_days") for owner in ("ficc", "cme", "cme")]
    kinds = ("FICC-style", "CME-style, scaled", "CME-style, stress")
    ficc, scaled, stress = (
        f"{kind}: over {count} scenario date{'' if int(count) == 1 else 's'}"
        for kind, count in zip(kinds, days, strict=True)
    )
    return ficc, scaled, stress


def _correlations(inputs: PackInputs) -> Part:
    values = {
        "scaling": parameter(inputs, "cme.correlation_scaling"),
        "haircuts": parameter(inputs, "ficc.haircut_correlation"),
    }
    return Part(
        "Correlations",
        (
            Paragraph(
                "No correlation is assumed between risk factors: a scenario moves all of them as "
                "they moved together on its dates, so the offsets rest on the joint history below. "
                "Rescaling of correlations at CME is {scaling}. "
                "Correlations between maturity buckets of the haircut method follow the version "
                "{haircuts}; it margins what has no sensitivities and is outside the offsets.",
                values,
            ),
            _heat("correlation-ficc", "FICC-style scenarios", inputs.factors.ficc.historical),
            _heat("correlation-cme", "CME-style scaled scenarios", inputs.factors.cme.historical),
        ),
    )


def _heat(name: str, where: str, scenarios: ScenarioSet) -> Figure:
    labels = factor_labels(scenarios, BASIS_CONTRACTS)
    return Figure(
        name,
        correlation(labels, correlations(factor_columns(scenarios)), where=where),
        Paragraph(
            "About zero, over all scenarios. A contract whose basis is a neighbour's repeats that "
            "neighbour's row: the next figure says for how many scenarios."
        ),
        "scenario sets",
    )


def _basis(inputs: PackInputs) -> Part:
    estimates = inputs.factors.estimates
    proxied = inputs.factors.ficc.historical.proxied
    regimes = list(dict.fromkeys(regime for each in estimates.values() for regime in each))
    by_regime = {
        f"{regime} dates": [
            estimates[name][regime].noise_free_sd_bp
            if name in estimates and regime in estimates[name]
            else float("nan")
            for name in BASIS_CONTRACTS
        ]
        for regime in regimes
    }
    origins = {
        "the contract's own": [proxied.basis[name].own for name in BASIS_CONTRACTS],
        "a neighbour's": [proxied.basis[name].neighbour for name in BASIS_CONTRACTS],
        "redrawn": [proxied.basis[name].redrawn for name in BASIS_CONTRACTS],
    }
    values = {
        "noise": parameter(inputs, "market.timing_noise"),
        "lags": parameter(inputs, "market.noise_variance_lags"),
        "since": parameter(inputs, "market.residuals_from"),
        "curve": result(proxied.curve, "scenario sets"),
        "spread": result(proxied.spread_redrawn, "scenario sets"),
        "count": result(inputs.factors.ficc.historical.count, "scenario sets"),
        "multiple": parameter(inputs, "ficc.basis_volatility_multiple"),
    }
    return Part(
        "Basis and spread",
        (
            Paragraph(
                "Futures closes and the Treasury curve are not taken at the same minute, so most "
                "of a one-day residual is timing and not basis. Timing noise is {noise}: it is "
                "told "
                "from what accumulates by how the variance of residuals grows over lags up to "
                "{lags}, on residuals since {since}. Estimates are multiplied by {multiple}.",
                values,
            ),
            Paragraph(
                "Of {count} FICC-style scenarios, {curve} fill or leave out a point of the curve "
                "and {spread} redraw the spread between SOFR and Treasury rates.",
                values,
            ),
            Figure(
                "basis",
                basis_volatility(BASIS_CONTRACTS, by_regime, origins),
                Paragraph(
                    "Above, noise-free deviations where a contract's own prices allow an estimate; "
                    "below, whose residual the scenarios of each contract repeat."
                ),
                "noise estimates and scenario sets",
            ),
            _estimates(inputs),
        ),
    )


def _estimates(inputs: PackInputs) -> Table:
    rows = [
        [
            name,
            regime,
            figure_text(one.raw_sd_bp, _PLACES),
            figure_text(one.noise_free_sd_bp, _PLACES),
            figure_text(one.daily_sd_bp, _PLACES),
            figure_text(one.share, _PLACES),
            f"{one.observations:,}",
        ]
        for name, by_regime in inputs.factors.estimates.items()
        for regime, one in by_regime.items()
    ]
    return table(
        "Residuals with and without timing noise, FICC's horizon",
        (
            *("factor", "dates", "raw, bp", "noise-free, bp", "a day, bp"),
            *("share kept", "observations"),
        ),
        rows,
        origin="noise estimates",
        words=2,
    )


def _mapping(inputs: PackInputs) -> Part:
    values = {
        "ficc": parameter(inputs, "ficc.sensitivity_source"),
        "valuation": parameter(inputs, "ficc.valuation"),
        "cme": parameter(inputs, "cme.equivalent_contract"),
        "engine": parameter(inputs, "cme.engine"),
    }
    return Part(
        "How each model sees the other's products",
        (
            Paragraph(
                "The FICC-style model takes futures as the forward of what is cheapest to deliver "
                "in each scenario, over its conversion factor, with the contract's basis; "
                "sensitivities are by {ficc}, valuation is {valuation}. "
                "The CME-style model ({engine}) takes securities as futures-equivalents "
                "({cme}) of the same dollar value of a basis point, so an issue's own spread is in "
                "FICC's figure alone.",
                values,
            ),
        ),
    )
