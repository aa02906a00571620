"""Building a web form: its fields, what becomes of whoever sends it, nothing typed is lost, who may."""

from typing import Any

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.models import Attribute
from journeys.rules.models import FunnelSettings
from journeys.webforms.models import Asked, WebForm
from stages.models import Stage
from tests.factories import LabelFactory
from tests.journeys.web_forms import web_form_asking

NEW = "/web-forms/new"
EMAIL = Asked("email", is_required=True)


@pytest.fixture
def building(client_of, marketer: TeamMember) -> Client:
    return client_of(marketer)


def posted(*asked: Asked, **fields: Any) -> dict[str, Any]:
    """What the builder posts."""
    numbered: dict[str, Any] = {}
    for number, one in enumerate(asked or (EMAIL,)):
        numbered |= {f"{number}-field": one.field, f"{number}-caption": one.caption}
        numbered |= {f"{number}-is_required": "on"} if one.is_required else {}
    return {"name": "Newsletter", "status": "default", **numbered, **fields}


def asked_by(response: Any) -> list[Asked]:
    return response.context["form"].asked


def htmx(client: Client, data: dict[str, Any]) -> Any:
    return client.post(NEW, data, headers={"HX-Request": "true", "HX-Target": "edit-web-form-fields"})


@pytest.mark.parametrize("name", ["viewer", "operator"])
def test_others_are_told_the_role_that_may(client_of, request: pytest.FixtureRequest, name: str) -> None:
    client = client_of(request.getfixturevalue(name))
    for refused in (client.get(NEW), client.post(NEW, posted())):
        assert (refused.status_code, "This needs the role Marketer." in refused.text) == (403, True)
    assert not WebForm.objects.exists()


def test_it_begins_with_the_e_mail_and_the_name(building: Client, aware: Stage) -> None:
    FunnelSettings.objects.update(default_stage=aware)
    response = building.get(NEW)
    assert asked_by(response) == [EMAIL, Asked("first_name"), Asked("last_name")]
    assert "The default status: Aware now" in response.text
    assert "Always required" in response.text


def test_what_is_saved_is_kept_and_said(building: Client, marketer: TeamMember, customer: Stage) -> None:
    Attribute.objects.create(name="Plan", key="plan")
    label, _ = LabelFactory(name="fair"), LabelFactory(name="other")
    sent = posted(
        Asked("attributes.plan", is_required=True, caption="  Which   plan?"),
        EMAIL,
        name="  Summer   fair ",
        heading="Come",
        introduction="It is <b>free</b>.",
        consent="Yes.",
        status=str(customer.pk),
        moves_known="on",
        labels=[str(label.pk)],
        thanks="Bye.",
        thanks_address="https://example.com/?a=1&b=2",
    )
    response = building.post(NEW, sent, follow=True)
    form = WebForm.objects.get()
    assert response.redirect_chain == [(f"/web-forms/{form.pk}", 302)]
    assert "Summer fair was saved." in response.text
    assert form.asks == [Asked("attributes.plan", is_required=True, caption="Which plan?"), EMAIL]
    assert (form.name, form.heading, form.introduction) == ("Summer fair", "Come", "It is <b>free</b>.")
    assert (form.default_status, form.stage, form.moves_known) == (False, customer, True)
    assert (form.consent, form.thanks, form.thanks_address) == ("Yes.", "Bye.", "https://example.com/?a=1&b=2")
    assert (list(form.labels.all()), form.created_by) == ([label], marketer)


@pytest.mark.parametrize(("status", "kept"), [("default", (True, None)), ("none", (False, None))])
def test_new_contacts_may_get_the_default_status_or_none(building: Client, status: str, kept: tuple) -> None:
    assert building.post(NEW, posted(status=status)).status_code == 302
    form = WebForm.objects.get()
    assert (form.default_status, form.stage) == kept


@pytest.mark.parametrize(
    ("fields", "field", "problem"),
    [
        ({"name": " "}, "name", "Give the web form a name."),
        ({"name": "newsLETTER"}, "name", "There is a web form of this name already."),
        ({"name": "x" * 101}, "name", "Ensure this value has at most 100 characters (it has 101)."),
        ({"status": "999999"}, "status", "This stage is not open any more. Choose another one."),
        ({"status": "default", "moves_known": "on"}, "status", "Choose the stage that contacts are to come to."),
        ({"status": "none", "moves_known": "on"}, "status", "Choose the stage that contacts are to come to."),
        ({"labels": ["999999"]}, "labels", "There is no such label any more."),
        (
            {"thanks_address": "javascript:alert(1)"},
            "thanks_address",
            "Give an address that begins with https:// or http://.",
        ),
        (
            {"thanks_address": "data:text/html,x"},
            "thanks_address",
            "Give an address that begins with https:// or http://.",
        ),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    building: Client, marketer: TeamMember, fields: dict[str, Any], field: str, problem: str
) -> None:
    web_form_asking("email", by=marketer)
    sent = posted(EMAIL, Asked("phone", caption="Telephone")) | {"name": "Fair", "heading": "Kept", "consent": "Also."}
    response = building.post(NEW, {**sent, **fields})
    assert response.status_code == 422
    assert response.context["form"].errors == {field: [problem]}
    assert 'value="Kept"' in response.text
    assert "Also.</textarea>" in response.text
    assert 'value="Telephone"' in response.text
    assert WebForm.objects.count() == 1


def test_a_closed_stage_is_not_offered(building: Client, customer: Stage) -> None:
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    assert building.post(NEW, posted(status=str(customer.pk))).status_code == 422


# Putting the fields together


def test_a_field_is_added_and_what_was_typed_stays(building: Client) -> None:
    label = LabelFactory(name="fair")
    sent = posted(EMAIL, Asked("phone", caption="Tel"), name="Fair", labels=[str(label.pk)], moves_known="on")
    response = building.post(NEW, {**sent, "act": "add", "added": "company"})
    assert response.status_code == 200
    assert asked_by(response) == [EMAIL, Asked("phone", caption="Tel"), Asked("company")]
    form = response.context["form"]
    assert (form["name"].value(), form["labels"].value(), form["moves_known"].value()) == (
        "Fair",
        [str(label.pk)],
        "on",
    )
    assert not form.errors
    assert response.context["focus"] == "id_2-caption"
    assert not WebForm.objects.exists()


def test_htmx_gets_the_fields_alone(building: Client) -> None:
    response = htmx(building, {**posted(EMAIL), "act": "add", "added": "phone"})
    assert response.text.lstrip().startswith('<fieldset id="edit-web-form-fields"')
    assert "<html" not in response.text
    assert asked_by(response) == [EMAIL, Asked("phone")]


@pytest.mark.parametrize(
    ("act", "left", "focus"),
    [
        ("remove-1", ["email", "city"], "id_added"),
        ("remove-0", ["email", "phone", "city"], "id_added"),  # the e-mail stays
        ("up-2", ["email", "city", "phone"], "up-1"),
        ("up-1", ["phone", "email", "city"], "down-0"),
        ("down-0", ["phone", "email", "city"], "down-1"),
        ("down-1", ["email", "city", "phone"], "up-2"),
        ("up-0", ["email", "phone", "city"], "down-0"),
        ("down-9", ["email", "phone", "city"], "id_added"),
        ("nonsense", ["email", "phone", "city"], "id_added"),
    ],
)
def test_fields_are_moved_and_removed(building: Client, act: str, left: list[str], focus: str) -> None:
    response = building.post(NEW, {**posted(EMAIL, Asked("phone"), Asked("city")), "act": act})
    assert [one.field for one in asked_by(response)] == left
    assert response.context["focus"] == focus


def test_a_form_asks_for_nothing_that_there_is_not(building: Client) -> None:
    sent = posted(Asked("phone"), Asked("phone"), Asked("account_state"), Asked("attributes.plan"), Asked("id"))
    assert building.post(NEW, sent).status_code == 302
    assert WebForm.objects.get().asks == [EMAIL, Asked("phone")]


def test_a_clone_has_everything_but_the_name_and_the_address(
    building: Client, marketer: TeamMember, customer: Stage
) -> None:
    label = LabelFactory(name="fair")
    form = web_form_asking(
        "email", "phone", by=marketer, labels=[label], default_status=False, stage=customer, consent="Yes."
    )
    response = building.get(f"{NEW}?like={form.pk}")
    begun = response.context["form"]
    assert asked_by(response) == form.asks
    assert (begun["name"].value(), begun["status"].value(), begun["labels"].value(), begun["consent"].value()) == (
        "Copy of Newsletter",
        str(customer.pk),
        [label.pk],
        "Yes.",
    )
    assert asked_by(building.get(f"{NEW}?like=999999")) == asked_by(building.get(f"{NEW}?like=x"))


def test_what_people_typed_stays_text(building: Client) -> None:
    response = building.post(NEW, posted(name="<b>", heading="</textarea><script>alert(1)</script>", status="x"))
    assert "<script>alert(1)" not in response.text
