"""Building web forms: what may be kept, who was first, what uses what, and what becomes of it."""

import pytest
from django.core.exceptions import ValidationError

from config.team.models import TeamMember
from contacts.models import Attribute, Contact, Label
from journeys.labels.actions import LabelInTheWay, delete_label, merge_label
from journeys.retiring.actions import merge_stages, retire_stage
from journeys.search.queries import found
from journeys.uses import queries as uses_queries
from journeys.uses.queries import Use, UseKind, uses_of_attributes, uses_of_labels, uses_of_stages
from journeys.webforms import actions
from journeys.webforms.actions import Plan
from journeys.webforms.models import Asked, Submission, WebForm
from journeys.webforms.queries import why_not_given
from stages.models import Stage
from tests.factories import LabelFactory
from tests.heart import status_of
from tests.journeys.web_forms import submitted, web_form_asking

EMAIL = Asked("email", is_required=True)


def test_a_web_form_keeps_what_was_planned(marketer: TeamMember, customer: Stage) -> None:
    label = LabelFactory(name="fair")
    plan = Plan(
        name="Newsletter",
        asks=[EMAIL, Asked("first_name", caption="Your name")],
        heading="Stay in touch",
        introduction="Once a month.",
        consent="You may write to me.",
        labels=[label],
        default_status=False,
        stage=customer,
        moves_known=True,
        thanks="See you.",
        thanks_address="https://example.com/",
    )
    form = actions.create_web_form(plan=plan, by=marketer)
    stored = WebForm.objects.get()
    assert stored == form
    assert stored.asks == [EMAIL, Asked("first_name", caption="Your name")]
    assert (stored.heading, stored.introduction) == ("Stay in touch", "Once a month.")
    assert (stored.consent, stored.thanks, stored.thanks_address) == (
        "You may write to me.",
        "See you.",
        "https://example.com/",
    )
    assert (stored.default_status, stored.stage, stored.moves_known) == (False, customer, True)
    assert list(stored.labels.all()) == [label]
    assert (stored.created_by, stored.changed_by, stored.revision, stored.is_open) == (marketer, marketer, 1, True)
    assert len(stored.slug) == 16


def test_each_form_has_an_address_that_nobody_guesses(marketer: TeamMember) -> None:
    slugs = {web_form_asking("email", by=marketer, name=f"Form {number}").slug for number in range(20)}
    assert len(slugs) == 20


@pytest.mark.parametrize(
    ("asks", "problem"),
    [
        ([], "A web form always asks for the e-mail"),
        ([Asked("first_name", is_required=True)], "A web form always asks for the e-mail"),
        ([Asked("email")], "A web form always asks for the e-mail"),
        ([EMAIL, Asked("phone"), Asked("phone", is_required=True)], "Each field is asked for once."),
        ([EMAIL, *(Asked(f"attributes.{n}") for n in range(50))], "A web form asks for 50 fields at most."),
    ],
)
def test_what_cannot_be_asked_is_refused(marketer: TeamMember, asks: list[Asked], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        actions.create_web_form(plan=Plan(name="Newsletter", asks=asks), by=marketer)
    assert not WebForm.objects.exists()


def test_names_are_unique_whatever_their_case(marketer: TeamMember) -> None:
    web_form_asking("email", by=marketer)
    with pytest.raises(ValidationError) as refused:
        web_form_asking("email", by=marketer, name="NEWSLETTER")
    assert refused.value.message_dict == {"name": ["There is a web form of this name already."]}
    assert WebForm.objects.count() == 1


@pytest.mark.parametrize(
    ("plan", "problem"),
    [
        ({"default_status": True, "stage": True}, "Choose either the default status or a stage."),
        ({"default_status": False, "moves_known": True}, "Choose the stage that they are to come to."),
    ],
)
def test_a_form_gives_one_status(marketer: TeamMember, customer: Stage, plan: dict, problem: str) -> None:
    plan = {**plan, "stage": customer} if "stage" in plan else plan
    with pytest.raises(ValidationError, match=problem):
        web_form_asking("email", by=marketer, **plan)


def test_who_is_second_is_told_who_was_first(marketer: TeamMember, administrator: TeamMember) -> None:
    form = web_form_asking("email", by=marketer)
    actions.change_web_form(form=form, seen=1, plan=Plan(name="Fair", asks=[EMAIL]), by=administrator)
    with pytest.raises(actions.WebFormChanged) as told:
        actions.change_web_form(form=form, seen=1, plan=Plan(name="Mine", asks=[EMAIL]), by=marketer)
    assert (told.value.form.name, told.value.form.changed_by) == ("Fair", administrator)
    stored = WebForm.objects.get()
    assert (stored.name, stored.revision, stored.changed_by) == ("Fair", 2, administrator)


def test_a_changed_form_keeps_its_address_and_what_was_sent(marketer: TeamMember) -> None:
    form = web_form_asking("email", "phone", by=marketer)
    sent = submitted(form, email="ana@example.com", phone="1234")
    actions.change_web_form(form=form, seen=1, plan=Plan(name="Other", asks=[EMAIL]), by=marketer)
    stored = WebForm.objects.get()
    assert (stored.slug, stored.asks) == (form.slug, [EMAIL])
    sent.refresh_from_db()
    assert [answer["value"] for answer in sent.answers] == ["ana@example.com", "1234"]


def test_a_form_is_closed_and_opened(marketer: TeamMember, administrator: TeamMember) -> None:
    form = web_form_asking("email", by=marketer)
    assert actions.close_web_form(form=form, by=administrator) is True
    assert actions.close_web_form(form=form, by=marketer) is False
    form.refresh_from_db()
    assert (form.is_open, form.changed_by) == (False, administrator)
    assert actions.open_web_form(form=form, by=marketer) is True
    form.refresh_from_db()
    assert (form.is_open, form.changed_by) == (True, marketer)


def test_a_deleted_form_takes_what_was_sent_and_no_contact(marketer: TeamMember, customer: Stage) -> None:
    form = web_form_asking("email", by=marketer, default_status=False, stage=customer)
    other = web_form_asking("email", by=marketer, name="Other")
    contact = submitted(form, email="ana@example.com").contact
    kept = submitted(other, token="t1", email="ana@example.com")
    actions.delete_web_form(form=form, by=marketer)
    assert list(WebForm.objects.all()) == [other]
    assert list(Submission.objects.all()) == [kept]
    assert list(Contact.objects.all()) == [contact]
    assert (status_of(contact).stage, status_of(contact).cause, status_of(contact).via_id) == (
        customer,
        "web_form",
        form.pk,
    )


def test_a_form_that_is_used_stays(marketer: TeamMember, monkeypatch: pytest.MonkeyPatch) -> None:
    form = web_form_asking("email", by=marketer)
    use = Use(UseKind.SEGMENT, "journeys:segment", "Fans", 7)
    monkeypatch.setattr(uses_queries, "SOURCES_OF_WEB_FORMS", (lambda: iter([(form.pk, use)]),))
    with pytest.raises(actions.WebFormInUse) as told:
        actions.delete_web_form(form=form, by=marketer)
    assert told.value.uses == [use]
    assert WebForm.objects.exists()


# What a web form uses


def test_stages_labels_and_attributes_are_used_in_it(marketer: TeamMember, customer: Stage, aware: Stage) -> None:
    label, other = LabelFactory(name="fair"), LabelFactory(name="other")
    plan, renewal = Attribute.objects.create(name="Plan", key="plan"), Attribute.objects.create(name="R", key="r")
    form = web_form_asking(
        "email", "attributes.plan", by=marketer, labels=[label], default_status=False, stage=customer
    )
    use = Use(UseKind.WEB_FORM, "journeys:web_form", "Newsletter", form.pk)
    assert str(use) == "Web form Newsletter"
    assert (uses_of_stages()[customer.pk], use in uses_of_stages()[aware.pk]) == ([use], False)
    assert (uses_of_labels()[label.pk], uses_of_labels()[other.pk]) == ([use], [])
    assert (uses_of_attributes()[plan.pk], uses_of_attributes()[renewal.pk]) == ([use], [])


def test_a_label_that_is_given_is_not_deleted(marketer: TeamMember) -> None:
    label = LabelFactory(name="fair")
    web_form_asking("email", by=marketer, labels=[label])
    with pytest.raises(LabelInTheWay, match="Web form Newsletter names it"):
        delete_label(label=label, by=marketer)
    assert Label.objects.filter(pk=label.pk).exists()


def test_a_form_follows_merged_labels(marketer: TeamMember) -> None:
    label, into, untouched = LabelFactory(name="fair"), LabelFactory(name="fairs"), LabelFactory(name="b2b")
    form = web_form_asking("email", by=marketer, labels=[label, untouched])
    both = web_form_asking("email", by=marketer, name="Both", labels=[label, into])
    other = web_form_asking("email", by=marketer, name="Other", labels=[untouched])
    merge_label(label=label, into=into, by=marketer)
    assert {one.name: [str(label) for label in one.labels.all()] for one in WebForm.objects.all()} == {
        "Newsletter": ["b2b", "fairs"],
        "Both": ["fairs"],
        "Other": ["b2b"],
    }
    assert dict(WebForm.objects.values_list("pk", "revision")) == {form.pk: 2, both.pk: 2, other.pk: 1}


def test_a_form_follows_merged_stages(marketer: TeamMember, customer: Stage, loyal: Stage) -> None:
    form = web_form_asking("email", by=marketer, default_status=False, stage=customer)
    other = web_form_asking("email", by=marketer, name="Other")
    merge_stages(stage=customer, into=loyal, by=marketer)
    assert dict(WebForm.objects.values_list("pk", "stage")) == {form.pk: loyal.pk, other.pk: None}
    assert dict(WebForm.objects.values_list("pk", "revision")) == {form.pk: 2, other.pk: 1}


def test_why_nobody_comes_to_its_stage_is_said(marketer: TeamMember, customer: Stage, aware: Stage) -> None:
    form = web_form_asking("email", by=marketer, default_status=False, stage=customer)
    assert why_not_given(WebForm.objects.get()) is None
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    assert why_not_given(WebForm.objects.get()) == "closed_stage"
    retire_stage(stage=customer, to=aware, by=marketer)
    assert why_not_given(WebForm.objects.get(pk=form.pk)) == "retired_stage"
    assert why_not_given(web_form_asking("email", by=marketer, name="Other")) is None


def test_it_is_found_by_search(marketer: TeamMember, viewer: TeamMember) -> None:
    form = web_form_asking("email", by=marketer, name="Summer fair")
    web_form_asking("email", by=marketer, name="Newsletter")
    groups = found("fai sum", by=viewer, limit=5)
    assert [(group.heading, [(hit.name, hit.number) for hit in group.hits]) for group in groups] == [
        ("Web forms", [("Summer fair", form.pk)])
    ]
