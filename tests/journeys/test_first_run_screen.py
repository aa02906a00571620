"""The first run: through its one-time address alone, all of it or nothing, and then Import."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from config.team.links.actions import LinkIsDead, make_first_run_link
from config.team.models import Organisation, SingleUseLink, TeamMember
from config.team.roles import Role
from journeys.first_run import actions
from journeys.rules.models import FunnelSettings
from journeys.rules.movement import Preset, preset_of
from journeys.rules.queries import movement_policy
from stages.models import Stage, StageRevision
from tests.elsewhere import elsewhere
from tests.factories import TeamMemberFactory
from tests.team.joining import PASSWORD, addressed


@pytest.fixture
def link(db: None) -> SingleUseLink:
    made = make_first_run_link(by=None)
    assert made
    return made


def given(**changes: str) -> dict[str, Any]:
    """What the page sends. A stage is named by what it is called now: `Aware_name="Stranger"`."""
    stages = {stage.name: stage for stage in Stage.objects.in_use()}
    sent = {
        "administrator-name": "Ana Silva",
        "administrator-email": "ana@example.com",
        "administrator-password": PASSWORD,
        "organisation-name": "Acme",
        "organisation-time_zone": "Europe/Berlin",
        "organisation-first_day_of_week": "7",
        "preset": "one_direction_only",
        "default": str(stages["Aware"].pk),
    }
    for stage in stages.values():
        sent |= {f"stage-{stage.pk}-name": stage.name, f"stage-{stage.pk}-description": stage.description}
    for name, value in changes.items():
        of, _, field = name.partition("_")
        sent[f"stage-{stages[of].pk}-{field}" if of in stages else name.replace("__", "-")] = value
    return sent


def names() -> list[str]:
    return list(Stage.objects.in_use().values_list("name", flat=True))


def nothing_was_written() -> bool:
    untouched = Organisation.objects.get().name == "My organisation" and names()[0] == "Aware"
    return untouched and not TeamMember.objects.exists() and preset_of(movement_policy()) is Preset.PEOPLE_DECIDE


def test_it_begins_with_what_is_shipped(link: SingleUseLink, aware: Stage) -> None:
    page = Client().get(addressed(link))
    assert page.status_code == 200
    assert "no-store" in page["Cache-Control"]
    forms = page.context["forms"]
    assert [form.initial["name"] for form in forms.stages] == names()
    assert forms.stages[0].initial["description"] == "Contact is aware of your product. Top of funnel."
    assert forms.beginning["default"].value() == str(aware.pk)
    assert forms.beginning["preset"].value() == "people_decide"


def test_everything_is_decided_at_once_and_import_comes_next(link: SingleUseLink, engaged: Stage) -> None:
    client = Client()
    sent = given(Aware_name="Stranger", Aware_description="Has heard of us.", default=str(engaged.pk))
    response = client.post(addressed(link), sent)

    assert (response.status_code, response["Location"]) == (302, "/imports/new")
    assert [str(message) for message in get_messages(response.wsgi_request)] == [
        "Funnelbook is set up. Bring your contacts in now, or whenever you like."
    ]
    ana = TeamMember.objects.get()
    assert (ana.email, ana.name, ana.role, ana.is_superuser) == (
        "ana@example.com",
        "Ana Silva",
        Role.ADMINISTRATOR,
        False,
    )
    assert ana.check_password(PASSWORD)
    organisation = Organisation.objects.get()
    assert (organisation.name, organisation.time_zone, organisation.first_day_of_week) == ("Acme", "Europe/Berlin", 7)
    assert preset_of(movement_policy()) is Preset.ONE_DIRECTION_ONLY
    assert FunnelSettings.objects.get().default_stage == engaged
    assert names() == ["Stranger", "Engaged", "Customer", "Loyal Customer", "Promoter"]
    assert Stage.objects.get(name="Stranger").description == "Has heard of us."
    assert Stage.objects.get(name="Stranger").modified_by == ana
    assert Stage.objects.get(name="Engaged").modified_by is None
    assert client.get("/imports/new").status_code == 200
    assert client.get("/settings/team/invite").status_code == 200  # the password was given just now


def test_without_a_default_status(link: SingleUseLink) -> None:
    Client().post(addressed(link), given(default="none"))
    assert FunnelSettings.objects.get().default_stage is None


def test_stages_may_take_over_each_others_names(link: SingleUseLink) -> None:
    before = StageRevision.objects.count()
    response = Client().post(
        addressed(link), given(Aware_name="Engaged", Engaged_name="Customer", Customer_name="Buyer")
    )
    assert response.status_code == 302
    assert names() == ["Engaged", "Customer", "Buyer", "Loyal Customer", "Promoter"]
    assert StageRevision.objects.count() == before + 3


def test_two_that_change_names_are_refused_beside_the_field(link: SingleUseLink, aware: Stage) -> None:
    response = Client().post(addressed(link), given(Aware_name="Engaged", Engaged_name="Aware"))
    assert response.status_code == 422
    assert response.context["forms"].stages[0].errors == {"name": ["There is a stage of this name already."]}
    assert nothing_was_written()
    assert Client().post(addressed(link), given()).status_code == 302  # the link is good still


def test_two_of_one_name_are_refused(link: SingleUseLink) -> None:
    response = Client().post(addressed(link), given(Engaged_name="CUSTOMER"))
    assert response.status_code == 422
    assert response.context["forms"].stages[2].errors == {"name": ["There is a stage of this name already."]}
    assert nothing_was_written()


@pytest.mark.parametrize(
    ("changes", "form", "field", "said"),
    [
        ({"administrator__name": ""}, "administrator", "name", "Give your name."),
        ({"administrator__email": ""}, "administrator", "email", "Give your e-mail."),
        ({"administrator__email": "ana"}, "administrator", "email", "Enter a valid email address."),
        ({"administrator__password": ""}, "administrator", "password", "Choose a password."),
        (
            {"administrator__password": "ana@example.com"},
            "administrator",
            "password",
            "The password is too similar to the e-mail.",
        ),
        ({"organisation__name": ""}, "organisation", "name", "This field is required."),
        ({"preset": "both"}, "beginning", "preset", "Choose one of the two."),
        ({"default": "999999"}, "beginning", "default", "Choose a stage, or none."),
    ],
)
def test_an_error_stands_beside_its_field_and_nothing_typed_is_lost(
    link: SingleUseLink, changes: dict[str, str], form: str, field: str, said: str
) -> None:
    sent = given(Customer_name="Buyer", **changes)
    response = Client().post(addressed(link), sent)
    assert response.status_code == 422
    assert getattr(response.context["forms"], form).errors == {field: [said]}
    typed = [value for name, value in sent.items() if not name.endswith(("description", "time_zone", "week", "preset"))]
    for value in (value for value in typed if value and value != "999999"):
        assert f'value="{value}"' in response.text, value
    assert '<option value="Europe/Berlin" selected>' in response.text
    assert nothing_was_written()


def test_a_stage_without_a_name_is_told_beside_it(link: SingleUseLink) -> None:
    response = Client().post(addressed(link), given(Promoter_name=" "))
    assert response.context["forms"].stages[4].errors == {"name": ["Give the stage a name."]}
    assert nothing_was_written()


# The address


def test_it_works_once(link: SingleUseLink) -> None:
    Client().post(addressed(link), given())
    for response in (Client().get(addressed(link)), Client().post(addressed(link), given())):
        assert response.status_code == 410
    assert TeamMember.objects.count() == 1


def test_not_after_an_hour(link: SingleUseLink) -> None:
    assert timedelta(hours=1) - (link.expires_at - timezone.now()) < timedelta(minutes=5)
    SingleUseLink.objects.update(expires_at=timezone.now())
    response = Client().post(addressed(link), given())
    assert response.status_code == 410
    assert "manage.py first_run_link" in response.text
    assert nothing_was_written()


def test_not_once_somebody_came_in_by_the_command_line(link: SingleUseLink) -> None:
    TeamMemberFactory(role=Role.ADMINISTRATOR)
    assert Client().post(addressed(link), given()).status_code == 410
    assert TeamMember.objects.count() == 1


@pytest.mark.parametrize("guess", ["x", "0" * 43, "a" * 900, "é"])
def test_a_guess_opens_nothing(link: SingleUseLink, guess: str) -> None:
    assert Client().post(f"/first-run/{guess}", given()).status_code == 410
    assert nothing_was_written()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_begin_at_once_one_is_administrator() -> None:
    one, other = make_first_run_link(by=None), make_first_run_link(by=None)
    assert one and other
    begin = {
        "password": PASSWORD,
        "organisation": {"name": "Acme", "time_zone": "UTC", "first_day_of_week": 1},
        "preset": Preset.PEOPLE_DECIDE,
        "stages": {},
        "default_stage": None,
        "by": None,
    }
    with elsewhere() as first, elsewhere() as second:
        first.begin()
        first.do(actions.set_up, link=one, email="ana@example.com", name="Ana", **begin).result()
        theirs = second.do(actions.set_up, link=other, email="ben@example.com", name="Ben", **begin)
        assert second.has_to_wait()
        first.commit()
        with pytest.raises(LinkIsDead):
            theirs.result()
    assert list(TeamMember.objects.values_list("email", flat=True)) == ["ana@example.com"]


# Before it


@pytest.mark.parametrize("path", ["/", "/sign-in", "/contacts", "/admin/", "/forgotten-password", "/no/such/page"])
def test_every_other_page_says_how_to_get_there(link: SingleUseLink, path: str) -> None:
    for response in (Client().get(path), Client().post(path, {"username": "a", "password": "b"})):
        assert response.status_code == 503
        assert "<code>manage.py first_run_link</code>" in response.text
        assert link.secret not in response.text


def test_probes_and_applications_are_answered_as_ever(link: SingleUseLink) -> None:
    assert Client().get("/healthz").json()["database"] is True
    for path in ("/api/stages", "/api/v1/contacts"):
        assert Client().get(path).status_code == 401
    assert Client().post("/oauth/v2/token").status_code == 503


def test_afterwards_pages_are_as_ever(viewer: TeamMember) -> None:
    assert Client().get("/")["Location"] == "/sign-in?next=/"
    assert Client().get("/sign-in").status_code == 200
    assert Client().get("/no/such/page").status_code == 404
