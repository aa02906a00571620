"""Done inside the installation, by `manage.py shell`: a book, and a run over all of it."""

from django.contrib.auth.models import Group
from django.db import connection

from config.database_roles import as_owner
from config.team.models import TeamMember
from config.team.roles import Role
from contacts.causes import Cause
from contacts.models import Label
from journeys.book.queries import ContactQuery
from journeys.runs import actions, selections
from journeys.runs.operations import Act, Operation, Selection
from journeys.status.actions import change_status
from journeys.status.models import FunnelStatus
from stages.models import Stage

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
    'BEGIN PERFORM pg_sleep(seconds) FROM pace; RETURN NULL; END';
    CREATE TRIGGER slices_are_slow AFTER UPDATE ON journeys_funnelstatus
    FOR EACH STATEMENT EXECUTE FUNCTION slices_are_slow()
"""


def begin(*, contacts: int, slices: int, seconds_a_slice: float) -> None:
    """Fill an empty book and start a label rule over everybody in it, for a worker. Prints the number of the run.

    One of twenty has an inactive account, and is refused; one of ten is there already. From then on whatever changes
    statuses takes so many seconds longer before it commits, so that it can be hit.
    """
    selections.SLICE, actions.SMALL = contacts // slices, 0
    ana = TeamMember.objects.create_user("ana@example.com", name="Ana")
    ana.groups.add(Group.objects.get(name=Role.MARKETER.label))
    label = Label.objects.create(name="everybody")
    stages = {stage.name: stage for stage in Stage.objects.all()}
    with connection.cursor() as cursor:
        cursor.execute(_FILL, {"contacts": contacts, "label": label.pk})
    ids = list(FunnelStatus.objects.order_by("pk").values_list("pk", flat=True))
    change_status(contacts=ids, to=stages["Aware"], cause=Cause.IMPORT, by=None, keep_lost=True)
    change_status(contacts=ids[::10], to=stages["Customer"], cause=Cause.MANUAL, by=ana, keep_lost=True)
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(_SLOW, {"seconds": seconds_a_slice})
        cursor.execute("ANALYZE")
    rule = Operation(Act.CHANGE_STATUS, Cause.LABEL_RULE, stage=stages["Customer"].pk)
    everybody = Selection(query=ContactQuery(labels=(label.pk,)))
    run = actions.start_run(preview=actions.make_preview(operation=rule, selection=everybody, by=ana), by=ana)
    print(run.pk)
