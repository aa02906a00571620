"""New contact: what is kept, where the contact stands, and what is said beside which field."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Attribute, Contact
from journeys.rules.models import FunnelSettings
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.factories import ContactFactory, TeamMemberFactory

NEW = "/contacts/new"
ClientOf = Callable[[TeamMember], Client]


def filled(**fields: Any) -> dict[str, Any]:
    """What a browser sends for a form with these fields filled in."""
    return {"account_state": "active", "stage": "default", **fields}


def errors(client: Client, **fields: Any) -> dict[str, list[str]]:
    """The errors by field, of a form that is refused; nobody is added."""
    before = Contact.objects.count()
    response = client.post(NEW, filled(**fields))
    assert response.status_code == 422
    assert Contact.objects.count() == before
    return response.context["form"].errors


@pytest.fixture
def olga(client_of: ClientOf, operator: TeamMember) -> Client:
    return client_of(operator)


# Who may


def test_it_is_for_operators(client: Client, client_of: ClientOf, viewer: TeamMember, marketer: TeamMember) -> None:
    assert client.get(NEW)["Location"] == "/sign-in?next=/contacts/new"
    for member in (viewer, TeamMemberFactory()):
        for refused in (client_of(member).get(NEW), client_of(member).post(NEW, filled(email="ana@example.com"))):
            assert refused.status_code == 403
            assert "This needs the role Operator." in refused.text
    assert client_of(marketer).get(NEW).status_code == 200
    assert not Contact.objects.exists()


# What is kept


def test_a_contact_comes_with_the_default_status(olga: Client, operator: TeamMember, aware: Stage) -> None:
    response = olga.post(
        NEW,
        filled(
            first_name="  Ida ",
            last_name="Berg",
            email="Ida@Example.com",
            phone="+49 30 1",
            company="Berg",
            external_id="",
            city="Bonn",
            country="Germany",
            last_open_at="2026-05-03T14:05",
        ),
    )
    contact = Contact.objects.get()
    assert response["Location"] == f"/contacts/{contact.pk}"
    assert (contact.first_name, contact.last_name, contact.email, contact.external_id) == (
        "Ida",
        "Berg",
        "Ida@Example.com",
        None,
    )
    assert (contact.phone, contact.company, contact.city, contact.country) == ("+49 30 1", "Berg", "Bonn", "Germany")
    assert contact.last_open_at == datetime(2026, 5, 3, 14, 5, tzinfo=UTC)
    assert contact.attributes == {}
    (change,) = StatusChange.objects.filter(contact=contact)
    assert (change.to_stage, change.to_lost, change.cause, change.changed_by) == (
        aware,
        False,
        Cause.DEFAULT,
        operator,
    )
    assert "Ida Berg is in the Contact Book now." in olga.get(response["Location"]).text


def test_moments_are_those_of_the_reader(olga: Client, operator: TeamMember) -> None:
    TeamMember.objects.filter(pk=operator.pk).update(time_zone="Europe/Berlin")
    olga.post(NEW, filled(email="ida@example.com", last_open_at="2026-05-03T14:05", last_click_at="2026-10-25T02:30"))
    contact = Contact.objects.get()
    assert contact.last_open_at == datetime(2026, 5, 3, 12, 5, tzinfo=UTC)
    assert contact.last_click_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # the first of the two half past two


def test_another_stage_is_set_by_hand(olga: Client, operator: TeamMember, customer: Stage) -> None:
    olga.post(NEW, filled(email="ida@example.com", stage=str(customer.pk)))
    (change,) = StatusChange.objects.all()
    assert (change.from_outside, change.to_stage, change.cause, change.changed_by) == (
        True,
        customer,
        Cause.MANUAL,
        operator,
    )


def test_no_status_can_be_chosen(olga: Client) -> None:
    olga.post(NEW, filled(email="ida@example.com", stage="none"))
    (change,) = StatusChange.objects.all()
    assert (change.to_stage, change.to_lost, change.cause) == (None, False, Cause.MANUAL)


def test_an_inactive_account_is_lost_from_the_start(olga: Client, aware: Stage) -> None:
    olga.post(NEW, filled(email="ida@example.com", account_state="inactive"))
    (change,) = StatusChange.objects.all()
    assert (change.to_stage, change.to_lost) == (aware, True)


def test_attributes_are_kept_in_their_type(olga: Client) -> None:
    attributes = [
        Attribute.objects.create(name=name, key=key, type=kind, choices=choices)
        for name, key, kind, choices in [
            ("Plan", "plan", "choice", ["Free", "Team"]),
            ("Seats", "seats", "number", []),
            ("Score", "score", "number", []),
            ("Renewal", "renewal", "date", []),
            ("VIP", "vip", "yes_no", []),
            ("Remark", "remark", "text", []),
            ("Empty", "empty", "text", []),
        ]
    ]
    said = ["Team", "1200", "-0.5", "2026-05-03", "no", " hello ", ""]
    olga.post(
        NEW,
        filled(
            email="ida@example.com",
            **{f"attribute_{one.pk}": value for one, value in zip(attributes, said, strict=True)},
        ),
    )
    assert Contact.objects.get().attributes == {
        "plan": "Team",
        "seats": 1200,
        "score": -0.5,
        "renewal": "2026-05-03",
        "vip": False,
        "remark": "hello",
    }


# Where it stands


def stage_choices(client: Client) -> list[tuple[str, str]]:
    return client.get(NEW).context["form"].fields["stage"].choices


def test_the_default_status_is_chosen_at_first(
    olga: Client, aware: Stage, engaged: Stage, customer: Stage, loyal: Stage, promoter: Stage
) -> None:
    Stage.objects.filter(pk=promoter.pk).update(is_published=False)
    Stage.objects.filter(pk=loyal.pk).update(retired_at=timezone.now())
    assert stage_choices(olga) == [
        ("default", "Aware (default status)"),
        (str(engaged.pk), "Engaged"),
        (str(customer.pk), "Customer"),
        ("none", "No status yet"),
    ]
    assert '<option value="default">Aware (default status)</option>' in olga.get(NEW).text


def test_without_a_default_status_none_is_chosen_at_first(olga: Client, aware: Stage) -> None:
    FunnelSettings.objects.update(default_stage=None)
    choices = stage_choices(olga)
    assert choices[0] == ("default", "No status yet (default status)")
    assert (str(aware.pk), "Aware") in choices
    assert "none" not in dict(choices)


def test_a_stage_that_closed_meanwhile_is_said_beside_it(olga: Client, customer: Stage) -> None:
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    said = errors(olga, email="ida@example.com", stage=str(customer.pk))
    assert said == {"stage": ["This stage is not open any more. Choose another one."]}


def test_a_stage_that_closed_while_it_was_saved(monkeypatch: pytest.MonkeyPatch, olga: Client, customer: Stage) -> None:
    monkeypatch.setattr("stages.models.Stage.is_open", lambda stage, at: stage.pk != customer.pk)
    said = errors(olga, email="ida@example.com", stage=str(customer.pk))
    assert said == {"stage": ["Stage is missing or unpublished."]}


# What is refused


def test_nothing_at_all_is_no_contact(olga: Client) -> None:
    assert errors(olga) == {
        "__all__": ["Give at least an e-mail, an external id, a name, a phone or a company."],
    }


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("email", "ida", "Enter a valid email address."),
        ("email", "ida@example", "Enter a valid email address."),
        ("external_id", "x" * 201, "Ensure this value has at most 200 characters"),
        ("first_name", "x" * 151, "Ensure this value has at most 150 characters"),
        ("phone", "1" * 51, "Ensure this value has at most 50 characters"),
        ("company", "x" * 201, "Ensure this value has at most 200 characters"),
        ("city", "x" * 101, "Ensure this value has at most 100 characters"),
        ("account_state", "asleep", "Select a valid choice."),
        ("account_state", "", "This field is required."),
        ("stage", "", "This field is required."),
        ("stage", "99999999999999999999999", "This stage is not open any more."),
        ("last_open_at", "yesterday", "Give a date and time such as 2026-05-03 14:05."),
        ("last_open_at", "0001-01-01T00:00", "Give a year between 1900 and 2199."),
        ("last_open_at", "9999-12-31T23:59", "Give a year between 1900 and 2199."),
        ("last_open_at", "99999-12-31T23:59", "Give a date and time such as 2026-05-03 14:05."),
        ("subscribed_at", "2026-05-03T14:05+99:00", "Give a date and time such as 2026-05-03 14:05."),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(
    olga: Client, field: str, value: str, said: str
) -> None:
    page = olga.post(NEW, filled(**{"last_name": "Berg of Bergen", field: value}))
    assert page.status_code == 422
    (error,) = page.context["form"].errors[field]
    assert error.startswith(said)
    assert list(page.context["form"].errors) == [field]
    assert f'id="id_{field}_error"' in page.text
    assert 'value="Berg of Bergen"' in page.text
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("number", "many", "Enter a number."),
        ("number", "NaN", "Enter a number."),
        ("number", "1e400", "Ensure that there are no more than"),
        ("number", "1234567890123456", "Ensure that there are no more than"),
        ("date", "3 May", "Give a date such as 2026-05-03."),
        ("date", "0001-01-01", "Give a year between 1900 and 2199."),
        ("yes_no", "perhaps", "Select a valid choice."),
        ("choice", "Gold", "Select a valid choice."),
        ("text", "x" * 2001, "Ensure this value has at most 2000 characters"),
    ],
)
def test_an_error_of_an_attribute_stands_beside_it(olga: Client, kind: str, value: str, said: str) -> None:
    attribute = Attribute.objects.create(name="Odd", key="odd", type=kind, choices=["Free"])
    name = f"attribute_{attribute.pk}"
    (error,) = errors(olga, email="ida@example.com", **{name: value})[name]
    assert error.startswith(said)


def test_an_email_is_taken_whatever_its_case(olga: Client) -> None:
    other = ContactFactory(first_name="Bo", last_name="Lund", email="Ida@Example.com")
    (error,) = errors(olga, email="iDA@exampLE.com")["email"]
    assert error == (f'There is a contact with this e-mail already: <a href="/contacts/{other.pk}">Bo Lund</a>.')


def test_an_external_id_is_taken_as_it_is_written(olga: Client) -> None:
    ContactFactory(first_name="<i>", last_name="", external_id="A-1")
    (error,) = errors(olga, external_id="A-1", email="ida@example.com")["external_id"]
    assert "&lt;i&gt;</a>." in error
    assert olga.post(NEW, filled(external_id="a-1")).status_code == 302


def test_an_email_that_was_taken_at_the_same_moment(monkeypatch: pytest.MonkeyPatch, olga: Client) -> None:
    def add(**_: Any) -> Contact:
        ContactFactory(email="ida@example.com")
        raise IntegrityError

    monkeypatch.setattr("journeys.book.actions.add_contact", add)
    page = olga.post(NEW, filled(email="ida@example.com"))
    assert page.status_code == 422
    assert page.context["form"].errors["email"][0].startswith("There is a contact with this e-mail already")


def test_what_is_not_on_the_form_is_not_written(olga: Client) -> None:
    olga.post(NEW, filled(email="ida@example.com", id="5", created_at="2001-01-01", attributes='{"a": 1}'))
    contact = Contact.objects.get()
    assert contact.pk != 5
    assert contact.created_at.year >= 2026
    assert contact.attributes == {}


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_attribute_and_for_three(olga: Client, count: int) -> None:
    for number in range(count):
        Attribute.objects.create(name=f"Plan {number}", key=f"plan-{number}", type="choice", choices=["Free"])
    olga.get(NEW)
    with assertNumQueries(7):
        # Session, person, organisation, role; open stages, settings, attributes.
        olga.get(NEW)
