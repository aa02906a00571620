"""Going from one version of Funnelbook to the next, and never back."""

from collections.abc import Iterable

from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from config.data_folder import version_file
from config.trouble import Trouble
from config.version import version


def check_database_is_not_newer() -> None:
    """
    Raises:
        Trouble: a newer Funnelbook brought the database up to date.
    """
    applied = MigrationRecorder(connection).applied_migrations()
    if unknown := unknown_migrations(f"{app}.{name}" for app, name in applied):
        raise Trouble(
            f"A newer Funnelbook brought this database up to date: it holds {_some(unknown)}, which this one, "
            f"{version()}, does not know. Use the newer one, or restore a backup of before into an empty book."
        )


def unknown_migrations(names: Iterable[str]) -> list[str]:
    """Those of the migrations, such as `journeys.0001_initial`, that this code does not have."""
    loader = MigrationLoader(None)
    known = set(loader.disk_migrations)
    known |= {replaced for migration in loader.disk_migrations.values() for replaced in migration.replaces}
    return sorted(set(names) - {f"{app}.{name}" for app, name in known})


def _some(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def note_version() -> None:
    """Write down in the data folder which Funnelbook used it."""
    version_file().write_text(f"{version()}\n")
