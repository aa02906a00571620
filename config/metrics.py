"""/metrics: numbers for Prometheus, to whoever holds `METRICS_TOKEN`."""

import hmac
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby

from django.conf import settings
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from journeys.metrics.queries import Gauge, gauges

ADDRESS = "/metrics"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class MetricsMiddleware:
    """Answers under any host name, as `/healthz` does. Without the token there is nothing to be found here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == ADDRESS and request.method == "GET" and _holds_token(request):
            return metrics()
        return self.get_response(request)


def _holds_token(request: HttpRequest) -> bool:
    given = request.headers.get("Authorization", "").encode(errors="replace")
    wanted = f"Bearer {settings.METRICS_TOKEN}".encode()
    return bool(settings.METRICS_TOKEN) and hmac.compare_digest(given, wanted)


def metrics() -> HttpResponse:
    """Every gauge, or 503 while the database does not answer."""
    try:
        lines = lines_of(gauges())
    except OperationalError:
        return HttpResponse("The database does not answer.\n", status=503, content_type=CONTENT_TYPE)
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type=CONTENT_TYPE)


def lines_of(found: Iterable[Gauge]) -> Iterator[str]:
    """Gauges as Prometheus reads them. One that has no value yet is left out."""
    for (name, meaning), group in groupby(found, key=lambda gauge: (gauge.name, gauge.meaning)):
        yield f"# HELP funnelbook_{name} {meaning}"
        yield f"# TYPE funnelbook_{name} gauge"
        yield from (
            f"funnelbook_{name}{_labels(gauge)} {gauge.value:.15g}" for gauge in group if gauge.value is not None
        )


def _labels(gauge: Gauge) -> str:
    said = ",".join(f'{name}="{_escaped(value)}"' for name, value in gauge.labels.items())
    return f"{{{said}}}" if said else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
