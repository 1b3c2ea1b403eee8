CREATE TABLE chart (
    kind TEXT NOT NULL,
    holder TEXT NOT NULL,
    segregation_class TEXT NOT NULL,
    PRIMARY KEY (kind, holder, segregation_class)
)
 STRICT

CREATE TABLE movement (
    kind TEXT NOT NULL,
    debit_kind TEXT NOT NULL,
    credit_kind TEXT NOT NULL,
    PRIMARY KEY (kind, debit_kind, credit_kind)
)
 STRICT

CREATE TABLE record (
    sequence INTEGER NOT NULL,
    record_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    subject TEXT NOT NULL,
    business_date TEXT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    approver TEXT NOT NULL,
    causes TEXT NOT NULL,
    content TEXT NOT NULL,
    digest TEXT NOT NULL,
    PRIMARY KEY (sequence),
    CONSTRAINT record_is_named CHECK (record_id <> '' AND stream <> '' AND actor <> ''),
    UNIQUE (record_id)
)
 STRICT

CREATE INDEX record_by_stream ON record (stream, subject, business_date)

CREATE TABLE account (
    account_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    holder TEXT NOT NULL,
    segregation_class TEXT NOT NULL,
    bd_fcm TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    custodian TEXT NOT NULL,
    opened TEXT NOT NULL,
    cause_id TEXT NOT NULL,
    PRIMARY KEY (account_id),
    CONSTRAINT account_as_transfers_name_it UNIQUE (account_id, kind, holder, segregation_class, bd_fcm, customer_id),
    CONSTRAINT account_fits_the_chart FOREIGN KEY(kind, holder, segregation_class) REFERENCES chart (kind, holder, segregation_class),
    CONSTRAINT account_is_its_id CHECK (account_id = kind || '/' || segregation_class || '/' || bd_fcm || '/' || customer_id || '/' || custodian),
    CONSTRAINT account_has_a_cause CHECK (cause_id <> '')
)
 STRICT

CREATE TABLE account_closing (
    account_id TEXT NOT NULL,
    closed TEXT NOT NULL,
    cause_id TEXT NOT NULL,
    PRIMARY KEY (account_id),
    FOREIGN KEY(account_id) REFERENCES account (account_id)
)
 STRICT

CREATE TABLE balance (
    account_id TEXT NOT NULL,
    asset TEXT NOT NULL,
    debits_posted INTEGER NOT NULL,
    credits_posted INTEGER NOT NULL,
    debits_pending INTEGER NOT NULL,
    credits_pending INTEGER NOT NULL,
    PRIMARY KEY (account_id, asset),
    CONSTRAINT counters_only_count CHECK (debits_posted >= 0 AND credits_posted >= 0 AND debits_pending >= 0 AND credits_pending >= 0),
    FOREIGN KEY(account_id) REFERENCES account (account_id)
)
 STRICT

CREATE TABLE path (
    path_id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    holder TEXT NOT NULL,
    segregation_class TEXT NOT NULL,
    debit_account_id TEXT NOT NULL,
    debit_kind TEXT NOT NULL,
    debit_bd_fcm TEXT NOT NULL,
    debit_customer_id TEXT NOT NULL,
    credit_account_id TEXT NOT NULL,
    credit_kind TEXT NOT NULL,
    credit_bd_fcm TEXT NOT NULL,
    credit_customer_id TEXT NOT NULL,
    PRIMARY KEY (path_id),
    CONSTRAINT debited_account_in_the_same_class FOREIGN KEY(debit_account_id, debit_kind, holder, segregation_class, debit_bd_fcm, debit_customer_id) REFERENCES account (account_id, kind, holder, segregation_class, bd_fcm, customer_id),
    CONSTRAINT credited_account_in_the_same_class FOREIGN KEY(credit_account_id, credit_kind, holder, segregation_class, credit_bd_fcm, credit_customer_id) REFERENCES account (account_id, kind, holder, segregation_class, bd_fcm, customer_id),
    CONSTRAINT movement_is_permitted FOREIGN KEY(kind, debit_kind, credit_kind) REFERENCES movement (kind, debit_kind, credit_kind),
    CONSTRAINT path_is_one UNIQUE (debit_account_id, credit_account_id, kind),
    CONSTRAINT two_accounts CHECK (debit_account_id <> credit_account_id),
    CONSTRAINT one_bd_fcm CHECK (debit_bd_fcm = credit_bd_fcm OR debit_bd_fcm = '' OR credit_bd_fcm = ''),
    CONSTRAINT one_customer CHECK (debit_customer_id = credit_customer_id OR debit_customer_id = '' OR credit_customer_id = '')
)
 STRICT

CREATE INDEX path_by_credit ON path (credit_account_id)

CREATE TABLE transfer (
    sequence INTEGER NOT NULL,
    transfer_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    path_id INTEGER NOT NULL,
    asset TEXT NOT NULL,
    amount INTEGER NOT NULL,
    business_date TEXT NOT NULL,
    at TEXT NOT NULL,
    cause_id TEXT NOT NULL,
    state TEXT NOT NULL,
    pending_id TEXT,
    PRIMARY KEY (sequence),
    CONSTRAINT amount_is_positive CHECK (amount > 0 AND amount <= 4611686018427387904),
    CONSTRAINT is_named CHECK (transfer_id <> '' AND group_id <> '' AND cause_id <> ''),
    CONSTRAINT settles_a_pending_one CHECK ((state IN ('POSTED', 'PENDING') AND pending_id IS NULL) OR (state IN ('POSTS_PENDING', 'VOIDS_PENDING') AND pending_id IS NOT NULL)),
    UNIQUE (transfer_id),
    FOREIGN KEY(path_id) REFERENCES path (path_id),
    FOREIGN KEY(pending_id) REFERENCES transfer (transfer_id)
)
 STRICT

CREATE INDEX transfer_by_date ON transfer (business_date)

CREATE INDEX transfer_by_group ON transfer (group_id)

CREATE INDEX transfer_by_path ON transfer (path_id)

CREATE UNIQUE INDEX transfer_settles_once ON transfer (pending_id) WHERE pending_id IS NOT NULL

INSERT INTO chart (kind, holder, segregation_class) VALUES
    ('CUSTOMER_FUTURES_ACCOUNT', 'BD_FCM', 'FUTURES'),
    ('SEGREGATED_BANK', 'BD_FCM', 'FUTURES'),
    ('CME_CUSTOMER_MARGIN', 'BD_FCM', 'FUTURES'),
    ('FICC_XM_MARGIN', 'BD_FCM', 'FUTURES'),
    ('CME_SETTLEMENT', 'BD_FCM', 'FUTURES'),
    ('FICC_FUNDS_ONLY_SETTLEMENT', 'BD_FCM', 'FUTURES'),
    ('RESIDUAL_INTEREST', 'BD_FCM', 'FUTURES'),
    ('CUSTOMER_SECURITIES_ACCOUNT', 'BD_FCM', 'SECURITIES'),
    ('SECURITIES_CUSTODY', 'BD_FCM', 'SECURITIES'),
    ('FICC_SCM_MARGIN', 'BD_FCM', 'SECURITIES'),
    ('HOUSE_BANK', 'BD_FCM', 'PROPRIETARY'),
    ('HOUSE_RESIDUAL_INTEREST', 'BD_FCM', 'PROPRIETARY'),
    ('HOUSE_EQUITY', 'BD_FCM', 'PROPRIETARY'),
    ('FICC_OWED_XM', 'FICC', 'FUTURES'),
    ('FICC_OWED_SCM', 'FICC', 'SECURITIES'),
    ('FRBNY_SEGREGATED_ACCOUNT', 'FICC', 'FUTURES'),
    ('FRBNY_SEGREGATED_ACCOUNT', 'FICC', 'SECURITIES'),
    ('SEGREGATED_BANK_ACCOUNT', 'FICC', 'FUTURES'),
    ('FICC_XM_POSITION', 'FICC', 'FUTURES'),
    ('FICC_REGULAR_POSITION', 'FICC', 'SECURITIES'),
    ('FICC_NOVATION', 'FICC', 'FUTURES'),
    ('FICC_NOVATION', 'FICC', 'SECURITIES'),
    ('CME_OWED', 'CME', 'FUTURES'),
    ('CME_CUSTODY', 'CME', 'FUTURES'),
    ('CME_XM_POSITION', 'CME', 'FUTURES'),
    ('CME_REGULAR_POSITION', 'CME', 'FUTURES'),
    ('CME_CLEARED_TRADES', 'CME', 'FUTURES')

INSERT INTO movement (kind, debit_kind, credit_kind) VALUES
    ('DEPOSIT', 'SEGREGATED_BANK', 'CUSTOMER_FUTURES_ACCOUNT'),
    ('WITHDRAWAL', 'CUSTOMER_FUTURES_ACCOUNT', 'SEGREGATED_BANK'),
    ('MARGIN_TO_CME', 'CME_CUSTODY', 'CME_OWED'),
    ('MARGIN_TO_CME', 'CME_CUSTOMER_MARGIN', 'SEGREGATED_BANK'),
    ('MARGIN_FROM_CME', 'CME_OWED', 'CME_CUSTODY'),
    ('MARGIN_FROM_CME', 'SEGREGATED_BANK', 'CME_CUSTOMER_MARGIN'),
    ('MARGIN_TO_FICC', 'FICC_XM_MARGIN', 'SEGREGATED_BANK'),
    ('MARGIN_TO_FICC', 'FRBNY_SEGREGATED_ACCOUNT', 'FICC_OWED_XM'),
    ('MARGIN_TO_FICC', 'SEGREGATED_BANK_ACCOUNT', 'FICC_OWED_XM'),
    ('MARGIN_FROM_FICC', 'FICC_OWED_XM', 'FRBNY_SEGREGATED_ACCOUNT'),
    ('MARGIN_FROM_FICC', 'FICC_OWED_XM', 'SEGREGATED_BANK_ACCOUNT'),
    ('MARGIN_FROM_FICC', 'SEGREGATED_BANK', 'FICC_XM_MARGIN'),
    ('CUSTODY_MOVE', 'FRBNY_SEGREGATED_ACCOUNT', 'FRBNY_SEGREGATED_ACCOUNT'),
    ('CUSTODY_MOVE', 'FRBNY_SEGREGATED_ACCOUNT', 'SEGREGATED_BANK_ACCOUNT'),
    ('CUSTODY_MOVE', 'SECURITIES_CUSTODY', 'SECURITIES_CUSTODY'),
    ('CUSTODY_MOVE', 'SEGREGATED_BANK', 'SEGREGATED_BANK'),
    ('CUSTODY_MOVE', 'SEGREGATED_BANK_ACCOUNT', 'FRBNY_SEGREGATED_ACCOUNT'),
    ('CUSTODY_MOVE', 'SEGREGATED_BANK_ACCOUNT', 'SEGREGATED_BANK_ACCOUNT'),
    ('CME_SETTLEMENT_VARIATION', 'CME_SETTLEMENT', 'CUSTOMER_FUTURES_ACCOUNT'),
    ('CME_SETTLEMENT_VARIATION', 'CUSTOMER_FUTURES_ACCOUNT', 'CME_SETTLEMENT'),
    ('FUTURES_FINAL_SETTLEMENT', 'CME_SETTLEMENT', 'CUSTOMER_FUTURES_ACCOUNT'),
    ('FUTURES_FINAL_SETTLEMENT', 'CUSTOMER_FUTURES_ACCOUNT', 'CME_SETTLEMENT'),
    ('FUTURES_DELIVERY_INVOICE', 'CME_SETTLEMENT', 'CUSTOMER_FUTURES_ACCOUNT'),
    ('FUTURES_DELIVERY_INVOICE', 'CUSTOMER_FUTURES_ACCOUNT', 'CME_SETTLEMENT'),
    ('CME_SETTLEMENT_PAYMENT', 'CME_SETTLEMENT', 'SEGREGATED_BANK'),
    ('CME_SETTLEMENT_PAYMENT', 'SEGREGATED_BANK', 'CME_SETTLEMENT'),
    ('FICC_FORWARD_MARK', 'CUSTOMER_FUTURES_ACCOUNT', 'FICC_FUNDS_ONLY_SETTLEMENT'),
    ('FICC_FORWARD_MARK', 'FICC_FUNDS_ONLY_SETTLEMENT', 'CUSTOMER_FUTURES_ACCOUNT'),
    ('FICC_FORWARD_MARK_RETURN', 'CUSTOMER_FUTURES_ACCOUNT', 'FICC_FUNDS_ONLY_SETTLEMENT'),
    ('FICC_FORWARD_MARK_RETURN', 'FICC_FUNDS_ONLY_SETTLEMENT', 'CUSTOMER_FUTURES_ACCOUNT'),
    ('FICC_MARK_INTEREST', 'CUSTOMER_FUTURES_ACCOUNT', 'FICC_FUNDS_ONLY_SETTLEMENT'),
    ('FICC_MARK_INTEREST', 'FICC_FUNDS_ONLY_SETTLEMENT', 'CUSTOMER_FUTURES_ACCOUNT'),
    ('FICC_TRANSACTION_ADJUSTMENT', 'CUSTOMER_FUTURES_ACCOUNT', 'FICC_FUNDS_ONLY_SETTLEMENT'),
    ('FICC_TRANSACTION_ADJUSTMENT', 'FICC_FUNDS_ONLY_SETTLEMENT', 'CUSTOMER_FUTURES_ACCOUNT'),
    ('FICC_COUPON', 'CUSTOMER_FUTURES_ACCOUNT', 'FICC_FUNDS_ONLY_SETTLEMENT'),
    ('FICC_COUPON', 'FICC_FUNDS_ONLY_SETTLEMENT', 'CUSTOMER_FUTURES_ACCOUNT'),
    ('FICC_REPO_INTEREST', 'CUSTOMER_FUTURES_ACCOUNT', 'FICC_FUNDS_ONLY_SETTLEMENT'),
    ('FICC_REPO_INTEREST', 'FICC_FUNDS_ONLY_SETTLEMENT', 'CUSTOMER_FUTURES_ACCOUNT'),
    ('FICC_FAIL_CHARGE', 'CUSTOMER_FUTURES_ACCOUNT', 'FICC_FUNDS_ONLY_SETTLEMENT'),
    ('FICC_FAIL_CHARGE', 'FICC_FUNDS_ONLY_SETTLEMENT', 'CUSTOMER_FUTURES_ACCOUNT'),
    ('FICC_FUNDS_ONLY_PAYMENT', 'FICC_FUNDS_ONLY_SETTLEMENT', 'SEGREGATED_BANK'),
    ('FICC_FUNDS_ONLY_PAYMENT', 'SEGREGATED_BANK', 'FICC_FUNDS_ONLY_SETTLEMENT'),
    ('INTEREST_TO_CUSTOMER', 'RESIDUAL_INTEREST', 'CUSTOMER_FUTURES_ACCOUNT'),
    ('FEE', 'CUSTOMER_FUTURES_ACCOUNT', 'RESIDUAL_INTEREST'),
    ('RESIDUAL_INTEREST_DEPOSIT', 'HOUSE_RESIDUAL_INTEREST', 'HOUSE_BANK'),
    ('RESIDUAL_INTEREST_DEPOSIT', 'SEGREGATED_BANK', 'RESIDUAL_INTEREST'),
    ('RESIDUAL_INTEREST_WITHDRAWAL', 'HOUSE_BANK', 'HOUSE_RESIDUAL_INTEREST'),
    ('RESIDUAL_INTEREST_WITHDRAWAL', 'RESIDUAL_INTEREST', 'SEGREGATED_BANK'),
    ('RESIDUAL_INTEREST_INCOME', 'HOUSE_EQUITY', 'HOUSE_RESIDUAL_INTEREST'),
    ('RESIDUAL_INTEREST_INCOME', 'HOUSE_RESIDUAL_INTEREST', 'HOUSE_EQUITY'),
    ('CAPITAL', 'HOUSE_BANK', 'HOUSE_EQUITY'),
    ('CAPITAL', 'HOUSE_EQUITY', 'HOUSE_BANK'),
    ('SCM_DEPOSIT', 'SECURITIES_CUSTODY', 'CUSTOMER_SECURITIES_ACCOUNT'),
    ('SCM_WITHDRAWAL', 'CUSTOMER_SECURITIES_ACCOUNT', 'SECURITIES_CUSTODY'),
    ('SCM_TO_FICC', 'FICC_SCM_MARGIN', 'SECURITIES_CUSTODY'),
    ('SCM_TO_FICC', 'FRBNY_SEGREGATED_ACCOUNT', 'FICC_OWED_SCM'),
    ('SCM_FROM_FICC', 'FICC_OWED_SCM', 'FRBNY_SEGREGATED_ACCOUNT'),
    ('SCM_FROM_FICC', 'SECURITIES_CUSTODY', 'FICC_SCM_MARGIN'),
    ('NOVATION', 'FICC_NOVATION', 'FICC_REGULAR_POSITION'),
    ('NOVATION', 'FICC_NOVATION', 'FICC_XM_POSITION'),
    ('NOVATION', 'FICC_REGULAR_POSITION', 'FICC_NOVATION'),
    ('NOVATION', 'FICC_XM_POSITION', 'FICC_NOVATION'),
    ('SETTLEMENT', 'FICC_NOVATION', 'FICC_REGULAR_POSITION'),
    ('SETTLEMENT', 'FICC_NOVATION', 'FICC_XM_POSITION'),
    ('SETTLEMENT', 'FICC_REGULAR_POSITION', 'FICC_NOVATION'),
    ('SETTLEMENT', 'FICC_XM_POSITION', 'FICC_NOVATION'),
    ('FUTURES_TRADE', 'CME_CLEARED_TRADES', 'CME_REGULAR_POSITION'),
    ('FUTURES_TRADE', 'CME_CLEARED_TRADES', 'CME_XM_POSITION'),
    ('FUTURES_TRADE', 'CME_REGULAR_POSITION', 'CME_CLEARED_TRADES'),
    ('FUTURES_TRADE', 'CME_XM_POSITION', 'CME_CLEARED_TRADES'),
    ('FUTURES_EXPIRY', 'CME_CLEARED_TRADES', 'CME_REGULAR_POSITION'),
    ('FUTURES_EXPIRY', 'CME_CLEARED_TRADES', 'CME_XM_POSITION'),
    ('FUTURES_EXPIRY', 'CME_REGULAR_POSITION', 'CME_CLEARED_TRADES'),
    ('FUTURES_EXPIRY', 'CME_XM_POSITION', 'CME_CLEARED_TRADES'),
    ('DIRECTED_INTO_XM', 'CME_REGULAR_POSITION', 'CME_XM_POSITION'),
    ('DIRECTED_INTO_XM', 'CME_XM_POSITION', 'CME_REGULAR_POSITION'),
    ('DIRECTED_OUT_OF_XM', 'CME_REGULAR_POSITION', 'CME_XM_POSITION'),
    ('DIRECTED_OUT_OF_XM', 'CME_XM_POSITION', 'CME_REGULAR_POSITION')

CREATE TRIGGER record_refuses_update BEFORE UPDATE ON record BEGIN SELECT RAISE(ABORT, 'record is append-only'); END

CREATE TRIGGER record_refuses_delete BEFORE DELETE ON record BEGIN SELECT RAISE(ABORT, 'record is append-only'); END

CREATE TRIGGER chart_refuses_update BEFORE UPDATE ON chart BEGIN SELECT RAISE(ABORT, 'chart is append-only'); END

CREATE TRIGGER chart_refuses_delete BEFORE DELETE ON chart BEGIN SELECT RAISE(ABORT, 'chart is append-only'); END

CREATE TRIGGER movement_refuses_update BEFORE UPDATE ON movement BEGIN SELECT RAISE(ABORT, 'movement is append-only'); END

CREATE TRIGGER movement_refuses_delete BEFORE DELETE ON movement BEGIN SELECT RAISE(ABORT, 'movement is append-only'); END

CREATE TRIGGER account_refuses_update BEFORE UPDATE ON account BEGIN SELECT RAISE(ABORT, 'account is append-only'); END

CREATE TRIGGER account_refuses_delete BEFORE DELETE ON account BEGIN SELECT RAISE(ABORT, 'account is append-only'); END

CREATE TRIGGER account_closing_refuses_update BEFORE UPDATE ON account_closing BEGIN SELECT RAISE(ABORT, 'account_closing is append-only'); END

CREATE TRIGGER account_closing_refuses_delete BEFORE DELETE ON account_closing BEGIN SELECT RAISE(ABORT, 'account_closing is append-only'); END

CREATE TRIGGER path_refuses_update BEFORE UPDATE ON path BEGIN SELECT RAISE(ABORT, 'path is append-only'); END

CREATE TRIGGER path_refuses_delete BEFORE DELETE ON path BEGIN SELECT RAISE(ABORT, 'path is append-only'); END

CREATE TRIGGER transfer_refuses_update BEFORE UPDATE ON transfer BEGIN SELECT RAISE(ABORT, 'transfer is append-only'); END

CREATE TRIGGER transfer_refuses_delete BEFORE DELETE ON transfer BEGIN SELECT RAISE(ABORT, 'transfer is append-only'); END
