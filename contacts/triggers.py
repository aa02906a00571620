"""What the database promises about contacts and labels, as plain SQL.

Each statement can be applied again; `tests/test_triggers.py` compares the database with this module.
"""

SQL = """
-- A label put on or taken off is written down, whoever wrote the row.
CREATE OR REPLACE FUNCTION label_changes_are_written_down() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO contacts_labelchange (contact_id, label_id, put_on, changed_at, changed_by_id, cause, run_id)
        SELECT contact_id, label_id, true, since, by_id, cause, run_id FROM labels_after ORDER BY contact_id;
    ELSE
        INSERT INTO contacts_labelchange (contact_id, label_id, put_on, changed_at, changed_by_id, cause, run_id)
        SELECT contact_id, label_id, false, clock_timestamp(),
               CASE WHEN taken_off THEN by_id END,
               CASE WHEN taken_off THEN cause ELSE 'data_fix' END,
               CASE WHEN taken_off THEN run_id END
        FROM labels_before ORDER BY contact_id;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER labels_put_on_are_written_down AFTER INSERT ON contacts_carriedlabel
REFERENCING NEW TABLE AS labels_after FOR EACH STATEMENT EXECUTE FUNCTION label_changes_are_written_down();

CREATE OR REPLACE TRIGGER labels_taken_off_are_written_down AFTER DELETE ON contacts_carriedlabel
REFERENCING OLD TABLE AS labels_before FOR EACH STATEMENT EXECUTE FUNCTION label_changes_are_written_down();

-- Turning one carried label into another would be written down nowhere.
CREATE OR REPLACE FUNCTION carried_labels_stay_what_they_are() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a carried label belongs to one contact: take it off and put another on'
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER carried_labels_stay_what_they_are BEFORE UPDATE ON contacts_carriedlabel
FOR EACH ROW WHEN (OLD.contact_id <> NEW.contact_id OR OLD.label_id <> NEW.label_id)
EXECUTE FUNCTION carried_labels_stay_what_they_are();

CREATE OR REPLACE TRIGGER label_changes_are_never_rewritten
BEFORE UPDATE OR DELETE OR TRUNCATE ON contacts_labelchange
FOR EACH STATEMENT EXECUTE FUNCTION history_is_never_rewritten();

-- Emptying a table at one stroke would pass by every promise made row by row.
CREATE OR REPLACE FUNCTION contacts_are_never_truncated() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE of % is refused: erase contacts one by one', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER contacts_are_never_truncated BEFORE TRUNCATE ON contacts_contact
FOR EACH STATEMENT EXECUTE FUNCTION contacts_are_never_truncated();

CREATE OR REPLACE TRIGGER carried_labels_are_never_truncated BEFORE TRUNCATE ON contacts_carriedlabel
FOR EACH STATEMENT EXECUTE FUNCTION contacts_are_never_truncated();
"""

FOREIGN_KEYS_SQL = """
-- What belongs to a contact goes with it, whoever deletes it.
ALTER TABLE contacts_carriedlabel ADD CONSTRAINT a_label_is_carried_by_a_contact
FOREIGN KEY (contact_id) REFERENCES contacts_contact ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE contacts_note ADD CONSTRAINT a_note_is_about_a_contact
FOREIGN KEY (contact_id) REFERENCES contacts_contact ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
"""
