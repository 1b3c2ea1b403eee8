"""Packages: every position and every dollar that moves, and their pages."""

from __future__ import annotations

import json

from crossmargin.basics.money import Money
from crossmargin.presentation.port_packages import package_documents, package_files
from crossmargin.presentation.port_plan import port_document
from crossmargin.services.porting.packages import packages_of
from crossmargin.services.porting.planning import PortPlan
from crossmargin.services.porting.porting_parameters import PortingParameters


def test_packages_hold_every_position_and_every_dollar_that_moves(
    parameters: PortingParameters, open_plan: PortPlan
) -> None:
    document = port_document(open_plan, parameters)
    packages = packages_of(open_plan)
    assert list(packages) == ["NORTH"]
    documents = package_documents(packages, document)
    for each in documents["NORTH"]["customers"]:
        worth = Money.total(_money(item["value"]) for item in each["property"])
        assert worth == _money(each["value"])
        account = open_plan.book.accounts[each["customer_id"]]
        assert sum(position["quantity"] for position in each["positions"]) == sum(
            account.quantities.values()
        )
        assert "a contact" in each["lacks"]
    files = package_files(documents)
    assert set(files) == {
        f"01-NORTH/{name}"
        for name in (
            "cover.html",
            "package.json",
            "customers.csv",
            "positions.csv",
            "property.csv",
            "documents.csv",
            "to_obtain.csv",
        )
    }
    assert json.loads(files["01-NORTH/package.json"]) == documents["NORTH"]
    assert documents["NORTH"]["plan_digest"] == document["digest"]
    rows = files["01-NORTH/positions.csv"].splitlines()
    assert len(rows) == 1 + len(open_plan.book.run.positions.lines)


def _money(text: str) -> Money:
    return Money(int(text.replace(".", "")))


def test_pages_make_no_request_and_escape_what_others_wrote(
    parameters: PortingParameters, open_plan: PortPlan
) -> None:
    document = {**port_document(open_plan, parameters), "bd_fcm": "<b>FIRM</b>"}
    documents = package_documents(packages_of(open_plan), document)
    cover = package_files(documents)["01-NORTH/cover.html"]
    assert "default-src 'none'" in cover
    assert "<b>FIRM" not in cover
    assert "&lt;b&gt;FIRM" in cover
