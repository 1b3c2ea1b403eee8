"""Whatever is posted, refused, repeated, posted late or undone: the books hold.

An auditor keeps its own books beside the ledger's, in plain numbers and with rules of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from crossmargin.ledger.assets import CASH, Asset, security
from crossmargin.ledger.chart import AccountKind
from crossmargin.ledger.custody import CUSTODY_FACT, fact_of
from crossmargin.ledger.posting import Posting
from crossmargin.ledger.transfers import Transfer, TransferKind, TransferState
from crossmargin.ledger.verification import LedgerImage, verify
from crossmargin.services.books.memory import MemoryBooks
from crossmargin.testing.books import (
    capital,
    deposit,
    from_ficc,
    id_of,
    move,
    open_books,
    residual_interest,
    to_cme,
    to_ficc,
    withdrawal,
)

K, T, S = AccountKind, TransferKind, TransferState
CUSTOMERS = ("A", "B", "C")
NOTE = security("91282CMS7")


class Auditor:
    """Own books: nothing but names and sums. It shares no code with the ledger."""

    def __init__(self) -> None:
        self.posted: Counter[tuple[str, str]] = Counter()
        self.waiting: dict[str, tuple[str, str, str, int]] = {}

    def take(self, each: Transfer) -> None:
        """Book a transfer that the ledger says it posted."""
        debit, credit = each.debit_account_id, each.credit_account_id
        if each.state == "PENDING":
            self.waiting[each.transfer_id] = (debit, credit, str(each.asset), each.amount)
            return
        if each.pending_id:
            del self.waiting[each.pending_id]
        if each.state != "VOIDS_PENDING":
            self.posted[debit, str(each.asset)] += each.amount
            self.posted[credit, str(each.asset)] -= each.amount

    def sum_of(self, start: str, end: str = "", asset: str = "") -> int:
        """Return debits less credits of the accounts whose names begin and end so."""
        return sum(
            amount
            for (name, what), amount in self.posted.items()
            if name.startswith(f"{start}/") and name.endswith(end) and asset in ("", what)
        )

    def used(self) -> int:
        """Return the cash that stands at clearing organizations for customers who have not it."""
        total = 0
        for customer in CUSTOMERS:
            end, cash = f"/{customer}/", "CASH-USD"
            owed = -self.sum_of("CUSTOMER_FUTURES_ACCOUNT", end, cash)
            margin = sum(
                self.sum_of(kind, end, cash) for kind in ("FICC_XM_MARGIN", "CME_CUSTOMER_MARGIN")
            )
            total += max(0, margin - max(0, owed)) + max(0, -owed)
        return total

    def lacking(self) -> int:
        """Return how much of that no residual interest covers."""
        return max(0, self.used() + self.sum_of("RESIDUAL_INTEREST"))


amounts = st.integers(1, 60)
customers = st.sampled_from(CUSTOMERS)
assets = st.sampled_from([CASH, NOTE])


class LedgerMachine(RuleBasedStateMachine):
    """Three customers, one bank, both clearing organizations, one firm."""

    @initialize()
    def open(self) -> None:
        self.books = MemoryBooks()
        self.auditor = Auditor()
        self.number = 0
        self.done: list[list[Transfer]] = []
        open_books(self.books, customers=CUSTOMERS)
        self.post([capital("capital", 200)])

    def name(self) -> str:
        self.number += 1
        return f"t{self.number}"

    def post(self, transfers: list[Transfer], *, commits: bool = True) -> list[Posting]:
        with self.books.work() as work:
            before = dict(work.ledger.balances())
            answers = [each.posting for each in work.ledger.post(transfers)]
            if Posting.POSTED not in answers:
                assert dict(work.ledger.balances()) == before
            if commits:
                work.commit()
        if commits:
            for transfer, answer in zip(transfers, answers, strict=True):
                if answer is Posting.POSTED:
                    self.auditor.take(transfer)
            self.done.append(transfers)
        return answers

    def all_or_none(self, transfers: list[Transfer]) -> bool:
        """Post a group that must not leave more uncovered than there was."""
        lacking = self.auditor.lacking()
        answers = self.post(transfers)
        is_posted = answers[0] is Posting.POSTED
        assert all((each is Posting.POSTED) is is_posted for each in answers)
        assert self.auditor.lacking() <= lacking
        return is_posted

    @rule(customer=customers, amount=amounts, asset=assets)
    def deposit(self, customer: str, amount: int, asset: Asset) -> None:
        assert self.all_or_none([deposit(self.name(), customer, amount, asset)])

    @rule(customer=customers, amount=amounts, asset=assets)
    def withdraw(self, customer: str, amount: int, asset: Asset) -> None:
        self.all_or_none([withdrawal(self.name(), customer, amount, asset)])

    @rule(customer=customers, amount=amounts, asset=assets, where=st.sampled_from("FCf"))
    def margin(self, customer: str, amount: int, asset: Asset, where: str) -> None:
        build: Any = {"F": to_ficc, "C": to_cme, "f": from_ficc}[where]
        self.all_or_none(build(self.name(), customer, amount, asset))

    @rule(customer=customers, amount=amounts)
    def margin_in_one_book_alone(self, customer: str, amount: int) -> None:
        one, other = to_ficc(self.name(), customer, amount)
        answers = self.post([one, replace(other, amount=amount + 1)])
        assert Posting.POSTED not in answers

    @rule(amount=amounts, is_deposit=st.booleans())
    def residual(self, amount: int, is_deposit: bool) -> None:
        self.all_or_none(residual_interest(self.name(), amount, is_deposit=is_deposit))

    @rule(customer=customers, amount=amounts, is_loss=st.booleans())
    def variation(self, customer: str, amount: int, is_loss: bool) -> None:
        pair = [id_of(K.CUSTOMER_FUTURES_ACCOUNT, customer), id_of(K.CME_SETTLEMENT)]
        debit, credit = pair if is_loss else pair[::-1]
        loss = move(self.name(), T.CME_SETTLEMENT_VARIATION, debit, credit, amount)
        assert self.post([loss]) == [Posting.POSTED], "losses are never refused"

    @rule(customer=customers, amount=amounts)
    def withdraw_later(self, customer: str, amount: int) -> None:
        self.post([withdrawal(self.name(), customer, amount, state=S.PENDING)])

    @rule(less=st.integers(0, 60), is_void=st.booleans(), data=st.data())
    def settle(self, less: int, is_void: bool, data: st.DataObject) -> None:
        waiting = [
            each
            for group in self.done
            for each in group
            if each.transfer_id in self.auditor.waiting
        ]
        if not waiting:
            return
        pending = data.draw(st.sampled_from(waiting))
        name = self.name()
        settled = replace(
            pending,
            transfer_id=name,
            group_id=name,
            amount=pending.amount if is_void else max(1, pending.amount - less),
            state=S.VOIDS_PENDING if is_void else S.POSTS_PENDING,
            pending_id=pending.transfer_id,
        )
        assert self.post([settled]) == [Posting.POSTED], "what waited was kept for it"

    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        group = data.draw(st.sampled_from(self.done))
        with self.books.work() as work:
            stood = {each for each in group if work.ledger.transfer(each.transfer_id) is not None}
        answers = self.post(group)
        for each, answer in zip(group, answers, strict=True):
            assert (answer is Posting.EXISTS) is (each in stood)

    @rule(customer=customers, amount=amounts)
    def undo(self, customer: str, amount: int) -> None:
        self.post([deposit(self.name(), customer, amount)], commits=False)

    @invariant()
    def the_books_are_the_auditors(self) -> None:
        with self.books.work() as work:
            found = work.ledger.balances()
        mine = {key: amount for key, amount in self.auditor.posted.items() if amount}
        theirs = {
            (account_id, str(asset)): balance.posted_debit
            for (account_id, asset), balance in found.items()
            if balance.posted_debit
        }
        assert mine == theirs
        waiting = sum(amount for *_, amount in self.auditor.waiting.values())
        assert sum(each.debits_pending for each in found.values()) == waiting
        assert sum(each.credits_pending for each in found.values()) == waiting

    @invariant()
    def property_is_never_less_than_nothing(self) -> None:
        for (name, asset), amount in self.auditor.posted.items():
            kind = name.split("/")[0]
            if kind in {"SEGREGATED_BANK", "FICC_XM_MARGIN", "CME_CUSTOMER_MARGIN", "HOUSE_BANK"}:
                assert amount >= 0, name
            if kind == "CUSTOMER_FUTURES_ACCOUNT" and asset.startswith("SEC"):
                assert amount <= 0, name

    @invariant()
    def a_customers_note_is_nowhere_but_for_that_customer(self) -> None:
        for customer in CUSTOMERS:
            end, note = f"/{customer}/", str(NOTE)
            margin = self.auditor.sum_of("FICC_XM_MARGIN", end, note)
            margin += self.auditor.sum_of("CME_CUSTOMER_MARGIN", end, note)
            assert margin <= -self.auditor.sum_of("CUSTOMER_FUTURES_ACCOUNT", end, note)

    @invariant()
    def each_book_balances_and_claims_are_debts(self) -> None:
        for start, end in _PAIRS:
            for asset in (str(CASH), str(NOTE)):
                assert self.auditor.sum_of(start, "", asset) == -self.auditor.sum_of(end, "", asset)

    def teardown(self) -> None:
        with self.books.work() as work:
            ledger = work.ledger
            facts = tuple(fact_of(each) for each in work.records.select(stream=CUSTODY_FACT))
            image = LedgerImage(ledger.accounts(), ledger.transfers(), ledger.balances(), facts)
        found = {each.check.value for each in verify(image)}
        assert found == set()


_PAIRS: Iterable[tuple[str, str]] = (
    ("FICC_XM_MARGIN", "FICC_OWED_XM"),
    ("FRBNY_SEGREGATED_ACCOUNT", "FICC_OWED_XM"),
    ("CME_CUSTOMER_MARGIN", "CME_OWED"),
    ("CME_CUSTODY", "CME_OWED"),
    ("HOUSE_RESIDUAL_INTEREST", "RESIDUAL_INTEREST"),
)

TestLedger = LedgerMachine.TestCase
TestLedger.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
