"""The composition root of the books: stores, inboxes, the desk that runs a BD-FCM's days."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from crossmargin.bootstrap import (
    block_executor,
    open_market,
    parameter_registry,
    read_parameter_file,
    read_positions,
)

if TYPE_CHECKING:
    from crossmargin.collateral.ladder import LadderRules
    from crossmargin.feeds.books.inbox import FolderInbox
    from crossmargin.feeds.books.outbox import FolderOutbox
    from crossmargin.feeds.books.programme import LoadedBooks, LoadedPlaces
    from crossmargin.parameters.registry import ParameterSet
    from crossmargin.participation.criteria import Criteria
    from crossmargin.participation.rehearsal import Rehearsal
    from crossmargin.services.books.adjusting import AdjustmentFile
    from crossmargin.services.books.loading import Participants
    from crossmargin.services.books.ports import Books, Work
    from crossmargin.services.clearing_day.margining import DayModels
    from crossmargin.services.clearing_desk.desk import ClearingDesk
    from crossmargin.services.clearing_desk.programme import AskBackups
    from crossmargin.services.default_books.bringing_in import OnboardingTerms
    from crossmargin.services.rehearsal.holding import RehearsalRequest
    from crossmargin.services.rehearsal.script import Script
    from crossmargin.simulation.clearing.parties import SimulatedParties
    from crossmargin.simulation.clearing.plan import ClearingPlan


def open_inbox(folder: Path, *, bd_fcm: str = "BD-FCM") -> FolderInbox:
    """Open an inbox: one folder a business day, files arrive as their names say."""
    from crossmargin.feeds.books.inbox import FolderInbox as Inbox

    return Inbox(folder, bd_fcm)


def read_clearing_plan(path: Path, positions: Path, *, bd_fcm: str = "BD-FCM") -> ClearingPlan:
    """Read the plan of a simulated month against the positions file that it begins with.

    Parameters
    ----------
    path, positions : Path
    bd_fcm : str
        Of positions that name none.

    Raises
    ------
    RefusedError
        With every fault of either file and its place.
    """
    from crossmargin.basics.refusals import RefusedError, refused
    from crossmargin.simulation.clearing.plan_reading import read_plan

    loaded = read_positions(positions, bd_fcm=bd_fcm)
    if loaded.refusals:
        raise RefusedError(*loaded.refusals)
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise refused("plan", path.name, f"a readable file ({reason})", "day files") from None
    return read_plan(text, file=path.name, positions=loaded.lines)


def simulated_parties(
    plan: ClearingPlan,
    inbox: FolderInbox,
    outbox: Path,
    askings: Callable[[date], Sequence[datetime]],
) -> SimulatedParties:
    """Return the other parties of a simulated day; they are asked at the instants given."""
    from crossmargin.simulation.clearing.parties import SimulatedParties as Parties

    return Parties(plan, inbox, outbox, askings)


def create_books(address: str) -> Books:
    """Make an empty store of books: a path of a SQLite file, or a ``postgresql://`` address."""
    from crossmargin.storage.books import create_books as run

    return run(address)


def open_books(address: str) -> Books:
    """Open a store of books."""
    from crossmargin.storage.books import open_books as run

    return run(address)


def read_bd_fcm_books(path: Path) -> LoadedBooks:
    """Read the file that the books of a BD-FCM begin with."""
    from crossmargin.feeds.books.programme import read_bd_fcm_books as run

    return run(path)


def read_places(path: Path) -> LoadedPlaces:
    """Read a file of places, and of facts of them, of a BD-FCM whose books are open."""
    from crossmargin.feeds.books.programme import read_places as run

    return run(path)


def read_adjustments(path: Path) -> AdjustmentFile:
    """Read a file of corrections by hand of what was posted."""
    from crossmargin.feeds.books.adjustments import read_adjustments as run

    return run(path)


def open_outbox(folder: Path, *, bd_fcm: str = "BD-FCM") -> FolderOutbox:
    """Open a BD-FCM's outbox: one folder a business day."""
    from crossmargin.feeds.books.outbox import FolderOutbox as Outbox

    return Outbox(folder, bd_fcm)


def rebuild_balances(address: str) -> int:
    """Make the balances of a store anew from its transfers; return how many there are."""
    from crossmargin.storage.books import open_books as run

    books = run(address)
    try:
        return books.rebuild_balances()
    finally:
        books.close()


def upgrade_books(address: str) -> tuple[str, str]:
    """Bring a store to this version's schema; return the versions before and after."""
    from crossmargin.storage.upgrading import upgrade_books as run

    return run(address)


def day_models(
    market: Path,
    *,
    own_parameters: Sequence[Path] = (),
    changes: Mapping[str, Mapping[str, str]] | None = None,
    derived_prices: bool = False,
) -> DayModels:
    """Return the models of a clearing day, on a market directory.

    Raises
    ------
    RefusedError
        If a file or a parameter is at fault.
    """
    from crossmargin.services.clearing_day.margining import DayModels as Models

    registry = parameter_registry()
    if own_parameters:
        registry = registry.replacing([read_parameter_file(path) for path in own_parameters])
    return Models(
        open_market(market),
        registry,
        block_executor(),
        changes={owner: dict(values) for owner, values in (changes or {}).items()},
        derived_prices=derived_prices,
    )


def clearing_desk(
    books: Books,
    *,
    market: Path,
    inbox: Path,
    outbox: Path,
    bd_fcm: str,
    actor: str,
    approver: str,
    own_parameters: Sequence[Path] = (),
    changes: Mapping[str, Mapping[str, str]] | None = None,
    derived_prices: bool = False,
    plan: Path | None = None,
    positions: Path | None = None,
    backups: Path | None = None,
) -> ClearingDesk:
    """Return what runs a BD-FCM's days, the other parties simulated where a plan is given.

    With a file of receivers the close asks customers' back-ups.

    Raises
    ------
    RefusedError
        If a file, a parameter or the plan is at fault, or maker and checker are not two people in
        roles that may make and approve wires.
    """
    from crossmargin.services.books.approvals import Matter, check_two_people
    from crossmargin.services.clearing_desk.desk import ClearingDesk as Desk

    check_two_people(actor, approver, Matter.WIRE)
    models = day_models(
        market, own_parameters=own_parameters, changes=changes, derived_prices=derived_prices
    )
    files = open_inbox(inbox, bd_fcm=bd_fcm)
    desk = Desk(
        books,
        files,
        open_outbox(outbox, bd_fcm=bd_fcm),
        models,
        bd_fcm,
        actor,
        approver,
        publish=lambda work, day: write_reports(work, outbox / day.isoformat(), bd_fcm, day),
        ask_backups=None if backups is None else backups_asked(backups, bd_fcm),
    )
    if plan is None or positions is None:
        return desk
    parties = simulated_parties(
        read_clearing_plan(plan, positions, bd_fcm=bd_fcm), files, outbox, desk.step_instants
    )
    return desk.with_others(parties)


def backups_asked(path: Path, bd_fcm: str) -> AskBackups:
    """Return what asks customers' back-ups at the close, of a file of receivers.

    Raises
    ------
    RefusedError
        If the file is at fault, or no close can be run with it.
    """
    from functools import partial

    from crossmargin.bootstrap.porting import read_receivers
    from crossmargin.services.clearing_desk.backups import ask_backups, check_backups

    file = read_receivers(path)
    check_backups(file, bd_fcm)
    return partial(ask_backups, file)


def read_participants(path: Path) -> Participants:
    """Read a file of a BD-FCM and its customers."""
    from crossmargin.feeds.books.participants import read_participants as run

    return run(path)


def read_customers(path: Path, bd_fcm: str) -> Participants:
    """Read a CSV file of one BD-FCM's customers."""
    from crossmargin.feeds.books.participants_csv import read_customers as run

    return run(path, bd_fcm)


def proprietary_share(on: date) -> Fraction:
    """Return from which share on those related to the firm make an account proprietary."""
    return participation_terms(on)[0]


def participation_terms(on: date) -> tuple[Fraction, int]:
    """Return that share, and for how many days a rehearsal is good, on a day."""
    terms = _participation(on)
    return terms.ratio("proprietary_share"), terms.whole("rehearsal_valid_days")


def onboarding_terms(on: date) -> OnboardingTerms:
    """Return by what a ported customer is judged at its receiver on a day."""
    from crossmargin.services.default_books.bringing_in import OnboardingTerms as Terms

    terms = _participation(on)
    return Terms(terms.ratio("proprietary_share"), terms.whole("port_onboarding_months"))


def _participation(on: date) -> ParameterSet:
    from importlib.resources import files

    from crossmargin.parameters.reading import parse_parameters
    from crossmargin.parameters.registry import ParameterSet as Parameters
    from crossmargin.services.parameter_registry import OWNERS

    # One owner's file: reading all of them takes longer than what is asked.
    name = f"{OWNERS['participation']}/parameters.toml"
    text = files("crossmargin").joinpath(name).read_text("utf-8")
    return Parameters.from_file(parse_parameters(text, file=name), on=on)


def ladder_rules(on: date) -> LadderRules:
    """Return what follows unmet margin calls on a day."""
    from crossmargin.collateral.ladder import LadderRules as Rules

    return Rules.from_parameters(parameter_registry().set_of("collateral", on))


def write_reports(work: Work, directory: Path, bd_fcm: str, day: date) -> list[Path]:
    """Write a day's reports, notices and files in the clearing organizations' shapes.

    Files of the same content are left as they are.

    Raises
    ------
    RefusedError
        If files of another BD-FCM are there under the same names.
    """
    from crossmargin.feeds.books.outbox import refuse_anothers, replace_file
    from crossmargin.feeds.ccp_files.writing import ccp_file_text, file_name
    from crossmargin.presentation.report_files import notice_file, report_files
    from crossmargin.services.book_reports.reading import (
        notices_of_day,
        report_document,
        report_names,
    )
    from crossmargin.services.clearing_day.ccp_files import ccp_files_of

    files: dict[str, bytes] = {}
    for name in report_names(work, bd_fcm, day):
        files |= report_files(report_document(work, bd_fcm, day, name))
    for number, notice in enumerate(notices_of_day(work, bd_fcm, day), start=1):
        files |= notice_file(notice, number)
    for file in ccp_files_of(work.records, bd_fcm, day):
        files[file_name(file)] = ccp_file_text(file).encode()
    refuse_anothers(directory, files, bd_fcm)
    if files:
        directory.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        replace_file(directory / name, content)
    return [directory / name for name in files]


def published_criteria() -> Criteria:
    """Return the table of criteria on which access to the arrangement is suspended or ended."""
    from importlib.resources import files

    from crossmargin.participation.criteria import parse_criteria

    name = "participation/criteria.toml"
    return parse_criteria(files("crossmargin").joinpath(name).read_text("utf-8"), file=name)


def hold_rehearsal(
    real: Books, request: RehearsalRequest, models: DayModels, watch: Callable[[date], None]
) -> Rehearsal:
    """Rehearse a customer's workflow in memory, against simulated parties; nothing is kept.

    Raises
    ------
    RefusedError
        If it cannot be held.
    """
    from tempfile import TemporaryDirectory

    from crossmargin.services.books.memory import MemoryBooks
    from crossmargin.services.clearing_desk.desk import ClearingDesk as Desk
    from crossmargin.services.rehearsal.holding import hold_rehearsal as run
    from crossmargin.simulation.clearing.parties import SimulatedParties as Parties
    from crossmargin.simulation.clearing.rehearsal_plan import RehearsalTerms, rehearsal_plan

    with TemporaryDirectory() as folder:
        outbox = Path(folder) / "out"

        def make_desk(own: Books, script: Script) -> ClearingDesk:
            bd_fcm = script.customer.bd_fcm
            files = open_inbox(Path(folder) / "in", bd_fcm=bd_fcm)
            people = (script.entered_by, script.approved_by)
            desk = Desk(own, files, open_outbox(outbox, bd_fcm=bd_fcm), models, bd_fcm, *people)
            times = script.times
            terms = RehearsalTerms(
                script.customer,
                script.lines,
                first=times.first,
                refused_day=times.refused_day,
                restricted_day=times.restricted_day,
                paid_day=times.paid_day,
                last=times.last,
                rest_after_business_days=times.restricted_after + 1,
                bank=script.places.bank,
                ficc=script.places.ficc,
                residual_interest=script.residual_interest,
                too_much=script.too_much,
                deposit=script.deposit,
                withdrawal=script.withdrawal,
                contract=script.contract,
                entered_by=script.entered_by,
                approved_by=script.approved_by,
            )
            plan = rehearsal_plan(terms)
            return desk.with_others(Parties(plan, files, outbox, desk.step_instants))

        return run(
            real,
            MemoryBooks(),
            request,
            models=models,
            criteria=published_criteria(),
            make_desk=make_desk,
            watch=watch,
        )
