"""What a message says, in the words of the API. Read when it is sent: whoever was erased meanwhile is a number."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from config.team.models import TeamMember
from journeys.history.queries import ChangeInWords, PlaceThen, in_words
from journeys.runs.models import Run
from journeys.status.models import Direction, StatusChange
from journeys.webhooks.models import Delivery, Event, Webhook
from stages.models import Stage
from stages.queries import StageThen


def payload_of(delivery: Delivery) -> dict[str, Any]:
    """The body of a message. At most nine queries, however many changes it is about."""
    match delivery.event:
        case Event.TEST:
            return _message(Event.TEST, delivery.created_at, {"webhook": delivery.webhook_id})
        case Event.RUN_FINISHED if delivery.run:
            return _message(Event.RUN_FINISHED, delivery.run.finished_at or delivery.created_at, _run(delivery.run))
        case Event.RUN_CHANGES:
            changes = [_change(change) for change in in_words(changes_of(delivery))]
            return _message(Event.RUN_CHANGES, delivery.created_at, {"run": delivery.run_id, "changes": changes})
    (change,) = in_words(changes_of(delivery))
    return _change(change)


def changes_of(delivery: Delivery) -> Sequence[StatusChange]:
    """The status changes that a message tells, in order. One query."""
    changes = StatusChange.objects.filter(pk__gte=delivery.first_change, pk__lte=delivery.last_change)
    if delivery.event != Event.RUN_CHANGES:
        return list(changes)
    told = set(told_of_runs(delivery.webhook))
    return [change for change in changes.filter(run=delivery.run_id) if event_of(change) in told]


def contacts_of(delivery: Delivery) -> list[int]:
    """Whom a message is about; nobody in particular, where it is about a run. One query."""
    return [] if delivery.first_change is None else sorted({change.contact_id for change in changes_of(delivery)})


def told_of_runs(webhook: Webhook) -> list[str]:
    """The events that a webhook is told of in batches: erasures always, others where it wants the changes of runs."""
    return [event for event in webhook.events if webhook.wants_changes_of_runs or event == Event.CONTACT_ERASED]


def event_of(change: StatusChange) -> Event:
    """What a status change is told as. A new contact is told as that alone, with where it stands."""
    if change.from_outside:
        return Event.CONTACT_CREATED
    return Event.CONTACT_ERASED if change.to_outside else Event.STATUS_CHANGED


def _message(event: str, at: datetime, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": str(event), "timestamp": _moment(at), "data": data}


def _change(change: ChangeInWords) -> dict[str, Any]:
    row = change.change
    data = {
        "id": row.pk,
        "contact": row.contact_id,
        "external_id": change.contact.external_id if change.contact else None,
        "start": _place(change.start),
        "end": _place(change.end),
        "changed_at": _moment(row.changed_at),
        "recorded_at": _moment(row.recorded_at),
        "direction": None if row.direction is None else Direction(row.direction).label,
        "cause": row.cause,
        "changed_by": _person(change.by),
        "run": row.run_id,
        "stated_at": _moment(row.stated_at),
        "undoes": row.undoes_id,
        "review_needed": row.review_needed,
    }
    return _message(event_of(row), row.recorded_at, data)


def _place(place: PlaceThen) -> dict[str, Any]:
    return {
        "outside": place.outside,
        "stage": _stage(place.stage),
        "lost": place.lost,
        "lost_reason": place.lost_reason or None,
    }


def _run(run: Run) -> dict[str, Any]:
    return {
        "id": run.pk,
        "kind": run.kind,
        "state": run.state,
        "stage": _stage(run.stage),
        "records": run.records,
        "changed": run.created + run.updated,
        "unchanged": run.unchanged,
        "refused": run.refused,
        "forward": run.forward,
        "back": run.back,
        "undoes": run.undoes_id,
        "started_by": _person(run.started_by),
        "started_at": _moment(run.started_at),
        "finished_at": _moment(run.finished_at),
    }


def _stage(stage: Stage | StageThen | None) -> dict[str, Any] | None:
    return {"id": stage.pk, "name": stage.name} if stage else None


def _person(member: TeamMember | None) -> dict[str, Any] | None:
    return {"id": member.pk, "name": str(member)} if member else None


def _moment(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z") if at else None
