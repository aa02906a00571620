"""The page about our own API: every operation, an example of each, every code; for anybody."""

import json
from collections.abc import Callable

import pytest
from django.test import Client

from config.api.v1.resources import api
from config.team.models import TeamMember
from journeys.status.transitions import Refusal

DOCS = "/api/v1/docs"


@pytest.mark.parametrize("signed_in", [True, False])
def test_every_operation_and_every_code_is_on_the_page(
    client_of: Callable[[TeamMember], Client], viewer: TeamMember, signed_in: bool
) -> None:
    page = (client_of(viewer) if signed_in else Client()).get(DOCS).text
    for path, methods in api.schema["paths"].items():
        for one in methods.values():
            assert f'id="{one["operationId"]}"' in page
        assert f"</span> {path}</code>" in page
    for code in ("in_progress", "key_reused", *map(str, Refusal)):
        assert f'id="{code}"' in page
    assert ('class="side-nav"' in page) is signed_in


def test_the_description_is_served_to_anybody_and_holds_an_example_of_each_answer(db: None) -> None:
    described = Client().get("/api/v1/openapi.json").json()
    assert described == json.loads(json.dumps(api.schema))
    assert described["openapi"] == "3.1.0"
    for methods in described["paths"].values():
        for one in methods.values():
            assert one["x-role"] in ("Viewer", "Operator", "Marketer", "Administrator")
            for response in one["responses"].values():
                (content,) = response["content"].values()
                assert content["example"]


def test_every_body_refuses_what_it_does_not_know(db: None) -> None:
    schemas = api.schema["components"]["schemas"]
    bodies = {name: one["additionalProperties"] for name, one in schemas.items() if name.endswith("Said")}
    assert len(bodies) > 10
    assert set(bodies.values()) == {False}


def test_the_tokens_page_leads_here(client_of: Callable[[TeamMember], Client], viewer: TeamMember) -> None:
    assert f'href="{DOCS}"' in client_of(viewer).get("/settings/tokens").text
