"""Back-ups: the verdict on each customer's receiver."""

from __future__ import annotations

from crossmargin.default_management.porting.customers import Carriage
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.porting.backup import backup_verdicts
from crossmargin.services.porting.inputs import CustomerFacts
from crossmargin.services.porting.margins import Remargining
from crossmargin.services.porting.planning import PortRequest
from crossmargin.services.porting.porting_parameters import PortingParameters
from crossmargin.testing.port_plans import NORTH, REQUIRED, book_of, file_of
from crossmargin.testing.porting import receiver


def test_backups_say_the_margin_there_with_the_arrangement_and_without(
    simulated_run: MarginRun, remargining: Remargining, parameters: PortingParameters
) -> None:
    tight = receiver("TIGHT", capital=10**9, has_agreement=False)
    facts = [
        CustomerFacts("CURVE-FUND", backup="NORTH"),
        CustomerFacts("BASIS-FUND", backup="TIGHT"),
    ]
    book = book_of(simulated_run, remargining, file_of(NORTH, tight, customers=facts))
    request = PortRequest(REQUIRED, parameters.rules, parameters.clock)
    found = {each.customer.customer_id: each for each in backup_verdicts(book, request)}
    curve, basis, bank = found["CURVE-FUND"], found["BASIS-FUND"], found["REGIONAL-BANK"]
    assert (curve.stands_ready, basis.stands_ready, bank.stands_ready) == (True, True, False)
    assert curve.margins[Carriage.XM] < curve.margins[Carriage.STANDALONE]
    assert list(basis.margins) == [Carriage.STANDALONE], "it takes no part in the arrangement"
    assert bank.receiver is None
