"""Whether suspension, its end, and the port of a rehearsal passed, out of its books."""

from __future__ import annotations

from crossmargin.basics.money import Money
from crossmargin.participation.standing import StandingEvent, StandingState, standing_at
from crossmargin.services.books.participation import what_remains
from crossmargin.services.clearing_day.verifying import verify_work
from crossmargin.services.rehearsal.port import PORT
from crossmargin.services.rehearsal.reading import Finding, RehearsedBooks, group_of, list_of


def notice_given(books: RehearsedBooks) -> Finding:
    """Look at the notice, its surge table and its acknowledgement."""
    found = Finding()
    facts = books.file.standing
    notices = [each for each in facts if each.event is StandingEvent.NOTICE]
    found.expect(notices, f"a notice under {books.times.criterion.criterion_id}")
    for notice in notices:
        surge = group_of(notice.said["surge"])
        rows = [group_of(each) for each in list_of(surge["rows"])]
        found.evidence += [notice.record_id, *notice.causes]
        found.figures |= {
            "criterion": notice.criterion,
            "effective at": "" if notice.effective_at is None else notice.effective_at.isoformat(),
            "requirement": str(surge["requirement"]),
            "stand-alone": str(surge["standalone"]),
            **{f"{r['clearing_organization']} extra cash": str(r["surge"]) for r in rows},
            "extra cash": str(surge["extra_cash"]),
            "due at": str(notice.said["surge_due_at"]),
        }
    acknowledged = [each for each in facts if each.event is StandingEvent.ACKNOWLEDGED]
    found.evidence += [each.record_id for each in acknowledged]
    found.expect(acknowledged, "the customer's acknowledgement")
    return found


def suspension_in_effect(books: RehearsedBooks) -> Finding:
    """Look at the first cycle from which on the notice holds."""
    found = Finding()
    notice = next((f for f in books.file.standing if f.event is StandingEvent.NOTICE), None)
    if notice is None or notice.effective_at is None:
        found.lacking.append("a notice")
        return found
    day = notice.effective_at.date()
    record = books.requirement(day, "itd")
    if record is None:
        found.lacking.append(f"a requirement in the intraday cycle of {day}")
        return found
    found.evidence.append(record.record_id)
    found.figures |= {
        "requirement": str(record.content["requirement"]),
        "stand-alone": str(record.content["standalone"]),
        "called": str(Money.total(call.amount for call in books.calls_on(day))),
    }
    found.expect(notice.record_id in record.causes, "a requirement that names the notice")
    found.expect(record.content["reduction"] == "0.000000", "no reduction")
    directed = books.instructions(books.times.refused_day, "DIRECT_INTO_XM")
    found.evidence += [each.record_id for each in directed]
    found.expect(directed, "a direction into the account asked for")
    for each in directed:
        found.expect(each.content["outcome"] == "REFUSED", "a direction into the account refused")
    return found


def access_back(books: RehearsedBooks) -> Finding:
    """Look at whether access is back once the call is paid."""
    found, times = Finding(), books.times
    facts = books.file.standing
    ends = [each for each in facts if each.event is StandingEvent.REINSTATED]
    record = books.requirement(times.paid_day, "itd")
    found.expect(ends, "the notice lifted once the call was paid")
    found.evidence += [each.record_id for each in ends]
    state = standing_at(facts, times.at(times.last, "00:00"))
    found.figures["access"] = state.value
    found.expect(state is StandingState.ACTIVE, "access that is active")
    if record is not None:
        found.evidence.append(record.record_id)
        found.figures["requirement"] = str(record.content["requirement"])
        found.expect(
            not any(each.notice_id in record.causes for each in ends),
            "a requirement that names no notice",
        )
    return found


def ported(books: RehearsedBooks) -> Finding:
    """Look at what moved to the receiver, and that nothing remains."""
    found = Finding()
    records = books.work.records.select(stream=PORT, subject=books.subject)
    found.expect(records, "a port")
    for record in records:
        found.evidence.append(record.record_id)
        said = record.content
        found.figures |= {"receiver": str(said["receiver"]), "transfers": str(said["transfers"])}
        found.figures |= {k: str(v) for k, v in group_of(said["positions"]).items()}
        found.figures |= {k: str(v) for k, v in group_of(said["property"]).items()}
        found.expect(not list_of(said["refused"]), f"posted whole: {said['refused']}")
        found.expect(said["positions"], "positions that move")
        found.expect(said["property"], "property that moves")
    for line in what_remains(books.work, books.customer):
        found.lacking.append(f"nothing left, but {line}")
    return found


def books_verified(books: RehearsedBooks) -> Finding:
    """Look at whether the books hold."""
    found = Finding()
    findings = verify_work(books.work)
    found.figures["findings"] = str(len(findings))
    for each in findings:
        found.lacking.append(f"{each.check.value} at {each.where}")
    return found
