"""A stage: what it means, how it went, who came and went, and who is in it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from journeys.retiring.actions import retire_stage
from journeys.rules.models import FunnelSettings, LabelRule
from stages.models import Category, Stage
from tests.factories import LabelFactory, TeamMemberFactory, contact_in, standing


def page_of(stage: Stage) -> str:
    return f"/stages/{stage.pk}"


@pytest.mark.parametrize(("role", "edits"), [("administrator", True), ("marketer", True), ("viewer", False)])
def test_everybody_reads_it_and_marketers_may_edit(request, client_of, customer: Stage, role: str, edits) -> None:
    response = client_of(request.getfixturevalue(role)).get(page_of(customer))
    assert response.status_code == 200
    assert (f'href="/stages/{customer.pk}/edit"' in response.text) is edits
    assert (f'href="/stages/new?like={customer.pk}"' in response.text) is edits


def test_it_needs_a_role(client_of, customer: Stage) -> None:
    assert client_of(TeamMemberFactory()).get(page_of(customer)).status_code == 403


@pytest.mark.parametrize("pk", ["0", "99", "9" * 25])
def test_a_stage_that_is_not_there_is_not_found(client_of, viewer: TeamMember, pk: str) -> None:
    assert client_of(viewer).get(f"/stages/{pk}").status_code == 404


def test_it_says_what_it_is(client_of, viewer: TeamMember, marketer: TeamMember, customer: Stage) -> None:
    FunnelSettings.objects.update(default_stage=customer)
    LabelRule.objects.create(label=LabelFactory(name="bought"), stage=customer, created_by=marketer)
    category = Category.objects.create(title="Sales", alias="sales")
    fields = {"description": "<i>Paid</i>\n\nOnce", "category": category, "target_days": 60}
    Stage.objects.filter(pk=customer.pk).update(publish_down=timezone.now() - timedelta(days=1), **fields)

    response = client_of(viewer).get(page_of(customer))

    assert [str(use) for use in response.context["uses"]] == ["Default status", "Label rule bought"]
    assert response.context["window"] == "expired"
    for words in ("<p>&lt;i&gt;Paid&lt;/i&gt;</p>", "Sales", "60 days", "Expired", "Label rule bought"):
        assert words in response.text


def test_without_a_meaning_it_says_so_and_offers_to_say_it(client_of, viewer, marketer, customer: Stage) -> None:
    Stage.objects.filter(pk=customer.pk).update(description="")
    for_marketers = client_of(marketer).get(page_of(customer)).text
    assert "Nobody has said yet what this stage means." in for_marketers
    assert "Say it</a>" in for_marketers
    assert "Say it</a>" not in client_of(viewer).get(page_of(customer)).text


def test_its_numbers_lead_to_the_contacts(client_of, viewer: TeamMember, aware: Stage, customer: Stage) -> None:
    month_ago = timezone.now() - timedelta(days=40)
    standing(contact_in(aware, since=month_ago), customer)
    contact_in(customer, since=month_ago)
    contact_in(customer, since=month_ago, lost=True)

    response = client_of(viewer).get(page_of(customer))

    assert (response.context["contacts"], response.context["lost"]) == (2, 1)
    assert (response.context["flows"].entered, response.context["flows"].left) == (1, 1)
    for address in (
        f'"/contacts?stage={customer.pk}"',
        f'"/contacts?stage={customer.pk}&amp;lost=yes"',
        f'"/?entered={customer.pk}"',
        f'"/?left={customer.pk}"',
    ):
        assert f"href={address}" in response.text
    assert [point.contacts for point in response.context["points"]][-1] == 2
    assert len(response.context["points"]) == 13


def test_its_contacts_are_listed_and_all_of_them_are_a_link_away(
    client_of, viewer: TeamMember, customer: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("journeys.funnel.queries.PAGE", 2)
    contacts = [contact_in(customer) for _ in range(3)]
    lost = contact_in(customer, lost=True)

    response = client_of(viewer).get(page_of(customer))

    assert [status.contact for status in response.context["statuses"]] == contacts[:0:-1]
    assert "All 3 contacts</a>" in response.text
    assert f"/contacts/{lost.pk}" not in response.text


def test_with_nobody_in_it_it_says_so(client_of, viewer: TeamMember, customer: Stage) -> None:
    page = client_of(viewer).get(page_of(customer)).text
    assert "Nobody is here now" in page
    assert "Nobody came or went." in page
    assert "Nobody has moved on yet" in page


def test_a_retired_stage_is_read_and_not_changed(client_of, viewer, marketer: TeamMember, loyal: Stage) -> None:
    contact_in(loyal)
    Stage.objects.filter(pk=loyal.pk).update(retired_at=timezone.now(), modified_by=marketer)
    page = client_of(marketer).get(page_of(loyal)).text
    assert "by Max Weber. Nobody can be moved into it any more" in page
    assert "1 still stands here." in page
    assert f'href="/stages/{loyal.pk}/edit"' not in page
    assert f'<a href="/stages/{loyal.pk}/retire">Move them out</a>' in page
    assert "Move them out" not in client_of(viewer).get(page_of(loyal)).text


def test_the_run_that_empties_a_retired_stage_is_named(client_of, marketer: TeamMember, loyal: Stage) -> None:
    contact_in(loyal)
    run = retire_stage(stage=loyal, to=None, by=marketer)
    page = client_of(marketer).get(page_of(loyal)).text
    assert f'<a href="/runs/{run.pk}">Run {run.pk} is moving them.</a>' in page
    assert "Move them out" not in page


def test_its_price_does_not_grow(client_of, viewer: TeamMember, aware: Stage, customer: Stage) -> None:
    client = client_of(viewer)
    standing(contact_in(aware), customer)
    client.get(page_of(customer))
    for more in range(2):
        for _ in range(3 * more):
            standing(contact_in(aware), customer)
        # session, person, organisation, role; stage, now (2), uses (2), trend (2), median, flows (5), contacts
        with assertNumQueries(21):
            assert client.get(page_of(customer)).status_code == 200
