"""Web forms for tests, and people who fill them in."""

from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from config.team.models import TeamMember
from config.team.roles import Role
from journeys.webforms.actions import Plan, create_web_form
from journeys.webforms.models import Asked, Submission, WebForm
from journeys.webforms.public.actions import Answer, submit_web_form
from journeys.webforms.public.tokens import new_token
from tests.factories import TeamMemberFactory

CAPTIONS = {"email": "E-mail", "first_name": "First name", "last_name": "Last name", "phone": "Phone"}


def web_form_asking(
    *fields: str, by: TeamMember | None = None, required: tuple[str, ...] = (), name: str = "Newsletter", **plan: Any
) -> WebForm:
    """An open web form that asks for these fields, the e-mail among them."""
    asks = [Asked(one, is_required=one == "email" or one in required) for one in fields]
    by = by or TeamMemberFactory(role=Role.MARKETER)
    return create_web_form(plan=Plan(name=name, asks=asks, **plan), by=by)


def submitted(form: WebForm, *, token: str = "t0", consent: str = "", **said: Any) -> Submission:
    """What somebody said in these fields, kept."""
    answers = [Answer(field, CAPTIONS.get(field, field), value) for field, value in said.items()]
    return submit_web_form(form=form, token=token, answers=answers, consent=consent, by=None)


def filled_in(client: Client, form: WebForm, *, token: str = "", **fields: Any) -> HttpResponse:
    """What the public page answers to whoever fills it in; with a token of a page of its own, unless one is given."""
    address = reverse("journeys:public_web_form", args=[form.slug])
    return client.post(address, {"token": token or new_token(form), **fields})
