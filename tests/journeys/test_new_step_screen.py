"""Adding a step: first its kind, found by typing; then what it does and when. Each works without scripts."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.team.models import TeamMember
from journeys.campaigns.models import Campaign, CampaignStep
from journeys.segments.models import Segment
from journeys.status.models import LostReason
from stages.models import Stage
from tests.factories import LabelFactory
from tests.journeys.campaigning import Kind, active, add, campaign_of, carrying

pytestmark = pytest.mark.django_db


@pytest.fixture
def max_(client_of: Callable[[TeamMember], Client], marketer: TeamMember) -> Client:
    return client_of(marketer)


@pytest.fixture
def campaign(marketer: TeamMember) -> Campaign:
    return campaign_of(marketer)


def new(campaign: Campaign, **query: str) -> str:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return f"/campaigns/{campaign.pk}/steps/new?{asked}"


def test_the_chooser_shows_every_kind_and_finds_them_by_their_words(max_: Client, campaign: Campaign) -> None:
    every = max_.get(new(campaign)).context["kinds"]
    assert [(heading, [name for _, name, _ in rows]) for heading, rows in every] == [
        ("Conditions", ["Contact stages", "Carries label", "Matches segment", "Is lost"]),
        ("Actions", ["Change contact's stage", "Add label", "Remove label", "Mark lost"]),
    ]
    some = max_.get(new(campaign, q="change+STA")).context["kinds"]
    assert [(heading, [kind for kind, _, _ in rows]) for heading, rows in some] == [("Actions", ["change_stage"])]
    assert "Nothing is called like that." in max_.get(new(campaign, q="%3Cscript%3E")).text


def test_each_kind_is_added_with_what_it_is_about(
    max_: Client, campaign: Campaign, marketer: TeamMember, aware: Stage, engaged: Stage
) -> None:
    label, reason = LabelFactory(name="vip"), LostReason.objects.get(name="Unsubscribed")
    segment = carrying(label, marketer)
    for kind, about, kept in [
        (Kind.IN_STAGES, {"stages": [aware.pk, engaged.pk]}, {"stages": [aware.pk, engaged.pk]}),
        (Kind.CARRIES_LABEL, {"label": label.pk}, {"label": label}),
        (Kind.MATCHES_SEGMENT, {"segment": segment.pk}, {"segment": segment}),
        (Kind.IS_LOST, {}, {}),
        (Kind.CHANGE_STAGE, {"stage": engaged.pk}, {"stage": engaged}),
        (Kind.PUT_ON_LABEL, {"label": label.pk}, {"label": label}),
        (Kind.TAKE_OFF_LABEL, {"label": label.pk}, {"label": label}),
        (Kind.MARK_LOST, {"lost_reason": reason.pk}, {"lost_reason": reason}),
    ]:
        address = new(campaign, kind=kind)
        form = max_.get(address).context["form"]
        assert form["name"].value() == kind.label
        sent = {"name": f"A {kind}", "when": "immediately", "seen": form["seen"].value(), **about}
        response = max_.post(address, sent)
        step = CampaignStep.objects.latest("pk")
        assert response["Location"] == f"/campaigns/{campaign.pk}#step-{step.pk}"
        assert (step.kind, step.name, step.when, step.parent) == (kind, f"A {kind}", "immediately", None)
        assert {name: getattr(step, name) for name in kept} == kept
    assert list(campaign.steps.order_by("pk").values_list("position", flat=True)) == list(range(8))


def test_a_step_comes_into_the_branch_that_the_address_names(
    max_: Client, campaign: Campaign, marketer: TeamMember, engaged: Stage
) -> None:
    asks = add(campaign, marketer, Kind.IS_LOST)
    action = add(campaign, marketer, Kind.CHANGE_STAGE, stage=engaged)
    seen = Campaign.objects.get().revision
    sent = {"name": "In no", "when": "after", "amount": "3", "unit": "days", "stage": engaged.pk, "seen": seen}
    max_.post(new(campaign, kind="change_stage", parent=str(asks.pk), branch="no"), sent)
    step = CampaignStep.objects.latest("pk")
    assert (step.parent, step.branch, step.position, step.amount, step.unit) == (asks, "no", 0, 3, "days")
    for parent, branch in ((str(asks.pk), "maybe"), (str(action.pk), "yes"), ("99999999", "yes")):
        assert max_.get(new(campaign, parent=parent, branch=branch)).status_code == 404


@pytest.mark.parametrize(
    ("sent", "beside", "error"),
    [
        ({"name": ""}, "name", "Give the step a name."),
        ({"stage": ""}, "stage", "Choose a stage."),
        ({"stage": "99999999999999999999"}, "stage", "Select a valid choice."),
        ({"when": "sometime"}, "when", "Select a valid choice."),
        ({"when": "after", "unit": "days"}, "amount", "Give a number from 1 to 3,650."),
        ({"when": "after", "unit": "days", "amount": "0"}, "amount", "Give a number from 1 to 3,650."),
        ({"when": "after", "unit": "years", "amount": "21"}, "amount", "Give a number from 1 to 20."),
        ({"when": "after", "unit": "days", "amount": "9" * 30}, "amount", "Give a number from 1 to 3,650."),
        ({"when": "after", "unit": "", "amount": "1"}, "unit", "Choose a unit."),
        ({"when": "at", "at": ""}, "at", "Give a date and a time."),
        ({"when": "at", "at": "2026-02-30T10:00"}, "at", "Enter a valid date/time."),
        ({"when": "at", "at": "9999-12-31T10:00"}, "at", "Give a date between 1970 and 2200."),
    ],
)
def test_errors_stand_beside_their_fields_and_nothing_typed_is_lost(
    max_: Client, campaign: Campaign, engaged: Stage, sent: dict[str, str], beside: str, error: str
) -> None:
    whole = {"name": "<b>On</b>", "when": "immediately", "stage": engaged.pk, "seen": campaign.revision, **sent}
    response = max_.post(new(campaign, kind="change_stage"), whole)
    assert response.status_code == 422
    form = response.context["form"]
    assert list(form.errors) == [beside]
    assert error in " ".join(form.errors[beside])
    assert all(str(form[name].value() or "") == str(value) for name, value in whole.items())
    assert not campaign.steps.exists()


def test_who_is_second_is_told_and_can_save_over_it(
    max_: Client, campaign: Campaign, marketer: TeamMember, engaged: Stage
) -> None:
    add(campaign, marketer, Kind.IS_LOST)
    sent = {"name": "On", "when": "immediately", "stage": engaged.pk, "seen": campaign.revision}
    response = max_.post(new(campaign, kind="change_stage"), sent)
    assert response.status_code == 409
    assert "Somebody changed this campaign meanwhile. Nothing of yours was saved yet." in response.text
    again = {**sent, "seen": response.context["form"]["seen"].value()}
    assert max_.post(new(campaign, kind="change_stage"), again).status_code == 302
    assert campaign.steps.count() == 2


def test_an_active_campaign_takes_no_step(max_: Client, campaign: Campaign, marketer: TeamMember) -> None:
    add(campaign, marketer, Kind.IS_LOST)
    active(campaign, marketer)
    assert "Pause it first" in max_.get(new(campaign), follow=True).text
    max_.post(new(campaign, kind="is_lost"), {"name": "On", "when": "immediately"})
    assert campaign.steps.count() == 1


def test_with_htmx_the_plan_is_swapped_and_the_dialog_closes(max_: Client, campaign: Campaign) -> None:
    htmx = {"HX-Request": "true", "HX-Target": "dialog"}
    chooser = max_.get(new(campaign), headers=htmx).text
    assert chooser.startswith('<section id="new-step-form">')
    sent = {"name": "Lost?", "when": "immediately", "seen": campaign.revision}
    swapped = max_.post(new(campaign, kind="is_lost"), sent, headers={**htmx, "HX-Target": "new-step-form"})
    assert swapped.text.startswith('<section id="campaign-plan"')
    assert (swapped["HX-Retarget"], "dialog:close" in swapped["HX-Trigger-After-Swap"]) == ("#campaign-plan", True)
    assert "Lost? was added." in swapped.text


def test_somebodys_own_segment_cannot_be_asked_for(max_: Client, campaign: Campaign, administrator: TeamMember) -> None:
    segment = carrying(LabelFactory(), administrator)
    Segment.objects.update(is_for_all=False)
    sent = {"name": "In", "when": "immediately", "segment": segment.pk, "seen": campaign.revision}
    assert max_.post(new(campaign, kind="matches_segment"), sent).status_code == 422
