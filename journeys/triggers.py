"""What the database promises about funnel statuses and their history, as plain SQL (DESIGN.md, section 3).

Each statement can be applied again; `tests/test_triggers.py` compares the database with this module.
Whoever changes a status *signs*: sets since, cause, changed_by and the rest, and raises `signature` by one.
"""

from journeys.integrity.canonical import CONTENT

SQL = """
-- 1. A contact gets a status, by whatever path it comes. The stage is not retired before the contact is there.
CREATE OR REPLACE FUNCTION open_default_stage() RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT stage.id FROM journeys_funnelsettings JOIN stages_stage stage ON stage.id = default_stage_id
    WHERE stage.is_published AND stage.retired_at IS NULL
      AND (stage.publish_up IS NULL OR stage.publish_up <= clock_timestamp())
      AND (stage.publish_down IS NULL OR stage.publish_down > clock_timestamp())
    FOR SHARE OF stage
$$;

CREATE OR REPLACE FUNCTION contacts_get_a_status() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    stage bigint := open_default_stage();
    now timestamptz := clock_timestamp();
BEGIN
    -- A status written first, for an account that is born inactive, has to be lost too.
    PERFORM statuses_of_inactive_accounts_are_lost(
        ARRAY(SELECT id FROM contacts_after WHERE account_state = 'inactive' ORDER BY id));
    INSERT INTO journeys_funnelstatus (contact_id, stage_id, stage_since, lost_at, since, cause)
    SELECT id, stage, now, CASE WHEN account_state = 'inactive' THEN now END, now,
           CASE WHEN account_state = 'inactive' THEN 'account_inactive' ELSE 'default' END
    FROM contacts_after ORDER BY id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER contacts_get_a_status AFTER INSERT ON contacts_contact
REFERENCING NEW TABLE AS contacts_after FOR EACH STATEMENT EXECUTE FUNCTION contacts_get_a_status();

-- 2. An inactive account is lost, from the stage where it was.
CREATE OR REPLACE FUNCTION statuses_of_inactive_accounts_are_lost(contacts bigint[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    now timestamptz;
BEGIN
    -- Locked first: whoever is recovering one of them just now is waited for, and then seen.
    PERFORM FROM journeys_funnelstatus WHERE contact_id = ANY (contacts) ORDER BY contact_id FOR NO KEY UPDATE;
    now := clock_timestamp();
    UPDATE journeys_funnelstatus SET
        since = greatest(now, since), lost_at = greatest(now, since), lost_reason_id = NULL,
        cause = 'account_inactive', changed_by_id = NULL, run_id = NULL, via_id = NULL, note_id = NULL,
        stated_at = NULL, undoes_id = NULL, review_needed = false, signature = signature + 1
    WHERE contact_id = ANY (contacts) AND lost_at IS NULL;
END $$;

REVOKE EXECUTE ON FUNCTION statuses_of_inactive_accounts_are_lost FROM PUBLIC;

CREATE OR REPLACE FUNCTION inactive_accounts_are_lost() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    deactivated bigint[];
BEGIN
    -- Planned anew each time, as below.
    EXECUTE $deactivated$
        SELECT array_agg(id ORDER BY id) FROM contacts_after JOIN contacts_before USING (id)
        WHERE contacts_after.account_state = 'inactive' AND contacts_before.account_state <> 'inactive'
        $deactivated$ INTO deactivated;
    IF cardinality(deactivated) > 0 THEN
        PERFORM statuses_of_inactive_accounts_are_lost(deactivated);
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER inactive_accounts_are_lost AFTER UPDATE ON contacts_contact
REFERENCING OLD TABLE AS contacts_before NEW TABLE AS contacts_after
FOR EACH STATEMENT EXECUTE FUNCTION inactive_accounts_are_lost();

CREATE OR REPLACE FUNCTION inactive_accounts_stay_lost() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM contacts_contact WHERE id = OLD.contact_id AND account_state = 'inactive') THEN
        RAISE EXCEPTION 'contact % stays lost: the account is inactive', OLD.contact_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER inactive_accounts_stay_lost BEFORE UPDATE ON journeys_funnelstatus
FOR EACH ROW WHEN (OLD.lost_at IS NOT NULL AND NEW.lost_at IS NULL)
EXECUTE FUNCTION inactive_accounts_stay_lost();

-- 3. Unsigned is a data fix: nobody is blamed for somebody else's SQL.
CREATE OR REPLACE FUNCTION unsigned_is_a_data_fix() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    given_since timestamptz := nullif(NEW.since, OLD.since);
    fixed journeys_funnelstatus := OLD;
BEGIN
    IF NEW.contact_id <> OLD.contact_id THEN
        RAISE EXCEPTION 'a status belongs to one contact for good' USING ERRCODE = 'restrict_violation';
    END IF;
    fixed.stage_id := NEW.stage_id;
    fixed.lost_reason_id := CASE WHEN NEW.lost_at IS NOT NULL THEN NEW.lost_reason_id END;
    IF (fixed.stage_id, NEW.lost_at IS NULL, fixed.lost_reason_id)
       IS NOT DISTINCT FROM (OLD.stage_id, OLD.lost_at IS NULL, OLD.lost_reason_id) THEN
        RETURN OLD;
    END IF;
    IF (fixed.stage_id IS DISTINCT FROM OLD.stage_id OR OLD.lost_at IS NOT NULL AND NEW.lost_at IS NULL)
       AND fixed.stage_id IS NOT NULL THEN
        PERFORM FROM stages_stage WHERE id = fixed.stage_id AND retired_at IS NULL FOR SHARE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no stage % that is in use', fixed.stage_id USING ERRCODE = 'restrict_violation';
        END IF;
    END IF;
    IF fixed.lost_reason_id IS DISTINCT FROM OLD.lost_reason_id AND fixed.lost_reason_id IS NOT NULL
       AND NOT EXISTS (SELECT FROM journeys_lostreason WHERE id = fixed.lost_reason_id) THEN
        RAISE EXCEPTION 'there is no lost reason %', fixed.lost_reason_id USING ERRCODE = 'restrict_violation';
    END IF;
    fixed.since := coalesce(given_since, greatest(clock_timestamp(), OLD.since));
    fixed.lost_at := CASE WHEN NEW.lost_at IS NOT NULL THEN coalesce(OLD.lost_at, fixed.since) END;
    IF fixed.stage_id IS DISTINCT FROM OLD.stage_id THEN
        fixed.stage_since := fixed.since;
    END IF;
    fixed.cause := 'data_fix';
    fixed.changed_by_id := NULL;
    fixed.run_id := NULL;
    fixed.via_id := NULL;
    fixed.note_id := NULL;
    fixed.stated_at := NULL;
    fixed.undoes_id := NULL;
    fixed.review_needed := false;
    fixed.signature := OLD.signature + 1;
    RETURN fixed;
END $$;

-- A signature under no change at all is put back too, unless the contact is about to be erased.
CREATE OR REPLACE TRIGGER unsigned_is_a_data_fix BEFORE UPDATE ON journeys_funnelstatus
FOR EACH ROW WHEN (
    NEW.signature IS DISTINCT FROM OLD.signature + 1 OR NEW.contact_id <> OLD.contact_id
    OR NEW.cause <> 'erased' AND (NEW.stage_id, NEW.lost_at IS NULL, NEW.lost_reason_id)
                                 IS NOT DISTINCT FROM (OLD.stage_id, OLD.lost_at IS NULL, OLD.lost_reason_id))
EXECUTE FUNCTION unsigned_is_a_data_fix();

CREATE OR REPLACE FUNCTION erased_contacts_leave_the_book() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM journeys_funnelstatus WHERE contact_id = NEW.contact_id AND cause = 'erased') THEN
        RAISE EXCEPTION 'contact % was signed off as erased and has to leave the book', NEW.contact_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS erased_contacts_leave_the_book ON journeys_funnelstatus;
CREATE CONSTRAINT TRIGGER erased_contacts_leave_the_book AFTER UPDATE ON journeys_funnelstatus
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.cause = 'erased')
EXECUTE FUNCTION erased_contacts_leave_the_book();

-- 4. Every change is written down, and counted. One statement, planned anew each time (EXECUTE): a plan
-- kept from a change of one row would join the 2,000 rows of a slice by nested loops.
CREATE OR REPLACE FUNCTION status_changes_are_written_down() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    moved text;
    cancelled text := '';
    has_undos boolean := false;
BEGIN
    moved := CASE TG_OP
    WHEN 'INSERT' THEN
        'SELECT contact_id, true AS from_outside, NULL::bigint AS from_stage_id, false AS from_lost,
                NULL::bigint AS from_lost_reason_id, NULL::timestamptz AS from_lost_at,
                NULL::timestamptz AS from_since, NULL::timestamptz AS from_stage_since,
                false AS to_outside, stage_id AS to_stage_id, lost_at IS NOT NULL AS to_lost,
                lost_reason_id AS to_lost_reason_id, since AS changed_at, cause, changed_by_id, run_id, via_id,
                note_id, stated_at, undoes_id, review_needed, signature
         FROM statuses_after'
    WHEN 'UPDATE' THEN
        'SELECT contact_id, false AS from_outside, old.stage_id AS from_stage_id, old.lost_at IS NOT NULL AS from_lost,
                old.lost_reason_id AS from_lost_reason_id, old.lost_at AS from_lost_at,
                old.since AS from_since, old.stage_since AS from_stage_since,
                false AS to_outside, new.stage_id AS to_stage_id, new.lost_at IS NOT NULL AS to_lost,
                new.lost_reason_id AS to_lost_reason_id, new.since AS changed_at, new.cause, new.changed_by_id,
                new.run_id, new.via_id, new.note_id, new.stated_at, new.undoes_id, new.review_needed,
                new.signature, old.signature AS from_signature
         FROM statuses_before old JOIN statuses_after new USING (contact_id)
         WHERE (old.stage_id, old.lost_at IS NULL, old.lost_reason_id)
               IS DISTINCT FROM (new.stage_id, new.lost_at IS NULL, new.lost_reason_id)'
    ELSE
        -- An erasure is signed before the row goes; a row that goes unsigned is a data fix.
        'SELECT contact_id, false AS from_outside, stage_id AS from_stage_id, lost_at IS NOT NULL AS from_lost,
                lost_reason_id AS from_lost_reason_id, lost_at AS from_lost_at,
                since AS from_since, stage_since AS from_stage_since,
                true AS to_outside, NULL::bigint AS to_stage_id, false AS to_lost,
                NULL::bigint AS to_lost_reason_id, greatest(clock_timestamp(), since) AS changed_at,
                CASE WHEN cause = ''erased'' THEN cause ELSE ''data_fix'' END AS cause,
                CASE WHEN cause = ''erased'' THEN changed_by_id END AS changed_by_id,
                CASE WHEN cause = ''erased'' THEN run_id END AS run_id,
                NULL::bigint AS via_id, NULL::bigint AS note_id, NULL::timestamptz AS stated_at,
                NULL::bigint AS undoes_id, false AS review_needed, signature
         FROM statuses_before'
    END;

    IF TG_OP = 'UPDATE' THEN
        EXECUTE 'SELECT EXISTS (SELECT FROM statuses_after WHERE undoes_id IS NOT NULL)' INTO has_undos;
    END IF;
    IF has_undos THEN
        -- A change and its undo are neighbours in the contact's history, like brackets, and lead back to before it.
        -- Counted, not EXISTS: that is planned for the first row, with nested loops over all of both tables.
        EXECUTE format($undone$
            SELECT count(*) > 0 FROM (%s) moved LEFT JOIN LATERAL (
                SELECT * FROM journeys_statuschange WHERE id = moved.undoes_id LIMIT 1) undone ON true
            WHERE moved.undoes_id IS NOT NULL
              AND (moved.contact_id, moved.from_signature, moved.from_since, false,
                   moved.to_stage_id, moved.to_lost, moved.to_lost_reason_id)
                  IS DISTINCT FROM (undone.contact_id, undone.signature, undone.changed_at, undone.from_outside,
                                    undone.from_stage_id, undone.from_lost, undone.from_lost_reason_id)
            $undone$, moved) INTO has_undos;
        IF has_undos THEN
            RAISE EXCEPTION 'only the latest change of a contact can be undone, to what was before it'
                USING ERRCODE = 'restrict_violation';
        END IF;
        -- LIMIT 1: each is looked up by its number, where a join would read the whole history.
        -- The undo leaves the sum as corrected. What it undoes leaves it too, or, if that was
        -- an undo itself, the change at the bottom of the chain comes back.
        cancelled := $cancelled$
            UNION ALL
            SELECT changed_at, from_outside, from_stage_id, from_lost, to_outside, to_stage_id, to_lost,
                   direction, cause, 'cancel', -1
            FROM written WHERE undoes_id IS NOT NULL
            UNION ALL
            SELECT changed_at, from_outside, from_stage_id, from_lost, to_outside, to_stage_id, to_lost,
                   direction, cause, 'cancel', CASE WHEN depth % 2 = 1 THEN -1 ELSE 1 END
            FROM chain WHERE undoes_id IS NULL
            $cancelled$;
    END IF;

    EXECUTE format($statement$
        WITH RECURSIVE moved AS (%s),
        written AS (
            INSERT INTO journeys_statuschange (
                contact_id, from_outside, from_stage_id, from_lost, from_lost_reason_id, from_lost_at, from_since,
                from_stage_since, to_outside, to_stage_id, to_lost, to_lost_reason_id, changed_at, recorded_at,
                direction, cause, changed_by_id, run_id, via_id, note_id, stated_at, undoes_id, review_needed,
                signature, database_user, transaction_id)
            SELECT moved.contact_id, from_outside, from_stage_id, from_lost, from_lost_reason_id, from_lost_at,
                   from_since, from_stage_since, to_outside, to_stage_id, to_lost, to_lost_reason_id, changed_at,
                   clock_timestamp(), CASE WHEN from_stage_id <> to_stage_id
                                           THEN sign(heading.weight::bigint - leaving.weight)::smallint END,
                   cause, changed_by_id, run_id, via_id, note_id, stated_at, undoes_id, review_needed,
                   signature, session_user, pg_current_xact_id()
            FROM moved
            LEFT JOIN stages_stage leaving ON leaving.id = from_stage_id
            LEFT JOIN stages_stage heading ON heading.id = to_stage_id
            ORDER BY moved.contact_id
            RETURNING changed_at, from_outside, from_stage_id, from_lost, to_outside, to_stage_id, to_lost, direction,
                      cause, undoes_id
        ), %s
        counted (at, from_outside, from_stage_id, from_lost, to_outside, to_stage_id, to_lost,
                 direction, cause, kind, count) AS (
            SELECT changed_at, from_outside, from_stage_id, from_lost, to_outside, to_stage_id, to_lost,
                   direction, cause, 'change', 1
            FROM written %s
        )
        INSERT INTO journeys_funnelflow (quarter, from_outside, from_stage_id, from_lost, to_outside, to_stage_id,
                                         to_lost, direction, cause, kind, count)
        SELECT date_bin('15 minutes', at, '2000-01-01T00:00:00Z'), from_outside, from_stage_id, from_lost,
               to_outside, to_stage_id, to_lost, direction, cause, kind, sum(count)
        FROM counted
        GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10
        $statement$,
        moved,
        CASE WHEN cancelled = '' THEN '' ELSE $chain$
        chain AS (
            SELECT undone.*, 1 AS depth FROM written CROSS JOIN LATERAL (
                SELECT changed_at, from_outside, from_stage_id, from_lost, to_outside, to_stage_id, to_lost, direction,
                       cause, undoes_id
                FROM journeys_statuschange WHERE id = written.undoes_id LIMIT 1) undone
            UNION ALL
            SELECT undone.*, chain.depth + 1 FROM chain CROSS JOIN LATERAL (
                SELECT changed_at, from_outside, from_stage_id, from_lost, to_outside, to_stage_id, to_lost, direction,
                       cause, undoes_id
                FROM journeys_statuschange WHERE id = chain.undoes_id LIMIT 1) undone
        ),
        $chain$ END,
        cancelled);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER new_statuses_are_written_down AFTER INSERT ON journeys_funnelstatus
REFERENCING NEW TABLE AS statuses_after
FOR EACH STATEMENT EXECUTE FUNCTION status_changes_are_written_down();

CREATE OR REPLACE TRIGGER status_changes_are_written_down AFTER UPDATE ON journeys_funnelstatus
REFERENCING OLD TABLE AS statuses_before NEW TABLE AS statuses_after
FOR EACH STATEMENT EXECUTE FUNCTION status_changes_are_written_down();

CREATE OR REPLACE TRIGGER erased_statuses_are_written_down AFTER DELETE ON journeys_funnelstatus
REFERENCING OLD TABLE AS statuses_before
FOR EACH STATEMENT EXECUTE FUNCTION status_changes_are_written_down();

-- A contact keeps its status as long as it is in the book.
CREATE OR REPLACE FUNCTION contacts_keep_their_status() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM contacts_contact WHERE id = OLD.contact_id)
       AND NOT EXISTS (SELECT FROM journeys_funnelstatus WHERE contact_id = OLD.contact_id) THEN
        RAISE EXCEPTION 'contact % is in the book and keeps its status', OLD.contact_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER IF EXISTS contacts_keep_their_status ON journeys_funnelstatus;
CREATE CONSTRAINT TRIGGER contacts_keep_their_status AFTER DELETE ON journeys_funnelstatus
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION contacts_keep_their_status();

CREATE OR REPLACE TRIGGER statuses_are_never_truncated BEFORE TRUNCATE ON journeys_funnelstatus
FOR EACH STATEMENT EXECUTE FUNCTION contacts_are_never_truncated();

-- 5. History is never rewritten.
CREATE OR REPLACE TRIGGER status_changes_are_never_rewritten
BEFORE UPDATE OR DELETE OR TRUNCATE ON journeys_statuschange
FOR EACH STATEMENT EXECUTE FUNCTION history_is_never_rewritten();

CREATE OR REPLACE TRIGGER flows_are_never_rewritten
BEFORE UPDATE OR DELETE OR TRUNCATE ON journeys_funnelflow
FOR EACH STATEMENT EXECUTE FUNCTION history_is_never_rewritten();

-- 6. A flagged change waits for review; what a person decided once for a token is decided as it comes. Row by row:
-- the condition costs nothing where nobody is flagged.
CREATE OR REPLACE FUNCTION flagged_changes_wait_for_review() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NEW.to_outside THEN
        DELETE FROM journeys_review WHERE contact_id = NEW.contact_id;
    ELSE
        INSERT INTO journeys_review
            (change_id, contact_id, token_id, verdict, decided_at, decided_by_id, is_standing)
        SELECT NEW.id, NEW.contact_id, token, CASE WHEN kept.by_id IS NOT NULL THEN 'kept' END,
               CASE WHEN kept.by_id IS NOT NULL THEN NEW.recorded_at END, kept.by_id, kept.by_id IS NOT NULL
        FROM (SELECT CASE WHEN NEW.cause = 'api' THEN NEW.via_id END AS token) AS asked
        LEFT JOIN journeys_kepttoken kept ON kept.token_id = token;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER flagged_changes_wait_for_review AFTER INSERT ON journeys_statuschange
FOR EACH ROW WHEN (NEW.review_needed OR NEW.to_outside) EXECUTE FUNCTION flagged_changes_wait_for_review();
"""


SEALS_SQL = f"""
-- Apart: their table is younger than those above. Who runs Funnelbook may have a seal made, and writes none.
CREATE OR REPLACE FUNCTION history_is_sealed(last_change bigint) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    INSERT INTO journeys_seal (number, up_to, rows, digest, sealed_at)
    SELECT before.number + 1, last_change, count(*), sha256(before.digest || {CONTENT}), clock_timestamp()
    FROM journeys_statuschange change,
         (SELECT number, up_to, digest FROM journeys_seal
          UNION ALL SELECT 0, 0, ''::bytea ORDER BY number DESC LIMIT 1) AS before
    WHERE change.id > before.up_to AND change.id <= last_change
      AND last_change <= pg_sequence_last_value(pg_get_serial_sequence('journeys_statuschange', 'id')::regclass)
    GROUP BY before.number, before.digest
$$;

CREATE OR REPLACE TRIGGER seals_are_never_rewritten
BEFORE UPDATE OR DELETE OR TRUNCATE ON journeys_seal
FOR EACH STATEMENT EXECUTE FUNCTION history_is_never_rewritten();
"""


CAMPAIGNS_SQL = """
-- What became of a contact in a campaign goes with it.
CREATE OR REPLACE FUNCTION turns_go_with_their_member() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    DELETE FROM journeys_turn turn USING members_before gone JOIN journeys_campaignstep step USING (campaign_id)
    WHERE (turn.step_id, turn.contact_id, turn.round) = (step.id, gone.contact_id, gone.round);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER turns_go_with_their_member AFTER DELETE ON journeys_campaignmember
REFERENCING OLD TABLE AS members_before FOR EACH STATEMENT EXECUTE FUNCTION turns_go_with_their_member();
"""


CAMPAIGNS_FOREIGN_KEYS_SQL = """
ALTER TABLE journeys_campaignmember ADD CONSTRAINT a_member_of_a_campaign_is_a_contact
FOREIGN KEY (contact_id) REFERENCES contacts_contact ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
"""


FOREIGN_KEYS_SQL = """
-- Deferred, so that the status may be written first and the contact second.
ALTER TABLE journeys_funnelstatus ADD CONSTRAINT a_status_belongs_to_a_contact
FOREIGN KEY (contact_id) REFERENCES contacts_contact ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
"""


WEB_FORMS_FOREIGN_KEYS_SQL = """
-- What people sent goes with them, whoever deletes them.
ALTER TABLE journeys_submission ADD CONSTRAINT a_submission_is_of_a_contact
FOREIGN KEY (contact_id) REFERENCES contacts_contact ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
"""
