"""Two people, runs and account flips at the same contacts at the same time, on real connections."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction

from config.team.models import TeamMember
from config.team.roles import Role
from contacts.actions import put_on_label, take_off_label
from contacts.causes import Cause
from contacts.models import CarriedLabel, Contact, LabelChange, Note
from journeys.book import actions as book
from journeys.status import actions as status
from journeys.status.models import FunnelStatus, StatusChange
from journeys.status.transitions import Refusal
from stages.models import Stage
from tests.elsewhere import at_once, elsewhere
from tests.factories import LabelFactory, TeamMemberFactory, contact_in
from tests.heart import Signed, assert_explained, last_change, moves, rows_of_history, run_sql, status_of

pytestmark = pytest.mark.django_db(transaction=True)

MAY = datetime(2024, 5, 2, 9, 30, tzinfo=UTC)


@pytest.fixture
def stages(transactional_db: None) -> dict[str, Stage]:
    return {stage.name: stage for stage in Stage.objects.all()}


@pytest.fixture
def ana(transactional_db: None) -> TeamMember:
    return TeamMemberFactory(name="Ana", role=Role.OPERATOR)


@pytest.fixture
def olga(transactional_db: None) -> TeamMember:
    return TeamMemberFactory(name="Olga", role=Role.OPERATOR)


@pytest.fixture
def carla(stages: dict[str, Stage]) -> Contact:
    return contact_in(stages["Aware"], since=MAY)


@pytest.fixture
def lost_carla(stages: dict[str, Stage]) -> Contact:
    return contact_in(stages["Aware"], since=MAY, lost=True, lost_at=MAY)


@pytest.fixture
def crowd(stages: dict[str, Stage]) -> list[int]:
    """Six thousand contacts in Aware."""
    run_sql("INSERT INTO contacts_contact (external_id) SELECT 'C-' || number FROM generate_series(1, 6000) number")
    return list(Contact.objects.order_by("pk").values_list("pk", flat=True))


def change(contact: Contact | int, to: Stage | None, **options: Any) -> Callable[[], status.Outcome]:
    """A move by hand, ready to be called."""
    pk = contact if isinstance(contact, int) else contact.pk
    values = {"cause": Cause.MANUAL, "by": None, **options}
    return partial(status.change_status, contacts=[pk], to=to, **values)


def flip(contact: Contact, state: str) -> Callable[[], int]:
    return partial(run_sql, "UPDATE contacts_contact SET account_state = %s WHERE id = %s", state, contact.pk)


def retire(stage: Stage) -> int:
    return run_sql("UPDATE stages_stage SET retired_at = now() WHERE id = %s", stage.pk)


# Two team members, one contact


def test_two_members_moving_one_contact_make_one_row_each_in_order(
    carla: Contact, stages: dict[str, Stage], ana: TeamMember, olga: TeamMember
) -> None:
    with elsewhere() as first, elsewhere() as second:
        first.begin()
        first.do(change(carla, stages["Customer"], by=ana)).result()
        later = second.do(change(carla, stages["Promoter"], by=olga))
        assert second.has_to_wait()
        first.commit()
        assert later.result().changed == [carla.pk]
    assert moves(carla) == ["outside > Aware", "Aware > Customer", "Customer > Promoter"]
    by_ana, by_olga = StatusChange.objects.filter(contact=carla)[1:]
    assert (Signed.of(by_ana), Signed.of(by_olga)) == (Signed("manual", by=ana.pk), Signed("manual", by=olga.pk))
    assert by_olga.from_since == by_ana.changed_at < by_olga.changed_at
    assert status_of(carla).signature == 3
    assert_explained()


def test_the_second_finds_the_contact_where_the_first_moved_it(carla: Contact, stages: dict[str, Stage]) -> None:
    with elsewhere() as first, elsewhere() as second:
        first.begin()
        first.do(change(carla, stages["Customer"])).result()
        later = second.do(change(carla, stages["Customer"]))
        assert second.has_to_wait()
        first.commit()
        assert later.result().unchanged == [carla.pk]
    assert moves(carla) == ["outside > Aware", "Aware > Customer"]


def test_of_those_who_looked_at_the_same_moment_exactly_one_wins(carla: Contact, stages: dict[str, Stage]) -> None:
    for _ in range(10):
        seen, history = {carla.pk: status_of(carla).signature}, rows_of_history()
        here = status_of(carla).stage_id
        others = [stage for stage in stages.values() if stage.pk != here]
        outcomes = at_once(*(change(carla, stage, signatures=seen) for stage in others))
        assert sorted(len(outcome.changed) for outcome in outcomes) == [0, 0, 0, 1]
        refusals = [outcome.refusal for outcome in outcomes if not outcome.changed]
        assert refusals == [Refusal.CHANGED_MEANWHILE] * 3
        assert rows_of_history() == history + 1
    assert_explained()


def test_of_two_undos_one_wins(carla: Contact, stages: dict[str, Stage]) -> None:
    change(carla, stages["Customer"])()
    undo = partial(status.put_back, changes=[last_change(carla).pk], cause=Cause.UNDO, by=None)
    outcomes = at_once(undo, undo)
    assert sorted(len(outcome.changed) for outcome in outcomes) == [0, 1]
    assert {outcome.refusal for outcome in outcomes} == {None, Refusal.MOVED_SINCE}
    assert moves(carla) == ["outside > Aware", "Aware > Customer", "Customer > Aware"]
    assert_explained()


def test_an_undo_that_comes_too_late(carla: Contact, stages: dict[str, Stage]) -> None:
    change(carla, stages["Customer"])()
    mistake = last_change(carla).pk
    with elsewhere() as first, elsewhere() as second:
        first.begin()
        first.do(change(carla, stages["Promoter"])).result()
        undo = second.do(status.put_back, changes=[mistake], cause=Cause.UNDO, by=None)
        assert second.has_to_wait()
        first.commit()
        assert undo.result().refused == {Refusal.MOVED_SINCE: [carla.pk]}
    assert moves(carla)[-1] == "Customer > Promoter"
    assert_explained()


# Sets and single changes


def test_a_set_and_single_changes_at_once(crowd: list[int], stages: dict[str, Stage]) -> None:
    moved = partial(
        status.change_status, contacts=crowd, to=stages["Customer"], cause=Cause.LABEL_RULE, by=None, back_allowed=True
    )

    def singles(seed: int) -> int:
        chosen = Random(seed).sample(crowd, 60)
        return sum(len(change(contact, stages["Promoter"])().changed) for contact in chosen)

    outcome, *changed = at_once(moved, partial(singles, 1), partial(singles, 2), partial(singles, 3))
    assert sorted(outcome.changed) == crowd
    assert StatusChange.objects.filter(cause="label_rule").count() == 6000
    assert StatusChange.objects.filter(cause="manual").count() == sum(changed)
    assert_explained()


def test_overlapping_sets_and_statements_do_not_block_each_other_for_good(
    crowd: list[int], stages: dict[str, Stage]
) -> None:
    def some(seed: int) -> list[int]:
        return Random(seed).sample(crowd, 4000)

    to_customer = partial(
        status.change_status, contacts=some(1), to=stages["Customer"], cause=Cause.BULK, by=None, keep_lost=True
    )
    to_promoter = partial(
        status.change_status, contacts=some(2), to=stages["Promoter"], cause=Cause.BULK, by=None, keep_lost=True
    )
    lost = partial(status.mark_lost, contacts=some(3), reason=None, cause=Cause.BULK, by=None)
    inactive = partial(
        run_sql, "UPDATE contacts_contact SET account_state = 'inactive' WHERE id = ANY (%s)", sorted(some(4))
    )
    recovered = partial(status.recover, contacts=some(5), cause=Cause.BULK, by=None)
    outcomes = at_once(to_customer, to_promoter, lost, inactive, recovered)
    assert (len(outcomes[0].changed), len(outcomes[1].changed), outcomes[3]) == (4000, 4000, 4000)
    assert FunnelStatus.objects.filter(contact__account_state="inactive", lost_at=None).count() == 0
    assert_explained()


def test_undoing_a_set_while_some_of_it_moves_on(crowd: list[int], stages: dict[str, Stage]) -> None:
    status.change_status(contacts=crowd, to=stages["Customer"], cause=Cause.BULK, by=None)
    changes = list(StatusChange.objects.filter(cause="bulk").values_list("pk", flat=True))
    Random(1).shuffle(changes)
    moving_on = [change(contact, stages["Promoter"]) for contact in Random(2).sample(crowd, 100)]

    undone, moved = at_once(
        partial(status.put_back, changes=changes, cause=Cause.UNDO, by=None),
        lambda: [move().changed for move in moving_on],
    )
    assert all(moved)
    refused = undone.refused.get(Refusal.MOVED_SINCE, [])
    assert sorted([*undone.changed, *refused]) == crowd
    assert FunnelStatus.objects.filter(cause="undo").count() + 100 == 6000
    assert_explained()


# Account flips and recovering


def test_an_account_made_inactive_while_somebody_recovers_is_lost_in_the_end(lost_carla: Contact) -> None:
    with elsewhere() as recovering, elsewhere() as flipping:
        recovering.begin()
        recovering.do(status.recover, contacts=[lost_carla.pk], cause=Cause.MANUAL, by=None).result()
        flipped = flipping.do(flip(lost_carla, "inactive"))
        assert flipping.has_to_wait()
        recovering.commit()
        flipped.result()
    assert moves(lost_carla)[-2:] == ["lost from Aware > Aware", "Aware > lost from Aware"]
    assert Signed.of(last_change(lost_carla)) == Signed("account_inactive")
    assert_explained()


def test_recovering_while_the_account_is_made_inactive_is_refused(lost_carla: Contact) -> None:
    with elsewhere() as flipping, elsewhere() as recovering:
        flipping.begin()
        flipping.do(flip(lost_carla, "inactive")).result()
        recovered = recovering.do(status.recover, contacts=[lost_carla.pk], cause=Cause.MANUAL, by=None)
        assert recovering.has_to_wait()
        flipping.commit()
        assert recovered.result().refused == {Refusal.ACCOUNT_INACTIVE: [lost_carla.pk]}
    assert moves(lost_carla)[1:] == ["Aware > lost from Aware"]
    assert_explained()


def test_sql_that_recovers_while_the_account_is_made_inactive(lost_carla: Contact) -> None:
    recover = "UPDATE journeys_funnelstatus SET lost_at = NULL"
    with elsewhere() as recovering, elsewhere() as flipping:
        recovering.begin()
        recovering.do(run_sql, recover).result()
        flipped = flipping.do(flip(lost_carla, "inactive"))
        assert flipping.has_to_wait()
        recovering.commit()
        flipped.result()
    assert moves(lost_carla)[-1] == "Aware > lost from Aware"
    assert_explained()


def test_flips_and_recoveries_in_any_order(stages: dict[str, Stage]) -> None:
    people = [contact_in(stages["Aware"], lost=True) for _ in range(20)]

    def flips(seed: int) -> None:
        random = Random(seed)
        for _ in range(60):
            flip(random.choice(people), random.choice(["active", "inactive"]))()

    def recoveries(seed: int) -> None:
        random = Random(seed)
        for _ in range(60):
            status.recover(contacts=[random.choice(people).pk], cause=Cause.MANUAL, by=None, note="Is back")

    def by_hand(seed: int) -> None:
        random = Random(seed)
        for _ in range(30):
            state = {"account_state": random.choice(["active", "inactive"])}
            book.change_contact(contact=random.choice(people), fields=state, by=None)

    at_once(partial(flips, 1), partial(recoveries, 2), partial(recoveries, 3), partial(by_hand, 4))
    assert FunnelStatus.objects.filter(contact__account_state="inactive", lost_at=None).count() == 0
    assert_explained()


# A stage is retired while contacts move


def test_retiring_waits_for_moves_that_are_under_way(carla: Contact, stages: dict[str, Stage]) -> None:
    with elsewhere() as moving, elsewhere() as retiring:
        moving.begin()
        moving.do(change(carla, stages["Customer"])).result()
        retired = retiring.do(retire, stages["Customer"])
        assert retiring.has_to_wait()
        moving.commit()
        retired.result()
    assert moves(carla)[-1] == "Aware > Customer"
    assert change(contact_in(stages["Aware"]), stages["Customer"])().refusal is Refusal.RETIRED_STAGE


def move(contact: Contact, stages: dict[str, Stage]) -> status.Outcome:
    return change(contact, stages["Aware"])()


def recover(contact: Contact, stages: dict[str, Stage]) -> status.Outcome:
    return status.recover(contacts=[contact.pk], cause=Cause.MANUAL, by=None)


def put_back(contact: Contact, stages: dict[str, Stage]) -> status.Outcome:
    return status.put_back(changes=[last_change(contact).pk], cause=Cause.UNDO, by=None)


@pytest.mark.parametrize("action", [move, recover, put_back])
def test_nobody_enters_a_stage_that_is_being_retired(
    lost_carla: Contact, stages: dict[str, Stage], action: Callable
) -> None:
    with elsewhere() as retiring, elsewhere() as moving:
        retiring.begin()
        retiring.do(retire, stages["Aware"]).result()
        moved = moving.do(action, lost_carla, stages)
        assert moving.has_to_wait()
        retiring.commit()
        assert moved.result().refused == {Refusal.RETIRED_STAGE: [lost_carla.pk]}
    assert moves(lost_carla)[1:] == ["Aware > lost from Aware"]
    assert_explained()


def test_nobody_is_added_to_a_stage_that_is_being_retired(stages: dict[str, Stage]) -> None:
    with elsewhere() as retiring, elsewhere() as adding:
        retiring.begin()
        retiring.do(retire, stages["Customer"]).result()
        added = adding.do(book.add_contact, fields={}, stage=stages["Customer"], by=None, cause=Cause.MANUAL)
        assert adding.has_to_wait()
        retiring.commit()
        with pytest.raises(status.MoveRefused, match="Stage is missing or unpublished"):
            added.result()
    assert Contact.objects.count() == 0


def test_retiring_does_not_fail_a_set(crowd: list[int], stages: dict[str, Stage]) -> None:
    moved = partial(status.change_status, contacts=crowd, to=stages["Customer"], cause=Cause.BULK, by=None)
    outcome, _ = at_once(moved, partial(retire, stages["Customer"]))
    refused = outcome.refused.get(Refusal.RETIRED_STAGE, [])
    assert sorted([*outcome.changed, *refused]) == crowd
    assert FunnelStatus.objects.filter(stage=stages["Customer"]).count() == len(outcome.changed)
    assert_explained()


# Erasing


@pytest.mark.parametrize("note", ["", "Words about Carla"])
@pytest.mark.parametrize("undoes", [False, True])
def test_erasing_waits_for_a_move_that_is_under_way(
    carla: Contact, stages: dict[str, Stage], ana: TeamMember, note: str, undoes: bool
) -> None:
    change(carla, stages["Customer"])()
    undo = partial(status.put_back, changes=[last_change(carla).pk], cause=Cause.UNDO, by=None, note=note)
    with elsewhere() as moving, elsewhere() as erasing:
        moving.begin()
        moving.do(undo if undoes else change(carla, stages["Promoter"], note=note)).result()
        erased = erasing.do(book.erase_contacts, contacts=[carla.pk], by=ana)
        assert erasing.has_to_wait()
        moving.commit()
        assert erased.result() == [carla.pk]
    there = "Aware" if undoes else "Promoter"
    assert moves(carla)[2:] == [f"Customer > {there}", f"{there} > outside"]
    assert Signed.of(last_change(carla)) == Signed("erased", by=ana.pk)
    assert Note.objects.count() == 0
    assert_explained()


@pytest.mark.parametrize("note", ["", "Words about Carla"])
@pytest.mark.parametrize("by_sql", [False, True])
def test_moving_who_is_being_erased_finds_nobody(
    carla: Contact, stages: dict[str, Stage], note: str, by_sql: bool
) -> None:
    change(carla, stages["Customer"])()
    mistake = last_change(carla).pk
    with elsewhere() as erasing, elsewhere() as moving, elsewhere() as undoing:
        erasing.begin()
        if by_sql:
            erasing.do(run_sql, "DELETE FROM contacts_contact").result()
        else:
            erasing.do(book.erase_contacts, contacts=[carla.pk], by=None).result()
        moved = moving.do(change(carla, stages["Promoter"], note=note))
        undone = undoing.do(status.put_back, changes=[mistake], cause=Cause.UNDO, by=None, note=note)
        assert moving.has_to_wait() and undoing.has_to_wait()
        erasing.commit()
        assert moved.result().refused == undone.result().refused == {Refusal.NOT_IN_THE_BOOK: [carla.pk]}
    assert moves(carla)[2:] == ["Customer > outside"]
    assert Note.objects.count() == 0
    assert_explained()


def test_erasing_and_moving_with_notes_never_wait_for_each_other(crowd: list[int], stages: dict[str, Stage]) -> None:
    people = crowd[:60]

    def moving(seed: int) -> None:
        random = Random(seed)
        for _ in range(40):
            some = random.sample(people, 5)
            to = random.choice(list(stages.values()))
            status.change_status(contacts=some, to=to, cause=Cause.BULK, by=None, note="Words", back_allowed=True)

    def erasing() -> None:
        random = Random(9)
        for _ in range(15):
            book.erase_contacts(contacts=random.sample(people, 3), by=None)

    def flipping() -> None:
        random = Random(8)
        for _ in range(40):
            run_sql(
                "UPDATE contacts_contact SET account_state = %s WHERE id = %s",
                random.choice(["active", "inactive"]),
                random.choice(people),
            )

    at_once(partial(moving, 1), partial(moving, 2), erasing, flipping)
    assert Contact.objects.count() < 6000
    assert not Note.objects.exclude(contact__in=Contact.objects.all()).exists()
    assert_explained()


# Labels


def test_putting_on_and_taking_off_at_once(crowd: list[int], ana: TeamMember) -> None:
    label, people = LabelFactory(), crowd[:500]
    off = partial(take_off_label, contacts=list(reversed(people)), label=label, by=ana, cause=Cause.MANUAL)
    on = partial(put_on_label, contacts=people, label=label, by=ana, cause=Cause.MANUAL)
    on()
    at_once(off, on, off, on)
    put, taken = (LabelChange.objects.filter(put_on=put_on).count() for put_on in (True, False))
    assert put - taken == CarriedLabel.objects.count()
    assert not LabelChange.objects.filter(cause="data_fix").exists()
    assert not CarriedLabel.objects.filter(taken_off=True).exists()


# Nothing of a slice that fails stays, and what went before it does


def test_slices_that_were_done_stay_done(monkeypatch: pytest.MonkeyPatch, stages: dict[str, Stage]) -> None:
    monkeypatch.setattr(status, "SLICE", 2)
    people = [contact_in(stages["Aware"]).pk for _ in range(6)]
    run_sql(
        "ALTER TABLE journeys_statuschange ADD CONSTRAINT full_disk "
        f"CHECK (cause <> 'bulk' OR contact_id <> {people[3]}) NOT VALID"
    )
    with pytest.raises(Exception, match="full_disk"):
        status.change_status(contacts=people, to=stages["Customer"], cause=Cause.BULK, by=None)
    moved = FunnelStatus.objects.filter(stage=stages["Customer"]).order_by("pk").values_list("pk", flat=True)
    assert list(moved) == people[:2]
    assert not connection.in_atomic_block
    assert_explained()


def test_within_a_transaction_all_slices_stay_or_none(
    monkeypatch: pytest.MonkeyPatch, stages: dict[str, Stage]
) -> None:
    monkeypatch.setattr(status, "SLICE", 2)
    people = [contact_in(stages["Aware"]).pk for _ in range(6)]
    with transaction.atomic():
        status.change_status(contacts=people, to=stages["Customer"], cause=Cause.BULK, by=None)
        transaction.set_rollback(True)
    assert FunnelStatus.objects.filter(stage=stages["Customer"]).count() == 0
    assert_explained()
