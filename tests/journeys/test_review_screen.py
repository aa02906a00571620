"""Review: flagged changes with what they were and who set it before; kept, reverted, many at once."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertNumQueries

from config.team.actions import create_token
from config.team.models import ApiToken, TeamMember
from contacts.causes import Cause
from contacts.models import Contact
from journeys.book.actions import erase_contacts
from journeys.review.actions import always_keep, keep_flagged
from journeys.review.models import KeptToken, Review
from journeys.status.actions import change_status
from stages.models import Stage
from tests.factories import contact_in
from tests.heart import last_change, moves, rows_of_history

REVIEW = reverse("journeys:review")
HTMX = {"HX-Request": "true", "HX-Target": "review-list"}


@pytest.fixture
def token(administrator: TeamMember) -> ApiToken:
    return create_token(name="Shop", scope=ApiToken.Scope.WRITE, expires_at=None, by=administrator)[0]


@pytest.fixture
def flag(token: ApiToken, operator: TeamMember, aware: Stage, customer: Stage) -> Callable[..., Contact]:
    """`flag(first_name="Carla")`: a contact that Olga set to Customer by hand and the Shop moved back."""

    def flagged(**fields: str) -> Contact:
        contact = contact_in(aware, cause=Cause.API, **fields)
        change_status(contacts=[contact.pk], to=customer, cause=Cause.MANUAL, by=operator)
        change_status(
            contacts=[contact.pk], to=aware, cause=Cause.API, by=token.owner, via=token.pk, note="Refund of 1042"
        )
        return contact

    return flagged


@pytest.fixture
def client(client_of: Callable[[TeamMember], Client], marketer: TeamMember) -> Client:
    return client_of(marketer)


def decide(client: Client, act: str, *contacts: Contact, **headers: str):
    changes = [last_change(contact).pk for contact in contacts]
    return client.post(reverse(f"journeys:{act}_flagged"), {"change": changes, "next": REVIEW}, headers=headers)


def test_a_row_says_what_it_was_what_it_is_why_and_who_set_it_before(client, flag) -> None:
    contact = flag(first_name="Carla", last_name="Diaz", company="Acme")
    text = client.get(REVIEW).text
    row = " ".join(text[text.index(f'id="review-row-{last_change(contact).pk}"') :].split())
    for words in ("Carla Diaz", "Acme", "Customer", "Aware", "It goes back.", "Refund of 1042", "Shop"):
        assert words in row
    assert "Before: Olga Petrova, by hand" in row
    assert "1 waiting" in text


def test_nothing_waits(client, flag) -> None:
    assert "Nothing waits for review" in client.get(REVIEW).text
    assert "Nothing was decided yet" in client.get(f"{REVIEW}?show=decided").text


def test_keeping_and_reverting_one(client, flag, marketer: TeamMember) -> None:
    kept, reverted = flag(), flag()
    response = decide(client, "keep", kept)
    assert (response.status_code, response["Location"]) == (302, REVIEW)
    assert "1 change was kept." in client.get(REVIEW).text
    decide(client, "revert", reverted)
    assert "1 change was reverted." in client.get(REVIEW).text
    assert moves(kept)[-1] == "Customer > Aware"
    assert moves(reverted)[-1] == "Aware > Customer"
    assert list(Review.objects.values_list("verdict", "decided_by").order_by("pk")) == [
        ("kept", marketer.pk),
        ("reverted", marketer.pk),
    ]
    decided = client.get(f"{REVIEW}?show=decided").text
    assert "Kept" in decided and "Reverted" in decided and "Max Weber" in decided
    assert "Nothing waits for review" in client.get(REVIEW).text


def test_many_at_once_and_with_htmx_the_list_alone(client, flag) -> None:
    contacts = [flag() for _ in range(3)]
    response = decide(client, "revert", *contacts[:2], **HTMX)
    assert response.status_code == 200
    assert response.text.lstrip().startswith('<section id="review-list"')
    assert "2 changes were reverted." in response.text
    assert f'id="review-row-{last_change(contacts[2]).pk}"' in response.text
    assert [moves(contact)[-1] for contact in contacts] == ["Aware > Customer"] * 2 + ["Customer > Aware"]


def test_what_moved_on_since_is_said_and_offers_no_revert(client, flag, operator: TeamMember, loyal: Stage) -> None:
    contact = flag()
    change = last_change(contact).pk
    change_status(contacts=[contact.pk], to=loyal, cause=Cause.MANUAL, by=operator)
    text = client.get(REVIEW).text
    assert "Moved on since: Loyal Customer, by Olga Petrova (by hand)" in text
    assert "Revert the change of" not in text
    client.post(reverse("journeys:revert_flagged"), {"change": [change]})
    assert "Not reverted: 1 change. The contact was moved since." in client.get(REVIEW).text
    assert moves(contact)[-1] == "Aware > Loyal Customer"


def test_who_is_second_is_told(client, flag, administrator: TeamMember) -> None:
    contact = flag()
    change = last_change(contact).pk
    keep_flagged(changes=[change], by=administrator)
    rows = rows_of_history()
    client.post(reverse("journeys:revert_flagged"), {"change": [change]})
    assert "Somebody decided about 1 change before." in client.get(REVIEW).text
    assert rows_of_history() == rows


@pytest.mark.parametrize("said", [{}, {"change": "x"}, {"change": ["9" * 30, "-1", "٣"]}])
def test_what_names_no_change_decides_nothing(client, flag, said: dict) -> None:
    flag()
    for act in ("keep", "revert"):
        client.post(reverse(f"journeys:{act}_flagged"), said)
        assert "Choose changes first." in client.get(REVIEW).text
    assert Review.objects.get().verdict is None


def test_always_keep_and_review_again(client, flag, token: ApiToken, marketer: TeamMember) -> None:
    flag()
    client.post(reverse("journeys:always_keep", args=[token.pk]), {"next": REVIEW})
    text = client.get(REVIEW).text
    assert "Changes from Shop are always kept from now on. 1 change that waited was kept." in text
    assert "Review changes from Shop again" in text
    contact = flag()
    assert Review.objects.get(contact=contact).verdict == "kept"
    assert "as always from this token" in client.get(f"{REVIEW}?show=decided").text
    client.post(reverse("journeys:keep_no_longer", args=[token.pk]), {"next": REVIEW})
    assert "Flagged changes from Shop wait for review again." in client.get(REVIEW).text
    assert KeptToken.objects.count() == 0
    for act in ("always_keep", "keep_no_longer"):
        assert client.post(reverse(f"journeys:{act}", args=[987654])).status_code == 404


def test_history_says_what_was_decided(client, flag, marketer: TeamMember) -> None:
    kept, waits = flag(), flag()
    decide(client, "keep", kept)
    history = client.get(reverse("journeys:status_history")).text
    assert history.count("To review") == 1
    assert "By Max Weber" in history
    assert "To review" not in client.get(reverse("contacts:contact", args=[kept.pk])).text
    assert "To review" in client.get(reverse("contacts:contact", args=[waits.pk])).text


def test_an_erased_contact_waits_no_longer(client, flag, administrator: TeamMember) -> None:
    contact = flag()
    erase_contacts(contacts=[contact.pk], by=administrator)
    assert "Nothing waits for review" in client.get(REVIEW).text
    assert "Flagged" in client.get(reverse("journeys:status_history")).text


def test_pages_lead_on_and_back(client, flag, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("journeys.review.queries.PAGE", 2)
    oldest, *_ = [flag() for _ in range(3)]
    first = client.get(REVIEW)
    assert f"older_than={first.context['page'].older_than}" in first.text
    second = client.get(first.context["older"])
    assert [row.change.contact for row in second.context["page"].rows] == [oldest]
    assert client.get(second.context["newer"]).context["page"].rows[0].pk == first.context["page"].rows[0].pk
    decide(client, "keep", oldest)
    assert "What was on this page was decided." in client.get(first.context["older"]).text


def test_a_page_has_a_price(client, flag, token: ApiToken, administrator: TeamMember) -> None:
    flag()
    client.get(REVIEW)
    with assertNumQueries(16):
        client.get(REVIEW)
    flag(), flag()
    always_keep(token=create_token(name="B", scope=token.scope, expires_at=None, by=administrator)[0], by=administrator)
    with assertNumQueries(16):
        client.get(REVIEW)


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_others_do_not_decide(client_of, flag, role: str, request: pytest.FixtureRequest) -> None:
    contact = flag()
    client = client_of(request.getfixturevalue(role))
    assert client.get(REVIEW).status_code == 403
    for act in ("keep", "revert"):
        assert decide(client, act, contact).status_code == 403
    assert Review.objects.get().verdict is None
