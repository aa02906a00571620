"""`/api/v1/status/batch`, runs and label rules: many at once, each time as a run."""

import pytest

from config.team.models import TeamMember
from config.team.roles import Role
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import Label
from journeys.rules.actions import keep_label_rule, require_lost_reason
from journeys.rules.models import LabelRule
from journeys.runs.models import Run, RunPreview
from journeys.status.actions import change_status
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.api.application import Application
from tests.api.test_v1_contacts import errors
from tests.api.test_v1_status import problem
from tests.factories import LabelFactory, TeamMemberFactory, contact_in
from tests.heart import Signed, assert_explained, last_change, moves


@pytest.fixture
def application(administrator: TeamMember) -> Application:
    return Application(administrator)


# Batches


def test_a_batch_answers_a_run_and_history_names_run_and_token(
    application, administrator: TeamMember, aware: Stage, customer: Stage
) -> None:
    ana = contact_in(aware, cause=Cause.API, email="ana@example.com")
    bo = contact_in(aware, cause=Cause.API, external_id="c-1")
    cy, there = contact_in(aware, cause=Cause.API), contact_in(customer)
    whom = [
        {"email": "ANA@example.com"},
        {"external_id": "c-1"},
        {"email": "nobody@example.com"},
        {"id": cy.pk},
        {"id": there.pk},
        {"id": 987654},
        {"id": ana.pk},
    ]
    response = application.post("/v1/status/batch", {"contacts": whom, "stage": "Customer", "reason": "Paid"})
    run = Run.objects.get()
    assert (response.status_code, response["Location"]) == (202, f"/api/v1/runs/{run.pk}")
    said = response.json()
    assert (said["id"], said["records"], said["not_found"], said["kind"]) == (run.pk, 4, [2, 5], "bulk")
    shown = application.get(f"/v1/runs/{run.pk}").json()
    assert (shown["state"], shown["changed"], shown["unchanged"], shown["refused"]) == ("finished", 3, 1, 0)
    assert (shown["forward"], shown["started_by"]["name"], shown["stage"]["name"]) == (3, "Ana Silva", "Customer")
    for contact in (ana, bo, cy):
        assert moves(contact)[1:] == ["Aware > Customer"]
        signed = Signed("api", administrator.pk, run=run.pk, via=application.token.pk)
        assert Signed.of(last_change(contact)) == signed
    assert run.note == "Paid"
    assert_explained()


def test_a_batch_marks_lost_and_recovers_and_says_why_it_refused(
    application, operator: TeamMember, aware: Stage
) -> None:
    one, inactive = contact_in(aware), contact_in(aware, account_state="inactive")
    whom = [{"id": one.pk}, {"id": inactive.pk}]
    application.post("/v1/status/batch", {"contacts": whom, "lost": True, "lost_reason": "Unsubscribed"})
    assert moves(one) == ["outside > Aware", "Aware > lost from Aware"]
    back = application.post("/v1/status/batch", {"contacts": whom, "lost": False}).json()["id"]
    assert application.get(f"/v1/runs/{back}").json()["refusals"] == [
        {"code": "account_inactive", "message": "The account is inactive.", "contacts": 1}
    ]
    assert moves(one)[-1] == "lost from Aware > Aware"
    require_lost_reason(required=True, by=None)
    refused = application.post("/v1/status/batch", {"contacts": whom, "lost": True})
    assert problem(refused)[:2] == (409, "reason_required")


@pytest.mark.parametrize(
    "said",
    [
        {"contacts": [], "stage": "Aware"},
        {"contacts": [{}], "stage": "Aware"},
        {"contacts": [{"id": 1, "email": "a@example.com"}], "stage": "Aware"},
        {"contacts": [{"id": "1"}], "stage": "Aware"},
        {"contacts": [1], "stage": "Aware"},
        {"contacts": [{"id": 987654}], "stage": "Aware"},
        {"contacts": [{"email": "a\0b"}], "stage": "Aware"},
        {"contacts": [{"id": 1}]},
        {"contacts": [{"id": 1}], "stage": "Aware", "lost": True},
        {"contacts": [{"id": 1}], "lost": True, "only_forward": True},
        {"contacts": [{"id": 1}] * 10_001, "stage": "Aware"},
        {"stage": "Aware"},
    ],
)
def test_a_batch_that_is_not_valid_starts_nothing(application, aware: Stage, said: dict) -> None:
    contact_in(aware, email="a@example.com")
    assert problem(application.post("/v1/status/batch", said))[:2] == (422, "invalid")
    assert (Run.objects.count(), RunPreview.objects.count()) == (0, 0)


def test_an_operator_marks_up_to_500_lost_and_moves_nobody_in_bulk(operator: TeamMember, aware: Stage) -> None:
    application = Application(operator)
    contact = contact_in(aware)
    whom = [{"id": contact.pk}]
    refused = application.post("/v1/status/batch", {"contacts": whom, "stage": "Customer"})
    assert problem(refused)[:2] == (403, "not_allowed")
    many = [{"id": contact_in(aware).pk} for _ in range(501)]
    assert problem(application.post("/v1/status/batch", {"contacts": many, "lost": True}))[:2] == (403, "not_allowed")
    assert Run.objects.count() == 0
    assert application.post("/v1/status/batch", {"contacts": whom, "lost": True}).status_code == 202
    assert moves(contact)[-1] == "Aware > lost from Aware"


# Runs


def test_a_run_is_undone_once_and_its_undo_too(application, aware: Stage, customer: Stage) -> None:
    contact = contact_in(aware)
    said = {"contacts": [{"id": contact.pk}], "stage": "Customer"}
    run = application.post("/v1/status/batch", said).json()["id"]
    undo = application.post(f"/v1/runs/{run}/undo")
    assert (undo.status_code, undo.json()["undoes"], undo.json()["kind"]) == (202, run, "undo")
    assert moves(contact)[-1] == "Customer > Aware"
    again = application.post(f"/v1/runs/{run}/undo")
    assert problem(again) == (409, "cannot_be_undone", f"Run {undo.json()['id']} undid this run already.")
    assert application.post(f"/v1/runs/{undo.json()['id']}/undo").status_code == 202
    assert moves(contact)[-1] == "Aware > Customer"
    assert_explained()


def test_an_undo_leaves_who_was_moved_since_unless_it_is_told_otherwise(
    application, operator: TeamMember, aware: Stage, loyal: Stage
) -> None:
    contact = contact_in(aware)
    run = application.post("/v1/status/batch", {"contacts": [{"id": contact.pk}], "stage": "Customer"}).json()["id"]
    change_status(contacts=[contact.pk], to=loyal, cause=Cause.MANUAL, by=operator)
    undo = application.post(f"/v1/runs/{run}/undo").json()["id"]
    assert application.get(f"/v1/runs/{undo}").json()["refusals"][0]["code"] == "moved_since"
    assert moves(contact)[-1] == "Customer > Loyal Customer"
    assert application.post(f"/v1/runs/{run}/undo", {"also_moved_since": True}).status_code == 202
    assert moves(contact)[-1] == "Loyal Customer > Aware"


def test_a_run_that_goes_on_is_cancelled_and_one_that_ended_is_not(application, aware: Stage) -> None:
    run = application.post("/v1/status/batch", {"contacts": [{"id": contact_in(aware).pk}], "stage": "Customer"})
    ended = application.post(f"/v1/runs/{run.json()['id']}/cancel")
    assert problem(ended) == (409, "run_has_ended", "There is nothing left to cancel.")
    Run.objects.update(state="running", slices=2, cursor=1, finished_at=None)
    shown = application.post(f"/v1/runs/{run.json()['id']}/cancel")
    assert (shown.status_code, shown.json()["state"]) == (200, "cancelled")


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/runs/9"), ("POST", "/v1/runs/9/undo"), ("POST", "/v1/runs/9/cancel")]
)
def test_a_run_that_there_is_not(application, db: None, method: str, path: str) -> None:
    assert problem(application.call(method, path))[:2] == (404, "not_found")


def test_what_says_nothing_says_nothing_else(application, aware: Stage) -> None:
    contact = contact_in(aware)
    run = application.post("/v1/status/batch", {"contacts": [{"id": contact.pk}], "stage": "Customer"}).json()["id"]
    assert errors(application.post(f"/v1/runs/{run}/cancel", {"now": True})) == {
        "now": "Extra inputs are not permitted"
    }
    assert errors(application.post(f"/v1/runs/{run}/undo", {"also": True})) == {
        "also": "Extra inputs are not permitted"
    }
    assert moves(contact)[-1] == "Aware > Customer"


# Label rules


@pytest.fixture
def label(aware: Stage) -> Label:
    label = LabelFactory(name="purchased-q2")
    contacts = [contact_in(aware).pk, contact_in(aware).pk, contact_in(Stage.objects.get(name="Customer")).pk]
    put_on_label(contacts=contacts, label=label, by=None, cause=Cause.MANUAL)
    return label


def test_a_rule_is_previewed_kept_and_run(application, administrator: TeamMember, label: Label) -> None:
    said = {"label": "purchased-q2", "stage": "Customer"}
    preview = application.post("/v1/label-rules/preview", said).json()
    assert [preview[name] for name in ("records", "changed", "unchanged", "forward", "back", "rule")] == [
        *(3, 2, 1, 2, 0),
        None,
    ]
    assert Run.objects.count() == 0
    kept = application.post("/v1/label-rules", said)
    rule = LabelRule.objects.get()
    assert (kept.status_code, kept.json()["id"], kept.json()["label"]) == (
        201,
        rule.pk,
        {"id": label.pk, "name": "purchased-q2"},
    )
    assert application.post("/v1/label-rules", said).json()["id"] == rule.pk
    assert [one["id"] for one in application.get("/v1/label-rules").json()["items"]] == [rule.pk]
    run = application.post(f"/v1/label-rules/{rule.pk}/run", {"preview": preview["id"]})
    assert (run.status_code, run.json()["kind"], run.json()["words"]) == (
        202,
        "label_rule",
        "label purchased-q2 → Customer",
    )
    made = StatusChange.objects.filter(run=run.json()["id"])
    assert list(made.values_list("cause", "changed_by")) == [("label_rule", administrator.pk)] * 2
    assert Run.objects.get().rule == rule
    again = application.post(f"/v1/label-rules/{rule.pk}/run", {"preview": preview["id"]})
    assert problem(again) == (409, "numbers_changed", "This preview was run before.")
    assert_explained()


def test_whoever_is_changed_between_preview_and_run_is_refused(
    application, operator: TeamMember, label: Label, engaged: Stage
) -> None:
    rule = keep_label_rule(
        label=label,
        stage=Stage.objects.get(name="Customer"),
        only_forward=False,
        leave_lost=False,
        note="",
        by=operator,
    )
    preview = application.post("/v1/label-rules/preview", {"label": label.pk, "stage": "Customer"}).json()
    assert preview["rule"] == rule.pk
    change_status(contacts=[label.carried_by.first().contact_id], to=engaged, cause=Cause.MANUAL, by=operator)
    run = application.post(f"/v1/label-rules/{rule.pk}/run", {"preview": preview["id"]}).json()["id"]
    shown = application.get(f"/v1/runs/{run}").json()
    assert (shown["changed"], [one["code"] for one in shown["refusals"]]) == (1, ["changed_meanwhile"])


def test_a_rule_of_a_closed_stage_or_with_another_preview_is_not_run(
    application, operator: TeamMember, label: Label, customer: Stage, loyal: Stage
) -> None:
    both = [
        keep_label_rule(label=label, stage=stage, only_forward=False, leave_lost=False, note="", by=operator)
        for stage in (customer, loyal)
    ]
    other = application.post("/v1/label-rules/preview", {"label": label.pk, "stage": loyal.pk}).json()["id"]
    wrong = application.post(f"/v1/label-rules/{both[0].pk}/run", {"preview": other})
    assert list(errors(wrong)) == ["preview"]
    Stage.objects.filter(pk=loyal.pk).update(is_published=False)
    assert problem(application.post(f"/v1/label-rules/{both[1].pk}/run"))[:2] == (409, "closed_stage")
    assert problem(application.post("/v1/label-rules/987654/run"))[:2] == (404, "not_found")
    assert Run.objects.count() == 0


def test_an_unknown_label_or_stage(application, label: Label) -> None:
    for path in ("/v1/label-rules", "/v1/label-rules/preview"):
        assert list(errors(application.post(path, {"label": "nope", "stage": "Customer"}))) == ["label"]
        assert list(errors(application.post(path, {"label": label.pk, "stage": "Nope"}))) == ["stage"]
    assert (LabelRule.objects.count(), RunPreview.objects.count()) == (0, 0)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_rules_are_for_marketers(label: Label, role: Role) -> None:
    application = Application(TeamMemberFactory(role=role))
    said = {"label": "purchased-q2", "stage": "Customer"}
    for path in ("/v1/label-rules", "/v1/label-rules/preview", "/v1/label-rules/1/run"):
        assert problem(application.post(path, said))[:2] == (403, "not_allowed")
    assert application.get("/v1/label-rules").status_code == 200
    assert (LabelRule.objects.count(), RunPreview.objects.count()) == (0, 0)
