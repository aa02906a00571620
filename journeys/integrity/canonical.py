"""The bytes of the status history that seals are made of: docs/decisions/0009-the-history-is-sealed.md.

Each row is one line: its columns in the order below, joined by `|`; `-` for what is not there, `t` and `f`, times as
microseconds since 1970, and text in hexadecimal. Lines are in the order of id. So they are the same in every time zone,
encoding and version.
"""

PLAIN = "id contact_id from_stage_id from_lost_reason_id to_stage_id to_lost_reason_id direction changed_by_id run_id"
PLAIN += " via_id note_id undoes_id signature transaction_id"
YES_OR_NO = "from_outside from_lost to_outside to_lost review_needed"
TIMES = "from_lost_at from_since from_stage_since changed_at recorded_at stated_at"
TEXTS = "cause database_user"

_FORMS = {
    PLAIN: "{}::text",
    YES_OR_NO: "CASE WHEN {} THEN 't' ELSE 'f' END",
    TIMES: "(extract(epoch FROM {}) * 1000000)::bigint::text",
    TEXTS: "encode(convert_to({}, 'UTF8'), 'hex')",
}

COLUMNS = [column for columns in _FORMS for column in columns.split()]

_LINE = " || '|' || ".join(
    f"coalesce({form.format(column)}, '-')" for columns, form in _FORMS.items() for column in columns.split()
)

CONTENT = f"convert_to(coalesce(string_agg({_LINE}, E'\\n' ORDER BY id), ''), 'UTF8')"
"""SQL: the bytes of the rows of `journeys_statuschange` that are selected."""

BROKEN_SEALS = f"""
    SELECT count(*) FROM (
        SELECT *, lag(number, 1, 0) OVER own AS number_before, lag(up_to, 1, 0) OVER own AS up_to_before,
               lag(digest, 1, ''::bytea) OVER own AS digest_before
        FROM journeys_seal WINDOW own AS (ORDER BY number)
    ) AS seal
    CROSS JOIN LATERAL (
        SELECT count(*) AS rows_now, {CONTENT} AS content FROM journeys_statuschange change
        WHERE change.id > seal.up_to_before AND change.id <= seal.up_to
    ) AS sealed
    WHERE number <> number_before + 1 OR rows <> rows_now OR digest <> sha256(digest_before || content)
"""
"""SQL: how many seals do not fit what they seal."""
