"""Where one can go: the left navigation, the bottom bar and the pages of Settings, one table each.

What is not built yet (its address does not resolve) and what the role may not open is left out.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from config.team.roles import Role
from journeys.review.queries import COUNTED, how_many_wait


@dataclass(frozen=True, slots=True)
class Entry:
    """One place to go. `key` is the letter pressed after `g`; entries with `short` stand in the bottom bar.

    `waits` counts what waits there for somebody, up to `COUNTED`.
    """

    label: str
    url_name: str
    icon: str
    role: Role = Role.VIEWER
    key: str = ""
    short: str = ""
    address: str = ""
    is_current: bool = False
    waits: Callable[[], int] | None = None
    waiting: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under one heading; the heading may be empty."""

    heading: str
    entries: list[Entry]


GROUPS = [
    Group("", [Entry("Customer Journey", "journeys:customer_journey", "funnel", key="j", short="Journey")]),
    Group(
        "People",
        [
            Entry("Contacts", "contacts:contacts", "users", key="c", short="Contacts"),
            Entry("Segments", "journeys:segments", "rectangle-group", key="e"),
            Entry("Labels", "contacts:labels", "tag", key="l"),
            Entry("Imports", "journeys:imports", "arrow-up-tray", role=Role.MARKETER, key="i"),
        ],
    ),
    Group(
        "Move",
        [
            Entry("Manage Funnel", "journeys:manage_funnel", "adjustments-horizontal", role=Role.MARKETER, key="m"),
            Entry("Runs", "journeys:runs", "play-circle", key="u"),
            Entry("Campaigns", "journeys:campaigns", "megaphone", role=Role.MARKETER, key="p"),
            Entry("Web forms", "journeys:web_forms", "document-text", key="w"),
            Entry("Review", "journeys:review", "flag", role=Role.MARKETER, key="v", waits=how_many_wait),
        ],
    ),
    Group(
        "Know",
        [
            Entry("Reports", "journeys:reports", "chart-bar", key="r"),
            Entry("Status history", "journeys:status_history", "clock", key="h", short="History"),
        ],
    ),
]

STAGES = Entry("Stages", "stages:stages", "bars-arrow-up", key="s")

SETTINGS_PAGES = [
    Entry("Organisation", "team:organisation", "building-office", role=Role.ADMINISTRATOR),
    Entry("Team", "team:team", "user-group", role=Role.ADMINISTRATOR),
    Entry("Lost reasons", "journeys:lost_reasons", "no-symbol", role=Role.MARKETER),
    Entry("Categories", "stages:categories", "folder", role=Role.MARKETER),
    Entry("Attributes", "contacts:attributes", "list-bullet", role=Role.MARKETER),
    Entry("OAuth2 applications", "team:applications", "puzzle-piece", role=Role.ADMINISTRATOR),
    Entry("Webhooks", "journeys:webhooks", "paper-airplane", role=Role.ADMINISTRATOR),
    Entry("E-mail", "team:email", "envelope", role=Role.ADMINISTRATOR),
    Entry("Exports", "journeys:exports", "arrow-down-tray", role=Role.ADMINISTRATOR),
    Entry("Retention", "journeys:retention", "archive-box", role=Role.ADMINISTRATOR),
    Entry("Checks", "journeys:checks", "shield-check", role=Role.ADMINISTRATOR),
    Entry("Health", "journeys:health", "heart", role=Role.ADMINISTRATOR),
    Entry("My account", "team:my_account", "user-circle", role=Role.NONE),
    Entry("API tokens", "team:tokens", "key"),
]


@dataclass(frozen=True, slots=True)
class Navigation:
    """The navigation as one team member sees it on one page."""

    groups: list[Group]
    foot: list[Entry]

    @property
    def entries(self) -> list[Entry]:
        return [entry for group in self.groups for entry in group.entries] + self.foot

    @property
    def bottom_bar(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.short]

    @property
    def more(self) -> list[Entry]:
        return [entry for entry in self.entries if not entry.short]

    @property
    def more_is_current(self) -> bool:
        return any(entry.is_current for entry in self.more)


def navigation(request: HttpRequest) -> Navigation:
    """The navigation for the person signed in, with the entry of this page marked."""
    groups = [Group(group.heading, list(_open_to(request, group.entries))) for group in GROUPS]
    return Navigation(
        groups=[group for group in groups if group.entries],
        foot=[*_open_to(request, [STAGES]), *_settings_entry(request)],
    )


def settings_pages(request: HttpRequest) -> list[Entry]:
    """The pages of Settings that the person signed in may open."""
    return list(_open_to(request, SETTINGS_PAGES))


def _settings_entry(request: HttpRequest) -> Iterator[Entry]:
    pages = settings_pages(request)
    if pages:
        is_current = any(page.is_current for page in pages)
        yield replace(pages[0], label="Settings", icon="cog-6-tooth", key="o", short="", is_current=is_current)


def _open_to(request: HttpRequest, entries: Iterable[Entry]) -> Iterator[Entry]:
    for entry in entries:
        address = _address(entry)
        if address and request.user.role >= entry.role:  # type: ignore[union-attr]
            waiting = _waiting(entry.waits()) if entry.waits else ""
            yield replace(entry, address=address, is_current=_is_under(request.path, address), waiting=waiting)


def _waiting(count: int) -> str:
    return f"{COUNTED:,}+" if count > COUNTED else f"{count:,}" if count else ""


def _address(entry: Entry) -> str | None:
    try:
        return reverse(entry.url_name)
    except NoReverseMatch:
        return None


def _is_under(path: str, address: str) -> bool:
    return path == address or (address != "/" and path.startswith(address + "/"))
