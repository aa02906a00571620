"""Which changes of the whole history are undone, as SQL; `journeys.history.undone` asks it of one."""

UNDONE = """
    chain (id, undo, depth) AS (
        SELECT undone.id, undo.id, 1
        FROM journeys_statuschange undo JOIN journeys_statuschange undone ON undone.id = undo.undoes_id
        WHERE undo.undoes_id IS NOT NULL AND undone.undoes_id IS NULL
        UNION ALL
        SELECT chain.id, next.id, depth + 1 FROM chain JOIN journeys_statuschange next ON next.undoes_id = chain.undo
    ),
    undone AS MATERIALIZED (SELECT id, max(undo) AS undo FROM chain GROUP BY id HAVING mod(max(depth), 2) = 1)
"""
"""Tables for `WITH RECURSIVE`: each change that is undone, with its last undo."""

KEPT = "change.undoes_id IS NULL AND NOT EXISTS (SELECT FROM undone WHERE undone.id = change.id)"
"""Of `UNDONE`: a change that counts as corrected."""
