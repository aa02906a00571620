"""Deleting a web form: what goes and what stays is said first, and its name is typed if anybody sent it."""

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.models import Contact
from journeys.uses import queries as uses_queries
from journeys.uses.queries import Use, UseKind
from journeys.webforms.models import Submission, WebForm
from tests.journeys.web_forms import submitted, web_form_asking


@pytest.fixture
def deleting(client_of, marketer: TeamMember) -> Client:
    return client_of(marketer)


def test_a_form_that_nobody_sent_is_deleted_with_one_click(deleting: Client, marketer: TeamMember) -> None:
    form = web_form_asking("email", by=marketer)
    address = f"/web-forms/{form.pk}/delete"
    shown = deleting.get(address).text
    assert "Nobody has sent it." in shown
    assert "to confirm" not in shown
    assert WebForm.objects.exists()
    response = deleting.post(address, follow=True)
    assert response.redirect_chain == [("/web-forms", 302)]
    assert "Newsletter was deleted." in response.text
    assert not WebForm.objects.exists()


def test_where_something_was_sent_the_name_is_typed(deleting: Client, marketer: TeamMember) -> None:
    form = web_form_asking("email", by=marketer)
    submitted(form, email="ana@example.com")
    address = f"/web-forms/{form.pk}/delete"
    assert "1 submission is deleted with it, and there is no undo." in deleting.get(address).text
    for typed, problem in (("", "Type Newsletter to confirm"), ("Fair", "That is not Newsletter. Nothing was done.")):
        response = deleting.post(address, {"typed": typed})
        assert (response.status_code, problem in response.text) == (422, True)
    assert Submission.objects.exists()
    assert deleting.post(address, {"typed": " newsletter "}).status_code == 302
    assert not (WebForm.objects.exists() or Submission.objects.exists())
    assert Contact.objects.get().email == "ana@example.com"


def test_a_form_that_is_used_is_not_offered(
    deleting: Client, marketer: TeamMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = web_form_asking("email", by=marketer)
    use = Use(UseKind.SEGMENT, "journeys:segment", "Fans", 7)
    monkeypatch.setattr(uses_queries, "SOURCES_OF_WEB_FORMS", (lambda: iter([(form.pk, use)]),))
    address = f"/web-forms/{form.pk}/delete"
    shown = deleting.get(address).text
    assert "Segment Fans uses it: change that first." in shown
    assert "Delete this web form" not in shown
    response = deleting.post(address, follow=True)
    assert "Newsletter stays: it is used in Segment Fans." in response.text
    assert WebForm.objects.exists()


def test_others_are_told_the_role_that_may(client_of, operator: TeamMember, marketer: TeamMember) -> None:
    form = web_form_asking("email", by=marketer)
    refused = client_of(operator).get(f"/web-forms/{form.pk}/delete")
    assert (refused.status_code, "This needs the role Marketer." in refused.text) == (403, True)
