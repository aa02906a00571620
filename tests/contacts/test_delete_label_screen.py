"""Delete a label: what goes with it is shown first; what it is needed for keeps it."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, FormerLabel, Label
from journeys.labels import actions
from journeys.rules.models import LabelRule
from journeys.segments.models import Segment
from stages.models import Stage
from tests.factories import ContactFactory, LabelFactory, TeamMemberFactory

ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def vip(db: None) -> Label:
    label = LabelFactory(name="vip")
    contacts = [contact.pk for contact in ContactFactory.create_batch(2)]
    put_on_label(contacts=contacts, label=label, by=None, cause=Cause.IMPORT)
    return label


@pytest.fixture
def max_(client_of: ClientOf, marketer: TeamMember) -> Client:
    return client_of(marketer)


def address(label: Label) -> str:
    return f"/labels/{label.pk}/delete"


def test_it_is_for_marketers(
    client: Client, client_of: ClientOf, viewer: TeamMember, operator: TeamMember, vip: Label
) -> None:
    assert client.get(address(vip))["Location"].startswith("/sign-in?next=/labels/")
    for member in (TeamMemberFactory(), viewer, operator):
        for refused in (client_of(member).get(address(vip)), client_of(member).post(address(vip))):
            assert refused.status_code == 403
            assert "This needs the role Marketer." in refused.text
    assert Label.objects.exists()


def test_its_effect_is_shown_first(max_: Client, vip: Label, customer: Stage, marketer: TeamMember) -> None:
    LabelRule.objects.create(label=vip, stage=customer, created_by=marketer)
    page = max_.get(address(vip)).text
    assert "It is taken off the 2 contacts that carry it. Nobody is moved." in page
    assert "Label rule to Customer goes with it. What it did stays." in page
    assert "Nobody carries it." in max_.get(address(LabelFactory())).text
    assert CarriedLabel.objects.count() == 2


def test_it_is_deleted(max_: Client, vip: Label) -> None:
    response = max_.post(address(vip))
    assert response["Location"] == "/labels"
    assert "The label vip was deleted. 2 contacts carried it." in max_.get("/labels").text
    assert not Label.objects.exists()
    assert not CarriedLabel.objects.exists()
    assert FormerLabel.objects.get().name == "vip"
    assert max_.post(address(vip)).status_code == 404


def test_a_label_that_a_segment_names_is_kept(max_: Client, vip: Label, marketer: TeamMember) -> None:
    conditions = [[{"field": "label", "operator": "carried", "label": vip.pk}]]
    Segment.objects.create(name="Good ones", owner=marketer, is_for_all=True, conditions=conditions)
    page = max_.get(address(vip)).text
    assert "Segment Good ones names it: change that first" in page
    assert "Delete this label" not in page
    refused = max_.post(address(vip))
    assert refused.status_code == 422
    assert "Segment Good ones names it. Change that first, or merge the label into another one." in refused.text
    assert Label.objects.exists()


def test_very_many_lose_it_by_a_run_first(monkeypatch: pytest.MonkeyPatch, max_: Client, vip: Label) -> None:
    monkeypatch.setattr(actions, "AT_ONCE", 1)
    page = max_.get(address(vip)).text
    run = f"/contacts/bulk?label={vip.pk}&amp;all=1&amp;act=take_off_label"
    assert f'href="{run}"' in page
    assert "Delete this label" not in page
    bulk = max_.get(run.replace("&amp;", "&"))
    assert str(bulk.context["chosen"].count) == "2"
    assert max_.post(address(vip)).status_code == 422
    assert CarriedLabel.objects.count() == 2


def test_the_name_is_typed_where_many_carry_it(monkeypatch: pytest.MonkeyPatch, max_: Client, vip: Label) -> None:
    monkeypatch.setattr("journeys.retiring.forms.TYPED_FROM", 2)
    refused = max_.post(address(vip), {"typed": "vp"})
    assert refused.status_code == 422
    assert "That is not vip. Nothing was done." in refused.text
    assert 'value="vp"' in refused.text
    assert Label.objects.exists()
    assert max_.post(address(vip), {"typed": "VIP"}).status_code == 302
