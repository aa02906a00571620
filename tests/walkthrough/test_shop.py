"""docs/examples/shop.py against a live server, over a network that loses requests and answers."""

import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
import requests
from pytest_django.live_server_helper import LiveServer

from config.team.actions import create_token
from config.team.models import ApiToken, KeptAnswer, TeamMember
from contacts.causes import Cause
from contacts.labels.actions import create_label
from contacts.models import CarriedLabel, Contact
from journeys.review.models import Review
from journeys.status.actions import change_status, mark_lost
from journeys.status.models import StatusChange
from stages.models import Stage
from tests.conventions import ROOT
from tests.factories import contact_in
from tests.heart import assert_explained, moves


@pytest.fixture(scope="module")
def shop() -> ModuleType:
    spec = importlib.util.spec_from_file_location("shop", ROOT / "docs" / "examples" / "shop.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Network:
    """Sends requests on. Of each three, the first is lost, the second is done and its answer lost."""

    def __init__(self) -> None:
        self.sent = 0
        self.lost = 0

    def __call__(self, method: str, address: str, **said: Any) -> requests.Response:
        self.sent += 1
        if self.sent % 3 == 1:
            self.lost += 1
            raise requests.ConnectionError("the request was lost")
        answer = requests.request(method, address, **said)
        if self.sent % 3 == 2:
            self.lost += 1
            raise requests.ConnectionError("the answer was lost")
        return answer


Open = Callable[[Any], Any]


@pytest.fixture
def open_shop(live_server: LiveServer, shop: ModuleType, administrator: TeamMember) -> Open:
    """`open_shop(send)`: the shop with a token of its own, that does not really wait."""
    create_label(name="buyer", colour="#5b6270", by=administrator)
    _, secret = create_token(name="Shop", scope=ApiToken.Scope.WRITE, expires_at=None, by=administrator)
    return lambda send: shop.Shop(shop.Funnelbook(live_server.url, secret, send=send, sleep=lambda seconds: None))


def event(number: int, kind: str, email: str, order: str = "1042") -> dict[str, str]:
    return {"id": f"e-{number}", "kind": kind, "email": email, "order": order}


def test_a_purchase_and_a_refund_have_one_effect_each_however_often_they_come(
    open_shop: Open, operator: TeamMember, aware: Stage, loyal: Stage
) -> None:
    network = Network()
    shop = open_shop(network)
    known = contact_in(aware, cause=Cause.API, email="bo@example.com")
    further = contact_in(loyal, cause=Cause.API, email="cy@example.com")
    lost = contact_in(aware, cause=Cause.API, email="di@example.com")
    mark_lost(contacts=[lost.pk], reason=None, cause=Cause.MANUAL, by=operator)
    events = [
        event(1, "purchase", "ana@example.com"),
        event(1, "purchase", "ana@example.com"),
        event(2, "purchase", "bo@example.com"),
        event(3, "refund", "bo@example.com"),
        event(3, "refund", "bo@example.com"),
        event(4, "purchase", "cy@example.com"),
        event(5, "purchase", "di@example.com"),
        event(6, "refund", "ed@example.com"),
    ]
    said = [shop.handle(one) for one in events]
    assert said == [
        "ana@example.com is Customer now",
        "ana@example.com is Customer already",
        "bo@example.com is Customer now",
        "bo@example.com is Engaged now, and waits for review",
        "bo@example.com is no Customer, and stays",
        "cy@example.com is Loyal Customer already",
        "di@example.com is Customer now, and waits for review",
        "ed@example.com is no Customer, and stays",
    ]
    ana = Contact.objects.get(email="ana@example.com")
    assert moves(ana) == ["outside > Aware", "Aware > Customer"]
    assert moves(known) == ["outside > Aware", "Aware > Customer", "Customer > Engaged"]
    assert moves(further) == ["outside > Loyal Customer"]
    assert moves(lost)[-1] == "lost from Aware > Customer"
    assert Contact.objects.count() == 5
    assert KeptAnswer.objects.count() == 2  # two who were not in the book
    assert CarriedLabel.objects.count() == 4
    assert set(Review.objects.values_list("contact__email", "verdict")) == {
        ("bo@example.com", None),
        ("di@example.com", None),
    }
    assert network.lost > network.sent / 2
    assert_explained()


def test_whoever_was_moved_meanwhile_is_looked_at_again(
    open_shop: Open, operator: TeamMember, aware: Stage, loyal: Stage
) -> None:
    contact = contact_in(aware, cause=Cause.API, email="ana@example.com")
    meanwhile = [True]

    def send(method: str, address: str, **said: Any) -> requests.Response:
        if method == "PUT" and address.endswith("/status") and meanwhile.pop():
            meanwhile.append(False)
            change_status(contacts=[contact.pk], to=loyal, cause=Cause.MANUAL, by=operator)
        return requests.request(method, address, **said)

    assert (
        open_shop(send).handle(event(1, "purchase", "ana@example.com")) == "ana@example.com is Loyal Customer already"
    )
    assert moves(contact) == ["outside > Aware", "Aware > Loyal Customer"]


def test_what_funnelbook_refuses_is_said_and_not_sent_again(open_shop: Open, aware: Stage, customer: Stage) -> None:
    Stage.objects.filter(pk=customer.pk).update(is_published=False)
    contact_in(aware, cause=Cause.API, email="ana@example.com")
    sent: list[str] = []

    def send(method: str, address: str, **said: Any) -> requests.Response:
        sent.append(method)
        return requests.request(method, address, **said)

    said = open_shop(send).handle(event(1, "purchase", "ana@example.com"))
    assert said == "ana@example.com stays: Stage is missing or unpublished."
    assert sent == ["GET", "PUT", "GET", "PUT"]
    assert StatusChange.objects.count() == 1
