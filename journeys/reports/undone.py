"""Which changes are undone, as SQL: asked of one change, and of all at once."""


def is_undone(change: str) -> str:
    """SQL, for a statement with parameters, that says whether a change was undone, and the undo was not.

    A change and its undo are neighbours in the contact's history; so are an undo and the undo of that.
    """
    return f"""
        coalesce((
            WITH RECURSIVE undos (id, depth) AS (
                SELECT undo.id, 1 FROM journeys_statuschange undo
                WHERE undo.contact_id = {change}.contact_id AND undo.id > {change}.id AND undo.undoes_id = {change}.id
                UNION ALL
                SELECT undo.id, undos.depth + 1 FROM undos JOIN journeys_statuschange undo
                ON undo.contact_id = {change}.contact_id AND undo.id > undos.id AND undo.undoes_id = undos.id
            ) SELECT max(depth) %% 2 = 1 FROM undos), false)
    """


UNDONE = """
    chain (id, undo, depth) AS (
        SELECT undone.id, undo.id, 1
        FROM journeys_statuschange undo JOIN journeys_statuschange undone ON undone.id = undo.undoes_id
        WHERE undo.undoes_id IS NOT NULL AND undone.undoes_id IS NULL
        UNION ALL
        SELECT chain.id, next.id, depth + 1 FROM chain JOIN journeys_statuschange next ON next.undoes_id = chain.undo
    ),
    undone AS MATERIALIZED (SELECT id, max(undo) AS undo FROM chain GROUP BY id HAVING max(depth) %% 2 = 1)
"""
"""Tables for `WITH RECURSIVE`, in a statement with parameters: each change that is undone, with its last undo."""

KEPT = "change.undoes_id IS NULL AND NOT EXISTS (SELECT FROM undone WHERE undone.id = change.id)"
"""Of `UNDONE`: a change that counts as corrected."""
