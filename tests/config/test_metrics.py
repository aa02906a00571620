"""/metrics: what whoever watches over an installation gets, and who gets nothing."""

import re

import pytest
from django.db import OperationalError
from django.test import Client

from config import metrics
from config.team.models import TeamMember
from contacts.causes import Cause
from journeys.integrity.models import Verification
from journeys.metrics.queries import Gauge
from journeys.status.actions import change_status, mark_lost
from journeys.webhooks.actions import send_test
from stages.models import Stage
from tests.factories import contact_in
from tests.journeys.telling import webhook_at

TOKEN = "a token of this test"


@pytest.fixture(autouse=True)
def token(settings) -> None:
    settings.METRICS_TOKEN = TOKEN


def ask(authorization: str = f"Bearer {TOKEN}", method: str = "get"):
    return getattr(Client(), method)("/metrics", headers={"Authorization": authorization, "host": "10.0.0.7"})


def numbers() -> dict[str, float]:
    answer = ask()
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    rows = [line.rpartition(" ") for line in answer.text.splitlines() if not line.startswith("#")]
    return {name.removeprefix("funnelbook_"): float(value) for name, _, value in rows}


def test_a_new_book(db: None) -> None:
    found = numbers()
    assert {name: found[name] for name in found if "database" not in name} == {
        **{
            f'contacts{{stage="{stage}",lost="{lost}"}}': 0
            for stage in ("", "Aware", "Engaged", "Customer", "Loyal Customer", "Promoter")
            for lost in ("no", "yes")
        },
        "jobs_waiting": 0,
        "jobs_failed": 0,
        "oldest_job_seconds": 0,
        "runs_working": 0,
        "runs_stopped": 0,
        "deliveries_waiting": 0,
        "deliveries_failed": 0,
        "review_waiting": 0,
        "changes_not_sealed": 0,
    }
    assert found["database_bytes"] > 1_000_000
    assert found["database_connections"] >= 1


def test_a_book_in_which_something_happens(aware: Stage, customer: Stage, administrator: TeamMember) -> None:
    contacts = [contact_in(aware).pk for _ in range(3)]
    change_status(contacts=contacts[:2], to=customer, cause=Cause.MANUAL, by=administrator)
    mark_lost(contacts=contacts[:1], reason=None, cause=Cause.MANUAL, by=administrator)
    webhook, _ = webhook_at(by=administrator)
    send_test(webhook=webhook, by=administrator)
    Verification.objects.create(seconds=1, offences={"dates_ascend": 4, "seals_fit": 3})
    found = numbers()
    assert found['contacts{stage="Aware",lost="no"}'] == 1
    assert found['contacts{stage="Customer",lost="no"}'] == found['contacts{stage="Customer",lost="yes"}'] == 1
    assert found["changes_not_sealed"] == 6
    assert found["deliveries_waiting"] == 1
    assert found["check_offences"] == 7
    assert 0 <= found["check_age_seconds"] < 600


def test_every_number_says_what_it_is(db: None) -> None:
    lines = ask().text.splitlines()
    told = [re.findall("# (HELP|TYPE) (funnelbook_[a-z_]+) (.+)", line)[0] for line in lines if line.startswith("#")]
    names = {re.match("funnelbook_[a-z_]+", line)[0] for line in lines if not line.startswith("#")}  # type: ignore[index]
    for word in ("HELP", "TYPE"):
        once = [name for kind, name, _ in told if kind == word]
        assert len(once) == len(set(once))
        assert names <= set(once)
    assert {meaning for kind, _, meaning in told if kind == "TYPE"} == {"gauge"}


def test_it_costs_four_queries(db: None, django_assert_num_queries) -> None:
    with django_assert_num_queries(4):
        ask()


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Bearer another", TOKEN, f"Basic {TOKEN}", "Bearer \xe9"]
)
def test_without_the_token_there_is_nothing(client_of, administrator: TeamMember, authorization: str) -> None:
    nothing = client_of(administrator).get("/no-such-page")
    found = client_of(administrator).get("/metrics", headers={"Authorization": authorization})
    assert (found.status_code, "funnelbook_" in found.text) == (nothing.status_code, False) == (404, False)


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer "])
def test_where_no_token_is_set_there_is_nothing(client_of, administrator, settings, authorization: str) -> None:
    settings.METRICS_TOKEN = ""
    assert client_of(administrator).get("/metrics", headers={"Authorization": authorization}).status_code == 404


def test_it_is_only_read(client_of, administrator: TeamMember) -> None:
    for method in ("post", "put", "delete"):
        answer = getattr(client_of(administrator), method)("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 404


def test_names_of_stages_are_escaped() -> None:
    lines = list(
        metrics.lines_of([Gauge("contacts", "Contacts.", 2, {"stage": 'a "b" \\ c\nd'}), Gauge("age", "Age.", None)])
    )
    assert lines == [
        "# HELP funnelbook_contacts Contacts.",
        "# TYPE funnelbook_contacts gauge",
        r'funnelbook_contacts{stage="a \"b\" \\ c\nd"} 2',
        "# HELP funnelbook_age Age.",
        "# TYPE funnelbook_age gauge",
    ]


def test_while_the_database_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError

    monkeypatch.setattr(metrics, "gauges", fail)
    assert ask().status_code == 503
