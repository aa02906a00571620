"""The folder that holds everything an installation keeps."""

import os
from pathlib import Path

from config.trouble import Trouble

OURS = {"erased_numbers", "postgresql", "seals", "secret_key", "static"}


def data_folder() -> Path:
    """`FUNNELBOOK_DATA`, else `data/` beside the code."""
    given = os.environ.get("FUNNELBOOK_DATA") or Path(__file__).resolve().parent.parent / "data"
    return Path(given).expanduser().resolve()


def prepare_data_folder() -> Path:
    """Make the data folder if need be.

    Raises:
        Trouble: it cannot be written, or holds somebody else's files.
    """
    folder = data_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        found = {entry.name for entry in folder.iterdir()}
    except OSError as error:
        raise Trouble(f"The data folder {folder} cannot be used: {error.strerror}.") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Trouble(f"The data folder {folder} cannot be written by this user. Name another in FUNNELBOOK_DATA.")
    strangers = {name for name in found if not name.startswith(".") and name != "lost+found"}
    if strangers and not found & OURS:
        raise Trouble(
            f"The folder {folder} holds files that are not Funnelbook's. Name a new or an empty one in FUNNELBOOK_DATA."
        )
    return folder
