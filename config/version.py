"""Which Funnelbook this is."""

import functools
import tomllib
from pathlib import Path


@functools.cache
def version() -> str:
    """As `pyproject.toml` says: 0.1.0."""
    with (Path(__file__).resolve().parent.parent / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]["version"]
