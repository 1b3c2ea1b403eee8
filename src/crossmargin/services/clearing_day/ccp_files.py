"""A cycle's figures in the shapes of the clearing organizations' files, kept for the outbox.

They are those of the cycle's run itself, so that a file that goes out is the requirement that was
called. BusDate is the business date, whatever the date of the prices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from crossmargin.arrangement.cycles import Cycle
from crossmargin.basics.records import Record
from crossmargin.services.books.ports import Records, Work
from crossmargin.services.clearing_day.context import DayContext
from crossmargin.services.clearing_day.schedule import Step, StepKind
from crossmargin.services.margin_positions import MarginRun
from crossmargin.services.reconciliation import CcpFile, CcpLine, FileKind
from crossmargin.services.reconciliation_figures import our_file

CCP_FILE = "CCP_FILE"
_CALLING = frozenset({Cycle.ITD, Cycle.EOD, Cycle.EODXM})
#: What goes out, and of which cycles: MARGIN001 knows no EODXM.
_WRITTEN: Mapping[FileKind, frozenset[Cycle]] = {
    FileKind.XMFICCCUSIP: _CALLING,
    FileKind.XMFICCPOSN: _CALLING,
    FileKind.XMFICCMARGINSAVINGS: _CALLING,
    FileKind.MARGIN001: frozenset({Cycle.ITD, Cycle.EOD}),
    FileKind.CGMMARGINSSUMMARY: _CALLING,
}


def keep_ccp_files(
    context: DayContext, work: Work, run: MarginRun, cycle: Cycle, step: Step, *, run_id: str
) -> None:
    """Keep a cycle's files; nothing of a cycle that calls nothing.

    A cycle that is struck again is its second run.
    """
    number = 2 if step.kind is StepKind.EODXM_RESTRUCK else 1
    for kind, cycles in _WRITTEN.items():
        if cycle not in cycles:
            continue
        file = our_file(run, kind, cycle=cycle.value, run_number=number)
        content = {
            "kind": kind.value,
            "cycle": file.cycle,
            "run": file.run,
            "figures": list(file.figures),
            "lines": [
                [
                    line.customer,
                    line.key,
                    {name: str(value) for name, value in line.figures.items()},
                    "yes" if line.in_total else "no",
                ]
                for line in file.lines
            ],
        }
        day = step.business_date.isoformat()
        record_id = f"ccp-file/{context.bd_fcm}/{day}/{step.name}/{kind.value}"
        work.records.add(
            context.written(step, run_id).record(record_id, CCP_FILE, context.bd_fcm, content)
        )


def ccp_files_of(records: Records, bd_fcm: str, day: date) -> tuple[CcpFile, ...]:
    """Return a day's files, as they were made."""
    found = records.select(stream=CCP_FILE, subject=bd_fcm, first=day, last=day)
    return tuple(_file_of(each) for each in found)


def _file_of(record: Record) -> CcpFile:
    said = record.content
    lines, figures = said["lines"], said["figures"]
    if not isinstance(lines, Sequence) or not isinstance(figures, Sequence):
        raise TypeError(f"expected a file of a clearing organization, was {record!r}")
    return CcpFile(
        kind=FileKind(str(said["kind"])),
        bus_date=record.business_date,
        cycle=str(said["cycle"]),
        run=int(str(said["run"])),
        by_customer=True,
        figures=tuple(str(name) for name in figures),
        lines=tuple(
            CcpLine(
                customer,
                key,
                {name: Fraction(value) for name, value in values.items()},
                in_total == "yes",
            )
            for customer, key, values, in_total in lines
        ),
    )
