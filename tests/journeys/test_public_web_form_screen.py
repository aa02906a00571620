"""The public page: for anybody, without signing in, cookies or scripts; nothing typed is lost; frames; limits."""

import re
import time
from typing import Any

import pytest
from django.core import signing
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from pytest_django.asserts import assertNumQueries

from config.public_address import proxies_of
from config.team.calls.actions import forget_old_counts
from config.team.models import ApiUse, TeamMember
from contacts.models import Attribute, Contact
from journeys.status.models import FunnelStatus
from journeys.webforms.actions import close_web_form, delete_web_form
from journeys.webforms.models import Submission, WebForm
from journeys.webforms.public.tokens import new_token, read_token
from stages.models import Stage
from tests.heart import run_sql
from tests.journeys.web_forms import filled_in, submitted, web_form_asking

pytestmark = pytest.mark.django_db


@pytest.fixture
def anybody() -> Client:
    return Client(enforce_csrf_checks=True)


def page_of(form: WebForm) -> str:
    return f"/f/{form.slug}"


def token_in(response: HttpResponse) -> str:
    found = re.search(r'name="token" value="([^"]+)"', response.text)
    assert found
    return found[1]


# Being asked, and sending


def test_anybody_sees_what_is_asked(anybody: Client) -> None:
    Attribute.objects.create(name="Plan", key="plan", type="choice", choices=["Free", "Pro"])
    form = web_form_asking(
        "email",
        "first_name",
        "attributes.plan",
        required=("first_name",),
        heading="Stay in touch",
        introduction="Once a month.",
        consent="You may write to me.",
    )
    response = anybody.get(page_of(form))
    assert response.status_code == 200
    for words in (
        "<h1>Stay in touch</h1>",
        "Once a month.",
        "My organisation",
        'autocomplete="email"',
        'autocomplete="given-name"',
        '<label for="id_first_name">First name</label>',
        "Plan <small>optional</small>",
        '<option value="Pro">Pro</option>',
        '<label for="id_consent">You may write to me.</label>',
    ):
        assert words in response.text
    assert "Sign in" not in response.text
    assert "<script" not in response.text
    assert response.cookies == {}


def test_fields_are_called_as_the_form_says(anybody: Client, marketer: TeamMember) -> None:
    form = web_form_asking("email", by=marketer)
    WebForm.objects.update(fields=[{"field": "email", "is_required": True, "caption": "Where do we write to?"}])
    assert '<label for="id_email">Where do we write to?</label>' in anybody.get(page_of(form)).text
    filled_in(anybody, form, email="ana@example.com")
    assert Submission.objects.get().answers[0]["caption"] == "Where do we write to?"


def test_what_is_sent_is_kept_and_thanked_for(anybody: Client, customer: Stage) -> None:
    Attribute.objects.create(name="Seats", key="seats", type="number")
    seats = Attribute.objects.get().pk
    form = web_form_asking(
        "email",
        "first_name",
        "phone",
        "attributes.seats",
        default_status=False,
        stage=customer,
        consent="Yes.",
        thanks="See <b>you</b>.",
    )
    token = token_in(anybody.get(page_of(form)))
    sent = {"email": " ana@example.com ", "first_name": "Ana", "phone": "", f"attribute_{seats}": "3", "consent": "on"}
    response = filled_in(anybody, form, token=token, **sent)
    assert (response.status_code, response["Location"]) == (302, f"{page_of(form)}?sent=1")
    assert "See &lt;b&gt;you&lt;/b&gt;." in anybody.get(response["Location"]).text
    contact = Contact.objects.get()
    assert (contact.email, contact.first_name, contact.phone) == ("ana@example.com", "Ana", "")
    assert contact.attributes == {"seats": 3}
    submission = Submission.objects.get()
    assert (submission.contact, submission.form, submission.consent) == (contact, form, "Yes.")
    assert [(one["field"], one["value"]) for one in submission.answers] == [
        ("email", "ana@example.com"),
        ("first_name", "Ana"),
        ("attributes.seats", 3),
    ]
    assert FunnelStatus.objects.get().stage == customer


def test_a_known_contact_is_answered_like_everybody(anybody: Client) -> None:
    form = web_form_asking("email")
    submitted(form, email="ana@example.com")
    new = filled_in(anybody, form, email="bo@example.com")
    known = filled_in(anybody, form, email="ana@example.com")
    assert (known.status_code, known["Location"], known.content) == (new.status_code, new["Location"], new.content)
    assert Contact.objects.count() == 2


def test_an_empty_field_of_a_known_contact_takes_nothing_away(anybody: Client) -> None:
    form = web_form_asking("email", "first_name", "phone")
    submitted(form, email="ana@example.com", first_name="Ana", phone="1234")
    assert filled_in(anybody, form, email="ana@example.com", first_name="", phone="  ").status_code == 302
    assert list(Contact.objects.values_list("first_name", "phone")) == [("Ana", "1234")]


def test_after_sending_people_go_on_to_the_page_of_the_form(anybody: Client) -> None:
    form = web_form_asking("email", thanks_address="https://example.com/next?a=1&b=2")
    shown = anybody.get(f"{page_of(form)}?sent=1").text
    assert '<meta http-equiv="refresh" content="0; url=https://example.com/next?a=1&amp;b=2">' in shown
    assert "Go on to example.com" in shown
    framed = anybody.get(f"{page_of(form)}/embed?sent=1").text
    assert "refresh" not in framed
    assert 'href="https://example.com/next?a=1&amp;b=2" target="_top"' in framed


@pytest.mark.parametrize(
    ("sent", "field", "problem"),
    [
        ({"email": ""}, "email", "Fill this in."),
        ({"email": "nobody"}, "email", "Give an e-mail such as ana@example.com."),
        ({"email": f"{'x' * 260}@example.com"}, "email", "Ensure this value has at most 254 characters (it has 272)."),
        ({"first_name": "x" * 151}, "first_name", "Ensure this value has at most 150 characters (it has 151)."),
        ({"last_name": " "}, "last_name", "Fill this in."),
        ({"consent": ""}, "consent", "Tick this to send the form."),
        ({"message": "Buy now"}, "message", "Leave this empty, and send the form again."),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(
    anybody: Client, sent: dict[str, str], field: str, problem: str
) -> None:
    form = web_form_asking("email", "first_name", "last_name", "phone", required=("last_name",), consent="Yes.")
    token = new_token(form)
    good = {"email": "ana@example.com", "first_name": "Ana", "last_name": "Weber", "phone": "0911", "consent": "on"}
    response = filled_in(anybody, form, token=token, **{**good, **sent})
    assert response.status_code == 422
    assert response.context["form"].errors == {field: [problem]}
    assert f'id="id_{field}_error"' in response.text
    assert 'value="0911"' in response.text
    assert token_in(response) == token
    assert not (Contact.objects.exists() or Submission.objects.exists())
    assert filled_in(anybody, form, token=token, **good).status_code == 302


def test_the_unseen_field_is_seen_by_whoever_it_was_filled_in_for(anybody: Client) -> None:
    form = web_form_asking("email")
    assert 'class="public-unseen" aria-hidden="true"' in anybody.get(page_of(form)).text
    assert "public-unseen" not in filled_in(anybody, form, email="ana@example.com", message="x").text


@pytest.mark.parametrize(
    ("kind", "said", "kept"),
    [
        ("text", "two words", "two words"),
        ("number", "1.5", 1.5),
        ("date", "2026-05-03", "2026-05-03"),
        ("yes_no", "no", False),
        ("choice", "Pro", "Pro"),
    ],
)
def test_attributes_of_every_type_are_asked_for(anybody: Client, kind: str, said: str, kept: Any) -> None:
    attribute = Attribute.objects.create(name="It", key="it", type=kind, choices=["Pro"] if kind == "choice" else [])
    form = web_form_asking("email", "attributes.it", required=("attributes.it",))
    name = f"attribute_{attribute.pk}"
    for wrong in ("", "NaN") if kind == "number" else ("",):
        response = filled_in(anybody, form, email="ana@example.com", **{name: wrong})
        assert (response.status_code, list(response.context["form"].errors)) == (422, [name])
    assert filled_in(anybody, form, email="ana@example.com", **{name: said}).status_code == 302
    assert Contact.objects.get().attributes == {"it": kept}


def test_what_the_form_does_not_ask_is_not_taken(anybody: Client) -> None:
    form = web_form_asking("email")
    sent = {
        "email": "ana@example.com",
        "first_name": "X",
        "account_state": "inactive",
        "external_id": "1",
        "stage": "2",
    }
    assert filled_in(anybody, form, **sent).status_code == 302
    contact = Contact.objects.get()
    assert (contact.first_name, contact.account_state, contact.external_id) == ("", "active", None)


# The same page


def test_the_same_page_sent_twice_is_kept_once(anybody: Client) -> None:
    form = web_form_asking("email")
    token = token_in(anybody.get(page_of(form)))
    for _ in range(2):
        assert filled_in(anybody, form, token=token, email="ana@example.com").status_code == 302
    assert (Submission.objects.count(), Contact.objects.count()) == (1, 1)


def test_whoever_corrects_what_they_sent_is_asked_to_send_it_once_more(anybody: Client) -> None:
    form = web_form_asking("email")
    token = token_in(anybody.get(page_of(form)))
    filled_in(anybody, form, token=token, email="anna@example.com")
    response = filled_in(anybody, form, token=token, email="ana@example.com")
    assert response.status_code == 422
    assert "Something else was sent from this page already." in response.text
    assert 'value="ana@example.com"' in response.text
    assert filled_in(anybody, form, token=token_in(response), email="ana@example.com").status_code == 302
    assert list(Contact.objects.order_by("pk").values_list("email", flat=True)) == [
        "anna@example.com",
        "ana@example.com",
    ]


def test_a_page_without_its_token_is_sent_once_more(anybody: Client, marketer: TeamMember) -> None:
    form, other = web_form_asking("email", by=marketer), web_form_asking("email", by=marketer, name="Other")
    forged = signing.dumps([form.pk, "0" * 32], salt="elsewhere")
    for token in ("-", "x" * 5000, new_token(other), forged, new_token(form) + "x"):
        response = filled_in(anybody, form, token=token, email="ana@example.com")
        assert response.status_code == 422
        assert "This page was open for too long." in response.text
        assert 'value="ana@example.com"' in response.text
    assert not (Contact.objects.exists() or ApiUse.objects.exists())
    assert filled_in(anybody, form, token=token_in(response), email="ana@example.com").status_code == 302


def test_every_page_has_a_token_of_its_own(anybody: Client) -> None:
    form = web_form_asking("email")
    tokens = {read_token(form, token_in(anybody.get(page_of(form)))) for _ in range(3)}
    assert (len(tokens), None in tokens) == (3, False)
    response = anybody.get(page_of(form))
    assert "no-store" in response["Cache-Control"]


# Closed, or not there


def test_a_closed_form_says_so_and_takes_nothing(anybody: Client, marketer: TeamMember) -> None:
    form = web_form_asking("email", by=marketer)
    token = new_token(form)
    close_web_form(form=form, by=marketer)
    shown = anybody.get(page_of(form))
    assert (shown.status_code, "This form is closed." in shown.text, "<form" in shown.text) == (200, True, False)
    response = filled_in(anybody, form, token=token, email="ana@example.com")
    assert (response.status_code, "This form is closed." in response.text) == (409, True)
    assert not Contact.objects.exists()


def test_a_form_that_is_not_there_is_not_found(anybody: Client, marketer: TeamMember) -> None:
    form = web_form_asking("email", by=marketer)
    delete_web_form(form=form, by=marketer)
    for address in (page_of(form), f"{page_of(form)}/embed", "/f/x", f"/f/{'x' * 3000}"):
        assert anybody.get(address).status_code == 404
    assert filled_in(anybody, form, token="x", email="ana@example.com").status_code == 404


# Frames


def test_only_the_embedded_page_may_stand_in_a_frame(anybody: Client) -> None:
    form = web_form_asking("email", "first_name")
    page, embedded = anybody.get(page_of(form)), anybody.get(f"{page_of(form)}/embed")
    assert page["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]
    assert "X-Frame-Options" not in embedded
    assert "frame-ancestors *;" in embedded["Content-Security-Policy"] + ";"
    without = re.compile(r"frame-ancestors [^;]+")
    assert without.sub("", page["Content-Security-Policy"]) == without.sub("", embedded["Content-Security-Policy"])
    assert 'data-theme="light"' in embedded.text
    assert "My organisation</p>" not in embedded.text


def test_a_frame_sends_and_stays_embedded(anybody: Client) -> None:
    form = web_form_asking("email")
    address = f"{page_of(form)}/embed?theme=dark"
    shown = anybody.get(address)
    assert 'data-theme="dark"' in shown.text
    assert f'action="{address}"' in shown.text
    wrong = anybody.post(address, {"token": token_in(shown), "email": "x"}, headers={"Origin": "https://shop.example"})
    assert (wrong.status_code, "X-Frame-Options" in wrong) == (422, False)
    sent = anybody.post(address, {"token": token_in(shown), "email": "ana@example.com"})
    assert (sent.status_code, sent["Location"]) == (302, f"{page_of(form)}/embed?theme=dark&sent=1")
    thanks = anybody.get(sent["Location"])
    assert ("Thank you. It has arrived." in thanks.text, "X-Frame-Options" in thanks, thanks.cookies) == (
        True,
        False,
        {},
    )
    assert Contact.objects.get().email == "ana@example.com"
    assert 'data-theme="light"' in anybody.get(f"{page_of(form)}/embed?theme=pink").text


# Limits


@pytest.fixture
def within_a_minute() -> None:
    """What is counted in this test is counted within one minute."""
    while timezone.now().second > 45:
        time.sleep(0.2)


def test_one_address_can_send_so_much_a_minute(anybody: Client, settings, within_a_minute: None) -> None:
    settings.WEB_FORMS_OF_ADDRESS_A_MINUTE = 3
    form, other = web_form_asking("email", "phone"), web_form_asking("email", name="Other")
    for number in range(2):
        assert filled_in(anybody, form, email=f"{number}@b.co").status_code == 302
    assert filled_in(anybody, other, email="2@b.co").status_code == 302
    token = new_token(form)
    response = filled_in(anybody, form, token=token, email="3@b.co", phone="0911")
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= 60
    assert "wait a minute, and send it once more" in response.text
    assert ('value="0911"' in response.text, token_in(response)) == (True, token)
    assert Contact.objects.count() == 3
    elsewhere = Client(REMOTE_ADDR="192.0.2.7")
    assert filled_in(elsewhere, form, token=token, email="3@b.co").status_code == 302


def test_one_form_takes_so_much_a_minute(settings, within_a_minute: None) -> None:
    settings.WEB_FORM_A_MINUTE = 2
    form, other = web_form_asking("email"), web_form_asking("email", name="Other")
    answers = [
        filled_in(Client(REMOTE_ADDR=f"192.0.2.{number}"), form, email=f"{number}@b.co").status_code
        for number in range(3)
    ]
    assert answers == [302, 302, 429]
    assert filled_in(Client(REMOTE_ADDR="192.0.2.9"), other, email="9@b.co").status_code == 302


def test_a_network_of_ipv6_is_one_address(settings, within_a_minute: None) -> None:
    settings.WEB_FORMS_OF_ADDRESS_A_MINUTE = 1
    form = web_form_asking("email")
    addresses = ["2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:1::1"]
    answers = [
        filled_in(Client(REMOTE_ADDR=address), form, email=f"{number}@b.co").status_code
        for number, address in enumerate(addresses)
    ]
    assert answers == [302, 429, 302]


@pytest.mark.parametrize(("trusted", "answers"), [("", [302, 429]), ("127.0.0.1", [302, 302])])
def test_behind_a_trusted_proxy_the_address_is_what_it_tells(
    settings, within_a_minute: None, trusted: str, answers: list[int]
) -> None:
    settings.WEB_FORMS_OF_ADDRESS_A_MINUTE, settings.TRUSTED_PROXIES = 1, proxies_of(trusted)
    form = web_form_asking("email")
    found = [
        filled_in(Client(headers={"X-Forwarded-For": f"192.0.2.{number}"}), form, email=f"{number}@b.co").status_code
        for number in range(2)
    ]
    assert found == answers


def test_no_address_is_kept(anybody: Client) -> None:
    form = web_form_asking("email")
    filled_in(Client(REMOTE_ADDR="192.0.2.77"), form, email="ana@example.com")
    callers = set(ApiUse.objects.values_list("caller", flat=True))
    assert len(callers) == 2
    assert f"web form {form.pk}" in callers
    assert not any("192.0.2" in caller for caller in callers)
    assert forget_old_counts(by=None) == 0
    run_sql("UPDATE team_apiuse SET minute = minute - interval '11 minutes'")
    assert forget_old_counts(by=None) == 2
    assert not ApiUse.objects.exists()


# What it costs, and hostile input


def test_asking_and_sending_cost_so_many_queries(anybody: Client) -> None:
    form = web_form_asking("email")
    anybody.get(page_of(form))
    with assertNumQueries(4):  # whether anybody is in the team, the organisation, the form, attributes
        anybody.get(page_of(form))
    token = new_token(form)
    filled_in(anybody, form, token=token, email="ana@example.com")
    with assertNumQueries(9):  # the same, two counts; the token within a transaction
        filled_in(anybody, form, token=token, email="ana@example.com")


@pytest.mark.parametrize(
    "sent",
    [
        {"email": "a\0@b.co"},
        {"email": "ana@example.com", "x\0": "1"},
    ],
)
def test_a_nul_is_refused(anybody: Client, sent: dict[str, str]) -> None:
    form = web_form_asking("email")
    assert filled_in(anybody, form, **sent).status_code == 400
    assert not Contact.objects.exists()


def test_no_input_breaks_it(anybody: Client) -> None:
    Attribute.objects.create(name="Number", key="number", type="number")
    number = f"attribute_{Attribute.objects.get().pk}"
    form = web_form_asking("email", "first_name", "phone", "attributes.number")
    surrogates = b"token=" + new_token(form).encode() + b"&email=a%40b.co&first_name=%ED%A0%80&phone=%FF%FE"
    response = anybody.post(page_of(form), surrogates, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 302
    assert Contact.objects.get().first_name == "\ufffd\ufffd\ufffd"
    for wrong in ("9" * 5000, "1e999", "Infinity", "٣٣"):
        response = filled_in(anybody, form, email="a@b.co", **{number: wrong})
        assert response.status_code in {302, 422}
    for body, kind in ((b"{}", "application/json"), (b"\xff\xfe", "text/plain"), (b"--x", "multipart/form-data")):
        assert anybody.post(page_of(form), body, content_type=kind).status_code in {400, 422}
    for method in ("put", "patch", "delete"):
        assert getattr(anybody, method)(page_of(form)).status_code == 405


def test_hostile_text_is_text_on_the_page_that_sends_it_back(anybody: Client) -> None:
    hostile = '"><script>alert(1)</script>'
    form = web_form_asking(
        "email", "first_name", heading=hostile, introduction=hostile, consent=hostile, thanks=hostile
    )
    for response in (
        anybody.get(page_of(form)),
        filled_in(anybody, form, email=hostile, first_name=hostile),
        anybody.get(f"{page_of(form)}?sent=1"),
        anybody.get(f"{page_of(form)}?theme={hostile}"),
    ):
        assert "<script" not in response.text
        assert hostile not in response.text
