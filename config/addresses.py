"""From where a request comes."""

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """The address that a request comes from: as the web server sees it, or as told by the proxies in front of it.

    What stands further to the left in X-Forwarded-For than our own proxies wrote, anybody may have written.
    """
    seen = str(request.META.get("REMOTE_ADDR", ""))
    told = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    proxies: int = settings.PROXIES
    return told[-proxies] if 0 < proxies <= len(told) and told[-proxies] else seen
