"""Settings → Checks: what must always hold, whether it did, and when that was looked at."""

import pytest
from django.utils import timezone
from django.utils.html import escape
from procrastinate.contrib.django.models import ProcrastinateJob

from journeys.integrity.actions import VERIFY
from journeys.integrity.invariants import PROMISES
from journeys.integrity.models import Seal, Verification
from tests.heart import as_owner

CHECKS = "/settings/checks"
HOLDING = dict.fromkeys(PROMISES, 0)


@pytest.mark.parametrize("role", ["viewer", "operator", "marketer"])
def test_it_needs_an_administrator(request, client_of, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    for response in (client.get(CHECKS), client.post(CHECKS)):
        assert response.status_code == 403
        assert "This needs the role Administrator." in response.text
    assert not ProcrastinateJob.objects.filter(task_name=VERIFY).exists()


def test_a_book_that_was_not_checked_yet(client_of, administrator) -> None:
    page = client_of(administrator).get(CHECKS).text
    assert "The book was not checked yet." in page
    assert page.count("not checked yet</span>") == len(PROMISES)
    assert all(escape(promise) in page for promise in PROMISES.values())


def test_a_book_in_which_all_holds(client_of, administrator) -> None:
    Verification.objects.create(seconds=1.25, offences=HOLDING)
    page = client_of(administrator).get(CHECKS).text
    assert "All hold" in page
    assert "in 1.3 seconds" in page
    assert (page.count(">Holds<"), page.count("Does not hold")) == (len(PROMISES), 0)


def test_what_does_not_hold_is_said_beside_its_promise(client_of, administrator) -> None:
    Verification.objects.create(seconds=1, offences=HOLDING)
    Verification.objects.create(seconds=1, offences=HOLDING | {"dates_ascend": 1204})
    page = client_of(administrator).get(CHECKS).text
    assert "Something does not hold" in page
    assert (page.count(">Holds<"), page.count(">Does not hold<")) == (len(PROMISES) - 1, 1)
    assert "1,204 ×" in page


def test_a_promise_that_is_new_since_the_last_check(client_of, administrator) -> None:
    Verification.objects.create(seconds=1, offences={})
    assert client_of(administrator).get(CHECKS).text.count("not checked yet</span>") == len(PROMISES)


def test_check_now_queues_one_check(client_of, administrator) -> None:
    client = client_of(administrator)
    for _ in range(2):
        response = client.post(CHECKS, follow=True)
        assert "A worker checks the book now." in response.text
    assert ProcrastinateJob.objects.filter(task_name=VERIFY).count() == 1
    assert not Verification.objects.exists()


def test_it_says_how_many_changes_are_sealed(client_of, administrator) -> None:
    client = client_of(administrator)
    assert "sealed" not in client.get(CHECKS).text.split("<table")[0]
    with as_owner():
        for number, rows in ((1, 1200), (2, 4)):
            Seal.objects.create(number=number, up_to=rows, rows=rows, digest=b"", sealed_at=timezone.now())
    assert "1,204 changes, sealed" in client.get(CHECKS).text
    assert "History intact" not in client.get(CHECKS).text
    Verification.objects.create(seconds=1, offences=HOLDING)
    assert "History intact: 1,204 changes, sealed" in client.get(CHECKS).text
    Verification.objects.create(seconds=1, offences=HOLDING | {"seals_fit": 1})
    assert "History intact" not in client.get(CHECKS).text


def test_it_says_whether_funnelbook_itself_could_alter_the_history(client_of, administrator) -> None:
    page = client_of(administrator).get(CHECKS).text
    assert "Funnelbook itself cannot alter the history" in page
    assert "Triggers only" not in page
    with as_owner():
        page = client_of(administrator).get(CHECKS).text
    assert "The history is kept by triggers alone" in page
    assert "Funnelbook itself cannot alter the history" not in page
