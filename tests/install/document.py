"""The commands of `docs/install.md`, word for word."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
YOURS = ("https://git.example.com/funnelbook.git", "book.example.com", "you@example.com")
"""What everybody puts their own in place of: repository, name of the machine, e-mail."""


def commands() -> list[str]:
    block = (ROOT / "docs/install.md").read_text().split("```sh\n")[1].split("```")[0]
    return block.splitlines()
