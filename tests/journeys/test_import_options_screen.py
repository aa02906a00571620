"""The options of an import: whom it adds or changes, who moves where, labels; then the whole file is checked."""

from typing import Any

import pytest

from config.team.models import TeamMember
from contacts.models import Contact, Label
from journeys.imports.models import Import
from journeys.imports.options import Does, ImportOptions, Key, OnEarlier, Whom
from journeys.runs.models import Run
from stages.models import Stage
from tests.factories import LabelFactory
from tests.journeys.wizard import asked_for, taken

CONTENT = "email,id,stage,since,tag\na@b.co,1,Aware,2024-02-01,web\nb@b.co,2,gold,2024-03-01,\nc@b.co,3,GOLD,,\n"
MATCHED = {"stage_column": "stage", "since_column": "since", "label_column": "tag", "makes_labels": False}


def page_of(asked: Import) -> str:
    return f"/imports/{asked.pk}/options"


def sent(form: Any, **changed: Any) -> dict[str, Any]:
    """The form as a browser sends it, but for what is changed; a box that is not ticked is not sent."""
    values = {bound.html_name: bound.value() for bound in form} | changed
    return {name: "on" if value is True else value for name, value in values.items() if value not in (False, None)}


def kept(asked: Import) -> ImportOptions:
    return ImportOptions.read(Import.objects.get(pk=asked.pk).options)


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_it_needs_a_marketer(request, client_of, marketer: TeamMember, role: str) -> None:
    asked = asked_for(CONTENT, marketer, **MATCHED)
    client = client_of(request.getfixturevalue(role))
    assert client.get(page_of(asked)).status_code == 403
    assert client.post(page_of(asked), {"does": "create"}).status_code == 403
    assert kept(asked).does is Does.BOTH


def test_before_its_columns_are_matched_there_is_nothing_to_choose(client_of, marketer: TeamMember) -> None:
    asked = taken(CONTENT, marketer)
    assert client_of(marketer).get(page_of(asked))["Location"] == f"/imports/{asked.pk}/columns"


def test_only_forward_is_preselected(client_of, marketer: TeamMember) -> None:
    form = client_of(marketer).get(page_of(asked_for(CONTENT, marketer, **MATCHED))).context["form"]
    assert (form["only_forward"].value(), form["on_earlier"].value(), form["does"].value()) == (True, "refuse", "both")


def test_what_is_wanted_is_kept_and_all_of_it_checked(client_of, marketer: TeamMember, aware: Stage) -> None:
    asked = asked_for(CONTENT, marketer, **MATCHED)
    client = client_of(marketer)
    form = client.get(page_of(asked)).context["form"]
    response = client.post(
        page_of(asked),
        sent(
            form,
            does="create",
            key="email",
            labels="spring\n  fair \nspring",
            makes_labels=True,
            labels_for="new",
            stage_for="new",
            only_forward=False,
            on_earlier="now",
            **{"stage-0": str(aware.pk)},
        ),
    )
    assert (response.status_code, response["Location"]) == (302, f"/imports/{asked.pk}/check")
    options = kept(asked)
    assert (options.does, options.key, options.labels) == (Does.CREATE, Key.EMAIL, ("spring", "fair"))
    assert (options.makes_labels, options.labels_for, options.stage_for) == (True, Whom.NEW, Whom.NEW)
    assert (options.backward, options.on_earlier, options.stage_names) == (True, OnEarlier.NOW, {"GOLD": aware.pk})
    assert (options.stage_column, options.since_column, options.label_column) == ("stage", "since", "tag")
    asked.refresh_from_db()
    assert (asked.state, asked.created, asked.refused) == (Import.State.CHECKED, 3, 0)
    assert (Contact.objects.count(), Label.objects.count(), Run.objects.count()) == (0, 0, 0)


# Stages


def test_unknown_names_of_stages_are_mapped_by_hand_and_never_made(client_of, marketer: TeamMember) -> None:
    asked = asked_for(CONTENT, marketer, **MATCHED)
    client = client_of(marketer)
    form = client.get(page_of(asked)).context["form"]
    assert form.unknown == {"stage-0": "GOLD"}
    assert [name for _, name in form.fields["stage-0"].choices][:3] == ["Refuse these rows", "Move nobody", "Aware"]
    client.post(page_of(asked), sent(form, makes_labels=True))
    asked.refresh_from_db()
    assert (asked.created, asked.refused) == (1, 2)
    client.post(page_of(asked), sent(form, makes_labels=True, **{"stage-0": "nobody"}))
    asked.refresh_from_db()
    assert (asked.created, asked.refused) == (3, 0)
    assert kept(asked).stage_names == {"GOLD": None}
    assert not Stage.objects.filter(name__iexact="gold").exists()
    assert client.get(page_of(asked)).context["form"]["stage-0"].value() == "nobody"


def test_a_closed_stage_is_a_name_to_be_mapped(client_of, marketer: TeamMember, aware: Stage) -> None:
    Stage.objects.filter(pk=aware.pk).update(is_published=False)
    form = client_of(marketer).get(page_of(asked_for(CONTENT, marketer, **MATCHED))).context["form"]
    assert list(form.unknown.values()) == ["Aware", "GOLD"]


def test_without_a_column_of_stages_one_is_chosen(client_of, marketer: TeamMember, customer: Stage) -> None:
    asked = asked_for("email,id\na@b.co,1\n", marketer, stage_for=Whom.NONE)
    client = client_of(marketer)
    form = client.get(page_of(asked)).context["form"]
    assert "on_earlier" not in form.fields
    assert form.unknown == {}
    response = client.post(page_of(asked), sent(form, stage_for="all"))
    assert (response.status_code, response.context["form"].errors) == (
        422,
        {"stage": ["Choose a stage, or say that nobody moves."]},
    )
    client.post(page_of(asked), sent(form, stage_for="all", stage=str(customer.pk)))
    assert (kept(asked).stage, kept(asked).stage_for) == ("Customer", Whom.ALL)
    assert client.get(page_of(asked)).context["form"]["stage"].value() == str(customer.pk)
    client.post(page_of(asked), sent(form, stage_for="none", stage=str(customer.pk)))
    assert (kept(asked).stage, kept(asked).stage_for) == (None, Whom.NONE)


@pytest.mark.parametrize(
    ("mapping", "is_asked"), [({"email": "email"}, False), ({"email": "email", "id": "external_id"}, True)]
)
def test_what_contacts_are_known_by_is_asked_where_both_are_there(
    client_of, marketer: TeamMember, mapping: dict[str, str], is_asked: bool
) -> None:
    asked = asked_for("email,id\na@b.co,1\n", marketer, mapping=mapping)
    assert ("key" in client_of(marketer).get(page_of(asked)).context["form"].fields) is is_asked


# Labels


def test_an_unknown_label_is_made_only_if_that_is_asked(client_of, marketer: TeamMember) -> None:
    LabelFactory(name="Fair")
    asked = asked_for("email,id\na@b.co,1\n", marketer, makes_labels=False, stage_for=Whom.NONE)
    client = client_of(marketer)
    form = client.get(page_of(asked)).context["form"]
    response = client.post(page_of(asked), sent(form, labels="fair\nspring\nsummer"))
    assert response.status_code == 422
    assert response.context["form"].errors == {
        "labels": ["There is no label “spring”, “summer”. Correct the name, or have it made: see the box below."]
    }
    assert response.context["form"]["labels"].value() == "fair\nspring\nsummer"
    assert client.post(page_of(asked), sent(form, labels="fair")).status_code == 302
    assert client.post(page_of(asked), sent(form, labels="fair\nspring", makes_labels=True)).status_code == 302
    assert set(Label.objects.values_list("name", flat=True)) == {"Fair"}


@pytest.mark.parametrize(
    ("changed", "errors"),
    [
        ({"does": "all"}, {"does": ["Select a valid choice. all is not one of the available choices."]}),
        ({"stage_for": ""}, {"stage_for": ["Say who moves."]}),
        ({"stage": "99"}, {"stage": ["This stage is closed by now. Choose another one."]}),
        ({"labels": "x" * 101}, {"labels": ["The name of a label has at most 100 characters."]}),
    ],
)
def test_what_does_not_go_is_said_beside_the_field(client_of, marketer: TeamMember, changed, errors) -> None:
    asked = asked_for("email,id\na@b.co,1\n", marketer, stage_for=Whom.NONE)
    client = client_of(marketer)
    form = client.get(page_of(asked)).context["form"]
    response = client.post(page_of(asked), sent(form, **changed))
    assert (response.status_code, response.context["form"].errors) == (422, errors)
    asked.refresh_from_db()
    assert asked.state == Import.State.READ
