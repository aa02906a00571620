"""The columns of an import: guessed, or as they were for the last file like it; dates asked for where two ways fit."""

from typing import Any

import pytest

from config.team.models import TeamMember
from contacts.models import Attribute
from journeys.imports.models import Import, ImportChunk
from journeys.imports.options import ImportOptions
from journeys.imports.wizard import actions
from tests.journeys.wizard import imported, taken

CONTENT = "E-Mail,First name,Since,Funnel stage,Notes\na@b.co,Ana,2024-02-01,Aware,x\nb@b.co,Bo,2024-03-01,Gold,\n"


def page_of(asked: Import) -> str:
    return f"/imports/{asked.pk}/columns"


def targets(form: Any) -> dict[str, str]:
    return {row.name: row.target.value() or "" for row in form.rows}


def sent(form: Any, **changed: str) -> dict[str, str]:
    """The form as a browser sends it, but for what is changed."""
    values = {bound.html_name: bound.value() or "" for bound in form}
    return values | {name.replace("_", "-"): value for name, value in changed.items()}


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_it_needs_a_marketer(request, client_of, marketer: TeamMember, role: str) -> None:
    asked = taken(CONTENT, marketer)
    client = client_of(request.getfixturevalue(role))
    assert client.get(page_of(asked)).status_code == 403
    assert client.post(page_of(asked), {"target-0": "email"}).status_code == 403
    asked.refresh_from_db()
    assert asked.options == {}


def test_columns_are_guessed_and_samples_shown(client_of, marketer: TeamMember) -> None:
    asked = taken(CONTENT, marketer)
    response = client_of(marketer).get(page_of(asked))
    assert response.status_code == 200
    assert targets(response.context["form"]) == {
        "E-Mail": "email",
        "First name": "first_name",
        "Since": "since",
        "Funnel stage": "stage",
        "Notes": "",
    }
    assert "<span>Ana</span><span>Bo</span>" in response.text
    assert "Dates like 2018-02-26" in response.text


def test_an_email_is_known_by_what_the_column_holds(client_of, marketer: TeamMember) -> None:
    asked = taken("who,name\na@b.co,Ana\nb@b.co,Bo\n", marketer)
    assert targets(client_of(marketer).get(page_of(asked)).context["form"]) == {"who": "email", "name": ""}


def test_attributes_are_guessed_by_name_and_key(client_of, marketer: TeamMember) -> None:
    Attribute.objects.create(name="Likes tea", key="likes-tea", type="yes_no")
    asked = taken("email,likes TEA\na@b.co,yes\n", marketer)
    form = client_of(marketer).get(page_of(asked)).context["form"]
    assert targets(form) == {"email": "email", "likes TEA": "attributes.likes-tea"}


def test_what_is_said_of_the_columns_is_kept(client_of, marketer: TeamMember) -> None:
    asked = taken(CONTENT, marketer)
    client = client_of(marketer)
    form = client.get(page_of(asked)).context["form"]
    response = client.post(page_of(asked), sent(form, overwrite_1="fill", target_4="company"))
    assert (response.status_code, response["Location"]) == (302, f"/imports/{asked.pk}/options")
    asked.refresh_from_db()
    options = ImportOptions.read(asked.options)
    assert options.mapping == {"E-Mail": "email", "First name": "first_name", "Notes": "company"}
    assert (options.stage_column, options.since_column, options.label_column) == ("Funnel stage", "Since", None)
    assert options.only_where_empty == ("First name",)
    assert (options.stage_for, options.makes_labels, options.backward) == ("all", False, False)
    again = client.get(page_of(asked)).context["form"]
    assert targets(again)["Notes"] == "company"
    assert again["overwrite-1"].value() == "fill"


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        (
            {"target_0": ""},
            {"__all__": ["Match a column to E-mail or External id: contacts are known by one of them."]},
        ),
        ({"target_4": "email"}, {"target-4": ["“E-Mail” is E-mail already. Leave one of them out."]}),
        (
            {"target_4": "nonsense"},
            {"target-4": ["Select a valid choice. nonsense is not one of the available choices."]},
        ),
        ({"target_4": "last_open_at"}, {"dates-4": ["Say how the dates of this column are written."]}),
    ],
)
def test_what_does_not_go_is_said_beside_the_column_and_nothing_is_lost(
    client_of, marketer: TeamMember, changed: dict[str, str], errors: dict[str, list[str]]
) -> None:
    asked = taken(CONTENT, marketer)
    client = client_of(marketer)
    form = client.get(page_of(asked)).context["form"]
    response = client.post(page_of(asked), sent(form, **changed, overwrite_1="fill"))
    assert (response.status_code, response.context["form"].errors) == (422, errors)
    assert response.context["form"]["overwrite-1"].value() == "fill"
    asked.refresh_from_db()
    assert asked.options == {}


# Dates


def test_one_format_is_asked_for_the_whole_column_where_two_fit(client_of, marketer: TeamMember) -> None:
    asked = taken("email,since\na@b.co,03/04/2024\nb@b.co,05/06/2024\n", marketer)
    client = client_of(marketer)
    form = client.get(page_of(asked)).context["form"]
    assert [key for key, _ in form.fields["dates-1"].choices] == ["", "dmy", "mdy"]
    response = client.post(page_of(asked), sent(form))
    assert response.context["form"].errors == {"dates-1": ["Say how the dates of this column are written."]}
    client.post(page_of(asked), sent(form, dates_1="mdy"))
    asked.refresh_from_db()
    assert asked.options["date_formats"] == {"since": "mdy"}


def test_a_day_above_twelve_decides(client_of, marketer: TeamMember) -> None:
    asked = taken("email,since\na@b.co,03/04/2024\nb@b.co,25/06/2024 14:30\n", marketer)
    client = client_of(marketer)
    response = client.get(page_of(asked))
    assert "dates-1" not in response.context["form"].fields
    assert "Dates like 26.02.2018" in response.text
    client.post(page_of(asked), sent(response.context["form"]))
    asked.refresh_from_db()
    assert asked.options["date_formats"] == {"since": "dmy"}


def test_a_column_that_is_left_out_is_not_asked_for_its_dates(client_of, marketer: TeamMember) -> None:
    asked = taken("email,since\na@b.co,03/04/2024\n", marketer)
    client = client_of(marketer)
    form = client.get(page_of(asked)).context["form"]
    assert client.post(page_of(asked), sent(form, target_1="")).status_code == 302


# What was matched before


def test_what_was_matched_before_is_offered_for_the_same_columns(client_of, marketer: TeamMember) -> None:
    first = imported(
        "who,what\na@b.co,Ana\n",
        marketer,
        mapping={"who": "email", "what": "company"},
        only_where_empty=("what",),
        labels=("spring",),
    )
    asked = taken("Who,WHAT\nb@b.co,Bo\n", marketer)
    client = client_of(marketer)
    response = client.get(page_of(asked))
    assert response.context["same"] == first
    assert targets(response.context["form"]) == {"Who": "email", "WHAT": "company"}
    client.post(page_of(asked), sent(response.context["form"]))
    asked.refresh_from_db()
    assert (asked.options["mapping"], asked.options["labels"]) == ({"Who": "email", "WHAT": "company"}, ["spring"])
    assert targets(client.get(f"{page_of(asked)}?afresh").context["form"]) == {"Who": "email", "WHAT": ""}


def test_other_columns_are_guessed_afresh(client_of, marketer: TeamMember) -> None:
    imported("who,what\na@b.co,Ana\n", marketer, mapping={"who": "email", "what": "company"})
    asked = taken("who,which\nb@b.co,Bo\n", marketer)
    response = client_of(marketer).get(page_of(asked))
    assert response.context["same"] is None
    assert targets(response.context["form"]) == {"who": "email", "which": ""}


def test_the_same_file_twice_is_said(client_of, marketer: TeamMember) -> None:
    first = imported("email\na@b.co\n", marketer, mapping={"email": "email"})
    response = client_of(marketer).get(page_of(taken("email\na@b.co\n", marketer)))
    assert response.context["twin"] == first
    assert "This very file was imported before" in response.text
    other = client_of(marketer).get(page_of(taken("email\nb@b.co\n", marketer)))
    assert other.context["twin"] is None


# A file that is not read, or not readable


def test_a_file_that_cannot_be_read_says_why(client_of, marketer: TeamMember) -> None:
    asked = taken('email\n"a@b.co\n', marketer)
    response = client_of(marketer).get(page_of(asked))
    assert response.status_code == 200
    assert "The row on line 2 has a quote that is not closed." in response.text
    assert "Windows-1252" not in response.text
    assert client_of(marketer).post(page_of(asked), {"target-0": "email"}).status_code == 200
    asked.refresh_from_db()
    assert asked.options == {}


def test_windows_1252_is_offered_with_samples_shown_both_ways(client_of, marketer: TeamMember) -> None:
    asked = taken("email,name\na@b.co,José\n".encode("cp1252"), marketer)
    client = client_of(marketer)
    assert "<td>José</td><td>Jos\ufffd</td>" in client.get(page_of(asked)).text
    response = client.post(f"/imports/{asked.pk}/encoding")
    assert (response.status_code, response["Location"]) == (302, page_of(asked))
    assert "<span>José</span>" in client.get(page_of(asked)).text
    client.post(f"/imports/{asked.pk}/encoding")
    asked.refresh_from_db()
    assert asked.state == Import.State.READ


def test_while_a_file_is_read_the_page_asks_again(client_of, marketer: TeamMember, monkeypatch) -> None:
    monkeypatch.setattr(actions, "SMALL_FILE", 0)
    asked = taken(CONTENT, marketer)
    client = client_of(marketer)
    part = {"HX-Request": "true", "HX-Target": "import-columns-form"}
    page = client.get(page_of(asked))
    assert "The file is being read." in page.text
    assert "Waiting for a worker." in page.text
    assert 'hx-trigger="every 1s"' in client.get(page_of(asked), headers=part).text
    actions.work_on_import(asked=asked.pk, should_stop=lambda: False)
    read = client.get(page_of(asked), headers=part).text
    assert "hx-trigger" not in read
    assert 'name="target-0"' in read


def test_an_import_that_was_dropped_is_gone(client_of, marketer: TeamMember) -> None:
    asked = taken(CONTENT, marketer)
    client = client_of(marketer)
    response = client.post(f"/imports/{asked.pk}/forget")
    assert (response.status_code, response["Location"]) == (302, "/imports")
    assert not ImportChunk.objects.exists()
    assert client.get(page_of(asked)).status_code == 404


def test_a_started_import_is_at_another_step(client_of, marketer: TeamMember) -> None:
    asked = imported("email\na@b.co\n", marketer, mapping={"email": "email"})
    client = client_of(marketer)
    for step in ("columns", "options", "check"):
        assert client.get(f"/imports/{asked.pk}/{step}")["Location"] == f"/imports/{asked.pk}"
    assert client.post(f"/imports/{asked.pk}/forget")["Location"] == "/imports"
    assert Import.objects.get(pk=asked.pk).state == Import.State.STARTED


def test_a_thousand_columns_are_shown_and_sent(client_of, marketer: TeamMember) -> None:
    names = ",".join(["email", *(f"c{number}" for number in range(999))])
    asked = taken(f"{names}\na@b.co{',1/2/2024' * 999}\n", marketer)
    client = client_of(marketer)
    form = client.get(page_of(asked)).context["form"]
    assert len(form.rows) == 1000
    assert client.post(page_of(asked), sent(form)).status_code == 302
