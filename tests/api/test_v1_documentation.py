"""Every example of docs/api.md, run in order against a live server: curl in one shell, Python in one namespace."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from pytest_django.live_server_helper import LiveServer

from config.api.v1.resources import api
from config.team.actions import create_token
from config.team.models import ApiToken, TeamMember
from contacts.models import Contact
from journeys.runs.models import Run
from tests.conventions import ROOT
from tests.heart import assert_explained, moves

PAGE = ROOT / "docs" / "api.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)

STRICT = 'set -euo pipefail\ncurl() { command curl --silent --show-error --fail-with-body "$@"; echo >&2; }\n'
"""An answer of 400 or more fails the block."""


def blocks() -> list[tuple[str, str]]:
    return [(kind, code) for kind, code in BLOCK.findall(PAGE.read_text())]


def test_every_example_does_what_it_says(live_server: LiveServer, administrator: TeamMember, tmp_path: Path) -> None:
    _, secret = create_token(name="Docs", scope=ApiToken.Scope.ADMIN, expires_at=None, by=administrator)
    variables = {"URL": live_server.url, "TOKEN": secret}
    state = {**variables, "__name__": "docs"}
    for number, (kind, code) in enumerate(blocks()):
        if kind == "bash":
            done = _run(code, tmp_path / "kept", variables)
            assert done.returncode == 0, f"block {number}:\n{code}\n{done.stdout}\n{done.stderr}"
        elif kind == "python":
            exec(compile(code, f"{PAGE.name}, block {number}", "exec"), state)
    ana = Contact.objects.get(email="ana@example.com")
    assert moves(ana) == [
        "outside > Aware",
        "Aware > Customer",
        "Customer > lost from Customer",
        "lost from Customer > Customer",
        "Customer > Loyal Customer",
        "Loyal Customer > Engaged",
        "Engaged > Loyal Customer",
        "Loyal Customer > Promoter",
        "Promoter > Loyal Customer",
    ]
    assert (str(ana.last_open_at), str(ana.unsubscribed_at)) == (
        "2026-05-03 14:05:00+00:00",
        "2026-05-04 09:00:00+00:00",
    )
    assert str(ana.last_click_at) == "2026-05-05 10:00:00+00:00"
    assert Run.objects.count() == 4
    assert_explained()


def _run(code: str, kept: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a block in a shell of its own, with what the blocks before it set."""
    keep = f"declare -p AUTH JSON CONTACT CHANGE SEGMENT > {kept} 2>/dev/null || true"
    script = f"{STRICT}touch {kept} && . {kept}\n{code}\n{keep}"
    environment = {**os.environ, **variables, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_both_languages_are_there_and_nothing_else_is_run() -> None:
    kinds = [kind for kind, _ in blocks()]
    assert set(kinds) == {"bash", "python", "json"}
    assert kinds.count("bash") >= 9
    assert kinds.count("python") >= 6


def test_every_path_is_in_an_example() -> None:
    said = " ".join(code for kind, code in blocks() if kind != "json")
    plain = re.sub(r"\$\w+|\{[^{}]*\}", "X", said)
    wanted: dict[str, Any] = {re.sub(r"\{\w+\}", "X", path): path for path in api.schema["paths"]}
    missing = [path for pattern, path in wanted.items() if not re.search(re.escape(pattern) + r'["?/ ]', plain)]
    assert missing == [
        "/api/v1/contacts/{contact}/labels/{label}",
        "/api/v1/runs/{run}/cancel",
        "/api/v1/review/{change}/keep",
    ]
