DROP INDEX transfer_by_group

DROP INDEX transfer_by_date

CREATE INDEX record_by_date ON record (stream, business_date)

CREATE INDEX record_in_order ON record (stream, sequence)

ALTER TABLE balance SET (fillfactor = 50)

CREATE TABLE ledger_version (changed_by BIGINT NOT NULL, changes BIGINT NOT NULL)

INSERT INTO ledger_version VALUES (0, 0)

CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE ledger_version SET changed_by = pg_current_xact_id()::text::bigint, changes = changes + 1; RETURN NULL; END $$

CREATE TRIGGER balance_has_a_version AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON balance FOR EACH STATEMENT EXECUTE FUNCTION note_change()

CREATE TRIGGER account_has_a_version AFTER INSERT ON account FOR EACH STATEMENT EXECUTE FUNCTION note_change()

CREATE TRIGGER account_closing_has_a_version AFTER INSERT ON account_closing FOR EACH STATEMENT EXECUTE FUNCTION note_change()

CREATE TRIGGER custody_fact_has_a_version AFTER INSERT ON record FOR EACH ROW WHEN (NEW.stream = 'CUSTODY_FACT') EXECUTE FUNCTION note_change()
