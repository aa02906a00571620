"""The check of an import: how far it is, what it found, every refused row and why; and what starts the import."""

import pytest

from config.team.models import TeamMember
from contacts.models import Contact
from journeys.imports.models import Import
from journeys.imports.wizard import actions, queries
from journeys.runs.models import Run
from stages.models import Stage
from tests.factories import contact_in
from tests.journeys.wizard import asked_for, checked, imported

THREE = "email,id\na@b.co,1\nnobody,2\nc@b.co,3\n"


def page_of(asked: Import) -> str:
    return f"/imports/{asked.pk}/check"


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_it_needs_a_marketer(request, client_of, marketer: TeamMember, role: str) -> None:
    asked = checked(THREE, marketer)
    client = client_of(request.getfixturevalue(role))
    for address in (page_of(asked), f"/imports/{asked.pk}/refused.csv"):
        assert client.get(address).status_code == 403
    for address in (page_of(asked), f"/imports/{asked.pk}/start"):
        assert client.post(address).status_code == 403
    assert not Run.objects.exists()


def test_it_says_what_an_import_would_do(client_of, marketer: TeamMember) -> None:
    asked = checked(THREE, marketer)
    response = client_of(marketer).get(page_of(asked))
    assert [str(term) for term, _ in response.context["terms"]] == [
        "2 created",
        "0 updated",
        "0 unchanged",
        "1 refused",
    ]
    assert "Import 2 rows" in response.text
    assert "email: “nobody” is not an e-mail address." in response.text
    assert "would move a contact back" not in response.text
    assert [row.line for row in response.context["refused"]] == [3]
    assert not Contact.objects.exists()


def test_it_says_how_many_would_go_back(client_of, marketer: TeamMember, customer: Stage) -> None:
    contact_in(customer, email="a@b.co", external_id="1")
    asked = checked(THREE, marketer, stage="Aware")
    text = client_of(marketer).get(page_of(asked)).text
    assert "1 row would move a contact back. It is refused, because the import moves only forward." in text
    other = checked(THREE, marketer, stage="Aware", backward=True)
    text = client_of(marketer).get(page_of(other)).text
    assert "1 row would move a contact back. The import moves it." in text


def test_the_same_file_twice_would_change_nothing_and_that_is_said(client_of, marketer: TeamMember) -> None:
    first = imported("email,id\na@b.co,1\n", marketer)
    asked = checked("email,id\na@b.co,1\n", marketer)
    response = client_of(marketer).get(page_of(asked))
    assert response.context["twin"] == first
    assert [term.count for term, _ in response.context["terms"]] == [0, 0, 1, 0]
    assert "It would change nothing." in response.text
    assert "start-import" not in response.text


def test_refused_rows_are_shown_page_by_page(client_of, marketer: TeamMember, monkeypatch) -> None:
    monkeypatch.setattr(queries, "PAGE", 2)
    monkeypatch.setattr(queries.refused_page, "__kwdefaults__", {"after": None, "limit": 2})
    asked = checked("email\nx\ny\nz\n", marketer, mapping={"email": "email"})
    client = client_of(marketer)
    response = client.get(page_of(asked))
    assert [row.line for row in response.context["refused"]] == [2, 3]
    part = client.get(response.context["next"], headers={"HX-Request": "true", "HX-Target": "import-refused"})
    assert [row.line for row in part.context["refused"]] == [4]
    assert part.context["next"] == ""
    assert part.text.startswith('<section id="import-refused"')


def test_while_it_is_checked_the_page_asks_again(client_of, marketer: TeamMember, monkeypatch) -> None:
    monkeypatch.setattr(actions, "SMALL", 0)
    asked = asked_for(THREE, marketer)
    client = client_of(marketer)
    response = client.post(page_of(asked))
    assert (response.status_code, response["Location"]) == (302, page_of(asked))
    part = {"HX-Request": "true", "HX-Target": "import-check-report"}
    going = client.get(page_of(asked), headers=part).text
    assert 'hx-trigger="every 1s"' in going
    assert "start-import" not in going
    actions.work_on_import(asked=asked.pk, should_stop=lambda: False)
    done = client.get(page_of(asked), headers=part).text
    assert "hx-trigger" not in done
    assert "start-import" in done
    assert "The check is done." in done


def test_what_does_not_fit_any_more_is_said_and_checked_again(client_of, marketer: TeamMember, aware: Stage) -> None:
    asked = asked_for(THREE, marketer, stage="Aware")
    Stage.objects.filter(pk=aware.pk).update(name="Knows us")
    client = client_of(marketer)
    client.post(page_of(asked))
    assert "It could not be checked.</strong> There is no stage “Aware”." in client.get(page_of(asked)).text
    assert client.post(f"/imports/{asked.pk}/start")["Location"] == page_of(asked)
    assert not Run.objects.exists()
    Stage.objects.filter(pk=aware.pk).update(name="Aware")
    client.post(page_of(asked))
    assert "start-import" in client.get(page_of(asked)).text


def test_the_import_is_started_once_however_often_it_is_clicked(client_of, marketer: TeamMember) -> None:
    asked = checked(THREE, marketer)
    client = client_of(marketer)
    for _ in range(2):
        response = client.post(f"/imports/{asked.pk}/start")
        assert (response.status_code, response["Location"]) == (302, f"/imports/{asked.pk}")
    assert (Run.objects.count(), Contact.objects.count()) == (1, 2)


# The refused rows as a file


def test_refused_rows_come_as_a_file_that_can_be_imported(client_of, marketer: TeamMember) -> None:
    asked = checked('\ufeffemail;id\nnobody;"1;2"\nc@b.co;3\n'.encode(), marketer)
    response = client_of(marketer).get(f"/imports/{asked.pk}/refused.csv")
    assert response["Content-Disposition"] == 'attachment; filename="contacts-refused.csv"'
    content = b"".join(response.streaming_content).decode()  # type: ignore[arg-type]
    reason = "email: “nobody” is not an e-mail address."
    assert content == f'\ufeffrefused_line;refused_reason;email;id\r\n2;{reason};nobody;"1;2"\r\n'
    corrected = checked(content.replace(";nobody;", ";n@b.co;"), marketer)
    assert (corrected.created, corrected.refused) == (1, 0)


def test_rows_refused_again_have_their_new_line_and_reason(client_of, marketer: TeamMember) -> None:
    asked = checked("refused_line,refused_reason,email,id\n7,Bad.,nobody,1\n", marketer)
    response = client_of(marketer).get(f"/imports/{asked.pk}/refused.csv")
    assert b"".join(response.streaming_content).decode() == (  # type: ignore[arg-type]
        "refused_line,refused_reason,email,id\r\n2,email: “nobody” is not an e-mail address.,nobody,1\r\n"
    )
