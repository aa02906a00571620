"""Undo import: it says first who goes and who stays, then does it as a run."""

from datetime import timedelta

import pytest
from django.utils import timezone

from config.team.models import TeamMember
from contacts.models import Contact
from journeys.book import actions as book
from journeys.imports.models import Import
from journeys.imports.wizard.actions import forget_old_imports
from journeys.runs.models import Run, RunOutcome
from tests.factories import contact_in
from tests.journeys.wizard import checked, imported

MAPPING = {"email": "email", "first": "first_name"}


def page_of(asked: Import) -> str:
    return f"/imports/{asked.pk}/undo"


@pytest.fixture
def done(marketer: TeamMember) -> Import:
    """Three created, one of them changed since; one updated."""
    contact_in(None, email="d@b.co", first_name="Old")
    asked = imported("email,first\na@b.co,Ana\nb@b.co,Bo\nc@b.co,Cy\nd@b.co,Di\n", marketer, mapping=MAPPING)
    book.change_contact(contact=Contact.objects.get(email="a@b.co"), fields={"company": "New"}, by=marketer)
    return asked


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_it_needs_a_marketer(request, client_of, done: Import, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    assert client.get(page_of(done)).status_code == 403
    assert client.post(page_of(done)).status_code == 403
    assert Contact.objects.count() == 4


def test_it_says_first_who_goes_and_who_stays(client_of, marketer: TeamMember, done: Import) -> None:
    client = client_of(marketer)
    assert f'href="{page_of(done)}"' in client.get(f"/imports/{done.pk}").text
    response = client.get(page_of(done))
    effect = response.context["effect"]
    assert (effect.created, effect.go, effect.stay, effect.updated) == (3, 2, 1, 1)
    assert "An undo of an import cannot be undone" in response.text
    assert Run.objects.count() == 1


def test_it_is_done_as_a_run(client_of, marketer: TeamMember, done: Import) -> None:
    client = client_of(marketer)
    response = client.post(page_of(done))
    undo = Run.objects.get(kind=Run.Kind.UNDO)
    assert (response.status_code, response["Location"]) == (302, f"/runs/{undo.pk}")
    assert (undo.state, undo.updated, undo.refused) == (Run.State.FINISHED, 3, 1)
    assert set(Contact.objects.values_list("email", "first_name")) == {("a@b.co", "Ana"), ("d@b.co", "Old")}
    run_page = client.get(f"/runs/{undo.pk}?outcome=changed_since").text
    assert "It was changed since by something else." in run_page
    assert 'id="undo-run"' not in run_page
    result = client.get(f"/imports/{done.pk}").text
    assert f"/runs/{undo.pk}" in result
    assert page_of(done) not in result
    assert client.post(page_of(done))["Location"] == f"/imports/{done.pk}"
    assert Run.objects.count() == 2


def test_what_was_not_imported_is_not_undone(client_of, marketer: TeamMember) -> None:
    asked = checked("email\na@b.co\n", marketer, mapping={"email": "email"})
    assert client_of(marketer).get(page_of(asked))["Location"] == f"/imports/{asked.pk}/check"
    refused = imported("email\nnobody\n", marketer, mapping={"email": "email"})
    assert client_of(marketer).post(page_of(refused))["Location"] == f"/imports/{refused.pk}"
    assert Run.objects.count() == 1


def test_undo_is_offered_until_what_it_needs_is_dropped(
    client_of, marketer: TeamMember, done: Import, settings
) -> None:
    Run.objects.update(finished_at=timezone.now() - settings.IMPORT_ROWS_ARE_KEPT - timedelta(seconds=1))
    forget_old_imports(by=None)
    assert not RunOutcome.objects.exists()
    client = client_of(marketer)
    assert page_of(done) not in client.get(f"/imports/{done.pk}").text
    assert client.post(page_of(done))["Location"] == f"/imports/{done.pk}"
    assert Contact.objects.count() == 4
