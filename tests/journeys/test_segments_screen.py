"""Segments: the list, the tabs over the list of contacts, and segments as what lists and runs are narrowed by."""

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Contact
from journeys.runs.actions import start_run
from journeys.runs.models import Run, RunPreview
from journeys.segments import queries
from journeys.segments.actions import change_segment
from journeys.segments.conditions import Condition, Conditions, Operator
from journeys.segments.models import Segment
from stages.models import Stage
from tests.factories import LabelFactory, TeamMemberFactory, contact_in
from tests.journeys.running import done
from tests.journeys.segmenting import in_stage, segment_of

SEGMENTS = "/segments"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


def rows(client: Client, query: str = "") -> list[tuple[str, str, int | None, bool]]:
    response = client.get(SEGMENTS + query)
    assert response.status_code == 200
    return [(row["segment"].name, row["sentence"], row["count"], row["may_change"]) for row in response.context["rows"]]


# The list


def test_somebody_without_a_role_is_told_which_one_is_needed(client_of, db: None) -> None:
    refused = client_of(TeamMemberFactory()).get(SEGMENTS)
    assert refused.status_code == 403
    assert "This needs the role Viewer." in refused.text


def test_people_see_their_own_and_those_for_everybody(
    reading: Client, client_of, viewer: TeamMember, marketer: TeamMember, promoter: Stage, aware: Stage
) -> None:
    segment_of(promoter, marketer)
    segment_of(aware, viewer, name="Newcomers", is_for_all=False)
    segment_of(aware, marketer, name="Secret", is_for_all=False)
    assert rows(reading) == [
        ("Fans", "Funnel status is Promoter", None, False),
        ("Newcomers", "Funnel status is Aware", None, True),
    ]
    assert [row[::3] for row in rows(client_of(marketer))] == [("Fans", True), ("Secret", True)]


def test_counts_come_with_a_second_request(reading: Client, marketer: TeamMember, promoter: Stage) -> None:
    segment = segment_of(promoter, marketer)
    contact_in(promoter)
    contact_in(promoter, lost=True)
    first = reading.get(SEGMENTS).text
    assert 'hx-get="/segments?counted"' in first
    assert f'aria-label="Contacts that match {segment}"' in first
    part = reading.get(f"{SEGMENTS}?counted", headers={**HTMX, "HX-Target": "segments-list"}).text
    assert part.lstrip().startswith('<section id="segments-list"')
    assert "hx-get" not in part
    assert 'aria-label="1 contact matches Fans"' in part


def test_what_takes_too_long_is_not_counted(
    reading: Client, marketer: TeamMember, promoter: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment_of(promoter, marketer)
    monkeypatch.setattr(queries, "TABS_SECONDS", 0)
    assert rows(reading, "?counted") == [("Fans", "Funnel status is Promoter", None, False)]


def test_an_empty_list_offers_to_begin(reading: Client, db: None) -> None:
    page = reading.get(SEGMENTS).text
    assert "No segments yet" in page
    assert 'href="/segments/new"' in page
    assert "hx-get" not in page.split('id="segments-list"')[1]


def test_who_may_not_change_a_segment_is_not_offered_to(
    client_of, viewer: TeamMember, marketer: TeamMember, promoter: Stage
) -> None:
    segment = segment_of(promoter, marketer)
    edit, delete, clone = f"/segments/{segment.pk}/edit", f"/segments/{segment.pk}/delete", f"like={segment.pk}"
    offered = {
        member.name: [address in client_of(member).get(SEGMENTS).text for address in (edit, delete, clone)]
        for member in (viewer, marketer)
    }
    assert offered == {"Vera Novak": [False, False, True], "Max Weber": [True, True, True]}


@pytest.mark.parametrize("many", [1, 3])
def test_it_costs_the_same_for_one_and_for_three(reading: Client, marketer, promoter: Stage, many: int) -> None:
    for number in range(many):
        segment_of(promoter, marketer, name=f"Fans {number}")
    with assertNumQueries(11):  # session, person, organisation, role; segments, stages, labels, attributes, zone
        reading.get(SEGMENTS)


# Contacts


def found(client: Client, query: str) -> list[str]:
    response = client.get(f"/contacts?{query}")
    assert response.status_code == 200
    return [contact.first_name for contact in response.context["page"].contacts]


def test_the_list_of_contacts_is_narrowed_by_a_segment_and_by_what_else_is_asked(
    reading: Client, marketer: TeamMember, promoter: Stage, aware: Stage
) -> None:
    segment = segment_of(promoter, marketer)
    contact_in(promoter, first_name="Ada", company="Acme")
    contact_in(promoter, first_name="Ben")
    contact_in(promoter, first_name="Gone", lost=True)
    contact_in(aware, first_name="Cleo", company="Acme")
    assert found(reading, f"segment={segment.pk}") == ["Ben", "Ada"]
    assert found(reading, f"segment={segment.pk}&q=acme") == ["Ada"]
    assert found(reading, f"segment={segment.pk}&stage={aware.pk}") == []
    response = reading.get(f"/contacts?segment={segment.pk}&q=acme")
    assert [chip.words for chip, _ in response.context["chips"]] == ["“acme”", "Matches Fans"]
    assert str(response.context["count"]) == "1"
    assert f'<input type="hidden" name="segment" value="{segment.pk}">' in response.text


def test_pages_of_a_segment_follow_each_other(
    reading: Client, marketer: TeamMember, promoter: Stage, aware: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("journeys.book.queries.PAGE", 2)
    label = LabelFactory()
    without_label = Condition("label", Operator.NOT_CARRIED, label=label.pk)
    either = Conditions(in_stage(promoter, without_label).groups + in_stage(aware).groups)
    segment = segment_of(promoter, marketer, conditions=either)
    for name in "ABCDE":
        contact_in(promoter if name in "ACE" else aware, first_name=name)
    for query, pages in (
        (f"segment={segment.pk}", ["ED", "CB", "A"]),
        (f"segment={segment.pk}&stage={promoter.pk}", ["EC", "A"]),
    ):
        address, seen = f"/contacts?{query}", []
        while address:
            response = reading.get(address)
            seen.append("".join(contact.first_name for contact in response.context["page"].contacts))
            address = response.context["next"]
        assert seen == pages
        back = reading.get(response.context["previous"]).context["page"].contacts
        assert "".join(contact.first_name for contact in back) == pages[-2]


def test_somebody_elses_own_segment_narrows_nothing(reading: Client, marketer, promoter: Stage, aware: Stage) -> None:
    segment = segment_of(promoter, marketer, is_for_all=False)
    contact_in(aware, first_name="Cleo")
    assert found(reading, f"segment={segment.pk}") == ["Cleo"]
    page = reading.get(f"/contacts?segment={segment.pk}").text
    assert "Segment: the address asks for something unknown, and the list is not narrowed by it." in page
    assert "Fans" not in page


def tabs(client: Client, query: str = "") -> list[tuple[str, str, bool]]:
    """The segments among the tabs over the list; one line holds them all, the parts of the book first."""
    shown = client.get(f"/contacts?{query}").context["tabs"]
    parts = [tab for tab in shown if not tab.segment]
    assert [tab.label for tab in parts][-2:] == ["No status yet", "Lost"]
    assert [tab.is_apart for tab in shown] == [place == len(parts) for place in range(len(shown))]
    return [(tab.label, tab.address, tab.is_current) for tab in shown[len(parts) :]]


def test_segments_are_tabs_over_the_list(reading: Client, marketer: TeamMember, promoter: Stage) -> None:
    segment = segment_of(promoter, marketer)
    address = f"/contacts?segment={segment.pk}"
    assert tabs(reading) == [("Fans", address, False)]
    assert tabs(reading, f"segment={segment.pk}") == [("Fans", address, True)]
    assert tabs(reading, f"segment={segment.pk}&q=ada") == [("Fans", address, False)]


def test_a_segments_tab_keeps_columns_and_order(reading: Client, marketer: TeamMember, promoter: Stage) -> None:
    segment = segment_of(promoter, marketer)
    address = f"/contacts?segment={segment.pk}&column=since&column=city&sort=name"
    assert tabs(reading, "sort=name&column=city&column=since&q=x&after=7") == [("Fans", address, False)]


def test_only_so_many_segments_are_tabs_and_the_one_that_is_looked_at(reading: Client, marketer, promoter) -> None:
    segments = [segment_of(promoter, marketer, name=f"Fans {number}") for number in range(10)]
    assert [tab[0] for tab in tabs(reading, f"segment={segments[9].pk}")] == [
        *(f"Fans {number}" for number in range(8)),
        "Fans 9",
    ]
    page = reading.get(f"/contacts?segment={segments[9].pk}").text
    assert f'<option value="{segments[8].pk}">Fans 8</option>' in page


def test_where_there_are_no_segments_nothing_is_counted(reading: Client, db: None) -> None:
    page = reading.get("/contacts").text
    assert "segment-count" not in page
    assert 'name="segment"' not in page
    assert tabs(reading) == []


def test_counts_of_segments_come_with_a_second_request(
    reading: Client, client_of, marketer: TeamMember, promoter: Stage
) -> None:
    shown, other = (segment_of(promoter, marketer, name=name) for name in ("Fans", "Others"))
    own = segment_of(promoter, marketer, name="Own", is_for_all=False)
    contact_in(promoter)
    contact_in(promoter, lost=True)
    page = reading.get("/contacts").text
    assert f'hx-get="/segments/counts?segment={shown.pk}&amp;segment={other.pk}&amp;"' in page
    assert f'<span id="segment-count-{shown.pk}" class="count" hx-preserve></span>' in page
    asked = f"/segments/counts?segment={shown.pk}&segment={own.pk}&segment=x&segment="
    counted = reading.get(asked, headers={**HTMX, "HX-Target": "segment-counts"})
    assert counted.context["counts"] == {shown.pk: 1}
    assert counted.text.startswith('<span id="segment-counts"></span>')
    assert f'<span id="segment-count-{shown.pk}" class="count" hx-swap-oob="true">1</span>' in counted.text
    assert client_of(marketer).get(asked).context["counts"] == {shown.pk: 1, own.pk: 1}


def test_a_segment_is_kept_wherever_the_list_leads(
    client_of, marketer: TeamMember, promoter: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chips, order, columns, pages, export and bulk changes: each says the segment, and what else was asked for."""
    monkeypatch.setattr("journeys.book.queries.PAGE", 1)
    segment = segment_of(promoter, marketer)
    _, second, third = (contact_in(promoter, first_name="Ada", city=city) for city in "ABC")
    asked = {"q": "ada", "segment": segment.pk, "sort": "name", "column": "city"}
    response = client_of(marketer).get("/contacts", {**asked, "after": second.pk})
    context, page = response.context, response.text
    here = f"/contacts?q=ada&segment={segment.pk}&sort=name&column=city"
    assert [contact.pk for contact in context["page"].contacts] == [third.pk]
    assert (context["previous"], context["next"]) == (f"{here}&before={third.pk}", "")
    assert [address for _, address in context["chips"]] == [
        f"/contacts?segment={segment.pk}&sort=name&column=city",
        "/contacts?q=ada&sort=name&column=city",
    ]
    assert {heading.label: address for heading, address in context["headings"]} == {
        "Contact": f"/contacts?q=ada&segment={segment.pk}&column=city&sort=-name",
        "City": f"/contacts?q=ada&segment={segment.pk}&column=city&sort=city",
    }
    assert f'href="/contacts/export?all=1&amp;q=ada&amp;segment={segment.pk}&amp;column=city&amp;sort=name"' in page
    for form in ('class="columns-form"', 'id="contacts-bulk"'):
        fields = page[page.index(form) :].split("</form>")[0]
        for name, value in (("q", "ada"), ("segment", segment.pk), ("sort", "name")):
            assert f'<input type="hidden" name="{name}" value="{value}">' in fields, form
    assert f'<option value="{segment.pk}" selected>Fans</option>' in page


# Runs


def bulk(client: Client, segment: Segment, stage: Stage) -> RunPreview:
    response = client.post(
        f"/contacts/bulk?all=1&segment={segment.pk}", {"act": "change_status", "stage": stage.pk, "note": ""}
    )
    assert response.status_code == 302
    return RunPreview.objects.latest("pk")


def standing_in(stage: Stage) -> list[str]:
    return sorted(Contact.objects.filter(status__stage=stage).values_list("first_name", flat=True))


def test_a_run_over_a_segment_names_it(client_of, marketer: TeamMember, promoter, aware, customer) -> None:
    segment = segment_of(aware, marketer, name="Newcomers")
    contact_in(aware, first_name="Ada")
    contact_in(promoter, first_name="Ben")
    client = client_of(marketer)
    page = client.get(f"/contacts/bulk?all=1&segment={segment.pk}").text
    assert "The 1 contact that matches" in page
    assert "Matches Newcomers" in page
    preview = bulk(client, segment, customer)
    run = done(start_run(preview=preview, by=marketer))
    assert run.words == "1 contact matching Newcomers → Customer"
    assert (standing_in(customer), standing_in(promoter)) == (["Ada"], ["Ben"])


@pytest.mark.parametrize("frozen", [0, 50_000])
def test_what_was_shown_is_what_runs_whatever_becomes_of_the_segment(
    client_of, marketer: TeamMember, promoter, aware, customer, monkeypatch: pytest.MonkeyPatch, frozen: int
) -> None:
    monkeypatch.setattr("journeys.runs.selections.FROZEN_AT_MOST", frozen)
    segment = segment_of(aware, marketer, name="Newcomers")
    contact_in(aware, first_name="Ada")
    contact_in(promoter, first_name="Ben")
    preview = bulk(client_of(marketer), segment, customer)
    assert (preview.contacts is None) is (frozen == 0)
    change_segment(
        segment=segment,
        seen=1,
        name="Fans",
        description="",
        conditions=in_stage(promoter),
        is_for_all=True,
        by=marketer,
    )
    Segment.objects.all().delete()
    run = done(start_run(preview=preview, by=marketer))
    assert (run.state, run.updated) == (Run.State.FINISHED, 1)
    assert (standing_in(customer), standing_in(promoter)) == (["Ada"], ["Ben"])


def test_a_segment_that_is_gone_selects_nobody_rather_than_everybody(client_of, marketer, aware, customer) -> None:
    contact_in(aware, cause=Cause.MANUAL)
    page = client_of(marketer).get("/contacts/bulk?all=1&segment=99").text
    assert "Segment: the address asks for something unknown" in page
    assert "nobody is selected" in page
