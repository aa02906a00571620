"""Reports: which there are."""

from django.test import Client

from config.team.models import TeamMember
from journeys.reports.shown import reports_there_are


def test_every_report_is_there_with_its_question(client_of, viewer: TeamMember) -> None:
    client: Client = client_of(viewer)
    response = client.get("/reports")
    assert response.status_code == 200
    for link in reports_there_are():
        assert f'href="{link.address}"' in response.text
        assert link.report.question in response.text
        assert client.get(link.address).status_code == 200
