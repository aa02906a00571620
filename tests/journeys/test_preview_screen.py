"""What a run would do, before it does it; and starting it from there."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import Contact, Label
from journeys.book.queries import ContactQuery
from journeys.rules.models import LabelRule
from journeys.runs import actions, sentences
from journeys.runs.models import Run, RunPreview
from journeys.runs.operations import Act, Operation, Selection
from journeys.status import actions as status
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import status_of

ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def label(db: None) -> Label:
    return LabelFactory(name="purchased-q2")


@pytest.fixture
def crowd(label: Label, aware: Stage, customer: Stage) -> dict[str, Contact]:
    """Three people who carry the label: two in Aware, one of them lost, and one in Customer."""
    people = {
        "Ana": contact_in(aware, first_name="Ana", last_name="Lee"),
        "Bo": contact_in(aware, lost=True, first_name="Bo", last_name="Lee"),
        "Carla": contact_in(customer, first_name="Carla", last_name="Lee"),
    }
    put_on_label(contacts=[person.pk for person in people.values()], label=label, by=None, cause=Cause.MANUAL)
    return people


def previewed(label: Label, stage: Stage, by: TeamMember, *, note: str = "") -> RunPreview:
    operation = Operation(Act.CHANGE_STATUS, Cause.LABEL_RULE, stage=stage.pk)
    return actions.make_preview(
        operation=operation, selection=Selection(query=ContactQuery(labels=(label.pk,))), by=by, note=note
    )


def losing(*contacts: Contact, by: TeamMember) -> RunPreview:
    chosen = Selection(contacts=tuple(contact.pk for contact in contacts))
    return actions.make_preview(operation=Operation(Act.MARK_LOST, Cause.BULK), selection=chosen, by=by)


def address(preview: RunPreview, name: str = "preview") -> str:
    return reverse(f"journeys:{name}", args=[preview.pk])


# The page


def test_it_says_what_would_happen(client_of: ClientOf, marketer, label, crowd, customer) -> None:
    page = client_of(marketer).get(address(previewed(label, customer, marketer)))
    assert page.status_code == 200
    assert "<h1>Label purchased-q2 → Customer</h1>" in page.text
    assert "2 will move forward; 1 of them is lost now and recovers; 1 is there already." in page.text
    assert ">Move 2 contacts</button>" in page.text
    assert "to confirm" not in page.text


def test_those_set_by_hand_lately_are_counted(client_of: ClientOf, marketer, label, aware, customer) -> None:
    put_on_label(contacts=[contact_in(aware, by=marketer).pk], label=label, by=None, cause=Cause.MANUAL)
    page = client_of(marketer).get(address(previewed(label, customer, marketer))).text
    assert "1 of them was set by hand in the last 30 days." in page


def test_what_is_not_in_the_book_is_listed(client_of: ClientOf, marketer, aware) -> None:
    preview = losing(contact_in(aware), by=marketer)
    RunPreview.objects.filter(pk=preview.pk).update(not_found=["<b>ana@example.com</b>"])
    page = client_of(marketer).get(address(preview)).text
    assert "1 not in the book, or not clear who is meant" in page
    assert "&lt;b&gt;ana@example.com&lt;/b&gt;" in page


def test_nothing_to_do_offers_no_button(client_of: ClientOf, marketer, label, customer) -> None:
    page = client_of(marketer).get(address(previewed(label, customer, marketer))).text
    assert "Nobody will move." in page
    assert "There is nothing to do." in page
    assert address(RunPreview.objects.get(), "start_run") not in page


def test_a_preview_of_yesterday_is_gone(client_of: ClientOf, marketer, label, crowd, customer) -> None:
    preview = previewed(label, customer, marketer)
    RunPreview.objects.update(made_at=timezone.now() - timedelta(days=2))
    actions.forget_previews(by=None)
    assert client_of(marketer).get(address(preview)).status_code == 404


# Starting it


def test_a_small_run_is_finished_when_its_page_arrives(client_of: ClientOf, marketer, label, crowd, customer) -> None:
    preview = previewed(label, customer, marketer, note="Q2 is over")
    answer = client_of(marketer).post(address(preview, "start_run"))
    run = Run.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, reverse("journeys:run", args=[run.pk]))
    assert (run.state, run.updated, run.unchanged, run.started_by, run.note) == (
        *("finished", 2, 1),
        *(marketer, "Q2 is over"),
    )
    assert {status_of(person).stage for person in crowd.values()} == {customer}
    rule = LabelRule.objects.get()
    assert (rule, rule.label, rule.stage, rule.created_by) == (run.rule, label, customer, marketer)


def test_starting_twice_runs_once(client_of: ClientOf, marketer, label, crowd, customer) -> None:
    preview = previewed(label, customer, marketer)
    client = client_of(marketer)
    answers = [client.post(address(preview, "start_run")) for _ in range(2)]
    assert {answer["Location"] for answer in answers} == {reverse("journeys:run", args=[Run.objects.get().pk])}
    assert client.get(address(preview))["Location"] == answers[0]["Location"]


def test_a_large_number_has_to_be_typed(client_of, marketer, label, crowd, customer, monkeypatch) -> None:
    monkeypatch.setattr(sentences, "TYPED_FROM", 2)
    preview = previewed(label, customer, marketer)
    client, before = client_of(marketer), StatusChange.objects.count()
    assert "Type 2 to confirm" in client.get(address(preview)).text
    for typed, error in (
        ("", "Type 2 to confirm that you mean so many."),
        ("3", "That is not 2. Nothing was started."),
    ):
        answer = client.post(address(preview, "start_run"), {"typed": typed})
        assert (answer.status_code, error in answer.text) == (422, True)
    assert 'value="3"' in answer.text
    assert (Run.objects.count(), StatusChange.objects.count()) == (0, before)
    assert client.post(address(preview, "start_run"), {"typed": "2"}).status_code == 302
    assert Run.objects.get().updated == 2


def test_a_way_back_has_to_be_typed(client_of: ClientOf, marketer, label, crowd, aware) -> None:
    preview = previewed(label, aware, marketer)
    assert "Type 2 to confirm" in client_of(marketer).get(address(preview)).text


def test_numbers_that_changed_show_the_new_preview(client_of: ClientOf, marketer, label, crowd, customer) -> None:
    preview = previewed(label, customer, marketer)
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    answer = client_of(marketer).post(address(preview, "start_run"))
    assert answer.status_code == 409
    assert "The book changed since you looked, and this is what it would do now. Nothing was started." in answer.text
    assert "Nobody will move; 1 is there already; 2 stay where they are, the stage is closed." in answer.text
    assert not Run.objects.exists()


def test_an_undone_rule_asks_once_more(client_of: ClientOf, marketer, label, crowd, customer) -> None:
    client = client_of(marketer)
    client.post(address(previewed(label, customer, marketer), "start_run"))
    run = Run.objects.get()
    client.post(address(actions.preview_undo(run=run, by=marketer), "start_run"))
    again = previewed(label, customer, marketer)
    page = client.get(address(again)).text
    assert "The last run of this rule was undone" in page
    assert "Run it again although it was undone" in page
    refused = client.post(address(again, "start_run"))
    assert (refused.status_code, Run.objects.count()) == (422, 2)
    assert client.post(address(again, "start_run"), {"again": "on"}).status_code == 302
    assert Run.objects.filter(rule=run.rule).count() == 2


def test_an_undo_offers_those_moved_since(client_of, marketer, label, crowd, customer, promoter, operator) -> None:
    client = client_of(marketer)
    client.post(address(previewed(label, customer, marketer), "start_run"))
    status.change_status(contacts=[crowd["Ana"].pk], to=promoter, cause=Cause.MANUAL, by=operator)
    run = Run.objects.get()
    page = client.get(address(actions.preview_undo(run=run, by=marketer))).text
    assert "1 will go back to what it was; 1 was moved since: 1 by hand." in page
    assert "Put this one back too" in page
    too = client.get(address(actions.preview_undo(run=run, by=marketer, also_moved_since=True))).text
    assert "2 will go back to what they were." in too
    assert "Leave those that were moved since" in too


# Who may


def test_operators_may_start_what_is_theirs(
    client_of: ClientOf, operator, marketer, aware, label, crowd, customer
) -> None:
    client = client_of(operator)
    lose = losing(contact_in(aware), by=operator)
    assert "Mark 1 contact lost</button>" in client.get(address(lose)).text
    assert client.post(address(lose, "start_run")).status_code == 302
    move = previewed(label, customer, marketer)
    page = client.get(address(move)).text
    assert "Starting this needs the role Marketer." in page
    assert "</button>" not in page[page.index("preview-effect") :].split("</section>")[0]
    refused = client.post(address(move, "start_run"))
    assert (refused.status_code, "This needs the role Marketer." in refused.text) == (403, True)
    assert Run.objects.count() == 1


def test_an_undo_needs_what_the_run_needed(
    client_of: ClientOf, operator, marketer, label, crowd, customer, aware
) -> None:
    client_of(marketer).post(address(previewed(label, customer, marketer), "start_run"))
    undo = actions.preview_undo(run=Run.objects.get(), by=operator)
    assert client_of(operator).post(address(undo, "start_run")).status_code == 403
    client_of(operator).post(address(losing(contact_in(aware), by=operator), "start_run"))
    own = actions.preview_undo(run=Run.objects.latest("pk"), by=marketer)
    assert client_of(operator).post(address(own, "start_run")).status_code == 302
