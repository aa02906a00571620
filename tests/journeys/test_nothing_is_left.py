"""A thousand people come in by every door, are written about everywhere, and are erased: a dump holds no word of them.

Every column that can hold text stands in one of two tables below. A new one fails here until it is decided: either
people's words can come into it, and then this test brings some there and they have to be gone; or why they cannot.
"""

import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from axes.models import AccessLog
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.urls import reverse

from config.embedded import _programs_of_wheel
from config.team.models import TeamMember
from config.team.roles import Role
from contacts.causes import Cause
from contacts.models import Attribute, Contact, Note
from journeys.book.queries import ContactQuery
from journeys.exports.models import Export
from journeys.imports.models import ImportChunk
from journeys.rules.actions import keep_label_rule
from journeys.runs.actions import make_preview, start_run, work_on_run
from journeys.runs.models import Run, RunPreview
from journeys.runs.operations import Act, Operation, Selection
from journeys.status import actions as status
from journeys.status.models import StatusChange
from journeys.webforms.models import Submission
from journeys.webhooks.actions import turn_off
from journeys.webhooks.posting import Answer
from journeys.webhooks.sending import deliver_next
from stages.models import Stage
from tests.api.application import Application
from tests.factories import ContactFactory, LabelFactory, TeamMemberFactory
from tests.fixtures.people import signed_in_client
from tests.journeys.importing import do_import
from tests.journeys.telling import tell_all, webhook_at
from tests.journeys.web_forms import filled_in, web_form_asking
from tests.journeys.wizard import imported, taken

MANY = 1000

WORDS_COME_HERE = {
    "axes_accessattempt": {"get_data", "username", "user_agent"},
    "axes_accesslog": {"username"},
    "contacts_contact": {"attributes", "email", "external_id", "first_name", "last_name", "phone", "search"},
    "contacts_note": {"text"},
    "django_admin_log": {"object_repr"},
    "django_session": {"session_data"},
    "journeys_attempt": {"answer"},
    "journeys_export": {"words"},
    "journeys_import": {"name", "notes"},
    "journeys_importchunk": {"content"},
    "journeys_importedfields": {"after", "before"},
    "journeys_labelrule": {"note"},
    "journeys_refusedrow": {"cells", "reason"},
    "journeys_run": {"note", "words"},
    "journeys_runpreview": {"not_found", "note", "selection"},
    "journeys_submission": {"answers"},
    "team_keptanswer": {"answer"},
}

CODE = "a code of ours, from a list that is fixed"
NAMED = "named by the organisation, after no one person"
TEAM = "about a team member, or an application of theirs"
SECRET = "made by us at random, or a digest"
NUMBERS = "holds numbers"
OF_SIGN_IN = "about the request: fixed addresses of ours, and what a browser says of itself"
OF_FRAMEWORK = "written by Django or procrastinate about our code"

NO_WORDS_COME_HERE = {
    "axes_accessattempt": dict.fromkeys(("http_accept", "path_info"), OF_SIGN_IN)
    | {"post_data": "the names of fields; what stands in them is masked"},
    "axes_accessfailurelog": dict.fromkeys(("http_accept", "path_info", "user_agent"), OF_SIGN_IN)
    | {"username": "nothing is written here: AXES_ENABLE_ACCESS_FAILURE_LOG is off"},
    "axes_accesslog": dict.fromkeys(("http_accept", "path_info", "user_agent"), OF_SIGN_IN) | {"session_hash": SECRET},
    "auth_group": {"name": CODE},
    "auth_permission": dict.fromkeys(("codename", "name"), OF_FRAMEWORK),
    "contacts_attribute": {"type": CODE} | dict.fromkeys(("choices", "key", "name"), NAMED),
    "contacts_carriedlabel": {"cause": CODE},
    "contacts_contact": {"account_state": CODE}
    | dict.fromkeys(("city", "company", "country"), "goes with the row; a place or a company is nobody's name"),
    "contacts_formerlabel": dict.fromkeys(("colour", "name"), NAMED),
    "contacts_keptcolumns": {"columns": "codes of columns, and keys of attributes"},
    "contacts_label": dict.fromkeys(("colour", "name"), NAMED),
    "contacts_labelchange": {"cause": CODE},
    "django_admin_log": {"change_message": "the names of fields that were changed", "object_id": NUMBERS},
    "django_content_type": dict.fromkeys(("app_label", "model"), OF_FRAMEWORK),
    "django_migrations": dict.fromkeys(("app", "name"), OF_FRAMEWORK),
    "django_session": {"session_key": SECRET},
    "journeys_attempt": {"error": "a sentence of ours: journeys.webhooks.posting"},
    "journeys_bookmark": {"reader": CODE},
    "journeys_delivery": dict.fromkeys(("event", "state"), CODE),
    "journeys_campaign": {"state": CODE} | dict.fromkeys(("description", "name"), NAMED),
    "journeys_campaignarrival": {"how": CODE},
    "journeys_campaignmember": dict.fromkeys(("how", "left_because"), CODE),
    "journeys_campaignstep": dict.fromkeys(("branch", "kind", "unit", "when"), CODE) | {"name": NAMED},
    "journeys_campaignwatch": {"problem": "a sentence of ours: journeys.runs.failures", "seen": NUMBERS},
    "journeys_export": {"columns": "codes of columns: the fields of contacts, and keys of attributes"},
    "journeys_funnelflow": dict.fromkeys(("cause", "kind"), CODE),
    "journeys_funnelstatus": {"cause": CODE},
    "journeys_funneltotal": dict.fromkeys(("kind", "span"), CODE),
    "journeys_import": dict.fromkeys(("delimiter", "encoding", "state"), CODE)
    | dict.fromkeys(("digest", "fingerprint"), SECRET)
    | dict.fromkeys(("columns", "options"), "the names of columns, stages and labels, and codes of fields")
    | {"problem": "a sentence of ours: journeys.imports"},
    "journeys_lostreason": {"name": NAMED},
    "journeys_movementrule": dict.fromkeys(("cause", "onto_lost", "to_lower_weight"), CODE),
    "journeys_review": {"verdict": CODE},
    "journeys_run": dict.fromkeys(("kind", "state"), CODE)
    | {"operation": NUMBERS, "problem": "a sentence of ours: journeys.runs.failures"},
    "journeys_runoutcome": {"code": CODE},
    "journeys_runpreview": dict.fromkeys(("fates", "operation"), NUMBERS),
    "journeys_seal": {"digest": SECRET},
    "journeys_segment": dict.fromkeys(("conditions", "description", "name"), NAMED),
    "journeys_statuschange": {"cause": CODE, "database_user": "a role of the database server"},
    "journeys_submission": {"consent": NAMED, "refusal": CODE, "token": SECRET},
    "journeys_turn": {"outcome": CODE},
    "journeys_webform": {"slug": SECRET}
    | dict.fromkeys(("consent", "fields", "heading", "introduction", "name", "thanks", "thanks_address"), NAMED),
    "journeys_verification": {"offences": NUMBERS},
    "journeys_webhook": dict.fromkeys(("address", "description"), NAMED)
    | dict.fromkeys(("events", "off_reason"), CODE)
    | dict.fromkeys(("beginning", "former_seed", "seed"), SECRET),
    "oauth2_provider_accesstoken": dict.fromkeys(("resource", "scope", "token", "token_checksum"), SECRET),
    "oauth2_provider_application": dict.fromkeys(
        (
            *("algorithm", "allowed_origins", "authorization_grant_type", "client_id", "client_secret", "client_type"),
            *("name", "post_logout_redirect_uris", "redirect_uris", "registration_source"),
        ),
        TEAM,
    ),
    "oauth2_provider_devicegrant": dict.fromkeys(("client_id", "device_code", "scope", "status", "user_code"), SECRET),
    "oauth2_provider_grant": dict.fromkeys(
        (
            *("claims", "code", "code_challenge", "code_challenge_method", "nonce", "redirect_uri", "resource"),
            "scope",
        ),
        SECRET,
    ),
    "oauth2_provider_idtoken": {"scope": SECRET},
    "oauth2_provider_refreshtoken": dict.fromkeys(("resource", "token", "token_checksum"), SECRET),
    "procrastinate_jobs": {"args": "the number of a run, or a time", "lock": CODE, "queueing_lock": CODE}
    | dict.fromkeys(("queue_name", "task_name"), OF_FRAMEWORK),
    "procrastinate_periodic_defers": dict.fromkeys(("periodic_id", "task_name"), OF_FRAMEWORK),
    "stages_category": dict.fromkeys(("alias", "colour", "description", "title"), NAMED),
    "stages_stage": dict.fromkeys(("colour", "description", "name"), NAMED),
    "stages_stagerevision": dict.fromkeys(("colour", "name"), NAMED),
    "team_apiuse": {"caller": NUMBERS},
    "team_apitoken": dict.fromkeys(("digest", "name", "prefix", "scope"), TEAM),
    "team_mail": {"kind": CODE, "problem": "what a mail server said, without addresses: to the team alone"},
    "team_keptanswer": dict.fromkeys(("key", "request"), SECRET) | dict.fromkeys(("caller", "location"), NUMBERS),
    "team_organisation": dict.fromkeys(("name", "time_zone"), TEAM),
    "team_singleuselink": {"email": TEAM, "purpose": CODE} | dict.fromkeys(("digest", "seed"), SECRET),
    "team_teammember": dict.fromkeys(("email", "name", "password", "theme", "time_zone"), TEAM),
}

TEXT_TYPES = ("bpchar", "bytea", "json", "jsonb", "text", "tsvector", "varchar", "xml", "citext", "name")


def text_columns() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables "
            "USING (table_schema, table_name) WHERE table_schema = 'public' AND table_type = 'BASE TABLE' "
            "AND ltrim(udt_name, '_') = ANY (%s)",
            [list(TEXT_TYPES)],
        )
        return set(cursor.fetchall())


def test_every_column_that_can_hold_text_is_decided(db: None) -> None:
    hold = {(table, column) for table, names in WORDS_COME_HERE.items() for column in names}
    cannot = {(table, column) for table, reasons in NO_WORDS_COME_HERE.items() for column in reasons}
    assert hold & cannot == set()
    assert text_columns() == hold | cannot


@dataclass(frozen=True)
class Person:
    """Somebody whose name, address, phone and number nobody else has."""

    number: int

    @property
    def first(self) -> str:
        return f"Zoë{_letters(self.number)}"

    @property
    def last(self) -> str:
        return f"Quux{_letters(self.number)}"

    @property
    def email(self) -> str:
        return f"{_letters(self.number)}.quux@mail{self.number}.example"

    @property
    def phone(self) -> str:
        return f"+49 911 77{self.number:05}"

    @property
    def external_id(self) -> str:
        return f"ext-9{self.number:05}"

    @property
    def word(self) -> str:
        return f"passport{_letters(self.number)}"

    @property
    def everything(self) -> tuple[str, ...]:
        return (self.email, self.first, self.last, self.phone, self.external_id, self.word)


def _letters(number: int) -> str:
    return "".join("bcdfghklmn"[int(digit)] for digit in f"{number:05}")


class _TheirWords:
    """Names that a text is looked through for, all at once."""

    def __init__(self, people: list[Person]) -> None:
        self._all = {word.casefold() for person in people for word in person.everything}
        self._pattern = re.compile(
            r"\w+\.quux@mail\d+\.example|zoë\w+|quux[bcdfghklmn]+|\+49 911 \d+|ext-9\d+|passport\w+"
        )

    def found_in(self, text: str) -> set[str]:
        return {match[0] for match in self._pattern.finditer(text.casefold())} & self._all


def _signed_in(role: Role) -> tuple[TeamMember, Client]:
    member = TeamMemberFactory(name=f"Team {role.label}", role=role)
    return member, signed_in_client(member)


@pytest.mark.django_db(transaction=True)
def test_no_word_of_a_thousand_people_is_left(tmp_path: Path) -> None:
    people = [Person(number) for number in range(MANY)]
    words = _TheirWords(people)
    administrator, admin = _signed_in(Role.ADMINISTRATOR)
    marketer, browser = _signed_in(Role.MARKETER)
    customer = Stage.objects.get(name="Customer")

    _come_in(people, tmp_path, marketer, browser)
    kept = ContactFactory(first_name="Bo", last_name="Stays", email="bo@example.com")
    numbers = {person: Contact.objects.get(email=person.email).pk for person in people}
    assert len(set(numbers.values())) == MANY
    _are_written_about(people, numbers, kept, browser, admin, marketer)

    assert set(_in_columns(words)) == {(table, column) for table, names in WORDS_COME_HERE.items() for column in names}
    assert len(words.found_in(_dump())) == 6 * MANY

    _are_erased(people, numbers, admin, administrator)

    assert _in_columns(words) == {}
    assert words.found_in(_dump()) == set()
    assert [contact.email for contact in Contact.objects.all()] == [kept.email]
    gone = StatusChange.objects.filter(to_outside=True)
    assert set(gone.values_list("contact_id", "changed_by_id")) == {(pk, administrator.pk) for pk in numbers.values()}
    # what was said about others stays, without those who are gone
    assert Note.objects.get(contact=kept.pk).text == "A friend of (erased), reach her at (erased) or (erased)"
    assert Run.objects.get(stage=customer, kind="bulk").note == "Asked for by (erased)"
    assert Export.objects.get().words == "contacts found by “(erased)”"


def _come_in(people: list[Person], folder: Path, marketer: TeamMember, browser: Client) -> None:
    """Most by an import, some by the API, some by the form; some send a web form too."""
    Attribute.objects.create(name="Passport", key="passport")
    file = folder / "people.csv"
    lines = [f"{p.email},{p.first},{p.last},{p.phone},{p.external_id},{p.word}\n" for p in people[100:]]
    file.write_text("email,first,last,phone,id,passport\n" + "".join(lines))
    mapping = {
        "email": "email",
        "first": "first_name",
        "last": "last_name",
        "phone": "phone",
        "id": "external_id",
        "passport": "passport",
    }
    assert do_import(file, by=marketer, mapping=mapping).counts == (MANY - 100, 0, 0, 0)
    application = Application(marketer)
    for person in people[:25]:
        said = {
            "email": person.email,
            "first_name": person.first,
            "last_name": person.last,
            "phone": person.phone,
            "external_id": person.external_id,
            "attributes": {"passport": person.word},
        }
        added = application.call("POST", "/v1/contacts", said, **{"Idempotency-Key": f"came-{person.number}"})
        assert added.status_code == 201
    for person in people[25:50]:
        said = {"email": person.email, "firstname": person.first, "lastname": person.last, "phone": person.phone}
        assert application.post("/contacts/new", said).status_code == 201
        Contact.objects.filter(email=person.email).update(
            external_id=person.external_id, attributes={"passport": person.word}
        )
    passport = f"attribute_{Attribute.objects.get().pk}"
    for person in people[50:100]:
        sent = {
            "email": person.email,
            "first_name": person.first,
            "last_name": person.last,
            "phone": person.phone,
            "external_id": person.external_id,
            passport: person.word,
            "account_state": "active",
            "stage": "default",
        }
        response = browser.post(reverse("contacts:new_contact"), sent)
        assert response.status_code == 302, response.context["form"].errors
    form = web_form_asking("email", "first_name", "last_name", "phone", "attributes.passport", by=marketer)
    for person in people[100:200]:
        sent = {"email": person.email, "first_name": person.first, "last_name": person.last, "phone": person.phone}
        somewhere = Client(REMOTE_ADDR=f"192.0.2.{person.number}")
        assert filled_in(somewhere, form, **sent, **{passport: person.word}).status_code == 302
    assert Submission.objects.count() == 100


def _are_written_about(
    people: list[Person],
    numbers: dict[Person, int],
    kept: Contact,
    browser: Client,
    admin: Client,
    marketer: TeamMember,
) -> None:
    ida, eva, mia, tom = people[0], people[60], people[200], people[-1]
    customer = Stage.objects.get(name="Customer")

    for person in people[:20]:
        status.change_status(
            contacts=[numbers[person]],
            to=customer,
            cause=Cause.MANUAL,
            by=marketer,
            note=f"{person.first} {person.last} wrote from {person.email}",
        )
    about = f"A friend of {ida.first} {ida.last.upper()}, reach her at {ida.email} or 4991177{ida.number:05}"
    status.change_status(contacts=[kept.pk], to=customer, cause=Cause.MANUAL, by=marketer, note=about)

    # a bulk change by a pasted list, with a note; and a preview that nobody confirmed
    pasted = "\n".join([*(person.email for person in people[300:400]), tom.phone])
    sent = {"pasted": pasted, "act": "change_status", "stage": customer.pk, "note": f"Asked for by {mia.email}"}
    preview = browser.post(reverse("journeys:bulk_change"), sent)["Location"].partition("?")[0]
    assert browser.post(f"{preview}/start", {"typed": "101"}).status_code == 302
    _finish_runs()
    sent = {"pasted": f"{kept.email}\n{eva.first} {eva.last}", "act": "recover", "note": f"For {eva.email}"}
    browser.post(reverse("journeys:bulk_change"), sent)
    found = f"{reverse('journeys:bulk_change')}?all=1&q={ida.email}"
    for act in ("mark_lost", "activate"):
        browser.post(found, {"act": act})
    searched = RunPreview.objects.get(operation__act="activate")
    assert RunPreview.objects.get(operation__act="recover").not_found == [f"{eva.first} {eva.last}"]
    Run.objects.create(kind="bulk", words=f"1 contact found by “{ida.email}” made active", started_by=marketer)
    assert ida.email in json.dumps(searched.selection)

    keep_label_rule(
        label=LabelFactory(name="fair"),
        stage=customer,
        only_forward=False,
        leave_lost=False,
        note=f"{ida.first} {ida.last} asked for it",
        by=marketer,
    )
    # an export by a search; a message that nobody read; an edit in the admin; somebody who tries to sign in
    export = browser.post(f"{reverse('journeys:export_contacts')}?all=1&q={ida.email}", {"columns": ["email"]})
    assert b"".join(export.streaming_content) == f"E-mail\r\n{ida.email}\r\n".encode()
    address = reverse("contacts:edit_contact", args=[numbers[eva]])
    form = browser.get(address).context["form"]
    fields = {field.html_name: field.value() or "" for field in form} | {"city": "Oslo"}
    fields |= {field.html_initial_name: field.value() or "" for field in form}
    assert browser.post(address, fields).status_code == 302
    address = reverse("admin:contacts_contact_change", args=[numbers[mia]])
    form = admin.get(address).context["adminform"].form
    fields = {name: form.initial.get(name) or "" for name in form.fields if not name.endswith("_at")}
    fields["attributes"] = json.dumps(form.initial["attributes"])
    assert admin.post(address, {**fields, "city": "Oslo"}).status_code == 302
    _are_told_to_a_webhook(ida, numbers[ida], marketer)
    _are_in_files(tom, mia, marketer)
    stranger = Client(headers={"User-Agent": f"Mail of {tom.email}"})
    stranger.post(
        f"{reverse('team:sign_in')}?next=/contacts?q={ida.email}&ref={mia.email}",
        {"username": eva.email, "password": "guessed"},
    )
    AccessLog.objects.create(username=eva.email, ip_address="127.0.0.1", user_agent="", http_accept="", path_info="/")


def _are_told_to_a_webhook(person: Person, number: int, marketer: TeamMember) -> None:
    """Its receiver answers with their name, and so is an application that undoes what was done to who was searched."""
    webhook, _ = webhook_at(by=marketer)
    status.mark_lost(contacts=[number], reason=None, cause=Cause.MANUAL, by=marketer)
    tell_all()
    thanks = Answer(status=200, text=f"Thanks for {person.external_id}, our {person.first}")
    assert deliver_next(webhook.pk, by=lambda *args, **said: thanks) == thanks
    turn_off(webhook=webhook, by=marketer)
    preview = make_preview(
        operation=Operation(Act.RECOVER, Cause.BULK),
        selection=Selection(query=ContactQuery(search=person.email)),
        by=marketer,
    )
    run = start_run(preview=preview, by=marketer)
    _finish_runs()
    application = Application(marketer)
    undone = application.call("POST", f"/v1/runs/{run.pk}/undo", **{"Idempotency-Key": "undo"})
    assert person.email in undone.json()["words"]
    _finish_runs()


def _are_in_files(one: Person, other: Person, marketer: TeamMember) -> None:
    """An import changed one and refused a row of theirs; the other stands in a file that waits, named after them."""
    mapping = {"email": "email", "id": "external_id", "last": "last_name"}
    head, rest = "email,id,last\n", f"nobody,{one.external_id},{one.last}\n{one.email},ext-0,{one.last}\n"
    imported(f"{head}{one.email},{one.external_id},{one.last}-{one.first}\n{rest}", marketer, mapping=mapping)
    taken(f"{head}{other.email},,{other.last}\n", marketer, name=f"{other.email}.csv")


def _are_erased(people: list[Person], numbers: dict[Person, int], admin: Client, administrator: TeamMember) -> None:
    """Some one by one on screen, some by the API, most by a pasted list."""
    for person in people[:30]:
        response = admin.post(reverse("contacts:erase_contact", args=[numbers[person]]), {"sure": "on"})
        assert response.status_code == 302
    application = Application(administrator)
    for person in people[30:60]:
        assert application.delete(f"/contacts/{numbers[person]}/delete").status_code == 200
    pasted = "\n".join(person.email for person in people[60:])
    response = admin.post(
        reverse("journeys:bulk_change"), {"pasted": pasted, "act": "erase", "note": f"Also {people[70].email}"}
    )
    preview = response["Location"].partition("?")[0]
    assert "will be erased" in admin.get(preview).text
    assert admin.post(f"{preview}/start", {}).status_code == 422
    assert admin.post(f"{preview}/start", {"typed": "940"}).status_code == 302
    _finish_runs()
    run = Run.objects.get(kind=Run.Kind.ERASE)
    assert (run.state, run.updated, run.refused) == ("finished", 940, 0)


def _finish_runs() -> None:
    for run in Run.objects.filter(state=Run.State.RUNNING, slices__gt=0):
        while work_on_run(run=run.pk, seconds=60):
            pass


def _in_columns(words: _TheirWords) -> dict[tuple[str, str], set[str]]:
    """The words that each text column of the database holds; sessions and files as they are read."""
    found = {}
    for table, column in text_columns():
        if (table, column) == ("django_session", "session_data"):
            held = words.found_in("\n".join(map(_session, Session.objects.all())))
        elif (table, column) == ("journeys_importchunk", "content"):
            held = words.found_in("\n".join(bytes(piece.content).decode() for piece in ImportChunk.objects.all()))
        else:
            with connection.cursor() as cursor:
                cursor.execute(f'SELECT coalesce(string_agg("{column}"::text, chr(10)), \'\') FROM "{table}"')
                held = words.found_in(cursor.fetchone()[0])
        if held:
            found[table, column] = held
    return found


def _session(session: Session) -> str:
    """What a session holds; messages are JSON within its JSON."""
    data = session.get_decoded()
    return json.dumps({**data, "_messages": json.loads(data.get("_messages", "[]"))}, ensure_ascii=False)


def _dump() -> str:
    """A whole dump of the database, as a backup has it."""
    said = connection.settings_dict
    programs = Path(os.environ["POSTGRESQL_BIN"]) if "POSTGRESQL_BIN" in os.environ else _programs_of_wheel()
    environment = os.environ | {
        "PGHOST": said["HOST"],
        "PGPORT": str(said["PORT"]),
        "PGUSER": said["USER"],
        "PGPASSWORD": said["PASSWORD"],
    }
    command = [str(programs / "pg_dump"), "--no-owner", said["NAME"]]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
