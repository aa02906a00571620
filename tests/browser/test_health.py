"""Settings → Health in a browser: every width and scheme."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from config.team.models import TeamMember
from tests.fixtures.browser import axe


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of backups, with one that is too old, and the reason why there is no newer one."""
    monkeypatch.setenv("FUNNELBOOK_BACKUPS", str(tmp_path))
    (tmp_path / "nightly-2026-01-01T020000.backup").write_bytes(b"x" * 1000)
    (tmp_path / "problem").write_text("The disk of the database is nearly full: 12 MB are left.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_it_is_readable(signed_in_page, administrator: TeamMember, width: int, scheme: str) -> None:
    page = signed_in_page(administrator, width=width, scheme=scheme)
    page.goto("/settings/health")
    expect(page.get_by_role("row", name="Backup")).to_contain_text("Too old")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_it_works_without_scripts(open_page, administrator: TeamMember) -> None:
    page = open_page(administrator, javascript=False)
    page.goto("/settings/health")
    expect(page.get_by_role("row", name="Worker")).to_contain_text("Gone")
    page.get_by_role("link", name="The book was not checked yet.").click()
    expect(page).to_have_url(page.url.split("/settings")[0] + "/settings/checks")
