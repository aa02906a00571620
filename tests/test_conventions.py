"""The code keeps its own rules; and for each rule, that breaking it is found."""

import re
from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests import conventions
from tests.conventions import ROOT, Module

NO_ACTIONS = {
    "config.team.actions.lock_team": "keeps others waiting, and writes nothing",
    "contacts.actions.new_contact_ids": "takes numbers from a sequence, and adds nobody",
    "journeys.book.actions.default_stage": "reads what the action beside it uses",
    "journeys.imports.actions.check_import": "writes nothing",
    "journeys.imports.actions.matched_fields": "writes nothing",
    "journeys.integrity.actions.verify": "looks at the book, and keeps what it found",
    "journeys.imports.wizard.actions.work_on_import": "does what somebody asked for, in their name",
    "journeys.reports.actions.fold_flows": "sums what is written already, every minute",
    "journeys.runs.actions.work_on_run": "does what somebody confirmed, in their name",
    "journeys.stuck.actions.measure_stages": "measures what is written already, every ten minutes",
    "journeys.sample.actions.load_sample_data": "plays the people of its own story",
}
"""Functions in an `actions.py` that change nothing anybody answers for."""

IN_PLACE_OF_A_SCREEN = {"team/confirm_password.html", "team/locked_out.html"}
"""Templates that are shown at another screen's address."""


def routes() -> Iterator[tuple[str, str, str]]:
    """App, name of the address, name of the view: of our own apps."""
    for resolver in get_resolver().url_patterns:
        if isinstance(resolver, URLResolver) and resolver.app_name in ("team", "stages", "contacts", "journeys"):
            for pattern in _patterns(resolver):
                view = getattr(pattern.callback, "view_class", pattern.callback).__name__
                yield resolver.app_name, pattern.name or "", re.sub(r"(?<=[a-z])([A-Z])", r"_\1", view).lower()


def _patterns(resolver: URLResolver) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry)
        else:
            yield entry


def test_imports_point_down() -> None:
    assert conventions.wrong_imports(conventions.modules()) == []


def test_one_module_writes_funnel_statuses() -> None:
    assert conventions.second_writers(conventions.modules()) == []


def test_actions_demand_who_and_why() -> None:
    assert conventions.loose_actions(conventions.modules(), NO_ACTIONS) == []


def test_exceptions_are_still_there() -> None:
    assert NO_ACTIONS.keys() <= {line.split()[0] for line in conventions.loose_actions(conventions.modules())}
    assert conventions.templates().keys() >= IN_PLACE_OF_A_SCREEN


def test_parts_are_named_after_the_element_they_replace() -> None:
    assert conventions.wrong_part_ids(conventions.templates()) == []


def test_a_screen_has_one_name() -> None:
    templates = set(conventions.templates()) - IN_PLACE_OF_A_SCREEN
    tests = [str(path.relative_to(ROOT / "tests")) for path in (ROOT / "tests").rglob("test_*_screen.py")]
    assert conventions.misnamed_screens(routes(), templates, tests) == []


def test_no_signals() -> None:
    assert conventions.signals(conventions.modules()) == []


def test_no_inline_styles_scripts_or_handlers() -> None:
    assert conventions.inline_code(conventions.templates()) == []


# Each rule can be broken.


@pytest.mark.parametrize(
    ("importer", "statement", "imported", "reason"),
    [
        ("contacts.actions", "from journeys.status import actions", "journeys.status.actions", "only those before it"),
        ("stages.models", "import contacts.models", "contacts.models", "only those before it"),
        (
            "journeys.status.models",
            "from journeys.status.queries import f",
            "journeys.status.queries",
            "the one above it",
        ),
        ("journeys.status.actions", "from contacts.forms import ContactForm", "contacts.forms", "the one above it"),
        ("journeys.runs.actions", "from config.htmx import render_page", "config.htmx", "the one above it"),
        ("journeys.funnel.forms", "from contacts import views", "contacts.views", "but urls"),
    ],
)
def test_an_upward_import_is_found(importer: str, statement: str, imported: str, reason: str) -> None:
    known = [Module(importer, f"def later():\n    {statement}"), Module(imported, "")]
    (found,) = conventions.wrong_imports(known)
    assert found.startswith(f"{importer} imports {imported}: ")
    assert found.endswith(reason)


@pytest.mark.parametrize(
    ("importer", "statement", "imported"),
    [
        ("journeys.book.actions", "from contacts import actions", "contacts.actions"),
        ("config.team.views", "from journeys.status.queries import f", "journeys.status.queries"),
        ("contacts.urls", "from contacts import views", "contacts.views"),
        ("contacts.views", "from journeys.status.forms import MoveForm", "journeys.status.forms"),
        ("journeys.status.actions", "from journeys.status.models import FunnelStatus", "journeys.status.models"),
    ],
)
def test_a_downward_import_is_allowed(importer: str, statement: str, imported: str) -> None:
    assert conventions.wrong_imports([Module(importer, statement), Module(imported, "")]) == []


@pytest.mark.parametrize(
    "statement",
    ["from django.db import connection", "from django.utils.timezone import now", "from stages.models import Stage"],
)
def test_a_rule_that_is_not_pure_is_found(statement: str) -> None:
    (found,) = conventions.wrong_imports([Module("journeys.status.transitions", statement)])
    assert found.endswith("pure rules know no database, clock or request")


@pytest.mark.parametrize(
    "source",
    [
        "FunnelStatus.objects.filter(pk=1).update(stage=None)",
        "models.FunnelStatus.objects.bulk_create([])",
        "contact.status.save()",
        "def f(contact):\n    status = contact.status\n    status.lost_at = None\n    status.save(update_fields=[])",
        "def f():\n    held = FunnelStatus.objects.get(pk=1)\n    held.delete()",
        "def f():\n    for row in FunnelStatus.objects.all():\n        row.save()",
        "cursor.execute('''\n  update journeys_funnelstatus SET stage_id = 1''')",
        "cursor.execute(f'INSERT INTO {x} SELECT 1; DELETE FROM journeys_funnelstatus WHERE true')",
        "cursor.copy('COPY journeys_funnelstatus (contact_id) FROM STDIN')",
        "from journeys.status.slices import change_slice",
    ],
)
def test_a_second_writer_is_found(source: str) -> None:
    assert len(conventions.second_writers([Module("journeys.runs.actions", source)])) == 1
    assert conventions.second_writers([Module(conventions.ONE_DOOR, source)]) == []


@pytest.mark.parametrize(
    "source",
    [
        "FunnelStatus.objects.filter(pk=1).values_list('stage')",
        "from journeys.status import actions as status\nstatus.change_status(contacts=[1], to=None, cause=c, by=b)",
        "contact.save()",
        "cursor.execute('SELECT stage_id FROM journeys_funnelstatus FOR UPDATE')",
    ],
)
def test_reading_is_not_writing(source: str) -> None:
    assert conventions.second_writers([Module("journeys.runs.actions", source)]) == []


@pytest.mark.parametrize(
    ("signature", "complaint"),
    [
        ("def move(contacts, *, by): ...", "takes arguments that are not keyword-only"),
        ("def move(*contacts, by): ...", "takes arguments that are not keyword-only"),
        ("def move(*, contacts): ...", "does not demand `by`"),
        ("def move(*, contacts, by=None): ...", "does not demand `by`"),
        ("def move(*, contacts, by, cause='manual'): ...", "has a default for `cause`"),
    ],
)
def test_a_loose_action_is_found(signature: str, complaint: str) -> None:
    module = Module("journeys.runs.actions", signature)
    assert conventions.loose_actions([module]) == [f"journeys.runs.actions.move {complaint}"]


def test_helpers_and_other_modules_are_no_actions() -> None:
    assert conventions.loose_actions([Module("journeys.runs.actions", "def _move(contacts): ...")]) == []
    assert conventions.loose_actions([Module("journeys.runs.queries", "def runs(contacts): ...")]) == []


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("contacts/_contacts_list.html", '{# The list #}<div id="list">', "holds #list, not #contacts-list"),
        ("contacts/contacts.html", '<a hx-target="#contacts-table">', "swaps #contacts-table, and no part of that"),
        ("contacts/contacts.html", '<a hx-target="#contact-row-{{ pk }}">', "swaps #contact-row, and no part of that"),
    ],
)
def test_a_wrong_part_is_found(name: str, text: str, complaint: str) -> None:
    (found,) = conventions.wrong_part_ids({name: text})
    assert found.startswith(f"{name} {complaint}")


def test_parts_named_right_pass() -> None:
    right = {
        "contacts/_contacts_list.html": '{% load x %}\n<section id="contacts-list" class="{% if a > b %}c{% endif %}">',
        "contacts/_contact_standing.html": '<div class="x" id="contact-standing-{{ key }}">',
        "contacts/contacts.html": '<a hx-target="#contacts-list"><a hx-target="#contact-standing-{{ key }}">',
    }
    assert conventions.wrong_part_ids(right) == []


@pytest.mark.parametrize(
    "source",
    [
        "from django.dispatch import receiver",
        "from django.db.models.signals import post_save",
        "from django.db.models import signals",
        "import django.core.signals",
    ],
)
def test_a_signal_is_found(source: str) -> None:
    assert len(conventions.signals([Module("contacts.apps", source)])) == 1


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('<p style="color: red">', "style attribute in <p>"),
        ("<script>alert(1)</script>", "inline <script>"),
        ("<style>p {}</style>", "inline <style>"),
        ('<button type=button onclick="go()">', "handler onclick in <button>"),
        ('<form {% if a > b %}x{% endif %} hx-on:submit="go()">', "handler hx-on:submit in <form>"),
    ],
)
def test_inline_code_is_found(text: str, complaint: str) -> None:
    assert conventions.inline_code({"page.html": text}) == [f"page.html: {complaint}"]


def test_what_only_looks_like_inline_code_passes() -> None:
    text = (
        '<script src="x.js" defer></script><p title="onclick=1" data-style="x">{# style="x" #}<svg><rect fill="red"/>'
    )
    assert conventions.inline_code({"page.html": text}) == []


@pytest.mark.parametrize(
    ("route", "tests", "complaint"),
    [
        (
            ("contacts", "contact", "show"),
            ["contacts/test_contact_screen.py"],
            "contacts:contact is answered by the view",
        ),
        (("contacts", "contact", "contact"), ["contacts/test_contacts.py"], "contacts:contact has no test"),
        (("contacts", "person", "person"), [], "contacts/contact.html is the template of no address"),
    ],
)
def test_a_screen_of_two_names_is_found(route: tuple[str, str, str], tests: list[str], complaint: str) -> None:
    (found,) = conventions.misnamed_screens([route], ["contacts/contact.html"], tests)
    assert found.startswith(complaint)
