"""Bulk changes: whom they are about, what the form asks for each act, who may, and whom a pasted list names."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlencode

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django.asserts import assertNumQueries

from config.team.models import TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact
from journeys.book import queries as book
from journeys.book.queries import Anywhere, ContactQuery
from journeys.bulk import forms, queries
from journeys.bulk.queries import Found, entries_in, find_entries
from journeys.rules.actions import require_lost_reason
from journeys.runs import actions as runs
from journeys.runs.models import Run, RunPreview
from journeys.runs.operations import Act, Operation, Selection
from journeys.status.models import LostReason, StatusChange
from stages.models import Stage
from tests.factories import ContactFactory, LabelFactory, StageFactory, contact_in
from tests.heart import status_of

BULK, CONTACTS = "/contacts/bulk", "/contacts"

ClientOf = Callable[[TeamMember], Client]


@pytest.fixture
def max_(client_of: ClientOf, marketer: TeamMember) -> Client:
    """Max, a Marketer, who may do all of it."""
    return client_of(marketer)


@pytest.fixture
def olga(client_of: ClientOf, operator: TeamMember) -> Client:
    """Olga, an Operator, who may mark lost and recover."""
    return client_of(operator)


def selecting(*contacts: Contact | int | str, **others: Any) -> str:
    """The address to which the list sends those that were ticked."""
    ids = [contact.pk if isinstance(contact, Contact) else contact for contact in contacts]
    return f"{BULK}?{urlencode({'contact': ids, **others}, doseq=True)}"


def the_preview(response: HttpResponse) -> RunPreview:
    """The one preview that a POST made and went to."""
    preview = RunPreview.objects.get()
    address, _, back = response["Location"].partition("?next=")
    assert (response.status_code, address) == (302, reverse("journeys:preview", args=[preview.pk]))
    assert unquote(back).startswith(BULK)
    return preview


def refused(client: Client, address: str, sent: dict[str, Any]) -> dict[str, list[str]]:
    """What a POST is told to correct. It made no preview."""
    response = client.post(address, sent)
    assert response.status_code == 422
    assert not RunPreview.objects.exists()
    return dict(response.context["form"].errors)


# The list


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("viewer", []),
        ("operator", ["Mark lost", "Recover"]),
        (
            "marketer",
            [
                *("Change status", "Mark lost", "Recover", "Put on label", "Take off label"),
                *("Make accounts active", "Make accounts inactive"),
            ],
        ),
    ],
)
def test_the_list_offers_what_the_role_may(
    request: Any, client_of: ClientOf, db: None, role: str, words: list[str]
) -> None:
    contact = ContactFactory()
    response = client_of(request.getfixturevalue(role)).get(CONTACTS)
    assert [offered.words for offered in response.context["acts"]] == words
    for all_words in ("Change status", "Make accounts inactive"):
        assert (f"{all_words}</button>" in response.text) is (all_words in words)
    assert (f'value="{contact.pk}" form="contacts-bulk"' in response.text) is bool(words)
    assert (f'href="{BULK}"' in response.text) is bool(words)


def test_an_empty_list_offers_nothing(max_: Client) -> None:
    assert "contacts-bulk" not in max_.get(CONTACTS).text


def test_all_that_match_can_be_selected_where_there_is_more_than_a_page(
    monkeypatch: pytest.MonkeyPatch, max_: Client
) -> None:
    monkeypatch.setattr(book, "PAGE", 2)
    ContactFactory.create_batch(3, company="Acme")
    assert ">Select all 3</label>" in max_.get(CONTACTS).text
    narrowed = max_.get(CONTACTS, {"q": "acme", "lost": "no", "stage": "nonsense", "after": "999999"}).text
    assert ">Select all 3 that match</label>" in narrowed
    assert '<input type="hidden" name="q" value="acme">' in narrowed
    assert '<input type="hidden" name="lost" value="no">' in narrowed
    assert '<input type="hidden" name="stage"' not in narrowed
    monkeypatch.setattr(book, "COUNTED", 2)
    assert ">Select all that match, more than 2</label>" in max_.get(CONTACTS, {"account_state": "active"}).text
    monkeypatch.setattr(book, "PAGE", 3)
    assert 'name="all"' not in max_.get(CONTACTS, {"q": "acme"}).text


# Whom it is about


def test_it_says_who_was_selected(max_: Client) -> None:
    people = [ContactFactory(first_name=f"Person{number}", last_name="") for number in range(7)]
    few, many = max_.get(selecting(*people[:2])).text, max_.get(selecting(*people)).text
    assert '<h2 id="bulk-who">2 contacts</h2>' in few
    assert "Person1, Person0</p>" in few
    assert '<h2 id="bulk-who">7 contacts</h2>' in many
    assert "Person6, Person5, Person4, Person3, Person2 and 2 more</p>" in many
    assert '<h2 id="bulk-who">1 contact</h2>' in max_.get(selecting(people[0])).text
    assert 'name="pasted"' not in few


def test_who_is_not_in_the_book_is_said_and_left_out(max_: Client) -> None:
    here, gone = ContactFactory(), ContactFactory()
    address = selecting(here, here, gone, "x", 10**30)
    Contact.objects.filter(pk=gone.pk).delete()
    page = max_.get(address)
    assert page.context["chosen"].selection == Selection(contacts=(here.pk,))
    assert "3 of those selected are not in the Contact Book any more." in page.text


def test_no_more_than_a_page_is_selected_one_by_one(max_: Client) -> None:
    people = ContactFactory.create_batch(52)
    page = max_.get(selecting(*people))
    assert page.context["chosen"].count.number == 50
    assert page.context["chosen"].ignored == ["Up to 50 are selected one by one: 2 more in this address were left out."]


def test_all_that_match_are_said_with_what_they_have_in_common(max_: Client, aware: Stage) -> None:
    label = LabelFactory(name="webinar-may")
    both = [contact_in(aware) for _ in range(2)]
    put_on_label(contacts=[contact.pk for contact in both], label=label, by=None, cause=Cause.MANUAL)
    contact_in(aware)
    query = {"stage": aware.pk, "label": label.pk, "lost": "no", "q": "person", "account_state": "active"}
    page = max_.get(f"{BULK}?{urlencode({**query, 'all': 1, 'contact': both[0].pk})}")
    assert '<h2 id="bulk-who">All 2 contacts that match</h2>' in page.text
    assert [chip.words for chip in page.context["chosen"].chips] == [
        *("“person”", "In Aware", "Carries webinar-may", "Account active"),
    ]
    assert page.context["back"] == f"/contacts?{urlencode(query)}"
    assert '<h2 id="bulk-who">All 3 contacts in the Contact Book</h2>' in max_.get(f"{BULK}?all=1").text
    CarriedLabel.objects.filter(contact=both[0]).delete()
    one = max_.get(f"{BULK}?all=1&label={label.pk}").text
    assert '<h2 id="bulk-who">The 1 contact that matches</h2>' in one


def test_a_count_that_was_not_finished_is_said_as_the_list_says_it(
    monkeypatch: pytest.MonkeyPatch, max_: Client
) -> None:
    monkeypatch.setattr(book, "COUNTED", 2)
    ContactFactory.create_batch(3, company="Acme")
    assert (
        '<h2 id="bulk-who">All contacts that match, more than 2</h2>'
        in max_.get(f"{BULK}?all=1&account_state=active").text
    )


def test_a_condition_that_means_nothing_selects_nobody_rather_than_everybody(max_: Client, aware: Stage) -> None:
    contact_in(aware)
    address = f"{BULK}?all=1&stage=999999"
    page = max_.get(address)
    assert page.context["chosen"].selection is None
    assert page.context["chosen"].ignored == [
        "Stage: the address asks for something unknown, and the list is not narrowed by it.",
        "That would be more people than were meant, so nobody is selected.",
    ]
    assert refused(max_, address, {"act": "recover"}) == {"pasted": ["Paste e-mails, external ids or phones."]}


def test_where_nobody_matches_a_list_can_be_pasted(max_: Client) -> None:
    page = max_.get(f"{BULK}?all=1&q=zzz").text
    assert "Nobody in the Contact Book matches what the list was narrowed by." in page
    assert 'name="pasted"' in page


# What is done


ASKED = {
    "change_status": {"stage", "only_forward", "leave_lost"},
    "mark_lost": {"reason"},
    "put_on_label": {"label"},
}


def test_operators_are_asked_only_for_what_they_may(max_: Client, olga: Client) -> None:
    address = selecting(ContactFactory())
    always = {"act", "note"}
    assert set(max_.get(address).context["form"].fields) == always.union(*ASKED.values())
    assert set(olga.get(address).context["form"].fields) == always | ASKED["mark_lost"]
    assert [value for value, _ in olga.get(address).context["form"].fields["act"].choices] == ["mark_lost", "recover"]


def test_the_act_of_the_address_is_chosen(max_: Client) -> None:
    form = max_.get(selecting(ContactFactory(), act="put_on_label")).context["form"]
    assert form["act"].value() == "put_on_label"


def test_a_change_of_status_becomes_a_preview(max_: Client, marketer, aware: Stage, customer: Stage) -> None:
    people = [contact_in(aware), contact_in(aware)]
    sent = {"act": "change_status", "stage": customer.pk, "only_forward": "on", "leave_lost": "on", "note": "Q2"}
    before = StatusChange.objects.count()
    preview = the_preview(max_.post(selecting(*people), sent))
    assert Operation.read(preview.operation) == Operation(
        Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk, only_forward=True, leave_lost=True
    )
    assert Selection.read(preview.selection) == Selection(contacts=(people[1].pk, people[0].pk))
    assert (preview.made_by, preview.note, preview.records, preview.not_found) == (marketer, "Q2", 2, [])
    assert (StatusChange.objects.count(), Run.objects.count()) == (before, 0)


def test_all_that_match_are_previewed_by_the_filter(max_: Client, aware: Stage, customer: Stage) -> None:
    contact_in(aware), contact_in(customer), contact_in(aware, lost=True)
    preview = the_preview(max_.post(f"{BULK}?all=1&stage=any&act=recover", {"act": "deactivate"}))
    assert Operation.read(preview.operation) == Operation(Act.DEACTIVATE, Cause.BULK)
    assert Selection.read(preview.selection) == Selection(query=ContactQuery(stage=Anywhere.ANY_STAGE))
    assert preview.records == 2


@pytest.mark.parametrize("act", ["put_on_label", "take_off_label"])
def test_a_label_is_put_on_or_taken_off(max_: Client, act: str) -> None:
    label = LabelFactory()
    preview = the_preview(max_.post(selecting(ContactFactory()), {"act": act, "label": label.pk, "stage": "nonsense"}))
    assert Operation.read(preview.operation) == Operation(Act(act), Cause.BULK, label=label.pk)


def test_a_lost_reason_is_asked_for_once(olga: Client) -> None:
    reason = LostReason.objects.get(name="No answer")
    sent = {"act": "mark_lost", "reason": reason.pk}
    preview = the_preview(olga.post(selecting(ContactFactory()), sent))
    assert Operation.read(preview.operation) == Operation(Act.MARK_LOST, Cause.BULK, reason=reason.pk)


def test_a_lost_reason_is_required_where_the_organisation_says_so(olga: Client, max_: Client) -> None:
    address = selecting(ContactFactory())
    require_lost_reason(required=True, by=None)
    said = refused(olga, address, {"act": "mark_lost"})
    assert said == {"reason": ["Say why the contact is lost: a reason is required."]}
    the_preview(max_.post(address, {"act": "recover"}))


def test_a_retired_reason_is_not_offered(olga: Client) -> None:
    LostReason.objects.filter(name="No answer").update(is_retired=True)
    reason = LostReason.objects.get(name="No answer")
    said = refused(olga, selecting(ContactFactory()), {"act": "mark_lost", "reason": reason.pk})
    assert said == {"reason": ["This reason is no longer in use. Choose another one."]}


@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({}, {"act": ["Choose what to do."]}),
        ({"act": "vanish"}, {"act": ["Choose one of these."]}),
        ({"act": "change_status"}, {"stage": ["Choose a stage."]}),
        ({"act": "change_status", "stage": "x"}, {"stage": ["This stage is no longer open. Choose another one."]}),
        ({"act": "put_on_label"}, {"label": ["Choose a label."]}),
        ({"act": "take_off_label", "label": "7"}, {"label": ["There is no such label any more."]}),
        (
            {"act": "recover", "note": "x" * 2001},
            {"note": ["Ensure this value has at most 2000 characters (it has 2001)."]},
        ),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(max_: Client, sent: dict[str, str], errors: dict) -> None:
    assert refused(max_, selecting(ContactFactory()), sent) == errors


def test_a_closed_stage_cannot_be_chosen(max_: Client) -> None:
    closed = StageFactory(name="Later", is_published=False)
    address = selecting(ContactFactory())
    assert "Later" not in max_.get(address).text
    said = refused(max_, address, {"act": "change_status", "stage": closed.pk})
    assert said == {"stage": ["This stage is no longer open. Choose another one."]}


def test_nothing_typed_is_lost(max_: Client, customer: Stage) -> None:
    sent = {"pasted": "nobody@example.com\n<b>", "act": "put_on_label", "stage": customer.pk, "note": "Kept & well"}
    response = max_.post(BULK, {**sent, "only_forward": "on"})
    assert response.status_code == 422
    assert ">\nnobody@example.com\n&lt;b&gt;</textarea>" in response.text
    assert "Kept &amp; well" in response.text
    form = response.context["form"]
    values = [form[name].value() for name in ("act", "stage", "only_forward")]
    assert values == ["put_on_label", str(customer.pk), True]


def test_each_act_says_what_else_it_does(max_: Client) -> None:
    page = max_.get(selecting(ContactFactory())).text
    assert "This also makes them lost, each from the stage where it stands." in page
    assert "Only the accounts change: lost contacts stay lost until somebody recovers them." in page


def test_where_no_stage_is_open_that_is_said(max_: Client) -> None:
    Stage.objects.update(is_published=False)
    assert "There is no open stage to move to." in max_.get(selecting(ContactFactory())).text


# From the list to the end


def test_what_was_selected_is_done_and_nobody_else(max_: Client, marketer, aware: Stage, customer: Stage) -> None:
    chosen, other = contact_in(aware), contact_in(aware)
    preview = the_preview(max_.post(selecting(chosen), {"act": "change_status", "stage": customer.pk}))
    run = runs.start_run(preview=preview, by=marketer)
    runs.work_on_run(run=run.pk, seconds=60)
    run.refresh_from_db()
    assert (run.kind, run.words, run.started_by) == ("bulk", "1 contact → Customer", marketer)
    assert (run.records, run.updated, run.unchanged, run.refused) == (1, 1, 0, 0)
    assert (status_of(chosen).stage, status_of(other).stage) == (customer, aware)
    change = StatusChange.objects.get(run=run)
    assert (change.contact_id, change.cause, change.changed_by) == (chosen.pk, "bulk", marketer)


# Who may


@pytest.mark.parametrize("act", ["change_status", "put_on_label", "take_off_label", "activate", "deactivate"])
def test_other_acts_need_a_marketer(olga: Client, aware: Stage, act: str) -> None:
    contact = contact_in(aware)
    got, sent = olga.get(selecting(contact, act=act)), olga.post(selecting(contact), {"act": act})
    for response in (got, sent):
        assert response.status_code == 403
        assert "This needs the role Marketer." in response.text
    assert not RunPreview.objects.exists()


@pytest.fixture
def limit_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operators act on two contacts at most."""
    monkeypatch.setattr("journeys.runs.operations.LOST_IN_BULK_BY_OPERATORS", 2)
    monkeypatch.setattr("journeys.bulk.acts.LOST_IN_BULK_BY_OPERATORS", 2)


TOO_MANY = (
    "Operators mark up to 2 contacts lost at once, or recover them, and these are 3. That needs the role Marketer."
)


def test_operators_are_refused_above_their_number_before_anything_is_previewed(
    olga: Client, max_: Client, limit_of_two: None
) -> None:
    people = ContactFactory.create_batch(3, company="Acme")
    for address in (selecting(*people), f"{BULK}?all=1&q=acme", f"{BULK}?all=1"):
        got, sent = olga.get(address), olga.post(address, {"act": "mark_lost"})
        assert (got.status_code, sent.status_code) == (200, 422)
        for response in (got, sent):
            assert response.context["refusal"] == TOO_MANY
            assert TOO_MANY in response.text
            assert "Show the preview" not in response.text
    assert not RunPreview.objects.exists()
    the_preview(max_.post(selecting(*people), {"act": "mark_lost"}))


def test_operators_are_refused_a_long_list_beside_it(olga: Client, limit_of_two: None) -> None:
    people = ContactFactory.create_batch(3)
    pasted = "\n".join(person.email for person in people)
    assert refused(olga, BULK, {"act": "recover", "pasted": pasted}) == {"pasted": [TOO_MANY]}
    the_preview(olga.post(BULK, {"act": "recover", "pasted": people[0].email + "\n" + people[1].email}))


def test_operators_are_refused_again_when_it_starts(olga: Client, operator, monkeypatch: pytest.MonkeyPatch) -> None:
    preview = the_preview(olga.post(selecting(*ContactFactory.create_batch(3)), {"act": "mark_lost"}))
    monkeypatch.setattr("journeys.runs.operations.LOST_IN_BULK_BY_OPERATORS", 2)
    response = olga.post(reverse("journeys:start_run", args=[preview.pk]))
    assert response.status_code == 403
    assert "This needs the role Marketer." in response.text
    assert not Run.objects.exists()


def test_the_number_of_operators_is_500(olga: Client, operator, aware: Stage) -> None:
    Contact.objects.bulk_create(Contact(email=f"{number}@example.com", company="Acme") for number in range(501))
    assert "up to 500 contacts" in olga.get(f"{BULK}?all=1").context["refusal"]
    Contact.objects.filter(email="0@example.com").delete()
    assert olga.get(f"{BULK}?all=1&q=acme").context["refusal"] == ""
    assert the_preview(olga.post(f"{BULK}?all=1&q=acme", {"act": "mark_lost"})).records == 500


# A pasted list


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("a@b.c\nd\r\n\r\n  e  ", ["a@b.c", "d", "e"]),
        ("a,b;c\td,,; ", ["a", "b", "c", "d"]),
        ("\"a@b.c\", 'd'", ["a@b.c", "d"]),
        ("Ana Lee <ana@example.com>; <bo@example.com>", ["ana@example.com", "bo@example.com"]),
        ("\ufeffa@b.c\u200b\n\u00a0d\u00a0", ["a@b.c", "d"]),
        ("+49 30 231-25", ["+49 30 231-25"]),
        ("<>\n>\n<", [">", "<"]),
        (" \n;,", []),
    ],
)
def test_entries_stand_one_a_line_or_between_separators(text: str, entries: list[str]) -> None:
    assert entries_in(text) == entries


def test_an_entry_is_an_e_mail_an_external_id_or_a_phone(db: None) -> None:
    ana = ContactFactory(email="Ana@Example.com")
    bo = ContactFactory(email=None, external_id="Lead-7")
    carla = ContactFactory(phone="+49 (30) 231-25")
    ContactFactory(phone="4930231256", external_id="lead-7x", email="xana@example.com")
    found = find_entries(["aNA@example.COM", "Lead-7", "lead-7", "+49 30 231 25", "30 231 25", "Ana", "4930 23125"])
    assert found == Found(
        contacts=[ana.pk, bo.pk, carla.pk], not_found=["lead-7", "30 231 25", "Ana"], unclear=[], repeated=1
    )


def test_whoever_is_named_again_counts_once(db: None) -> None:
    ana = ContactFactory(email="ana@example.com", external_id="7", phone="123456")
    bo = ContactFactory()
    entries = ["ana@example.com", "ANA@example.com", "7", "7", "12 34 56", bo.email, "nobody", "nobody"]
    assert find_entries(entries) == Found(contacts=[ana.pk, bo.pk], not_found=["nobody"], unclear=[], repeated=5)


def test_an_entry_that_fits_two_contacts_is_left_out(db: None) -> None:
    ContactFactory(phone="030 1234"), ContactFactory(phone="0301 234")
    ContactFactory(external_id="555111"), ContactFactory(phone="555-111")
    ana = ContactFactory(phone="0309999", external_id="0309999")
    found = find_entries(["030/1234", "555111", "0309999"])
    assert found == Found(contacts=[ana.pk], not_found=[], unclear=[("030/1234", 2), ("555111", 2)], repeated=0)


@pytest.mark.parametrize(
    "entry", ["'; DROP", "%", "\\", "x" * 1000, "1" * 3000, "+", "()", "٣٤٥", "😀", ":*", "a & b", "<", "@"]
)
def test_an_odd_entry_names_nobody(db: None, entry: str) -> None:
    ContactFactory(phone="")
    assert find_entries([entry]) == Found(contacts=[], not_found=[entry], unclear=[], repeated=0)


def test_a_list_costs_one_query_however_long(db: None) -> None:
    people = ContactFactory.create_batch(3)
    for count in (1, 3):
        with assertNumQueries(1):
            assert len(find_entries([person.email for person in people[:count]]).contacts) == count


def test_a_pasted_list_becomes_a_preview_that_says_who_is_missing(max_: Client) -> None:
    ana, bo = ContactFactory(email="ana@example.com"), ContactFactory(external_id="lead-7")
    ContactFactory(phone="030 1234"), ContactFactory(phone="0301234")
    pasted = "ana@example.com\nlead-7; gone@example.com\nANA@example.com, 030-1234"
    response = max_.post(BULK, {"act": "mark_lost", "pasted": pasted})
    preview = the_preview(response)
    assert Selection.read(preview.selection) == Selection(contacts=(ana.pk, bo.pk))
    assert preview.not_found == ["gone@example.com", "030-1234 (fits 2 contacts)"]
    page = max_.get(response["Location"]).text
    assert "2 found, 1 not in the book, 1 left out because it fits several contacts, 1 named again." in page
    assert "<li>030-1234 (fits 2 contacts)</li>" in page


def test_a_list_that_is_found_whole_is_said_too(max_: Client) -> None:
    response = max_.post(BULK, {"act": "mark_lost", "pasted": ContactFactory().email})
    assert the_preview(response).not_found == []
    assert "<p>1 found.</p>" in max_.get(response["Location"]).text


@pytest.mark.parametrize(
    ("pasted", "error"),
    [
        ("", "Paste e-mails, external ids or phones."),
        (" \n ", "Paste e-mails, external ids or phones."),
        (";,;", "Paste e-mails, external ids or phones."),
        ("nobody@example.com", "None of these is in the book."),
        ("0301234", "0301234 fits 2 contacts: nobody guesses which one is meant."),
        (
            "0301234, nobody",
            "None of the others is in the book, and 0301234 fits 2 contacts: nobody guesses which one is meant.",
        ),
    ],
)
def test_a_list_that_names_nobody_is_said_beside_it(max_: Client, pasted: str, error: str) -> None:
    ContactFactory(phone="030 1234"), ContactFactory(phone="0301234")
    assert refused(max_, BULK, {"act": "recover", "pasted": pasted}) == {"pasted": [error]}


def test_a_list_has_an_end(monkeypatch: pytest.MonkeyPatch, max_: Client) -> None:
    monkeypatch.setattr(forms, "MOST_ENTRIES", 2)
    ana = ContactFactory()
    said = refused(max_, BULK, {"act": "recover", "pasted": f"{ana.email}\nb\nc"})
    assert said == {"pasted": ["These are 3 entries, and up to 2 are looked up at once."]}


def test_a_list_of_fifty_thousand_is_taken(max_: Client) -> None:
    ana = ContactFactory()
    others = "\n".join(f"somebody.with.a.long.name.{number}@subdomain.example.com" for number in range(49_999))
    preview = the_preview(max_.post(BULK, {"act": "recover", "pasted": f"{others}\n{ana.email}"}))
    assert (preview.records, len(preview.not_found)) == (1, 49_999)
    assert queries.MOST_ENTRIES == 50_000


def test_whom_the_address_names_goes_before_what_is_pasted(max_: Client) -> None:
    ana, bo = ContactFactory(), ContactFactory()
    preview = the_preview(max_.post(selecting(ana), {"act": "recover", "pasted": bo.email}))
    assert Selection.read(preview.selection) == Selection(contacts=(ana.pk,))


# Cost


@pytest.mark.parametrize("count", [1, 3])
def test_it_costs_the_same_for_one_and_for_three(max_: Client, count: int) -> None:
    people = ContactFactory.create_batch(count)
    address = selecting(*people)
    max_.get(address)
    with assertNumQueries(11):
        # Session, person, organisation, role; contacts; settings; whether there are stages, stages, reasons, labels.
        max_.get(address)
    with assertNumQueries(15):
        # Of the filter: stages, labels, segments, web forms, and two for the count, in place of the contacts.
        max_.get(f"{BULK}?all=1&stage=any")
