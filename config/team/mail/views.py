"""Settings: whether mail goes out, and a test."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from config.announce import announce
from config.htmx import go_to, render_page
from config.team.access import role_required
from config.team.mail import actions, queries
from config.team.roles import Role


@role_required(Role.ADMINISTRATOR)
@require_safe
def email(request: HttpRequest) -> HttpResponse:
    """The server mail goes through, what was sent last, and what failed."""
    context = {
        "sends_mail": settings.SENDS_MAIL,
        "server": f"{settings.EMAIL_HOST}, port {settings.EMAIL_PORT}" if settings.EMAIL_HOST else "standard output",
        "sender": settings.DEFAULT_FROM_EMAIL,
        "sending": queries.sending(),
    }
    return render_page(request, "team/email.html", context)


@role_required(Role.ADMINISTRATOR)
@require_POST
def send_test_mail(request: HttpRequest) -> HttpResponse:
    """A mail to oneself."""
    if settings.SENDS_MAIL:
        actions.mail_test(by=request.user)  # type: ignore[arg-type]
        announce(request, f"A test is on its way to {request.user.email}. Reload the page to see how it went.")  # type: ignore[union-attr]
    else:
        announce(request, "Nothing was sent: EMAIL_URL is not set.", level=messages.ERROR)
    return go_to(request, reverse("team:email"))
