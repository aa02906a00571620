"""Which changes count: SQL for statements over the status history."""


def is_undone(change: str) -> str:
    """SQL that says whether a change was undone, and the undo was not.

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
            ) SELECT mod(max(depth), 2) = 1 FROM undos), false)
    """


def is_kept(change: str) -> str:
    """SQL that says whether a change counts as corrected: it is neither undone nor an undo."""
    return f"{change}.undoes_id IS NULL AND NOT {is_undone(change)}"


NOT_UNDONE = f"""
    change.undoes_id IS NULL
    AND (NOT EXISTS (SELECT FROM journeys_statuschange undo WHERE undo.undoes_id = change.id)
         OR NOT {is_undone("change")})
"""
"""A `change` that counts: neither undone nor an undo. Those that no undo names are told apart along an index."""
