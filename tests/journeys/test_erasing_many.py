"""Erasing many people at once: by administrators, after a number that was typed, as a run that cannot be undone."""

import pytest

from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import Contact, Note
from journeys.book.actions import erase_contacts
from journeys.runs import actions, selections
from journeys.runs.models import Run, RunPreview, RunSlice
from journeys.runs.operations import Act, Operation
from journeys.status import actions as status
from journeys.status.models import StatusChange
from tests.factories import LabelFactory, contact_in
from tests.heart import assert_explained, moves
from tests.journeys.running import done, one_slice_of, started

ERASE = Operation(Act.ERASE, Cause.ERASED)


@pytest.fixture
def people(aware, customer, marketer) -> list[Contact]:
    """Three contacts; the first carries a label and has a note, and all are in Customer."""
    people = [contact_in(aware) for _ in range(3)]
    put_on_label(contacts=[people[0].pk], label=LabelFactory(), by=marketer, cause=Cause.MANUAL)
    for person, note in zip(people, ("Bought a boat", "", ""), strict=True):
        status.change_status(contacts=[person.pk], to=customer, cause=Cause.MANUAL, by=marketer, note=note)
    return people


def test_it_is_offered_to_administrators_alone(client_of, marketer, administrator, people) -> None:
    address = f"/contacts/bulk?contact={people[0].pk}"
    assert 'value="erase"' not in client_of(marketer).get(address).text
    for response in (
        client_of(marketer).get(f"{address}&act=erase"),
        client_of(marketer).post(address, {"act": "erase"}),
    ):
        assert response.status_code == 403
        assert "This needs the role Administrator." in response.text
    assert 'value="erase"' in client_of(administrator).get(address).text
    assert not RunPreview.objects.exists()


def test_the_preview_says_what_goes_and_what_stays(client_of, administrator, people) -> None:
    client = client_of(administrator)
    address = f"/contacts/bulk?contact={people[0].pk}&contact={people[1].pk}"
    page = client.get(client.post(address, {"act": "erase"})["Location"])
    text = " ".join(page.text.split())
    assert "2 will be erased." in text
    assert "1 label that they carry; 1 note about them;" in text
    assert "<strong>Stays:</strong> 4 status changes under their numbers" in text
    assert "This cannot be undone." in text
    assert "Type 2 to confirm" in text
    assert "Erase 2 contacts for good" in text
    assert Contact.objects.count() == 3


def test_the_number_has_to_be_typed_however_small(client_of, administrator, people) -> None:
    client = client_of(administrator)
    preview = client.post(f"/contacts/bulk?contact={people[0].pk}", {"act": "erase"})["Location"].partition("?")[0]
    for typed in ("", "2"):
        assert client.post(f"{preview}/start", {"typed": typed}).status_code == 422
    assert Contact.objects.count() == 3
    response = client.post(f"{preview}/start", {"typed": "1"}, follow=True)
    assert "Finished" in response.text
    assert "1 contact erased" in response.text
    assert list(Contact.objects.order_by("pk")) == people[1:]
    assert not Note.objects.exists()


def test_it_asks_for_the_password_first(forgetful_client_of, administrator, people) -> None:
    client = forgetful_client_of(administrator)
    preview = client.post(f"/contacts/bulk?contact={people[0].pk}", {"act": "erase"})["Location"].partition("?")[0]
    asked = client.post(f"{preview}/start", {"typed": "1"})
    assert "Your password, please" in asked.text
    assert '<input type="hidden" name="typed" value="1">' in asked.text
    assert Contact.objects.count() == 3


def test_other_runs_do_not(forgetful_client_of, administrator, people) -> None:
    client = forgetful_client_of(administrator)
    address = f"/contacts/bulk?contact={people[0].pk}"
    preview = client.post(address, {"act": "mark_lost"})["Location"].partition("?")[0]
    assert "Your password, please" not in client.post(f"{preview}/start", {"typed": "1"}, follow=True).text


def test_a_colleague_of_less_may_look_at_the_preview_and_not_start_it(
    client_of, administrator, marketer, people
) -> None:
    preview = client_of(administrator).post(f"/contacts/bulk?contact={people[0].pk}", {"act": "erase"})["Location"]
    preview = preview.partition("?")[0]
    assert "Starting this needs the role Administrator." in client_of(marketer).get(preview).text
    assert client_of(marketer).post(f"{preview}/start", {"typed": "1"}).status_code == 403
    assert Contact.objects.count() == 3


def test_history_names_who_erased_them_and_the_run(administrator, people, monkeypatch) -> None:
    monkeypatch.setattr(selections, "SLICE", 2)
    run = one_slice_of(started(ERASE, people, administrator))
    assert (run.state, run.updated, Contact.objects.count()) == ("running", 2, 1)
    erase_contacts(contacts=[people[2].pk], by=None)
    run = done(run)
    assert (run.kind, run.state, run.updated, run.refused) == ("erase", "finished", 2, 1)
    last = StatusChange.objects.filter(contact=people[0].pk).latest("pk")
    assert (last.cause, last.changed_by, last.run_id) == ("erased", administrator, run.pk)
    assert moves(people[0]) == ["outside > Aware", "Aware > Customer", "Customer > outside"]
    assert StatusChange.objects.filter(contact=people[2].pk).latest("pk").run_id is None
    assert_explained()


def test_a_slice_that_is_done_again_erases_nobody_twice(administrator, people) -> None:
    run = done(started(ERASE, people, administrator))
    changes = StatusChange.objects.count()
    Run.objects.filter(pk=run.pk).update(state="running", cursor=0, updated=0, finished_at=None)
    RunSlice.objects.filter(run=run).update(done=False)
    run = done(run)
    assert (run.updated, run.refused) == (0, 3)
    assert StatusChange.objects.count() == changes


def test_it_is_not_undone(client_of, administrator, people) -> None:
    run = done(started(ERASE, people, administrator))
    client = client_of(administrator)
    page = client.get(f"/runs/{run.pk}")
    assert f"/runs/{run.pk}/undo" not in page.text
    assert [str(term) for term in page.context["terms"]] == ["3 erased", "0 unchanged", "0 refused"]
    assert f"Erased contact {people[0].pk}" in page.text
    assert people[0].last_name not in page.text
    response = client.post(f"/runs/{run.pk}/undo", follow=True)
    assert "Nothing was undone. There is nothing that this run could put back." in response.text


def test_a_register_that_cannot_be_written_stops_the_run(administrator, people, settings, tmp_path) -> None:
    settings.ERASED_NUMBERS = tmp_path
    run = started(ERASE, people, administrator)
    assert actions.work_on_run(run=run.pk, seconds=60) is False
    run.refresh_from_db()
    assert (run.tries, run.problem) == (1, "A file could not be written: Is a directory.")
    assert Contact.objects.count() == 3
