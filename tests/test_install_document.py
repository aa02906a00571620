"""`docs/install.md` and `deploy/` fit together, and what they name is there. `make try-install` runs the commands."""

import re

from tests.install.document import ROOT, YOURS, commands

UNIT = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / "deploy/funnelbook.service").read_text(), re.MULTILINE))


def test_there_are_ten_commands_from_nothing_to_https() -> None:
    said = commands()
    assert len(said) == 10
    assert said[0].startswith("apt-get update")
    assert said[-1] == "systemctl restart caddy"
    assert all(yours in "\n".join(said) for yours in YOURS)


def test_the_commands_and_the_unit_name_the_same() -> None:
    said = "\n".join(commands())
    assert "git clone https://git.example.com/funnelbook.git /opt/funnelbook\n" in said
    assert UNIT["WorkingDirectory"] == "/opt/funnelbook"
    assert f"--home-dir {UNIT['ReadWritePaths']} --shell /usr/sbin/nologin {UNIT['User']}\n" in said
    assert f"FUNNELBOOK_DATA={UNIT['ReadWritePaths']}/data" in said
    assert UNIT["ExecStart"] == "/opt/funnelbook/.venv/bin/python manage.py serve"


def test_the_unit_comes_back_and_has_limits() -> None:
    assert (UNIT["Restart"], UNIT["MemoryMax"], UNIT["User"]) == ("always", "1G", "funnelbook")


def test_what_was_not_tried_says_so() -> None:
    for name in ("Dockerfile", "compose.yaml", "nginx.conf"):
        assert "ntested" in (ROOT / "deploy" / name).read_text().split("\n\n")[0]


def test_what_the_document_names_is_there() -> None:
    text = (ROOT / "docs/install.md").read_text()
    for name in re.findall(r"manage\.py (\w+)", text):
        found = list(ROOT.glob(f"*/**/management/commands/{name}.py"))
        assert len(found) == 1, name
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:`|&& )make ([a-z-]+)", text):
        assert f"\n{target}" in makefile, target
