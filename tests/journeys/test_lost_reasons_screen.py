"""Lost reasons: a managed list, and whether a reason has to be given."""

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.rules import actions
from journeys.rules.models import FunnelSettings
from journeys.status.actions import mark_lost
from journeys.status.models import FunnelStatus, LostReason, StatusChange
from stages.models import Stage
from tests.factories import contact_in

LOST_REASONS = "/settings/lost-reasons"
REQUIRED = f"{LOST_REASONS}/required"
SHIPPED = [
    "Bounced",
    "Unsubscribed",
    "Account closed",
    "Chose a competitor",
    "No answer",
    "Duplicate",
    "Other",
]


def reason(name: str) -> LostReason:
    return LostReason.objects.get(name=name)


def offered() -> list[str]:
    return list(LostReason.objects.filter(is_retired=False).values_list("name", flat=True))


def texts(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


@pytest.fixture
def managing(client_of, marketer: TeamMember) -> Client:
    return client_of(marketer)


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_it_needs_a_marketer(request, client_of, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    bounced = reason("Bounced").pk
    assert client.get(LOST_REASONS).status_code == 403
    for address in ("", "/required", *(f"/{bounced}/{what}" for what in ("rename", "down", "retire", "use-again"))):
        refused = client.post(LOST_REASONS + address, {"name": "Mine", "rename-name": "Mine", "required": "yes"})
        assert refused.status_code == 403
        assert "This needs the role Marketer." in refused.text
    assert offered() == SHIPPED
    assert not FunnelSettings.objects.get().lost_reason_required


def test_the_seven_shipped_ones_are_shown_in_order(managing) -> None:
    response = managing.get(LOST_REASONS)
    assert [each.name for each in response.context["reasons"]] == SHIPPED
    assert response.context["retired"] == []
    assert 'value="no"' in response.text
    assert response.context["required_form"]["required"].value() == "no"


def test_a_new_one_comes_last(managing) -> None:
    response = managing.post(LOST_REASONS, {"name": "  Moved away "})
    assert (response.status_code, response["Location"]) == (302, LOST_REASONS)
    assert texts(response) == ["Moved away was added."]
    assert offered() == [*SHIPPED, "Moved away"]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "Give the reason a name."),
        ("   ", "Give the reason a name."),
        ("BOUNCED", "There is a reason of this name already."),
        ("x" * 101, "Ensure this value has at most 100 characters (it has 101)."),
    ],
)
def test_a_bad_name_has_its_error_beside_it_and_is_not_lost(managing, name: str, says: str) -> None:
    added = managing.post(LOST_REASONS, {"name": name})
    assert added.status_code == 422
    assert added.context["new_form"].errors == {"name": [says]}
    assert 'id="id_name_error"' in added.text

    other = reason("Other")
    renamed = managing.post(f"{LOST_REASONS}/{other.pk}/rename", {"rename-name": name})
    assert renamed.status_code == 422
    assert renamed.context["rename_form"].errors == {"name": [says]}
    assert 'id="id_rename-name_error"' in renamed.text
    if name.strip():
        assert f'value="{name}"' in added.text
        assert f'value="{name}"' in renamed.text
    assert offered() == SHIPPED


def test_renaming_keeps_its_place_and_its_contacts(managing, customer: Stage, operator: TeamMember) -> None:
    bounced = reason("Bounced")
    contact = contact_in(customer, lost=True, reason=bounced, by=operator)
    history = StatusChange.objects.count()
    assert 'value="Bounced"' in managing.get(f"{LOST_REASONS}/{bounced.pk}/rename").text

    response = managing.post(f"{LOST_REASONS}/{bounced.pk}/rename", {"rename-name": "Address bounced"})

    assert texts(response) == ["Bounced is Address bounced now, in history too."]
    assert offered() == ["Address bounced", *SHIPPED[1:]]
    assert FunnelStatus.objects.get(pk=contact.pk).lost_reason == bounced
    assert StatusChange.objects.count() == history


def test_up_and_down_move_one_place_and_stop_at_the_ends(managing) -> None:
    def move(name: str, way: str) -> list[str]:
        return texts(managing.post(f"{LOST_REASONS}/{reason(name).pk}/{way}"))

    assert move("Unsubscribed", "up")[-1] == "Unsubscribed is number 1 of the list."
    assert offered()[:3] == ["Unsubscribed", "Bounced", "Account closed"]
    move("Unsubscribed", "up")
    assert offered()[:3] == ["Unsubscribed", "Bounced", "Account closed"]
    move("Unsubscribed", "down")
    move("Other", "down")
    assert offered() == SHIPPED


def test_order_is_of_those_in_use_whatever_was_retired_between(managing) -> None:
    managing.post(f"{LOST_REASONS}/{reason('Unsubscribed').pk}/retire")
    managing.post(f"{LOST_REASONS}/{reason('Account closed').pk}/up")
    assert offered()[:3] == ["Account closed", "Bounced", "Chose a competitor"]
    assert managing.post(f"{LOST_REASONS}/{reason('Unsubscribed').pk}/up").status_code == 404


def test_htmx_gets_the_list_alone_with_the_news(managing) -> None:
    address = f"{LOST_REASONS}/{reason('Unsubscribed').pk}/up"
    part = managing.post(address, headers={"HX-Request": "true", "HX-Target": "lost-reasons-list"})
    assert part.status_code == 200
    assert part.text.strip().startswith('<div id="lost-reasons-list"')
    assert "<html" not in part.text
    assert "Unsubscribed is number 1 of the list." in part.text
    assert part.text.index("Unsubscribed") < part.text.index("Bounced")


def test_a_retired_one_is_offered_no_longer_and_stays_with_its_contacts(
    managing, client_of, viewer: TeamMember, customer: Stage, operator: TeamMember
) -> None:
    bounced = reason("Bounced")
    contact = contact_in(customer, lost=True, reason=bounced, by=operator)

    response = managing.post(f"{LOST_REASONS}/{bounced.pk}/retire")

    assert texts(response) == ["Bounced is not offered any more. Contacts lost for it keep it."]
    assert offered() == SHIPPED[1:]
    assert FunnelStatus.objects.get(pk=contact.pk).lost_reason == bounced
    assert "Bounced" in client_of(viewer).get("/status-history").text
    assert [each.name for each in managing.get(LOST_REASONS).context["retired"]] == ["Bounced"]

    again = managing.post(f"{LOST_REASONS}/{bounced.pk}/use-again")
    assert texts(again)[-1] == "Bounced is offered again."
    assert offered() == [*SHIPPED[1:], "Bounced"]


def test_required_holds_at_the_door_and_optional_again(managing, customer: Stage, operator: TeamMember) -> None:
    contact = contact_in(customer)
    assert texts(managing.post(REQUIRED, {"required": "yes"})) == ["A lost reason is required now."]
    assert managing.get(LOST_REASONS).context["required_form"]["required"].value() == "yes"

    refused = mark_lost(contacts=[contact.pk], reason=None, cause=Cause.MANUAL, by=operator)
    assert refused.refusal and refused.refusal.value == "reason_required"
    assert not FunnelStatus.objects.get(pk=contact.pk).is_lost

    assert texts(managing.post(REQUIRED, {"required": "no"}))[-1] == "A lost reason is optional now."
    assert mark_lost(contacts=[contact.pk], reason=None, cause=Cause.MANUAL, by=operator).changed == [contact.pk]


@pytest.mark.parametrize("sent", [{}, {"required": ""}, {"required": "perhaps"}])
def test_neither_optional_nor_required_is_an_error_beside_it(managing, sent: dict[str, str]) -> None:
    FunnelSettings.objects.update(lost_reason_required=True)
    response = managing.post(REQUIRED, sent)
    assert response.status_code == 422
    assert list(response.context["required_form"].errors) == ["required"]
    assert FunnelSettings.objects.get().lost_reason_required


@pytest.mark.parametrize("what", ["rename", "up", "down", "retire", "use-again"])
def test_one_that_is_not_there_is_not_found(managing, what: str) -> None:
    for pk in ("99", "9" * 30):
        assert managing.post(f"{LOST_REASONS}/{pk}/{what}", {"rename-name": "Mine"}).status_code == 404


def test_without_any_it_says_so(managing) -> None:
    LostReason.objects.update(is_retired=True)
    page = managing.get(LOST_REASONS).text
    assert "No reason is offered" in page
    assert "7 retired" in page


def test_who_does_it_has_no_default(db: None) -> None:
    with pytest.raises(TypeError):
        actions.add_lost_reason(name="Mine")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        actions.require_lost_reason(required=True)  # type: ignore[call-arg]


def test_it_costs_seven_queries_however_many_reasons(managing) -> None:
    LostReason.objects.exclude(name="Bounced").update(is_retired=True)
    managing.get(LOST_REASONS)
    with assertNumQueries(7):  # session, person, organisation, role; settings, reasons
        managing.get(LOST_REASONS)
    LostReason.objects.update(is_retired=False)
    with assertNumQueries(7):
        assert len(managing.get(LOST_REASONS).context["reasons"]) == 7
