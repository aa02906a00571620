"""The tags and filters that templates are written with."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.messages.storage.base import Message
from django.template import engines
from django.utils import timezone

from config.announce import MessageAction
from config.templatetags import funnelbook
from stages.models import Stage

NOON = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)


def render(template: str, **context: object) -> str:
    return engines["django"].from_string(template).render(context)


@pytest.mark.parametrize(
    ("ago", "words"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 minute ago"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago"),
        (timedelta(hours=1), "1 hour ago"),
        (timedelta(hours=23, minutes=59), "23 hours ago"),
        (timedelta(days=1), "1 day ago"),
        (timedelta(days=44), "44 days ago"),
        (timedelta(days=61), "2 months ago"),
        (timedelta(days=364), "12 months ago"),
        (timedelta(days=365), "1 year ago"),
        (timedelta(days=-2), "in 2 days"),
    ],
)
def test_times_are_relative(ago: timedelta, words: str) -> None:
    assert funnelbook.relative(NOON - ago, NOON) == words


def test_the_exact_time_is_in_the_title_in_the_readers_zone() -> None:
    with timezone.override("Asia/Tokyo"):
        assert funnelbook.exact(NOON) == (
            '<time datetime="2026-05-03T21:00:00+09:00" title="3 May 2026, 21:00:00 JST">3 May 2026, 21:00</time>'
        )
        assert funnelbook.clock(NOON).endswith(">21:00</time>")
        assert funnelbook.day(NOON).endswith(">3 May 2026</time>")
    assert funnelbook.day(date(2026, 5, 3)) == '<time datetime="2026-05-03">3 May 2026</time>'


@pytest.mark.parametrize("words", [funnelbook.moment, funnelbook.exact, funnelbook.clock, funnelbook.day])
def test_no_time_is_nothing(words) -> None:
    assert words(None) == ""


@pytest.mark.parametrize(
    ("number", "words"),
    [(None, ""), (0.4, "less than a day"), (1, "1 day"), (61.9, "61 days"), (1200, "1,200 days")],
)
def test_days_are_counted_in_words(number: float | None, words: str) -> None:
    assert funnelbook.days(number) == words


@pytest.mark.parametrize(("part", "whole", "words"), [(0, 0, "–"), (0, 3, "0.0%"), (1, 3, "33.3%"), (3, 3, "100.0%")])
def test_shares_have_one_decimal(part: int, whole: int, words: str) -> None:
    assert funnelbook.share(part, whole) == words


def test_numbers_have_thousands_separators() -> None:
    assert render("{{ n }}", n=18220) == "18,220"
    assert "18,220 of 27,000" in render("{% progress done total 'Moving' %}", done=18220, total=27000)
    assert 'value="18220" max="27000"' in render("{% progress done total 'Moving' %}", done=18220, total=27000)


def test_what_people_typed_stays_text() -> None:
    typed = '<b>"&'
    escaped = "&lt;b&gt;&quot;&amp;"
    stage = Stage(name=typed, colour='"><script>')
    for template in (
        "{% stage_name stage %}",
        "{% lost_mark stage %}",
        "{% standing stage True %}",
        "{% badge typed %}",
        "{% chip typed stage.colour typed typed %}",
        "{% progress 1 2 typed %}",
        "{% page_header typed note=typed back=typed back_label=typed %}{% endpage_header %}",
        "{% menu typed typed text=typed %}{{ typed }}{% endmenu %}",
        "{% empty typed %}{{ typed }}{% endempty %}",
        "{% stat typed address=typed %}{{ typed }}{% endstat %}",
        "<a {% opens_dialog typed %}>",
    ):
        html = render(template, stage=stage, typed=typed)
        assert escaped in html, template
        assert "<b>" not in html and "<script>" not in html, template


def test_where_a_contact_stands_is_said_in_words() -> None:
    customer = Stage(name="Customer", colour="#30a46c")

    def words(template: str) -> str:
        from django.utils.html import strip_tags

        return " ".join(strip_tags(render(template, customer=customer)).split())

    assert words("{% standing customer %}") == "Customer"
    assert words("{% standing customer name='Client' %}") == "Client"
    assert words("{% standing customer True %}") == "Lost from Customer"
    assert words("{% standing None %}") == "No status yet"
    assert words("{% standing None True %}") == "Lost, no stage"
    assert words("{% lost_mark %}") == "Lost"
    assert words("{% lost_mark customer %}") == "Lost from Customer"


def test_a_bar_is_drawn_to_scale() -> None:
    html = funnelbook.bar(3, 12, "#30a46c", lost=6)
    assert '<rect fill="#30a46c" width="25.00%"' in html
    assert '<rect class="bar-lost" width="75.00%"' in html  # it lies under the other
    assert 'width="0.00%"' in funnelbook.bar(0, 0) and "bar-lost" not in funnelbook.bar(0, 0)


def test_a_message_carries_its_action_and_nothing_else_does() -> None:
    sent = '{"label": "Undo", "address": "/undo", "fields": {"change": "7"}}'
    assert funnelbook.action(Message(25, "Moved.", sent)) == MessageAction("Undo", "/undo", {"change": "7"})
    assert funnelbook.action(Message(25, "Moved.", "")) is None
    assert funnelbook.action(Message(25, "Moved.", "safe")) is None
