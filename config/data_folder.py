"""The folder that holds everything an installation keeps."""

import os
import re
from pathlib import Path

from config.trouble import Trouble
from config.version import version

OURS = {"backups", "erased_numbers", "postgresql", "seals", "secret_key", "static", "version"}


def data_folder() -> Path:
    """`FUNNELBOOK_DATA`, else `data/` beside the code."""
    given = os.environ.get("FUNNELBOOK_DATA") or Path(__file__).resolve().parent.parent / "data"
    return Path(given).expanduser().resolve()


def give_to_owner_of(folder: Path, file: Path) -> None:
    """What root makes in somebody's folder is theirs: they are who has to go on with it."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(file, owner.st_uid, owner.st_gid)


def backup_folder() -> Path:
    """Where the nightly backups are: `FUNNELBOOK_BACKUPS`, else `backups` in the data folder."""
    return Path(os.environ.get("FUNNELBOOK_BACKUPS") or data_folder() / "backups")


def register_of_erased() -> Path:
    """`FUNNELBOOK_ERASED`, else `erased_numbers` in the data folder."""
    return Path(os.environ.get("FUNNELBOOK_ERASED") or data_folder() / "erased_numbers")


def secret_key_file() -> Path:
    """Where the secret key of this installation is, unless `SECRET_KEY` names it."""
    return data_folder() / "secret_key"


def serving_file() -> Path:
    """Held by the process that serves this folder; says which one that is, and whether it is up."""
    return data_folder() / "serving"


def restoring_file() -> Path:
    """Is there while a backup is being restored, and after a restore that did not come to its end."""
    return data_folder() / "restoring"


def version_file() -> Path:
    """Which Funnelbook used the folder last."""
    return data_folder() / "version"


def prepare_data_folder() -> Path:
    """Make the data folder if need be.

    Raises:
        Trouble: it cannot be written, holds somebody else's files, or was used by a newer Funnelbook.
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
    _refuse_newer(version_file())
    return folder


def _refuse_newer(file: Path) -> None:
    try:
        found = file.read_text().strip()
    except OSError:
        return
    if _as_numbers(found) > _as_numbers(version()):
        raise Trouble(
            f"The data folder {file.parent} was used by Funnelbook {found}, and this is {version()}, which is older. "
            "Use the newer one, or restore a backup of before into an empty folder."
        )


def _as_numbers(said: str) -> list[int]:
    return [int(number) for number in re.findall(r"[0-9]+", said)]
