"""What tests are about: people, contacts, labels and stages."""

from datetime import datetime
from typing import Any

import factory
from django.contrib.auth.models import Group

from config.team.models import TeamMember
from config.team.roles import Role
from contacts.causes import Cause
from contacts.models import Contact, Label
from journeys.book import actions as book
from journeys.status import actions as status
from journeys.status.models import LostReason
from stages.models import Stage


class TeamMemberFactory(factory.django.DjangoModelFactory[TeamMember]):
    """A team member, `role=` included. Nobody's password is set: sign in with `client_of`."""

    class Meta:
        model = TeamMember
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Member {n}")
    email = factory.LazyAttribute(lambda member: f"{member.name.lower().replace(' ', '.')}@example.com")

    @factory.post_generation
    def role(self: TeamMember, create: bool, extracted: Role | None, **_: Any) -> None:  # type: ignore[misc]
        if extracted:
            self.groups.add(Group.objects.get(name=extracted.label))


class ContactFactory(factory.django.DjangoModelFactory[Contact]):
    """A contact that came now, as by a plain INSERT: the database gives it the default status."""

    class Meta:
        model = Contact

    email = factory.Sequence(lambda n: f"contact{n}@example.com")
    first_name = "Carla"
    last_name = factory.Sequence(lambda n: f"Contact {n}")


class LabelFactory(factory.django.DjangoModelFactory[Label]):
    class Meta:
        model = Label

    name = factory.Sequence(lambda n: f"label-{n}")


class StageFactory(factory.django.DjangoModelFactory[Stage]):
    class Meta:
        model = Stage

    name = factory.Sequence(lambda n: f"Stage {n}")
    weight = factory.Sequence(lambda n: 100 + n)


def contact_in(
    stage: Stage | None,
    *,
    since: datetime | None = None,
    lost: bool = False,
    lost_at: datetime | None = None,
    reason: LostReason | None = None,
    by: TeamMember | None = None,
    cause: Cause = Cause.MANUAL,
    **fields: Any,
) -> Contact:
    """A contact that came to stand in `stage` (None: in none) at `since`, and was marked lost there if `lost`.

    One row of history, and a second one if lost.
    """
    values = factory.build(dict, FACTORY_CLASS=_ContactFields, **fields)
    contact = book.add_contact(fields=values, stage=stage, since=since, by=by, cause=cause)
    if lost:
        dates = {contact.pk: lost_at} if lost_at else None
        status.mark_lost(contacts=[contact.pk], reason=reason, cause=cause, by=by, dates=dates)
    return contact


def standing(contact: Contact, stage: Stage | None, *, lost: bool = False, by: TeamMember | None = None) -> Contact:
    """Move a contact to `stage` by hand, and mark it lost there if `lost`."""
    status.change_status(contacts=[contact.pk], to=stage, cause=Cause.MANUAL, by=by, back_allowed=True)
    if lost:
        status.mark_lost(contacts=[contact.pk], reason=None, cause=Cause.MANUAL, by=by)
    return contact


class _ContactFields(factory.DictFactory):
    email = factory.Sequence(lambda n: f"person{n}@example.com")
    first_name = "Carla"
    last_name = factory.Sequence(lambda n: f"Person {n}")
