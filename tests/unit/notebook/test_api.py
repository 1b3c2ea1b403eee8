"""The Python face: customers by id, or by BD-FCM and id; frames; a document nobody can change."""

from dataclasses import replace
from datetime import date

import pytest

import crossmargin
from crossmargin.basics.refusals import RefusedError
from crossmargin.market.history import MarketData
from crossmargin.notebook.api import Market
from crossmargin.testing.builders import AS_OF

HEADER = "bd_fcm,customer_id,clearing_organization,account,instrument,quantity"
ROWS = ("X,A,CME,XM,ZNM26,10", "Y,A,CME,XM,ZNM26,20", "X,B,CME,XM,ZBM26,-5")


@pytest.fixture(scope="module")
def result(simulated_market: MarketData, tmp_path_factory: pytest.TempPathFactory):
    path = tmp_path_factory.mktemp("positions") / "positions.csv"
    path.write_text("\n".join((HEADER, *ROWS, "")), encoding="utf-8")
    portfolio = crossmargin.read_positions(path)
    return crossmargin.margin(portfolio, Market(simulated_market), date=AS_OF.isoformat())


def test_a_customer_at_two_bd_fcms_is_two_customers(result):
    assert list(result.customers) == [("X", "A"), "B", ("Y", "A")]
    one, two = (result.customers[firm, "A"].document["requirement"] for firm in ("X", "Y"))
    assert float(two) == pytest.approx(2 * float(one), abs=0.02)
    with pytest.raises(KeyError, match="stands at 2 BD-FCMs"):
        result.customers["A"]


def test_changing_a_document_changes_nothing(result):
    before = result.customers["B"].document["requirement"]
    result.customers["B"].document["requirement"] = "0"
    result.document["customers"].clear()
    assert result.customers["B"].document["requirement"] == before


def test_the_frame_has_a_row_a_customer_with_the_documents_figures(result):
    frame = result.to_frame()
    figures = [customer["requirement"] for customer in result.document["customers"]]
    assert frame["requirement"].to_list() == figures


def test_an_explanation_shows_itself(result):
    explained = result.customers["B"].explain()
    assert "Key-rate DV01" in repr(explained)
    assert explained._repr_html_().startswith("<pre>")


def test_a_date_without_prices_needs_them_derived(simulated_market, tmp_path):
    path = tmp_path / "positions.csv"
    path.write_text("\n".join((HEADER, *ROWS, "")), encoding="utf-8")
    portfolio, day = crossmargin.read_positions(path), "2026-03-23"
    # The demo's market has one sheet: put it where it is the last before the date.
    sheet = replace(simulated_market.price_sheets[AS_OF], price_date=date(2026, 3, 16))
    market = Market(replace(simulated_market, price_sheets={sheet.price_date: sheet}))
    with pytest.raises(RefusedError):
        crossmargin.margin(portfolio, market, date=day)
    result = crossmargin.margin(portfolio, market, date=day, derived_prices=True)
    assert result.document["market"]["prices"] == {"derived_from": "2026-03-16"}
