"""Changing a web form: it shows what is kept, and who is second is told who was first."""

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.models import Attribute
from journeys.webforms.actions import Plan, change_web_form
from journeys.webforms.models import Asked, WebForm
from stages.models import Stage
from tests.factories import LabelFactory
from tests.journeys.test_new_web_form_screen import EMAIL, asked_by, posted
from tests.journeys.web_forms import web_form_asking


@pytest.fixture
def changing(client_of, marketer: TeamMember) -> Client:
    return client_of(marketer)


def test_it_shows_what_is_kept(changing: Client, marketer: TeamMember, customer: Stage) -> None:
    label = LabelFactory(name="fair")
    form = web_form_asking("email", "phone", by=marketer, labels=[label], default_status=False, stage=customer)
    shown = changing.get(f"/web-forms/{form.pk}/edit")
    begun = shown.context["form"]
    assert asked_by(shown) == [EMAIL, Asked("phone")]
    assert (begun["name"].value(), begun["status"].value(), begun["labels"].value(), begun["seen"].value()) == (
        "Newsletter",
        str(customer.pk),
        [label.pk],
        1,
    )


def test_what_is_changed_is_kept(changing: Client, marketer: TeamMember) -> None:
    form = web_form_asking("email", "phone", by=marketer, labels=[LabelFactory()])
    response = changing.post(f"/web-forms/{form.pk}/edit", posted(EMAIL, name="Fair", seen="1"), follow=True)
    assert response.redirect_chain == [(f"/web-forms/{form.pk}", 302)]
    assert "Fair was saved." in response.text
    stored = WebForm.objects.get()
    assert (stored.name, stored.asks, list(stored.labels.all()), stored.revision) == ("Fair", [EMAIL], [], 2)
    assert stored.slug == form.slug


def test_who_is_second_loses_nothing_and_may_save_again(
    changing: Client, marketer: TeamMember, administrator: TeamMember
) -> None:
    form = web_form_asking("email", by=marketer)
    change_web_form(form=form, seen=1, plan=Plan(name="Theirs", asks=[EMAIL]), by=administrator)
    address = f"/web-forms/{form.pk}/edit"
    mine = posted(EMAIL, Asked("phone"), name="Mine", seen="1")
    response = changing.post(address, mine)
    assert response.status_code == 409
    assert "Ana Silva changed this web form" in response.text
    assert (response.context["form"]["name"].value(), response.context["form"]["seen"].value()) == ("Mine", 2)
    assert asked_by(response) == [EMAIL, Asked("phone")]
    assert WebForm.objects.get().name == "Theirs"
    assert changing.post(address, {**mine, "seen": "2"}).status_code == 302
    assert (WebForm.objects.get().name, WebForm.objects.get().revision) == ("Mine", 3)


def test_a_stage_that_was_closed_since_stays(changing: Client, marketer: TeamMember, customer: Stage) -> None:
    form = web_form_asking("email", by=marketer, default_status=False, stage=customer)
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    sent = posted(EMAIL, status=str(customer.pk), seen="1")
    assert changing.post(f"/web-forms/{form.pk}/edit", sent).status_code == 302
    assert WebForm.objects.get().stage == customer


def test_a_field_that_is_gone_is_left_out(changing: Client, marketer: TeamMember) -> None:
    Attribute.objects.create(name="Plan", key="plan")
    form = web_form_asking("email", "attributes.plan", by=marketer)
    Attribute.objects.all().delete()
    assert asked_by(changing.get(f"/web-forms/{form.pk}/edit")) == [EMAIL]


def test_others_are_told_the_role_that_may(client_of, operator: TeamMember, marketer: TeamMember) -> None:
    form = web_form_asking("email", by=marketer)
    client = client_of(operator)
    for refused in (client.get(f"/web-forms/{form.pk}/edit"), client.post(f"/web-forms/{form.pk}/edit", posted())):
        assert (refused.status_code, "This needs the role Marketer." in refused.text) == (403, True)
    assert WebForm.objects.get().revision == 1
