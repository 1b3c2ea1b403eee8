"""What the works of a store share: what never changes, and what was read and still stands.

Judging asks for the dates of accounts, for balances and for custody facts. A process that posts
work after work has them from the work before; whether they still stand, the database says: it gives
each state of them a version (:meth:`~crossmargin.storage.statements.Statements.version`), and never
gives one twice. Anything unexpected, a work that ended without a commit included, has the next work
read anew.
"""

from __future__ import annotations

from datetime import date

from crossmargin.ledger.chart import Account
from crossmargin.ledger.paths import Opening, Paths
from crossmargin.ledger.posting import Balance
from crossmargin.services.books.folds import KeptFolds
from crossmargin.storage.statements import PathKey

#: So many balances take some hundred megabytes; then it begins anew.
COUNT_MAX = 500_000


class Remembered:
    """Dates of accounts, balances and custody facts, as they stand in one version of a store.

    Only the work that holds the store's lock may look at it or change it.

    Attributes
    ----------
    openings : dict of account id to Opening
        Of accounts that are there.
    balances : dict of (account id, text of an asset) to Balance
        Zero where nothing moved.
    missing_facts : dict of (account id, day) to str
        The first fact that a place lacks on a day, or nothing.
    uncovered : dict of BD-FCM to dict of customer to int
        What of each customer is uncovered, cents, where somebody asked.
    """

    def __init__(self) -> None:
        self.openings: dict[str, Opening] = {}
        self.balances: dict[tuple[str, str], Balance] = {}
        self.missing_facts: dict[tuple[str, date], str] = {}
        self.uncovered: dict[str, dict[str, int]] = {}
        self._version: object = None

    def begin(self, version: object) -> bool:
        """Let a work use what stands in a version, and forget everything if that is another.

        From here on nothing stands, until :meth:`keep` says so.

        Returns
        -------
        bool
            Whether it stands.
        """
        stands = self._version is not None and self._version == version
        if not stands or len(self.balances) > COUNT_MAX:
            self.openings.clear()
            self.balances.clear()
            self.missing_facts.clear()
            self.uncovered.clear()
        self._version = None
        return stands

    def keep(self, version: object) -> None:
        """Let what is here stand for a version; to be called before that is committed."""
        self._version = version

    def forget(self) -> None:
        """Let nothing stand: something was written beside it, or it is not known what was."""
        self._version = None


class Known:
    """What the works of a store share.

    Attributes
    ----------
    paths : Paths
    path_ids : dict of (debited account id, credited account id, kind) to int
        Ids of paths that are committed: what is undone may be given to another. They are read anew
        where what is remembered does not stand: a store that was restored may have given them too.
    remembered : Remembered
    folds : KeptFolds
    """

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}
        self._columns: dict[str, tuple[str, str, tuple[str, str, str, str]]] = {}
        self.paths = Paths()
        self.path_ids: dict[PathKey, int] = {}
        self.remembered = Remembered()
        self.folds = KeptFolds()

    def account(self, account_id: str) -> Account:
        """Return the account of an id: it says everything of an account but its dates."""
        found = self._accounts.get(account_id)
        if found is None:
            found = self._accounts[account_id] = Account.parsed(account_id)
            self._columns[account_id] = (
                found.terms.holder.value,
                found.segregation_class.value,
                (account_id, found.kind.value, found.bd_fcm, found.customer_id),
            )
        return found

    def opening(self, account_id: str, opened: str, closed: str | None) -> Opening:
        """Return an account with its dates, as the tables have them."""
        return Opening(
            self.account(account_id),
            date.fromisoformat(opened),
            None if closed is None else date.fromisoformat(closed),
        )

    def path_row(self, key: PathKey) -> tuple[str, ...]:
        """Return a path between accounts that are known, as it is written."""
        debit, credit, kind = key
        holder, segregation_class, debited = self._columns[debit]
        _, _, credited = self._columns[credit]
        return (kind, holder, segregation_class, *debited, *credited)
