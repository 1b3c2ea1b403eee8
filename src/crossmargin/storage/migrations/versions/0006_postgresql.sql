ALTER TABLE transfer DROP CONSTRAINT transfer_path_id_fkey

ALTER TABLE transfer DROP CONSTRAINT transfer_pending_id_fkey

DROP TRIGGER path_needs_a_declared_default ON path

CREATE TRIGGER path_needs_a_declared_default BEFORE INSERT ON path FOR EACH ROW WHEN (NEW.kind IN ('CME_CLOSE_OUT', 'DEFICIT_PAYMENT', 'DISTRIBUTION', 'DISTRIBUTION_RETURN', 'FICC_CLOSE_OUT', 'GUARANTY_PAYMENT', 'PORT_IN', 'PORT_OUT')) EXECUTE FUNCTION refuse_undeclared()

CREATE FUNCTION refuse_without_key() RETURNS trigger LANGUAGE plpgsql SET enable_hashjoin = off SET enable_mergejoin = off SET enable_seqscan = off AS $$ BEGIN IF EXISTS (SELECT FROM written WHERE NOT EXISTS (SELECT FROM path AS other WHERE other.path_id = written.path_id)) THEN RAISE EXCEPTION 'a transfer takes no path' USING ERRCODE = 'foreign_key_violation'; END IF; IF EXISTS (SELECT FROM written WHERE written.pending_id IS NOT NULL AND NOT EXISTS (SELECT FROM transfer AS other WHERE other.transfer_id = written.pending_id)) THEN RAISE EXCEPTION 'a transfer settles what is not there' USING ERRCODE = 'foreign_key_violation'; END IF; RETURN NULL; END $$

CREATE TRIGGER transfer_has_its_keys AFTER INSERT ON transfer REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION refuse_without_key()
