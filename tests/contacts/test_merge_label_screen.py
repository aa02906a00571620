"""Merge a label: what it does is said first; few are done at once, many by a worker."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, FormerLabel, Label, LabelMerge
from journeys.labels import actions
from journeys.rules.models import LabelRule
from journeys.runs import sentences
from stages.models import Stage
from tests.factories import ContactFactory, LabelFactory, TeamMemberFactory

ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def webinar(db: None) -> Label:
    label = LabelFactory(name="webinar")
    contacts = [contact.pk for contact in ContactFactory.create_batch(2, first_name="Ida", last_name="")]
    put_on_label(contacts=contacts, label=label, by=None, cause=Cause.IMPORT)
    return label


@pytest.fixture
def fair(db: None) -> Label:
    return LabelFactory(name="fair")


@pytest.fixture
def max_(client_of: ClientOf, marketer: TeamMember) -> Client:
    return client_of(marketer)


def address(label: Label) -> str:
    return f"/labels/{label.pk}/merge"


def test_it_is_for_marketers(
    client: Client, client_of: ClientOf, viewer: TeamMember, operator: TeamMember, webinar: Label, fair: Label
) -> None:
    assert client.get(address(webinar))["Location"].startswith("/sign-in?next=/labels/")
    for member in (TeamMemberFactory(), viewer, operator):
        for refused in (
            client_of(member).get(address(webinar)),
            client_of(member).post(address(webinar), {"into": fair.pk}),
        ):
            assert refused.status_code == 403
            assert "This needs the role Marketer." in refused.text
    assert not LabelMerge.objects.exists()


def test_it_says_first_what_it_does(
    max_: Client, webinar: Label, fair: Label, customer: Stage, marketer: TeamMember
) -> None:
    LabelRule.objects.create(label=webinar, stage=customer, created_by=marketer)
    page = max_.get(address(webinar))
    assert page.context["contacts"] == 2
    assert "What uses it follows: Label rule to Customer." in page.text
    assert f'<option value="{fair.pk}">fair</option>' in page.text
    assert f'<option value="{webinar.pk}">' not in page.text
    assert "Nothing uses it." in max_.get(address(fair)).text


def test_few_are_merged_at_once(max_: Client, webinar: Label, fair: Label) -> None:
    response = max_.post(address(webinar), {"into": fair.pk})
    assert response["Location"] == f"/labels/{fair.pk}"
    assert "webinar is part of fair now." in max_.get(response["Location"]).text
    assert list(Label.objects.all()) == [fair]
    assert CarriedLabel.objects.filter(label=fair).count() == 2
    contact = CarriedLabel.objects.first()
    assert contact
    history = max_.get(f"/contacts/{contact.contact_id}?history=labels").text
    assert history.count("webinar") >= 2
    assert "there is no such label any more" in history


def test_many_are_left_to_a_worker(monkeypatch: pytest.MonkeyPatch, max_: Client, webinar: Label, fair: Label) -> None:
    monkeypatch.setattr(actions, "AT_ONCE", 1)
    response = max_.post(address(webinar), {"into": fair.pk})
    said = "webinar is becoming part of fair: its 2 contacts come to carry fair within minutes."
    assert said in max_.get(response["Location"]).text
    assert CarriedLabel.objects.filter(label=webinar).count() == 2
    assert LabelMerge.objects.get().into == fair
    assert not FormerLabel.objects.exists()


@pytest.mark.parametrize(("typed", "error"), [("", "Type webinar to confirm"), ("fair", "That is not webinar.")])
def test_the_name_is_typed_where_many_carry_it(
    monkeypatch: pytest.MonkeyPatch, max_: Client, webinar: Label, fair: Label, typed: str, error: str
) -> None:
    monkeypatch.setattr("journeys.retiring.forms.TYPED_FROM", 2)
    refused = max_.post(address(webinar), {"into": fair.pk, "typed": typed})
    assert refused.status_code == 422
    assert error in refused.text
    assert f'<option value="{fair.pk}" selected>fair</option>' in refused.text
    assert not LabelMerge.objects.exists()
    assert Label.objects.count() == 2
    assert max_.post(address(webinar), {"into": fair.pk, "typed": " Webinar "}).status_code == 302
    assert sentences.TYPED_FROM == 1000


@pytest.mark.parametrize("into", ["", "0", "abc", "99999999999999999999", "itself"])
def test_into_what_there_is_not(max_: Client, webinar: Label, into: str) -> None:
    refused = max_.post(address(webinar), {"into": str(webinar.pk) if into == "itself" else into})
    assert refused.status_code == 422
    assert ("There is no such label any more." if into else "Choose a label.") in refused.text
    assert CarriedLabel.objects.filter(label=webinar).count() == 2


def test_what_is_under_way_is_said(max_: Client, webinar: Label, fair: Label, marketer: TeamMember) -> None:
    actions.merge_label(label=webinar, into=fair, by=marketer)
    refused = max_.post(address(webinar), {"into": fair.pk})
    assert refused.status_code == 422
    assert "webinar is just becoming part of fair. Wait until that is done." in refused.text
