DROP INDEX transfer_by_group

DROP INDEX transfer_by_date

CREATE INDEX record_by_date ON record (stream, business_date)

CREATE INDEX record_in_order ON record (stream, sequence)

ALTER TABLE balance RENAME TO balance_before

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
 WITHOUT ROWID,
 STRICT

INSERT INTO balance SELECT * FROM balance_before

DROP TABLE balance_before
