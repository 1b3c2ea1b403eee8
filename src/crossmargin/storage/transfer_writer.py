"""Accepted transfers and their balances on the way into the database, while the next are judged.

PostgreSQL writes in a process of its own: what groups that are judged made of the books is sent
there at once, transfers and balances in turn, and waited for when the next is to be sent. Where the
judgement asks for something that was not read before it, it waits for that first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from crossmargin.ledger.paths import Path
from crossmargin.ledger.transfers import Transfer
from crossmargin.ledger.view import Scratch
from crossmargin.storage.known import Known
from crossmargin.storage.session import Session
from crossmargin.storage.statements import PathKey

#: So many transfers are judged between what is sent and what is sent next.
AT_A_TIME = 100


class TransferWriter:
    """Writes the transfers of one work, their balances, and the paths that are new.

    Parameters
    ----------
    session : Session
    known : Known
        Shared by all works of a store.
    """

    def __init__(self, session: Session, known: Known) -> None:
        self._session, self._known = session, known
        self._path_ids: dict[PathKey, int] = {}

    @contextmanager
    def writing(self, scratch: Scratch) -> Iterator[Callable[[], None]]:
        """Write what a scratch accepts: some of it whenever the given is called, all at the end.

        It is to be called between groups only: what a group that is not over has accepted may be
        undone.

        Parameters
        ----------
        scratch : Scratch
            To which nothing was applied yet.
        """
        part = _Part(self, scratch)
        try:
            yield part.go_on if self._session.statements.goes_on_meanwhile else _wait
            part.finish()
            self._session.end()
        except BaseException:
            self._session.abandon()
            raise

    def keep_paths(self) -> None:
        """Let other works know the paths that this one wrote: to be called when it is committed."""
        self._known.path_ids.update(self._path_ids)
        self._path_ids.clear()

    def write_transfers(self, steps: Sequence[tuple[Transfer, Path]]) -> None:
        """Begin to write transfers, once their paths are written."""
        known, own = self._known.path_ids, self._path_ids
        self._number_paths(steps)
        rows = [row_of(each, known.get(path.key) or own[path.key]) for each, path in steps]
        self._session.statements.begin_transfers(self._session.to_begin(), rows)

    def write_balances(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Begin to write balances."""
        self._session.statements.begin_balances(self._session.to_begin(), rows)

    def _number_paths(self, steps: Iterable[tuple[Transfer, Path]]) -> None:
        """Find the ids of paths, those that are new written first."""
        keys = {path.key for _, path in steps}.difference(self._known.path_ids, self._path_ids)
        if keys:
            wanted = sorted(keys)
            self._read_paths(wanted)
            new = [key for key in wanted if key not in self._path_ids]
            if new:
                rows = [self._known.path_row(key) for key in new]
                self._session.statements.insert_paths(self._session.driver, rows)
                self._read_paths(new)

    def _read_paths(self, keys: Sequence[PathKey]) -> None:
        rows = self._session.statements.paths(self._session.driver, keys)
        self._path_ids.update({(debit, credit, kind): own for own, debit, credit, kind in rows})


class _Part:
    """What one scratch accepts."""

    def __init__(self, writer: TransferWriter, scratch: Scratch) -> None:
        self._writer, self._scratch = writer, scratch
        self._looked = self._sent = 0
        #: Transfers that are sent, their balances not yet.
        self._uncounted: list[tuple[Transfer, Path]] = []

    def go_on(self) -> None:
        """Send something, if enough was accepted since: transfers, or the balances they moved."""
        if self._scratch.mark - self._looked < AT_A_TIME:
            return
        self._looked = self._scratch.mark
        if self._uncounted:
            self._send_balances()
        else:
            self._send_transfers()

    def finish(self) -> None:
        """Send what is left."""
        if self._sent < self._scratch.mark:
            self._send_transfers()
        if self._uncounted:
            self._send_balances()

    def _send_transfers(self) -> None:
        steps = list(self._scratch.applied(self._sent))
        self._writer.write_transfers(steps)
        self._uncounted += steps
        self._sent = self._scratch.mark

    def _send_balances(self) -> None:
        """Send every balance that was moved since, as it stands now."""
        balances = self._scratch.balances
        moved: Iterable[tuple[str, str]] = balances
        if len(self._uncounted) < self._scratch.mark:
            moved = dict.fromkeys(
                (account_id, each.asset.text)
                for each, _ in self._uncounted
                for account_id in (each.debit_account_id, each.credit_account_id)
            )
        self._writer.write_balances([(*key, *balances[key]) for key in moved])
        self._uncounted.clear()


def _wait() -> None:
    """Send nothing yet."""


def row_of(transfer: Transfer, path_id: int) -> tuple[Any, ...]:
    """Return a transfer as it is written."""
    return (
        transfer.transfer_id,
        transfer.group_id,
        path_id,
        transfer.asset.text,
        transfer.amount,
        transfer.business_date.isoformat(),
        transfer.at.isoformat(),
        transfer.cause_id,
        transfer.state.value,
        transfer.pending_id or None,
    )
