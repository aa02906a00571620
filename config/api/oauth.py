"""Where applications get their OAuth2 tokens: `/oauth/v2/token`, with a form or JSON, as Mautic's clients do."""

from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.views import TokenView

from config.api.answers import ApiError
from config.api.bodies import body_of, object_of


class FormOrJson(OAuthLibCore):
    """Reads the body of a request whatever it is written as, and overlooks an empty Authorization header."""

    def extract_body(self, request: HttpRequest) -> list[tuple[str, str]]:
        fields = object_of(body_of(request))
        return [(name, str(value)) for name, value in fields.items() if isinstance(value, str | int)]

    def extract_headers(self, request: HttpRequest) -> dict[str, Any]:
        headers = super().extract_headers(request)
        if not headers.get("HTTP_AUTHORIZATION", "").strip():
            headers.pop("HTTP_AUTHORIZATION", None)
            headers.pop("Authorization", None)
        return headers


@method_decorator([csrf_exempt, login_not_required], name="dispatch")
class Token(TokenView):
    """Tokens for an application's own credentials, for what a person allowed, and for a refresh token."""

    http_method_names = ["post"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response = super().dispatch(request, *args, **kwargs)
        except ApiError as error:
            return error.answer()
        except ValueError:  # oauthlib's word for an address that is not encoded as it should be
            return ApiError(400, "The query string cannot be read.").answer()
        response.setdefault("Cache-Control", "no-store")
        return response
