"""New import: the file is sent, and its columns come next; what is no CSV file is said beside the field or after it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from config.team.models import TeamMember
from contacts.models import Contact
from journeys.imports.models import Import, ImportChunk

PAGE = "/imports/new"


def file_of(content: bytes, name: str = "leads.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="text/csv")


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_it_needs_a_marketer(request, client_of, role: str) -> None:
    client = client_of(request.getfixturevalue(role))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"file": file_of(b"email\na@b.co\n")}).status_code == 403
    assert not Import.objects.exists()


def test_it_says_how_large_a_file_may_be_and_how_long_it_is_kept(client_of, marketer: TeamMember) -> None:
    text = client_of(marketer).get(PAGE).text
    assert "Up to 250 MB, in UTF-8, with one line of column names." in text
    assert "for 7 days at most if nobody goes on with it" in text


def test_a_file_is_kept_and_its_columns_come_next(client_of, marketer: TeamMember) -> None:
    response = client_of(marketer).post(PAGE, {"file": file_of(b"email\na@b.co\n")})
    asked = Import.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"/imports/{asked.pk}/columns")
    assert (asked.name, asked.made_by, asked.state, asked.records) == ("leads.csv", marketer, Import.State.READ, 1)
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ({}, "Choose a file."),
        ({"file": "no file at all"}, "Choose a file."),
        ({"file": file_of(b"")}, "The file is empty."),
    ],
)
def test_what_is_no_file_is_said_beside_the_field(client_of, marketer: TeamMember, sent: dict, error: str) -> None:
    response = client_of(marketer).post(PAGE, sent)
    assert response.status_code == 422
    assert response.context["form"].errors == {"file": [error]}
    assert not Import.objects.exists()


@pytest.mark.parametrize("in_memory", [1_000_000, 0])
def test_a_file_that_is_too_large_is_cut_off_and_refused(
    client_of, marketer: TeamMember, settings, in_memory: int
) -> None:
    settings.IMPORT_LARGEST_FILE = 100_000
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = in_memory
    response = client_of(marketer).post(PAGE, {"file": file_of(b"email\n" + b"a@b.co\n" * 100_000)})
    assert response.status_code == 422
    assert response.context["form"].errors == {
        "file": ["The file is larger than 97.7 KB. Cut it into several, each with its column names."]
    }
    assert in_memory or response.context["form"].files["file"].size < 300_000
    assert (Import.objects.count(), ImportChunk.objects.count()) == (0, 0)


def test_a_name_that_cannot_be_kept_is_kept_as_far_as_it_can(client_of, marketer: TeamMember) -> None:
    client_of(marketer).post(PAGE, {"file": file_of(b"email\na@b.co\n", "../../" + "ü" * 300 + ".csv")})
    assert Import.objects.get().name.endswith("ü.csv")
    assert "/" not in Import.objects.get().name
