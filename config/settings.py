"""Settings, all of them, read from the environment."""

import contextlib
import os
import secrets
from datetime import timedelta
from pathlib import Path

from csp.constants import NONE, SELF
from psycopg.conninfo import conninfo_to_dict

from config.data_folder import data_folder, prepare_data_folder, register_of_erased, secret_key_file
from config.environment import whole_number
from config.mail_server import mail_settings_of
from config.public_address import proxies_of, public_address_of

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = data_folder()


def _secret_key() -> str:
    """The key of this installation: `SECRET_KEY`, else a file of the data folder made on first use."""
    if key := os.environ.get("SECRET_KEY"):
        return key
    prepare_data_folder()
    path = secret_key_file()
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path.read_text()


def _database(url: str) -> dict:
    """Django's database settings for a PostgreSQL address; what Django has no word for goes to OPTIONS."""
    given = conninfo_to_dict(url)
    words = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    named = {words[key]: str(value) for key, value in given.items() if key in words}
    rest = {key: value for key, value in given.items() if key not in words}
    # Whoever is frozen in the middle of a transaction does not hold up all others for good.
    rest["options"] = f"-c idle_in_transaction_session_timeout=60s {rest.get('options', '')}".rstrip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        **named,
        "CONN_HEALTH_CHECKS": True,  # after a restart of the server nobody is given a connection that is dead
        "OPTIONS": {**rest, "pool": {"min_size": 1, "max_size": 8, "timeout": 10}},
        "TEST": {"TEMPLATE": "template0"},
    }


SECRET_KEY = _secret_key()
DEBUG = os.environ.get("DEBUG") == "1"
DATABASES = {"default": _database(os.environ.get("DATABASE_URL", "postgresql:///funnelbook"))}
OWNER_DATABASE = _database(url) if (url := os.environ.get("OWNER_DATABASE_URL")) else None  # who migrates
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The address
_address = public_address_of(os.environ.get("PUBLIC_URL", ""))
PUBLIC_URL = _address.url if _address else ""
TRUSTED_PROXIES = proxies_of(os.environ.get("TRUSTED_PROXIES", ""))
ALLOWED_HOSTS = [_address.host] if _address else ["localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL else []
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = bool(_address and _address.is_secure)
if SESSION_COOKIE_SECURE:  # no other host, below this one's name or above it, sets these
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE_SSL_REDIRECT else 0
SECURE_REDIRECT_EXEMPT = [r"^api/", r"^oauth/v2/token$"]  # an application that follows has sent its token already

INSTALLED_APPS = [
    "config.apps.FunnelbookAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django_htmx",
    "django_filters",
    "heroicons",
    "csp",
    "axes",
    "oauth2_provider",
    "procrastinate.contrib.django",
    "config",
    "config.team",
    "stages",
    "contacts",
    "journeys",
]

MIDDLEWARE = [
    "config.health.HealthMiddleware",
    "config.metrics.MetricsMiddleware",
    "config.middleware.TrustedProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.middleware.RefuseNulMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.middleware.FirstRunMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.middleware.ReaderTimeZoneMiddleware",
    "config.middleware.DiskNearlyFullMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.context.frame",
            ],
            "builtins": ["config.templatetags.funnelbook", "heroicons.templatetags.heroicons"],
        },
    },
]

# People
AUTH_USER_MODEL = "team.TeamMember"
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # the e-mail is unique whatever its case: a constraint on lower(email)
    "security.W005",  # other hosts below this one's name are not ours to promise https for,
    "security.W021",  # nor is the whole domain
    "oauth2_provider.W004",  # clients of Mautic send tokens in the query string,
    "oauth2_provider.W005",  # know no `iss`
    "oauth2_provider.W010",  # and no PKCE, which works for those that do
    "oauth2_provider.W008",  # applications on one's own machine or network are sent back by http
]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "config.team.backends.RoleBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "team:sign_in"
LOGIN_REDIRECT_URL = "journeys:customer_journey"
LOGOUT_REDIRECT_URL = "team:sign_in"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "team/locked_out.html"
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "config.team.sign_in.attempted_email"
AXES_RESET_ON_SUCCESS = True
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "next"]  # `next` may hold what somebody searched for

# Mail
_mail = mail_settings_of(os.environ.get("EMAIL_URL", ""), host_of_links=_address.host if _address else "localhost")
SENDS_MAIL = bool(_mail)
EMAIL_TIMEOUT = 20
globals().update(_mail)

# Applications
OAUTH2_PROVIDER = {
    "SCOPES": {
        "read": "Read contacts, stages and history",
        "write": "Change contacts and stages",
        "admin": "Whatever only administrators may, erasing people included",
    },
    "OAUTH2_BACKEND_CLASS": "config.api.oauth.FormOrJson",
    "PKCE_REQUIRED": False,  # clients of Mautic do not know it
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 14 * 24 * 3600,
    "REFRESH_TOKEN_REUSE_PROTECTION": True,
    "COMPLIANT_BCP_RFC9700_TOKEN_STORAGE": True,  # digests alone are stored
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
}

API_REQUESTS_A_MINUTE = whole_number("API_REQUESTS_A_MINUTE", 6000)  # of each token
WEB_FORM_A_MINUTE = whole_number("WEB_FORM_A_MINUTE", 600)  # taken by each web form
WEB_FORMS_OF_ADDRESS_A_MINUTE = whole_number("WEB_FORMS_OF_ADDRESS_A_MINUTE", 20)  # from each address
METRICS_TOKEN = os.environ.get("METRICS_TOKEN", "")  # without one there is no /metrics
WEBHOOKS_ALLOW_PRIVATE = os.environ.get("WEBHOOKS_ALLOW_PRIVATE") == "1"  # to one's own network, and without TLS

# Seals of the status history, outside the database
SEALS = Path(os.environ.get("FUNNELBOOK_SEALS") or DATA_DIR / "seals")

# Erased people
ERASED_NUMBERS = register_of_erased()

# Words, numbers and times
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = True
FORMAT_MODULE_PATH = ["config.formats"]

# Files
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

# What a browser may do with our pages
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "config.errors.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 4000  # three for each of a thousand columns of an import
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024  # a pasted list of 50,000 e-mails
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Imports
IMPORT_LARGEST_FILE = 250 * 1024 * 1024
IMPORT_FILES_ARE_KEPT = timedelta(days=7)  # of imports that nobody goes on with
IMPORT_ROWS_ARE_KEPT = timedelta(days=30)  # refused rows, and what undo needs, after the end of the import
FILE_UPLOAD_HANDLERS = [
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "config.uploads.CutOffUpload",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Jobs
PROCRASTINATE_WORKER_DEFAULTS = {
    "concurrency": 3,  # an import, which takes as long as it takes, holds up neither runs nor periodic work
    "delete_jobs": "successful",
    "shutdown_graceful_timeout": 8.0,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "config.logs.OneLine"}},
    "filters": {
        "lost_database": {"()": "config.logs.LostDatabaseInALine"},
        "refused_request": {"()": "config.logs.RefusedRequestInALine"},
        "links": {"()": "config.logs.LinksWithoutTheirSecrets"},
    },
    "handlers": {
        "out": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["lost_database", "refused_request", "links"],
        },
    },
    "root": {"handlers": ["out"], "level": "INFO"},
    "loggers": {"procrastinate": {"level": "WARNING"}, "axes": {"level": "WARNING"}},
}
