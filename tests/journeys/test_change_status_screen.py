"""Change status: another stage for one contact, through a page or a dialog."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Contact, Note
from journeys.rules.models import MovementRule
from journeys.status.actions import change_status, mark_lost
from journeys.status.models import LostReason
from stages.models import Stage
from tests.factories import StageFactory, TeamMemberFactory, contact_in
from tests.heart import Signed, last_change, moves, rows_of_history, status_of
from tests.journeys.dialogs import FROM_A_ROW, HTMX, messages, options, post, seen

LONG_AGO = datetime(2025, 3, 3, 12, tzinfo=UTC)


@pytest.fixture
def ana(aware: Stage) -> Contact:
    return contact_in(aware, since=LONG_AGO, first_name="Ana", last_name="Lee")


@pytest.fixture
def operating(client_of, operator: TeamMember) -> Client:
    return client_of(operator)


# Who may


def test_operators_may_and_viewers_may_not(client_of, viewer: TeamMember, client: Client, ana, customer) -> None:
    address = f"/contacts/{ana.pk}/change-status"
    before = rows_of_history()
    for outsider in (viewer, TeamMemberFactory()):
        refused = client_of(outsider).get(address)
        assert refused.status_code == 403
        assert "This needs the role Operator." in refused.text
        assert post(client_of(outsider), ana, "change-status", to=customer.pk).status_code == 403
    assert client.get(address)["Location"] == f"/sign-in?next={address}"
    assert client.post(address, {"to": customer.pk})["Location"].startswith("/sign-in")
    assert rows_of_history() == before


@pytest.mark.parametrize("contact", ["999999", "99999999999999999999999999"])
def test_nobody_of_that_number(operating: Client, db: None, contact: str) -> None:
    assert operating.get(f"/contacts/{contact}/change-status").status_code == 404
    assert operating.post(f"/contacts/{contact}/change-status", {"to": "1"}).status_code == 404


# What is offered


def test_open_stages_are_offered_by_the_way_they_lead(operating: Client, engaged: Stage, loyal: Stage) -> None:
    ana = contact_in(engaged, since=LONG_AGO)
    Stage.objects.filter(pk=loyal.pk).update(is_published=False)
    StageFactory(name="Expired", weight=60, publish_down=timezone.now())
    StageFactory(name="Retired", weight=70, retired_at=timezone.now())
    StageFactory(name="Trial", weight=20)
    assert options(operating.get(f"/contacts/{ana.pk}/change-status")) == [
        *("Choose a stage", "# Forward", "Customer", "Promoter"),
        *("# Of the same weight", "Trial", "# Back, to a lower weight", "Aware"),
    ]


def test_without_a_stage_every_open_stage_is_alike(operating: Client, db: None) -> None:
    ana = contact_in(None, since=LONG_AGO)
    offered = options(operating.get(f"/contacts/{ana.pk}/change-status"))
    assert offered[:3] == ["Choose a stage", "# Stages", "Aware"]
    assert len(offered) == 7


def test_a_stage_that_the_rules_refuse_is_shown_and_cannot_be_chosen(
    client_of, operator: TeamMember, administrator: TeamMember, customer: Stage, aware: Stage
) -> None:
    MovementRule.objects.create(cause=Cause.MANUAL, to_lower_weight="refuse", onto_lost="allow")
    ana = contact_in(customer, since=LONG_AGO)
    for_operators = options(client_of(operator).get(f"/contacts/{ana.pk}/change-status"))
    assert for_operators[-2:] == [f"({name} (the movement rules refuse it))" for name in ("Aware", "Engaged")]
    for_administrators = options(client_of(administrator).get(f"/contacts/{ana.pk}/change-status"))
    assert for_administrators[-2:] == ["Aware", "Engaged"]

    refused = post(client_of(operator), ana, "change-status", to=aware.pk, note="I insist")
    assert refused.status_code == 422
    assert refused.context["form"].errors == {"to": ["Contact was not able to move into this stage."]}
    assert "I insist" in refused.text
    assert moves(ana) == ["outside > Customer"]
    assert post(client_of(administrator), ana, "change-status", to=aware.pk).status_code == 302
    assert moves(ana) == ["outside > Customer", "Customer > Aware"]


def test_no_open_stage_at_all(operating: Client, ana: Contact) -> None:
    Stage.objects.update(is_published=False)
    page = operating.get(f"/contacts/{ana.pk}/change-status")
    assert "There is no open stage to move to." in page.text
    assert "Save" not in page.text


def test_the_address_may_name_the_stage(operating: Client, ana: Contact, customer: Stage) -> None:
    page = operating.get(f"/contacts/{ana.pk}/change-status", {"to": customer.pk}).text
    assert f'<option value="{customer.pk}" selected>Customer</option>' in page
    assert "Forward from Aware to Customer. Contact has made a transaction." in page
    assert operating.get(f"/contacts/{ana.pk}/change-status", {"to": "x"}).status_code == 200


def test_a_way_back_is_said_and_asks_why(operating: Client, customer: Stage, aware: Stage) -> None:
    ana = contact_in(customer, since=LONG_AGO)
    headers = {**HTMX, "HX-Target": "change-status-effect"}
    part = operating.get(f"/contacts/{ana.pk}/change-status", {"to": aware.pk}, headers=headers).text
    assert part.lstrip().startswith('<p id="change-status-effect" class="move-effect goes-back">')
    assert "This goes back, from Customer (weight 30) to Aware (weight 10). Say why, if you can." in part
    assert "<form" not in part


# What it does


def test_a_contact_is_moved_and_the_move_can_be_undone(
    operating: Client, ana: Contact, customer: Stage, operator: TeamMember
) -> None:
    response = post(operating, ana, "change-status", to=customer.pk, note="She bought.", next="/?stage=3")

    assert response["Location"] == "/?stage=3"
    assert moves(ana) == ["outside > Aware", "Aware > Customer"]
    change = last_change(ana)
    assert Signed.of(change) == Signed("manual", by=operator.pk)
    assert Note.objects.get(pk=change.note_id).text == "She bought."
    page = operating.get("/")
    assert messages(page) == ["Ana Lee is in Customer now."]
    assert f'<form action="/status-changes/{change.pk}/undo" method="post">' in page.text
    assert '<input type="hidden" name="next" value="/?stage=3">' in page.text
    assert messages(operating.get("/")) == []


@pytest.mark.parametrize("elsewhere", ["", "https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_only_addresses_of_this_site_are_returned_to(operating: Client, ana, customer, elsewhere: str) -> None:
    response = post(operating, ana, "change-status", to=customer.pk, next=elsewhere)
    assert response["Location"] == f"/contacts/{ana.pk}"


def test_from_a_row_only_the_row_changes(operating: Client, ana: Contact, customer: Stage) -> None:
    response = post(operating, ana, "change-status", htmx=True, to=customer.pk, **FROM_A_ROW)

    assert response.status_code == 200
    assert response["HX-Retarget"] == f"#contact-standing-{ana.pk}"
    assert response["HX-Reswap"] == "outerHTML"
    assert response["HX-Trigger-After-Swap"] == '{"dialog:close": {}, "status:changed": {}}'
    assert response.text.lstrip().startswith(f'<div id="contact-standing-{ana.pk}"')
    assert "is-gone" not in response.text
    assert f'<div id="contact-menu-{ana.pk}" class="contact-menu" hx-swap-oob="true">' in response.text
    assert f'hx-post="/status-changes/{last_change(ana).pk}/undo"' in response.text
    assert messages(response) == ["Ana Lee is in Customer now."]
    assert "<html" not in response.text


def test_from_elsewhere_htmx_loads_the_page_again(operating: Client, ana: Contact, customer: Stage) -> None:
    response = post(operating, ana, "change-status", htmx=True, to=customer.pk, next=f"/contacts/{ana.pk}")
    assert response["HX-Redirect"] == f"/contacts/{ana.pk}"


# What is wrong with it


@pytest.mark.parametrize(
    ("to", "error"),
    [
        ("", "Choose a stage."),
        ("999", "This stage cannot be chosen: it is closed, or the contact is in it already."),
        ("x", "This stage cannot be chosen: it is closed, or the contact is in it already."),
        ("1' --", "This stage cannot be chosen: it is closed, or the contact is in it already."),
    ],
)
def test_a_stage_has_to_be_one_of_those_offered(operating: Client, ana: Contact, to: str, error: str) -> None:
    response = post(operating, ana, "change-status", to=to, note="Kept")
    assert response.status_code == 422
    assert response.context["form"].errors == {"to": [error]}
    assert ">\nKept</textarea>" in response.text
    assert moves(ana) == ["outside > Aware"]


def test_a_stage_that_closed_meanwhile_is_refused(operating: Client, ana: Contact, customer: Stage) -> None:
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    response = post(operating, ana, "change-status", to=customer.pk)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["to"]
    assert moves(ana) == ["outside > Aware"]


@pytest.mark.parametrize("signature", ["", "x", "-1", "99999999999999999999"])
def test_a_form_without_its_signature_says_so(operating: Client, ana: Contact, customer: Stage, signature: str) -> None:
    response = post(operating, ana, "change-status", to=customer.pk, signature=signature)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == ["signature"]
    assert moves(ana) == ["outside > Aware"]


def test_a_note_is_not_longer_than_two_thousand(operating: Client, ana: Contact, customer: Stage) -> None:
    response = post(operating, ana, "change-status", to=customer.pk, note="x" * 2001)
    assert list(response.context["form"].errors) == ["note"]
    assert Note.objects.count() == 0


# Two at once


def test_the_second_of_two_is_told_who_was_first(
    client_of, operator: TeamMember, marketer: TeamMember, ana: Contact, customer: Stage, loyal: Stage
) -> None:
    second_saw = seen(ana)
    post(client_of(marketer), ana, "change-status", to=customer.pk)

    told = post(client_of(operator), ana, "change-status", to=loyal.pk, note="Third order.", signature=second_saw)

    assert told.status_code == 409
    at = timezone.localtime(last_change(ana).changed_at)
    assert f"Changed at {at:%H:%M} by Max Weber: Aware → Customer." in told.text
    assert "Save anyway" in told.text
    assert f'<option value="{loyal.pk}" selected>Loyal Customer</option>' in told.text
    assert "Third order.</textarea>" in told.text
    assert moves(ana) == ["outside > Aware", "Aware > Customer"]
    assert Note.objects.count() == 0

    shown = told.context["form"]["signature"].value()
    anyway = post(client_of(operator), ana, "change-status", to=loyal.pk, note="Third order.", signature=shown)
    assert anyway.status_code == 302
    assert moves(ana)[2:] == ["Customer > Loyal Customer"]
    assert last_change(ana).changed_by == operator


def test_the_second_is_told_in_the_dialog_too(client_of, operator, marketer, ana: Contact, customer: Stage) -> None:
    second_saw = seen(ana)
    mark_lost(contacts=[ana.pk], reason=LostReason.objects.get(name="Bounced"), cause=Cause.IMPORT, by=None)
    told = post(client_of(operator), ana, "change-status", htmx=True, to=customer.pk, signature=second_saw)
    assert told.status_code == 409
    assert told.text.lstrip().startswith('<section id="change-status-form"')
    assert "(import): Aware → lost from Aware." in told.text


def test_where_it_is_already_is_the_other_persons_news(client_of, operator, marketer, ana, customer) -> None:
    second_saw = seen(ana)
    post(client_of(marketer), ana, "change-status", to=customer.pk)
    told = post(client_of(operator), ana, "change-status", to=customer.pk, note="Paid.", signature=second_saw)
    assert told.status_code == 409
    assert "by Max Weber: Aware → Customer." in told.text
    assert "Paid.</textarea>" in told.text
    assert not told.context["form"].errors
    assert len(moves(ana)) == 2


# Lost contacts and inactive accounts


@pytest.fixture
def lola(customer: Stage) -> Contact:
    """Lost from Customer."""
    return contact_in(customer, since=LONG_AGO, lost=True, first_name="Lola", last_name="Ruiz")


@pytest.fixture
def ina(customer: Stage) -> Contact:
    """Lost from Customer, because the account is inactive."""
    ina = contact_in(customer, since=LONG_AGO, first_name="Ina", last_name="Berg")
    Contact.objects.filter(pk=ina.pk).update(account_state="inactive")
    return ina


def test_a_lost_contact_may_be_recovered_into_a_stage_or_stay_lost(operating: Client, lola, loyal: Stage) -> None:
    page = operating.get(f"/contacts/{lola.pk}/change-status")
    assert options(page)[:3] == ["Choose a stage", "# Where it was lost from", "Customer"]
    assert [text for _, text in page.context["form"]["lost"].field.choices] == [
        "Recover into this stage",
        "Stay lost, from this stage instead",
    ]
    assert page.context["form"]["lost"].value() == "recover"

    stays = post(operating, lola, "change-status", to=loyal.pk, lost="keep")
    assert stays.status_code == 302
    assert moves(lola)[2:] == ["lost from Customer > lost from Loyal Customer"]
    assert messages(operating.get("/")) == ["Lola Ruiz is lost from Loyal Customer now."]

    post(operating, lola, "change-status", to=loyal.pk, lost="recover")
    assert moves(lola)[3:] == ["lost from Loyal Customer > Loyal Customer"]


def test_where_it_is_lost_from_and_stays_lost_is_unchanged(operating: Client, lola: Contact, customer: Stage) -> None:
    before = rows_of_history()
    post(operating, lola, "change-status", to=customer.pk, lost="keep")
    assert rows_of_history() == before
    assert messages(operating.get("/")) == ["Lola Ruiz is lost from Customer already. Nothing was changed."]


def test_an_inactive_account_is_said_and_can_be_made_active_in_one_go(operating, ina: Contact, loyal: Stage) -> None:
    page = operating.get(f"/contacts/{ina.pk}/change-status")
    assert "the account is inactive" in page.text
    assert page.context["form"]["lost"].value() is None

    nothing_chosen = post(operating, ina, "change-status", to=loyal.pk)
    assert nothing_chosen.context["form"].errors == {"lost": ["Choose what happens to the lost contact."]}

    done = post(operating, ina, "change-status", to=loyal.pk, lost="activate")
    assert done.status_code == 302
    ina.refresh_from_db()
    assert ina.account_state == "active"
    assert moves(ina)[2:] == ["lost from Customer > Loyal Customer"]


def test_an_inactive_account_may_stay_so(operating: Client, ina: Contact, loyal: Stage) -> None:
    post(operating, ina, "change-status", to=loyal.pk, lost="keep")
    ina.refresh_from_db()
    assert ina.account_state == "inactive"
    assert moves(ina)[2:] == ["lost from Customer > lost from Loyal Customer"]


def test_an_account_is_not_made_active_if_the_move_is_refused(operating, ina: Contact, aware: Stage) -> None:
    MovementRule.objects.create(cause=Cause.MANUAL, to_lower_weight="refuse", onto_lost="allow")
    refused = post(operating, ina, "change-status", to=aware.pk, lost="activate")
    assert refused.status_code == 422
    ina.refresh_from_db()
    assert ina.account_state == "inactive"
    assert moves(ina)[2:] == []


def test_an_account_that_became_inactive_meanwhile(operating: Client, lola: Contact, loyal: Stage) -> None:
    Contact.objects.filter(pk=lola.pk).update(account_state="inactive")  # lost already: the status stays as it is
    refused = post(operating, lola, "change-status", to=loyal.pk, lost="recover")
    assert refused.status_code == 422
    assert list(refused.context["form"].errors) == ["lost"]
    assert status_of(lola).lost_at


# The page


def test_it_works_as_a_page_without_scripts(operating: Client, ana: Contact) -> None:
    page = operating.get(f"/contacts/{ana.pk}/change-status", {"next": "/?stage=1"}).text
    assert "<title>Change the status of Ana Lee · Funnelbook</title>" in page
    assert f'<form class="form" method="post" action="/contacts/{ana.pk}/change-status"' in page
    assert '<input type="hidden" name="next" value="/?stage=1">' in page
    assert f'<input type="hidden" name="signature" value="{seen(ana)}"' in page


def test_names_are_never_markup(operating: Client, aware: Stage, customer: Stage) -> None:
    eve = contact_in(aware, since=LONG_AGO, first_name="<b>Eve</b>", last_name="")
    assert "<b>Eve" not in operating.get(f"/contacts/{eve.pk}/change-status").text
    post(operating, eve, "change-status", to=customer.pk)
    page = operating.get("/").text
    assert "<b>Eve" not in page
    assert "&lt;b&gt;Eve&lt;/b&gt; is in Customer now." in page


def test_the_number_of_queries(operating: Client, ana: Contact, customer: Stage) -> None:
    with assertNumQueries(7):
        operating.get(f"/contacts/{ana.pk}/change-status")
    change_status(contacts=[ana.pk], to=customer, cause=Cause.MANUAL, by=None, dates={ana.pk: LONG_AGO + timedelta(9)})
    with assertNumQueries(7):
        operating.get(f"/contacts/{ana.pk}/change-status")
