"""What the navigation shows to whom, and which entry it marks."""

import pytest
from django.test import RequestFactory

from config.navigation import GROUPS, SETTINGS_PAGES, STAGES, Navigation, navigation, settings_pages
from config.team.models import TeamMember


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
    built = ["Customer Journey", "Contacts", "Labels", "Runs", "Status history", "Stages", "Settings"]
    assert labels(navigation(seen(viewer))) == built
    of_marketers = [*built[:3], "Manage Funnel", *built[3:]]
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
                *("Organisation", "Lost reasons", "Categories", "Attributes", "OAuth2 applications", "Exports"),
                *("Retention", "My account", "API tokens"),
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
    assert [entry.label for entry in shown.more] == ["Labels", "Runs", "Stages", "Settings"]
    assert shown.more_is_current


def test_no_letter_leads_to_two_places() -> None:
    keys = [entry.key for group in GROUPS for entry in group.entries] + [STAGES.key, "o"]
    assert len(keys) == len(set(keys))
    assert not any(page.key for page in SETTINGS_PAGES)
