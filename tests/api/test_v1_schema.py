"""Requests made up from the OpenAPI description: no 5xx, nothing undocumented, nothing accepted that it refuses."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.api.v1.resources import api
from config.team.models import ApiToken, TeamMember
from config.team.roles import Role
from contacts.causes import Cause
from contacts.models import Attribute
from journeys.rules.models import LabelRule
from journeys.segments.models import Segment
from journeys.status.actions import change_status
from stages.models import Stage
from tests.api.application import Application
from tests.factories import LabelFactory, TeamMemberFactory, contact_in

MANY = settings.default.max_examples > 1000
generated = settings(
    max_examples=500 if MANY else 25,
    deadline=None,
    derandomize=not MANY,
    database=None,
    suppress_health_check=list(HealthCheck),
)
CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    negative_data_rejection,
]

schema = schemathesis.openapi.from_dict(json.loads(json.dumps(api.schema)))
schema.app = get_wsgi_application()
OPERATIONS = {one.ok().definition.raw["operationId"]: one.ok() for one in schema.get_all_operations()}


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """Requests run in the transaction of the test: its connection is not closed after each, as Django would."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def identities(db: None, aware: Stage, customer: Stage) -> list[str]:
    """A reader, somebody who works, and an administrator, in a book where there is something of each kind."""
    label = LabelFactory(name="vip")
    Attribute.objects.create(name="Seats", key="seats", type=Attribute.Type.NUMBER)
    administrator = TeamMemberFactory(role=Role.ADMINISTRATOR)
    LabelRule.objects.create(label=label, stage=customer, created_by=administrator)
    in_customer = [[{"field": "status", "operator": "is", "place": str(customer.pk)}]]
    Segment.objects.create(name="Customers", owner=administrator, is_for_all=True, conditions=in_customer)
    for _ in range(3):
        contact = contact_in(customer, cause=Cause.API)
        change_status(contacts=[contact.pk], to=aware, cause=Cause.API, by=administrator)
    members: list[tuple[TeamMember, ApiToken.Scope]] = [
        (TeamMemberFactory(role=Role.VIEWER), ApiToken.Scope.READ),
        (TeamMemberFactory(role=Role.MARKETER), ApiToken.Scope.WRITE),
        (administrator, ApiToken.Scope.ADMIN),
    ]
    return [Application(member, scope=scope).headers["Authorization"] for member, scope in members]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("name", OPERATIONS)
def test_no_request_breaks_an_operation(identities: list[str], name: str, mode: GenerationMode, settings: Any) -> None:
    settings.API_REQUESTS_A_MINUTE = 10_000_000
    turn = iter(range(10**9))

    @generated
    @given(case=OPERATIONS[name].as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case) -> None:
        authorization = identities[next(turn) % len(identities)]
        case.call_and_validate(checks=CHECKS, headers={"Authorization": authorization})

    send()
