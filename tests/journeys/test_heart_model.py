"""The heart against a model of it in plain Python: whatever people, programs and somebody's SQL do in any order."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from config.team.models import TeamMember
from contacts.causes import Cause
from contacts.models import Contact
from journeys.book import actions as book
from journeys.history import following
from journeys.reports import actions as reports
from journeys.reports.queries import funnel_at, movements_between
from journeys.rules.models import FunnelSettings, MovementRule
from journeys.status import actions as status
from journeys.status.models import FunnelStatus, LostReason, StatusChange
from journeys.status.transitions import Lost, MovementRules, Permission, Refusal
from stages.models import Stage
from tests.heart import assert_explained, check_deferred_promises, counts, database_clock, run_sql
from tests.journeys import heart_model as model
from tests.journeys.heart_model import Book, Person, Refused, Row, Said, Stand

QUARTER = timedelta(minutes=15)
FIRST = datetime(2023, 11, 20, tzinfo=UTC)
LAST = datetime(2024, 12, 31, tzinfo=UTC)

MOVING_ON = [Cause.MANUAL, Cause.BULK, Cause.LABEL_RULE, Cause.CAMPAIGN, Cause.API, Cause.IMPORT, Cause.DEFAULT]
numbers = st.integers(0, 30)
some = st.lists(numbers, min_size=1, max_size=4, unique=True)
past = st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC))
shifts = st.sampled_from(
    [None, None, *(timedelta(minutes=minutes) for minutes in (0, 1, 20, 40 * 1440, -60, 4000 * 1440))]
)
hands = st.integers(0, 2)


class Heart(RuleBasedStateMachine):
    """Does the same to the database and to the model, and compares what each wrote down."""

    def __init__(self, team: list[TeamMember]) -> None:
        super().__init__()
        self.team: list[TeamMember | None] = [None, *team]
        self.example = transaction.atomic()
        self.example.__enter__()
        self.last_row = self.last_id(StatusChange)
        stages = {stage.pk: model.Stage(stage.weight) for stage in Stage.objects.all()}
        self.book = Book(stages, default=FunnelSettings.objects.get().default_stage_id)
        self.stage_ids = list(stages)
        self.reasons = [None, *LostReason.objects.values_list("pk", flat=True)[:2]]
        self.moments = [LAST]

    def teardown(self) -> None:
        try:
            check_deferred_promises()
            assert_explained()
        finally:
            transaction.set_rollback(True)
            self.example.__exit__(None, None, None)

    # Choosing

    def pick(self, chosen: Iterable[int]) -> list[int]:
        """Some of those who are in the book."""
        present = self.book.present()
        return list(dict.fromkeys(present[number % len(present)] for number in chosen))

    def stage(self, number: int) -> int | None:
        """One of the stages, or none."""
        return [*self.stage_ids, None][number % (len(self.stage_ids) + 1)]

    def stage_object(self, stage: int | None) -> Stage | None:
        return Stage.objects.get(pk=stage) if stage else None

    def hand(self, number: int) -> int | None:
        member = self.team[number]
        return member.pk if member else None

    def dates(self, people: Iterable[int], shift: timedelta | None) -> dict[int, datetime]:
        return {} if shift is None else {contact: self.book.stand(contact).since + shift for contact in people}

    @staticmethod
    def last_id(table: Any) -> int:
        return table.objects.order_by("-pk").values_list("pk", flat=True).first() or 0

    # Comparing

    def wrote(self, expected: dict[int, list[Row]], before: datetime) -> None:
        """The database wrote these rows and no others; the model takes them over."""
        found = defaultdict(list)
        for change in StatusChange.objects.filter(pk__gt=self.last_row).order_by("pk"):
            found[change.contact_id].append(change)
            self.last_row = change.pk
        assert set(found) == set(expected)
        after = database_clock()
        for contact, rows in expected.items():
            assert len(found[contact]) == len(rows)
            for row, change in zip(rows, found[contact], strict=True):
                self.same(row, change, before, after)
                self.book.write(contact, row, at=change.changed_at, id=change.pk)
                self.moments.append(change.changed_at)

    def same(self, row: Row, change: StatusChange, before: datetime, after: datetime) -> None:
        person = self.book.people.get(change.contact_id)
        stand = person.stand if person else None
        assert (change.from_outside, change.to_outside) == (row.start is None, row.end is None)
        start, end = stand or Stand(), row.end or Stand()
        assert (change.from_stage_id, change.from_lost, change.from_lost_reason_id) == (
            start.stage,
            start.lost,
            start.reason,
        )
        assert (change.from_since, change.from_stage_since, change.from_lost_at) == (
            start.since,
            start.stage_since,
            start.lost_at,
        )
        assert (change.to_stage_id, change.to_lost, change.to_lost_reason_id) == (end.stage, end.lost, end.reason)
        assert (change.cause, change.changed_by_id, change.direction) == (row.cause, row.by, row.direction)
        assert (change.undoes_id, change.stated_at, change.review_needed) == (
            row.undoes,
            row.stated_at,
            row.review_needed,
        )
        if row.at:
            assert change.changed_at == row.at
        else:
            assert before <= change.changed_at <= after

    def answered(self, said: Said, outcome: status.Outcome, before: datetime) -> None:
        """An action answered and wrote what the model says."""
        refused: dict[Refusal, list[int]] = {key: sorted(value) for key, value in outcome.refused.items() if value}
        assert refused == {key: sorted(value) for key, value in said.refused.items()}
        assert sorted(outcome.changed) == sorted(said.changed)
        assert sorted(outcome.unchanged) == sorted(said.unchanged)
        assert sorted(outcome.flagged) == sorted(said.flagged)
        self.wrote({contact: [row] for contact, row in said.rows.items()}, before)

    # Births, by each path

    @initialize(number=numbers, date=past)
    def somebody_is_there(self, number: int, date: datetime) -> None:
        self.added_with_a_stage(number, date, inactive=False, hand=1)

    @rule(inactive=st.booleans(), by_copy=st.booleans(), count=st.integers(1, 3))
    def born_by_sql(self, inactive: bool, by_copy: bool, count: int) -> None:
        before, last = database_clock(), self.last_id(Contact)
        state = "inactive" if inactive else "active"
        if by_copy:
            with connection.cursor() as cursor, cursor.copy("COPY contacts_contact (account_state) FROM STDIN") as rows:
                for _ in range(count):
                    rows.write_row((state,))
        else:
            run_sql("INSERT INTO contacts_contact (account_state) SELECT %s FROM generate_series(1, %s)", state, count)
        cause = Cause.ACCOUNT_INACTIVE if inactive else Cause.DEFAULT
        born = list(Contact.objects.filter(pk__gt=last).values_list("pk", flat=True))
        assert len(born) == count
        for contact in born:
            self.book.people[contact] = Person(inactive=inactive)
        row = self.book.born(self.book.default_now(), cause, inactive=inactive)
        self.wrote({contact: [row] for contact in born}, before)

    @rule(number=numbers, date=past, inactive=st.booleans())
    def status_by_sql_before_the_contact(self, number: int, date: datetime, inactive: bool) -> None:
        before, stage = database_clock(), self.stage(number)
        contact = book.contact_actions.new_contact_ids(1)[0]
        run_sql(
            "INSERT INTO journeys_funnelstatus (contact_id, stage_id, stage_since, since, cause) "
            "VALUES (%s, %s, %s, %s, 'import')",
            contact,
            stage,
            date,
            date,
        )
        state = "inactive" if inactive else "active"
        run_sql("INSERT INTO contacts_contact (id, account_state) VALUES (%s, %s)", contact, state)
        born = Row(None, Stand(stage), Cause.IMPORT, at=date)
        rows = [born]
        if inactive:
            there = Stand(stage, since=date, stage_since=date)
            rows.append(Row(there, Stand(stage, lost=True, stage_since=date), Cause.ACCOUNT_INACTIVE))
        self.book.people[contact] = Person(inactive=inactive)
        self.wrote({contact: rows}, before)

    @rule(number=numbers, date=past, inactive=st.booleans(), hand=hands)
    def added_with_a_stage(self, number: int, date: datetime, inactive: bool, hand: int) -> None:
        stage, before = self.stage(number), database_clock()
        fields = {"account_state": "inactive" if inactive else "active"}
        found = self.book.stages[stage] if stage else None
        given = {"fields": fields, "stage": self.stage_object(stage), "since": date}
        if found and (found.is_retired or not found.is_open):
            with pytest.raises(status.MoveRefused):
                book.add_contact(**given, by=self.team[hand], cause=Cause.MANUAL)
            self.wrote({}, before)
            return
        contact = book.add_contact(**given, by=self.team[hand], cause=Cause.MANUAL).pk
        self.book.people[contact] = Person(inactive=inactive)
        row = Row(None, Stand(stage, lost=inactive), Cause.MANUAL, by=self.hand(hand), at=date)
        self.wrote({contact: [row]}, before)

    @rule(inactive=st.booleans(), hand=hands)
    def added_with_the_default(self, inactive: bool, hand: int) -> None:
        before = database_clock()
        fields = {"account_state": "inactive" if inactive else "active"}
        contact = book.add_contact(fields=fields, by=self.team[hand], cause=Cause.API).pk
        self.book.people[contact] = Person(inactive=inactive)
        row = self.book.born(self.book.default_now(), Cause.DEFAULT, inactive=inactive, by=self.hand(hand))
        self.wrote({contact: [row]}, before)

    # Through the one door

    def somebody(self) -> bool:
        return bool(self.book.present())

    @precondition(somebody)
    @rule(
        chosen=some,
        number=numbers,
        cause=st.sampled_from([*MOVING_ON, Cause.STAGE_MERGED]),
        hand=hands,
        shift=shifts,
        keep_lost=st.booleans(),
        earlier_is_now=st.booleans(),
        narrowed=st.sampled_from(["", "", "", "only_forward", "leave_lost"]),
        back_allowed=st.booleans(),
    )
    def change_status(
        self,
        chosen: list[int],
        number: int,
        cause: Cause,
        hand: int,
        shift: timedelta | None,
        keep_lost: bool,
        earlier_is_now: bool,
        narrowed: str,
        back_allowed: bool,
    ) -> None:
        people, to, member = self.pick(chosen), self.stage(number), self.team[hand]
        given, now = self.dates(people, shift), database_clock()
        corrects = cause is Cause.MANUAL and member is not None and member.role.corrects
        said = self.book.move(
            [*people, 10**9],
            to=to,
            stays=False,
            lost=Lost.KEEP if keep_lost or to is None or cause is Cause.DEFAULT else Lost.RECOVER,
            cause=cause,
            by=self.hand(hand),
            now=now,
            dates=given,
            earlier_is_now=earlier_is_now,
            corrects=back_allowed or corrects,
            narrowed=narrowed,
        )
        outcome = status.change_status(
            contacts=[*people, 10**9],
            to=self.stage_object(to),
            cause=cause,
            by=member,
            dates=given,
            keep_lost=keep_lost,
            earlier_is_now=earlier_is_now,
            back_allowed=back_allowed,
            only_forward=narrowed == "only_forward",
            leave_lost=narrowed == "leave_lost",
        )
        self.answered(said, outcome, now)

    @precondition(somebody)
    @rule(
        chosen=some,
        cause=st.sampled_from([Cause.MANUAL, Cause.BULK, Cause.API]),
        hand=hands,
        reason=st.integers(0, 2),
        shift=shifts,
        note=st.sampled_from(["", "Said so"]),
    )
    def mark_lost(
        self, chosen: list[int], cause: Cause, hand: int, reason: int, shift: timedelta | None, note: str
    ) -> None:
        people, now = self.pick(chosen), database_clock()
        given, number = self.dates(people, shift), self.reasons[reason]
        said = self.book.move(
            people,
            to=None,
            stays=True,
            lost=Lost.LOSE,
            cause=cause,
            by=self.hand(hand),
            now=now,
            reason=number,
            dates=given,
        )
        found = LostReason.objects.get(pk=number) if number else None
        outcome = status.mark_lost(
            contacts=people, reason=found, cause=cause, by=self.team[hand], dates=given, note=note
        )
        self.answered(said, outcome, now)

    @precondition(somebody)
    @rule(chosen=some, cause=st.sampled_from([Cause.MANUAL, Cause.API, Cause.CAMPAIGN]), hand=hands, shift=shifts)
    def recover(self, chosen: list[int], cause: Cause, hand: int, shift: timedelta | None) -> None:
        people, now = self.pick(chosen), database_clock()
        given = self.dates(people, shift)
        said = self.book.move(
            people, to=None, stays=True, lost=Lost.RECOVER, cause=cause, by=self.hand(hand), now=now, dates=given
        )
        outcome = status.recover(contacts=people, cause=cause, by=self.team[hand], dates=given)
        self.answered(said, outcome, now)

    @precondition(somebody)
    @rule(chosen=some, number=numbers, lost=st.booleans(), reason=st.integers(0, 2), hand=hands)
    def return_to_status(self, chosen: list[int], number: int, lost: bool, reason: int, hand: int) -> None:
        people, to, member, now = self.pick(chosen), self.stage(number), self.team[hand], database_clock()
        number_of_reason = self.reasons[reason] if lost else None
        said = self.book.move(
            people,
            to=to,
            stays=False,
            lost=Lost.LOSE if lost else Lost.RECOVER,
            cause=Cause.MANUAL,
            by=self.hand(hand),
            now=now,
            reason=number_of_reason,
            corrects=bool(member and member.role.corrects),
        )
        outcome = status.return_to_status(
            contacts=people,
            to=self.stage_object(to),
            lost=lost,
            reason=LostReason.objects.get(pk=number_of_reason) if number_of_reason else None,
            cause=Cause.MANUAL,
            by=member,
        )
        self.answered(said, outcome, now)

    @precondition(lambda self: bool(self.book.people))
    @rule(chosen=some, earlier=st.sampled_from([0, 0, 0, 1]), hand=hands, slice_size=st.sampled_from([1, 2000]))
    def undo(self, chosen: list[int], earlier: int, hand: int, slice_size: int) -> None:
        """Of everybody who ever was in the book, the latest change or the one before."""
        known, now = sorted(self.book.people), database_clock()
        people = dict.fromkeys(known[number % len(known)] for number in chosen)
        changes = {}
        for contact in people:
            history = self.book.people[contact].history
            changes[contact] = history[max(-1 - earlier, -len(history))].id
        said = self.book.put_back(changes, by=self.hand(hand))
        before, status.SLICE = status.SLICE, slice_size
        try:
            outcome = status.put_back(changes=list(changes.values()), cause=Cause.UNDO, by=self.team[hand])
        finally:
            status.SLICE = before
        self.answered(said, outcome, now)

    # Accounts

    @precondition(somebody)
    @rule(chosen=some, inactive=st.booleans())
    def flip_accounts(self, chosen: list[int], inactive: bool) -> None:
        people, before = self.pick(chosen), database_clock()
        run_sql(
            "UPDATE contacts_contact SET account_state = %s, last_open_at = now() WHERE id = ANY (%s)",
            "inactive" if inactive else "active",
            people,
        )
        self.flipped(people, inactive, before)

    @precondition(somebody)
    @rule(number=numbers, inactive=st.booleans(), hand=hands)
    def flip_an_account_by_hand(self, number: int, inactive: bool, hand: int) -> None:
        (contact,), before = self.pick([number]), database_clock()
        fields = {"account_state": "inactive" if inactive else "active"}
        book.change_contact(contact=Contact.objects.get(pk=contact), fields=fields, by=self.team[hand])
        self.flipped([contact], inactive, before, by=self.hand(hand))

    def flipped(self, people: list[int], inactive: bool, before: datetime, by: int | None = None) -> None:
        rows = {}
        for contact in people:
            if inactive and (row := self.book.made_inactive(contact, by=by)):
                rows[contact] = [row]
            self.book.people[contact].inactive = inactive
        self.wrote(rows, before)

    # Somebody's SQL

    @precondition(somebody)
    @rule(
        chosen=some,
        number=st.none() | numbers,
        lost=st.none() | st.booleans(),
        reason=st.none() | st.integers(0, 2),
        later=st.sampled_from([timedelta(), timedelta(), timedelta(minutes=20), -timedelta(1), timedelta(days=4000)]),
        blamed=st.booleans(),
    )
    def data_fix(
        self,
        chosen: list[int],
        number: int | None,
        lost: bool | None,
        reason: int | None,
        later: timedelta,
        blamed: bool,
    ) -> None:
        """What is None stays as it is."""
        people, now = self.pick(chosen), database_clock()
        assignments: list[str] = ["since = since + %s"]
        values: list[Any] = [later]
        if number is not None:
            assignments.append("stage_id = %s")
            values.append(self.stage(number))
        if lost is not None:
            assignments.append("lost_at = now()" if lost else "lost_at = NULL")
        if reason is not None:
            assignments.append("lost_reason_id = %s")
            values.append(self.reasons[reason])
        if blamed:
            assignments.append(
                "cause = 'manual', changed_by_id = 1, undoes_id = 1, note_id = 1, signature = signature + 2"
            )
        rows = {}
        try:
            for contact in people:
                stand = self.book.stand(contact)
                row = self.book.data_fix(
                    contact,
                    stage=stand.stage if number is None else self.stage(number),
                    lost=stand.lost if lost is None else lost,
                    reason=stand.reason if reason is None else self.reasons[reason],
                    later=later,
                    now=now,
                )
                if row:
                    rows[contact] = [row]
        except Refused:
            rows = {}
            with pytest.raises(DatabaseError), transaction.atomic():
                self.update_statuses(assignments, values, people)
        else:
            self.update_statuses(assignments, values, people)
        self.wrote(rows, now)

    def update_statuses(self, assignments: list[str], values: list[Any], people: list[int]) -> None:
        statement = f"UPDATE journeys_funnelstatus SET {', '.join(assignments)} WHERE contact_id = ANY (%s)"
        assert run_sql(statement, *values, people) == len(people)

    # Leaving

    @precondition(somebody)
    @rule(chosen=st.lists(numbers, min_size=1, max_size=2), by_sql=st.booleans(), hand=hands)
    def erase(self, chosen: list[int], by_sql: bool, hand: int) -> None:
        people, before = self.pick(chosen), database_clock()
        if by_sql:
            run_sql("DELETE FROM contacts_contact WHERE id = ANY (%s)", people)
        else:
            assert book.erase_contacts(contacts=people, by=self.team[hand]) == sorted(people)
        cause, by = (Cause.DATA_FIX, None) if by_sql else (Cause.ERASED, self.hand(hand))
        self.wrote({contact: [Row(self.book.stand(contact), None, cause, by=by)] for contact in people}, before)

    # The organisation

    @rule(number=numbers, weight=st.integers(-50, 60))
    def weigh_a_stage(self, number: int, weight: int) -> None:
        if stage := self.stage(number):
            Stage.objects.filter(pk=stage).update(weight=weight)
            self.book.stages[stage].weight = weight

    @rule(number=numbers, is_open=st.booleans())
    def open_or_close_a_stage(self, number: int, is_open: bool) -> None:
        if stage := self.stage(number):
            Stage.objects.filter(pk=stage).update(is_published=is_open)
            self.book.stages[stage].is_open = is_open and not self.book.stages[stage].is_retired

    @precondition(lambda self: sum(not stage.is_retired for stage in self.book.stages.values()) > 3)
    @rule(number=numbers)
    def retire_a_stage(self, number: int) -> None:
        if stage := self.stage(number):
            Stage.objects.filter(pk=stage).update(retired_at=LAST)
            self.book.stages[stage].is_retired = True
            self.book.stages[stage].is_open = False

    @rule(number=numbers)
    def choose_the_default(self, number: int) -> None:
        self.book.default = self.stage(number)
        FunnelSettings.objects.update(default_stage=self.book.default)

    @rule(
        cause=st.sampled_from(MOVING_ON[:-1]),
        lower=st.sampled_from(Permission),
        onto_lost=st.sampled_from(Permission),
    )
    def set_a_rule(self, cause: Cause, lower: Permission, onto_lost: Permission) -> None:
        MovementRule.objects.update_or_create(cause=cause, defaults={"to_lower_weight": lower, "onto_lost": onto_lost})
        self.book.policy[cause] = MovementRules(lower, onto_lost)

    # Reading

    @rule()
    def fold(self) -> None:
        """What is written in this transaction counts as final, or nothing would be folded here."""
        reports.fold_flows()

    @rule(near=numbers, shift=st.sampled_from([timedelta(), QUARTER, -QUARTER, timedelta(1), timedelta(31)]), far=past)
    def look_back(self, near: int, shift: timedelta, far: datetime) -> None:
        """The funnel at a moment, and what moved between two, are what a recount of the model says."""
        moment = quarter(self.moments[near % len(self.moments)] + shift)
        start, end = sorted([moment, quarter(far)])
        for corrected in (True, False):
            for at in (start, end):
                assert counts(funnel_at(at, as_corrected=corrected)) == self.book.funnel_at(at, as_corrected=corrected)
            found = movements_between(start, end, as_corrected=corrected)
            expected = self.book.movements_between(start, end, as_corrected=corrected)
            assert Counter({(one.start, one.end, one.direction): one.count for one in found}) == expected

    @invariant()
    def everybody_stands_where_the_model_says(self) -> None:
        found = {
            contact: Stand(*values)
            for contact, *values in FunnelStatus.objects.extra(select={"is_lost": "lost_at IS NOT NULL"}).values_list(
                "contact", "stage", "is_lost", "lost_reason", "since", "stage_since", "lost_at"
            )
        }
        assert found == {contact: self.book.stand(contact) for contact in self.book.present()}
        now = Counter(self.book.stand(contact).place for contact in self.book.present())
        assert counts(funnel_at()) == counts(funnel_at(as_corrected=False)) == now


def quarter(at: datetime) -> datetime:
    return at - (at - datetime(2000, 1, 1, tzinfo=UTC)) % QUARTER


@pytest.mark.hypothesis
@pytest.mark.django_db
def test_the_heart_does_what_its_model_says(
    monkeypatch: pytest.MonkeyPatch, administrator: TeamMember, operator: TeamMember
) -> None:
    final: Callable[[], int] = lambda: 2**62  # noqa: E731
    monkeypatch.setattr(following, "_oldest_running", final)
    quick = settings(max_examples=max(settings.default.max_examples // 2, 1))  # type: ignore[union-attr]
    run_state_machine_as_test(lambda: Heart([administrator, operator]), settings=quick)
