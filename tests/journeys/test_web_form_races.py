"""Many people, or one who clicks many times, send a web form at the same moment, on real connections."""

import time
from functools import partial

import pytest
from django.utils import timezone

from config.team.models import ApiUse
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact, Label
from journeys.labels.actions import merge_label, work_on_merges
from journeys.status.models import StatusChange
from journeys.webforms.models import Submission, WebForm
from journeys.webforms.public.limits import seconds_to_wait
from stages.models import Stage
from tests.elsewhere import at_once, elsewhere
from tests.factories import ContactFactory, LabelFactory
from tests.heart import assert_explained, moves
from tests.journeys.web_forms import submitted, web_form_asking

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 7
"""So many at once: the pool of a process holds one connection more."""


@pytest.fixture
def form(transactional_db: None) -> WebForm:
    customer = Stage.objects.get(name="Customer")
    return web_form_asking("email", "phone", labels=[LabelFactory(name="fair")], default_status=False, stage=customer)


def test_the_same_page_sent_twice_by_each_of_seven_at_once_is_one_submission_of_one_contact(form: WebForm) -> None:
    def clicked_twice() -> list[int]:
        return [submitted(form, email="ana@example.com").pk for _ in range(2)]

    sent = at_once(*[clicked_twice] * MANY)
    assert sent == [[Submission.objects.get().pk] * 2] * MANY
    contact = Contact.objects.get()
    assert moves(contact) == ["outside > Customer"]
    assert CarriedLabel.objects.count() == 1
    assert_explained()


def test_seven_pages_of_somebody_new_at_once_are_seven_submissions_of_one_contact(form: WebForm) -> None:
    emails = ["ana@example.com", "ANA@example.com"] * MANY
    at_once(*(partial(submitted, form, token=f"t{number}", email=emails[number]) for number in range(MANY)))
    contact = Contact.objects.get()
    assert Submission.objects.filter(contact=contact).count() == MANY
    assert Submission.objects.filter(is_new=True).count() == 1
    assert StatusChange.objects.count() == 1
    assert moves(contact) == ["outside > Customer"]


def test_two_who_say_different_things_of_one_contact_lose_neither(form: WebForm) -> None:
    known = ContactFactory(email="ana@example.com", phone="0")
    at_once(
        partial(submitted, form, token="t1", email="ana@example.com", phone="1"),
        partial(submitted, form, token="t2", email="ana@example.com", first_name="Anna"),
    )
    stored = Contact.objects.get()
    assert (stored, stored.phone, stored.first_name) == (known, "1", "Anna")
    assert Submission.objects.count() == 2


def test_who_is_adding_the_contact_is_waited_for(form: WebForm) -> None:
    with elsewhere() as person, elsewhere() as visitor:
        person.begin()
        added = person.do(ContactFactory, email="ana@example.com", first_name="Ana", phone="0").result()
        sent = visitor.do(submitted, form, email="ana@example.com", phone="1")
        assert visitor.has_to_wait()
        person.commit()
        submission = sent.result()
    assert (submission.contact, submission.is_new) == (added, False)
    stored = Contact.objects.get()
    assert (stored.first_name, stored.phone) == ("Ana", "1")


def test_a_label_that_is_merged_meanwhile_is_given_as_the_other_one(form: WebForm) -> None:
    fair, into = Label.objects.get(), LabelFactory(name="fairs")
    other = ContactFactory()
    put_on_label(contacts=[other.pk], label=fair, by=None, cause=Cause.MANUAL)

    def merge() -> None:
        merge_label(label=fair, into=into, by=None)
        work_on_merges(seconds=60, by=None)

    at_once(merge, *(partial(submitted, form, token=f"t{n}", email=f"{n}@example.com") for n in range(6)))
    work_on_merges(seconds=60, by=None)
    assert list(Label.objects.all()) == [into]
    assert CarriedLabel.objects.filter(label=into).count() == 7
    assert Submission.objects.count() == 6


def test_what_is_taken_within_a_minute_is_counted_over_all_processes(form: WebForm, settings) -> None:
    settings.WEB_FORMS_OF_ADDRESS_A_MINUTE = 3
    while timezone.now().second > 45:  # all within one minute
        time.sleep(0.2)
    waits = at_once(*[partial(seconds_to_wait, form, "192.0.2.1")] * MANY)
    assert sum(wait is None for wait in waits) == 3
    assert ApiUse.objects.get(caller__startswith="address").requests == MANY
