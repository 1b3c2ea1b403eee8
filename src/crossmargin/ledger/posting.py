"""What happened to a transfer: a closed list of answers, in the order in which they are tried.

A request with three faults always gets the same answer: the first of this list that applies.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Posting(StrEnum):
    """The answer to one transfer; members stand in order of precedence after the first two."""

    POSTED = "posted"
    EXISTS = "exists"
    # A transfer of that id exists and is another
    EXISTS_WITH_DIFFERENT_GROUP = "exists_with_different_group"
    EXISTS_WITH_DIFFERENT_KIND = "exists_with_different_kind"
    EXISTS_WITH_DIFFERENT_DEBIT_ACCOUNT = "exists_with_different_debit_account"
    EXISTS_WITH_DIFFERENT_CREDIT_ACCOUNT = "exists_with_different_credit_account"
    EXISTS_WITH_DIFFERENT_ASSET = "exists_with_different_asset"
    EXISTS_WITH_DIFFERENT_AMOUNT = "exists_with_different_amount"
    EXISTS_WITH_DIFFERENT_BUSINESS_DATE = "exists_with_different_business_date"
    EXISTS_WITH_DIFFERENT_CAUSE = "exists_with_different_cause"
    EXISTS_WITH_DIFFERENT_STATE = "exists_with_different_state"
    EXISTS_WITH_DIFFERENT_PENDING = "exists_with_different_pending"
    # The transfer by itself
    ID_IS_EMPTY = "id_is_empty"
    GROUP_IS_EMPTY = "group_is_empty"
    CAUSE_IS_EMPTY = "cause_is_empty"
    AMOUNT_IS_NOT_POSITIVE = "amount_is_not_positive"
    AMOUNT_IS_TOO_LARGE = "amount_is_too_large"
    ACCOUNTS_ARE_THE_SAME = "accounts_are_the_same"
    # Its accounts
    DEBIT_ACCOUNT_NOT_FOUND = "debit_account_not_found"
    CREDIT_ACCOUNT_NOT_FOUND = "credit_account_not_found"
    HOLDERS_DIFFER = "holders_differ"
    SEGREGATION_CLASSES_DIFFER = "segregation_classes_differ"
    BD_FCMS_DIFFER = "bd_fcms_differ"
    CUSTOMERS_DIFFER = "customers_differ"
    ASSET_IS_NOT_CARRIED = "asset_is_not_carried"
    MOVEMENT_IS_NOT_PERMITTED = "movement_is_not_permitted"
    DEFAULT_IS_NOT_DECLARED = "default_is_not_declared"
    ACCOUNT_IS_NOT_YET_OPEN = "account_is_not_yet_open"
    ACCOUNT_IS_CLOSED = "account_is_closed"
    # A transfer that settles another
    PENDING_NOT_FOUND = "pending_not_found"
    PENDING_WAS_NOT_PENDING = "pending_was_not_pending"
    PENDING_IS_ANOTHER_MOVEMENT = "pending_is_another_movement"
    PENDING_HAS_SMALLER_AMOUNT = "pending_has_smaller_amount"
    PENDING_HAS_LARGER_AMOUNT = "pending_has_larger_amount"  # a void releases all of it
    PENDING_ALREADY_POSTED = "pending_already_posted"
    PENDING_ALREADY_VOIDED = "pending_already_voided"
    # Where property may be kept and what it may secure
    CUSTODY_FACT_IS_MISSING = "custody_fact_is_missing"
    # What is there
    COUNTER_IS_TOO_LARGE = "counter_is_too_large"
    EXCEEDS_BALANCE = "exceeds_balance"
    SECURITY_IS_NOT_THE_CUSTOMERS = "security_is_not_the_customers"
    EXCEEDS_RESIDUAL_INTEREST = "exceeds_residual_interest"
    # The group
    CLAIM_AND_DEBT_DIFFER = "claim_and_debt_differ"
    LINKED_TRANSFER_REFUSED = "linked_transfer_refused"

    @property
    def is_accepted(self) -> bool:
        """Whether the transfer stands in the ledger."""
        return self is Posting.POSTED or self is Posting.EXISTS


# Both are made for every transfer judged: a named tuple takes a third of a frozen dataclass's time.
class Answer(NamedTuple):
    """What happened to one transfer, and the missing fact or conflicting value if one is named."""

    transfer_id: str
    posting: Posting
    detail: str = ""


class Balance(NamedTuple):
    """The four counters of one asset in one account, in whole units.

    Examples
    --------
    >>> Balance(debits_posted=500, credits_posted=200, credits_pending=100).posted_debit
    300
    """

    debits_posted: int = 0
    credits_posted: int = 0
    debits_pending: int = 0
    credits_pending: int = 0

    @property
    def posted_debit(self) -> int:
        """Debits less credits that are posted; negative for a credit balance."""
        return self.debits_posted - self.credits_posted

    @property
    def posted_credit(self) -> int:
        """Credits less debits that are posted."""
        return self.credits_posted - self.debits_posted
