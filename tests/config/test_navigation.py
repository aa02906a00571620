"""What the navigation shows to whom, and which entry it marks."""

import pytest
from django.test import RequestFactory

from config.navigation import GROUPS, SETTINGS_PAGES, STAGES, Navigation, navigation, settings_pages
from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.status.actions import change_status
from stages.models import Stage
from tests.factories import contact_in


@pytest.fixture
def seen(rf: RequestFactory):
    def see(member: TeamMember, path: str = "/"):
        request = rf.get(path)
        request.user = member
        return request

    return see


def labels(shown: Navigation) -> list[str]:
    return [entry.label for entry in shown.entries]


def test_everybody_with_a_role_sees_what_is_built(seen, viewer: TeamMember, administrator: TeamMember) -> None:
    built = [
        "Customer Journey",
        "Contacts",
        "Segments",
        "Labels",
        "Runs",
        "Web forms",
        "Reports",
        "Status history",
        "Stages",
    ]
    built.append("Settings")
    assert labels(navigation(seen(viewer))) == built
    of_marketers = [*built[:4], "Imports", "Manage Funnel", "Runs", "Campaigns", "Web forms", "Review", *built[6:]]
    assert labels(navigation(seen(administrator))) == of_marketers


def test_settings_begin_with_what_the_role_may_open(
    seen, viewer: TeamMember, marketer: TeamMember, administrator: TeamMember
) -> None:
    for member, pages in [
        (viewer, ["My account", "API tokens"]),
        (marketer, ["Lost reasons", "Categories", "Attributes", "My account", "API tokens"]),
        (
            administrator,
            [
                *("Organisation", "Team", "Lost reasons", "Categories", "Attributes", "OAuth2 applications"),
                *("Webhooks", "E-mail", "Exports", "Retention", "Checks", "Health", "My account", "API tokens"),
            ],
        ),
    ]:
        request = seen(member)
        assert [page.label for page in settings_pages(request)] == pages
        assert navigation(request).foot[-1].address == settings_pages(request)[0].address


def test_somebody_without_a_role_sees_their_account_alone(seen, db: None) -> None:
    nobody = TeamMember.objects.create_user("nobody@example.com")
    assert labels(navigation(seen(nobody))) == ["Settings"]
    assert [page.label for page in settings_pages(seen(nobody))] == ["My account"]


@pytest.mark.parametrize(
    ("path", "marked"),
    [
        ("/", ["Customer Journey"]),
        ("/contacts", ["Contacts"]),
        ("/contacts/7/edit", ["Contacts"]),
        ("/contacts-of-old", []),
        ("/labels", ["Labels"]),
        ("/runs/7", ["Runs"]),
        ("/reports", ["Reports"]),
        ("/account", ["Settings"]),
        ("/settings/organisation", ["Settings"]),
    ],
)
def test_the_entry_of_the_page_is_marked(seen, administrator: TeamMember, path: str, marked: list[str]) -> None:
    shown = navigation(seen(administrator, path))
    assert [entry.label for entry in shown.entries if entry.is_current] == marked


def test_the_bar_at_the_foot_holds_three_and_the_rest_is_under_more(seen, viewer: TeamMember) -> None:
    shown = navigation(seen(viewer, "/labels"))
    assert [entry.short for entry in shown.bottom_bar] == ["Journey", "Contacts", "History"]
    assert [entry.label for entry in shown.more] == [
        "Segments",
        "Labels",
        "Runs",
        "Web forms",
        "Reports",
        "Stages",
        "Settings",
    ]
    assert shown.more_is_current


def test_what_waits_is_counted_for_those_who_may_decide(
    seen, viewer: TeamMember, marketer: TeamMember, customer: Stage, aware: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waiting(member: TeamMember) -> dict[str, str]:
        return {entry.label: entry.waiting for entry in navigation(seen(member)).entries if entry.waiting}

    assert waiting(marketer) == {}
    for _ in range(3):
        contact = contact_in(customer, cause=Cause.API)
        change_status(contacts=[contact.pk], to=aware, cause=Cause.API, by=None)
    assert waiting(marketer) == {"Review": "3"}
    assert waiting(viewer) == {}
    monkeypatch.setattr("journeys.review.queries.COUNTED", 2)
    monkeypatch.setattr("config.navigation.COUNTED", 2)
    assert waiting(marketer) == {"Review": "2+"}


def test_no_letter_leads_to_two_places() -> None:
    keys = [entry.key for group in GROUPS for entry in group.entries] + [STAGES.key, "o"]
    assert len(keys) == len(set(keys))
    assert not any(page.key for page in SETTINGS_PAGES)
