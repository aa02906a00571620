"""The contacts behind the counts of a step."""

from collections.abc import Callable

import pytest
from django.test import Client

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from journeys.campaigns import queries
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.journeys.campaigning import Unit, active, add, after, campaign_of, carrying, move_to, work

pytestmark = pytest.mark.django_db


def test_each_count_leads_to_its_contacts(
    client_of: Callable[[TeamMember], Client],
    marketer: TeamMember,
    aware: Stage,
    engaged: Stage,
    customer: Stage,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, label = client_of(marketer), LabelFactory()
    campaign = campaign_of(marketer, carrying(label, marketer))
    step = add(campaign, marketer, **move_to(engaged))
    later = add(campaign, marketer, **move_to(customer, **after(1, Unit.DAYS)))
    active(campaign, marketer)
    young, there, old = contact_in(aware), contact_in(engaged), contact_in(customer)
    put_on_label(contacts=[young.pk, there.pk, old.pk], label=label, by=None, cause=Cause.MANUAL)
    work(campaign)

    def behind(pk: int, outcome: str) -> list[tuple[str, str]]:
        page = client.get(f"/campaigns/steps/{pk}/contacts", {"outcome": outcome})
        return [(row.turn.contact.email, row.outcome) for row in page.context["rows"]]

    assert behind(step.pk, "done") == [
        (young.email, "Moved."),
        (there.email, "Contact is already in this stage."),
        (old.email, "Contact was not able to move into this stage."),
    ]
    assert behind(step.pk, "refused") == [(old.email, "Contact was not able to move into this stage.")]
    assert behind(step.pk, "waiting") == []
    assert [outcome for _, outcome in behind(later.pk, "waiting")] == ["Waiting."] * 3
    assert behind(step.pk, "<script>") == []
    monkeypatch.setattr(queries, "PAGE", 2)
    page = client.get(f"/campaigns/steps/{step.pk}/contacts?outcome=done")
    assert len(page.context["rows"]) == 2
    rest = client.get(page.context["next"])
    assert [row.turn.contact for row in rest.context["rows"]] == [old]
    assert rest.context["next"] == ""
