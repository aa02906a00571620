"""Who exported what, for administrators."""

import pytest
from django.db import connection
from django.utils import timezone

from journeys.exports import queries
from journeys.exports.models import Export


def taken(by, **fields) -> Export:
    export = Export.objects.create(exported_by=by, words="contacts in Aware", columns=["email", "stage"])
    Export.objects.filter(pk=export.pk).update(**fields)
    return export


def test_it_says_who_took_whom_and_how_many(client_of, administrator, marketer) -> None:
    taken(marketer, ended_at=timezone.now(), rows=18_220, is_complete=True)
    page = client_of(administrator).get("/settings/exports")
    assert page.status_code == 200
    for words in ("Contacts in Aware", "2 columns", "Max Weber", "18,220"):
        assert words in page.text
    assert "broken off" not in page.text.split("<table", 1)[1]


def test_one_that_was_broken_off_says_so(client_of, administrator, marketer) -> None:
    taken(marketer, ended_at=timezone.now(), rows=2_000)
    assert 'up to 2,000<span class="second">broken off</span>' in client_of(administrator).get("/settings/exports").text


def test_one_whose_server_ended_is_not_going_on(client_of, administrator, marketer) -> None:
    export = taken(marketer)
    client = client_of(administrator)
    assert 'not known<span class="second">broken off</span>' in client.get("/settings/exports").text
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s), %s::int)", [queries.LOCK, export.pk])
    page = client.get("/settings/exports")
    assert "Going on" in page.text
    assert "broken off" not in page.text.split("<table", 1)[1]


def test_pages_lead_on_and_cost_the_same(
    client_of, administrator, marketer, monkeypatch, django_assert_num_queries
) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    exports = [taken(marketer) for _ in range(5)]
    client = client_of(administrator)
    page = client.get("/settings/exports")
    assert [row.export for row in page.context["page"].exports] == [exports[4], exports[3]]
    page = client.get(page.context["older"])
    assert [row.export for row in page.context["page"].exports] == [exports[2], exports[1]]
    page = client.get(page.context["newer"])
    assert [row.export for row in page.context["page"].exports] == [exports[4], exports[3]]
    for size in (1, 3):
        monkeypatch.setattr(queries, "PAGE", size)
        with django_assert_num_queries(2):
            queries.exports_page()


def test_an_empty_list_and_its_end_say_so(client_of, administrator, marketer) -> None:
    client = client_of(administrator)
    assert "Nobody has exported contacts yet" in client.get("/settings/exports").text
    first = taken(marketer)
    assert "No export is further on" in client.get(f"/settings/exports?older_than={first.pk}").text


@pytest.mark.parametrize("role", ["viewer", "operator", "marketer"])
def test_it_is_for_administrators(client_of, request, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    response = client.get("/settings/exports")
    assert response.status_code == 403
    assert "This needs the role Administrator." in response.text
    assert "/settings/exports" not in client.get("/account").text
