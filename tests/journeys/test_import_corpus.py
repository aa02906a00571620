"""Every hostile file of the corpus gets its verdict, and nothing is made that nobody asked for."""

from typing import Any

import pytest
from django.utils import timezone

from config.team.models import TeamMember
from contacts.models import Attribute, Contact, Label
from journeys.imports.models import Import
from journeys.imports.wizard.actions import work_on_import
from journeys.runs.models import Run
from stages.models import Stage
from tests.factories import LabelFactory
from tests.heart import assert_explained
from tests.journeys.corpus import READABLE, UNREADABLE
from tests.journeys.wizard import checked, counts_of, imported, refused_of, taken

pytestmark = pytest.mark.django_db

FIELDS = {
    "email": "email",
    "id": "external_id",
    "first": "first_name",
    "state": "account_state",
    "open": "last_open_at",
    "seats": "attributes.seats",
    "tea": "attributes.tea",
    "plan": "attributes.plan",
}


@pytest.fixture(autouse=True)
def book(db: None) -> None:
    """Promoter is closed, Loyal Customer retired; one label; three attributes."""
    Stage.objects.filter(name="Promoter").update(is_published=False)
    Stage.objects.filter(name="Loyal Customer").update(retired_at=timezone.now())
    LabelFactory(name="Fair")
    Attribute.objects.create(name="Seats", key="seats", type="number")
    Attribute.objects.create(name="Tea", key="tea", type="yes_no")
    Attribute.objects.create(name="Plan", key="plan", type="choice", choices=["Free", "Pro"])


def everything_that_is_never_made() -> tuple[int, int, int]:
    return Stage.objects.count(), Label.objects.count(), Attribute.objects.count()


def asked(content: str | bytes, by: TeamMember) -> dict[str, Any]:
    """What is asked of a file: its columns are what they are called, and labels are not made."""
    columns = taken(content, by).columns
    journey = {f"{name}_column": name for name in ("stage", "since", "label") if name in columns}
    return {"mapping": {name: FIELDS[name] for name in columns if name in FIELDS}, "makes_labels": False, **journey}


def test_there_are_enough_of_them() -> None:
    assert len(UNREADABLE) + len(READABLE) >= 100
    assert len(UNREADABLE) >= 35


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_cannot_be_read_is_refused_with_a_sentence(name: str, marketer: TeamMember) -> None:
    content, sentence = UNREADABLE[name]
    made = everything_that_is_never_made()
    refused = taken(content, marketer)
    work_on_import(asked=refused.pk, should_stop=lambda: False)  # a large one is left to a worker
    refused.refresh_from_db()
    assert (refused.state, refused.problem) == (Import.State.UNREADABLE, sentence)
    assert (Contact.objects.count(), Run.objects.count(), everything_that_is_never_made()) == (0, 0, made)


@pytest.mark.parametrize("name", READABLE)
def test_each_row_has_one_outcome_and_nothing_is_made_silently(name: str, marketer: TeamMember) -> None:
    content, counts, reasons = READABLE[name]
    made = everything_that_is_never_made()
    options = asked(content, marketer)
    check = checked(content, marketer, **options)
    assert (check.state, check.problem) == (Import.State.CHECKED, "")
    assert (counts_of(check), refused_of(check)) == (counts, reasons)
    assert Contact.objects.count() == 0
    done = imported(content, marketer, **options)
    assert (counts_of(done), refused_of(done)) == (counts, reasons)
    assert sum(counts) == done.records == done.run.records  # type: ignore[union-attr]
    assert (Contact.objects.count(), everything_that_is_never_made()) == (counts[0], made)
    assert_explained()


@pytest.mark.parametrize("name", [name for name, (_, counts, _) in READABLE.items() if counts[0] and not counts[1]])
def test_the_same_file_twice_is_unchanged_and_that_is_said_before(name: str, marketer: TeamMember) -> None:
    content, counts, reasons = READABLE[name]
    options = asked(content, marketer)
    imported(content, marketer, **options)
    before = list(Contact.objects.order_by("pk").values())
    again = checked(content, marketer, **options)
    assert counts_of(again) == (0, 0, counts[0] + counts[2], counts[3])
    assert refused_of(again).keys() == reasons.keys()
    done = imported(content, marketer, **options)
    assert counts_of(done) == counts_of(again)
    assert list(Contact.objects.order_by("pk").values()) == before
