"""Every report against a recount in plain Python: random pasts, any midnights, as recorded and as corrected."""

from collections import Counter

import pytest
from django.db import transaction
from hypothesis import given

from contacts.models import Label
from journeys.reports.queries import funnel_at, movements_between
from tests.factories import LabelFactory
from tests.heart import counts
from tests.journeys.report_oracle import Recount, live_through, moments, pasts

pytestmark = pytest.mark.django_db


@pytest.fixture
def label(db: None) -> Label:
    return LabelFactory(name="newsletter")


@given(past=pasts, first=moments, last=moments)
def test_the_funnel_and_what_moved(label: Label, past, first, last) -> None:
    with transaction.atomic():
        live_through(past, label)
        for as_corrected in (True, False):
            recount = Recount(as_corrected=as_corrected)
            for moment in (first, last, None):
                assert counts(funnel_at(moment, as_corrected=as_corrected)) == recount.funnel(moment)
            for end in (last, None):
                found = movements_between(first, end, as_corrected=as_corrected)
                counted = Counter((one.start, one.end, one.direction) for one in recount.changes(first, end))
                assert {(one.start, one.end, one.direction): one.count for one in found} == counted
        transaction.set_rollback(True)
