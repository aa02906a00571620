"""What must always hold (DESIGN.md, section 6), each as a sentence and a query that counts what does not."""

from dataclasses import dataclass

from journeys.integrity.canonical import BROKEN_SEALS


@dataclass(frozen=True, slots=True)
class Invariant:
    """A promise about the whole book.

    Attributes:
        name: stable, for programs.
        promise: what holds, as a person would say it.
        sql: one number: how often it does not hold.
    """

    name: str
    promise: str
    sql: str


_MOVEMENT = "from_outside, from_stage_id, from_lost, to_outside, to_stage_id, to_lost, direction"

_FLOWS = f"""
    SELECT quarter, {_MOVEMENT}, cause, sum(count)::bigint FROM journeys_funnelflow WHERE kind = 'change'
    GROUP BY quarter, {_MOVEMENT}, cause
"""

_HISTORY = f"""
    SELECT date_bin('15 minutes', changed_at, '2000-01-01T00:00:00Z'), {_MOVEMENT}, cause, count(*)
    FROM journeys_statuschange GROUP BY 1, {_MOVEMENT}, cause
"""

_FOLDED = f"""
    SELECT span, date_trunc(span, quarter, 'UTC'), kind, {_MOVEMENT}, sum(count)::bigint
    FROM journeys_funnelflow CROSS JOIN (VALUES ('day'), ('month')) AS spans (span)
    WHERE id <= (SELECT folded_to FROM journeys_foldmark)
    GROUP BY 1, 2, 3, {_MOVEMENT}
"""

_TOTALS = f"SELECT span, starts_at, kind, {_MOVEMENT}, count::bigint FROM journeys_funneltotal"

_PRESENT = "SELECT stage_id, lost_at IS NOT NULL AS lost, count(*) FROM journeys_funnelstatus GROUP BY 1, 2"

_SUM = """
    SELECT stage_id, lost, sum(count)::bigint FROM (
        SELECT to_stage_id AS stage_id, to_lost AS lost, count FROM journeys_funnelflow WHERE NOT to_outside AND {which}
        UNION ALL
        SELECT from_stage_id, from_lost, -count FROM journeys_funnelflow WHERE NOT from_outside AND {which}
    ) AS places GROUP BY 1, 2 HAVING sum(count) <> 0
"""


def _differences(some: str, others: str) -> str:
    """How many rows are in one of two queries alone."""
    return f"""
        SELECT (SELECT count(*) FROM ({some} EXCEPT ALL {others}) AS more)
             + (SELECT count(*) FROM ({others} EXCEPT ALL {some}) AS less)
    """


_STATUSES = [
    Invariant(
        "statuses_and_contacts",
        "Each contact has a status, and each status a contact.",
        """
        SELECT count(*) FROM contacts_contact FULL JOIN journeys_funnelstatus ON contact_id = id
        WHERE id IS NULL OR contact_id IS NULL
        """,
    ),
    Invariant(
        "statuses_are_explained",
        "Each status is what the last row of its history says, to the person, the cause and the second.",
        """
        SELECT count(*) FROM journeys_funnelstatus status LEFT JOIN LATERAL (
            SELECT * FROM journeys_statuschange WHERE contact_id = status.contact_id ORDER BY id DESC LIMIT 1
        ) AS last ON true
        WHERE (status.stage_id, status.lost_at IS NOT NULL, status.lost_reason_id, status.since, status.cause,
               status.changed_by_id, status.run_id, status.via_id, status.note_id, status.stated_at, status.undoes_id,
               status.review_needed, status.signature, false)
              IS DISTINCT FROM
              (to_stage_id, to_lost, to_lost_reason_id, changed_at, last.cause,
               last.changed_by_id, last.run_id, last.via_id, last.note_id, last.stated_at, last.undoes_id,
               last.review_needed, last.signature, last.to_outside)
        """,
    ),
    Invariant(
        "inactive_accounts_are_lost",
        "A contact whose account is inactive is lost.",
        """
        SELECT count(*) FROM contacts_contact JOIN journeys_funnelstatus ON contact_id = id
        WHERE account_state = 'inactive' AND lost_at IS NULL
        """,
    ),
    Invariant(
        "statuses_name_what_exists",
        "A status names a stage in use, a lost reason, a team member and a run that exist.",
        """
        SELECT count(*) FROM journeys_funnelstatus status
        LEFT JOIN stages_stage stage ON stage.id = stage_id
        LEFT JOIN journeys_lostreason reason ON reason.id = lost_reason_id
        LEFT JOIN team_teammember member ON member.id = changed_by_id
        LEFT JOIN journeys_run run ON run.id = run_id
        WHERE (status.stage_id, status.lost_reason_id, status.changed_by_id, status.run_id)
              IS DISTINCT FROM (stage.id, reason.id, member.id, run.id)
        """,
    ),
]

_CHANGES = [
    Invariant(
        "changes_follow_each_other",
        "Each row of history begins where the one before it ended, and the first one outside the book.",
        """
        SELECT count(*) FROM (
            SELECT *, row_number() OVER own AS number,
                   (lag(to_outside) OVER own, lag(to_stage_id) OVER own, lag(to_lost) OVER own,
                    lag(to_lost_reason_id) OVER own)
                   IS NOT DISTINCT FROM (from_outside, from_stage_id, from_lost, from_lost_reason_id)
                   AND (from_outside OR lag(changed_at) OVER own = from_since)
                   AND (from_outside OR to_outside OR lag(signature) OVER own + 1 = signature) AS follows
            FROM journeys_statuschange WINDOW own AS (PARTITION BY contact_id ORDER BY id)
        ) AS rows WHERE CASE WHEN number = 1 THEN NOT from_outside ELSE NOT follows END
        """,
    ),
    Invariant(
        "dates_ascend",
        "The dates of a contact's changes ascend, and none lies after it was recorded.",
        """
        SELECT count(*) FROM (
            SELECT changed_at, recorded_at, from_since, lag(changed_at) OVER own AS before
            FROM journeys_statuschange WINDOW own AS (PARTITION BY contact_id ORDER BY id)
        ) AS rows
        WHERE changed_at < before OR changed_at < from_since
           OR changed_at > recorded_at AND changed_at IS DISTINCT FROM from_since
        """,
    ),
    Invariant(
        "an_undo_follows_what_it_undoes",
        "An undo follows the change that it undoes at once, and leads back to before it.",
        """
        SELECT count(*) FROM (
            SELECT *, lag(id) OVER own AS before, lag(from_stage_id) OVER own AS stage_before,
                   lag(from_lost) OVER own AS lost_before, lag(from_lost_reason_id) OVER own AS reason_before
            FROM journeys_statuschange WINDOW own AS (PARTITION BY contact_id ORDER BY id)
        ) AS rows
        WHERE undoes_id IS NOT NULL
          AND (undoes_id, to_stage_id, to_lost, to_lost_reason_id)
              IS DISTINCT FROM (before, stage_before, lost_before, reason_before)
        """,
    ),
    Invariant(
        "changes_name_what_exists",
        "A change names stages, lost reasons, a team member and a run that exist.",
        """
        SELECT count(*) FROM journeys_statuschange change
        LEFT JOIN stages_stage left_stage ON left_stage.id = from_stage_id
        LEFT JOIN stages_stage stage ON stage.id = to_stage_id
        LEFT JOIN journeys_lostreason left_reason ON left_reason.id = from_lost_reason_id
        LEFT JOIN journeys_lostreason reason ON reason.id = to_lost_reason_id
        LEFT JOIN team_teammember member ON member.id = changed_by_id
        LEFT JOIN journeys_run run ON run.id = run_id
        WHERE (from_stage_id, to_stage_id, from_lost_reason_id, to_lost_reason_id, changed_by_id, run_id)
              IS DISTINCT FROM (left_stage.id, stage.id, left_reason.id, reason.id, member.id, run.id)
        """,
    ),
    Invariant(
        "history_holds_no_personal_text",
        "The history holds codes and numbers only: nothing that a person typed.",
        """
        SELECT (SELECT count(*) FROM information_schema.columns
                WHERE table_schema = 'public' AND table_name = 'journeys_statuschange'
                  AND data_type NOT IN ('bigint', 'integer', 'smallint', 'boolean', 'timestamp with time zone', 'xid8')
                  AND column_name NOT IN ('cause', 'database_user'))
             + (SELECT count(*) FROM journeys_statuschange WHERE cause !~ '^[a-z_]{1,16}$')
        """,
    ),
]

_FLOW = [
    Invariant(
        "flows_are_the_history",
        "The counted movements of each quarter of an hour are those of the history.",
        _differences(_FLOWS, _HISTORY),
    ),
    Invariant(
        "totals_are_the_flows",
        "The totals of days and months are the sums of the movements counted in them.",
        _differences(_TOTALS, _FOLDED),
    ),
    Invariant(
        "recorded_flows_lead_to_the_present",
        "In each stage stand as many as came in less those that went, as recorded.",
        _differences(_PRESENT, _SUM.format(which="kind = 'change'")),
    ),
    Invariant(
        "corrected_flows_lead_to_the_present",
        "In each stage stand as many as came in less those that went, undone changes left out.",
        _differences(_PRESENT, _SUM.format(which="true")),
    ),
]

_RUNS = [
    Invariant(
        "the_counts_of_runs_add_up",
        "In a run that has ended, those created, changed, unchanged and refused are all that it was about.",
        """
        SELECT count(*) FROM journeys_run WHERE state IN ('finished', 'cancelled')
           AND (created + updated + unchanged + refused <> records OR finished_at IS NULL OR cursor <> slices)
        """,
    ),
    Invariant(
        "a_run_changes_nobody_twice",
        "A run writes one change of a contact at most.",
        """
        SELECT count(*) FROM (
            SELECT 1 FROM journeys_statuschange WHERE run_id IN (SELECT id FROM journeys_run WHERE slices > 0)
            GROUP BY run_id, contact_id HAVING count(*) > 1
        ) AS twice
        """,
    ),
    Invariant(
        "the_moves_of_a_run_are_its_history",
        "A run that moves contacts has changed as many as it wrote rows of history.",
        """
        SELECT count(*) FROM journeys_run run
        WHERE slices > 0 AND operation ->> 'effect' IS NULL
          AND operation ->> 'act' IN ('change_status', 'give_default', 'mark_lost', 'recover', 'move_out', 'put_back')
          AND updated <> (SELECT count(*) FROM journeys_statuschange WHERE run_id = run.id)
        """,
    ),
]

_JOBS = [
    Invariant(
        "no_run_stands_still",
        "On every run that is under way something was done within the last hour.",
        """
        SELECT count(*) FROM journeys_run
        WHERE state = 'running' AND slices > 0 AND progressed_at < now() - interval '1 hour'
        """,
    ),
    Invariant(
        "no_job_is_overdue",
        "No job has waited for a worker, or been worked on, for more than an hour.",
        """
        SELECT count(*) FROM procrastinate_jobs job
        WHERE status IN ('todo', 'doing') AND coalesce(scheduled_at, '-infinity') < now() - interval '1 hour'
          AND (SELECT max(at) FROM procrastinate_events WHERE job_id = job.id) < now() - interval '1 hour'
        """,
    ),
]

_CAMPAIGNS = [
    Invariant(
        "a_step_moves_a_contact_once",
        "Each step of a campaign moved a contact as often as its turns say, once in a round.",
        """
        SELECT count(*) FROM (
            SELECT via_id, contact_id, count(*) AS moves
            FROM journeys_statuschange WHERE cause = 'campaign' GROUP BY 1, 2
        ) AS moved FULL JOIN (
            SELECT step_id AS via_id, contact_id, count(*) AS turns
            FROM journeys_turn JOIN journeys_campaignstep step ON step.id = step_id
            WHERE outcome = 'changed' AND step.kind IN ('change_stage', 'mark_lost') GROUP BY 1, 2
        ) AS taken USING (via_id, contact_id)
        JOIN contacts_contact ON id = contact_id
        WHERE moves IS DISTINCT FROM turns
        """,
    ),
    Invariant(
        "turns_belong_to_members",
        "Each turn at a step of a campaign is of a contact that is or was in it, and nothing waits for one that left.",
        """
        SELECT count(*) FROM journeys_turn turn JOIN journeys_campaignstep step ON step.id = step_id
        LEFT JOIN journeys_campaignmember member USING (campaign_id, contact_id, round)
        WHERE member.id IS NULL OR (done_at IS NULL AND left_at IS NOT NULL)
        """,
    ),
    Invariant(
        "no_step_is_overdue",
        "In campaigns that are going nothing has been due for more than an hour.",
        """
        SELECT count(*) FROM journeys_turn JOIN journeys_campaignstep step ON step.id = step_id
        JOIN journeys_campaign campaign ON campaign.id = campaign_id
        WHERE done_at IS NULL AND due_at < now() - interval '1 hour' AND campaign.state = 'active'
          AND changed_at < now() - interval '1 hour'
          AND coalesce(publish_up < now() - interval '1 hour', true) AND coalesce(publish_down > now(), true)
        """,
    ),
]

_SEALS = [
    Invariant(
        "seals_fit",
        "The sealed history is as it was when it was sealed: no row edited, removed, put in late or moved.",
        BROKEN_SEALS,
    ),
]

INVARIANTS = [*_STATUSES, *_CHANGES, *_SEALS, *_FLOW, *_RUNS, *_CAMPAIGNS, *_JOBS]
"""In the order in which they are shown. Names are unique."""

SEALS_OUTSIDE = "seals_outside"

PROMISES = {invariant.name: invariant.promise for invariant in INVARIANTS} | {
    SEALS_OUTSIDE: "Every seal that is kept outside the database is in it, as it was written."
}
"""What is checked, by name: the invariants, and what no query can say."""
