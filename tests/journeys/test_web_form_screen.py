"""One web form: what it asks, where it is found, what was sent; opening and closing it."""

import html

import pytest
from django.test import Client
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.models import Attribute
from journeys.webforms import queries
from journeys.webforms.models import WebForm
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.journeys.web_forms import submitted, web_form_asking

HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>"


@pytest.fixture
def reading(client_of, viewer: TeamMember) -> Client:
    return client_of(viewer)


@pytest.fixture
def working(client_of, marketer: TeamMember) -> Client:
    return client_of(marketer)


def page_of(form: WebForm) -> str:
    return f"/web-forms/{form.pk}"


def test_it_says_what_the_form_asks_and_what_becomes_of_whoever_sends_it(
    reading: Client, marketer: TeamMember, customer: Stage
) -> None:
    Attribute.objects.create(name="Plan", key="plan")
    form = web_form_asking(
        "email",
        "attributes.plan",
        by=marketer,
        required=("attributes.plan",),
        labels=[LabelFactory(name="fair")],
        default_status=False,
        stage=customer,
        moves_known=True,
        consent="You may write to me.",
        thanks="See you.",
        thanks_address="https://example.com/next",
    )
    shown = reading.get(page_of(form)).text
    for words in (
        "Plan <small",
        "You may write to me.",
        "Customer",
        "Move there too, as far as the movement rules let them",
        "fair",
        "See you.",
        "Goes on to https://example.com/next",
        "by Max Weber",
    ):
        assert words in shown
    assert "Edit" not in shown


def test_it_says_where_people_find_it_and_how_it_is_put_into_a_page(reading: Client, marketer: TeamMember) -> None:
    form = web_form_asking("email", "phone", by=marketer, heading='Say "hello"')
    response = reading.get(page_of(form))
    assert response.context["public_address"] == f"http://testserver/f/{form.slug}"
    assert response.context["embed_snippet"] == (
        f'<iframe src="http://testserver/f/{form.slug}/embed" title="Say &quot;hello&quot;" width="100%" height="400" '
        'frameborder="0" loading="lazy"></iframe>'
    )
    assert html.escape(response.context["embed_snippet"]) in response.text
    assert "<iframe" not in response.text


def test_what_was_sent_is_listed_the_newest_first(reading: Client, marketer: TeamMember, aware: Stage) -> None:
    Attribute.objects.create(name="Subscribed", key="subscribed", type="yes_no")
    form = web_form_asking("email", "attributes.subscribed", by=marketer, consent="Yes.")
    known = contact_in(aware, email="bo@example.com", first_name="Bo", last_name="Lee")
    new = submitted(form, email="ana@example.com", **{"attributes.subscribed": True}).contact
    submitted(form, token="t1", email="bo@example.com", consent="Yes.")
    response = reading.get(page_of(form))
    rows = response.context["submissions"]
    assert [(row.submission.contact, row.submission.is_new) for row in rows] == [(known, False), (new, True)]
    assert [(answer.caption, answer.value) for answer in rows[1].answers] == [
        ("E-mail", "ana@example.com"),
        ("attributes.subscribed", "Yes"),
    ]
    assert f'href="/contacts/{known.pk}"' in response.text
    assert response.text.count("Agreed to") == 1
    assert f'href="/contacts?web_form={form.pk}"' in response.text


def test_why_somebody_did_not_come_to_the_stage_is_said(reading: Client, marketer: TeamMember, customer: Stage) -> None:
    form = web_form_asking("email", by=marketer, default_status=False, stage=customer)
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    submitted(form, email="ana@example.com")
    shown = reading.get(page_of(form)).text
    assert "Did not come to the stage of the form: Stage is missing or unpublished." in shown
    assert "Nobody comes to Customer now: Stage is missing or unpublished." in shown


def test_submissions_are_read_page_by_page(
    reading: Client, marketer: TeamMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    form, other = web_form_asking("email", by=marketer), web_form_asking("email", by=marketer, name="Other")
    sent = [submitted(form, token=str(number), email=f"{number}@b.co").pk for number in range(5)]
    submitted(other, token="other", email="other@b.co")

    def shown(address: str) -> tuple[list[int], str, str]:
        response = reading.get(address)
        context = response.context
        return [row.submission.pk for row in context["submissions"]], context["previous"], context["next"]

    first, previous, following = shown(page_of(form))
    assert (first, previous) == ([sent[4], sent[3]], "")
    second, _, further = shown(following)
    assert second == [sent[2], sent[1]]
    last, back, end = shown(further)
    assert (last, end) == ([sent[0]], "")
    assert shown(back)[0] == second
    assert "Nothing further" in reading.get(f"{page_of(form)}?older_than={sent[0]}").text
    part = reading.get(following, headers={"HX-Request": "true", "HX-Target": "web-form-submissions"})
    assert part.text.lstrip().startswith('<section id="web-form-submissions"')


@pytest.mark.parametrize("count", [1, 3])
def test_its_queries_do_not_grow_with_what_was_sent(reading: Client, marketer: TeamMember, count: int) -> None:
    form = web_form_asking("email", by=marketer)
    for number in range(count):
        submitted(form, token=str(number), email=f"{number}@b.co")
    reading.get(page_of(form))
    with assertNumQueries(11):
        reading.get(page_of(form))


def test_hostile_text_is_text_on_the_form_and_on_the_contact(reading: Client, marketer: TeamMember) -> None:
    Attribute.objects.create(name="Wish", key="wish")
    fields = ("email", "first_name", "last_name", "phone", "company", "city", "country", "attributes.wish")
    form = web_form_asking(*fields, by=marketer)
    said = {field: HOSTILE[:50] if field == "phone" else HOSTILE for field in fields if field != "email"}
    contact = submitted(form, email="ana@example.com", consent=HOSTILE, **said).contact
    for address in (page_of(form), f"/contacts/{contact.pk}", "/contacts", "/status-history", "/search?q=script"):
        shown = reading.get(address).text
        assert "<script>alert" not in shown, address
        assert "<img src=x" not in shown, address
    assert reading.get(page_of(form)).text.count(html.escape(HOSTILE)) >= 7


def test_the_contact_shows_what_it_sent_and_history_names_the_form(
    reading: Client, marketer: TeamMember, customer: Stage
) -> None:
    form = web_form_asking("email", "phone", by=marketer, default_status=False, stage=customer)
    contact = submitted(form, email="ana@example.com", phone="0911 1234").contact
    shown = reading.get(f"/contacts/{contact.pk}").text
    assert '<section id="contact-submissions"' in shown
    assert shown.count(f'<a href="{page_of(form)}">Newsletter</a>') == 2
    assert shown.count("0911 1234") == 2
    other = contact_in(customer, email="bo@example.com")
    assert "contact-submissions" not in reading.get(f"/contacts/{other.pk}").text


# Opening and closing


def test_a_form_is_closed_and_opened(working: Client, marketer: TeamMember) -> None:
    form = web_form_asking("email", by=marketer)
    response = working.post(f"{page_of(form)}/close", follow=True)
    assert "Newsletter is closed. What was sent stays." in response.text
    assert "It is closed: nobody can send it" in response.text
    assert not WebForm.objects.get().is_open
    response = working.post(f"{page_of(form)}/open", follow=True)
    assert "Newsletter is open." in response.text
    assert "It is closed" not in response.text
    assert WebForm.objects.get().is_open


@pytest.mark.parametrize("act", ["open", "close"])
def test_others_are_told_the_role_that_closes_it(client_of, operator: TeamMember, marketer: TeamMember, act) -> None:
    form = web_form_asking("email", by=marketer)
    refused = client_of(operator).post(f"{page_of(form)}/{act}")
    assert (refused.status_code, "This needs the role Marketer." in refused.text) == (403, True)
    assert WebForm.objects.get().is_open
