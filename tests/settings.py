"""Settings of the tests: those of Funnelbook, without what only costs time here."""

import os
import tempfile

os.environ.setdefault("SECRET_KEY", "a key for tests only")
os.environ.setdefault("FUNNELBOOK_DATA", tempfile.gettempdir())  # nothing is written there: see `database.py`
os.environ["DATABASE_URL"] = "postgresql:///set-by-a-fixture"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # the browser's driver runs an event loop in the tests' thread

from config.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# A live server has more threads than there are connections; on a busy machine they wait for one another longer.
DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = 120  # noqa: F405
