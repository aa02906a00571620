"""What people send: new contacts, known ones, the stage, labels, the same page twice, and being erased."""

import pytest
from django.test import Client
from django.urls import reverse

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Attribute, CarriedLabel, Contact, LabelChange
from journeys.book.actions import erase_contacts
from journeys.book.queries import ContactQuery, contacts_page, effect_of_erasing, how_many, matching_ids
from journeys.rules.actions import set_movement_rules
from journeys.rules.models import FunnelSettings
from journeys.status.models import StatusChange
from journeys.status.transitions import MovementRules, Permission
from journeys.webforms.actions import close_web_form, delete_web_form
from journeys.webforms.models import Submission
from journeys.webforms.public.actions import FormClosed, SentBefore
from stages.models import Stage
from tests.factories import ContactFactory, LabelFactory, contact_in
from tests.heart import assert_explained, run_sql, status_of
from tests.journeys.web_forms import submitted, web_form_asking

pytestmark = pytest.mark.django_db


# New contacts


def test_somebody_new_comes_into_the_book_with_the_default_status(aware: Stage) -> None:
    FunnelSettings.objects.update(default_stage=aware)
    form = web_form_asking("email", "first_name", "phone")
    sent = submitted(form, email="Ana@Example.com", first_name="Ana")
    contact = Contact.objects.get()
    assert (contact.email, contact.first_name, contact.last_name, contact.phone) == ("Ana@Example.com", "Ana", "", "")
    assert (sent.form, sent.contact, sent.is_new, sent.refusal) == (form, contact, True, "")
    assert sent.answers == [
        {"field": "email", "caption": "E-mail", "value": "Ana@Example.com"},
        {"field": "first_name", "caption": "First name", "value": "Ana"},
    ]
    change = StatusChange.objects.get()
    assert (change.from_outside, change.to_stage, change.cause, change.changed_by, change.via_id) == (
        True,
        aware,
        Cause.DEFAULT,
        None,
        form.pk,
    )


def test_somebody_new_comes_to_the_stage_of_the_form(customer: Stage) -> None:
    form = web_form_asking("email", default_status=False, stage=customer)
    contact = submitted(form, email="ana@example.com").contact
    change = StatusChange.objects.get()
    assert (change.from_outside, change.to_stage, change.cause, change.changed_by, change.via_id) == (
        True,
        customer,
        Cause.WEB_FORM,
        None,
        form.pk,
    )
    assert status_of(contact).stage == customer
    assert_explained()


def test_a_form_may_give_no_status(aware: Stage) -> None:
    FunnelSettings.objects.update(default_stage=aware)
    form = web_form_asking("email", default_status=False)
    contact = submitted(form, email="ana@example.com").contact
    assert (status_of(contact).stage, status_of(contact).cause) == (None, Cause.WEB_FORM)


def test_nothing_is_lost_when_the_stage_of_the_form_is_closed(aware: Stage, customer: Stage) -> None:
    FunnelSettings.objects.update(default_stage=aware)
    form = web_form_asking("email", default_status=False, stage=customer)
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    sent = submitted(form, email="ana@example.com")
    assert (status_of(sent.contact).stage, status_of(sent.contact).cause) == (aware, Cause.DEFAULT)
    assert (sent.is_new, sent.refusal) == (True, "closed_stage")
    assert StatusChange.objects.count() == 1


def test_labels_are_put_on_whoever_sends_it() -> None:
    fair, b2b = LabelFactory(name="fair"), LabelFactory(name="b2b")
    known = ContactFactory(email="bo@example.com")
    CarriedLabel.objects.create(contact=known, label=fair, cause=Cause.MANUAL)
    form = web_form_asking("email", labels=[fair, b2b])
    new = submitted(form, email="ana@example.com").contact
    submitted(form, token="t1", email="bo@example.com")
    carried = CarriedLabel.objects.order_by("contact", "label").values_list("contact", "label", "cause", "by")
    assert set(carried) == {
        (known.pk, fair.pk, Cause.MANUAL, None),
        (known.pk, b2b.pk, Cause.WEB_FORM, None),
        (new.pk, fair.pk, Cause.WEB_FORM, None),
        (new.pk, b2b.pk, Cause.WEB_FORM, None),
    }
    assert LabelChange.objects.count() == 4


# Known contacts


def test_a_known_contact_keeps_whatever_was_not_sent(customer: Stage) -> None:
    Attribute.objects.create(name="Plan", key="plan")
    known = contact_in(
        customer,
        email="Ana@example.com",
        first_name="Ana",
        last_name="Weber",
        phone="1234",
        attributes={"plan": "Free", "seats": 3},
    )
    form = web_form_asking("email", "first_name", "phone", "attributes.plan", default_status=False, stage=customer)
    sent = submitted(form, email="ANA@EXAMPLE.COM", phone="99", **{"attributes.plan": "Pro"})
    contact = Contact.objects.get()
    assert (sent.contact, sent.is_new) == (known, False)
    assert (contact.email, contact.first_name, contact.last_name) == ("Ana@example.com", "Ana", "Weber")
    assert (contact.phone, contact.attributes) == ("99", {"plan": "Pro", "seats": 3})


def test_a_known_contact_stays_where_it_is(aware: Stage, customer: Stage, loyal: Stage) -> None:
    form = web_form_asking("email", default_status=False, stage=customer)
    people = {
        "behind": contact_in(aware, email="behind@example.com"),
        "nowhere": contact_in(None, email="nowhere@example.com"),
        "further": contact_in(loyal, email="further@example.com"),
        "lost": contact_in(aware, lost=True, email="lost@example.com"),
    }
    before = StatusChange.objects.count()
    for name, contact in people.items():
        sent = submitted(form, token=name, email=contact.email)
        assert (sent.contact, sent.is_new, sent.refusal) == (contact, False, "")
    assert StatusChange.objects.count() == before


def test_a_form_may_move_known_contacts_as_the_movement_rules_let_it(
    aware: Stage, customer: Stage, loyal: Stage
) -> None:
    form = web_form_asking("email", default_status=False, stage=customer, moves_known=True)
    inactive = contact_in(aware, email="inactive@example.com", account_state="inactive")
    people = [
        (contact_in(aware, email="behind@example.com"), customer, ""),
        (contact_in(None, email="nowhere@example.com"), customer, ""),
        (contact_in(customer, email="there@example.com"), customer, ""),
        (contact_in(loyal, email="further@example.com"), loyal, "lighter_stage"),
        (contact_in(aware, lost=True, email="lost@example.com"), aware, "lost_contact"),
        (inactive, aware, "account_inactive"),
    ]
    for contact, stage, refusal in people:
        sent = submitted(form, token=contact.email, email=contact.email)
        assert (contact.email, status_of(contact).stage, sent.refusal) == (contact.email, stage, refusal)
    moved = StatusChange.objects.filter(cause=Cause.WEB_FORM)
    assert set(moved.values_list("contact", "to_stage", "via_id", "changed_by")) == {
        (contact.pk, customer.pk, form.pk, None) for contact, _, _ in people[:2]
    }
    assert status_of(people[4][0]).is_lost
    assert_explained()


def test_the_movement_rules_of_web_forms_decide(administrator: TeamMember, loyal: Stage, customer: Stage) -> None:
    rules = MovementRules(Permission.FLAG, Permission.REFUSE)
    set_movement_rules(rules={Cause.WEB_FORM: rules}, by=administrator)
    form = web_form_asking("email", default_status=False, stage=customer, moves_known=True)
    contact = contact_in(loyal, email="ana@example.com")
    sent = submitted(form, email="ana@example.com")
    assert (status_of(contact).stage, status_of(contact).review_needed, sent.refusal) == (customer, True, "")


def test_nothing_is_written_of_a_known_contact_that_says_nothing_new() -> None:
    known = ContactFactory(email="ana@example.com", first_name="Ana")
    form = web_form_asking("email", "first_name")
    submitted(form, email="ana@example.com", first_name="Ana")
    assert Contact.objects.get().updated_at == known.updated_at
    assert Submission.objects.count() == 1


# The same page


def test_the_same_page_is_kept_once() -> None:
    form = web_form_asking("email", labels=[LabelFactory()])
    first = submitted(form, email="ana@example.com")
    assert submitted(form, email="ana@example.com") == first
    assert (Submission.objects.count(), Contact.objects.count(), LabelChange.objects.count()) == (1, 1, 1)


def test_something_else_from_the_same_page_is_not_passed_over_in_silence() -> None:
    form, other = web_form_asking("email", "phone"), web_form_asking("email", name="Other")
    submitted(form, email="ana@example.com")
    for sent in (
        {"email": "bo@example.com"},
        {"email": "ana@example.com", "phone": "1"},
        {"email": "ana@example.com", "consent": "Yes."},
    ):
        with pytest.raises(SentBefore):
            submitted(form, **sent)
    with pytest.raises(SentBefore):
        submitted(other, email="ana@example.com")
    assert list(Contact.objects.values_list("email", "phone")) == [("ana@example.com", "")]
    assert Submission.objects.count() == 1


def test_two_pages_are_two_submissions() -> None:
    form = web_form_asking("email", "phone")
    first, second = submitted(form, email="a@b.co", phone="1"), submitted(form, token="t1", email="a@b.co", phone="2")
    assert (first.contact, first.is_new, second.is_new) == (second.contact, True, False)
    assert Contact.objects.get().phone == "2"


def test_nobody_can_send_a_form_that_is_closed_or_gone(marketer: TeamMember) -> None:
    form = web_form_asking("email", by=marketer)
    close_web_form(form=form, by=marketer)
    with pytest.raises(FormClosed):
        submitted(form, email="ana@example.com")
    delete_web_form(form=form, by=marketer)
    with pytest.raises(FormClosed):
        submitted(form, email="ana@example.com")
    assert not Contact.objects.exists()


def test_a_submission_that_fails_leaves_nothing(customer: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    form = web_form_asking("email", labels=[LabelFactory()], default_status=False, stage=customer)

    def fails(**values: object) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(Submission.objects, "create", fails)
    with pytest.raises(RuntimeError):
        submitted(form, email="ana@example.com")
    assert not (Contact.objects.exists() or StatusChange.objects.exists() or LabelChange.objects.exists())


# Erasing


def test_what_was_sent_is_erased_with_the_contact(administrator: TeamMember) -> None:
    form = web_form_asking("email", "first_name")
    gone = submitted(form, email="ana@example.com", first_name="Ana").contact
    kept = submitted(form, token="t1", email="bo@example.com")
    assert effect_of_erasing(gone).submissions == 1
    erase_contacts(contacts=[gone.pk], by=administrator)
    assert list(Submission.objects.all()) == [kept]


def test_whoever_others_named_is_taken_out_of_what_they_sent(administrator: TeamMember) -> None:
    Attribute.objects.create(name="Friend", key="friend")
    form = web_form_asking("email", "attributes.friend", "attributes.seats")
    ana = ContactFactory(email="ana@example.com", first_name="Ana", last_name="Weber", phone="+49 911 12345")
    for number, words in enumerate(
        ["Ana Weber told me", "write to ANA@example.com", "call 4991112345", "nobody <b>told</b> me"]
    ):
        email = f"friend{number}@example.com"
        submitted(form, token=f"t{number}", email=email, **{"attributes.friend": words, "attributes.seats": 3})
    erase_contacts(contacts=[ana.pk], by=administrator)
    said = [[answer["value"] for answer in sent.answers] for sent in Submission.objects.all()]
    assert said == [
        ["friend0@example.com", "(erased) told me", 3],
        ["friend1@example.com", "write to (erased)", 3],
        ["friend2@example.com", "call (erased)", 3],
        ["friend3@example.com", "nobody <b>told</b> me", 3],
    ]


def test_whoever_deletes_a_contact_deletes_what_it_sent() -> None:
    submitted(web_form_asking("email"), email="ana@example.com")
    run_sql("DELETE FROM contacts_contact")
    run_sql("SET CONSTRAINTS ALL IMMEDIATE")
    assert not Submission.objects.exists()


# Who sent it


def test_the_list_of_contacts_is_narrowed_to_whoever_sent_a_form(client_of, viewer: TeamMember) -> None:
    form, other = web_form_asking("email"), web_form_asking("email", name="Other")
    ana, bo = (submitted(form, token=f"t{n}", email=f"{n}@example.com").contact for n in range(2))
    submitted(form, token="again", email="0@example.com")
    cy = submitted(other, token="other", email="cy@example.com").contact
    query = ContactQuery(web_form=form.pk)
    assert ([one.pk for one in contacts_page(query).contacts], how_many(query).number) == ([bo.pk, ana.pk], 2)
    assert matching_ids(ContactQuery(web_form=other.pk, search="cy"), limit=5) == [cy.pk]
    assert matching_ids(ContactQuery(web_form=other.pk, search="ana"), limit=5) == []
    page: Client = client_of(viewer)
    shown = page.get(f"{reverse('contacts:contacts')}?web_form={form.pk}")
    assert "Sent Newsletter" in shown.text
    assert shown.context["count"].number == 2
    unknown = page.get(f"{reverse('contacts:contacts')}?web_form=999999")
    assert "Web form: the address asks for something unknown" in unknown.text
    assert unknown.context["count"].number == 3
