"""A simulated default as one document and as rows.

Money and ratios are decimal strings, dates ISO. The digest covers what was computed: not the names
and digests of the input files, in which the order of customers would show.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crossmargin.basics.digest import digest_of
from crossmargin.default_management.claims import claimant_of
from crossmargin.default_management.comparison import CustomerComparison, Recovery
from crossmargin.default_management.delivery import Delivery
from crossmargin.default_management.loss_sharing import CmeToFicc
from crossmargin.default_management.unsold import unsold_books
from crossmargin.presentation.default_case import Document, case_document, reading_document
from crossmargin.presentation.default_notices import default_notices, notices_of_customers
from crossmargin.presentation.run_parts import market_part, positions_part
from crossmargin.services.defaults.default_parameters import DefaultParameters
from crossmargin.services.defaults.paths import Historical
from crossmargin.services.defaults.readings import BothCases
from crossmargin.services.defaults.simulate import DefaultSimulation

#: Of one claimant in one case.
AMOUNTS = (
    *("margin", "other_accounts", "result", "beyond_property"),
    *("claim", "unpaid", "recovered", "lost"),
)
PARTS = (
    "close_out_result",
    "margin_collected",
    "payments_between_organizations",
    "share_of_the_pool",
    "losses_beyond_property",
)


def default_document(
    found: DefaultSimulation, parameters: DefaultParameters, *, firm_sha256: str
) -> Document:
    """Return the JSON shape of a simulated default.

    Parameters
    ----------
    found : DefaultSimulation
    parameters : DefaultParameters
    firm_sha256 : str
        Of the firm's file.
    """
    run, request = found.run, found.request
    day = run.result.day
    opening = found.at_last_cycle
    path = request.path
    default_of = path.failed_on if isinstance(path, Historical) else opening.failed_on
    own_notices = notices_of_customers(found)
    if_cme_pays = found.readings.cme_to_ficc[CmeToFicc.ON]
    delivered = {
        "with_arrangement": found.deliveries(found.with_arrangement),
        "without_arrangement": found.deliveries(found.without),
    }
    body: Document = {
        "as_of": day.as_of.isoformat(),
        "mode": opening.path.mode,
        "path": path.as_document(),
        "default_of": default_of.isoformat(),
        "last_cycle": opening.opening.isoformat(),
        "first_day": opening.failed_on.isoformat(),
        "method": request.method.value,
        "participants": "ported" if request.ports_participants else "closed_out",
        "market": market_part(day),
        "models": {"ficc": day.ficc.name, "cme": day.cme.name},
        "parameters": parameters.as_document(),
        "firm": {
            "bd_fcm": found.firm.bd_fcm,
            "residual_interest": str(found.firm.residual_interest),
            "adjusted_net_capital": str(found.firm.adjusted_net_capital),
            "minimum_capital": str(found.firm.minimum_capital),
        },
        "claimants": {
            name: {
                **_compared(found, name, each),
                "delivered": {case: _delivery(of[name]) for case, of in delivered.items()},
                "notices": own_notices.get(name, []),
            }
            for name, each in found.comparison.items()
        },
        "collateral": _collateral(found),
        "unsold": {
            name: {
                "property": str(each.property_value),
                "lowest": str(each.lowest),
                "on": each.lowest_on.isoformat(),
            }
            for name, each in unsold_books(found.with_arrangement.holdings, opening.unsold).items()
        },
        "with_arrangement": case_document(
            found.with_arrangement, found.close_outs, if_cme_pays=if_cme_pays.with_arrangement
        ),
        "without_arrangement": case_document(
            found.without, found.close_outs_without, if_cme_pays=if_cme_pays.without
        ),
        "readings": _readings(found),
        "payout_terms": _payout_terms(parameters),
        "left_out": {name: list(lines) for name, lines in sorted(opening.left_out.items())},
        "notices": default_notices(found),
    }
    inputs = {"positions": positions_part(run), "firm_sha256": firm_sha256}
    return {**body, "inputs": inputs, "digest": digest_of(body)}


_PAYOUT_TERMS = (
    *("transfer_days", "interim_distribution_share", "interim_distribution_days"),
    "final_distribution_days",
)


def _payout_terms(parameters: DefaultParameters) -> Document:
    """Return when and how much is paid, and how each of it is known."""
    of = parameters.default_management.parameters
    return {
        name: {
            "value": of[name].value,
            "unit": of[name].unit,
            "status": of[name].status.value,
        }
        for name in _PAYOUT_TERMS
    }


def _readings(found: DefaultSimulation) -> Document:
    """Return both cases under each reading, and the case without payments beside that with them."""
    rules, payments = found.rules, {"on": found.with_arrangement, "off": found.without_payments}
    readings: dict[str, tuple[str, Mapping[Any, BothCases]]] = {
        "set_off_between_classes": (rules.set_off.value, found.readings.set_off),
        "cme_to_ficc": (rules.sharing.cme_to_ficc.value, found.readings.cme_to_ficc),
    }
    return {
        **{
            parameter: {
                "of_record": of_record,
                "by_reading": {
                    str(reading): {
                        "with_arrangement": reading_document(both.with_arrangement),
                        "without_arrangement": reading_document(both.without),
                    }
                    for reading, both in of.items()
                },
            }
            for parameter, (of_record, of) in readings.items()
        },
        "guaranty": {
            "of_record": "on",
            "by_reading": {
                name: {"with_arrangement": reading_document(case), "without_arrangement": None}
                for name, case in payments.items()
            },
        },
    }


def _compared(found: DefaultSimulation, claimant: str, each: CustomerComparison) -> Document:
    difference, facts = each.difference, found.firm.trustee
    return {
        "customers": [
            name
            for name, account in sorted(found.with_arrangement.holdings.customers.items())
            if claimant_of(facts.held_as(account.owner).capacity) == claimant
        ],
        "with_arrangement": _recovery(each.with_arrangement),
        "without_arrangement": _recovery(each.without),
        "difference": {
            **{name: str(getattr(difference, name)) for name in PARTS},
            "total": str(difference.total),
        },
    }


def _delivery(of: Delivery) -> Document:
    return {
        "par_by_cusip": dict(of.par_by_cusip),
        "securities_value": str(of.securities_value),
        "cash": str(of.cash),
    }


def _collateral(found: DefaultSimulation) -> list[Document]:
    return [
        {
            "customer": customer,
            "at": organization.value,
            "cusip": cusip,
            "par": each.par_dollars,
            "market_value": str(each.value),
            "haircut": str(each.value - pledged.counted[cusip]),
            "counted": str(pledged.counted[cusip]),
        }
        for (customer, organization), pledged in sorted(found.pledged.items())
        for cusip, each in pledged.margined.items()
    ]


def _recovery(each: Recovery) -> Document:
    return {name: str(getattr(each, name)) for name in AMOUNTS}


CSV_HEADER = (
    *("as_of", "simulated", "mode", "default_of", "claimant", "customers", "participates"),
    *(f"{name}_with" for name in AMOUNTS),
    *(f"{name}_without" for name in AMOUNTS),
    *(f"difference_{name}" for name in (*PARTS, "total")),
)


def csv_rows(document: Mapping[str, Any]) -> list[list[str]]:
    """Return one row a claimant, by :data:`CSV_HEADER`."""
    lead = [
        document["as_of"],
        str(document["market"]["simulated"]).lower(),
        document["mode"],
        document["default_of"],
    ]
    customers = document["with_arrangement"]["customers"]
    rows = []
    for name, each in document["claimants"].items():
        own = each["customers"]
        participates = any(customers[one]["participates"] for one in own)
        rows.append(
            [
                *lead,
                name,
                ";".join(own),
                str(participates).lower(),
                *(each["with_arrangement"][amount] for amount in AMOUNTS),
                *(each["without_arrangement"][amount] for amount in AMOUNTS),
                *(each["difference"][part] for part in (*PARTS, "total")),
            ]
        )
    return rows
