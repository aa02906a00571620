"""On a disk that is nearly full no run and no import is begun: who would begin one is told, and nothing is written."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from config.team.actions import create_token
from config.team.models import ApiToken, TeamMember
from contacts.causes import Cause
from contacts.models import Contact
from journeys.imports.models import Import
from journeys.runs.actions import make_preview
from journeys.runs.models import Run, RunPreview
from journeys.runs.operations import Act, Operation, Selection
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.factories import contact_in
from tests.journeys.wizard import checked

SENTENCE = (
    "The disk of the database is nearly full: 499 MB are left, and 500 MB are needed. Nothing was started. "
    "An administrator has to make room; Settings → Health shows how much there is."
)


@pytest.fixture
def nearly_full(monkeypatch: pytest.MonkeyPatch):
    """`nearly_full()`: from then on."""

    def fill() -> None:
        monkeypatch.setattr("config.disk.is_embedded", lambda url: True)
        monkeypatch.setattr("config.disk.free_space", lambda: 500 * 1024 * 1024 - 1)

    return fill


def previewed(aware: Stage, customer: Stage, by: TeamMember) -> RunPreview:
    operation = Operation(Act.CHANGE_STATUS, Cause.BULK, stage=customer.pk)
    chosen = Selection(contacts=(contact_in(aware).pk,))
    return make_preview(operation=operation, selection=chosen, by=by)


def test_a_run_is_not_started_and_its_preview_stays(client_of, marketer, aware, customer, nearly_full) -> None:
    client = client_of(marketer)
    preview = previewed(aware, customer, marketer)
    before = StatusChange.objects.count()
    nearly_full()
    response = client.post(f"/previews/{preview.pk}/start", {"sure": "on", "number": preview.records})
    assert response.status_code == 507
    assert "<h1>The disk is nearly full</h1>" in response.text
    assert SENTENCE in response.text
    assert not Run.objects.exists()
    assert StatusChange.objects.count() == before
    assert client.get(f"/previews/{preview.pk}").status_code == 200


def test_with_htmx_it_is_said_on_the_page(client_of, marketer, aware, customer, nearly_full) -> None:
    client = client_of(marketer)
    preview = previewed(aware, customer, marketer)
    nearly_full()
    headers = {"HX-Request": "true"}
    response = client.post(f"/previews/{preview.pk}/start", {"sure": "on", "number": preview.records}, headers=headers)
    assert (response.status_code, response["HX-Retarget"]) == (507, "#messages")
    assert SENTENCE in response.text
    assert "<html" not in response.text


def test_a_file_is_not_taken(client_of, marketer, nearly_full) -> None:
    nearly_full()
    response = client_of(marketer).post("/imports/new", {"file": SimpleUploadedFile("a.csv", b"email\na@b.example\n")})
    assert response.status_code == 507
    assert SENTENCE in response.text
    assert not Import.objects.exists()


def test_an_import_is_not_started(client_of, marketer, nearly_full) -> None:
    asked = checked("email\nana@example.com\n", marketer, mapping={"email": "email"})
    nearly_full()
    response = client_of(marketer).post(f"/imports/{asked.pk}/start")
    assert response.status_code == 507
    asked.refresh_from_db()
    assert (asked.state, asked.run) == (Import.State.CHECKED, None)
    assert not Contact.objects.exists()


def test_nor_on_the_command_line(marketer, nearly_full, tmp_path: Path) -> None:
    nearly_full()
    (tmp_path / "a.csv").write_text("email\nana@example.com\n")
    given = ["--by", marketer.email, "--map", "email=email", "--refused", str(tmp_path / "refused.csv")]
    with pytest.raises(CommandError) as error:
        call_command("import_contacts", str(tmp_path / "a.csv"), *given, stdout=StringIO())
    assert str(error.value) == SENTENCE
    assert not Run.objects.exists()


def test_a_stage_is_not_retired(client_of, marketer, loyal, customer, nearly_full) -> None:
    contact_in(loyal)
    nearly_full()
    response = client_of(marketer).post(f"/stages/{loyal.pk}/retire", {"to": str(customer.pk)})
    assert response.status_code == 507
    loyal.refresh_from_db()
    assert loyal.retired_at is None
    assert not Run.objects.exists()


def test_an_application_is_told_with_a_code(client, marketer, aware, customer, nearly_full) -> None:
    contact = contact_in(aware)
    _, secret = create_token(name="shop", scope=ApiToken.Scope.WRITE, expires_at=None, by=marketer)
    nearly_full()
    response = client.post(
        "/api/v1/status/batch",
        {"contacts": [{"id": contact.pk}], "stage": "Customer"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "one"},
    )
    assert response.status_code == 507
    assert (response.json()["code"], response.json()["detail"]) == ("disk_nearly_full", SENTENCE)
    assert not Run.objects.exists()


def test_one_by_one_people_go_on(client_of, operator, aware, customer, nearly_full) -> None:
    contact = contact_in(aware)
    nearly_full()
    client_of(operator).post(
        f"/contacts/{contact.pk}/change-status", {"to": customer.pk, "signature": contact.status.signature}
    )
    contact.status.refresh_from_db()
    assert contact.status.stage == customer
