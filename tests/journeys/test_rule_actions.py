"""Label rules that are kept, the default status and the movement rules: what is written, and what stays as it was."""

import logging

import pytest

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Label
from journeys.book.actions import add_contact
from journeys.rules import actions
from journeys.rules.models import FunnelSettings, LabelRule, MovementRule
from journeys.rules.movement import Preset, preset_of
from journeys.rules.queries import movement_policy
from journeys.runs.models import Run, RunPreview
from journeys.status.actions import change_status
from journeys.status.models import StatusChange
from journeys.status.transitions import ONE_DIRECTION_ONLY, PEOPLE_DECIDE, MovementRules, Permission, Refusal
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import status_of

ALLOW, FLAG, REFUSE = Permission.ALLOW, Permission.FLAG, Permission.REFUSE


@pytest.fixture
def label(db: None) -> Label:
    return LabelFactory(name="purchased-q2")


def keep(label: Label, stage: Stage, by: TeamMember, **choices: bool | str) -> LabelRule:
    values = {"only_forward": False, "leave_lost": False, "note": "", **choices}
    return actions.keep_label_rule(label=label, stage=stage, **values, by=by)  # type: ignore[arg-type]


def stored() -> dict[str, tuple[str, str]]:
    """The cells that the organisation set itself."""
    return {rule.cause: (rule.to_lower_weight, rule.onto_lost) for rule in MovementRule.objects.all()}


# Label rules


def test_a_rule_is_kept_with_its_choices_and_who_kept_it(label: Label, customer: Stage, marketer: TeamMember) -> None:
    rule = keep(label, customer, marketer, only_forward=True, note="Q2 is over")
    rule.refresh_from_db()
    assert (rule.label, rule.stage, rule.only_forward, rule.leave_lost, rule.note, rule.created_by) == (
        *(label, customer, True, False, "Q2 is over", marketer),
    )
    assert (str(rule), Run.objects.count(), RunPreview.objects.count()) == ("purchased-q2 → Customer", 0, 0)


def test_the_same_rule_is_kept_once(label: Label, customer: Stage, marketer: TeamMember, administrator) -> None:
    first = keep(label, customer, marketer, note="Q2 is over")
    again = keep(label, customer, administrator)
    assert (again.pk, again.created_by, again.note) == (first.pk, marketer, "Q2 is over")
    assert LabelRule.objects.count() == 1


def test_another_note_replaces_the_one_of_before(label: Label, customer: Stage, marketer: TeamMember) -> None:
    keep(label, customer, marketer, note="Q2 is over")
    keep(label, customer, marketer, note="Once more")
    assert LabelRule.objects.get().note == "Once more"


def test_other_choices_are_another_rule(label: Label, customer: Stage, aware: Stage, marketer: TeamMember) -> None:
    keep(label, customer, marketer)
    keep(label, customer, marketer, only_forward=True)
    keep(label, customer, marketer, leave_lost=True)
    keep(label, aware, marketer)
    keep(LabelFactory(), customer, marketer)
    assert LabelRule.objects.count() == 5


def test_a_rule_is_forgotten_and_its_runs_stay(label: Label, customer: Stage, marketer: TeamMember) -> None:
    rule, other = keep(label, customer, marketer), keep(label, customer, marketer, leave_lost=True)
    run = Run.objects.create(kind=Run.Kind.LABEL_RULE, words="label purchased-q2 → Customer", rule=rule)
    actions.forget_label_rule(rule=rule, by=marketer)
    run.refresh_from_db()
    assert (run.rule, run.words) == (None, "label purchased-q2 → Customer")
    assert LabelRule.objects.get() == other


def test_who_keeps_and_forgets_is_logged(label, customer, marketer, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="journeys.rules.actions"):
        rule = keep(label, customer, marketer)
        keep(label, customer, marketer)
        number = rule.pk
        actions.forget_label_rule(rule=rule, by=marketer)
    assert caplog.messages == [
        f"Label rule {number} was kept by {marketer.pk}",
        f"Label rule {number} was forgotten by {marketer.pk}",
    ]


# The default status


def test_another_default_moves_nobody_and_holds_for_who_comes(aware, engaged, marketer: TeamMember) -> None:
    early = contact_in(None)
    history = StatusChange.objects.count()
    actions.set_default_stage(stage=engaged, by=marketer)
    assert (FunnelSettings.objects.get().default_stage, status_of(early).stage) == (engaged, None)
    assert StatusChange.objects.count() == history
    late = add_contact(fields={"email": "late@example.com"}, by=marketer, cause=Cause.MANUAL)
    assert status_of(late).stage == engaged
    actions.set_default_stage(stage=None, by=marketer)
    assert FunnelSettings.objects.get().default_stage is None
    nowhere = add_contact(fields={"email": "nowhere@example.com"}, by=marketer, cause=Cause.MANUAL)
    assert status_of(nowhere).stage is None


# Movement rules


def test_only_rows_that_differ_from_what_is_shipped_are_stored(administrator: TeamMember) -> None:
    own = {**PEOPLE_DECIDE, Cause.API: MovementRules(REFUSE, FLAG), Cause.BULK: MovementRules(FLAG, ALLOW)}
    assert actions.set_movement_rules(rules=own, by=administrator) == 2
    assert stored() == {"api": ("refuse", "flag"), "bulk": ("flag", "allow")}
    assert movement_policy() == own
    assert actions.set_movement_rules(rules=own, by=administrator) == 0
    assert actions.set_movement_rules(rules={Cause.API: PEOPLE_DECIDE[Cause.API]}, by=administrator) == 1
    assert stored() == {"bulk": ("flag", "allow")}


def test_presets_set_the_whole_table(administrator: TeamMember) -> None:
    actions.set_movement_rules(rules={Cause.WEB_FORM: MovementRules(ALLOW, ALLOW)}, by=administrator)
    assert preset_of(movement_policy()) is None
    assert actions.use_movement_preset(preset=Preset.ONE_DIRECTION_ONLY, by=administrator) == 5
    assert movement_policy() == ONE_DIRECTION_ONLY
    assert {rules.to_lower_weight for rules in movement_policy().values()} == {REFUSE}
    assert preset_of(movement_policy()) is Preset.ONE_DIRECTION_ONLY
    assert actions.use_movement_preset(preset=Preset.PEOPLE_DECIDE, by=administrator) == 4
    assert (movement_policy(), stored()) == (PEOPLE_DECIDE, {})
    assert preset_of(movement_policy()) is Preset.PEOPLE_DECIDE


@pytest.mark.parametrize("cause", [Cause.MANUAL, Cause.BULK, Cause.LABEL_RULE, Cause.API])
def test_one_direction_only_refuses_a_lower_weight(cause, aware, customer, marketer, administrator) -> None:
    contact = contact_in(customer)
    actions.use_movement_preset(preset=Preset.ONE_DIRECTION_ONLY, by=administrator)
    outcome = change_status(contacts=[contact.pk], to=aware, cause=cause, by=marketer)
    assert (outcome.refusal, status_of(contact).stage) == (Refusal.LIGHTER_STAGE, customer)


def test_each_row_that_changed_is_logged(administrator, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="journeys.rules.actions"):
        actions.set_movement_rules(rules={**PEOPLE_DECIDE, Cause.API: MovementRules(ALLOW, FLAG)}, by=administrator)
    assert caplog.messages == [f"The movement rules of api were set to allow, flag by {administrator.pk}"]


def test_who_does_it_has_no_default(label: Label, customer: Stage) -> None:
    with pytest.raises(TypeError):
        actions.keep_label_rule(label=label, stage=customer, only_forward=False, leave_lost=False, note="")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        actions.set_default_stage(stage=customer)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        actions.use_movement_preset(preset=Preset.PEOPLE_DECIDE)  # type: ignore[call-arg]
