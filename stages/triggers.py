"""What the database promises about stages, as plain SQL.

Each statement can be applied again; `tests/test_triggers.py` compares the database with this module.
"""

SQL = """
-- An old name, weight or colour of a stage stays readable: every one is written down.
CREATE OR REPLACE FUNCTION stage_revision_is_written() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO stages_stagerevision (stage_id, name, weight, colour, revised_at)
    VALUES (NEW.id, NEW.name, NEW.weight, NEW.colour, clock_timestamp());
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER stage_revision_is_written_at_birth AFTER INSERT ON stages_stage
FOR EACH ROW EXECUTE FUNCTION stage_revision_is_written();

CREATE OR REPLACE TRIGGER stage_revision_is_written_on_change AFTER UPDATE ON stages_stage
FOR EACH ROW WHEN ((OLD.name, OLD.weight, OLD.colour) IS DISTINCT FROM (NEW.name, NEW.weight, NEW.colour))
EXECUTE FUNCTION stage_revision_is_written();

-- History is only ever added to. Used by the tables of every app.
CREATE OR REPLACE FUNCTION history_is_never_rewritten() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% of % is refused: history is never rewritten', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER stage_revisions_are_never_rewritten
BEFORE UPDATE OR DELETE OR TRUNCATE ON stages_stagerevision
FOR EACH STATEMENT EXECUTE FUNCTION history_is_never_rewritten();

-- Stages are retired, never deleted: contacts and history name them.
CREATE OR REPLACE FUNCTION stages_are_never_deleted() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a stage is retired, never deleted' USING ERRCODE = 'restrict_violation';
END $$;

CREATE OR REPLACE TRIGGER stages_are_never_deleted
BEFORE DELETE OR TRUNCATE ON stages_stage
FOR EACH STATEMENT EXECUTE FUNCTION stages_are_never_deleted();
"""
