"""However a file is cut into batches, it makes of the book what its rows make one after the other; hypothesis tries."""

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.team.models import TeamMember
from contacts.models import Contact
from journeys.imports import actions
from journeys.imports.options import Does, ImportOptions, Key, OnEarlier, Whom
from journeys.imports.reading import inspect
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.factories import LabelFactory, contact_in
from tests.heart import assert_explained
from tests.journeys.importing import check, write

pytestmark = pytest.mark.django_db

COLUMNS = ("email", "id", "company", "state", "stage", "at", "label")
MAPPING = {"email": "email", "id": "external_id", "company": "company", "state": "account_state"}

rows = st.lists(
    st.tuples(
        st.sampled_from(["", "a@b.co", "A@b.co", "b@b.co", "c@b.co", "bad"]),
        st.sampled_from(["", "1", "2", "3"]),
        st.sampled_from(["", "Old", "New"]),
        st.sampled_from(["", "", "active", "inactive"]),
        st.sampled_from(["", "", "Aware", "Engaged", "Customer", "Promoter", "Gold"]),
        st.sampled_from(["", "2024-01-01", "2024-02-01", "2024-03-01"]),
        st.sampled_from(["", "", "web", "WEB", "fair"]),
    ),
    min_size=1,
    max_size=9,
)

options = st.builds(
    ImportOptions,
    mapping=st.just(MAPPING),
    only_where_empty=st.sampled_from([(), ("company",), ("company", "state", "email")]),
    does=st.sampled_from([Does.BOTH, *Does]),
    key=st.sampled_from([None, *Key]),
    labels_for=st.sampled_from([Whom.ALL, Whom.NEW]),
    makes_labels=st.booleans(),
    stage_for=st.sampled_from([Whom.ALL, *Whom]),
    stage_names=st.sampled_from([{}, {"gold": None}]),
    labels=st.sampled_from([(), ("all",)]),
    label_column=st.just("label"),
    stage_column=st.just("stage"),
    since_column=st.just("at"),
    on_earlier=st.sampled_from(list(OnEarlier)),
    backward=st.booleans(),
)


class _Undone(Exception):
    pass


def fill_the_book() -> None:
    aware = Stage.objects.get(name="Aware")
    contact_in(aware, email="a@b.co", external_id="1", company="Old")
    contact_in(None, email="b@b.co", account_state="inactive")
    contact_in(aware, external_id="3", lost=True)
    LabelFactory(name="Fair")
    Stage.objects.filter(name="Promoter").update(is_published=False)


def the_book() -> list[Any]:
    """Everybody, where they stand, what they carry and how they got there; without what differs from time to time."""
    contacts = Contact.objects.order_by("id")
    order = {contact.pk: number for number, contact in enumerate(contacts)}
    return [
        [
            (
                contact.email,
                contact.external_id,
                contact.company,
                contact.account_state,
                sorted(carried.label.name for carried in contact.carried_labels.select_related("label")),
            )
            for contact in contacts
        ],
        sorted(
            (order[change.contact_id], number, change.to_stage_id or 0, change.to_lost, change.cause, change.stated_at)
            for contact in order
            for number, change in enumerate(StatusChange.objects.filter(contact=contact).order_by("id"))
        ),
    ]


def imported(path: Path, asked: ImportOptions, by: TeamMember, batch: int) -> tuple[Any, list[int], list[Any]]:
    """What an import in batches of this size reports, refuses and makes of the book; all of it undone again."""
    refused: list[int] = []
    size, actions.BATCH = actions.BATCH, batch
    try:
        with transaction.atomic():
            checked = check(path, asked)
            run = actions.import_contacts(
                file=inspect(path),
                options=asked,
                by=by,
                refuse=lambda record, _: refused.append(record.line),
                progress=lambda _: None,
            )
            assert_explained()
            counts = (run.created, run.updated, run.unchanged, run.refused)
            assert (checked.counts, list(checked.refused)) == (counts, refused)
            book = the_book()
            raise _Undone
    except _Undone:
        return counts, refused, book
    finally:
        actions.BATCH = size


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows, asked=options, batch=st.sampled_from([2, 3, 4000]))
def test_batches_make_no_difference(
    rows: list[tuple[str, ...]], asked: ImportOptions, batch: int, marketer: TeamMember, tmp_path: Path
) -> None:
    path = write(tmp_path, "\n".join(",".join(row) for row in [COLUMNS, *rows]))
    with transaction.atomic():
        fill_the_book()
        one_by_one = imported(path, asked, marketer, 1)
        assert imported(path, asked, marketer, batch) == one_by_one
        transaction.set_rollback(True)
