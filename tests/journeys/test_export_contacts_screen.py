"""Exporting contacts: the page that asks for columns, and the file."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from config.team.models import Organisation, TeamMember
from contacts.actions import put_on_label
from contacts.causes import Cause
from contacts.models import Attribute, Contact
from journeys.book.queries import ContactQuery
from journeys.exports import actions
from journeys.exports.columns import columns
from journeys.exports.models import Export
from journeys.runs.operations import Selection
from journeys.status import actions as status
from journeys.status.models import LostReason
from stages.models import Stage
from tests.elsewhere import elsewhere
from tests.factories import LabelFactory, contact_in, standing
from tests.heart import run_sql, status_of
from tests.journeys.segmenting import segment_of
from tests.journeys.wizard import imported

ALL = [column.code for column in columns([], zone="UTC")]


def asked(client: Client, query: str, *chosen: str, **sent: str) -> str:
    response = client.post(f"/contacts/export?{query}", {"columns": chosen or ALL, **sent})
    assert response.status_code == 200, response.text
    assert response.streaming
    return b"".join(response.streaming_content).decode()


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.fixture
def client(client_of, marketer) -> Client:
    return client_of(marketer)


def test_a_file_holds_everything_about_whoever_matches(client, marketer, aware, customer) -> None:
    Organisation.objects.update(time_zone="Europe/Lisbon")
    Attribute.objects.create(name="Plan", key="plan")
    Attribute.objects.create(name="Seats", key="seats", type="number", position=1)
    Attribute.objects.create(name="E-MAIL", key="e_mail", position=2)
    since = datetime(2026, 5, 3, 10, 0, tzinfo=UTC)
    ana = contact_in(
        *(aware,),
        since=since,
        email="ana@example.com",
        external_id="A-1",
        first_name="Ana",
        last_name="Lee",
        phone="+351 912",
        company="=Lee & Sons",
        city="Lisboa",
        country="PT",
        subscribed_at=datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        attributes={"plan": "gold", "seats": -5, "e_mail": "@work"},
    )
    contact_in(customer)
    for name in ("webinar", "Fair"):
        label = LabelFactory(name=name)
        put_on_label(contacts=[ana.pk], label=label, by=marketer, cause=Cause.MANUAL)

    text = asked(client, f"all=1&stage={aware.pk}", *ALL, "attributes.plan", "attributes.seats", "attributes.e_mail")

    (row,) = rows(text)
    created = timezone.localtime(ana.created_at, ZoneInfo("Europe/Lisbon"))
    assert row == {
        "Number": str(ana.pk),
        "E-mail": "ana@example.com",
        "External id": "A-1",
        "First name": "Ana",
        "Last name": "Lee",
        "Phone": "'+351 912",
        "Company": "'=Lee & Sons",
        "City": "Lisboa",
        "Country": "PT",
        "Stage": "Aware",
        "Since": "2026-05-03 11:00:00",
        "In stage since": "2026-05-03 11:00:00",
        "Lost": "no",
        "Lost reason": "",
        "Account state": "active",
        "Labels": "Fair; webinar",
        "Subscribed at": "2026-01-02 03:04:05",
        "Unsubscribed at": "",
        "Last open": "",
        "Last click": "",
        "Last reply": "",
        "Last active": "",
        "Created at": f"{created:%Y-%m-%d %H:%M:%S}",
        "Plan": "gold",
        "Seats": "-5",
        "attributes.e_mail": "'@work",
    }


def test_lost_contacts_say_why(client, aware) -> None:
    reason = LostReason.objects.get(name="Unsubscribed")
    contact_in(aware, lost=True, reason=reason)
    (row,) = rows(asked(client, "all=1", "stage", "lost", "lost_reason"))
    assert row == {"Stage": "Aware", "Lost": "yes", "Lost reason": "Unsubscribed"}


def test_those_selected_come_in_the_order_of_their_numbers(client, aware) -> None:
    first, second, _ = (contact_in(aware) for _ in range(3))
    found = rows(asked(client, f"contact={second.pk}&contact={first.pk}&contact=999999", "number", "email"))
    assert found == [
        {"Number": str(first.pk), "E-mail": first.email},
        {"Number": str(second.pk), "E-mail": second.email},
    ]


def test_for_excel_it_begins_with_a_mark(client, aware) -> None:
    contact_in(aware, first_name="Zoë")
    assert asked(client, "all=1", "first_name", for_excel="on") == "\ufeffFirst name\r\nZoë\r\n"
    assert asked(client, "all=1", "first_name") == "First name\r\nZoë\r\n"


def test_who_took_what_is_kept(client, marketer, aware, customer) -> None:
    for _ in range(3):
        contact_in(aware)
    contact_in(customer)
    before = timezone.now()
    asked(client, f"all=1&stage={aware.pk}", "email", "stage")
    export = Export.objects.get()
    assert (export.exported_by, export.words, export.columns) == (marketer, "contacts in Aware", ["email", "stage"])
    assert (export.rows, export.is_complete) == (3, True)
    assert export.ended_at
    assert before <= export.began_at <= export.ended_at <= timezone.now()


@pytest.mark.parametrize(
    ("query", "words"), [("all=1", "everybody in the Contact Book"), ("contact={}", "1 contact, selected one by one")]
)
def test_the_record_says_whom(client, aware, query: str, words: str) -> None:
    asked(client, query.format(contact_in(aware).pk), "email")
    assert Export.objects.get().words == words


def begun(stage: Stage, by: TeamMember) -> actions.Download:
    return actions.export_contacts(
        selection=Selection(query=ContactQuery(stage=stage.pk)),
        columns=columns([], zone="UTC"),
        is_large=False,
        for_excel=False,
        by=by,
    )


def test_a_download_that_is_broken_off_is_kept_with_what_was_sent(marketer, aware, monkeypatch) -> None:
    monkeypatch.setattr(actions, "PIECE", 2)
    for _ in range(5):
        contact_in(aware)
    pieces = begun(aware, marketer).pieces
    assert [next(pieces).count("\r\n") for _ in range(3)] == [1, 2, 2]
    assert Export.objects.get().ended_at is None
    pieces.close()
    export = Export.objects.get()
    assert export.ended_at
    assert (export.rows, export.is_complete) == (2, False)


def test_a_download_that_was_never_read_is_kept_too(marketer, aware) -> None:
    contact_in(aware)
    begun(aware, marketer).pieces.close()
    export = Export.objects.get()
    assert export.ended_at
    assert (export.rows, export.is_complete) == (0, False)


def test_what_comes_meanwhile_is_left_out(client, aware, customer, marketer, monkeypatch) -> None:
    monkeypatch.setattr(actions, "PIECE", 1)
    people = [contact_in(aware) for _ in range(3)]
    response = client.post(f"/contacts/export?all=1&stage={aware.pk}", {"columns": ["number", "stage"]})
    pieces = iter(response.streaming_content)
    text = next(pieces) + next(pieces)
    contact_in(aware)
    status.change_status(contacts=[people[2].pk], to=customer, cause=Cause.MANUAL, by=marketer)
    text += b"".join(pieces)
    assert rows(text.decode()) == [{"Number": str(person.pk), "Stage": "Aware"} for person in people]
    assert status_of(people[2].pk).stage == customer


def test_a_fixed_number_of_queries(marketer, aware, django_assert_num_queries) -> None:
    for many in (1, 3):
        for _ in range(many):
            contact_in(aware)
        with django_assert_num_queries(8):  # the record, its end, the stage, a lock, a read, labels, a savepoint
            assert len(list(begun(aware, marketer).pieces)) == 2


# What is refused


def test_no_column_is_refused_and_nothing_is_kept(client, aware) -> None:
    contact_in(aware)
    response = client.post("/contacts/export?all=1", {"columns": []})
    assert response.status_code == 422
    assert "Choose at least one column." in response.text
    response = client.post("/contacts/export?all=1", {"columns": ["email", "password"]})
    assert response.status_code == 422
    assert "One of these columns is gone." in response.text
    assert response.context["form"]["columns"].value() == ["email", "password"]
    assert not Export.objects.exists()


def test_a_filter_that_means_nothing_exports_nobody(client, aware) -> None:
    contact_in(aware)
    response = client.post("/contacts/export?all=1&stage=999", {"columns": ["email"]})
    assert response.status_code == 422
    assert "That would be more people than were meant, so nobody is selected." in response.text
    assert not Export.objects.exists()


def test_nobody_selected_is_said(client, db: None) -> None:
    page = client.get("/contacts/export")
    assert page.status_code == 200
    assert "Nobody is selected" in page.text
    assert "Download CSV" not in page.text


def test_it_is_for_marketers(client_of, viewer, operator, marketer, aware) -> None:
    contact_in(aware)
    for member in (viewer, operator):
        client = client_of(member)
        assert "/contacts/export" not in client.get("/contacts").text
        for response in (client.get("/contacts/export?all=1"), client.post("/contacts/export?all=1")):
            assert response.status_code == 403
            assert "This needs the role Marketer." in response.text
    assert not Export.objects.exists()
    assert "/contacts/export" in client_of(marketer).get("/contacts").text


NAMES = {"email": "email", "name": "first_name"}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=acme", ["Ada", "Cem"]),
        ("stage={aware}", ["Ada", "Bo"]),
        ("stage={aware}&lost=yes", ["Cem"]),
        ("stage=none", ["Nils"]),
        ("lost=no", ["Ada", "Bo", "Nils"]),
        ("label={label}", ["Ada", "Cem"]),
        ("segment={segment}", ["Ada", "Bo"]),
        ("segment={segment}&q=acme&sort=-name&column=city", ["Ada"]),
        ("account_state=inactive", ["Cem"]),
        ("imported={run}-created", ["Bo", "Nils"]),
        ("imported={run}-created&segment={segment}", ["Bo"]),
    ],
)
def test_whatever_narrows_the_list_narrows_the_file(client, marketer, aware, query: str, names: list[str]) -> None:
    ada = contact_in(aware, first_name="Ada", company="Acme")
    cem = contact_in(aware, first_name="Cem", company="Acme", account_state="inactive")
    label = LabelFactory()
    put_on_label(contacts=[ada.pk, cem.pk], label=label, by=None, cause=Cause.MANUAL)
    of = imported("email,name\nb@example.com,Bo\nn@example.com,Nils\n", marketer, mapping=NAMES)
    standing(Contact.objects.get(first_name="Nils"), None)
    segment = segment_of(aware, marketer)
    filled = query.format(aware=aware.pk, label=label.pk, segment=segment.pk, run=of.run.pk)
    assert [row["First name"] for row in rows(asked(client, f"all=1&{filled}", "first_name"))] == names
    listed = client.get(f"/contacts?{filled}").context["page"].contacts
    assert sorted(contact.first_name for contact in listed) == names


def test_the_list_leads_to_its_own_filter(client, aware) -> None:
    contact_in(aware, first_name="Ana & Bo")
    page = client.get("/contacts", {"q": "Ana & Bo", "stage": aware.pk})
    link = f"/contacts/export?all=1&amp;q=Ana%20%26%20Bo&amp;stage={aware.pk}"
    assert f'href="{link}"' in page.text
    shown = client.get(link.replace("&amp;", "&"))
    assert "The 1 contact that matches" in shown.text
    assert f'action="{link}"' in shown.text


# There and back


def test_an_import_takes_every_cell_back(client, marketer, aware, tmp_path: Path) -> None:
    signs = ["=1+1", "+351 9", "-1", "@SUM(A1)", "＝1", "＋1", "－1", "＠1", "'=1", "'s-Gravenhage", "plain"]
    people = [contact_in(aware, email=f"p{n}@example.com", company=sign) for n, sign in enumerate(signs)]
    file = tmp_path / "contacts.csv"
    file.write_text(asked(client, "all=1", "email", "company", for_excel="on"), newline="")
    Contact.objects.update(company="")
    call_command(
        "import_contacts",
        str(file),
        by=marketer.email,
        mapping=["E-mail=email", "Company=company"],
        refused=tmp_path / "refused.csv",
    )
    kept = Contact.objects.order_by("pk").values_list("email", "company")
    assert list(kept) == [(person.email, sign) for person, sign in zip(people, signs, strict=True)]


def test_dates_are_read_back_to_the_second(client, marketer, aware, tmp_path: Path) -> None:
    seen = datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
    person = contact_in(aware, email="ana@example.com", last_open_at=seen)
    Organisation.objects.update(time_zone="Asia/Kolkata")
    file = tmp_path / "contacts.csv"
    file.write_text(asked(client, "all=1", "email", "last_open_at"), newline="")
    assert "2026-02-03 09:35:06" in file.read_text()
    Contact.objects.update(last_open_at=None)
    mapping = ["E-mail=email", "Last open=last_open_at"]
    call_command("import_contacts", str(file), by=marketer.email, mapping=mapping, refused=tmp_path / "refused.csv")
    assert Contact.objects.get(pk=person.pk).last_open_at == seen


# Several at once


@contextmanager
def others_holding(*locks: tuple[str, int]) -> Iterator[None]:
    """Other connections hold these locks."""
    with elsewhere() as there:
        for what, number in locks:
            there.do(run_sql, "SELECT pg_advisory_lock(hashtext(%s), %s::int)", what, number).result()
        yield
        there.do(run_sql, "SELECT pg_advisory_unlock_all()").result()


def test_a_person_takes_one_large_export_at_a_time(client, marketer, aware, monkeypatch) -> None:
    monkeypatch.setattr(actions, "LARGE", 2)
    contact_in(aware)
    with others_holding(("export by", marketer.pk)):
        assert asked(client, "all=1", "lost") == "Lost\r\nno\r\n"
        contact_in(aware)
        response = client.post("/contacts/export?all=1", {"columns": ["email"]})
    assert response.status_code == 409
    assert "Another export of yours goes on. Wait until it has arrived, or break it off." in response.text
    assert Export.objects.count() == 1


@pytest.mark.parametrize(("taken", "status"), [((0, 2), 200), ((0, 1, 2), 409)])
def test_all_people_together_take_three(client, aware, monkeypatch, taken: tuple[int, ...], status: int) -> None:
    monkeypatch.setattr(actions, "LARGE", 1)
    contact_in(aware)
    with others_holding(*(("large export", number) for number in taken)):
        response = client.post("/contacts/export?all=1", {"columns": ["email"]})
    assert response.status_code == status
    if response.streaming:
        assert b"".join(response.streaming_content) == b"E-mail\r\n" + Contact.objects.get().email.encode() + b"\r\n"
    else:
        assert "3 large exports go on just now. Try again in a minute. Nothing was exported." in response.text
    assert Export.objects.count() == (status == 200)
