"""What came of an import: progress, the kinds of outcome with the contacts behind each, cancelling."""

from pathlib import Path

import pytest

from config.team.models import TeamMember
from contacts.models import Contact
from journeys.imports.models import Import
from journeys.imports.wizard import actions
from journeys.runs.models import Run
from tests.factories import contact_in
from tests.journeys.importing import do_import, write
from tests.journeys.wizard import checked, imported

CONTENT = "email,id,first\na@b.co,1,Ana\nb@b.co,2,Bo\nc@b.co,3,Cy\nnobody,4,Di\n"
MAPPING = {"email": "email", "id": "external_id", "first": "first_name"}


def page_of(asked: Import) -> str:
    return f"/imports/{asked.pk}"


@pytest.fixture
def done(marketer: TeamMember) -> Import:
    """An import with one row of each outcome."""
    contact_in(None, email="b@b.co", external_id="2", first_name="Old")
    contact_in(None, email="c@b.co", external_id="3", first_name="Cy")
    return imported(CONTENT, marketer, mapping=MAPPING)


@pytest.fixture
def going(marketer: TeamMember, monkeypatch: pytest.MonkeyPatch) -> Import:
    """An import that waits for a worker."""
    asked = checked(CONTENT, marketer, mapping=MAPPING)
    monkeypatch.setattr(actions, "SMALL", 0)
    actions.start_import(asked=asked, by=marketer)
    return asked


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_it_needs_a_marketer(request, client_of, going: Import, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    assert client.get(page_of(going)).status_code == 403
    assert client.post(f"{page_of(going)}/cancel").status_code == 403
    assert Run.objects.get().is_running


def test_each_outcome_leads_to_its_contacts(client_of, marketer: TeamMember, done: Import) -> None:
    client = client_of(marketer)
    response = client.get(page_of(done))
    assert [str(term) for term, _ in response.context["terms"]] == [
        "1 created",
        "1 updated",
        "1 unchanged",
        "1 refused",
    ]
    emails = [
        [contact.email for contact in client.get(address).context["page"].contacts]
        for _, address in response.context["terms"]
        if address
    ]
    assert emails == [["a@b.co"], ["b@b.co"], ["c@b.co"]]
    assert response.text.count("See these contacts") == 3
    assert [row.line for row in response.context["refused"]] == [5]


def test_the_contacts_of_an_import_are_a_filter_like_others(client_of, marketer: TeamMember, done: Import) -> None:
    client = client_of(marketer)
    address = f"/contacts?imported={done.run_id}-created"
    listed = client.get(address)
    assert [chip.words for chip, _ in listed.context["chips"]] == [f"Created by run {done.run_id}"]
    assert client.get(f"{address}&q=nobody-else").context["page"].contacts == []
    bulk = client.get(f"/contacts/bulk?imported={done.run_id}-created&all=1")
    assert "The 1 contact that matches" in bulk.text


@pytest.mark.parametrize("wrong", ["1", "1-lost", "x-created", "1-created'--", "9999999999-created"])
def test_a_filter_that_means_nothing_narrows_nothing_and_is_said(client_of, marketer, done, wrong: str) -> None:
    response = client_of(marketer).get("/contacts", {"imported": wrong})
    assert len(response.context["page"].contacts) == 3
    assert response.context["filter"].problems == [
        "Import: the address asks for something unknown, and the list is not narrowed by it."
    ]


def test_while_it_runs_the_page_asks_again_and_can_be_cancelled(client_of, marketer: TeamMember, going: Import) -> None:
    client = client_of(marketer)
    part = {"HX-Request": "true", "HX-Target": "import-outcome"}
    assert 'hx-trigger="every 1s"' in client.get(page_of(going), headers=part).text
    response = client.post(f"{page_of(going)}/cancel")
    assert (response.status_code, response["Location"]) == (302, page_of(going))
    assert (Run.objects.get().state, Contact.objects.count()) == (Run.State.CANCELLED, 0)
    text = client.get(page_of(going)).text
    assert "Cancelled by Max Weber after 0 of 4 rows." in text
    client.post(f"{page_of(going)}/cancel")
    assert "Nothing was cancelled. It has ended already." in client.get(page_of(going)).text


def test_when_it_is_done_the_part_says_what_came_of_it(client_of, marketer: TeamMember, going: Import) -> None:
    client = client_of(marketer)
    actions.work_on_import(asked=going.pk, should_stop=lambda: False)
    text = client.get(page_of(going), headers={"HX-Request": "true", "HX-Target": "import-outcome"}).text
    assert "hx-trigger" not in text
    assert "Imported." in text
    assert '<div id="import-actions" hx-swap-oob="true">' in text
    assert 'id="cancel-import"' not in text


def test_an_import_of_the_command_line_has_its_page_too(client_of, marketer: TeamMember, tmp_path: Path) -> None:
    do_import(write(tmp_path, "email,id\na@b.co,1\nnobody,2\n"), by=marketer)
    asked = Import.objects.get()
    text = client_of(marketer).get(page_of(asked)).text
    assert "The refused rows are in the file that the command wrote." in text
    assert client_of(marketer).get(f"/runs/{asked.run_id}").status_code == 200


def test_there_is_no_such_import(client_of, marketer: TeamMember) -> None:
    assert client_of(marketer).get("/imports/7").status_code == 404
