"""Done inside the installation, by `manage.py shell`: a book, people who work in it, and a run over all others."""

import json
from typing import NamedTuple

from django.contrib.auth.models import Group
from django.db import connection

from config.database_roles import as_owner
from config.team.actions import create_token
from config.team.models import ApiToken, TeamMember
from config.team.roles import Role
from contacts.causes import Cause
from contacts.models import Contact, Label
from journeys.book.queries import ContactQuery
from journeys.runs import actions, selections
from journeys.runs.operations import Act, Operation, Selection
from journeys.status.actions import change_status
from journeys.status.models import FunnelStatus
from stages.models import Stage
from tests.faults.people import EMAIL, PASSWORD

_FILL = """
    INSERT INTO contacts_contact (external_id, account_state)
    SELECT 'F-' || number, CASE WHEN number %% 20 = 0 THEN 'inactive' ELSE 'active' END
    FROM generate_series(1, %(contacts)s) AS number;
    INSERT INTO contacts_carriedlabel (contact_id, label_id, since, cause)
    SELECT id, %(label)s, now(), 'import' FROM contacts_contact
"""

_SLOW = """
    CREATE TABLE pace AS SELECT %(seconds)s::float AS seconds;
    CREATE FUNCTION slices_are_slow() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
    'BEGIN IF EXISTS (SELECT FROM changed WHERE run_id IS NOT NULL OR cause = ''campaign'') THEN
         PERFORM pg_advisory_xact_lock_shared(4711, 1), pg_sleep(seconds) FROM pace;
     END IF; RETURN NULL; END';
    CREATE TRIGGER slices_are_slow AFTER UPDATE ON journeys_funnelstatus REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION slices_are_slow()
"""


def begin(*, contacts: int, slices: int, seconds_a_slice: float, of_people: int) -> None:
    """Fill an empty book and start a label rule over everybody in it, for a worker. Prints `begun`."""
    selections.SLICE, actions.SMALL = contacts // slices, 0
    book = fill(contacts=contacts, seconds_a_slice=seconds_a_slice, of_people=of_people)
    rule = Operation(Act.CHANGE_STATUS, Cause.LABEL_RULE, stage=book.stages["Customer"].pk)
    everybody = Selection(query=ContactQuery(labels=(book.label.pk,)))
    preview = actions.make_preview(operation=rule, selection=everybody, by=book.ana)
    print(begun(actions.start_run(preview=preview, by=book.ana).pk, book))


class Book(NamedTuple):
    """Who works in it, the label that everybody carries but those whom people move, and the stages by name."""

    ana: TeamMember
    label: Label
    stages: dict[str, Stage]
    theirs: list[int]


def fill(*, contacts: int, seconds_a_slice: float, of_people: int) -> Book:
    """Contacts that carry a label, and beside them so many that people move.

    Of those that carry it, one of twenty has an inactive account; one of ten is in Customer. From then on whatever a
    run or a campaign changes takes so many seconds longer before it commits, so that it can be hit.
    """
    ana = TeamMember.objects.create_user(EMAIL, PASSWORD, name="Ana")
    ana.groups.add(Group.objects.get(name=Role.MARKETER.label))
    label = Label.objects.create(name="everybody")
    stages = {stage.name: stage for stage in Stage.objects.all()}
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"contacts": contacts, "label": label.pk})
    ids = list(FunnelStatus.objects.order_by("pk").values_list("pk", flat=True))
    change_status(contacts=ids, to=stages["Aware"], cause=Cause.IMPORT, by=None, keep_lost=True)
    change_status(contacts=ids[::10], to=stages["Customer"], cause=Cause.MANUAL, by=ana, keep_lost=True)
    theirs = [contact.pk for contact in Contact.objects.bulk_create(Contact() for _ in range(of_people))]
    change_status(contacts=theirs, to=stages["Aware"], cause=Cause.IMPORT, by=None, keep_lost=True)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(_SLOW, {"seconds": seconds_a_slice})
        cursor.execute("ANALYZE")
    return Book(ana, label, stages, theirs)


def begun(number: int, book: Book) -> str:
    """As JSON: the number of what was begun (`run`), the `token` of an application, and the `contacts` of people."""
    _, token = create_token(name="journal", scope=ApiToken.Scope.WRITE, expires_at=None, by=book.ana)
    return json.dumps({"run": number, "token": token, "contacts": book.theirs})
