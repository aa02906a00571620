"""Back up before an upgrade: `python -m config.backups`. Needs only what was installed before."""

import os
import sys
from pathlib import Path

from config.backups.making import back_up_into_folder
from config.data_folder import data_folder, prepare_data_folder
from config.embedded import EmbeddedServer, programs_of_version
from config.environment import read_env_file
from config.trouble import Trouble


def main() -> int:
    """Returns the exit status."""
    try:
        read_env_file()
        if url := os.environ.get("DATABASE_URL"):
            _say(back_up_into_folder("upgrade", url=url))
        else:
            _back_up_embedded()
    except Trouble as trouble:
        print(f"Funnelbook: {trouble}", file=sys.stderr)
        return 1
    return 0


def _back_up_embedded() -> None:
    """With the programs of the version that the folder is of, which may be another one than that of this code."""
    prepare_data_folder()
    folder = data_folder() / "postgresql"
    if not (folder / "PG_VERSION").exists():
        print("There is no book here yet, and so nothing to back up.")
        return
    version = (folder / "PG_VERSION").read_text().strip()
    server = EmbeddedServer(folder, programs=programs_of_version(version), version=version)
    server.use()
    try:
        _say(back_up_into_folder("upgrade", url=server.url))
    finally:
        server.leave()


def _say(file: Path) -> None:
    print(f"Backup {file}: {file.stat().st_size:,} bytes.")


if __name__ == "__main__":
    sys.exit(main())
